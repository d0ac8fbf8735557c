// For hints that are to be copied into a shell.
#pragma once

#include <string>
#include <string_view>

namespace runwatch::core {

// `text` as one word of a POSIX shell (POSIX.1-2017, Shell & Utilities §2.2): as it is where that needs no quotes, else
// in single quotes.
std::string shell_word(std::string_view text);

}  // namespace runwatch::core
