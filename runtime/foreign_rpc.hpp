#pragma once

#include <holdfast/core/function_ref.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/runtime/foreign_call.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What stands in the bodies of XML-RPC and JSON-RPC 2.0 requests over HTTP, without HTTP.
namespace holdfast {
namespace limits {

/// Requests in one JSON-RPC batch. They run one after the other and keep a thread of the server meanwhile.
inline constexpr std::size_t http_batch_max = 100;

}  // namespace limits

/// The codes of faults: those that XML-RPC implementations agreed on, which JSON-RPC took over as far as it has them.
enum class rpc_code : std::int32_t {
  none = 0,
  not_well_formed = -32700,
  no_request = -32600,
  no_method = -32601,
  bad_arguments = -32602,
  failed = -32500,
  no_answer = -32300,
};

struct rpc_answer {
  rpc_code code = rpc_code::none;
  std::string text;  ///< why there is no result
  value result;
};

/// Makes the call and waits for its answer; of a notification only until it was handed over. Throws nothing.
using rpc_caller = function_ref<rpc_answer(foreign_call call, bool is_notification)>;

/// A methodResponse for a methodCall. A result that XML-RPC cannot carry is a fault. Integers beyond 32 bits and null are
/// written as the extensions that most implementations know (i8, nil).
std::string answer_xml_rpc(std::string_view body, rpc_caller call);

/// The response, an array of them for a batch, or nothing when all were notifications.
std::string answer_json_rpc(std::string_view body, rpc_caller call);

}  // namespace holdfast
