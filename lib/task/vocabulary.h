// Closed vocabularies for what the platform says about a run, a task and a call, so that no label grows without bound.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace runwatch::task {

template <class E>
constexpr std::size_t index(E e) {
  return static_cast<std::size_t>(e);
}

// Of a task, and of a run.
enum class Status : std::uint8_t {
  pending,
  scheduled,
  processing,
  in_progress,
  hold,
  completed,
  partially_completed,
  failed,
  unknown,
};

inline constexpr std::size_t kStatusCount = 9;
inline constexpr std::array<std::string_view, kStatusCount> kStatusNames{
    "pending",   "scheduled",           "processing", "in_progress", "hold",
    "completed", "partially_completed", "failed",     "unknown"};

constexpr std::string_view name(Status s) { return kStatusNames[index(s)]; }
constexpr bool is_finished(Status s) {
  return s == Status::completed || s == Status::partially_completed || s == Status::failed;
}

// A number of something by status.
using StatusCounts = std::array<std::uint64_t, kStatusCount>;

enum class CallStatus : std::uint8_t {
  completed,
  connected,
  not_connected,
  busy,
  no_answer,
  voicemail,
  dropped,
  cancelled,
  failed,
  other
};
inline constexpr std::array<std::string_view, 10> kCallStatusNames{
    "completed", "connected", "not_connected", "busy",   "no_answer",
    "voicemail", "dropped",   "cancelled",     "failed", "other"};

enum class CallType : std::uint8_t { outbound, inbound, web, unknown };
inline constexpr std::array<std::string_view, 4> kCallTypeNames{"outbound", "inbound", "web", "unknown"};

enum class FailureReason : std::uint8_t {
  no_answer,
  busy,
  rejected,
  voicemail,
  provider,
  timeout,
  invalid_number,
  other
};
inline constexpr std::array<std::string_view, 8> kFailureReasonNames{
    "no_answer", "busy", "rejected", "voicemail", "provider", "timeout", "invalid_number", "other"};

// What the platform documents, `other` for any other text, `mixed` for a run whose tasks differ, `none` while nothing
// could have said it (shown as an empty label value).
enum class ExecutionType : std::uint8_t { none, call, email, answer, email_classification, other, mixed };
inline constexpr std::array<std::string_view, 7> kExecutionTypeNames{
    "", "call", "email", "answer", "email_classification", "other", "mixed"};

enum class RunMode : std::uint8_t { none, prod, dev, test, prefect, default_mode, other, mixed };
inline constexpr std::array<std::string_view, 8> kRunModeNames{"",        "prod",    "dev",   "test",
                                                               "prefect", "default", "other", "mixed"};

// Trims, lowers the case, reads '-' and ' ' as '_', `inprogress` and `running` as in_progress; anything else is
// unknown.
Status parse_status(std::string_view text);

// The other spellings are compared without case, '-', '_' and blanks: `notConnected`, `not-connected` and `NOT
// CONNECTED` are one.
CallStatus parse_call_status(std::string_view text);
CallType parse_call_type(std::string_view text);
// The platform's and its providers' reason texts, by key words; `other` when none fits.
FailureReason parse_failure_reason(std::string_view text);
ExecutionType parse_execution_type(std::string_view text);
RunMode parse_run_mode(std::string_view text);

}  // namespace runwatch::task
