// Shows a worker: a handler that runs for hours, tells how far it is, and goes on where the one before was.
#include "film.hpp"

#include <chrono>
#include <future>

namespace {

using namespace std::chrono_literals;

std::promise<void> night;
const std::shared_future<void> night_is_over = night.get_future();

// The first 600 frames are easy. The others take until the morning.
bool is_drawn(int frame) {
  return frame <= 600 || night_is_over.wait_for(10ms) == std::future_status::ready;
}

std::string render_scene(holdfast::work_context& work, const std::string& scene, int frames) {
  int first = work.checkpoint().empty() ? 1 : std::stoi(work.checkpoint()) + 1;
  for (int frame = first; frame <= frames; ++frame) {
    while (!is_drawn(frame)) {
      if (work.is_cancelled())
        return {};  // nobody waits for it any more
      work.progress((frame - 1.0) / frames, "frame " + std::to_string(frame));
    }
    if (frame % 100 == 0)
      work.save_checkpoint(std::to_string(frame));
  }
  return scene + ": frames " + std::to_string(first) + " to " + std::to_string(frames)
         + " drawn in run " + std::to_string(work.run());
}

void setup(holdfast::node& node) {
  if (auto* worker = node.work())
    worker->serve(render, render_scene);
  node.serve(morning, [] { night.set_value(); });
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::run(argc, argv, setup);
}
