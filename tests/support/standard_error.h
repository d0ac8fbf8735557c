// What a piece of code writes to standard error.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace runwatch::test {

template <class F>
std::string standard_error_of(F&& run) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int saved = ::dup(2);
  REQUIRE(::dup2(::fileno(file), 2) == 2);
  run();
  REQUIRE(::dup2(saved, 2) == 2);
  ::close(saved);
  std::string out(static_cast<std::size_t>(std::ftell(file)) + 65536, '\0');
  std::rewind(file);
  out.resize(std::fread(out.data(), 1, out.size(), file));
  std::fclose(file);
  return out;
}

}  // namespace runwatch::test
