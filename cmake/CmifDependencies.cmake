# What is found where; docs/architecture.md says why each is used.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(hwy REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)

list(PREPEND CMAKE_PREFIX_PATH ${CMIF_LLAMA_PREFIX})
# CMake remembers where it found them, whatever the prefix is now.
foreach(package llama ggml)
  cmake_path(IS_PREFIX CMIF_LLAMA_PREFIX "${${package}_DIR}" NORMALIZE
             cmif_there)
  if(NOT cmif_there)
    unset(${package}_DIR CACHE)
  endif()
endforeach()
find_package(llama CONFIG PATHS ${CMIF_LLAMA_PREFIX} NO_DEFAULT_PATH)
if(NOT llama_FOUND)
  message(FATAL_ERROR "No llama.cpp in ${CMIF_LLAMA_PREFIX}. Run ./run (it "
    "builds it there) or give -DCMIF_LLAMA_PREFIX=DIR of an installation.")
endif()

if(CMIF_TESTS)
  find_package(GTest REQUIRED)
  # The second solver that the optimal channels are checked against.
  pkg_check_modules(clp REQUIRED IMPORTED_TARGET clp)
  include(GoogleTest)
endif()
