#include <holdfast/core/error.hpp>
#include <holdfast/persistence/faulty_journal.hpp>

namespace holdfast {

namespace {

struct undo {};  // leaves a body that ran only to see whether it throws

}  // namespace

void faulty_journal::fail_commit(std::uint64_t number, fault how) noexcept {
  fault_at_ = number;
  fault_ = how;
}

void faulty_journal::set_full(bool grows, bool all) noexcept {
  grows_full_ = grows || all;
  all_full_ = all;
}

void faulty_journal::check() const {
  if (is_failed_)
    throw error(errc::journal_failed, "a flush failed as planned; restart recovers");
}

std::unique_ptr<journal_reader> faulty_journal::read() const {
  check();
  ++reads_;
  return wrapped_.read();
}

// A real store runs the body before it knows that there is no room.
void faulty_journal::run_and_undo(growth kind, function_ref<void(journal_writer&)> body) {
  try {
    wrapped_.commit(kind, [&](journal_writer& writer) {
      body(writer);
      throw undo{};
    });
  } catch (const undo&) {}
}

commit_result faulty_journal::commit(growth kind, function_ref<void(journal_writer&)> body) {
  check();
  const bool planned = ++commits_ == fault_at_;
  const bool full = all_full_ || (grows_full_ && kind == growth::grows);
  if (planned && fault_ != fault::full) {
    if (fault_ == fault::late_failure)
      wrapped_.commit(kind, body);
    else
      run_and_undo(kind, body);
    is_failed_ = true;
    check();
  }
  if (planned || full) {
    run_and_undo(kind, body);
    ++refusals_;
    is_full_ = is_full_ || kind == growth::grows;
    return commit_result::full;
  }
  const auto result = wrapped_.commit(kind, body);
  if (kind == growth::grows)
    is_full_ = result == commit_result::full;
  return result;
}

journal_status faulty_journal::status() const {
  auto result = wrapped_.status();
  result.is_full = result.is_full || is_full_;
  result.is_failed = result.is_failed || is_failed_;
  result.refusals += refusals_;
  return result;
}

}  // namespace holdfast
