#include "sim/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/ascii.h"

namespace runwatch::sim {
namespace {

enum class Value : std::uint8_t { share, duration, number, text };

struct Name {
  std::string_view name;
  Value value;
  std::string_view help;
};

using enum Value;
constexpr std::array kNames{
    Name{"latency", duration, "latency=200ms   each answer is held back that long"},
    Name{"truncate", share, "truncate=0.05   the body ends before its length"},
    Name{"badjson", share, "badjson=0.02    200 with half a document, no JSON or a page"},
    Name{"envelope", share, "envelope=0.02   200 whose body says status_code 206"},
    Name{"shift", share, "shift=0.2       a task arrives in the run being read"},
    Name{"vanish", share, "vanish=0.01     a task of the run being read is deleted"},
    Name{"shrink", share, "shrink=0.5      that share of the tasks is left out"},
    Name{"clamp", number, "clamp=20        no page holds more rows"},
    Name{"ignore-page", share, "ignore-page     every page is the first one"},
    Name{"miscount", share, "miscount=0.1    count is one too high"},
    Name{"no-count", share, "no-count        count is missing"},
    Name{"down", share, "down            503 without a body"},
    Name{"limit", number, "limit=3         beyond so many answers in a second, 429"},
    Name{"retry-after", text, "retry-after=2   that header with 429 and 503; @30: the date in 30 s"},
    Name{"wrong-run", share, "wrong-run=0.1   rows of another run of the space"},
    Name{"unasked", share, "unasked=0.1     once idle, a second answer: another run's rows"},
    Name{"idle-408", share, "idle-408=0.1    once idle, 408 and the connection's end"},
    Name{"lost-404", share, "lost-404        a run that is not there answers 404"},
};

// In the order of Call.
constexpr std::array<std::string_view, 5> kCalls{"tasks", "runs", "spaces", "space", "organizations"};

std::optional<core::Duration> read_duration(std::string_view text) {
  const bool ms = text.ends_with("ms");
  if (!ms && !text.ends_with('s')) return std::nullopt;
  text.remove_suffix(ms ? 2 : 1);
  const auto number = core::parse_number<double>(text);
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

// The `/call[:page]` at the end; false when it is none.
bool take_filter(std::string_view& text, Fault& fault) {
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) return true;
  auto filter = text.substr(slash + 1);
  const auto colon = filter.find(':');
  const auto* call = std::ranges::find(kCalls, filter.substr(0, colon));
  if (call == kCalls.end()) return false;
  if (colon != std::string_view::npos) {
    fault.page = core::parse_number<std::uint64_t>(filter.substr(colon + 1));
    if (!fault.page || *fault.page == 0) return false;
  }
  fault.call = static_cast<Call>(call - kCalls.begin());
  text = text.substr(0, slash);
  return true;
}

// What is wrong with the value; empty when nothing is.
std::string_view read_value(Value kind, std::optional<std::string_view> given, Fault& fault) {
  const auto value = given.value_or("");
  if (kind == share && given) {
    fault.share = core::parse_number<double>(value).value_or(-1);
    return fault.share >= 0 && fault.share <= 1 ? "" : "give a share from 0 to 1";
  }
  if (kind == share) return {};
  if (kind == duration) {
    fault.latency = read_duration(value).value_or(core::Duration(-1));
    return fault.latency >= core::Duration::zero() ? "" : "give a duration up to an hour, as in 200ms or 1.5s";
  }
  if (kind == number) {
    fault.number = core::parse_number<std::uint64_t>(value).value_or(0);
    return fault.number > 0 ? "" : "give a number from 1 on";
  }
  if (fault.name == "retry-after" && value.starts_with('@')) {
    const auto seconds = core::parse_number<std::uint32_t>(value.substr(1));
    fault.number = seconds.value_or(0);
    return seconds ? "" : "give whole seconds, as in @30";
  }
  fault.text = value;
  const bool fine = std::ranges::all_of(value, [](char c) { return c >= 0x20 && c < 0x7f; });
  return fine && !value.empty() ? "" : "give a printable text";
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
  auto kind = share;
  const auto* known = std::ranges::find(kNames, name, &Name::name);
  if (const auto code = core::parse_number<std::uint64_t>(name); code && is_status(*code)) {
    fault.number = *code;
  } else if (known != kNames.end()) {
    fault.name = known->name;
    kind = known->value;
  } else {
    std::string names;
    for (const auto& each : kNames) names.append(each.name).append(", ");
    return refuse(text, fmt::format("unknown; known are {}the HTTP statuses 204, 206, 301, 302 and 400 to 599", names));
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
