// What only the store on disk has: files, processes, address space, damage.

#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/lmdb_journal.hpp>
#include <holdfast/persistence/record.hpp>
#include <holdfast/persistence/store_rules.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tests/persistence/temporary_directory.hpp>
#include <thread>
#include <unistd.h>
#include <vector>

namespace holdfast::test {
namespace {

std::string number_key(std::uint64_t number) {
  std::string key;
  append_be64(key, number);
  return key;
}

void put(journal& store, std::string_view key, std::string_view value) {
  ASSERT_EQ(store.commit(growth::grows,
                         [&](journal_writer& to) { to.put(table_id::outbox, key, value); }),
            commit_result::committed);
}

// journal_process with its standard input and output in our hands; killed and reaped at the end.
class child_process {
public:
  child_process(const char* verb, const std::filesystem::path& directory) {
    int in[2];
    int out[2];
    if (::pipe(in) != 0 || ::pipe(out) != 0)
      throw std::runtime_error("no pipes");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      for (const int fd : {in[0], in[1], out[0], out[1]})
        ::close(fd);
      ::execl(HOLDFAST_JOURNAL_PROCESS, "journal_process", verb, directory.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
  }
  ~child_process() {
    kill();
    ::close(in_);
    ::close(out_);
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  pid_t pid() const { return pid_; }
  void kill() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
  }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  std::string read(std::size_t size) {  // fewer bytes only when it has ended
    std::string bytes(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const auto more = ::read(out_, bytes.data() + got, size - got);
      if (more <= 0)
        break;
      got += static_cast<std::size_t>(more);
    }
    bytes.resize(got);
    return bytes;
  }
  std::string read_line() {
    std::string line;
    for (auto byte = read(1); !byte.empty() && byte != "\n"; byte = read(1))
      line += byte;
    return line;
  }

private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
};

class lmdb_store : public ::testing::Test {
protected:
  std::filesystem::path directory() const { return home_.path() / "node"; }
  std::filesystem::path file() const { return directory() / "journal.mdb"; }

