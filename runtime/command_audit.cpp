#include <holdfast/persistence/lmdb_journal.hpp>
#include <holdfast/runtime/audit_value.hpp>
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

/// Stores that nobody writes are looked at together, so that both ends of a lane are compared.
value audit_resting(const std::vector<std::filesystem::path>& resting) {
  std::vector<std::unique_ptr<lmdb_journal>> stores;
  std::vector<std::unique_ptr<journal_reader>> snapshots;
  std::vector<const journal_reader*> readers;
  for (auto& data : resting) {
    stores.push_back(std::make_unique<lmdb_journal>(data, lmdb_journal_options{.read_only = true}));
    snapshots.push_back(stores.back()->read());
    readers.push_back(snapshots.back().get());
  }
  return audit_value(audit(readers));
}

void print(const value& report) {
  std::vector<std::vector<std::string>> table{{"SOURCE", "TARGET", "LANE", "ISSUED", "EXECUTED",
                                               "EXPIRED", "DEAD", "DROPPED", "DAMAGED", "ORPHANED",
                                               "OPEN", "COMPARED"}};
  auto& parts = report.as_dict();
  for (auto& lane : parts.at("lanes").as_array()) {
    std::vector<std::string> line;
    for (auto* name : {"source", "target", "lane", "issued", "executed", "expired", "dead",
                       "dropped", "damaged", "orphaned", "open", "is_compared"})
      line.push_back(cell(lane, name));
    table.push_back(std::move(line));
  }
  print_table(table);
  for (auto& finding : parts.at("findings").as_array())
    std::cout << cell(finding, "check") << " at " << cell(finding, "node") << ": "
              << cell(finding, "text") << "\n";
  std::string sum;
  for (auto& [name, count] : parts.at("sum").as_dict())
    sum += (sum.empty() ? "" : name == "executed" ? " = " : " + ") + name + " " + to_json(count);
  std::cout << sum << "\n";
}

exit_code audit_stores(const audit_arguments& given) {
  array audits;
  std::vector<std::filesystem::path> resting;
  for (auto& data : given.stores)
    if (auto client = operator_client::connect(data)) {
      audits.push_back(client->ask(dict{{"command", "audit"}}));
      if (given.stores.size() > 1)
        std::cerr << "a node runs on " << data.string()
                  << ": it is audited alone; stop it to compare both ends\n";
    } else
      resting.push_back(data);
  if (!resting.empty())
    audits.push_back(audit_resting(resting));
  auto report = joined_audits(audits);
  if (given.json)
    std::cout << to_json(report) << "\n";
  else
    print(report);
  return report.as_dict().at("is_sound").as_bool() ? exit_code::done : exit_code::some_refused;
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
  command->callback([=, &chosen] { chosen = [=] { return audit_stores(*given); }; });
}

}  // namespace holdfast
