#include <holdfast/actors/sockets.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/runtime/exec_guard.hpp>
#include <holdfast/runtime/exec_mark.hpp>
#include <holdfast/runtime/exec_output.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace holdfast {
namespace {

using steady = std::chrono::steady_clock;

/// Reads between two looks at what else happened.
constexpr int reads_in_a_row = 16;

class guard {
public:
  explicit guard(exec_order order)
      : order_(std::move(order)),
        output_(order_.output_file, order_.tail_bytes_max, order_.file_bytes_max) {}

  command_outcome run() {
    prepare();
    if (start())
      watch();
    std::error_code gone;
    std::filesystem::remove(order_.mark_file, gone);
    outcome_.seconds = std::chrono::duration<double>(steady::now() - begun_).count();
    outcome_.output = output_.tail();
    outcome_.output_bytes = output_.bytes();
    outcome_.output_file = output_.has_file() ? order_.output_file : "";
    outcome_.is_cut = output_.is_cut();
    return std::move(outcome_);
  }

private:
  /// What leaves the command's process group, or loses its parent, becomes a child of the guard.
  void prepare() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT})
      std::signal(number, SIG_IGN);  // the runner says when it is over
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &ends, nullptr);
    signals_ = sockets::descriptor(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
    begun_ = steady::now();
  }

  /// False when it did not come to run.
  bool start() {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
      throw error(errc::failed, "the command cannot be started: no pipe");
    reading_ = sockets::descriptor(pipe[0]);
    sockets::descriptor writing(pipe[1]);
    ::fcntl(reading_.get(), F_SETFL, O_NONBLOCK);
    auto held = fork_command(order_, writing.get());
    leader_ = held.process;
    sockets::descriptor go(held.go), failure(held.failure);
    auto leader = facts_of_process(leader_), self = facts_of_process(::getpid());
    if (!leader || !self
        || !write_mark(order_.mark_file, {this_boot(), order_.token, leader_, leader->started,
                                          ::getpid(), self->started})
        || ::write(go.get(), "g", 1) != 1)
      return not_started(125, "the file " + order_.mark_file + " cannot be written");
    exec_failure why;
    if (::read(failure.get(), &why, sizeof why) != sizeof why)
      return true;
    return explain(why);
  }

  bool explain(const exec_failure& why) {
    std::string reason = std::strerror(why.reason);
    if (why.step == exec_step::directory)
      return not_started(126, "the directory " + order_.spec.directory
                                  + " cannot be entered: " + reason);
    auto& program = order_.spec.argv[0];
    if (why.reason == ENOENT)
      return not_started(127, "there is no program '" + program + "'");
    return not_started(126, "the program '" + program + "' cannot be run: " + reason);
  }

  bool not_started(int status, std::string why) {
    ::kill(leader_, SIGKILL);  // it may still wait to be let go
    ::waitpid(leader_, nullptr, 0);
    outcome_.exit_status = status;
    outcome_.problem = std::move(why);
    return false;
  }

  void watch() {
    while (!is_over_) {
      std::array<pollfd, 3> events{{{is_deserted_ ? -1 : exec_control_descriptor, POLLIN, 0},
                                    {signals_.get(), POLLIN, 0},
                                    {is_silent_ ? -1 : reading_.get(), POLLIN, 0}}};
      ::poll(events.data(), events.size(), time_left());
      if (events[0].revents)
        hear_runner();
      if (kill_at_ && steady::now() >= *kill_at_)
        kill_all();
      if (events[2].revents)
        read_output(reads_in_a_row);
      if (events[1].revents)
        notice_ends();
    }
    read_output(-1);  // nobody writes any more, or nobody of ours
  }

  int time_left() const {
    if (!kill_at_ || is_killing_)
      return -1;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(*kill_at_ - steady::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

  void read_output(int times) {
    std::array<char, 65536> buffer;
    for (; times != 0 && !is_silent_; --times) {
      auto got = ::read(reading_.get(), buffer.data(), buffer.size());
      if (got > 0)
        output_.add({buffer.data(), static_cast<std::size_t>(got)});
      else if (got < 0 && errno == EINTR)
        continue;
      else if (got < 0 && errno == EAGAIN)
        return;
      else
        is_silent_ = true;
    }
  }

  void hear_runner() {
    char word = 0;
    auto got = ::read(exec_control_descriptor, &word, 1);
    if (got < 0 && errno == EINTR)
      return;
    if (got == 1 && word == static_cast<char>(exec_word::stop)) {
      is_stopping_ = true;
      signal_all(SIGTERM);
      signal_all(SIGCONT);  // a stopped process hears nothing else
      kill_within_grace();
    } else if (!is_killing_)
      kill_all();
    is_deserted_ |= got <= 0;
  }

  void kill_within_grace() {
    auto at = steady::now() + std::chrono::nanoseconds(order_.grace_ns);
    if (!kill_at_ || at < *kill_at_)
      kill_at_ = at;
  }

  void kill_all() {
    is_killing_ = true;
    signal_all(SIGKILL);
  }

  /// The leader is waited for last, so that its number stays the group's.
  void signal_all(int number) const {
    ::kill(-leader_, number);
    signal_strays(number);
  }
  void signal_strays(int number) const {
    for (auto child : children_of_this_thread())
      if (child != leader_ && ::getpgid(child) != leader_)
        ::kill(child, number);
  }

  void notice_ends() {
    signalfd_siginfo told{};
    while (::read(signals_.get(), &told, sizeof told) > 0) {}
    for (auto child : children_of_this_thread())
      if (child != leader_)
        ::waitpid(child, nullptr, WNOHANG);
    siginfo_t end{};
    if (!has_ended_
        && ::waitid(P_PID, static_cast<id_t>(leader_), &end, WEXITED | WNOHANG | WNOWAIT) == 0
        && end.si_pid == leader_) {
      has_ended_ = true;
      outcome_.exit_status = end.si_code == CLD_EXITED ? end.si_status : -1;
      outcome_.signal = end.si_code == CLD_EXITED ? 0 : end.si_status;
      kill_within_grace();  // what it left behind may come to its own end
    }
    auto left = children_of_this_thread();
    is_over_ = has_ended_ && std::all_of(left.begin(), left.end(), [this](pid_t child) {
                 return child == leader_;
               });
    if (is_over_)
      ::waitpid(leader_, nullptr, 0);
    else if (is_killing_)
      signal_all(SIGKILL);
    else if (is_stopping_)
      signal_strays(SIGTERM);  // those that have lost their parent now
  }

  exec_order order_;
  output_keeper output_;
  command_outcome outcome_;
  sockets::descriptor signals_;
  sockets::descriptor reading_;
  pid_t leader_ = -1;
  steady::time_point begun_{};
  std::optional<steady::time_point> kill_at_;
  bool is_stopping_ = false;
  bool is_killing_ = false;
  bool is_silent_ = false;  ///< nobody can write any more
  bool has_ended_ = false;  ///< the command; what it left behind may still run
  bool is_over_ = false;
  bool is_deserted_ = false;  ///< the runner is gone
};

std::string read_all(int descriptor) {
  std::string content;
  std::array<char, 65536> buffer;
  for (;;) {
    auto got = ::read(descriptor, buffer.data(), buffer.size());
    if (got <= 0)
      return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void tell_runner(const command_outcome& outcome) {
  auto bytes = encode(outcome);
  std::string_view left = bytes;
  while (!left.empty()) {
    auto sent = ::send(exec_control_descriptor, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return;  // nobody is there to be told
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

void run_exec_guard() {
  for (int inherited : {exec_order_descriptor, exec_control_descriptor})
    ::fcntl(inherited, F_SETFD, FD_CLOEXEC);
  command_outcome outcome;
  try {
    ::lseek(exec_order_descriptor, 0, SEEK_SET);
    outcome = guard(decode<exec_order>(read_all(exec_order_descriptor), "the order")).run();
  } catch (const std::exception& problem) {
    outcome.exit_status = 125;
    outcome.problem = problem.what();
  }
  tell_runner(outcome);
  ::_exit(0);
}

}  // namespace holdfast
