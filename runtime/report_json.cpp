#include <holdfast/runtime/report_reading.hpp>

#include <nlohmann/json.hpp>

namespace holdfast {
namespace {

using json = nlohmann::ordered_json;
using namespace reporting;

std::string shown(const json& content, int indent = -1) {
  return content.dump(indent, ' ', false, json::error_handler_t::replace);
}

json name_of(const std::string& state) {
  return state;
}
template <class S>
json name_of(S state) {
  return std::string(to_string(state));
}

template <class S>
json states_of(const bars<S>& states) {
  auto all = json::array();
  for (auto& bar : states.all())
    all.push_back({{"from_ns", bar.from_ns}, {"to_ns", bar.to_ns}, {"state", name_of(bar.state)}});
  return all;
}

json facts_of(const simulation_report& report) {
  json options = json::array();
  for (auto& [name, value] : report.options)
    options.push_back({{"name", name}, {"value", value}});
  return {{"title", report.title},
          {"seed", report.seed},
          {"outcome", report.outcome},
          {"findings", report.findings},
          {"length_ns", report.length.count()},
          {"numbers",
           {{"steps", report.numbers.steps},
            {"segments", report.numbers.segments},
            {"flushes", report.numbers.flushes},
            {"lives", report.numbers.lives}}},
          {"options", options},
          {"replay", report.replay}};
}

/// The events are added one by one: as one document they would need many times their own memory.
class writer {
public:
  explicit writer(const simulation_report& report) : report_(report), got_(read(report)) {}

  std::string run() && {
    text_ = "{\n";
    auto facts = facts_of(report_);
    for (auto& [name, value] : facts.items())
      text_ += shown(name) + ": " + shown(value) + ",\n";
    list("nodes", got_.nodes, [](auto& lane) {
      return json{{"name", lane.name}, {"states", states_of(lane.states)}};
    });
    text_ += ",\n";
    list("links", got_.links, [](auto& lane) {
      return json{{"between", {lane.a, lane.b}},
                  {"seen_by", states_of(lane.views)},
                  {"cuts", states_of(lane.cuts)}};
    });
    text_ += ",\n";
    list("items", got_.items, [](auto& lane) {
      return json{{"id", lane.id}, {"states", states_of(lane.states)}};
    });
    text_ += ",\n";
    list("events", report_.events, [](auto& event) {
      return json{
          {"at_ns", event.at_ns}, {"node", event.node}, {"kind", event.kind}, {"text", event.text}};
    });
    text_ += "\n}\n";
    return std::move(text_);
  }

private:
  template <class All, class Make>
  void list(const char* name, const All& all, Make make) {
    text_ += shown(name) + ": [";
    for (std::size_t i = 0; i < all.size(); ++i)
      text_ += (i == 0 ? "\n  " : ",\n  ") + shown(make(all[i]));
    text_ += all.empty() ? "]" : "\n]";
  }

  const simulation_report& report_;
  reading got_;
  std::string text_;
};

}  // namespace

std::string to_json(const simulation_report& report) {
  return writer(report).run();
}

}  // namespace holdfast
