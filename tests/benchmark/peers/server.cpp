#include "tests/benchmark/peers/server.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <iterator>
#include <netinet/in.h>
#include <pwd.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench::peers {
namespace {

constexpr double start_max = 60, stop_max = 10;
constexpr std::size_t log_shown = 600;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string end_of(const std::filesystem::path& log) {
  std::ifstream in(log);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  return text.size() > log_shown ? text.substr(text.size() - log_shown) : text;
}

bool take_user(const passwd* user) {
  return !user
         || (setgroups(0, nullptr) == 0 && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0);
}

[[noreturn]] void become(const server::how& its, const passwd* user, pid_t parent) {
  setpgid(0, 0);
  int log = open((its.folder / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (log < 0 || !take_user(user) || chdir(its.folder.c_str()) != 0)
    _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // behind the change of user, which clears it
  if (getppid() != parent)
    _exit(126);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  for (auto& [name, value] : its.environment)
    setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> words;
  for (auto& word : its.command)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  _exit(127);
}

pid_t start(const server::how& its) {
  std::filesystem::create_directories(its.folder);
  const passwd* user = its.user.empty() || geteuid() != 0 ? nullptr : getpwnam(its.user.c_str());
  if (!its.user.empty() && geteuid() == 0 && !user)
    throw std::runtime_error("there is no user " + its.user);
  if (user && chown(its.folder.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error("cannot give " + its.folder.string() + " to " + its.user);
  auto parent = getpid();
  auto child = fork();
  if (child == 0)
    become(its, user, parent);
  if (child < 0)
    throw std::runtime_error("no process for " + its.command[0]);
  setpgid(child, child);  // whichever of the two is first
  return child;
}

}  // namespace

int free_port() {
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t length = sizeof address;
  bool is_good = bind(socket, reinterpret_cast<sockaddr*>(&address), length) == 0
                 && getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  close(socket);
  if (!is_good)
    throw std::runtime_error("no free port on loopback");
  return ntohs(address.sin_port);
}

bool is_open(int port) {
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(port);
  bool is_good = connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(socket);
  return is_good;
}

server::server(const how& its)
    : group_(start(its)), log_(its.folder / "log"), name_(its.command[0]) {}

server::~server() {
  kill(-group_, SIGTERM);
  for (stopwatch waited; !has_ended() && waited.seconds() < stop_max;)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  kill(-group_, SIGKILL);  // and what it has left behind
  if (!is_gone_)
    waitpid(group_, nullptr, 0);
}

bool server::has_ended() {
  is_gone_ = is_gone_ || waitpid(group_, nullptr, WNOHANG) == group_;
  return is_gone_;
}

void server::check(double waited) {
  if (has_ended())
    throw std::runtime_error(name_ + " has ended; it said: " + end_of(log_));
  if (waited > start_max)
    throw std::runtime_error(name_ + " is not ready after a minute; it said: " + end_of(log_));
}

void run_to_end(const server::how& its) {
  auto child = start(its);
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(its.command[0] + " failed; it said: " + end_of(its.folder / "log"));
}

}  // namespace bench::peers
