#include <holdfast/runtime/report_text.hpp>
#include <holdfast/runtime/report_timeline.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <tuple>

namespace holdfast::reporting {
namespace {

// Pixels of a page that is 1200 wide.
constexpr int page_width = 1160, label_width = 150, plot_width = 995;
constexpr int axis_height = 24, node_height = 24, thin_height = 16, group_gap = 20;

// What a browser still shows at once, and an eye still tells apart.
constexpr std::size_t node_lanes_max = 60, link_lanes_max = 40, item_lanes_max = 40;
constexpr std::size_t shapes_max = 15'000;
constexpr double mark_distance = 3;
constexpr std::size_t hint_columns_max = 200;

constexpr std::string_view definitions = R"svg(<defs>
<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" class="hatch-ground"/><rect width="2" height="5" class="hatch-line"/></pattern>
<symbol id="m-start" viewBox="-6 -6 12 12" overflow="visible"><path d="M-3 -5 L5 0 L-3 5 Z"/></symbol>
<symbol id="m-stop" viewBox="-6 -6 12 12" overflow="visible"><rect x="-4" y="-4" width="8" height="8"/></symbol>
<symbol id="m-death" viewBox="-6 -6 12 12" overflow="visible"><path d="M-5 -5 L5 5 M-5 5 L5 -5"/></symbol>
<symbol id="m-freeze" viewBox="-6 -6 12 12" overflow="visible"><path d="M0 -6 V6 M-5 -3 L5 3 M-5 3 L5 -3"/></symbol>
<symbol id="m-thaw" viewBox="-6 -6 12 12" overflow="visible"><circle r="4"/></symbol>
<symbol id="m-harm" viewBox="-6 -6 12 12" overflow="visible"><path d="M0 -6 L6 0 L0 6 L-6 0 Z"/></symbol>
<symbol id="m-cut" viewBox="-6 -6 12 12" overflow="visible"><path d="M3 -6 L-3 6"/></symbol>
<symbol id="m-heal" viewBox="-6 -6 12 12" overflow="visible"><path d="M0 -5 V5 M-5 0 H5"/></symbol>
<symbol id="m-link" viewBox="-6 -6 12 12" overflow="visible"><path d="M0 -5 V5"/></symbol>
<symbol id="m-trouble" viewBox="-6 -6 12 12" overflow="visible"><path d="M0 -5 L5 4 H-5 Z"/></symbol>
<symbol id="m-work" viewBox="-6 -6 12 12" overflow="visible"><circle r="2.5"/></symbol>
</defs>
)svg";

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

/// 1, 2 or 5 of a power of ten, so that at most ten ticks fit.
double tick_step(double seconds) {
  auto step = std::pow(10, std::floor(std::log10(seconds / 10)));
  for (double factor : {1.0, 2.0, 5.0, 10.0})
    if (seconds / (step * factor) <= 10)
      return step * factor;
  return seconds;
}

class picture {
public:
  picture(const simulation_report& report, const reading& got, const std::set<std::size_t>& rows)
      : report_(report), got_(got), rows_(rows),
        length_ns_(static_cast<double>(std::max<std::int64_t>(got.length_ns, 1'000'000))) {}

  timeline run() && {
    y_ = axis_height;
    nodes();
    links();
    items();
    axis();
    if (hidden_ > 0)
      made_.notes.push_back(counted(hidden_, "shape") + " would lie on others in the picture and "
                            + (hidden_ == 1 ? "is" : "are") + " not drawn.");
    auto size = std::to_string(page_width) + " " + std::to_string(y_ + 6);
    made_.svg = "<svg class=\"timeline\" role=\"img\" aria-label=\"timeline\" viewBox=\"0 0 " + size
                + "\">\n" + std::string(definitions) + grid_ + body_ + "</svg>\n";
    return std::move(made_);
  }

private:
  // ---- lanes

