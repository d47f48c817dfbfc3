#include <holdfast/core/error.hpp>
#include <holdfast/runtime/batch.hpp>
#include <holdfast/runtime/config_file.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/node_options.hpp>
#include <holdfast/runtime/secret.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <tests/persistence/temporary_directory.hpp>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using holdfast::errc;

template <class F>
std::string refusal(errc code, F attempt) {
  try {
    attempt();
  } catch (const holdfast::error& problem) {
    EXPECT_EQ(problem.code(), code) << problem.what();
    return problem.what();
  }
  ADD_FAILURE() << "it was not refused";
  return {};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(config_test, SaysWhatTheCommandLineSays) {
  holdfast::node_config config;
  holdfast::parse_config(R"(
name = "alpha"
listen = "127.0.0.1:7101"
data = "/var/lib/alpha"
cluster = "north"
insecure = true
stop_within = "3s"
handler_threads_max = 8
[peers]
beta = "127.0.0.1:7102"
gamma = ""
[link]
heartbeat_interval = "250ms"
silence_max = "2s"
[services.pages]
attempts = 5
ordered = true
[services."bank.account"]
back_off = "1s"
)",
                         "alpha.toml", config);
  auto& options = config.options;
  EXPECT_EQ(options.name, "alpha");
  EXPECT_EQ(options.listen, "127.0.0.1:7101");
  EXPECT_EQ(options.data, "/var/lib/alpha");
  EXPECT_EQ(options.settings.cluster, "north");
  EXPECT_TRUE(options.insecure);
  EXPECT_EQ(options.stop_within, 3s);
  EXPECT_EQ(options.settings.handler_threads_max, 8u);
  EXPECT_EQ(options.peers.at("beta"), "127.0.0.1:7102");
  EXPECT_EQ(options.peers.at("gamma"), "");
  EXPECT_EQ(options.settings.heartbeat_interval, 250ms);
  EXPECT_EQ(config.services.at("pages").attempts, 5);
  EXPECT_TRUE(config.services.at("pages").ordered);
  EXPECT_EQ(config.services.at("bank.account").back_off, 1s);
}

TEST(config_test, AWrongKeyOrValueIsRefusedWithItsLine) {
  auto parse = [](const std::string& text) {
    return refusal(errc::bad_config, [&] {
      holdfast::node_config config;
      holdfast::parse_config(text, "alpha.toml", config);
    });
  };
  auto text = parse("name = \"a\"\nlisen = \"x\"\n");
  EXPECT_TRUE(has(text, "alpha.toml:2:") && has(text, "'lisen'") && has(text, "listen")) << text;
  text = parse("[link]\n\nheart = \"1s\"\n");
  EXPECT_TRUE(has(text, "alpha.toml:3:") && has(text, "'link.heart'")) << text;
  EXPECT_TRUE(has(parse("name = 3\n"), "alpha.toml:1: 'name' is a string"));
  EXPECT_TRUE(has(parse("\n[link]\nsilence_max = \"soon\"\n"), "alpha.toml:3: 'link.silence_max'"));
  EXPECT_TRUE(has(parse("[services.pages]\nattempts = 0\n"),
                  "alpha.toml:2: 'services.pages.attempts' is 0"));
  EXPECT_TRUE(has(parse("[services.pages]\nattempts = 70000\n"), "alpha.toml:2:"));
  EXPECT_TRUE(has(parse("name = \n"), "alpha.toml:1:"));
  EXPECT_TRUE(has(parse("peers = 3\n"), "is a table"));
  EXPECT_TRUE(has(parse("[peers]\nbeta = 7102\n"), "alpha.toml:2: 'peers.beta' is a string"));
}

TEST(config_test, AFileThatCannotBeReadIsNamed) {
  holdfast::node_config config;
  auto text =
      refusal(errc::bad_config, [&] { holdfast::read_config("/nowhere/alpha.toml", config); });
  EXPECT_TRUE(has(text, "/nowhere/alpha.toml")) << text;
}

TEST(durations_test, UnitsAreReadAndNonsenseIsNot) {
  EXPECT_EQ(holdfast::parse_duration("300ms"), 300ms);
  EXPECT_EQ(holdfast::parse_duration("10"), 10s);
  EXPECT_EQ(holdfast::parse_duration("1.5h"), 90min);
  EXPECT_EQ(holdfast::parse_duration("2d"), 48h);
  for (auto* text : {"", "s", "3x", "-1s", "1..2s", "99999999999d"})
    refusal(errc::bad_argument, [&] { (void)holdfast::parse_duration(text); });
}

class options_test : public testing::Test {
protected:
  holdfast::node_options good() const {
    return {.data = "alpha", .listen = "127.0.0.1:0", .name = "alpha"};
  }
};

