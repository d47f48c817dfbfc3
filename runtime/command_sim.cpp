#include <holdfast/core/error.hpp>
#include <holdfast/runtime/command_sim.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/fault_plan.hpp>
#include <holdfast/runtime/run_cost.hpp>
#include <holdfast/runtime/seed_sweep.hpp>
#include <holdfast/runtime/simulation_report.hpp>
#include <holdfast/runtime/story_shrink.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace holdfast {
namespace {

namespace fs = std::filesystem;

struct sim_arguments {
  fs::path cluster, scenario, report, shrunk = "shrunk.txt";
  std::uint64_t seed = 1, seeds = 0, calls = 0;
  unsigned nodes = 0;
  double minutes = 0;
  std::string faults;
  bool is_told = false, is_shrunk = false, is_rewritten = false, is_plan = false;
};

std::string read_file(const fs::path& file) {
  std::ifstream in(file);
  if (!in)
    throw error(errc::bad_config, "cannot read " + file.string() + "; does it exist?");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const fs::path& file, const std::string& text) {
  std::ofstream out(file);
  out << text << std::flush;
  if (!out)
    throw error(errc::bad_config, "cannot write " + file.string());
}

exit_code code_of(story_end end) {
  switch (end) {
  case story_end::good: return exit_code::done;
  case story_end::safety: return exit_code::sim_safety;
  case story_end::liveness: return exit_code::sim_liveness;
  case story_end::crash: return exit_code::sim_crash;
  }
  return exit_code::sim_crash;
}

/// The run that a seed means under the given options.
fault_plan plan_of(const sim_arguments& given, std::uint64_t seed) {
  fault_plan_options options;
  options.seed = seed;
  options.nodes = given.nodes;
  options.calls = given.calls;
  options.length = duration(static_cast<std::int64_t>(given.minutes * 60e9));
  if (!given.faults.empty())
    set_fault_kinds(options, given.faults);
  if (given.cluster.empty())
    return make_fault_plan(options);
  auto file = read_cluster(given.cluster);
  auto plan = make_fault_plan(options);
  auto own = story_of(file, seed);
  if (file.faults.empty() || !given.faults.empty()) {
    if (options.length == duration(0))
      options.length = std::chrono::minutes(1);
    if (options.kinds.empty() && !options.is_faultless)
      for (auto kind : fault_kinds())
        options.kinds.emplace(kind);
  } else {
    if (options.length == duration(0))
      options.length = file.faults.back().at + std::chrono::seconds(10);
    options.kinds.clear();
  }
  add_faults(own, options);
  plan.acts = std::move(own);
  plan.options = {{"seed", std::to_string(seed)},
                  {"cluster", given.cluster.string()},
                  {"nodes", std::to_string(plan.acts.nodes.size())},
                  {"acts", std::to_string(plan.acts.acts.size())}};
  if (options.calls > 0)
    plan.options.emplace_back("calls", std::to_string(options.calls));
  return plan;
}

std::string replay_line(const sim_arguments& given, std::uint64_t seed) {
  std::string line = "holdfast sim";
  if (!given.cluster.empty())
    line += " " + given.cluster.string();
  line += " --replay " + std::to_string(seed);
  if (given.nodes > 0)
    line += " --nodes " + std::to_string(given.nodes);
  if (given.minutes > 0) {
    std::ostringstream number;
    number << given.minutes;
    line += " --minutes " + number.str();
  }
  if (given.calls > 0)
    line += " --calls " + std::to_string(given.calls);
  if (!given.faults.empty())
    line += " --faults " + given.faults;
  return line;
}

void print_numbers(const story_result& result) {
  std::cout << to_string(result.end) << ": queued " << result.queued << ", executed "
            << result.executed << "; submitted " << result.submitted << ", done " << result.done
            << ", moved " << result.moved << "; " << result.numbers.lives << " lives, "
            << result.numbers.flushes << " flushes, " << result.numbers.steps << " steps, "
            << format_duration(std::chrono::duration<double>(result.length).count()) << "\n";
}

simulation_report report_of(const fault_plan& plan, const story_result& result,
                            std::string replay) {
  simulation_report made;
  made.seed = plan.acts.seed;
  made.outcome = to_string(result.end);
  made.findings = result.findings;
  made.length = result.length;
  for (auto& node : plan.acts.nodes)
    made.nodes.push_back(node.name);
  made.events = result.events;
  made.numbers = result.numbers;
  made.options = plan.options;
  made.replay = std::move(replay);
  return made;
}

void write_report(const fs::path& file, const simulation_report& report) {
  bool is_json = file.extension() == ".json";
  write_file(file, is_json ? to_json(report) : to_html(report));
  if (!is_json)
    write_file(fs::path(file).replace_extension(".json"), to_json(report));
}

/// What is left of a failing run, as a chart and as a file.
void shrink_and_show(const sim_arguments& given, const fault_plan& plan, const story_result& failed,
                     const story_options& options) {
  bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  std::size_t runs = 0;
  story_failure failure(plan.acts, failed, options);
  auto fails = [&](const story& smaller) {
    if (is_terminal)
      std::cerr << "\r\033[Kshrinking: " << ++runs << " runs, " << smaller.acts.size() << " acts"
                << std::flush;
    return failure.is_in(smaller);
  };
  auto left = shrink(plan.acts, fails);
  if (is_terminal)
    std::cerr << "\r\033[K" << std::flush;
  auto result = tell(left.smallest, options);
  auto smallest = plan;
  smallest.acts = left.smallest;
  std::cout << "shrunk from " << plan.acts.acts.size() << " acts and " << plan.acts.nodes.size()
            << " nodes to " << left.smallest.acts.size() << " and " << left.smallest.nodes.size()
            << " in " << left.runs << " runs" << (left.is_minimal ? "" : ", which is not the least")
            << "\n\n"
            << to_chart(report_of(smallest, result, {})) << "\n";
  smallest.acts.why = result.findings.empty() ? "" : result.findings.front();
  write_file(given.shrunk, to_text(smallest.acts));
  std::cout << "written to " << given.shrunk.string()
            << "; repeat it with: holdfast sim --scenario " << given.shrunk.string() << "\n";
}

exit_code run_one(const sim_arguments& given, const story_options& options, std::uint64_t seed) {
  run_cost cost;
  auto plan = plan_of(given, seed);
  for (auto& [name, text] : plan.options)
    std::cout << name << " " << text << "\n";
  std::cout << std::flush;
  auto result = tell(plan.acts, options);
  if (given.is_told)
    for (auto& line : result.transcript)
      std::cout << line << "\n";
  else
    for (auto& finding : result.findings)
      std::cout << finding << "\n";
  print_numbers(result);
  std::cout << std::flush;
  std::cerr << cost.of(result) << "\n";
  if (result.end != story_end::good && !given.is_told)
    std::cout << "repeat it with: " << replay_line(given, seed) << "\n";
  if (!given.report.empty())
    write_report(given.report, report_of(plan, result, replay_line(given, seed)));
  if (given.is_shrunk && result.end != story_end::good)
    shrink_and_show(given, plan, result, options);
  return code_of(result.end);
}

exit_code run_many(const sim_arguments& given, const story_options& options) {
  auto run = [&](std::uint64_t seed) {
    auto result = tell(plan_of(given, seed).acts, options);
    return seed_result{seed, std::string(to_string(result.end)),
                       result.findings.empty() ? "" : result.findings.front(),
                       result.numbers.steps};
  };
  bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  auto results = sweep_seeds(given.seed, given.seeds, std::thread::hardware_concurrency(), run,
                             [&](std::size_t done, std::size_t bad) {
                               if (is_terminal)
                                 std::cerr << "\r\033[K" << done << " of " << given.seeds
                                           << " seeds, " << bad << " bad" << std::flush;
                             });
  if (is_terminal)
    std::cerr << "\r\033[K" << std::flush;
  std::uint64_t bad = 0, steps = 0;
  auto worst = exit_code::done;
  for (auto& result : results) {
    steps += result.steps;
    if (result.end == "good")
      continue;
    ++bad;
    worst = std::max(worst, result.end == "safety"     ? exit_code::sim_safety
                            : result.end == "liveness" ? exit_code::sim_liveness
                                                       : exit_code::sim_crash);
    std::cout << "seed " << result.seed << " " << result.end << ": " << result.finding << "\n  "
              << replay_line(given, result.seed) << "\n";
  }
  std::cout << given.seeds << " seeds from " << given.seed << ", " << bad << " bad, " << steps
            << " steps\n";
  return worst;
}

// ---- --plan

constexpr double plan_losses[] = {0, 0.02, 0.05, 0.1, 0.2, 0.4};
constexpr std::uint64_t plan_seeds = 5;

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", seconds);
  return text;
}

