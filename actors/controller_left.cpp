#include <holdfast/actors/controller_books.hpp>

// What a message leaves to the one that is run right behind it: who has room now, what came, and which drops the workers
// must hear of. It stands in rows until then, and a message to oneself comes in any case, should the next one fail.
namespace holdfast::controlling {

/// Items are placed by the message that takes this up: whoever leaves something adds nothing to what a worker should hold.
void books::leave() {
  bool leaves_any = false;
  for (auto& [worker, news] : deltas_) {
    auto* row = find_worker(worker);
    if (!row || row->session == 0)
      continue;  // its first report gets the whole set
    for (auto& [id, epoch] : news.drop)
      put(left_drops, left_key{worker, id, epoch}, true);
    leaves_any |= !news.drop.empty();
  }
  for (auto& [id, entry] : items_)
    if (entry.is_edited && entry.now && entry.now->place == item_place::ready) {
      put(left_demands, entry.now->demand_class, true);
      leaves_any = true;
    }
  if (!leaves_any || get(left, std::uint8_t{0}))
    return;
  put(left, std::uint8_t{0}, true);
  ctx_.self().send(take_up_method);
}

void books::take_up() {
  if (!get(left, std::uint8_t{0}))
    return;
  auto drops = ctx_.state(left_drops).all(left_max);
  for (auto& [key, unused] : drops) {
    auto& [worker, id, epoch] = key;
    left_workers_.insert(worker);
    send_drop(worker, id, epoch);
    erase(left_drops, key);
  }
  for (auto& [number, unused] : ctx_.state(left_demands).all(left_max)) {
    left_demands_.insert(number);
    erase(left_demands, number);
  }
  if (drops.size() == left_max)
    ctx_.self().send(take_up_method);
  else
    erase(left, std::uint8_t{0});
}

}  // namespace holdfast::controlling
