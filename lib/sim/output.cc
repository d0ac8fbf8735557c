#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "core/timestamp.h"
#include "sim/dice.h"
#include "sim/fate.h"
#include "sim/id.h"
#include "sim/render.h"

namespace runwatch::sim {
namespace {

// JSON text as it stands between quotes: escapes and other scripts included, as real calls have them.
constexpr std::array<std::string_view, 9> kAgent{
    R"(Hello, this is Maya calling from the service desk. Am I speaking with the account holder?)",
    R"(I understand. Let me check which other times are free; please stay on the line for a moment.)",
    R"(There is a slot on Thursday at half past ten, or on Friday in the afternoon. Which one suits you better?)",
    R"(Could you please repeat that? The line was not very clear.)",
    R"(I have noted \"call back after six\" and will pass it on to my colleagues.)",
    R"(नमस्ते, क्या मैं आपसे दो मिनट बात कर सकती हूँ?)",
    R"(I am sorry to hear that.\nMay I ask what went wrong the last time?)",
    R"(I will transfer you to a person from the team who can look into the invoice with you.)",
    R"(Thank you for your time. Have a good day, good bye!)"};
constexpr std::array<std::string_view, 9> kUser{
    R"(Yes, speaking.)",
    R"(Thursday is fine, but not before eleven, I have to bring the children to school first.)",
    R"(हाँ जी, बोलिए।)",
    R"(I am driving right now, could you call me again in the evening?)",
    R"(The last invoice was wrong, and nobody answered my mail. I wrote \"urgent\" in the subject, twice.)",
    R"(No, thank you, I am not interested.)",
    R"(Hmm, let me think \u2026 could I decide that until tomorrow?)",
    R"(I already have a contract with another company, and it runs until the end of next year.)",
    R"(That sounds good, please go ahead and book it.)"};

constexpr std::size_t kAnalysisBytes = 700;  // what follows the conversation

std::string call_id(const Options& options, const Task& task) {
  Dice dice(options.seed, task.ticks, 0xca00U + task.attempt);
  const auto high = dice.next();
  return make_uuid(high, dice.next());
}

// What was said, in both of the platform's shapes: `"AI: …\nUser: …\n"` or `[{"role": …, "content": …, "timestamp":
// …}, …]`. The phrases are made up, the contacts too.
struct Talk {
  std::uint64_t seed = 0;
  core::WallTime start{};
  core::WallTime end{};
  std::size_t bytes = 0;  // about how long; 0: nobody spoke
  unsigned time_form = 0;
};

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

void append_talk(std::string& out, const Talk& talk, bool older_shape) {
  Dice dice(talk.seed, talk.bytes);
  const auto begin = out.size();
  const auto end = begin + talk.bytes;
  const auto length = static_cast<std::uint64_t>(std::max<core::Duration::rep>((talk.end - talk.start).count(), 0));
  out += older_shape ? '"' : '[';
  for (bool agent = true; out.size() < end; agent = !agent) {
    const auto said = agent ? kAgent[dice.below(kAgent.size())] : kUser[dice.below(kUser.size())];
    if (older_shape) {
      out.append(agent ? "AI: " : "User: ").append(said).append(R"(\n)");
      continue;
    }
    if (out.back() != '[') out += ',';
    out.append(agent ? R"({"role":"assistant","content":")" : R"({"role":"user","content":")");
    out.append(said).append(R"(","timestamp":)");
    const auto passed = length * std::min(out.size() - begin, talk.bytes) / talk.bytes;
    const auto at = talk.start + core::Duration(static_cast<core::Duration::rep>(passed));
    out.append(time_text(at, talk.time_form)) += '}';
  }
  out += older_shape ? '"' : ']';
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
std::string cost(const Task& task) {
  const auto tenths = (task.end - task.start).count() * 11 / 6000;
  return fmt::format("{}.{:04}", tenths / 10'000, tenths % 10'000);
}

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
  const auto id = call_id(options, task);
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"call_id":"{}","call_type":"{}","call_status":"{}","call_end_reason":"{}",)", id,
                 task.ticks % 13 == 0 ? "inbound" : "outbound", outcome.call_status, outcome.end_reason);
  fmt::format_to(to, R"("contact_number":"+1202555{:04}",)", 100 + task.number % 100);
  if (outcome.state == State::failed) fmt::format_to(to, R"("error":"{}",)", outcome.end_reason);
  fmt::format_to(to, R"("start_time":{},"end_time":{},)", time_text(task.start, run.style.time_form),
                 time_text(task.end, run.style.time_form));
  append_duration(out, options, task);
  fmt::format_to(to, R"("cost":{},"recording_url":"https://recordings.example.com/{}.wav","transcript":)", cost(task),
                 id);
  append_talk(out, talk_of(out, row, options, run, task), false);
  out.append(R"(,"post_call_data":)");
  append_analysis(out, outcome, task.ticks);
  out += '}';
}

void append_older(std::string& out, std::size_t row, const Options& options, const Run& run, const Task& task) {
  const auto& outcome = kOutcomes[task.outcome];
  const auto type = task.ticks % 13 == 0 ? "inboundPhoneCall" : task.ticks % 17 == 0 ? "webCall" : "outboundPhoneCall";
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"id":"{}","type":"{}","status":"{}","endedReason":"{}","startedAt":{},"endedAt":{})",
                 call_id(options, task), type, outcome.older_status, outcome.older_reason,
                 time_text(task.start, run.style.time_form), time_text(task.end, run.style.time_form));
  if (task.ticks % 2 == 0) fmt::format_to(to, R"(,"cost":{})", cost(task));
  fmt::format_to(to, R"(,"costBreakdown":{{"stt":0.0,"llm":0.0,"total":{}}},"transcript":)", cost(task));
  append_talk(out, talk_of(out, row, options, run, task), true);
  out.append(R"(,"summary":"A call of the simulated platform.","analysis":)");
  append_analysis(out, outcome, task.ticks);
  out.append(R"(,"recordingUrl":"https://recordings.example.com/older.wav"})");
}

void append_running(std::string& out, const Options& options, const Run& run, const Task& task) {
  constexpr auto kCurrent = R"({{"call_id":"{}","call_type":"outbound","call_status":"incall","start_time":{}}})";
  constexpr auto kOlder = R"({{"id":"{}","type":"outboundPhoneCall","status":"in-progress","startedAt":{}}})";
  out += fmt::format(fmt::runtime(run.style.older_shape ? kOlder : kCurrent), call_id(options, task),
                     time_text(task.start, run.style.time_form));
}

void append_email(std::string& out, const Task& task) {
  const bool failed = kOutcomes[task.outcome].state == State::failed;
  fmt::format_to(std::back_inserter(out), R"({{"delivery":"{}","subject":"Your appointment"{}}})",
                 failed ? "bounced" : "accepted", failed ? R"(,"error":"mailbox unavailable")" : "");
}

}  // namespace

std::string time_text(core::WallTime time, unsigned form) {
  if (form == 5) return fmt::format(R"({{"$date": {}}})", time.time_since_epoch().count());
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  auto text = '"' + core::format_timestamp(form == 4 ? second + std::chrono::minutes(330) : second);
  text.pop_back();  // its Z
  if (form == 1) text[text.find('T')] = ' ';
  if (form == 1 || form == 3) text += fmt::format(".{:03}", (time - second).count());
  constexpr std::array<std::string_view, 5> kEnds{"\"", "021\"", "Z\"", "Z\"", "+05:30\""};
  return text.append(kEnds[form % kEnds.size()]);
}

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
