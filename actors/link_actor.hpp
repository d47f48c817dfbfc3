#pragma once

#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/handshake.hpp>
#include <holdfast/actors/link_marks.hpp>
#include <holdfast/actors/link_port.hpp>
#include <holdfast/actors/link_session.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/redial.hpp>
#include <holdfast/actors/request_table.hpp>
#include <holdfast/actors/wire.hpp>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace holdfast {

/// Work that comes back to the link's thread: after a commit, a delay, or from another thread.
struct link_task {
  std::uint64_t session = 0;  ///< runs only while that one lives; 0: in any case
  bool is_counted = false;    ///< a commit that its session waits for
  std::function<void()> work;
};

/// From a link to itself, behind the messages that are here: what they wrote leaves together.
struct link_write_out {
  connection_number connection = 0;
};

/// The inside of a peer_link. Up to two connections on their way to a session (one dialed, one accepted), at most one
/// session, and requests that outlive sessions. link_actor.cpp gets to a session, link_life.cpp lives one.
class link_actor final : public link_port {
public:
  link_actor(caf::event_based_actor* self, environment& env, std::string peer);

  void begin(std::shared_ptr<peer_entry> entry) { entry_ = std::move(entry); }
  void address(const std::string& at);
  void accepted_history();
  void goodbye();

  void connected(const wire_connected& fact);
  void dial_failed(const wire_dial_failed& fact);
  void given(const wire_given& fact);
  void arrived(const wire_frames& fact);
  void progressed(const wire_progress& fact);
  void sent(const wire_sent& fact);
  void outlet_opened(const wire_outlet_opened& fact);
  void probed(const wire_probed& fact);
  void closed(const wire_closed& fact);

  void write_out(const link_write_out& word);
  void lane_has_grown(const lane_grew& news);
  void outcomes_have_grown(const outcomes_grew& news);
  void send(const send_message& message);
  void ask(call_request request);
  void run(const link_task& task);

  environment& env() override { return env_; }
  const std::string& peer() const override { return peer_; }
  node_time now() const override { return env_.time->now(); }
  std::uint64_t nonce() const override { return nonce_; }
  void write(std::string frame) override;
  std::size_t unsent_bytes() const override;
  void commit(commit_kind kind, std::function<void(ledger&)> apply,
              std::function<void(const error*)> then) override;
  void after(duration delay, std::function<void()> work) override;
  std::function<void(std::function<void()>)> poster() override;
  void give_up(errc reason, const std::string& text) override;
  void show(errc reason, const std::string& text) override;
  void update(const std::function<void(peer_status&)>& change) override { entry_->update(change); }

private:
  /// A connection on its way to a session.
  struct candidate {
    std::uint64_t serial = 0;
    connection_number connection = 0;
    std::shared_ptr<handshake> shake;
    std::optional<link_marks> theirs;
    bool is_waiting = false;    ///< for the previous session to drain
    bool is_restarted = false;  ///< the peer has started since its last session
  };
  using slot = std::optional<candidate> link_actor::*;

  bool is_live() const { return session_ && !session_->is_over; }
  bool is_session(connection_number connection) const {
    return session_ && session_->connection() == connection;
  }
  void take(connection_number connection, const frame& from);
  candidate& start(slot where, connection_number connection, std::shared_ptr<handshake> shake);
  void dial();
  void dial_later(duration delay);
  void candidate_frame(slot where, const frame& from);
  void advance(slot where);
  void bind(slot where);
  void refuse(slot where, refusal reason);
  void drop(slot where, errc reason, const std::string& text);
  void forget(slot where, bool is_orderly);
  slot slot_of(connection_number connection);
  bool is_contender(const candidate& incoming) const;

  void open_session(slot where, bool is_restarted);
  void end_session(errc reason, const std::string& text, bool is_orderly);
  void finish_session();
  void submit(commit_kind kind, std::function<void(ledger&)> apply,
              std::function<void(const error*)> then);
  template <class Work>
  void guarded(const Work& work) {
    try {
      work();
    } catch (const error& reason) {
      failed(reason);
    }
  }
  void failed(const error& reason);
  /// To the next multiple of `period` of the node's time: the links of a node wake together, and its threads a few times
  /// a second instead of a few times for each link.
  duration until_next(duration period) const;
  void beat();
  void check();
  void heard();
  void expire_requests();
  void tell(peer_event event);
  void state(link_state state, errc reason, const std::string& text);
  bool is_shown(errc reason, const std::string& text) const;
  void flush();
  void to_wire(connection_number connection, std::string bytes);

  caf::event_based_actor* self_;
  environment& env_;
  std::string peer_;
  std::string address_;
  std::shared_ptr<peer_entry> entry_;
  redial redial_;
  std::optional<candidate> dialed_;
  std::optional<candidate> accepted_;
  std::unique_ptr<link_session> session_;
  request_table requests_;
  std::uint64_t nonce_ = 0;
  std::uint64_t session_number_ = 1;  // of the session that is, or of the next
  std::uint64_t last_serial_ = 0;     // of candidates and dials
  std::uint64_t dial_timer_ = 0;      // the last one set; earlier ones are void
  std::size_t commits_ = 0;           // counted and not yet back
  node_time request_timer_ = 0;
  bool is_dial_due_ = false;
  bool is_stopping_ = false;
};

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::link_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::link_write_out)
