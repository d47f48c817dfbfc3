#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace holdfast {

/// Why something was refused or given up. A code exists only where somebody could react to it differently; the sentence
/// beside it (`error::what`) names the thing and the remedy. docs/operating.md has one row for each, kept complete by a
/// test. The numbers are stored and sent: they never change their meaning.
enum class errc : std::uint8_t {
  none = 0,
  // Refused where it was asked for, nothing stored. The caller corrects the request.
  bad_name = 1,       ///< a node, method, actor or table name breaks the naming rules
  bad_option = 2,     ///< an option is out of range or does not fit the verb
  bad_argument = 3,   ///< an argument cannot be converted; the text names the place
  too_large = 4,      ///< a call, state value or handler's effects exceed a limit
  id_conflict = 5,    ///< the same user id is live with other arguments
  wrong_context = 6,  ///< a blocking form inside a handler, or a captured peer used there
  unknown_call = 7,   ///< no call of that id is known here
  bad_config = 8,     ///< a command line or configuration file says something wrong
  not_allowed = 9,    ///< a foreign node asked for a method that is on no allow-list
  // Refused at this moment; the same request may succeed later.
  disk_full = 16,    ///< the store cannot grow; free space or raise the quota
  stopping = 17,     ///< the node is stopping
  over_credit = 18,  ///< the peer is not keeping up with messages
  // A synchronous call that gave no value.
  unreachable = 32,  ///< it did not run; safe to try again
  failed = 33,       ///< it ran and threw; the text is the handler's
  unknown = 34,      ///< the link or the deadline broke in the middle; it may have run
  // Why a queued call ended without being executed.
  expired = 48,             ///< its time ran out before it was started
  dropped = 49,             ///< an operator removed it
  handler_failed = 50,      ///< it threw more often than its attempts allow; a dead letter
  undecodable = 51,         ///< its bytes do not decode, or its signature is another; a dead letter
  killed_process = 52,      ///< the process died repeatedly while it ran; a dead letter
  damaged = 53,             ///< its record failed a checksum; the operator checks the disk
  too_large_for_peer = 54,  ///< the peer takes no call of that size
  orphaned = 55,            ///< its lane was closed; the operator re-queues or drops it
  // Links: both sides log and show it; the operator acts.
  wrong_secret = 64,   ///< the cluster secrets differ
  wrong_cluster = 65,  ///< the cluster names differ
  wrong_version = 66,  ///< no common protocol version
  wrong_name = 67,     ///< the node at that address has another name, or ours
  diverged_history =
      68,  ///< a restored backup, a copied directory or a lost disk: `holdfast peers accept`
  link_settings = 69,   ///< heartbeat settings that cannot work together
  link_lost = 70,       ///< the connection closed
  link_silent = 71,     ///< the peer made no progress for too long
  link_replaced = 72,   ///< a newer session of the same peer took over
  link_goodbye = 73,    ///< the peer stopped in good order
  bad_frame = 74,       ///< bytes that are no frame of ours, or a frame out of place
  handshake_late = 75,  ///< the other side did not complete the handshake in time
  // The journal: the node does not start, or ends.
  journal_locked = 96,    ///< another process has the data directory
  journal_format = 97,    ///< the store was written by a newer version
  journal_damaged = 98,   ///< a record of the store fails its checksum
  journal_failed = 99,    ///< a flush or a write failed; restart recovers
  insecure_listen = 100,  ///< an address that others can reach, without TLS and without --insecure
};

/// The code's name as it stands above, for logs, tables and JSON.
std::string_view to_string(errc code);
std::ostream& operator<<(std::ostream& out, errc code);

/// Every code in order, for tests and documentation.
std::span<const errc> all_errors();

class error : public std::runtime_error {
public:
  error(errc code, const std::string& text) : std::runtime_error(text), code_(code) {}
  errc code() const noexcept { return code_; }

private:
  errc code_;
};

}  // namespace holdfast
