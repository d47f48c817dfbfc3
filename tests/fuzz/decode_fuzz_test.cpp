// The fuzz target without a fuzzer: seeded mutations of well-formed inputs, the same ones in each run. `./run fuzz` gives
// the same target to libFuzzer.

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <tests/fuzz/decode_fuzz.hpp>

namespace {

class mutator {
public:
  explicit mutator(std::uint64_t seed) : random_(seed) {}

  std::string mutated(std::string input) {
    for (auto left = 1 + below(3); left != 0 && input.size() > 1; --left)
      once(input);
    return input;
  }

private:
  std::size_t below(std::size_t end) { return random_() % end; }
  std::size_t place(const std::string& input) { return 1 + below(input.size() - 1); }

  void once(std::string& input) {
    auto at = place(input);
    switch (below(7)) {
    case 0: input[at] = static_cast<char>(random_()); break;
    case 1: input[at] = static_cast<char>(below(5)); break;
    case 2: input[at] = static_cast<char>(input[at] ^ (1 << below(8))); break;
    case 3: input.resize(at); break;
    case 4: input.insert(at, input, place(input), below(40)); break;
    case 5: input.erase(at, 1 + below(16)); break;
    default: number(input, at);
    }
  }

  // A count or length at its worst.
  void number(std::string& input, std::size_t at) {
    const std::uint64_t worst[] = {0,          1,          input.size(), 1u << 16,
                                   1ull << 32, 1ull << 60, ~0ull,        ~0ull >> 1};
    auto chosen = worst[below(std::size(worst))];
    if (at + sizeof chosen <= input.size())
      std::memcpy(input.data() + at, &chosen, sizeof chosen);
  }

  std::mt19937_64 random_;
};

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(decode_fuzz, SeedsDecode) {
  decode_fuzz::totals() = {};
  for (auto& seed : decode_fuzz::seeds())
    run(seed);
  EXPECT_GE(decode_fuzz::totals().decoded, decode_fuzz::seeds().size());
  EXPECT_GE(decode_fuzz::totals().converted, 4u);
}

TEST(decode_fuzz, MutationsAreRefusedOrDecodeWithinBounds) {
  decode_fuzz::totals() = {};
  mutator mutations(20261122);
  for (auto& seed : decode_fuzz::seeds())
    for (int i = 0; i < 4000; ++i)
      run(mutations.mutated(seed));
  EXPECT_GT(decode_fuzz::totals().decoded, 1000u);
  EXPECT_GT(decode_fuzz::totals().refused, 10'000u);
}

}  // namespace
