#pragma once

#include <holdfast/actors/work_protocol.hpp>
#include <holdfast/actors/work_run.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/runtime/foreign_call.hpp>

#include <string>
#include <string_view>
#include <vector>

/// What a foreign worker and its gateway say to each other (docs/wire.md, "Work"), as values and back. Pure. What breaks the
/// shape of a message throws errc::bad_frame.
namespace holdfast {

/// holdfast.work({slots?, labels?, methods, held?})
struct foreign_offer {
  std::uint32_t slots = 1;
  std::vector<std::string> labels;
  std::vector<std::string> methods;
  std::vector<run_key> held;  ///< of an earlier session of the process
};
foreign_offer read_offer(const foreign_call& call);

/// holdfast.ended(item, epoch, how, value?)
struct foreign_end {
  run_key run;
  run_end how = run_end::done;
  value content;
};
foreign_end read_end(const foreign_call& call);

/// As the controller is told: the result encoded as the caller of `order` decodes it, everything else as text. A result that
/// does not fit what the method returns, or is too large, is a failed attempt that says so.
run_ending ending_of(const assigned_item& order, const foreign_end& end);

/// holdfast.progress(item, epoch, part, text)
struct foreign_progress {
  run_key run;
  double part = 0;
  std::string text;
};
foreign_progress read_progress(const foreign_call& call);

/// holdfast.checkpoint(item, epoch, value).
struct foreign_checkpoint {
  run_key run;
  std::string content;
};
foreign_checkpoint read_checkpoint(const foreign_call& call);

/// The parameters of holdfast.run. Throws errc::undecodable for arguments that this program cannot translate.
array words_of_run(const assigned_item& order);

/// Of holdfast.drop and holdfast.heard.
array words_of(const run_key& run);

/// A checkpoint as it is kept: text as its bytes, which a worker in C++ reads too, anything else with a mark before it. What a
/// worker in C++ saved and is no text comes as bytes.
std::string bytes_of_checkpoint(const value& saved);
value checkpoint_of(std::string_view bytes);

}  // namespace holdfast
