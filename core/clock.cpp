#include <holdfast/core/clock.hpp>

#include <array>
#include <cstddef>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>
#include <sys/random.h>
#include <system_error>
#include <utility>

namespace holdfast {
namespace {

std::int64_t read_clock(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

std::uint64_t read_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text;
  std::getline(file, text);
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, 64 bit
  for (unsigned char c : text)
    hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

class machine_clock final : public clock {
public:
  moment now() const override { return {wall_ns(), steady_ns(), boot_}; }
  std::int64_t wall_ns() const override { return read_clock(CLOCK_REALTIME); }
  std::int64_t steady_ns() const override { return read_clock(CLOCK_BOOTTIME); }

private:
  std::uint64_t boot_ = read_boot_id();
};

/// Fetched 32 words at a time and per thread: a call to the kernel for each traced call costs more than queueing it. Every
/// word is given out once.
class kernel_random final : public random_source {
public:
  std::uint64_t next() override {
    thread_local std::array<std::uint64_t, 32> words;
    thread_local std::size_t left = 0;
    if (left == 0) {
      if (getrandom(words.data(), sizeof words, 0) != sizeof words)
        throw std::system_error(errno, std::generic_category(), "the kernel gave no random bits");
      left = words.size();
    }
    return std::exchange(words[--left], 0);
  }
};

}  // namespace

const clock& system_clock() {
  static const machine_clock instance;
  return instance;
}

random_source& system_random() {
  static kernel_random instance;
  return instance;
}

}  // namespace holdfast
