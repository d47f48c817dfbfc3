#include "tests/crash/processes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace holdfast::crash {
namespace {

using steady = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  std::vector<std::string> all;
  for (char** at = environ; *at; ++at) {
    std::string_view entry(*at);
    if (!more.contains(std::string(entry.substr(0, entry.find('=')))))
      all.emplace_back(entry);
  }
  for (auto& [name, content] : more)
    all.push_back(name + "=" + content);
  return all;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts)
    result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/// Between fork and exec: nothing that allocates or locks.
[[noreturn]] void become(char* const* command, char* const* environment, int output, int errors,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(127);
  int input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvpe(command[0], command, environment);
  ::_exit(127);
}

int milliseconds_left(steady::time_point until) {
  auto left = std::chrono::ceil<milliseconds>(until - steady::now());
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 1'000'000));
}

}  // namespace

process::process(const std::vector<std::string>& command, const how& started) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    fail("pipe");
  auto errors_path = started.errors.empty() ? "/dev/null" : started.errors;
  int errors = ::open(errors_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (errors < 0)
    fail("open " + errors_path.string());
  auto environment = environment_with(started.environment);
  auto command_pointers = pointers(command);
  auto environment_pointers = pointers(environment);
  auto parent = ::getpid();
  id_ = ::fork();
  if (id_ == 0)
    become(command_pointers.data(), environment_pointers.data(), ends[1], errors, parent);
  ::close(ends[1]);
  ::close(errors);
  output_ = ends[0];
  if (id_ < 0)
    fail("fork");
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
}

process::~process() {
  if (id_ > 0)
    kill();
}

std::size_t process::count(std::string_view beginning, std::size_t from) const {
  auto first = lines_.begin() + static_cast<std::ptrdiff_t>(std::min(from, lines_.size()));
  return static_cast<std::size_t>(
      std::count_if(first, lines_.end(), [&](auto& line) { return line.starts_with(beginning); }));
}

void process::signal(int number) const {
  if (status_ < 0)
    ::kill(id_, number);
}

void process::kill() {
  signal(SIGKILL);
  end();
}

int process::end(milliseconds within) {
  wait_for(
      {this}, [this] { return has_ended(); }, within);
  if (!has_ended() || status_ >= 0)
    return status_;
  int how = 0;
  ::waitpid(id_, &how, 0);  // at once: only a dead process closes its output
  status_ = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
  return status_;
}

void process::take(std::string_view bytes) {
  for (auto end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
    lines_.push_back(unfinished_ + std::string(bytes.substr(0, end)));
    unfinished_.clear();
    bytes.remove_prefix(end + 1);
  }
  unfinished_ += bytes;
}

void process::read_output() {
  std::array<char, 65536> buffer{};
  for (;;) {
    auto got = ::read(output_, buffer.data(), buffer.size());
    if (got > 0) {
      take({buffer.data(), static_cast<std::size_t>(got)});
      continue;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    ::close(output_);
    output_ = -1;
    return;
  }
}

bool wait_for(std::initializer_list<process*> watched, const std::function<bool()>& happened,
              milliseconds within) {
  auto until = steady::now() + within;
  for (;;) {
    std::vector<pollfd> open;
    for (auto* each : watched) {
      if (!each->has_ended())
        each->read_output();
      if (!each->has_ended())
        open.push_back({each->output_, POLLIN, 0});
    }
    if (happened())
      return true;
    auto left = milliseconds_left(until);
    if (open.empty() || left == 0)
      return false;
    ::poll(open.data(), open.size(), left);
  }
}

command_result run_command(const std::vector<std::string>& command, milliseconds within) {
  std::string name = "/tmp/holdfast-command-XXXXXX";
  int file = ::mkstemp(name.data());
  if (file < 0)
    fail("mkstemp");
  ::close(file);
  command_result result;
  {
    process run(command, {{}, name});
    result.status = run.end(within);
    for (auto& line : run.lines())
      result.out += line + "\n";
  }
  std::ifstream errors(name);
  for (std::string line; std::getline(errors, line);)
    result.err += line + "\n";
  ::unlink(name.c_str());
  return result;
}

gate::gate(std::filesystem::path path) : path_(std::move(path)) {
  if (::mkfifo(path_.c_str(), 0600) != 0)
    fail("mkfifo " + path_.string());
}

void gate::open() const {
  int end = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (end < 0 || ::write(end, "x", 1) != 1)
    fail("nobody waits at " + path_.string());
  ::close(end);
}

std::string tail_of(const std::filesystem::path& file, std::size_t lines_max) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  std::string text;
  for (auto at = lines.size() - std::min(lines.size(), lines_max); at < lines.size(); ++at)
    text += lines[at] + "\n";
  return text;
}

}  // namespace holdfast::crash
