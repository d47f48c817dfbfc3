#pragma once

#include <cstddef>
#include <cstdint>

/// A limit on everything that a peer, a caller or a file can make grow. Sizes in bytes. Beside each: what a larger value
/// would harm. Limits that depend on each other are tied by static_assert.
namespace holdfast::limits {

/// One call's encoded arguments, or one state value. Larger ones would occupy a link and a group commit for long: 16 MiB
/// are 130 ms of a gigabit link.
inline constexpr std::size_t payload_bytes_max = 16u << 20;

/// Names of nodes, methods, actors, tables and user ids. Keys carry them, and LMDB's keys end at 511 bytes.
inline constexpr std::size_t name_bytes_max = 128;

/// An actor's instance name, a mailbox key, a user id.
inline constexpr std::size_t key_bytes_max = 200;

/// A state key as stored: table name, separator, encoded key. LMDB's own limit; fixed when it was compiled.
inline constexpr std::size_t stored_key_bytes_max = 511;
static_assert(name_bytes_max + key_bytes_max + 2 <= stored_key_bytes_max);

/// One stored record: a call and its header. A page allocation in LMDB is contiguous; larger ones fragment the file.
inline constexpr std::size_t record_bytes_max = payload_bytes_max + (64u << 10);

/// One frame between nodes; a batch is cut to fit. What an unproved peer can make us hold is `hello_bytes_max`.
inline constexpr std::size_t frame_bytes_max = record_bytes_max + (64u << 10);
inline constexpr std::size_t hello_bytes_max = 16u << 10;

/// A batch of queued calls on the wire: large enough to amortise a commit, small enough not to delay a heartbeat.
inline constexpr std::size_t batch_bytes_max = 256u << 10;
inline constexpr std::size_t batch_calls_max = 2048;

/// Transmitted but not yet stored, per link: what a peer that stops reading can make us hold in memory.
inline constexpr std::size_t window_bytes_max = 4u << 20;
static_assert(window_bytes_max > batch_bytes_max);

/// `send`s not yet taken by the peer, per link; beyond it they are refused and counted.
inline constexpr std::size_t send_bytes_max = 8u << 20;

/// One group commit. Groups of 1,000 to 2,000 records reach the full rate at a tenth of the latency of 10,000.
inline constexpr std::size_t group_bytes_max = 1u << 20;
inline constexpr std::size_t group_operations_max = 2048;

/// Calls that may be running or about to run; everything else waits on disk. After a crash this many at most begin one
/// attempt higher.
inline constexpr std::size_t admitted_calls_max = 4096;

/// Calls of one mailbox in that number: a slow mailbox must not crowd out the others.
inline constexpr std::size_t admitted_calls_per_mailbox_max = 1024;

/// Deaths of the process while one call ran alone, before that call is held to be the cause. Two can be chance: of 200 deaths
/// at random moments a pair meets the same call.
inline constexpr std::uint32_t kills_max = 3;

/// Effects of one handler run: rows written plus calls and sends emitted, and their bytes.
inline constexpr std::size_t effects_max = 10'000;
inline constexpr std::size_t effects_bytes_max = 32u << 20;

/// Text of an error that is stored or sent.
inline constexpr std::size_t error_text_bytes_max = 1024;

/// Errors kept per call while it is retried; the oldest go first.
inline constexpr std::size_t attempts_kept_max = 16;

/// Lost workers of one work item that may still return with it; the oldest are forgotten, and are told to stop when they
/// return. The item's row carries them.
inline constexpr std::size_t displaced_owners_max = 16;

/// How long a call that ended otherwise than by being executed can be shown (7 days), and how long a user id answers
/// duplicates after its call was executed (1 hour). Longer: rows that nobody asks for fill the store.
inline constexpr std::int64_t ended_retention_ns = std::int64_t{7} * 24 * 3600 * 1'000'000'000;
inline constexpr std::int64_t id_retention_ns = std::int64_t{3600} * 1'000'000'000;

/// Foreign nodes with a session at one time: each can make us hold one body of the largest size.
inline constexpr std::size_t foreign_connections_max = 64;

/// Foreign names that the journal remembers. Each is a row and an actor for ever; whoever may connect can invent names.
inline constexpr std::size_t foreign_names_max = 1024;

/// Ids of queued calls that are remembered for each foreign name, so that a call that is sent again is stored once. A node
/// that has more than so many unanswered can store one twice; more ids are rows that every store carries.
inline constexpr std::size_t foreign_ids_max = 1000;

/// Queued calls sent to a foreign node and not answered. More would all be sent again after each reconnect.
inline constexpr std::size_t foreign_window_calls = 256;
inline constexpr std::size_t foreign_window_bytes = 1u << 20;

/// Of the same, those that wait for a later moment and are passed by others: a place in memory for each.
inline constexpr std::size_t foreign_deferred_max = 16'384;

/// Bytes for a foreign node that its connection has not taken. Above the first nothing more is read from it, above the
/// second, which only its own calls' results reach, the connection is closed.
inline constexpr std::size_t foreign_unsent_bytes = 1u << 20;
inline constexpr std::size_t foreign_unsent_bytes_max = 64u << 20;

/// From a foreign node, not yet dealt with: above it its connection is not read.
inline constexpr std::size_t foreign_unread_bytes_max = 1u << 20;

/// Connections that have not proved the secret yet. Beyond it new ones are closed at once.
inline constexpr std::size_t unproved_connections_max = 64;

}  // namespace holdfast::limits
