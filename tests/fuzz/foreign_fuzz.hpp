#pragma once

#include <cstddef>
#include <cstdint>

/// One input: a byte that chooses, then the bytes. Its last bit: they are a stream with lengths, or one body, to which the
/// length is added; the others: in pieces of how many bytes they come. Ends the process when decoding takes more memory than
/// the limits allow, throws anything but errc::bad_frame, or gives a call that does not encode to a body which decodes to
/// the same call. Each body is tried as a methodResponse too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace foreign_fuzz {

struct counters {
  std::size_t xml = 0, json = 0, responses = 0, refused = 0;
};
counters& totals();

}  // namespace foreign_fuzz
