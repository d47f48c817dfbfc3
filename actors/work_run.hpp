#pragma once

#include <holdfast/actors/work_protocol.hpp>

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace holdfast {

/// One item under one epoch: what a worker has at most one run of.
struct run_key {
  item_id item;
  std::uint64_t epoch = 0;
  auto operator<=>(const run_key&) const = default;
};

/// How a run ended, without whose it was.
struct run_ending {
  run_end how = run_end::done;
  std::string value;        ///< what the method returned, encoded
  std::string text;         ///< why it did not succeed
  bool saw_cancel = false;  ///< it was told to stop, and looked: what it returned is no result
};

/// What hears of runs. Any thread.
class run_listener {
public:
  virtual ~run_listener() = default;
  virtual void run_ended(const run_key& key, run_ending ending) = 0;
  virtual void run_progressed(const run_key& key, double part, const std::string& text) = 0;
  virtual void run_saved(const run_key& key) = 0;  ///< a checkpoint, which waits in the run
};

/// The way from runs to their worker, which they may outlive: tickets are kept by whoever wants to. Behind `close` nothing
/// passes, and nothing is on its way any more.
class run_line {
public:
  explicit run_line(run_listener& listener) : listener_(&listener) {}
  void close() {
    std::lock_guard guard(mutex_);
    listener_ = nullptr;
  }
  template <class F>
  void with(F tell) {
    std::lock_guard guard(mutex_);
    if (listener_)
      tell(*listener_);
  }

private:
  std::mutex mutex_;
  run_listener* listener_;
};

/// One run of an item, as its handler and its worker share it. It ends once: who says so first is right. Any thread.
class work_run {
public:
  work_run(assigned_item order, std::shared_ptr<run_line> line)
      : order_(std::move(order)), line_(std::move(line)) {}

  const assigned_item& order() const { return order_; }
  run_key key() const { return {order_.item, order_.epoch}; }

  /// A value above work::item_bytes_max is a failure that says so. Whether it was the first to end it.
  bool succeed(std::string value);
  bool end(run_end how, std::string text);
  /// A failed attempt with what it left, encoded: kept as the item's result until a later attempt ends. A value above
  /// work::item_bytes_max is left out.
  bool fail_with(std::string text, std::string value);

  /// Tells the handler to stop; the callbacks run here, and what one throws leaves here behind the last one. The run ends
  /// when the handler says so.
  void cancel();
  bool is_cancelled() const;  ///< whoever looks is taken at its word when it returns
  void on_cancel(std::function<void()> callback);  ///< called once, at once if it was cancelled

  void progress(double part, const std::string& text) const;
  void save_checkpoint(std::string content);  ///< throws errc::too_large
  std::string checkpoint();                   ///< the latest one that this run saved

private:
  bool finish(run_ending ending);

  const assigned_item order_;
  const std::shared_ptr<run_line> line_;
  std::atomic<bool> is_over_{false};
  std::atomic<bool> is_cancelled_{false};
  mutable std::atomic<bool> saw_cancel_{false};
  std::mutex mutex_;
  std::vector<std::function<void()>> callbacks_;
  std::string checkpoint_;
  bool is_told_ = false;  ///< of that checkpoint
};

}  // namespace holdfast
