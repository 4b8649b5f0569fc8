# Installs the finished build to a scratch prefix and builds two projects
# against it: one with the privacy core alone, one with every room.
# -DBUILD -DSCRATCH -DGENERATOR -DCXX_COMPILER
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status
                  OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}\nfailed (${status}):\n${output}")
  endif()
  message(STATUS "${output}")
endfunction()

function(consume name components)
  set(folder ${SCRATCH}/${name})
  run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${folder}
      -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX_COMPILER}
      -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix "-DCOMPONENTS=${components}")
  run(${CMAKE_COMMAND} --build ${folder})
  run(${folder}/consumer)
  if(EXISTS ${folder}/privacy_core)
    run(${folder}/privacy_core)
  endif()
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/prefix)
set(core base)
if(EXISTS ${SCRATCH}/prefix/include/cmif/privacy)
  set(core privacy)
endif()
consume(core ${core})
consume(all "")
if(EXISTS ${SCRATCH}/prefix/bin/cmif)
  run(${SCRATCH}/prefix/bin/cmif --version)
endif()

# A room that was not installed is named, not found half.
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer
    -B ${SCRATCH}/none -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix
    -DCMAKE_CXX_COMPILER=${CXX_COMPILER} -DCOMPONENTS=attic
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0 OR NOT output MATCHES "no room attic")
  message(FATAL_ERROR "COMPONENTS attic: expected a refusal, got\n${output}")
endif()
