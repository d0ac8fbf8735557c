#include "core/utf8.h"

namespace runwatch::core {
namespace {

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

}  // namespace runwatch::core
