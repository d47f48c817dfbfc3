// The fuzz target without a fuzzer: the corpus that it starts from, each file cut and changed a little in many places.

#include <holdfast/core/seeded_random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <tests/fuzz/foreign_fuzz.hpp>
#include <vector>

namespace {

std::vector<std::string> corpus() {
  std::vector<std::filesystem::path> files;
  for (auto& entry :
       std::filesystem::directory_iterator(HOLDFAST_SOURCE_DIR "/tests/fuzz/corpus/foreign_fuzz"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(foreign_fuzz, TheCorpusHoldsBothFormatsAndIsSmall) {
  foreign_fuzz::totals() = {};
  auto inputs = corpus();
  std::size_t bytes = 0;
  for (auto& input : inputs) {
    run(input);
    bytes += input.size();
  }
  EXPECT_GE(foreign_fuzz::totals().xml, 10u);
  EXPECT_GE(foreign_fuzz::totals().json, 5u);
  EXPECT_GE(foreign_fuzz::totals().responses, 2u);
  EXPECT_GE(foreign_fuzz::totals().refused, 5u);
  EXPECT_LE(inputs.size(), 100u);
  EXPECT_LE(bytes, 64u << 10);
}

TEST(foreign_fuzz, MutationsAreRefusedOrComeBackEqual) {
  foreign_fuzz::totals() = {};
  holdfast::seeded_random random(20261122);
  for (auto& input : corpus())
    for (int i = 0; i < 100; ++i) {
      auto changed = input;
      for (auto left = 1 + random.below(3); left != 0; --left) {
        auto at = random.below(changed.size());
        switch (random.below(4)) {
        case 0: changed[at] = static_cast<char>(random.next()); break;
        case 1: changed.erase(at, 1 + random.below(8)); break;
        case 2: changed.insert(at, input, random.below(input.size()), random.below(32)); break;
        default: changed[at] = static_cast<char>(changed[at] ^ 1 << random.below(8));
        }
        if (changed.empty())
          break;
      }
      run(changed);
    }
  EXPECT_GT(foreign_fuzz::totals().xml + foreign_fuzz::totals().json, 100u);
  EXPECT_GT(foreign_fuzz::totals().refused, 1000u);
}

}  // namespace
