// A node for the failure tests: the methods of methods.hpp, with the whole command line of a Holdfast program.

#include "tests/crash/methods.hpp"

#include <holdfast/runtime/run.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <limits>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

namespace holdfast::crash {
namespace {

void write_line(int file, std::string line) {
  line += '\n';
  if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw std::runtime_error(std::string("a line could not be written: ") + std::strerror(errno));
}

void say(const std::string& line) {
  write_line(STDOUT_FILENO, line);
}

std::string setting(const char* name) {
  auto* text = std::getenv(name);
  return text ? text : "";
}

/// The effect outside the node: at least once, `attempt` tells the repeats.
void note_outside(const std::string& line) {
  static const int file = [] {
    auto path = setting("HOLDFAST_OUTSIDE");
    return path.empty() ? -1
                        : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }();
  if (file >= 0)
    write_line(file, line);
}

void append_number(context& ctx, const std::string& mailbox, std::int64_t n) {
  auto line = std::to_string(n) + " " + std::to_string(ctx.attempt());
  note_outside(line);
  auto known = ctx.state(sizes);
  auto position = known.get(mailbox).value_or(0);
  ctx.state(lists).put({mailbox, position}, n);
  known.put(mailbox, position + 1);
  say("append " + line);
}

void relay_number(context& ctx, const std::string& target, const std::string& mailbox,
                  std::int64_t n) {
  say("relay " + std::to_string(n) + " " + std::to_string(ctx.attempt()));
  ctx.to(target).with({.key = mailbox}).then(confirm, n).queue(append, mailbox, n);
}

void confirm_number(context& ctx, const outcome<void>& ended, std::int64_t n) {
  if (!ended)
    throw std::runtime_error("call " + std::to_string(n) + " ended otherwise: " + ended.error);
  auto counts = ctx.state(confirms);
  counts.put(n, counts.get(n).value_or(0) + 1);
  say("confirm " + std::to_string(n));
}

numbers list_numbers(context& ctx, const std::string& mailbox, std::int64_t from,
                     std::int64_t limit) {
  numbers found;
  for (auto& [key, n] :
       ctx.state(lists).range({mailbox, from}, {mailbox, std::numeric_limits<std::int64_t>::max()},
                              static_cast<std::size_t>(limit)))
    found.push_back(n);
  return found;
}

numbers list_confirmed(context& ctx, std::int64_t from, std::int64_t limit) {
  numbers found;
  for (auto& [n, count] : ctx.state(confirms).from(from, static_cast<std::size_t>(limit))) {
    found.push_back(n);
    found.push_back(count);
  }
  return found;
}

void block_on(const std::string& path) {
  int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);  // both ends: it must not wait for the other
  say("blocked");
  char byte = 0;
  if (file < 0 || ::read(file, &byte, 1) != 1)
    throw std::runtime_error("nothing can be read from " + path);
  ::close(file);
  say("released");
}

void serve_messages(node& host) {
  host.serve(take, [](std::int64_t n, const std::string& content) {
    bool is_whole = content == message_content(n);
    say("message " + std::to_string(n) + " "
        + (is_whole ? std::to_string(content.size()) : std::string("damaged")));
  });
  host.serve(fence, [](std::int64_t n) { say("fence " + std::to_string(n)); });
  host.serve(emit, [](context& ctx, const std::string& target, std::int64_t count) {
    for (std::int64_t n = 0; n < count; ++n)
      ctx.to(target).send(take, n, message_content(n));
  });
  host.serve(emit_touches, [](context& ctx, const std::string& target, std::int64_t count) {
    for (std::int64_t n = 0; n < count; ++n)
      ctx.to(target).send(touch, n);
  });
  host.on<peer_up>("messages", [](const peer_up& news) { say("up " + news.node); });
  host.on<peer_suspect>("messages", [](const peer_suspect& news) { say("suspect " + news.node); });
  host.on<peer_down>("messages", [](const peer_down& news) {
    say("down " + news.node + " " + std::string(to_string(news.reason)));
  });
}

void serve_fill(node& host) {
  bool is_holding = !setting("HOLDFAST_HOLD").empty();
  auto taken = std::make_shared<std::atomic<std::int64_t>>(0);
  host.serve(fill, [is_holding, taken](std::int64_t) {
    if (is_holding) {
      say("held");
      for (;;)
        ::poll(nullptr, 0, -1);
    }
    auto count = ++*taken;
    if (count == 1)
      say("first");
    if (count % 10'000 == 0)
      say("taken " + std::to_string(count));
  });
}

void queue_fill(node& host) {
  auto order = setting("HOLDFAST_FILL");
  auto space = order.find(' ');
  if (space == order.npos)
    return;
  auto count = std::stoll(order.substr(space + 1));
  auto target = host.to(order.substr(0, space));
  std::deque<queue_ticket> waiting;
  for (long long n = 0; n < count; ++n) {
    waiting.push_back(target.with({.key = std::to_string(n % 1000)}).queue_async(fill, n));
    if (waiting.size() > 4096) {
      waiting.front().get();
      waiting.pop_front();
    }
  }
  for (auto& ticket : waiting)
    ticket.get();
  say("filled " + std::to_string(count));
}

void work_for(node& host, const std::string& controller) {
  if (controller.empty())
    return;
  auto& work = host.work_for({.controller = controller});
  work.serve(make_text,
             [](std::int64_t bytes) { return std::string(static_cast<std::size_t>(bytes), 'x'); });
}

void serve_orders(node& host) {
  host.serve(order_text, [](context& ctx, std::int64_t bytes) {
    ctx.controller(ctx.node())
        .with({.attempts = 1})
        .then(text_made, bytes)
        .submit(make_text, bytes);
  });
  host.serve(text_made, [](const outcome<std::string>& result, std::int64_t bytes) {
    say("made " + std::to_string(bytes) + " " + (result ? *result.value : result.error));
  });
}

void set_up(node& host) {
  host.serve(append, append_number);
  host.serve(relay, relay_number);
  host.serve(confirm, confirm_number);
  host.serve(list, list_numbers);
  host.serve(confirmed, list_confirmed);
  if (!setting("HOLDFAST_SERVE_HELD").empty())
    host.serve(append_held, append_number);
  host.serve(echo, [](const value& given) { return given; });
  host.serve(block, block_on);
  host.serve(die, [] { ::raise(SIGKILL); });
  host.serve(touch, [](std::int64_t n) { say("instant " + std::to_string(n)); });
  serve_messages(host);
  serve_fill(host);
  serve_orders(host);
  work_for(host, setting("HOLDFAST_WORKS_FOR"));
  queue_fill(host);
}

}  // namespace
}  // namespace holdfast::crash

int main(int argc, char** argv) {
  return holdfast::run(argc, argv, holdfast::crash::set_up);
}
