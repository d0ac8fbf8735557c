#include "sim/effects.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

namespace runwatch::sim {
namespace {

void apply(const Fault& fault, Effects& e) {
  switch (fault.kind) {
    case FaultKind::status:
      e.status = static_cast<int>(fault.number);
      break;
    case FaultKind::latency:
      e.delay += fault.latency;
      break;
    case FaultKind::truncate:
      e.truncate = true;
      break;
    case FaultKind::bad_json:
      e.bad_json = true;
      break;
    case FaultKind::envelope:
      e.envelope = true;
      break;
    case FaultKind::shift:
      e.shift = true;
      break;
    case FaultKind::vanish:
      e.vanish = true;
      break;
    case FaultKind::shrink:
      e.shrink = fault.share;
      break;
    case FaultKind::clamp:
      e.clamp = fault.number;
      break;
    case FaultKind::ignore_page:
      e.ignore_page = true;
      break;
    case FaultKind::miscount:
      e.miscount = true;
      break;
    case FaultKind::no_count:
      e.no_count = true;
      break;
    case FaultKind::down:
      e.down = true;
      break;
    case FaultKind::retry_after:
      e.retry_after = fault.text;
      break;
    case FaultKind::redirect:
      e.redirect = fault.text;
      break;
  }
}

Answer html(int status, std::string_view title) {
  return {.status = status,
          .content_type = "text/html; charset=utf-8",
          .headers = {},
          .body = fmt::format("<!DOCTYPE html>\n<html><head><title>{0}</title></head>\n<body><center><h1>{0}</h1>"
                              "</center><hr><center>nginx</center></body></html>\n",
                              title),
          .truncate_by = 0,
          .delay = {},
          .seq = 0};
}

Answer empty(int status) {
  Answer answer;
  answer.status = status;
  return answer;
}

Answer moved(int status, std::string location) {
  auto answer = html(status, status == 301 ? "301 Moved Permanently" : "302 Found");
  answer.headers.emplace_back("Location", std::move(location));
  return answer;
}

Answer some_business_error(std::uint64_t random) {
  constexpr std::array<std::string_view, 3> kMessages{"Invalid Space Token", "You Don't have Access to this Space",
                                                      "You don't have the access to this Organization"};
  if (random % 4 < kMessages.size()) return business_error(kMessages[random % 4]);
  Answer answer = empty(206);
  answer.body = R"({"status_code":206,"message":"Runs Fetch Failed","data":{},)"
                R"("errors":"<html><head><title>502 Bad Gateway</title></head></html>"})";
  return answer;
}

Answer transient(int status, std::uint64_t random) {
  switch (random % 3) {
    case 0:
      return empty(status);
    case 1:
      return refusal(status, status == 429 ? "Request was throttled." : "Something went wrong.");
    default:
      return html(status, fmt::format("{} from the proxy", status));
  }
}

Answer with_status(int status, std::uint64_t random) {
  switch (status) {
    case 204:
      return empty(status);
    case 206:
      return some_business_error(random);
    case 301:
    case 302:
      return moved(status, "https://elsewhere.example/login/");
    case 400:
      return refusal(status, "Org-Handle header is required.");
    case 401:
      return refusal(status, "Invalid token.");
    case 403:
      return refusal(status, "Token has expired.");
    case 404:
      return refusal(status, "Space not found");
    default:
      return transient(status, random);
  }
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

Effects throw_dice(std::span<const Fault> faults, Call call, std::uint64_t page, Dice& dice) {
  Effects effects;
  effects.random = dice.next();
  for (const auto& fault : faults) {
    // What `shrink` shares out are the tasks, not the answers.
    const bool hit = fault.kind == FaultKind::shrink || dice.chance(fault.share);
    if (hit && fault.concerns(call, page)) apply(fault, effects);
  }
  return effects;
}

std::optional<Answer> instead(const Effects& effects) {
  if (effects.down) return empty(503);
  if (!effects.redirect.empty()) return moved(302, effects.redirect);
  if (effects.status) return with_status(*effects.status, effects.random);
  return std::nullopt;
}

void spoil(Answer& answer, const Effects& effects) {
  answer.delay = effects.delay;
  if (effects.bad_json && answer.status == 200) spoil_json(answer, effects.random);
  if (effects.truncate && !answer.body.empty()) answer.truncate_by = 1 + effects.random % answer.body.size();
  if (!effects.retry_after.empty() && (answer.status == 429 || answer.status == 503)) {
    answer.headers.emplace_back("Retry-After", effects.retry_after);
  }
}

Answer refusal(int status, std::string_view message) {
  Answer answer = empty(status);
  answer.body = nlohmann::ordered_json{{"status_code", status}, {"message", message}}.dump();
  return answer;
}

Answer business_error(std::string_view message) {
  Answer answer = empty(206);
  answer.body =
      nlohmann::ordered_json{{"status_code", 206}, {"message", message}, {"data", nlohmann::ordered_json::object()}}
          .dump();
  return answer;
}

}  // namespace runwatch::sim
