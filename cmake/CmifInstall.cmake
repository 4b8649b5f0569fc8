# `cmake --install`: the program, and every room as a static library with its
# headers. Two export sets, so that a user of the privacy core needs none of
# what the other rooms link:
#   find_package(cmif COMPONENTS privacy)   base and privacy
#   find_package(cmif)                      all rooms
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(cmif_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cmif)
set(cmif_core_rooms)
set(cmif_more_rooms)
foreach(room base privacy crypto text model tee platform wire attest broker engine server
             client gateway eval)
  if(NOT TARGET cmif_${room})
    continue()
  endif()
  if(room MATCHES "^(base|privacy)$")
    set(set core)
  else()
    set(set more)
  endif()
  list(APPEND cmif_${set}_rooms ${room})
  install(TARGETS cmif_${room} EXPORT cmif-${set}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endforeach()
foreach(set core more)
  if(cmif_${set}_rooms)
    install(EXPORT cmif-${set} NAMESPACE cmif:: DESTINATION ${cmif_config_dir})
  endif()
endforeach()

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/cmifConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cmifConfig.cmake
  INSTALL_DESTINATION ${cmif_config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cmifConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cmifConfig.cmake
              ${PROJECT_BINARY_DIR}/cmifConfigVersion.cmake
        DESTINATION ${cmif_config_dir})
# The default classifier and its clusters, which cmif demo looks for.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION share/cmif/models)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DOCDIR})

# llama.cpp stays where it is: the program finds it there, or in its own
# prefix's lib/ when someone puts it there.
if(TARGET cmif)
  set_target_properties(cmif PROPERTIES INSTALL_RPATH
    "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};${CMIF_LLAMA_PREFIX}/lib"
    # One path for both: CMake would pad that of the built program with empty
    # entries, which mean the current folder, to exchange it.
    BUILD_WITH_INSTALL_RPATH ON)
  install(TARGETS cmif RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
