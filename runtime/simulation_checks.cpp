#include <holdfast/actors/controller_audit.hpp>
#include <holdfast/actors/controller_tables.hpp>
#include <holdfast/actors/work_item.hpp>
#include <holdfast/persistence/audit.hpp>
#include <holdfast/persistence/ledger.hpp>
#include <holdfast/runtime/simulation_world.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holdfast {
namespace {

constexpr std::size_t rows_max = 1'000'000;

/// How long a controller that nothing hinders may put off placing an item that a worker has room for.
constexpr std::int64_t placed_within_ns = 10'000'000'000;

std::string id_text(const call_id& id) {
  return id.to_text();
}

/// What stands on the disks, of nodes that run and of those that do not. A damaged one promises nothing.
class stores {
public:
  explicit stores(simulation::world& all) {
    for (auto& [name, machine] : all.machines) {
      if (machine->is_damaged)
        continue;
      if (!machine->is_up())
        opened_.push_back(std::make_unique<memory_journal>(machine->disk));
      auto& from = machine->is_up() ? *machine->store() : *opened_.back();
      readers_.emplace(name, from.read());
    }
  }

  const journal_reader& of(const std::string& name) const { return *readers_.at(name); }
  const std::map<std::string, std::unique_ptr<journal_reader>>& all() const { return readers_; }

private:
  std::vector<std::unique_ptr<memory_journal>> opened_;
  std::map<std::string, std::unique_ptr<journal_reader>> readers_;
};

const char* invariant_of(audit_check what) {
  switch (what) {
  case audit_check::call_known: return "C1";
  case audit_check::marks_meet: return "C2";
  case audit_check::row_sound: return "J3";
  case audit_check::store_identity: return "J2";
  default: return "C4";
  }
}

class world_check {
public:
  explicit world_check(simulation::world& all) : all_(all), stores_(all) {}

  std::vector<std::string> run() {
    check_calls();
    check_promises();
    for (auto& [name, rows] : stores_.all())
      check_work(name, *rows);
    return std::move(found_);
  }

private:
  void find(const char* invariant, const std::string& node, const std::string& text) {
    found_.push_back(std::string(invariant) + " " + node + ": " + text);
  }

  /// C1, C2, C4, J2, J3, as the operator's audit sees them.
  void check_calls() {
    std::vector<const journal_reader*> readers;
    for (auto& [name, rows] : stores_.all())
      readers.push_back(rows.get());
    for (auto& finding : audit(readers).findings) {
      auto of = all_.machines.find(finding.node);
      if (of != all_.machines.end())  // an empty disk has no name
        find(invariant_of(finding.check), finding.node, finding.text);
    }
  }

  /// J1: what `queue` answered with was durable then.
  void check_promises() {
    for (auto& [source, calls] : all_.promises) {
      std::map<lane_number, sequence_number> issued;  // each lane is read once
      for (auto& promised : calls) {
        auto& machine = all_.machine(source);
        if (promised.disk_number != machine.disk_number || machine.is_damaged)
          continue;
        auto [known, is_new] = issued.try_emplace(promised.id.lane, 0);
        if (is_new)
          if (auto lane = find_out_lane(stores_.of(source), promised.id.lane))
            known->second = lane->counters.issued;
        if (known->second < promised.id.sequence)
          find("J1", source,
               "the call " + id_text(promised.id) + " was answered for, and is not there");
      }
    }
  }

  void check_work(const std::string& controller, const journal_reader& rows) {
    namespace tables = controlling;
    auto& seen = all_.seen_items[{controller, all_.machine(controller).disk_number}];
    auto items = rows_of(rows, tables::items, rows_max);
    for (auto& [id, item] : items) {
      auto& before = seen[id];
      bool is_over = is_terminal(item.machine.state);
      if (before.is_over && !item.is_revised && item.machine.state != before.state)
        find("W2", controller,
             "the item " + id + " was " + std::string(to_string(before.state)) + " and is "
                 + std::string(to_string(item.machine.state)));
      if (before.state != item.machine.state || before.worker != item.worker)
        tell(controller, id, item);
      before.is_over = is_over;
      if (!is_over)
        before.result.reset();  // an operator tried it again
      before.state = item.machine.state;
      before.worker = item.worker;
    }
    check_owners(controller, rows, seen);
    for (auto& [id, item] : items)
      if (item.machine.state == item_state::done)
        check_result(controller, rows, id, item, seen[id]);
    for (auto& finding : controlling::audit_controller(rows))
      find(finding.substr(0, 2).c_str(), controller, finding.substr(3));
    check_placed(controller, rows);
  }

