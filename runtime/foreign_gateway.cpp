#include <holdfast/actors/handshake.hpp>
#include <holdfast/actors/link_actor.hpp>
#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/actors/switchboard.hpp>
#include <holdfast/actors/wire.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/persistence/foreign.hpp>
#include <holdfast/runtime/foreign_codec.hpp>
#include <holdfast/runtime/foreign_frames.hpp>
#include <holdfast/runtime/foreign_gateway.hpp>
#include <holdfast/runtime/foreign_link.hpp>
#include <holdfast/runtime/foreign_port.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace holdfast {
namespace {

/// From the connection to the whole hello. Longer: strangers hold the few places there are for them.
constexpr auto hello_max = std::chrono::seconds(10);

/// Cuts the stream of a foreign node. What is no message becomes one frame of type `refuse` with the reason, so that the node
/// can be told; after that nothing is cut.
class foreign_cutter final : public frame_cutter {
public:
  void trust() override { is_trusted_ = true; }

  void take(std::string_view chunk, std::vector<frame>& out) override {
    if (is_broken_)
      return;
    try {
      if (!is_trusted_ && (before_hello_ += chunk.size()) > limits::hello_bytes_max)
        throw error(errc::bad_frame, "before its welcome a foreign node says holdfast.hello, in at "
                                     "most "
                                         + std::to_string(limits::hello_bytes_max) + " bytes");
      reader_.feed(chunk);
      while (auto body = reader_.next())
        out.push_back({frame_type{}, 0, shared_bytes(std::string(*body))});
    } catch (const error& reason) {
      is_broken_ = true;
      out.push_back({frame_type::refuse, 0, shared_bytes(std::string(reason.what()))});
    }
  }

private:
  foreign_frame_reader reader_;
  std::size_t before_hello_ = 0;
  bool is_trusted_ = false;
  bool is_broken_ = false;
};

struct foreign_hello {
  std::string name;
  std::string token;
  std::uint64_t start = 0;
  foreign_introduction who;
};

const value* member_of(const dict& given, std::string_view name, value_kind kind) {
  auto* found = given.find(name);
  if (found && found->kind() != kind)
    throw error(errc::bad_frame, "holdfast.hello: " + std::string(name) + " is a "
                                     + std::string(to_string(kind)) + ", not a "
                                     + std::string(found->kind_name()));
  return found;
}

std::string text_of(const dict& given, std::string_view name) {
  auto* found = member_of(given, name, value_kind::string);
  return found ? found->as_string() : std::string();
}

std::uint64_t number_of(const dict& given, std::string_view name) {
  auto* found = member_of(given, name, value_kind::integer);
  return found ? static_cast<std::uint64_t>(found->as_integer()) : 0;
}

bool flag_of(const dict& given, std::string_view name) {
  auto* found = member_of(given, name, value_kind::boolean);
  return found && found->as_bool();
}

foreign_hello read_hello(const foreign_call& call) {
  if (call.method != "holdfast.hello")
    throw error(errc::bad_frame, "the first message is holdfast.hello, not " + call.method);
  auto* given = call.params.size() == 1 ? call.params[0].get_if<dict>() : nullptr;
  if (!given || !call.named.empty())
    throw error(errc::bad_frame, "holdfast.hello takes one struct: name, type, token");
  foreign_hello hello;
  hello.name = text_of(*given, "name");
  hello.token = text_of(*given, "token");
  hello.start = number_of(*given, "start");
  hello.who.type = ascii_text(text_of(*given, "type")).substr(0, 60);
  hello.who.body = call.body;
  hello.who.xml.i8 = flag_of(*given, "i8");
  hello.who.xml.nil = flag_of(*given, "nil");
  check_name("foreign node", hello.name);
  return hello;
}

foreign_body likely_body(std::string_view bytes) {
  return bytes.starts_with('{') ? foreign_body::json : foreign_body::xml;
}

struct open_foreign_port {
  std::string address;
  std::function<void(const std::string&, const error*)> done;
};
struct stop_foreign_port {};

constexpr const char* too_soon = "a foreign node waits for holdfast.welcome before it goes on";

class gateway_actor {
public:
  gateway_actor(caf::event_based_actor* self, environment& env, caf::actor wire, std::string token,
                std::set<std::string> natives)
      : self_(self), env_(env), wire_(std::move(wire)), token_(std::move(token)),
        natives_(std::move(natives)) {}

