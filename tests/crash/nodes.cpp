#include "tests/crash/nodes.hpp"

#include <holdfast/runtime/json.hpp>

#include <csignal>
#include <fstream>
#include <poll.h>
#include <unistd.h>

namespace holdfast::crash {

cluster::cluster(place where) : folder_(where) {
  std::ofstream(secret_file()) << "the secret of a cluster under test\n";
  std::filesystem::permissions(secret_file(), std::filesystem::perms::owner_read);
}

std::string cluster::new_address() {
  static int ports = 0;
  auto id = static_cast<unsigned>(::getpid());
  auto part = [id](unsigned shift) { return std::to_string((id >> shift) & 255u); };
  return "127." + part(16) + "." + part(8) + "." + part(0) + ":" + std::to_string(7100 + ++ports);
}

test_node::test_node(cluster& home, std::string name)
    : address(cluster::new_address()), data(home.folder() / name), name_(std::move(name)),
      secret_file_(home.secret_file()), errors_(home.folder() / (name_ + ".log")) {}

void test_node::spawn() {
  auto command = before;
  for (auto& word :
       {std::string(HOLDFAST_CRASH_NODE), kind, std::string("--name"), name_, std::string("--data"),
        data.string(), std::string("--secret-file"), secret_file_.string()})
    command.push_back(word);
  if (!address.empty()) {
    command.push_back("--listen");
    command.push_back(address);
  }
  for (auto& [peer, at] : peers) {
    command.push_back("--peer");
    command.push_back(at.empty() ? peer : peer + "=" + at);
  }
  command.insert(command.end(), arguments.begin(), arguments.end());
  run_.reset();
  run_ = std::make_unique<process>(command, process::how{environment, errors_});
}

bool test_node::start() {
  spawn();
  return wait_for({run_.get()}, [this] { return is_ready(); });
}

void test_node::kill() {
  if (run_)
    run_->kill();
}

int test_node::stop() {
  run_->signal(SIGTERM);
  return run_->end();
}

command_result test_node::command(std::vector<std::string> words, milliseconds within) const {
  words.insert(words.begin(), HOLDFAST_CRASH_NODE);
  words.push_back("--data");
  words.push_back(data.string());
  return run_command(words, within);
}

value test_node::json(std::vector<std::string> words) const {
  words.push_back("--json");
  auto result = command(std::move(words));
  return result.status == 0 ? parse_json(result.out) : value();
}

value test_node::call(const std::string& method, const std::vector<std::string>& given) const {
  std::vector<std::string> words{"call", name_, method};
  words.insert(words.end(), given.begin(), given.end());
  auto answer = json(std::move(words));
  auto* members = answer.get_if<dict>();
  return members ? members->at("value") : value();
}

value test_node::peer(const std::string& name) const {
  auto all = json({"peers"});
  if (auto* rows = all.get_if<array>())
    for (auto& row : *rows)
      if (text_in(row, "name") == name)
        return row;
  return {};
}

std::int64_t test_node::status(const std::string& member) const {
  auto answer = json({"status"});
  return answer.is_null() ? -1 : number_in(answer, member);
}

bool ask_until(const std::function<bool()>& fits, milliseconds within) {
  auto until = std::chrono::steady_clock::now() + within;
  while (!fits()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
  }
  return true;
}

std::string text_in(const value& row, std::string_view member) {
  auto* members = row.get_if<dict>();
  auto* found = members ? members->find(member) : nullptr;
  auto* text = found ? found->get_if<std::string>() : nullptr;
  return text ? *text : "";
}

std::int64_t number_in(const value& row, std::string_view member) {
  auto* members = row.get_if<dict>();
  auto* found = members ? members->find(member) : nullptr;
  auto* number = found ? found->get_if<std::int64_t>() : nullptr;
  return number ? *number : -1;
}

std::int64_t memory_of(pid_t process, std::string_view line) {
  std::ifstream in("/proc/" + std::to_string(process) + "/status");
  for (std::string text; std::getline(in, text);)
    if (text.starts_with(line) && text[line.size()] == ':')
      return std::stoll(text.substr(line.size() + 1));
  return 0;
}

}  // namespace holdfast::crash
