#include "tests/benchmark/process_facts.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace bench {
namespace {

std::filesystem::path folder_of(pid_t process) {
  return "/proc/" + std::to_string(process);
}

}  // namespace

double memory_kib(pid_t process, std::string_view line) {
  std::ifstream in(folder_of(process) / "status");
  for (std::string text; std::getline(in, text);)
    if (text.starts_with(line) && text[line.size()] == ':')
      return std::stod(text.substr(line.size() + 1));
  return 0;
}

// Of schedstat: nanoseconds on a processor. The ticks of /proc/PID/stat are as long as what is to be measured.
double processor_seconds(pid_t process) {
  double sum = 0;
  std::error_code is_gone;
  for (auto& thread : std::filesystem::directory_iterator(folder_of(process) / "task", is_gone)) {
    std::ifstream in(thread.path() / "schedstat");
    double nanoseconds = 0;
    if (in >> nanoseconds)
      sum += nanoseconds;
  }
  return sum / 1e9;
}

}  // namespace bench
