// What the LMDB store does when the disk fails under it, and that it flushes before it answers. The
// two calls through which LMDB makes data durable are replaced in this program.

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/lmdb_journal.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <tests/persistence/temporary_directory.hpp>
#include <unistd.h>

namespace {

std::atomic<int> flushes = 0;         // of pages
std::atomic<int> durable_writes = 0;  // of meta pages, through a descriptor that flushes
std::atomic<int> failing_flush = 0;   // the error of the next flush, once
std::atomic<int> failing_write = 0;   // the error of the next durable write, until it is cleared
std::atomic<int> failing_pages = 0;   // the error of the next writes of pages, until it is cleared

std::atomic<bool> disk_is_full = false;  // what statvfs says

bool is_durable(int file) {
  const int flags = ::fcntl(file, F_GETFL);
  return flags >= 0 && (flags & O_DSYNC) != 0;
}

ssize_t refuse(int code) {
  errno = code;
  return -1;
}

}  // namespace

extern "C" int fdatasync(int file) {
  ++flushes;
  if (const int code = failing_flush.exchange(0); code != 0)
    return static_cast<int>(refuse(code));
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

extern "C" ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  const bool durable = is_durable(file);
  durable_writes += durable ? 1 : 0;
  if (const int code = durable ? failing_write.load() : failing_pages.load(); code != 0)
    return refuse(code);
  return ::syscall(SYS_pwrite64, file, bytes, size, at);
}

extern "C" int fstatvfs(int file, struct statvfs* found) {
  // The structure of the system call differs from the library's; what is asked of it here does not.
  struct statfs raw {};
  if (::fstatfs(file, &raw) != 0)
    return -1;
  *found = {};
  found->f_blocks = static_cast<fsblkcnt_t>(raw.f_blocks);
  found->f_bavail = disk_is_full ? 0 : static_cast<fsblkcnt_t>(raw.f_bavail);
  found->f_frsize = static_cast<unsigned long>(raw.f_frsize);
  return 0;
}

extern "C" ssize_t writev(int file, const iovec* parts, int count) {
  struct stat found {};
  const bool is_page = ::fstat(file, &found) == 0 && S_ISREG(found.st_mode);
  if (const int code = is_page ? failing_pages.load() : 0; code != 0)
    return refuse(code);
  return ::syscall(SYS_writev, file, parts, count);
}

extern "C" ssize_t pwrite64(int file, const void* bytes, size_t size, off_t at) {
  return pwrite(file, bytes, size, at);
}

namespace holdfast::test {
namespace {

class lmdb_flush : public ::testing::Test {
protected:
  lmdb_flush() { reopen(); }
  ~lmdb_flush() override { heal(); }

  void reopen() {
    store_.reset();
    store_.emplace(home_.path() / "node");
  }
  static void heal() {
    failing_flush = failing_write = failing_pages = 0;
    disk_is_full = false;
  }
  commit_result put(std::string_view key) {
    return store_->commit(growth::grows,
                          [&](journal_writer& to) { to.put(table_id::outbox, key, "v"); });
  }
  bool has(std::string_view key) { return store_->read()->get(table_id::outbox, key).has_value(); }
  errc code_of_put(std::string_view key) {
    try {
      put(key);
    } catch (const error& reason) {
      return reason.code();
    }
    return errc::none;
  }
  void expect_dead() {
    EXPECT_TRUE(store_->status().is_failed);
    EXPECT_EQ(code_of_put("later"), errc::journal_failed);
    EXPECT_THROW(store_->read(), error);
  }

  temporary_directory home_;
  std::optional<lmdb_journal> store_;
};

TEST_F(lmdb_flush, every_commit_is_flushed_twice_before_it_is_answered) {
  for (int i = 0; i < 5; ++i) {
    flushes = durable_writes = 0;
    EXPECT_EQ(put("key" + std::to_string(i)), commit_result::committed);
    EXPECT_EQ(flushes, 1);         // the pages
    EXPECT_EQ(durable_writes, 1);  // the meta page that makes them count
  }
  EXPECT_EQ(store_->status().flushes, 10u);
}

TEST_F(lmdb_flush, a_failed_flush_is_the_end_until_a_restart) {
  for (const int code : {EIO, ENOSPC, EDQUOT}) {
    SCOPED_TRACE(code);
    ASSERT_EQ(put("before"), commit_result::committed);
    failing_flush = code;
    EXPECT_EQ(code_of_put("lost"), errc::journal_failed);
    expect_dead();
    reopen();
    EXPECT_TRUE(has("before"));
    EXPECT_FALSE(has("lost"));
    EXPECT_FALSE(has("later"));
  }
}

TEST_F(lmdb_flush, a_failed_write_of_the_meta_page_is_the_end_until_a_restart) {
  ASSERT_EQ(put("before"), commit_result::committed);
  failing_write = EIO;
  EXPECT_EQ(code_of_put("lost"), errc::journal_failed);
  heal();
  expect_dead();
  reopen();
  EXPECT_TRUE(has("before"));
  EXPECT_EQ(put("after"), commit_result::committed);
}

// Where room that was set aside does not hold (copy-on-write file systems), pages may be refused.
TEST_F(lmdb_flush, pages_refused_by_a_full_disk_are_an_answer_and_no_failure) {
  ASSERT_EQ(put("before"), commit_result::committed);
  failing_pages = ENOSPC;
  disk_is_full = true;
  EXPECT_EQ(put("refused"), commit_result::full);
  EXPECT_TRUE(store_->status().is_full);
  EXPECT_FALSE(store_->status().is_failed);
  EXPECT_FALSE(has("refused"));
  heal();
  EXPECT_EQ(put("after"), commit_result::committed);
  reopen();
  EXPECT_TRUE(has("before"));
  EXPECT_FALSE(has("refused"));
  EXPECT_TRUE(has("after"));
}

TEST_F(lmdb_flush, a_meta_page_refused_by_a_full_disk_is_the_end) {
  ASSERT_EQ(put("before"), commit_result::committed);
  failing_write = ENOSPC;
  disk_is_full = true;
  EXPECT_EQ(code_of_put("lost"), errc::journal_failed);
  heal();
  expect_dead();
  reopen();
  EXPECT_TRUE(has("before"));
}

TEST_F(lmdb_flush, pages_that_fail_otherwise_are_the_end) {
  failing_pages = EIO;
  EXPECT_EQ(code_of_put("lost"), errc::journal_failed);
  heal();
  expect_dead();
}

}  // namespace
}  // namespace holdfast::test
