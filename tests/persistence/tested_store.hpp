#pragma once

#include <holdfast/persistence/faulty_journal.hpp>
#include <holdfast/persistence/lmdb_journal.hpp>
#include <holdfast/persistence/memory_journal.hpp>

#include <memory>
#include <optional>
#include <string>
#include <tests/persistence/temporary_directory.hpp>

namespace holdfast::test {

/// One implementation of the journal contract, opened small, so that its edges are near.
class tested_store {
public:
  virtual ~tested_store() = default;
  virtual journal& get() = 0;
  virtual void reopen() = 0;  ///< a clean stop and a start on the same disk
  virtual void set_bytes_max(std::uint64_t bytes_max) = 0;
};

inline constexpr std::uint64_t small_reserve_bytes = 256u << 10;

class tested_lmdb final : public tested_store {
public:
  tested_lmdb() { open(); }
  journal& get() override { return *journal_; }
  void reopen() override {
    journal_.reset();
    open();
  }
  void set_bytes_max(std::uint64_t bytes_max) override { journal_->set_bytes_max(bytes_max); }

private:
  void open() {
    journal_.emplace(directory_.path() / "data",
                     lmdb_journal_options{.reserve_bytes = small_reserve_bytes});
  }

  temporary_directory directory_;
  std::optional<lmdb_journal> journal_;
};

class tested_memory : public tested_store {
public:
  tested_memory() { open(); }
  journal& get() override { return *journal_; }
  void reopen() override {
    journal_.reset();
    open();
  }
  void set_bytes_max(std::uint64_t bytes_max) override { journal_->set_bytes_max(bytes_max); }

private:
  void open() {
    journal_.emplace(disk_,
                     memory_journal_options{.at_flush = {}, .reserve_bytes = small_reserve_bytes});
  }

  std::shared_ptr<memory_disk> disk_ = make_memory_disk();
  std::optional<memory_journal> journal_;
};

/// faulty_journal without a fault planned must be a journal like any other.
class tested_faulty final : public tested_store {
public:
  tested_faulty() { journal_.emplace(wrapped_.get()); }
  journal& get() override { return *journal_; }
  void reopen() override {
    journal_.reset();
    wrapped_.reopen();
    journal_.emplace(wrapped_.get());
  }
  void set_bytes_max(std::uint64_t bytes_max) override { wrapped_.set_bytes_max(bytes_max); }

private:
  tested_memory wrapped_;
  std::optional<faulty_journal> journal_;
};

struct store_kind {
  const char* name;
  std::unique_ptr<tested_store> (*make)();
};

inline constexpr store_kind all_stores[] = {
    {"lmdb", []() -> std::unique_ptr<tested_store> { return std::make_unique<tested_lmdb>(); }},
    {"memory", []() -> std::unique_ptr<tested_store> { return std::make_unique<tested_memory>(); }},
    {"faulty", []() -> std::unique_ptr<tested_store> { return std::make_unique<tested_faulty>(); }},
};

}  // namespace holdfast::test
