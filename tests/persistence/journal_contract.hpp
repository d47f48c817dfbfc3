#pragma once

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/bytes_io.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <tests/persistence/tested_store.hpp>
#include <utility>
#include <vector>

namespace holdfast::test {

using text_row = std::pair<std::string, std::string>;

inline std::string number_key(std::uint64_t number) {
  std::string key;
  append_be64(key, number);
  return key;
}

inline std::optional<std::string> copy(std::optional<std::string_view> found) {
  return found ? std::optional<std::string>(*found) : std::nullopt;
}

inline std::optional<text_row> copy(std::optional<row> found) {
  return found ? std::optional<text_row>(text_row(found->key, found->value)) : std::nullopt;
}

inline std::vector<text_row> rows(const journal_reader& reader, table_id table,
                                  std::string_view from = {}, std::string_view to = {}) {
  std::vector<text_row> found;
  reader.scan(table, from, to, [&](row at) {
    found.emplace_back(at.key, at.value);
    return true;
  });
  return found;
}

inline errc code_of(function_ref<void()> action) {
  try {
    action();
  } catch (const error& reason) {
    return reason.code();
  }
  return errc::none;
}

/// The fixture of the conformance suite: one store of the kind under test, small and new.
class journal_contract : public ::testing::TestWithParam<store_kind> {
protected:
  journal& store() { return tested_->get(); }
  void reopen() { tested_->reopen(); }
  void set_bytes_max(std::uint64_t bytes_max) { tested_->set_bytes_max(bytes_max); }

  commit_result put(std::string_view key, std::string_view value,
                    table_id table = table_id::outbox) {
    return store().commit(growth::grows, [&](journal_writer& to) { to.put(table, key, value); });
  }
  std::optional<std::string> get(std::string_view key, table_id table = table_id::outbox) {
    return copy(store().read()->get(table, key));
  }

private:
  std::unique_ptr<tested_store> tested_ = GetParam().make();
};

}  // namespace holdfast::test
