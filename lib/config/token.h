// Tokens and other secrets in files of their own: what one may look like, and how it is read.
//
// Fails: `invalid`, never with the content.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/error.h"
#include "core/secret.h"

namespace runwatch::config {

// One line of at most 8 KiB; a single newline at its end is dropped. Fails: with a text that names the file.
core::Result<core::Secret> read_token(const std::filesystem::path& path);

using Fault = std::function<std::optional<std::string>(std::string_view)>;

// The same for a file of other secrets, which its faults call `noun`: one, or `many`, one a line.
core::Result<std::vector<core::Secret>> read_secrets(const std::filesystem::path& path, std::string_view noun,
                                                     bool many, const Fault& fault_in);

// What keeps `token` from being one, as the rest of a sentence ("is empty"); nothing for a good one. A token is one or
// more visible ASCII characters: it travels in a header line.
std::optional<std::string> fault_in_token(std::string_view token);

// Where the API token came from and what makes a new one count, as a sentence without its end.
std::string token_origin(const Api& api);

// Whether users who neither own the file nor are of its group may read it; false when that cannot be told.
bool readable_by_others(const std::filesystem::path& path);

}  // namespace runwatch::config
