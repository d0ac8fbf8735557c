#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sim/dice.h"
#include "sim/fate.h"
#include "sim/id.h"
#include "sim/render.h"

namespace runwatch::sim {
namespace {

constexpr std::size_t kAnalysisBytes = 700;  // what follows the conversation

void append_call_id(std::string& out, const Options& options, const Task& task) {
  Dice dice(options.seed, task.ticks, 0xca00U + task.attempt);
  const auto high = dice.next();
  append_uuid(out, high, dice.next());
}

// 0 when nobody spoke. In a world at rest every call fills its row; else conversations differ in length.
Talk talk_of(const std::string& out, std::size_t row, const Options& options, const Run& run, const Task& task) {
  Dice dice(options.seed, task.ticks, 0x7a1cU + task.attempt);
  const bool spoken = task.end > task.start || options.fixed;
  const auto share = options.fixed ? 1.0 : 0.3 + 1.4 * dice.unit();
  const auto target = static_cast<std::size_t>(share * static_cast<double>(options.task_bytes));
  const auto taken = out.size() - row + kAnalysisBytes;
  return {.seed = dice.next(),
          .start = task.start,
          .end = task.end,
          .bytes = spoken && target > taken ? target - taken : 0,
          .time_form = run.style.time_form};
}

// Integer or float; for one call in twenty 0, null or missing.
void append_duration(std::string& out, const Options& options, const Task& task) {
  Dice dice(options.seed, task.ticks, 0xd0U + task.attempt);
  const auto ms = (task.end - task.start).count();
  const auto form = dice.below(40);
  if (form == 0)
    out.append(R"("duration":0,)");
  else if (form == 1)
    out.append(R"("duration":null,)");
  else if (form < 20)
    fmt::format_to(std::back_inserter(out), R"("duration":{},)", (ms + 500) / 1000);
  else if (form > 20)
    fmt::format_to(std::back_inserter(out), R"("duration":{}.{:03},)", ms / 1000, ms % 1000);
}

// In tenths of a cent, by the minute; nobody pays for a call that did not come about.
std::int64_t cost(const Task& task) { return (task.end - task.start).count() * 11 / 6000; }

void append_analysis(std::string& out, const Outcome& outcome, std::uint64_t form) {
  const bool spoken = outcome.longest > 0;
  const std::string_view summary = spoken ? "The contact was reached and asked for details." : "Nobody was reached.";
  if (form % 4 == 0)
    fmt::format_to(std::back_inserter(out), R"({{"summary":"{}")", summary);
  else
    fmt::format_to(std::back_inserter(out), R"({{"summary":{{"status":"{}","summary":"{}","callback_datetime":null}})",
                   spoken ? "Interested" : "Not reached", summary);
  fmt::format_to(std::back_inserter(out),
                 R"(,"classification":{{"labels":["{}"]}},"success_evaluator":"{}","outcome":"{}","sentiment":"{}")",
                 spoken ? "conversation" : "unreached", spoken ? "true" : "false", outcome.end_reason,
                 form % 3 == 0 ? "neutral" : "positive");
  out.append(form % 5 == 0 ? R"(,"structured_data":"{\"slot\": \"thursday\", \"confirmed\": true}")"
                           : R"(,"structured_data":{"slot":"thursday","confirmed":true})");
  out.append(R"(,"profile_summary":{"tone":"friendly","notes":"made up"}})");
}

void append_current(std::string& out, std::size_t row, const Options& options, const Run& run, const Task& task) {
  const auto& outcome = kOutcomes[task.outcome];
  out.append(R"({"call_id":")");
  append_call_id(out, options, task);
  fmt::format_to(std::back_inserter(out),
                 R"(","call_type":"{}","call_status":"{}","call_end_reason":"{}","contact_number":"+1202555{:04}",)",
                 task.ticks % 13 == 0 ? "inbound" : "outbound", outcome.call_status, outcome.end_reason,
                 100 + task.number % 100);
  if (outcome.state == State::failed) fmt::format_to(std::back_inserter(out), R"("error":"{}",)", outcome.end_reason);
  out.append(R"("start_time":)");
  append_time(out, task.start, run.style.time_form);
  out.append(R"(,"end_time":)");
  append_time(out, task.end, run.style.time_form);
  out += ',';
  append_duration(out, options, task);
  fmt::format_to(std::back_inserter(out), R"("cost":{}.{:04},)", cost(task) / 10'000, cost(task) % 10'000);
  out.append(R"("recording_url":"https://recordings.example.com/)");
  append_call_id(out, options, task);
  out.append(R"(.wav","transcript":)");
  append_talk(out, talk_of(out, row, options, run, task), false);
  out.append(R"(,"post_call_data":)");
  append_analysis(out, outcome, task.ticks);
  out += '}';
}

void append_older(std::string& out, std::size_t row, const Options& options, const Run& run, const Task& task) {
  const auto& outcome = kOutcomes[task.outcome];
  out.append(R"({"id":")");
  append_call_id(out, options, task);
  fmt::format_to(std::back_inserter(out), R"(","type":"{}","status":"{}","endedReason":"{}","startedAt":)",
                 task.ticks % 13 == 0   ? "inboundPhoneCall"
                 : task.ticks % 17 == 0 ? "webCall"
                                        : "outboundPhoneCall",
                 outcome.older_status, outcome.older_reason);
  append_time(out, task.start, run.style.time_form);
  out.append(R"(,"endedAt":)");
  append_time(out, task.end, run.style.time_form);
  const auto price = fmt::format("{}.{:04}", cost(task) / 10'000, cost(task) % 10'000);
  if (task.ticks % 2 == 0) fmt::format_to(std::back_inserter(out), R"(,"cost":{})", price);
  fmt::format_to(std::back_inserter(out), R"(,"costBreakdown":{{"stt":0.0,"llm":0.0,"total":{}}},"transcript":)",
                 price);
  append_talk(out, talk_of(out, row, options, run, task), true);
  out.append(R"(,"summary":"A call of the simulated platform.","analysis":)");
  append_analysis(out, outcome, task.ticks);
  out.append(R"(,"recordingUrl":"https://recordings.example.com/older.wav"})");
}

void append_running(std::string& out, const Options& options, const Run& run, const Task& task) {
  const bool older = run.style.older_shape;
  out.append(older ? R"({"id":")" : R"({"call_id":")");
  append_call_id(out, options, task);
  out.append(older ? R"(","type":"outboundPhoneCall","status":"in-progress","startedAt":)"
                   : R"(","call_type":"outbound","call_status":"incall","start_time":)");
  append_time(out, task.start, run.style.time_form);
  out += '}';
}

void append_email(std::string& out, const Task& task) {
  const bool failed = kOutcomes[task.outcome].state == State::failed;
  fmt::format_to(std::back_inserter(out), R"({{"delivery":"{}","subject":"Your appointment"{}}})",
                 failed ? "bounced" : "accepted", failed ? R"(,"error":"mailbox unavailable")" : "");
}

}  // namespace

void append_output(std::string& out, std::size_t row, const Options& options, const Run& run, const Task& task) {
  if (task.output == Output::none)
    out.append("{}");
  else if (run.style.kind == Kind::email)
    append_email(out, task);
  else if (task.output == Output::running)
    append_running(out, options, run, task);
  else if (run.style.older_shape)
    append_older(out, row, options, run, task);
  else
    append_current(out, row, options, run, task);
}

}  // namespace runwatch::sim
