#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/persistence/memory_journal.hpp>
#include <holdfast/persistence/store_rules.hpp>
#include <holdfast/persistence/version_tree.hpp>

#include <array>
#include <atomic>
#include <mutex>
#include <utility>

namespace holdfast {

namespace {

struct table_set {
  std::array<detail::version_tree, table_count> trees;

  detail::version_tree& of(table_id table) { return trees[static_cast<std::size_t>(table)]; }
  const detail::version_tree& of(table_id table) const {
    return trees[static_cast<std::size_t>(table)];
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& tree : trees)
      sum += tree.bytes() + tree.count() * memory_journal::row_overhead_bytes;
    return sum;
  }
};

// The reading half, the same for snapshots and for the writer.
template <class Base>
class tree_reader : public Base {
public:
  std::optional<std::string_view> get(table_id table, std::string_view key) const override {
    return tables().of(table).get(key);
  }
  std::optional<row> at_or_after(table_id table, std::string_view key) const override {
    return tables().of(table).at_or_after(key);
  }
  std::optional<row> before(table_id table, std::string_view key) const override {
    return tables().of(table).before(key);
  }
  void scan(table_id table, std::string_view from, std::string_view to,
            function_ref<bool(row)> visit) const override {
    tables().of(table).scan(from, to, visit);
  }
  std::uint64_t count(table_id table) const override { return tables().of(table).count(); }

protected:
  virtual const table_set& tables() const = 0;
};

class snapshot final : public tree_reader<journal_reader> {
public:
  snapshot(std::shared_ptr<const table_set> tables, std::atomic<std::uint64_t>& alive)
      : tables_(std::move(tables)), alive_(alive) {
    ++alive_;
  }
  ~snapshot() override { --alive_; }

private:
  const table_set& tables() const override { return *tables_; }

  std::shared_ptr<const table_set> tables_;
  std::atomic<std::uint64_t>& alive_;
};

class tree_writer final : public tree_reader<journal_writer> {
public:
  tree_writer(table_set& tables, std::uint64_t edit) : tables_(tables), edit_(edit) {}

  void put(table_id table, std::string_view key, std::string_view value) override {
    check_row_limits(table, key, value);
    tables_.of(table).put(key, value, edit_);
    wrote_ = true;
  }
  void append(table_id table, std::string_view key, std::string_view value) override {
    put(table, key, value);
  }
  bool erase(table_id table, std::string_view key) override {
    const bool erased = tables_.of(table).erase(key, edit_);
    wrote_ = wrote_ || erased;
    return erased;
  }
  bool wrote() const { return wrote_; }

private:
  const table_set& tables() const override { return tables_; }

  table_set& tables_;
  std::uint64_t edit_;
  bool wrote_ = false;
};

}  // namespace

class memory_disk {
public:
  memory_disk() {
    auto fresh = std::make_shared<table_set>();
    fresh->of(table_id::meta).put(format_key, format_record(), 0);
    durable = std::move(fresh);
  }

  mutable std::mutex mutex;
  std::shared_ptr<const table_set> durable;
  std::uint64_t edits = 0;  // numbers given to writers; see version_tree
  bool open = false;
};

std::shared_ptr<memory_disk> make_memory_disk() {
  return std::make_shared<memory_disk>();
}

std::shared_ptr<memory_disk> copy_of(const memory_disk& disk) {
  auto copy = make_memory_disk();
  std::lock_guard lock(disk.mutex);
  copy->durable = disk.durable;
  copy->edits = disk.edits;
  return copy;
}

void damage(memory_disk& disk, table_id table,
            function_ref<void(std::string_view key, std::string& value)> decay) {
  std::lock_guard lock(disk.mutex);
  auto changed = std::make_shared<table_set>(*disk.durable);
  auto edit = ++disk.edits;
  disk.durable->of(table).scan({}, {}, [&](row each) {
    std::string value(each.value);
    decay(each.key, value);
    if (value != each.value)
      changed->of(table).put(each.key, value, edit);
    return true;
  });
  disk.durable = std::move(changed);
}

