// What arrives at the server, in any pieces: the scan of a request's head comes to the same end as at once, and what
// `read_head` lets pass is fit for cpp-httplib and the handlers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/request_scan.h"
#include "http/server.h"

using namespace runwatch::http;

namespace {

constexpr std::size_t kMaxBytes = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_head(std::string_view bytes) {
  const auto head = read_head(bytes);
  if (!head) {
    const int status = head.error();
    return require(status == 400 || status == 405 || status == 417 || status == 431);
  }
  require(head->path().starts_with('/'));
  require(head->target.find_first_of(std::string_view("\0\r\n \t#", 6)) == std::string::npos);
  require(head->host.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos);
  const std::string bare = bare_request(*head);
  HeadScan scan(bare.size());
  require(scan.advance(bare) == ScanState::complete && scan.begin() == 0 && scan.end() == bare.size());
  const auto again = read_head(bare);
  require(again && again->path() == head->path() && again->host == head->host && again->is_head == head->is_head);
  for (const auto list : {head->accept, head->accept_encoding}) {
    const double weight = quality(list, "gzip");
    require(weight == -1 || (weight >= 0 && weight <= 1));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = std::size_t{data[0]} % 16 + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  HeadScan at_once(kMaxBytes);
  const auto expected = at_once.advance(bytes);
  HeadScan dripping(kMaxBytes);
  auto state = ScanState::incomplete;
  std::size_t heard = 0;
  while (state == ScanState::incomplete && heard < bytes.size()) {
    heard = heard + step < bytes.size() ? heard + step : bytes.size();
    state = dripping.advance(bytes.substr(0, heard));
  }
  require(state == expected);
  if (state == ScanState::complete) {
    require(dripping.begin() == at_once.begin() && dripping.end() == at_once.end());
    check_head(bytes.substr(at_once.begin(), at_once.end() - at_once.begin()));
  }
  return 0;
}