  void nodes() {
    group("nodes");
    std::vector<std::size_t> weights;
    for (auto& lane : got_.nodes)
      weights.push_back(lane.marks.size());
    for (auto at : heaviest(weights, node_lanes_max)) {
      auto& lane = got_.nodes[at];
      label(lane.name, node_height);
      draw_bars(lane.states, [](node_state state) { return node_shape(state); });
      draw_marks(lane.marks, node_height);
      y_ += node_height;
    }
    say_left_out(node_lanes_max, got_.nodes.size(), "node");
    if (got_.common.empty())
      return;
    label("all", node_height);
    draw_marks(got_.common, node_height);
    y_ += node_height;
  }

  void links() {
    if (got_.links.empty())
      return;
    group("links");
    std::vector<std::size_t> weights;
    for (auto& lane : got_.links)
      weights.push_back(lane.marks.size() + lane.views.all().size());
    auto order = heaviest(weights, link_lanes_max);
    std::ranges::sort(order, {},
                      [&](auto at) { return std::tie(got_.links[at].a, got_.links[at].b); });
    for (auto at : order) {
      auto& lane = got_.links[at];
      label(lane.a + " \xE2\x80\x93 " + lane.b, thin_height);
      draw_bars(lane.views, [](link_view view) {
        return view == link_view::both ? shape{"both", 5, 6} : shape{"half", 7, 2};
      });
      draw_bars(lane.cuts, [](cut_view cut) {
        return cut == cut_view::both ? shape{"cut", 3, 10} : shape{"one-way", 3, 10};
      });
      draw_marks(lane.marks, thin_height);
      y_ += thin_height;
    }
    say_left_out(link_lanes_max, got_.links.size(), "link");
  }

  void items() {
    if (got_.items.empty())
      return;
    group("work items");
    std::vector<std::size_t> weights;
    for (auto& lane : got_.items)
      weights.push_back(lane.states.all().size());
    for (auto at : heaviest(weights, item_lanes_max)) {
      auto& lane = got_.items[at];
      label(lane.id, thin_height);
      draw_bars(lane.states, [](const std::string& state) { return item_shape(state); });
      y_ += thin_height;
    }
    say_left_out(item_lanes_max, got_.items.size(), "work item");
  }

  struct shape {
    const char* name;
    int top, height;
  };
  static shape node_shape(node_state state) {
    switch (state) {
    case node_state::up: return {"up", 6, 12};
    case node_state::frozen: return {"frozen", 6, 12};
    default: return {"down", 11, 2};
    }
  }
  static shape item_shape(const std::string& state) {
    if (state.starts_with("running"))
      return {"up", 4, 8};
    if (state.starts_with("assigned"))
      return {"both", 5, 6};
    if (state == "done")
      return {"over", 7, 2};
    if (state == "waiting" || state == "suspended")
      return {"half", 7, 2};
    return {"down", 7, 2};
  }

  // ---- parts

  void group(const char* name) {
    body_ +=
        "<text class=\"group\" x=\"0\" y=\"" + std::to_string(y_ + 14) + "\">" + name + "</text>\n";
    y_ += group_gap;
  }

  void label(const std::string& name, int height) {
    auto shown = wrap(clean(name), 20, 1).front();
    auto middle = y_ + height / 2;
    body_ += "<text class=\"label\" x=\"" + std::to_string(label_width - 8) + "\" y=\""
             + std::to_string(middle + 4) + "\"><title>" + escape(name) + "</title>" + escape(shown)
             + "</text><path class=\"rail\" d=\"M" + std::to_string(label_width) + " "
             + std::to_string(middle) + "h" + std::to_string(plot_width) + "\"/>\n";
  }

  double x(std::int64_t ns) const {
    return label_width + plot_width * static_cast<double>(ns) / length_ns_;
  }

  bool may_draw() {
    if (shapes_ < shapes_max) {
      ++shapes_;
      return true;
    }
    ++hidden_;
    return false;
  }

  static std::string text_of(const std::string& state) { return state; }
  template <class S>
  static std::string text_of(S state) {
    return std::string(to_string(state));
  }

