#include <holdfast/actors/work_method.hpp>

namespace holdfast {

void start_run(const work_method& method, const std::shared_ptr<work_run>& run) {
  try {
    method.start(run);
  } catch (const error& problem) {
    bool never_fits = problem.code() == errc::undecodable || problem.code() == errc::bad_argument;
    run->end(never_fits ? run_end::never_fits : run_end::failed, problem.what());
  } catch (const std::exception& problem) {
    run->end(run_end::failed, problem.what());
  } catch (...) {
    run->end(run_end::failed, "the handler threw something that is no std::exception");
  }
}

namespace detail {

call_header header_of_run(const assigned_item& order) {
  call_header header;
  header.method = order.method;
  header.fingerprint = order.fingerprint;
  header.payload = order.payload_is;
  header.trace = order.trace;
  header.origin = order.origin;
  return header;
}

}  // namespace detail
}  // namespace holdfast
