// What libcurl says of a failed exchange, in our terms. Pure.
#pragma once

#include <curl/curl.h>

#include <string_view>

#include "http/client.h"

namespace runwatch::http {

// `detail` is libcurl's error buffer, shown for TLS only, where nothing else tells what to mend. `system_error` is an
// errno or 0. The text does not name the peer.
Failure explain(CURLcode code, std::string_view detail, int system_error);

// "cannot connect to api.example.org:443: Connection refused": for a log, which may tell of several peers.
std::string name_peer(const Failure& failure, std::string_view peer);

}  // namespace runwatch::http
