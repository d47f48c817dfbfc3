#include <holdfast/actors/controller_views.hpp>
#include <holdfast/actors/foreign_rules.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/queue_options.hpp>
#include <holdfast/actors/registry.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/runtime/foreign_work.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace holdfast {
namespace {

/// What the operator allows, as a method's name.
constexpr const char* work_name = "holdfast.work";

/// How often differences are looked for, as in worker_options.
constexpr duration report_interval = std::chrono::seconds(2);

/// Between two progress messages of one run.
constexpr duration progress_interval = std::chrono::milliseconds(200);

assigned_item without_bytes(assigned_item order) {
  order.payload = {};
  order.checkpoint = {};
  return order;
}

}  // namespace

/// A message of the foreign node to the controller.
template <class... A>
void foreign_work::tell(const method<void(A...)>& m, const std::type_identity_t<A>&... arguments) {
  auto& env = port_.env();
  auto call = detail::encode_typed<void, A...>(m.name(), {}, arguments...);
  auto header = detail::make_header(env.self.name, call);
  header.trace = env.random->next() | 1;
  header.origin = port_.peer();
  method_message message;
  message.peer = port_.peer();
  message.header = std::make_shared<const call_header>(std::move(header));
  message.payload = shared_bytes(std::move(call.payload));
  caf::anon_send(env.executor, std::move(message));
}

/// A queued call of the foreign node to the controller.
template <class... A>
foreign::request foreign_work::queued(std::string id, const run_key& run,
                                      const method<void(A...)>& m,
                                      const std::type_identity_t<A>&... arguments) const {
  auto& env = port_.env();
  foreign::request request;
  request.name = port_.peer();
  request.id = std::move(id);
  request.is_of_work = true;
  request.call = detail::make_request({env.self.name, {}, {}},
                                      detail::encode_typed<void, A...>(m.name(), {}, arguments...));
  auto& header = request.call.header;
  auto known = runs_.find(run);
  header.trace = known != runs_.end() && known->second.order.trace != 0 ? known->second.order.trace
                                                                        : env.random->next() | 1;
  header.origin = port_.peer();
  header.queued_wall_ns = env.time->wall_ns();
  return request;
}

void foreign_work::open(const std::string& type, std::uint64_t incarnation) {
  type_ = type;
  incarnation_ = incarnation;
}

void foreign_work::close() {
  if (desk_) {
    worker_report last;
    desk_->fill(last);
    past_session_ = last.session;
  }
  desk_.reset();
  offer_ = {};
  runs_.clear();
  unheard_.clear();
  storing_.clear();
  armed_ = 0;
}

bool foreign_work::hear(const foreign_call& call, std::size_t bytes) {
  if (call.method == "holdfast.checkpoint") {
    saved(read_checkpoint(call), bytes);
    return true;
  }
  if (call.method == work_name)
    offered(call);
  else if (call.method == "holdfast.progress")
    progressed(read_progress(call));
  else if (call.method == "holdfast.ended")
    ended(read_end(call));
  else
    return false;
  port_.taken(bytes);
  return true;
}

bool foreign_work::may_work() {
  auto& env = port_.env();
  std::string text;
  auto reason = errc::none;
  if (!env.methods.find(work::report.name())) {
    reason = errc::unreachable;
    text = "'" + env.self.name
           + "' is no controller: connect to one, with its --foreign, to work for it";
  } else if (!env.foreign.allows(work_name)) {
    reason = errc::not_allowed;
    text = "foreign nodes may not work for '" + env.self.name
           + "': start it with --foreign-allow holdfast.work";
    if (env.foreign.note_refused(port_.peer(), work_name) && env.log)
      env.log->warn("foreign node {}: {}", port_.peer(), text);
  }
  if (reason == errc::none)
    return true;
  port_.say("holdfast.failed",
            {value(work_name), value(std::string(to_string(reason))), value(text)});
  return false;
}

void foreign_work::offered(const foreign_call& call) {
  auto offer = read_offer(call);
  if (!may_work())
    return;
  offer_ = std::move(offer);
  if (desk_) {
    desk_->offer(offer_.slots);
  } else {
    desk_.emplace(offer_.slots);
    desk_->controller_found();
    auto rows = port_.read();
    for (auto& run : offer_.held) {
      auto order = controlling::order_of(*rows, run.item, run.epoch);
      desk_->load_running(order, port_.now());
      runs_[run] = {std::move(order), 0};
    }
    port_.after(report_interval, [this] { tick(); });
  }
  report();
  start();
}

// ---- from the controller

bool foreign_work::is_for_worker(const call_header& header) {
  return header.method == work::desired.name() && !header.is_foreign;
}

void foreign_work::desired(std::string_view payload) {
  if (!desk_)
    return;
  auto [news] = decode_arguments<desired_items>(payload);
  if (news.session == past_session_)
    return;
  auto applied = desk_->apply(news, port_.now());
  for (auto& key : desk_->heard())
    desk_->swept(key);
  stop(applied.stop);
  start();
  if (applied.must_report)
    report();
}

void foreign_work::stop(const std::vector<run_key>& runs) {
  for (auto& run : runs)
    port_.say("holdfast.drop", words_of(run));
}

void foreign_work::start() {
  std::vector<held_item> running;
  while (desk_ && port_.unsent_bytes() < limits::foreign_unsent_bytes) {
    auto next = desk_->start_next(port_.now(), 1);
    if (next.empty())
      break;
    auto& order = next.front();
    if (start_one(order))
      running.push_back({order.item, order.epoch, false, true});
  }
  if (!running.empty())
    tell(work::started, running);
  if (!desk_)
    return;
  for (auto& key : desk_->unstored())
    store(key);
  arm();
}

