#include "farm.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace farm {
namespace {

using namespace std::chrono_literals;

/// Holds work up in its middle, so that something can happen meanwhile.
class gate {
public:
  void open() {
    std::lock_guard guard(mutex_);
    is_open_ = true;
    opened_.notify_all();
  }
  bool opens_within(std::chrono::milliseconds time) {
    std::unique_lock guard(mutex_);
    return opened_.wait_for(guard, time, [this] { return is_open_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};

std::string work_through(holdfast::work_context& work, gate& middle, int parts) {
  int first = work.checkpoint().empty() ? 1 : std::stoi(work.checkpoint()) + 1;
  for (int part = first; part <= parts; ++part) {
    while (part > parts / 2 && !middle.opens_within(50ms)) {
      if (work.is_cancelled())
        return {};
      work.progress((part - 1.0) / parts, "part " + std::to_string(part));
    }
    work.save_checkpoint(std::to_string(part));
  }
  return "parts " + std::to_string(first) + " to " + std::to_string(parts) + " in run "
         + std::to_string(work.run());
}

}  // namespace

void serve_worker(holdfast::node& node) {
  bool paints = node.name().starts_with("painter");
  auto middle = std::make_shared<gate>();
  auto& worker =
      node.work_for({.controller = "hub", .slots = 4, .type = paints ? "painter" : "mixer"});
  worker.serve(paints ? paint : mix,
               [middle](holdfast::work_context& work, const std::string&, int parts) {
                 return work_through(work, *middle, parts);
               });
  node.serve(go_on, [middle] { middle->open(); });
}

}  // namespace farm
