# Finds LMDB, which ships no CMake config. Result: LMDB_FOUND, LMDB_VERSION and the target LMDB::LMDB.

include(FindPackageHandleStandardArgs)

find_path(LMDB_INCLUDE_DIR NAMES lmdb.h)
find_library(LMDB_LIBRARY NAMES lmdb)
mark_as_advanced(LMDB_INCLUDE_DIR LMDB_LIBRARY)

unset(LMDB_VERSION)
if(LMDB_INCLUDE_DIR AND EXISTS "${LMDB_INCLUDE_DIR}/lmdb.h")
  foreach(_lmdb_part IN ITEMS MAJOR MINOR PATCH)
    file(STRINGS "${LMDB_INCLUDE_DIR}/lmdb.h" _lmdb_line REGEX "^#define MDB_VERSION_${_lmdb_part}[ \t]+[0-9]+"
         LIMIT_COUNT 1)
    string(REGEX MATCH "[0-9]+$" _lmdb_${_lmdb_part} "${_lmdb_line}")
  endforeach()
  set(LMDB_VERSION "${_lmdb_MAJOR}.${_lmdb_MINOR}.${_lmdb_PATCH}")
endif()

find_package_handle_standard_args(
  LMDB
  REQUIRED_VARS LMDB_LIBRARY LMDB_INCLUDE_DIR
  VERSION_VAR LMDB_VERSION
  REASON_FAILURE_MESSAGE "Install it with `apt-get install liblmdb-dev` (Debian, Ubuntu), or pass -DLMDB_ROOT=<its prefix>.")

if(LMDB_FOUND AND NOT TARGET LMDB::LMDB)
  add_library(LMDB::LMDB UNKNOWN IMPORTED)
  set_target_properties(LMDB::LMDB PROPERTIES IMPORTED_LOCATION "${LMDB_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                                                 "${LMDB_INCLUDE_DIR}")
endif()
