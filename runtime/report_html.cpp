#include <holdfast/runtime/report_page.hpp>
#include <holdfast/runtime/report_text.hpp>
#include <holdfast/runtime/report_timeline.hpp>

#include <algorithm>
#include <set>

namespace holdfast {
namespace {

using namespace reporting;

// What is still read on one page.
constexpr std::size_t rows_max = 2000, findings_max = 100, options_max = 200;
constexpr std::size_t text_columns_max = 1000;

struct verdict {
  const char* sign;
  const char* sentence;
};

verdict verdict_of(const std::string& outcome) {
  if (outcome == "good")
    return {"good", "Every promise was kept, and all that was accepted has ended."};
  if (outcome == "safety")
    return {"bad", "A promise was broken."};
  if (outcome == "liveness")
    return {"late", "No promise was broken, and not all that was accepted has ended."};
  if (outcome == "crash")
    return {"bad", "The program failed with an exception that nobody expected."};
  return {"late", "This outcome is not known to the page."};
}

bool is_fault(happening_kind kind) {
  return kind >= happening_kind::start && kind <= happening_kind::heal;
}

/// What the filter of the table calls it.
std::string_view group_of(happening_kind kind) {
  return is_fault(kind) ? "fault" : class_of(kind);
}

/// The rows of the table: what says most, and of that what stands nearest to the end.
std::set<std::size_t> choose_rows(const reading& got) {
  std::vector<std::size_t> telling, others;
  for (auto& happening : got.happenings)
    (happening.kind == happening_kind::line ? others : telling).push_back(happening.event);
  std::set<std::size_t> rows;
  auto add_last = [&](const std::vector<std::size_t>& from, std::size_t count) {
    rows.insert(from.end() - static_cast<std::ptrdiff_t>(std::min(count, from.size())), from.end());
  };
  if (telling.size() > rows_max)
    rows.insert(telling.begin(), telling.begin() + rows_max / 4);
  add_last(telling, rows_max - rows.size());
  add_last(others, rows_max - rows.size());
  return rows;
}

class page {
public:
  explicit page(const simulation_report& report)
      : report_(report), got_(read(report)), rows_(choose_rows(got_)) {}

  std::string run() && {
    begin();
    head();
    findings();
    picture();
    events();
    text_ +=
        "<details><summary>The same as a sequence chart in text</summary>\n<pre class=\"chart\">"
        + escape_lines(draw_chart(report_, got_, 120)) + "</pre>\n</details>\n";
    options();
    text_ += "</main>\n<script>" + std::string(page_script) + "</script>\n</body>\n</html>\n";
    return std::move(text_);
  }

private:
  /// A chart's lines end in the only control character that it has.
  static std::string escape_lines(const std::string& lines) {
    std::string safe;
    for (std::size_t at = 0; at < lines.size();) {
      auto end = lines.find('\n', at);
      safe += escape(std::string_view(lines).substr(at, end - at)) + "\n";
      at = end + 1;
    }
    return safe;
  }

  static std::string cut(const std::string& text) {
    return escape(wrap(clean(text), text_columns_max, 1).front());
  }

  void begin() {
    auto title = (report_.title.empty() ? std::string("simulation") : report_.title) + ", seed "
                 + std::to_string(report_.seed) + ": " + report_.outcome;
    text_ = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width\">\n<title>"
            + cut(title) + "</title>\n<style>" + std::string(page_style)
            + "</style>\n</head>\n<body>\n<main>\n";
  }

  void fact(const std::string& name, const std::string& value) {
    text_ += "<div><dt>" + escape(name) + "</dt><dd>" + escape(value) + "</dd></div>";
  }

  void head() {
    auto [sign, sentence] = verdict_of(report_.outcome);
    text_ += "<h1>" + cut(report_.title.empty() ? "Simulation" : report_.title) + "</h1>\n";
    text_ += std::string("<section class=\"verdict ") + sign + "\"><strong>" + cut(report_.outcome)
             + "</strong><span>" + sentence + "</span></section>\n<dl class=\"facts\">";
    auto faults =
        std::ranges::count_if(got_.happenings, [](auto& one) { return is_fault(one.kind); });
    auto& numbers = report_.numbers;
    fact("seed", std::to_string(report_.seed));
    fact("virtual time", seconds_text(got_.length_ns));
    fact("nodes", std::to_string(got_.nodes.size()));
    fact("lives", std::to_string(numbers.lives));
    fact("faults and starts", std::to_string(faults));
    fact("steps", std::to_string(numbers.steps));
    fact("segments", std::to_string(numbers.segments));
    fact("flushes", std::to_string(numbers.flushes));
    text_ += "</dl>\n";
    if (!report_.replay.empty())
      text_ += "<p class=\"replay\">Replay: <code>" + escape(report_.replay) + "</code></p>\n";
  }

  void findings() {
    if (report_.findings.empty())
      return;
    text_ += "<h2>Findings</h2>\n<ol class=\"findings\">\n";
    auto shown = std::min(report_.findings.size(), findings_max);
    for (std::size_t i = 0; i < shown; ++i)
      text_ += "<li>" + cut(report_.findings[i]) + "</li>\n";
    text_ += "</ol>\n";
    if (shown < report_.findings.size())
      note(left_out(shown, report_.findings.size(), "finding"));
  }

  void note(const std::string& sentence) {
    text_ += "<p class=\"note\">" + escape(sentence) + "</p>\n";
  }

  void picture() {
    auto drawn = draw_timeline(report_, got_, rows_);
    text_ += "<h2>Timeline</h2>\n" + drawn.svg + std::string(page_legend);
    for (auto& sentence : drawn.notes)
      note(sentence);
  }

  void events() {
    text_ += "<h2>Events</h2>\n" + std::string(page_filter);
    if (rows_.size() < report_.events.size())
      note(left_out(rows_.size(), report_.events.size(), "event")
           + " The JSON report has all of them.");
    text_ += "<table class=\"events\" id=\"events\">\n<thead><tr><th>time</th><th>node</th>"
             "<th>kind</th><th>what</th></tr></thead>\n<tbody>\n";
    for (auto at : rows_) {
      auto& event = report_.events[at];
      text_ += "<tr id=\"e" + std::to_string(at) + "\" class=\""
               + std::string(group_of(got_.happenings[at].kind)) + "\"><td>"
               + seconds_text(event.at_ns) + "</td><td>" + cut(event.node) + "</td><td>"
               + cut(event.kind) + "</td><td>" + cut(event.text) + "</td></tr>\n";
    }
    text_ += "</tbody>\n</table>\n";
  }

  void options() {
    if (report_.options.empty())
      return;
    text_ += "<h2>Options</h2>\n<table class=\"options\">\n<tbody>\n";
    auto shown = std::min(report_.options.size(), options_max);
    for (std::size_t i = 0; i < shown; ++i)
      text_ += "<tr><th>" + cut(report_.options[i].first) + "</th><td>"
               + cut(report_.options[i].second) + "</td></tr>\n";
    text_ += "</tbody>\n</table>\n";
    if (shown < report_.options.size())
      note(left_out(shown, report_.options.size(), "option"));
  }

  const simulation_report& report_;
  reading got_;
  std::set<std::size_t> rows_;
  std::string text_;
};

}  // namespace

std::string to_html(const simulation_report& report) {
  return page(report).run();
}

}  // namespace holdfast
