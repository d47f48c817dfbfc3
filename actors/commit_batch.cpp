#include <holdfast/actors/commit_batch.hpp>
#include <holdfast/persistence/inbox.hpp>

#include <algorithm>

namespace holdfast {
namespace {

void apply_call(ledger& books, const run_result& result) {
  auto& entry = result.item.entry;
  switch (result.status) {
  case run_status::done: inbox::executed(books, entry, result.effects, result.value); return;
  case run_status::threw:
    if (result.is_given_up)
      inbox::ended(books, entry.lane, entry.sequence, &entry, errc::handler_failed, result.text);
    else
      inbox::failed(books, entry, result.text, result.due, result.keeps_place);
    return;
  case run_status::undecodable:
    inbox::ended(books, entry.lane, entry.sequence, &entry, result.reason, result.text);
    return;
  case run_status::expired:
    inbox::ended(books, entry.lane, entry.sequence, &entry, errc::expired, result.text);
    return;
  case run_status::unserved: inbox::park(books, entry); return;
  case run_status::gone: return;
  }
}

bool grows(const run_result& result) {
  return !result.effects.is_empty() || result.status == run_status::threw
         || (result.header && result.header->completion.has_value());
}

}  // namespace

commit_batch::commit_batch(std::uint64_t mailbox, std::vector<run_result> results,
                           std::shared_ptr<commit_batch> before, settled_callback settled)
    : journal_operation(growth_of(results), bytes_of(results)), mailbox_(mailbox),
      results_(std::move(results)), before_(std::move(before)), layer_(layer_of(results_)),
      settled_(std::move(settled)) {}

void commit_batch::apply(ledger& books) {
  is_broken_ = before_ && before_->is_broken_;
  committed_ = 0;
  for (auto& result : results_) {
    is_broken_ = is_broken_ || !is_valid(books.rows(), result.effects.reads);
    if (is_broken_)
      return;
    if (result.item.message)
      inbox::apply(books, result.effects);
    else
      apply_call(books, result);
    ++committed_;
  }
}

void commit_batch::done(const error* refusal) noexcept {
  if (refusal) {
    is_broken_ = true;
    committed_ = 0;
    refusal_ = refusal->code();
    refusal_text_ = refusal->what();
  }
  before_.reset();
  settled_(shared_from_this());
}

void commit_batch::settle_without_commit() {
  committed_ = results_.size();
  settled_(shared_from_this());
}

bool commit_batch::is_effectless() const {
  return std::all_of(results_.begin(), results_.end(), [](const run_result& result) {
    return result.item.message && result.effects.is_empty();
  });
}

growth commit_batch::growth_of(const std::vector<run_result>& results) {
  return std::any_of(results.begin(), results.end(), grows) ? growth::grows : growth::shrinks;
}

std::size_t commit_batch::bytes_of(const std::vector<run_result>& results) {
  std::size_t bytes = 0;
  for (auto& result : results) {
    bytes += 64;
    for (auto& write : result.effects.writes)
      bytes += write.key.size() + (write.value ? write.value->size() : 0);
    for (auto& call : result.effects.calls)
      bytes += 128 + call.payload.size();
  }
  return bytes;
}

}  // namespace holdfast
