// Shows a program of its own that submits work, waits for it, and gets typed results.
#include "film.hpp"

#include <chrono>
#include <iostream>
#include <vector>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  if (argc != 2) {
    std::cerr << "premiere HOST:PORT of the controller\n";
    return 2;
  }
  holdfast::node desk(
      {.data = "desk", .log_level = "warn", .name = "desk", .peers = {{"hub", argv[1]}}});
  desk.start();
  auto hub = desk.controller("hub");

  std::vector<holdfast::item_id> items;
  for (std::string scene : {"opening", "chase", "credits"})
    items.push_back(
        hub.with({.key = scene, .priority = 10, .timeout = 12h}).submit(render, scene, 1000));

  auto reports = hub.wait(items, 24h);
  if (!reports) {
    std::cerr << reports.error().text << "\n";
    return 1;
  }
  for (auto& report : *reports) {
    auto result = hub.result<std::string>(report.id, 1min);
    std::cout << (result ? *result : report.id + ": " + result.error().text) << "\n";
  }
}
