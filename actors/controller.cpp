#include <holdfast/actors/controller.hpp>
#include <holdfast/actors/controller_handlers.hpp>
#include <holdfast/actors/controller_probe.hpp>
#include <holdfast/actors/controller_views.hpp>
#include <holdfast/actors/outgoing.hpp>
#include <holdfast/actors/serve.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace holdfast {
namespace {

using namespace controlling;
using shared_core = std::shared_ptr<const core>;

constexpr std::uint64_t faults_kept = 100;
constexpr auto after_fault = std::chrono::seconds(1);

/// To oneself: a message failed, and changed nothing.
constexpr method<void(std::string, std::string)> fault{"holdfast.work.fault(where, text)"};
constexpr method<void()> mend{"holdfast.work.mend()"};

/// To oneself, queued: an end that came with others, of which one threw.
constexpr method<void(std::string, item_end)> ended_alone{"holdfast.work.ended_alone(worker, end)"};

template <class... A>
void send_to_self(environment& env, const method<void(A...)>& m, const A&... arguments) {
  auto call = detail::encode_typed<void, A...>(m.name(), {}, arguments...);
  auto header = detail::make_header(env.self.name, call);
  send_to(env, env.self.name, std::move(header), std::move(call.payload));
}

/// The transaction of a message that throws is discarded whole; that it threw is told to oneself beside it, and becomes a
/// transaction of its own.
template <class Body>
auto guarded(const shared_core& shared, std::string_view where, Body body) {
  try {
    return body();
  } catch (const refusal&) {
    throw;
  } catch (const std::exception& problem) {
    send_to_self(*shared->env, fault, std::string(where),
                 std::string(problem.what()).substr(0, limits::error_text_bytes_max));
    throw;
  } catch (...) {
    send_to_self(*shared->env, fault, std::string(where),
                 std::string("something was thrown that is no std::exception"));
    throw;
  }
}

/// One message: the handler steps machines, `finish` writes what follows.
template <class Body>
auto in_books(context& ctx, const shared_core& shared, std::string_view where, Body body) {
  return guarded(shared, where, [&] {
    books all(ctx, *shared);
    body(all);
    all.finish();
  });
}

template <class... A, class F>
void serve_message(const shared_core& shared, const method<void(A...)>& m, F handler) {
  shared->env->methods.serve(
      make_served(m, [shared, handler, where = m.name()](context& ctx, const A&... arguments) {
        in_books(ctx, shared, where, [&](books& all) { handler(all, arguments...); });
      }));
}

/// Synchronous: changes an item or a worker, and answers with how it stands then.
template <class R, class F>
void serve_change(const shared_core& shared, const method<R(std::string)>& m, F handler) {
  shared->env->methods.serve(make_served(
      m, [shared, handler, where = m.name()](context& ctx, const std::string& name) -> R {
        in_books(ctx, shared, where, [&](books& all) { handler(all, name); });
        if constexpr (std::is_same_v<R, item_report>)
          return why(ctx, name);
        else if constexpr (std::is_same_v<R, worker_status>)
          return status_of(name, ctx.state(controlling::workers).get(name).value_or(worker_row{}));
      }));
}

/// Ends that come together are one transaction. If that throws, each gets one of its own: an item whose end cannot be taken
/// holds up no other.
void serve_ends(const shared_core& shared) {
  auto take = [shared](context& ctx, const std::string& worker, const std::vector<item_end>& ends) {
    in_books(ctx, shared, work::ended.name(), [&](books& all) { ended(all, worker, ends); });
  };
  shared->env->methods.serve(
      make_served(work::ended, [take](context& ctx, const std::vector<item_end>& ends) {
        if (ctx.attempt() == 1 || ends.size() == 1)
          return take(ctx, ctx.caller(), ends);
        for (auto& end : ends)
          ctx.self().queue(ended_alone, ctx.caller(), end);
      }));
  shared->env->methods.serve(make_served(
      ended_alone,
      [take, log = shared->env->log](context& ctx, const std::string& worker, const item_end& end) {
        if (ctx.caller() == ctx.node())
          return take(ctx, worker, {end});
        log->warn("an end from {} in the name of {} is refused: a controller says it to itself",
                  ctx.caller(), worker);
      }));
}

void record_fault(context& ctx, const std::string& where, const std::string& text) {
  if (ctx.caller() != ctx.node())
    return;
  auto number = ctx.state(fault_totals).get(0).value_or(0) + 1;
  ctx.state(fault_totals).put(0, number);
  ctx.state(faults).put(number, {ctx.run().header().queued_wall_ns, where, text});
  if (number > faults_kept)
    ctx.state(faults).erase(number - faults_kept);
  ctx.later(after_fault).send(mend);
}

void serve_views(environment& env) {
  auto serve = [&env](const auto& m, auto handler) { env.methods.serve(make_served(m, handler)); };
  serve(work::look, look);
  serve(work::show, show);
  serve(work::why, why);
  serve(work::list, list);
  serve(work::counts, counts);
  serve(work::workers, list_workers);
}

}  // namespace

void serve_controller(environment& env, controller_options options) {
  auto shared = std::make_shared<const core>(core{&env, std::move(options)});
  service_options one_by_one;
  one_by_one.concurrency = 1;
  env.methods.configure(std::string(service_of(work::submit.name())), one_by_one);
  env.methods.configure(std::string(service_of(work::look.name())), one_by_one);
  serve_message(shared, work::submit, submit);
  serve_ends(shared);
  serve_message(shared, work::checkpoint, checkpoint);
  serve_message(shared, work::report, report);
  serve_message(shared, work::started, started);
  serve_message(shared, work::progress, progress);
  serve_message(shared, work::tick, tick);
  serve_message(shared, mend, check_links);
  serve_message(shared, take_up_method, [](books&) {});
  serve_message(shared, probe_method, probe);
  serve_message(shared, probed_method, probed);
  serve_change(shared, work::cancel, cancel);
  serve_change(shared, work::retry, retry);
  serve_change(shared, work::drain, drain);
  serve_change(shared, work::resume, resume);
  serve_change(shared, work::forget, forget);
  serve_views(env);
  env.methods.serve(make_served(fault, record_fault));
  env.methods.listen({std::string(service_of(work::submit.name())),
                      [shared](handler_run& run, const peer_event& event) {
                        context ctx(run);
                        in_books(ctx, shared, "a peer's event",
                                 [&](books& all) { peer_changed(all, event); });
                      }});
}

void start_controller(environment& env) {
  send_to_self(env, work::tick);
}

}  // namespace holdfast
