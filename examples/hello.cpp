// Shows the smallest program: one method, served and called, with the whole command line for free.
//
//     hello node --name alpha --data alpha-data --listen 127.0.0.1:7101
//     hello call --data alpha-data alpha hello.greet Ann

#include <holdfast/runtime/run.hpp>

#include <string>

namespace {

constexpr holdfast::method<std::string(std::string)> greet{"hello.greet(name)"};

void setup(holdfast::node& node) {
  node.serve(greet, [](const std::string& name) { return "Hello, " + name + "!"; });
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::run(argc, argv, setup);
}
