#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/persistence/data_directory.hpp>
#include <holdfast/runtime/cluster_host.hpp>
#include <holdfast/runtime/cluster_site.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/operator_socket.hpp>
#include <holdfast/runtime/questions.hpp>
#include <holdfast/runtime/secret.hpp>

#include <algorithm>
#include <csignal>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace holdfast {
namespace {

using steady = poll_set::steady;

/// Signals come out of a descriptor from now on; threads that start later leave them alone.
sockets::descriptor hold_signals() {
  sigset_t held;
  sigemptyset(&held);
  for (int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD})
    sigaddset(&held, number);
  pthread_sigmask(SIG_BLOCK, &held, nullptr);
  return sockets::descriptor(::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// What operators ask, on its way to the loop.
struct asked {
  dict question;
  std::promise<value> answer;
};

std::string sentence_of(std::exception_ptr problem) try {
  std::rethrow_exception(problem);
} catch (const std::exception& known) {
  return known.what();
}

std::string time_of(duration at) {
  return format_duration(std::chrono::duration<double>(at).count());
}

}  // namespace

struct cluster_host::inside {
  explicit inside(options given)
      : how(std::move(given)), folder(how.data, data_directory::access::owner),
        site(how.cluster, folder.path(), how.log_level, how.tell), signals(hold_signals()),
        wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        fault_states(how.cluster.faults.size(), "waiting") {
    load_secret(folder.path() / "secret");
  }

  // ---- any thread

  std::future<value> ask(dict question) {
    std::lock_guard guard(mutex);
    if (is_closed)
      throw error(errc::stopping, "the cluster is ending");
    auto& added = questions.emplace_back(asked{std::move(question), {}});
    ::eventfd_write(wake.get(), 1);
    return added.answer.get_future();
  }

  void close_questions() {
    std::lock_guard guard(mutex);
    is_closed = true;
    questions.clear();  // they hear that their promise is broken
  }

  // ---- the loop

  void turn() {
    poll_set now;
    now.add(signals.get(), POLLIN, [this] { take_signals(); });
    now.add(wake.get(), POLLIN, [this] { take_questions(); });
    site.watch(now);
    if (ready_at && next_fault < how.cluster.faults.size())
      now.wake_at(due_of(how.cluster.faults[next_fault]));
    now.wait();
    site.after_turn(std::exchange(has_child_ended, false));
    look();
  }

  steady::time_point due_of(const cluster_fault& fault) const {
    return *ready_at + std::chrono::duration_cast<steady::duration>(fault.at);
  }

  void look() {
    auto& members = site.members();
    auto failed = std::ranges::find_if(members, &cluster_member::has_failed);
    if (!is_ending && failed != members.end() && !ready_at) {
      how.tell("the cluster ends: a node has not become ready");
      code = exit_code::refused;
      end();
    }
    if (!is_ending && !ready_at && std::ranges::all_of(members, &cluster_member::is_ready)) {
      ready_at = steady::now();
      how.tell("up " + std::to_string(members.size()) + " nodes in " + how.data.string());
    }
    while (!is_ending && ready_at && next_fault < how.cluster.faults.size()
           && due_of(how.cluster.faults[next_fault]) <= steady::now())
      do_fault(next_fault++);
  }

  void do_fault(std::size_t index) {
    auto& fault = how.cluster.faults[index];
    auto said = "at " + time_of(fault.at) + ": " + fault.verb.text;
    how.tell(said);
    auto then = [this, index, said](std::exception_ptr problem) {
      fault_states[index] = problem ? "failed" : "done";
      if (problem)
        how.tell(said + ": " + sentence_of(problem));
    };
    try {
      fault_states[index] = "begun";
      site.perform(fault.verb, then);
    } catch (const error&) {
      then(std::current_exception());
    }
  }

