#include <holdfast/core/error.hpp>
#include <holdfast/persistence/archive_in.hpp>
#include <holdfast/persistence/archive_out.hpp>
#include <holdfast/persistence/value_bytes.hpp>

namespace holdfast {

// The archives' depth counts for values too: a value inside of a nested object has fewer levels
// left.
void save_value(archive_out& out, const value& content) {
  if (++out.depth_ > limits::archive_depth_max)
    archive_out::too_deep();
  out.number(content.kind());
  auto one = [&](auto& held) {
    using T = std::remove_cvref_t<decltype(held)>;
    if constexpr (std::is_same_v<T, array>) {
      out.number(held.size());
      out.memory_ += held.size() * sizeof(value);
      for (auto& each : held)
        save_value(out, each);
    } else if constexpr (std::is_same_v<T, dict>) {
      out.number(held.size());
      out.memory_ += held.size() * sizeof(member);
      for (auto& [name, each] : held) {
        out << name;
        save_value(out, each);
      }
    } else {
      out << held;  // null writes nothing
    }
  };
  std::visit(one, content.content());
  --out.depth_;
}

void load_value(archive_in& in, value& content) {
  if (++in.depth_ > limits::archive_depth_max)
    in.fail("values within values are nested too deeply");
  auto as = [&]<class T>(T held) {
    in >> held;
    content = value(std::move(held));
  };
  switch (static_cast<value_kind>(in.number<std::uint8_t>())) {
  case value_kind::null: content = value(); break;
  case value_kind::boolean: as(bool{}); break;
  case value_kind::integer: as(std::int64_t{}); break;
  case value_kind::real: as(double{}); break;
  case value_kind::string: as(std::string{}); break;
  case value_kind::bytes: as(binary{}); break;
  case value_kind::date_time: as(date_time{}); break;
  case value_kind::array: {
    auto count = in.count_for<char>();
    in.spend(count * sizeof(value));
    array items(count);
    for (auto& each : items)
      load_value(in, each);
    content = value(std::move(items));
    break;
  }
  case value_kind::structure: {
    auto count = in.count_for<char[9]>();  // a name's length and a kind
    in.spend(count * sizeof(member));
    std::vector<member> members(count);
    for (auto& [name, each] : members) {
      in >> name;
      load_value(in, each);
    }
    try {
      content = value(dict(std::move(members)));
    } catch (const error& twice) {
      in.fail(twice.what());
    }
    break;
  }
  default: in.fail("a value is of no known kind");
  }
  --in.depth_;
}

std::string encode_values(const array& positional, const dict& named) {
  std::string bytes;
  archive_out out(bytes);
  out << value(positional) << value(named);
  out.finish();
  return bytes;
}

dynamic_arguments decode_values(std::string_view bytes) {
  archive_in in(bytes);
  in.at_thing("the dynamic arguments");
  value positional, named;
  in >> positional >> named;
  in.finish();
  auto items = positional.get_if<array>();
  auto members = named.get_if<dict>();
  if (!items || !members)
    in.fail("they are not an array and a struct");
  return {std::move(*items), std::move(*members)};
}

}  // namespace holdfast
