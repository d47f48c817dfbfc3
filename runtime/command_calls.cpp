#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/runtime/batch.hpp>
#include <holdfast/runtime/console.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/json.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <unistd.h>

namespace holdfast {
namespace {

struct call_arguments {
  console_target target;
  std::string peer, method, json_args, key;
  std::vector<std::string> words;
  std::string id, expires_in, back_off, not_before, within, batch;
  std::optional<int> priority, attempts;
};

dict question_of(const char* command, const call_arguments& given) {
  dict question{{"command", command}, {"to", given.peer}, {"method", given.method}};
  if (!given.json_args.empty()) {
    if (!given.words.empty())
      throw error(errc::bad_argument, "give arguments one by one or all with --args, not both");
    question.add("args", parse_json(given.json_args));
  } else {
    array positional;
    for (auto& word : given.words)
      positional.push_back(parse_argument(word));
    question.add("args", std::move(positional));
  }
  add_text(question, "key", given.key);
  return question;
}

/// --not-before takes a delay, or a date as "2026-11-22T18:21:07Z"; one that has passed is no delay.
void add_not_before(dict& question, const std::string& text) {
  if (text.find('T') == std::string::npos) {
    add_seconds(question, "not_before", text);
    return;
  }
  auto left =
      parse_date_time(text)
      - std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  if (left.count() > 0)
    question.add("not_before", std::chrono::duration<double>(left).count());
}

exit_code queue_one(const call_arguments& given) {
  if (given.peer.empty() || given.method.empty())
    throw error(errc::bad_config, "queue needs PEER and METHOD, or --batch FILE");
  auto question = question_of("queue", given);
  add_text(question, "id", given.id);
  add_seconds(question, "expires_in", given.expires_in);
  add_seconds(question, "back_off", given.back_off);
  if (!given.not_before.empty())
    add_not_before(question, given.not_before);
  if (given.priority)
    question.add("priority", *given.priority);
  if (given.attempts)
    question.add("attempts", *given.attempts);
  show_answer(given.target, ask_node(given.target, question), [](const value& stored) {
    std::cout << cell(stored, "id") << "\n";
    if (stored.as_dict().at("is_duplicate").as_bool())
      std::cerr << "a call with that id is live; nothing was stored\n";
  });
  return exit_code::done;
}

/// A bar on a terminal, where the length of the file is known; a count where it is not.
class progress_bar {
public:
  explicit progress_bar(std::uint64_t bytes)
      : bytes_(bytes), is_shown_(::isatty(STDERR_FILENO) == 1) {}
  ~progress_bar() { erase(); }

