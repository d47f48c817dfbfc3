#include "digest.hpp"

#include <holdfast/core/limits.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <span>
#include <stdexcept>
#include <unistd.h>

namespace demo {
namespace {

class sha256 {
public:
  sha256() : state_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (!state_ || EVP_DigestInit_ex(state_.get(), EVP_sha256(), nullptr) != 1)
      throw std::runtime_error("this libcrypto has no SHA-256");
  }
  void add(std::string_view bytes) { EVP_DigestUpdate(state_.get(), bytes.data(), bytes.size()); }
  std::string text() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(state_.get(), digest.data(), &size);
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (auto byte : std::span(digest.data(), size)) {
      text += digits[byte >> 4];
      text += digits[byte & 15];
    }
    return text;
  }

private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state_;
};

}  // namespace

measurement measure_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  sha256 digest;
  measurement found;
  std::array<char, 1 << 16> block{};
  while (in.read(block.data(), block.size()), in.gcount() > 0) {
    auto count = static_cast<std::size_t>(in.gcount());
    found.size += count;
    digest.add({block.data(), count});
  }
  if (!in.eof())
    throw std::runtime_error(path + " cannot be read");
  found.sha256 = digest.text();
  return found;
}

std::string sha256_of(std::string_view bytes) {
  sha256 digest;
  digest.add(bytes);
  return digest.text();
}

std::string key_of(const std::string& path) {
  return path.size() <= holdfast::limits::key_bytes_max ? path : sha256_of(path);
}

std::vector<std::string> files_below(const std::filesystem::path& root, std::size_t most) {
  namespace fs = std::filesystem;
  std::vector<std::string> found;
  for (auto& entry :
       fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied))
    if (entry.is_regular_file() && !entry.is_symlink() && access(entry.path().c_str(), R_OK) == 0)
      found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  found.resize(std::min(found.size(), most));
  return found;
}

}  // namespace demo
