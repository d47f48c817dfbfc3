// How dynamic values and moments in time look as text.

#include <holdfast/core/error.hpp>
#include <holdfast/core/value.hpp>

#include <array>
#include <charconv>
#include <cstdio>

namespace holdfast {
namespace {

class text_writer {
public:
  explicit text_writer(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // False once the text is long enough: the caller stops, so that a huge value costs only what is
  // shown of it.
  bool write(const value& content, unsigned depth) {
    if (depth > value_depth_max)
      return add("...");
    return std::visit([&](auto& held) { return one(held, depth); }, content.content());
  }

  std::string take() {
    if (text_.size() > bytes_max_) {
      text_.resize(bytes_max_);
      text_ += "...";
    }
    return std::move(text_);
  }

private:
  bool add(std::string_view part) {
    text_ += part;
    return text_.size() <= bytes_max_;
  }

  bool one(std::monostate, unsigned) { return add("null"); }
  bool one(bool held, unsigned) { return add(held ? "true" : "false"); }
  bool one(std::int64_t held, unsigned) { return add(std::to_string(held)); }

  bool one(double held, unsigned) {
    std::array<char, 32> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), held).ptr;
    return add({digits.data(), end});
  }

  bool one(const std::string& held, unsigned) {
    text_ += '"';
    for (char c : std::string_view(held).substr(0, bytes_max_)) {
      if (c == '"' || c == '\\')
        text_ += '\\';
      text_ += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return add("\"");
  }

  bool one(const binary& held, unsigned) {
    return add("<" + std::to_string(held.size()) + " bytes>");
  }

  bool one(date_time held, unsigned) {
    try {
      return add(format_date_time(held));
    } catch (const error&) {
      return add("<" + std::to_string(held.time_since_epoch().count())
                 + " us>");  // outside of the calendar's years
    }
  }

  bool one(const array& held, unsigned depth) {
    text_ += '[';
    bool first = true;
    for (auto& each : held) {
      if (!std::exchange(first, false))
        text_ += ", ";
      if (!write(each, depth + 1))
        return false;
    }
    return add("]");
  }

  bool one(const dict& held, unsigned depth) {
    text_ += '{';
    bool first = true;
    for (auto& [name, content] : held) {
      if (!std::exchange(first, false))
        text_ += ", ";
      if (!add(name + ": ") || !write(content, depth + 1))
        return false;
    }
    return add("}");
  }

  std::size_t bytes_max_;
  std::string text_;
};

// Of the years that four digits can tell.
constexpr date_time lowest_moment = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr date_time end_of_moments = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);

// Takes fixed-width decimal fields and separators from the front of a date's text.
class date_reader {
public:
  explicit date_reader(std::string_view text) : all_(text), left_(text) {}

  [[noreturn]] void fail(std::string_view why) const {
    throw error(errc::bad_argument,
                "'" + std::string(all_.substr(0, 64))
                    + "' is not a date-time such as 2026-11-22T18:21:07.25Z: " + std::string(why));
  }

  int digits(std::size_t count, int low, int high, std::string_view what) {
    int number = 0;
    auto [end, failure] =
        std::from_chars(left_.data(), left_.data() + std::min(count, left_.size()), number);
    if (failure != std::errc{} || end != left_.data() + count || left_[0] == '-' || number < low
        || number > high)
      fail("the " + std::string(what) + " must be " + std::to_string(count) + " digits from "
           + std::to_string(low) + " to " + std::to_string(high));
    left_.remove_prefix(count);
    return number;
  }

  bool take(char wanted) {
    if (left_.empty() || left_.front() != wanted)
      return false;
    left_.remove_prefix(1);
    return true;
  }

  void need(char wanted) {
    if (!take(wanted))
      fail("expected '" + std::string(1, wanted) + "' after the first "
           + std::to_string(all_.size() - left_.size()) + " characters");
  }

  // The digits after the decimal point, as microseconds.
  std::chrono::microseconds fraction() {
    std::int64_t micros = 0;
    int count = 0;
    while (!left_.empty() && left_.front() >= '0' && left_.front() <= '9') {
      if (++count > 6)
        fail("at most six decimals are kept");
      micros = micros * 10 + (left_.front() - '0');
      left_.remove_prefix(1);
    }
    if (count == 0)
      fail("digits must follow the decimal point");
    while (count++ < 6)
      micros *= 10;
    return std::chrono::microseconds(micros);
  }

  bool done() const { return left_.empty(); }

private:
  std::string_view all_, left_;
};

}  // namespace

std::string to_text(const value& content, std::size_t bytes_max) {
  text_writer writer(bytes_max);
  writer.write(content, 0);
  return writer.take();
}

std::string format_date_time(date_time moment) {
  using namespace std::chrono;
  if (moment < lowest_moment || moment >= end_of_moments)
    throw error(errc::bad_argument, "a date-time of "
                                        + std::to_string(moment.time_since_epoch().count())
                                        + " us lies outside the years 0000 to 9999");
  auto day = floor<days>(moment);
  year_month_day date(day);
  hh_mm_ss time(moment - day);
  std::array<char, 64> text;
  auto length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  std::string result(text.data(), static_cast<std::size_t>(length));
  if (auto micros = time.subseconds().count(); micros != 0) {
    auto decimals = std::to_string(1'000'000 + micros);
    result += '.';
    result.append(decimals, 1);
  }
  return result + "Z";
}

date_time parse_date_time(std::string_view text) {
  using namespace std::chrono;
  date_reader in(text);
  year_month_day date(year(in.digits(4, 0, 9999, "year")), month(0), day(0));
  in.need('-');
  auto in_year = month(static_cast<unsigned>(in.digits(2, 1, 12, "month")));
  in.need('-');
  date = date.year() / in_year / static_cast<int>(in.digits(2, 1, 31, "day"));
  if (!date.ok())
    in.fail("that month has no such day");
  in.need('T');
  auto time = hours(in.digits(2, 0, 23, "hour"));
  in.need(':');
  microseconds in_day = time + minutes(in.digits(2, 0, 59, "minute"));
  in.need(':');
  in_day += seconds(in.digits(2, 0, 59, "second"));
  if (in.take('.'))
    in_day += in.fraction();
  if (!in.take('Z')) {
    bool east = in.take('+');
    if (!east && !in.take('-'))
      in.fail("it must end in Z or an offset such as +02:00");
    microseconds offset = hours(in.digits(2, 0, 23, "offset's hour"));
    in.need(':');
    offset += minutes(in.digits(2, 0, 59, "offset's minute"));
    in_day -= east ? offset : -offset;
  }
  if (!in.done())
    in.fail("something follows it");
  date_time moment = sys_days(date) + in_day;
  if (moment < lowest_moment || moment >= end_of_moments)
    in.fail("with its offset it lies outside the years 0000 to 9999");
  return moment;
}

}  // namespace holdfast