/// On every link, and again when one is healed.
void lose_everywhere(story& what, double loss) {
  if (loss <= 0)
    return;
  std::vector<story_act> acts;
  auto lose = [&](duration at, const std::string& pair) {
    acts.push_back({at, "drop " + pair + " " + std::to_string(loss)});
  };
  for (auto& one : what.nodes)
    for (auto& other : what.nodes)
      if (one.name < other.name)
        lose({}, one.name + " " + other.name);
  for (auto& act : what.acts) {
    acts.push_back(act);
    if (act.line.starts_with("heal "))
      lose(act.at, act.line.substr(5));
  }
  what.acts = std::move(acts);
}

/// One line of the plan: so many seeds of a story with that loss on all links from the beginning.
std::vector<std::string> plan_line(const sim_arguments& given, const story_options& options,
                                   unsigned nodes, double loss) {
  auto count = given.seeds > 0 ? given.seeds : plan_seeds;
  std::uint64_t finished = 0, moved = 0;
  double sum = 0, detected = 0;
  for (auto seed = given.seed; seed < given.seed + count; ++seed) {
    auto sized = given;
    sized.nodes = nodes;
    auto what = plan_of(sized, seed).acts;
    lose_everywhere(what, loss);
    auto result = tell(what, options);
    moved += result.moved;
    detected = std::max(detected, std::chrono::duration<double>(result.detected_last).count());
    if (result.end != story_end::good)
      continue;
    ++finished;
    auto last = what.acts.empty() ? duration(0) : what.acts.back().at;
    sum += std::chrono::duration<double>(result.finished - last).count();
  }
  return {std::to_string(nodes ? nodes : plan_of(given, given.seed).acts.nodes.size()),
          std::to_string(static_cast<int>(loss * 100 + 0.5)) + " %",
          std::to_string(finished) + " of " + std::to_string(count),
          finished ? seconds_text(sum / static_cast<double>(finished)) : "-",
          std::to_string(moved),
          seconds_text(detected)};
}

