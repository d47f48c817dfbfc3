// Shows supervisors: a child that fails, one that hangs, and one that fails so often that its supervisor gives up.
//
//     supervisor

#include <holdfast/actors/supervisor.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

// Prints pages, and throws at an empty one.
caf::behavior press(caf::event_based_actor* self) {
  holdfast::end_with_exception_text(self);  // so that the report can say what was thrown
  return {[](const std::string& page) {
    if (page.empty())
      throw std::runtime_error("an empty page");
  }};
}

// Waits inside its handler until the gate opens; in time or not.
caf::behavior folder(caf::event_based_actor*, std::shared_future<void> gate) {
  return {
      holdfast::answer_progress(),
      [gate](const std::string&) { gate.wait(); },
  };
}

// The sentences of all reports, in order.
class diary {
public:
  void write(const holdfast::supervision_report& report) {
    std::lock_guard guard(mutex_);
    lines_.push_back(to_string(report));
    std::cout << lines_.back() << std::endl;
    grew_.notify_all();
  }

  // Waits until a sentence stands there behind those that were waited for before.
  bool hears(const std::string& line) {
    std::unique_lock guard(mutex_);
    bool is_there = grew_.wait_for(guard, 30s, [&] {
      auto found = std::find(lines_.begin() + read_, lines_.end(), line);
      if (found == lines_.end())
        return false;
      read_ = found - lines_.begin() + 1;
      return true;
    });
    if (!is_there)
      std::cout << "nobody said: " << line << std::endl;
    return is_there;
  }

private:
  std::mutex mutex_;
  std::condition_variable grew_;
  std::vector<std::string> lines_;
  std::ptrdiff_t read_ = 0;
};

caf::actor start_press(caf::actor_system& system) {
  return system.spawn(press);
}

caf::actor spawn_shop(caf::actor_system& system, diary& book, std::shared_future<void> gate) {
  auto report = [&book](const holdfast::supervision_report& news) { book.write(news); };
  return holdfast::spawn_supervisor(
      system, {.name = "shop",
               .strategy = holdfast::restart_strategy::rest_for_one,
               .intensity = {.restarts_max = 4, .period = 60s},
               .kill_within = 100ms,
               .children = {{.id = "press", .start = start_press},
                            {.id = "folder",
                             .start =
                                 [gate](caf::actor_system& on) {
                                   return on.spawn<caf::detached>(folder, gate);  // it may block
                                 },
                             .progress = 200ms},
                            holdfast::supervisor_child({.name = "bindery",
                                                        .intensity = {.restarts_max = 1},
                                                        .children = {{"glue", start_press}},
                                                        .on_report = report})},
               .on_report = report});
}

caf::actor child(caf::scoped_actor& self, const caf::actor& supervisor, const std::string& id) {
  caf::actor found;
  self->request(supervisor, caf::infinite, holdfast::get_child{id})
      .receive([&](const caf::actor& actor) { found = actor; },
               [&](const caf::error& refusal) {
                 std::cout << holdfast::reason_text(self->system(), refusal) << std::endl;
               });
  return found;
}

}  // namespace

int main() {
  diary book;
  std::promise<void> gate;
  caf::actor_system_config config;
  caf::actor_system system(config);
  caf::scoped_actor self(system);
  auto shop = spawn_shop(system, book, gate.get_future().share());
  bool is_good = book.hears("shop/bindery started");

  std::cout << "\n-- the press fails: it and those behind it are started again\n";
  self->send(child(self, shop, "press"), "");
  is_good &= book.hears("shop/press failed: an empty page");
  is_good &= book.hears("shop/bindery started for the 2. time");

  std::cout << "\n-- the folder hangs: it is killed, then left alone and replaced\n";
  self->send(child(self, shop, "folder"), "a page that is never folded");
  is_good &= book.hears("shop/folder makes no progress and is killed: it did not answer within its "
                        "bound");
  is_good &= book.hears("shop/folder started for the 3. time");
  is_good &= book.hears("shop/bindery started for the 3. time");

  std::cout << "\n-- the glue fails twice: the bindery gives up, the shop starts it again\n";
  auto bindery = child(self, shop, "bindery");
  self->send(child(self, bindery, "glue"), "");
  is_good &= book.hears("bindery/glue started for the 2. time");
  self->send(child(self, bindery, "glue"), "");
  is_good &= book.hears("bindery/glue ended more than once within 5 s, the last time: an empty "
                        "page");
  is_good &= book.hears("shop/bindery started for the 4. time");

  std::cout << "\n-- the shop is closed: in reverse order\n";
  self->monitor(shop);
  self->send_exit(shop, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {});
  is_good &= book.hears("shop/folder was stopped");
  is_good &= book.hears("shop/press was stopped");
  is_good &= book.hears("shop ended");
  gate.set_value();  // the folder that hung ends now, too

  std::cout << (is_good ? "\nall as expected\n" : "\nnot as expected\n");
  return is_good ? 0 : 1;
}
