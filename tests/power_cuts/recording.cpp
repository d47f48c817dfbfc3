#include "tests/power_cuts/images.hpp"
#include "tests/power_cuts/story.hpp"
#include "tests/power_cuts/story_cuts.hpp"

#include <fstream>
#include <iterator>

namespace holdfast::power_cuts {

namespace {

class recorder {
public:
  recorder(std::filesystem::path home, const cut_options& options, const second_life* from)
      : home_(std::move(home)), from_(from), made_{.base = base_on_disk()},
        log_(home_, options.dropped, made_.base.live_names()),
        alpha_("alpha", from ? 2011 : 11, [this] { return open_store(home_ / "alpha"); }),
        beta_("beta", from ? 2012 : 12, [this] { return open_store(home_ / "beta"); }),
        story_(alpha_, beta_, told_, options.calls, options.together) {
    for (auto* node : {&alpha_, &beta_})
      node->at_boundary = [this] { note(); };
    if (from_)
      take_over();
  }

  recording run() {
    story_.start();
    story_.play();
    story_.check_end();
    note();
    alpha_.die();
    beta_.die();
    made_.events = log_.events();
    made_.first_dropped = log_.first_dropped();
    read_files();
    return std::move(made_);
  }

private:
  disk_model base_on_disk() {
    if (!from_)
      return {};
    write_files(home_, from_->files);
    return disk_model(from_->files);
  }

  void take_over() {
    told_ = from_->before.told;
    unopened_ = from_->before.digest;
    auto& victim = from_->victim == 0 ? alpha_ : beta_;
    auto& other = from_->victim == 0 ? beta_ : alpha_;
    victim.reboot();
    if (const auto& memory = from_->before.memory[1 - from_->victim])
      other.go_on(*memory);
    story_.lose_link();
  }

  void note() {
    moment now;
    now.told = told_;
    std::size_t i = 0;
    for (auto* node : {&alpha_, &beta_}) {
      now.digest[i] = node->is_running() ? digest_of(*node->read()) : unopened_[i];
      if (node->has_recovered())
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
  const second_life* from_;
  recording made_;
  write_log log_;
  std::array<std::uint64_t, 2> unopened_{digest_of_fresh(), digest_of_fresh()};
  promises told_;
  cut_node alpha_;
  cut_node beta_;
  story story_;
};

}  // namespace

recording record_story(const std::filesystem::path& home, const cut_options& options,
                       const second_life* from) {
  return recorder(home, options, from).run();
}

}  // namespace holdfast::power_cuts
