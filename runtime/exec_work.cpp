#include <holdfast/actors/work_protocol.hpp>
#include <holdfast/actors/worker.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/runtime/exec_work.hpp>

#include <cstdint>
#include <fstream>
#include <sys/stat.h>
#include <utility>

namespace holdfast {
namespace {

/// What tells that a file is not as it was. Empty: there is none, or one that no checkpoint can be.
struct file_stamp {
  ino_t inode = 0;
  off_t bytes = 0;
  std::int64_t seconds = 0, nanoseconds = 0;

  bool operator==(const file_stamp&) const = default;
};

file_stamp stamp_of(const std::filesystem::path& file) {
  struct stat facts {};
  if (::stat(file.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size <= 0
      || static_cast<std::uint64_t>(facts.st_size) > work::item_bytes_max)
    return {};
  return {facts.st_ino, facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
}

/// Empty, too, if it is written just now.
std::string settled_content(const std::filesystem::path& file) {
  auto before = stamp_of(file);
  if (before == file_stamp{})
    return {};
  std::ifstream in(file, std::ios::binary);
  std::string content(static_cast<std::size_t>(before.bytes), '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  bool is_whole = in.gcount() == static_cast<std::streamsize>(content.size());
  return is_whole && stamp_of(file) == before ? content : std::string();
}

/// One run of one item, and the file through which its checkpoint goes in and out.
class command_item {
public:
  command_item(const work_ticket& ticket, const std::filesystem::path& folder)
      : name_(ticket.item() + "-" + std::to_string(ticket.epoch())),
        checkpoint_(folder / (name_ + ".checkpoint")), saved_(ticket.checkpoint()) {
    if (!saved_.empty())
      std::ofstream(checkpoint_, std::ios::binary) << saved_;
  }

  const std::string& name() const { return name_; }

  command_spec prepared(command_spec spec, const work_ticket& ticket,
                        const std::string& worker) const {
    spec.environment["HOLDFAST_ITEM"] = ticket.item();
    spec.environment["HOLDFAST_ATTEMPT"] = std::to_string(ticket.attempt());
    spec.environment["HOLDFAST_WORKER"] = worker;
    spec.environment["HOLDFAST_CHECKPOINT_FILE"] = checkpoint_;
    return spec;
  }

  /// While it runs, so that the next run has it however this one ends. A changed file is read, and once more at the next
  /// look: what is written twice within one tick of the disk's clock has one stamp.
  void look(const work_ticket& ticket) {
    auto now = stamp_of(checkpoint_);
    bool is_news = now != seen_;
    if (is_news || !std::exchange(is_seen_twice_, true))
      save_checkpoint(ticket);
    if (is_news)
      is_seen_twice_ = false;
    seen_ = now;
  }

  void end(const work_ticket& ticket, const command_outcome& outcome) {
    if (!outcome.is_good())
      save_checkpoint(ticket);
    std::error_code gone;
    std::filesystem::remove(checkpoint_, gone);
    if (outcome.is_good())
      ticket.finish(outcome);
    else
      ticket.fail(describe_end(outcome), outcome);
  }

private:
  void save_checkpoint(const work_ticket& ticket) {
    auto content = settled_content(checkpoint_);
    if (content.empty() || content == saved_)
      return;
    ticket.save_checkpoint(content);
    saved_ = std::move(content);
  }

  std::string name_;
  std::filesystem::path checkpoint_;
  std::string saved_;  ///< what the next run would begin with
  file_stamp seen_;
  bool is_seen_twice_ = true;
};

}  // namespace

std::shared_ptr<command_runner> serve_commands(worker& on, const std::string& worker_name,
                                               const std::filesystem::path& folder) {
  auto runner = std::make_shared<command_runner>(folder);
  auto files = std::filesystem::absolute(folder);
  std::weak_ptr<command_runner> known = runner;
  on.serve_async(exec_run, [known, files, worker_name](const work_ticket& ticket,
                                                       const command_spec& command) {
    auto runs = known.lock();
    if (!runs)
      throw error(errc::stopping, "the worker stops");
    auto item = std::make_shared<command_item>(ticket, files);
    runs->start(
        item->name(), item->prepared(command, ticket, worker_name),
        [item, ticket](const command_outcome& outcome) { item->end(ticket, outcome); },
        [item, ticket] { item->look(ticket); });
    ticket.on_cancel([known, item] {
      if (auto still = known.lock())
        still->stop(item->name());
    });
  });
  return runner;
}

}  // namespace holdfast
