#include <holdfast/core/expected.hpp>

namespace holdfast::detail {

void throw_no_value(const call_error& reason) {
  throw error(reason.kind, reason.text);
}

void throw_no_error() {
  throw error(errc::wrong_context,
              "there is no error: the call gave a value; ask has_value() first");
}

}  // namespace holdfast::detail
