#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// One input: a byte that chooses what to decode, then the bytes. Ends the process when decoding takes more memory than
/// limits::decode_memory_max and a little, throws anything but errc::undecodable, or gives an object that does not
/// encode to bytes which decode to the same bytes again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace decode_fuzz {

struct counters {
  std::size_t decoded = 0, refused = 0, converted = 0;
};
counters& totals();

/// Well-formed inputs of every kind, to mutate.
std::vector<std::string> seeds();

}  // namespace decode_fuzz
