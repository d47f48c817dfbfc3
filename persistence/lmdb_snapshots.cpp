#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/persistence/lmdb_snapshots.hpp>

#include <lmdb.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <utility>

namespace holdfast::detail {

namespace {

constexpr auto none = std::numeric_limits<std::uint64_t>::max();

MDB_txn* begin_reading(MDB_env* environment) {
  MDB_txn* transaction = nullptr;
  const int code = mdb_txn_begin(environment, nullptr, MDB_RDONLY, &transaction);
  if (code != 0)
    throw_lmdb(code, "beginning to read");
  return transaction;
}

}  // namespace

// One read transaction, in use or idle.
struct lmdb_snapshots::slot {
  slot(MDB_env* environment, const table_handles& handles)
      : view(begin_reading(environment), handles), fresh(true) {}
  ~slot() {
    view.close_cursors();
    mdb_txn_abort(view.transaction());
  }

  lmdb_view view;
  bool fresh;                                // begun already, by the constructor
  std::atomic<std::uint64_t> commit = none;  // what it sees; 0 while it is being renewed
  std::thread::id taken_by;                  // guarded by the owner's mutex; nobody while idle
};

class lmdb_snapshots::reader final : public lmdb_reading<journal_reader> {
public:
  reader(lmdb_snapshots& owner, slot& from) noexcept : owner_(owner), from_(from) {}
  ~reader() override { owner_.release(from_); }

private:
  const lmdb_view& view() const override { return from_.view; }

  lmdb_snapshots& owner_;
  slot& from_;
};

lmdb_snapshots::lmdb_snapshots(MDB_env* environment, const table_handles& handles,
                               unsigned readers_max) noexcept
    : environment_(environment), handles_(handles), readers_max_(readers_max) {}

lmdb_snapshots::~lmdb_snapshots() = default;

lmdb_snapshots::slot& lmdb_snapshots::acquire(std::uint64_t alive_max) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !paused_; });
  if (alive_ >= alive_max)
    throw error(errc::too_large, "all " + std::to_string(alive_)
                                     + " readers of the journal are in use; "
                                       "hold fewer at once, or open with a larger readers_max");
  if (idle_.empty()) {
    slots_.reserve(slots_.size() + 1);
    idle_.reserve(slots_.size() + 1);  // so that release cannot fail
    slots_.push_back(std::make_unique<slot>(environment_, handles_));
    idle_.push_back(slots_.back().get());
  }
  slot& taken = *idle_.back();
  taken.commit = 0;  // until it is known: as old as can be
  taken.taken_by = std::this_thread::get_id();
  idle_.pop_back();
  ++alive_;
  return taken;
}

void lmdb_snapshots::begin(slot& taken) {
  if (!std::exchange(taken.fresh, false)) {
    const int code = mdb_txn_renew(taken.view.transaction());
    if (code != 0)
      throw_lmdb(code, "beginning to read");
    taken.view.renewed();
  }
  taken.commit = mdb_txn_id(taken.view.transaction());
}

std::unique_ptr<journal_reader> lmdb_snapshots::take() {
  slot& taken = acquire(readers_max_);
  try {
    begin(taken);
    return std::make_unique<reader>(*this, taken);
  } catch (...) {
    release(taken);
    throw;
  }
}

void lmdb_snapshots::look(function_ref<void(MDB_txn*)> use) {
  slot& taken = acquire(none);
  const ending give_back([&] { release(taken); });
  begin(taken);
  use(taken.view.transaction());
}

void lmdb_snapshots::release(slot& used) noexcept {
  mdb_txn_reset(used.view.transaction());
  used.commit = none;
  std::lock_guard lock(mutex_);
  used.taken_by = {};
  idle_.push_back(&used);
  --alive_;
  if (paused_ && alive_ == 0)
    changed_.notify_all();
}

void lmdb_snapshots::pause() {
  std::unique_lock lock(mutex_);
  for (const auto& each : slots_)
    if (each->taken_by == std::this_thread::get_id())
      throw error(errc::wrong_context,
                  "the journal's map must grow, but this thread holds a reader; "
                  "end readers before a commit, or open with a larger map_bytes");
  paused_ = true;
  changed_.wait(lock, [this] { return alive_ == 0; });
}

void lmdb_snapshots::resume() noexcept {
  std::lock_guard lock(mutex_);
  paused_ = false;
  changed_.notify_all();
}

std::uint64_t lmdb_snapshots::alive() const {
  std::lock_guard lock(mutex_);
  return alive_;
}

std::uint64_t lmdb_snapshots::oldest() const {
  std::lock_guard lock(mutex_);
  auto lowest = none;
  for (const auto& each : slots_)
    lowest = std::min<std::uint64_t>(lowest, each->commit);
  return lowest;
}

}  // namespace holdfast::detail
