#include <limits>
#include <utility>

#include "core/digest.h"
#include "core/timestamp.h"
#include "unpod/pages.h"

using namespace runwatch;
using namespace runwatch::test;
using task::bit;
using task::Field;

namespace {

core::WallTime at(std::string_view text) { return core::parse_timestamp(text).value(); }

}  // namespace

TEST_CASE("a task in the current shape is read in full") {
  const auto task = decode_one(R"({"_id":"697d","task_id":")" + kTaskId + R"(","run_id":"R1","status":"failed",
    "execution_type":"call","created":"2026-02-07T05:50:00","modified":"2026-02-07T05:50:00","user_info":{"a":[{}]},
    "last_status_change":"2026-02-07T05:58:00Z","output":{"call_id":"C1","id":"other","start_time":"2026-02-07T05:55:45",
    "end_time":"2026-02-07 05:57:45.5","duration":120.5,"call_type":"outbound","call_status":"notConnected","cost":0.25,
    "call_end_reason":"customer-busy","transcript":[{"role":"user","content":"x","timestamp":"y"}],
    "post_call_data":{"summary":{"status":"failed","duration":7}}}})");
  CHECK(task.key == task::make_task_key(kTaskId));
  CHECK(task.call == core::digest64("C1"));
  CHECK(task.created == at("2026-02-07T05:50:00"));
  CHECK(task.started == at("2026-02-07T05:55:45"));
  CHECK(task.ended == at("2026-02-07T05:57:45.500"));
  CHECK(task.status_changed == at("2026-02-07T05:58:00"));
  CHECK(task.duration == 120.5F);
  CHECK(task.cost == 0.25);
  CHECK(task.call_status == task::CallStatus::not_connected);
  CHECK(task.status == task::Status::failed);
  CHECK(task.call_type == task::CallType::outbound);
  CHECK(task.failure == task::FailureReason::busy);
  CHECK(task.execution == task::ExecutionType::call);
  CHECK(task.bad_fields == 0);
}

TEST_CASE("a task in the older shape is read in full, its duration between its two times") {
  const auto task = decode_one(R"({"task_id":")" + kTaskId + R"(","status":"failed","output":{"id":"call-7",
    "startedAt":"2025-01-15T14:30:15.000Z","endedAt":"2025-01-15T14:31:00.500Z","type":"inboundPhoneCall",
    "status":"busy","endedReason":"voicemail","costBreakdown":{"llm":0.1,"total":0.75},"transcript":"one string"}})");
  CHECK(task.call == core::digest64("call-7"));
  CHECK(task.started == at("2025-01-15T14:30:15Z"));
  CHECK(task.ended == at("2025-01-15T14:31:00.500Z"));
  CHECK(task.duration == 45.5F);
  CHECK(task.cost == 0.75);
  CHECK(task.call_status == task::CallStatus::busy);
  CHECK(task.call_type == task::CallType::inbound);
  CHECK(task.failure == task::FailureReason::voicemail);
  CHECK(task.execution == task::ExecutionType::none);
  CHECK(task.is_call());
  CHECK(task.bad_fields == 0);
}

TEST_CASE("a status that is missing, null or no string is unknown and a bad field, an odd spelling only unknown") {
  for (const char* fields : {"", R"("status":null)", R"("status":7)", R"("status":["failed"])", R"("status":{})"}) {
    CAPTURE(fields);
    const auto task = decode_one(task_with(fields));
    CHECK(task.status == task::Status::unknown);
    CHECK(task.bad_fields == bit(Field::status));
  }
  for (const char* fields : {R"("status":"dancing")", R"("status":"")", R"("status":"fail\ud800ed")"}) {
    CAPTURE(fields);
    const auto task = decode_one(task_with(fields));
    CHECK(task.status == task::Status::unknown);
    CHECK(task.bad_fields == 0);
  }
  CHECK(decode_one(task_with(R"("status":" In-Progress ")")).status == task::Status::in_progress);
  CHECK(decode_one(task_with(R"("status":"f\u0061iled")")).status == task::Status::failed);
}

TEST_CASE("durations are 0 to 86400 seconds, everything else that is there is a bad field") {
  const std::pair<const char*, float> good[] = {{"0", 0}, {"0.0", 0}, {"86400", 86400}, {"12", 12}, {"12.25", 12.25F}};
  for (const auto& [text, expected] : good) {
    CAPTURE(text);
    const auto task = decode_one(task_with_output(std::string(R"("duration":)") + text));
    CHECK(task.duration == expected);
    CHECK(task.bad_fields == 0);
  }
  for (const char* text : {"-1", "-0.001", "86400.5", "1e300", "1e999", R"("12")", "true", "[]", "[12]", "{}", "01"}) {
    CAPTURE(text);
    const auto task = decode_one(task_with_output(std::string(R"("duration":)") + text));
    CHECK_FALSE(task.duration);
    CHECK(task.bad_fields == bit(Field::duration));
  }
}

