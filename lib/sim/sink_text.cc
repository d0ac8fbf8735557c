// An arrival as text: of our own notices what they say, of other formats the sentence that they carry.
#include <fmt/format.h>

#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "core/timestamp.h"
#include "sim/sink.h"

namespace runwatch::sim {
namespace {

using Json = nlohmann::ordered_json;

// The string or number at the first of these places that has one, made printable; else empty.
std::string at(const Json& json, std::initializer_list<const char*> places) {
  for (const auto* place : places) {
    const Json::json_pointer pointer(place);
    if (!json.contains(pointer)) continue;
    const auto& found = json.at(pointer);
    if (found.is_string()) return core::printable(found.get<std::string>(), 500);
    if (found.is_number()) return found.dump();
  }
  return {};
}

std::string what(const Arrival& arrival) {
  if (arrival.body.empty()) return "heartbeat";
  const auto json = Json::parse(arrival.body, nullptr, false);
  const auto type = at(json, {"/type"});
  if (type.empty()) {
    const auto text = at(json, {"/text", "/payload/summary", "/0/annotations/summary", "/0/labels/alertname"});
    return fmt::format("{} ({} bytes)", text.empty() ? core::printable(arrival.body, 80) : text, arrival.body.size());
  }
  auto line = type;
  for (const char* place : {"/data/space", "/data/run_id", "/data/rule"}) {
    if (const auto text = at(json, {place}); !text.empty()) line += " " + text;
  }
  for (const char* name : {"new", "open", "total", "recovered", "gone"}) {
    const auto text = at(json, {("/data/counts/" + std::string(name)).c_str()});
    if (!text.empty() && (text != "0" || name == std::string_view("new"))) line += fmt::format(" {}={}", name, text);
  }
  return line + ": " + at(json, {"/data/why"});
}

}  // namespace

std::string describe(const Arrival& arrival) {
  auto line = fmt::format("{} {}", core::format_timestamp(arrival.at).substr(11), what(arrival));
  const auto out = std::back_inserter(line);
  if (arrival.signature == Arrival::Signature::good) line += " [signature good]";
  if (arrival.signature == Arrival::Signature::bad) {
    fmt::format_to(out, " [BAD SIGNATURE: {}]", core::printable(arrival.reason));
  }
  if (arrival.times > 1) fmt::format_to(out, " [again, {} times now]", arrival.times);
  if (arrival.altered) line += " [OTHER BYTES than the first time]";
  if (arrival.outcome != "200") fmt::format_to(out, " [answered: {}]", arrival.outcome);
  return line;
}

std::string to_json(const Arrival& arrival) {
  static constexpr const char* kSignatures[] = {"unchecked", "good", "bad"};
  const auto body = Json::parse(arrival.body, nullptr, false);
  const Json json{{"at", core::format_timestamp(arrival.at)},
                  {"id", arrival.id},
                  {"times", arrival.times},
                  {"altered", arrival.altered},
                  {"signature", kSignatures[static_cast<std::size_t>(arrival.signature)]},
                  {"reason", arrival.reason},
                  {"outcome", arrival.outcome},
                  {"body", body.is_discarded() ? Json(arrival.body) : body}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace runwatch::sim
