#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/ids.hpp>
#include <holdfast/core/names.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

// One queued call as bytes: a small sealed header (record.hpp) with the payload behind it, which has a checksum of its own
// inside the header. The payload is encoded once, at the call site, and never changes on its way to the handler; the
// header is written anew where deadlines must be. The layout is in docs/journal_format.md.

/// How the payload is to be read.
enum class payload_kind : std::uint8_t {
  arguments =
      1,  ///< the method's arguments through the binary archive; `fingerprint` says of which types
  values = 2,      ///< dynamic values, converted to the method's types where it is served
  completion = 3,  ///< an outcome (outcome_record below) and the arguments bound to a completion
};

/// The method that wants to hear how a call ended, and what it was given along (`then`).
struct completion_spec {
  std::string method;
  std::uint64_t fingerprint = 0;
  std::string bound;  ///< the arguments after the outcome, encoded
};

struct call_header {
  std::string method;  ///< "pages.render"
  std::string key;     ///< of the mailbox; for a durable actor its instance name; may be empty
  std::uint64_t fingerprint =
      0;  ///< of the method's signature (codec.hpp); 0 with payload_kind::values
  payload_kind payload = payload_kind::arguments;
  std::int8_t priority = 0;  ///< higher first, among due calls of one mailbox
  std::uint16_t attempts =
      0;  ///< failures before it becomes a dead letter; 0: as the target serves the method
  std::int64_t back_off_ns = 0;  ///< before the second attempt; 0: as the target serves the method
  node_time expires_at = 0;      ///< on the clock of the node that holds the record; 0: never
  node_time not_before = 0;      ///< likewise; 0: at once
  std::int64_t queued_wall_ns = 0;  ///< when it was queued, by the source's wall clock; for people
  std::uint64_t trace = 0;          ///< the same along every hop; never 0 in a stored call
  std::string origin;               ///< the node where the trace began
  std::string user_id;              ///< may be empty
  std::uint64_t arrival = 0;  ///< place in the order of arrival at the target; 0 at the source
  bool is_revised = false;    ///< a dead letter that an operator had tried again
  std::optional<completion_spec> completion;
  bool is_foreign = false;  ///< on behalf of a foreign node: the target's allow-list decides
};

/// A call that was read: the payload is a view into the record.
struct call_view {
  call_header header;
  std::string_view payload;
  std::uint64_t payload_checksum = 0;
};

/// How a call ended, as its completion hears it.
struct outcome_record {
  errc ended = errc::none;  ///< none: executed
  bool is_revised = false;  ///< after an operator's retry of a dead letter
  call_id call;             ///< the call that ended, so that its completion can name it
  std::string error;        ///< the handler's text, or the reason
  std::string
      value;  ///< what the method returned, encoded; empty when it returned nothing or did not run
};

std::string encode_call(const call_header& header, std::string_view payload);

/// A call that was read, with its header changed; the payload's checksum is the call site's still.
std::string encode_call(const call_view& call);

/// Throws errc::damaged when either checksum fails or the header makes no sense.
call_view decode_call(std::string_view record);

/// The header alone; the payload is not looked at.
call_header decode_call_header(std::string_view record);

/// Likewise; nothing when it cannot be read.
std::optional<call_header> header_if_sound(std::string_view record);

/// What stands in an outbox for a call that is not to be transferred: the sequence is consumed, with the reason.
std::string encode_tombstone(errc reason);

/// Whether a sound record has a user id or a deadline, without reading the rest.
bool has_id_or_deadline(std::string_view record);

/// By its size, which no call has, so that damage makes no call of it.
bool is_tombstone(std::string_view record);

/// The reason, if the record is a tombstone. Throws errc::damaged when it was one.
std::optional<errc> tombstone_reason(std::string_view record);

std::string encode_outcome(const outcome_record& outcome, std::string_view bound);
struct completion_payload {
  outcome_record outcome;
  std::string_view bound;
};
completion_payload decode_outcome(std::string_view payload);

/// Number of the mailbox of (service, key). A hash: two mailboxes that share one take turns, and nothing worse.
std::uint64_t mailbox_of(std::string_view service, std::string_view key);

}  // namespace holdfast