  void open(const open_foreign_port& command) {
    self_->send(wire_, wire_listen{command.address, self_, command.done});
  }

  void stop() {
    is_stopping_ = true;
    self_->send(wire_, wire_stop_listening{});
    while (!strangers_.empty())
      refuse(strangers_.begin()->first, errc::stopping, "this node is stopping");
  }

  void accepted(const wire_accepted& fact) {
    strangers_[fact.connection] = {fact.from, foreign_body::xml, false};
    self_->delayed_send(self_, duration(hello_max),
                        link_task{0, false, [this, number = fact.connection] {
                                    refuse(number, errc::handshake_late,
                                           "holdfast.hello did not come in time");
                                  }});
    if (is_stopping_)
      refuse(fact.connection, errc::stopping, "this node is stopping");
  }

  void arrived(const wire_frames& fact) {
    for (auto& from : fact.content)
      take(fact.connection, from);
  }

  void take(connection_number connection, const frame& from) {
    auto bytes = from.body.view();
    auto i = strangers_.find(connection);
    if (i == strangers_.end()) {
      // Its link has not taken it over yet: what came too soon must not be lost without a word.
      if (auto early = sessions_.find(connection); early != sessions_.end())
        refuse_as({early->second, likely_body(bytes), true}, connection, errc::bad_frame, too_soon);
      return;
    }
    auto& who = i->second;
    try {
      if (from.type == frame_type::refuse)
        throw error(errc::bad_frame, std::string(bytes));
      who.body = likely_body(bytes);
      if (std::exchange(who.has_said_hello, true))
        throw error(errc::bad_frame, too_soon);
      introduced(connection, read_hello(decode_foreign(bytes)));
    } catch (const error& reason) {
      refuse(connection, reason.code(), reason.what());
    }
  }

  void closed(const wire_closed& fact) { strangers_.erase(fact.connection); }

  void over(const foreign_session_over& fact) { sessions_.erase(fact.connection); }

private:
  struct stranger {
    std::string from;
    foreign_body body = foreign_body::xml;
    bool has_said_hello = false;
  };

  void introduced(connection_number number, foreign_hello hello) {
    if (!token_.empty()
        && !is_same_secret(keyed_hash(token_, hello.token), keyed_hash(token_, token_)))
      throw error(errc::wrong_secret,
                  "the token in holdfast.hello is not this node's: give the one of its "
                  "--foreign-token-file");
    if (natives_.contains(hello.name))
      throw error(errc::wrong_name, "'" + hello.name + "' is the name of a node of the cluster at '"
                                        + env_.self.name + "': give the foreign node another name");
    if (sessions_.size() >= limits::foreign_connections_max && !has_session(hello.name))
      throw error(errc::over_credit, "'" + env_.self.name + "' has "
                                         + std::to_string(limits::foreign_connections_max)
                                         + " foreign nodes already: connect again later");
    auto who = std::make_shared<foreign_introduction>(std::move(hello.who));
    who->from = strangers_.at(number).from;
    who->wire = wire_;
    auto operation = make_operation<std::uint64_t>(
        growth::shrinks, 256, false,
        [name = hello.name, start = hello.start](ledger& books, std::uint64_t& times) {
          times = foreign::introduce(books, name, start);
        },
        [this, me = caf::actor_cast<caf::actor>(self_), number, who,
         name = hello.name](std::uint64_t& times, const error* refusal) {
          auto why = refusal ? std::make_shared<const error>(*refusal) : nullptr;
          who->incarnation = times;
          caf::anon_send(me, link_task{0, false, [this, number, who, name, why] {
                                         bound(number, name, who, why.get());
                                       }});
        });
    self_->send(env_.persistence, commit_request{std::move(operation)});
  }

  bool has_session(const std::string& name) const {
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [&](auto& session) { return session.second == name; });
  }

