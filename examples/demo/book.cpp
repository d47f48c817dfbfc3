#include "book.hpp"

namespace demo {
namespace {

constexpr std::size_t page_rows = 500;

}  // namespace

std::uint64_t remember(holdfast::context& ctx, const std::string& path, const measurement& found) {
  auto rows = ctx.state(file_rows);
  auto row = rows.get(key_of(path)).value_or(file_row{path, {}, 0, 0});
  row.found = found;
  row.attempt = ctx.attempt();
  ++row.times;
  rows.put(key_of(path), row);
  auto totals = ctx.state(file_totals);
  auto total = totals.get(0).value_or(0) + 1;
  totals.put(0, total);
  return total;
}

void serve_listing(holdfast::node& node) {
  node.serve(list_files, [](holdfast::context& ctx, const std::string& after) {
    file_page page;
    for (auto& [key, row] : ctx.state(file_rows).from(after + '\0', page_rows))
      page.rows.push_back(std::move(row));
    page.total = ctx.state(file_totals).get(0).value_or(0);
    return page;
  });
}

std::uint64_t known_files(holdfast::node& node) {
  return node.self().call(list_files, "\x7f").value().total;
}

std::vector<file_row> table_of(holdfast::node& node, const std::string& peer) {
  std::vector<file_row> rows;
  for (std::string after;;) {
    auto page = node.to(peer).call(list_files, after).value();
    if (page.rows.empty())
      return rows;
    after = key_of(page.rows.back().path);
    rows.insert(rows.end(), page.rows.begin(), page.rows.end());
  }
}

}  // namespace demo
