#include <holdfast/actors/work_item.hpp>
#include <holdfast/core/invariant.hpp>
#include <holdfast/core/limits.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace holdfast {
namespace {

/// A worker that refuses at once would otherwise be asked again at once, by an item whose back-off is zero.
constexpr std::int64_t refused_pause_min_ns = 100'000'000;

/// Doubles with each failure before this one; jitter of a quarter either way, so that items that failed together do not
/// come back together. Rules come from submitters: no value of theirs may overflow.
std::int64_t pause_ns(const item_rules& rules, std::uint32_t failures_before,
                      std::uint64_t chance) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max() / 4;
  auto first = std::clamp<std::int64_t>(rules.back_off_ns, 0, most);
  auto longest = std::clamp<std::int64_t>(rules.back_off_max_ns, first, most);
  auto wait = failures_before >= 40 || first > (longest >> failures_before)
                  ? longest
                  : first << failures_before;
  auto jitter = static_cast<std::int64_t>(chance % 1024) - 512;
  return wait + wait / 2048 * jitter;
}

node_time later(node_time now, std::int64_t wait) {
  return now > std::numeric_limits<node_time>::max() - wait ? std::numeric_limits<node_time>::max()
                                                            : now + wait;
}

/// Whether there is something to keep: a run that was stopped or given back has no result.
bool has_result(run_end how) {
  return how == run_end::done || how == run_end::failed || how == run_end::timed_out
         || how == run_end::never_fits;
}

template <class... Parts>
std::string text(const Parts&... parts) {
  std::string joined;
  (joined.append(parts), ...);
  return joined;
}

std::string under(const std::string& worker, std::uint64_t epoch) {
  return text(worker, " under epoch ", std::to_string(epoch));
}

std::string_view words_of(worker_death how) {
  static constexpr std::array<std::string_view, 5> words{
      "did not return in time", "is dead: nobody listens there any more",
      "is dead: its node was started again", "has said goodbye", "was forgotten by the operator"};
  return words.at(static_cast<std::size_t>(how));
}

/// "handed back by w1 under epoch 2".
std::string_view words_of(run_end how) {
  return how == run_end::handed_back ? "handed back" : to_string(how);
}

/// One step in the making: an event is a call, and leaves in `out` what follows from it. A refusal is decided before the
/// first change.
class decision {
public:
  decision(const work_item& before, const item_rules& rules, node_time now, std::uint64_t chance)
      : before_(before), rules_(rules), now_(now), chance_(chance) {
    out.next = before;
  }

  item_step out;

  void operator()(const item_event::parent_ended& event) {
    if (item().open_parents == 0)
      return refuse("it waits for no parent");
    --item().open_parents;
    // An item that is over counts on: retried, it must not wait for a parent that ended meanwhile.
    if (is_terminal(item().state))
      return;
    if (!event.was_done && !rules_.runs_after_failure)
      return settle_as(item_state::failed, "a parent did not end well, and it fails with it");
    if (item().open_parents == 0)
      out.note = "its last parent ended";
  }

  void operator()(const item_event::assigned& event) {
    if (!item().is_ready(now_) || event.worker.empty())
      return refuse("it is not ready for a worker");
    // What the worker ran of it before is over for this item: it has the newer epoch now.
    forget_displaced(event.worker);
    item().not_before = 0;
    item().owners.push_back({event.worker, ++item().epoch, false, false, false, now_});
    follow_owners();
    out.note = text("given to ", under(event.worker, item().epoch));
  }

  void operator()(const item_event::started& event) {
    auto* owner = owner_of(event.worker);
    if (!owner || owner->epoch != event.epoch || owner->has_reported || owner->is_running)
      return refuse(text("it does not wait for a start by ", under(event.worker, event.epoch)));
    owner->is_running = true;
    follow_owners();
    out.note = text("runs on ", under(event.worker, event.epoch));
  }

  void operator()(const item_event::ended& event) {
    auto* owner = owner_that_ended(event);
    if (!owner)
      return came_too_late(event);
    if (item().owners.size() == 2)
      return end_one_of_two(*owner, event);
    end_only_run(event);
  }

  void operator()(const item_event::worker_lost& event) {
    auto* owner = owner_of(event.worker);
    if (!owner || owner->has_reported || owner->is_lost)
      return refuse(text(event.worker, " does not own it"));
    owner->is_lost = true;
    out.note = text("the link to ", under(event.worker, owner->epoch), " is lost; it may return");
  }

  void operator()(const item_event::worker_dead& event) {
    auto* owner = owner_of(event.worker);
    if (!owner || owner->has_reported)
      return refuse(text(event.worker, " does not own it"));
    lose(*owner, words_of(event.how));
  }

