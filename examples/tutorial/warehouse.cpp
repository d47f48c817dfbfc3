// Shows a handler that is a transaction over typed state, and how often a failing call is tried.
#include "shop.hpp"

#include <stdexcept>

namespace {

constexpr holdfast::table<std::string, int> stock{"stock"};

void setup(holdfast::node& node) {
  node.configure("stock", {.attempts = 3});

  node.serve(add, [](holdfast::context& ctx, const std::string& item, int count) {
    auto rows = ctx.state(stock);
    rows.put(item, rows.get(item).value_or(0) + count);
  });

  node.serve(take, [](holdfast::context& ctx, const std::string& item, int count) {
    auto rows = ctx.state(stock);
    int left = rows.get(item).value_or(0) - count;
    if (left < 0)
      throw std::runtime_error("not enough of " + item);
    rows.put(item, left);
    return left;
  });

  node.show(stock);
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::run(argc, argv, setup);
}
