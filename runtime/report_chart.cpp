#include <holdfast/runtime/report_text.hpp>
#include <holdfast/runtime/report_timeline.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace holdfast {
namespace {

using namespace reporting;

constexpr std::size_t width_min = 60;
constexpr std::size_t time_width = 12;  ///< "1234567.890 s" moves the columns, and that is rare
constexpr std::size_t text_width_min = 30;
constexpr std::size_t column_min = 6, column_max = 12;
constexpr std::size_t text_lines_max = 3;

/// Of the rows that a chart shows: it is for eyes. The end is nearest to what went wrong.
constexpr std::size_t first_rows_max = 100, last_rows_max = 300;
constexpr std::size_t findings_max = 20;

class chart {
public:
  chart(const simulation_report& report, const reading& got, std::size_t width)
      : report_(report), got_(got), width_(std::max(width, width_min)) {
    choose_nodes();
  }

  std::string run() && {
    head();
    auto shown = shown_happenings();
    std::size_t next = 0;
    for (auto& happening : got_.happenings) {
      if (next < shown.size() && shown[next] == happening.event) {
        if (next == first_rows_max && is_cut_short_)
          gap();
        row(happening);
        ++next;
      }
      become(happening);
    }
    foot();
    return std::move(text_);
  }

private:
  // ---- what is shown

  bool is_shown(const happening& news) const {
    return news.kind != happening_kind::line && !got_.is_half_of_two[news.event];
  }

  std::vector<std::size_t> shown_happenings() {
    std::vector<std::size_t> all;
    for (auto& happening : got_.happenings)
      if (is_shown(happening))
        all.push_back(happening.event);
    if (all.size() <= first_rows_max + last_rows_max)
      return all;
    is_cut_short_ = true;
    rows_left_out_ = all.size() - first_rows_max - last_rows_max;
    all.erase(all.begin() + first_rows_max, all.end() - last_rows_max);
    return all;
  }

  /// Those to which something happens, when there is no room for all.
  void choose_nodes() {
    auto room = width_ - time_width - text_width_min;
    auto count_max = room / column_min;
    std::map<std::string, std::size_t> news;
    for (auto& happening : got_.happenings)
      if (is_shown(happening)) {
        ++news[happening.node];
        ++news[happening.peer];
      }
    std::vector<std::size_t> weights;
    for (auto& node : got_.nodes)
      weights.push_back(news[node.name]);
    auto order = heaviest(weights, count_max);
    nodes_left_out_ = got_.nodes.size() - order.size();
    for (auto at : order) {
      column_of_.emplace(got_.nodes[at].name, names_.size());
      names_.push_back(clean(got_.nodes[at].name));
    }
    states_.assign(names_.size(), node_state::absent);
    column_ = names_.empty() ? 0 : std::clamp(room / names_.size(), column_min, longest_name());
  }

  std::size_t longest_name() const {
    auto longest = column_min;
    for (auto& name : names_)
      longest = std::max(longest, columns_of(name) + 2);
    return std::min(longest, column_max);
  }

  std::size_t column(const std::string& name) const {
    auto at = column_of_.find(name);
    return at == column_of_.end() ? names_.size() : at->second;
  }

  // ---- lines

  void line(std::string content) {
    while (!content.empty() && content.back() == ' ')
      content.pop_back();
    text_ += content + "\n";
  }

  void head() {
    auto title = clean(report_.title);
    auto summary = (title.empty() ? "" : title + ": ") + "seed " + std::to_string(report_.seed)
                   + ", " + clean(report_.outcome) + ", " + seconds_text(got_.length_ns);
    for (auto& part : wrap(summary, width_, text_lines_max))
      line(part);
    if (nodes_left_out_ > 0)
      line("(no columns for " + counted(nodes_left_out_, "node") + ")");
    line("");
    std::string names(time_width, ' ');
    for (auto& name : names_) {
      auto part = columns_of(name) < column_ ? name : wrap(name, column_ - 2, 1).front();
      names += part + std::string(column_ - columns_of(part), ' ');
    }
    line(names);
  }

  void foot() {
    line(std::string(time_width, ' ') + lifelines());
    auto& findings = report_.findings;
    auto shown = std::min(findings.size(), findings_max);
    for (std::size_t i = 0; i < shown; ++i)
      for (auto& part : wrap(clean(findings[i]), width_, text_lines_max))
        line(part);
    if (shown < findings.size())
      line("... " + counted(findings.size() - shown, "finding") + " left out");
    if (!report_.replay.empty())
      for (auto& part : wrap("replay: " + clean(report_.replay), width_, 10))
        line(part);
  }

  void gap() {
    line(std::string(time_width, ' ') + lifelines() + "... " + counted(rows_left_out_, "row")
         + " left out");
  }

