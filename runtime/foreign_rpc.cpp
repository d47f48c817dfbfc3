#include <holdfast/core/error.hpp>
#include <holdfast/runtime/foreign_codec.hpp>
#include <holdfast/runtime/foreign_rpc.hpp>
#include <holdfast/runtime/foreign_xml.hpp>
#include <holdfast/runtime/json.hpp>

#include <optional>
#include <utility>

namespace holdfast {
namespace {

// A text says what was wrong with bytes or comes from a handler: it need not be text.

constexpr foreign_xml_options extensions{.i8 = true, .nil = true};

std::string xml_fault(rpc_code code, const std::string& text) {
  foreign_fault fault{static_cast<std::int32_t>(code), text};
  try {
    return encode_xml_response(fault);
  } catch (const error&) {
    fault.text = ascii_text(text);
    return encode_xml_response(fault);
  }
}

// ---- JSON-RPC

dict with_id(const value& id) {
  return {{"jsonrpc", "2.0"}, {"id", id}};
}

dict failure(const value& id, rpc_code code, const std::string& text) {
  auto with_text = [&](const std::string& shown) {
    auto response = with_id(id);
    response.add("error", dict{{"code", static_cast<std::int32_t>(code)}, {"message", shown}});
    return response;
  };
  try {
    to_json(text);
    return with_text(text);
  } catch (const error&) {
    return with_text(ascii_text(text));
  }
}

bool is_id(const value& id) {
  switch (id.kind()) {
  case value_kind::null:
  case value_kind::integer:
  case value_kind::real:
  case value_kind::string: return true;
  default: return false;
  }
}

/// What is wrong with a request, or nothing.
std::optional<std::string> mistake_in(const dict& request) {
  for (auto& [name, content] : request)
    if (name != "jsonrpc" && name != "method" && name != "params" && name != "id")
      return "a request has no member '" + name.substr(0, 60) + "'";
  auto* version = request.find("jsonrpc");
  auto* method = request.find("method");
  auto* params = request.find("params");
  if (!version || *version != value("2.0"))
    return "the member jsonrpc has to be \"2.0\"";
  if (!method || method->kind() != value_kind::string)
    return "the member method has to be a method's name";
  if (params && params->kind() != value_kind::array && params->kind() != value_kind::structure)
    return "the member params has to be an array or an object";
  try {
    check_foreign_method(method->as_string());
  } catch (const error& problem) {
    return problem.what();
  }
  return std::nullopt;
}

/// The response; nothing for a notification.
std::optional<value> answer_one(const value& given, rpc_caller call) {
  auto* request = given.get_if<dict>();
  if (!request)
    return failure(nullptr, rpc_code::no_request, "a request is an object");
  auto* id = request->find("id");
  auto known_id = id && is_id(*id) ? *id : value();
  if (id && !is_id(*id))
    return failure(nullptr, rpc_code::no_request, "an id is a string, a number or null");
  if (auto mistake = mistake_in(*request))
    return failure(known_id, rpc_code::no_request, *mistake);

  foreign_call made;
  made.body = foreign_body::json;
  made.method = request->at("method").as_string();
  if (auto* params = request->find("params")) {
    if (auto* positional = params->get_if<array>())
      made.params = *positional;
    else
      made.named = params->as_dict();
  }
  auto answer = call(std::move(made), id == nullptr);
  if (!id)
    return std::nullopt;
  if (answer.code != rpc_code::none)
    return failure(known_id, answer.code, answer.text);
  auto response = with_id(known_id);
  response.add("result", std::move(answer.result));
  return response;
}

/// A result that has no JSON form (NaN, say) becomes an error of its own.
std::string written(const value& response) {
  try {
    return to_json(response);
  } catch (const error& problem) {
    return to_json(
        failure(response.as_dict().at("id"), rpc_code::failed,
                std::string("it ran, but its result cannot be sent: ") + problem.what()));
  }
}

}  // namespace

std::string answer_xml_rpc(std::string_view body, rpc_caller call) {
  foreign_call made;
  try {
    made = decode_xml_call(body);
  } catch (const error& problem) {
    return xml_fault(rpc_code::not_well_formed, problem.what());
  }
  auto answer = call(std::move(made), false);
  if (answer.code != rpc_code::none)
    return xml_fault(answer.code, answer.text);
  try {
    return encode_xml_response(std::move(answer.result), extensions);
  } catch (const error& problem) {
    return xml_fault(rpc_code::failed,
                     std::string("it ran, but its result cannot be sent: ") + problem.what());
  }
}

std::string answer_json_rpc(std::string_view body, rpc_caller call) {
  value given;
  try {
    given = parse_json(body, limits::foreign_values_max);
  } catch (const error& problem) {
    return to_json(failure(nullptr, rpc_code::not_well_formed, problem.what()));
  }
  auto* batch = given.get_if<array>();
  if (!batch) {
    auto response = answer_one(given, call);
    return response ? written(*response) : "";
  }
  if (batch->empty() || batch->size() > limits::http_batch_max)
    return to_json(
        failure(nullptr, rpc_code::no_request,
                "a batch has 1 to " + std::to_string(limits::http_batch_max) + " requests"));
  std::string responses;
  for (auto& one : *batch)
    if (auto response = answer_one(one, call))
      responses += (responses.empty() ? "[" : ",") + written(*response);
  return responses.empty() ? "" : responses + "]";
}

}  // namespace holdfast
