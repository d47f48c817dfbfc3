#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

struct environment;
struct served_method;

/// What foreign nodes may ask of this node: the methods that their owner marks as public (served_method::is_public), and those
/// that a pattern of the operator's names. Nothing else, whoever forwards the call: it carries call_header::is_foreign
/// until it runs. A handler's own calls do not.
///
/// Patterns are set before the node starts; everything else may be asked on any thread.
class foreign_rules {
public:
  /// '*' stands for any characters: "log.*". A method of another foreign node is "NAME/method". Throws errc::bad_config for
  /// what can name no method.
  void allow(std::string pattern);

  /// By the patterns alone.
  bool allows(std::string_view method) const;

  /// Counts a refusal. True for the first one of that node and method: it is worth a line in the log. Of others than the first
  /// thousand pairs only the number is kept.
  bool note_refused(const std::string& node, std::string_view method);

  std::uint64_t refused() const;

private:
  std::vector<std::string> patterns_;
  mutable std::mutex mutex_;
  std::uint64_t refused_ = 0;
  std::map<std::string, std::uint64_t> told_;
};

/// Whether a foreign node may call it here. `method` may be null: a method that is not served is allowed by patterns.
bool may_call(const environment& env, const served_method* method, std::string_view name);

}  // namespace holdfast
