#include <holdfast/actors/queue_options.hpp>
#include <holdfast/actors/submit_options.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/runtime/exec_work.hpp>
#include <holdfast/runtime/json.hpp>
#include <holdfast/runtime/questions.hpp>
#include <holdfast/runtime/work_question.hpp>
#include <holdfast/runtime/work_shown.hpp>

#include <algorithm>
#include <array>

namespace holdfast {
namespace {

std::vector<std::string> texts_of(const dict& question, std::string_view name) {
  std::vector<std::string> texts;
  if (auto* given = question.find(name); given && !given->is_null())
    for (auto& text : given->as_array())
      texts.push_back(text.as_string());
  return texts;
}

int number_in(const dict& question, std::string_view name, int otherwise) {
  return static_cast<int>(
      std::clamp<std::int64_t>(number_of(question, name, otherwise), -1'000'000, 1'000'000));
}

template <class Policy, std::size_t N>
Policy policy_of(const dict& question, std::string_view name, const std::array<Policy, N>& all) {
  auto given = text_of(question, name, to_string(all[0]));
  std::string names;
  for (auto policy : all) {
    if (to_string(policy) == given)
      return policy;
    names += (names.empty() ? "" : ", ") + std::string(to_string(policy));
  }
  throw error(errc::bad_option, std::string(name) + " is '" + given + "'; there are " + names);
}

submit_options options_of(const dict& question) {
  submit_options options;
  options.after = texts_of(question, "after");
  options.attempts = number_in(question, "attempts", options.attempts);
  options.back_off = zero_or_seconds_of(question, "back_off").value_or(options.back_off);
  options.deadline = seconds_of(question, "deadline");
  options.grace = zero_or_seconds_of(question, "grace").value_or(options.grace);
  options.keep = zero_or_seconds_of(question, "keep").value_or(options.keep);
  options.key = text_of(question, "key", "");
  options.labels = texts_of(question, "labels");
  options.losses = number_in(question, "losses", options.losses);
  options.on_lost =
      policy_of(question, "on_lost", std::array{lost_policy::move, lost_policy::suspend});
  options.on_return = policy_of(
      question, "on_return",
      std::array{return_policy::keep_first, return_policy::adopt, return_policy::verify_both});
  options.priority = number_in(question, "priority", 0);
  if (auto* given = question.find("run_after_failure"))
    options.run_after_failure = given->as_bool();
  options.slots = number_in(question, "slots", 1);
  options.stop_alone = zero_or_seconds_of(question, "stop_alone");
  options.timeout = seconds_of(question, "timeout");
  options.title = text_of(question, "title", "");
  return options;
}

command_spec command_of(const dict& question) {
  command_spec command;
  command.argv = texts_of(question, "argv");
  if (command.argv.empty() || command.argv[0].empty())
    throw error(errc::bad_argument, "the command has no program");
  command.directory = text_of(question, "directory", "");
  command.input = text_of(question, "input", "");
  if (auto* given = question.find("environment"))
    for (auto& [name, content] : given->as_dict())
      command.environment[name] = content.as_string();
  return command;
}

std::string title_of(const command_spec& command) {
  std::string title;
  for (auto& word : command.argv)
    title += (title.empty() ? "" : " ") + word;
  title.resize(std::min(title.size(), limits::error_text_bytes_max));
  return title;
}

/// As it would be written in a program.
std::string title_of(const std::string& method, const array& positional, const dict& named) {
  std::string arguments;
  for (auto& argument : positional)
    arguments += (arguments.empty() ? "" : ", ") + to_json(argument);
  for (auto& [name, argument] : named)
    arguments += (arguments.empty() ? "" : ", ") + name + ": " + to_json(argument);
  return readable((method + "(" + arguments).substr(0, limits::error_text_bytes_max - 1)) + ")";
}

submission command_item(const dict& question, submit_options options) {
  auto command = command_of(question);
  if (options.title.empty())
    options.title = title_of(command);
  return detail::make_submission(
      {std::move(options), {}},
      detail::encode_typed<command_outcome, command_spec>(exec_run.name(), {}, command));
}

submission method_item(const dict& question, submit_options options) {
  auto name = text_of(question, "method");
  array positional;
  dict named;
  if (auto* given = question.find("args"); given && !given->is_null()) {
    if (auto* by_name = given->get_if<dict>())
      named = *by_name;
    else
      positional = given->as_array();
  }
  if (options.title.empty())
    options.title = title_of(name, positional, named);
  return detail::make_submission({std::move(options), {}},
                                 detail::encode_dynamic(name, positional, named));
}

}  // namespace

submission submission_of(const dict& question) {
  auto options = options_of(question);
  return question.find("argv") ? command_item(question, std::move(options))
                               : method_item(question, std::move(options));
}

}  // namespace holdfast
