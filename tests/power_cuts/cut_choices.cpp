#include "tests/power_cuts/cut_choices.hpp"

#include "tests/persistence/books.hpp"

#include <set>

namespace holdfast::power_cuts {

namespace {

class chooser {
public:
  chooser(const std::vector<unsynced_unit>& units, const choice_limits& limits,
          function_ref<void(choice_kind, const cut_choice&)> use)
      : units_(units), limits_(limits), use_(use), random_(limits.seed) {}

  void run() {
    if (subsets() <= limits_.subsets_max)
      all_subsets();
    else
      some_subsets();
    for (std::size_t i = 0; i < units_.size(); ++i)
      if (units_[i].what == unsynced_unit::kind::page && limits_.tears != tear_patterns::none)
        tears_of(i);
    if (!units_.empty())
      samples();
  }

private:
  cut_choice with(bool all) const {
    cut_choice choice;
    for (auto& unit : units_)
      choice.level.push_back(all ? static_cast<std::uint16_t>(unit.levels - 1) : 0);
    choice.sectors.assign(units_.size(), all_sectors);
    return choice;
  }

  void give(choice_kind kind, cut_choice choice) {
    choice.bystanders = given_++;
    use_(kind, choice);
  }

  std::size_t subsets() const {
    std::size_t count = 1;
    for (auto& unit : units_) {
      count *= unit.levels;
      if (count > limits_.subsets_max)
        break;
    }
    return count;
  }

  void all_subsets() {
    auto choice = with(false);
    for (;;) {
      give(choice_kind::exhaustive, choice);
      std::size_t i = 0;
      while (i < units_.size() && ++choice.level[i] == units_[i].levels)
        choice.level[i++] = 0;
      if (i == units_.size())
        return;
    }
  }

  void some_subsets() {
    for (const bool others : {false, true}) {
      give(choice_kind::bounded, with(others));
      for (std::size_t i = 0; i < units_.size(); ++i)
        for (std::uint16_t level = 0; level < units_[i].levels; ++level) {
          auto choice = with(others);
          if (choice.level[i] == level)
            continue;
          choice.level[i] = level;
          give(choice_kind::bounded, choice);
        }
    }
  }

  std::set<std::uint8_t> patterns_of(std::uint8_t changed) const {
    std::set<std::uint8_t> patterns;
    const auto add = [&](unsigned came) {
      const auto of_changed = static_cast<std::uint8_t>(came & changed);
      if (of_changed != 0 && of_changed != changed)
        patterns.insert(of_changed);
    };
    if (limits_.tears == tear_patterns::all)
      for (unsigned came = 1; came < all_sectors; ++came)
        add(came);
    for (unsigned cut = 1; cut < 8; ++cut) {
      add((1u << cut) - 1);
      add(~((1u << cut) - 1));
    }
    add(0x55);
    add(0xaa);
    return patterns;
  }

  void tears_of(std::size_t unit) {
    for (const auto came : patterns_of(units_[unit].sectors))
      for (const bool others : {false, true}) {
        auto choice = with(others);
        choice.level[unit] = static_cast<std::uint16_t>(units_[unit].levels - 1);
        choice.sectors[unit] = came;
        give(choice_kind::torn, choice);
      }
  }

  void samples() {
    for (std::size_t n = 0; n < limits_.samples; ++n) {
      auto choice = with(false);
      const bool is_torn = random_.below(2) == 0;
      for (std::size_t i = 0; i < units_.size(); ++i) {
        choice.level[i] = static_cast<std::uint16_t>(random_.below(units_[i].levels));
        if (is_torn && units_[i].what == unsynced_unit::kind::page)
          choice.sectors[i] = static_cast<std::uint8_t>(random_.next());
      }
      give(choice_kind::sampled, choice);
    }
  }

  const std::vector<unsynced_unit>& units_;
  const choice_limits& limits_;
  function_ref<void(choice_kind, const cut_choice&)> use_;
  test::seeded_random random_;
  unsigned given_ = 0;
};

}  // namespace

void for_each_choice(const std::vector<unsynced_unit>& units, const choice_limits& limits,
                     function_ref<void(choice_kind, const cut_choice&)> use) {
  chooser(units, limits, use).run();
}

}  // namespace holdfast::power_cuts
