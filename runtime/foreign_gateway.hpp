#pragma once

#include <holdfast/actors/environment.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/runtime/node_options.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <functional>
#include <string>

namespace holdfast {

/// A node's port for foreign nodes (docs/wire.md): it listens, hears strangers until they have introduced themselves, and
/// hands them to the link of their name (foreign_link.hpp).
///
///    stranger --holdfast.hello--> the journal makes the name a foreign one --> link --holdfast.welcome--> session
///
/// A stranger has ten seconds and limits::hello_bytes_max for its hello, says nothing else before the
/// welcome, and is told why it is refused: bad_frame, handshake_late, wrong_secret (the token), bad_name, wrong_name (a name
/// of the cluster), over_credit (limits::foreign_connections_max, foreign_names_max), stopping. What is announced is never
/// allocated. Nothing here blocks.
class foreign_gateway {
public:
  /// Spawns the gateway and a wire of its own; opens nothing. Reads the token file: errc::bad_config.
  foreign_gateway(caf::actor_system& system, environment& env, const node_options& options);

  /// `done` gets the address with the port in use, or why not; on any thread.
  void open(std::function<void(const std::string& bound, const error* refusal)> done);

  /// Takes nobody any more. The sessions end with their links.
  void stop_listening();

  /// Ends both actors, at once.
  void end();

private:
  std::string address_;
  caf::actor wire_;
  caf::actor gateway_;
};

/// The token of a file: its first line, at least 16 characters. Throws errc::bad_config with the remedy.
std::string read_token(const std::filesystem::path& file);

}  // namespace holdfast
