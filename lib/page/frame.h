// What every page has around it: title and icon in the colour of the verdict, links, and how old it is.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace runwatch::page {

enum class Level : std::uint8_t { none, good, warn, bad };  // none: not known yet
std::string_view name(Level level);                         // also a class of the style sheet

struct Frame {
  Level level = Level::none;
  std::string title;    // text
  std::string heading;  // text, or HTML where a name is in it
  std::string under;    // HTML below the heading
  std::string main;     // HTML
  std::string_view version;
  core::WallTime now;
};

std::string framed(const Frame& frame);

// `run?space=…&run=…`, ready for an attribute.
std::string run_link(std::string_view space, std::string_view run_id);
// The run's id as a link to its page.
std::string run_html(std::string_view space, std::string_view run_id);

std::string badge(Level level, std::string_view text);

}  // namespace runwatch::page
