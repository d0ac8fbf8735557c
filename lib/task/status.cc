#include "task/status.h"

#include <algorithm>

#include "core/ascii.h"

namespace runwatch::task {
namespace {

constexpr std::size_t kLongest = 24;  // no known spelling comes near it

constexpr char fold(char c) { return c == '-' || c == ' ' ? '_' : core::lower(c); }

}  // namespace

Status parse_status(std::string_view text) {
  text = core::trim(text, " \t\n\v\f\r");
  if (text.size() > kLongest) return Status::unknown;
  std::array<char, kLongest> buffer{};
  std::transform(text.begin(), text.end(), buffer.begin(), fold);
  const std::string_view folded(buffer.data(), text.size());
  const auto found = std::find(kStatusNames.begin(), kStatusNames.end(), folded);
  if (found != kStatusNames.end()) return static_cast<Status>(found - kStatusNames.begin());
  return folded == "inprogress" || folded == "running" ? Status::in_progress : Status::unknown;
}

}  // namespace runwatch::task
