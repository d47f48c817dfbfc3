#include <algorithm>
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <tests/fuzz/allocation_gauge.hpp>

namespace {

thread_local bool counting = false;
thread_local std::ptrdiff_t held = 0;
thread_local std::ptrdiff_t peak = 0;

void* count(void* block) {
  if (counting && block) {
    held += static_cast<std::ptrdiff_t>(malloc_usable_size(block));
    peak = std::max(peak, held);
  }
  return block;
}

void* take(std::size_t size) {
  auto block = std::malloc(size);
  if (!block)
    throw std::bad_alloc();
  return count(block);
}

void give_back(void* block) {
  if (counting && block)
    held -= static_cast<std::ptrdiff_t>(malloc_usable_size(block));
  std::free(block);
}

}  // namespace

allocation_gauge::allocation_gauge() {
  held = peak = 0;
  counting = true;
}

allocation_gauge::~allocation_gauge() {
  counting = false;
}

std::size_t allocation_gauge::peak_bytes() const {
  return static_cast<std::size_t>(peak);
}

void* operator new(std::size_t size) {
  return take(size);
}
void* operator new[](std::size_t size) {
  return take(size);
}
// The sanitizer has its own of these too, which would not match our delete.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return count(std::malloc(size));
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return count(std::malloc(size));
}
void operator delete(void* block) noexcept {
  give_back(block);
}
void operator delete[](void* block) noexcept {
  give_back(block);
}
void operator delete(void* block, std::size_t) noexcept {
  give_back(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  give_back(block);
}
