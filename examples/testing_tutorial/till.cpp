// Shows a till and its office: the program that docs/testing.md looks for a bug in, which `--planted-bug` puts there.
#include "till.hpp"

#include <holdfast/runtime/run.hpp>

#include <string_view>

int main(int argc, char** argv) {
  bool is_bug_planted = argc > 1 && std::string_view(argv[1]) == "--planted-bug";
  if (is_bug_planted) {
    argv[1] = argv[0];
    ++argv;
    --argc;
  }
  return holdfast::run(
      argc, argv, [=](holdfast::node& node) { set_up_shop(node, is_bug_planted); }, not_booked);
}
