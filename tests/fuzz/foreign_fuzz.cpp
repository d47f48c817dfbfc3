// What decodes the bytes of foreign nodes: frames, XML-RPC, JSON.

#include <holdfast/core/error.hpp>
#include <holdfast/runtime/foreign_codec.hpp>
#include <holdfast/runtime/foreign_frames.hpp>
#include <holdfast/runtime/foreign_rpc.hpp>
#include <holdfast/runtime/json.hpp>
#include <holdfast/runtime/xml_events.hpp>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <tests/fuzz/allocation_gauge.hpp>
#include <tests/fuzz/foreign_fuzz.hpp>

namespace foreign_fuzz {
namespace {

using namespace holdfast;

constexpr std::size_t body_bytes_max = 1u << 20;
constexpr foreign_xml_options everything{.i8 = true, .nil = true};

void require(bool condition, const char* what, std::size_t number = 0) {
  if (condition)
    return;
  std::fprintf(stderr, "foreign_fuzz: %s (%zu)\n", what, number);
  std::abort();
}

// Two bytes of JSON are a value, which is held as a member and copied once; vectors double.
std::size_t memory_for(std::size_t bytes) {
  return bytes * 3 * sizeof(member) + limits::xml_parser_bytes_max + (64u << 10);
}

template <class F>
auto bounded(std::size_t bytes, F decode) {
  std::optional<decltype(decode())> result;
  std::size_t peak = 0;
  {
    allocation_gauge gauge;
    try {
      result.emplace(decode());
    } catch (const error& refused) {
      require(refused.code() == errc::bad_frame, "an error of another code",
              static_cast<std::size_t>(refused.code()));
      require(*refused.what() != '\0', "an error without a sentence");
    }
    peak = gauge.peak_bytes();
  }
  require(peak <= memory_for(bytes), "decoding took too much memory", peak);
  return result;
}

// Whatever the body is, the answer is one, or nothing.
void take_request(std::string_view body) {
  auto echo = [](const foreign_call& call, bool) {
    return rpc_answer{rpc_code::none, {}, call.params};
  };
  decode_xml_response(answer_xml_rpc(body, echo));
  auto answer = answer_json_rpc(body, echo);
  if (!answer.empty())
    parse_json(answer, 4 * limits::foreign_values_max);
}

void take_body(std::string_view body) {
  auto call = bounded(body.size(), [&] { return decode_foreign(body); });
  ++(!call ? totals().refused : call->body == foreign_body::xml ? totals().xml : totals().json);
  if (call)
    require(decode_foreign(encode_foreign(*call, everything)) == *call,
            "a call changes on its way");
  take_request(body);
  auto response = bounded(body.size(), [&] { return decode_xml_response(body); });
  if (!response)
    return;
  ++totals().responses;
  require(decode_xml_response(encode_xml_response(*response, everything)) == *response,
          "a response changes on its way");
}

void take_stream(std::string_view stream, std::size_t piece_bytes) {
  foreign_frame_reader reader(body_bytes_max);
  try {
    for (std::size_t at = 0; at < stream.size(); at += piece_bytes) {
      reader.feed(stream.substr(at, piece_bytes));
      while (auto body = reader.next())
        take_body(*body);
    }
    reader.end();
  } catch (const error& refused) {
    require(refused.code() == errc::bad_frame, "a frame is refused by another code");
  }
}

}  // namespace

counters& totals() {
  static counters all;
  return all;
}

}  // namespace foreign_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace foreign_fuzz;
  if (size < 2)
    return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto piece_bytes = static_cast<std::size_t>(data[0] >> 1) * 8 + 1;
  if (data[0] % 2 != 0) {
    take_stream(bytes, piece_bytes);
    return 0;
  }
  std::string stream;
  append_foreign_frame(stream, bytes, body_bytes_max);
  take_stream(stream, piece_bytes);
  return 0;
}
