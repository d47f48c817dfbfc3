#pragma once

#include <holdfast/actors/context.hpp>
#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/work_runners.hpp>
#include <holdfast/actors/worker.hpp>
#include <holdfast/actors/worker_desk.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace holdfast {

/// What stands behind a `worker`: the handlers of its mailbox around a desk.
///
/// The desk is in memory and a handler may run twice, so: what changes the desk alone does so in a first run (attempt 1)
/// and leaves at once, for it depends on no row; what is written or queued is read from the desk, which forgets it only at
/// a message to oneself that left with the commit (`stored`, `swept`).
///
/// Locks: a run's line, then the desk; user code (callbacks of cancelled runs) under neither.
struct worker::service final : run_listener, std::enable_shared_from_this<worker::service> {
  service(environment& its, worker_options given);

  void add(work_method method);
  void serve_mailbox();
  void start(caf::actor_system& system, std::string where);
  void leave(std::function<void()> when_left);
  void when_idle(std::function<void()> then);
  void shut();
  worker_numbers numbers() const;

  void run_ended(const run_key& key, run_ending ending) override;
  void run_progressed(const run_key& key, double part, const std::string& text) override;
  void run_saved(const run_key& key) override;

  environment& env;
  const worker_options options;

private:
  struct live_run {
    std::shared_ptr<work_run> run;
    node_time progress_at = 0;  ///< when it was told last
  };
  using stopped_runs = std::vector<std::shared_ptr<work_run>>;

  template <class... A>
  void serve_own(const method<void(A...)>& m, void (service::*handler)(context&, const A&...));
  template <class... A>
  bool tell(const std::string& node, const method<void(A...)>& m,
            const std::type_identity_t<A>&... arguments);

  // Handlers.
  void begin(context& ctx);
  void desired(context& ctx, const desired_items& news);
  void finish(context& ctx);
  void stored(context& ctx, const std::vector<held_item>& items);
  void swept(context&, const std::vector<held_item>& items);
  void checkpoint(context& ctx, const item_id& id, const std::uint64_t& epoch);
  void look(context& ctx);
  void tick(context& ctx);
  void go(context& ctx);
  void peer_changed(context& ctx, const peer_event& event);

  // Their parts. Those named `_here` are called with the desk locked.
  void load(context& ctx);
  void store(context& ctx, std::vector<item_end> ends);
  void sweep(context& ctx);
  void arm(context& ctx);
  void stop_runs(const stopped_runs& runs);
  void settle();
  void report_here();
  void start_here();
  stopped_runs runs_here(const std::vector<run_key>& keys) const;
  void return_here(node_time now);
  std::vector<item_end> ends_here();
  void finish_here();

  const std::shared_ptr<run_line> line_;
  std::shared_ptr<work_runners> runners_;
  std::string address_;

  mutable std::mutex mutex_;
  worker_desk desk_;
  std::map<std::string, std::shared_ptr<const work_method>> methods_;
  std::map<run_key, live_run> runs_;
  std::map<run_key, run_ending> returned_;  ///< that the desk has not heard of yet
  bool is_finish_told_ = false;             ///< `finish` is on its way
  std::set<run_key> storing_;  ///< ends on their way to the disk; the tick starts over with them
  std::size_t busy_ = 0;       ///< handlers that have not returned
  std::uint64_t started_ = 0;
  bool is_loaded_ = false;
  node_time armed_ = 0;  ///< `look` comes then
  std::function<void()> left_;
  std::function<void()> idle_;
};

}  // namespace holdfast
