#include <holdfast/actors/registry.hpp>

#include <map>
#include <utility>

namespace holdfast {

struct registry::tables {
  std::map<std::string, std::shared_ptr<const served_method>, std::less<>> methods;
  std::map<std::string, service_options, std::less<>> options;
  std::vector<std::shared_ptr<const peer_listener>> listeners;
};

std::shared_ptr<const registry::tables> registry::current() const {
  std::lock_guard guard(mutex_);
  return tables_;
}

/// Changes a copy: whoever reads the old tables goes on undisturbed.
template <class Change>
void registry::replace(Change change) {
  std::lock_guard guard(mutex_);
  auto copy = tables_ ? std::make_shared<tables>(*tables_) : std::make_shared<tables>();
  change(*copy);
  tables_ = std::move(copy);
}

void registry::serve(served_method method) {
  auto name = method.name;
  auto shared = std::make_shared<const served_method>(std::move(method));
  replace([&](tables& all) { all.methods.insert_or_assign(name, std::move(shared)); });
  std::function<void(const std::string&)> hook;
  {
    std::lock_guard guard(mutex_);
    hook = hook_;
  }
  if (hook)
    hook(name);
}

void registry::configure(const std::string& service, service_options options) {
  replace([&](tables& all) { all.options.insert_or_assign(service, options); });
}

void registry::listen(peer_listener listener) {
  auto shared = std::make_shared<const peer_listener>(std::move(listener));
  replace([&](tables& all) { all.listeners.push_back(std::move(shared)); });
}

void registry::on_served(std::function<void(const std::string&)> hook) {
  std::lock_guard guard(mutex_);
  hook_ = std::move(hook);
}

std::shared_ptr<const served_method> registry::find(std::string_view method) const {
  auto all = current();
  if (!all)
    return nullptr;
  auto i = all->methods.find(method);
  return i == all->methods.end() ? nullptr : i->second;
}

service_options registry::options_of(std::string_view service) const {
  auto all = current();
  if (!all)
    return {};
  auto i = all->options.find(service);
  return i == all->options.end() ? service_options{} : i->second;
}

std::vector<std::shared_ptr<const peer_listener>> registry::listeners() const {
  auto all = current();
  return all ? all->listeners : std::vector<std::shared_ptr<const peer_listener>>{};
}

std::vector<std::shared_ptr<const served_method>> registry::all() const {
  std::vector<std::shared_ptr<const served_method>> methods;
  if (auto tables = current())
    for (auto& [name, method] : tables->methods)
      methods.push_back(method);
  return methods;
}

}  // namespace holdfast
