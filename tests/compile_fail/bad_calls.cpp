// Each CASE must not compile, and the compiler must say what expected.txt has for it. CASE 0 must compile, so that the
// others fail for their own reason.

#include <holdfast/core/arguments.hpp>
#include <holdfast/core/method.hpp>
#include <holdfast/persistence/codec.hpp>

#include <memory>
#include <string>

using namespace holdfast;

inline constexpr method<void(std::string, int, bool)> render{"pages.render(path, dpi, fast)"};

template <class R, class... A>
int verb(const method<R(A...)>&, const std::type_identity_t<A>&...) {
  return 0;
}
template <class R, class... A, class... G>
requires(!all_fit<pack<A...>, pack<G...>>) int verb(const method<R(A...)>&, G&&...) {
  explain<pack<A...>, pack<G...>>();
  return 0;
}

struct holder {
  int* raw = nullptr;
  std::unique_ptr<int> owned;
  std::string_view seen;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
#if CASE == 12
    ar& raw;
#elif CASE == 13
    ar& owned;
#elif CASE == 14
    ar& seen;
#endif
    (void)ar;
  }
};

int main() {
#if CASE == 0
  static constexpr method<void(int)> good{"a.b(x)"};
  (void)good;
  return verb(render, "a", 1, true) + static_cast<int>(encode(holder()).size());
#elif CASE == 1
  return verb(render, "a", 300.7, true);
#elif CASE == 2
  return verb(render, "a", 300, "fast");
#elif CASE == 3
  return verb(render, "a", 300);
#elif CASE == 4
  return verb(render, 17, 300, true);
#elif CASE == 5
  return verb(render, nullptr, 300, true);
#elif CASE == 6
  static constexpr method<void(int)> bad{"a.b(x, y)"};
#elif CASE == 7
  static constexpr method<void(int, int)> bad{"a.b(x)"};
#elif CASE == 8
  static constexpr method<void(int)> bad{"a.b"};
#elif CASE == 9
  static constexpr method<void(int, int)> bad{"a.b(x, x)"};
#elif CASE == 10
  static constexpr method<void(int)> bad{"a b(x)"};
#elif CASE == 11
  static constexpr method<void(const std::string&)> bad{"a.b(x)"};
#else
  return static_cast<int>(encode(holder()).size());
#endif
}
