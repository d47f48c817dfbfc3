#include "tests/benchmark/peers/contender.hpp"
#include "tests/benchmark/peers/server.hpp"
#include "tests/benchmark/peers/text_connection.hpp"

#include <stdexcept>

namespace bench::peers {
namespace {

/// Asked for at one time.
constexpr std::size_t reserved_max = 100;

void expect(std::string_view got, std::string_view wanted) {
  if (!got.starts_with(wanted))
    throw std::runtime_error("beanstalkd says " + std::string(got));
}

class beanstalk_producer final : public producer {
public:
  explicit beanstalk_producer(int port) : to_(port) {}

  void publish(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i)
      to_ << command_;
    to_.flush();
    for (std::size_t i = 0; i < count; ++i)
      expect(to_.line(), "INSERTED");
  }

private:
  text_connection to_;
  std::string command_ = "put 0 0 60 " + std::to_string(message_bytes) + "\r\n"
                         + std::string(message_bytes, 'x') + "\r\n";
};

class beanstalk_consumer final : public consumer {
public:
  explicit beanstalk_consumer(int port) : from_(port) {}

  /// It knows no shorter wait than a second.
  std::size_t consume() override {
    from_ << "reserve-with-timeout 1\r\n";
    for (std::size_t i = 1; i < reserved_max; ++i)
      from_ << "reserve-with-timeout 0\r\n";
    from_.flush();
    std::size_t count = 0;
    for (std::size_t i = 0; i < reserved_max; ++i)
      count += take_one() ? 1 : 0;
    from_.flush();
    for (std::size_t i = 0; i < count; ++i)
      expect(from_.line(), "DELETED");
    return count;
  }

private:
  bool take_one() {
    std::string said(from_.line());
    if (said == "TIMED_OUT")
      return false;
    expect(said, "RESERVED ");
    auto id = said.substr(9, said.find(' ', 9) - 9);
    from_.bytes(message_bytes + 2);
    from_ << "delete " << id << "\r\n";
    return true;
  }

  text_connection from_;
};

class beanstalk_broker final : public broker {
public:
  beanstalk_broker(const std::filesystem::path& folder, const std::string& flush)
      : runs_({.command = {"beanstalkd", "-l", "127.0.0.1", "-p", std::to_string(port_), "-b",
                           folder.string(), flush},
               .folder = folder}) {
    runs_.wait_until([&] { return is_open(port_); });
  }

  std::unique_ptr<producer> make_producer() override {
    return std::make_unique<beanstalk_producer>(port_);
  }
  std::unique_ptr<consumer> make_consumer() override {
    return std::make_unique<beanstalk_consumer>(port_);
  }

private:
  int port_ = free_port();
  server runs_;
};

contender beanstalkd_with(const std::string& flush, const std::string& settings, bool is_strict) {
  return {.system = "beanstalkd",
          .settings = settings,
          .is_strict = is_strict,
          .package = "beanstalkd",
          .program = "beanstalkd",
          .version_flag = "-v",
          .start = [flush](const std::filesystem::path& folder) {
            return std::make_unique<beanstalk_broker>(folder, flush);
          }};
}

}  // namespace

std::vector<contender> beanstalkd() {
  return {beanstalkd_with("-f0", "-b, -f0", true),
          beanstalkd_with("-f50", "-b: flushed every 50 ms", false)};
}

}  // namespace bench::peers
