#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "task/vocabulary.h"

using namespace runwatch::task;

TEST_CASE("the platform's spellings of a call's outcome are normalised by one table") {
  const std::pair<const char*, CallStatus> cases[] = {
      {"completed", CallStatus::completed},
      {"Completed ", CallStatus::completed},
      {"connected", CallStatus::connected},
      {"notConnected", CallStatus::not_connected},
      {"not-connected", CallStatus::not_connected},
      {"NOT CONNECTED", CallStatus::not_connected},
      {"not_connected", CallStatus::not_connected},
      {"busy", CallStatus::busy},
      {"no-answer", CallStatus::no_answer},
      {"noAnswer", CallStatus::no_answer},
      {"voicemail", CallStatus::voicemail},
      {"droped", CallStatus::dropped},
      {"dropped", CallStatus::dropped},
      {"cancelled", CallStatus::cancelled},
      {"canceled", CallStatus::cancelled},
      {"failed", CallStatus::failed},
      {"callDispatched", CallStatus::other},
      {"incall", CallStatus::other},
      {"unknown", CallStatus::other},
      {"", CallStatus::other},
      {"busybusy", CallStatus::other},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(parse_call_status(text) == expected);
  }
  for (std::size_t i = 0; i < kCallStatusNames.size(); ++i) CHECK(index(parse_call_status(kCallStatusNames[i])) == i);
}

TEST_CASE("a call's direction is read in both shapes") {
  const std::pair<const char*, CallType> cases[] = {
      {"outbound", CallType::outbound},
      {"outboundPhoneCall", CallType::outbound},
      {"inbound", CallType::inbound},
      {"Inbound", CallType::inbound},
      {"inboundPhoneCall", CallType::inbound},
      {"webCall", CallType::web},
      {"web", CallType::web},
      {"unknown", CallType::unknown},
      {"", CallType::unknown},
      {"carrier pigeon", CallType::unknown},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(parse_call_type(text) == expected);
  }
}

TEST_CASE("why a call failed is read from key words, the particular before the general") {
  const std::pair<const char*, FailureReason> cases[] = {
      {"no-answer", FailureReason::no_answer},
      {"customer-did-not-answer", FailureReason::no_answer},
      {"No answer: ring timeout", FailureReason::no_answer},
      {"SIP 480 Temporarily Unavailable", FailureReason::no_answer},
      {"customer-busy", FailureReason::busy},
      {"sip 486 Busy Here", FailureReason::busy},
      {"USER_REJECTED", FailureReason::rejected},
      {"call declined by the customer", FailureReason::rejected},
      {"sip-603", FailureReason::rejected},
      {"voicemail", FailureReason::voicemail},
      {"answering_machine", FailureReason::voicemail},
      {"invalid phone number", FailureReason::invalid_number},
      {"Invalid number format", FailureReason::invalid_number},
      {"twilio-reported-customer-misdialed", FailureReason::invalid_number},
      {"silence-timed-out", FailureReason::timeout},
      {"exceeded-max-duration", FailureReason::timeout},
      {"CONNECTION_TIMEOUT", FailureReason::timeout},
      {"twilio-failed-to-connect-call", FailureReason::provider},
      {"SIP_TRUNK_FAILURE", FailureReason::provider},
      {"phone-call-provider-closed-websocket", FailureReason::provider},
      {"customer-ended-call", FailureReason::other},
      {"something new", FailureReason::other},
      {"", FailureReason::other},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(parse_failure_reason(text) == expected);
  }
  CHECK(parse_failure_reason(std::string(1'000'000, 'x') + "busy") == FailureReason::other);
}

TEST_CASE("execution types and run modes are the documented ones, other, or none for no text") {
  CHECK(parse_execution_type("call") == ExecutionType::call);
  CHECK(parse_execution_type("Email") == ExecutionType::email);
  CHECK(parse_execution_type("email_classification") == ExecutionType::email_classification);
  CHECK(parse_execution_type("answer") == ExecutionType::answer);
  CHECK(parse_execution_type("dance") == ExecutionType::other);
  CHECK(parse_execution_type("mixed") == ExecutionType::other);
  CHECK(parse_execution_type("") == ExecutionType::none);
  for (const auto mode : {RunMode::prod, RunMode::dev, RunMode::test, RunMode::prefect, RunMode::default_mode})
    CHECK(parse_run_mode(kRunModeNames[index(mode)]) == mode);
  CHECK(parse_run_mode("PROD") == RunMode::prod);
  CHECK(parse_run_mode("staging") == RunMode::other);
  CHECK(parse_run_mode("") == RunMode::none);
}