/// The same story over loss rates and numbers of nodes: what would this cluster survive?
exit_code run_plan(const sim_arguments& given, const story_options& options) {
  std::vector<std::vector<std::string>> table{
      {"NODES", "LOSS", "FINISHED", "SECONDS BEHIND THE LAST ACT", "MOVED", "WORST DETECTION S"}};
  std::vector<unsigned> counts{given.nodes ? given.nodes : 2, given.nodes ? given.nodes * 2 : 4,
                               given.nodes ? given.nodes * 4 : 8};
  if (!given.cluster.empty())
    counts = {0};
  for (auto nodes : counts)
    for (auto loss : plan_losses)
      table.push_back(plan_line(given, options, nodes, loss));
  print_table(table);
  return exit_code::done;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (auto& line : lines)
    text += line + "\n";
  return text;
}

/// A file that carries a transcript is compared with it.
exit_code run_scenario(const sim_arguments& given, const story_options& options) {
  auto text = read_file(given.scenario);
  auto what = parse_story(text, given.scenario.string());
  auto result = tell(what, options);
  auto transcript = joined(result.transcript);
  if (given.is_rewritten) {
    write_file(given.scenario, to_text(what) + "---\n" + transcript);
    return code_of(result.end);
  }
  if (!given.report.empty()) {
    fault_plan plan{what, {{"scenario", given.scenario.string()}}};
    write_report(given.report,
                 report_of(plan, result, "holdfast sim --scenario " + given.scenario.string()));
  }
  std::cout << transcript;
  auto mark = text.find("\n---\n");
  if (mark == std::string::npos || text.substr(mark + 5) == transcript)
    return code_of(result.end);
  std::cerr << given.scenario.string()
            << " has another transcript; --rewrite writes this one into it\n";
  return result.end == story_end::good ? exit_code::refused : code_of(result.end);
}

exit_code run_sim(const sim_arguments& given, const story_options& options) {
  if (!given.scenario.empty())
    return run_scenario(given, options);
  if (given.is_plan)
    return run_plan(given, options);
  if (given.seeds > 0)
    return run_many(given, options);
  return run_one(given, options, given.seed);
}

}  // namespace

void add_sim_command(CLI::App& app, console_action& chosen, const story_options& program) {
  auto given = std::make_shared<sim_arguments>();
  auto* sim =
      app.add_subcommand("sim", "run many of this program's nodes in one process, in virtual "
                                "time, while things break");
  sim->add_option("cluster", given->cluster, "a cluster file; its [[fault]]s, or drawn ones");
  sim->add_option("--nodes", given->nodes,
                  "beside the controller; drawn from the seed if not given");
  sim->add_option("--seed", given->seed, "what everything is drawn from (1)");
  sim->add_option("--seeds", given->seeds, "so many runs from --seed on, on all processors");
  sim->add_option("--minutes", given->minutes, "of virtual time while things break");
  sim->add_option("--calls", given->calls,
                  "so many, evenly over the time, and no work items; drawn if not given");
  sim->add_option("--faults", given->faults,
                  "of these kinds, with commas between them; all, or none");
  sim->add_option("--scenario", given->scenario, "a story from a file instead");
  sim->add_flag("--rewrite", given->is_rewritten, "write the scenario's transcript into its file");
  auto replay = std::make_shared<std::uint64_t>(0);
  auto* replayed = sim->add_option("--replay", *replay, "a seed again, with all that happens");
  sim->add_flag("--shrink", given->is_shrunk,
                "make a failing run as small as it can be, and write it to shrunk.txt");
  sim->add_flag(
      "--plan", given->is_plan,
      "a table of what is survived: --seeds runs (5) for each of some losses and node counts");
  sim->add_option("--report", given->report, "FILE.html, and the same as FILE.json");
  sim->callback([=, &chosen] {
    if (replayed->count() > 0) {
      given->seed = *replay;
      given->is_told = true;
    }
    chosen = [=] { return run_sim(*given, program); };
  });
}

}  // namespace holdfast
