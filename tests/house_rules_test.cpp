#include "tests/house_rules/rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The rules of this tree, each held against the tree and against a sample that breaks it: a rule that finds nothing in the
// sample could not find anything in the tree either.

namespace {

using namespace house_rules;

const std::vector<source>& tree() {
  static const std::vector<source> files = read_tree(HOLDFAST_SOURCE_DIR);
  return files;
}

bool is_in(const source& file, std::initializer_list<std::string_view> folders) {
  return std::find(folders.begin(), folders.end(), first_folder(file.path)) != folders.end();
}

testing::AssertionResult none(const findings& found) {
  return found.empty() ? testing::AssertionSuccess()
                       : testing::AssertionFailure() << to_string(found);
}

template <class Rule, class Filter>
findings everywhere(Rule rule, Filter filter) {
  findings all;
  for (const source& file : tree())
    if (filter(file))
      for (finding& f : rule(file))
        all.push_back(std::move(f));
  return all;
}

// Entries that are no longer needed are findings too: a list of exceptions may only shrink.
struct exception_to_rule {
  std::string_view path;
  std::string_view word;
  std::string_view reason;
};

template <class Exceptions>
findings without(findings all, const Exceptions& exceptions) {
  for (const exception_to_rule& e : exceptions) {
    const auto is_excused = [&](const finding& f) { return f.path == e.path && f.what == e.word; };
    if (std::erase_if(all, is_excused) == 0)
      all.push_back(
          {std::string{e.path}, 1, "no longer needs its exception for " + std::string{e.word}});
  }
  return all;
}

constexpr std::array simulation_exceptions{
    exception_to_rule{"core/clock.hpp", "system_clock",
                      "declares the real clock, which only runtime hands out"},
    exception_to_rule{"core/clock.hpp", "system_random", "declares the real randomness, likewise"},
    exception_to_rule{"core/clock.cpp", "system_clock", "the real clock"},
    exception_to_rule{"core/clock.cpp", "clock_gettime", "the real clock"},
    exception_to_rule{"core/clock.cpp", "system_random", "the real randomness"},
    exception_to_rule{"core/clock.cpp", "getrandom", "the real randomness"},
    exception_to_rule{"persistence/serial_kind.hpp", "steady_clock", "names the type to refuse it"},
    exception_to_rule{"persistence/data_directory.cpp", "getpid",
                      "the lock file names its holder; nothing decides by it"},
    exception_to_rule{
        "persistence/lmdb_snapshots.cpp", "thread",
        "a thread that would wait for itself is refused; which one it is matters to nobody"},
    exception_to_rule{"persistence/lmdb_snapshots.cpp", "this_thread", "likewise"},
};

// The ratchet: a function that is too long is named here with its length, may shrink, may not grow, and leaves the list
// when it fits. None so far.
struct long_function {
  std::string_view path;
  std::string_view name;
  std::size_t lines;
};

constexpr std::size_t function_lines_max = 70;
constexpr std::array<long_function, 0> long_functions{};

findings held_to(const std::vector<function_size>& found, std::span<const long_function> allowed) {
  findings result;
  for (const function_size& f : found) {
    const auto known = std::find_if(allowed.begin(), allowed.end(), [&](const long_function& a) {
      return a.path == f.path && a.name == f.name;
    });
    if (known == allowed.end() || f.lines > known->lines)
      result.push_back({f.path, f.line, f.name + " has " + std::to_string(f.lines) + " lines"});
    else if (f.lines < known->lines)
      result.push_back(
          {f.path, f.line, f.name + " shrank to " + std::to_string(f.lines) + ": lower its entry"});
  }
  for (const long_function& a : allowed)
    if (std::none_of(found.begin(), found.end(),
                     [&](const function_size& f) { return a.path == f.path && a.name == f.name; }))
      result.push_back(
          {std::string{a.path}, 1, std::string{a.name} + " fits now: take it from the list"});
  return result;
}

std::string body_of(std::size_t lines) {
  std::string text = "int f(int x)\n{\n";
  for (std::size_t i = 3; i < lines; ++i)
    text += "  ++x;\n";
  return text + "}\n";
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::vector<std::string> result;
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

// Whether the compiler of this build takes the text as a header of its own.
bool compiles_alone(std::string_view name, std::string_view text) {
  const std::filesystem::path header = std::filesystem::path{testing::TempDir()} / name;
  std::ofstream{header} << text;
  const std::string command = std::string{HOLDFAST_CXX_COMPILER}
                              + " -std=c++20 -fsyntax-only -x c++ -I'" + HOLDFAST_INCLUDE_DIR
                              + "' '" + header.string() + "' 2>'" + header.string() + ".err'";
  const bool good = std::system(command.c_str()) == 0;
  std::filesystem::remove(header);
  std::filesystem::remove(header.string() + ".err");
  return good;
}

const auto any_file = [](const source&) { return true; };

}  // namespace

TEST(house_rules, TheTreeIsRead) {
  EXPECT_GT(tree().size(), 20u);
  EXPECT_TRUE(std::any_of(tree().begin(), tree().end(),
                          [](const source& f) { return f.path == "core/ids.hpp"; }));
  EXPECT_TRUE(std::any_of(tree().begin(), tree().end(),
                          [](const source& f) { return f.path == ".ci/run"; }));
}

TEST(house_rules, LiteralsAndCommentsAreNotCode) {
  EXPECT_EQ(code_only("a // b\nc /* d\n */ e"), "a     \nc     \n    e");
  EXPECT_EQ(code_only(R"(f("x\"y", 'z', 1'000))"), "f(      ,    , 1'000)");
  EXPECT_EQ(code_only("R\"-(a)\" b)-\" c"), "R            c");
  EXPECT_EQ(statements_only("#define a \\\n  b\nc"), "           \n   \nc");
}

TEST(house_rules, IncludesOnlyPointDown) {
  EXPECT_TRUE(none(everywhere(upward_includes, any_file)));
  EXPECT_TRUE(none(include_cycles(tree())));

  EXPECT_EQ(upward_includes({"core/a.hpp", "#include <holdfast/persistence/b.hpp>\n"}).size(), 1u);
  EXPECT_EQ(
      upward_includes({"persistence/a.cpp", "#pragma once\n#  include <caf/all.hpp>\n"}).size(),
      1u);
  EXPECT_EQ(upward_includes({"core/a.hpp", "#include <boost/any.hpp>\n"}).size(), 1u);
  EXPECT_EQ(upward_includes({"actors/a.hpp", "#include \"b.hpp\"\n"}).size(), 1u);
  EXPECT_EQ(upward_includes({"actors/a.hpp", "#include <holdfast/tests/b.hpp>\n"}).size(), 1u);
  EXPECT_TRUE(
      upward_includes({"actors/a.hpp", "#include <holdfast/core/b.hpp>\n#include <caf/all.hpp>\n"})
          .empty());
  EXPECT_EQ(include_cycles({{"core/a.hpp", "#include <holdfast/core/b.hpp>\n"},
                            {"core/b.hpp", "#include <holdfast/core/a.hpp>\n"}})
                .size(),
            1u);
}

TEST(house_rules, EveryTestFileIsInCMake) {
  EXPECT_TRUE(none(unlisted_files(tree())));

  const source list{"tests/CMakeLists.txt", "holdfast_test(a core/a_test.cpp) # core/b_test.cpp\n"};
  const source compiled{
      "tests/bad/CMakeLists.txt",
      "add_test(NAME x COMMAND c++ \"-DS=${CMAKE_CURRENT_SOURCE_DIR}/bad.cpp\")\n"};
  EXPECT_TRUE(unlisted_files({compiled, {"tests/bad/bad.cpp", ""}}).empty());
  EXPECT_TRUE(unlisted_files({list, {"tests/core/a_test.cpp", ""}}).empty());
  EXPECT_EQ(unlisted_files({list, {"tests/core/b_test.cpp", ""}}).size(), 1u);
  EXPECT_EQ(unlisted_files({list, {"core/a.hpp", ""}, {"runtime/a.cpp", ""}}).size(), 2u);
  EXPECT_EQ(unlisted_files({list, {"examples/A.java", ""}}).size(), 1u);
}

// The build compiles a source of one line for every header under HEADERS, and this program is linked after them; what is
// left to show is that no header is missing there, and that such a source does fail.
TEST(house_rules, EveryHeaderCompilesAlone) {
  const std::vector<std::string> checked = lines_of(HOLDFAST_CHECKED_HEADERS);
  EXPECT_TRUE(none(unchecked_headers(tree(), checked)));

  EXPECT_EQ(unchecked_headers({{"core/a.hpp", ""}, {"core/b.hpp", ""}}, {"core/a.hpp"}).size(), 1u);
  EXPECT_TRUE(compiles_alone(
      "good.hpp", "#include <holdfast/core/ids.hpp>\n#include <string>\nstd::string s();\n"));
  EXPECT_FALSE(compiles_alone("bad.hpp", "std::string s();\n"));
}

// Benchmarks are no tests: real time is what they measure. The tutorial's renderer stands for work that takes long: it looks
// for a file now and then, and who runs it waits for events.
TEST(house_rules, NoSleepInTests) {
  EXPECT_TRUE(none(everywhere(sleeps, [](const source& f) {
    return is_in(f, {"tests", "examples"}) && !f.path.starts_with("tests/benchmark/")
           && f.path != "examples/work_tutorial/renderer.cpp";
  })));

  EXPECT_EQ(sleeps({"tests/a_test.cpp", "void f() { std::this_thread::sleep_for(1s); }"}).size(),
            1u);
  EXPECT_EQ(sleeps({"tests/a_test.cpp", "void f() { ::sleep(1); } // sleep_for\n"}).size(), 1u);
  EXPECT_EQ(sleeps({"tests/a.sh", "sleep 1\n"}).size(), 1u);
  EXPECT_EQ(sleeps({"tests/A.java", "Thread.sleep(1); // sleep\n"}).size(), 1u);
}

TEST(house_rules, NoTestIsSkipped) {
  EXPECT_TRUE(none(everywhere(skipped_tests, [](const source& f) { return is_in(f, {"tests"}); })));

  EXPECT_EQ(skipped_tests({"tests/a_test.cpp", "TEST(a, DISABLED_b) {}\n"}).size(), 1u);
  EXPECT_EQ(skipped_tests({"tests/a_test.cpp", "TEST(a, b) { GTEST_SKIP(); }\n"}).size(), 1u);
}

TEST(house_rules, NoFunctionJustOverSeventyLines) {
  std::vector<function_size> found;
  for (const source& file : tree())
    for (function_size& f : functions_longer_than(function_lines_max, file))
      found.push_back(std::move(f));
  EXPECT_TRUE(none(held_to(found, long_functions)));
}

TEST(house_rules, LongFunctionsAreFoundAndMayOnlyShrink) {
  EXPECT_TRUE(functions_longer_than(70, {"core/a.cpp", body_of(70)}).empty());
  const auto found = functions_longer_than(70, {"core/a.cpp", body_of(71)});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "f");
  EXPECT_EQ(found[0].lines, 71u);
  EXPECT_EQ(held_to(found, {}).size(), 1u);

  const auto against = [&](std::size_t lines) {
    const std::array allowed{long_function{"core/a.cpp", "f", lines}};
    return held_to(found, allowed).size();
  };
  EXPECT_EQ(against(70), 1u);
  EXPECT_EQ(against(71), 0u);
  EXPECT_EQ(against(72), 1u);
  const std::array gone{long_function{"core/a.cpp", "g", 80}};
  EXPECT_EQ(held_to({}, gone).size(), 1u);
}

TEST(house_rules, FunctionsAreToldFromScopesAndValues) {
  const std::string text = "ALLOWED(int)\nnamespace n {\n"
                           "template <class T, class U = x<T>>\n"
                           "class c final : public base<int(char)> {\n"
                           "  c(int a = {}) : a_{a}, b_(1) {\n    g([] {\n    });\n  }\n"
                           "  int a_{0}, b_;\n"
                           "};\n"
                           "const std::map<int, int> m = {\n  {f(1), 2},\n  {3, 4},\n};\n"
                           "TEST(suite, name) {\n  struct local {\n    void h() {}\n  };\n}\n"
                           "}\n";
  const auto found = functions_longer_than(0, {"core/a.cpp", text});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "c");
  EXPECT_EQ(found[0].lines, 4u);
  EXPECT_EQ(found[1].name, "TEST(suite, name)");
  EXPECT_EQ(found[1].lines, 5u);
}

