#include "sim/effects.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "sim/render.h"

namespace runwatch::sim {
namespace {

Answer html(int status, std::string_view title) {
  auto answer = bare_answer(status);
  answer.content_type = "text/html; charset=utf-8";
  answer.body = fmt::format(
      "<!DOCTYPE html>\n<html><head><title>{0}</title></head>\n<body><center><h1>{0}</h1>"
      "</center><hr><center>nginx</center></body></html>\n",
      title);
  return answer;
}

Answer moved(int status) {
  auto answer = html(status, status == 301 ? "301 Moved Permanently" : "302 Found");
  answer.headers.emplace_back("Location", "https://elsewhere.example/login/");
  return answer;
}

Answer some_business_error(std::uint64_t random) {
  constexpr std::array<std::string_view, 3> kMessages{"Invalid Space Token", "You Don't have Access to this Space",
                                                      "You don't have the access to this Organization"};
  if (random % 4 < kMessages.size()) return business_error(kMessages[random % 4]);
  Answer answer = bare_answer(206);
  answer.body = R"({"status_code":206,"message":"Runs Fetch Failed","data":{},)"
                R"("errors":"<html><head><title>502 Bad Gateway</title></head></html>"})";
  return answer;
}

Answer transient(int status, std::uint64_t random) {
  switch (random % 3) {
    case 0:
      return bare_answer(status);
    case 1:
      return refusal(status, status == 429 ? "Request was throttled." : "Something went wrong.");
    default:
      return html(status, fmt::format("{} from the proxy", status));
  }
}

Answer with_status(int status, std::uint64_t random) {
  constexpr std::array<std::pair<int, std::string_view>, 4> kRefusals{{{400, "Org-Handle header is required."},
                                                                       {401, "Invalid token."},
                                                                       {403, "Token has expired."},
                                                                       {404, "Space not found"}}};
  const auto* refused = std::ranges::find(kRefusals, status, &std::pair<int, std::string_view>::first);
  if (refused != kRefusals.end()) return refusal(status, refused->second);
  if (status == 204) return bare_answer(status);
  if (status == 206) return some_business_error(random);
  return status < 400 ? moved(status) : transient(status, random);
}

void spoil_json(Answer& answer, std::uint64_t random) {
  switch (random % 3) {
    case 0:
      answer.body.resize(answer.body.size() / 2);
      break;
    case 1:
      answer.body.append("}");
      break;
    default:
      answer.content_type = "text/html; charset=utf-8";
      answer.body = html(200, "Sign in").body;
  }
}

}  // namespace

const Fault* Effects::find(std::string_view name) const {
  const auto found = std::ranges::find(hit.rbegin(), hit.rend(), name, &Fault::name);
  return found == hit.rend() ? nullptr : &*found;
}

Effects throw_dice(std::span<const Fault> faults, Call call, std::uint64_t page, Dice& dice) {
  Effects effects{.hit = {}, .random = dice.next()};
  for (const auto& fault : faults) {
    // What `shrink` shares out are the tasks, not the answers.
    const bool hit = fault.name == "shrink" || dice.chance(fault.share);
    if (hit && fault.concerns(call, page)) effects.hit.push_back(fault);
  }
  return effects;
}

std::optional<Answer> instead(const Effects& effects) {
  if (effects.has("down")) return bare_answer(503);
  if (const auto* status = effects.find("status")) {
    return with_status(static_cast<int>(status->number), effects.random);
  }
  return std::nullopt;
}

void spoil(Answer& answer, const Effects& effects) {
  for (const auto& fault : effects.hit) answer.delay += fault.latency;
  if (effects.has("badjson") && answer.status == 200) spoil_json(answer, effects.random);
  if (effects.has("truncate") && !answer.body.empty()) {
    answer.truncate_by = 1 + effects.random % answer.body.size();
  }
  const auto* after = effects.find("retry-after");
  if (!after || (answer.status != 429 && answer.status != 503)) return;
  const auto date = answer.at + std::chrono::seconds(after->number);
  answer.headers.emplace_back("Retry-After", after->text.empty() ? http_date(date) : after->text);
}

Answer bare_answer(int status) {
  Answer answer;
  answer.status = status;
  return answer;
}

Answer refusal(int status, std::string_view message) {
  Answer answer = bare_answer(status);
  answer.body = nlohmann::ordered_json{{"status_code", status}, {"message", message}}.dump();
  return answer;
}

Answer business_error(std::string_view message) {
  Answer answer = refusal(206, message);
  answer.body.insert(answer.body.size() - 1, R"(,"data":{})");
  return answer;
}

}  // namespace runwatch::sim
