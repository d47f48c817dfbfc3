#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/foreign.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/record.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace holdfast::foreign {
namespace {

constexpr std::string_view mark = "foreign:";

std::string id_key(const std::string& name, char kind, std::string_view rest) {
  return "foreign/" + name + '\0' + kind + std::string(rest);
}

std::string number_key(const std::string& name, std::uint64_t number) {
  std::string key;
  append_be64(key, number);
  return id_key(name, 'n', key);
}

std::optional<std::uint64_t> number_of(const std::optional<row>& found, const std::string& prefix) {
  if (!found || !found->key.starts_with(prefix))
    return std::nullopt;
  return read_be64(found->key, prefix.size());
}

template <class Write>
void put(ledger& books, const std::string& key, Write write) {
  std::string record;
  seal_to(record, record_kind::meta, write);
  books.rows().put(table_id::meta, key, record);
}

/// No name has a slash in it.
std::string list_of(const request& given) {
  return given.is_of_work ? given.name + "/work" : given.name;
}

void remember(ledger& books, const request& given, std::uint64_t checksum) {
  auto& rows = books.rows();
  auto list = list_of(given);
  auto prefix = id_key(list, 'n', {});
  auto last = number_of(rows.before(table_id::meta, id_key(list, 'n' + 1, {})), prefix);
  auto first = number_of(rows.at_or_after(table_id::meta, prefix), prefix);
  auto number = last ? *last + 1 : 1;
  if (first && number - *first >= limits::foreign_ids_max) {
    auto oldest = number_key(list, *first);
    auto id = std::string(unseal(record_kind::meta, *rows.get(table_id::meta, oldest)));
    rows.erase(table_id::meta, oldest);
    rows.erase(table_id::meta, id_key(list, 'i', id));
  }
  put(books, number_key(list, number), [&](byte_writer& out) { out.raw(given.id); });
  put(books, id_key(list, 'i', given.id), [&](byte_writer& out) { out.u64(number).u64(checksum); });
}

}  // namespace

uuid source_of(const std::string& name) {
  uuid id;
  auto half = id.bytes.size() / 2;
  // The name stands first: the first half is the origin in the ids of its calls.
  auto hash = checksum64(name, checksum64(mark));
  for (std::size_t i = 0; i < half; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(hash >> (8 * i));
  std::copy(mark.begin(), mark.end(), id.bytes.begin() + static_cast<std::ptrdiff_t>(half));
  return id;
}

bool is_source(const uuid& id) {
  return id.view().substr(id.bytes.size() / 2) == mark;
}

std::uint64_t introduce(ledger& books, const std::string& name, std::uint64_t start) {
  auto& row = books.peer(name);
  if (!row.is_foreign) {
    if (!row.id.is_nil())
      throw error(errc::wrong_name, "'" + name + "' is the name of a node of the cluster at '"
                                        + books.self().name
                                        + "': give the foreign node another name");
    auto known = all_peers(books.rows());
    auto count = std::count_if(known.begin(), known.end(),
                               [](const peer_row& peer) { return peer.is_foreign; });
    if (static_cast<std::size_t>(count) >= limits::foreign_names_max)
      throw error(errc::over_credit, "'" + books.self().name + "' knows "
                                         + std::to_string(limits::foreign_names_max)
                                         + " foreign nodes already: use a name that it knows");
    row.is_foreign = true;
    row.id = source_of(name);
    if (row.lane)
      books.lane_out(*row.lane).peer_id = row.id;
  }
  bool is_same = std::exchange(row.nonce, start) == start && start != 0;
  return is_same ? row.incarnation : ++row.incarnation;
}

stored accept(ledger& books, const request& given) {
  auto& call = given.call;
  auto checksum = checksum64(call.payload, checksum64(call.header.method, checksum64(call.peer)));
  auto known = given.id.empty()
                   ? std::nullopt
                   : books.rows().get(table_id::meta, id_key(list_of(given), 'i', given.id));
  if (known) {
    byte_reader in(unseal(record_kind::meta, *known), "id of a foreign call");
    in.u64();
    if (in.u64() == checksum)
      return stored::before;
    throw error(errc::id_conflict,
                "the id '" + given.id + "' was another call's: use a new one for each call");
  }
  if (call.peer == books.self().name)
    inbox::accept_foreign(books, given.name, call.header, call.payload);
  else
    outbox::queue(books, call);
  if (!given.id.empty())
    remember(books, given, checksum);
  return stored::now;
}

}  // namespace holdfast::foreign
