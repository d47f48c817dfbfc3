// Bodies of requests over HTTP, and of their answers.

#include <holdfast/runtime/foreign_rpc.hpp>
#include <holdfast/runtime/foreign_xml.hpp>
#include <holdfast/runtime/json.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace holdfast {
namespace {

/// Answers as a node would: `echo` with its arguments, the others with what their names say. Remembers what it was asked.
struct fake_node {
  std::vector<std::string> asked;

  rpc_answer operator()(const foreign_call& call, bool is_notification) {
    asked.push_back((is_notification ? "note " : "call ") + call.method);
    rpc_answer answer;
    if (call.method == "echo")
      answer.result = call.named.empty() ? value(call.params) : value(call.named);
    else if (call.method == "nan")
      answer.result = std::numeric_limits<double>::quiet_NaN();
    else if (call.method != "nothing")
      answer = {rpc_code::no_method, "no method\x01 '" + call.method + "'", {}};
    return answer;
  }
};

class foreign_rpc : public testing::Test {
protected:
  std::string xml(std::string_view body) { return answer_xml_rpc(body, node); }
  std::string json(std::string_view body) { return answer_json_rpc(body, node); }
  foreign_fault fault(std::string_view body) {
    return std::get<foreign_fault>(decode_xml_response(xml(body)));
  }

  fake_node node;
};

const value& in(const value& outer, std::string_view name) {
  return outer.as_dict().at(name);
}

std::int64_t code_in(const value& response) {
  return in(in(response, "error"), "code").as_integer();
}

std::string xml_call(const std::string& method, array params = {}) {
  return encode_xml_call({method, std::move(params), {}, foreign_body::xml}, {true, true});
}

TEST_F(foreign_rpc, AMethodCallIsAnsweredByItsResponse) {
  array params{value(1), value("дом"), value(), value(std::int64_t{1} << 40)};
  auto answer = decode_xml_response(xml(xml_call("echo", params)));
  EXPECT_EQ(std::get<value>(answer), value(params));
  EXPECT_EQ(std::get<value>(decode_xml_response(xml(xml_call("nothing")))), value());
}

TEST_F(foreign_rpc, XmlFaultsSayWhatIsWrong) {
  EXPECT_EQ(fault("<methodCall>").code, -32700);
  EXPECT_EQ(fault("").code, -32700);
  EXPECT_EQ(fault("<methodResponse/>").code, -32700);
  EXPECT_TRUE(node.asked.empty());
  EXPECT_EQ(fault(xml_call("no.such")), (foreign_fault{-32601, "no method? 'no.such'"}));
  EXPECT_EQ(fault(xml_call("nan")).code, -32500);
}

TEST_F(foreign_rpc, ARequestIsAnsweredUnderItsId) {
  EXPECT_EQ(
      json(R"({"jsonrpc": "2.0", "method": "echo", "params": [1, {"$bytes": "AAH/"}], "id": "a"})"),
      R"({"jsonrpc":"2.0","id":"a","result":[1,{"$bytes":"AAH/"}]})");
  EXPECT_EQ(json(R"({"jsonrpc": "2.0", "method": "echo", "params": {"b": null}, "id": 7})"),
            R"({"jsonrpc":"2.0","id":7,"result":{"b":null}})");
  EXPECT_EQ(json(R"({"jsonrpc": "2.0", "method": "nothing", "id": null})"),
            R"({"jsonrpc":"2.0","id":null,"result":null})");
}

TEST_F(foreign_rpc, ANotificationIsNotAnswered) {
  EXPECT_EQ(json(R"({"jsonrpc": "2.0", "method": "no.such"})"), "");
  EXPECT_EQ(json(R"([{"jsonrpc": "2.0", "method": "echo"}])"), "");
  EXPECT_EQ(node.asked, (std::vector<std::string>{"note no.such", "note echo"}));
}

TEST_F(foreign_rpc, ABatchIsAnsweredByABatchInItsOrder) {
  auto answer = parse_json(json(R"([{"jsonrpc": "2.0", "method": "echo", "params": [1], "id": 1},
                                    {"jsonrpc": "2.0", "method": "echo"}, 5,
                                    {"jsonrpc": "2.0", "method": "nan", "id": 2},
                                    {"jsonrpc": "2.0", "method": "no.such", "id": 3}])"));
  auto& responses = *answer.get_if<array>();
  ASSERT_EQ(responses.size(), 4u);
  EXPECT_EQ(in(responses[0], "result"), value(array{value(1)}));
  EXPECT_EQ(code_in(responses[1]), -32600);
  EXPECT_EQ(in(responses[1], "id"), value());
  EXPECT_EQ(code_in(responses[2]), -32500);
  EXPECT_EQ(in(responses[2], "id"), value(2));
  EXPECT_EQ(code_in(responses[3]), -32601);
}

TEST_F(foreign_rpc, WhatIsNoRequestIsNotRun) {
  auto code = [&](std::string_view body) { return code_in(parse_json(json(body))); };
  EXPECT_EQ(code("{"), -32700);
  EXPECT_EQ(code(""), -32700);
  for (auto body : {R"("echo")", "[]", "{}", R"({"jsonrpc": "1.0", "method": "echo", "id": 1})",
                    R"({"jsonrpc": "2.0", "method": 5, "id": 1})",
                    R"({"jsonrpc": "2.0", "method": "e cho", "id": 1})",
                    R"({"jsonrpc": "2.0", "method": "echo", "params": 5, "id": 1})",
                    R"({"jsonrpc": "2.0", "method": "echo", "id": [1]})",
                    R"({"jsonrpc": "2.0", "method": "echo", "id": 1, "more": 2})"})
    EXPECT_EQ(code(body), -32600) << body;
  std::string batch = "[";
  for (std::size_t i = 0; i < limits::http_batch_max; ++i)
    batch += "1,";
  EXPECT_EQ(code(batch + "1]"), -32600);
  EXPECT_TRUE(node.asked.empty());
}

}  // namespace
}  // namespace holdfast
