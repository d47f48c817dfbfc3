#include "tests/actors/wire_fixture.hpp"

#include <holdfast/actors/sockets.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <functional>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

/// A peer that does not know the rules.
class stranger {
public:
  explicit stranger(const std::string& address) : socket_(sockets::connect_to(address, 5s)) {
    ::fcntl(socket_.get(), F_SETFL, 0);
    timeval bound{20, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  }

  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void finish() { ::shutdown(socket_.get(), SHUT_WR); }
  void reset() {
    linger hard{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    socket_ = sockets::descriptor();
  }
  bool is_closed() {
    char byte;
    for (;;) {
      auto got = ::recv(socket_.get(), &byte, 1, 0);
      if (got <= 0)
        return got == 0 || errno == ECONNRESET;
    }
  }

private:
  sockets::descriptor socket_;
};

std::string length_only(std::uint32_t length) {
  std::string bytes;
  byte_writer(bytes).u32(length);
  return bytes;
}

TEST_F(wire_test, carries_frames_both_ways_in_order) {
  auto [mine, theirs] = connect(listen());
  ASSERT_NE(mine, 0u);
  for (std::uint64_t i = 0; i < 100; ++i) {
    write(mine, make_frame(frame_type::beat, i));
    write(theirs, make_frame(frame_type::beat, 1000 + i));
  }
  for (std::uint64_t i = 0; i < 100; ++i) {
    auto there_frame = heard_there.next<wire_frame>();
    auto here_frame = heard_here.next<wire_frame>();
    ASSERT_TRUE(there_frame && here_frame);
    EXPECT_EQ(there_frame->content.nonce, i);
    EXPECT_EQ(there_frame->connection, theirs);
    EXPECT_EQ(here_frame->content.nonce, 1000 + i);
  }
}

TEST_F(wire_test, carries_the_largest_frame_to_a_peer_that_is_trusted) {
  auto [mine, theirs] = connect(listen());
  caf::anon_send(wire, wire_trust{theirs});
  std::string body(limits::frame_bytes_max - frame_prefix_bytes, 'x');
  write(mine, make_frame(frame_type::message, 1, body));
  auto got = heard_there.next<wire_frame>();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->content.body.size(), body.size());
}

TEST_F(wire_test, tells_the_other_side_of_an_orderly_close_after_everything_that_was_written) {
  auto [mine, theirs] = connect(listen());
  caf::anon_send(wire, wire_trust{theirs});
  std::string body(5'000'000, 'x');
  write(mine, make_frame(frame_type::message, 1, body));
  write(mine, make_frame(frame_type::bye, 2));
  caf::anon_send(wire, wire_close{mine, true});
  ASSERT_TRUE(heard_there.next<wire_frame>());
  auto last = heard_there.next<wire_frame>();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->content.type, frame_type::bye);
  auto closed = heard_there.next<wire_closed>();
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->reason, errc::link_lost);
}

TEST_F(wire_test, answers_commands_about_a_connection_that_is_gone) {
  auto asking = system.spawn([this](caf::event_based_actor* self) {
    self->send(wire, wire_write{4711, make_frame(frame_type::beat, 1)});
    return listening(self, &heard_here);
  });
  auto closed = heard_here.next<wire_closed>();
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->connection, 4711u);
  caf::anon_send_exit(asking, caf::exit_reason::kill);
}

TEST_F(wire_test, hands_a_connection_over_with_a_note) {
  auto [mine, theirs] = connect(listen());
  auto note = std::make_shared<int>(42);
  caf::anon_send(wire, wire_give{theirs, here, note});
  write(mine, make_frame(frame_type::beat, 3));
  auto given = heard_here.next<wire_given>();
  ASSERT_TRUE(given);
  EXPECT_EQ(given->note, note);
  auto frame = heard_here.next<wire_frame>();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->connection, theirs);
}

