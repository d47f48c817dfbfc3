#include "tests/benchmark/peers/contender.hpp"
#include "tests/benchmark/peers/server.hpp"

#include <hiredis/hiredis.h>
#include <stdexcept>

namespace bench::peers {
namespace {

using answer = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

class redis_connection {
public:
  explicit redis_connection(int port) : context_(redisConnect("127.0.0.1", port), &redisFree) {
    if (!context_ || context_->err)
      throw std::runtime_error("no connection to Redis");
  }

  redisContext* get() { return context_.get(); }

  answer next() {
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK)
      throw std::runtime_error(std::string("Redis: ") + context_->errstr);
    answer got(static_cast<redisReply*>(reply), &freeReplyObject);
    if (got->type == REDIS_REPLY_ERROR)
      throw std::runtime_error("Redis: " + std::string(got->str, got->len));
    return got;
  }

private:
  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
};

class redis_producer final : public producer {
public:
  explicit redis_producer(int port) : to_(port) {}

  void publish(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i)
      redisAppendCommand(to_.get(), "XADD queue * p %b", content_.data(), content_.size());
    for (std::size_t i = 0; i < count; ++i)
      to_.next();
  }

private:
  redis_connection to_;
  std::string content_ = std::string(message_bytes, 'x');
};

class redis_consumer final : public consumer {
public:
  explicit redis_consumer(int port) : from_(port) {}

  std::size_t consume() override {
    redisAppendCommand(from_.get(),
                       "XREADGROUP GROUP workers one COUNT 500 BLOCK %d STREAMS queue >",
                       static_cast<int>(patience.count()));
    auto got = from_.next();
    if (got->type != REDIS_REPLY_ARRAY)
      return 0;
    auto* messages = got->element[0]->element[1];
    send_for("XACK queue workers", *messages);
    send_for("XDEL queue", *messages);
    from_.next();
    from_.next();
    return messages->elements;
  }

private:
  void send_for(std::string command, const redisReply& messages) {
    for (std::size_t i = 0; i < messages.elements; ++i)
      command += std::string(" ") + messages.element[i]->element[0]->str;
    redisAppendCommand(from_.get(), command.c_str());
  }

  redis_connection from_;
};

class redis_broker final : public broker {
public:
  redis_broker(const std::filesystem::path& folder, const std::string& flush)
      : runs_({.command = {"redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1",
                           "--dir", folder.string(), "--appendonly", "yes", "--appendfsync", flush,
                           "--save", ""},
               .folder = folder}) {
    runs_.wait_until([&] { return is_open(port_); });
    redis_connection setup(port_);
    redisAppendCommand(setup.get(), "XGROUP CREATE queue workers 0 MKSTREAM");
    setup.next();
  }

  std::unique_ptr<producer> make_producer() override {
    return std::make_unique<redis_producer>(port_);
  }
  std::unique_ptr<consumer> make_consumer() override {
    return std::make_unique<redis_consumer>(port_);
  }

private:
  int port_ = free_port();
  server runs_;
};

contender redis_with(const std::string& flush, const std::string& settings, bool is_strict) {
  return {.system = "Redis Streams",
          .settings = settings,
          .is_strict = is_strict,
          .package = "redis-server",
          .program = "redis-server",
          .start = [flush](const std::filesystem::path& folder) {
            return std::make_unique<redis_broker>(folder, flush);
          }};
}

}  // namespace

std::vector<contender> redis() {
  return {redis_with("always", "appendonly, appendfsync always", true),
          redis_with("everysec", "appendonly, appendfsync everysec", false)};
}

}  // namespace bench::peers
