#pragma once

#include "tests/house_rules/source_tree.hpp"

#include <cstddef>
#include <string>
#include <vector>

// One function a rule: text in, findings out. They know nothing of exceptions; the lists of those stand with the tests.

namespace house_rules {

// core < persistence < actors < runtime: an include that points up, a package that a layer may not know, a path that is
// not the one users write.
findings upward_includes(const source& file);

// Headers of this tree that include each other in a circle.
findings include_cycles(const std::vector<source>& tree);

// A .cpp, a .java, or a header of a layer, that no CMakeLists.txt lists.
findings unlisted_files(const std::vector<source>& tree);

// Headers of the layers that are not in `checked`, the list of those that the build compiles alone.
findings unchecked_headers(const std::vector<source>& tree,
                           const std::vector<std::string>& checked);

findings sleeps(const source& file);
findings skipped_tests(const source& file);

struct function_size {
  std::string path;
  std::string name;
  std::size_t line;
  std::size_t lines;  // from the first of the signature to the closing brace
};

std::vector<function_size> functions_longer_than(std::size_t lines_max, const source& file);

findings longer_than(std::size_t lines_max, const source& file);

// Wall clock, entropy, process ids, threads, sleeps: what a seed could not repeat. `what` begins with the banned word.
findings banned_in_simulation(const source& file);

// Iteration over unordered containers, and ordered ones keyed by address. Knows the members declared in the header of the
// same name.
findings unordered_iteration(const std::vector<source>& tree);

// A path that exists on somebody's machine only, or the name of a package host.
findings machine_paths(const source& file);

findings unfinished(const source& file);

}  // namespace house_rules
