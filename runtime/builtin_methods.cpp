#include <holdfast/runtime/builtin_methods.hpp>
#include <holdfast/runtime/node.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

namespace holdfast {
namespace {

using line_key = std::tuple<std::string, std::int64_t>;  // the log's name, the line's number from 1

constexpr method<value(value)> echo{"echo(value)"};
constexpr method<std::int64_t(std::string, std::string)> log_append{"log.append(log, line)"};
constexpr method<std::vector<std::string>(std::string, std::optional<std::int64_t>,
                                          std::optional<std::int64_t>)>
    log_read{"log.read(log, from, limit)"};

constexpr table<line_key, std::string> log_lines{"log.lines"};
constexpr table<std::string, std::int64_t> log_sizes{"log.sizes"};

constexpr std::int64_t lines_default = 100;
constexpr std::int64_t lines_max = 10'000;

std::int64_t append(context& ctx, const std::string& log, const std::string& line) {
  auto sizes = ctx.state(log_sizes);
  auto number = sizes.get(log).value_or(0) + 1;
  ctx.state(log_lines).put({log, number}, line);
  sizes.put(log, number);
  return number;
}

std::vector<std::string> read(context& ctx, const std::string& log,
                              std::optional<std::int64_t> from, std::optional<std::int64_t> limit) {
  auto first = std::max<std::int64_t>(from.value_or(1), 1);
  auto count = limit.value_or(lines_default);
  if (count < 1 || count > lines_max)
    throw error(errc::bad_option,
                "limit is " + std::to_string(count) + "; it goes from 1 to 10000");
  std::vector<std::string> lines;
  for (auto& [key, line] :
       ctx.state(log_lines).range({log, first}, {log, std::numeric_limits<std::int64_t>::max()},
                                  static_cast<std::size_t>(count)))
    lines.push_back(line);
  return lines;
}

}  // namespace

void serve_builtin_methods(node& host) {
  host.serve(echo, [](const value& given) { return given; });
  host.serve(log_append, append);
  host.serve(log_read, read);
  host.show(log_lines);
  host.show(log_sizes);
}

void show_builtin_tables(shown_tables& tables) {
  tables.add(make_shown(log_lines));
  tables.add(make_shown(log_sizes));
}

}  // namespace holdfast
