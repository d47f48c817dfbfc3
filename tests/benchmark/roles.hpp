#pragma once

#include <string>
#include <vector>

namespace bench {

/// What this program is when it is started as `bench --role NAME WORDS...`: the other processes of a measurement. Each
/// prints a first line when it is ready, and lives until it is killed.
int play(const std::string& role, const std::vector<std::string>& words);

/// The command line of a child in a role.
std::vector<std::string> role_command(std::vector<std::string> role_and_words);

// ---- backlog_roles.cpp

/// FOLDER PEER COUNT: queues so many calls before it starts; prints "SECONDS COMMITS". To "source": to itself.
int fill_backlog(const std::vector<std::string>& words);

/// FOLDER STRIDE [ADDRESS]: the filled node starts, and dials the target at that address. Prints "started"; without an
/// address the calls are its own, and it prints what `take_backlog` does.
int start_backlog(const std::vector<std::string>& words);

/// FOLDER STRIDE: the target. Prints its address, "first" with the first execution, and "taken" with every so many.
int take_backlog(const std::vector<std::string>& words);

/// FOLDER: opens a bare store, removes its first record, prints "removed".
int remove_bare_first(const std::vector<std::string>& words);

// ---- crowd_roles.cpp

/// FOLDER [SILENCE_MS]: the node in the middle of a crowd. Prints its address.
int serve_hub(const std::vector<std::string>& words);

/// FOLDER ADDRESS FIRST COUNT [SILENCE_MS]: so many nodes in one process, which dial the hub there. Prints "linked" when all are.
int serve_crowd(const std::vector<std::string>& words);

// ---- actor_roles.cpp

/// FOLDER: a node with durable actors. Prints "ready"; then for each "CALLS ACTORS" on its standard input calls so many by
/// turns, and prints "ROWS BYTES" of its store when all calls have ended.
int serve_tallies(const std::vector<std::string>& words);

// ---- transport.cpp

/// Send back every frame, every text. Print the address, the port.
int serve_frames(const std::vector<std::string>& words);
int serve_remote_actor(const std::vector<std::string>& words);

}  // namespace bench
