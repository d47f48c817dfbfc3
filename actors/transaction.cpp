#include <holdfast/actors/transaction.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/limits.hpp>

#include <utility>

namespace holdfast {
namespace {

/// Lays the rows that `layer` has in [from, to) over `rows`.
void lay_over(std::map<std::string, std::string>& rows, const overlay& layer,
              const std::string& from, const std::string& to) {
  for (auto i = layer.lower_bound(from); i != layer.end() && (to.empty() || i->first < to); ++i)
    if (i->second)
      rows.insert_or_assign(i->first, *i->second);
    else
      rows.erase(i->first);
}

std::size_t count_in(const overlay& layer, const std::string& from, const std::string& to) {
  std::size_t count = 0;
  for (auto i = layer.lower_bound(from); i != layer.end() && (to.empty() || i->first < to); ++i)
    ++count;
  return count;
}

state_rows first_rows(const std::map<std::string, std::string>& rows, std::size_t limit) {
  state_rows first;
  for (auto i = rows.begin(); i != rows.end() && first.size() < limit; ++i)
    first.emplace_back(*i);
  return first;
}

}  // namespace

transaction::transaction(const ground& on,
                         const std::vector<std::shared_ptr<const overlay>>& layers,
                         const overlay& before, const std::string& caller,
                         const call_header& header, holdfast::call_id id, std::uint32_t attempt,
                         bool is_followed)
    : on_(on), layers_(layers), before_(before), caller_(caller), header_(header), id_(id),
      attempt_(attempt), is_followed_(is_followed) {}

std::optional<std::string> transaction::read_below(const std::string& key) const {
  if (auto i = before_.find(key); i != before_.end())
    return i->second;
  for (auto& layer : layers_)
    if (auto i = layer->find(key); i != layer->end())
      return i->second;
  auto snapshot = on_.store.read();
  auto value = read_state(*snapshot, key);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

std::optional<std::string> transaction::read(const std::string& key) {
  if (auto i = writes_.find(key); i != writes_.end())
    return i->second;
  auto value = read_below(key);
  reads_.emplace(key, hash_value(value ? std::optional<std::string_view>(*value) : std::nullopt));
  return value;
}

void transaction::write(const std::string& key, std::optional<std::string> value) {
  if (key.size() > limits::stored_key_bytes_max)
    throw error(errc::too_large, "a state key of " + std::to_string(key.size())
                                     + " bytes, table name included; at most "
                                     + std::to_string(limits::stored_key_bytes_max)
                                     + " can be stored");
  if (value && value->size() > limits::payload_bytes_max)
    throw error(errc::too_large,
                "a state value of " + std::to_string(value->size()) + " bytes; at most "
                    + std::to_string(limits::payload_bytes_max) + " can be stored: split it");
  spend(key.size() + (value ? value->size() : 0));
  writes_.insert_or_assign(key, std::move(value));
}

state_rows transaction::range_below(const std::string& from, const std::string& to,
                                    std::size_t limit) const {
  // An upper layer may have erased rows of those below: as many more are needed.
  auto erased = count_in(before_, from, to);
  for (auto& layer : layers_)
    erased += count_in(*layer, from, to);
  std::map<std::string, std::string> rows;
  for (auto& [key, value] : scan_state(*on_.store.read(), from, to, limit + erased))
    rows.emplace(key, std::move(value));
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer)
    lay_over(rows, **layer, from, to);
  lay_over(rows, before_, from, to);
  return first_rows(rows, limit);
}

state_rows transaction::read_range(const std::string& from, const std::string& to,
                                   std::size_t limit) {
  auto wanted = limit + count_in(writes_, from, to);
  auto below = range_below(from, to, wanted);
  ranges_.push_back({from, to, wanted, hash_rows(below)});
  std::map<std::string, std::string> rows(below.begin(), below.end());
  lay_over(rows, writes_, from, to);
  return first_rows(rows, limit);
}

void transaction::queue(queue_request request) {
  trace(request.header);
  spend(request.payload.size());
  queued_.push_back(std::move(request));
}

void transaction::send(const std::string& peer, call_header header, std::string payload) {
  trace(header);
  spend(payload.size());
  sends_.push_back({peer, std::move(header), std::move(payload), {}});
}

void transaction::send_later(duration wait, call_header header, std::string payload) {
  send(on_.self.name, std::move(header), std::move(payload));
  sends_.back().wait = wait;
}

void transaction::call(const std::string& peer, call_header header, std::string payload,
                       duration within, continuation then) {
  trace(header);
  spend(payload.size());
  calls_.push_back({peer, std::move(header), std::move(payload), within, std::move(then)});
}

/// The trace goes on along every hop.
void transaction::trace(call_header& header) const {
  header.trace = header_.trace;
  header.origin = header_.origin;
  header.queued_wall_ns = on_.time.wall_ns();
}

void transaction::spend(std::size_t bytes) {
  bytes_ += bytes;
  if (++effects_ > limits::effects_max || bytes_ > limits::effects_bytes_max)
    throw error(errc::too_large, "one handler run has more than "
                                     + std::to_string(limits::effects_max) + " effects or "
                                     + std::to_string(limits::effects_bytes_max >> 20)
                                     + " MiB of them: split the work over several calls");
}

void transaction::finish(run_result& result, overlay& before) {
  auto& effects = result.effects;
  for (auto& [key, hash] : reads_)
    effects.reads.push_back({key, {}, 0, hash});
  for (auto& range : ranges_)
    effects.reads.push_back(std::move(range));
  for (auto& [key, value] : writes_)
    before.insert_or_assign(key, value);
  for (auto& [key, value] : writes_)
    effects.writes.push_back({key, std::move(value)});
  effects.calls = std::move(queued_);
  result.sends = std::move(sends_);
  result.calls = std::move(calls_);
}

}  // namespace holdfast