TEST_F(wire_test, stops_reading_while_its_owner_does_not_keep_up) {
  auto [mine, theirs] = connect(listen());
  caf::anon_send(wire, wire_trust{theirs});
  constexpr std::size_t size = 1u << 20;
  constexpr std::size_t count = 3 * wire_unread_max / size;
  for (std::size_t i = 0; i < count; ++i)
    write(mine, make_frame(frame_type::message, i, std::string(size, 'x')));
  std::size_t got = 0, bytes = 0;
  // As much as may be unread, and what the loop takes in one turn; then nothing until some of it was dealt with.
  while (bytes < wire_unread_max) {
    auto frame = heard_there.next<wire_frame>();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->content.nonce, got++);
    bytes += frame->content.bytes();
  }
  EXPECT_LT(got, count);
  caf::anon_send(wire, wire_probe{theirs});
  auto probed = heard_there.next<wire_probed>(true);
  ASSERT_TRUE(probed);
  EXPECT_TRUE(probed->has_unread);
  caf::anon_send(wire, wire_taken{theirs, bytes});
  while (got < count) {
    auto frame = heard_there.next<wire_frame>();
    ASSERT_TRUE(frame) << got;
    EXPECT_EQ(frame->content.nonce, got++) << "what the socket took at once and what it took later";
    caf::anon_send(wire, wire_taken{theirs, frame->content.bytes()});
    if (got == count / 2)
      write(mine, make_frame(frame_type::beat, count));  // behind what still waits
  }
  auto last = heard_there.next<wire_frame>();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->content.nonce, count);
}

TEST_F(wire_test, hears_of_a_reset_and_of_an_orderly_end) {
  auto address = listen();
  for (auto end : {&stranger::reset, &stranger::finish}) {
    stranger peer(address);
    auto accepted = heard_there.next<wire_accepted>();
    ASSERT_TRUE(accepted);
    peer.say(make_frame(frame_type::beat, 1));
    ASSERT_TRUE(heard_there.next<wire_frame>());
    (peer.*end)();
    auto closed = heard_there.next<wire_closed>();
    ASSERT_TRUE(closed);
    EXPECT_EQ(closed->connection, accepted->connection);
    EXPECT_EQ(closed->reason, errc::link_lost);
  }
}

TEST_F(wire_test, loses_half_a_frame_and_nothing_before_it) {
  stranger peer(listen());
  peer.say(make_frame(frame_type::beat, 1));
  peer.say(make_frame(frame_type::message, 2, "whole").substr(0, 15));
  peer.finish();
  auto frame = heard_there.next<wire_frame>();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->content.nonce, 1u);
  auto closed = heard_there.next<wire_closed>();
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->reason, errc::link_lost);
}

TEST_F(wire_test, closes_on_bytes_that_are_no_frame_and_serves_the_others) {
  auto address = listen();
  auto [mine, theirs] = connect(address);
  ASSERT_NE(mine, 0u);
  auto large_unproved =
      make_frame(frame_type::hello, 0, std::string(limits::hello_bytes_max + 1, 'x'));
  for (auto& bytes :
       {length_only(0xffffffff), length_only(0), std::string("GET / HTTP/1.1\r\n\r\n"),
        length_only(9) + "\x7f", large_unproved}) {
    stranger peer(address);
    peer.say(bytes);
    auto closed = heard_there.next<wire_closed>();
    ASSERT_TRUE(closed);
    EXPECT_EQ(closed->reason, errc::bad_frame);
    EXPECT_TRUE(peer.is_closed());
  }
  write(mine, make_frame(frame_type::beat, 9));
  auto frame = heard_there.next<wire_frame>();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->connection, theirs);
}

TEST_F(wire_test, bounds_the_connections_that_have_not_proved_themselves) {
  auto address = listen();
  std::vector<stranger> held;
  held.reserve(limits::unproved_connections_max + 10);
  std::vector<connection_number> numbers;
  for (std::size_t i = 0; i < limits::unproved_connections_max; ++i) {
    held.emplace_back(address);
    auto accepted = heard_there.next<wire_accepted>();
    ASSERT_TRUE(accepted);
    numbers.push_back(accepted->connection);
  }
  for (int i = 0; i < 10; ++i) {
    held.emplace_back(address);
    EXPECT_TRUE(held.back().is_closed());
  }
  // Whoever proves himself makes room, and so does whoever leaves.
  caf::anon_send(wire, wire_trust{numbers[0]});
  caf::anon_send(wire, wire_close{numbers[1], false});
  EXPECT_TRUE(held[1].is_closed());
  for (int i = 0; i < 2; ++i) {
    held.emplace_back(address);
    EXPECT_TRUE(heard_there.next<wire_accepted>());
  }
  held.emplace_back(address);
  EXPECT_TRUE(held.back().is_closed());
}

