#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace holdfast {

/// Bytes that are shared and never change: a payload on its way from the call site to the handler, a frame on its way to
/// the wire. Copies share; any thread.
class shared_bytes {
public:
  shared_bytes() = default;
  explicit shared_bytes(std::string content)
      : owner_(std::make_shared<const std::string>(std::move(content))), view_(*owner_) {}

  std::string_view view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

  /// A part of these bytes; keeps the whole alive.
  shared_bytes part(std::size_t offset, std::size_t length = std::string_view::npos) const {
    auto piece = *this;
    piece.view_ = view_.substr(offset, length);
    return piece;
  }

private:
  std::shared_ptr<const std::string> owner_;
  std::string_view view_;
};

}  // namespace holdfast
