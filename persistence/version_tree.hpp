#pragma once

#include <holdfast/core/function_ref.hpp>
#include <holdfast/persistence/journal.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::detail {

/// An ordered map whose copies cost nothing: copies share their nodes, and a change copies only the
/// path to the row. What memory_journal gives its readers as snapshots.
///
/// A treap whose priorities are hashes of the keys: its shape depends on its rows alone, so a
/// simulation repeats exactly. Nodes made under the same `edit` number are changed in place; the owner
/// takes a new number whenever it has handed out a copy.
///
/// Copies may be read by many threads at once; one copy is changed by one thread.
class version_tree {
public:
  void put(std::string_view key, std::string_view value, std::uint64_t edit);
  bool erase(std::string_view key, std::uint64_t edit);

  std::optional<std::string_view> get(std::string_view key) const;
  std::optional<row> at_or_after(std::string_view key) const;
  std::optional<row> before(std::string_view key) const;  ///< an empty key: the last row
  void scan(std::string_view from, std::string_view to, function_ref<bool(row)> visit) const;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t bytes() const noexcept { return bytes_; }  ///< of all keys and values

private:
  struct entry {
    std::string key;
    std::string value;
    std::uint64_t priority;
  };
  struct node;
  using node_ptr = std::shared_ptr<node>;
  struct node {
    std::shared_ptr<const entry> content;
    std::uint64_t edit;
    node_ptr left;
    node_ptr right;
  };

  static row row_of(const node& at) { return {at.content->key, at.content->value}; }
  static node& own(node_ptr& at, std::uint64_t edit);
  static void insert(node_ptr& at, const std::shared_ptr<const entry>& content, std::uint64_t edit);
  static void remove(node_ptr& at, std::string_view key, std::uint64_t edit);
  static node_ptr merge(node_ptr low, node_ptr high, std::uint64_t edit);
  static bool visit_range(const node* at, std::string_view from, std::string_view to,
                          function_ref<bool(row)> visit);

  node_ptr root_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace holdfast::detail
