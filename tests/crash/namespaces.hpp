#pragma once

#include <string>
#include <vector>

namespace holdfast::crash {

/// Two network namespaces of this process's own with a cable between them; one end of it can be pulled and put back. Nothing
/// tells either side that the cable is out: packets just do not arrive. They go away with it.
class namespaces {
public:
  static constexpr const char* near_address = "10.77.0.1";
  static constexpr const char* far_address = "10.77.0.2";

  namespaces();
  ~namespaces();
  namespaces(const namespaces&) = delete;
  namespaces& operator=(const namespaces&) = delete;

  bool is_made() const { return is_made_; }  ///< otherwise `problem` says why: privileges, mostly
  const std::string& problem() const { return problem_; }
  std::string near() const { return id_ + "-near"; }
  std::string far() const { return id_ + "-far"; }

  bool pull();
  bool plug();

private:
  bool join(const std::string& space, const std::string& end, const std::string& address);
  bool ip(std::vector<std::string> words);

  std::string id_;
  std::string problem_;
  bool is_made_ = false;
};

/// What stands before a command that is to run in that namespace.
inline std::vector<std::string> inside(const std::string& space) {
  return {"ip", "netns", "exec", space};
}

}  // namespace holdfast::crash
