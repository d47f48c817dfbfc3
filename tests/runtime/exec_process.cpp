// A runner of commands in a process of its own, to be killed: exec_process FOLDER PROGRAM COMMAND ARG...
// Prints "ended N", the commands that it found still running, then starts the command and waits until it is killed.
#include <holdfast/runtime/exec.hpp>

#include <future>
#include <iostream>

int main(int argc, char** argv) {
  if (argc < 4)
    return 2;
  holdfast::command_runner runner(argv[1], {}, argv[2]);
  std::cout << "ended " << runner.leftovers() << std::endl;
  std::promise<void> ended;
  holdfast::command_spec spec;
  spec.argv.assign(argv + 3, argv + argc);
  runner.start("run-1", spec, [&](const holdfast::command_outcome&) { ended.set_value(); });
  ended.get_future().wait();
}