TEST(house_rules, NothingBannedInSimulatedCode) {
  const auto simulated = [](const source& f) {
    return is_in(f, {"core", "persistence", "actors"});
  };
  EXPECT_TRUE(none(without(everywhere(banned_in_simulation, simulated), simulation_exceptions)));
  std::vector<source> files;
  std::copy_if(tree().begin(), tree().end(), std::back_inserter(files), simulated);
  EXPECT_TRUE(none(unordered_iteration(files)));
}

TEST(house_rules, BannedWordsAreFound) {
  const auto count = [](const char* text) {
    return banned_in_simulation({"actors/a.cpp", text}).size();
  };
  EXPECT_EQ(count("auto t = std::chrono::steady_clock::now();"), 1u);
  EXPECT_EQ(count("std::random_device d;"), 1u);
  EXPECT_EQ(count("std::thread t{[] {}};"), 1u);
  EXPECT_EQ(count("auto p = ::getpid(); auto t = time(nullptr);"), 2u);
  EXPECT_EQ(count("m.time(); p->time(); duration time(int); // steady_clock"), 0u);
  EXPECT_EQ(count("#include <thread>\ncaf::actor thread();"), 0u);

  const findings one{{"core/a.cpp", 1, "getpid"}};
  EXPECT_TRUE(
      without(one, std::array{exception_to_rule{"core/a.cpp", "getpid", "sample"}}).empty());
  EXPECT_EQ(without({}, std::array{exception_to_rule{"core/a.cpp", "getpid", "sample"}}).size(),
            1u);
}