  static std::string refusal(errc expected, function_ref<void()> action) {
    try {
      action();
    } catch (const error& reason) {
      EXPECT_EQ(to_string(reason.code()), to_string(expected)) << reason.what();
      return reason.what();
    }
    ADD_FAILURE() << "nothing was refused";
    return {};
  }
  std::string refusal_to_open(errc expected, const lmdb_journal_options& options = {}) const {
    return refusal(expected, [&] { lmdb_journal store(directory(), options); });
  }

private:
  temporary_directory home_;
};

unsigned mode_of(const std::filesystem::path& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 0777u : 0u;
}

TEST_F(lmdb_store, files_are_for_the_owner_alone) {
  const auto deep = directory() / "a" / "b";
  const lmdb_journal store(deep);
  EXPECT_EQ(mode_of(directory()), 0700u);
  EXPECT_EQ(mode_of(deep), 0700u);
  for (const auto* name : {"lock", "journal.mdb", "journal.mdb-lock"})
    EXPECT_EQ(mode_of(deep / name), 0600u) << name;
  EXPECT_FALSE(std::filesystem::exists(deep / "journal.mdb.new"));
}

TEST_F(lmdb_store, a_second_process_is_refused_by_name_and_number) {
  child_process owner("hold", directory());
  ASSERT_EQ(owner.read_line(), "open");
  const auto text = refusal_to_open(errc::journal_locked);
  EXPECT_NE(text.find(directory().string()), std::string::npos) << text;
  EXPECT_NE(text.find("process " + std::to_string(owner.pid())), std::string::npos) << text;
  child_process second("hold", directory());
  EXPECT_EQ(second.read_line(), std::string(to_string(errc::journal_locked)) + " " + text);
  EXPECT_EQ(second.wait(), 1);
  owner.kill();  // the lock ends with its process, however that ends
  const lmdb_journal store(directory());
  EXPECT_EQ(store.status().readers, 0u);
}

TEST_F(lmdb_store, a_second_open_in_the_same_process_is_refused) {
  std::optional<lmdb_journal> first(std::in_place, directory());
  const auto text = refusal_to_open(errc::journal_locked);
  EXPECT_NE(text.find("process " + std::to_string(::getpid())), std::string::npos) << text;
  refusal_to_open(errc::journal_locked, {.read_only = true});
  put(*first, "still", "works");
  first.reset();
  const lmdb_journal second(directory());
  EXPECT_TRUE(second.read()->get(table_id::outbox, "still"));
}

TEST_F(lmdb_store, inspectors_read_together_while_no_node_runs) {
  {
    lmdb_journal store(directory());
    put(store, "a", "1");
  }
  lmdb_journal one(directory(), {.read_only = true});
  EXPECT_EQ(one.read()->get(table_id::outbox, "a"), "1");
  EXPECT_GT(one.status().bytes_used, 0u);
  refusal(errc::wrong_context, [&] { one.commit(growth::shrinks, [](journal_writer&) {}); });
  refusal_to_open(errc::journal_locked);
}

TEST_F(lmdb_store, an_inspector_makes_nothing) {
  const auto text = refusal_to_open(errc::bad_config, {.read_only = true});
  EXPECT_NE(text.find(directory().string()), std::string::npos) << text;
  EXPECT_FALSE(std::filesystem::exists(directory()));
}

TEST_F(lmdb_store, what_is_in_the_way_is_named) {
  std::filesystem::create_directories(directory().parent_path());
  std::ofstream(directory()) << "a file";
  EXPECT_NE(refusal_to_open(errc::bad_config).find(directory().string()), std::string::npos);
}

TEST_F(lmdb_store, a_newer_store_is_refused) {
  {
    lmdb_journal store(directory());
    store.commit(growth::grows, [](journal_writer& to) {
      to.put(table_id::meta, format_key, format_record(journal_format_version + 1));
    });
  }
  const auto text = refusal_to_open(errc::journal_format);
  EXPECT_NE(text.find("format 2"), std::string::npos) << text;
  EXPECT_NE(text.find(file().string()), std::string::npos) << text;
  refusal_to_open(errc::journal_format, {.read_only = true});
}

TEST_F(lmdb_store, a_file_that_is_no_store_is_refused_and_left_alone) {
  std::filesystem::create_directories(directory());
  const std::string junk(20'000, 'j');
  std::ofstream(file()) << junk;
  refusal_to_open(errc::journal_damaged);
  std::ifstream in(file());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), junk);
}

TEST_F(lmdb_store, a_store_that_was_cut_off_while_it_was_made_is_made_again) {
  std::filesystem::create_directories(directory());
  std::ofstream(directory() / "journal.mdb.new") << std::string(5000, '\0');
  lmdb_journal store(directory());
  put(store, "a", "1");
}

TEST_F(lmdb_store, a_damaged_record_is_detected) {
  const std::string body = "the body that will be damaged on disk";
  {
    lmdb_journal store(directory());
    put(store, "sound", seal(record_kind::call, "another"));
    put(store, "damaged", seal(record_kind::call, body));
  }
  std::fstream disk(file(), std::ios::in | std::ios::out | std::ios::binary);
  const std::string image(std::istreambuf_iterator<char>(disk), {});
  disk.clear();
  int places = 0;  // older versions of the page hold it too
  for (auto at = image.find(body); at != std::string::npos;
       at = image.find(body, at + 1), ++places) {
    disk.seekp(static_cast<std::streamoff>(at) + 5);
    disk.put('X');
  }
  disk.close();
  ASSERT_GT(places, 0);
  const lmdb_journal store(directory());
  const auto reader = store.read();
  EXPECT_EQ(unseal(record_kind::call, *reader->get(table_id::outbox, "sound")), "another");
  refusal(errc::journal_damaged,
          [&] { unseal(record_kind::call, *reader->get(table_id::outbox, "damaged")); });
}

TEST_F(lmdb_store, kill_in_the_middle_of_commits_leaves_the_acknowledged_ones) {
  std::uint64_t acknowledged = 0;
  for (const int commits_heard : {1, 2, 3, 10, 50, 200, 1, 77, 400}) {
    {
      child_process writer("commit", directory());
      std::string last;
      for (int i = 0; i < commits_heard; ++i)
        last = writer.read(8);
      ASSERT_EQ(last.size(), 8u);
      writer.kill();  // somewhere in the commits that follow
      for (auto more = writer.read(8); more.size() == 8; more = writer.read(8))
        last = more;
      acknowledged = read_be64(last);
    }
    const lmdb_journal store(directory(), {.read_only = true});
    const auto reader = store.read();
    const auto stored = read_be64(*reader->get(table_id::meta, "last"));
    ASSERT_GE(stored, acknowledged);
    ASSERT_LE(stored, acknowledged + 1);
    std::uint64_t rows = 0;
    for (std::uint64_t number = 1; number <= stored; ++number)
      for (std::uint64_t part = 0; part <= number % 7; ++part, ++rows) {
        const auto value = reader->get(table_id::outbox, number_key(number) + number_key(part));
        ASSERT_TRUE(value) << number << '/' << part;
        ASSERT_EQ(value->size(), 200 * (part + 1));
      }
    ASSERT_EQ(reader->count(table_id::outbox), rows);
  }
}

// --- address space -------------------------------------------------------------------------------

TEST_F(lmdb_store, the_map_grows_while_others_read) {
  constexpr std::uint64_t commits = 300;
  std::optional<lmdb_journal> store(std::in_place, directory(),
                                    lmdb_journal_options{.map_bytes = 1u << 20});
  const auto map_bytes = store->status().map_bytes;
  EXPECT_LE(map_bytes, 2u << 20);
  const std::string filler(30'000, 'f');
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> torn = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      while (!done) {
        const auto reader = store->read();
        std::uint64_t rows = 0;
        reader->scan(table_id::outbox, {}, {}, [&](row at) {
          rows += at.value == filler ? 1 : 0;
          return true;
        });
        torn += rows == reader->count(table_id::outbox) ? 0 : 1;
      }
    });
  for (std::uint64_t i = 0; i < commits; ++i)
    put(*store, number_key(i), filler);
  done = true;
  for (auto& each : threads)
    each.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_GE(store->status().map_growths, 3u);
  EXPECT_GT(store->status().map_bytes, map_bytes);
  store.emplace(directory(), lmdb_journal_options{.map_bytes = 1u << 20});
  EXPECT_EQ(store->read()->count(table_id::outbox), commits);
}

TEST_F(lmdb_store, one_commit_larger_than_the_map_runs_its_body_again) {
  lmdb_journal store(directory(), {.map_bytes = 1u << 20});
  int runs = 0;
  std::uint64_t seen = 0;
  const auto result = store.commit(growth::grows, [&](journal_writer& to) {
    ++runs;
    seen = to.count(table_id::state);  // each run begins from the committed state
    for (std::uint64_t i = 0; i < 500; ++i)
      to.put(table_id::state, number_key(i), std::string(10'000, 'v'));
  });
  EXPECT_EQ(result, commit_result::committed);
  EXPECT_GT(runs, 1);
  EXPECT_EQ(seen, 0u);
  EXPECT_EQ(store.read()->count(table_id::state), 500u);
}

TEST_F(lmdb_store, growing_the_map_under_ones_own_reader_is_an_error_and_no_hang) {
  lmdb_journal store(directory(), {.map_bytes = 1u << 20});
  const auto grow = [&] {
    store.commit(growth::grows, [](journal_writer& to) {
      for (std::uint64_t i = 0; i < 500; ++i)
        to.put(table_id::state, number_key(i), std::string(10'000, 'v'));
    });
  };
  auto reader = store.read();
  refusal(errc::wrong_context, grow);
  EXPECT_FALSE(store.status().is_failed);
  reader.reset();
  grow();
  EXPECT_EQ(store.read()->count(table_id::state), 500u);
}

TEST_F(lmdb_store, a_full_reader_table_is_an_error_that_passes) {
  const lmdb_journal store(directory(), {.readers_max = 4});
  std::vector<std::unique_ptr<journal_reader>> readers;
  refusal(errc::too_large, [&] {
    for (int i = 0; i < 100; ++i)
      readers.push_back(store.read());
  });
  EXPECT_EQ(store.status().readers, readers.size());
  readers.clear();
  EXPECT_TRUE(store.read()->get(table_id::meta, "format"));
}

TEST_F(lmdb_store, freed_pages_are_used_again) {
  lmdb_journal store(directory(), {.reserve_bytes = 1u << 20});
  const auto cycle = [&] {
    for (std::uint64_t i = 0; i < 50; ++i)
      put(store, number_key(i), std::string(20'000, 'v'));
    store.commit(growth::shrinks, [](journal_writer& to) {
      for (std::uint64_t i = 0; i < 50; ++i)
        to.erase(table_id::outbox, number_key(i));
    });
  };
  cycle();
  cycle();
  const auto settled = store.status().file_bytes;
  for (int i = 0; i < 10; ++i)
    cycle();
  EXPECT_LE(store.status().file_bytes, settled + settled / 4);
  EXPECT_GT(store.status().bytes_free, store.status().bytes_used);
}

}  // namespace
}  // namespace holdfast::test
