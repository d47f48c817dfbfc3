#include <holdfast/actors/link_marks.hpp>

#include <algorithm>

namespace holdfast {

namespace {

// Lanes between two nodes: the open one and those that were closed when a history was accepted.
constexpr std::size_t lanes_max = 256;

// The way out is taken at `self`; what it accepts is the history of `peer`.
refusal diverged(const std::string& self, const std::string& peer, const std::string& what) {
  return {errc::diverged_history, "diverged history between '" + self + "' and '" + peer
                                      + "': " + what + "; to go on, run `holdfast peers accept "
                                      + peer + " --data DIR` on '" + self + "'"};
}

template <class Entry, class Read>
std::vector<Entry> read_list(byte_reader& in, Read read) {
  auto count = in.u32();
  if (count > lanes_max)
    throw error(errc::bad_frame, std::to_string(count) + " lanes between two nodes");
  std::vector<Entry> list;
  for (std::uint32_t i = 0; i < count; ++i) {
    list.push_back(read());
    if (list.back().lane == loopback_lane)
      throw error(errc::bad_frame, "the lane to oneself between two nodes");
  }
  return list;
}

}  // namespace

std::string encode_marks(const link_marks& content) {
  std::string body;
  byte_writer out(body);
  out.boolean(content.has_link);
  out.u32(static_cast<std::uint32_t>(content.mine.size()));
  for (auto& lane : content.mine)
    out.u32(lane.lane).u64(lane.next).u64(lane.stored_through);
  out.u32(static_cast<std::uint32_t>(content.yours.size()));
  for (auto& lane : content.yours)
    out.u32(lane.lane).u64(lane.mark).u64(lane.nonce);
  return body;
}

link_marks decode_marks(const frame& from) {
  return decode_body(from.type, from, [](byte_reader& in) {
    link_marks content;
    content.has_link = in.boolean();
    content.mine = read_list<link_marks::issued>(in, [&] {
      auto lane = in.u32();
      auto next = in.u64();
      return link_marks::issued{lane, next, in.u64()};
    });
    content.yours = read_list<link_marks::remembered>(in, [&] {
      auto lane = in.u32();
      auto mark = in.u64();
      return link_marks::remembered{lane, mark, in.u64()};
    });
    return content;
  });
}

link_marks collect_marks(const journal_reader& rows, const std::string& peer, const uuid& peer_id,
                         bool has_link) {
  link_marks content;
  content.has_link = has_link;
  auto known = find_peer(rows, peer);
  if (known && known->lane)
    if (auto lane = find_out_lane(rows, *known->lane))
      content.mine.push_back({*known->lane, lane->next, lane->stored_through});
  for (auto& lane : all_in_lanes(rows))
    if (lane.source == peer_id && lane.lane != loopback_lane)
      content.yours.push_back({lane.lane, lane.mark, lane.mark_nonce});
  // The latest count: older ones were closed when a history was accepted, and carry nothing.
  if (content.yours.size() > lanes_max)
    content.yours.erase(content.yours.begin(), content.yours.end() - lanes_max);
  return content;
}

std::optional<refusal> check_binding(const std::string& self, const std::optional<peer_row>& known,
                                     const link_hello& peer) {
  if (known && known->is_foreign)
    return refusal{errc::wrong_name, "'" + peer.name + "' is the name of a foreign node at '" + self
                                         + "': give the node another name"};
  if (!known || known->id.is_nil())
    return std::nullopt;
  if (known->id != peer.id)
    return diverged(self, peer.name,
                    "'" + peer.name + "' comes with a new journal (" + peer.id.to_text() + ", '"
                        + self + "' knows " + known->id.to_text()
                        + "): its data directory was lost or replaced");
  auto start = [](std::uint64_t incarnation) { return "start " + std::to_string(incarnation); };
  if (peer.incarnation < known->incarnation)
    return diverged(self, peer.name,
                    "'" + peer.name + "' is at " + start(peer.incarnation) + " but '" + self
                        + "' has seen its " + start(known->incarnation)
                        + ": it runs on a restored backup or an older copy of its data directory");
  if (peer.incarnation == known->incarnation && peer.start_nonce != known->nonce)
    return diverged(self, peer.name,
                    "'" + peer.name + "' has run its " + start(peer.incarnation)
                        + " twice: it runs on a copy of its data directory or a restored backup");
  return std::nullopt;
}

std::optional<refusal> check_marks(const journal_reader& rows, const std::string& self,
                                   const link_hello& peer, const link_marks& theirs) {
  auto known = find_peer(rows, peer.name);
  auto open = known ? known->lane : std::nullopt;
  auto is_open_known = !open;
  for (auto& mark : theirs.yours) {
    auto lane = find_out_lane(rows, mark.lane);
    if (!lane)
      return diverged(self, peer.name,
                      "'" + peer.name + "' remembers calls of lane " + std::to_string(mark.lane)
                          + " which '" + self + "' never opened: '" + self
                          + "' runs on a restored backup");
    if (lane->is_closed)
      continue;
    is_open_known = is_open_known || mark.lane == *open;
    if (auto what = outbox::check_mark(*lane, mark.lane, mark.mark, mark.nonce))
      return diverged(self, peer.name, *what);
  }
  if (!is_open_known)
    if (auto lane = find_out_lane(rows, *open))
      if (auto what = outbox::check_mark(*lane, *open, 0, 0))
        return diverged(self, peer.name, *what);
  for (auto& issued : theirs.mine) {
    auto lane = find_in_lane(rows, peer.id, issued.lane);
    auto mark = lane ? lane->mark : 0;
    // The lane is the peer's: it is closed there.
    auto place = "lane " + std::to_string(issued.lane) + " to " + self + ": ";
    if (issued.stored_through > mark)
      return diverged(peer.name, self,
                      place + "'" + self + "' remembers calls up to " + std::to_string(mark)
                          + " but had confirmed " + std::to_string(issued.stored_through) + ", so '"
                          + self + "' runs on a restored backup");
    if (issued.next <= mark)
      return diverged(peer.name, self,
                      place + "'" + self + "' has calls up to " + std::to_string(mark)
                          + " but only " + std::to_string(issued.next - 1) + " were issued, so '"
                          + peer.name + "' runs on a restored backup");
  }
  return std::nullopt;
}

}  // namespace holdfast
