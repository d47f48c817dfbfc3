#include <holdfast/actors/executor.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/value_archive.hpp>
#include <holdfast/runtime/committing.hpp>
#include <holdfast/runtime/inspect.hpp>
#include <holdfast/runtime/node.hpp>
#include <holdfast/runtime/operator_commands.hpp>
#include <holdfast/runtime/questions.hpp>
#include <holdfast/runtime/work_commands.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <memory>

namespace holdfast {
namespace {

using command = std::function<operator_answer(node&, const dict&)>;

/// Orphans moved in one transaction.
constexpr std::size_t orphans_at_once = 500;

/// A command that is answered where it stands.
template <class F>
command at_once(F answer) {
  return [answer](node& host, const dict& question) -> operator_answer {
    return [&host, question, answer] { return answer(host, question); };
  };
}

// ---- the three verbs, by name

detail::encoded_call encoded(const std::string& method_name, const std::string& key,
                             const dict& question) {
  array positional;
  dict named;
  if (auto* given = question.find("args"); given && !given->is_null()) {
    if (auto* by_name = given->get_if<dict>())
      named = *by_name;
    else
      positional = given->as_array();
  }
  auto call = detail::encode_dynamic(method_name, positional, named);
  if (!key.empty())
    call.key = key;
  return call;
}

int bounded_int(const dict& question, const char* name, int otherwise) {
  auto number = number_of(question, name, otherwise);
  return static_cast<int>(std::clamp<std::int64_t>(number, -1'000'000, 1'000'000));
}

queue_options options_of(const dict& question) {
  queue_options options;
  options.id = text_of(question, "id", "");
  options.key = text_of(question, "key", "");
  options.priority = bounded_int(question, "priority", 0);
  if (question.find("attempts"))
    options.attempts = bounded_int(question, "attempts", 0);
  options.expires_in = seconds_of(question, "expires_in");
  options.back_off = seconds_of(question, "back_off");
  options.not_before = seconds_of(question, "not_before");
  return options;
}

/// What this node serves itself it can check before anything is stored.
void check_own(node& host, const std::string& peer, const detail::encoded_call& call) {
  if (peer != host.name())
    return;
  auto served = host.methods().find(call.method);
  if (!served)
    host.parts().log->debug("{} is not served here yet; the call will be parked", call.method);
  else if (served->check_values)
    served->check_values(call.payload);
}

operator_answer queue(node& host, const dict& question) {
  auto peer = text_of(question, "to");
  auto method_name = text_of(question, "method");
  auto call = encoded(method_name, {}, question);
  check_own(host, peer, call);
  auto request = detail::make_request({peer, options_of(question), {}}, std::move(call));
  auto ticket =
      std::make_shared<queue_ticket>(outside_port(host.port()).queue_async(std::move(request)));
  return [ticket] {
    auto stored = ticket->get();
    return value(dict{{"id", stored.to_text()}, {"is_duplicate", stored.is_duplicate}});
  };
}

value call(node& host, const dict& question) {
  auto peer = text_of(question, "to");
  auto method_name = text_of(question, "method");
  auto key = text_of(question, "key", "");
  auto request = encoded(method_name, key, question);
  auto header = detail::make_header(peer, request);
  auto within = seconds_of(question, "within").value_or(call_time_default);
  auto reply = outside_port(host.port())
                   .call<value>(peer, std::move(header), std::move(request.payload), within);
  if (reply)
    return value(dict{{"status", "done"}, {"value", *reply}});
  return value(
      dict{{"status", std::string(to_string(reply.error().kind))}, {"text", reply.error().text}});
}

value send(node& host, const dict& question) {
  auto peer = text_of(question, "to");
  auto method_name = text_of(question, "method");
  auto key = text_of(question, "key", "");
  auto request = encoded(method_name, key, question);
  auto header = detail::make_header(peer, request);
  return value(
      dict{{"is_sent",
            outside_port(host.port()).send(peer, std::move(header), std::move(request.payload))}});
}

// ---- calls

value retry(node& host, const dict& question) {
  auto id = call_of(question);
  auto& env = host.parts();
  auto place = inspect::find_inbox_place(*env.store->read(), id);
  bool is_retried =
      place && commit_now<bool>(env, growth::grows, [at = *place](ledger& books, bool& done) {
        done = inbox::retry_dead(books, at.lane, at.sequence);
      });
  if (!is_retried)
    throw error(errc::unknown_call, "no dead letter " + id.to_text()
                                        + " is here; `calls --dead` lists them at the node "
                                          "that they were queued for");
  return value(dict{{"id", id.to_text()}, {"done", "retried"}});
}

bool drop_queued(environment& env, call_id id) {
  return id.origin == origin_of(env.self.id) && id.lane != loopback_lane
         && commit_now<bool>(env, growth::shrinks, [id](ledger& books, bool& done) {
              done = outbox::give_up(books, id.lane, id.sequence, errc::dropped,
                                     "dropped by the operator");
            });
}

bool drop_accepted(environment& env, const inspect::inbox_place& at) {
  auto answer = std::make_shared<std::promise<errc>>();
  auto future = answer->get_future();
  caf::anon_send(env.executor,
                 drop_call{at.lane, at.sequence, [answer](errc code) { answer->set_value(code); }});
  errc code = errc::stopping;
  try {
    code = future.get();
  } catch (const std::future_error&) {
    // The executor ended with the question in its mailbox.
  }
  if (code != errc::none && code != errc::unknown_call)
    throw error(code, code == errc::wrong_context
                          ? "the call is running; it can be dropped when this attempt ended"
                          : "the call was not dropped");
  return code == errc::none;
}

value drop(node& host, const dict& question) {
  auto id = call_of(question);
  auto& env = host.parts();
  auto done = value(dict{{"id", id.to_text()}, {"done", "dropped"}});
  if (drop_queued(env, id))
    return done;
  if (auto place = inspect::find_inbox_place(*env.store->read(), id)) {
    if (drop_accepted(env, *place))
      return done;
    if (commit_now<bool>(env, growth::shrinks, [at = *place](ledger& books, bool& gone) {
          gone = inbox::drop_dead(books, at.lane, at.sequence);
        }))
      return done;
  }
  auto history = inspect::show_call(*env.store->read(), env.self, id, env.time->now());
  if (history && !history->copies.empty())
    throw error(errc::unknown_call, "the call " + id.to_text() + " may be at "
                                        + history->copies[0].peer
                                        + " already, which decides about it: drop it there");
  throw error(errc::unknown_call, "no open call " + id.to_text() + " is here");
}

// ---- peers

std::string known_peer(node& host, const dict& question) {
  auto name = text_of(question, "name");
  for (auto& peer : host.peers())
    if (peer.name == name)
      return name;
  throw error(errc::bad_argument, "no peer '" + name + "' is known here");
}

value accept_peer(node& host, const dict& question) {
  auto name = known_peer(host, question);
  auto& env = host.parts();
  auto orphaned =
      commit_now<std::uint64_t>(env, growth::shrinks, [name](ledger& books, std::uint64_t& count) {
        count = outbox::accept_new_history(books, name);
      });
  caf::anon_send(env.switchboard, peer_accepted{name});
  return value(dict{{"name", name}, {"orphaned", orphaned}});
}

template <std::size_t (*Move)(ledger&, const std::string&, std::size_t)>
value move_orphans(node& host, const dict& question) {
  auto name = known_peer(host, question);
  std::size_t moved = 0;
  for (;;) {
    auto some = commit_now<std::size_t>(
        host.parts(), growth::grows,
        [name](ledger& books, std::size_t& count) { count = Move(books, name, orphans_at_once); });
    moved += some;
    if (some == 0)
      return value(dict{{"name", name}, {"moved", moved}});
  }
}

// ---- the node

value methods(node& host, const dict&) {
  std::vector<method_report> found;
  for (auto& method : host.methods().all())
    found.push_back(
        {method->name, method->service, method->description, method->signature, bool(method->ask)});
  return to_value(found, "methods");
}

const std::map<std::string, command, std::less<>>& commands() {
  static const std::map<std::string, command, std::less<>> all{
      {"queue", queue},
      {"call", at_once(call)},
      {"send", at_once(send)},
      {"retry", at_once(retry)},
      {"drop", at_once(drop)},
      {"peers", at_once([](node& host, const dict&) { return to_value(host.peers(), "peers"); })},
      {"peers.accept", at_once(accept_peer)},
      {"peers.requeue", at_once(move_orphans<outbox::requeue_orphans>)},
      {"peers.drop-orphans", at_once(move_orphans<outbox::drop_orphans>)},
      {"methods", at_once(methods)},
      {"status",
       at_once([](node& host, const dict&) { return to_value(host.status(), "status"); })},
  };
  return all;
}

}  // namespace

operator_handler make_operator_handler(node& host) {
  return [&host](const dict& question) -> operator_answer {
    auto name = text_of(question, "command");
    if (auto known = commands().find(name); known != commands().end())
      return known->second(host, question);
    if (auto answer = answer_about_work(host, question))
      return *answer;
    return [&host, question, name] {
      auto& env = host.parts();
      auto answer = answer_from_store(question, *env.store->read(), host.tables(), env.time->now());
      if (!answer)
        throw error(errc::bad_argument, "there is no command '" + name + "'");
      return *answer;
    };
  };
}

}  // namespace holdfast