bool foreign_work::start_one(const assigned_item& order) {
  run_key key{order.item, order.epoch};
  run_ending refusal;
  try {
    if (std::ranges::binary_search(offer_.methods, order.method)) {
      runs_[key] = {without_bytes(order), 0};
      port_.say("holdfast.run", words_of_run(order));
      return true;
    }
    refusal.how = run_end::refused;
    refusal.text = "the worker " + port_.peer() + " runs no method '" + order.method + "'";
  } catch (const error& problem) {
    refusal.how = run_end::never_fits;
    refusal.text =
        "it cannot be told to the foreign worker " + port_.peer() + ": " + problem.what();
  }
  runs_.erase(key);
  if (desk_)
    desk_->returned(key, std::move(refusal), port_.now());
  return false;
}

void foreign_work::report() {
  if (!desk_)
    return;
  worker_report report;
  report.type = type_;
  report.labels = offer_.labels;
  report.methods = offer_.methods;
  report.incarnation = incarnation_;
  desk_->fill(report);
  tell(work::report, report);
}

// ---- from the node

void foreign_work::progressed(const foreign_progress& news) {
  auto run = runs_.find(news.run);
  auto item = desk_ ? desk_->item_of(news.run) : std::nullopt;
  if (run == runs_.end() || !item)
    return;
  auto& told_at = run->second.progress_at;
  if (news.part < 1 && told_at != 0 && port_.now() - told_at < progress_interval.count())
    return;
  told_at = port_.now();
  tell(work::progress, item->item, item->epoch, news.part, news.text);
}

void foreign_work::saved(const foreign_checkpoint& news, std::size_t bytes) {
  auto item = desk_ ? desk_->item_of(news.run) : std::nullopt;
  bool is_too_large = news.content.size() > work::item_bytes_max;
  if (is_too_large && port_.env().foreign.note_refused(port_.peer(), "holdfast.checkpoint")
      && port_.env().log)
    port_.env().log->warn("foreign node {}: a checkpoint of {} takes {} bytes and is not kept; at "
                          "most {} are allowed: save where it is stored instead",
                          port_.peer(), news.run.item, news.content.size(), work::item_bytes_max);
  if (!item || is_too_large) {
    port_.taken(bytes);
    return;
  }
  auto order = std::make_shared<const foreign::request>(
      queued({}, news.run, work::checkpoint, item->item, item->epoch, news.content));
  port_.commit(
      {growth::grows, news.content.size() + 512, false},
      [order](ledger& books) { foreign::accept(books, *order); },
      [this, bytes, item = *item](const error* refusal) {
        port_.taken(bytes);
        if (refusal && port_.env().log)
          port_.env().log->warn("a checkpoint of {} by foreign node {} is lost: {}", item.item,
                                port_.peer(), refusal->what());
      });
}

void foreign_work::ended(const foreign_end& news) {
  auto is_on_its_way = [&](auto& one) { return one.second == news.run; };
  if (!desk_ || std::ranges::any_of(unheard_, is_on_its_way))
    return;
  auto known = runs_.find(news.run);
  auto order = known != runs_.end() ? known->second.order : assigned_item{};
  auto before = desk_->slots_offered();
  auto key = desk_->returned(news.run, ending_of(order, news), port_.now());
  if (key) {
    unheard_[*key] = news.run;
    store(*key);
  }
  runs_.erase(news.run);
  if (!key)  // nobody waits for it
    port_.say("holdfast.heard", words_of(news.run));
  start();
  if (desk_ && desk_->slots_offered() != before)
    report();
}

void foreign_work::store(const run_key& key) {
  auto* end = desk_->end_of(key);
  if (!end || !storing_.insert(key).second)
    return;
  auto run = unheard_.contains(key) ? unheard_.at(key) : key;
  auto order = std::make_shared<const foreign::request>(
      queued(key.item + "/" + std::to_string(key.epoch), run, work::ended, std::vector{*end}));
  port_.commit(
      {growth::grows, order->call.payload.size() + 512, false},
      [order](ledger& books) { foreign::accept(books, *order); },
      [this, key](const error* refusal) {
        storing_.erase(key);
        // A run has one end: what was stored before, by a session that did not hear so, stands.
        if (!refusal || refusal->code() == errc::id_conflict)
          stored(key);
        else if (port_.env().log)  // the tick tries again
          port_.env().log->warn("the end of {} at foreign node {} is not stored yet: {}", key.item,
                                port_.peer(), refusal->what());
      });
}

void foreign_work::stored(const run_key& key) {
  if (!desk_)
    return;
  desk_->stored(key);
  for (auto& gone : desk_->heard())
    desk_->swept(gone);
  if (auto said = unheard_.extract(key))
    port_.say("holdfast.heard", words_of(said.mapped()));
}

// ---- in time

void foreign_work::look() {
  if (!desk_)
    return;
  auto before = desk_->slots_offered();
  stop(desk_->end_overdue(port_.now()));
  start();
  if (desk_ && desk_->slots_offered() != before)
    report();
}

void foreign_work::arm() {
  auto due = desk_->due();
  auto now = port_.now();
  if (!due || (armed_ > now && armed_ <= *due))
    return;
  armed_ = *due;
  port_.after(duration(std::max<node_time>(*due - now, 0)), [this] { look(); });
}

void foreign_work::tick() {
  if (!desk_)
    return;
  desk_->hand_back_stuck(port_.now() - report_interval.count(), port_.now());
  look();
  report();
  port_.after(report_interval, [this] { tick(); });
}

}  // namespace holdfast
