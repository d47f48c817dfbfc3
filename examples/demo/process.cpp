#include "process.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace demo {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

[[noreturn]] void become(std::vector<std::string>& arguments, int output, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(1);
  dup2(output, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  std::vector<char*> pointers;
  for (auto& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv("/proc/self/exe", pointers.data());
  _exit(127);
}

}  // namespace

process::process(std::vector<std::string> arguments, const std::filesystem::path& log) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    fail("pipe");
  int log_file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_file < 0)
    fail(log.string());
  auto parent = getpid();
  pid_ = fork();
  if (pid_ < 0)
    fail("fork");
  if (pid_ == 0)
    become(arguments, ends[1], log_file, parent);
  close(log_file);
  close(ends[1]);
  output_ = ends[0];
  fcntl(output_, F_SETFL, O_NONBLOCK);
}

process::~process() {
  if (pid_ > 0)
    kill_now();
  close(output_);
}

bool process::read(std::deque<std::string>& lines) {
  char block[4096];
  for (;;) {
    auto count = ::read(output_, block, sizeof block);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return errno == EAGAIN;
    if (count == 0)
      return false;
    rest_.append(block, static_cast<std::size_t>(count));
    for (auto end = rest_.find('\n'); end != rest_.npos; end = rest_.find('\n')) {
      lines.push_back(rest_.substr(0, end));
      rest_.erase(0, end + 1);
    }
  }
}

void process::freeze() {
  kill(pid_, SIGSTOP);
}

void process::thaw() {
  kill(pid_, SIGCONT);
}

void process::kill_now() {
  kill(pid_, SIGKILL);
  wait();
}

int process::stop() {
  if (pid_ > 0)
    kill(pid_, SIGTERM);
  return wait();
}

std::string process::ending() {
  wait();
  return WIFSIGNALED(status_) ? "was ended by signal " + std::to_string(WTERMSIG(status_))
                              : "ended with status " + std::to_string(WEXITSTATUS(status_));
}

int process::wait() {
  if (pid_ > 0)
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {}
  pid_ = -1;
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

std::string free_address() {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0
      || getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    fail("no port on 127.0.0.1");
  close(fd);
  return "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
}

}  // namespace demo