  void show(const batch_progress& at) {
    auto now = std::chrono::steady_clock::now();
    if (!is_shown_ || now - last_ < std::chrono::milliseconds(100))
      return;
    last_ = now;
    std::string bar;
    if (bytes_ > 0) {
      auto part = std::min(1.0, static_cast<double>(at.bytes) / static_cast<double>(bytes_));
      auto full = static_cast<std::size_t>(part * width);
      bar = "[" + std::string(full, '#') + std::string(width - full, '.') + "] "
            + std::to_string(static_cast<int>(part * 100)) + " %  ";
    }
    std::cerr << "\r\033[K" << bar << at.on_disk << " on disk"
              << (at.bad ? ", " + std::to_string(at.bad) + " bad" : "") << std::flush;
  }
  void erase() const {
    if (is_shown_)
      std::cerr << "\r\033[K" << std::flush;
  }

private:
  static constexpr std::size_t width = 40;
  std::uint64_t bytes_;
  bool is_shown_;
  std::chrono::steady_clock::time_point last_{};
};

void print_totals(const call_arguments& given, const batch_progress& total) {
  if (given.target.json) {
    std::cout << to_json(value(dict{{"lines", total.lines},
                                    {"on_disk", total.on_disk},
                                    {"duplicates", total.duplicates},
                                    {"bad", total.bad}}))
              << "\n";
    return;
  }
  std::cout << total.on_disk << " on disk";
  if (total.duplicates)
    std::cout << ", " << total.duplicates << " were there already";
  if (total.bad)
    std::cout << ", " << total.bad << " bad";
  std::cout << "\n";
}

exit_code queue_many(const call_arguments& given) {
  auto client = connect_to_node(given.target);
  std::ifstream file;
  std::error_code unknown_size;
  std::uint64_t bytes = 0;
  if (given.batch != "-") {
    file.open(given.batch);
    if (!file)
      throw error(errc::bad_config, "the file " + given.batch + " cannot be read");
    bytes = std::filesystem::file_size(given.batch, unknown_size);
  }
  progress_bar bar(unknown_size ? 0 : bytes);
  batch_hooks hooks;
  hooks.bad_line = [&](std::uint64_t line, const std::string& text) {
    bar.erase();
    std::cerr << "line " << line << ": " << text << "\n";
  };
  batch_progress latest;
  hooks.progress = [&](const batch_progress& at) { bar.show(latest = at); };
  ending prints([&] {
    bar.erase();
    print_totals(given, latest);
  });
  auto total = queue_batch(client, given.batch == "-" ? std::cin : file, hooks);
  return total.bad ? exit_code::some_refused : exit_code::done;
}

exit_code call_one(const call_arguments& given) {
  auto question = question_of("call", given);
  add_seconds(question, "within", given.within);
  auto answer = ask_node(given.target, question);
  auto status = cell(answer, "status");
  if (given.target.json)
    std::cout << to_json(answer) << "\n";
  else if (status == "done")
    std::cout << to_json(answer.as_dict().at("value")) << "\n";
  else
    std::cerr << status << ": " << cell(answer, "text") << "\n";
  return status == "done"          ? exit_code::done
         : status == "unreachable" ? exit_code::unreachable
         : status == "unknown"     ? exit_code::unknown
                                   : exit_code::failed;
}

exit_code send_one(const call_arguments& given) {
  auto answer = ask_node(given.target, question_of("send", given));
  if (given.target.json)
    std::cout << to_json(answer) << "\n";
  if (answer.as_dict().at("is_sent").as_bool())
    return exit_code::done;
  throw error(errc::over_credit, "the message was not sent: the link to " + given.peer
                                     + " is down, or its credit is used up");
}

void add_what(CLI::App& command, call_arguments& given, bool is_required) {
  add_target(command, given.target);
  auto* peer = command.add_option("PEER", given.peer, "the node, itself included");
  auto* method = command.add_option("METHOD", given.method, "as in: log.append");
  if (is_required) {
    peer->required();
    method->required();
  }
  command.add_option("ARGUMENT", given.words, "its arguments");
  command.add_option("--args", given.json_args,
                     "all arguments as a JSON array, or an object of named ones");
  command.add_option("--key", given.key, "of the mailbox; of a durable actor its name");
}

}  // namespace

void add_call_commands(CLI::App& app, console_action& chosen) {
  auto queue = std::make_shared<call_arguments>();
  auto* command =
      app.add_subcommand("queue", "queue a durable call; prints its id once it is on disk");
  add_what(*command, *queue, false);
  command->add_option("--id", queue->id, "a second call under a live id is not stored");
  command->add_option("--expires-in", queue->expires_in, "not started after that long");
  command->add_option("--not-before", queue->not_before,
                      "a delay, or a date as 2026-11-22T18:21:07Z");
  command->add_option("--priority", queue->priority, "-100 to 100, higher first");
  command->add_option("--attempts", queue->attempts, "failures before it becomes a dead letter");
  command->add_option("--back-off", queue->back_off, "before the second attempt");
  command->add_option("--batch", queue->batch,
                      "one call a line as JSON, from a file or - for standard input");
  command->callback([=, &chosen] {
    chosen = [=] { return queue->batch.empty() ? queue_one(*queue) : queue_many(*queue); };
  });

  auto call = std::make_shared<call_arguments>();
  command = app.add_subcommand("call", "call a method and print its result as JSON");
  add_what(*command, *call, true);
  command->add_option("--within", call->within, "how long to wait (30s)");
  command->callback([=, &chosen] { chosen = [=] { return call_one(*call); }; });

  auto send = std::make_shared<call_arguments>();
  command = app.add_subcommand("send", "send a message, at most once");
  add_what(*command, *send, true);
  command->callback([=, &chosen] { chosen = [=] { return send_one(*send); }; });
}

}  // namespace holdfast
