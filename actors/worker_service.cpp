#include <holdfast/actors/outgoing.hpp>
#include <holdfast/actors/serve.hpp>
#include <holdfast/actors/worker_service.hpp>

#include <algorithm>
#include <tuple>

namespace holdfast {
namespace {

constexpr const char* service_name = "holdfast.worker";

// Messages of a worker to itself.
constexpr method<void()> begin_method{"holdfast.worker.begin"};
constexpr method<void()> finish_method{"holdfast.worker.finish"};
constexpr method<void(std::vector<held_item>)> stored_method{"holdfast.worker.stored(items)"};
constexpr method<void(std::vector<held_item>)> swept_method{"holdfast.worker.swept(items)"};
constexpr method<void(item_id, std::uint64_t)> checkpoint_method{
    "holdfast.worker.checkpoint(item, epoch)"};
constexpr method<void()> look_method{"holdfast.worker.look"};
constexpr method<void()> tick_method{"holdfast.worker.tick"};
constexpr method<void()> leave_method{"holdfast.worker.leave"};

/// Runs whose end is queued and that the controller has not dropped yet; the value is the moment, for people.
constexpr table<std::tuple<item_id, std::uint64_t>, std::int64_t> ended_rows{"worker.ended"};

/// Ends in one call, beyond which the next ones get another: a controller takes them in one transaction.
constexpr std::size_t ends_max = 128;
constexpr std::size_t ends_bytes_max = 1u << 20;

/// Between two progress messages of one run.
constexpr duration progress_interval = std::chrono::milliseconds(200);

}  // namespace

worker::service::service(environment& its, worker_options given)
    : env(its), options(std::move(given)), line_(std::make_shared<run_line>(*this)),
      desk_(options.slots) {}

/// A method that only this node may say to itself.
template <class... A>
void worker::service::serve_own(const method<void(A...)>& m,
                                void (service::*handler)(context&, const A&...)) {
  auto body = [self = shared_from_this(), name = std::string(m.name()),
               handler](context& ctx, const A&... given) {
    if (ctx.caller() == ctx.node())
      ((*self).*handler)(ctx, given...);
    else
      self->env.log->warn("{} from {} is refused: a worker says it to itself", name, ctx.caller());
  };
  env.methods.serve(make_served(m, std::move(body)));
}

template <class... A>
bool worker::service::tell(const std::string& node, const method<void(A...)>& m,
                           const std::type_identity_t<A>&... arguments) {
  auto call = detail::encode_typed<void, A...>(m.name(), {}, arguments...);
  auto header = detail::make_header(node, call);
  return send_to(env, node, std::move(header), std::move(call.payload));
}

/// The registry outlives neither the environment nor what it keeps of this service.
void worker::service::serve_mailbox() {
  auto self = shared_from_this();
  env.methods.serve(make_served(work::desired, [self](context& ctx, const desired_items& news) {
    self->desired(ctx, news);
  }));
  serve_own(begin_method, &service::begin);
  serve_own(finish_method, &service::finish);
  serve_own(stored_method, &service::stored);
  serve_own(swept_method, &service::swept);
  serve_own(checkpoint_method, &service::checkpoint);
  serve_own(look_method, &service::look);
  serve_own(tick_method, &service::tick);
  serve_own(leave_method, &service::go);
  env.methods.listen({service_name, [self](handler_run& run, const peer_event& event) {
                        context ctx(run);
                        self->peer_changed(ctx, event);
                      }});
}

// ---- handlers

void worker::service::begin(context& ctx) {
  load(ctx);
  {
    std::lock_guard guard(mutex_);
    auto peer = env.peers.find(options.controller);
    if (options.controller == env.self.name || (peer && peer->is_up))
      desk_.controller_found();
    report_here();
  }
  ctx.later(options.report_interval).send(tick_method);
}

void worker::service::desired(context& ctx, const desired_items& news) {
  if (ctx.caller() != options.controller) {
    env.log->warn("work from {} is refused: this worker takes it from {} alone", ctx.caller(),
                  options.controller);
    return;
  }
  load(ctx);
  stopped_runs stopped;
  if (ctx.attempt() == 1) {
    std::lock_guard guard(mutex_);
    auto applied = desk_.apply(news, ctx.now());
    stopped = runs_here(applied.stop);
    start_here();
    finish_here();
    if (applied.must_report)
      report_here();
  }
  sweep(ctx);
  arm(ctx);
  stop_runs(stopped);
  settle();
}

/// Runs have returned, or items have ended otherwise: as many as there are by now.
void worker::service::finish(context& ctx) {
  load(ctx);
  std::vector<item_end> ends;
  {
    std::lock_guard guard(mutex_);
    is_finish_told_ = false;
    auto before = desk_.slots_offered();
    return_here(ctx.now());
    start_here();
    if (desk_.slots_offered() != before)
      report_here();
    if (ctx.attempt() > 1)
      storing_.clear();  // what the last attempt stored may not be
    ends = ends_here();
  }
  arm(ctx);
  store(ctx, std::move(ends));
}

void worker::service::store(context& ctx, std::vector<item_end> ends) {
  if (ends.empty())
    return;
  auto rows = ctx.state(ended_rows);
  std::vector<held_item> items;
  for (auto& end : ends)
    items.push_back({end.item, end.epoch, true, false});
  std::erase_if(ends, [&](auto& end) { return rows.contains({end.item, end.epoch}); });
  for (auto& end : ends)
    rows.put({end.item, end.epoch}, env.time->wall_ns());
  if (!ends.empty())
    ctx.to(options.controller).queue(work::ended, ends);
  ctx.self().send(stored_method, items);
}

void worker::service::stored(context& ctx, const std::vector<held_item>& items) {
  {
    std::lock_guard guard(mutex_);
    for (auto& item : items) {
      desk_.stored({item.item, item.epoch});
      storing_.erase({item.item, item.epoch});
    }
  }
  sweep(ctx);
  settle();
}

void worker::service::swept(context&, const std::vector<held_item>& items) {
  {
    std::lock_guard guard(mutex_);
    for (auto& item : items)
      desk_.swept({item.item, item.epoch});
  }
  settle();
}

void worker::service::checkpoint(context& ctx, const item_id& id, const std::uint64_t& epoch) {
  run_key key{id, epoch};
  std::shared_ptr<work_run> run;
  std::optional<run_key> item;
  {
    std::lock_guard guard(mutex_);
    item = desk_.item_of(key);
    if (auto i = runs_.find(key); i != runs_.end())
      run = i->second.run;
  }
  if (run && item)
    ctx.to(options.controller).queue(work::checkpoint, item->item, item->epoch, run->checkpoint());
}

void worker::service::look(context& ctx) {
  stopped_runs stopped;
  {
    std::lock_guard guard(mutex_);
    armed_ = 0;
    auto before = desk_.slots_offered();
    stopped = runs_here(desk_.end_overdue(ctx.now()));
    finish_here();
    if (desk_.slots_offered() != before)
      report_here();  // ahead of the ends, which must reach the disk first
  }
  arm(ctx);
  stop_runs(stopped);
}

/// Whatever was lost, by a link without credit or by a full disk, is made good here.
void worker::service::tick(context& ctx) {
  load(ctx);
  look(ctx);
  {
    std::lock_guard guard(mutex_);
    desk_.hand_back_stuck(ctx.now() - options.report_interval.count(), ctx.now());
    start_here();
    storing_.clear();
    is_finish_told_ = false;
    finish_here();
    report_here();
  }
  sweep(ctx);
  settle();
  ctx.later(options.report_interval).send(tick_method);
}

void worker::service::go(context& ctx) {
  load(ctx);
  stopped_runs stopped;
  {
    std::lock_guard guard(mutex_);
    stopped = runs_here(desk_.leave(ctx.now()));
    finish_here();
    report_here();
  }
  stop_runs(stopped);
  settle();
}

void worker::service::peer_changed(context& ctx, const peer_event& event) {
  if (std::visit([](auto& about) { return about.node; }, event) != options.controller)
    return;
  load(ctx);
  if (ctx.attempt() == 1) {
    std::lock_guard guard(mutex_);
    if (std::holds_alternative<peer_up>(event)) {
      desk_.controller_found();
      report_here();
    } else if (std::holds_alternative<peer_down>(event))
      desk_.controller_lost(ctx.now());
  }
  arm(ctx);
  settle();
}

// ---- their parts

void worker::service::load(context& ctx) {
  if (is_loaded_)  // by handlers alone, and there is one at a time
    return;
  auto rows = ctx.state(ended_rows);
  constexpr std::size_t page = 1000;
  std::tuple<item_id, std::uint64_t> next{};
  for (bool is_more = true; is_more;) {
    auto some = rows.from(next, page);
    is_more = some.size() == page;
    std::lock_guard guard(mutex_);
    for (auto& [key, moment] : some) {
      desk_.load_ended({std::get<0>(key), std::get<1>(key)});
      next = {std::get<0>(key), std::get<1>(key) + 1};
    }
  }
  is_loaded_ = true;
}

/// Rows of ends that the controller knows of go; the desk forgets them with the commit.
void worker::service::sweep(context& ctx) {
  std::vector<held_item> items;
  {
    std::lock_guard guard(mutex_);
    for (auto& key : desk_.heard())
      items.push_back({key.item, key.epoch, true, false});
  }
  if (items.empty())
    return;
  auto rows = ctx.state(ended_rows);
  for (auto& item : items)
    rows.erase({item.item, item.epoch});
  ctx.self().send(swept_method, items);
}

void worker::service::arm(context& ctx) {
  std::optional<node_time> due;
  {
    std::lock_guard guard(mutex_);
    due = desk_.due();
    if (!due || (armed_ > ctx.now() && armed_ <= *due))
      return;
    armed_ = *due;
  }
  ctx.later(duration(std::max<node_time>(0, *due - ctx.now()))).send(look_method);
}

void worker::service::stop_runs(const stopped_runs& runs) {
  for (auto& run : runs)
    try {
      run->cancel();
    } catch (const std::exception& problem) {
      env.log->warn("a run of {} was told to stop, and threw: {}", run->order().method,
                    problem.what());
    } catch (...) {
      env.log->warn("a run of {} was told to stop, and threw", run->order().method);
    }
}

void worker::service::settle() {
  std::function<void()> left;
  {
    std::lock_guard guard(mutex_);
    if (!left_ || !desk_.is_leaving() || !desk_.unstored().empty()
        || (desk_.is_connected() && desk_.count_unheard() > 0))
      return;
    left.swap(left_);
  }
  left();
}

void worker::service::report_here() {
  if (!desk_.is_connected())
    return;
  worker_report report;
  report.type = options.type;
  report.labels = options.labels;
  for (auto& [name, method] : methods_)
    report.methods.push_back(name);
  report.incarnation = env.self.incarnation;
  report.address = address_;
  desk_.fill(report);
  tell(options.controller, work::report, report);
}

void worker::service::start_here() {
  if (!runners_)
    return;
  std::vector<held_item> running;
  for (auto& order : desk_.start_next(env.time->now())) {
    run_key key{order.item, order.epoch};
    auto method = methods_.find(order.method);
    if (method == methods_.end()) {
      desk_.returned(key,
                     {run_end::refused,
                      {},
                      "the worker " + env.self.name + " runs no method '" + order.method + "'",
                      {}},
                     env.time->now());
      continue;
    }
    running.push_back({order.item, order.epoch, false, true});
    auto run = std::make_shared<work_run>(std::move(order), line_);
    runs_[key] = {run, 0};
    ++busy_;
    ++started_;
    runners_->run({method->second, std::move(run)});
  }
  if (!running.empty())
    tell(options.controller, work::started, running);
}

worker::service::stopped_runs worker::service::runs_here(const std::vector<run_key>& keys) const {
  stopped_runs runs;
  for (auto& key : keys)
    if (auto i = runs_.find(key); i != runs_.end())
      runs.push_back(i->second.run);
  return runs;
}

void worker::service::return_here(node_time now) {
  for (auto& [key, ending] : std::exchange(returned_, {})) {
    runs_.erase(key);
    desk_.returned(key, std::move(ending), now);
  }
}

/// Ends that are not on their way to the disk, as many as one transaction takes; the others get one of their own.
std::vector<item_end> worker::service::ends_here() {
  std::vector<item_end> ends;
  std::size_t bytes = 0;
  for (auto& key : desk_.unstored()) {
    if (storing_.contains(key))
      continue;
    if (ends.size() == ends_max || bytes > ends_bytes_max) {
      finish_here();
      break;
    }
    storing_.insert(key);
    ends.push_back(*desk_.end_of(key));
    bytes += ends.back().value.size();
  }
  return ends;
}

/// Ends that are not on their way to the disk get going.
void worker::service::finish_here() {
  auto is_new = [&](const run_key& key) { return !storing_.contains(key); };
  if (is_finish_told_ || (returned_.empty() && !std::ranges::any_of(desk_.unstored(), is_new)))
    return;
  is_finish_told_ = true;
  tell(env.self.name, finish_method);
}

// ---- from outside

void worker::service::add(work_method method) {
  auto name = method.name;
  auto shared = std::make_shared<const work_method>(std::move(method));
  std::lock_guard guard(mutex_);
  methods_.insert_or_assign(name, std::move(shared));
  if (runners_)
    report_here();
}

void worker::service::start(caf::actor_system& system, std::string where) {
  {
    std::lock_guard guard(mutex_);
    address_ = std::move(where);
    runners_ = std::make_shared<work_runners>(system, env.is_simulated);
  }
  tell(env.self.name, begin_method);
}

void worker::service::leave(std::function<void()> when_left) {
  {
    std::lock_guard guard(mutex_);
    if (runners_)
      left_.swap(when_left);
  }
  if (when_left)
    when_left();
  else
    tell(env.self.name, leave_method);
}

void worker::service::when_idle(std::function<void()> then) {
  {
    std::lock_guard guard(mutex_);
    if (busy_ > 0)
      idle_.swap(then);
  }
  if (then)
    then();
}

void worker::service::shut() {
  line_->close();
  std::shared_ptr<work_runners> runners;
  {
    std::lock_guard guard(mutex_);
    runners.swap(runners_);
    runs_.clear();
  }
  if (runners)
    runners->stop();
}

worker_numbers worker::service::numbers() const {
  std::lock_guard guard(mutex_);
  return {busy_, desk_.count_waiting(), desk_.count_unheard(), started_};
}

// ---- from runs

void worker::service::run_ended(const run_key& key, run_ending ending) {
  std::function<void()> idle;
  {
    std::lock_guard guard(mutex_);
    returned_[key] = std::move(ending);
    if (--busy_ == 0)
      idle.swap(idle_);
    finish_here();
  }
  if (idle)
    idle();
}

void worker::service::run_progressed(const run_key& key, double part, const std::string& text) {
  std::lock_guard guard(mutex_);
  auto i = runs_.find(key);
  auto item = desk_.item_of(key);
  if (i == runs_.end() || !item)
    return;
  auto now = env.time->now();
  if (part < 1 && i->second.progress_at != 0
      && now - i->second.progress_at < progress_interval.count())
    return;
  i->second.progress_at = now;
  tell(options.controller, work::progress, item->item, item->epoch, part, text);
}

void worker::service::run_saved(const run_key& key) {
  tell(env.self.name, checkpoint_method, key.item, key.epoch);
}

}  // namespace holdfast
