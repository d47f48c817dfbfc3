#pragma once

#include "tests/crash/nodes.hpp"

#include <memory>
#include <string>
#include <vector>

/// A controller and workers as processes, and jobs whose ends a test decides.
namespace holdfast::crash {

class work_site {
public:
  using words = std::vector<std::string>;

  /// `common` is said to every node, beside what makes it quiet. Nothing is started.
  explicit work_site(words common = {});

  test_node& hub() { return hub_; }
  const std::filesystem::path& folder() const { return home_.folder(); }
  std::filesystem::path secret_file() const { return home_.secret_file(); }

  /// A worker that runs commands and dials the controller, there or at `through`; not started. It lives as long as the site.
  test_node& add_worker(const std::string& name, words more = {}, const std::string& through = {});

  /// A node that dials the controller; not started.
  test_node& add_node(const std::string& name);

  /// `holdfast submit`; the item's id, or throws with what was said.
  std::string submit(words options, const words& command);

  std::string submit_method(words options, std::string_view method, const words& arguments);

  /// Submits a job that runs until it is let go. In the item's result, and in the outside file at its beginning and end,
  /// it tells where it ran. `name` is the job's own.
  std::string submit_held(const std::string& name, words options = {});

  /// The job runs there and waits for `let_go`. Each run is let go once.
  bool is_held(const std::string& name, const std::string& worker);
  bool let_go(const std::string& name, const std::string& worker);

  /// Lines "begin NAME WORKER" and "end NAME WORKER" that the jobs wrote, in order.
  words outside() const;
  std::int64_t count_outside(const std::string& line) const;

  // What the controller says.
  value item(const std::string& id) const { return hub_.json({"work", "show", id}); }
  std::string state(const std::string& id) const { return text_in(item(id), "state"); }
  std::string output(const std::string& id) const;  ///< of the command
  std::string why(const std::string& id) const { return hub_.command({"work", "why", id}).out; }
  std::int64_t count_why(const std::string& id, const std::string& part) const;
  value counts() const;
  value worker(const std::string& name) const;

  bool comes_to(const std::string& id, const std::string& state) const;
  bool comes_to_run_at(const std::string& id, const std::string& worker) const;
  bool comes_to_phase(const std::string& worker, const std::string& phase) const;
  bool comes_to_count(const std::string& member, std::int64_t count) const;

  /// Everything that helps to understand a failure.
  std::string story(const std::string& id = {}) const;

private:
  std::string submitted(const words& said);
  std::filesystem::path gate_of(const std::string& name, const std::string& worker) const;

  cluster home_;
  words common_;
  test_node hub_;
  std::vector<std::unique_ptr<test_node>> workers_;
};

}  // namespace holdfast::crash
