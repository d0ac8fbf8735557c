#include "sim/fault.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace runwatch::sim {
namespace {

enum class Value : std::uint8_t { share, duration, number, text };

struct Name {
  std::string_view name;
  FaultKind kind;
  Value value;
  std::string_view help;
};

constexpr std::array kNames{
    Name{"latency", FaultKind::latency, Value::duration, "latency=200ms   each answer is held back that long"},
    Name{"truncate", FaultKind::truncate, Value::share, "truncate=0.05   the body ends before its length"},
    Name{"badjson", FaultKind::bad_json, Value::share, "badjson=0.02    200 with half a document, no JSON or a page"},
    Name{"envelope", FaultKind::envelope, Value::share, "envelope=0.02   200 whose body says status_code 206"},
    Name{"shift", FaultKind::shift, Value::share, "shift=0.2       a task arrives in the run being read"},
    Name{"vanish", FaultKind::vanish, Value::share, "vanish=0.01     a task of the run being read is deleted"},
    Name{"shrink", FaultKind::shrink, Value::share, "shrink=0.5      that share of the tasks is left out"},
    Name{"clamp", FaultKind::clamp, Value::number, "clamp=20        no page holds more rows"},
    Name{"ignore-page", FaultKind::ignore_page, Value::share, "ignore-page     every page is the first one"},
    Name{"miscount", FaultKind::miscount, Value::share, "miscount=0.1    count is one too high"},
    Name{"no-count", FaultKind::no_count, Value::share, "no-count        count is missing"},
    Name{"down", FaultKind::down, Value::share, "down            503 without a body"},
    Name{"limit", FaultKind::limit, Value::number, "limit=3         beyond so many answers in a second, 429"},
    Name{"retry-after", FaultKind::retry_after, Value::text,
         "retry-after=2   that header with 429 and 503, as given; @30: the date in 30 s"},
    Name{"redirect", FaultKind::redirect, Value::text, "redirect=URL    302 to there"},
    Name{"wrong-run", FaultKind::wrong_run, Value::share, "wrong-run=0.1   rows of another run of the space"},
    Name{"unasked", FaultKind::unasked, Value::share,
         "unasked=0.1     on the connection, once idle, a second answer with another run's rows"},
    Name{"idle-408", FaultKind::idle_408, Value::share, "idle-408=0.1    likewise 408, and the connection ends"},
    Name{"lost-404", FaultKind::lost_404, Value::share, "lost-404        a run that is not there answers 404"},
};

constexpr std::array<std::pair<std::string_view, Call>, 5> kCalls{{{"tasks", Call::tasks},
                                                                   {"runs", Call::runs},
                                                                   {"spaces", Call::spaces},
                                                                   {"space", Call::space},
                                                                   {"organizations", Call::organizations}}};

template <class N>
std::optional<N> read_number(std::string_view text) {
  N value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<core::Duration> read_duration(std::string_view text) {
  const bool ms = text.ends_with("ms");
  if (!ms && !text.ends_with('s')) return std::nullopt;
  text.remove_suffix(ms ? 2 : 1);
  const auto number = read_number<double>(text);
  if (!number || !(*number >= 0 && *number <= 3600e3)) return std::nullopt;
  const auto duration = core::Duration(static_cast<core::Duration::rep>(*number * (ms ? 1 : 1000)));
  return duration <= std::chrono::hours(1) ? std::optional(duration) : std::nullopt;
}

std::unexpected<core::Error> refuse(std::string_view text, std::string_view why) {
  return core::fail(core::ErrorKind::invalid, fmt::format("fault '{}': {}", text, why));
}

bool is_status(std::uint64_t number) {
  return number == 204 || number == 206 || number == 301 || number == 302 || (number >= 400 && number <= 599);
}

const Name* find_name(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, &Name::name);
  return found == kNames.end() ? nullptr : found;
}

// The `/call[:page]` at the end; false when it is none. A redirect's URL has slashes of its own, so only a known call
// behind the last one counts there.
bool take_filter(std::string_view& text, Fault& fault) {
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) return true;
  auto filter = text.substr(slash + 1);
  const auto colon = filter.find(':');
  const auto* call = std::ranges::find(kCalls, filter.substr(0, colon), &std::pair<std::string_view, Call>::first);
  if (call == kCalls.end()) return text.starts_with("redirect=");
  if (colon != std::string_view::npos) {
    fault.page = read_number<std::uint64_t>(filter.substr(colon + 1));
    if (!fault.page || *fault.page == 0) return false;
  }
  fault.call = call->second;
  text = text.substr(0, slash);
  return true;
}

std::string_view read_value(Value kind, std::optional<std::string_view> value, Fault& fault) {
  switch (kind) {
    case Value::share: {
      const auto share = value ? read_number<double>(*value) : std::optional(1.0);
      if (!share || !(*share >= 0 && *share <= 1)) return "give a share from 0 to 1";
      fault.share = *share;
      return {};
    }
    case Value::duration: {
      const auto duration = value ? read_duration(*value) : std::nullopt;
      if (!duration) return "give a duration up to an hour, as in 200ms or 1.5s";
      fault.latency = *duration;
      return {};
    }
    case Value::number: {
      const auto number = value ? read_number<std::uint64_t>(*value) : std::nullopt;
      if (!number || *number == 0) return "give a number from 1 on";
      fault.number = *number;
      return {};
    }
    case Value::text:
      break;
  }
  const auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (!value || value->empty() || !std::ranges::all_of(*value, printable)) return "give a printable text";
  const bool date = fault.kind == FaultKind::retry_after && value->starts_with('@');
  const auto seconds = date ? read_number<std::uint32_t>(value->substr(1)) : std::nullopt;
  if (date && !seconds) return "give whole seconds, as in @30";
  fault.number = seconds.value_or(0);
  if (!date) fault.text = *value;
  return {};
}

}  // namespace

core::Result<Fault> parse_fault(std::string_view text) {
  Fault fault;
  auto rest = text;
  if (!take_filter(rest, fault)) {
    return refuse(text, "behind the slash goes tasks, runs, spaces, space or organizations, and perhaps :PAGE");
  }
  const auto equals = rest.find('=');
  const auto name = rest.substr(0, equals);
  const auto value = equals == std::string_view::npos ? std::nullopt : std::optional(rest.substr(equals + 1));
  auto kind = Value::share;
  if (const auto status = read_number<std::uint64_t>(name); status && is_status(*status)) {
    fault.number = *status;
  } else if (const auto* known = find_name(name)) {
    fault.kind = known->kind;
    kind = known->value;
  } else {
    std::vector<std::string_view> names;
    for (const auto& each : kNames) names.push_back(each.name);
    return refuse(text, fmt::format("unknown; known are {} and the HTTP statuses 204, 206, 301, 302, 400 to 599",
                                    fmt::join(names, ", ")));
  }
  if (const auto wrong = read_value(kind, value, fault); !wrong.empty()) return refuse(text, wrong);
  return fault;
}

core::Result<std::vector<Fault>> parse_faults(std::string_view text) {
  std::vector<Fault> faults;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto fault = parse_fault(text.substr(0, comma));
    if (!fault) return std::unexpected(fault.error());
    faults.push_back(*std::move(fault));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return faults;
}

std::string fault_help() {
  std::string help = "500=0.1         that share of answers has this status (204, 206, 301, 302, 400 to 599)\n";
  for (const auto& name : kNames) help.append(name.help).append("\n");
  return help.append(
      "Behind each may follow /tasks, /runs, /spaces, /space or /organizations, and :PAGE, as in 500=1/tasks:2\n");
}

}  // namespace runwatch::sim
