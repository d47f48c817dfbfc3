#include "tests/power_cuts/images.hpp"
#include "tests/power_cuts/story_cuts.hpp"

#include <fstream>
#include <iterator>

namespace holdfast::power_cuts {

namespace {

class recorder {
public:
  recorder(std::filesystem::path home, unsigned calls, dropped_syncs dropped)
      : home_(std::move(home)), log_(home_, dropped),
        alpha_("alpha", 11, [this] { return open_store(home_ / "alpha"); }),
        beta_("beta", 12, [this] { return open_store(home_ / "beta"); }),
        story_(alpha_, beta_, told_, calls) {
    for (auto* node : {&alpha_, &beta_})
      node->at_boundary = [this] { note(); };
  }

  recording run() {
    story_.start();
    story_.play();
    story_.check_end();
    note();
    alpha_.die();
    beta_.die();
    made_.events = log_.events();
    read_files();
    return std::move(made_);
  }

private:
  void note() {
    moment now;
    now.told = told_;
    std::size_t i = 0;
    for (auto* node : {&alpha_, &beta_}) {
      now.digest[i] = node->is_running() ? digest_of(*node->read()) : fresh_;
      if (node->is_running() && node->self().incarnation != 0)
        now.memory[i] = std::make_shared<const node_memory>(node->memory());
      ++i;
    }
    made_.moments.push_back(std::move(now));
    log_.note();
  }

  void read_files() {
    for (auto& entry : std::filesystem::recursive_directory_iterator(home_)) {
      const auto name = std::filesystem::relative(entry.path(), home_).string();
      if (!entry.is_regular_file() || is_bystander(name))
        continue;
      std::ifstream in(entry.path(), std::ios::binary);
      made_.files[name] = {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }
  }

  std::filesystem::path home_;
  write_log log_;
  const std::uint64_t fresh_ = digest_of_fresh();
  promises told_;
  cut_node alpha_;
  cut_node beta_;
  story story_;
  recording made_;
};

}  // namespace

recording record_story(const std::filesystem::path& home, unsigned calls, dropped_syncs dropped) {
  return recorder(home, calls, dropped).run();
}

}  // namespace holdfast::power_cuts