  /// W1, W2: it is that of the last owner, and stays what it is.
  void check_result(const std::string& controller, const journal_reader& rows, const item_id& id,
                    const controlling::item_row& item, simulation::world::seen_item& seen) {
    auto owner = seen.owners.find(item.machine.epoch);
    bool has_one_owner = item.rules.on_return != return_policy::verify_both;
    if (has_one_owner && owner != seen.owners.end() && owner->second != item.worker)
      find("W1", controller,
           "the item " + id + " has the result of " + item.worker + ", and belonged to "
               + owner->second + " under epoch " + std::to_string(item.machine.epoch));
    auto [from, to] = detail::whole_table(controlling::results.name());
    auto hash = hash_value(read_state(rows, from + encode_key(id)));
    if (seen.result.value_or(hash) != hash)
      find("W2", controller, "the item " + id + " was done, and has another result now");
    seen.result = hash;
  }

  /// W3, of what a full message leaves to the next.
  void check_placed(const std::string& controller, const journal_reader& rows) {
    auto& machine = all_.machine(controller);
    bool is_hindered = !machine.is_up() || machine.is_frozen() || machine.bytes_max > 0
                       || machine.flush_takes > duration(0);
    bool is_unplaced = false;
    for (auto& [zero, totals] : rows_of(rows, controlling::totals, 1))
      is_unplaced = totals.is_unplaced;
    if (is_hindered || !is_unplaced) {
      all_.unplaced_since.erase(controller);
      return;
    }
    auto since = all_.unplaced_since.emplace(controller, all_.now).first->second;
    if (all_.now - since > placed_within_ns)
      find("W3", controller, "it has put off the placement of items for too long");
  }

  /// Work has no lines in the log: the story of an item is read from its row.
  void tell(const std::string& controller, const item_id& id, const controlling::item_row& item) {
    auto text = "item " + id + " " + std::string(to_string(item.machine.state));
    if (item.machine.state == item_state::assigned)
      text += " to " + item.worker;
    if (item.machine.state == item_state::running)
      text = "item " + id + " running on " + item.worker;
    all_.note(controller, "work", text);
  }

  /// W1: nobody else ever holds an item under the same epoch.
  void check_owners(const std::string& controller, const journal_reader& rows,
                    std::map<item_id, simulation::world::seen_item>& seen) {
    for (auto& [key, held] : rows_of(rows, controlling::holding, rows_max)) {
      auto& [worker, item] = key;
      auto& owner = seen[item].owners.try_emplace(held.epoch, worker).first->second;
      if (owner != worker)
        find("W1", controller,
             "the item " + item + " belongs to " + owner + " and to " + worker + " under epoch "
                 + std::to_string(held.epoch));
    }
  }

  simulation::world& all_;
  stores stores_;
  std::vector<std::string> found_;
};

bool has_open_calls(const journal_reader& rows) {
  for (auto& [number, lane] : all_out_lanes(rows))
    if (lane.counters.open() > 0)
      return true;
  return false;
}

bool has_open_work(const journal_reader& rows) {
  for (auto& [zero, row] : rows_of(rows, controlling::totals, 1)) {
    auto& counts = row.counts;
    if (counts.waiting + counts.assigned + counts.running + counts.suspended > 0)
      return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> check_world(simulation::world& all) {
  return world_check(all).run();
}

bool is_settled(simulation::world& all) {
  all.turns.look();
  if (!all.turns.ready().empty())
    return false;
  auto is_open = [&](const std::string& name) {
    auto found = all.machines.find(name);
    if (found == all.machines.end() || !found->second->is_up() || found->second->is_damaged)
      return false;
    auto rows = found->second->store()->read();
    return has_open_calls(*rows) || has_open_work(*rows);
  };
  if (is_open(all.open_last))
    return false;
  for (auto& [name, machine] : all.machines)
    if (is_open(name)) {
      all.open_last = name;
      return false;
    }
  return true;
}

}  // namespace holdfast
