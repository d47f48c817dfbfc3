// libFuzzer starts from nothing: now and then an input is replaced by a well-formed one, which it then mutates.

#include <algorithm>
#include <tests/fuzz/decode_fuzz.hpp>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  static const auto seeds = decode_fuzz::seeds();
  if (size < 2 || seed % 64 == 0) {
    auto& chosen = seeds[seed / 64 % seeds.size()];
    size = std::min(chosen.size(), size_max);
    std::copy_n(chosen.begin(), size, data);
  }
  return LLVMFuzzerMutate(data, size, size_max);
}
