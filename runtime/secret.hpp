#pragma once

#include <filesystem>
#include <string>

namespace holdfast {

/// The cluster secret: what the nodes of one cluster prove to each other before anything else is accepted. It stands in
/// a file that only its owner can read, by default in the user's configuration folder, so that the nodes of one user on
/// one machine need no set-up; between machines the operator copies the file.

/// $XDG_CONFIG_HOME/holdfast/secret or ~/.config/holdfast/secret. Throws errc::bad_config when neither variable is set.
std::filesystem::path default_secret_file();

/// Reads the secret; when there is no such file yet, draws one and writes it, owner-only. Two processes that start at once
/// end up with the same one. Throws errc::bad_config when the file is somebody else's, can be read by others, is no
/// regular file or holds fewer than 16 characters, with the remedy.
std::string load_secret(const std::filesystem::path& file);

}  // namespace holdfast
