# A room is a folder of lib/, a static library and a namespace, all of one name. Its public links are the rooms it may
# include; its private ones are the third-party libraries that live behind it.
function(runwatch_room name)
  cmake_parse_arguments(ROOM "" "" "LINKS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  if(NOT sources)  # values alone
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ROOM_LINKS})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/lib)
  target_link_libraries(${name} PUBLIC ${ROOM_LINKS} PRIVATE fmt::fmt ${ROOM_LIBRARIES})
endfunction()

# Test code itself runs once: what counts is how long it takes to build. (Below -O1 GCC 12 also keeps quiet about
# uninitialised members of std::regex, which it misjudges under a sanitizer.)
function(runwatch_test_code target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(
    ${target} PRIVATE TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data" RUNWATCH_SOURCE="${CMAKE_SOURCE_DIR}"
                      DOCTEST_CONFIG_SUPER_FAST_ASSERTS)
  target_compile_options(${target} PRIVATE -O0 -g0 -fno-sanitize=undefined)
endfunction()

# The tests of one room: every *_test.cc of the folder in one doctest binary, registered with CTest.
function(runwatch_test name)
  cmake_parse_arguments(TEST "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources} ${CMAKE_SOURCE_DIR}/tests/support/main.cc)
  runwatch_test_code(${name}_test)
  target_link_libraries(${name}_test PRIVATE ${TEST_LINKS} fmt::fmt)
  if(RUNWATCH_SANITIZE STREQUAL "thread")
    set(suffix .tsan)
  endif()
  add_test(NAME ${name}${suffix} COMMAND ${name}_test)
  set_tests_properties(${name}${suffix} PROPERTIES TIMEOUT 600)
endfunction()