TEST(house_rules, UnorderedIterationIsFound) {
  const auto count = [](const char* header, const char* code) {
    return unordered_iteration({{"actors/a.hpp", header}, {"actors/a.cpp", code}}).size();
  };
  const char* member = "std::unordered_map<int, std::vector<int>> calls_;";
  EXPECT_EQ(count(member, "void f() { for (auto& [k, v] : calls_) g(k); }"), 1u);
  EXPECT_EQ(count(member, "void f() { auto it = calls_.begin(); }"), 1u);
  EXPECT_EQ(count(member, "void f() { for (int x : calls_.at(1)) g(x); calls_.find(2); }"), 0u);
  EXPECT_EQ(count("using index = std::unordered_set<int>;\nindex open_;",
                  "void f() { for (int x : open_) g(x); }"),
            1u);
  EXPECT_EQ(count("std::map<int, int> calls_;", "void f() { for (auto& [k, v] : calls_) g(k); }"),
            0u);
  EXPECT_EQ(count("std::map<actor*, int> by_actor_;", ""), 1u);
}

TEST(house_rules, NoSourceAboveFiveHundredLines) {
  EXPECT_TRUE(none(everywhere([](const source& f) { return longer_than(500, f); }, any_file)));

  EXPECT_TRUE(longer_than(500, {"core/a.cpp", std::string(500, '\n')}).empty());
  EXPECT_EQ(longer_than(500, {"core/a.cpp", std::string(501, '\n')}).size(), 1u);
}

TEST(house_rules, NoMachinePathInTree) {
  EXPECT_TRUE(none(everywhere(machine_paths, any_file)));

  EXPECT_EQ(machine_paths({"run", "cd /ho"
                                  "me/somebody/tree\n"})
                .size(),
            1u);
  EXPECT_EQ(machine_paths({"docs/a.md", "from http://deb."
                                        "debian.org/debian\n"})
                .size(),
            1u);
  EXPECT_TRUE(machine_paths({"run", "a ${prefix}/ho"
                                    "me/x ../ho"
                                    "me/ at ho"
                                    "me/\n"})
                  .empty());
}

TEST(house_rules, NothingIsUnfinished) {
  EXPECT_TRUE(none(everywhere(unfinished, any_file)));

  EXPECT_EQ(unfinished({"core/a.hpp", "// TO"
                                      "DO: more\n"})
                .size(),
            1u);
  EXPECT_TRUE(unfinished({"core/a.cpp", "char path[] = \"x-XX"
                                        "XXXX\";\n"})
                  .empty());
}
