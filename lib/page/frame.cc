#include "page/frame.h"

#include <fmt/format.h>

#include <array>

#include "page/html.h"

namespace runwatch::page {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames{"none", "good", "warn", "bad"};
constexpr std::array<std::string_view, 4> kLevelSigns{"⚪", "🟢", "🟡", "🔴"};

std::string head(const Frame& frame) {
  const auto level = static_cast<std::size_t>(frame.level);
  return fmt::format(R"(<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{} {} · runwatch</title>
<link rel="icon" type="image/svg+xml" href="icon.svg?level={}">
<link rel="stylesheet" href="style.css">
<script src="script.js" defer></script>
</head>
)",
                     kLevelSigns.at(level), escape_html(frame.title), kLevelNames.at(level));
}

}  // namespace

std::string_view name(Level level) { return kLevelNames.at(static_cast<std::size_t>(level)); }

std::string framed(const Frame& frame) {
  return fmt::format(R"(<!DOCTYPE html>
<html lang="en">
{}<body>
<header>
<a class="skip" href="#main">Skip to what is watched</a>
<p id="stale" class="stale" role="alert" hidden></p>
<div class="top"><a class="name" href="./">runwatch</a><nav aria-label="Pages"><a href="./">Overview</a><a href="metrics">Metrics</a><a href="api/v1/status">API</a></nav></div>
<div id="verdict" class="verdict {}"><div role="status"><h1>{}</h1></div>
{}</div>
</header>
<main id="main" tabindex="-1">
{}</main>
<footer><span id="state">As of {} UTC, runwatch {}.</span> <button id="pause" type="button" hidden>Pause refreshing</button><noscript>Reload for a newer state.</noscript></footer>
</body>
</html>
)",
                     head(frame), name(frame.level), frame.heading, frame.under, frame.main, clock_seconds(frame.now),
                     escape_html(frame.version));
}

std::string run_link(std::string_view space, std::string_view run_id) {
  return fmt::format("run?space={}&amp;run={}", escape_query(space), escape_query(run_id));
}

std::string run_html(std::string_view space, std::string_view run_id) {
  return fmt::format(R"(<a href="{}"><code class="id">{}</code></a>)", run_link(space, run_id), name_html(run_id));
}

std::string badge(Level level, std::string_view text) {
  return fmt::format(R"(<span class="badge {}">{}</span>)", name(level), escape_html(text));
}

}  // namespace runwatch::page
