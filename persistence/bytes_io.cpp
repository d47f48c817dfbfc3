#include <holdfast/persistence/bytes_io.hpp>

#include <limits>

namespace holdfast {

namespace {

template <class T>
T read_key_number(std::string_view key, std::size_t at) {
  if (at > key.size() || key.size() - at < sizeof(T))
    throw error(errc::journal_damaged,
                "key of " + std::to_string(key.size()) + " bytes is too short for a "
                    + std::to_string(sizeof(T)) + "-byte number at byte " + std::to_string(at));
  return detail::load_number<std::endian::big, T>(key.data() + at);
}

}  // namespace

byte_writer& byte_writer::str(std::string_view text) {
  if (text.size() > std::numeric_limits<std::uint32_t>::max())
    throw error(errc::too_large,
                "a string of " + std::to_string(text.size())
                    + " bytes does not fit behind a 32-bit length; store it in parts");
  u32(static_cast<std::uint32_t>(text.size()));
  return raw(text);
}

bool byte_reader::boolean() {
  auto value = u8();
  if (value > 1)
    throw error(errc::journal_damaged, std::string(what_) + ": byte " + std::to_string(at_ - 1)
                                           + " is " + std::to_string(value) + ", expected 0 or 1");
  return value == 1;
}

void byte_reader::fail_short(std::size_t size) const {
  throw error(errc::journal_damaged, std::string(what_) + ": " + std::to_string(size)
                                         + " bytes expected at byte " + std::to_string(at_) + ", "
                                         + std::to_string(remaining()) + " left");
}

void byte_reader::fail_left_over() const {
  throw error(errc::journal_damaged, std::string(what_) + ": " + std::to_string(remaining())
                                         + " bytes left over after byte " + std::to_string(at_));
}

std::uint64_t read_be64(std::string_view key, std::size_t at) {
  return read_key_number<std::uint64_t>(key, at);
}
std::uint32_t read_be32(std::string_view key, std::size_t at) {
  return read_key_number<std::uint32_t>(key, at);
}

}  // namespace holdfast
