// Shows that nothing is lost and nothing is done twice, while processes are killed with kill -9, and compares with a
// plain pass over the same files: first queued calls between two nodes, then work that a controller gives to workers.
#include "cluster.hpp"
#include "driver.hpp"
#include "interruption.hpp"
#include "roles.hpp"
#include "work_driver.hpp"

#include <holdfast/runtime/run.hpp>

#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <iostream>

int main(int argc, char** argv) try {
  // The second part's nodes are those that every program with this line has, and so is what keeps their commands.
  if (argc > 1 && demo::is_command(argv[1]))
    return holdfast::run(argc, argv, [](holdfast::node&) {});
  std::signal(SIGPIPE, SIG_IGN);
  demo::drive_settings drive;
  demo::role_settings role;
  std::string which;

  CLI::App app("Works through a tree of files in processes that are killed on the way, and checks "
               "the results: queued calls first, then work for a controller and its workers.");
  app.add_option("tree", drive.root, "the files")
      ->capture_default_str()
      ->check(CLI::ExistingDirectory);
  app.add_option("--kills", drive.kills, "how often each process is killed on the way")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  app.add_option("--files", drive.files_max, "how many files at most: the first ones")
      ->capture_default_str();
  app.add_option("--items", drive.items_max,
                 "how many of the files the workers compress and checksum; 0: none")
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
  demo::stop_when_interrupted();
  auto calls = demo::drive(drive);
  if (calls != 0 || drive.items_max == 0)
    return calls;
  return demo::drive_work(drive);
} catch (const std::exception& problem) {
  std::cerr << "demo: " << problem.what() << "\n";
  return 1;
}
