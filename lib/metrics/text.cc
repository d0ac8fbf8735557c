#include "metrics/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/text.h"
#include "task/task_key.h"

namespace runwatch::metrics {
namespace {

constexpr double kExactIntegers = 9007199254740992;  // 2^53
// Between them numbers have no exponent, as OpenMetrics asks for in `le`.
constexpr double kLeastFixed = 1e-4;
constexpr double kLeastScientific = 1e21;

std::string_view type_name(MetricType type, TextFormat format) {
  constexpr std::array<std::string_view, 4> kNames{"counter", "gauge", "histogram", "info"};
  const bool shown_as_gauge = type == MetricType::info && format == TextFormat::prometheus;
  return kNames[static_cast<std::size_t>(shown_as_gauge ? MetricType::gauge : type)];
}

template <class... How>
void append_digits(std::string& out, How... value_and_format) {
  std::array<char, 64> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value_and_format...).ptr;
  out.append(digits.data(), end);
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  std::size_t plain = 0;  // from here on nothing had to be escaped
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '\\' && c != '\n' && !(c == '"' && quotes)) continue;
    out += text.substr(plain, i - plain);
    out += '\\';
    out += c == '\n' ? 'n' : c;
    plain = i + 1;
  }
  out += text.substr(plain);
}

// `# {task_id="T…"} value time`: 40 of the 128 characters that OpenMetrics allows.
void append_exemplar(std::string& out, const task::Exemplar& exemplar) {
  out.append(" # {task_id=\"").append(task::usual_task_id(exemplar.task)).append("\"} ");
  append_number(out, exemplar.value);
  out += ' ';
  append_number(out, core::unix_seconds(exemplar.at));
}

void end_sample(std::string& out, double value, const task::Exemplar* exemplar) {
  out += ' ';
  append_number(out, value);
  if (exemplar != nullptr && task::is_usual(exemplar->task)) append_exemplar(out, *exemplar);
  out += '\n';
}

void append_bound(std::string& out, double bound, TextFormat format) {
  const auto start = out.size();
  append_number(out, bound);
  const bool spelt_as_integer = std::string_view(out).substr(start).find_first_not_of("0123456789") == out.npos;
  if (format == TextFormat::open_metrics && spelt_as_integer) out += ".0";
}

}  // namespace

std::string_view content_type(TextFormat format) {
  return format == TextFormat::open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                            : "text/plain; version=0.0.4; charset=utf-8";
}

std::string_view base_name(const Heading& heading) {
  auto name = heading.name;
  if (heading.type == MetricType::counter && name.ends_with("_total")) name.remove_suffix(6);
  if (heading.type == MetricType::info && name.ends_with("_info")) name.remove_suffix(5);
  return name;
}

std::string_view unit_of(std::string_view name) {
  for (const std::string_view unit : {"seconds", "bytes", "ratio"}) {
    if (name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_') return unit;
  }
  return {};
}

void append_heading(std::string& out, const Heading& heading, TextFormat format) {
  const bool open = format == TextFormat::open_metrics;
  const auto name = open ? base_name(heading) : heading.name;
  const auto unit = unit_of(name);
  const auto line = [&](std::string_view word, std::string_view text) {
    out.append("# ").append(word).append(" ").append(name).append(" ").append(text).append("\n");
  };
  std::string help;
  append_escaped(help, core::to_valid_utf8(heading.help), open);
  line("HELP", help);
  line("TYPE", type_name(heading.type, format));
  if (open && !unit.empty()) line("UNIT", unit);
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (std::abs(value) < kExactIntegers && value == std::trunc(value)) {
    append_digits(out, static_cast<std::int64_t>(value));
  } else if (std::abs(value) >= kLeastFixed && std::abs(value) < kLeastScientific) {
    append_digits(out, value, std::chars_format::fixed);
  } else {
    append_digits(out, value, std::chars_format::scientific);
  }
}

void append_label(std::string& labels, std::string_view name, std::string_view value) {
  if (!labels.empty()) labels += ',';
  labels.append(name).append("=\"");
  if (core::is_valid_utf8(value)) {
    append_escaped(labels, value, true);
  } else {
    append_escaped(labels, core::to_valid_utf8(value), true);
  }
  labels += '"';
}

void append_sample(std::string& out, std::string_view name, std::string_view suffix, std::string_view labels,
                   double value, const task::Exemplar* exemplar) {
  out.append(name).append(suffix);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  end_sample(out, value, exemplar);
}

void append_bucket(std::string& out, std::string_view name, std::string_view labels, double bound, double count,
                   TextFormat format, const task::Exemplar* exemplar) {
  out.append(name).append("_bucket{").append(labels).append(labels.empty() ? "le=\"" : ",le=\"");
  append_bound(out, bound, format);
  out += "\"}";
  end_sample(out, count, exemplar);
}

void append_created(std::string& out, const Heading& heading, std::string_view labels, const Context& context) {
  const bool counts = heading.type == MetricType::counter || heading.type == MetricType::histogram;
  if (!counts || context.format != TextFormat::open_metrics || context.created == task::kNoTime) return;
  append_sample(out, base_name(heading), "_created", labels, core::unix_seconds(context.created));
}

std::size_t count_samples(std::string_view text) {
  std::size_t samples = 0;
  while (!text.empty()) {
    if (text.front() != '#') ++samples;
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return samples;
}

}  // namespace runwatch::metrics
