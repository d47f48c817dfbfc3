// Reading XML-RPC: which element may stand where, and what becomes of it.

#include <holdfast/core/error.hpp>
#include <holdfast/runtime/foreign_xml.hpp>
#include <holdfast/runtime/foreign_xml_scalars.hpp>
#include <holdfast/runtime/xml_events.hpp>

#include <algorithm>
#include <optional>

namespace holdfast {
namespace {

enum class element : std::uint8_t {
  document,
  call,
  response,
  method_name,
  params,
  param,
  fault,
  value,
  array,
  data,
  structure,
  member,
  name,
  // What follows holds text alone.
  integer,
  long_integer,
  boolean,
  real,
  string,
  date_time,
  base64,
  nil,
};

constexpr unsigned any_place = ~0u;

// The grammar: `is` may stand within `inside` as that child of it, counted from 0.
struct rule {
  std::string_view name;
  element is, inside;
  unsigned place;
};

constexpr rule grammar[] = {
    {"value", element::value, element::data, any_place},
    {"value", element::value, element::member, 1},
    {"value", element::value, element::param, 0},
    {"value", element::value, element::fault, 0},
    {"member", element::member, element::structure, any_place},
    {"name", element::name, element::member, 0},
    {"int", element::integer, element::value, 0},
    {"i4", element::integer, element::value, 0},
    {"string", element::string, element::value, 0},
    {"double", element::real, element::value, 0},
    {"boolean", element::boolean, element::value, 0},
    {"struct", element::structure, element::value, 0},
    {"array", element::array, element::value, 0},
    {"data", element::data, element::array, 0},
    {"nil", element::nil, element::value, 0},
    {"ex:nil", element::nil, element::value, 0},
    {"i8", element::long_integer, element::value, 0},
    {"ex:i8", element::long_integer, element::value, 0},
    {"base64", element::base64, element::value, 0},
    {"dateTime.iso8601", element::date_time, element::value, 0},
    {"param", element::param, element::params, any_place},
    {"params", element::params, element::call, 1},
    {"params", element::params, element::response, 0},
    {"methodName", element::method_name, element::call, 0},
    {"fault", element::fault, element::response, 0},
    {"methodCall", element::call, element::document, 0},
    {"methodResponse", element::response, element::document, 0},
};

std::string_view name_of(element is) {
  for (auto& each : grammar)
    if (each.is == is)
      return each.name;
  return "the document";
}

// The children that an element cannot do without.
unsigned needed_by(element is) {
  switch (is) {
  case element::member: return 2;
  case element::call:
  case element::response:
  case element::param:
  case element::fault:
  case element::array: return 1;
  default: return 0;
  }
}

bool holds_text(element is) {
  return is == element::method_name || is == element::value || is == element::name
         || is >= element::integer;
}

[[noreturn]] void refuse(const std::string& why) {
  throw error(errc::bad_frame, why);  // the place is added by read_xml
}

class document_reader final : public xml_events {
public:
  explicit document_reader(element wanted) : wanted_(wanted) {
    open_.push_back({element::document, 0});
  }

  void start(std::string_view name) override {
    auto& above = open_.back();
    auto found = std::find_if(std::begin(grammar), std::end(grammar), [&](const rule& each) {
      return each.name == name && each.inside == above.is
             && (each.place == any_place || each.place == above.children);
    });
    if (found == std::end(grammar))
      misplaced(name, above.is);
    if (above.is == element::document && found->is != wanted_)
      refuse("a <" + std::string(name) + "> where a <" + std::string(name_of(wanted_))
             + "> is expected");
    if (!detail::without_blanks(text_).empty())  // of a value, which then has an element
      refuse("text beside an element in <value>");
    text_.clear();
    ++above.children;
    open_.push_back({found->is, 0});
    opened(found->is);
  }

  void text(std::string_view piece) override {
    auto& within = open_.back();
    bool kept = holds_text(within.is) && within.children == 0;
    if (kept)
      text_.append(piece);
    else if (!detail::without_blanks(piece).empty())
      refuse("text in <" + std::string(name_of(within.is)) + ">");
  }

  void end() override {
    auto [is, children] = open_.back();
    if (children < needed_by(is))
      refuse("<" + std::string(name_of(is)) + "> without its " + missing_in(is, children));
    open_.pop_back();
    closed(is, children);
    text_.clear();
  }

  std::string method;
  array params;
  std::optional<foreign_fault> fault;

private:
  struct open_element {
    element is;
    unsigned children;
  };

