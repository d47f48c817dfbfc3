#include <holdfast/actors/work_context.hpp>

namespace holdfast {

work_ticket::inner::~inner() {
  run->end(run_end::failed, "its handler let go of the ticket without finishing it");
}

bool work_ticket::returns(const std::string& type) const {
  auto& format = inner_->format;
  if (type == format.type)
    return true;
  fail("it was finished with " + type + ", and " + format.method + " returns " + format.type);
  return false;
}

void work_ticket::finish() const {
  if (returns(detail::result_text<void>()))
    inner_->run->succeed(inner_->format.kind == payload_kind::values ? encode<value>(value())
                                                                     : std::string());
}

void work_ticket::fail(std::string text) const {
  inner_->run->end(run_end::failed, std::move(text));
}

void work_ticket::reject(std::string text) const {
  inner_->run->end(run_end::never_fits, std::move(text));
}

}  // namespace holdfast
