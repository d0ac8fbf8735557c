#include "task/call.h"

#include <algorithm>
#include <span>

#include "core/ascii.h"

namespace runwatch::task {
namespace {

// No key word and no reason worth reading needs more; a stack trace of a megabyte is not searched.
constexpr std::size_t kFoldedLength = 256;

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

template <class E>
E look_up(std::span<const Spelling<E>> table, std::string_view text, E otherwise) {
  const Folded folded(text);
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.folded == folded.text(); });
  return found == table.end() ? otherwise : found->value;
}

constexpr Spelling<CallStatus> kCallStatuses[] = {
    {"completed", CallStatus::completed},
    {"connected", CallStatus::connected},
    {"notconnected", CallStatus::not_connected},
    {"busy", CallStatus::busy},
    {"userbusy", CallStatus::busy},
    {"linebusy", CallStatus::busy},
    {"noanswer", CallStatus::no_answer},
    {"notanswered", CallStatus::no_answer},
    {"unanswered", CallStatus::no_answer},
    {"voicemail", CallStatus::voicemail},
    {"dropped", CallStatus::dropped},
    {"droped", CallStatus::dropped},
    {"calldropped", CallStatus::dropped},
    {"cancelled", CallStatus::cancelled},
    {"canceled", CallStatus::cancelled},
    {"failed", CallStatus::failed},
};

constexpr Spelling<CallType> kCallTypes[] = {
    {"outbound", CallType::outbound},
    {"outboundphonecall", CallType::outbound},
    {"outboundcall", CallType::outbound},
    {"inbound", CallType::inbound},
    {"inboundphonecall", CallType::inbound},
    {"inboundcall", CallType::inbound},
    {"web", CallType::web},
    {"webcall", CallType::web},
};

constexpr Spelling<ExecutionType> kExecutionTypes[] = {
    {"", ExecutionType::none},
    {"call", ExecutionType::call},
    {"email", ExecutionType::email},
    {"answer", ExecutionType::answer},
    {"emailclassification", ExecutionType::email_classification},
};

constexpr Spelling<RunMode> kRunModes[] = {
    {"", RunMode::none},     {"prod", RunMode::prod},       {"dev", RunMode::dev},
    {"test", RunMode::test}, {"prefect", RunMode::prefect}, {"default", RunMode::default_mode},
};

// Looked for anywhere in the folded text, the first entry that is there wins: the particular stands before the general
// (`sip 486 busy here` is busy, `twilio-failed-to-connect-call` the provider's).
constexpr Spelling<FailureReason> kReasonWords[] = {
    {"voicemail", FailureReason::voicemail},
    {"answeringmachine", FailureReason::voicemail},
    {"machinedetected", FailureReason::voicemail},
    {"invalidnumber", FailureReason::invalid_number},
    {"invalidphone", FailureReason::invalid_number},
    {"invalidcontact", FailureReason::invalid_number},
    {"invalidto", FailureReason::invalid_number},
    {"invaliddestination", FailureReason::invalid_number},
    {"numberinvalid", FailureReason::invalid_number},
    {"numberisinvalid", FailureReason::invalid_number},
    {"numberisnotvalid", FailureReason::invalid_number},
    {"notavalidphone", FailureReason::invalid_number},
    {"notavalidnumber", FailureReason::invalid_number},
    {"numberformat", FailureReason::invalid_number},
    {"numberdoesnotexist", FailureReason::invalid_number},
    {"numbernotfound", FailureReason::invalid_number},
    {"numbernotinservice", FailureReason::invalid_number},
    {"notinservice", FailureReason::invalid_number},
    {"wrongnumber", FailureReason::invalid_number},
    {"unallocated", FailureReason::invalid_number},
    {"unassignednumber", FailureReason::invalid_number},
    {"misdialed", FailureReason::invalid_number},
    {"addressincomplete", FailureReason::invalid_number},
    {"sip404", FailureReason::invalid_number},
    {"sip484", FailureReason::invalid_number},
    {"busy", FailureReason::busy},
    {"sip486", FailureReason::busy},
    {"sip600", FailureReason::busy},
    {"noanswer", FailureReason::no_answer},
    {"notanswer", FailureReason::no_answer},
    {"unanswered", FailureReason::no_answer},
    {"didntanswer", FailureReason::no_answer},
    {"nouserresponding", FailureReason::no_answer},
    {"notpick", FailureReason::no_answer},
    {"nopickup", FailureReason::no_answer},
    {"ringtimeout", FailureReason::no_answer},
    {"ringingtimeout", FailureReason::no_answer},
    {"userunavailable", FailureReason::no_answer},
    {"temporarilyunavailable", FailureReason::no_answer},
    {"sip408", FailureReason::no_answer},
    {"sip480", FailureReason::no_answer},
    {"reject", FailureReason::rejected},
    {"declin", FailureReason::rejected},
    {"blockedbyuser", FailureReason::rejected},
    {"sip603", FailureReason::rejected},
    {"timeout", FailureReason::timeout},
    {"timedout", FailureReason::timeout},
    {"maxduration", FailureReason::timeout},
    {"deadline", FailureReason::timeout},
    {"provider", FailureReason::provider},
    {"sip", FailureReason::provider},
    {"trunk", FailureReason::provider},
    {"carrier", FailureReason::provider},
    {"gateway", FailureReason::provider},
    {"network", FailureReason::provider},
    {"telephony", FailureReason::provider},
    {"twilio", FailureReason::provider},
    {"vonage", FailureReason::provider},
    {"plivo", FailureReason::provider},
    {"telnyx", FailureReason::provider},
    {"exotel", FailureReason::provider},
    {"livekit", FailureReason::provider},
    {"vapi", FailureReason::provider},
    {"pipelineerror", FailureReason::provider},
    {"websocket", FailureReason::provider},
    {"quota", FailureReason::provider},
    {"ratelimit", FailureReason::provider},
    {"servererror", FailureReason::provider},
    {"serviceunavailable", FailureReason::provider},
    {"connectionrefused", FailureReason::provider},
    {"failedtoconnect", FailureReason::provider},
};

}  // namespace

CallStatus parse_call_status(std::string_view text) {
  return look_up<CallStatus>(kCallStatuses, text, CallStatus::other);
}

CallType parse_call_type(std::string_view text) { return look_up<CallType>(kCallTypes, text, CallType::unknown); }

ExecutionType parse_execution_type(std::string_view text) {
  return look_up<ExecutionType>(kExecutionTypes, text, ExecutionType::other);
}

RunMode parse_run_mode(std::string_view text) { return look_up<RunMode>(kRunModes, text, RunMode::other); }

FailureReason parse_failure_reason(std::string_view text) {
  const Folded folded(text);
  for (const auto& [word, reason] : kReasonWords)
    if (folded.text().find(word) != std::string_view::npos) return reason;
  return FailureReason::other;
}

}  // namespace runwatch::task
