#include <holdfast/core/error.hpp>
#include <holdfast/runtime/command_work.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/json.hpp>
#include <holdfast/runtime/line_template.hpp>
#include <holdfast/runtime/question_pipeline.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <thread>

namespace holdfast {
namespace {

struct submit_arguments {
  work_target target;
  std::vector<std::string> command;  ///< behind `--`
  std::string each, method, directory, input, key, title, on_lost, on_return, json_args;
  std::vector<std::string> words, labels, after, environment;
  std::string back_off, timeout, deadline, grace, keep, stop_alone;
  std::optional<std::int64_t> slots, priority, attempts;
  bool runs_after_failure = false;
};

array texts(const std::vector<std::string>& from) {
  return {from.begin(), from.end()};
}

std::string content_of(const std::string& file) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened)
      throw error(errc::bad_config, "the file " + file + " cannot be read");
  }
  return {std::istreambuf_iterator<char>(file == "-" ? std::cin : opened), {}};
}

dict environment_of(const submit_arguments& given) {
  dict environment;
  for (auto& entry : given.environment) {
    auto equals = entry.find('=');
    if (equals == entry.npos || equals == 0)
      throw error(errc::bad_config, "--env takes NAME=VALUE, not '" + entry + "'");
    environment.set(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

/// In each of its strings.
value with_line(const value& content, const std::string& line, std::uint64_t number) {
  if (auto* text = content.get_if<std::string>())
    return fill_in(*text, line, number);
  if (auto* list = content.get_if<array>()) {
    array filled;
    for (auto& one : *list)
      filled.push_back(with_line(one, line, number));
    return filled;
  }
  if (auto* members = content.get_if<dict>()) {
    dict filled;
    for (auto& [name, one] : *members)
      filled.add(name, with_line(one, line, number));
    return filled;
  }
  return content;
}

/// Of a method, for one line: as if they had been written so.
value arguments_of(const submit_arguments& given, const std::string& line, std::uint64_t number) {
  bool is_each = !given.each.empty();
  if (!given.json_args.empty()) {
    auto all = parse_json(given.json_args);
    return is_each ? with_line(all, line, number) : all;
  }
  array positional;
  for (auto& word : is_each ? fill_in(given.words, line, number) : given.words)
    positional.push_back(parse_argument(word));
  return positional;
}

void add_what(dict& question, const submit_arguments& given) {
  if (given.method.empty()) {
    question.add("directory", given.directory.empty() ? std::filesystem::current_path().string()
                                                      : given.directory);
    question.add("environment", environment_of(given));
    if (!given.input.empty())
      question.add("input", content_of(given.input));
    return;
  }
  question.add("method", given.method);
}

/// All but what differs from line to line.
dict question_of(const submit_arguments& given) {
  auto question = given.target.question("work.submit");
  add_what(question, given);
  if (!given.labels.empty())
    question.add("labels", texts(given.labels));
  if (!given.after.empty())
    question.add("after", texts(given.after));
  for (auto& [name, number] : {std::pair("slots", given.slots),
                               {"priority", given.priority},
                               {"attempts", given.attempts}})
    if (number)
      question.add(name, *number);
  add_seconds(question, "back_off", given.back_off);
  add_seconds(question, "timeout", given.timeout);
  add_seconds(question, "deadline", given.deadline);
  add_seconds(question, "grace", given.grace);
  add_seconds(question, "keep", given.keep);
  add_seconds(question, "stop_alone", given.stop_alone);
  add_text(question, "on_lost", given.on_lost);
  add_text(question, "on_return", given.on_return);
  if (given.runs_after_failure)
    question.add("run_after_failure", true);
  return question;
}

/// Submits what comes, prints the ids as they are on disk, and afterwards what the controller refuses.
class submit_run {
public:
  explicit submit_run(const submit_arguments& given)
      : given_(given), client_(connect_to_node(given.target.node)), questions_(client_),
        base_(question_of(given)) {}

  void add(const std::string& line, std::uint64_t number) {
    auto question = base_;
    bool is_each = !given_.each.empty();
    if (given_.method.empty())
      question.add("argv", texts(is_each ? fill_in(given_.command, line, number) : given_.command));
    for (auto& [name, text] : {std::pair("key", given_.key), {"title", given_.title}})
      add_text(question, name, is_each ? fill_in(text, line, number) : text);
    try {
      if (!given_.method.empty())
        question.add("args", arguments_of(given_, line, number));
      questions_.ask(question, 256 + line.size(), [this, number](auto* stored, auto* refusal) {
        hear(number, stored, refusal);
      });
    } catch (const error& problem) {
      if (problem.code() == errc::stopping)
        throw;
      hear(number, nullptr, &problem);
    }
  }

  exit_code finish() {
    questions_.finish();
    if (given_.target.node.json)
      std::cout << to_json(value(texts(ids_))) << "\n";
    std::cout.flush();
    look_for_refusals();
    return refused_ == 0 ? exit_code::done : exit_code::refused;
  }

private:
  void hear(std::uint64_t number, const value* stored, const error* refusal) {
    if (refusal) {
      ++refused_;
      std::cerr << (given_.each.empty() ? "" : "line " + std::to_string(number) + ": ")
                << refusal->what() << "\n";
      return;
    }
    ids_.push_back(cell(*stored, "id"));
    if (!given_.target.node.json)
      std::cout << ids_.back() << "\n";
  }

  /// What only the controller can see: a parent that it does not know, say. Waits as long as it takes items in, and a
  /// little longer.
  void look_for_refusals() {
    constexpr auto patience = std::chrono::seconds(2);
    auto until = std::chrono::steady_clock::now() + patience;
    std::size_t first = 0;
    while (first < ids_.size()) {
      auto count = std::min(look_items_max, ids_.size() - first);
      auto known = known_among(first, count);
      if (!known)
        return;
      if (*known == count)
        first += count;
      if (*known > seen_) {
        seen_ = *known == count ? 0 : *known;
        until = std::chrono::steady_clock::now() + patience;
        continue;
      }
      if (std::chrono::steady_clock::now() > until) {
        std::cerr << "the controller has not heard of all items yet; they are on disk here and go "
                     "to it when it can be reached\n";
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  /// How many of those items the controller knows; it tells of refused ones on the way.
  std::optional<std::size_t> known_among(std::size_t first, std::size_t count) {
    auto question = given_.target.question("work.look");
    question.add("ids", texts({ids_.begin() + static_cast<std::ptrdiff_t>(first),
                               ids_.begin() + static_cast<std::ptrdiff_t>(first + count)}));
    value items;
    try {
      items = client_.ask(question);
    } catch (const error& problem) {
      std::cerr << "the items are on disk here; " << problem.what() << "\n";
      return std::nullopt;
    }
    for (auto& item : items.as_array())
      if (cell(item, "state") == "failed" && cell(item, "attempts") == "0"
          && told_.insert(cell(item, "id")).second) {
        ++refused_;
        std::cerr << cell(item, "id") << ": " << cell(item, "text") << "\n";
      }
    return items.as_array().size();
  }

  const submit_arguments& given_;
  operator_client client_;
  question_pipeline questions_;
  dict base_;
  std::vector<std::string> ids_;
  std::set<std::string> told_;
  std::size_t seen_ = 0;
  std::uint64_t refused_ = 0;
};

void check(const submit_arguments& given) {
  if (!given.method.empty() && !given.command.empty())
    throw error(errc::bad_config, "give a command behind --, or --method with arguments, not both");
  if (given.method.empty() && !given.words.empty())
    throw error(errc::bad_config, "put -- in front of the command: -- " + given.words[0] + " ...");
  if (given.method.empty() && given.command.empty())
    throw error(errc::bad_config,
                "submit needs a command behind --, as in: submit --data DIR -- gzip a.txt");
  if (!given.each.empty() && !given.json_args.empty() && !has_place(given.json_args))
    throw error(errc::bad_config,
                "--args says nowhere where the line goes, as in: --args '[\"{}\"]'");
  if (given.each == "-" && given.input == "-")
    throw error(errc::bad_config, "standard input is either the lines or the input, not both");
}

exit_code submit(const submit_arguments& given) {
  check(given);
  submit_run work(given);
  if (given.each.empty()) {
    work.add("", 1);
    return work.finish();
  }
  std::ifstream file;
  if (given.each != "-") {
    file.open(given.each);
    if (!file)
      throw error(errc::bad_config, "the file " + given.each + " cannot be read");
  }
  std::uint64_t number = 0;
  for (std::string line; std::getline(given.each == "-" ? std::cin : file, line);)
    if (!line.empty())
      work.add(line, ++number);
  return work.finish();
}

}  // namespace

void add_submit_command(CLI::App& app, console_action& chosen,
                        const std::vector<std::string>& command_words) {
  auto given = std::make_shared<submit_arguments>();
  given->command = command_words;
  auto* command = app.add_subcommand(
      "submit", "submit work: [options] -- COMMAND ARG..., or --method; prints the item's id");
  add_work_target(*command, given->target);
  command->add_option(
      "--each", given->each,
      "one item for each line of FILE or -: {} is the line, {.} {/} {//} {/.} parts "
      "of a path, {#} its number");
  command->add_option("--method", given->method,
                      "a method that workers serve, instead of a command");
  command->add_option("ARGUMENT", given->words, "of the method");
  command->add_option("--args", given->json_args, "all arguments of the method as JSON");
  command->add_option("--label", given->labels, "that its worker must have; again for more")
      ->take_all();
  command->add_option("--slots", given->slots, "that it takes of its worker (1)");
  command->add_option("--priority", given->priority, "-100 to 100, higher first");
  command->add_option("--attempts", given->attempts, "failures before it has failed (3)");
  command->add_option("--back-off", given->back_off, "before the second attempt; doubles (1s)");
  command->add_option("--timeout", given->timeout, "of one attempt");
  command->add_option("--deadline", given->deadline, "for all of it, waiting included");
  command->add_option("--grace", given->grace, "how long its worker may be away before it moves");
  command->add_option("--stop-alone", given->stop_alone,
                      "its worker stops it when the controller is away that long");
  command->add_option("--keep", given->keep, "how long it is remembered behind its end (24h)");
  command->add_option("--key", given->key,
                      "a second item under a live key is the first one; may hold {}");
  command->add_option("--title", given->title, "for people, instead of the command; may hold {}");
  command->add_option("--after", given->after, "an id or key that must end first; again for more")
      ->take_all();
  command->add_flag("--after-failure", given->runs_after_failure,
                    "run it also when one of those fails");
  command->add_option("--on-lost", given->on_lost, "when its worker is lost: move, suspend");
  command->add_option("--on-return", given->on_return,
                      "when that worker returns with it: keep_first, adopt, verify_both");
  command->add_option("--directory", given->directory, "where the command runs (here)");
  command->add_option("--env", given->environment, "NAME=VALUE for the command; again for more")
      ->take_all();
  command->add_option("--input", given->input, "FILE or -: standard input of the command");
  command->callback([=, &chosen] { chosen = [=] { return submit(*given); }; });
}

}  // namespace holdfast
