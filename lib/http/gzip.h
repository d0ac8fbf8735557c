// A body in gzip (RFC 1952), at libdeflate's fastest level: for answers that are made anew for each request.
//
// Threads: any; each thread keeps one compressor for its life.
// Fails: std::bad_alloc alone.
#pragma once

#include <string>
#include <string_view>

namespace runwatch::http {

std::string gzip(std::string_view body);

}  // namespace runwatch::http
