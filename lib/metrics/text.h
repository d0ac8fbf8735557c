// The grammar of both exposition formats, piece by piece: numbers, labels, headings and sample lines.
//
// prometheus-cpp's own serializer leaves line breaks in help and invalid UTF-8 in values as they are, and one such byte
// makes Prometheus reject the whole scrape. A sample line is the same bytes in both formats, but for exemplars,
// `_created` and the spelling of `le`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "task/counters.h"

namespace runwatch::metrics {

// Prometheus text 0.0.4 and OpenMetrics 1.0.0.
enum class TextFormat : std::uint8_t { prometheus, open_metrics };

std::string_view content_type(TextFormat format);  // the value of `Content-Type`

enum class MetricType : std::uint8_t { counter, gauge, histogram, info };

struct Heading {
  std::string_view name;  // of its samples: counters with `_total`, infos with `_info`
  MetricType type;
  std::string_view help;
};

// `# HELP`, `# TYPE` and, in OpenMetrics, `# UNIT` where the name ends in one.
void append_heading(std::string& out, const Heading& heading, TextFormat format);

// The base unit that a family's name (without `_total`) ends in; empty: none.
std::string_view unit_of(std::string_view name);

// The name of the family in OpenMetrics: without `_total` and `_info`.
std::string_view base_name(const Heading& heading);

// How an answer is written: its format and, where asked for, since when what it counts is counted.
struct Context {
  TextFormat format = TextFormat::prometheus;
  core::WallTime created = task::kNoTime;  // kNoTime: without `_created`
};

void append_number(std::string& out, double value);

// `name="value"`, after a comma if `labels` holds something. The value may be any bytes.
void append_label(std::string& labels, std::string_view name, std::string_view value);

// `name suffix{labels} value`, with no exemplar if that is null or its task has no id of the usual form.
void append_sample(std::string& out, std::string_view name, std::string_view suffix, std::string_view labels,
                   double value, const task::Exemplar* exemplar = nullptr);

// `name_bucket{labels,le="bound"} count`. `le` is `5` in text and, as the specification has it, `5.0` in OpenMetrics.
void append_bucket(std::string& out, std::string_view name, std::string_view labels, double bound, double count,
                   TextFormat format, const task::Exemplar* exemplar = nullptr);

// `name_created{labels} time` of a counter or histogram, in OpenMetrics and where asked for.
void append_created(std::string& out, const Heading& heading, std::string_view labels, const Context& context);

// Lines that are samples.
std::size_t count_samples(std::string_view text);

}  // namespace runwatch::metrics