struct memory_journal::shared {
  memory_journal_options options;
  std::shared_ptr<const table_set> in_flight;  // between the end of a body and its acknowledgement
  std::atomic<bool> committing = false;
  bool is_full = false;
  bool is_failed = false;
  std::uint64_t commits = 0;
  std::uint64_t refusals = 0;
  mutable std::atomic<std::uint64_t> readers = 0;

  void check() const {
    if (is_failed)
      throw error(errc::journal_failed, "the memory journal crashed; open the next on its disk");
  }
  bool has_room(growth kind, std::uint64_t bytes) const {
    const auto reserve = reserve_within(options.bytes_max, options.reserve_bytes);
    return options.bytes_max == 0
           || bytes <= options.bytes_max - (kind == growth::grows ? reserve : 0);
  }
};

memory_journal::memory_journal(std::shared_ptr<memory_disk> disk, memory_journal_options options)
    : disk_(std::move(disk)), state_(std::make_unique<shared>()) {
  state_->options = std::move(options);
  std::lock_guard lock(disk_->mutex);
  if (disk_->open)
    throw error(errc::journal_locked,
                "this memory disk is in use by another journal; stop it first");
  check_format_record(disk_->durable->of(table_id::meta).get(format_key).value_or(""));
  disk_->open = true;
}

memory_journal::~memory_journal() {
  std::lock_guard lock(disk_->mutex);
  if (!state_->is_failed)
    disk_->open = false;
}

std::unique_ptr<journal_reader> memory_journal::read() const {
  std::lock_guard lock(disk_->mutex);
  state_->check();
  return std::make_unique<snapshot>(disk_->durable, state_->readers);
}

commit_result memory_journal::commit(growth kind, function_ref<void(journal_writer&)> body) {
  auto& state = *state_;
  if (state.committing.exchange(true))
    throw error(errc::wrong_context, "a commit while another one runs; end the first one");
  const ending last([&] { state.committing = false; });
  std::unique_lock lock(disk_->mutex);
  state.check();
  auto staged = std::make_shared<table_set>(*disk_->durable);
  tree_writer writer(*staged, ++disk_->edits);
  const auto bytes_before = staged->bytes();
  lock.unlock();
  body(writer);
  if (!writer.wrote())
    return commit_result::committed;
  lock.lock();
  const auto bytes = staged->bytes();
  const bool full =
      !state.has_room(kind, bytes) && !(kind == growth::shrinks && bytes <= bytes_before);
  state.is_full = kind == growth::grows ? full : state.is_full;
  if (full) {
    ++state.refusals;
    return commit_result::full;
  }
  state.in_flight = staged;
  lock.unlock();
  if (state.options.at_flush)
    state.options.at_flush();
  lock.lock();
  state.in_flight = nullptr;
  state.check();
  disk_->durable = std::move(staged);
  ++state.commits;
  return commit_result::committed;
}

journal_status memory_journal::status() const {
  std::lock_guard lock(disk_->mutex);
  journal_status result;
  result.bytes_used = result.file_bytes = result.allocated_bytes = disk_->durable->bytes();
  result.bytes_max = state_->options.bytes_max;
  result.reserve_bytes = reserve_within(result.bytes_max, state_->options.reserve_bytes);
  result.is_full = state_->is_full;
  result.is_failed = state_->is_failed;
  result.readers = state_->readers;
  result.commits = result.flushes = state_->commits;
  result.refusals = state_->refusals;
  return result;
}

void memory_journal::crash(bool keep_in_flight) {
  std::lock_guard lock(disk_->mutex);
  if (state_->is_failed)
    return;
  if (keep_in_flight && state_->in_flight)
    disk_->durable = state_->in_flight;
  state_->is_failed = true;
  disk_->open = false;
}

void memory_journal::set_bytes_max(std::uint64_t bytes_max) {
  std::lock_guard lock(disk_->mutex);
  state_->options.bytes_max = bytes_max;
}

}  // namespace holdfast
