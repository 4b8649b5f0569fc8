# cmif_room(NAME HEADERS h... SOURCES cc... ROOMS room... LIBS lib... TESTS cc...)
#
# One static library cmif_NAME (alias cmif::NAME) that links just the rooms
# named, publicly, and third-party LIBS privately; plus one test program
# NAME_test. The arrows are checked once more by tests/arrows.py.
function(cmif_room name)
  cmake_parse_arguments(ROOM "" "" "HEADERS;SOURCES;ROOMS;LIBS;PUBLIC_LIBS;TESTS;TEST_LIBS"
                        ${ARGN})
  add_library(cmif_${name} STATIC ${ROOM_SOURCES})
  add_library(cmif::${name} ALIAS cmif_${name})
  set_target_properties(cmif_${name} PROPERTIES EXPORT_NAME ${name})
  target_sources(cmif_${name} PUBLIC FILE_SET HEADERS
    BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${ROOM_HEADERS})
  target_compile_features(cmif_${name} PUBLIC cxx_std_23)
  foreach(room ${ROOM_ROOMS})
    target_link_libraries(cmif_${name} PUBLIC cmif_${room})
  endforeach()
  target_link_libraries(cmif_${name} PUBLIC ${ROOM_PUBLIC_LIBS}
                                     PRIVATE ${ROOM_LIBS})
  if(CMIF_TESTS AND ROOM_TESTS)
    cmif_test(${name}_test SOURCES ${ROOM_TESTS}
              LIBS cmif_${name} ${ROOM_TEST_LIBS})
  endif()
endfunction()

# cmif_test(NAME SOURCES cc... LIBS target...): a GoogleTest program whose
# cases are ctest cases.
function(cmif_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE ${TEST_LIBS} GTest::gtest GTest::gmock
                                        GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    CMIF_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    CMIF_BINARY_DIR="${PROJECT_BINARY_DIR}")
  # gtest_discover_tests keeps the first entry of ENVIRONMENT alone.
  set_target_properties(${name} PROPERTIES CROSSCOMPILING_EMULATOR "env;${CMIF_TEST_ENV}")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT ${CMIF_TEST_TIMEOUT})
endfunction()
