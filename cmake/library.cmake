# altair_library(<name> OBJECTS <object libraries> [PUBLIC <libs>] [PRIVATE <libs>])
#
# One public library from objects that are compiled once: <name>, shared or
# static as BUILD_SHARED_LIBS says, is what users get; <name>-static is what our
# programs and tests link, so that a binary runs from anywhere. <name> exports
# altair_* alone (cmake/altair.map).
function(altair_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "OBJECTS;PUBLIC;PRIVATE")
  set(map ${PROJECT_SOURCE_DIR}/cmake/altair.map)
  set(objects)
  foreach(library IN LISTS arg_OBJECTS)
    list(APPEND objects $<TARGET_OBJECTS:${library}>)
  endforeach()

  add_library(${name} ${objects})
  set(variants ${name})
  if(BUILD_SHARED_LIBS)
    target_link_options(${name} PRIVATE
      -Wl,--version-script=${map} -Wl,--no-undefined)
    set_target_properties(${name} PROPERTIES
      SOVERSION 0 VERSION ${PROJECT_VERSION} LINK_DEPENDS ${map})
    add_library(${name}-static STATIC ${objects})
    set_target_properties(${name}-static PROPERTIES OUTPUT_NAME ${name})
    list(APPEND variants ${name}-static)
  else()
    add_library(${name}-static ALIAS ${name})
  endif()

  foreach(variant IN LISTS variants)
    target_include_directories(${variant} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${variant} PRIVATE ${arg_PRIVATE})
    foreach(library IN LISTS arg_PUBLIC)
      if(variant STREQUAL "${name}-static" AND TARGET ${library}-static)
        target_link_libraries(${variant} PUBLIC ${library}-static)
      else()
        target_link_libraries(${variant} PUBLIC ${library})
      endif()
    endforeach()
  endforeach()

  string(REGEX REPLACE "^altair-" "" export ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${export})
  add_library(altair::${export} ALIAS ${name})
  install(TARGETS ${name} EXPORT ${name}-targets)
  install(EXPORT ${name}-targets NAMESPACE altair::
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/altair)
endfunction()
