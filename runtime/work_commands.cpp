#include <holdfast/actors/work_protocol.hpp>
#include <holdfast/runtime/node.hpp>
#include <holdfast/runtime/questions.hpp>
#include <holdfast/runtime/work_commands.hpp>
#include <holdfast/runtime/work_question.hpp>
#include <holdfast/runtime/work_shown.hpp>

#include <functional>
#include <map>
#include <memory>

namespace holdfast {
namespace {

/// A page: what one message between nodes holds well.
constexpr std::int64_t page_items_max = 1000;

std::string controller_of(node& host, const dict& question) {
  if (auto given = text_of(question, "controller", ""); !given.empty())
    return given;
  if (host.methods().find(work::submit.name()))
    return host.name();
  auto peers = host.peers();
  if (peers.size() == 1)
    return peers[0].name;
  std::string names;
  for (auto& peer : peers)
    names += (names.empty() ? "" : ", ") + peer.name;
  throw error(errc::bad_argument,
              "name the controller with --controller: this node is none, and its peers are "
                  + (names.empty() ? std::string("none") : names));
}

template <class R, class... A>
R ask(node& host, const dict& question, const method<R(A...)>& m,
      const std::type_identity_t<A>&... arguments) {
  auto controller = controller_of(host, question);
  auto reply = host.to(controller)
                   .within(seconds_of(question, "within").value_or(call_time_default))
                   .call(m, arguments...);
  if (!reply)
    throw error(reply.error().kind,
                reply.error().kind == errc::failed
                    ? reply.error().text
                    : "the controller " + controller + " gave no answer: " + reply.error().text);
  if constexpr (!std::is_void_v<R>)
    return std::move(*reply);
}

item_filter filter_of(const dict& question) {
  item_filter filter;
  if (auto* states = question.find("states"))
    for (auto& state : states->as_array())
      filter.states.push_back(parse_item_state(state.as_string()));
  filter.worker = text_of(question, "worker", "");
  filter.label = text_of(question, "label", "");
  filter.after = text_of(question, "after", "");
  filter.limit = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(number_of(question, "limit", page_items_max), 1, page_items_max));
  return filter;
}

array shown(const std::vector<item_report>& items) {
  array all;
  for (auto& item : items)
    all.push_back(show_item(item));
  return all;
}

value list(node& host, const dict& question) {
  return shown(ask(host, question, work::list, filter_of(question)));
}

value look(node& host, const dict& question) {
  std::vector<item_id> ids;
  for (auto& id : question.at("ids").as_array())
    ids.push_back(id.as_string());
  return shown(ask(host, question, work::look, ids));
}

value counts(node& host, const dict& question) {
  return show_counts(ask(host, question, work::counts));
}

value workers(node& host, const dict& question) {
  array all;
  for (auto& worker : ask(host, question, work::workers))
    all.push_back(show_worker(worker));
  return all;
}

value forget(node& host, const dict& question) {
  auto name = text_of(question, "name");
  ask(host, question, work::forget, name);
  return dict{{"name", name}, {"done", "forgotten"}};
}

operator_answer submit(node& host, const dict& question) {
  auto controller = controller_of(host, question);
  auto call =
      detail::encode_typed<void, submission>(work::submit.name(), {}, submission_of(question));
  auto request = detail::make_request({controller, {}, {}}, std::move(call));
  auto ticket =
      std::make_shared<queue_ticket>(outside_port(host.port()).queue_async(std::move(request)));
  return [ticket, controller] {
    return value(dict{{"id", ticket->get().to_text()}, {"controller", controller}});
  };
}

using question_handler = std::function<value(node&, const dict&)>;

/// One item, or one worker, by the member of the question that names it.
template <class R>
question_handler about(const method<R(std::string)>& m, const char* member,
                       value (*show)(const R&)) {
  return [m, member, show](node& host, const dict& question) {
    return show(ask(host, question, m, text_of(question, member)));
  };
}

const std::map<std::string, question_handler, std::less<>>& questions() {
  static const std::map<std::string, question_handler, std::less<>> all{
      {"work.look", look},
      {"work.list", list},
      {"work.counts", counts},
      {"work.show", about(work::show, "id", show_item)},
      {"work.why", about(work::why, "id", show_item)},
      {"work.cancel", about(work::cancel, "id", show_item)},
      {"work.retry", about(work::retry, "id", show_item)},
      {"workers.list", workers},
      {"workers.drain", about(work::drain, "name", show_worker)},
      {"workers.resume", about(work::resume, "name", show_worker)},
      {"workers.forget", forget},
  };
  return all;
}

}  // namespace

std::optional<operator_answer> answer_about_work(node& host, const dict& question) {
  auto name = text_of(question, "command");
  if (name == "work.submit")
    return submit(host, question);
  auto known = questions().find(name);
  if (known == questions().end())
    return std::nullopt;
  return [&host, question, &answer = known->second] { return answer(host, question); };
}

}  // namespace holdfast
