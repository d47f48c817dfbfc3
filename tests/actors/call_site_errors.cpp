// Call sites that must not compile, one a case; tests/CMakeLists.txt compiles each and reads the compiler's sentence.
#include <holdfast/actors/context.hpp>
#include <holdfast/actors/durable_actor.hpp>
#include <holdfast/actors/work_front.hpp>
#include <holdfast/actors/worker.hpp>

#include <tests/actors/call_site_types.hpp>

using namespace call_sites;

void call_site(holdfast::peer& beta, [[maybe_unused]] holdfast::controller_front& hub,
               [[maybe_unused]] holdfast::context& ctx, [[maybe_unused]] holdfast::worker& worker) {
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
#elif CASE == 13
  hub.submit(render, "a.pdf", 300.7);
#elif CASE == 14
  hub.submit(render, "a.pdf");
#elif CASE == 15
  hub.then(counted, "job-1").submit(render, "a.pdf", 300);
#elif CASE == 16
  hub.then(render, "x").submit(count_pages, "a.pdf");
#elif CASE == 17
  (void)ctx.controller("hub").wait("7-1-1", std::chrono::seconds(1));
#elif CASE == 18
  worker.serve(render, [](int) {});
#elif CASE == 19
  worker.serve(count_pages, [](const std::string&) { return std::string(); });
#elif CASE == 20
  worker.serve_async(render, [](const std::string&, int) {});
#elif CASE == 21
  (void)hub.any_of("render").call(count_pages, 12);
#endif
}
