#include "tests/actors/working_nodes.hpp"

#include <holdfast/actors/controller.hpp>
#include <holdfast/actors/controller_tables.hpp>
#include <holdfast/actors/work_protocol.hpp>

#include <gtest/gtest.h>

// A controller and workers as they are, each on a node of its own, over links that lose what the test says.
namespace holdfast {
namespace {

using namespace testing;
using namespace std::chrono_literals;

constexpr method<int(std::string)> count_pages{"pages.count(path)"};
constexpr method<std::string(int)> convert{"pages.convert(page)"};

/// One life of a worker's node.
struct worker_life {
  worker_life(cluster& all, const std::string& name, std::shared_ptr<memory_disk> disk,
              std::uint64_t life, std::vector<std::string>& log, std::vector<work_ticket>& tickets)
      : node(all, name, disk, life),
        mine(node.env, worker_options{.controller = "hub", .slots = 2}) {
    mine.serve(count_pages, [&log, name](const std::string& path) {
      log.push_back(name + " count " + path);
      return static_cast<int>(path.size());
    });
    mine.serve_async(convert, [&log, &tickets, name](work_ticket ticket, int page) {
      log.push_back(name + " convert " + std::to_string(page));
      tickets.push_back(std::move(ticket));
    });
    node.start();
    mine.start(all.system);
    node.dial("hub");
  }
  ~worker_life() {
    mine.shut();
    node.kill();
  }

  working_node node;
  worker mine;
};

class work_cluster {
public:
  work_cluster() {
    begin_hub();
    for (auto* name : {"w1", "w2"})
      disks_[name] = make_memory_disk();
  }
  ~work_cluster() {
    tickets.clear();
    workers.clear();
    hub->kill();
  }

  void begin_hub() {
    hub = std::make_unique<working_node>(all, "hub", hub_disk_, ++lives_);
    serve_controller(hub->env);
    hub->start();
    start_controller(hub->env);
    all.run();
  }
  void restart_hub() {
    hub.reset();
    begin_hub();
  }
  void begin(const std::string& name) {
    workers[name] =
        std::make_unique<worker_life>(all, name, disks_.at(name), ++lives_, log, tickets);
    all.run();
  }

  item_id submit(submission given) {
    queue_request request;
    request.peer = "hub";
    request.header.method = work::submit.name();
    request.header.fingerprint = fingerprint(work::submit);
    request.header.trace = 1;
    request.header.origin = "hub";
    request.payload = encode_arguments(given);
    auto id = std::make_shared<item_id>();
    caf::anon_send(hub->env.persistence, commit_request{make_operation<int>(
                                             growth::grows, 0, false,
                                             [request, id](ledger& books, int&) {
                                               *id = outbox::queue(books, request).id.to_text();
                                             },
                                             [](int&, const error*) {})});
    all.run();
    ids.push_back(*id);
    return *id;
  }
  template <class R, class... A>
  item_id submit(const method<R(A...)>& m, const std::type_identity_t<A>&... arguments) {
    submission given;
    given.demand.method = m.name();
    given.fingerprint = fingerprint(m);
    given.payload = encode_arguments<A...>(arguments...);
    given.grace_ns = 3 * duration(1s).count();
    return submit(std::move(given));
  }

  std::optional<controlling::item_row> find(const item_id& id) {
    auto rows = hub->store.read();
    auto row = read_state(*rows, state_key(controlling::items.name(), encode_key(id)));
    return row ? std::optional(decode<controlling::item_row>(*row, "an item")) : std::nullopt;
  }
  bool are_all_done() {
    return std::ranges::all_of(ids, [&](const item_id& id) {
      auto row = find(id);
      return row && row->machine.state == item_state::done;
    });
  }
  void pass(duration time) {
    all.advance_until([] { return false; }, time);
  }
  /// What was started and waits for its end is ended, in each step.
  bool finish_all(duration within = 40s) {
    return all.advance_until(
        [&] {
          auto now = std::exchange(tickets, {});
          for (auto& ticket : now)
            ticket.finish(std::string("page"));
          all.run();
          return are_all_done() && hub->count_rows("work.holding") == 0
                 && std::ranges::all_of(workers, [](auto& each) {
                      return each.second->node.count_rows("worker.ended") == 0;
                    });
        },
        within);
  }

