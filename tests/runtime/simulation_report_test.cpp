#include <holdfast/core/value.hpp>
#include <holdfast/runtime/json.hpp>
#include <holdfast/runtime/report_reading.hpp>
#include <holdfast/runtime/report_text.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

// What people see of a run: the page, the chart and the JSON, of made-up events and of a real run with every verb.
namespace holdfast {
namespace {

using namespace std::chrono_literals;
using namespace reporting;

constexpr std::int64_t ms = 1'000'000;

/// A story of two nodes, a crash and a cut.
simulation_report small_story() {
  simulation_report report;
  report.title = "two nodes";
  report.seed = 7;
  report.outcome = "safety";
  report.findings = {"C1 target: the call 1 from source was never executed"};
  report.length = 5s;
  report.nodes = {"source", "target"};
  report.events = {
      {0, "source", "fault", "add"},
      {0, "target", "fault", "add"},
      {10 * ms, "source", "info", "link to target is up: start 1"},
      {11 * ms, "target", "info", "link to source is up: start 1"},
      {20 * ms, "source", "info", "serves 1 methods, listens on source"},
      {1000 * ms, "", "act", "queued call 1 at source for target"},
      {1500 * ms, "target", "fault", "crash"},
      {1501 * ms, "source", "info", "link to target is down: link_lost: 'target': reset"},
      {2000 * ms, "", "fault", "partition source -> target"},
      {2500 * ms, "target", "fault", "restart"},
      {3000 * ms, "source", "fault", "freeze"},
      {3250 * ms, "target", "warning", "the disk is slow"},
      {3500 * ms, "source", "fault", "thaw"},
      {4500 * ms, "", "fault", "heal source and target"},
  };
  report.numbers = {100, 20, 10, 3};
  report.options = {{"nodes", "2"}, {"faults", "crash,freeze"}};
  report.replay = "holdfast sim --replay 7";
  return report;
}

template <class S>
std::string text_of(const bars<S>& states) {
  std::string text;
  for (auto& bar : states.all())
    text += std::string(to_string(bar.state)) + " " + std::to_string(bar.from_ns / ms) + "-"
            + std::to_string(bar.to_ns / ms) + "; ";
  return text;
}

/// What is wrong with the tags of a page; empty if every one that opens is closed, in order.
std::string wrong_tag(const std::string& page) {
  const std::set<std::string> alone{"meta", "input", "!DOCTYPE"};
  std::vector<std::string> open;
  for (std::size_t at = 0; (at = page.find('<', at)) != std::string::npos;) {
    auto end = page.find('>', at);
    if (end == std::string::npos)
      return "a tag without end";
    auto tag = page.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos)
      return "a tag within " + tag;
    auto name = tag.substr(0, tag.find(' '));
    at = end + 1;
    if (name.starts_with("/")) {
      if (open.empty() || open.back() != name.substr(1))
        return name + " within " + (open.empty() ? "nothing" : open.back());
      open.pop_back();
    } else if (!tag.ends_with("/") && !alone.contains(name)) {
      open.push_back(name);
    }
    if (name == "script" || name == "style")
      at = page.find("</" + name, at);
  }
  return open.empty() ? "" : open.back() + " is not closed";
}

std::size_t count_of(const std::string& in, const std::string& what) {
  std::size_t count = 0;
  for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + 1))
    ++count;
  return count;
}

// ---- what events mean

TEST(simulation_report, NodesAreUpFrozenOrDown) {
  auto got = read(small_story());
  ASSERT_EQ(got.nodes.size(), 2u);
  EXPECT_EQ(text_of(got.nodes[0].states), "up 0-3000; frozen 3000-3500; up 3500-5000; ");
  EXPECT_EQ(text_of(got.nodes[1].states), "up 0-1500; down 1500-2500; up 2500-5000; ");
}

TEST(simulation_report, ALinkIsSeenByOneOrBothAndCutBetween) {
  auto got = read(small_story());
  ASSERT_EQ(got.links.size(), 1u);
  EXPECT_EQ(text_of(got.links[0].views), "half 10-11; both 11-1500; half 1500-1501; ");
  EXPECT_EQ(text_of(got.links[0].cuts), "forward 2000-4500; ");
}

