#include <holdfast/core/error.hpp>
#include <holdfast/persistence/record.hpp>
#include <holdfast/persistence/store_rules.hpp>

#include <algorithm>

namespace holdfast {

void check_row_limits(table_id table, std::string_view key, std::string_view value) {
  if (key.empty())
    throw error(errc::too_large, "a row of table " + std::string(table_name(table))
                                     + " needs a key of 1 to "
                                     + std::to_string(journal_key_bytes_max) + " bytes");
  if (key.size() > journal_key_bytes_max)
    throw error(errc::too_large, "a key of " + std::to_string(key.size()) + " bytes for table "
                                     + std::string(table_name(table)) + "; keys end at "
                                     + std::to_string(journal_key_bytes_max)
                                     + " bytes, shorten the names in it");
  if (value.size() > journal_value_bytes_max)
    throw error(errc::too_large, "a value of " + std::to_string(value.size()) + " bytes for table "
                                     + std::string(table_name(table)) + "; values end at "
                                     + std::to_string(journal_value_bytes_max)
                                     + " bytes, store it in parts");
}

std::string format_record(std::uint32_t version) {
  std::string record;
  seal_to(record, record_kind::meta, [&](byte_writer& out) { out.u32(version); });
  return record;
}

void check_format_record(std::string_view record) {
  byte_reader body(unseal(record_kind::meta, record), "format row");
  const auto version = body.u32();
  body.done();
  if (version > journal_format_version)
    throw error(errc::journal_format,
                "the store has format " + std::to_string(version) + ", this version reads up to "
                    + std::to_string(journal_format_version) + "; run the version that wrote it");
  if (version == 0)
    throw error(errc::journal_damaged, "the store's format row says 0; restore a backup");
}

std::uint64_t reserve_within(std::uint64_t bytes_max, std::uint64_t reserve_bytes) noexcept {
  return bytes_max == 0 ? reserve_bytes : std::min(reserve_bytes, bytes_max / 4);
}

}  // namespace holdfast
