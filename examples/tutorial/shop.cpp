// Shows a call with a completion, a durable actor, and peers that come and go.
#include "shop.hpp"

namespace {

// A customer of the shop: a durable actor. Its state is a row, committed with each call.
class customer {
public:
  static constexpr const char* actor_name = "orders.customer";

  template <class M>
  static constexpr void methods(M& m) {
    m("served(count)", &customer::served);
    m("refused(why)", &customer::refused);
    m("points()", &customer::points);
    m("complaint()", &customer::complaint);
  }

  void served(int count) { points_ += 10 * count; }
  void refused(const std::string& why) { complaint_ = why; }
  int points() const { return points_; }
  std::string complaint() const { return complaint_; }

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(points_) & BOOST_SERIALIZATION_NVP(complaint_);
  }

private:
  int points_ = 0;
  std::string complaint_;
};

constexpr holdfast::table<std::string, std::string> seen{"peers.seen"};

void setup(holdfast::node& node) {
  node.serve<customer>();

  node.serve(place, [](holdfast::context& ctx, const std::string& who, const std::string& item,
                       int count) {
    ctx.to("warehouse").then(taken, who, count).queue(take, item, count);
  });

  node.serve(taken, [](holdfast::context& ctx, const holdfast::outcome<int>& result,
                       const std::string& who, int count) {
    auto buyer = ctx.self().actor<customer>(who);
    if (result)
      buyer.queue<&customer::served>(count);
    else
      buyer.queue<&customer::refused>(result.error);
  });

  node.on<holdfast::peer_up>("peers", [](holdfast::context& ctx, const holdfast::peer_up& peer) {
    ctx.state(seen).put(peer.node, "up, start " + std::to_string(peer.incarnation));
  });
  node.on<holdfast::peer_down>(
      "peers", [](holdfast::context& ctx, const holdfast::peer_down& peer) {
        ctx.state(seen).put(peer.node, "down: " + std::string(holdfast::to_string(peer.reason)));
      });
  node.show(seen);
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::run(argc, argv, setup);
}
