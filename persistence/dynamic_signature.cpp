#include <holdfast/persistence/dynamic_signature.hpp>

#include <map>
#include <mutex>

namespace holdfast {
namespace {

struct signature_table {
  std::mutex mutex;
  std::map<std::uint64_t, dynamic_signature> all;
};

signature_table& table() {
  static signature_table known;
  return known;
}

}  // namespace

const dynamic_signature* find_dynamic_signature(std::uint64_t fingerprint) {
  auto& known = table();
  std::lock_guard guard(known.mutex);
  auto i = known.all.find(fingerprint);
  return i == known.all.end() ? nullptr : &i->second;  // entries never go away
}

bool detail::remember_signature(std::uint64_t fingerprint, dynamic_signature signature) {
  auto& known = table();
  std::lock_guard guard(known.mutex);
  return known.all.try_emplace(fingerprint, signature).first->second.arguments != nullptr;
}

}  // namespace holdfast
