#include <holdfast/actors/sockets.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/data_directory.hpp>
#include <holdfast/runtime/exec.hpp>
#include <holdfast/runtime/exec_guard.hpp>
#include <holdfast/runtime/exec_mark.hpp>
#include <holdfast/runtime/exec_output.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace holdfast {
namespace {

/// For guards that were told to end everything: only one that is stopped or busy in the kernel takes longer.
constexpr int guards_end_ms = 5000;

/// Descriptors that are moved in the new process must not stand where others are put.
constexpr int descriptors_from = 10;

[[noreturn]] void refuse(const std::string& what) {
  throw error(errc::failed, "no command can be started: " + what + ": " + std::strerror(errno));
}

void check_run_name(const std::string& name) {
  bool is_good = !name.empty() && name.size() <= 200 && name[0] != '.';
  for (char letter : name)
    is_good &= (std::isalnum(static_cast<unsigned char>(letter)) != 0) || letter == '-'
               || letter == '_' || letter == '.';
  if (!is_good)
    throw error(errc::bad_argument, "'" + name + "' cannot name a run: it names files too");
}

sockets::descriptor memory_file(const std::string& content) {
  sockets::descriptor written(::memfd_create("order", MFD_CLOEXEC));
  sockets::descriptor file(::fcntl(written.get(), F_DUPFD_CLOEXEC, descriptors_from));
  for (std::size_t done = 0; done < content.size();) {
    auto part = ::write(file.get(), content.data() + done, content.size() - done);
    if (part <= 0)
      refuse("no memory for its order");
    done += static_cast<std::size_t>(part);
  }
  return file;
}

/// In a session of its own, so that a Ctrl-C for the runner is none for it; signals and descriptors as in a new process.
pid_t spawn_guard(const std::filesystem::path& program, const std::string& name, int order,
                  int control) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&files, order, exec_order_descriptor);
  posix_spawn_file_actions_adddup2(&files, control, exec_control_descriptor);
  posix_spawn_file_actions_addclosefrom_np(&files, exec_control_descriptor + 1);
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setsigdefault(&how, &all);
  posix_spawnattr_setflags(&how,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  std::string command = exec_guard_command, run = name, path = program;
  std::array<char*, 4> words{path.data(), command.data(), run.data(), nullptr};
  pid_t process = -1;
  errno = posix_spawn(&process, path.c_str(), &files, &how, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  if (errno != 0)
    refuse(path);
  return process;
}

}  // namespace

std::string describe_end(const command_outcome& outcome) {
  if (!outcome.problem.empty())
    return outcome.problem;
  auto how = outcome.signal != 0 ? "ended by signal " + std::to_string(outcome.signal) + " ("
                                       + ::strsignal(outcome.signal) + ")"
                                 : "exit status " + std::to_string(outcome.exit_status);
  constexpr std::size_t line_bytes_max = 400;
  std::string_view text = outcome.output;
  while (!text.empty() && std::strchr(" \t\r\n", text.back()))
    text.remove_suffix(1);
  text.remove_prefix(text.find_last_of("\r\n") + 1);
  if (text.empty())
    return how;
  return how + ": " + std::string(text.substr(0, line_bytes_max));
}

struct command_runner::inside {
  using clock = std::chrono::steady_clock;

  struct running_command {
    pid_t guard = -1;
    sockets::descriptor control;
    std::string report;
    finished done;
    std::shared_ptr<const looked> look;  ///< null: nobody does
  };

  inside(std::filesystem::path where, command_limits given, std::filesystem::path guards)
      : folder(std::move(where)), limits(given), program(std::move(guards)) {
    folder = std::filesystem::absolute(folder);
    make_directories(folder);
    leftovers = end_leftovers(folder);
    wake = sockets::descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    thread = std::thread([this] { hear_guards(); });
  }

  ~inside() {
    {
      std::lock_guard guard(mutex);
      is_stopping = true;
      for (auto& [name, one] : commands)
        say(one, exec_word::kill);
    }
    wake_up();
    thread.join();
  }

  std::filesystem::path file(const std::string& name, const char* kind) const {
    return folder / (name + kind);
  }

  void start(const std::string& name, const command_spec& spec, finished done, looked look) {
    check_run_name(name);
    if (spec.argv.empty() || spec.argv[0].empty())
      throw error(errc::bad_argument, "the command has no program");
    static std::atomic<std::uint64_t> started{0};
    exec_order order{spec,
                     name + "-" + std::to_string(::getpid()) + "-" + std::to_string(++started),
                     file(name, ".run"),
                     file(name, ".out"),
                     limits.tail_bytes_max,
                     limits.file_bytes_max,
                     std::chrono::nanoseconds(limits.grace).count()};
    auto order_file = memory_file(encode(order));
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      refuse("no socket");
    running_command made{-1, sockets::descriptor(ends[0]), {}, std::move(done), {}};
    if (look)
      made.look = std::make_shared<const looked>(std::move(look));
    sockets::descriptor low(ends[1]);
    sockets::descriptor theirs(::fcntl(low.get(), F_DUPFD_CLOEXEC, descriptors_from));
    std::lock_guard guard(mutex);
    if (is_stopping)
      throw error(errc::stopping, "no command is started any more");
    if (commands.contains(name))
      throw error(errc::bad_argument, "the run " + name + " is under way");
    made.guard = spawn_guard(program, name, order_file.get(), theirs.get());
    commands.emplace(name, std::move(made));
    wake_up();
  }

