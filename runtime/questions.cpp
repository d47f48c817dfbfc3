#include <holdfast/core/error.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/persistence/value_archive.hpp>
#include <holdfast/runtime/audit_value.hpp>
#include <holdfast/runtime/inspect.hpp>
#include <holdfast/runtime/questions.hpp>

#include <algorithm>

namespace holdfast {
namespace {

constexpr std::int64_t rows_max = 100'000;

const value* find(const dict& question, std::string_view name) {
  auto* given = question.find(name);
  return given && !given->is_null() ? given : nullptr;
}

[[noreturn]] void missing(std::string_view name) {
  throw error(errc::bad_argument, "'" + std::string(name) + "' is missing");
}

std::size_t limit_of(const dict& question) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(number_of(question, "limit", 1000), 1, rows_max));
}

value calls(const dict& question, const journal_reader& rows, node_time now) {
  auto where = text_of(question, "where", "outbox");
  auto place = where == "outbox"   ? inspect::calls_in::outbox
               : where == "inbox"  ? inspect::calls_in::inbox
               : where == "dead"   ? inspect::calls_in::dead
               : where == "parked" ? inspect::calls_in::parked
                                   : throw error(errc::bad_argument,
                                                 "calls are in outbox, inbox, dead or parked, not "
                                                 "in '"
                                                     + where + "'");
  return to_value(inspect::list_calls(rows, place, limit_of(question), now), "calls");
}

value show(const dict& question, const journal_reader& rows, const node_identity& self,
           node_time now) {
  auto id = call_of(question);
  auto history = inspect::show_call(rows, self, id, now);
  if (!history)
    throw error(errc::unknown_call, "no call " + id.to_text() + " is known to " + self.name);
  return to_value(*history, "call");
}

value state_row(const dict& question, const journal_reader& rows, const shown_tables& tables) {
  auto* key = question.find("key");
  if (!key)
    missing("key");
  auto found = inspect::get_state(rows, tables.find(text_of(question, "table")), *key);
  return found ? to_value(*found, "row") : value();
}

value state_rows_in(const dict& question, const journal_reader& rows, const shown_tables& tables) {
  auto bound = [&](const char* name) {
    auto* given = find(question, name);
    return given ? *given : value();
  };
  return to_value(inspect::range_state(rows, tables.find(text_of(question, "table")), bound("from"),
                                       bound("to"), limit_of(question)),
                  "rows");
}

value audit_own(const journal_reader& rows) {
  const journal_reader* stores[] = {&rows};
  return audit_value(audit(stores));
}

value status(const journal_reader& rows, const node_identity& self) {
  node_report report;
  report.name = self.name;
  report.id = self.id.to_text();
  report.incarnation = self.incarnation;
  report.is_running = false;
  inspect::count_calls(rows, report);
  return to_value(report, "status");
}

}  // namespace

std::string text_of(const dict& question, std::string_view name) {
  auto* given = find(question, name);
  if (!given)
    missing(name);
  return given->as_string();
}

std::string text_of(const dict& question, std::string_view name, std::string_view otherwise) {
  auto* given = find(question, name);
  return given ? given->as_string() : std::string(otherwise);
}

std::int64_t number_of(const dict& question, std::string_view name, std::int64_t otherwise) {
  auto* given = find(question, name);
  return given ? given->as_integer() : otherwise;
}

std::optional<duration> seconds_of(const dict& question, std::string_view name) {
  auto time = zero_or_seconds_of(question, name);
  if (time && *time == duration::zero())
    throw error(errc::bad_option,
                "'" + std::string(name) + "' is more than nothing and at most 50 years");
  return time;
}

std::optional<duration> zero_or_seconds_of(const dict& question, std::string_view name) {
  auto* given = find(question, name);
  if (!given)
    return std::nullopt;
  auto seconds = given->as_double();
  if (!(seconds >= 0) || seconds > 366.0 * 50 * 86400)
    throw error(errc::bad_option,
                "'" + std::string(name) + "' is not negative and at most 50 years");
  return duration(static_cast<std::int64_t>(seconds * 1e9));
}

call_id call_of(const dict& question) {
  auto text = text_of(question, "id");
  auto id = call_id::parse(text);
  if (!id)
    throw error(errc::bad_argument,
                "'" + text + "' is no call id; they look like 9f86d081884c7d65-2-1041");
  return *id;
}

std::optional<value> answer_from_store(const dict& question, const journal_reader& rows,
                                       const shown_tables& tables, node_time now) {
  auto command = text_of(question, "command");
  auto self = read_identity(rows).value_or(node_identity{});
  if (command == "calls")
    return calls(question, rows, now);
  if (command == "show")
    return show(question, rows, self, now);
  if (command == "state.get")
    return state_row(question, rows, tables);
  if (command == "state.range")
    return state_rows_in(question, rows, tables);
  if (command == "state.tables")
    return to_value(inspect::table_names(rows, limit_of(question)), "tables");
  if (command == "peers")
    return to_value(inspect::list_peers(rows), "peers");
  if (command == "status")
    return status(rows, self);
  if (command == "audit")
    return audit_own(rows);
  return std::nullopt;
}

}  // namespace holdfast
