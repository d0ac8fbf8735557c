#include <algorithm>
#include <array>
#include <string_view>

#include "sim/dice.h"
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

void append_digits(std::string& out, std::int64_t value, int digits) {
  std::array<char, 8> text{};
  for (int i = digits; i-- > 0; value /= 10) text[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
  out.append(text.data(), static_cast<std::size_t>(digits));
}

// `2026-02-07T05:57:45`
void append_civil(std::string& out, core::WallTime time, char separator) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto second = std::chrono::floor<std::chrono::seconds>(time - day).count();
  append_digits(out, int{date.year()}, 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += separator;
  append_digits(out, second / 3600, 2);
  out += ':';
  append_digits(out, second / 60 % 60, 2);
  out += ':';
  append_digits(out, second % 60, 2);
}

}  // namespace

void append_time(std::string& out, core::WallTime time, unsigned form) {
  if (form == 5) {
    out.append(R"({"$date": )").append(std::to_string(time.time_since_epoch().count())) += '}';
    return;
  }
  out += '"';
  append_civil(out, form == 4 ? time + std::chrono::minutes(330) : time, form == 1 ? ' ' : 'T');
  if (form == 1 || form == 3) {
    out += '.';
    append_digits(out, (time - std::chrono::floor<std::chrono::seconds>(time)).count(), 3);
  }
  constexpr std::array<std::string_view, 5> kEnds{"\"", "021\"", "Z\"", "Z\"", "+05:30\""};
  out += kEnds[form % kEnds.size()];
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
    append_time(out, talk.start + core::Duration(static_cast<core::Duration::rep>(passed)), talk.time_form);
    out += '}';
  }
  out += older_shape ? '"' : ']';
}

}  // namespace runwatch::sim