  [[noreturn]] static void misplaced(std::string_view name, element above) {
    bool known = std::any_of(std::begin(grammar), std::end(grammar),
                             [&](auto& each) { return each.name == name; });
    if (!known)
      refuse("the element <" + std::string(name.substr(0, 64)) + ">, which XML-RPC does not have");
    auto place = above == element::document ? "as the outermost element"
                                            : "here in <" + std::string(name_of(above)) + ">";
    refuse("<" + std::string(name) + "> has no place " + place);
  }

  static std::string missing_in(element is, unsigned children) {
    if (is == element::response)
      return "<params> or <fault>";
    for (auto& each : grammar)
      if (each.inside == is && each.place == children)
        return "<" + std::string(each.name) + ">";
    return "content";
  }

  void opened(element is) {
    if (is != element::data && is != element::structure)
      return;
    if (arrays_.size() + structs_.size() >= limits::foreign_depth_max)
      refuse("nested deeper than " + std::to_string(limits::foreign_depth_max) + " levels");
    if (is == element::data)
      arrays_.emplace_back();
    else
      structs_.emplace_back();
  }

  void closed(element is, unsigned children) {
    switch (is) {
    case element::method_name: close_method_name(); break;
    case element::params:
      if (wanted_ == element::response && children != 1)
        refuse("a response gives one value, not " + std::to_string(children));
      break;
    case element::fault: close_fault(); break;
    case element::value: close_value(children); break;
    case element::data: close_data(); break;
    case element::structure: close_structure(); break;
    case element::name: structs_.back().push_back({std::move(text_), {}}); break;
    case element::integer: done_ = detail::xml_integer(text_, 32); break;
    case element::long_integer: done_ = detail::xml_integer(text_, 64); break;
    case element::boolean: done_ = detail::xml_boolean(text_); break;
    case element::real: done_ = detail::xml_double(text_); break;
    case element::string: done_ = std::move(text_); break;
    case element::date_time: done_ = detail::xml_date_time(text_); break;
    case element::base64: done_ = detail::xml_base64(std::move(text_)); break;
    case element::nil: close_nil(); break;
    default: break;
    }
  }

  void close_method_name() {
    method = detail::without_blanks(text_);
    check_foreign_method(method);
  }

  void close_nil() {
    if (!detail::without_blanks(text_).empty())
      refuse("text in <nil>");
    done_ = value();
  }

  void close_value(unsigned children) {
    if (++values_ > limits::foreign_values_max)
      refuse("more than " + std::to_string(limits::foreign_values_max) + " values");
    if (children == 0)
      done_ = std::move(text_);
    switch (open_.back().is) {
    case element::data: arrays_.back().push_back(std::move(done_)); break;
    case element::member: structs_.back().back().content = std::move(done_); break;
    case element::param: params.push_back(std::move(done_)); break;
    default: break;  // a fault takes it at its end
    }
  }

  void close_data() {
    done_ = std::move(arrays_.back());
    arrays_.pop_back();
  }

  void close_structure() {
    auto members = std::move(structs_.back());
    structs_.pop_back();
    done_ = dict(std::move(members));  // refuses a name that is there twice
  }

  void close_fault() {
    auto members = done_.get_if<dict>();
    auto code = members ? members->find("faultCode") : nullptr;
    auto text = members ? members->find("faultString") : nullptr;
    if (!code || !text || members->size() != 2 || !code->get_if<std::int64_t>()
        || !text->get_if<std::string>()
        || code->as_integer() != static_cast<std::int32_t>(code->as_integer()))
      refuse("a fault is a struct of faultCode, an int, and faultString, a string");
    fault = foreign_fault{static_cast<std::int32_t>(code->as_integer()), text->as_string()};
  }

  element wanted_;
  std::vector<open_element> open_;
  std::string text_;  // of the innermost element, since its tag
  value done_;        // the value that was completed last
  std::vector<array> arrays_;
  std::vector<std::vector<member>> structs_;
  std::size_t values_ = 0;
};

}  // namespace

foreign_call decode_xml_call(std::string_view document) {
  document_reader reader(element::call);
  read_xml(document, reader);
  return {std::move(reader.method), std::move(reader.params), {}, foreign_body::xml};
}

foreign_response decode_xml_response(std::string_view document) {
  document_reader reader(element::response);
  read_xml(document, reader);
  if (reader.fault)
    return std::move(*reader.fault);
  return std::move(reader.params.front());
}

}  // namespace holdfast
