#pragma once

#include <holdfast/actors/sockets.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace holdfast {

/// The output of a command: its end in memory, and once it is longer than that, its beginning in a file. Memory stays below
/// three times `tail_bytes_max`, however much comes.
class output_keeper {
public:
  output_keeper(std::filesystem::path file, std::size_t tail_bytes_max,
                std::uint64_t file_bytes_max);

  void add(std::string_view bytes);

  std::string tail() const;
  std::uint64_t bytes() const { return bytes_; }
  bool has_file() const { return has_file_; }
  bool is_cut() const { return has_file_ && written_ < bytes_; }  ///< the cap, or a full disk

private:
  void write(std::string_view bytes);

  std::filesystem::path path_;
  std::size_t tail_bytes_max_;
  std::uint64_t file_bytes_max_;
  sockets::descriptor file_;
  std::string tail_;  ///< at most twice its bound, so that bytes are moved seldom
  std::uint64_t bytes_ = 0;
  std::uint64_t written_ = 0;
  bool has_file_ = false;
};

/// Removes the oldest files of that kind (".out") until the others are at most `bytes_max`, but none that `is_kept`.
void trim_files(const std::filesystem::path& folder, const std::string& kind,
                std::uint64_t bytes_max,
                const std::function<bool(const std::filesystem::path&)>& is_kept);

}  // namespace holdfast
