#include "tests/benchmark/child.hpp"
#include "tests/benchmark/measurements.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>

namespace bench {

// The program of `./run bench work`, which stands beside this one.
void measure_work(bench_rig& rig) {
  auto folder = rig.fresh();
  auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bench_work";
  auto json = folder / "work.json";
  auto measure = [&](int items, int slots) {
    run_program({program.string(), "--workers", "8", "--slots", std::to_string(slots), "--items",
                 std::to_string(items), "--data", folder.string(), "--json", json.string()});
    return nlohmann::json::parse(std::ifstream(json));
  };
  auto rate = [](const nlohmann::json& found) {
    return found.at("items per second").get<double>();
  };
  auto found = measure(rig.is_quick ? 2000 : 20'000, 64);
  rig.found.add(
      "work items, submit to done, 8 workers", "/s", "LMDB commits of 1,000 puts",
      {rate(found), found.at("bare LMDB, puts per second in commits of 1,000").get<double>()});
  rig.found.add("work items, 4 slots each", "/s", "64 slots each",
                {rate(measure(rig.is_quick ? 1000 : 5000, 4)), rate(found)});
}

}  // namespace bench
