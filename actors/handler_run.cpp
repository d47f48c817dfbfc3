#include <holdfast/actors/handler_run.hpp>

#include <utility>

namespace holdfast {
namespace {

thread_local handler_run* here = nullptr;

}  // namespace

handler_run* current_run() {
  return here;
}

running_here::running_here(handler_run& run) : outer_(std::exchange(here, &run)) {}

running_here::~running_here() {
  here = outer_;
}

}  // namespace holdfast
