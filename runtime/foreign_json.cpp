#include <holdfast/core/error.hpp>
#include <holdfast/runtime/foreign_json.hpp>
#include <holdfast/runtime/json.hpp>

namespace holdfast {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw error(errc::bad_frame, "not the JSON call expected here: " + why);
}

void take_params(foreign_call& call, value& content) {
  if (auto positional = content.get_if<array>())
    call.params = std::move(*positional);
  else if (auto named = content.get_if<dict>())
    call.named = std::move(*named);
  else
    refuse("\"params\" is an array or an object, not " + std::string(content.kind_name()));
}

void take_named(foreign_call& call, value& content) {
  auto named = content.get_if<dict>();
  if (!named)
    refuse("\"named\" is an object, not " + std::string(content.kind_name()));
  call.named = std::move(*named);
}

foreign_call call_of(dict& document) {
  auto method = document.find("method"), params = document.find("params"),
       named = document.find("named");
  for (auto& each : document)
    if (&each.content != method && &each.content != params && &each.content != named)
      refuse("\"" + each.name.substr(0, 64)
             + "\" is no member of it; they are \"method\", \"params\" and \"named\"");
  if (!method)
    refuse("it has no \"method\"");
  auto name = method->get_if<std::string>();
  if (!name)
    refuse("\"method\" is a string, not " + std::string(method->kind_name()));
  if (params && named && params->get_if<dict>())
    refuse(
        "\"params\" is an object, which names the arguments already, and there is \"named\" too");
  foreign_call call{std::move(*name), {}, {}, foreign_body::json};
  if (params)
    take_params(call, *params);
  if (named)
    take_named(call, *named);
  return call;
}

}  // namespace

foreign_call decode_json_call(std::string_view text) {
  try {
    auto document = parse_json(text, limits::foreign_values_max);
    auto members = document.get_if<dict>();
    if (!members)
      refuse("it is an object with \"method\" and \"params\", not "
             + std::string(document.kind_name()));
    auto call = call_of(*members);
    check_foreign_method(call.method);
    return call;
  } catch (const error& refused) {
    if (refused.code() == errc::bad_frame)
      throw;
    throw error(errc::bad_frame, refused.what());
  }
}

std::string encode_json_call(foreign_call call) {
  check_foreign_method(call.method);
  dict document;
  document.add("method", std::move(call.method));
  document.add("params", std::move(call.params));
  if (!call.named.empty())
    document.add("named", std::move(call.named));
  try {
    return to_json(document);
  } catch (const error& refused) {
    std::string_view why = refused.what();
    if (why.starts_with("$."))  // the place within the document
      why.remove_prefix(2);
    throw error(refused.code(), std::string(why));
  }
}

}  // namespace holdfast
