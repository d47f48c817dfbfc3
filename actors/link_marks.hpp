#pragma once

#include <holdfast/actors/frames.hpp>
#include <holdfast/actors/handshake.hpp>
#include <holdfast/persistence/ledger.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// What one node's journal remembers of the lanes between it and a peer, both ways. Compared in the handshake, so that a
/// restored backup, a copied data directory or a lost disk is found before it eats a call.
struct link_marks {
  struct issued {  ///< a lane that this node issues to the peer
    lane_number lane = 0;
    sequence_number next = 1;
    sequence_number stored_through = 0;
    bool operator==(const issued&) const = default;
  };
  struct remembered {  ///< a lane of the peer's, as this node has stored it
    lane_number lane = 0;
    sequence_number mark = 0;
    std::uint64_t nonce = 0;
    bool operator==(const remembered&) const = default;
  };
  std::vector<issued> mine;
  std::vector<remembered> yours;
  bool has_link = false;  ///< the sender has a session with the receiver at this moment
};

std::string encode_marks(const link_marks& content);
link_marks decode_marks(const frame& from);

link_marks collect_marks(const journal_reader& rows, const std::string& peer, const uuid& peer_id,
                         bool has_link);

/// Whether the one who proved to be `peer` is the one whose journal was bound to that name: same uuid, not an older start,
/// not another run of the same start. `known` is its row, if there is one.
std::optional<refusal> check_binding(const std::string& self, const std::optional<peer_row>& known,
                                     const link_hello& peer);

/// Whether the peer's memory fits this journal. All that follows is a `diverged_history` with its remedy.
std::optional<refusal> check_marks(const journal_reader& rows, const std::string& self,
                                   const link_hello& peer, const link_marks& theirs);

}  // namespace holdfast
