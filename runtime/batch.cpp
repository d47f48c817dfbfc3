#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/runtime/batch.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/json.hpp>
#include <holdfast/runtime/question_pipeline.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

namespace holdfast {
namespace {

/// How many lines go by between two looks at the progress.
constexpr std::uint64_t progress_lines = 256;

constexpr std::array<std::string_view, 10> members{
    "to",       "method",   "args",       "id",       "key",
    "priority", "attempts", "expires_in", "back_off", "not_before"};
constexpr std::array<std::string_view, 3> times{"expires_in", "back_off", "not_before"};

template <class List>
bool has(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

class batch {
public:
  batch(operator_client& client, const batch_hooks& hooks) : questions_(client), hooks_(hooks) {}

  void add(const std::string& line) {
    ++done_.lines;
    done_.bytes += line.size() + 1;
    if (line.find_first_not_of(" \t\r") == std::string::npos)
      return;
    try {
      questions_.ask(batch_question(line), line.size(),
                     [this, number = done_.lines](const value* stored, const error* refusal) {
                       hear(number, stored, refusal);
                     });
    } catch (const error& problem) {
      if (problem.code() == errc::stopping)
        throw;
      bad(done_.lines, problem.what());
      return;
    }
    if (done_.lines % progress_lines == 0)
      hooks_.progress(done_);
  }

  void finish() { questions_.finish(); }

  const batch_progress& so_far() const { return done_; }

private:
  void hear(std::uint64_t line, const value* stored, const error* refusal) {
    if (refusal)
      return bad(line, refusal->what());
    ++(stored->as_dict().at("is_duplicate").as_bool() ? done_.duplicates : done_.on_disk);
    if (hooks_.stored)
      hooks_.stored(line, *stored);
  }

  void bad(std::uint64_t line, const std::string& text) {
    ++done_.bad;
    hooks_.bad_line(line, text);
  }

  question_pipeline questions_;
  const batch_hooks& hooks_;
  batch_progress done_;
};

}  // namespace

dict batch_question(const std::string& line) {
  auto given = parse_json(line);
  dict question{{"command", "queue"}};
  for (auto& [name, content] : given.as_dict()) {
    if (!has(members, name))
      throw error(errc::bad_argument, "there is no member '" + name + "'");
    if (has(times, name) && content.get_if<std::string>())
      question.add(name,
                   std::chrono::duration<double>(parse_duration(content.as_string())).count());
    else
      question.add(name, content);
  }
  for (auto* needed : {"to", "method"})
    if (auto* text = question.find(needed); !text || !text->get_if<std::string>())
      throw error(errc::bad_argument,
                  "the member '" + std::string(needed) + "' is missing, or no string");
  return question;
}

batch_progress queue_batch(operator_client& client, std::istream& lines, const batch_hooks& hooks) {
  batch work(client, hooks);
  ending tells([&] { hooks.progress(work.so_far()); });
  for (std::string line; std::getline(lines, line);)
    work.add(line);
  work.finish();
  return work.so_far();
}

}  // namespace holdfast
