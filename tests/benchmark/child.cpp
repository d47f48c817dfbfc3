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

struct pipe_ends {
  pipe_ends() {
    int both[2];
    if (pipe2(both, O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe");
    reading = both[0];
    writing = both[1];
  }
  int reading, writing;
};

[[noreturn]] void become(const char* program, std::vector<std::string>& arguments, int input,
                         int output, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(1);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  std::vector<char*> pointers;
  for (auto& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv(program, pointers.data());
  _exit(127);
}

}  // namespace

child::child(std::vector<std::string> arguments) {
  pipe_ends out, in;
  auto parent = getpid();
  for (auto& word : arguments)
    role_ += " " + word;
  pid_ = fork();
  if (pid_ == 0)
    become("/proc/self/exe", arguments, in.reading, out.writing, parent);
  close(out.writing);
  close(in.reading);
  output_ = out.reading;
  input_ = in.writing;
  address_ = next_line();
}

child::~child() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(output_);
  close(input_);
}

void child::tell(std::string line) {
  line += '\n';
  if (write(input_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw std::runtime_error("a process of the benchmark does not listen any more:" + role_);
}

std::string child::next_line() {
  std::string line;
  char c = 0;
  while (read(output_, &c, 1) == 1) {
    if (c == '\n')
      return line;
    line += c;
  }
  throw std::runtime_error("a process of the benchmark ended before it was to:" + role_);
}

void run_program(std::vector<std::string> command) {
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  auto parent = getpid();
  auto process = fork();
  if (process == 0)
    become(command.front().c_str(), command, nothing, nothing, parent);
  close(nothing);
  int status = 0;
  if (waitpid(process, &status, 0) != process || status != 0)
    throw std::runtime_error(command.front() + " failed");
}

}  // namespace bench
