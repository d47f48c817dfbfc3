# Finds cpp-httplib as Debian has it: with a library, and with macros that its header and that library have to agree on, which
# only pkg-config knows. Result: httplib_FOUND, httplib_VERSION and the target httplib::httplib.

include(FindPackageHandleStandardArgs)

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_HTTPLIB QUIET IMPORTED_TARGET cpp-httplib)
endif()
set(httplib_VERSION "${PC_HTTPLIB_VERSION}")

find_package_handle_standard_args(
  httplib
  REQUIRED_VARS PC_HTTPLIB_FOUND
  VERSION_VAR httplib_VERSION
  REASON_FAILURE_MESSAGE "Install it with `apt-get install libcpp-httplib-dev pkgconf` (Debian, Ubuntu).")

if(httplib_FOUND AND NOT TARGET httplib::httplib)
  add_library(httplib::httplib INTERFACE IMPORTED)
  target_link_libraries(httplib::httplib INTERFACE PkgConfig::PC_HTTPLIB)
endif()
