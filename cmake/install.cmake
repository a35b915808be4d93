# What a user gets besides the targets: headers, pkg-config, find_package, man.
include(CMakePackageConfigHelpers)

install(DIRECTORY include/altair DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h"
  PATTERN uv.h EXCLUDE PATTERN uv_agent.h EXCLUDE
  PATTERN uv_link.h EXCLUDE PATTERN door.h EXCLUDE
  PATTERN json.h EXCLUDE PATTERN openssl.h EXCLUDE)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/altair)
configure_package_config_file(cmake/altair-config.cmake.in
  altair-config.cmake INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(altair-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/altair-config.cmake
  ${PROJECT_BINARY_DIR}/altair-config-version.cmake
  DESTINATION ${package_dir})

# The .pc files find their prefix from where they lie, so that a tree may be
# installed anywhere, also by `cmake --install --prefix`.
string(REGEX REPLACE "[^/]+" ".." up "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
foreach(part altair altair-json altair-link altair-openssl altair-uv)
  if(NOT TARGET ${part})
    continue()
  endif()
  configure_file(cmake/${part}.pc.in ${part}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${part}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  string(REPLACE "altair-" "" header ${part})
  if(NOT part STREQUAL "altair")
    file(GLOB headers include/altair/${header}.h include/altair/${header}_*.h
      include/altair/uv_${header}.h)
    if(header STREQUAL "uv")
      list(FILTER headers EXCLUDE REGEX "uv_link")
    endif()
    install(FILES ${headers}
      DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/altair)
  endif()
endforeach()

install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs
  FILES_MATCHING PATTERN "*.md" PATTERN man EXCLUDE)
install(FILES LICENSE README.md CHANGELOG.md SECURITY.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
foreach(section 1 3)
  install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section}
    FILES_MATCHING PATTERN "*.${section}")
endforeach()
