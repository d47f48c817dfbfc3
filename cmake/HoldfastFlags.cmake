# Flags of this tree: warnings, sanitizers, linker, ccache. Nothing here reaches users of an installed Holdfast.

include_guard(GLOBAL)

add_compile_options(-Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual -Winvalid-pch)
# GCC counts an enumerator of an enum class as hiding a type of that name.
add_compile_options($<IF:$<CXX_COMPILER_ID:GNU>,-Wshadow=local,-Wshadow>)
# Options structs are written as {.expires_in = 1h}: the members left out have their defaults.
add_compile_options(-Wno-missing-field-initializers)

if(HOLDFAST_WERROR)
  add_compile_options(-Werror -Wno-error=invalid-pch)
  # These follow the data flow of inlined library code, and differ with compiler version and sanitizer: shown, not fatal.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-error=maybe-uninitialized -Wno-error=array-bounds -Wno-error=stringop-overflow
                        -Wno-error=stringop-overread -Wno-error=restrict -Wno-error=free-nonheap-object)
    if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
      add_compile_options(-Wno-error=dangling-reference)
    endif()
  endif()
endif()

if(HOLDFAST_SANITIZE)
  add_compile_options(-fsanitize=${HOLDFAST_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${HOLDFAST_SANITIZE})
  if(HOLDFAST_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(HOLDFAST_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # libstdc++ uses fences in a few places that TSan cannot model; GCC says so once per inclusion.
    add_compile_options(-Wno-tsan)
  endif()
endif()

if(HOLDFAST_BUILD_FUZZERS)
  # libFuzzer is led by what it sees covered; the layers are what it is meant to see.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Sixty programs with sanitizers take the usual linker two seconds each.
find_program(MOLD_PROGRAM mold)
mark_as_advanced(MOLD_PROGRAM)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# Precompiled headers go through ccache only if it is told that their time stamps do not matter.
if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(CCACHE_PROGRAM ccache)
  mark_as_advanced(CCACHE_PROGRAM)
  if(CCACHE_PROGRAM)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_SLOPPINESS=pch_defines,time_macros"
                                    "${CCACHE_PROGRAM}")
  endif()
endif()
if(HOLDFAST_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache")
  add_compile_options(-fpch-preprocess)
endif()
