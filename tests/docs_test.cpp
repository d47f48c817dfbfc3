// What the documents say is held against what is there: code blocks against their files, tables against the code, the
// configuration against its parser, links against the tree.
#include <holdfast/actors/submit_options.hpp>
#include <holdfast/actors/supervision_report.hpp>
#include <holdfast/actors/work_item.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/persistence/value_archive.hpp>
#include <holdfast/runtime/cluster_file.hpp>
#include <holdfast/runtime/config_file.hpp>
#include <holdfast/runtime/exit_code.hpp>
#include <holdfast/runtime/run.hpp>
#include <holdfast/runtime/status.hpp>
#include <holdfast/runtime/work_shown.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {
namespace {

namespace fs = std::filesystem;

const fs::path source_dir = HOLDFAST_SOURCE_DIR;

std::string read(const fs::path& file) {
  std::ifstream in(source_dir / file);
  EXPECT_TRUE(in.is_open()) << file << " is not there";
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct block {
  std::string info, text;
};

/// The fenced blocks whose info string begins with `language`.
std::vector<block> blocks_of(const fs::path& document, const std::string& language) {
  std::vector<block> found;
  bool is_inside = false;
  std::istringstream lines(read(document));
  block now;
  for (std::string line; std::getline(lines, line);) {
    bool is_fence = line.starts_with("```");
    if (is_fence && !is_inside)
      now = {line.substr(3), ""};
    else if (is_fence && now.info.starts_with(language))
      found.push_back(now);
    else if (is_inside)
      now.text += line + "\n";
    is_inside ^= is_fence;
  }
  return found;
}

/// The words (small letters, '_' and '-') that stand between `prefix` and `suffix`.
std::vector<std::string> words_after(std::string_view text, std::string_view prefix,
                                     std::string_view suffix = {}) {
  std::vector<std::string> found;
  for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix, at + 1)) {
    auto rest = text.substr(at + prefix.size());
    auto word = rest.substr(0, rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz_-"));
    if (!word.empty() && rest.substr(word.size()).starts_with(suffix))
      found.emplace_back(word);
  }
  return found;
}

/// The files that a document links to, without what stands behind a '#'.
std::vector<std::string> links_of(std::string_view text) {
  std::vector<std::string> found;
  for (auto at = text.find("]("); at != text.npos; at = text.find("](", at + 1)) {
    auto target = text.substr(at + 2, text.find(')', at) - at - 2);
    target = target.substr(0, target.find('#'));
    if (!target.empty() && target.find(':') == target.npos)
      found.emplace_back(target);
  }
  return found;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

std::string printed_by(std::vector<std::string> words) {
  words.insert(words.begin(), "holdfast");
  std::vector<char*> pointers;
  for (auto& word : words)
    pointers.push_back(word.data());
  testing::internal::CaptureStdout();
  int status = run(static_cast<int>(pointers.size()), pointers.data(), [](node&) {});
  auto text = testing::internal::GetCapturedStdout();
  EXPECT_EQ(status, 0) << words.back();
  return text;
}

std::vector<std::string> subcommands_in(const std::string& help) {
  auto at = help.find("Subcommands:\n");
  return at == help.npos ? std::vector<std::string>{} : words_after(help.substr(at), "\n  ", " ");
}

TEST(docs, ReadmeHasTheExampleAsItIs) {
  auto blocks = blocks_of("README.md", "cpp");
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].text, read("examples/stock.cpp"));
}

void expect_blocks_stand_in(const std::string& document, const std::string& folder,
                            std::size_t count_min) {
  auto blocks = blocks_of(document, "cpp");
  ASSERT_GE(blocks.size(), count_min);
  for (auto& [info, text] : blocks) {
    ASSERT_TRUE(info.starts_with("cpp " + folder + "/")) << info;
    EXPECT_NE(read(info.substr(4)).find(text), std::string::npos) << info << "\n" << text;
  }
}

TEST(docs, TutorialBlocksStandInTheirFiles) {
  expect_blocks_stand_in("docs/tutorial.md", "examples/tutorial", 8);
  expect_blocks_stand_in("docs/work_tutorial.md", "examples/work_tutorial", 5);
}

TEST(docs, BlocksOfTheForeignTutorialStandInTheirFiles) {
  auto blocks = blocks_of("docs/foreign_tutorial.md", "python");
  auto more = blocks_of("docs/foreign_tutorial.md", "cpp");
  blocks.insert(blocks.end(), more.begin(), more.end());
  ASSERT_GE(blocks.size(), 3u);
  for (auto& [info, text] : blocks)
    EXPECT_NE(read(info.substr(info.find(' ') + 1)).find(text), std::string::npos) << info;
}

