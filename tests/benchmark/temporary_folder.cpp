#include "tests/benchmark/temporary_folder.hpp"

#include <csignal>
#include <stdexcept>
#include <stdlib.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace bench {

temporary_folder::temporary_folder(const std::filesystem::path& parent) {
  auto name = (parent / "holdfast-bench-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw std::runtime_error("no temporary folder at " + name);
  path = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

void remove_when_interrupted(const std::vector<std::filesystem::path>& folders) {
  sigset_t ending;
  sigemptyset(&ending);
  for (int signal : {SIGHUP, SIGINT, SIGTERM})
    sigaddset(&ending, signal);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  std::thread([folders, ending] {
    int signal = 0;
    sigwait(&ending, &signal);
    std::error_code ignored;
    for (auto& folder : folders)
      std::filesystem::remove_all(folder, ignored);
    _exit(128 + signal);
  }).detach();
}

}  // namespace bench
