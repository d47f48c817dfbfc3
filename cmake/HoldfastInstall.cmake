# Install rules: headers and libraries are named by the layers; this adds the CMake package that finds them again.

include(CMakePackageConfigHelpers)

set(HOLDFAST_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/Holdfast")

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/HoldfastConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/HoldfastConfig.cmake" INSTALL_DESTINATION "${HOLDFAST_CMAKE_DIR}")
# Before 1.0 every minor version may break the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/HoldfastConfigVersion.cmake" COMPATIBILITY SameMinorVersion)

install(EXPORT HoldfastTargets NAMESPACE Holdfast:: DESTINATION "${HOLDFAST_CMAKE_DIR}")
install(
  FILES "${PROJECT_BINARY_DIR}/HoldfastConfig.cmake"
        "${PROJECT_BINARY_DIR}/HoldfastConfigVersion.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/FindCAF.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/FindLMDB.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/Findhttplib.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/FindxxHash.cmake"
  DESTINATION "${HOLDFAST_CMAKE_DIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
