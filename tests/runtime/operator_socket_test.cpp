#include <holdfast/core/error.hpp>
#include <holdfast/runtime/operator_socket.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <sys/stat.h>
#include <tests/persistence/temporary_directory.hpp>
#include <thread>
#include <vector>

namespace {

using holdfast::dict;
using holdfast::errc;
using holdfast::operator_client;
using holdfast::operator_server;
using holdfast::value;

holdfast::operator_answer echo(const dict& question) {
  return [question] { return value(question.at("number")); };
}

template <class F>
errc thrown_by(F attempt) {
  try {
    attempt();
  } catch (const holdfast::error& problem) {
    return problem.code();
  }
  return errc::none;
}

class operator_socket_test : public testing::Test {
protected:
  operator_client connect() {
    auto client = operator_client::connect(folder_.path());
    if (!client)
      throw std::runtime_error("no node");
    return std::move(*client);
  }
  holdfast::test::temporary_directory folder_;
};

TEST_F(operator_socket_test, AnswersInTheOrderOfTheQuestions) {
  operator_server server(folder_.path(), echo);
  auto client = connect();
  for (int i = 0; i < 1000; ++i)
    client.send(dict{{"number", i}});
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(client.receive(), value(i));
}

TEST_F(operator_socket_test, ErrorsKeepTheirCodeAndText) {
  operator_server server(folder_.path(), [](const dict& question) -> holdfast::operator_answer {
    if (question.find("late"))
      return []() -> value { throw holdfast::error(errc::disk_full, "no space"); };
    throw holdfast::error(errc::bad_option, "no such thing");
  });
  auto client = connect();
  EXPECT_EQ(thrown_by([&] { client.ask({{"late", true}}); }), errc::disk_full);
  EXPECT_EQ(thrown_by([&] { client.ask({{"soon", true}}); }), errc::bad_option);
}

TEST_F(operator_socket_test, IsForItsOwnerAlone) {
  operator_server server(folder_.path(), echo);
  struct stat facts {};
  ASSERT_EQ(::stat((folder_.path() / "operator.sock").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(operator_socket_test, ALongPathIsReachedToo) {
  auto deep = folder_.path() / std::string(100, 'x') / std::string(100, 'y');
  std::filesystem::create_directories(deep);
  operator_server server(deep, echo);
  auto client = operator_client::connect(deep);
  ASSERT_TRUE(client);
  EXPECT_EQ(client->ask({{"number", 7}}), value(7));
}

TEST_F(operator_socket_test, WithoutANodeThereIsNobodyToAsk) {
  EXPECT_FALSE(operator_client::connect(folder_.path()));
  { operator_server server(folder_.path(), echo); }
  EXPECT_FALSE(operator_client::connect(folder_.path()));
  EXPECT_EQ(thrown_by([&] { operator_client::connect(folder_.path() / "nowhere"); }),
            errc::bad_config);
}

TEST_F(operator_socket_test, AFileThatADeadProcessLeftIsReplaced) {
  std::ofstream(folder_.path() / "operator.sock") << "left";
  operator_server server(folder_.path(), echo);
  EXPECT_EQ(connect().ask({{"number", 1}}), value(1));
}

TEST_F(operator_socket_test, AQuestionThatIsNoneIsAnsweredWithAnError) {
  operator_server server(folder_.path(), echo);
  auto client = connect();
  EXPECT_EQ(thrown_by([&] { client.ask(dict{}); }), errc::bad_argument);
  EXPECT_EQ(client.ask({{"number", 1}}), value(1)) << "the connection goes on";
}

TEST_F(operator_socket_test, ASlowAnswerHoldsBackNobodyElse) {
  std::promise<void> go;
  auto gone = go.get_future().share();
  operator_server server(folder_.path(), [gone](const dict& question) -> holdfast::operator_answer {
    bool waits = question.find("waits");
    return [gone, waits] {
      if (waits)
        gone.wait();
      return value(waits);
    };
  });
  auto slow = connect();
  auto quick = connect();
  slow.send({{"waits", true}});
  auto answer = std::async(std::launch::async, [&] { return slow.receive(); });
  EXPECT_EQ(quick.ask({{"now", true}}), value(false));
  go.set_value();
  EXPECT_EQ(answer.get(), value(true));
}

TEST_F(operator_socket_test, TheEndOfTheNodeIsToldToThoseWhoWait) {
  auto server = std::make_unique<operator_server>(folder_.path(), echo);
  auto client = connect();
  EXPECT_EQ(client.ask({{"number", 1}}), value(1));
  server.reset();
  EXPECT_EQ(thrown_by([&] { client.ask({{"number", 2}}); }), errc::stopping);
}

TEST_F(operator_socket_test, ManyCommandsComeAndGo) {
  operator_server server(folder_.path(), echo);
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(connect().ask({{"number", i}}), value(i));
}

}  // namespace
