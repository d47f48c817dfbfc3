#include "tests/power_cuts/images.hpp"

#include <holdfast/persistence/memory_journal.hpp>

#include <fstream>
#include <stdexcept>
#include <string_view>

namespace holdfast::power_cuts {

namespace {

class fnv {
public:
  void add(std::string_view bytes) {
    add_byte(static_cast<unsigned char>(bytes.size()));
    add_byte(static_cast<unsigned char>(bytes.size() >> 8));
    for (const char byte : bytes)
      add_byte(static_cast<unsigned char>(byte));
  }
  std::uint64_t value() const { return value_; }

private:
  void add_byte(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001b3; }

  std::uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace

std::uint64_t digest_of(const journal_reader& rows) {
  fnv digest;
  for (std::size_t i = 0; i < table_count; ++i) {
    digest.add(table_name(static_cast<table_id>(i)));
    rows.scan(static_cast<table_id>(i), {}, {}, [&](row each) {
      digest.add(each.key);
      digest.add(each.value);
      return true;
    });
  }
  return digest.value();
}

std::uint64_t digest_of_fresh() {
  const memory_journal fresh;
  return digest_of(*fresh.read());
}

std::unique_ptr<journal> open_store(const std::filesystem::path& folder) {
  return std::make_unique<lmdb_journal>(
      folder,
      lmdb_journal_options{.map_bytes = 16u << 20, .readers_max = 8, .reserve_bytes = 64u << 10});
}

std::uint64_t reopen_and_digest(const std::filesystem::path& folder) {
  return digest_of(*open_store(folder)->read());
}

void write_files(const std::filesystem::path& home, const disk_files& files) {
  std::filesystem::create_directories(home);
  for (auto& folder : files.folders)
    std::filesystem::create_directories(home / folder);
  for (auto& [name, content] : files.files) {
    std::ofstream out(home / name, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    if (!out.flush())
      throw std::runtime_error("cannot write " + (home / name).string());
  }
}

}  // namespace holdfast::power_cuts
