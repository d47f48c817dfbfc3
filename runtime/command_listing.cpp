#include <holdfast/core/error.hpp>
#include <holdfast/runtime/console.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/json.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace holdfast {
namespace {

struct listing_arguments {
  console_target target;
  std::string name;
  std::int64_t limit = 1000;
  bool outbox = false, inbox = false, dead = false, parked = false;
};

void print_peers(const value& peers) {
  std::vector<std::vector<std::string>> lines{
      {"PEER", "STATE", "ADDRESS", "WAITING", "OPEN", "ORPHANED", "REASON"}};
  for (auto& peer : peers.as_array())
    lines.push_back({cell(peer, "name"), cell(peer, "state"), cell(peer, "address"),
                     cell(peer, "waiting"), cell(peer, "open"), cell(peer, "orphaned"),
                     cell(peer, "reason") + (cell(peer, "reason").empty() ? "" : ": ")
                         + cell(peer, "reason_text")});
  print_table(lines);
}

void print_calls(const value& calls) {
  std::vector<std::vector<std::string>> lines{
      {"ID", "STATE", "PEER", "METHOD", "KEY", "QUEUED", "FAILURES", "TEXT"}};
  for (auto& call : calls.as_array())
    lines.push_back({cell(call, "id"), cell(call, "state"), cell(call, "peer"),
                     cell(call, "method"), cell(call, "key"), cell(call, "queued_at"),
                     cell(call, "failures"), cell(call, "text")});
  print_table(lines);
}

void print_history(const value& history) {
  std::cout << cell(history, "id") << "\n";
  for (auto& copy : history.as_dict().at("copies").as_array()) {
    auto place = cell(copy, "place");
    std::cout << cell(copy, "method")
              << (place == "dead" ? ", a dead letter"
                                  : " in the " + place + ", " + cell(copy, "state"));
    for (auto* name :
         {"key", "user_id", "trace", "origin", "priority", "expires_in", "due_in", "reason"})
      if (auto text = cell(copy, name); !text.empty() && text != "0")
        std::cout << ", " << name << " " << text;
    std::cout << "\n";
  }
  if (auto arguments = cell(history, "arguments"); !arguments.empty())
    std::cout << "arguments " << arguments << "\n";
  std::vector<std::vector<std::string>> lines;
  for (auto& step : history.as_dict().at("steps").as_array())
    lines.push_back({"  " + cell(step, "what"), cell(step, "at"), cell(step, "text")});
  print_table(lines);
}

void print_methods(const value& methods) {
  std::vector<std::vector<std::string>> lines{{"METHOD", "SIGNATURE"}};
  for (auto& method : methods.as_array())
    lines.push_back({cell(method, "description"), cell(method, "signature")});
  print_table(lines);
}

void print_members(const value& answer) {
  std::vector<std::vector<std::string>> lines;
  for (auto& [name, content] : answer.as_dict())
    lines.push_back({name, cell(answer, name)});
  print_table(lines);
}

const char* where_of(const listing_arguments& given) {
  if (given.outbox + given.inbox + given.dead + given.parked > 1)
    throw error(errc::bad_config, "give one of --outbox, --inbox, --dead, --parked");
  return given.inbox ? "inbox" : given.dead ? "dead" : given.parked ? "parked" : "outbox";
}

using arguments = std::shared_ptr<listing_arguments>;

/// A command that asks `question` and prints the answer.
template <class Question>
CLI::App* add_command(CLI::App& app, console_action& chosen, const char* name, const char* help,
                      const arguments& given, bool needs_node, Question question,
                      void (*print)(const value&)) {
  auto* command = app.add_subcommand(name, help);
  command->callback([=, &chosen] {
    if (!command->get_subcommands().empty())
      return;
    chosen = [=] {
      auto asked = question(*given);
      auto answer =
          needs_node ? ask_node(given->target, asked) : ask_node_or_store(given->target, asked);
      show_answer(given->target, answer, print);
      return exit_code::done;
    };
  });
  return command;
}

void add_peers(CLI::App& app, console_action& chosen) {
  auto given = std::make_shared<listing_arguments>();
  auto* peers = add_command(
      app, chosen, "peers", "the peers and their links", given, false,
      [](const listing_arguments&) {
        return dict{{"command", "peers"}};
      },
      print_peers);
  // Not `required`: a subcommand of `peers` brings its own.
  peers->add_option("--data", given->target.data, "data directory of the node");
  peers->add_flag("--json", given->target.json, "print JSON");
  auto add = [&](const char* name, const char* command, const char* help) {
    auto own = std::make_shared<listing_arguments>();
    auto* sub = add_command(
        *peers, chosen, name, help, own, true,
        [command](const listing_arguments& from) {
          return dict{{"command", command}, {"name", from.name}};
        },
        print_members);
    add_target(*sub, own->target);
    sub->add_option("NAME", own->name, "the peer")->required();
  };
  add("accept", "peers.accept", "take a peer's new history: closes the lane to its old one");
  add("requeue", "peers.requeue", "queue the orphaned calls of a peer again");
  add("drop-orphans", "peers.drop-orphans", "drop the orphaned calls of a peer");
}

void add_calls(CLI::App& app, console_action& chosen) {
  auto given = std::make_shared<listing_arguments>();
  auto* calls = add_command(
      app, chosen, "calls", "queued calls: those to other nodes, unless told otherwise", given,
      false,
      [](const listing_arguments& from) {
        return dict{{"command", "calls"}, {"where", where_of(from)}, {"limit", from.limit}};
      },
      print_calls);
  add_target(*calls, given->target);
  calls->add_flag("--outbox", given->outbox, "queued here, for other nodes");
  calls->add_flag("--inbox", given->inbox, "accepted here, not ended");
  calls->add_flag("--dead", given->dead, "dead letters here");
  calls->add_flag("--parked", given->parked, "for methods that are not served here");
  calls->add_option("--limit", given->limit, "at most so many");
}

void add_one_call(CLI::App& app, console_action& chosen, const char* name, const char* help,
                  bool needs_node, void (*print)(const value&)) {
  auto given = std::make_shared<listing_arguments>();
  auto* command = add_command(
      app, chosen, name, help, given, needs_node,
      [name](const listing_arguments& from) {
        return dict{{"command", name}, {"id", from.name}};
      },
      print);
  add_target(*command, given->target);
  command->add_option("CALL-ID", given->name, "as `queue` printed it")->required();
}

void add_plain(CLI::App& app, console_action& chosen, const char* name, const char* help,
               bool needs_node, void (*print)(const value&)) {
  auto given = std::make_shared<listing_arguments>();
  auto* command = add_command(
      app, chosen, name, help, given, needs_node,
      [name](const listing_arguments&) {
        return dict{{"command", name}};
      },
      print);
  add_target(*command, given->target);
}

}  // namespace

void add_listing_commands(CLI::App& app, console_action& chosen) {
  add_peers(app, chosen);
  add_calls(app, chosen);
  add_one_call(app, chosen, "show", "what is known of a call: queued, stored, attempts, its end",
               false, print_history);
  add_one_call(app, chosen, "retry", "try a dead letter again, from its first attempt", true,
               print_members);
  add_one_call(app, chosen, "drop", "end a call that does not run, or remove a dead letter", true,
               print_members);
  add_plain(app, chosen, "methods", "what the node serves", true, print_methods);
  add_plain(app, chosen, "status", "the node in numbers", false, print_members);
}

}  // namespace holdfast
