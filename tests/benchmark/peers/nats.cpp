#include "tests/benchmark/peers/contender.hpp"
#include "tests/benchmark/peers/server.hpp"
#include "tests/benchmark/peers/text_connection.hpp"

#include <array>
#include <charconv>
#include <fstream>
#include <stdexcept>

namespace bench::peers {
namespace {

/// Asked for at one time.
constexpr std::size_t pulled_max = 500;

/// A message, or a word of the server to a request, which has headers and no content.
struct nats_message {
  std::string reply;  ///< where it is acknowledged
  std::string content;
  bool is_word = false;
};

std::size_t number_in(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

class nats_connection {
public:
  /// `answers`: a subject of its own, where it hears what it asked for.
  nats_connection(int port, std::string answers) : to_(port), answers_(std::move(answers)) {
    to_.line();  // what the server is
    to_ << "CONNECT {\"verbose\":false,\"headers\":true}\r\nSUB " << answers_ << " 1\r\n";
  }

  /// To be answered.
  void request(std::string_view subject, std::string_view content) {
    to_ << "PUB " << subject << " " << answers_ << " " << std::to_string(content.size()) << "\r\n"
        << content << "\r\n";
  }
  void acknowledge(const nats_message& got) { to_ << "PUB " << got.reply << " 4\r\n+ACK\r\n"; }
  void flush() { to_.flush(); }
  bool has_more(bool waits) { return to_.has_more(waits); }

  nats_message next() {
    for (;;) {
      std::string said(to_.line());
      if (said == "PING") {
        to_ << "PONG\r\n";
        to_.flush();
      } else if (said.starts_with("MSG ") || said.starts_with("HMSG ")) {
        return read(said);
      } else if (said.starts_with("-ERR")) {
        throw std::runtime_error("NATS: " + said);
      }
    }
  }

  /// A request to the server itself.
  void ask(const std::string& subject, const std::string& json) {
    request(subject, json);
    flush();
    check(next());
  }

  static void check(const nats_message& answer) {
    if (answer.content.find("\"error\"") != std::string::npos)
      throw std::runtime_error("NATS: " + answer.content);
  }

private:
  /// MSG subject 1 [reply] bytes, HMSG subject 1 [reply] bytes-of-headers bytes
  nats_message read(const std::string& said) {
    nats_message got;
    got.is_word = said.starts_with("HMSG");
    auto bytes = number_in(std::string_view(said).substr(said.rfind(' ') + 1));
    auto third = said.find(' ', said.find(' ', said.find(' ') + 1) + 1);
    auto fourth = said.find(' ', third + 1);
    if (!got.is_word && fourth != said.npos)
      got.reply = said.substr(third + 1, fourth - third - 1);
    got.content = to_.bytes(bytes);
    to_.bytes(2);
    return got;
  }

  text_connection to_;
  std::string answers_;
};

class nats_producer final : public producer {
public:
  explicit nats_producer(int port) : to_(port, "answers.producer") {}

  void publish(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i)
      to_.request("queue", content_);
    to_.flush();
    for (std::size_t i = 0; i < count; ++i)
      nats_connection::check(to_.next());
  }

private:
  nats_connection to_;
  std::string content_ = std::string(message_bytes, 'x');
};

/// Pulls; what it acknowledges the server removes without a word.
class nats_consumer final : public consumer {
public:
  explicit nats_consumer(int port) : from_(port, "answers.consumer") {}

  std::size_t consume() override {
    if (open_ == 0) {
      open_ = pulled_max;
      from_.request("$JS.API.CONSUMER.MSG.NEXT.Q.C", R"({"batch":500,"expires":1000000000})");
      from_.flush();
    }
    std::size_t count = 0;
    for (bool waits = true; open_ > 0 && from_.has_more(waits); waits = false) {
      auto got = from_.next();
      open_ = got.is_word ? 0 : open_ - 1;
      if (got.is_word)
        continue;
      from_.acknowledge(got);
      ++count;
    }
    from_.flush();
    return count;
  }

private:
  nats_connection from_;
  std::size_t open_ = 0;  ///< that the request on its way may still bring
};

class nats_broker final : public broker {
public:
  nats_broker(const std::filesystem::path& folder, const std::string& sync)
      : runs_({.command = {"nats-server", "-c", written(folder, port_, sync)}, .folder = folder}) {
    await_start(sync);
    nats_connection setup(port_, "answers.setup");
    setup.ask("$JS.API.STREAM.CREATE.Q",
              R"({"name":"Q","subjects":["queue"],"retention":"workqueue","storage":"file",)"
              R"("num_replicas":1})");
    setup.ask("$JS.API.CONSUMER.DURABLE.CREATE.Q.C",
              R"({"stream_name":"Q","config":{"durable_name":"C","ack_policy":"explicit",)"
              R"("max_ack_pending":10000}})");
  }

  std::unique_ptr<producer> make_producer() override {
    return std::make_unique<nats_producer>(port_);
  }
  std::unique_ptr<consumer> make_consumer() override {
    return std::make_unique<nats_consumer>(port_);
  }

private:
  void await_start(const std::string& sync) try {
    runs_.wait_until([&] { return is_open(port_); });
  } catch (const std::runtime_error& problem) {
    if (!sync.empty()
        && std::string_view(problem.what()).find("unknown field") != std::string_view::npos)
      throw std::runtime_error("it cannot: sync_interval came with 2.10");
    throw;
  }

  static std::string written(const std::filesystem::path& folder, int port,
                             const std::string& sync) {
    std::filesystem::create_directories(folder);
    auto file = folder / "nats.conf";
    std::ofstream(file) << "listen: 127.0.0.1:" << port << "\njetstream {\n  store_dir: \""
                        << folder.string() << "\"\n  "
                        << (sync.empty() ? "" : "sync_interval: " + sync) << "\n}\n";
    return file;
  }

  int port_ = free_port();
  server runs_;
};

contender nats_with(const std::string& sync, const std::string& settings, bool is_strict) {
  return {.system = "NATS JetStream",
          .settings = settings,
          .is_strict = is_strict,
          .package = "nats-server",
          .program = "nats-server",
          .start = [sync](const std::filesystem::path& folder) {
            return std::make_unique<nats_broker>(folder, sync);
          }};
}

}  // namespace

std::vector<contender> nats() {
  return {nats_with("always", "file, sync_interval always", true),
          nats_with("", "file, flushed every two minutes", false)};
}

}  // namespace bench::peers
