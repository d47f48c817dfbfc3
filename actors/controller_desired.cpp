#include <holdfast/actors/controller_books.hpp>

#include <algorithm>
#include <utility>

// What workers hear of the sets that they should hold: differences on top of the version before, or the whole set.
namespace holdfast::controlling {
namespace {

constexpr std::size_t part_bytes_max = 1u << 20;
constexpr std::size_t part_items_max = 500;

/// Of one message to one worker, beyond which a whole set is left to the next report: it must fit the link's credit.
constexpr std::size_t whole_bytes_max = 4u << 20;

std::size_t size_of(const assigned_item& item) {
  return item.payload.size() + item.checkpoint.size() + item.item.size() + item.method.size() + 128;
}

}  // namespace

void books::send_all(const std::string& worker, std::vector<held_item> held) {
  deltas_[worker].held = std::move(held);
}

void books::send_drop(const std::string& worker, const item_id& id, std::uint64_t epoch) {
  deltas_[worker].drop.emplace(id, epoch);
}

void books::send_deltas() {
  for (auto& [worker, news] : deltas_) {
    auto* row = find_worker(worker);
    if (row && row->session != 0)  // otherwise its first report gets the whole set
      send_delta(worker, edit_worker(worker), news);
  }
}

void books::send_delta(const std::string& worker, worker_row& row, delta& news) {
  desired_items first;
  first.session = row.session;
  if (news.held)
    fill_whole(worker, news, first);
  else {
    first.base = row.version;
    for (auto& [id, epoch] : news.drop)
      first.drop.push_back({id, epoch, false, false});
  }
  send_parts(worker, row, std::move(first), news.add);
}

/// Replaces `news.add` by what the worker lacks. A run that it goes on with under a new epoch is among `keep`.
void books::fill_whole(const std::string& worker, delta& news, desired_items& whole) {
  news.add.clear();
  std::map<item_id, held_item> has;
  for (auto& held : *news.held) {
    auto& known = has[held.item];
    if (known.epoch <= held.epoch)
      known = held;
  }
  for (auto& [id, row] : held_by(worker)) {
    auto at = has.find(id);
    bool keeps = at != has.end() && (at->second.epoch == row.epoch || !at->second.has_ended);
    if (keeps)
      whole.keep.push_back({id, row.epoch, false, false});
    else
      news.add.emplace(id, row.epoch);
  }
}

void books::send_parts(const std::string& worker, worker_row& row, desired_items first,
                       const std::map<item_id, std::uint64_t>& add) {
  auto part = std::move(first);
  std::size_t bytes = 0, all_bytes = 0;
  auto emit = [&] {
    part.version = ++row.version;
    shared_.point();
    ctx_.to(worker).send(work::desired, part);
    desired_items next;
    next.session = row.session;
    next.base = row.version;
    part = std::move(next);
    all_bytes += std::exchange(bytes, 0);
  };
  for (auto& [id, epoch] : add) {
    auto item = details(id, epoch);
    auto size = size_of(item);
    if (!part.add.empty() && (bytes + size > part_bytes_max || part.add.size() >= part_items_max)) {
      emit();
      if (all_bytes + size > whole_bytes_max)
        return;  // the next report lacks the rest
    }
    bytes += size;
    part.add.push_back(std::move(item));
  }
  if (part.base == 0 || !part.add.empty() || !part.drop.empty())
    emit();
}

assigned_item books::details(const item_id& id, std::uint64_t epoch) {
  auto& row = *find_item(id);
  assigned_item item;
  item.item = id;
  item.epoch = epoch;
  item.method = row.demand.method;
  item.slots = row.demand.slots;
  item.fingerprint = row.fingerprint;
  item.payload_is = row.payload_is;
  auto placed = payloads_.find(id);
  item.payload = placed != payloads_.end() ? placed->second : get(payloads, id).value_or("");
  item.attempt = row.machine.failures + 1;
  item.run = row.runs;
  if (row.has_checkpoint)
    item.checkpoint = get(checkpoints, id).value_or("");
  item.timeout_ns = row.timeout_ns;
  item.stop_alone_ns = row.stop_alone_ns;
  item.trace = row.trace;
  item.origin = row.origin;
  return item;
}

}  // namespace holdfast::controlling
