#include "core/text.h"

#include "core/utf8.h"

namespace runwatch::core {
namespace {

bool is_space(char32_t c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0; }

bool all_ascii(std::string_view bytes) {
  for (const char c : bytes)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const CodePoint c = next_code_point(bytes);
    if (!c.valid) return false;
    bytes.remove_prefix(c.length);
  }
  return true;
}

std::string printable(std::string_view foreign, std::size_t limit) {
  std::string out;
  std::size_t characters = 0;
  std::size_t before_last = 0;  // where the last character starts, for the mark of a cut to replace it
  bool in_space = false;
  while (!foreign.empty()) {
    const CodePoint c = next_code_point(foreign);
    const bool space = c.valid && is_space(c.value);
    if (!(space && in_space)) {
      if (characters == limit) {
        if (limit > 0) out.replace(before_last, std::string::npos, "…");
        return out;
      }
      before_last = out.size();
      ++characters;
      if (space)
        out += ' ';
      else if (!c.valid || is_control(c.value) || is_deceptive(c.value))
        out += '?';
      else
        out += foreign.substr(0, c.length);
    }
    in_space = space;
    foreign.remove_prefix(c.length);
  }
  return out;
}

std::string to_valid_utf8(std::string_view bytes) {
  if (all_ascii(bytes)) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const CodePoint c = next_code_point(bytes);
    out += c.valid ? bytes.substr(0, c.length) : kReplacement;
    bytes.remove_prefix(c.length);
  }
  return out;
}

}  // namespace runwatch::core
