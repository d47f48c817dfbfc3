# Finds the C++ Actor Framework where its packagers ship headers and libraries but no CMake config (Debian, Ubuntu).
#
#   find_package(CAF 0.17.6 REQUIRED)
#
# Looks for the headers and for the three libraries that Holdfast links, and reads the version from caf/config.hpp.
# Set CAF_ROOT to use a copy outside the standard folders.
#
# Result: CAF_FOUND, CAF_VERSION and the targets CAF::core, CAF::io, CAF::openssl.
# An installed Holdfast uses this same file, from its HoldfastConfig.cmake.

include(FindPackageHandleStandardArgs)

find_path(CAF_INCLUDE_DIR NAMES caf/all.hpp)
foreach(_caf_part IN ITEMS core io openssl)
  string(TOUPPER "${_caf_part}" _caf_upper)
  find_library(CAF_${_caf_upper}_LIBRARY NAMES caf_${_caf_part})
  mark_as_advanced(CAF_${_caf_upper}_LIBRARY)
endforeach()
mark_as_advanced(CAF_INCLUDE_DIR)

# CAF_VERSION is one number in the header: 1706 is 0.17.6, two decimal digits each for minor and patch.
unset(CAF_VERSION)
if(CAF_INCLUDE_DIR AND EXISTS "${CAF_INCLUDE_DIR}/caf/config.hpp")
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" _caf_line REGEX "^#define CAF_VERSION [0-9]+" LIMIT_COUNT 1)
  if(_caf_line MATCHES "CAF_VERSION ([0-9]+)")
    set(_caf_number "${CMAKE_MATCH_1}")
    math(EXPR _caf_major "${_caf_number} / 10000")
    math(EXPR _caf_minor "(${_caf_number} / 100) % 100")
    math(EXPR _caf_patch "${_caf_number} % 100")
    set(CAF_VERSION "${_caf_major}.${_caf_minor}.${_caf_patch}")
  endif()
endif()

# 0.18 renamed half of the interface (typed atoms went away, types must be numbered), so a newer CAF is refused here
# and not by a page of template errors.
set(_caf_reason "")
if(CAF_VERSION AND CAF_VERSION VERSION_GREATER_EQUAL 0.18)
  set(_caf_reason "CAF ${CAF_VERSION} in ${CAF_INCLUDE_DIR} is too new: Holdfast is written for 0.17. ")
  set(CAF_VERSION "CAF_VERSION-NOTFOUND")
endif()

find_package_handle_standard_args(
  CAF
  REQUIRED_VARS CAF_CORE_LIBRARY CAF_IO_LIBRARY CAF_OPENSSL_LIBRARY CAF_INCLUDE_DIR CAF_VERSION
  VERSION_VAR CAF_VERSION
  REASON_FAILURE_MESSAGE
    "${_caf_reason}Install it with `apt-get install libcaf-dev` (Debian, Ubuntu), or build CAF 0.17.6 from source and pass -DCAF_ROOT=<its prefix>.")

if(CAF_FOUND)
  find_package(Threads REQUIRED)
  foreach(_caf_part IN ITEMS core io openssl)
    if(NOT TARGET CAF::${_caf_part})
      string(TOUPPER "${_caf_part}" _caf_upper)
      add_library(CAF::${_caf_part} UNKNOWN IMPORTED)
      set_target_properties(
        CAF::${_caf_part} PROPERTIES IMPORTED_LOCATION "${CAF_${_caf_upper}_LIBRARY}"
                                     INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}")
    endif()
  endforeach()
  set_property(TARGET CAF::core PROPERTY INTERFACE_LINK_LIBRARIES Threads::Threads)
  set_property(TARGET CAF::io PROPERTY INTERFACE_LINK_LIBRARIES CAF::core)
  set_property(TARGET CAF::openssl PROPERTY INTERFACE_LINK_LIBRARIES CAF::io)
endif()
