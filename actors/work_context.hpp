#pragma once

#include <holdfast/actors/work_run.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/signature.hpp>
#include <holdfast/persistence/value_bytes.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace holdfast {

namespace detail {

/// "int32" of a method that returns it.
template <class R>
std::string result_text() {
  return signature_text<R>().substr(std::string_view("() -> ").size());
}

}  // namespace detail

/// What the handler of a work item is given. It is no transaction and has no state: it may run for hours, on a thread of
/// its own, and again on another worker. What a next run needs is a checkpoint; the result is what the handler returns.
///
///     worker.serve(render, [](work_context& work, const std::string& path, int dpi) {...});
///
/// Valid until the handler returns. Any thread.
class work_context {
public:
  explicit work_context(std::shared_ptr<work_run> run) : run_(std::move(run)) {}

  const item_id& item() const { return order().item; }
  std::uint32_t attempt() const { return order().attempt; }  ///< failures before, plus one
  std::uint32_t run() const { return order().run; }  ///< workers it was given to, this one included
  std::uint64_t epoch() const { return order().epoch; }  ///< fences effects outside
  std::uint64_t trace() const { return order().trace; }
  const std::string& origin() const { return order().origin; }
  const std::string& checkpoint() const { return order().checkpoint; }  ///< of the run before

  /// Its item was cancelled or went elsewhere, its time is up, or the worker stops. Look often and return soon: the slot
  /// stays taken until then. What is returned behind it counts for nothing.
  bool is_cancelled() const { return run_->is_cancelled(); }

  /// For people: at most a few a second travel. `part` goes from 0 to 1.
  void progress(double part, const std::string& text = {}) const { run_->progress(part, text); }

  /// On this node's disk soon and with the controller after that, in order and before the run's end; of several in a row
  /// the last one counts. Throws errc::too_large above work::item_bytes_max.
  void save_checkpoint(std::string content) const { run_->save_checkpoint(std::move(content)); }

private:
  const assigned_item& order() const { return run_->order(); }

  std::shared_ptr<work_run> run_;
};

/// A run that ends later, from any thread:
///
///     worker.serve_async(convert, [&pool](work_ticket ticket, const std::string& path) {
///       pool.post([=] { ticket.finish(converted(path)); });
///     });
///
/// Copy it freely. The first of finish, fail and reject counts. When the last copy is gone before, the run has failed.
class work_ticket {
public:
  /// How it encodes what it is finished with.
  struct result_format {
    payload_kind kind = payload_kind::arguments;
    std::string type;  ///< "int32", as in signatures
    std::string method;
  };
  work_ticket(std::shared_ptr<work_run> run, result_format format)
      : inner_(std::make_shared<inner>(std::move(run), std::move(format))) {}

  const item_id& item() const { return order().item; }
  std::uint32_t attempt() const { return order().attempt; }
  std::uint32_t run() const { return order().run; }
  std::uint64_t epoch() const { return order().epoch; }
  std::uint64_t trace() const { return order().trace; }
  const std::string& origin() const { return order().origin; }
  const std::string& checkpoint() const { return order().checkpoint; }

  /// With the type that the method returns, exactly: another one fails the run with a sentence that names both.
  template <class T>
  void finish(const T& result) const;
  void finish() const;

  void fail(std::string text) const;  ///< counts as an attempt
  /// Likewise, and what the attempt left can be looked at beside the text.
  template <class T>
  void fail(std::string text, const T& left) const {
    inner_->run->fail_with(std::move(text), encoded(left));
  }
  void reject(std::string text) const;  ///< no further attempt would do better

  bool is_cancelled() const { return inner_->run->is_cancelled(); }

  /// Called once, on whatever thread cancels the run, at once if it was cancelled already; never after its end. It must not
  /// block. One that keeps a copy of the ticket keeps the run open.
  void on_cancel(std::function<void()> callback) const {
    inner_->run->on_cancel(std::move(callback));
  }
  void progress(double part, const std::string& text = {}) const {
    inner_->run->progress(part, text);
  }
  void save_checkpoint(std::string content) const {
    inner_->run->save_checkpoint(std::move(content));
  }

private:
  struct inner {
    inner(std::shared_ptr<work_run> its, result_format how)
        : run(std::move(its)), format(std::move(how)) {}
    ~inner();
    const std::shared_ptr<work_run> run;
    const result_format format;
  };
  const assigned_item& order() const { return inner_->run->order(); }
  bool returns(const std::string& type) const;
  template <class T>
  std::string encoded(const T& result) const {
    return inner_->format.kind == payload_kind::values
               ? encode<value>(to_value(result, "the result"))
               : encode<T>(result);
  }

  std::shared_ptr<inner> inner_;
};

template <class T>
void work_ticket::finish(const T& result) const {
  if (!returns(detail::result_text<T>()))
    return;
  try {
    inner_->run->succeed(encoded(result));
  } catch (const std::exception& problem) {
    fail(problem.what());
  }
}

}  // namespace holdfast
