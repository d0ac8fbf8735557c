// The configuration in force as JSON, for the page and the API: keys as in the file, and no secret.
//
// Of a token, a secret or a value of a header it says whether there is one ("set"), and where it is read from where
// that is a file; of a receiver's address the host.
#pragma once

#include <string>

#include "config/config.h"

namespace runwatch::config {

std::string show_json(const Config& config);

}  // namespace runwatch::config
