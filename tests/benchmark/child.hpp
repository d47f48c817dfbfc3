#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

/// This program again in another role, for as long as the object lives and this process does.
class child {
public:
  /// Returns when it has printed its first line.
  explicit child(std::vector<std::string> arguments);
  ~child();  ///< kill -9
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// The first line that it prints: where it listens.
  const std::string& address() const { return address_; }
  pid_t id() const { return pid_; }

  /// The next line that it prints, waited for. Throws when it has ended.
  std::string next_line();

  /// A line for its standard input.
  void tell(std::string line);

private:
  std::string role_;
  pid_t pid_ = -1;
  int output_ = -1;
  int input_ = -1;
  std::string address_;
};

/// Another program, to its end; what it prints is dropped. Throws when it fails.
void run_program(std::vector<std::string> command);

}  // namespace bench
