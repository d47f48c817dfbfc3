# cmake -DCOMPILER=... -DINCLUDES=a|b -DSOURCE=... -DCASE=n -DEXPECT=text -P check.cmake
# Passes when SOURCE with CASE does not compile and the compiler's output has EXPECT. CASE 0 must compile.
string(REPLACE "|" ";" includes "${INCLUDES}")
list(TRANSFORM includes PREPEND "-I")
set(ENV{LC_ALL} C)
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only -DCASE=${CASE} ${includes} "${SOURCE}"
  RESULT_VARIABLE status
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)
if(CASE EQUAL 0)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "CASE 0 must compile:\n${output}")
  endif()
elseif(status EQUAL 0)
  message(FATAL_ERROR "CASE ${CASE} compiles, and must not")
else()
  string(FIND "${output}" "${EXPECT}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "CASE ${CASE} does not say '${EXPECT}':\n${output}")
  endif()
endif()