TEST(docs, BlocksOfSupervisionAndTestingStandInTheirFiles) {
  for (auto [document, count] : {std::pair("docs/supervision.md", 2u), {"docs/testing.md", 6u}}) {
    auto blocks = blocks_of(document, "cpp");
    ASSERT_EQ(blocks.size(), count);
    for (auto& [info, text] : blocks)
      EXPECT_NE(read(info.substr(4)).find(text), std::string::npos) << info << "\n" << text;
  }
}

TEST(docs, EveryWordOfSupervisionHasOneRow) {
  auto text = read("docs/supervision.md");
  auto expect_row = [&](std::string_view word) {
    EXPECT_EQ(count_of(text, "\n| `" + std::string(word) + "` | "), 1u) << word;
  };
  for (int i = 0; i <= static_cast<int>(supervision_fact::ended); ++i)
    expect_row(to_string(static_cast<supervision_fact>(i)));
  for (int i = 0; i <= static_cast<int>(restart_policy::temporary); ++i)
    expect_row(to_string(static_cast<restart_policy>(i)));
  for (int i = 0; i <= static_cast<int>(restart_strategy::rest_for_one); ++i)
    expect_row(to_string(static_cast<restart_strategy>(i)));
}

TEST(docs, OptionsOfAnItemHaveTheirDefaults) {
  auto text = read("docs/work.md");
  submit_options defaults;
  auto seconds = [](duration time) { return std::to_string(time / std::chrono::seconds(1)) + "s"; };
  auto quoted = [](std::string_view word) { return "`" + std::string(word) + "`"; };
  for (auto& [option, value] :
       {std::pair("attempts", std::to_string(defaults.attempts)),
        {"back_off", seconds(defaults.back_off)},
        {"grace", seconds(defaults.grace)},
        {"keep", std::to_string(defaults.keep / std::chrono::hours(1)) + "h"},
        {"losses", std::to_string(defaults.losses)},
        {"on_lost", quoted(to_string(defaults.on_lost))},
        {"on_return", quoted(to_string(defaults.on_return))},
        {"priority", std::to_string(defaults.priority)},
        {"run_after_failure", defaults.run_after_failure ? "yes" : "no"},
        {"slots", std::to_string(defaults.slots)}}) {
    auto row = text.find("\n| `" + std::string(option) + "` | ");
    ASSERT_NE(row, std::string::npos) << option;
    auto line = text.substr(row + 1, text.find('\n', row + 1) - row);
    EXPECT_NE(line.find(" | " + value + " | "), std::string::npos) << line;
  }
  auto help = printed_by({"submit", "--help"});
  auto table = text.substr(text.find("## Options of an item"));
  table.resize(table.find("\n## ", 1));
  auto options = words_after(table, "| `--", "` |");
  EXPECT_GE(options.size(), 16u);
  for (auto& option : options)
    EXPECT_NE(help.find("\n  --" + option + " "), std::string::npos) << option;
  EXPECT_NE(text.find("| " + std::to_string(work::item_bytes_max >> 20) + " MiB each |"),
            std::string::npos);
  EXPECT_NE(text.find("| items that one waits for | " + std::to_string(after_max) + " |"),
            std::string::npos);
  EXPECT_NE(text.find("| slots of a worker | " + std::to_string(item_slots_max) + " |"),
            std::string::npos);
}

TEST(docs, EveryWordOfWorkHasOneRow) {
  auto text = read("docs/work.md");
  auto expect_row = [&](std::string_view word) {
    EXPECT_EQ(count_of(text, "\n| `" + std::string(word) + "` | "), 1u) << word;
  };
  for (int i = 0; i <= static_cast<int>(item_state::expired); ++i)
    expect_row(to_string(static_cast<item_state>(i)));
  for (int i = 0; i <= static_cast<int>(lost_policy::suspend); ++i)
    expect_row(to_string(static_cast<lost_policy>(i)));
  for (int i = 0; i <= static_cast<int>(return_policy::verify_both); ++i)
    expect_row(to_string(static_cast<return_policy>(i)));
}

