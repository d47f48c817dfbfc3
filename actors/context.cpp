#include <holdfast/actors/context.hpp>

namespace holdfast {

void inside_port::continue_trace(call_header& header) const {
  header.trace = run_->header().trace;
  header.origin = run_->header().origin;
}

void inside_port::queue(queue_request request) const {
  continue_trace(request.header);
  run_->queue(std::move(request));
}

void inside_port::send(const std::string& peer, call_header header, std::string payload) const {
  continue_trace(header);
  run_->send(peer, std::move(header), std::move(payload));
}

void inside_port::send_later(duration wait, call_header header, std::string payload) const {
  continue_trace(header);
  run_->send_later(wait, std::move(header), std::move(payload));
}

}  // namespace holdfast