TEST(simulation_report, AThawOfARunningNodeIsNoChangeAndADeathEndsTheFrost) {
  simulation_report report;
  report.length = 4s;
  report.events = {{0, "a", "fault", "add"},
                   {1000 * ms, "a", "fault", "thaw"},
                   {2000 * ms, "a", "fault", "freeze"},
                   {3000 * ms, "a", "fault", "died"},
                   {3500 * ms, "a", "fault", "thaw"}};
  EXPECT_EQ(text_of(read(report).nodes.at(0).states),
            "up 0-2000; frozen 2000-3000; down 3000-4000; ");
}

TEST(simulation_report, WorkItemsHaveTheirStates) {
  simulation_report report;
  report.events = {{0, "hub", "work", "item hub-1 waiting"},
                   {1000 * ms, "hub", "work", "item hub-1 assigned to w1"},
                   {2000 * ms, "hub", "work", "item hub-1 running on w1"},
                   {3000 * ms, "hub", "work", "item hub-1 moved to w2"},
                   {4000 * ms, "hub", "work", "item hub-1 done"},
                   {5000 * ms, "hub", "info", "item hub-1 is looked at"}};
  auto got = read(report);
  ASSERT_EQ(got.items.size(), 1u);
  std::string text;
  for (auto& bar : got.items[0].states.all())
    text += bar.state + " " + std::to_string(bar.to_ns / ms) + "; ";
  EXPECT_EQ(text, "waiting 1000; assigned to w1 2000; running on w1 3000; assigned to w2 4000; "
                  "done 5000; ");
  EXPECT_EQ(got.happenings.back().kind, happening_kind::line);
}

void serve_nothing(node&) {}

/// The texts of faults are made elsewhere: none of them may lose its meaning here.
TEST(simulation_report, TheWordsOfEveryVerbAreUnderstood) {
  simulation sim({.seed = 3});
  sim.add("a", serve_nothing);
  sim.add("b", serve_nothing, {.peers = {"a"}});
  sim.advance(5s);
  sim.freeze("a");
  sim.advance(1s);
  sim.thaw("a");
  sim.crash("a");
  sim.restart("a");
  sim.crash("a", false);
  sim.restart("a");
  sim.stop("a");
  sim.restart("a");
  sim.lose_disk("a");
  sim.restart("a");
  sim.partition("a", "b");
  sim.advance(1s);
  sim.heal("a", "b");
  sim.partition_one_way("b", "a");
  sim.heal();
  sim.delay("a", "b", 5ms);
  sim.drop("a", "b", 0.5);
  sim.slow_disk("b", 1ms);
  sim.full_disk("b", 1 << 20);
  sim.corrupt("b", disk_damage::bit);
  sim.lying_disk("b", 1);
  sim.skew_clock("b", 1h);
  sim.crash_in_flush("a", true);
  simulation_report report;
  report.events = sim.events();
  auto got = read(report);
  std::string kinds;
  for (auto& happening : got.happenings)
    if (report.events[happening.event].kind == "fault")
      kinds +=
          std::to_string(static_cast<int>(happening.kind)) + happening.node + happening.peer + " ";
  auto k = [](happening_kind kind, const char* names) {
    return std::to_string(static_cast<int>(kind)) + names + " ";
  };
  using enum happening_kind;
  EXPECT_EQ(kinds, k(start, "a") + k(start, "b") + k(freeze, "a") + k(thaw, "a") + k(death, "a")
                       + k(start, "a") + k(death, "a") + k(start, "a") + k(stop, "a")
                       + k(start, "a") + k(death, "a") + k(harm, "a") + k(start, "a") + k(cut, "ab")
                       + k(cut, "ba") + k(heal, "ab") + k(cut, "ba") + k(heal, "") + k(harm, "ab")
                       + k(harm, "ab") + k(harm, "b") + k(harm, "b") + k(harm, "b") + k(harm, "b")
                       + k(harm, "b") + k(harm, "a"));
  ASSERT_EQ(got.links.size(), 1u);
  auto views = got.links[0].views.all();
  EXPECT_TRUE(std::ranges::any_of(views, [](auto& bar) { return bar.state == link_view::both; }));
  EXPECT_TRUE(std::ranges::any_of(views, [](auto& bar) { return bar.state == link_view::half; }));
}

// ---- the page

