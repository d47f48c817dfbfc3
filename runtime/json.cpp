#include <holdfast/core/error.hpp>
#include <holdfast/runtime/base64.hpp>
#include <holdfast/runtime/json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace holdfast {
namespace {

// Names of the one-member objects that stand for what JSON lacks.
constexpr std::string_view bytes_name = "$bytes", date_name = "$date";

class json_writer {
public:
  explicit json_writer(unsigned indent) : indent_(indent) {}

  void write(const value& content, unsigned depth) {
    if (depth > value_depth_max)
      fail("nested deeper than " + std::to_string(value_depth_max) + " levels");
    std::visit([&](auto& held) { one(held, depth); }, content.content());
  }

  std::string take() { return std::move(text_); }

private:
  [[noreturn]] void fail(const std::string& why) const {
    throw error(errc::bad_argument, "$" + place_ + ": " + why + ", which has no JSON form");
  }

  void one(std::monostate, unsigned) { text_ += "null"; }
  void one(bool held, unsigned) { text_ += held ? "true" : "false"; }
  void one(std::int64_t held, unsigned) { text_ += std::to_string(held); }

  void one(double held, unsigned) {
    if (std::isnan(held))
      fail("NaN");
    if (std::isinf(held))
      fail("infinity");
    text_ += nlohmann::json(held).dump();
  }

  void one(const std::string& held, unsigned) {
    try {
      text_ += nlohmann::json(held).dump();
    } catch (const nlohmann::json::type_error&) {
      fail("a string that is not UTF-8 (send it as bytes)");
    }
  }

  void one(const binary& held, unsigned) { special(bytes_name, encode_base64(held)); }

  void one(date_time held, unsigned) {
    try {
      special(date_name, format_date_time(held));
    } catch (const error& outside) {
      fail(outside.what());
    }
  }

  void special(std::string_view name, const std::string& content) {
    text_ += "{\"" + std::string(name) + "\":" + (indent_ ? " \"" : "\"") + content + "\"}";
  }

  void one(const array& held, unsigned depth) {
    text_ += '[';
    for (std::size_t i = 0; i < held.size(); ++i) {
      separate(i, depth + 1);
      within("[" + std::to_string(i) + "]", [&] { write(held[i], depth + 1); });
    }
    close(held.empty(), depth, ']');
  }

  void one(const dict& held, unsigned depth) {
    if (held.size() == 1 && (held[0].name == bytes_name || held[0].name == date_name))
      fail("a struct of one member '" + held[0].name + "'");
    text_ += '{';
    std::size_t position = 0;
    for (auto& each : held) {
      separate(position++, depth + 1);
      within("." + each.name, [&] {
        one(each.name, depth);
        text_ += indent_ ? ": " : ":";
        write(each.content, depth + 1);
      });
    }
    close(held.empty(), depth, '}');
  }

  template <class F>
  void within(const std::string& step, F action) {
    auto above = place_.size();
    place_ += step;
    action();
    place_.resize(above);
  }

  void separate(std::size_t position, unsigned depth) {
    if (position != 0)
      text_ += ',';
    new_line(depth);
  }

  void close(bool empty, unsigned depth, char bracket) {
    if (!empty)
      new_line(depth);
    text_ += bracket;
  }

  void new_line(unsigned depth) {
    if (indent_ != 0)
      text_.append(1, '\n').append(std::size_t{depth} * indent_, ' ');
  }

  unsigned indent_;
  std::string text_, place_;
};

// Tells the reader below how far the parser has come, for the position of its errors.
class counting_iterator {
public:
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char*;
  using reference = const char&;
  using iterator_category = std::input_iterator_tag;

  counting_iterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  counting_iterator& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  counting_iterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const counting_iterator& other) const { return at_ == other.at_; }

private:
  const char* at_;
  const char** furthest_;
};

// Builds the value from the parser's events: the parser itself keeps no tree and does not recurse.
class json_reader {
public:
  json_reader(std::string_view text, std::size_t values_max)
      : text_(text), at_(text.data()), values_left_(values_max) {}

