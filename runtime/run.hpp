#pragma once

#include <holdfast/runtime/exit_code.hpp>
#include <holdfast/runtime/node.hpp>

#include <functional>
#include <string>
#include <vector>

namespace holdfast {

class simulation;

/// A program of one's own with the whole command line:
///
///     int main(int argc, char** argv) {
///       return holdfast::run(argc, argv, [](holdfast::node& node) { node.serve(render, ...); });
///     }
///
/// `program node --name alpha --data DIR ...` runs a node: `setup` is called once, before it starts, to serve methods; what
/// it queues is on disk at once and goes out when the links open. It runs until SIGTERM or SIGINT. So do `controller` and
/// `worker`, which make the node one before `setup`: node.work() is the worker, with the options of the command line. The
/// other commands (`queue`, `call`, `send`, `peers`, `calls`, `show`, `retry`, `drop`, `state`, `methods`, `status`,
/// `audit`, those about work) talk to a running node and do not call `setup`. Returns the exit status (exit_code.hpp).
///
/// `sim` gives `setup` to each of its nodes, and asks `check` when all has come to rest: what is broken of the program's own
/// promises, in sentences that begin with a word for the promise ("T1 till: ..."); none if all are kept.
int run(int argc, char** argv, const std::function<void(node&)>& setup,
        const std::function<std::vector<std::string>(simulation&)>& check = {});

}  // namespace holdfast
