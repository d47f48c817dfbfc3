#include <holdfast/core/error.hpp>
#include <holdfast/runtime/json.hpp>
#include <holdfast/runtime/operator_socket.hpp>
#include <holdfast/runtime/operator_stream.hpp>

#include <cerrno>
#include <cstring>

namespace holdfast {

struct operator_client::inside {
  explicit inside(sockets::descriptor socket)
      : stream(std::move(socket), operator_line_bytes_max) {}
  line_stream stream;
  std::string unsent;
};

operator_client::operator_client(std::unique_ptr<inside> inside) : inside_(std::move(inside)) {}
operator_client::operator_client(operator_client&&) noexcept = default;
operator_client& operator_client::operator=(operator_client&&) noexcept = default;
operator_client::~operator_client() = default;

std::optional<operator_client> operator_client::connect(const std::filesystem::path& directory) {
  operator_address address(directory);
  auto socket = connect_to(address);
  if (socket)
    return operator_client(std::make_unique<inside>(std::move(socket)));
  if (errno == ENOENT || errno == ECONNREFUSED)
    return std::nullopt;
  throw error(errc::bad_config,
              "the node on " + directory.string() + " cannot be asked: " + std::strerror(errno));
}

void operator_client::send(const dict& question) {
  inside_->unsent += to_json(value(question)) + "\n";
  if (inside_->unsent.size() < 65536)
    return;
  auto bytes = std::exchange(inside_->unsent, {});
  if (!inside_->stream.write_all(bytes))
    throw error(errc::stopping, "the node ended while it was asked");
}

value operator_client::receive() {
  auto bytes = std::exchange(inside_->unsent, {});
  auto line = inside_->stream.write_all(bytes) ? inside_->stream.read_line() : std::nullopt;
  if (!line)
    throw error(errc::stopping, "the node ended while it was asked");
  auto answer = parse_json(*line);
  if (auto* good = answer.as_dict().find("ok"))
    return *good;
  auto& name = answer.as_dict().at("error").as_string();
  auto& text = answer.as_dict().at("text").as_string();
  for (auto code : all_errors())
    if (to_string(code) == name)
      throw error(code, text);
  throw error(errc::failed, text);
}

value operator_client::ask(const dict& question) {
  send(question);
  return receive();
}

}  // namespace holdfast
