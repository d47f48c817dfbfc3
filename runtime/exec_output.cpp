#include <holdfast/runtime/exec_output.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <tuple>
#include <unistd.h>
#include <vector>

namespace holdfast {

output_keeper::output_keeper(std::filesystem::path file, std::size_t tail_bytes_max,
                             std::uint64_t file_bytes_max)
    : path_(std::move(file)), tail_bytes_max_(tail_bytes_max), file_bytes_max_(file_bytes_max) {}

void output_keeper::add(std::string_view bytes) {
  if (!has_file_ && bytes_ + bytes.size() > tail_bytes_max_) {
    has_file_ = true;
    file_ =
        sockets::descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    write(tail_);  // all until now
  }
  if (has_file_)
    write(bytes);
  bytes_ += bytes.size();
  if (bytes.size() >= tail_bytes_max_) {
    tail_ = bytes.substr(bytes.size() - tail_bytes_max_);
    return;
  }
  tail_ += bytes;
  if (tail_.size() > 2 * tail_bytes_max_)
    tail_.erase(0, tail_.size() - tail_bytes_max_);
}

std::string output_keeper::tail() const {
  return tail_.substr(tail_.size() - std::min(tail_.size(), tail_bytes_max_));
}

void output_keeper::write(std::string_view bytes) {
  bytes = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), file_bytes_max_ - written_));
  while (file_ && !bytes.empty()) {
    auto done = ::write(file_.get(), bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0) {
      file_ = {};  // no room, say: the file ends here, the command goes on
      return;
    }
    written_ += static_cast<std::uint64_t>(done);
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
}

void trim_files(const std::filesystem::path& folder, const std::string& kind,
                std::uint64_t bytes_max,
                const std::function<bool(const std::filesystem::path&)>& is_kept) {
  struct found_file {
    std::filesystem::file_time_type written;
    std::filesystem::path path;
    std::uint64_t bytes = 0;
  };
  std::vector<found_file> files;
  std::uint64_t bytes = 0;
  std::error_code gone;  // by whoever else tidies up
  for (std::filesystem::directory_iterator at(folder, gone), end; !gone && at != end;
       at.increment(gone)) {
    if (at->path().extension() != kind)
      continue;
    files.push_back({at->last_write_time(gone), at->path(), at->file_size(gone)});
    bytes += gone ? 0 : files.back().bytes;
    gone.clear();
  }
  std::sort(files.begin(), files.end(), [](auto& left, auto& right) {
    return std::tie(left.written, left.path) < std::tie(right.written, right.path);
  });
  for (auto& file : files) {
    if (bytes <= bytes_max)
      return;
    if (is_kept(file.path))
      continue;
    bytes -= file.bytes;
    std::filesystem::remove(file.path, gone);
  }
}

}  // namespace holdfast
