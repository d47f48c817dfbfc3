#include <holdfast/core/error.hpp>
#include <holdfast/runtime/cluster_member.hpp>

#include <csignal>
#include <system_error>
#include <utility>

namespace holdfast {
namespace {

/// Longer than a node gives its handlers (node_options::stop_within).
constexpr auto end_max = std::chrono::seconds(15);

std::exception_ptr failure(errc code, const std::string& text) {
  return std::make_exception_ptr(error(code, text));
}

}  // namespace

const char* cluster_member::state() const {
  if (!process_)
    return "down";
  if (is_frozen_)
    return "frozen";
  if (is_told_to_end_)
    return "ending";
  return is_ready() ? "ready" : "starting";
}

value cluster_member::report() const {
  return value(dict{{"name", how_.name},
                    {"role", how_.role},
                    {"state", state()},
                    {"process", process_ ? value(process_->id()) : value()},
                    {"address", address_},
                    {"data", how_.data.string()},
                    {"log", how_.log.string()},
                    {"starts", starts_},
                    {"ended", ended_}});
}

// ---- what can be asked of it

void cluster_member::need_process(const char* what) const {
  if (!process_)
    throw error(errc::bad_argument, how_.name + " does not run, so it cannot be " + what
                                        + "; start it with: cluster restart " + how_.name);
}

void cluster_member::wait(bool is_for_ready, listener then) {
  if (then)
    waiters_.push_back({is_for_ready, std::move(then)});
}

void cluster_member::tell_waiters(bool is_for_ready, std::exception_ptr problem) {
  for (auto& each : std::exchange(waiters_, {}))
    if (each.is_for_ready == is_for_ready)
      each.then(problem);
    else
      waiters_.push_back(std::move(each));
}

void cluster_member::begin() {
  auto command = how_.command;
  command.insert(command.end(), {"--listen", listen_});
  process_ = std::make_unique<cluster_process>(command, how_.log);
  ++starts_;
  is_frozen_ = is_told_to_end_ = is_restarting_ = false;
  kill_at_.reset();
  ended_.clear();
}

void cluster_member::start(listener then) {
  if (process_)
    throw error(errc::bad_argument, how_.name + " runs already");
  begin();
  wait(true, std::move(then));
}

void cluster_member::crash(listener then) {
  need_process("killed");
  is_restarting_ = false;
  is_told_to_end_ = true;
  process_->signal(SIGKILL);
  wait(false, std::move(then));
}

void cluster_member::end_in_order() {
  if (!is_told_to_end_)
    kill_at_ = steady::now() + end_max;
  is_told_to_end_ = true;
  process_->signal(SIGTERM);
  process_->signal(SIGCONT);
  is_frozen_ = false;
}

void cluster_member::stop(listener then) {
  need_process("stopped");
  is_restarting_ = false;
  end_in_order();
  wait(false, std::move(then));
}

void cluster_member::restart(listener then) {
  if (!process_)
    return start(std::move(then));
  is_restarting_ = true;
  end_in_order();
  wait(true, std::move(then));
}

void cluster_member::lose_disk(listener then) {
  auto remove = [this, then = std::move(then)](std::exception_ptr) {
    std::error_code problem;
    std::filesystem::remove_all(how_.data, problem);
    if (then)
      then(problem ? failure(errc::failed, "the data directory " + how_.data.string()
                                               + " cannot be removed: " + problem.message())
                   : nullptr);
  };
  if (process_)
    crash(remove);
  else
    remove(nullptr);
}

void cluster_member::freeze() {
  need_process("frozen");
  if (is_frozen_)
    throw error(errc::bad_argument, how_.name + " is frozen already");
  process_->signal(SIGSTOP);
  is_frozen_ = true;
}

void cluster_member::thaw() {
  need_process("thawed");
  if (!is_frozen_)
    throw error(errc::bad_argument, how_.name + " is not frozen");
  process_->signal(SIGCONT);
  is_frozen_ = false;
}

// ---- what it does

void cluster_member::watch(poll_set& turn) {
  if (process_ && process_->output() >= 0)
    turn.add(process_->output(), POLLIN, [this] { read(); });
  if (process_ && kill_at_)
    turn.wake_at(*kill_at_);
}

void cluster_member::read() {
  for (auto& line : process_->read_lines()) {
    if (!line.starts_with("ready ")) {
      how_.tell(how_.name + ": " + line);
      continue;
    }
    how_.tell(line);
    listen_ = address_ = line.substr(line.rfind(' ') + 1);
    was_ready_ = true;
    tell_waiters(true, nullptr);
  }
}

void cluster_member::check_time() {
  if (!process_ || !kill_at_ || steady::now() < *kill_at_)
    return;
  kill_at_.reset();
  was_killed_late_ = true;
  how_.tell(how_.name + " does not end when it is told to; it is killed");
  process_->signal(SIGKILL);
}

void cluster_member::reap() {
  if (!process_)
    return;
  auto end = process_->end();
  if (!end)
    return;
  read();
  on_end(*end);
}

void cluster_member::on_end(const std::string& end) {
  auto last = is_told_to_end_ ? std::string() : last_line(how_.log);
  ended_ = end + (last.empty() ? "" : ": " + last);
  how_.tell("down " + how_.name + " " + ended_);
  has_failed_ |= !was_ready_ && !is_told_to_end_;
  process_.reset();
  address_.clear();
  kill_at_.reset();
  is_frozen_ = is_told_to_end_ = false;
  tell_waiters(false, nullptr);
  if (!is_restarting_)
    return tell_waiters(true,
                        failure(errc::failed, how_.name + " ended before it was ready: " + ended_));
  try {
    begin();
  } catch (const error&) {
    is_restarting_ = false;
    tell_waiters(true, std::current_exception());
  }
}

}  // namespace holdfast
