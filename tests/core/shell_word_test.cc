#include "core/shell_word.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <memory>
#include <string>

using runwatch::core::shell_word;

namespace {

std::string shell_says(const std::string& word) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> shell(::popen(("printf %s " + word).c_str(), "r"), ::pclose);
  std::string out(1000, '\0');
  out.resize(std::fread(out.data(), 1, out.size(), shell.get()));
  return out;
}

}  // namespace

TEST_CASE("a path that needs no quotes is shown as it is") {
  for (const std::string plain : {"/etc/runwatch/runwatch.toml", "./a-b_c+d@e,f=g:h%i"})
    CHECK(shell_word(plain) == plain);
}

TEST_CASE("a shell takes a word for what it was made of") {
  for (const std::string text :
       {"", "plain", "two words", "it's", "''", "$HOME `id` $(id)", "a;b&c|d>e<f", "*?[a]{b,c}~", "!history #no",
        "tab\tand\nline", "\"double\"", "back\\slash", "caf\xC3\xA9"})
    CHECK_MESSAGE(shell_says(shell_word(text)) == text, text);
}
