#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

/// This program again in another role, for as long as the object lives and this process does.
class child {
public:
  explicit child(std::vector<std::string> arguments);
  ~child();
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// The first line that it prints: where it listens.
  const std::string& address() const { return address_; }

private:
  pid_t pid_ = -1;
  std::string address_;
};

}  // namespace bench
