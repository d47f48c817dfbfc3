#include <holdfast/core/error.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/persistence/record.hpp>

#include <algorithm>

namespace holdfast {
namespace {

constexpr std::string_view identity_key = "identity", start_key = "start", time_key = "time";

struct start_row {
  std::uint64_t incarnation = 0;
  std::uint64_t nonce = 0;
  bool is_running = false;
  std::uint32_t unclean_in_a_row = 0;
};

struct time_row {
  moment machine;
  node_time time = 0;
};

template <class Write>
void put_meta(journal_writer& rows, std::string_view key, Write write) {
  std::string record;
  seal_to(record, record_kind::meta, write);
  rows.put(table_id::meta, key, record);
}

std::optional<byte_reader> read_meta(const journal_reader& rows, std::string_view key) {
  auto record = rows.get(table_id::meta, key);
  return record ? std::optional(byte_reader(unseal(record_kind::meta, *record), key))
                : std::nullopt;
}

std::optional<start_row> read_start(const journal_reader& rows) {
  auto in = read_meta(rows, start_key);
  if (!in)
    return std::nullopt;
  start_row start;
  start.incarnation = in->u64();
  start.nonce = in->u64();
  start.is_running = in->boolean();
  start.unclean_in_a_row = in->u32();
  in->done();
  return start;
}

void put_start(journal_writer& rows, const start_row& start) {
  put_meta(rows, start_key, [&](byte_writer& out) {
    out.u64(start.incarnation)
        .u64(start.nonce)
        .boolean(start.is_running)
        .u32(start.unclean_in_a_row);
  });
}

void put_time(journal_writer& rows, const moment& machine, node_time time) {
  put_meta(rows, time_key, [&](byte_writer& out) {
    out.i64(machine.wall_ns).i64(machine.steady_ns).u64(machine.boot).i64(time);
  });
}

std::optional<time_row> read_time(const journal_reader& rows) {
  auto in = read_meta(rows, time_key);
  if (!in)
    return std::nullopt;
  time_row row;
  row.machine.wall_ns = in->i64();
  row.machine.steady_ns = in->i64();
  row.machine.boot = in->u64();
  row.time = in->i64();
  in->done();
  return row;
}

/// Where node time goes on after the stamp, by the clock that can be believed.
node_time resume_time(const time_row& stamp, const moment& now, std::optional<std::string>& held) {
  if (now.boot == stamp.machine.boot)
    return stamp.time + std::max<std::int64_t>(0, now.steady_ns - stamp.machine.steady_ns);
  auto off = now.wall_ns - stamp.machine.wall_ns;
  if (off < 0)
    held = "the wall clock stands before the last time this node ran; deadlines go on from there, "
           "set the clock";
  else if (off > time_off_max.count())
    held = "the wall clock stands more than 400 days after the last time this node ran; deadlines "
           "go on from there, "
           "set the clock";
  return held ? stamp.time : stamp.time + off;
}

uuid draw_uuid(random_source& random) {
  uuid id;
  for (std::size_t i = 0; i < id.bytes.size(); i += 8) {
    auto bits = random.next();
    for (std::size_t k = 0; k < 8; ++k)
      id.bytes[i + k] = static_cast<std::uint8_t>(bits >> (8 * k));
  }
  return id;
}

}  // namespace

std::optional<node_identity> read_identity(const journal_reader& rows) {
  auto in = read_meta(rows, identity_key);
  if (!in)
    return std::nullopt;
  node_identity self;
  auto bytes = in->raw(self.id.bytes.size());
  std::copy(bytes.begin(), bytes.end(), self.id.bytes.begin());
  self.name = in->str();
  in->done();
  if (auto start = read_start(rows)) {
    self.incarnation = start->incarnation;
    self.nonce = start->nonce;
  }
  return self;
}

node_start start_node(journal& store, const std::string& name, const clock& machine,
                      random_source& random) {
  auto now = machine.now();
  auto fresh_id = draw_uuid(random);
  auto nonce = random.next();
  node_start result;
  auto body = [&](journal_writer& rows) {
    result = {};
    auto known = read_identity(rows);
    if (known && known->name != name)
      throw error(errc::wrong_name, "this data directory belongs to node '" + known->name
                                        + "', not '" + name
                                        + "': start it under that name or give '" + name
                                        + "' a directory of its own");
    auto last = read_start(rows).value_or(start_row{});
    result.self = {known ? known->id : fresh_id, name, last.incarnation + 1, nonce};
    result.was_clean = !last.is_running;
    result.unclean_in_a_row = last.is_running ? last.unclean_in_a_row + 1 : 0;
    if (!known) {
      put_meta(rows, identity_key,
               [&](byte_writer& out) { out.raw(result.self.id.view()).str(name); });
      admission_window none;
      ledger_host host{result.self, 0, now.wall_ns, none, {}, {}};
      ledger books(rows, host);
      books.lane_to(name);  // the lane to oneself, number 0 of all
      books.lane_from(result.self.id, loopback_lane, name);
      books.close();
    }
    put_start(rows, {result.self.incarnation, nonce, true, result.unclean_in_a_row});
    auto stamp = read_time(rows);
    result.time =
        stamp ? resume_time(*stamp, now, result.held) : std::max<node_time>(1, now.wall_ns);
    put_time(rows, now, result.time);
  };
  if (store.commit(growth::shrinks, body) != commit_result::committed)
    throw error(errc::disk_full,
                "the disk of the data directory is full and its reserve is gone: free some space");
  return result;
}

void stamp_time(ledger& books, const moment& now) {
  put_time(books.rows(), now, books.now());
}

void stop_node(ledger& books) {
  auto start = read_start(books.rows()).value_or(start_row{});
  start.is_running = false;
  put_start(books.rows(), start);
}

void forget_unclean(ledger& books) {
  auto start = read_start(books.rows()).value_or(start_row{});
  start.unclean_in_a_row = 0;
  put_start(books.rows(), start);
}

}  // namespace holdfast
