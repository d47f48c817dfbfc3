// Shows that nothing is lost and nothing is done twice: two processes work through a tree of files and are killed with
// kill -9 on the way; at the end their tables are compared with a plain pass over the same files.
#include "driver.hpp"
#include "roles.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <iostream>

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  demo::drive_settings drive;
  demo::role_settings role;
  std::string which;

  CLI::App app("Works through a tree of files in two processes that are killed on the way, and "
               "checks the result.");
  app.add_option("tree", drive.root, "the files")
      ->capture_default_str()
      ->check(CLI::ExistingDirectory);
  app.add_option("--kills", drive.kills, "how often each process is killed on the way")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  app.add_option("--files", drive.files_max, "how many files at most: the first ones")
      ->capture_default_str();
  app.add_option("--seed", drive.seed, "of the moments at which they are killed")
      ->capture_default_str();
  for (auto* hidden :
       {app.add_option("--role", which), app.add_option("--data", role.data),
        app.add_option("--secret-file", role.secret_file), app.add_option("--listen", role.listen),
        app.add_option("--peer", role.peer_address)})
    hidden->group("");
  CLI11_PARSE(app, argc, argv);

  role.root = drive.root;
  role.files_max = drive.files_max;
  if (which == "source")
    return demo::run_source(role);
  if (which == "target")
    return demo::run_target(role);
  return demo::drive(drive);
} catch (const std::exception& problem) {
  std::cerr << "demo: " << problem.what() << "\n";
  return 1;
}
