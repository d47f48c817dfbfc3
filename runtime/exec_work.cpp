#include <holdfast/actors/worker.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/runtime/exec_work.hpp>

#include <fstream>
#include <iterator>

namespace holdfast {
namespace {

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// One run of one item, and the file through which its checkpoint goes in and out.
class command_item {
public:
  command_item(const work_ticket& ticket, const std::filesystem::path& folder)
      : name_(ticket.item() + "-" + std::to_string(ticket.epoch())),
        checkpoint_(folder / (name_ + ".checkpoint")), before_(ticket.checkpoint()) {
    if (!before_.empty())
      std::ofstream(checkpoint_, std::ios::binary) << before_;
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

  void end(const work_ticket& ticket, const command_outcome& outcome) const {
    save_checkpoint(ticket, outcome);
    if (outcome.is_good())
      ticket.finish(outcome);
    else
      ticket.fail(describe_end(outcome), outcome);
  }

private:
  void save_checkpoint(const work_ticket& ticket, const command_outcome& outcome) const {
    auto after = content_of(checkpoint_);
    std::error_code gone;
    std::filesystem::remove(checkpoint_, gone);
    if (outcome.is_good() || after.empty() || after == before_)
      return;
    try {
      ticket.save_checkpoint(after);
    } catch (const error&) {
      // Too large: the next run begins with the one before.
    }
  }

  std::string name_;
  std::filesystem::path checkpoint_;
  std::string before_;
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
    runs->start(item->name(), item->prepared(command, ticket, worker_name),
                [item, ticket](const command_outcome& outcome) { item->end(ticket, outcome); });
    ticket.on_cancel([known, item] {
      if (auto still = known.lock())
        still->stop(item->name());
    });
  });
  return runner;
}

}  // namespace holdfast
