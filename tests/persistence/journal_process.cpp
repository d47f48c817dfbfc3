// A process of its own for tests of the LMDB store: holds a data directory, is refused one, or commits
// until it is killed.
//
//   journal_process hold DIR     opens DIR, prints "open", ends when standard input does
//   journal_process commit DIR   commits rows for ever; after each commit its number, 8 bytes
//
// An error is printed as "CODE text", and the exit status is 1.

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/lmdb_journal.hpp>

#include <iostream>
#include <string>
#include <unistd.h>

namespace {

using namespace holdfast;

bool say(std::string_view bytes) {
  return ::write(STDOUT_FILENO, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

// Commit n holds n mod 7 + 1 rows under n, so that half of one would show, and names itself in `meta`.
void commit_for_ever(journal& store) {
  std::uint64_t number = 0;
  if (const auto last = store.read()->get(table_id::meta, "last"))
    number = read_be64(*last);
  bool heard = true;
  while (heard) {
    ++number;
    std::string name;
    append_be64(name, number);
    store.commit(growth::grows, [&](journal_writer& to) {
      for (std::uint64_t part = 0; part <= number % 7; ++part) {
        std::string key = name;
        append_be64(key, part);
        to.append(table_id::outbox, key, std::string(200 * (part + 1), 'v'));
      }
      to.put(table_id::meta, "last", name);
    });
    heard = say(name);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3)
    return 2;
  try {
    lmdb_journal store(argv[2]);
    if (std::string_view(argv[1]) == "commit") {
      commit_for_ever(store);
    } else {
      say("open\n");
      for (char byte = 0; ::read(STDIN_FILENO, &byte, 1) > 0;) {}
    }
  } catch (const error& reason) {
    std::cout << to_string(reason.code()) << ' ' << reason.what() << '\n';
    return 1;
  }
  return 0;
}
