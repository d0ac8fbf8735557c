#include "task/status.h"

#include <algorithm>

namespace runwatch::task {
namespace {

constexpr std::size_t kLongest = 24;  // no known spelling comes near it

constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

constexpr char fold(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' || c == ' ' ? '_' : c;
}

}  // namespace

Status parse_status(std::string_view text) {
  text = trim(text);
  if (text.size() > kLongest) return Status::unknown;
  std::array<char, kLongest> buffer{};
  std::transform(text.begin(), text.end(), buffer.begin(), fold);
  const std::string_view folded(buffer.data(), text.size());
  const auto found = std::find(kStatusNames.begin(), kStatusNames.end(), folded);
  if (found != kStatusNames.end()) return static_cast<Status>(found - kStatusNames.begin());
  return folded == "inprogress" || folded == "running" ? Status::in_progress : Status::unknown;
}

}  // namespace runwatch::task
