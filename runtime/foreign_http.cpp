#include <holdfast/actors/sockets.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/runtime/foreign_frames.hpp>
#include <holdfast/runtime/foreign_gateway.hpp>
#include <holdfast/runtime/foreign_http.hpp>
#include <holdfast/runtime/foreign_rpc.hpp>
#include <holdfast/runtime/foreign_target.hpp>

#include <httplib.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <utility>

namespace holdfast {
namespace {

/// Requests that are answered at a time.
constexpr std::size_t threads = 8;

/// Between two requests of one connection, which keeps a thread meanwhile; and without a byte in the middle of one.
constexpr std::time_t idle_seconds = 2, silent_seconds = 5;

/// Whoever waits on a thread of the server for something that an actor does; all of them give up when it stops. Callbacks
/// may come later than that, and own it.
class waiting_room : public std::enable_shared_from_this<waiting_room> {
public:
  /// A function for the other side, to be called once, on any thread.
  template <class Result>
  struct ticket {
    std::function<void(Result)> set;
    std::shared_ptr<std::optional<Result>> result = std::make_shared<std::optional<Result>>();
  };
  template <class Result>
  ticket<Result> take() {
    ticket<Result> made;
    made.set = [room = shared_from_this(), to = made.result](Result result) {
      std::lock_guard guard(room->mutex_);
      *to = std::move(result);
      room->changed_.notify_all();
    };
    return made;
  }

  /// Nothing when there is no answer within that time or the server stops.
  template <class Result>
  std::optional<Result> wait(const ticket<Result>& of, duration within) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, within, [&] { return is_closed_ || of.result->has_value(); });
    return std::move(*of.result);
  }

  void close() {
    std::lock_guard guard(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_closed_ = false;
};

rpc_code code_of(errc problem) {
  switch (problem) {
  case errc::not_allowed: return rpc_code::no_method;
  case errc::bad_name: return rpc_code::no_method;
  case errc::bad_argument:
  case errc::undecodable:
  case errc::too_large: return rpc_code::bad_arguments;
  case errc::unreachable:
  case errc::unknown:
  case errc::stopping: return rpc_code::no_answer;
  default: return rpc_code::failed;
  }
}

/// In constant time for tokens of one length.
bool is_same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_type(const httplib::Request& request, const std::vector<std::string_view>& types) {
  auto given = request.get_header_value("Content-Type");
  std::string_view type(given);
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' '))
    type.remove_suffix(1);
  return std::find(types.begin(), types.end(), type) != types.end();
}

}  // namespace

