# Which commit this is, and its date; a tree without git has neither.
find_package(Git QUIET)
set(RUNWATCH_REVISION "unknown")
set(RUNWATCH_DATE "1970-01-01")
set(RUNWATCH_DATE_RFC "Thu, 01 Jan 1970 00:00:00 +0000")
if(GIT_FOUND)
  execute_process(
    COMMAND ${GIT_EXECUTABLE} log -1 --abbrev=12 --format=%h|%cs|%cD
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(revision MATCHES "^([^|]+)[|]([^|]+)[|](.+)$")
    set(RUNWATCH_REVISION ${CMAKE_MATCH_1})
    set(RUNWATCH_DATE ${CMAKE_MATCH_2})
    set(RUNWATCH_DATE_RFC ${CMAKE_MATCH_3})
  endif()
endif()