TEST(docs, EveryErrorHasOneRow) {
  auto text = read("docs/operating.md");
  text = text.substr(text.find("## Errors"));
  std::set<std::string> codes;
  for (auto code : all_errors()) {
    codes.insert(std::string(to_string(code)));
    EXPECT_EQ(count_of(text, "\n| `" + std::string(to_string(code)) + "` | "), 1u) << code;
  }
  for (auto& row : words_after(text, "\n| `", "` |"))
    EXPECT_TRUE(codes.contains(row)) << row << " is no error";
}

TEST(docs, EveryExitStatusHasARow) {
  auto text = read("docs/operating.md");
  for (auto code : {exit_code::done, exit_code::refused, exit_code::usage, exit_code::no_node,
                    exit_code::some_refused, exit_code::unreachable, exit_code::failed,
                    exit_code::unknown, exit_code::stopped_late, exit_code::sim_safety,
                    exit_code::sim_liveness, exit_code::sim_crash, exit_code::fatal})
    EXPECT_EQ(count_of(text, "\n| " + std::to_string(static_cast<int>(code)) + " | "), 1u)
        << static_cast<int>(code);
}

TEST(docs, EveryCommandAndOptionIsThereAndNoOther) {
  auto text = read("docs/operating.md");
  std::set<std::string> options;
  auto commands = subcommands_in(printed_by({"--help"}));
  ASSERT_GE(commands.size(), 12u);
  for (auto& command : commands) {
    EXPECT_NE(text.find("| `" + command), std::string::npos) << command;
    auto help = printed_by({command, "--help"});
    for (auto& sub : subcommands_in(help)) {
      EXPECT_NE(text.find("| `" + command + " " + sub), std::string::npos) << command << " " << sub;
      help += printed_by({command, sub, "--help"});
    }
    for (auto& option : words_after(help, "\n  --"))
      options.insert("--" + option);
  }
  for (auto& option : options)
    EXPECT_NE(text.find("`" + option), std::string::npos) << option;
  for (auto* before : {"`--", " --"})
    for (auto& option : words_after(text, before))
      EXPECT_TRUE(options.contains("--" + option)) << option << " is no option";
}

/// The settings that a refusal lists.
std::vector<std::string> settings_there(const std::string& wrong) {
  node_config config;
  try {
    parse_config(wrong, "test.toml", config);
  } catch (const error& problem) {
    std::string text = problem.what();
    return words_after(text.substr(text.find("there are ") + 9), " ");
  }
  return {};
}

TEST(docs, ConfigurationHasEverySettingWithItsDefault) {
  auto blocks = blocks_of("docs/operating.md", "toml");
  ASSERT_EQ(blocks.size(), 1u);
  auto text = "\n" + blocks[0].text;
  for (auto* wrong : {"zzz = 1", "[link]\nzzz = 1", "[services.pages]\nzzz = 1"}) {
    auto settings = settings_there(wrong);
    EXPECT_GE(settings.size(), 5u);
    for (auto& setting : settings)
      EXPECT_TRUE(text.find("\n" + setting + " = ") != text.npos
                  || text.find("\n[" + setting) != text.npos)
          << setting;
  }
  node_config config;
  parse_config(blocks[0].text, "operating.md", config);
  EXPECT_NO_THROW(check_options(config.options));

  node_options defaults;
  EXPECT_EQ(config.options.bytes_max, defaults.bytes_max);
  EXPECT_EQ(config.options.insecure, defaults.insecure);
  EXPECT_EQ(config.options.log_level, defaults.log_level);
  EXPECT_EQ(config.options.stop_within, defaults.stop_within);
  auto& given = config.options.settings;
  EXPECT_EQ(given.cluster, defaults.settings.cluster);
  EXPECT_EQ(given.heartbeat_interval, defaults.settings.heartbeat_interval);
  EXPECT_EQ(given.silence_max, defaults.settings.silence_max);
  EXPECT_EQ(given.handshake_max, defaults.settings.handshake_max);
  EXPECT_EQ(given.redial_min, defaults.settings.redial_min);
  EXPECT_EQ(given.redial_max, defaults.settings.redial_max);
  EXPECT_EQ(given.refused_redial, defaults.settings.refused_redial);
  EXPECT_EQ(given.window_bytes, defaults.settings.window_bytes);
  EXPECT_EQ(given.send_bytes, defaults.settings.send_bytes);
  EXPECT_EQ(given.handler_threads_max, defaults.settings.handler_threads_max);
  service_options pages;
  EXPECT_EQ(config.services.at("pages").attempts, pages.attempts);
  EXPECT_EQ(config.services.at("pages").back_off, pages.back_off);
  EXPECT_EQ(config.services.at("pages").back_off_max, pages.back_off_max);
  EXPECT_EQ(config.services.at("pages").concurrency, pages.concurrency);
  EXPECT_EQ(config.services.at("pages").ordered, pages.ordered);
}

