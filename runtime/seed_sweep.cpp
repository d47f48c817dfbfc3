#include <holdfast/core/error.hpp>
#include <holdfast/runtime/seed_sweep.hpp>

#include <algorithm>
#include <cerrno>
#include <map>
#include <poll.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace holdfast {
namespace {

/// One child, which does seeds one after the other and writes two lines for each: that it begins, and what came of it.
struct child {
  pid_t process = 0;
  int pipe = -1;
  std::string unread;
  std::uint64_t next = 0;  ///< to be begun
  bool is_busy = false;
  std::uint64_t seed = 0;  ///< that it is busy with
};

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

void write_all(int to, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    auto wrote = ::write(to, text.data() + at, text.size() - at);
    if (wrote < 0 && errno != EINTR)
      ::_exit(1);
    at += wrote > 0 ? static_cast<std::size_t>(wrote) : 0;
  }
}

class sweep {
public:
  sweep(std::uint64_t first, std::uint64_t count, unsigned processes,
        const std::function<seed_result(std::uint64_t)>& run)
      : end_(first + count), stride_(processes), run_(run) {
    for (unsigned i = 0; i < processes && i < count; ++i) {
      children_.emplace_back();
      children_.back().next = first + i;
      begin(children_.back());
    }
  }

  std::vector<seed_result> finish(const std::function<void(std::size_t, std::size_t)>& progress) {
    while (is_any_open()) {
      std::vector<pollfd> waiting;
      for (auto& each : children_)
        waiting.push_back({each.pipe, POLLIN, 0});  // a closed one is -1: poll passes it over
      if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
        throw error(errc::bad_config, "cannot wait for the processes that run the seeds");
      for (std::size_t i = 0; i < waiting.size(); ++i)
        if (waiting[i].revents != 0)
          read(children_[i]);
      progress(results_.size(), bad_);
    }
    std::vector<seed_result> all;
    for (auto& [seed, result] : results_)
      all.push_back(std::move(result));
    return all;
  }

private:
  bool is_any_open() const {
    return std::any_of(children_.begin(), children_.end(),
                       [](auto& each) { return each.pipe >= 0; });
  }

  void begin(child& one) {
    int ends[2];
    if (::pipe(ends) != 0)
      throw error(errc::bad_config, "no pipe can be made for a process that runs seeds");
    one.process = ::fork();
    if (one.process < 0)
      throw error(errc::bad_config, "no process can be started that runs seeds");
    if (one.process == 0) {
      ::close(ends[0]);
      work(one.next, ends[1]);
    }
    ::close(ends[1]);
    one.pipe = ends[0];
    one.unread.clear();
    one.is_busy = false;
  }

  [[noreturn]] void work(std::uint64_t seed, int to) {
    for (; seed < end_; seed += stride_) {
      write_all(to, "begin " + std::to_string(seed) + "\n");
      auto result = run_(seed);
      write_all(to, "end " + std::to_string(seed) + " " + result.end + " "
                        + std::to_string(result.steps) + " " + one_line(result.finding) + "\n");
    }
    ::_exit(0);
  }

  void read(child& one) {
    char bytes[4096];
    auto count = ::read(one.pipe, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR)
      return;
    if (count <= 0) {
      ended(one);
      return;
    }
    one.unread.append(bytes, static_cast<std::size_t>(count));
    for (auto line = one.unread.find('\n'); line != std::string::npos;
         line = one.unread.find('\n')) {
      take(one, one.unread.substr(0, line));
      one.unread.erase(0, line + 1);
    }
  }

  void take(child& one, const std::string& line) {
    std::istringstream in(line);
    std::string word;
    seed_result result;
    in >> word >> result.seed;
    one.seed = result.seed;
    one.next = result.seed + stride_;
    one.is_busy = word == "begin";
    if (one.is_busy)
      return;
    in >> result.end >> result.steps;
    std::getline(in >> std::ws, result.finding);
    add(std::move(result));
  }

  /// All its seeds are done, or one of them killed it: then the next child goes on behind that one.
  void ended(child& one) {
    ::close(one.pipe);
    one.pipe = -1;
    int status = 0;
    while (::waitpid(one.process, &status, 0) < 0 && errno == EINTR)
      ;
    if (!one.is_busy)
      return;
    auto how = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                   : "exit status " + std::to_string(WEXITSTATUS(status));
    add({one.seed, "crash", "its process ended by " + how, 0});
    if (one.next < end_)
      begin(one);
  }

  void add(seed_result result) {
    bad_ += result.end == "good" ? 0 : 1;
    auto seed = result.seed;
    results_.emplace(seed, std::move(result));
  }

  const std::uint64_t end_;
  const std::uint64_t stride_;
  const std::function<seed_result(std::uint64_t)>& run_;
  std::vector<child> children_;
  std::map<std::uint64_t, seed_result> results_;
  std::size_t bad_ = 0;
};

}  // namespace

std::vector<seed_result> sweep_seeds(
    std::uint64_t first, std::uint64_t count, unsigned processes,
    const std::function<seed_result(std::uint64_t seed)>& run,
    const std::function<void(std::size_t done, std::size_t bad)>& progress) {
  return sweep(first, count, std::max(1u, processes), run).finish(progress);
}

}  // namespace holdfast
