#pragma once

#include <holdfast/core/value.hpp>

#include <string>
#include <string_view>

/// The text of XML-RPC's simple elements as values. Throws bad_argument with what is wrong with it.
namespace holdfast::detail {

/// `bits`: 32 or 64.
value xml_integer(std::string_view text, unsigned bits);
value xml_boolean(std::string_view text);
value xml_double(std::string_view text);
value xml_date_time(std::string_view text);
value xml_base64(std::string text);

std::string_view without_blanks(std::string_view text);  ///< around it

}  // namespace holdfast::detail
