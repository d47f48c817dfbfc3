#include "tests/power_cuts/judging.hpp"

#include "tests/power_cuts/write_log.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <numeric>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace holdfast::power_cuts {

namespace {

constexpr std::size_t batch_max = 512;
constexpr std::size_t examples_max = 12;
constexpr rlim_t seconds_max =
    120;  // of the processor: a tree that bites its tail is no way to stay

struct record {
  std::uint8_t was_continued;
  std::uint8_t damaged;
  std::uint16_t length;
};

void write_all(int to, const void* bytes, std::size_t size) {
  const auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const auto done = ::write(to, at, size);
    if (done <= 0)
      ::_exit(3);
    at += done;
    size -= static_cast<std::size_t>(done);
  }
}

std::string read_all(int from) {
  std::string bytes;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(from, buffer, sizeof buffer)) > 0;)
    bytes.append(buffer, static_cast<std::size_t>(got));
  return bytes;
}

verdict judged(const judging::judge& each) {
  try {
    return each();
  } catch (const std::exception& problem) {
    const std::string text = problem.what();
    return {false, 0, text.size() > 2 && text[2] == ':' ? text : "J2: " + text};
  }
}

// Deaths are to be deaths, without the reports of a sanitizer or a core file.
void die_quietly(bool is_quiet) {
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL})
    ::signal(signal, SIG_DFL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const rlimit processor{seconds_max, seconds_max};
  ::setrlimit(RLIMIT_CPU, &processor);
  if (is_quiet)
    ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
}

[[noreturn]] void run_batch(const std::vector<judging::judge>& batch, int to, bool is_quiet) {
  die_quietly(is_quiet);
  write_log::promise_room();
  for (auto& each : batch) {
    auto found = judged(each);
    found.violation.resize(std::min<std::size_t>(found.violation.size(), 1000));
    const record head{static_cast<std::uint8_t>(found.was_continued),
                      static_cast<std::uint8_t>(std::min<std::size_t>(found.damaged, 255)),
                      static_cast<std::uint16_t>(found.violation.size())};
    write_all(to, &head, sizeof head);
    write_all(to, found.violation.data(), found.violation.size());
  }
  ::_exit(0);
}

}  // namespace

std::size_t cut_report::all_images() const {
  return std::accumulate(images.begin(), images.end(), std::size_t{0});
}

void cut_report::add(const cut_report& other) {
  commits += other.commits;
  cuts += other.cuts;
  for (std::size_t i = 0; i < images.size(); ++i)
    images[i] += other.images[i];
  repeated += other.repeated;
  units_max = std::max(units_max, other.units_max);
  continued += other.continued;
  damaged += other.damaged;
  violations += other.violations;
  for (auto& [invariant, count] : other.by_invariant)
    by_invariant[invariant] += count;
  examples.insert(examples.end(), other.examples.begin(), other.examples.end());
}

judging::judging(cut_report& report, unsigned processes, bool is_quiet)
    : report_(report), processes_(processes), is_quiet_(is_quiet) {}

judging::~judging() {
  for (auto& each : running_) {
    ::close(each.pipe);
    ::waitpid(each.pid, nullptr, 0);
  }
}

void judging::add(judge each) {
  waiting_.push_back(std::move(each));
  if (waiting_.size() == batch_max)
    begin_batch();
}

void judging::begin_batch() {
  if (running_.size() == processes_)
    end_first();
  running_.push_back(begin(std::exchange(waiting_, {})));
}

void judging::finish() {
  if (!waiting_.empty())
    begin_batch();
  while (!running_.empty())
    end_first();
}

judging::process judging::begin(std::vector<judge> batch) const {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error("cannot make a pipe");
  const int pid = ::fork();
  if (pid < 0)
    throw std::runtime_error("cannot start a process");
  if (pid == 0) {
    ::close(ends[0]);
    run_batch(batch, ends[1], is_quiet_);
  }
  ::close(ends[1]);
  return {ends[0], pid, std::move(batch)};
}

void judging::count(const verdict& found) {
  report_.continued += found.was_continued ? 1 : 0;
  report_.damaged += found.damaged;
  if (found.violation.empty())
    return;
  ++report_.violations;
  ++report_.by_invariant[found.violation.substr(0, 2)];
  if (report_.examples.size() < examples_max)
    report_.examples.push_back(found.violation);
}

std::size_t judging::collect(process& from) {
  const auto bytes = read_all(from.pipe);
  ::close(from.pipe);
  int status = 0;
  ::waitpid(from.pid, &status, 0);
  std::size_t judged_images = 0;
  for (std::size_t at = 0; at + sizeof(record) <= bytes.size(); ++judged_images) {
    record head{};
    std::memcpy(&head, bytes.data() + at, sizeof head);
    if (at + sizeof head + head.length > bytes.size())
      break;
    count({head.was_continued != 0, head.damaged, bytes.substr(at + sizeof head, head.length)});
    at += sizeof head + head.length;
  }
  if (judged_images < from.batch.size()) {
    const auto how = WIFSIGNALED(status) ? std::string("signal ") + ::strsignal(WTERMSIG(status))
                                         : "status " + std::to_string(WEXITSTATUS(status));
    count({false, 0, "J2: the process that opened the store ended with " + how});
    ++judged_images;
  }
  return judged_images;
}

void judging::end_first() {
  auto first = std::move(running_.front());
  running_.erase(running_.begin());
  for (;;) {
    const auto done = collect(first);
    if (done == first.batch.size())
      return;
    first.batch.erase(first.batch.begin(), first.batch.begin() + static_cast<std::ptrdiff_t>(done));
    first = begin(std::move(first.batch));
  }
}

}  // namespace holdfast::power_cuts