  void operator()(const item_event::worker_back& event) {
    if (auto* owner = owner_of(event.worker))
      return owner_is_back(*owner, event);
    auto* displaced = displaced_of(event.worker);
    if (!displaced || displaced->epoch != event.epoch)
      return refuse(text("it is not ", under(event.worker, event.epoch), "; that worker stops it"));
    displaced_is_back(*displaced, event);
  }

  void operator()(const item_event::fit_worker_came&) {
    if (item().state != item_state::suspended)
      return refuse("it is not suspended");
    item().state = item_state::waiting;
    out.note = "a worker that fits has come";
  }

  void operator()(const item_event::cancel&) {
    if (is_terminal(item().state))
      return refuse(text("it is ", to_string(item().state), " already"));
    settle_as(item_state::cancelled, "cancelled");
  }

  void operator()(const item_event::expire&) {
    if (is_terminal(item().state))
      return refuse(text("it is ", to_string(item().state), " already"));
    settle_as(item_state::expired, "its deadline passed");
  }

  void operator()(const item_event::retry&) {
    if (item().state == item_state::suspended) {
      item().state = item_state::waiting;
      out.note = "resumed by the operator";
      return;
    }
    if (!is_terminal(item().state) || item().state == item_state::done)
      return refuse(text("it is ", to_string(item().state),
                         "; only failed, cancelled, expired and suspended items are retried"));
    item().state = item_state::waiting;
    item().failures = item().losses = 0;
    item().not_before = 0;
    out.note = "retried by the operator";
  }

private:
  work_item& item() { return out.next; }

  void refuse(std::string why) {
    out.is_refused = true;
    out.note = std::move(why);
  }

  void act(item_action action) { out.actions.push_back(action); }

  void settle_as(item_state state, std::string note) {
    item().state = state;
    item().owners.clear();
    item().displaced.clear();
    act(item_action::settle);
    out.note = std::move(note);
  }

  item_owner* owner_of(const std::string& worker) {
    auto found = std::ranges::find(item().owners, worker, &item_owner::worker);
    return found == item().owners.end() ? nullptr : &*found;
  }

  item_owner* displaced_of(const std::string& worker) {
    auto found = std::ranges::find(item().displaced, worker, &item_owner::worker);
    return found == item().displaced.end() ? nullptr : &*found;
  }

  void forget_displaced(const std::string& worker) {
    std::erase_if(item().displaced, [&](const item_owner& one) { return one.worker == worker; });
  }

  item_owner& other_than(const item_owner& owner) {
    return item().owners[&owner == &item().owners.front() ? 1 : 0];
  }

  void remove_owner(const std::string& worker) {
    std::erase_if(item().owners, [&](const item_owner& one) { return one.worker == worker; });
  }

  /// While somebody owns it, the state says what the owners do.
  void follow_owners() {
    auto runs = std::ranges::any_of(item().owners, &item_owner::is_running);
    item().state = runs ? item_state::running : item_state::assigned;
  }

  bool has_place_for_owner() {
    return item().owners.empty()
           || (rules_.on_return == return_policy::verify_both && item().owners.size() == 1);
  }

  /// Nothing else came in between: it is the owner that it was.
  item_owner& own_again(const item_owner& displaced) {
    auto owner = displaced;
    owner.is_lost = false;
    forget_displaced(owner.worker);
    item().owners.push_back(std::move(owner));
    follow_owners();
    return item().owners.back();
  }

  // ---- ends

  /// Whose run ended, if the end counts. The current epoch counts even if its worker was given up meanwhile, as long as
  /// no newer one was drawn. An adopted run that ended before it heard of its new epoch is still that run.
  item_owner* owner_that_ended(const item_event::ended& event) {
    auto* displaced = displaced_of(event.worker);
    bool was_displaced_so = displaced && displaced->epoch == event.epoch;
    if (auto* owner = owner_of(event.worker)) {
      bool is_its_run = owner->epoch == event.epoch || was_displaced_so;
      return is_its_run && !owner->has_reported ? owner : nullptr;
    }
    bool is_current = was_displaced_so && event.epoch == item().epoch;
    return is_current && has_place_for_owner() ? &own_again(*displaced) : nullptr;
  }

  void came_too_late(const item_event::ended& event) {
    // Its run is over: it will not return with it.
    if (auto* displaced = displaced_of(event.worker); displaced && displaced->epoch == event.epoch)
      forget_displaced(event.worker);
    out.is_refused = item() == before_;
    if (!has_result(event.how)) {
      out.note = text(under(event.worker, event.epoch), " no longer runs it");
      return;
    }
    act(item_action::keep_evidence);
    out.note = text("a late result of ", under(event.worker, event.epoch), " (",
                    to_string(event.how), ") was refused and is kept as evidence: the item ",
                    is_terminal(item().state) ? text("is ", to_string(item().state), " already")
                                              : text("is at epoch ", std::to_string(item().epoch)));
  }

