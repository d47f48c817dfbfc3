#pragma once

#include <holdfast/actors/call_port.hpp>
#include <holdfast/actors/handler_run.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Ports that do nothing but remember: what the typed verbs make of a call site.
namespace recording {

struct call {
  std::string peer;
  holdfast::call_header header;
  std::string payload;
  holdfast::duration within{};
};

class port final : public holdfast::call_port {
public:
  std::future<holdfast::queue_result> queue(holdfast::queue_request request) override {
    queued.push_back({request.peer, request.header, request.payload});
    std::promise<holdfast::queue_result> promise;
    promise.set_value(next_result);
    return promise.get_future();
  }
  bool send(const std::string& peer, holdfast::call_header header, std::string payload) override {
    sent.push_back({peer, std::move(header), std::move(payload)});
    return takes_messages;
  }
  holdfast::call_reply call(const std::string& peer, holdfast::call_header header,
                            std::string payload, holdfast::duration within) override {
    called.push_back({peer, std::move(header), std::move(payload), within});
    if (answer)
      return answer(called.back());
    return next_reply;
  }
  holdfast::node_time now() const override { return clock; }
  void pause(holdfast::duration time) override {
    pauses.push_back(time);
    clock += time.count();
  }

  std::function<holdfast::call_reply(const recording::call&)> answer;  ///< instead of next_reply
  holdfast::node_time clock = 1'000'000'000;
  std::vector<holdfast::duration> pauses;
  std::vector<recording::call> queued, sent, called;
  holdfast::queue_result next_result{{7, 1, 42}};
  holdfast::call_reply next_reply;
  bool takes_messages = true;
};

class run final : public holdfast::handler_run {
public:
  holdfast::call_id call_id() const override { return {7, 1, 1}; }
  std::uint32_t attempt() const override { return 1; }
  const std::string& caller() const override { return caller_; }
  const holdfast::call_header& header() const override { return own; }
  const std::string& node_name() const override { return node_; }
  holdfast::node_time now() const override { return 1000; }
  bool is_followed() const override { return false; }

  std::optional<std::string> read(const std::string& key) override {
    auto i = rows.find(key);
    return i == rows.end() ? std::nullopt : std::optional(i->second);
  }
  void write(const std::string& key, std::optional<std::string> content) override {
    ++writes;
    if (content)
      rows[key] = *content;
    else
      rows.erase(key);
  }
  std::vector<std::pair<std::string, std::string>> read_range(const std::string& from,
                                                              const std::string& to,
                                                              std::size_t limit) override {
    std::vector<std::pair<std::string, std::string>> found;
    for (auto i = rows.lower_bound(from); i != rows.end() && i->first < to && found.size() < limit;
         ++i)
      found.emplace_back(*i);
    return found;
  }

  void queue(holdfast::queue_request request) override {
    queued.push_back({request.peer, request.header, request.payload});
  }
  void send(const std::string& peer, holdfast::call_header header, std::string payload) override {
    sent.push_back({peer, std::move(header), std::move(payload)});
  }
  void send_later(holdfast::duration wait, holdfast::call_header header,
                  std::string payload) override {
    later.push_back({node_, std::move(header), std::move(payload), wait});
  }
  void call(const std::string& peer, holdfast::call_header header, std::string payload,
            holdfast::duration within, continuation then) override {
    called.push_back({peer, std::move(header), std::move(payload), within});
    continuations.push_back(std::move(then));
  }

  std::map<std::string, std::string> rows;
  int writes = 0;
  holdfast::call_header own;
  std::vector<recording::call> queued, sent, called;
  std::vector<recording::call> later;  ///< `within` is the wait
  std::vector<continuation> continuations;

private:
  std::string caller_ = "alpha", node_ = "beta";
};

}  // namespace recording
