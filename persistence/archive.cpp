#include <holdfast/core/error.hpp>
#include <holdfast/persistence/archive_in.hpp>
#include <holdfast/persistence/archive_out.hpp>

namespace holdfast {

void archive_out::check_memory() const {
  auto written = target_.size() - start_;
  if (memory_ > limits::decode_memory_max(written))
    throw error(errc::too_large, "decoding these " + std::to_string(written) + " bytes would take "
                                     + std::to_string(memory_)
                                     + " bytes of memory, more than a reader allows; "
                                     + "send fewer or fuller elements");
}

void archive_out::too_deep() {
  throw error(errc::too_large, "objects are nested deeper than "
                                   + std::to_string(limits::archive_depth_max)
                                   + " levels; a reader would refuse them");
}

void archive_out::empty_elements(std::size_t count) {
  throw error(errc::too_large,
              "a container of " + std::to_string(count)
                  + " elements that encode to nothing cannot be sent; send their number");
}

void archive_in::fail(std::string_view why) const {
  std::string text;
  if (argument_ != 0) {
    text = "argument " + std::to_string(argument_);
    if (!argument_name_.empty())
      text += " (" + std::string(argument_name_) + ")";
  } else {
    text = argument_name_.empty() ? "the encoded bytes" : argument_name_;
  }
  text += ": ";
  text += why;
  throw error(errc::undecodable, text + ", at byte " + std::to_string(at_ - begin_) + " of "
                                     + std::to_string(end_ - begin_));
}

void archive_in::short_of(std::size_t wanted) const {
  fail(std::to_string(wanted) + " bytes wanted, " + std::to_string(left()) + " left");
}

void archive_in::bad_count(std::size_t count) const {
  fail("a length or count of " + std::to_string(count) + " with " + std::to_string(left())
       + " bytes left");
}

void archive_in::left_over() const {
  fail(std::to_string(left()) + " bytes are left over");
}

unsigned archive_in::class_version(const void* key, unsigned mine) {
  for (auto& each : known_)
    if (each.key == key)
      return each.version;
  if (number<char>() != 0)
    fail("written with object tracking, which is not used here");
  auto version = number<unsigned>();
  if (version > mine)
    fail("class version " + std::to_string(version) + " is newer than mine, "
         + std::to_string(mine));
  known_.push_back({key, version});
  return version;
}

}  // namespace holdfast
