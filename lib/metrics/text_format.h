// The two formats of an exposition: Prometheus text 0.0.4 and OpenMetrics 1.0.0.
#pragma once

#include <cstdint>
#include <string_view>

namespace runwatch::metrics {

enum class TextFormat : std::uint8_t { prometheus, open_metrics };

// The value of `Content-Type`.
std::string_view content_type(TextFormat format);

}  // namespace runwatch::metrics
