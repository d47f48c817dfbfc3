#pragma once

#include <holdfast/core/value.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

/// The operator's way into a running node: a socket in its data directory, `DIR/operator.sock`, that only the directory's
/// owner (and root) can reach; never anything that a peer can. One JSON object a line each way, answers in the order of
/// the questions:
///
///     {"command": "show", "id": "9f86d081884c7d65-2-1041"}
///     {"ok": ...}     or     {"error": "unknown_call", "text": "..."}
///
/// Many questions may be sent before the first answer is read; `queue` is pipelined that way.
namespace holdfast {

/// Answers one question. Runs when the question came; what it returns runs when its turn to be answered has come, and may
/// wait. Both may throw; errors become the answer.
using operator_answer = std::function<value()>;
using operator_handler = std::function<operator_answer(const dict& question)>;

/// A longer line closes the connection.
inline constexpr std::size_t operator_line_bytes_max = 64u << 20;

/// Questions of one connection that wait for their answer; beyond it no more are read.
inline constexpr std::size_t operator_questions_max = 4096;

/// Connections at one time; more are refused with a sentence.
inline constexpr std::size_t operator_connections_max = 32;

/// Owns the socket's file, its threads and connections.
class operator_server {
public:
  /// Throws errc::bad_config when the socket cannot be made. A file that a dead process left is replaced: whoever calls this
  /// holds the directory's lock.
  operator_server(const std::filesystem::path& directory, operator_handler handler);
  ~operator_server();  ///< stops: closes all connections, waits for the answers that are being made
  operator_server(const operator_server&) = delete;
  operator_server& operator=(const operator_server&) = delete;

private:
  struct inside;
  std::unique_ptr<inside> inside_;
};

/// A command's end of it. One thread.
class operator_client {
public:
  /// Nothing when no node runs on that directory. Throws errc::bad_config when there is no such directory, or no access.
  static std::optional<operator_client> connect(const std::filesystem::path& directory);

  operator_client(operator_client&&) noexcept;
  operator_client& operator=(operator_client&&) noexcept;
  ~operator_client();

  /// Throws the error that the node answers, or errc::stopping when the connection breaks.
  value ask(const dict& question);

  // Pipelined: as many answers as questions, in order.
  void send(const dict& question);
  value receive();

private:
  struct inside;
  explicit operator_client(std::unique_ptr<inside> inside);
  std::unique_ptr<inside> inside_;
};

}  // namespace holdfast
