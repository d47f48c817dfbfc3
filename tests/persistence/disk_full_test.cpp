// A disk that is really full: a small tmpfs where this process may mount one, and everywhere the
// process's own limit on file sizes. Each test says on its output which of them it used.

#include <holdfast/core/scope.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/lmdb_journal.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <tests/persistence/temporary_directory.hpp>
#include <unistd.h>

namespace holdfast::test {
namespace {

constexpr std::uint64_t disk_bytes = 12u << 20;
constexpr std::uint64_t reserve_bytes = 1u << 20;

std::string number_key(std::uint64_t number) {
  std::string key;
  append_be64(key, number);
  return key;
}

// The limit of this process alone; what was there before comes back at the end.
class file_size_limit {
public:
  explicit file_size_limit(std::uint64_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);  // a write beyond it is an error, not a death
    set(bytes);
  }
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, old_handler_);
  }
  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;

  void set(std::uint64_t bytes) {
    const rlimit limit{bytes, before_.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }

private:
  rlimit before_{};
  void (*old_handler_)(int) = nullptr;
};

// A tmpfs in a mount namespace of this process: nothing of it is left when the process ends.
bool mount_small_disk(const std::filesystem::path& at) {
  const auto options = "size=" + std::to_string(disk_bytes) + ",mode=0700";
  return ::unshare(CLONE_NEWNS) == 0
         && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0
         && ::mount("holdfast-test", at.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

class full_disk : public ::testing::Test {
protected:
  commit_result grow(lmdb_journal& store) {
    const auto result = store.commit(growth::grows, [&](journal_writer& to) {
      for (std::uint64_t i = 0; i < 20; ++i)
        to.append(table_id::outbox, number_key(stored_ + i), std::string(500, 'v'));
    });
    if (result == commit_result::committed)
      stored_ += 20;
    return result;
  }
  void fill(lmdb_journal& store) {
    for (int i = 0; i < 100'000 && grow(store) == commit_result::committed; ++i) {}
    ASSERT_TRUE(store.status().is_full);
    ASSERT_FALSE(store.status().is_failed);
    ASSERT_EQ(store.read()->count(table_id::outbox), stored_ - erased_);
  }
  void drain(lmdb_journal& store, std::uint64_t rows) {
    for (const auto end = erased_ + rows; erased_ < end; erased_ += 50)
      ASSERT_EQ(store.commit(growth::shrinks,
                             [&](journal_writer& to) {
                               for (std::uint64_t i = 0; i < 50; ++i)
                                 to.erase(table_id::outbox, number_key(erased_ + i));
                             }),
                commit_result::committed)
          << erased_;
  }

  std::uint64_t stored_ = 0;
  std::uint64_t erased_ = 0;
};

TEST_F(full_disk, growth_stops_draining_goes_on_and_growth_returns) {
  const temporary_directory home(temporary_directory::place::disk);
  std::optional<file_size_limit> limit;
  const bool mounted = mount_small_disk(home.path());
  std::cout << (mounted ? "used: a tmpfs of 12 MiB, and others' files on it\n"
                        : "used: RLIMIT_FSIZE; mounting a tmpfs was not permitted\n");
  const ending unmount([&] { ::umount2(home.path().c_str(), MNT_DETACH); });
  const auto others = home.path() / "others";
  if (mounted)
    std::ofstream(others) << std::string(disk_bytes / 2, 'o');
  else
    limit.emplace(disk_bytes / 2);
  const auto give_space_back = [&] {
    if (mounted)
      std::filesystem::remove(others);
    else
      limit->set(disk_bytes);
  };

  std::optional<lmdb_journal> store;
  const auto open = [&] {
    store.reset();
    store.emplace(home.path() / "node", lmdb_journal_options{.reserve_bytes = reserve_bytes});
  };
  open();
  fill(*store);
  const auto first_full = stored_;
  EXPECT_GT(first_full * 500, disk_bytes / 4);
  open();  // a restart on a full disk
  EXPECT_EQ(store->read()->count(table_id::outbox), stored_);
  EXPECT_EQ(grow(*store), commit_result::full);
  {
    // Freed pages are of no use while a reader may see them: only the reserve lets this go on.
    const auto reader = store->read();
    drain(*store, 1000);
  }
  drain(*store, stored_ / 2 - 1000);
  fill(*store);  // what was drained is room again
  EXPECT_GT(stored_, first_full);
  give_space_back();
  EXPECT_EQ(grow(*store), commit_result::committed);
  const auto before = stored_;
  fill(*store);
  EXPECT_GT(stored_, before + first_full / 2);
  drain(*store, (stored_ - erased_) / 50 * 50);
  EXPECT_LT(store->read()->count(table_id::outbox), 50u);
}

TEST_F(full_disk, a_limit_on_file_sizes_is_a_full_disk) {
  std::cout << "used: RLIMIT_FSIZE\n";
  const temporary_directory home;
  file_size_limit limit(4u << 20);
  lmdb_journal store(home.path() / "node", {.reserve_bytes = reserve_bytes});
  fill(store);
  drain(store, 1000);
  limit.set(8u << 20);
  EXPECT_EQ(grow(store), commit_result::committed);
  fill(store);
}

}  // namespace
}  // namespace holdfast::test
