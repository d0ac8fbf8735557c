// Makes a new database: under another name, then put in place at once, so that a kill or a power cut leaves either no
// database or a whole one. That is why an empty file under the database's name is never taken for a new one.
#pragma once

#include <filesystem>

#include "store/failure.h"

namespace runwatch::store {

// Does nothing when another process puts one in place first. The file's mode is 0600.
Outcome<void> create(const std::filesystem::path& path);

}  // namespace runwatch::store
