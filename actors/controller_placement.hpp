#pragma once

#include <holdfast/actors/controller_books.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace holdfast::controlling {

/// Gives what waits to who has room (W3). Before a message nobody with room could take what waits; so only what the message
/// changed, and those before that left it to this one, is looked at: workers that have more room, with all demands, and
/// demands of which items came, with all workers that have room. Reads as many heads of a demand's queue as there is room for, and no waiting item beyond them.
class placer {
public:
  explicit placer(books& of) : books_(of) {}
  void run();

private:
  using demand_map = std::map<std::uint64_t, item_demand>;

  demand_map all_demands();
  demand_map fresh_demands();
  std::set<std::string> grown_workers();
  void page_workers(const demand_map& demands, const std::set<std::string>& but);
  void place(const std::vector<std::string>& names, const demand_map& demands);
  std::vector<ready_key> heads(std::uint64_t demand, std::size_t limit);
  void forget(std::uint64_t demand);
  void assign(const assignment& made);
  bool is_used_up() const;

  books& books_;
  std::size_t placed_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace holdfast::controlling
