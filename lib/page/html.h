// HTML for people, piece by piece: escaping, times, numbers and links.
//
// Pure. Every text of a foreign origin goes through `escape_html`, names through `name_html`; nothing else makes
// foreign bytes part of a page. Links are relative, so that the page lives below any path of a reverse proxy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/ascii.h"
#include "core/clock.h"
#include "view/snapshot.h"

namespace runwatch::page {

inline constexpr std::string_view kUnknown = R"(<span class="dim">–</span>)";

// For text and for attribute values in double quotes; what is no UTF-8, controls, and marks that make text look like
// other text become U+FFFD.
std::string escape_html(std::string_view text);

// A foreign name: escaped, and kept from turning the text around it when it is written from right to left.
std::string name_html(std::string_view name);

// For the value of a query parameter in a link: everything but letters, digits and `-._~` as %XX.
std::string escape_query(std::string_view text);

std::string span_text(core::Duration span);                       // `40 s`, `12 min`, `5 h`, `3 days`
std::string age_text(core::WallTime then, core::WallTime now);    // `12 min ago`; ahead of now: `in 12 min`
std::string clock_seconds(core::WallTime time);                   // `2026-02-02 03:12:40`: UTC
std::string clock_text(core::WallTime time, core::WallTime now);  // `03:12`, of another day `Feb 2, 03:12`: UTC

// `<time>` with the exact time as its title; kUnknown for kNoTime.
std::string ago_html(core::WallTime time, core::WallTime now);    // 12 min ago
std::string clock_html(core::WallTime time, core::WallTime now);  // 03:12
std::string both_html(core::WallTime time, core::WallTime now);   // 03:12 (12 min ago)

std::string number_text(std::uint64_t n);                        // `12,345`
std::string count_text(std::uint64_t n, std::string_view noun);  // `1 run`, `2 runs`
// `38 %`; what is there is never 0 %, what is not all never 100 %.
std::string share_text(std::uint64_t part, std::uint64_t whole);

using core::words;

}  // namespace runwatch::page
