#include <holdfast/core/error.hpp>
#include <holdfast/runtime/json.hpp>
#include <holdfast/runtime/operator_socket.hpp>
#include <holdfast/runtime/operator_stream.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <sys/socket.h>
#include <system_error>
#include <thread>

namespace holdfast {
namespace {

/// Answers are collected up to this much before they are written, while more are ready.
constexpr std::size_t write_bytes = 32u << 10;

std::string error_line(errc code, const std::string& text) {
  return to_json(value(dict{{"error", std::string(to_string(code))}, {"text", text}})) + "\n";
}

std::string answer_line(const operator_answer& answer) try {
  return to_json(value(dict{{"ok", answer()}})) + "\n";
} catch (const error& problem) {
  return error_line(problem.code(), problem.what());
} catch (const std::exception& problem) {
  return error_line(errc::failed, problem.what());
}

operator_answer failing(std::exception_ptr problem) {
  return [problem]() -> value { std::rethrow_exception(problem); };
}

/// One connection: a thread that reads questions and one that answers them in turn.
class connection {
public:
  connection(sockets::descriptor socket, const operator_handler& handler)
      : stream_(std::move(socket), operator_line_bytes_max), handler_(handler) {}

  /// Throws std::system_error when the system has no thread for it.
  void begin() {
    reader_ = std::thread([this] { read(); });
    writer_ = std::thread([this] { write(); });
  }

  ~connection() {
    close();
    for (auto* thread : {&reader_, &writer_})
      if (thread->joinable())
        thread->join();
  }

  void close() {
    {
      std::lock_guard guard(mutex_);
      is_closed_ = true;
    }
    stream_.shut_down();
    changed_.notify_all();
  }

  bool is_done() const { return is_done_; }

private:
  void read() {
    while (auto line = stream_.read_line()) {
      operator_answer answer;
      try {
        answer = handler_(parse_json(*line).as_dict());
      } catch (...) {
        answer = failing(std::current_exception());
      }
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return is_closed_ || answers_.size() < operator_questions_max; });
      if (is_closed_)
        return;
      answers_.push_back(std::move(answer));
      changed_.notify_all();
    }
    std::lock_guard guard(mutex_);
    is_ended_ = true;
    changed_.notify_all();
  }

  void write() {
    std::string bytes;
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return is_closed_ || is_ended_ || !answers_.empty(); });
      if (is_closed_ || (is_ended_ && answers_.empty()))
        break;
      auto answer = std::move(answers_.front());
      answers_.pop_front();
      bool is_last = answers_.empty();
      changed_.notify_all();
      lock.unlock();
      bytes += answer_line(answer);
      if ((is_last || bytes.size() >= write_bytes) && !stream_.write_all(std::exchange(bytes, {})))
        break;
    }
    close();
    is_done_ = true;
  }

  line_stream stream_;
  const operator_handler& handler_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<operator_answer> answers_;
  bool is_ended_ = false;   ///< no more questions
  bool is_closed_ = false;  ///< nothing is answered any more
  std::atomic<bool> is_done_{false};
  std::thread reader_;
  std::thread writer_;
};

}  // namespace

struct operator_server::inside {
  inside(const std::filesystem::path& directory, operator_handler given)
      : address(directory), handler(std::move(given)), socket(listen_at(address)) {
    if (!socket)
      throw error(errc::bad_config, "the operator's socket in " + directory.string()
                                        + " cannot be made: " + std::strerror(errno));
    thread = std::thread([this] { accept_all(); });
  }

  ~inside() {
    is_stopping = true;
    ::shutdown(socket.get(), SHUT_RDWR);  // wakes accept
    thread.join();
    for (auto& one : connections)
      one.close();
    connections.clear();
    ::unlink(address.path().c_str());
  }

  void accept_all() {
    while (!is_stopping) {
      sockets::descriptor accepted(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (is_stopping)
        return;
      connections.remove_if([](const connection& one) { return one.is_done(); });
      if (!accepted) {
        if (errno == EINTR || errno == ECONNABORTED)
          continue;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // descriptors ran out
        continue;
      }
      if (!is_own_peer(accepted.get()))
        continue;
      if (connections.size() >= operator_connections_max) {
        line_stream refused(std::move(accepted), 0);
        refused.write_all(
            error_line(errc::over_credit, "too many operator commands run at once; try again"));
        continue;
      }
      try {
        connections.emplace_back(std::move(accepted), handler).begin();
      } catch (const std::system_error&) {
        connections.pop_back();  // closed: the command says that the node ended while it was asked
      }
    }
  }

  operator_address address;
  operator_handler handler;
  sockets::descriptor socket;
  std::atomic<bool> is_stopping{false};
  std::list<connection> connections;  ///< of the accepting thread, until that has ended
  std::thread thread;
};

operator_server::operator_server(const std::filesystem::path& directory, operator_handler handler)
    : inside_(std::make_unique<inside>(directory, std::move(handler))) {}

operator_server::~operator_server() = default;

}  // namespace holdfast
