// What decodes bytes of strangers: typed objects, dynamic values, dynamic values to typed objects, keys.

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/key_codec.hpp>
#include <holdfast/persistence/value_archive.hpp>
#include <holdfast/persistence/value_bytes.hpp>

#include <cstdio>
#include <cstdlib>
#include <tests/fuzz/allocation_gauge.hpp>
#include <tests/fuzz/decode_fuzz.hpp>
#include <tests/persistence/serial_types.hpp>

namespace decode_fuzz {
namespace {

using namespace holdfast;

using mixed = std::tuple<std::unordered_map<std::string, std::vector<int>>,
                         std::unordered_set<std::int64_t>, std::vector<std::optional<std::string>>,
                         std::variant<std::monostate, int, shop::order>,
                         std::vector<std::deque<int>>, std::vector<std::pair<int, std::string>>,
                         binary, std::chrono::milliseconds, std::optional<value>, shop::versioned>;
using row_key = std::tuple<std::string, int, std::optional<double>, std::vector<std::string>, bool>;

// Error texts, a class table, the allocator's rounding.
constexpr std::size_t spare_bytes = 16u << 10;

void require(bool condition, const char* what, std::size_t number = 0) {
  if (condition)
    return;
  std::fprintf(stderr, "decode_fuzz: %s (%zu)\n", what, number);
  std::abort();
}

// Runs `decode` under the gauge; its object, or nothing when the bytes were refused.
template <class F>
auto bounded(std::size_t memory_max, errc refusal, F decode) {
  std::optional<decltype(decode())> result;
  std::size_t peak = 0;
  {
    allocation_gauge gauge;
    try {
      result.emplace(decode());
    } catch (const error& refused) {
      require(refused.code() == refusal, "an error of another code",
              static_cast<std::size_t>(refused.code()));
    }
    peak = gauge.peak_bytes();
  }
  require(peak <= memory_max, "decoding took too much memory", peak);
  ++(result ? totals().decoded : totals().refused);
  return result;
}

std::size_t memory_for(std::string_view bytes) {
  return limits::decode_memory_max(bytes.size()) + 2 * bytes.size() + spare_bytes;
}

template <class T>
void typed(std::string_view bytes) {
  auto content =
      bounded(memory_for(bytes), errc::undecodable, [&] { return decode<T>(bytes, "it"); });
  if (!content)
    return;
  auto again = encode(*content);
  require(encode(decode<T>(again, "again")) == again, "an object changes on its way");
}

template <class T>
void converted(const value& from, std::size_t bytes) {
  auto memory_max = 4 * limits::decode_memory_max(bytes) + spare_bytes;
  auto content = bounded(memory_max, errc::bad_argument, [&] { return from_value<T>(from); });
  if (!content)
    return;
  ++totals().converted;
  auto back = to_value(*content);
  require(to_value(from_value<T>(back)) == back, "a value changes on its way");
}

void dynamic(std::string_view bytes) {
  auto arguments =
      bounded(memory_for(bytes), errc::undecodable, [&] { return decode_values(bytes); });
  if (!arguments)
    return;
  auto& [positional, named] = *arguments;
  require(encode_values(positional, named) == bytes, "dynamic arguments are encoded in two ways");
  for (auto& each : positional) {
    converted<shop::order>(each, bytes.size());
    converted<shop::tree>(each, bytes.size());
    converted<std::map<std::string, std::vector<std::optional<int>>>>(each, bytes.size());
    converted<std::variant<std::string, shop::line, date_time>>(each, bytes.size());
    to_text(each);
  }
}

void key(std::string_view bytes) {
  auto content =
      bounded(memory_for(bytes), errc::undecodable, [&] { return decode_key<row_key>(bytes); });
  auto& real = std::get<2>(content ? *content : content.emplace());
  if (real && *real != *real)
    return;  // NaN decodes, and is refused where a key is made
  auto again = encode_key(*content);
  require(encode_key(decode_key<row_key>(again)) == again, "a key changes on its way");
}

constexpr void (*kinds[])(std::string_view) = {
    typed<shop::everything>, typed<shop::tree>, typed<mixed>, typed<value>, dynamic, key,
};

template <class T>
std::string seed(char kind, const T& bytes) {
  return kind + std::string(bytes);
}

}  // namespace

counters& totals() {
  static counters all;
  return all;
}

std::vector<std::string> seeds() {
  mixed some{{{"a", {1, 2}}},     {1, 2},
             {"x", std::nullopt}, shop::order{"w", {{"s", 1}}, {}},
             {{1}, {}},           {{1, "p"}},
             binary(3),           {},
             value("v"),          shop::versioned(1, "n")};
  value order = dict{
      {"who", "ann"}, {"lines", array{dict{{"sku", "A"}, {"qty", 3}}}}, {"totals", dict{{"n", 1}}}};
  value tree = dict{{"label", 1}, {"children", array{array{2, array{}}}}};
  value either = dict{{"which", 2}, {"value", date_time()}};
  value map = dict{{"a", array{1, nullptr}}};
  return {
      seed(0, encode(shop::full())),
      seed(0, encode(shop::everything())),
      seed(1, encode(shop::tree{1, {{2, {}}, {3, {{4, {}}}}}})),
      seed(2, encode(some)),
      seed(2, encode(mixed())),
      seed(3, encode(order)),
      seed(4,
           encode_values({order, tree, either, map, array{1.5, binary(2), true}}, {{"k", order}})),
      seed(5, encode_key(row_key{"a\0b", 1, 2.5, {"x", ""}, true})),
  };
}

}  // namespace decode_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  decode_fuzz::kinds[data[0] % std::size(decode_fuzz::kinds)](bytes.substr(1));
  return 0;
}
