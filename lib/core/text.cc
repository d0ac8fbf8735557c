#include "core/text.h"

namespace runwatch::core {
namespace {

bool is_space(char32_t c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0; }

struct Shape {
  std::size_t length;
  char32_t lead;      // bits of the first byte
  char32_t smallest;  // that needs this length
};

Shape shape_of(unsigned char first) {
  if (first >= 0xC2 && first <= 0xDF) return {2, first & 0x1FU, 0x80};
  if (first >= 0xE0 && first <= 0xEF) return {3, first & 0x0FU, 0x800};
  if (first >= 0xF0 && first <= 0xF4) return {4, first & 0x07U, 0x10000};
  return {0, 0, 0};
}

}  // namespace

CodePoint next_code_point(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  if (first < 0x80) return {first, 1, true};
  const CodePoint invalid{first, 1, false};
  const Shape shape = shape_of(first);
  if (shape.length == 0 || shape.length > bytes.size()) return invalid;
  char32_t value = shape.lead;
  for (std::size_t i = 1; i < shape.length; ++i) {
    const auto next = static_cast<unsigned char>(bytes[i]);
    if ((next & 0xC0U) != 0x80U) return invalid;
    value = (value << 6) | (next & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < shape.smallest || value > 0x10FFFF || surrogate) return invalid;
  return {value, shape.length, true};
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

bool is_deceptive(char32_t c) {
  return c == 0x061C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
         c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

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
  if (is_valid_utf8(bytes)) return std::string(bytes);
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
