// What libcurl says of a failed exchange, in our terms. Pure.
#pragma once

#include <curl/curl.h>

#include <string_view>

#include "http/client.h"

namespace runwatch::http {

// `detail` is libcurl's error buffer: it may name the host and is shown for TLS only, where nothing else tells what to
// mend. `system_error` is an errno or 0.
Failure explain(CURLcode code, std::string_view detail, int system_error);

}  // namespace runwatch::http
