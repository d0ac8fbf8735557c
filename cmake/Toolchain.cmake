# Warnings, sanitizers and compiler cache for every target of the project.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast)
if(RUNWATCH_SANITIZE)
  add_compile_options(-fsanitize=${RUNWATCH_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RUNWATCH_SANITIZE})
  add_compile_options(-Wno-maybe-uninitialized)  # GCC 12 misjudges what a sanitizer put in; the release build looks
  # These two ask before each access through a pointer and double the time that GCC takes for a file. What they find of
  # null, ASan finds as well, but for a reference that nobody uses; clang's build for fuzzing keeps both.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND RUNWATCH_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize=null,alignment)
  endif()
endif()
