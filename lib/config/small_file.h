// Files that somebody else named, read whole without trusting what they are.
//
// Owns: nothing. Threads: any.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "core/bytes.h"

namespace runwatch::config {

struct FileFault {
  enum class Kind {
    shut,   // this account may not read it
    large,  // over the limit
    other,
  };
  Kind kind = Kind::other;
  std::string text;  // the rest of a sentence that begins with the path, such as "is a directory, not a file"
};

// The whole of a regular file. Looks before it opens, so that neither a FIFO nor a device can block it.
// Fails: never with the content.
std::expected<std::string, FileFault> read_small_file(const std::filesystem::path& path, core::Bytes limit);

}  // namespace runwatch::config
