// Shows a handler that submits work, and a completion that hears how it ended.
#include "film.hpp"

namespace {

constexpr holdfast::table<std::string, std::string> reel{"reel"};

void setup(holdfast::node& node) {
  node.serve(shoot, [](holdfast::context& ctx, const std::string& scene, int frames) {
    ctx.controller("hub").then(rendered, scene).submit(render, scene, frames);
  });

  node.serve(rendered, [](holdfast::context& ctx, const holdfast::outcome<std::string>& result,
                          const std::string& scene) {
    ctx.state(reel).put(scene, result ? *result.value : "missing: " + result.error);
  });

  node.show(reel);
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::run(argc, argv, setup);
}
