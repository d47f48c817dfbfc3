#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/run_cost.hpp>
#include <holdfast/runtime/simulation_story.hpp>

#include <algorithm>
#include <cmath>
#include <sys/resource.h>

namespace holdfast {
namespace {

rusage used() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used;
}

std::int64_t processor_ns() {
  auto now = used();
  auto ns = [](const timeval& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_usec} * 1000;
  };
  return ns(now.ru_utime) + ns(now.ru_stime);
}

std::string whole(double number) {
  return std::to_string(std::llround(number));
}

}  // namespace

run_cost::run_cost() : real_ns_(system_clock().now().steady_ns), processor_ns_(processor_ns()) {}

std::string run_cost::of(const story_result& result) const {
  constexpr double shortest = 1e-3;  // nothing is divided by less
  auto real = static_cast<double>(system_clock().now().steady_ns - real_ns_) / 1e9;
  auto processor = static_cast<double>(processor_ns() - processor_ns_) / 1e9;
  auto a_second = [&](std::uint64_t count) {
    return whole(static_cast<double>(count) / std::max(processor, shortest));
  };
  auto simulated = std::chrono::duration<double>(result.length).count();
  return "real " + format_duration(real) + ", processor " + format_duration(processor)
         + ", at most " + whole(static_cast<double>(used().ru_maxrss) / 1024)
         + " MiB; of a processor second: " + a_second(result.executed) + " calls, "
         + a_second(result.numbers.steps) + " turns; " + whole(simulated / std::max(real, shortest))
         + " simulated seconds a real one";
}

}  // namespace holdfast
