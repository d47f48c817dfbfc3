// The program `holdfast`: a node with a few built-in methods, and the operator's commands.
#include <holdfast/runtime/builtin_methods.hpp>
#include <holdfast/runtime/run.hpp>

int main(int argc, char** argv) {
  return holdfast::run(argc, argv, holdfast::serve_builtin_methods);
}