TEST(simulation_report, ThePageSaysTheVerdictFirst) {
  auto report = small_story();
  auto page = to_html(report);
  EXPECT_EQ(wrong_tag(page), "");
  EXPECT_NE(page.find("class=\"verdict bad\"><strong>safety</strong>"), std::string::npos);
  EXPECT_NE(page.find("<li>C1 target: the call 1 from source was never executed</li>"),
            std::string::npos);
  EXPECT_NE(page.find("<code>holdfast sim --replay 7</code>"), std::string::npos);
  EXPECT_NE(page.find("<tr><th>faults</th><td>crash,freeze</td></tr>"), std::string::npos);
  EXPECT_EQ(count_of(page, "<rect class=\"up\" x="), 4u);
  EXPECT_EQ(count_of(page, "<rect class=\"frozen\" x="), 1u);
  EXPECT_EQ(count_of(page, "<rect class=\"down\" x="), 1u);
  EXPECT_EQ(count_of(page, "<tr id=\"e"), report.events.size());
  EXPECT_EQ(page.find("The page shows"), std::string::npos);
  report.outcome = "good";
  report.findings.clear();
  page = to_html(report);
  EXPECT_NE(page.find("class=\"verdict good\"><strong>good</strong>"), std::string::npos);
  EXPECT_EQ(page.find("Findings"), std::string::npos);
  report.outcome = "liveness";
  EXPECT_NE(to_html(report).find("class=\"verdict late\""), std::string::npos);
}

TEST(simulation_report, ThePageNeedsNothingFromElsewhere) {
  auto page = to_html(small_story());
  for (auto word : {"http:", "https:", "src=", "@import", "<link"})
    EXPECT_EQ(page.find(word), std::string::npos) << word;
}

TEST(simulation_report, AnEmptyReportIsAPageToo) {
  simulation_report empty;
  EXPECT_EQ(wrong_tag(to_html(empty)), "");
  EXPECT_EQ(to_chart(empty), "seed 0, , 0.000 s\n\n\n\n");
}

TEST(simulation_report, TextsAreEscapedWhereverTheyStand) {
  const std::string evil = "</script><b a=\"'&\xFF\x01>";
  simulation_report report;
  report.title = report.outcome = report.replay = evil;
  report.findings = report.nodes = {evil};
  report.options = {{evil, evil}};
  report.events = {{0, evil, "fault", "add"},
                   {ms, evil, evil, evil},
                   {2 * ms, evil, "warning", evil},
                   {3 * ms, "", "act", "item " + evil + " done"},
                   {4 * ms, "x", "info", "link to <b> is up: start 1"}};
  auto page = to_html(report);
  EXPECT_EQ(wrong_tag(page), "");
  EXPECT_EQ(page.find("<b"), page.find("<body>"));
  EXPECT_EQ(count_of(page, "<b"), 1u);
  EXPECT_EQ(count_of(page, "</script>"), 1u);
  EXPECT_EQ(page.find('\xFF'), std::string::npos);
  EXPECT_NE(page.find("&lt;/script&gt;&lt;b a=&quot;&#39;&amp;\xEF\xBF\xBD\xEF\xBF\xBD&gt;"),
            std::string::npos);
}

