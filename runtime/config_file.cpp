#include <holdfast/core/error.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/runtime/config_file.hpp>
#include <holdfast/runtime/durations.hpp>

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <fstream>
#include <functional>
#include <iterator>

namespace holdfast {
namespace {

using reader = std::function<void(const toml::node&)>;
using readers = std::map<std::string_view, reader>;

class parser {
public:
  parser(std::string file_name, node_config& into)
      : file_(std::move(file_name)), options_(into.options), into_(into) {}

  void read(const toml::table& top) {
    read_table(top, "",
               {{"name", text(options_.name)},
                {"listen", text(options_.listen)},
                {"data", path(options_.data)},
                {"cluster", text(options_.settings.cluster)},
                {"secret_file", path(options_.secret_file)},
                {"insecure", flag(options_.insecure)},
                {"log_level", text(options_.log_level)},
                {"bytes_max", number(options_.bytes_max, 0)},
                {"handler_threads_max", number(options_.settings.handler_threads_max, 1)},
                {"stop_within", time(options_.stop_within)},
                {"foreign", [this](auto& node) { read_foreign(node); }},
                {"peers", [this](auto& node) { read_peers(node); }},
                {"link", [this](auto& node) { read_link(node); }},
                {"services", [this](auto& node) { read_services(node); }}});
  }

private:
  [[noreturn]] void refuse(const toml::node& node, const std::string& why) const {
    refuse(node.source().begin.line, why);
  }
  [[noreturn]] void refuse(toml::source_index line, const std::string& why) const {
    throw error(errc::bad_config, file_ + ":" + std::to_string(line) + ": " + why);
  }

  void read_table(const toml::table& table, const std::string& prefix, const readers& known) {
    for (auto&& [key, node] : table) {
      auto found = known.find(key.str());
      if (found == known.end())
        refuse(key.source().begin.line, "there is no setting '" + prefix + std::string(key.str())
                                            + "'; there are " + names(known));
      where_ = prefix + std::string(key.str());
      found->second(node);
    }
  }

  static std::string names(const readers& known) {
    std::string all;
    for (auto& [name, read] : known)
      all += (all.empty() ? "" : ", ") + std::string(name);
    return all;
  }

  const toml::table& table_of(const toml::node& node) const {
    if (!node.is_table())
      refuse(node, "'" + where_ + "' is a table: [" + where_ + "]");
    return *node.as_table();
  }
  std::string string_of(const toml::node& node) const {
    if (!node.is_string())
      refuse(node, "'" + where_ + "' is a string");
    return node.as_string()->get();
  }

  reader text(std::string& into) {
    return [this, &into](const toml::node& node) { into = string_of(node); };
  }
  reader path(std::filesystem::path& into) {
    return [this, &into](const toml::node& node) { into = string_of(node); };
  }
  reader flag(bool& into) {
    return [this, &into](const toml::node& node) {
      if (!node.is_boolean())
        refuse(node, "'" + where_ + "' is true or false");
      into = node.as_boolean()->get();
    };
  }
  template <class N>
  reader number(N& into, std::int64_t low) {
    return [this, &into, low](const toml::node& node) {
      if (!node.is_integer())
        refuse(node, "'" + where_ + "' is an integer");
      auto given = node.as_integer()->get();
      if (given < low || !std::in_range<N>(given))
        refuse(node, "'" + where_ + "' is " + std::to_string(given) + "; it must be at least "
                         + std::to_string(low));
      into = static_cast<N>(given);
    };
  }
  reader time(std::chrono::milliseconds& into) {
    return [this, &into](const toml::node& node) {
      try {
        into =
            std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(string_of(node)));
      } catch (const error& problem) {
        if (problem.code() == errc::bad_config)
          throw;
        refuse(node, "'" + where_ + "': " + problem.what());
      }
      if (into.count() <= 0)
        refuse(node, "'" + where_ + "' must be longer than nothing");
    };
  }

  void read_peers(const toml::node& node) {
    for (auto&& [name, address] : table_of(node)) {
      where_ = "peers." + std::string(name.str());
      options_.peers[std::string(name.str())] = string_of(address);
    }
  }

  void read_foreign(const toml::node& node) {
    auto& foreign = options_.foreign;
    read_table(table_of(node), "foreign.",
               {{"http", text(foreign.http)},
                {"listen", text(foreign.listen)},
                {"token_file", path(foreign.token_file)},
                {"allow", [this](auto& list) { read_patterns(list); }}});
  }

  void read_patterns(const toml::node& node) {
    if (!node.is_array())
      refuse(node, "'" + where_ + "' is a list of patterns: [\"log.*\"]");
    for (auto&& pattern : *node.as_array())
      options_.foreign.allow.push_back(string_of(pattern));
  }

  void read_link(const toml::node& node) {
    auto& link = options_.settings;
    read_table(table_of(node), "link.",
               {{"heartbeat_interval", time(link.heartbeat_interval)},
                {"silence_max", time(link.silence_max)},
                {"handshake_max", time(link.handshake_max)},
                {"redial_min", time(link.redial_min)},
                {"redial_max", time(link.redial_max)},
                {"refused_redial", time(link.refused_redial)},
                {"window_bytes", number(link.window_bytes, 1)},
                {"send_bytes", number(link.send_bytes, 1)}});
  }

  void read_services(const toml::node& node) {
    for (auto&& [name, content] : table_of(node)) {
      auto service = std::string(name.str());
      where_ = "services." + service;
      if (!is_dotted_name(service))
        refuse(content,
               "'" + service + "' is no service: [services.pages] or [services.\"bank.account\"]");
      auto& options = into_.services[service];
      read_table(table_of(content), where_ + ".",
                 {{"attempts", number(options.attempts, 1)},
                  {"back_off", time(options.back_off)},
                  {"back_off_max", time(options.back_off_max)},
                  {"concurrency", number(options.concurrency, 1)},
                  {"ordered", flag(options.ordered)}});
    }
  }

  std::string file_;
  node_options& options_;
  node_config& into_;
  std::string where_;
};

}  // namespace

void parse_config(std::string_view text, const std::string& file_name, node_config& into) {
  try {
    parser(file_name, into).read(toml::parse(text));
  } catch (const toml::parse_error& problem) {
    throw error(errc::bad_config, file_name + ":" + std::to_string(problem.source().begin.line)
                                      + ": " + std::string(problem.description()));
  }
}

void read_config(const std::filesystem::path& file, node_config& into) {
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad())
    throw error(errc::bad_config, "the configuration file " + file.string() + " cannot be read");
  parse_config(text, file.string(), into);
}

}  // namespace holdfast
