// Shows what two programs share: the methods that one serves and the other calls.
#pragma once

#include <holdfast/runtime/run.hpp>

#include <string>

// What the warehouse can be asked to do.
constexpr holdfast::method<void(std::string, int)> add{"stock.add(item, count)"};
constexpr holdfast::method<int(std::string, int)> take{"stock.take(item, count)"};

// What the shop can be asked to do. `taken` is a completion: it hears how a call of `take` ended.
constexpr holdfast::method<void(std::string, std::string, int)> place{
    "orders.place(customer, item, count)"};
constexpr holdfast::method<void(holdfast::outcome<int>, std::string, int)> taken{
    "orders.taken(result, customer, count)"};
