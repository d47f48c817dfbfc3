#include <holdfast/core/error.hpp>

#include <array>
#include <ostream>
#include <utility>

namespace holdfast {
namespace {

using named = std::pair<errc, std::string_view>;

constexpr std::array names{
    named{errc::none, "none"},
    named{errc::bad_name, "bad_name"},
    named{errc::bad_option, "bad_option"},
    named{errc::bad_argument, "bad_argument"},
    named{errc::too_large, "too_large"},
    named{errc::id_conflict, "id_conflict"},
    named{errc::wrong_context, "wrong_context"},
    named{errc::unknown_call, "unknown_call"},
    named{errc::bad_config, "bad_config"},
    named{errc::not_allowed, "not_allowed"},
    named{errc::disk_full, "disk_full"},
    named{errc::stopping, "stopping"},
    named{errc::over_credit, "over_credit"},
    named{errc::unreachable, "unreachable"},
    named{errc::failed, "failed"},
    named{errc::unknown, "unknown"},
    named{errc::expired, "expired"},
    named{errc::dropped, "dropped"},
    named{errc::handler_failed, "handler_failed"},
    named{errc::undecodable, "undecodable"},
    named{errc::killed_process, "killed_process"},
    named{errc::damaged, "damaged"},
    named{errc::too_large_for_peer, "too_large_for_peer"},
    named{errc::orphaned, "orphaned"},
    named{errc::wrong_secret, "wrong_secret"},
    named{errc::wrong_cluster, "wrong_cluster"},
    named{errc::wrong_version, "wrong_version"},
    named{errc::wrong_name, "wrong_name"},
    named{errc::diverged_history, "diverged_history"},
    named{errc::link_settings, "link_settings"},
    named{errc::link_lost, "link_lost"},
    named{errc::link_silent, "link_silent"},
    named{errc::link_replaced, "link_replaced"},
    named{errc::link_goodbye, "link_goodbye"},
    named{errc::bad_frame, "bad_frame"},
    named{errc::handshake_late, "handshake_late"},
    named{errc::journal_locked, "journal_locked"},
    named{errc::journal_format, "journal_format"},
    named{errc::journal_damaged, "journal_damaged"},
    named{errc::journal_failed, "journal_failed"},
    named{errc::insecure_listen, "insecure_listen"},
};

constexpr auto codes = [] {
  std::array<errc, names.size()> all{};
  for (std::size_t i = 0; i < names.size(); ++i)
    all[i] = names[i].first;
  return all;
}();

}  // namespace

std::string_view to_string(errc code) {
  for (auto& [known, name] : names)
    if (known == code)
      return name;
  return "unlisted";
}

std::ostream& operator<<(std::ostream& out, errc code) {
  return out << to_string(code);
}

std::span<const errc> all_errors() {
  return codes;
}

}  // namespace holdfast
