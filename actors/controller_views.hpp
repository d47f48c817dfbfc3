#pragma once

#include <holdfast/actors/context.hpp>
#include <holdfast/actors/controller_tables.hpp>

#include <string>
#include <vector>

/// What people and programs are shown of a controller: read from the rows, beside the mailbox that changes them.
namespace holdfast::controlling {

item_report report_of(const item_id& id, const item_row& row);
worker_status status_of(const std::string& name, const worker_row& row);

std::vector<item_report> look(context& ctx, const std::vector<item_id>& wanted);
item_report show(context& ctx, const item_id& id);
item_report why(context& ctx, const item_id& id);
std::vector<item_report> list(context& ctx, const item_filter& filter);
work_counts counts(context& ctx);

/// What a worker was given under that epoch, without its bytes; for a run that outlived what was known of it. Of an item
/// that is not there any more, no more than its name.
assigned_item order_of(const journal_reader& store, const item_id& id, std::uint64_t epoch);
std::vector<worker_status> list_workers(context& ctx);

}  // namespace holdfast::controlling
