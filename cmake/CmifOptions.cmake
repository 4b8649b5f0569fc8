# Every option of the build, printed with its value.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

if(NOT "$ENV{CMIF_CACHE}" STREQUAL "")
  set(cmif_cache $ENV{CMIF_CACHE})
else()
  set(cmif_cache $ENV{HOME}/.cache/cmif)
endif()

# An installation of llama.cpp: include/ and lib/.
set(CMIF_LLAMA_PREFIX ${cmif_cache}/llama CACHE PATH "llama.cpp prefix")
# Comma list for -fsanitize=, for our code; llama.cpp stays as it is.
set(CMIF_SANITIZE "" CACHE STRING "sanitizers, e.g. address,undefined")
# libFuzzer binaries (clang); without it the same targets get a plain main.
option(CMIF_FUZZ "build libFuzzer targets" OFF)
option(CMIF_TESTS "build the tests" ${PROJECT_IS_TOP_LEVEL})
# GPU backend of ggml: read by scripts/setup when it builds llama.cpp; here it
# only states what the prefix was built with.
option(CMIF_CUDA "llama.cpp was built with CUDA" OFF)

foreach(option CMIF_LLAMA_PREFIX CMIF_SANITIZE CMIF_FUZZ CMIF_TESTS CMIF_CUDA)
  message(STATUS "${option} = ${${option}}")
endforeach()

find_program(CMIF_CCACHE ccache)
if(CMIF_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMIF_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMIF_CCACHE})
endif()

add_compile_options(-Wall -Wextra -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wrestrict: false alarms of g++ 12 on std::string (GCC bug 105651).
  add_compile_options(-Wshadow=local -Wno-restrict)
endif()
if(CMIF_SANITIZE)
  add_compile_options(-fsanitize=${CMIF_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CMIF_SANITIZE})
endif()
if(CMIF_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined)
  add_link_options(-fsanitize=address,undefined)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Recorded data that tests read.
set(CMIF_TESTDATA_DIR ${PROJECT_SOURCE_DIR}/testdata)

# Environment of every test; libraries without instrumentation are suppressed
# in cmake/sanitizers/, each with its reason. OpenMP's threads that wait do not
# spin: tests run beside each other.
set(CMIF_TEST_ENV "GGML_NO_BACKTRACE=1" "OMP_WAIT_POLICY=PASSIVE")
set(CMIF_TEST_TIMEOUT 300)
if(CMIF_SANITIZE)
  set(CMIF_TEST_TIMEOUT 900)  # ten times slower where it is worst
endif()
if(CMIF_SANITIZE MATCHES thread)
  list(APPEND CMIF_TEST_ENV
      "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/sanitizers/tsan.supp")
endif()