  static void say(const running_command& to, exec_word word) {
    // Refused only if the guard is gone, which its thread hears too.
    (void)!::send(to.control.get(), &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  void wake_up() const {
    std::uint64_t one = 1;
    (void)!::write(wake.get(), &one, sizeof one);
  }

  void hear_guards() {
    auto look_at = clock::now() + limits.look_every;
    for (bool is_late = false;;) {
      std::vector<pollfd> events{{wake.get(), POLLIN, 0}};
      std::vector<std::string> names;
      bool is_ending = false, has_looks = false;
      {
        std::lock_guard guard(mutex);
        if (is_stopping && commands.empty())
          return;
        for (auto& [name, one] : commands) {
          events.push_back({one.control.get(), POLLIN, 0});
          names.push_back(name);
          has_looks |= one.look != nullptr;
          if (is_late)
            ::kill(one.guard, SIGKILL);  // it was not waited for: the number is its own
        }
        is_ending = is_stopping;
      }
      auto wait = is_ending ? guards_end_ms : has_looks ? milliseconds_until(look_at) : -1;
      is_late = ::poll(events.data(), events.size(), wait) == 0 && is_ending;
      std::uint64_t count = 0;
      (void)!::read(wake.get(), &count, sizeof count);
      for (std::size_t i = 0; i < names.size(); ++i)
        if (events[i + 1].revents)
          read_from(names[i]);
      if (clock::now() < look_at)
        continue;
      for (auto& name : names)
        look_at_one(name);
      look_at = clock::now() + limits.look_every;
    }
  }

  static int milliseconds_until(clock::time_point moment) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(moment - clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
  }

  void look_at_one(const std::string& name) const {
    std::shared_ptr<const looked> look;
    {
      std::lock_guard guard(mutex);
      if (auto at = commands.find(name); at != commands.end())
        look = at->second.look;
    }
    if (look)
      (*look)();
  }

  void read_from(const std::string& name) {
    std::unique_lock lock(mutex);
    auto at = commands.find(name);
    std::array<char, 16384> buffer;
    auto got = ::recv(at->second.control.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0)
      at->second.report.append(buffer.data(), static_cast<std::size_t>(got));
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
      return;
    auto ended = std::move(at->second);
    commands.erase(at);
    lock.unlock();
    ::waitpid(ended.guard, nullptr, 0);  // at once: only its end closes the socket
    auto outcome = outcome_of(name, ended.report);
    if (!outcome.output_file.empty())
      tidy_up(outcome.output_file);
    ended.done(std::move(outcome));
  }

  void tidy_up(const std::filesystem::path& latest) const {
    std::lock_guard guard(mutex);
    trim_files(folder, latest.extension(), limits.folder_bytes_max,
               [&](const std::filesystem::path& file) {
                 return file == latest || commands.contains(file.stem());
               });
  }

  command_outcome outcome_of(const std::string& name, const std::string& report) const {
    try {
      return decode<command_outcome>(report, "the outcome");
    } catch (const error&) {
      end_leftover(file(name, ".run"));
      command_outcome lost;
      lost.problem = "the guard of the command was killed, and the command with it";
      return lost;
    }
  }

  std::filesystem::path folder;
  command_limits limits;
  std::filesystem::path program;
  std::size_t leftovers = 0;
  sockets::descriptor wake;
  mutable std::mutex mutex;
  std::map<std::string, running_command> commands;  ///< removed by the thread alone
  bool is_stopping = false;
  std::thread thread;
};

command_runner::command_runner(std::filesystem::path folder, command_limits limits,
                               std::filesystem::path program)
    : inside_(std::make_unique<inside>(std::move(folder), limits, std::move(program))) {}

command_runner::~command_runner() = default;

void command_runner::start(const std::string& name, const command_spec& spec, finished done,
                           looked look) {
  inside_->start(name, spec, std::move(done), std::move(look));
}

void command_runner::stop(const std::string& name) {
  std::lock_guard guard(inside_->mutex);
  if (auto at = inside_->commands.find(name); at != inside_->commands.end())
    inside::say(at->second, exec_word::stop);
}

std::size_t command_runner::running() const {
  std::lock_guard guard(inside_->mutex);
  return inside_->commands.size();
}

std::size_t command_runner::leftovers() const {
  return inside_->leftovers;
}

}  // namespace holdfast
