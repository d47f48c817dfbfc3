#include "tests/actors/wire_fixture.hpp"

#include <cstdint>
#include <string>

// The owner's own way to a socket, beside the wire's.

namespace holdfast::testing {
namespace {

TEST_F(wire_test, an_outlet_and_the_wire_write_in_order_by_turns) {
  auto [mine, theirs] = connect(listen());
  caf::anon_send(wire, wire_trust{theirs});
  std::uint64_t next = 0;
  write(mine, make_frame(frame_type::beat, next++));
  caf::anon_send(wire, wire_open_outlet{mine});
  auto opened = heard_here.next<wire_outlet_opened>();
  ASSERT_TRUE(opened);
  // The other side takes nothing, so that a socket must be full at some time.
  std::string rest;
  while (rest.empty()) {
    ASSERT_LT(next, 100u) << "the socket is never full";
    auto frame = make_frame(frame_type::message, next++, std::string(1u << 20, 'x'));
    rest = frame.substr(opened->outlet->send(frame));
  }
  auto given = rest.size();
  write(mine, std::move(rest));
  for (std::uint64_t i = 0; i < next; ++i) {
    auto frame = heard_there.next<wire_frame>();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->content.nonce, i);
    caf::anon_send(wire, wire_taken{theirs, frame->content.bytes()});
  }
  for (std::size_t told = 0; told < given;) {
    auto sent = heard_here.next<wire_sent>();
    ASSERT_TRUE(sent) << told << " of " << given;
    told += sent->bytes;
    EXPECT_LE(told, given);
  }
  auto last = make_frame(frame_type::beat, next);
  EXPECT_EQ(opened->outlet->send(last), last.size());
  auto frame = heard_there.next<wire_frame>();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->content.nonce, next);
}

TEST_F(wire_test, an_outlet_of_a_connection_that_is_gone_takes_nothing) {
  auto [mine, theirs] = connect(listen());
  caf::anon_send(wire, wire_open_outlet{mine});
  auto opened = heard_here.next<wire_outlet_opened>();
  ASSERT_TRUE(opened);
  caf::anon_send(wire, wire_close{mine, false});
  ASSERT_TRUE(heard_there.next<wire_closed>());
  EXPECT_EQ(opened->outlet->send(make_frame(frame_type::beat, 1)), 0u);
}

}  // namespace
}  // namespace holdfast::testing
