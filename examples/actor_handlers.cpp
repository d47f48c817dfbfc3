// Shows three CAF actors served as methods: each is asked with the call's arguments, and what it replies is the result.
//
//     actor_handlers DIRECTORY

#include <holdfast/runtime/actor_handlers.hpp>

#include <caf/all.hpp>

#include <filesystem>
#include <iostream>
#include <string>

namespace {

constexpr holdfast::method<std::string(std::string)> shout{"words.shout(text)"};
constexpr holdfast::method<int(int)> add{"sums.add(number)"};
constexpr holdfast::method<std::string(std::string)> slow_shout{"words.slow_shout(text)"};

// Answers at once.
caf::behavior shouter(caf::event_based_actor*) {
  return {[](std::string& text) {
    for (auto& c : text)
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
  }};
}

// Has a state of its own, in memory; refuses what it does not like.
struct sum {
  int total = 0;
};
caf::behavior adder(caf::stateful_actor<sum>* self) {
  return {[self](int number) -> caf::result<int> {
    if (number < 0)
      return caf::make_error(caf::sec::invalid_argument, "only upwards");
    return self->state.total += number;
  }};
}

// Asks another actor before it answers.
caf::behavior patient(caf::event_based_actor* self, caf::actor helper) {
  return {[self, helper](const std::string& text) {
    auto promise = self->make_response_promise<std::string>();
    self->request(helper, caf::infinite, text).then([promise](const std::string& loud) mutable {
      promise.deliver(loud + "!");
    });
    return promise;
  }};
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path directory = argc > 1 ? argv[1] : "actor-handlers-data";
  std::filesystem::create_directories(directory);
  holdfast::node node({.data = directory / "alpha",
                       .log_level = "warn",
                       .name = "alpha",
                       .secret_file = directory / "secret"});
  auto loud = node.system().spawn(shouter);
  node.serve(shout, loud);
  node.serve(add, node.system().spawn(adder));
  node.serve(slow_shout, node.system().spawn(patient, loud));
  node.start();

  std::cout << node.self().call(shout, "hello").value() << "\n";
  (void)node.self().call(add, 2).value();
  std::cout << node.self().call(add, 40).value() << "\n";
  std::cout << node.self().call(slow_shout, "hello").value() << "\n";
  auto refused = node.self().call(add, -1);
  std::cout << refused.error().kind << ": " << refused.error().text << "\n";
  return 0;
}