  void end_only_run(const item_event::ended& event) {
    auto who = under(event.worker, event.epoch);
    switch (event.how) {
    case run_end::done:
      act(item_action::take_result);
      return settle_as(item_state::done, text("done by ", who));
    case run_end::never_fits:
      return settle_as(item_state::failed,
                       text("its arguments do not fit the method that ", who, " serves"));
    case run_end::failed:
    case run_end::timed_out: return fail_attempt(event);
    case run_end::refused:
    case run_end::cancelled:
      item().not_before = later(now_, std::max(pause_ns(rules_, 0, chance_), refused_pause_min_ns));
      break;
    case run_end::handed_back: break;
    }
    wait_again(event.worker, text(words_of(event.how), " by ", who));
  }

  void fail_attempt(const item_event::ended& event) {
    auto failures = ++item().failures;
    auto attempts = std::max<std::uint32_t>(rules_.attempts, 1);
    auto what = text("attempt ", std::to_string(failures), " of ", std::to_string(attempts),
                     ", by ", under(event.worker, event.epoch), ", ",
                     event.how == run_end::failed ? "failed" : "ran out of time");
    if (failures >= attempts)
      return settle_as(item_state::failed, std::move(what));
    item().not_before = later(now_, pause_ns(rules_, failures - 1, chance_));
    wait_again(event.worker, std::move(what));
  }

  void wait_again(const std::string& worker, std::string note) {
    item().owners.clear();
    forget_displaced(worker);
    item().state = item_state::waiting;
    out.note = std::move(note);
  }

  /// verify_both: two runs of one attempt. The first result is the item's, and the item is over when nothing more can
  /// come. A run that ends without one leaves the decision to the other.
  void end_one_of_two(item_owner& owner, const item_event::ended& event) {
    auto who = under(event.worker, event.epoch);
    if (auto& other = other_than(owner); other.has_reported) {
      if (has_result(event.how))
        act(item_action::keep_evidence);
      auto came = event.how == run_end::done
                      ? text("; the second result, of ", who, ", is kept beside it")
                      : text("; no second result: ", words_of(event.how), " by ", who);
      return settle_as(item_state::done, text("done by ", under(other.worker, other.epoch), came));
    }
    if (event.how == run_end::done) {
      owner.has_reported = true;
      owner.is_running = owner.is_lost = false;
      act(item_action::take_result);
      out.note = text("result of ", who, "; the other run verifies it");
    } else {
      if (has_result(event.how))
        act(item_action::keep_evidence);
      remove_owner(event.worker);
      out.note = text(words_of(event.how), " by ", who, "; the other run decides");
    }
    follow_owners();
  }

  // ---- workers that leave and return

  void lose(const item_owner& given_up, std::string_view why) {
    auto owner = given_up;
    auto what = text(under(owner.worker, owner.epoch), " ", why);
    if (item().owners.size() == 2 && other_than(given_up).has_reported)
      return settle_as(item_state::done, text("done; ", what, ": no second result comes"));
    ++item().losses;
    if (item().losses >= std::max<std::uint32_t>(rules_.losses_max, 1))
      return settle_as(item_state::failed, text(what, "; ", std::to_string(item().losses),
                                                " workers were lost under this item, which is held "
                                                "to be the cause: retry it when it is mended"));
    remove_owner(owner.worker);
    displace(std::move(owner));
    if (!item().owners.empty()) {
      follow_owners();
      out.note = text(what, "; the other run decides");
      return;
    }
    bool moves = rules_.on_lost == lost_policy::move;
    item().state = moves ? item_state::waiting : item_state::suspended;
    out.note = text(what, moves ? "; the item is moved"
                                : "; the item is suspended until a worker that fits comes");
  }

  void displace(item_owner owner) {
    owner.is_lost = true;
    forget_displaced(owner.worker);
    if (item().displaced.size() >= limits::displaced_owners_max)
      item().displaced.erase(item().displaced.begin());
    item().displaced.push_back(std::move(owner));
  }

  void owner_is_back(item_owner& owner, const item_event::worker_back& event) {
    auto* adopted_from = displaced_of(event.worker);
    bool holds_it = event.epoch == owner.epoch
                    || (adopted_from && adopted_from->epoch == event.epoch && event.epoch != 0);
    if (owner.has_reported || (event.epoch != 0 && !holds_it))
      return refuse(text("it is not ", under(event.worker, event.epoch), "; that worker stops it"));
    if (!holds_it && owner.is_running)
      return lose(owner, "is back without it: its process was another one");
    if (owner.is_lost)
      out.note = text(under(event.worker, owner.epoch),
                      holds_it ? " is back and still has it" : " is back and gets it again");
    owner.is_lost = false;
    owner.is_running |= holds_it && event.is_running;
    follow_owners();
  }

