#pragma once

#include <holdfast/actors/table.hpp>
#include <holdfast/core/method.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/persistence/outcome.hpp>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

/// What a crash_node serves. It says what it does on standard output, a line for each event, so that a test can wait for
/// it; the environment tells what differs from run to run.
namespace holdfast::crash {

using numbers = std::vector<std::int64_t>;

/// Appends the number to the mailbox's list in the state, and `n attempt` to the file HOLDFAST_OUTSIDE.
/// Prints `append n attempt`.
inline constexpr method<void(std::string, std::int64_t)> append{"numbers.append(mailbox, n)"};

/// Queues `append` to `target` and hears of its end. Prints `relay n attempt`, then `confirm n`.
inline constexpr method<void(std::string, std::string, std::int64_t)> relay{
    "relays.relay(target, mailbox, n)"};
inline constexpr method<void(outcome<void>, std::int64_t)> confirm{"confirms.confirm(outcome, n)"};

/// The mailbox's list from position `from` on, and how often each confirmed number was: `n, count` pairs from `n` on.
inline constexpr method<numbers(std::string, std::int64_t, std::int64_t)> list{
    "lists.list(mailbox, from, limit)"};
inline constexpr method<numbers(std::int64_t, std::int64_t)> confirmed{
    "lists.confirmed(from, limit)"};

/// As `append`, but served only with HOLDFAST_SERVE_HELD set: without it the calls are parked.
inline constexpr method<void(std::string, std::int64_t)> append_held{"held.append(mailbox, n)"};

/// Messages: prints `message n bytes`; `fence` prints `fence n` from the same mailbox. The service hears of peers too:
/// `up NAME`, `suspect NAME`, `down NAME REASON`.
inline constexpr method<void(std::int64_t, std::string)> take{"messages.take(n, content)"};
inline constexpr method<void(std::int64_t)> fence{"messages.fence(n)"};

/// Sends `count` messages to `target`; each eighth is large.
inline constexpr method<void(std::string, std::int64_t)> emit{"emitters.emit(target, count)"};

/// Sends `count` messages `instants.touch` to `target`.
inline constexpr method<void(std::string, std::int64_t)> emit_touches{
    "emitters.touch(target, count)"};

/// What it was given.
inline constexpr method<value(value)> echo{"echo(given)"};

/// Prints `blocked`, waits for a byte from the pipe, prints `released`.
inline constexpr method<void(std::string)> block{"slow.block(pipe)"};

/// Ends the process, by kill -9.
inline constexpr method<void()> die{"deadly.die()"};

/// Prints `instant n`.
inline constexpr method<void(std::int64_t)> touch{"instants.touch(n)"};

/// Prints `first` when it runs for the first time in this process and `taken COUNT` after each 10,000. With HOLDFAST_HOLD it
/// prints `held` and holds its thread for ever. A node with HOLDFAST_FILL="TARGET COUNT" queues so many before it starts, in
/// a thousand mailboxes, and prints `filled COUNT`.
inline constexpr method<void(std::int64_t)> fill{"fills.take(n)"};

/// Work, at a node with HOLDFAST_WORKS_FOR set to a controller: a text of so many bytes.
inline constexpr method<std::string(std::int64_t)> make_text{"texts.make(bytes)"};

/// Submits `make_text` to this node, which is a controller. Prints `made BYTES TEXT`, or why not.
inline constexpr method<void(std::int64_t)> order_text{"orders.text(bytes)"};
inline constexpr method<void(outcome<std::string>, std::int64_t)> text_made{
    "orders.made(result, bytes)"};

inline constexpr table<std::tuple<std::string, std::int64_t>, std::int64_t> lists{"numbers.lists"};
inline constexpr table<std::string, std::int64_t> sizes{"numbers.sizes"};
inline constexpr table<std::int64_t, std::int64_t> confirms{"numbers.confirms"};

/// The content of message `n`, which tells whether it came whole.
inline std::string message_content(std::int64_t n) {
  auto size = n % 8 == 7 ? 100'000 + static_cast<std::size_t>(n) * 1'000 : 16;
  return std::string(size, static_cast<char>('a' + n % 26));
}

}  // namespace holdfast::crash
