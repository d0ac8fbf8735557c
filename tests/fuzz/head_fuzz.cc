// Heads of requests: however the bytes drip in, the same is found of them, and what is accepted is what a handler may
// rely on.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/head.h"

using namespace runwatch::http;

namespace {

constexpr std::size_t kMost = 2048;  // of a head, so that the fuzzer meets the bound

void require(bool holds) {
  if (!holds) std::abort();
}

int drip(std::string_view bytes, HeadScan& scan) {
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const int found = scan.advance(bytes.substr(0, size), kMost);
    if (found != HeadScan::kMore) return found;
  }
  return HeadScan::kMore;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  HeadScan at_once, dripping;
  const int found = at_once.advance(bytes, kMost);
  const int dripped = drip(bytes, dripping);
  require((found == HeadScan::kWhole) == (dripped == HeadScan::kWhole));
  if (found != HeadScan::kWhole) return 0;
  require(at_once.end() == dripping.end() && at_once.end() <= size);
  const auto head = read_head(bytes.substr(0, at_once.end()));
  if (!head) {
    require(head.error() >= 400 && head.error() < 600);
    return 0;
  }
  require(head->path.starts_with('/') && head->path.find('\0') == std::string::npos);
  require(("/" + head->path + "/").find("/../") == std::string::npos);
  require(head->host.find_first_of("\r\n") == std::string::npos);
  require(head->patience >= runwatch::core::Duration(0) && head->patience <= kMostPatience);
  return 0;
}