  void displaced_is_back(const item_owner& displaced, const item_event::worker_back& event) {
    auto who = under(event.worker, event.epoch);
    bool was_given_on = event.epoch != item().epoch;
    auto policy = rules_.on_return;
    bool continues = !was_given_on && item().owners.empty();
    bool verifies = policy == return_policy::verify_both && has_place_for_owner();
    bool is_adopted = policy == return_policy::adopt && event.is_running;
    if (!continues && !verifies && !is_adopted)
      return refuse(text(who, " is back; the item was given on, and that worker stops it"));
    if (continues || verifies) {
      own_again(displaced).is_running |= event.is_running;
      follow_owners();
      out.note =
          text(who, continues ? " is back and goes on" : " is back and verifies the other run");
      return;
    }
    // Its old epoch stays among the displaced: until it hears of the new one, it speaks under the old one.
    auto owner = displaced;
    owner.epoch = ++item().epoch;
    owner.is_lost = false;
    owner.is_running = true;
    item().owners = {std::move(owner)};
    follow_owners();
    out.note = text(who, " is back and goes on under epoch ", std::to_string(item().epoch));
  }

  const work_item& before_;
  const item_rules& rules_;
  node_time now_;
  std::uint64_t chance_;
};

/// W1, of one item.
void check_owners(const work_item& item, const item_rules& rules) {
  auto& owners = item.owners;
  INVARIANT(owners.size() <= (rules.on_return == return_policy::verify_both ? 2u : 1u), W1,
            "only verify_both has a second owner");
  INVARIANT(owners.empty()
                == (item.state != item_state::assigned && item.state != item_state::running),
            W1, "assigned and running items have an owner, others have none");
  for (auto& owner : owners) {
    INVARIANT(owner.epoch > 0 && owner.epoch <= item.epoch, W1, "an epoch is drawn once");
    INVARIANT(!owner.has_reported || owners.size() == 2, W1,
              "who has reported is kept only beside one who has not");
  }
  INVARIANT(owners.size() < 2
                || (owners[0].epoch != owners[1].epoch && owners[0].worker != owners[1].worker
                    && !(owners[0].has_reported && owners[1].has_reported)),
            W1, "two owners are two workers under two epochs");
}

void check_step(const work_item& before, const item_rules& rules, const item_step& step,
                bool is_retry) {
  auto& next = step.next;
  check_owners(next, rules);
  INVARIANT(next.epoch >= before.epoch, W1, "epochs only grow");
  bool was_over = is_terminal(before.state);
  bool is_over = is_terminal(next.state);
  bool settles = std::ranges::count(step.actions, item_action::settle) > 0;
  INVARIANT(settles == (is_over && !was_over), W2, "it is settled when it ends, once");
  INVARIANT(!was_over || next.state == before.state || is_retry, W2,
            "what is over stays so until it is retried");
  INVARIANT(!is_over || (next.owners.empty() && next.displaced.empty()), W2,
            "nobody owns what is over");
  INVARIANT(!step.is_refused || next == before, W4, "a refused step changes nothing");
}

}  // namespace

item_step step(const work_item& item, const item_rules& rules, const item_event_any& event,
               node_time now, std::uint64_t chance) {
  decision made(item, rules, now, chance);
  std::visit(made, event);
  check_step(item, rules, made.out, std::holds_alternative<item_event::retry>(event));
  return std::move(made.out);
}

std::string_view to_string(item_state state) {
  static constexpr std::array<std::string_view, 8> names{
      "waiting", "assigned", "running", "suspended", "done", "failed", "cancelled", "expired"};
  return names.at(static_cast<std::size_t>(state));
}

std::string_view to_string(lost_policy policy) {
  static constexpr std::array<std::string_view, 2> names{"move", "suspend"};
  return names.at(static_cast<std::size_t>(policy));
}

std::string_view to_string(return_policy policy) {
  static constexpr std::array<std::string_view, 3> names{"keep_first", "adopt", "verify_both"};
  return names.at(static_cast<std::size_t>(policy));
}

std::string_view to_string(run_end end) {
  static constexpr std::array<std::string_view, 7> names{
      "done", "failed", "refused", "handed_back", "cancelled", "timed_out", "never_fits"};
  return names.at(static_cast<std::size_t>(end));
}

}  // namespace holdfast
