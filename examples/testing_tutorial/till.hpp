// Shows a set-up function that a program and its simulation share, with a bug to be found behind an option.
#pragma once

#include <holdfast/runtime/node.hpp>
#include <holdfast/runtime/simulation.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// A till takes payments, and the office books them.
constexpr holdfast::method<void(std::int64_t, int)> pay{"till.pay(receipt, cents)"};
constexpr holdfast::method<void(std::int64_t, int)> book{"office.book(receipt, cents)"};

constexpr holdfast::table<std::int64_t, int> payments{"till.payments"};
constexpr holdfast::table<std::int64_t, int> bookings{"office.bookings"};

// Every payment that the till has must come to be booked, whatever breaks on the way.
inline void set_up_shop(holdfast::node& node, bool is_bug_planted) {
  node.serve(pay, [is_bug_planted](holdfast::context& ctx, std::int64_t receipt, int cents) {
    ctx.state(payments).put(receipt, cents);
    if (is_bug_planted)
      ctx.to("office").send(book, receipt, cents);
    else
      ctx.to("office").queue(book, receipt, cents);
  });

  node.serve(book, [](holdfast::context& ctx, std::int64_t receipt, int cents) {
    ctx.state(bookings).put(receipt, cents);
  });

  node.show(payments);
  node.show(bookings);
}

// What this cluster promises: the office has booked what the till has. In sentences, as all checks.
inline std::vector<std::string> not_booked(holdfast::simulation& sim) {
  auto booked = sim.state("office", bookings);
  std::map<std::int64_t, int> in_office(booked.begin(), booked.end());
  std::vector<std::string> missing;
  for (auto& [receipt, cents] : sim.state("till", payments))
    if (!in_office.contains(receipt))
      missing.push_back("T1 till: the payment " + std::to_string(receipt) + " was never booked");
  return missing;
}