struct foreign_http::server {
  server(environment& environment_, const node_options& options)
      : env(environment_), address(options.foreign.http) {
    if (!options.foreign.token_file.empty())
      token = read_token(options.foreign.token_file);
    http.new_task_queue = [] { return new httplib::ThreadPool(threads); };
    http.set_keep_alive_timeout(idle_seconds);
    http.set_read_timeout(silent_seconds);
    http.set_write_timeout(silent_seconds);
    http.set_tcp_nodelay(true);
    http.set_socket_options([](socket_t socket) {  // not SO_REUSEPORT: one server a port
      int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    take("/RPC2", {"text/xml", "application/xml"}, answer_xml_rpc);
    take("/jsonrpc", {"application/json"}, answer_json_rpc);
  }

  using answering = std::string (*)(std::string_view body, rpc_caller call);

  void take(const std::string& path, std::vector<std::string_view> types, answering answer) {
    http.Post(path, [this, types = std::move(types), answer](const httplib::Request& request,
                                                             httplib::Response& response,
                                                             const httplib::ContentReader& read) {
      std::string body;
      response.status = read_body(request, read, types, body);
      if (response.status != 200) {
        response.set_header("Connection", "close");  // the rest of the body was not read
        return;
      }
      auto caller = "http:" + request.remote_addr;
      auto text = answer(body, [&](foreign_call call, bool is_notification) {
        return run(caller, std::move(call), is_notification);
      });
      if (text.empty())
        response.status = 204;
      else
        response.set_content(text, std::string(types.front()));
    });
  }

  /// The status: 200 if the body is all there. Nothing of it is read before its sender has shown the token.
  int read_body(const httplib::Request& request, const httplib::ContentReader& read,
                const std::vector<std::string_view>& types, std::string& body) {
    if (!token.empty() && !is_same(request.get_header_value("Authorization"), "Bearer " + token))
      return 401;
    if (!is_type(request, types))
      return 415;
    if (request.is_multipart_form_data())
      return 415;
    bool is_too_long = false;
    bool is_read = read([&](const char* bytes, std::size_t count) {
      is_too_long = count > limits::foreign_body_bytes_max - body.size();
      if (!is_too_long)
        body.append(bytes, count);
      return !is_too_long;
    });
    return is_too_long ? 413 : is_read ? 200 : 400;
  }

  rpc_answer run(const std::string& caller, foreign_call call, bool is_notification) {
    try {
      auto request = foreign_request(env, caller, call.method, call.params, call.named);
      check_foreign(env, caller, request);
      if (is_notification) {
        hand_over(caller, std::move(request));
        return {};
      }
      return ask(caller, std::move(request));
    } catch (const error& problem) {
      return {code_of(problem.code()), problem.what(), {}};
    }
  }

  /// Waits until it has left the queue: whoever sends faster than it is taken is held up here.
  void hand_over(const std::string& caller, queue_request request) {
    auto taken = room->take<bool>();
    hand_on_foreign(env, caller, std::move(request), {}, {}, [taken] { taken.set(true); });
    room->wait(taken, call_time_default);
  }

  rpc_answer ask(const std::string& caller, queue_request request) {
    auto answered = room->take<call_reply>();
    hand_on_foreign(env, caller, std::move(request), call_time_default,
                    [answered](const call_reply& reply) { answered.set(reply); }, {});
    auto reply = room->wait(answered, call_time_default);
    if (!reply)
      return {rpc_code::no_answer, "no answer came in time; it may have run", {}};
    if (reply->status != errc::none)
      return {code_of(reply->status), reply->text, {}};
    rpc_answer answer;
    if (!reply->value.empty())
      answer.result = decode<value>(reply->value.view(), "the result");
    return answer;
  }

  environment& env;
  const std::string address;
  std::string token;
  std::shared_ptr<waiting_room> room = std::make_shared<waiting_room>();
  httplib::Server http;
  std::thread listener;
  std::atomic<bool> has_ended{false};
};

foreign_http::foreign_http(environment& env, const node_options& options)
    : server_(std::make_unique<server>(env, options)) {}

foreign_http::~foreign_http() {
  stop();
}

std::string foreign_http::open() {
  auto& http = server_->http;
  auto at = sockets::parse_address(server_->address);
  int port = 0;
  std::from_chars(at.port.data(), at.port.data() + at.port.size(), port);
  if (port == 0)
    port = http.bind_to_any_port(at.host);
  else if (!http.bind_to_port(at.host, port))
    port = -1;
  if (port < 0)
    throw error(errc::bad_config, "cannot take HTTP requests at " + server_->address
                                      + ": the address is in use or not this machine's");
  server_->listener = std::thread([&http, &ended = server_->has_ended] {
    http.listen_after_bind();
    ended = true;
  });
  while (!http.is_running()
         && !server_->has_ended)  // before that, httplib::Server::stop does nothing
    std::this_thread::yield();
  bool is_v6 = at.host.find(':') != at.host.npos;
  return (is_v6 ? "[" + at.host + "]" : at.host) + ":" + std::to_string(port);
}

void foreign_http::stop() {
  server_->room->close();
  server_->http.stop();
  if (server_->listener.joinable())
    server_->listener.join();
}

}  // namespace holdfast
