#include <holdfast/actors/queue_options.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/foreign.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/runtime/foreign_codec.hpp>
#include <holdfast/runtime/foreign_requests.hpp>
#include <holdfast/runtime/foreign_target.hpp>

#include <memory>
#include <utility>

namespace holdfast {
namespace {

std::optional<duration> seconds_in(const dict& options, std::string_view name) {
  auto* given = options.find(name);
  if (!given)
    return std::nullopt;
  auto seconds = given->as_double();
  auto most = std::chrono::duration<double>(option_time_max).count();
  if (!(seconds > 0 && seconds <= most))
    throw error(errc::bad_option, "the option " + std::string(name)
                                      + " is a number of seconds above 0, at most 50 years");
  return std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds));
}

queue_options read_options(const dict& given) {
  for (auto& [name, content] : given)
    if (std::string_view(" attempts back_off expires_in key named not_before priority within ")
            .find(" " + name + " ")
        == std::string_view::npos)
      throw error(errc::bad_option, "there is no option '" + name.substr(0, 60) + "'");
  queue_options options;
  if (auto* attempts = given.find("attempts"))
    options.attempts = static_cast<int>(std::min<std::int64_t>(attempts->as_integer(), 1 << 30));
  if (auto* key = given.find("key"))
    options.key = key->as_string();
  if (auto* priority = given.find("priority"))
    options.priority =
        static_cast<int>(std::clamp<std::int64_t>(priority->as_integer(), -1000, 1000));
  options.back_off = seconds_in(given, "back_off");
  options.expires_in = seconds_in(given, "expires_in");
  options.not_before = seconds_in(given, "not_before");
  return options;
}

std::string text_of(const value& id) {
  if (auto* number = id.get_if<std::int64_t>())
    return std::to_string(*number);
  if (auto* text = id.get_if<std::string>())
    return *text;
  return {};
}

}  // namespace

struct foreign_requests::asked {
  value id;
  std::string id_text;
  std::string method;
  array params;
  dict options;
  foreign_body body = foreign_body::xml;
};

foreign_requests::asked foreign_requests::read(const foreign_call& call) const {
  auto& given = call.params;
  asked question;
  bool fits = (given.size() == 3 || given.size() == 4) && call.named.empty();
  if (fits) {
    question.id = given[0];
    question.id_text = text_of(given[0]);
    auto* method = given[1].get_if<std::string>();
    auto* params = given[2].get_if<array>();
    auto* options = given.size() == 4 ? given[3].get_if<dict>() : nullptr;
    fits = !question.id_text.empty() && question.id_text.size() <= limits::key_bytes_max && method
           && params && (given.size() == 3 || options);
    if (fits) {
      question.method = *method;
      question.params = *params;
      if (options)
        question.options = *options;
    }
  }
  if (!fits)
    throw error(errc::bad_frame, call.method
                                     + " takes an id (a string of 1 to 200 bytes or an integer), a "
                                       "method's name, an array of "
                                       "arguments and, if wanted, a struct of options");
  question.body = call.body;
  return question;
}

/// Allowed, or it throws.
queue_request foreign_requests::request_for(const asked& question) const {
  auto* named = question.options.find("named");
  auto request = foreign_request(port_.env(), port_.peer(), question.method, question.params,
                                 named ? named->as_dict() : dict(), read_options(question.options));
  check_foreign(port_.env(), port_.peer(), request);
  return request;
}

std::function<void()> foreign_requests::taken(std::size_t bytes) {
  return [post = port_.poster(), this, bytes] { post([this, bytes] { port_.taken(bytes); }); };
}

void foreign_requests::send(foreign_call call, std::size_t bytes) {
  port_.update([](peer_status& status) { ++status.messages_received; });
  try {
    auto& env = port_.env();
    auto request = foreign_request(env, port_.peer(), call.method, call.params, call.named);
    check_foreign(env, port_.peer(), request);
    hand_on_foreign(env, port_.peer(), std::move(request), {}, {}, taken(bytes));
  } catch (const error& problem) {
    if (problem.code() != errc::not_allowed
        && port_.env().foreign.note_refused(port_.peer(), call.method) && port_.env().log)
      port_.env().log->warn("foreign node {}: a message for {} is dropped: {}", port_.peer(),
                            call.method, problem.what());
    port_.taken(bytes);
  }
}

void foreign_requests::call(foreign_call call, std::size_t bytes) {
  auto question = read(call);
  try {
    auto within = seconds_in(question.options, "within").value_or(call_time_default);
    auto request = request_for(question);
    question.params.clear();
    auto shared = std::make_shared<const asked>(std::move(question));
    hand_on_foreign(
        port_.env(), port_.peer(), std::move(request), within,
        [post = port_.poster(), this, shared](const call_reply& reply) {
          post([this, shared, reply] { replied(*shared, reply); });
        },
        taken(bytes));
  } catch (const error& problem) {
    port_.taken(bytes);
    failed(question, to_string(problem.code()), problem.what());
  }
}

void foreign_requests::replied(const asked& question, const call_reply& reply) {
  if (reply.status != errc::none) {
    failed(question, to_string(reply.status), reply.text);
    return;
  }
  try {
    auto result = reply.value.empty() ? value() : decode<value>(reply.value.view(), "the result");
    port_.say(question.body, "holdfast.result", {question.id, std::move(result)});
  } catch (const error& problem) {
    failed(question, to_string(problem.code()),
           std::string("it ran, but its result cannot be sent: ") + problem.what());
  }
}

void foreign_requests::queue(foreign_call call, std::size_t bytes) {
  auto question = std::make_shared<asked>(read(call));
  auto order = std::make_shared<foreign::request>();
  try {
    order->name = port_.peer();
    order->id = question->id_text;
    order->call = request_for(*question);
  } catch (const error& problem) {
    port_.taken(bytes);
    failed(*question, to_string(problem.code()), problem.what());
    return;
  }
  question->params.clear();
  auto cost = order->call.payload.size() + 512;
  port_.commit(
      {growth::grows, cost, false}, [order](ledger& books) { foreign::accept(books, *order); },
      [this, question, bytes](const error* refusal) {
        port_.taken(bytes);
        if (refusal) {
          failed(*question, to_string(refusal->code()), refusal->what());
          return;
        }
        port_.update([](peer_status& status) { ++status.calls_received; });
        port_.say(question->body, "holdfast.stored", {question->id});
      });
}

void foreign_requests::failed(const asked& question, std::string_view reason,
                              const std::string& text) {
  auto say = [&](std::string shown) {
    port_.say(question.body, "holdfast.failed",
              {question.id, value(std::string(reason)), value(std::move(shown))});
  };
  try {
    say(bounded_text(text));
  } catch (const error&) {  // a handler's text need not be text
    say(ascii_text(text));
  }
}

}  // namespace holdfast
