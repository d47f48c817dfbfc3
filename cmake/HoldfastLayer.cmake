# One library target per layer: holdfast_layer(core HEADERS ... SOURCES ... PUBLIC ... PRIVATE ... PCH ...).
#
#   HEADERS, SOURCES   every file of the folder, by name; the house rules compare this list with the folder
#   PUBLIC             what users of the layer's headers must link
#   PRIVATE            what only the sources need. Header-only packages go in as $<BUILD_INTERFACE:...>, so that an
#                      installed Holdfast does not ask for them
#   PCH                std, boost or caf: which precompiled headers the sources start from
#
# Makes holdfast_<layer>, alias Holdfast::<layer> (an interface target while the folder has no sources), and
# holdfast_<layer>_headers, which compiles each header as the only line of a source file, without precompiled headers.

include_guard(GLOBAL)

# Boost's and CAF's headers take longer to parse than our own code takes to compile. Each set is precompiled once and
# shared; it holds nothing of Holdfast, so that editing a header of ours never rebuilds it.
set(HOLDFAST_PCH_std <algorithm> <array> <atomic> <chrono> <cstddef> <cstdint> <cstring> <deque> <functional> <map>
    <memory> <mutex> <optional> <set> <span> <string> <string_view> <tuple> <type_traits> <utility> <variant> <vector>)
set(HOLDFAST_PCH_boost ${HOLDFAST_PCH_std} <iostream> <sstream> <boost/archive/binary_iarchive.hpp>
    <boost/archive/binary_oarchive.hpp> <boost/serialization/map.hpp> <boost/serialization/nvp.hpp>
    <boost/serialization/optional.hpp> <boost/serialization/string.hpp> <boost/serialization/vector.hpp>)
set(HOLDFAST_PCH_caf ${HOLDFAST_PCH_boost} <caf/all.hpp> <spdlog/logger.h>)
set(HOLDFAST_PCH_test_std ${HOLDFAST_PCH_std} <gtest/gtest.h>)
set(HOLDFAST_PCH_test_boost ${HOLDFAST_PCH_boost} <gtest/gtest.h>)
set(HOLDFAST_PCH_test_caf ${HOLDFAST_PCH_caf} <gtest/gtest.h>)

# Options that depend on the headers a target sees; a target and its precompiled headers must agree on them.
function(holdfast_options target flavour)
  if(flavour MATCHES "test")
    # A test is compiled more often than its own code is worth running fast; what it tests is optimised.
    target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0>)
  endif()
  if(flavour MATCHES "caf")
    # caf::spawn without arguments dereferences an empty shared_ptr to an empty tuple (detail/init_fun_factory.hpp):
    # harmless, and fatal under libstdc++'s assertions or -fsanitize=null. A real null pointer still ends the program.
    # alignment and vptr stand at every use of a pointer, a quarter of what compiling CAF's templates costs, object-size is
    # a twelfth; bytes are read and written below the actors, where all are checked.
    if(HOLDFAST_SANITIZE MATCHES "undefined")
      target_compile_options(${target} PRIVATE -fno-sanitize=null,alignment,object-size,vptr)
    endif()
  else()
    target_compile_definitions(${target} PRIVATE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
  endif()
endfunction()

# Lets `target` start from the precompiled headers named by `flavour`, building them at first use.
function(holdfast_use_pch target flavour)
  holdfast_options(${target} ${flavour})
  if(NOT HOLDFAST_PCH)
    return()
  endif()
  set(holder holdfast_pch_${flavour})
  if(NOT TARGET ${holder})
    set(empty "${PROJECT_BINARY_DIR}/generated/${holder}.cpp")
    file(CONFIGURE OUTPUT "${empty}" CONTENT "// Owns the precompiled headers.\n" @ONLY)
    add_library(${holder} OBJECT "${empty}")
    target_precompile_headers(${holder} PRIVATE ${HOLDFAST_PCH_${flavour}})
    holdfast_options(${holder} ${flavour})
    # For the definitions that come with it: a target without them could not use these headers.
    if(flavour MATCHES "boost|caf")
      target_link_libraries(${holder} PRIVATE Boost::serialization)
    endif()
    if(flavour MATCHES "caf")
      target_link_libraries(${holder} PRIVATE CAF::core spdlog::spdlog)
    endif()
    if(flavour MATCHES "test")
      target_link_libraries(${holder} PRIVATE GTest::gtest)
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${holder})
endfunction()

# One source of one line per header. The list is left in a property for the house rules, which check that it is complete.
function(holdfast_check_headers layer)
  set(units)
  foreach(header IN LISTS ARGN)
    string(REPLACE ".hpp" "" stem "${header}")
    set(unit "${PROJECT_BINARY_DIR}/generated/alone/${layer}/${stem}.cpp")
    file(CONFIGURE OUTPUT "${unit}" CONTENT "#include <holdfast/${layer}/${header}>\n" @ONLY)
    list(APPEND units "${unit}")
    set_property(GLOBAL APPEND PROPERTY HOLDFAST_CHECKED_HEADERS "${layer}/${header}")
  endforeach()
  if(units AND HOLDFAST_BUILD_TESTS AND NOT HOLDFAST_SANITIZE MATCHES "thread")
    add_library(holdfast_${layer}_headers OBJECT ${units})
    target_link_libraries(holdfast_${layer}_headers PRIVATE holdfast_${layer})
    # Only the front end matters here; without optimisation, symbols and instrumentation a header costs its parse.
    target_compile_options(holdfast_${layer}_headers PRIVATE -O0 -g0 -fno-sanitize=all)
  endif()
endfunction()

function(holdfast_layer layer)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PCH" "HEADERS;SOURCES;PUBLIC;PRIVATE")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "holdfast_layer(${layer}): do not know what to do with ${arg_UNPARSED_ARGUMENTS}")
  endif()

  set(target holdfast_${layer})
  if(arg_SOURCES)
    set(scope PUBLIC)
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target} PRIVATE ${arg_PRIVATE})
    if(HOLDFAST_UNITY)
      set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
      # A source is included here, and looks like a header whose classes differ from one place to the next.
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
    if(arg_PCH)
      holdfast_use_pch(${target} ${arg_PCH})
    endif()
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  add_library(Holdfast::${layer} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${layer})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                                               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} ${scope} ${arg_PUBLIC})

  # <holdfast/core/ids.hpp> means the same file in the build tree, in the installed tree and in the sources.
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/include/holdfast")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/include/holdfast/${layer}" SYMBOLIC)

  install(TARGETS ${target} EXPORT HoldfastTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES ${arg_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/holdfast/${layer})

  holdfast_check_headers(${layer} ${arg_HEADERS})
endfunction()