  void take_signals() {
    signalfd_siginfo got{};
    while (::read(signals.get(), &got, sizeof got) == static_cast<ssize_t>(sizeof got)) {
      if (got.ssi_signo == SIGCHLD)
        has_child_ended = true;
      else
        end();
    }
  }

  /// Once in good order; asked again, at once.
  void end() {
    for (auto& each : site.members())
      if (each.is_running()) {
        if (is_ending)
          each.crash();
        else
          each.stop();
      }
    is_ending = true;
  }

  bool has_ended() {
    return is_ending && std::ranges::none_of(site.members(), &cluster_member::is_running);
  }

  void take_questions() {
    eventfd_t count = 0;
    ::eventfd_read(wake.get(), &count);
    std::vector<asked> now;
    {
      std::lock_guard guard(mutex);
      now.swap(questions);
    }
    for (auto& each : now) {
      auto answer = std::make_shared<std::promise<value>>(std::move(each.answer));
      try {
        take(each.question, answer);
      } catch (...) {
        answer->set_exception(std::current_exception());
      }
    }
  }

  void take(const dict& question, const std::shared_ptr<std::promise<value>>& answer) {
    auto command = text_of(question, "command");
    if (command == "cluster.status")
      return answer->set_value(status());
    if (command != "cluster.do")
      throw error(errc::bad_argument,
                  "a cluster knows no command '" + command + "'; ask one of its nodes");
    if (is_ending)
      throw error(errc::stopping, "the cluster is ending");
    auto verb = parse_verb(text_of(question, "verb"));
    how.tell("asked: " + verb.text);
    site.perform(verb, [this, verb, answer](std::exception_ptr problem) {
      if (problem)
        answer->set_exception(problem);
      else
        answer->set_value(value(dict{{"nodes", site.nodes(&verb)}, {"links", site.links(&verb)}}));
    });
  }

  value status() const {
    array faults;
    for (std::size_t i = 0; i < how.cluster.faults.size(); ++i)
      faults.push_back(
          value(dict{{"at", std::chrono::duration<double>(how.cluster.faults[i].at).count()},
                     {"do", how.cluster.faults[i].verb.text},
                     {"state", fault_states[i]}}));
    auto uptime = std::chrono::duration<double>(steady::now() - started_at).count();
    return value(dict{{"name", how.cluster.name},
                      {"file", how.file},
                      {"data", folder.path().string()},
                      {"process", ::getpid()},
                      {"is_ready", ready_at.has_value()},
                      {"uptime", uptime},
                      {"nodes", site.nodes()},
                      {"links", site.links()},
                      {"faults", faults}});
  }

  options how;
  data_directory folder;
  cluster_site site;
  sockets::descriptor signals, wake;
  std::vector<std::string> fault_states;
  std::size_t next_fault = 0;
  steady::time_point started_at = steady::now();
  std::optional<steady::time_point> ready_at;
  bool is_ending = false;
  bool has_child_ended = false;
  exit_code code = exit_code::done;

  std::mutex mutex;
  std::vector<asked> questions;
  bool is_closed = false;
};

cluster_host::cluster_host(options given) : inside_(std::make_unique<inside>(std::move(given))) {}
cluster_host::~cluster_host() = default;

exit_code cluster_host::run() {
  auto& on = *inside_;
  operator_server server(on.folder.path(), [&on](const dict& question) -> operator_answer {
    auto answer = std::make_shared<std::future<value>>(on.ask(question));
    return [answer] {
      try {
        return answer->get();
      } catch (const std::future_error&) {
        throw error(errc::stopping, "the cluster has ended");
      }
    };
  });
  ending closes([&on] { on.close_questions(); });  // before the server waits for its answers
  for (auto& each : on.site.members())
    each.start();
  while (!on.has_ended())
    on.turn();
  for (auto& each : on.site.members())
    if (each.was_killed_late() && on.code == exit_code::done)
      on.code = exit_code::stopped_late;
  return on.code;
}

}  // namespace holdfast
