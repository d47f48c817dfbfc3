#include <holdfast/actors/work_run.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/limits.hpp>

#include <algorithm>
#include <exception>

namespace holdfast {

bool work_run::succeed(std::string value) {
  if (value.size() > work::item_bytes_max)
    return end(run_end::failed, "the result of " + order_.method + " takes "
                                    + std::to_string(value.size()) + " bytes; at most "
                                    + std::to_string(work::item_bytes_max)
                                    + " can be kept: store it elsewhere and return where it is");
  return finish({run_end::done, std::move(value), {}, {}});
}

bool work_run::end(run_end how, std::string text) {
  if (text.size() > limits::error_text_bytes_max)
    text.resize(limits::error_text_bytes_max);
  return finish({how, {}, std::move(text), {}});
}

bool work_run::fail_with(std::string text, std::string value) {
  if (text.size() > limits::error_text_bytes_max)
    text.resize(limits::error_text_bytes_max);
  if (value.size() > work::item_bytes_max)
    value.clear();
  return finish({run_end::failed, std::move(value), std::move(text), {}});
}

bool work_run::finish(run_ending ending) {
  if (is_over_.exchange(true))
    return false;
  std::vector<std::function<void()>> unused;  // they may keep a ticket, and so this run
  {
    std::lock_guard guard(mutex_);
    unused.swap(callbacks_);
  }
  ending.saw_cancel = saw_cancel_;
  line_->with([&](run_listener& listener) { listener.run_ended(key(), std::move(ending)); });
  return true;
}

void work_run::cancel() {
  std::vector<std::function<void()>> callbacks;
  {
    std::lock_guard guard(mutex_);
    if (is_cancelled_.exchange(true))
      return;
    callbacks.swap(callbacks_);
  }
  std::exception_ptr problem;
  for (auto& callback : callbacks) {
    saw_cancel_ = true;
    try {
      callback();
    } catch (...) {
      problem = std::current_exception();
    }
  }
  if (problem)
    std::rethrow_exception(problem);
}

bool work_run::is_cancelled() const {
  if (!is_cancelled_)
    return false;
  saw_cancel_ = true;
  return true;
}

void work_run::on_cancel(std::function<void()> callback) {
  {
    std::lock_guard guard(mutex_);
    if (is_over_)
      return;
    if (!is_cancelled_) {
      callbacks_.push_back(std::move(callback));
      return;
    }
  }
  saw_cancel_ = true;
  callback();
}

void work_run::progress(double part, const std::string& text) const {
  if (is_over_)
    return;
  auto bounded = text.substr(0, limits::error_text_bytes_max);
  line_->with([&](run_listener& listener) {
    listener.run_progressed(key(), std::clamp(part, 0.0, 1.0), bounded);
  });
}

void work_run::save_checkpoint(std::string content) {
  if (content.size() > work::item_bytes_max)
    throw error(errc::too_large, "a checkpoint of " + order_.method + " has "
                                     + std::to_string(content.size()) + " bytes; at most "
                                     + std::to_string(work::item_bytes_max)
                                     + " can be kept: store it elsewhere and save where it is");
  {
    std::lock_guard guard(mutex_);
    if (is_over_)
      return;
    checkpoint_ = std::move(content);
    if (std::exchange(is_told_, true))
      return;  // the one before has not been taken yet: this one takes its place
  }
  line_->with([&](run_listener& listener) { listener.run_saved(key()); });
}

std::string work_run::checkpoint() {
  std::lock_guard guard(mutex_);
  is_told_ = false;
  return checkpoint_;
}

}  // namespace holdfast
