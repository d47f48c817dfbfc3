#include "tests/crash/work_site.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace holdfast::crash {
namespace {

constexpr const char* outside_name = "outside";

const value* member_of(const value& row, std::string_view name) {
  auto* members = row.get_if<dict>();
  return members ? members->find(name) : nullptr;
}

}  // namespace

work_site::work_site(words common) : common_(std::move(common)), hub_(home_, "hub") {
  common_.insert(common_.end(), {"--log-level", "warn"});
  hub_.kind = "controller";
  hub_.arguments = common_;
}

test_node& work_site::add_worker(const std::string& name, words more, const std::string& through) {
  auto& made = *workers_.emplace_back(std::make_unique<test_node>(home_, name));
  made.kind = "worker";
  made.arguments = common_;
  made.arguments.insert(
      made.arguments.end(),
      {"--allow-exec", "--controller", "hub=" + (through.empty() ? hub_.address : through)});
  made.arguments.insert(made.arguments.end(), more.begin(), more.end());
  return made;
}

test_node& work_site::add_node(const std::string& name) {
  auto& made = *workers_.emplace_back(std::make_unique<test_node>(home_, name));
  made.arguments = common_;
  made.dials(hub_);
  return made;
}

std::string work_site::submitted(const words& said) {
  words all{HOLDFAST_CRASH_NODE, "submit", "--data", hub_.data.string()};
  all.insert(all.end(), said.begin(), said.end());
  auto result = run_command(all);
  if (result.status != 0)
    throw std::runtime_error("submit: " + result.err);
  return result.out.substr(0, result.out.find('\n'));
}

std::string work_site::submit(words options, const words& command) {
  options.emplace_back("--");
  options.insert(options.end(), command.begin(), command.end());
  return submitted(options);
}

std::string work_site::submit_method(words options, std::string_view method,
                                     const words& arguments) {
  options.insert(options.end(), {"--method", std::string(method)});
  options.insert(options.end(), arguments.begin(), arguments.end());
  return submitted(options);
}

std::filesystem::path work_site::gate_of(const std::string& name, const std::string& worker) const {
  return folder() / ("gate-" + name + "-" + worker);
}

/// The gate is made by the job: nobody else knows where it will run.
std::string work_site::submit_held(const std::string& name, words options) {
  auto outside = (folder() / outside_name).string();
  auto gate = (folder() / ("gate-" + name + "-")).string() + "$HOLDFAST_WORKER";
  auto line = [&](const std::string& what) {
    return "echo " + what + " " + name + " $HOLDFAST_WORKER >>" + outside;
  };
  options.insert(options.end(), {"--title", name});
  return submit(options, {"sh", "-c",
                          "mkfifo " + gate + "; " + line("begin") + "; head -c 1 <" + gate
                              + " >/dev/null; " + line("end") + "; echo $HOLDFAST_WORKER"});
}

bool work_site::is_held(const std::string& name, const std::string& worker) {
  return ask_until([&] { return count_outside("begin " + name + " " + worker) > 0; });
}

bool work_site::let_go(const std::string& name, const std::string& worker) {
  auto gate = gate_of(name, worker);
  return ask_until([&] {
    int end =
        ::open(gate.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);  // fails until somebody reads
    bool is_let_go = end >= 0 && ::write(end, "x", 1) == 1;
    if (end >= 0)
      ::close(end);
    return is_let_go;
  });
}

work_site::words work_site::outside() const {
  std::ifstream in(folder() / outside_name);
  words lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::int64_t work_site::count_outside(const std::string& line) const {
  return std::ranges::count_if(outside(), [&](auto& one) { return one.starts_with(line); });
}

std::string work_site::output(const std::string& id) const {
  auto shown = item(id);
  auto* result = member_of(shown, "result");
  return result ? text_in(*result, "output") : "";
}

std::int64_t work_site::count_why(const std::string& id, const std::string& part) const {
  auto text = why(id);
  std::int64_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

value work_site::counts() const {
  return hub_.call("holdfast.work_view.counts", {});
}

value work_site::worker(const std::string& name) const {
  auto all = hub_.json({"workers", "ls"});
  if (auto* rows = all.get_if<array>())
    for (auto& row : *rows)
      if (text_in(row, "name") == name)
        return row;
  return {};
}

bool work_site::comes_to(const std::string& id, const std::string& state) const {
  return ask_until([&] { return this->state(id) == state; });
}

bool work_site::comes_to_run_at(const std::string& id, const std::string& worker) const {
  return ask_until([&] {
    auto now = item(id);
    return text_in(now, "state") == "running" && text_in(now, "worker") == worker;
  });
}

bool work_site::comes_to_phase(const std::string& worker, const std::string& phase) const {
  return ask_until([&] { return text_in(this->worker(worker), "phase") == phase; });
}

bool work_site::comes_to_count(const std::string& member, std::int64_t count) const {
  return ask_until([&] { return number_in(counts(), member) == count; });
}

std::string work_site::story(const std::string& id) const {
  auto text = id.empty() ? std::string() : why(id);
  for (auto& line : outside())
    text += line + "\n";
  text += "hub:\n" + hub_.errors();
  for (auto& each : workers_)
    text += each->name() + ":\n" + each->errors();
  return text;
}

}  // namespace holdfast::crash