TEST_CASE("null and missing fields are not bad") {
  for (const std::string fields :
       {R"("duration":null,"cost":null,"start_time":null,"end_time":null,"call_id":null,"call_status":null)", ""}) {
    const auto task = decode_one(task_with(R"("status":"pending","created":null,"output":{)" + fields + "}"));
    CHECK(task.bad_fields == 0);
    CHECK_FALSE(task.duration);
    CHECK_FALSE(task.cost);
    CHECK_FALSE(task.call_status);
    CHECK(task.call == 0);
    CHECK(task.started == task::kNoTime);
  }
}

TEST_CASE("the time between two times is a duration in the older shape only, and bad when it is none") {
  const std::string start = R"("startedAt":"2026-01-01T00:00:10Z",)";
  const auto duration = [&](const std::string& rest) { return decode_one(task_with_output(start + rest)); };
  CHECK(duration(R"("endedAt":"2026-01-01T00:00:12Z")").duration == 2.0F);
  CHECK_FALSE(duration(R"("endedAt":"2026-01-01T00:00:12Z","duration":null)").duration);
  CHECK_FALSE(duration(R"("end_time":"2026-01-01T00:00:12Z")").duration);
  CHECK(duration(R"("endedAt":"2026-01-01T00:00:09Z")").bad_fields == bit(Field::duration));
  CHECK(duration(R"("endedAt":"2026-01-03T00:00:09Z")").bad_fields == bit(Field::duration));
  CHECK(duration(R"("endedAt":"junk")").bad_fields == bit(Field::end));
}

TEST_CASE("a cost is a number from 0 on, of either field") {
  const std::pair<const char*, std::optional<double>> cases[] = {
      {R"("cost":0)", 0.0},
      {R"("cost":1.5,"costBreakdown":{"total":9})", 1.5},
      {R"("cost":null,"costBreakdown":{"total":9})", 9.0},
      {R"("costBreakdown":{"total":9})", 9.0},
      {R"("costBreakdown":{"other":9})", std::nullopt},
      {R"("costBreakdown":null)", std::nullopt},
      {R"("costBreakdown":3)", std::nullopt},
  };
  for (const auto& [fields, expected] : cases) {
    CAPTURE(fields);
    const auto task = decode_one(task_with_output(fields));
    CHECK(task.cost == expected);
    CHECK(task.bad_fields == 0);
  }
  for (const char* fields : {R"("cost":-0.5)", R"("cost":"1.5")", R"("cost":{})", R"("cost":1e999)",
                             R"("costBreakdown":{"total":-1})", R"("costBreakdown":{"total":"1"})"}) {
    CAPTURE(fields);
    const auto task = decode_one(task_with_output(fields));
    CHECK_FALSE(task.cost);
    CHECK(task.bad_fields == bit(Field::cost));
  }
}

