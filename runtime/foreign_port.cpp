#include <holdfast/core/error.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/dynamic_signature.hpp>
#include <holdfast/persistence/value_bytes.hpp>
#include <holdfast/runtime/foreign_port.hpp>

namespace holdfast {
namespace {

const dynamic_signature& signature_of(const call_header& header) {
  if (header.payload == payload_kind::arguments)
    if (auto* known = find_dynamic_signature(header.fingerprint))
      return *known;
  throw error(errc::undecodable,
              "a call of " + header.method
                  + " is in bytes that this program has no types for: a program that "
                    "declares the method with that signature can send it");
}

}  // namespace

foreign_arguments arguments_for_foreign(const call_header& header, std::string_view payload) {
  if (header.payload == payload_kind::values) {
    auto given = decode_values(payload);
    return {std::move(given.positional), std::move(given.named)};
  }
  return {signature_of(header).arguments(payload), {}};
}

std::string result_from_foreign(const call_header& header, const value& result) {
  if (header.payload == payload_kind::values)
    return encode<value>(result);
  return signature_of(header).result(result);
}

}  // namespace holdfast
