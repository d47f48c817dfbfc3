#include "tests/crash/nodes.hpp"
#include "tests/crash/raw_peer.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

// The port for HTTP, asked by stock clients: Python's library and xmlrpc-c.
namespace holdfast::crash {
namespace {

constexpr const char* answers = R"(xml status: 200
xml echo: {"a": [1, 2.5, null, true, "\u0434\u043e\u043c"], "n": -2147483648, "b": 2147483647}
xml bytes: [0, 1, 255]
xml moment: "2026-11-22T18:21:07"
xml forwarded: "there"
xml not allowed: "-32601 foreign nodes may not call deadly.die at 'node'"
xml not allowed there: "-32300 'node' asks on behalf of a foreign node for lists.list, which foreign nodes may not call at beta: --foreign-allow, or its owner's word; the call did not run"
xml nobody: "-32300 no node 'nobody' is known at 'node'; the call did not run"
xml wrong arguments: "-32300 lists.list: argument 'from' is missing; the call did not run"
json echo: [200, {"jsonrpc": "2.0", "id": "x", "result": {"a": [1, 2.5, null]}}]
json named: [200, {"jsonrpc": "2.0", "id": 1, "result": null}]
json notification: [204, null]
json batch: [200, [{"jsonrpc": "2.0", "id": 1, "result": 1}, {"jsonrpc": "2.0", "id": 2, "error": {"code": -32601, "message": "foreign nodes may not call deadly.die at 'node'"}}]]
json no request: [200, {"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "the member jsonrpc has to be \"2.0\""}}]
other type: 415
a form: 415
too long: 413
other path: 404
)";

class foreign_http : public testing::Test {
protected:
  foreign_http() : node(home, "node"), beta(home, "beta"), address(cluster::new_address()) {
    node.arguments = {"--foreign-http",  address,      "--foreign-allow", "echo",
                      "--foreign-allow", "instants.*", "--foreign-allow", "lists.list"};
    beta.arguments = {"--foreign-allow", "echo"};
    beta.dials(node);
    node.peers["beta"] = "";
  }

  /// What a client has printed when it has ended.
  std::string ask(const std::vector<std::string>& command) {
    auto client = run_command(command);
    EXPECT_EQ(client.status, 0) << client.err << node.errors();
    return client.out;
  }
  std::string ask_python(std::vector<std::string> more = {}) {
    std::vector<std::string> command{"/usr/bin/env", "python3", HOLDFAST_HTTP_CLIENT, address};
    command.insert(command.end(), more.begin(), more.end());
    return ask(command);
  }

  cluster home;
  test_node node;
  test_node beta;
  std::string address;
};

TEST_F(foreign_http, ClientsOfPythonsLibrary) {
  ASSERT_TRUE(node.start()) << node.errors();
  ASSERT_TRUE(beta.start()) << beta.errors();
  ASSERT_TRUE(wait_for({&node.run()}, [&] { return node.run().has_printed("up beta"); }));
  EXPECT_EQ(ask_python(), answers);
  EXPECT_TRUE(wait_for({&node.run()}, [&] {
    return node.run().has_printed("instant 6") && node.run().has_printed("instant 7")
           && node.run().has_printed("instant 8");
  })) << node.errors();
  EXPECT_EQ(node.stop(), 0) << node.errors();
}

TEST_F(foreign_http, TheClientOfXmlrpcC) {
  ASSERT_TRUE(node.start()) << node.errors();
  auto url = "http://" + address + "/RPC2";
  EXPECT_EQ(ask({HOLDFAST_XMLRPC_PROGRAM, url, "echo", "s/there and back"}),
            "Result:\n\nString: 'there and back'\n");
  auto refused = run_command({HOLDFAST_XMLRPC_PROGRAM, url, "deadly.die"});
  EXPECT_NE(refused.status, 0);
  EXPECT_NE(refused.err.find("foreign nodes may not call deadly.die at 'node'"), std::string::npos)
      << refused.err;
}

TEST_F(foreign_http, TheTokenIsAsked) {
  auto file = home.folder() / "token";
  std::ofstream(file) << "sixteen-characters-and-more\n";
  node.arguments.insert(node.arguments.end(), {"--foreign-token-file", file.string()});
  ASSERT_TRUE(node.start()) << node.errors();
  EXPECT_EQ(ask_python(), "xml status: 401\n");
  EXPECT_EQ(ask_python({"sixteen-characters-and-mork"}), "xml status: 401\n");
  EXPECT_TRUE(ask_python({"sixteen-characters-and-more"}).starts_with("xml status: 200\n"));
}

// Others go on while half a request stands in the way, and the node stops in time.
TEST_F(foreign_http, ANodeStopsThoughARequestIsNotWhole) {
  ASSERT_TRUE(node.start()) << node.errors();
  raw_peer silent(address);
  silent.write(
      "POST /RPC2 HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 500\r\n\r\n<method");
  EXPECT_TRUE(ask_python().starts_with("xml status: 200\n"));
  EXPECT_EQ(node.stop(), 0) << node.errors();
}

TEST_F(foreign_http, BeyondLoopbackOnlyWithInsecureAndAToken) {
  node.arguments = {"--foreign-http", "0.0.0.0:0"};
  EXPECT_FALSE(node.start());
  EXPECT_NE(node.errors().find("--insecure"), std::string::npos) << node.errors();
  node.arguments.push_back("--insecure");
  EXPECT_FALSE(node.start());
  EXPECT_NE(node.errors().find("--foreign-token-file"), std::string::npos) << node.errors();
}

TEST_F(foreign_http, AnAddressInUseIsRefusedByName) {
  ASSERT_TRUE(node.start()) << node.errors();
  beta.arguments = {"--foreign-http", address};
  EXPECT_FALSE(beta.start());
  EXPECT_NE(beta.errors().find("cannot take HTTP requests at " + address), std::string::npos)
      << beta.errors();
}

}  // namespace
}  // namespace holdfast::crash
