#pragma once

#include "tests/actors/working_nodes.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace holdfast::testing {

inline constexpr method<int(std::string)> count_pages{"pages.count(path)"};
inline constexpr method<void(std::string, int)> render{"pages.render(path, dpi)"};
inline constexpr method<std::string(int)> convert{"pages.convert(page)"};

/// A worker "w1" and a hub that a test moves by hand, linked.
class worker_test : public ::testing::Test {
protected:
  void SetUp() override { begin(); }
  void TearDown() override {
    tickets.clear();
    end();
  }

  void begin() {
    node.emplace(all, "w1", disk, ++life);
    mine.emplace(node->env, worker_options{.controller = "hub",
                                           .labels = {"gpu", "big", "gpu"},
                                           .slots = 2,
                                           .type = "render"});
    mine->serve(count_pages, [this](work_context& work, const std::string& path) {
      log.push_back("count " + path + " attempt " + std::to_string(work.attempt()));
      if (path == "bad.pdf")
        throw std::runtime_error("no pages in it");
      return static_cast<int>(path.size());
    });
    mine->serve_async(convert, [this](work_ticket ticket, int page) {
      log.push_back("convert " + std::to_string(page));
      tickets.push_back(std::move(ticket));
    });
    node->start();
    mine->start(all.system, "w1.example:7000");
    node->dial("hub");
    ASSERT_TRUE(all.advance_until([&] { return !hub.reports.empty() && hub.is_up("w1"); }));
    all.run();
  }

  /// The process of the worker dies.
  void end() {
    if (!node)
      return;
    mine->shut();
    node->kill();
    mine.reset();
    node.reset();
    all.run();
  }

  struct started_hub : scripted_hub {
    explicit started_hub(cluster& all) : scripted_hub(all) { start(); }
  };

  cluster all;
  started_hub hub{all};
  std::shared_ptr<memory_disk> disk = make_memory_disk();
  std::optional<working_node> node;
  std::optional<worker> mine;
  std::vector<std::string> log;
  std::vector<work_ticket> tickets;
  std::uint64_t life = 0;
};

}  // namespace holdfast::testing
