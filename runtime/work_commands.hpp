#pragma once

#include <holdfast/runtime/operator_socket.hpp>

#include <optional>

namespace holdfast {

class node;

/// What a running node answers about work: `work.submit`, `work.look`, `work.list`, `work.show`, `work.why`, `work.cancel`,
/// `work.retry`, `work.counts`, `workers.list`, `workers.drain`, `workers.resume`, `workers.forget`. Each goes to the controller
/// that `controller` names: the node itself, if it is one, or a peer. Without that member it is the node itself if it is a
/// controller, otherwise the one that it works for, otherwise its only peer.
///
/// Nothing for other commands.
std::optional<operator_answer> answer_about_work(node& host, const dict& question);

}  // namespace holdfast
