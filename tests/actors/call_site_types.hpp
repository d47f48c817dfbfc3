#pragma once

#include <holdfast/actors/context.hpp>
#include <holdfast/actors/durable_actor.hpp>

#include <string>
#include <vector>

// What the call sites of the tests are made of: a few user types, methods, a table and a durable actor.
namespace call_sites {

struct line {
  std::string sku;
  int qty = 0;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(sku) & BOOST_SERIALIZATION_NVP(qty);
  }
};

struct order {
  std::string who;
  std::vector<line> lines;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(who) & BOOST_SERIALIZATION_NVP(lines);
  }
};

struct point {
  int x = 0;
  double y = 0;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& x& y;
  }
};

inline constexpr holdfast::method<void(std::string, int)> render{"pages.render(path, dpi)"};
inline constexpr holdfast::method<int(std::string)> count_pages{"pages.count(path)"};
inline constexpr holdfast::method<void(std::string, double)> progress{"pages.progress(path, part)"};
inline constexpr holdfast::method<std::string(order, point)> place{"shop.place(order, at)"};
inline constexpr holdfast::method<void(holdfast::outcome<int>, std::string)> counted{
    "pages.counted(result, job)"};
inline constexpr holdfast::method<void(holdfast::outcome<void>)> rendered{"pages.rendered(result)"};
inline constexpr holdfast::method<void(holdfast::outcome<long>)> heard_balance{
    "bank.heard(balance)"};
inline constexpr holdfast::table<std::string, int> pages{"pages"};

struct account {
  static constexpr const char* actor_name = "bank.account";
  template <class M>
  static constexpr void methods(M& m) {
    m("deposit(amount)", &account::deposit)("balance", &account::balance)("rename(name)",
                                                                          &account::rename);
  }

  long deposit(holdfast::context&, long amount) { return total += amount; }
  long balance() const { return total; }
  void rename(const std::string& to) { name = to; }
  void hidden() {}

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(total) & BOOST_SERIALIZATION_NVP(name);
  }

  long total = 0;
  std::string name;
};

}  // namespace call_sites
