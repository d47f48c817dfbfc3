// Shows a durable call that outlives the program: queued while its target is away, run when it is back, and its outcome
// told to a completion.
//
//     durable_call DIRECTORY

#include <holdfast/runtime/node.hpp>

#include <filesystem>
#include <future>
#include <iostream>
#include <string>

namespace {

using namespace std::chrono_literals;

constexpr holdfast::method<int(std::string)> count_words{"text.count_words(text)"};
constexpr holdfast::method<void(holdfast::outcome<int>, std::string)> counted{
    "text.counted(result, title)"};
constexpr holdfast::table<std::string, int> words_in{"words"};

holdfast::node_options options(const std::filesystem::path& directory, const std::string& name) {
  return {.data = directory / name,
          .log_level = "warn",
          .name = name,
          .secret_file = directory / "secret"};
}

// The first life of alpha: beta does not exist yet, and the call is on disk all the same.
void queue_and_leave(const std::filesystem::path& directory) {
  holdfast::node alpha(options(directory, "alpha"));
  auto id = alpha.to("beta")
                .with({.expires_in = 1h})
                .then(counted, "opening")
                .queue(count_words, "Call me Ishmael. Some years ago");
  std::cout << "queued " << id.to_text() << ", and alpha ends\n";
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path directory = argc > 1 ? argv[1] : "durable-call-data";
  std::filesystem::create_directories(directory);
  queue_and_leave(directory);

  holdfast::node beta([&] {
    auto with_address = options(directory, "beta");
    with_address.listen = "127.0.0.1:0";
    return with_address;
  }());
  beta.serve(count_words, [](holdfast::context& ctx, const std::string& text) {
    int words = 0;
    for (std::size_t at = 0; (at = text.find_first_not_of(' ', at)) != std::string::npos; ++words)
      at = text.find(' ', at);
    ctx.state(words_in).put(ctx.caller(), words);
    return words;
  });
  beta.start();

  std::promise<int> heard;
  holdfast::node alpha([&] {
    auto with_peer = options(directory, "alpha");
    with_peer.peers = {{"beta", beta.address()}};
    return with_peer;
  }());
  alpha.serve(counted, [&](const holdfast::outcome<int>& result, const std::string& title) {
    std::cout << title << ": " << (result ? std::to_string(*result.value) + " words" : result.error)
              << "\n";
    heard.set_value(result.value.value_or(0));
  });
  alpha.start();
  return heard.get_future().get() == 6 ? 0 : 1;
}
