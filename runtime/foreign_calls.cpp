#include <holdfast/actors/message_cost.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/runtime/foreign_calls.hpp>

#include <limits>
#include <utility>
#include <vector>

namespace holdfast {

void foreign_calls::close(const std::string& why) {
  is_open_ = false;
  std::vector<std::uint64_t> sent;
  for (auto& [number, call] : pending_)
    sent.push_back(number);
  for (auto number : sent)
    finish(number, {errc::unknown, "it may have run: " + why, {}});
}

// Numbers that every XML-RPC implementation can read: 1 to 2^31 - 1, over and over.
std::uint64_t foreign_calls::next_number() {
  do
    last_ = last_ % std::numeric_limits<std::int32_t>::max() + 1;
  while (pending_.contains(last_));
  return last_;
}

void foreign_calls::ask(call_request request, node_time now) {
  auto refuse = [&](const std::string& why) {
    request.done({errc::unreachable, why + "; the call did not run", {}});
  };
  if (!is_open_)
    return refuse("the foreign node '" + port_.peer() + "' is not connected");
  if (request.deadline != 0 && request.deadline <= now)
    return refuse("its time was over before it was sent");
  auto cost = message_cost(request.payload.size());
  if (used_ != 0 && used_ + cost > static_cast<std::int64_t>(port_.env().settings.send_bytes))
    return refuse("'" + port_.peer() + "' has too many calls to answer");
  auto number = next_number();
  try {
    auto given = arguments_for_foreign(*request.header, request.payload.view());
    array params{value(number), value(request.header->method), value(std::move(given.params))};
    if (!given.named.empty())
      params.emplace_back(dict{{"named", std::move(given.named)}});
    port_.say("holdfast.call", std::move(params));
  } catch (const error& problem) {
    return refuse(problem.what());
  }
  request.payload = {};
  used_ += cost;
  if (request.deadline != 0)
    deadlines_.emplace(request.deadline, number);
  pending_.emplace(number, pending{std::move(request), cost});
}

void foreign_calls::finish(std::uint64_t number, const call_reply& reply) {
  auto i = pending_.find(number);
  auto call = std::move(i->second);
  pending_.erase(i);
  used_ -= call.cost;
  deadlines_.erase({call.request.deadline, number});
  call.request.done(reply);
}

void foreign_calls::result(std::uint64_t number, const value& given) {
  auto i = pending_.find(number);
  if (i == pending_.end())
    return;
  call_reply reply;
  try {
    reply.value = shared_bytes(result_from_foreign(*i->second.request.header, given));
  } catch (const error& problem) {
    reply = {errc::unknown, std::string("it ran, but its result is none: ") + problem.what(), {}};
  }
  finish(number, reply);
}

void foreign_calls::failed(std::uint64_t number, const std::string& reason,
                           const std::string& text) {
  if (!pending_.contains(number))
    return;
  auto status = reason == to_string(errc::unreachable) ? errc::unreachable : errc::failed;
  finish(number, {status, text.empty() ? reason : text, {}});
}

node_time foreign_calls::expire(node_time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now)
    finish(deadlines_.begin()->second,
           {errc::unknown, "no reply came in time; it may have run", {}});
  return deadlines_.empty() ? 0 : deadlines_.begin()->first;
}

}  // namespace holdfast
