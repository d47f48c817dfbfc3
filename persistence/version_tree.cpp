#include <holdfast/persistence/record.hpp>
#include <holdfast/persistence/version_tree.hpp>

#include <utility>

namespace holdfast::detail {

// The node at this place, safe to change: a copy of it when an older version of the tree may see it.
version_tree::node& version_tree::own(node_ptr& at, std::uint64_t edit) {
  if (at->edit != edit) {
    at = std::make_shared<node>(*at);
    at->edit = edit;
  }
  return *at;
}

void version_tree::insert(node_ptr& at, const std::shared_ptr<const entry>& content,
                          std::uint64_t edit) {
  if (!at) {
    at = std::make_shared<node>(node{content, edit, nullptr, nullptr});
    return;
  }
  const int order = content->key.compare(at->content->key);
  node& here = own(at, edit);
  if (order == 0) {
    here.content = content;
    return;
  }
  node_ptr& child = order < 0 ? here.left : here.right;
  insert(child, content, edit);
  if (child->content->priority <= here.content->priority)
    return;
  // The new row outranks this one: rotate it above. Both nodes are ours by now.
  node_ptr raised = std::move(child);
  node_ptr& inner = order < 0 ? raised->right : raised->left;
  child = std::move(inner);
  inner = std::move(at);
  at = std::move(raised);
}

version_tree::node_ptr version_tree::merge(node_ptr low, node_ptr high, std::uint64_t edit) {
  if (!low)
    return high;
  if (!high)
    return low;
  if (low->content->priority > high->content->priority) {
    node& top = own(low, edit);
    top.right = merge(top.right, std::move(high), edit);
    return low;
  }
  node& top = own(high, edit);
  top.left = merge(std::move(low), top.left, edit);
  return high;
}

void version_tree::remove(node_ptr& at, std::string_view key, std::uint64_t edit) {
  const int order = key.compare(at->content->key);
  if (order == 0) {
    at = merge(at->left, at->right, edit);
    return;
  }
  node& here = own(at, edit);
  remove(order < 0 ? here.left : here.right, key, edit);
}

void version_tree::put(std::string_view key, std::string_view value, std::uint64_t edit) {
  const auto old = get(key);
  bytes_ += value.size();
  if (old) {
    bytes_ -= old->size();
  } else {
    bytes_ += key.size();
    ++count_;
  }
  auto content =
      std::make_shared<const entry>(entry{std::string(key), std::string(value), checksum64(key)});
  insert(root_, content, edit);
}

bool version_tree::erase(std::string_view key, std::uint64_t edit) {
  const auto old = get(key);
  if (!old)
    return false;
  bytes_ -= key.size() + old->size();
  --count_;
  remove(root_, key, edit);
  return true;
}

std::optional<std::string_view> version_tree::get(std::string_view key) const {
  for (const node* at = root_.get(); at;) {
    const int order = key.compare(at->content->key);
    if (order == 0)
      return std::string_view(at->content->value);
    at = order < 0 ? at->left.get() : at->right.get();
  }
  return std::nullopt;
}

std::optional<row> version_tree::at_or_after(std::string_view key) const {
  const node* best = nullptr;
  for (const node* at = root_.get(); at;) {
    if (at->content->key >= key) {
      best = at;
      at = at->left.get();
    } else {
      at = at->right.get();
    }
  }
  return best ? std::optional(row_of(*best)) : std::nullopt;
}

std::optional<row> version_tree::before(std::string_view key) const {
  const node* best = nullptr;
  for (const node* at = root_.get(); at;) {
    if (key.empty() || at->content->key < key) {
      best = at;
      at = at->right.get();
    } else {
      at = at->left.get();
    }
  }
  return best ? std::optional(row_of(*best)) : std::nullopt;
}

bool version_tree::visit_range(const node* at, std::string_view from, std::string_view to,
                               function_ref<bool(row)> visit) {
  if (!at)
    return true;
  const std::string_view key = at->content->key;
  if (key >= from) {
    if (!visit_range(at->left.get(), from, to, visit))
      return false;
    if (!to.empty() && key >= to)
      return false;
    if (!visit(row_of(*at)))
      return false;
  }
  return visit_range(at->right.get(), from, to, visit);
}

void version_tree::scan(std::string_view from, std::string_view to,
                        function_ref<bool(row)> visit) const {
  visit_range(root_.get(), from, to, visit);
}

}  // namespace holdfast::detail
