#include "task/vocabulary.h"

#include <algorithm>
#include <span>

#include "core/ascii.h"

namespace runwatch::task {
namespace {

// No key word and no reason worth reading needs more; a stack trace of a megabyte is not searched.
constexpr std::size_t kFoldedLength = 256;
constexpr std::size_t kLongestStatus = 24;  // no known spelling comes near it

// Lower case, without '-', '_', '.' and blanks; cut after kFoldedLength characters.
class Folded {
 public:
  explicit Folded(std::string_view text) {
    for (const char c : text) {
      if (c == '-' || c == '_' || c == '.' || c == ' ' || (c >= '\t' && c <= '\r')) continue;
      if (size_ == buffer_.size()) break;
      buffer_[size_++] = core::lower(c);
    }
  }
  std::string_view text() const { return {buffer_.data(), size_}; }

 private:
  std::array<char, kFoldedLength> buffer_;
  std::size_t size_ = 0;
};

template <class E>
struct Spelling {
  std::string_view folded;
  E value;
};

// Whether a name of ours is, but for its '_', the folded text.
bool spells(std::string_view name, std::string_view folded) {
  for (const char c : name) {
    if (c == '_') continue;
    if (!folded.starts_with(c)) return false;
    folded.remove_prefix(1);
  }
  return folded.empty();
}

// The value that is called so, or that the platform calls so, too; else `otherwise`, as what follows it in `names` is
// nothing that the platform says.
template <class E>
E look_up(std::span<const std::string_view> names, std::span<const Spelling<E>> others, std::string_view text,
          E otherwise) {
  const Folded folded(text);
  for (std::size_t i = 0; i < index(otherwise); ++i)
    if (spells(names[i], folded.text())) return static_cast<E>(i);
  const auto found = std::ranges::find(others, folded.text(), &Spelling<E>::folded);
  return found == others.end() ? otherwise : found->value;
}

constexpr Spelling<CallStatus> kOtherCallStatuses[] = {
    {"userbusy", CallStatus::busy},        {"linebusy", CallStatus::busy},  {"notanswered", CallStatus::no_answer},
    {"unanswered", CallStatus::no_answer}, {"droped", CallStatus::dropped}, {"calldropped", CallStatus::dropped},
    {"canceled", CallStatus::cancelled},
};

constexpr Spelling<CallType> kOtherCallTypes[] = {
    {"outboundphonecall", CallType::outbound},
    {"outboundcall", CallType::outbound},
    {"inboundphonecall", CallType::inbound},
    {"inboundcall", CallType::inbound},
    {"webcall", CallType::web},
};

// Looked for anywhere in the folded text, the first line that has a word of it wins: the particular stands before the
// general (`sip 486 busy here` is busy, `twilio-failed-to-connect-call` the provider's).
constexpr struct {
  FailureReason reason;
  std::array<std::string_view, 12> words;
} kReasonWords[] = {
    {FailureReason::voicemail, {"voicemail", "answeringmachine", "machinedetected"}},
    {FailureReason::invalid_number,
     {"invalidnumber", "invalidphone", "invalidcontact", "invalidto", "invaliddestination", "numberinvalid",
      "numberisinvalid", "numberisnotvalid", "notavalidphone", "notavalidnumber", "numberformat"}},
    {FailureReason::invalid_number,
     {"numberdoesnotexist", "numbernotfound", "numbernotinservice", "notinservice", "wrongnumber", "unallocated",
      "unassignednumber", "misdialed", "addressincomplete", "sip404", "sip484"}},
    {FailureReason::busy, {"busy", "sip486", "sip600"}},
    {FailureReason::no_answer,
     {"noanswer", "notanswer", "unanswered", "didntanswer", "nouserresponding", "notpick", "nopickup"}},
    {FailureReason::no_answer,
     {"ringtimeout", "ringingtimeout", "userunavailable", "temporarilyunavailable", "sip408", "sip480"}},
    {FailureReason::rejected, {"reject", "declin", "blockedbyuser", "sip603"}},
    {FailureReason::timeout, {"timeout", "timedout", "maxduration", "deadline"}},
    {FailureReason::provider,
     {"provider", "sip", "trunk", "carrier", "gateway", "network", "telephony", "twilio", "vonage", "plivo", "telnyx"}},
    {FailureReason::provider,
     {"exotel", "livekit", "vapi", "pipelineerror", "websocket", "quota", "ratelimit", "servererror",
      "serviceunavailable", "connectionrefused", "failedtoconnect"}},
};

}  // namespace

Status parse_status(std::string_view text) {
  text = core::trim(text, " \t\n\v\f\r");
  if (text.size() > kLongestStatus) return Status::unknown;
  std::array<char, kLongestStatus> buffer{};
  std::ranges::transform(text, buffer.begin(), [](char c) { return c == '-' || c == ' ' ? '_' : core::lower(c); });
  const std::string_view folded(buffer.data(), text.size());
  const auto found = std::ranges::find(kStatusNames, folded);
  if (found != kStatusNames.end()) return static_cast<Status>(found - kStatusNames.begin());
  return folded == "inprogress" || folded == "running" ? Status::in_progress : Status::unknown;
}

CallStatus parse_call_status(std::string_view text) {
  return look_up<CallStatus>(kCallStatusNames, kOtherCallStatuses, text, CallStatus::other);
}

CallType parse_call_type(std::string_view text) {
  return look_up<CallType>(kCallTypeNames, kOtherCallTypes, text, CallType::unknown);
}

ExecutionType parse_execution_type(std::string_view text) {
  return look_up<ExecutionType>(kExecutionTypeNames, {}, text, ExecutionType::other);
}

RunMode parse_run_mode(std::string_view text) { return look_up<RunMode>(kRunModeNames, {}, text, RunMode::other); }

FailureReason parse_failure_reason(std::string_view text) {
  const Folded folded(text);
  for (const auto& [reason, words] : kReasonWords)
    for (const auto word : words)
      if (!word.empty() && folded.text().contains(word)) return reason;
  return FailureReason::other;
}

}  // namespace runwatch::task