  cluster all;
  std::unique_ptr<working_node> hub;
  std::map<std::string, std::unique_ptr<worker_life>> workers;
  std::vector<item_id> ids;
  std::vector<std::string> log;
  std::vector<work_ticket> tickets;

private:
  std::shared_ptr<memory_disk> hub_disk_ = make_memory_disk();
  std::map<std::string, std::shared_ptr<memory_disk>> disks_;
  std::uint64_t lives_ = 0;
};

/// Messages between controller and workers, in either direction.
bool is_about_work(const frame& content) {
  return content.type == frame_type::message
         && content.body.view().find("holdfast.work") != std::string_view::npos;
}

void play(work_cluster& it) {
  it.submit(convert, 1);
  it.submit(count_pages, "a");
  it.begin("w1");
  it.begin("w2");
  it.all.advance(100ms);
  for (auto page = 2; page < 5; ++page)
    it.submit(convert, page);
  it.submit(count_pages, "b");
  it.all.advance(100ms);
}

void expect_clean(work_cluster& it, std::size_t runs) {
  EXPECT_EQ(it.log.size(), runs);
  for (auto* table : {"work.holding", "work.ready", "work.faults"})
    EXPECT_EQ(it.hub->count_rows(table), 0u) << table;
}

TEST(controller_work, ItemsRunOnRealWorkers) {
  work_cluster it;
  play(it);
  ASSERT_TRUE(it.finish_all()) << it.hub->logged.str();
  expect_clean(it, 6);
}

TEST(controller_work, EveryMessageDroppedInTurnStallsNothing) {
  std::size_t messages = 0;
  {
    work_cluster it;
    it.all.net.decide = [&](const std::string&, bool, const frame& content) {
      messages += is_about_work(content) ? 1 : 0;
      return fake_network::fate::deliver;
    };
    play(it);
    ASSERT_TRUE(it.finish_all());
  }
  ASSERT_GT(messages, 10u);
  for (std::size_t dropped = 0; dropped < messages; ++dropped) {
    SCOPED_TRACE("without message " + std::to_string(dropped));
    work_cluster it;
    std::size_t number = 0;
    it.all.net.decide = [&](const std::string&, bool, const frame& content) {
      return is_about_work(content) && number++ == dropped ? fake_network::fate::vanish
                                                           : fake_network::fate::deliver;
    };
    play(it);
    ASSERT_TRUE(it.finish_all());
    ASSERT_GT(number, dropped);
    expect_clean(it, 6);
  }
}

TEST(controller_work, ACutLinkNeitherMovesNorRunsAgain) {
  work_cluster it;
  it.begin("w1");
  auto id = it.submit(convert, 1);
  it.begin("w2");
  for (auto i = 0; i < 5; ++i) {
    it.pass(1s);
    it.all.net.cut_all();
    it.pass(2s);
  }
  EXPECT_EQ(it.find(id)->machine.state, item_state::running);
  ASSERT_TRUE(it.finish_all());
  EXPECT_EQ(it.log, std::vector<std::string>{"w1 convert 1"});
  EXPECT_EQ(it.find(id)->machine.epoch, 1u);
}

TEST(controller_work, AKilledWorkersItemsMoveAndAKilledControllerGoesOn) {
  work_cluster it;
  it.begin("w1");
  for (auto page = 0; page < 4; ++page)
    it.submit(convert, page);
  it.all.advance(100ms);
  EXPECT_EQ(it.log.size(), 2u);
  it.begin("w2");
  it.all.advance(100ms);
  EXPECT_EQ(it.log.size(), 4u);
  it.workers.erase("w1");
  it.restart_hub();
  it.pass(1s);
  EXPECT_EQ(it.log.size(), 4u) << "its grace has just begun";
  ASSERT_TRUE(it.finish_all());
  EXPECT_EQ(it.log.size(), 6u);
}

}  // namespace
}  // namespace holdfast
