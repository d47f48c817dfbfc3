#include "tests/benchmark/peers/contender.hpp"
#include "tests/benchmark/peers/server.hpp"

#include <algorithm>
#include <libpq-fe.h>
#include <stdexcept>

namespace bench::peers {
namespace {

namespace fs = std::filesystem;

using outcome = std::unique_ptr<PGresult, decltype(&PQclear)>;

class pg_connection {
public:
  explicit pg_connection(int port)
      : to_(PQconnectdb(
                ("host=127.0.0.1 user=bench dbname=postgres port=" + std::to_string(port)).c_str()),
            &PQfinish) {}

  bool is_good() const { return PQstatus(to_.get()) == CONNECTION_OK; }

  /// How many rows it gave.
  std::size_t run(const std::string& command) {
    outcome got(PQexec(to_.get(), command.c_str()), &PQclear);
    auto status = PQresultStatus(got.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(std::string("PostgreSQL: ") + PQerrorMessage(to_.get()));
    return static_cast<std::size_t>(PQntuples(got.get()));
  }

private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> to_;
};

class pg_producer final : public producer {
public:
  explicit pg_producer(int port) : to_(port) {}

  void publish(std::size_t count) override {
    std::string command = "insert into queue (content) values ";
    for (std::size_t i = 0; i < count; ++i)
      command += (i ? ",('" : "('") + content_ + "')";
    to_.run(command);
  }

private:
  pg_connection to_;
  std::string content_ = std::string(message_bytes, 'x');
};

class pg_consumer final : public consumer {
public:
  pg_consumer(int port, std::size_t most)
      : from_(port),
        command_("delete from queue where id in (select id from queue order by id limit "
                 + std::to_string(most) + " for update skip locked) returning content") {}

  std::size_t consume() override {
    auto count = from_.run(command_);
    if (count == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // it has to be asked again
    return count;
  }

private:
  pg_connection from_;
  std::string command_;
};

/// The newest that is installed.
fs::path programs() {
  std::vector<fs::path> found;
  if (fs::exists("/usr/lib/postgresql"))
    for (auto& version : fs::directory_iterator("/usr/lib/postgresql"))
      if (fs::exists(version.path() / "bin" / "initdb"))
        found.push_back(version.path() / "bin");
  return found.empty() ? fs::path("/usr/lib/postgresql") : *std::ranges::max_element(found);
}

fs::path made_cluster(const fs::path& folder) {
  run_to_end({.command = {programs() / "initdb", "-D", folder / "rows", "-U", "bench", "-A",
                          "trust", "--no-sync"},
              .folder = folder,
              .user = "postgres"});
  return folder / "rows";
}

class pg_broker final : public broker {
public:
  pg_broker(const fs::path& folder, const std::string& commit, std::size_t most)
      : most_(most),
        runs_({.command = {programs() / "postgres", "-D", made_cluster(folder), "-p",
                           std::to_string(port_), "-k", folder, "-c", "listen_addresses=127.0.0.1",
                           "-c", "synchronous_commit=" + commit},
               .folder = folder,
               .user = "postgres"}) {
    runs_.wait_until([&] { return pg_connection(port_).is_good(); });
    pg_connection(port_).run(
        "create table queue (id bigserial primary key, content text not null)");
  }

  std::unique_ptr<producer> make_producer() override {
    return std::make_unique<pg_producer>(port_);
  }
  std::unique_ptr<consumer> make_consumer() override {
    return std::make_unique<pg_consumer>(port_, most_);
  }

private:
  std::size_t most_;
  int port_ = free_port();
  server runs_;
};

contender postgresql_with(const std::string& commit, std::size_t batch, bool is_strict) {
  return {.system = "PostgreSQL",
          .settings = "SKIP LOCKED, " + std::to_string(batch) + " a commit"
                      + (is_strict ? "" : ", synchronous_commit off"),
          .is_strict = is_strict,
          .package = "postgresql",
          .program = programs() / "postgres",
          .batch = batch,
          .start = [=](const fs::path& folder) {
            return std::make_unique<pg_broker>(folder, commit, batch);
          }};
}

}  // namespace

std::vector<contender> postgresql() {
  return {postgresql_with("on", 100, true), postgresql_with("on", 1, true),
          postgresql_with("off", 100, false)};
}

}  // namespace bench::peers
