#include <holdfast/actors/serve.hpp>

#include <cstdio>

namespace holdfast::detail {

void refuse_fingerprint(std::string_view method, std::uint64_t given, std::string_view signature) {
  char number[24];
  std::snprintf(number, sizeof number, "%016llx", static_cast<unsigned long long>(given));
  throw error(errc::undecodable, "the call was made for " + std::string(method) + " with signature "
                                     + number + ", and this node serves it as "
                                     + std::string(signature)
                                     + ": serve the version it was made for, or drop it");
}

void refuse_completion(std::string_view method, std::string_view signature) {
  throw error(errc::undecodable, std::string(method) + " as this node serves it, "
                                     + std::string(signature)
                                     + ", is no completion: its first parameter is no outcome");
}

served_method bare_method(const method_facts& facts) {
  served_method served;
  served.name = facts.name;
  served.service = std::string(service_of(facts.name));
  served.fingerprint = facts.fingerprint;
  served.signature = facts.signature;
  served.description = facts.description;
  served.parameters.assign(facts.parameters.begin(), facts.parameters.end());
  return served;
}

std::string write_nothing(payload_kind kind) {
  return kind == payload_kind::values ? encode<value>(value()) : std::string();
}

}  // namespace holdfast::detail
