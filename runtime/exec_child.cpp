#include <holdfast/core/error.hpp>
#include <holdfast/runtime/exec_guard.hpp>
#include <holdfast/runtime/exec_mark.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace holdfast {
namespace {

[[noreturn]] void give_up(int failure, exec_step step, int reason) {
  exec_failure why{step, reason};
  // A write of so few bytes to a pipe that nobody else writes to is never partial.
  if (::write(failure, &why, sizeof why) < 0)
    ::_exit(125);
  ::_exit(reason == ENOENT && step == exec_step::program ? 127 : 126);
}

void reset_signals() {
  // Past the C library, which keeps two signals to itself and lets a spawned process begin with them ignored.
  const std::array<unsigned long, 4> by_default{};
  for (int number = 1; number < NSIG; ++number)
    ::syscall(SYS_rt_sigaction, number, by_default.data(), nullptr, (NSIG - 1) / 8);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

int input_of(const command_spec& spec) {
  if (spec.input.empty())
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  int file = ::memfd_create("input", MFD_CLOEXEC);
  std::size_t done = 0;
  while (file >= 0 && done < spec.input.size()) {
    auto part = ::write(file, spec.input.data() + done, spec.input.size() - done);
    if (part <= 0)
      return -1;
    done += static_cast<std::size_t>(part);
  }
  if (file >= 0)
    ::lseek(file, 0, SEEK_SET);
  return file;
}

/// In the new process. Its guard has one thread, so everything may be used here.
[[noreturn]] void become(const exec_order& order, int go, int output, int failure, pid_t guard) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a guard that was killed takes the command along
  char let_go = 0;
  if (::getppid() != guard || ::read(go, &let_go, 1) != 1)
    ::_exit(125);
  reset_signals();
  ::setenv(exec_token_variable, order.token.c_str(), 1);
  for (auto& [name, content] : order.spec.environment)
    ::setenv(name.c_str(), content.c_str(), 1);
  int input = input_of(order.spec);
  if (input < 0)
    give_up(failure, exec_step::program, errno);
  if (!order.spec.directory.empty() && ::chdir(order.spec.directory.c_str()) != 0)
    give_up(failure, exec_step::directory, errno);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  std::vector<char*> words;
  for (auto& word : order.spec.argv)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  give_up(failure, exec_step::program, errno);
}

[[noreturn]] void refuse(const char* what) {
  throw error(errc::failed,
              std::string("the command cannot be started: ") + what + ": " + std::strerror(errno));
}

}  // namespace

held_command fork_command(const exec_order& order, int output) {
  std::array<int, 2> go{}, failure{};
  if (::pipe2(go.data(), O_CLOEXEC) != 0 || ::pipe2(failure.data(), O_CLOEXEC) != 0)
    refuse("no pipe");
  auto guard = ::getpid();
  auto process = ::fork();
  if (process < 0)
    refuse("no process");
  if (process == 0) {
    ::close(go[1]);
    become(order, go[0], output, failure[1], guard);
  }
  ::close(go[0]);
  ::close(failure[1]);
  return {process, go[1], failure[0]};
}

}  // namespace holdfast
