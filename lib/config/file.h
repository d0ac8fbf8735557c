// Reads small files that somebody else named, without trusting what they are.
#pragma once

#include <filesystem>
#include <string>

#include "core/bytes.h"
#include "core/error.h"

namespace runwatch::config {

// The whole of a regular file. Looks before it opens, so that neither a FIFO nor a device can block it.
// Fails: `invalid`, with the rest of a sentence that begins with the path, such as "is a directory".
core::Result<std::string> read_small_file(const std::filesystem::path& path, core::Bytes limit);

}  // namespace runwatch::config