  value read() {
    counting_iterator first(text_.data(), &at_), last(text_.data() + text_.size(), &at_);
    nlohmann::json::sax_parse(first, last, this);
    return std::move(result_);
  }

  bool null() { return put(value()); }
  bool boolean(bool content) { return put(content); }
  bool number_integer(std::int64_t content) { return put(content); }
  bool number_unsigned(std::uint64_t content) {
    if (content >> 63)
      fail("the integer " + std::to_string(content) + " does not fit 64 bits with sign");
    return put(static_cast<std::int64_t>(content));
  }
  // The parser falls back to a double for integers that are too large.
  bool number_float(double content, const std::string& digits) {
    if (digits.find_first_of(".eE") == digits.npos)
      fail("the integer " + digits.substr(0, 40) + " does not fit 64 bits with sign");
    return put(content);
  }
  bool string(std::string& content) { return put(std::move(content)); }
  bool binary(nlohmann::json::binary_t&) { fail("binary content"); }

  bool start_object(std::size_t) { return open(true); }
  bool start_array(std::size_t) { return open(false); }
  bool key(std::string& name) {
    open_.back().name = std::move(name);
    return true;
  }

  bool end_object() {
    auto members = std::move(open_.back().members);
    open_.pop_back();
    if (members.size() == 1 && members[0].name == bytes_name)
      return put(bytes_of(members[0].content));
    if (members.size() == 1 && members[0].name == date_name)
      return put(date_of(members[0].content));
    try {
      return put(dict(std::move(members)));
    } catch (const error& twice) {
      fail(twice.what());
    }
  }

  bool end_array() {
    array items;
    items.reserve(open_.back().members.size());
    for (auto& each : open_.back().members)
      items.push_back(std::move(each.content));
    open_.pop_back();
    return put(std::move(items));
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& why) {
    at_ = text_.data() + std::min(position, text_.size());
    // "[json.exception.parse_error.101] parse error at line 1, column 6: what we want to say"
    std::string_view detail = why.what();
    for (std::string_view mark : {"] ", "column "})
      if (auto found = detail.find(mark); found != detail.npos)
        detail.remove_prefix(found + mark.size());
    if (auto colon = detail.find(": "); colon < 10)  // after the column's digits
      detail.remove_prefix(colon + 2);
    fail(std::string(detail.substr(0, 200)));
  }

private:
  struct level {
    bool is_object;
    std::string name;  // of the member whose value comes next
    std::vector<member> members;
  };

  [[noreturn]] void fail(const std::string& why) const {
    throw error(errc::bad_argument, "not the JSON expected here: " + why + ", at character "
                                        + std::to_string(at_ - text_.data()));
  }

  bool open(bool is_object) {
    if (open_.size() >= value_depth_max)
      fail("nested deeper than " + std::to_string(value_depth_max) + " levels");
    open_.push_back({is_object, {}, {}});
    return true;
  }

  bool put(value content) {
    if (values_left_ == 0)
      fail("more values than one text may have");
    --values_left_;
    if (open_.empty())
      result_ = std::move(content);
    else
      open_.back().members.push_back({std::exchange(open_.back().name, {}), std::move(content)});
    return true;
  }

  value bytes_of(const value& content) const {
    auto text = content.get_if<std::string>();
    auto bytes = text ? decode_base64(*text) : std::nullopt;
    if (!bytes)
      fail("\"$bytes\" wants a string in base64");
    return std::move(*bytes);
  }

  value date_of(const value& content) const {
    auto text = content.get_if<std::string>();
    if (!text)
      fail("\"$date\" wants a string such as \"2026-11-22T18:21:07Z\"");
    try {
      return parse_date_time(*text);
    } catch (const error& wrong) {
      fail(wrong.what());
    }
  }

  std::string_view text_;
  const char* at_;
  std::size_t values_left_;
  std::vector<level> open_;
  value result_;
};

}  // namespace

std::string to_json(const value& content, unsigned indent) {
  json_writer writer(indent);
  writer.write(content, 0);
  return writer.take();
}

value parse_json(std::string_view text, std::size_t values_max) {
  return json_reader(text, values_max).read();
}

}  // namespace holdfast
