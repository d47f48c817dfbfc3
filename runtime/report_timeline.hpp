#pragma once

#include <holdfast/runtime/report_reading.hpp>

#include <set>
#include <string>
#include <vector>

namespace holdfast::reporting {

struct timeline {
  std::string svg;
  std::vector<std::string> notes;  ///< what is not in the picture, in sentences
};

/// A lane for each node, link and work item, over virtual time, as one SVG element for a page that has the style of
/// report_html.cpp. Marks of events in `rows` lead to the element "e<index>". Its size is bounded whatever happened.
timeline draw_timeline(const simulation_report& report, const reading& got,
                       const std::set<std::size_t>& rows);

/// The sequence chart in text; see `to_chart`.
std::string draw_chart(const simulation_report& report, const reading& got, std::size_t width);

/// How a page's style calls what an event is about: "death", "cut", "link"...
std::string_view class_of(happening_kind kind);

}  // namespace holdfast::reporting