TEST_F(options_test, AnAddressThatOthersReachIsRefusedUnlessItIsMeant) {
  auto options = good();
  holdfast::check_options(options);
  for (auto* listen : {"0.0.0.0:7101", "[::]:7101", "192.168.1.5:7101"}) {
    options.listen = listen;
    auto text = refusal(errc::insecure_listen, [&] { holdfast::check_options(options); });
    EXPECT_TRUE(has(text, "--insecure")) << text;
  }
  options.insecure = true;
  holdfast::check_options(options);
  options.insecure = false;
  for (auto* listen : {"127.9.8.7:1", "[::1]:0", "localhost:0", ""}) {
    options.listen = listen;
    holdfast::check_options(options);
  }
}

TEST_F(options_test, WhatDoesNotFitIsRefusedByName) {
  auto refuse = [&](errc code, auto change) {
    auto options = good();
    change(options);
    return refusal(code, [&] { holdfast::check_options(options); });
  };
  refuse(errc::bad_name, [](auto& options) { options.name = "no name"; });
  refuse(errc::bad_config, [](auto& options) { options.data.clear(); });
  refuse(errc::bad_config, [](auto& options) { options.listen = "7101"; });
  refuse(errc::bad_config, [](auto& options) { options.log_level = "loud"; });
  refuse(errc::bad_config, [](auto& options) { options.peers["alpha"] = "127.0.0.1:1"; });
  refuse(errc::bad_config, [](auto& options) { options.peers["beta"] = "nowhere"; });
  refuse(errc::bad_name, [](auto& options) { options.peers["be ta"] = ""; });
  EXPECT_TRUE(
      has(refuse(errc::bad_config, [](auto& options) { options.settings.silence_max = 600ms; }),
          "heartbeat_interval"));
}

class secret_test : public testing::Test {
protected:
  std::filesystem::path file() const { return folder_.path() / "config" / "secret"; }
  void write(const std::string& text, mode_t mode) {
    std::filesystem::create_directories(file().parent_path());
    std::ofstream(file()) << text;
    ::chmod(file().c_str(), mode);
  }
  holdfast::test::temporary_directory folder_;
};

TEST_F(secret_test, IsDrawnOnFirstUseForItsOwnerAlone) {
  auto secret = holdfast::load_secret(file());
  EXPECT_EQ(secret.size(), 64u);
  EXPECT_EQ(holdfast::load_secret(file()), secret);
  struct stat facts {};
  ASSERT_EQ(::stat(file().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file().parent_path()), {}), 1)
      << "drafts are removed";
}

TEST_F(secret_test, AllWhoStartAtOnceGetTheSameOne) {
  std::vector<std::string> secrets(8);
  std::vector<std::thread> threads;
  for (auto& secret : secrets)
    threads.emplace_back([&] { secret = holdfast::load_secret(file()); });
  for (auto& thread : threads)
    thread.join();
  for (auto& secret : secrets)
    EXPECT_EQ(secret, secrets[0]);
}

TEST_F(secret_test, IsRefusedWhenOthersCanReadItOrItIsNoSecret) {
  write(std::string(40, 's'), 0640);
  EXPECT_TRUE(has(refusal(errc::bad_config, [&] { holdfast::load_secret(file()); }), "chmod 600"));
  write("short\n", 0600);
  EXPECT_TRUE(
      has(refusal(errc::bad_config, [&] { holdfast::load_secret(file()); }), "16 characters"));
  std::filesystem::remove(file());
  std::filesystem::create_directory(file());
  EXPECT_TRUE(
      has(refusal(errc::bad_config, [&] { holdfast::load_secret(file()); }), "no regular file"));
}

TEST_F(secret_test, WhiteSpaceAtTheEndDoesNotCount) {
  write(std::string(40, 's') + "\n", 0600);
  EXPECT_EQ(holdfast::load_secret(file()), std::string(40, 's'));
}

TEST(batch_test, ALineBecomesAQuestion) {
  auto question = holdfast::batch_question(
      R"({"to": "beta", "method": "log.append", "args": ["n", "1"], "id": "x", "expires_in": "2m"})");
  EXPECT_EQ(question.at("command"), holdfast::value("queue"));
  EXPECT_EQ(question.at("expires_in"), holdfast::value(120.0));
  for (auto* line : {"", "3", "{\"to\": \"beta\"}", "{\"to\": 3, \"method\": \"m\"}",
                     "{\"to\": \"beta\", \"method\": \"m\", \"arg\": []}",
                     "{\"to\": \"beta\", \"method\": \"m\", \"expires_in\": \"soon\"}"})
    refusal(errc::bad_argument, [&] { (void)holdfast::batch_question(line); });
}

}  // namespace
