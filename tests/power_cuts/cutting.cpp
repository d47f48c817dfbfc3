#include "tests/power_cuts/cutting.hpp"

#include "tests/power_cuts/images.hpp"
#include "tests/power_cuts/story.hpp"

#include <holdfast/persistence/audit.hpp>
#include <holdfast/persistence/identity.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

namespace holdfast::power_cuts {

namespace {

/// The files of one image, gone when it was judged.
class image_folder {
public:
  image_folder(const std::filesystem::path& home, std::size_t number)
      : path_(home / std::to_string(number)) {}
  ~image_folder() {
    std::error_code ignored;  // the folder above goes too
    std::filesystem::remove_all(path_, ignored);
  }
  image_folder(const image_folder&) = delete;
  image_folder& operator=(const image_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

[[noreturn]] void violated(const std::string& what) {
  throw std::runtime_error(what);
}

/// Opens what is left as the node would: at a state that was promised, all rows sound. Returns the state.
std::uint64_t check_store(const cut_place& place, const std::filesystem::path& folder,
                          std::size_t& damaged) {
  const auto store = open_store(folder);
  const auto rows = store->read();
  damaged = count_damaged(*rows);
  const auto digest = digest_of(*rows);
  if (std::find(place.promised.begin(), place.promised.end(), digest) == place.promised.end())
    violated(place.earlier.contains(digest) ? "J1: a commit that was answered is gone"
                                            : "J2: the store opens at a state that never was");
  if (!read_identity(*rows))
    return digest;  // it was cut before its first start was committed
  const std::array<const journal_reader*, 1> stores{rows.get()};
  for (auto& finding : audit(stores).findings)
    violated((finding.check == audit_check::row_sound ? "J3: " : "C4: ") + finding.text);
  return digest;
}

/// The node restarts on what is left, the other goes on as if nothing had happened to it.
void continue_story(const cut_place& place, const cut_options& options,
                    const std::filesystem::path& home) {
  const auto other = 1 - place.node;
  write_files(home, place.disk.live(node_names[other]));
  auto told = place.now.told;
  cut_node alpha("alpha", 1011, [&] { return open_store(home / "alpha"); });
  cut_node beta("beta", 1012, [&] { return open_store(home / "beta"); });
  auto& survivor = other == 0 ? alpha : beta;
  auto& victim = other == 0 ? beta : alpha;
  victim.reboot();
  if (place.now.memory[other])
    survivor.go_on(*place.now.memory[other]);
  story goes_on(alpha, beta, told, options.calls, options.together);
  goes_on.lose_link();
  goes_on.start();
  goes_on.check();
  goes_on.play();
  goes_on.check_end();
}

verdict judge_image(const cut_place& place, const cut_choice& choice, const cut_options& options,
                    const std::filesystem::path& home, std::size_t number) {
  const auto every = options.continue_every;
  const image_folder image(home, number);
  const auto& name = node_names[place.node];
  write_files(image.path(), place.disk.after_cut(name, place.units, choice));
  verdict found;
  try {
    const auto digest = check_store(place, image.path() / name, found.damaged);
    static std::set<std::pair<const cut_place*, std::uint64_t>> continued;
    if (every != 0 && (continued.emplace(&place, digest).second || number % every == 0)) {
      found.was_continued = true;
      continue_story(place, options, image.path());
    }
  } catch (const std::exception& problem) {
    const std::string text = problem.what();
    found.violation = (text.size() > 2 && text[2] == ':' ? text : "J2: " + text) + " (" + place.what
                      + ", image " + std::to_string(number) + ")";
  }
  return found;
}

}  // namespace

cutter::cutter(const cut_options& options)
    : options_(options), judges_(report_, options.processes, options.dropped.any()) {}

void cutter::cut(cut_place place) {
  if (has_enough())
    return;
  ++report_.cuts;
  const auto& name = node_names[place.node];
  place.units = place.disk.units(name);
  report_.units_max = std::max(report_.units_max, place.units.size());
  const auto shared = std::make_shared<const cut_place>(std::move(place));
  auto limits = options_.limits;
  limits.seed += report_.cuts;
  for_each_choice(shared->units, limits, [&](choice_kind kind, const cut_choice& choice) {
    if (!shared->disk.allows(shared->units, choice) || has_enough())
      return;
    const auto key = shared->promises_key + ": " + shared->disk.key(name, shared->units, choice);
    if (!tried_.insert(key).second) {
      ++report_.repeated;
      return;
    }
    ++report_.images[static_cast<std::size_t>(kind)];
    judges_.add([this, shared, choice, number = report_.all_images()] {
      return judge_image(*shared, choice, options_, images_.path(), number);
    });
  });
}

cut_report cutter::finish(std::size_t commits) {
  judges_.finish();
  report_.commits = commits;
  return report_;
}

}  // namespace holdfast::power_cuts
