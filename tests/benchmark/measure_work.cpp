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
  auto items = rig.is_quick ? 2000 : 20'000;
  run_program({program.string(), "--workers", "8", "--items", std::to_string(items), "--data",
               folder.string(), "--json", json.string()});
  auto found = nlohmann::json::parse(std::ifstream(json));
  rig.found.add("work items, submit to done, 8 workers", "/s", "LMDB commits of 1,000 puts",
                {found.at("items per second").get<double>(),
                 found.at("bare LMDB, puts per second in commits of 1,000").get<double>()});
}

}  // namespace bench
