#include <holdfast/core/error.hpp>
#include <holdfast/runtime/cluster_process.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace holdfast {
namespace {

/// Of a log, where its last line is looked for.
constexpr std::streamoff tail_bytes = 4096;

[[noreturn]] void fail(const std::string& what) {
  throw error(errc::failed, what + ": " + std::strerror(errno));
}

/// Between fork and exec: nothing that allocates or locks.
[[noreturn]] void become(char* const* command, int output, int errors, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(127);
  ::setpgid(0, 0);
  int input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execv(command[0], command);
  ::_exit(127);
}

}  // namespace

cluster_process::cluster_process(const std::vector<std::string>& command,
                                 const std::filesystem::path& log) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    fail("no pipe for a node");
  output_ = sockets::descriptor(ends[0]);
  sockets::descriptor given(ends[1]);
  sockets::descriptor errors(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!errors)
    fail("the log " + log.string() + " cannot be written");
  std::vector<char*> words;
  for (auto& word : command)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  auto parent = ::getpid();
  id_ = ::fork();
  if (id_ == 0)
    become(words.data(), given.get(), errors.get(), parent);
  if (id_ < 0)
    fail("no process for a node");
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
}

cluster_process::~cluster_process() {
  if (end_ || id_ < 0)
    return;
  ::kill(id_, SIGKILL);
  while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {}
}

std::vector<std::string> cluster_process::read_lines() {
  std::array<char, 4096> buffer;
  while (output_) {
    auto got = ::read(output_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 && errno == EAGAIN)
      break;
    if (got <= 0)
      sockets::descriptor ended(output_.release());
    else
      unfinished_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  std::vector<std::string> lines;
  for (auto at = unfinished_.find('\n'); at != unfinished_.npos; at = unfinished_.find('\n')) {
    lines.push_back(unfinished_.substr(0, at));
    unfinished_.erase(0, at + 1);
  }
  return lines;
}

void cluster_process::signal(int number) const {
  if (!end_)
    ::kill(id_, number);
}

const std::optional<std::string>& cluster_process::end() {
  int how = 0;
  if (end_ || ::waitpid(id_, &how, WNOHANG) != id_)
    return end_;
  if (WIFEXITED(how)) {
    status_ = WEXITSTATUS(how);
    end_ = "exit status " + std::to_string(status_);
  } else
    end_ = "signal " + std::to_string(WTERMSIG(how));
  return end_;
}

/// The file may have been replaced since by a new build: then its name is gone, and the link leads to it all the same.
std::string own_program() {
  std::error_code problem;
  auto program = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (problem || ::access(program.c_str(), X_OK) != 0)
    return "/proc/self/exe";
  return program.string();
}

std::string last_line(const std::filesystem::path& log) {
  std::ifstream in(log, std::ios::ate);
  auto size = static_cast<std::streamoff>(in.tellg());
  in.seekg(std::max<std::streamoff>(0, size - tail_bytes));
  std::string last;
  for (std::string line; std::getline(in, line);)
    if (!line.empty())
      last = line;
  return last;
}

}  // namespace holdfast