TEST_CASE("timestamps are read in every form the platform sends") {
  const std::pair<const char*, const char*> cases[] = {
      {R"("2026-02-07T05:57:45")", "2026-02-07T05:57:45Z"},
      {R"("2026-01-31 11:47:38.067021")", "2026-01-31T11:47:38.067Z"},
      {R"("2026-02-07T05:57:45Z")", "2026-02-07T05:57:45Z"},
      {R"("2025-01-15T14:30:15.000Z")", "2025-01-15T14:30:15Z"},
      {R"("2025-01-15T13:20:00+05:30")", "2025-01-15T07:50:00Z"},
      {R"("2025-01-15T13:20:00\u002b05:30")", "2025-01-15T07:50:00Z"},
      {R"({"$date":1769858258067})", "2026-01-31T11:17:38.067Z"},
      {R"({"$date": {"$numberLong": "1769858258067"} })", "2026-01-31T11:17:38.067Z"},
      {R"({"$date":{"$numberLong":1769858258067}})", "2026-01-31T11:17:38.067Z"},
      {R"({"$date":"2026-01-31T11:17:38.067Z"})", "2026-01-31T11:17:38.067Z"},
      {R"({"x":{"$date":0},"$date":1769858258067,"y":[1]})", "2026-01-31T11:17:38.067Z"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    const auto task = decode_one(
        task_with(R"("status":"pending","output":{"start_time":)" + std::string(text) + R"(},"created":)" + text));
    CHECK(task.created == at(expected));
    CHECK(task.started == at(expected));
    CHECK(task.bad_fields == 0);
  }
}

TEST_CASE("what is there and no timestamp is absent and a bad field") {
  for (const char* text : {R"("")", R"("yesterday")", R"("9999-01-01T00:00:00Z")", "1769858258067", "true", "[]", "{}",
                           R"({"$date":null})", R"({"$date":"junk"})", R"({"$date":-1})", R"({"$date":1e99})",
                           R"({"$date":99999999999999999999})", R"({"$date":{}})", R"({"$date":[]})",
                           R"({"$date":{"$numberLong":"12x"}})", R"("2026-02-30T00:00:00")", R"("\ud800")"}) {
    CAPTURE(text);
    const std::string time(text);
    const auto task =
        decode_one(task_with(R"("status":"pending","last_status_change":)" + time + R"(,"output":{"start_time":)" +
                             time + R"(,"endedAt":)" + time + R"(},"created":)" + time));
    CHECK(task.created == task::kNoTime);
    CHECK(task.started == task::kNoTime);
    CHECK(task.ended == task::kNoTime);
    CHECK(task.status_changed == task::kNoTime);
    CHECK(task.bad_fields == (bit(Field::created) | bit(Field::start) | bit(Field::end)));
  }
}

TEST_CASE("a call id is a string or a number, and the empty string is none") {
  const std::pair<const char*, const char*> cases[] = {
      {R"("call_id":"a")", "a"},           {R"("id":"b")", "b"},
      {R"("call_id":"a","id":"b")", "a"},  {R"("id":"b","call_id":"a")", "a"},
      {R"("call_id":null,"id":"b")", "b"}, {R"("call_id":"","id":"b")", "b"},
      {R"("call_id":12345 )", "12345"},    {R"("call_id":"\u0061")", "a"},
      {R"("call_id":"")", nullptr},        {R"("call_id":true)", nullptr},
      {R"("call_id":{"x":"y"})", nullptr}, {R"("call_id":["y"])", nullptr},
  };
  for (const auto& [fields, expected] : cases) {
    CAPTURE(fields);
    CHECK(decode_one(task_with_output(fields)).call == (expected == nullptr ? 0 : core::digest64(expected)));
  }
}

TEST_CASE("an outcome that is there and no string is other, a direction unknown") {
  const std::pair<const char*, std::optional<task::CallStatus>> cases[] = {
      {R"("call_status":"busy","status":"failed")", task::CallStatus::busy},
      {R"("call_status":null,"status":"failed")", task::CallStatus::failed},
      {R"("status":"failed")", task::CallStatus::failed},
      {R"("call_status":7,"status":"failed")", task::CallStatus::other},
      {R"("status":[])", task::CallStatus::other},
      {R"("call_status":"new word")", task::CallStatus::other},
      {R"("x":1)", std::nullopt},
  };
  for (const auto& [fields, expected] : cases) {
    CAPTURE(fields);
    CHECK(decode_one(task_with_output(fields)).call_status == expected);
  }
  CHECK(decode_one(task_with_output(R"("call_type":7)")).call_type == task::CallType::unknown);
  CHECK(decode_one(task_with_output(R"("call_type":null,"type":"webCall")")).call_type == task::CallType::web);
  CHECK(decode_one(task_with(R"("execution_type":7)")).execution == task::ExecutionType::other);
  CHECK(decode_one(task_with(R"("execution_type":null)")).execution == task::ExecutionType::none);
}

TEST_CASE("the first text that tells why a task failed is believed, in the order of the table") {
  const auto reason = [](const std::string& fields, const std::string& output) {
    return decode_one(task_with(R"("status":"failed")" + fields + R"(,"output":{)" + output + "}")).failure;
  };
  using enum task::FailureReason;
  CHECK(reason(R"(,"last_failure_reason":"busy")", R"("last_failure_reason":"voicemail")") == busy);
  CHECK(reason("", R"("endedReason":"busy","last_failure_reason":"voicemail")") == voicemail);
  CHECK(reason(R"(,"last_failure_reason":"?")", R"("endedReason":"busy","error":"timeout")") == timeout);
  CHECK(reason("", R"("error":"timeout","end_reason":"rejected","call_end_reason":"no answer")") == no_answer);
  CHECK(reason("", R"("error":{"message":"busy"},"endedReason":7)") == other);
  CHECK(reason("", R"("error":"user b\u0075sy")") == busy);
  CHECK(reason("", "") == other);
}

TEST_CASE("an output that is no object says nothing and fails nothing") {
  for (const char* output : {"null", R"("call_id")", "[]", R"([{"call_id":"a"}])", "7", "true", "{}"}) {
    CAPTURE(output);
    const auto task = decode_one(task_with(R"("status":"completed","output":)" + std::string(output)));
    CHECK(task.call == 0);
    CHECK(task.bad_fields == 0);
    CHECK(task.status == task::Status::completed);
  }
}
