#include <holdfast/core/error.hpp>
#include <holdfast/runtime/command_work.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/json.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <unistd.h>

namespace holdfast {
namespace {

using steady = std::chrono::steady_clock;

/// Between two looks; longer where a look takes long.
constexpr auto pause = std::chrono::milliseconds(100);

/// An id that the controller has never heard of may still be on its way; not for ever.
constexpr auto unknown_patience = std::chrono::seconds(10);

/// Failed items that are named at the end.
constexpr std::size_t named_max = 10;

struct wait_arguments {
  work_target target;
  std::vector<std::string> ids;
  bool all = false;
  std::string within;
};

struct work_state {
  std::uint64_t all = 0, done = 0, bad = 0, running = 0;
  std::uint64_t ended() const { return done + bad; }
  bool operator==(const work_state&) const = default;
};

/// A bar on a terminal; elsewhere a line now and then.
class wait_line {
public:
  wait_line() : is_terminal_(::isatty(STDERR_FILENO) == 1) {}

  void show(const work_state& at) {
    auto now = steady::now();
    if (!first_)
      first_ = at.ended();
    if (at == last_ || (!is_terminal_ && now - shown_ < std::chrono::seconds(5)))
      return;
    last_ = at;
    shown_ = now;
    std::cerr << (is_terminal_ ? "\r\033[K" + bar(at) : "") << text(at, now)
              << (is_terminal_ ? "" : "\n") << std::flush;
  }
  void erase() const {
    if (is_terminal_)
      std::cerr << "\r\033[K" << std::flush;
  }

private:
  static std::string bar(const work_state& at) {
    constexpr std::size_t width = 30;
    auto part = at.all ? static_cast<double>(at.ended()) / static_cast<double>(at.all) : 1.0;
    auto full = std::min(width, static_cast<std::size_t>(part * width));
    return "[" + std::string(full, '#') + std::string(width - full, '.') + "] "
           + std::to_string(static_cast<int>(part * 100)) + " %  ";
  }

  std::string text(const work_state& at, steady::time_point now) const {
    auto seconds = std::chrono::duration<double>(now - begun_).count();
    auto rate = seconds > 0 ? static_cast<double>(at.ended() - *first_) / seconds : 0;
    std::array<char, 32> number{};
    std::snprintf(number.data(), number.size(), rate < 10 ? "%.1f" : "%.0f", rate);
    auto left = rate > 0 ? short_time(static_cast<double>(at.all - at.ended()) / rate) : "?";
    return std::to_string(at.ended()) + " of " + std::to_string(at.all) + ", " + number.data()
           + "/s, " + std::to_string(at.running) + " running, " + std::to_string(at.bad)
           + " failed, " + left + " left";
  }

  bool is_terminal_;
  steady::time_point begun_ = steady::now();
  steady::time_point shown_ = begun_;
  std::optional<std::uint64_t> first_;
  work_state last_;
};

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + (count == 1 ? one : many);
}

bool is_ended(const std::string& state) {
  return state == "done" || state == "failed" || state == "cancelled" || state == "expired";
}

class waiting {
public:
  explicit waiting(const wait_arguments& given)
      : given_(given), client_(connect_to_node(given.target.node)) {
    for (auto& id : given.ids)
      if (id != "-")
        add(id);
    if (std::find(given.ids.begin(), given.ids.end(), "-") != given.ids.end())
      for (std::string line; std::getline(std::cin, line);)
        if (!line.empty())
          add(line);
    if (!given.within.empty())
      until_ = steady::now()
               + std::chrono::duration_cast<steady::duration>(parse_duration(given.within));
  }

  exit_code run() {
    wait_line line;
    work_state at;
    bool is_late = false;
    for (;;) {
      auto before = steady::now();
      if (look(at, line))
        line.show(at);
      is_late = until_ && steady::now() > *until_;
      if ((is_known_ && at.ended() == at.all) || is_late)
        break;
      std::this_thread::sleep_for(std::max<steady::duration>(pause, 2 * (steady::now() - before)));
    }
    line.erase();
    tell(at);
    if (is_late && at.ended() < at.all)
      throw error(errc::expired,
                  counted(at.all - at.ended(), " item has", " items have") + " not ended in time");
    return at.bad == 0 ? exit_code::done : exit_code::failed;
  }

private:
  void add(const std::string& id) {
    if (known_.insert(id).second)
      open_.push_back(id);
  }

