#include <holdfast/actors/sockets.hpp>
#include <holdfast/runtime/exec_mark.hpp>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sstream>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace holdfast {
namespace {

/// How often the processes are looked for again: each round ends those that were there, and a process can only fork while
/// it lives.
constexpr int rounds_max = 100;

/// A killed process that is busy in the kernel (a slow disk, say) ends when it comes out of it.
constexpr int end_wait_ms = 2000;

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<exec_mark> read_mark(const std::filesystem::path& file) {
  std::istringstream in(content_of(file));
  exec_mark mark;
  if (in >> mark.boot >> mark.token >> mark.group >> mark.group_started >> mark.guard
      >> mark.guard_started)
    return mark;
  return std::nullopt;
}

bool carries(pid_t process, const std::string& token) {
  auto environment = content_of("/proc/" + std::to_string(process) + "/environ");
  auto entry = std::string(exec_token_variable) + "=" + token;
  for (std::size_t at = 0; at < environment.size();) {
    auto end = std::min(environment.find('\0', at), environment.size());
    if (environment.compare(at, end - at, entry) == 0)
      return true;
    at = end + 1;
  }
  return false;
}

bool belongs(pid_t process, const exec_mark& mark, bool is_group_ours) {
  auto facts = facts_of_process(process);
  if (!facts || facts->state == 'Z' || facts->state == 'X')
    return false;
  return (process == mark.guard && facts->started == mark.guard_started)
         || (is_group_ours && facts->group == mark.group) || carries(process, mark.token);
}

std::vector<pid_t> processes() {
  std::vector<pid_t> found;
  std::error_code gone;
  for (std::filesystem::directory_iterator at("/proc", gone), end; !gone && at != end;
       at.increment(gone)) {
    auto name = at->path().filename().string();
    pid_t number = 0;
    auto [rest, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (problem == std::errc() && rest == name.data() + name.size() && number != ::getpid())
      found.push_back(number);
  }
  return found;
}

/// By a descriptor of the process: it cannot hit another one that got its number meanwhile.
void end_process(pid_t process, const exec_mark& mark, bool is_group_ours) {
  sockets::descriptor held(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  if (!held || !belongs(process, mark, is_group_ours))
    return;
  ::syscall(SYS_pidfd_send_signal, held.get(), SIGKILL, nullptr, 0);
  pollfd ends{held.get(), POLLIN, 0};
  ::poll(&ends, 1, end_wait_ms);
}

}  // namespace

std::optional<process_facts> facts_of_process(pid_t process) {
  auto text = content_of("/proc/" + std::to_string(process) + "/stat");
  auto name_end = text.rfind(')');  // the name may hold anything, blanks and brackets too
  if (name_end == text.npos)
    return std::nullopt;
  std::istringstream in(text.substr(name_end + 1));
  process_facts facts;
  pid_t parent = 0;
  in >> facts.state >> parent >> facts.group;
  constexpr int between = 16;  // from the session to the field before the start
  std::string skipped;
  for (int i = 0; i < between; ++i)
    in >> skipped;
  in >> facts.started;
  return in ? std::optional(facts) : std::nullopt;
}

std::vector<pid_t> children_of_this_thread() {
  std::ifstream in("/proc/thread-self/children");
  return {std::istream_iterator<pid_t>(in), {}};
}

std::string this_boot() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  return in >> id ? id : "unknown";
}

bool write_mark(const std::filesystem::path& file, const exec_mark& mark) {
  auto unfinished = file;
  unfinished += ".new";
  std::ofstream out(unfinished);
  out << mark.boot << " " << mark.token << " " << mark.group << " " << mark.group_started << " "
      << mark.guard << " " << mark.guard_started << "\n";
  out.close();
  std::error_code problem;
  std::filesystem::rename(unfinished, file, problem);
  return out && !problem;
}

bool end_leftover(const std::filesystem::path& mark_file) {
  auto mark = read_mark(mark_file);
  bool was_running = false;
  for (int round = 0; mark && mark->boot == this_boot() && round < rounds_max; ++round) {
    auto leader = facts_of_process(mark->group);
    bool is_group_ours = leader && leader->started == mark->group_started;
    bool is_clean = true;
    for (auto process : processes())
      if (belongs(process, *mark, is_group_ours)) {
        is_clean = false;
        end_process(process, *mark, is_group_ours);
      }
    if (is_clean)
      break;
    was_running = true;
  }
  std::error_code gone;
  std::filesystem::remove(mark_file, gone);
  return was_running;
}

std::size_t end_leftovers(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> marks;
  for (auto& entry : std::filesystem::directory_iterator(folder))
    if (auto kind = entry.path().extension(); kind == ".run")
      marks.push_back(entry.path());
    else if (kind == ".new")
      std::filesystem::remove(entry.path());  // its command was never let go
  return static_cast<std::size_t>(
      std::count_if(marks.begin(), marks.end(), [](auto& mark) { return end_leftover(mark); }));
}

}  // namespace holdfast