TEST_F(wire_test, says_why_it_cannot_listen) {
  auto address = listen();
  auto second = spawn_socket_wire(system);
  std::promise<std::string> said;
  caf::anon_send(second, wire_listen{address, there, [&](const std::string&, const error* why) {
                                       said.set_value(why ? why->what() : "");
                                     }});
  auto text = said.get_future().get();
  EXPECT_NE(text.find(address), std::string::npos) << text;
  EXPECT_NE(text.find("another process has it"), std::string::npos) << text;
  caf::anon_send_exit(second, caf::exit_reason::kill);
  EXPECT_NE(listen("127.0.0.1").find("has no port"), std::string::npos);
  EXPECT_NE(listen("127.0.0.1:70000").find("has a port that is no number"), std::string::npos);
  EXPECT_NE(listen("::1:7101").find("without brackets"), std::string::npos);
  EXPECT_NE(listen("203.0.113.1:0").find("choose an address of this machine"), std::string::npos);
}

TEST_F(wire_test, stops_listening_at_once_and_keeps_its_connections) {
  auto address = listen();
  auto [mine, theirs] = connect(address);
  caf::anon_send(wire, wire_stop_listening{});
  std::optional<wire_dial_failed> failed;
  for (int i = 0; i < 200 && !failed; ++i) {
    // The thread that accepts needs a moment to let go of its socket; until then the system connects us.
    try {
      sockets::connect_to(address, 5s);
    } catch (const error&) {
      caf::anon_send(wire, wire_dial{address, 6, 5s, here});
      failed = heard_here.next<wire_dial_failed>();
    }
  }
  ASSERT_TRUE(failed);
  EXPECT_NE(failed->text.find(address), std::string::npos);
  write(mine, make_frame(frame_type::beat, 9));
  EXPECT_TRUE(heard_there.next<wire_frame>());
}

TEST_F(wire_test, gives_up_a_dial_that_nobody_answers) {
  // A listener whose backlog is full neither accepts nor refuses.
  sockets::descriptor silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(::bind(silent.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
  ASSERT_EQ(::listen(silent.get(), 0), 0);
  ::getsockname(silent.get(), reinterpret_cast<sockaddr*>(&at), &size);
  auto address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  std::vector<sockets::descriptor> filling;
  for (int i = 0; i < 4; ++i) {
    filling.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    [[maybe_unused]] auto result =
        ::connect(filling.back().get(), reinterpret_cast<sockaddr*>(&at), sizeof at);
  }
  caf::anon_send(wire, wire_dial{address, 8, 100ms, here});
  auto failed = heard_here.next<wire_dial_failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->tag, 8u);
  caf::anon_send(wire, wire_dial{"no.such.host.invalid:1", 9, 5s, here});
  auto unknown = heard_here.next<wire_dial_failed>();
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->tag, 9u);
}

TEST_F(wire_test, leaves_no_descriptor_to_children) {
  auto [mine, theirs] = connect(listen());
  ASSERT_NE(mine, 0u);
  for (int number = 3; number < 256; ++number) {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) == 0) {
      EXPECT_TRUE(::fcntl(number, F_GETFD) & FD_CLOEXEC) << number;
    }
  }
}

TEST_F(wire_test, gives_its_descriptors_back) {
  auto address = listen();
  auto sockets_open = [] {
    int count = 0;
    for (int number = 3; number < 512; ++number) {
      int type = 0;
      socklen_t size = sizeof type;
      count += ::getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
    }
    return count;
  };
  auto before = sockets_open();
  for (int i = 0; i < 50; ++i) {
    auto [mine, theirs] = connect(address);
    ASSERT_NE(mine, 0u);
    write(mine, make_frame(frame_type::beat, 1));
    caf::anon_send(wire, wire_close{i % 2 ? mine : theirs, i % 3 == 0});
    if (i % 2)
      ASSERT_TRUE(heard_there.next<wire_closed>());
    else
      ASSERT_TRUE(heard_here.next<wire_closed>());
  }
  // An orderly close lingers for up to a second.
  for (int i = 0; i < 2000 && sockets_open() > before; ++i)
    ::poll(nullptr, 0, 5);
  EXPECT_LE(sockets_open(), before);
}

}  // namespace
}  // namespace holdfast::testing
