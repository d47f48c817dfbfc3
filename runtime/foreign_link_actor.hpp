#pragma once

#include <holdfast/actors/link_actor.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/peer_link.hpp>
#include <holdfast/runtime/foreign_calls.hpp>
#include <holdfast/runtime/foreign_lane.hpp>
#include <holdfast/runtime/foreign_link.hpp>
#include <holdfast/runtime/foreign_port.hpp>
#include <holdfast/runtime/foreign_requests.hpp>
#include <holdfast/runtime/foreign_work.hpp>

#include <caf/event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace holdfast {

/// The inside of a foreign link: at most one session, and what outlives sessions. foreign_link.cpp is its life,
/// foreign_talk.cpp what is said and heard in it.
class foreign_link_actor final : public foreign_port {
public:
  foreign_link_actor(caf::event_based_actor* self, environment& env, std::string peer);

  void begin(std::shared_ptr<peer_entry> entry);
  void gateway_is(const foreign_gateway_is& fact) { gateway_ = fact.gateway; }
  void address();
  void given(const wire_given& fact);
  void arrived(const wire_frames& fact);
  void sent(const wire_sent& fact);
  void closed(const wire_closed& fact);
  void grew(const lane_grew& news);
  void send(const send_message& message);
  void ask(call_request request);
  void goodbye();
  void run(const link_task& task);

  environment& env() override { return env_; }
  const std::string& peer() const override { return peer_; }
  node_time now() const override { return env_.time->now(); }
  std::uint64_t nonce() const override { return 0; }
  void write(std::string frame) override;
  std::size_t unsent_bytes() const override { return session_ ? session_->unsent : 0; }
  void commit(commit_kind kind, std::function<void(ledger&)> apply,
              std::function<void(const error*)> then) override;
  void after(duration delay, std::function<void()> work) override;
  std::function<void(std::function<void()>)> poster() override;
  void give_up(errc reason, const std::string& text) override;
  void show(errc reason, const std::string& text) override;
  void update(const std::function<void(peer_status&)>& change) override { entry_->update(change); }

  void say(std::string method, array params) override;
  void say(foreign_body body, std::string method, array params) override;
  void taken(std::size_t bytes) override;

private:
  struct session {
    connection_number connection = 0;
    foreign_introduction who;
    foreign_requests requests;
    bool is_over = false;
    bool is_drained = false;
    errc reason = errc::none;
    std::string text;
    std::size_t unsent = 0;
    std::size_t returned = 0;  // dealt with and not yet told to the wire
    std::uint64_t written = 0, departed = 0;
    std::deque<std::pair<std::uint64_t, std::int64_t>> sends;  // where each ends, and its credit
  };

  bool is_live() const { return session_ && !session_->is_over; }
  void open_session(connection_number connection, foreign_introduction who);
  void end_session(errc reason, const std::string& text, bool is_told);
  void finish_session();
  void submit(commit_kind kind, std::function<void(ledger&)> apply,
              std::function<void(const error*)> then);
  void guarded(const std::function<void()>& work);
  void tell(peer_event event);
  void state(link_state state, errc reason, const std::string& text);
  void hear(foreign_call call, std::size_t bytes);
  void hear_answer(const foreign_call& call);
  void return_taken();
  void tell_over(connection_number connection);
  void expire_calls();

  caf::event_based_actor* self_;
  environment& env_;
  std::string peer_;
  std::shared_ptr<peer_entry> entry_;
  caf::actor gateway_;
  std::unique_ptr<session> session_;
  std::optional<std::pair<connection_number, foreign_introduction>> waiting_;
  foreign_calls calls_;
  foreign_lane lane_;
  foreign_work work_;
  std::uint64_t incarnation_ = 0;  // of the last session
  std::uint64_t session_number_ = 1;
  std::size_t commits_ = 0;
  node_time call_timer_ = 0;
  bool is_stopping_ = false;
};

}  // namespace holdfast
