#include <holdfast/persistence/value_archive.hpp>
#include <holdfast/runtime/audit.hpp>
#include <holdfast/runtime/console.hpp>
#include <holdfast/runtime/json.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace holdfast {
namespace {

struct audit_arguments {
  std::vector<std::filesystem::path> stores;
  bool json = false;
};

std::vector<lane_audit> audit_of(const std::filesystem::path& data) {
  console_target target{data, false};
  std::vector<lane_audit> lines;
  from_value(ask_node_or_store(target, dict{{"command", "audit"}}), lines, value_place("audit"));
  return lines;
}

void print(const std::vector<lane_audit>& lines) {
  std::vector<std::vector<std::string>> table{{"NODE", "END", "PEER", "ISSUED", "EXECUTED",
                                               "EXPIRED", "DEAD", "DROPPED", "DAMAGED", "ORPHANED",
                                               "OPEN", "FOUND", "PROBLEM"}};
  for (auto& line : lines)
    table.push_back({line.node, line.end, line.peer, std::to_string(line.issued),
                     std::to_string(line.executed), std::to_string(line.expired),
                     std::to_string(line.dead), std::to_string(line.dropped),
                     std::to_string(line.damaged), std::to_string(line.orphaned),
                     std::to_string(line.open), std::to_string(line.found), line.problem});
  print_table(table);
}

exit_code audit(const audit_arguments& given) {
  std::vector<lane_audit> lines;
  for (auto& data : given.stores)
    for (auto& line : audit_of(data))
      lines.push_back(line);
  compare_ends(lines);
  lane_audit sum;
  bool is_sound = true;
  for (auto& line : lines) {
    is_sound &= line.problem.empty();
    if (line.end != "source")
      continue;
    sum.issued += line.issued;
    sum.executed += line.executed;
    sum.expired += line.expired;
    sum.dead += line.dead;
    sum.dropped += line.dropped;
    sum.damaged += line.damaged;
    sum.orphaned += line.orphaned;
    sum.open += line.open;
  }
  if (given.json) {
    std::cout << to_json(value(dict{{"is_sound", is_sound},
                                    {"lanes", to_value(lines, "lanes")},
                                    {"sum", to_value(sum, "sum")}}))
              << "\n";
  } else {
    print(lines);
    std::cout << "issued " << sum.issued << " = executed " << sum.executed << " + expired "
              << sum.expired << " + dead " << sum.dead << " + dropped " << sum.dropped
              << " + damaged " << sum.damaged << " + orphaned " << sum.orphaned << " + open "
              << sum.open << (is_sound ? "\n" : "; see the problems above\n");
  }
  return is_sound ? exit_code::done : exit_code::some_refused;
}

}  // namespace

void add_audit_command(CLI::App& app, console_action& chosen) {
  auto given = std::make_shared<audit_arguments>();
  auto* command = app.add_subcommand(
      "audit", "counts every issued call once, over the stores of one or many nodes");
  command->add_option("--data", given->stores, "data directory; again for more nodes")
      ->required()
      ->take_all();
  command->add_flag("--json", given->json, "print JSON");
  command->callback([=, &chosen] { chosen = [=] { return audit(*given); }; });
}

}  // namespace holdfast
