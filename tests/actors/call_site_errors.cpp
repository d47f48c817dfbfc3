// Call sites that must not compile, one a case; tests/CMakeLists.txt compiles each and reads the compiler's sentence.
#include <holdfast/actors/context.hpp>
#include <holdfast/actors/durable_actor.hpp>

#include <tests/actors/call_site_types.hpp>

using namespace call_sites;

void call_site(holdfast::peer& beta) {
#if CASE == 0  // the one that compiles: the others fail for what they say and nothing else
  beta.queue(render, "a.pdf", 300);
#elif CASE == 1
  beta.queue(render, "a.pdf", 300.7);
#elif CASE == 2
  beta.queue(render, "a.pdf");
#elif CASE == 3
  (void)beta.call(count_pages, 12);
#elif CASE == 4
  beta.send(progress, "a.pdf", "half");
#elif CASE == 5
  beta.actor<account>("alice").queue<&account::hidden>();
#elif CASE == 6
  beta.actor<account>("alice").queue<&account::deposit>("much");
#elif CASE == 7
  beta.then(counted, "job-1").queue(render, "a.pdf", 300);
#elif CASE == 8
  beta.then(counted, 12).queue(count_pages, "a.pdf");
#elif CASE == 9
  beta.then(render, "x").queue(count_pages, "a.pdf");
#elif CASE == 10
  (void)make_served(render, [](int) {});
#elif CASE == 11
  (void)make_served(count_pages, [](const std::string&) { return std::string(); });
#elif CASE == 12
  (void)beta.actor<account>("alice").call<&account::deposit>();
#endif
}