  std::string lifelines() const {
    std::string drawn;
    for (auto state : states_) {
      drawn += state == node_state::up ? '|' : state == node_state::frozen ? ':' : ' ';
      drawn.append(column_ - 1, ' ');
    }
    return drawn;
  }

  void row(const happening& news) {
    auto& event = report_.events[news.event];
    auto time = seconds_text(event.at_ns);
    auto text = (event.node.empty() ? "" : clean(event.node) + ": ") + clean(event.text);
    auto room = width_ - time_width - names_.size() * column_;
    bool is_first = true;
    auto before = lifelines();
    auto drawn = draw(news, before);
    become(news);
    for (auto& part : wrap(text, room, text_lines_max)) {
      auto left = is_first ? time : std::string();
      left.insert(0, time_width - 2 - std::min(time_width - 2, left.size()), ' ');
      line(left + "  " + (is_first ? drawn : lifelines()) + part);
      is_first = false;
    }
  }

  // ---- marks

  static char mark_of(happening_kind kind) {
    switch (kind) {
    case happening_kind::start: return '+';
    case happening_kind::stop: return 'O';
    case happening_kind::death: return 'X';
    case happening_kind::freeze: return '#';
    case happening_kind::thaw: return '|';
    case happening_kind::harm: return '!';
    case happening_kind::trouble: return '?';
    default: return '*';
    }
  }

  std::string draw(const happening& news, std::string drawn) const {
    auto from = column(news.node), to = column(news.peer);
    if (news.kind == happening_kind::heal && news.node.empty())
      return drawn;
    if (from < names_.size() && to < names_.size() && from != to)
      return arrow(news, std::move(drawn), from * column_, to * column_);
    if (from < names_.size())
      drawn[from * column_] = mark_of(news.kind);
    else if (to < names_.size())
      drawn[to * column_] = '*';
    return drawn;
  }

  /// Between the two, with a tip at the second, or at both if it is about both.
  std::string arrow(const happening& news, std::string drawn, std::size_t from,
                    std::size_t to) const {
    auto [low, high] = std::minmax(from, to);
    bool is_link = news.kind == happening_kind::link_up || news.kind == happening_kind::link_down;
    std::fill(drawn.begin() + static_cast<std::ptrdiff_t>(low + 1),
              drawn.begin() + static_cast<std::ptrdiff_t>(high), is_link ? '=' : '-');
    auto middle = low + (high - low) / 2;
    bool has_two_tips = news.kind == happening_kind::heal || news.kind == happening_kind::harm
                        || (news.kind == happening_kind::link_up && is_both(news));
    if (news.kind == happening_kind::link_down || news.kind == happening_kind::cut)
      drawn[middle] = news.kind == happening_kind::cut ? '/' : 'x';
    else if (news.kind == happening_kind::harm)
      drawn[middle] = '!';
    if (to == high || has_two_tips)
      drawn[high - 1] = '>';
    if (to == low || has_two_tips)
      drawn[low + 1] = '<';
    return drawn;
  }

  bool is_both(const happening& news) const {
    auto seen = seen_.find(news.peer);
    return seen != seen_.end() && seen->second.contains(news.node);
  }

  void become(const happening& news) {
    auto at = column(news.node);
    auto turn = [&](node_state state) {
      if (at < states_.size())
        states_[at] = state;
    };
    switch (news.kind) {
    case happening_kind::start: turn(node_state::up); break;
    case happening_kind::stop:
    case happening_kind::death:
      turn(node_state::down);
      seen_.erase(news.node);
      break;
    case happening_kind::freeze: turn(node_state::frozen); break;
    case happening_kind::thaw:
      if (at < states_.size() && states_[at] == node_state::frozen)
        turn(node_state::up);
      break;
    case happening_kind::link_up: seen_[news.node].insert(news.peer); break;
    case happening_kind::link_down: seen_[news.node].erase(news.peer); break;
    default: break;
    }
  }

  const simulation_report& report_;
  const reading& got_;
  std::size_t width_, column_ = 0;
  std::vector<std::string> names_;
  std::map<std::string, std::size_t> column_of_;
  std::vector<node_state> states_;  ///< now, by column
  std::map<std::string, std::set<std::string>> seen_;
  std::size_t nodes_left_out_ = 0, rows_left_out_ = 0;
  bool is_cut_short_ = false;
  std::string text_;
};

}  // namespace

std::string reporting::draw_chart(const simulation_report& report, const reading& got,
                                  std::size_t width) {
  return chart(report, got, width).run();
}

std::string to_chart(const simulation_report& report, std::size_t width) {
  return draw_chart(report, read(report), width);
}

}  // namespace holdfast