TEST(docs, ClusterHasTheExampleAsItIsWithEverySettingAndVerb) {
  auto blocks = blocks_of("docs/cluster.md", "toml");
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].text, read("examples/cluster/cluster.toml"));
  EXPECT_NO_THROW(parse_cluster(blocks[0].text, "cluster.toml"));
  auto text = "\n" + blocks[0].text;
  for (auto* wrong : {"", "[cluster]\n", "[[node]]\n", "[[node]]\nname = \"a\"\n[[link]]\n",
                      "[[node]]\nname = \"a\"\n[[fault]]\n"})
    try {
      parse_cluster(wrong + std::string("zzz = 1\n"), "cluster.toml");
      ADD_FAILURE() << wrong;
    } catch (const error& problem) {
      std::string sentence = problem.what();
      auto settings = words_after(sentence.substr(sentence.find("there are ") + 9), " ");
      EXPECT_GE(settings.size(), 2u) << sentence;
      for (auto& setting : settings)
        EXPECT_TRUE(text.find("\n" + setting + " = ") != text.npos
                    || text.find("[" + setting + "]") != text.npos)
            << setting;
    }
  auto verbs = read("docs/cluster.md");
  for (int i = 0; i <= static_cast<int>(cluster_verb::kind::drop); ++i) {
    std::string verb(to_string(static_cast<cluster_verb::kind>(i)));
    EXPECT_NE(verbs.find("`" + verb + " NODE"), std::string::npos) << verb;
  }
}

void expect_explained(const value& report, const std::string& text) {
  for (auto& [name, content] : report.as_dict())
    EXPECT_NE(text.find("`" + name + "`"), std::string::npos) << name;
}

template <class Report>
void expect_members_explained(const std::string& text) {
  expect_explained(to_value(Report{}, "report"), text);
}

TEST(docs, EveryMemberOfAReportIsExplained) {
  auto text = read("docs/operating.md");
  text = text.substr(text.find("## What a node shows"));
  expect_members_explained<node_report>(text.substr(text.find("**`status`**")));
  expect_members_explained<peer_report>(text.substr(0, text.find("**`calls`**")));
  expect_members_explained<call_report>(text.substr(text.find("**`calls`**")));
  item_report item;
  item.history.emplace_back();
  expect_explained(show_item(item), text.substr(text.find("**`work ls`**")));
  expect_explained(show_worker({}), text.substr(text.find("**`workers ls`**")));
}

TEST(docs, LinksLeadSomewhere) {
  std::vector<fs::path> documents{"README.md", "CHANGELOG.md"};
  for (auto& entry : fs::recursive_directory_iterator(source_dir / "docs"))
    if (entry.path().extension() == ".md")
      documents.push_back(fs::relative(entry.path(), source_dir));
  for (auto& document : documents)
    for (auto& link : links_of(read(document)))
      EXPECT_TRUE(fs::exists(source_dir / document.parent_path() / link))
          << document << " leads to " << link;
}

TEST(docs, CommandsOfRunAreThere) {
  auto script = read("run");
  for (auto* document : {"README.md", "docs/foreign_tutorial.md", "docs/tutorial.md",
                         "docs/work_tutorial.md", "docs/operating.md", "docs/testing.md"})
    for (auto& command : words_after(read(document), "./run "))
      EXPECT_NE(script.find("\ncmd_" + command + "()"), std::string::npos) << command;
}

TEST(docs, EveryExampleSaysWhatItShows) {
  std::vector<fs::path> firsts;
  for (auto& entry : fs::directory_iterator(source_dir / "examples")) {
    if (entry.path().extension() == ".cpp")
      firsts.push_back(entry.path());
    if (fs::exists(entry.path() / "main.cpp"))
      firsts.push_back(entry.path() / "main.cpp");
  }
  for (auto* folder : {"examples/tutorial", "examples/work_tutorial", "examples/testing_tutorial"})
    for (auto& entry : fs::directory_iterator(source_dir / folder))
      if (entry.path().extension() != ".txt")  // a story says why by itself
        firsts.push_back(entry.path());
  EXPECT_GE(firsts.size(), 14u);
  for (auto& file : firsts)
    EXPECT_TRUE(read(file).starts_with("// Shows ")) << file;
}

}  // namespace
}  // namespace holdfast
