#include "tests/benchmark/child.hpp"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

[[noreturn]] void become(std::vector<std::string>& arguments, int output, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(1);
  dup2(output, STDOUT_FILENO);
  std::vector<char*> pointers;
  for (auto& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv("/proc/self/exe", pointers.data());
  _exit(127);
}

}  // namespace

child::child(std::vector<std::string> arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  auto parent = getpid();
  pid_ = fork();
  if (pid_ == 0)
    become(arguments, ends[1], parent);
  close(ends[1]);
  for (char c; read(ends[0], &c, 1) == 1 && c != '\n';)
    address_ += c;
  close(ends[0]);
  if (address_.empty())
    throw std::runtime_error("a process of the benchmark ended before it was ready: "
                             + arguments.at(1));
}

child::~child() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace bench