TEST(simulation_report, WrongBytesAreMarkedAndRightOnesKept) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(clean("K\xC3\xB6ln \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "K\xC3\xB6ln \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(clean("\xC3"), mark);
  EXPECT_EQ(clean("\xC0\x80"), mark + mark);
  EXPECT_EQ(clean("\xED\xA0\x80"), mark + mark + mark);
  EXPECT_EQ(clean("a\nb\x1B"), "a b" + mark);
}

TEST(simulation_report, AMillionEventsAreABoundedPageThatSaysWhatItLeavesOut) {
  simulation_report report;
  report.outcome = "safety";
  report.length = 1000s;
  for (int i = 0; i < 1000; ++i)
    report.nodes.push_back("n" + std::to_string(i));
  for (std::int64_t i = 0; i < 1'000'000; ++i) {
    auto& name = report.nodes[static_cast<std::size_t>(i * 7 % 1000)];
    auto& other = report.nodes[static_cast<std::size_t>(i * 13 % 997)];
    std::string fault = i / 1000 % 2 == 0 ? "restart" : "crash";
    if (i % 3 == 0)
      report.events.push_back({i * ms, name, "fault", fault});
    else if (i % 3 == 1 && i % 10 == 0)
      report.events.push_back({i * ms, name, "info", "link to " + other + " is up: start 1"});
    else
      report.events.push_back({i * ms, name, "info", "serves 1 methods, listens on " + other});
  }
  report.findings.assign(5000, "C1 " + std::string(5000, 'x'));
  auto page = to_html(report);
  EXPECT_LT(page.size(), 5'000'000u);
  EXPECT_EQ(wrong_tag(page), "");
  EXPECT_NE(page.find("The page shows 2,000 of 1,000,000 events."), std::string::npos);
  EXPECT_NE(page.find("The page shows 60 of 1,000 nodes."), std::string::npos);
  EXPECT_NE(page.find("The page shows 100 of 5,000 findings."), std::string::npos);
  EXPECT_NE(page.find("are not drawn."), std::string::npos);
  EXPECT_NE(page.find("<tr id=\"e999999\""), std::string::npos);
  auto chart = to_chart(report);
  EXPECT_LT(count_of(chart, "\n"), 2000u);
  EXPECT_NE(chart.find("rows left out"), std::string::npos);
  EXPECT_NE(chart.find("(no columns for 991 nodes)"), std::string::npos);
}

// ---- JSON

TEST(simulation_report, TheJsonHasTheSameFacts) {
  auto report = small_story();
  report.seed = 18'000'000'000'000'000'000u;
  report.events[4].text = "a \"quoted\" <line>\n";
  auto text = to_json(report);
  EXPECT_NE(text.find("\"seed\": 18000000000000000000,"), std::string::npos);
  report.seed = 7;
  auto read_back = parse_json(to_json(report));
  auto& facts = read_back.as_dict();
  EXPECT_EQ(facts.at("outcome"), value("safety"));
  EXPECT_EQ(facts.at("seed"), value(7));
  EXPECT_EQ(facts.at("length_ns"), value(5'000'000'000));
  auto& events = facts.at("events").as_array();
  ASSERT_EQ(events.size(), report.events.size());
  EXPECT_EQ(events[4].as_dict().at("text"), value(report.events[4].text));
  auto& target = facts.at("nodes").as_array()[1].as_dict();
  EXPECT_EQ(target.at("name"), value("target"));
  auto& states = target.at("states").as_array();
  ASSERT_EQ(states.size(), 3u);
  EXPECT_EQ(states[1].as_dict().at("state"), value("down"));
  EXPECT_EQ(facts.at("links").as_array().size(), 1u);
}

TEST(simulation_report, TheJsonOfNothingAndOfWrongBytesIsJson) {
  EXPECT_NO_THROW(parse_json(to_json(simulation_report{})));
  simulation_report report;
  report.title = "\xFF";
  report.events = {{0, "a", "info", "\xC3("}};
  EXPECT_NO_THROW(parse_json(to_json(report)));
}

// ---- the chart

TEST(simulation_report, AChartTellsASmallStory) {
  EXPECT_EQ(to_chart(small_story(), 80), R"(two nodes: seed 7, safety, 5.000 s

            source  target
   0.000 s  +               source: add
   0.000 s  |       +       target: add
   0.011 s  |<=====>|       target: link to source is up: start 1
   1.000 s  |------>|       queued call 1 at source for target
   1.500 s  |       X       target: crash
   1.501 s  |===x==>        source: link to target is down: link_lost: 'target':
            |               reset
   2.000 s  |---/-->        partition source -> target
   2.500 s  |       +       target: restart
   3.000 s  #       |       source: freeze
   3.250 s  :       ?       target: the disk is slow
   3.500 s  |       |       source: thaw
   4.500 s  |<----->|       heal source and target
            |       |
C1 target: the call 1 from source was never executed
replay: holdfast sim --replay 7
)");
}

TEST(simulation_report, NoLineOfAChartIsTooLong) {
  auto report = small_story();
  report.events.push_back({4600 * ms, "target", "error", std::string(1000, 'x')});
  report.nodes = {"a-name-that-is-much-too-long-for-a-column", "source", "target"};
  for (std::size_t width : {0u, 60u, 77u, 140u}) {
    auto chart = to_chart(report, width);
    for (std::size_t at = 0; at < chart.size();) {
      auto end = chart.find('\n', at);
      EXPECT_LE(end - at, std::max<std::size_t>(width, 60)) << chart.substr(at, end - at);
      at = end + 1;
    }
  }
}

}  // namespace
}  // namespace holdfast
