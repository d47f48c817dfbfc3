// Shows durable actors: accounts that are addressed by name, whose state is committed with each call, and a transfer that
// never loses money because its second half is queued in the transaction of its first.
//
//     bank DIRECTORY

#include <holdfast/runtime/node.hpp>

#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

struct account {
  static constexpr const char* actor_name = "bank.account";
  template <class M>
  static constexpr void methods(M& m) {
    m("deposit(amount)", &account::deposit)("transfer(to, amount)",
                                            &account::transfer)("balance", &account::balance);
  }

  long deposit(long amount) { return total_ += amount; }

  long transfer(holdfast::context& ctx, const std::string& to, long amount) {
    if (amount > total_)
      throw std::runtime_error("there are only " + std::to_string(total_));
    total_ -= amount;
    ctx.self().actor<account>(to).queue<&account::deposit>(amount);
    return total_;
  }

  long balance() const { return total_; }

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& boost::serialization::make_nvp("total", total_);
  }

private:
  long total_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path directory = argc > 1 ? argv[1] : "bank-data";
  std::filesystem::create_directories(directory);
  holdfast::node bank({.data = directory / "bank",
                       .log_level = "warn",
                       .name = "bank",
                       .secret_file = directory / "secret"});
  bank.serve<account>();
  bank.start();

  auto alice = bank.self().actor<account>("alice");
  auto bob = bank.self().actor<account>("bob");
  auto before = alice.call<&account::balance>().value() + bob.call<&account::balance>().value();
  alice.queue<&account::deposit>(100);
  alice.queue<&account::transfer>("bob", 30);

  // Calls of one actor run in turn, and so does this one behind the two above; bob's deposit comes a moment later.
  std::cout << "alice has " << alice.call<&account::balance>().value() << "\n";
  auto refused = alice.call<&account::transfer>("bob", 1'000'000);
  std::cout << "a transfer of 1000000 " << refused.error().kind << ": " << refused.error().text
            << "\n";

  long after = 0;
  while ((after = alice.call<&account::balance>().value() + bob.call<&account::balance>().value())
         != before + 100) {}
  std::cout << "together they have " << after - before << " more than before\n";
  return 0;
}