  /// Short ones are a pixel wide; of several in one pixel the first is drawn.
  template <class S, class Shape>
  void draw_bars(const bars<S>& states, Shape shape_of) {
    double drawn_to = -1;
    for (auto& bar : states.all()) {
      auto from = x(bar.from_ns), to = x(bar.to_ns);
      if (to - from < 1 && from < drawn_to) {
        ++hidden_;
        continue;
      }
      if (!may_draw())
        continue;
      auto wide = std::max(to - from, 1.0);
      drawn_to = from + wide;
      auto how = shape_of(bar.state);
      body_ += std::string("<rect class=\"") + how.name + "\" x=\"" + number(from) + "\" y=\""
               + std::to_string(y_ + how.top) + "\" width=\"" + number(wide) + "\" height=\""
               + std::to_string(how.height) + "\"><title>" + escape(text_of(bar.state)) + ", "
               + seconds_text(bar.from_ns) + " to " + seconds_text(bar.to_ns) + "</title></rect>\n";
    }
  }

  void draw_marks(const std::vector<std::size_t>& marks, int height) {
    std::map<std::string_view, double> last;
    for (auto event : marks) {
      auto name = class_of(got_.happenings[event].kind);
      auto at = x(std::max<std::int64_t>(report_.events[event].at_ns, 0));
      auto before = last.find(name);
      if (before != last.end() && at - before->second < mark_distance) {
        ++hidden_;
        continue;
      }
      if (!may_draw())
        continue;
      last[name] = at;
      mark(event, name, at, y_ + height / 2);
    }
  }

  void mark(std::size_t event, std::string_view name, double at, int middle) {
    auto& told = report_.events[event];
    auto text = (told.node.empty() ? "" : told.node + ": ") + told.text;
    auto hint = seconds_text(told.at_ns) + " " + wrap(clean(text), hint_columns_max, 1).front();
    bool has_row = rows_.contains(event);
    if (has_row)
      body_ += "<a href=\"#e" + std::to_string(event) + "\">";
    body_ += "<use href=\"#m-" + std::string(name) + "\" class=\"mark " + std::string(name)
             + "\" x=\"" + number(at - 6) + "\" y=\"" + std::to_string(middle - 6)
             + "\" width=\"12\" height=\"12\"><title>" + escape(hint) + "</title></use>";
    body_ += has_row ? "</a>\n" : "\n";
  }

  void axis() {
    auto seconds = length_ns_ / 1e9;
    auto step = tick_step(seconds);
    for (int i = 0; i * step <= seconds * 1.0001; ++i) {
      auto at = number(label_width + plot_width * i * step / seconds);
      char text[32];
      std::snprintf(text, sizeof text, "%g s", i * step);
      grid_ += "<path class=\"grid\" d=\"M" + at + " " + std::to_string(axis_height - 4) + "V"
               + std::to_string(y_) + "\"/><text class=\"tick\" x=\"" + at + "\" y=\"14\">" + text
               + "</text>\n";
    }
  }

  void say_left_out(std::size_t max, std::size_t of, std::string_view what) {
    if (of > max)
      made_.notes.push_back(left_out(max, of, what));
  }

  const simulation_report& report_;
  const reading& got_;
  const std::set<std::size_t>& rows_;
  double length_ns_;
  int y_ = 0;
  std::size_t shapes_ = 0, hidden_ = 0;
  std::string grid_, body_;
  timeline made_;
};

}  // namespace

std::string_view class_of(happening_kind kind) {
  switch (kind) {
  case happening_kind::line: return "line";
  case happening_kind::trouble: return "trouble";
  case happening_kind::start: return "start";
  case happening_kind::stop: return "stop";
  case happening_kind::death: return "death";
  case happening_kind::freeze: return "freeze";
  case happening_kind::thaw: return "thaw";
  case happening_kind::harm: return "harm";
  case happening_kind::cut: return "cut";
  case happening_kind::heal: return "heal";
  case happening_kind::link_up:
  case happening_kind::link_down: return "link";
  case happening_kind::act:
  case happening_kind::sent:
  case happening_kind::item: return "work";
  }
  return "line";
}

timeline draw_timeline(const simulation_report& report, const reading& got,
                       const std::set<std::size_t>& rows) {
  return picture(report, got, rows).run();
}

}  // namespace holdfast::reporting
