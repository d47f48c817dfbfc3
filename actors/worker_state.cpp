#include <holdfast/actors/worker_state.hpp>
#include <holdfast/core/invariant.hpp>

#include <array>
#include <utility>

namespace holdfast {
namespace {

using phase = worker_phase;
using action = worker_action;

/// One step in the making: an event is a call, and leaves in `out` what follows from it.
class decision {
public:
  decision(const worker_state& before, node_time now) : now_(now) { out.next = before; }

  worker_step out;

  void operator()(const worker_event::link_up& event) { join(event.incarnation); }

  void operator()(const worker_event::link_suspect&) {
    if (!has_link() || worker().phase == phase::suspect)
      return refuse("it has no link, or is suspect already");
    enter(phase::suspect, "silent: it gets nothing new until it speaks");
  }

  void operator()(const worker_event::link_down& event) {
    if (worker().phase == phase::gone)
      return refuse("it is gone already");
    if (event.is_goodbye) {
      leave("it said goodbye");
      return;
    }
    if (worker().phase == phase::lost)
      return refuse("its link is lost already");
    lose("its link is lost");
  }

  void operator()(const worker_event::reported& event) {
    bool took_items = takes_items(worker());
    // A report proves a link, also if the news of the link were never taken in.
    if (!has_link() || event.incarnation != worker().incarnation)
      join(event.incarnation);
    worker().is_leaving = event.is_leaving;
    settle_down();
    act(action::reconcile);
    if (!took_items && takes_items(worker()))
      act(action::has_come);
  }

  void operator()(const worker_event::proven_dead&) {
    if (worker().phase != phase::lost)
      return refuse("only a lost worker can be proven dead");
    leave("nobody listens where it listened: it is dead");
  }

  void operator()(const worker_event::controller_started&) {
    if (worker().phase == phase::gone)
      return refuse("it is gone already");
    lose("the controller started; its link is not back yet");
  }

  void operator()(const worker_event::drain&) {
    if (worker().is_drain_wanted)
      return refuse("it is drained already");
    worker().is_drain_wanted = true;
    out.note = "drained by the operator: it finishes what it has";
    if (worker().phase == phase::ready)
      settle_down();
  }

  void operator()(const worker_event::resume&) {
    if (!worker().is_drain_wanted)
      return refuse("it is not drained");
    worker().is_drain_wanted = false;
    out.note = "resumed by the operator";
    if (worker().phase != phase::draining)
      return;
    settle_down();
    if (takes_items(worker()))
      act(action::has_come);
  }

  void operator()(const worker_event::forget&) {
    if (has_link())
      return refuse("it is connected; stop it before it is forgotten");
    if (worker().phase == phase::lost)
      leave("");
    act(action::erase);
    out.note = "forgotten by the operator";
  }

private:
  worker_state& worker() { return out.next; }

  bool has_link() { return worker().phase < phase::lost; }

  void refuse(std::string why) {
    out.is_refused = true;
    out.note = std::move(why);
  }

  void act(worker_action one) { out.actions.push_back(one); }

  void enter(phase next, std::string note) {
    if (worker().phase != next)
      worker().since = now_;
    worker().phase = next;
    out.note = std::move(note);
  }

  /// A link of this process is up. Only a higher incarnation proves that the process before is dead; a lower one is
  /// another store under the name, and what it does not hold comes out with its report.
  void join(std::uint64_t incarnation) {
    bool is_successor = worker().incarnation != 0 && incarnation > worker().incarnation;
    if (is_successor && worker().phase != phase::gone)
      act(action::items_dead);
    if (incarnation != worker().incarnation)
      worker().is_leaving = false;
    worker().incarnation = incarnation;
    enter(phase::joining, is_successor ? "its process was started again" : "its link is up");
    worker().since = now_;
  }

  /// It has reported: what it may do follows from what it and the operator want.
  void settle_down() {
    if (worker().is_leaving)
      return enter_if_other(phase::draining, "it leaves: it hands back what it has");
    if (worker().is_drain_wanted)
      return enter_if_other(phase::draining, "drained: it finishes what it has");
    enter_if_other(phase::ready, "it takes items");
  }

  void enter_if_other(phase next, std::string note) {
    if (worker().phase != next)
      enter(next, std::move(note));
  }

  void lose(std::string note) {
    enter(phase::lost, std::move(note));
    worker().since = now_;  // a controller's start begins the grace anew
    act(action::items_lost);
  }

  void leave(std::string note) {
    enter(phase::gone, std::move(note));
    act(action::items_dead);
  }

  node_time now_;
};

}  // namespace

worker_step step(const worker_state& worker, const worker_event_any& event, node_time now) {
  decision made(worker, now);
  std::visit(made, event);
  INVARIANT(!made.out.is_refused || (made.out.next == worker && made.out.actions.empty()), W4,
            "a refused step changes nothing");
  return std::move(made.out);
}

std::string_view to_string(worker_phase phase) {
  static constexpr std::array<std::string_view, 6> names{"joining", "ready", "draining",
                                                         "suspect", "lost",  "gone"};
  return names.at(static_cast<std::size_t>(phase));
}

}  // namespace holdfast
