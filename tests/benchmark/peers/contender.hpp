#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bench::peers {

/// Bytes of a message, as everywhere in the benchmarks.
inline constexpr std::size_t message_bytes = 128;

/// Messages published and not yet consumed, at most.
inline constexpr std::size_t window = 1000;

/// How long a consumer waits for something to come.
inline constexpr std::chrono::milliseconds patience{100};

/// One connection that publishes. Throws std::runtime_error with the server's words.
class producer {
public:
  virtual ~producer() = default;

  /// Returns when the server has confirmed them all.
  virtual void publish(std::size_t count) = 0;
};

/// One connection that consumes.
class consumer {
public:
  virtual ~consumer() = default;

  /// Takes what is there, waiting for `patience`, and acknowledges it, so that the server removes it. How many there were.
  virtual std::size_t consume() = 0;
};

/// A running server with one queue. Ends with the object.
class broker {
public:
  virtual ~broker() = default;
  virtual std::unique_ptr<producer> make_producer() = 0;
  virtual std::unique_ptr<consumer> make_consumer() = 0;
};

/// A system under one setting.
struct contender {
  std::string system;
  std::string settings;   ///< what was changed, or that nothing was
  bool is_strict = true;  ///< flushed before it is confirmed
  std::string package;    ///< of Debian
  std::string program;
  std::string version_flag = "--version";
  std::size_t batch = window / 2;  ///< messages of one publish
  std::function<std::unique_ptr<broker>(const std::filesystem::path& folder)> start;
};

std::vector<contender> redis();
std::vector<contender> rabbitmq();
std::vector<contender> nats();
std::vector<contender> postgresql();
std::vector<contender> beanstalkd();

}  // namespace bench::peers
