# Finds xxHash, whose packages ship no CMake config. Result: xxHash_FOUND, xxHash_VERSION and the target xxHash::xxhash.

include(FindPackageHandleStandardArgs)

find_path(xxHash_INCLUDE_DIR NAMES xxhash.h)
find_library(xxHash_LIBRARY NAMES xxhash)
mark_as_advanced(xxHash_INCLUDE_DIR xxHash_LIBRARY)

unset(xxHash_VERSION)
if(xxHash_INCLUDE_DIR AND EXISTS "${xxHash_INCLUDE_DIR}/xxhash.h")
  foreach(_xxhash_part IN ITEMS MAJOR MINOR RELEASE)
    file(STRINGS "${xxHash_INCLUDE_DIR}/xxhash.h" _xxhash_line
         REGEX "^#define XXH_VERSION_${_xxhash_part}[ \t]+[0-9]+" LIMIT_COUNT 1)
    string(REGEX MATCH "[0-9]+$" _xxhash_${_xxhash_part} "${_xxhash_line}")
  endforeach()
  set(xxHash_VERSION "${_xxhash_MAJOR}.${_xxhash_MINOR}.${_xxhash_RELEASE}")
endif()

find_package_handle_standard_args(
  xxHash
  REQUIRED_VARS xxHash_LIBRARY xxHash_INCLUDE_DIR
  VERSION_VAR xxHash_VERSION
  REASON_FAILURE_MESSAGE
    "Install it with `apt-get install libxxhash-dev` (Debian, Ubuntu), or pass -DxxHash_ROOT=<its prefix>.")

if(xxHash_FOUND AND NOT TARGET xxHash::xxhash)
  add_library(xxHash::xxhash UNKNOWN IMPORTED)
  set_target_properties(xxHash::xxhash PROPERTIES IMPORTED_LOCATION "${xxHash_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                                                       "${xxHash_INCLUDE_DIR}")
endif()