  /// False while the controller cannot be asked: what runs goes on meanwhile, and so does this.
  bool look(work_state& at, const wait_line& line) {
    try {
      at = given_.all ? look_at_all() : look_at_ids();
      is_known_ = true;
      is_told_ = false;
      return true;
    } catch (const error& problem) {
      if (problem.code() != errc::unreachable && problem.code() != errc::unknown)
        throw;
      if (!std::exchange(is_told_, true)) {
        line.erase();
        std::cerr << problem.what() << "; waiting for it\n";
      }
      return false;
    }
  }

  work_state look_at_all() {
    auto counts = client_.ask(given_.target.question("work.counts"));
    auto count = [&](const char* name) {
      return static_cast<std::uint64_t>(counts.as_dict().at(name).as_integer());
    };
    work_state at;
    at.done = count("done");
    at.bad = count("failed") + count("cancelled") + count("expired");
    at.running = count("running");
    at.all = at.ended() + at.running + count("waiting") + count("assigned") + count("suspended");
    return at;
  }

  work_state look_at_ids() {
    auto at = ended_;
    at.running = 0;
    std::vector<std::string> still_open;
    for (std::size_t first = 0; first < open_.size(); first += look_items_max)
      look_at_page(first, at, still_open);
    open_ = std::move(still_open);
    ended_ = at;
    at.all = at.ended() + open_.size();
    return at;
  }

  void look_at_page(std::size_t first, work_state& at, std::vector<std::string>& still_open) {
    std::set<std::string> wanted(
        open_.begin() + static_cast<std::ptrdiff_t>(first),
        open_.begin()
            + static_cast<std::ptrdiff_t>(std::min(first + look_items_max, open_.size())));
    auto question = given_.target.question("work.look");
    question.add("ids", array(wanted.begin(), wanted.end()));
    auto items = client_.ask(question);
    for (auto& item : items.as_array()) {
      auto state = cell(item, "state");
      auto id = cell(item, "id");
      if (!wanted.erase(id))
        continue;  // under the id that its key had first
      at.running += state == "running" ? 1 : 0;
      at.done += state == "done" ? 1 : 0;
      at.bad += is_ended(state) && state != "done" ? 1 : 0;
      if (!is_ended(state))
        still_open.push_back(id);
      else if (state != "done" && bad_.size() < named_max)
        bad_.push_back(id + " " + state + ": " + cell(item, "text"));
    }
    if (wanted.empty())
      unknown_since_ = steady::now();
    else if (steady::now() - unknown_since_ > unknown_patience)
      throw error(errc::unknown_call, "the controller knows no item " + *wanted.begin());
    still_open.insert(still_open.end(), wanted.begin(), wanted.end());
  }

  void tell(const work_state& at) {
    if (given_.target.node.json) {
      std::cout << to_json(value(dict{
          {"items", at.all}, {"done", at.done}, {"failed", at.bad}, {"open", at.all - at.ended()}}))
                << "\n";
      return;
    }
    std::cout << at.done << " done, " << at.bad << " failed";
    if (at.ended() < at.all)
      std::cout << ", " << at.all - at.ended() << " open";
    std::cout << std::endl;
    for (auto& line : bad_)
      std::cerr << line << "\n";
    if (at.bad > bad_.size())
      std::cerr << (bad_.empty() ? "`work ls --state failed` lists them\n"
                                 : "and more; `work ls --state failed` lists them\n");
  }

  const wait_arguments& given_;
  operator_client client_;
  std::set<std::string> known_;
  std::vector<std::string> open_;
  std::vector<std::string> bad_;
  work_state ended_;
  bool is_known_ = false;
  bool is_told_ = false;
  steady::time_point unknown_since_ = steady::now();
  std::optional<steady::time_point> until_;
};

}  // namespace

void add_wait_command(CLI::App& work, console_action& chosen) {
  auto given = std::make_shared<wait_arguments>();
  auto* command = work.add_subcommand(
      "wait", "until items have ended; exit status 11 if one ended otherwise than done");
  add_work_target(*command, given->target);
  command->add_option("ID", given->ids, "of the items; - reads them from standard input");
  command->add_flag("--all", given->all, "all that the controller knows");
  command->add_option("--within", given->within, "give up after that long");
  command->callback([=, &chosen] {
    chosen = [=] {
      if (given->all == !given->ids.empty())
        throw error(errc::bad_config, "name items to wait for, or say --all");
      return waiting(*given).run();
    };
  });
}

}  // namespace holdfast
