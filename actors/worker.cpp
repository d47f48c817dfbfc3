#include <holdfast/actors/worker.hpp>
#include <holdfast/actors/worker_service.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/names.hpp>

#include <algorithm>

namespace holdfast {
namespace {

/// A controller reads all that a worker holds at once, when it reports.
constexpr unsigned slots_max = 1024;

worker_options checked(worker_options options) {
  check_options(options);
  auto& labels = options.labels;
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return options;
}

}  // namespace

void check_options(const worker_options& options) {
  check_name("controller", options.controller);
  for (auto& label : options.labels)
    check_name("label", label);
  if (!options.type.empty())
    check_name("type", options.type);
  if (options.slots < 1 || options.slots > slots_max)
    throw error(errc::bad_option, "a worker has 1 to " + std::to_string(slots_max) + " slots, not "
                                      + std::to_string(options.slots));
  if (options.report_interval < std::chrono::milliseconds(10)
      || options.report_interval > std::chrono::hours(1))
    throw error(errc::bad_option, "a worker reports every 10 ms to every hour");
}

worker::worker(environment& env, worker_options options)
    : service_(std::make_shared<service>(env, checked(std::move(options)))) {
  service_->serve_mailbox();
}

worker::~worker() {
  shut();
}

void worker::serve(work_method method) {
  service_->add(std::move(method));
}

void worker::start(caf::actor_system& system, std::string address) {
  service_->start(system, std::move(address));
}

void worker::leave(std::function<void()> left) {
  service_->leave(std::move(left));
}

void worker::when_idle(std::function<void()> idle) {
  service_->when_idle(std::move(idle));
}

void worker::shut() {
  service_->shut();
}

worker_numbers worker::numbers() const {
  return service_->numbers();
}

const worker_options& worker::options() const {
  return service_->options;
}

}  // namespace holdfast
