#include <holdfast/actors/controller_books.hpp>
#include <holdfast/actors/work_method.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/runtime/foreign_port.hpp>
#include <holdfast/runtime/foreign_work_words.hpp>
#include <holdfast/runtime/work_shown.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace holdfast {
namespace {

constexpr std::size_t names_max = 1000;
constexpr std::size_t held_max = 2 * controlling::books::worker_slots_max;

/// Before a checkpoint that is no text. No text begins with a zero.
constexpr std::string_view value_mark{"\0value:", 7};

constexpr auto offer_shape =
    "one struct: slots (1 to 1024), labels, methods (arrays of names), held (an array of "
    "[item, epoch])";
constexpr auto end_shape =
    "an item, its epoch, how it ended (done, failed, refused, handed_back, cancelled) and, if "
    "wanted, a value";

bool is_run(const value& item, const value& epoch) {
  auto* id = item.get_if<std::string>();
  auto* number = epoch.get_if<std::int64_t>();
  return id && number && !id->empty() && id->size() <= limits::key_bytes_max && *number > 0;
}

run_key run_of(const value& item, const value& epoch) {
  return {item.as_string(), static_cast<std::uint64_t>(epoch.as_integer())};
}

/// The run that a message is about; `least` to `most` values follow it.
run_key run_in(const foreign_call& call, std::size_t least, std::size_t most, const char* shape) {
  auto& given = call.params;
  if (!call.named.empty() || given.size() < 2 + least || given.size() > 2 + most
      || !is_run(given[0], given[1]))
    refuse_shape(call, shape);
  return run_of(given[0], given[1]);
}

std::vector<std::string> names_in(const foreign_call& call, const dict& given,
                                  std::string_view member) {
  std::vector<std::string> names;
  auto* found = given.find(member);
  if (!found)
    return names;
  auto* all = found->get_if<array>();
  if (!all || all->size() > names_max)
    refuse_shape(call, offer_shape);
  for (auto& each : *all) {
    auto* name = each.get_if<std::string>();
    if (!name)
      refuse_shape(call, offer_shape);
    names.push_back(*name);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

std::vector<run_key> runs_in(const foreign_call& call, const dict& given) {
  std::vector<run_key> runs;
  auto* found = given.find("held");
  if (!found)
    return runs;
  auto* all = found->get_if<array>();
  if (!all || all->size() > held_max)
    refuse_shape(call, offer_shape);
  for (auto& each : *all) {
    auto* pair = each.get_if<array>();
    if (!pair || pair->size() != 2 || !is_run((*pair)[0], (*pair)[1]))
      refuse_shape(call, offer_shape);
    runs.push_back(run_of((*pair)[0], (*pair)[1]));
  }
  return runs;
}

value seconds(std::int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

}  // namespace

foreign_offer read_offer(const foreign_call& call) {
  auto* given = call.params.size() == 1 ? call.params[0].get_if<dict>() : nullptr;
  if (!given || !call.named.empty())
    refuse_shape(call, offer_shape);
  foreign_offer offer;
  if (auto* slots = given->find("slots")) {
    auto* number = slots->get_if<std::int64_t>();
    if (!number || *number < 1 || *number > controlling::books::worker_slots_max)
      refuse_shape(call, offer_shape);
    offer.slots = static_cast<std::uint32_t>(*number);
  }
  offer.labels = names_in(call, *given, "labels");
  offer.methods = names_in(call, *given, "methods");
  offer.held = runs_in(call, *given);
  for (auto& label : offer.labels)
    check_name("label", label);
  for (auto& method : offer.methods)
    check_method_name(method);
  return offer;
}

foreign_end read_end(const foreign_call& call) {
  foreign_end end;
  end.run = run_in(call, 1, 2, end_shape);
  constexpr std::array hows{run_end::done, run_end::failed, run_end::refused, run_end::handed_back,
                            run_end::cancelled};
  auto* word = call.params[2].get_if<std::string>();
  auto how =
      std::ranges::find_if(hows, [&](run_end one) { return word && to_string(one) == *word; });
  if (how == hows.end())
    refuse_shape(call, end_shape);
  end.how = *how;
  if (call.params.size() == 4)
    end.content = call.params[3];
  return end;
}

run_ending ending_of(const assigned_item& order, const foreign_end& end) {
  run_ending ending;
  ending.how = end.how;
  if (end.how != run_end::done) {
    auto* text = end.content.get_if<std::string>();
    ending.text = bounded_text(text ? *text : end.content.is_null() ? "" : to_text(end.content));
    return ending;
  }
  try {
    ending.value = result_from_foreign(detail::header_of_run(order), end.content);
    if (ending.value.size() > work::item_bytes_max)
      throw error(errc::too_large, "it takes " + std::to_string(ending.value.size())
                                       + " bytes; at most " + std::to_string(work::item_bytes_max)
                                       + " are allowed");
  } catch (const error& problem) {
    ending = {
        run_end::failed,
        {},
        bounded_text("it ran, but its result cannot be taken: " + std::string(problem.what())),
        false};
  }
  return ending;
}

foreign_progress read_progress(const foreign_call& call) {
  constexpr auto shape = "an item, its epoch, a part from 0 to 1 and a text";
  foreign_progress progress;
  progress.run = run_in(call, 1, 2, shape);
  auto& part = call.params[2];
  auto* text = call.params.size() == 4 ? call.params[3].get_if<std::string>() : &progress.text;
  if (!text || (!part.get_if<double>() && !part.get_if<std::int64_t>()))
    refuse_shape(call, shape);
  progress.part = part.as_double();
  progress.text = bounded_text(*text);
  return progress;
}

foreign_checkpoint read_checkpoint(const foreign_call& call) {
  foreign_checkpoint checkpoint;
  checkpoint.run = run_in(call, 1, 1, "an item, its epoch and a value");
  checkpoint.content = bytes_of_checkpoint(call.params[2]);
  return checkpoint;
}

array words_of_run(const assigned_item& order) {
  auto given = arguments_for_foreign(detail::header_of_run(order), order.payload);
  dict options{{"attempt", order.attempt}, {"run", order.run}, {"slots", order.slots}};
  if (!order.checkpoint.empty())
    options.add("checkpoint", checkpoint_of(order.checkpoint));
  if (!given.named.empty())
    options.add("named", std::move(given.named));
  if (order.timeout_ns > 0)
    options.add("timeout", seconds(order.timeout_ns));
  if (order.stop_alone_ns >= 0)
    options.add("stop_alone", seconds(order.stop_alone_ns));
  auto words = words_of({order.item, order.epoch});
  words.emplace_back(order.method);
  words.emplace_back(std::move(given.params));
  words.emplace_back(std::move(options));
  return words;
}

array words_of(const run_key& run) {
  return {value(run.item), value(run.epoch)};
}

std::string bytes_of_checkpoint(const value& saved) {
  auto* text = saved.get_if<std::string>();
  if (text && checkpoint_of(*text) == saved)
    return *text;
  return std::string(value_mark) + encode<value>(saved);
}

value checkpoint_of(std::string_view bytes) {
  if (bytes.starts_with(value_mark))
    try {
      return decode<value>(bytes.substr(value_mark.size()), "a checkpoint");
    } catch (const error&) {
      // Not one of ours after all.
    }
  auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t';
  };
  if (std::ranges::none_of(bytes, is_control) && readable(bytes) == bytes)
    return std::string(bytes);
  binary raw(bytes.size());
  std::ranges::transform(bytes, raw.begin(), [](char c) { return static_cast<std::byte>(c); });
  return raw;
}

}  // namespace holdfast