  /// The journal knows the name as a foreign one.
  void bound(connection_number number, const std::string& name,
             const std::shared_ptr<foreign_introduction>& who, const error* refusal) {
    if (!strangers_.contains(number))
      return;
    if (refusal) {
      refuse(number, refusal->code(), refusal->what());
      return;
    }
    strangers_.erase(number);
    sessions_[number] = name;
    self_->send(env_.switchboard,
                foreign_named{name, [wire = wire_, me = caf::actor_cast<caf::actor>(self_), number,
                                     who](const caf::actor& link) {
                                caf::anon_send(link, foreign_gateway_is{me});
                                caf::anon_send(wire, wire_trust{number});
                                caf::anon_send(wire, wire_give{number, link, who});
                              }});
  }

  void refuse(connection_number number, errc reason, const std::string& text) {
    auto i = strangers_.find(number);
    if (i == strangers_.end())
      return;
    refuse_as(i->second, number, reason, text);
    strangers_.erase(i);
  }

  void refuse_as(const stranger& who, connection_number number, errc reason,
                 const std::string& text) {
    if (env_.log)
      env_.log->info("foreign connection from {} refused: {}: {}", who.from, to_string(reason),
                     ascii_text(text));
    self_->send(wire_, wire_write{number, foreign_refusal(who.body, reason, text)});
    self_->send(wire_, wire_close{number, true});
  }

public:
  void run(const link_task& task) { task.work(); }

private:
  caf::event_based_actor* self_;
  environment& env_;
  caf::actor wire_;
  std::string token_;
  std::set<std::string> natives_;
  std::map<connection_number, stranger> strangers_;
  std::map<connection_number, std::string> sessions_;
  bool is_stopping_ = false;
};

}  // namespace
}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::open_foreign_port)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::stop_foreign_port)

namespace holdfast {
namespace {

caf::behavior gateway_behavior(caf::event_based_actor* self, environment* env, caf::actor wire,
                               std::string token, std::set<std::string> natives) {
  end_node_on_exception(self, *env, "gateway for foreign nodes");
  auto gate = std::make_shared<gateway_actor>(self, *env, std::move(wire), std::move(token),
                                              std::move(natives));
  return {
      [gate](const open_foreign_port& command) { gate->open(command); },
      [gate](const stop_foreign_port&) { gate->stop(); },
      [gate](const wire_accepted& fact) { gate->accepted(fact); },
      [gate](const wire_frames& fact) { gate->arrived(fact); },
      [gate](const wire_closed& fact) { gate->closed(fact); },
      [](const wire_progress&) {},
      [](const wire_sent&) {},
      [gate](const foreign_session_over& fact) { gate->over(fact); },
      [gate](const link_task& task) { gate->run(task); },
  };
}

}  // namespace

std::string read_token(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string token;
  if (!std::getline(in, token))
    throw error(errc::bad_config, "the token file " + file.string() + " cannot be read");
  if (token.size() < 16)
    throw error(errc::bad_config, "the token in " + file.string()
                                      + " has fewer than 16 characters: draw a longer one");
  return token;
}

foreign_gateway::foreign_gateway(caf::actor_system& system, environment& env,
                                 const node_options& options)
    : address_(options.foreign.listen) {
  std::string token;
  if (!options.foreign.token_file.empty())
    token = read_token(options.foreign.token_file);
  std::set<std::string> natives{options.name};
  for (auto& [name, address] : options.peers)
    natives.insert(name);
  wire_ = spawn_socket_wire(system, {[] { return std::make_unique<foreign_cutter>(); },
                                     limits::foreign_unread_bytes_max});
  gateway_ = system.spawn(gateway_behavior, &env, wire_, std::move(token), std::move(natives));
}

void foreign_gateway::open(std::function<void(const std::string&, const error*)> done) {
  caf::anon_send(gateway_, open_foreign_port{address_, std::move(done)});
}

void foreign_gateway::stop_listening() {
  caf::anon_send(gateway_, stop_foreign_port{});
}

void foreign_gateway::end() {
  for (auto* actor : {&gateway_, &wire_}) {
    caf::anon_send_exit(*actor, caf::exit_reason::kill);
    *actor = nullptr;
  }
}

}  // namespace holdfast
