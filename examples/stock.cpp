// Shows a service in thirty lines: typed methods, a handler that is one transaction, the command line for free.
#include <holdfast/runtime/run.hpp>

#include <stdexcept>
#include <string>

// Declared once, for both sides. The text is checked when this is compiled.
constexpr holdfast::method<int(std::string, int)> add{"stock.add(item, count)"};
constexpr holdfast::method<int(std::string, int)> take{"stock.take(item, count)"};
constexpr holdfast::table<std::string, int> stock{"stock"};

// One transaction: the row that it writes, the calls that it queues and the end of the call that it answers are committed
// together, or not at all. A throw leaves nothing behind, and the call is tried again.
int change(holdfast::context& ctx, const std::string& item, int count) {
  auto rows = ctx.state(stock);
  int left = rows.get(item).value_or(0) + count;
  if (left < 0)
    throw std::runtime_error("no " + item + " left");
  rows.put(item, left);
  return left;
}

int main(int argc, char** argv) {
  return holdfast::run(argc, argv, [](holdfast::node& node) {
    node.serve(add, change);
    node.serve(take, [](holdfast::context& ctx, const std::string& item, int count) {
      return change(ctx, item, -count);
    });
    node.show(stock);  // so that `stock state range stock` shows it with its types
  });
}
