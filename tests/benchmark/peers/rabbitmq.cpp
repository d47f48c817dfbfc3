#include "tests/benchmark/peers/contender.hpp"
#include "tests/benchmark/peers/server.hpp"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <set>
#include <stdexcept>
#include <string_view>
#include <sys/time.h>

namespace bench::peers {
namespace {

constexpr amqp_channel_t channel = 1;
constexpr int frame_bytes_max = 131072;

[[noreturn]] void refuse(const char* what) {
  throw std::runtime_error(std::string("RabbitMQ: ") + what);
}

class rabbit_connection {
public:
  explicit rabbit_connection(int port) : state_(amqp_new_connection()) {
    if (amqp_socket_open(amqp_tcp_socket_new(state_), "127.0.0.1", port) != AMQP_STATUS_OK) {
      amqp_destroy_connection(state_);
      refuse("nobody takes connections");
    }
    check(amqp_login(state_, "/", 0, frame_bytes_max, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"),
          "login");
    amqp_channel_open(state_, channel);
    check("channel");
  }
  rabbit_connection(const rabbit_connection&) = delete;
  rabbit_connection& operator=(const rabbit_connection&) = delete;
  ~rabbit_connection() {
    amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(state_);
  }

  amqp_connection_state_t get() const { return state_; }

  void check(const char* what) const { check(amqp_get_rpc_reply(state_), what); }
  static void check(const amqp_rpc_reply_t& reply, const char* what) {
    if (reply.reply_type != AMQP_RESPONSE_NORMAL)
      refuse(what);
  }

private:
  amqp_connection_state_t state_;
};

class rabbit_producer final : public producer {
public:
  explicit rabbit_producer(int port) : to_(port) {
    amqp_confirm_select(to_.get(), channel);
    to_.check("confirm.select");
  }

  void publish(std::size_t count) override {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = 2;
    for (std::size_t i = 0; i < count; ++i) {
      if (amqp_basic_publish(to_.get(), channel, amqp_empty_bytes, amqp_cstring_bytes("queue"), 0,
                             0, &properties, {content_.size(), content_.data()})
          != AMQP_STATUS_OK)
        refuse("publish");
      unconfirmed_.insert(++last_);
    }
    while (!unconfirmed_.empty())
      await_confirm();
  }

private:
  void await_confirm() {
    amqp_frame_t frame;
    amqp_maybe_release_buffers(to_.get());
    if (amqp_simple_wait_frame(to_.get(), &frame) != AMQP_STATUS_OK)
      refuse("the connection broke");
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
      refuse("a message was not confirmed");
    auto* confirmed = static_cast<amqp_basic_ack_t*>(frame.payload.method.decoded);
    if (confirmed->multiple)
      unconfirmed_.erase(unconfirmed_.begin(), unconfirmed_.upper_bound(confirmed->delivery_tag));
    else
      unconfirmed_.erase(confirmed->delivery_tag);
  }

  rabbit_connection to_;
  std::string content_ = std::string(message_bytes, 'x');
  std::set<std::uint64_t> unconfirmed_;
  std::uint64_t last_ = 0;
};

class rabbit_consumer final : public consumer {
public:
  explicit rabbit_consumer(int port) : from_(port) {
    amqp_basic_qos(from_.get(), channel, 0, window, 0);
    from_.check("qos");
    amqp_basic_consume(from_.get(), channel, amqp_cstring_bytes("queue"), amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    from_.check("consume");
  }

  std::size_t consume() override {
    std::size_t count = 0;
    std::uint64_t last = 0;
    for (timeval wait{0, std::chrono::microseconds(patience).count()};; wait = {0, 0}) {
      amqp_envelope_t message;
      amqp_maybe_release_buffers(from_.get());
      auto got = amqp_consume_message(from_.get(), &message, &wait, 0);
      if (got.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
          && got.library_error == AMQP_STATUS_TIMEOUT)
        break;
      rabbit_connection::check(got, "consume");
      last = message.delivery_tag;
      amqp_destroy_envelope(&message);
      if (++count == window / 2)
        break;
    }
    if (count > 0 && amqp_basic_ack(from_.get(), channel, last, 1) != AMQP_STATUS_OK)
      refuse("ack");
    return count;
  }

private:
  rabbit_connection from_;
};

/// Erlang's directory of nodes, without which no node starts.
server::how directory(const std::filesystem::path& folder, int port) {
  return {.command = {"epmd", "-address", "127.0.0.1", "-port", std::to_string(port)},
          .folder = folder / "epmd"};
}

server::how node(const std::filesystem::path& folder, int port, int directory_port) {
  return {
      .command = {"/usr/lib/rabbitmq/bin/rabbitmq-server"},
      .folder = folder,
      .environment = {
          {"ERL_EPMD_PORT", std::to_string(directory_port)},
          {"HOME", folder},
          {"RABBITMQ_DIST_PORT", std::to_string(free_port())},
          {"RABBITMQ_ENABLED_PLUGINS_FILE", folder / "plugins"},
          {"RABBITMQ_LOG_BASE", folder / "logs"},
          {"RABBITMQ_MNESIA_BASE", folder / "rows"},
          {"RABBITMQ_NODENAME", "bench@localhost"},
          {"RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"},
          {"RABBITMQ_NODE_PORT", std::to_string(port)},
          {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}"},
      }};
}

class rabbit_broker final : public broker {
public:
  rabbit_broker(const std::filesystem::path& folder, std::string kind)
      : directory_(directory(folder, directory_port_)) {
    directory_.wait_until([&] { return is_open(directory_port_); });
    runs_ = std::make_unique<server>(node(folder, port_, directory_port_));
    runs_->wait_until([&] { return is_open(port_); });
    rabbit_connection setup(port_);
    amqp_table_entry_t type{};
    type.key = amqp_cstring_bytes("x-queue-type");
    type.value.kind = AMQP_FIELD_KIND_UTF8;
    type.value.value.bytes = amqp_cstring_bytes(kind.c_str());
    amqp_queue_declare(setup.get(), channel, amqp_cstring_bytes("queue"), 0, 1, 0, 0, {1, &type});
    setup.check("queue.declare");
  }

  std::unique_ptr<producer> make_producer() override {
    return std::make_unique<rabbit_producer>(port_);
  }
  std::unique_ptr<consumer> make_consumer() override {
    return std::make_unique<rabbit_consumer>(port_);
  }

private:
  int port_ = free_port(), directory_port_ = free_port();
  server directory_;
  std::unique_ptr<server> runs_;
};

contender rabbitmq_with(const std::string& kind, const std::string& settings, bool is_strict) {
  return {.system = "RabbitMQ",
          .settings = settings,
          .is_strict = is_strict,
          .package = "rabbitmq-server",
          .program = "/usr/lib/rabbitmq/bin/rabbitmq-server",
          .version_flag = {},
          .start = [kind](const std::filesystem::path& folder) {
            return std::make_unique<rabbit_broker>(folder, kind);
          }};
}

}  // namespace

std::vector<contender> rabbitmq() {
  return {rabbitmq_with("quorum", "quorum queue of one member, confirms", true),
          rabbitmq_with("classic", "classic durable queue, confirms", false)};
}

}  // namespace bench::peers
