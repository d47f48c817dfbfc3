#pragma once

#include <holdfast/actors/handler_run.hpp>
#include <holdfast/actors/task.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/persistence/journal.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holdfast {

/// The logical transaction behind a handler_run: an overlay over what is on disk. It collects what the handler read, wrote
/// and emitted; nothing leaves until the executor has committed it. One run, one thread.
class transaction final : public handler_run {
public:
  /// What a run stands on. Outlives it.
  struct ground {
    const node_identity& self;
    const journal& store;
    const node_clock& time;
  };

  /// `layers` are rows written by earlier runs and not yet on disk, newest first.
  transaction(const ground& on, const std::vector<std::shared_ptr<const overlay>>& layers,
              const overlay& before, const std::string& caller, const call_header& header,
              holdfast::call_id id, std::uint32_t attempt, bool is_followed);

  holdfast::call_id call_id() const override { return id_; }
  std::uint32_t attempt() const override { return attempt_; }
  const std::string& caller() const override { return caller_; }
  const call_header& header() const override { return header_; }
  const std::string& node_name() const override { return on_.self.name; }
  node_time now() const override { return on_.time.now(); }
  bool is_followed() const override { return is_followed_; }

  std::optional<std::string> read(const std::string& key) override;
  void write(const std::string& key, std::optional<std::string> value) override;
  state_rows read_range(const std::string& from, const std::string& to, std::size_t limit) override;
  void queue(queue_request request) override;
  void send(const std::string& peer, call_header header, std::string payload) override;
  void send_later(duration wait, call_header header, std::string payload) override;
  void call(const std::string& peer, call_header header, std::string payload, duration within,
            continuation then) override;

  /// Moves what was collected into `result`, and the writes on top of `before` as well.
  void finish(run_result& result, overlay& before);

private:
  std::optional<std::string> read_below(const std::string& key) const;
  state_rows range_below(const std::string& from, const std::string& to, std::size_t limit) const;
  void trace(call_header& header) const;
  void spend(std::size_t bytes);

  const ground& on_;
  const std::vector<std::shared_ptr<const overlay>>& layers_;
  const overlay& before_;
  const std::string& caller_;
  const call_header& header_;
  holdfast::call_id id_;
  std::uint32_t attempt_;
  bool is_followed_;
  std::size_t effects_ = 0;
  std::size_t bytes_ = 0;
  overlay writes_;
  std::map<std::string, std::uint64_t> reads_;
  std::vector<state_read> ranges_;
  std::vector<queue_request> queued_;
  std::vector<outgoing_message> sends_;
  std::vector<outgoing_call> calls_;
};

}  // namespace holdfast
