#include "unpod/envelope.h"

#include <fmt/format.h>

#include "core/ascii.h"
#include "unpod/failure.h"

namespace runwatch::unpod {
namespace {

using json::error_code;
using json::ondemand::value;
using view::PollReason;

static_assert(http::kBodyPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::int64_t kUnreadable = -1;

std::unexpected<Failure> fail(PollReason reason, std::string_view text) {
  return std::unexpected(failed(reason, text));
}

simdjson::padded_string_view padded(std::string& body) {
  if (body.capacity() < body.size() + simdjson::SIMDJSON_PADDING)
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  return simdjson::padded_string_view(body.data(), body.size(), body.capacity());
}

// Adds foreign text to what is told; an object or array is told as the JSON it is.
error_code append_text(value& v, std::string& out) {
  const std::string_view token = json::token_of(v);
  if (json::is_absent(token)) return simdjson::SUCCESS;
  std::string scratch;
  std::string_view text = json::is_string(token) ? json::text_of(token, scratch) : token;
  if (json::is_object(token) || json::is_array(token))
    if (const auto broken = simdjson::to_json_string(v).get(text)) return broken;
  if (!out.empty()) out += ": ";
  out += without_markup(text);
  return simdjson::SUCCESS;
}

void read_count(value& v, Envelope& envelope, Breach& breach) {
  envelope.count.reset();
  if (json::is_absent(json::token_of(v))) return;
  envelope.count = json::whole_number(v);
  if (!envelope.count) breach.note("`count` is not a whole number");
}

void read_status_code(value& v, Envelope& envelope) {
  envelope.status_code.reset();
  if (json::is_absent(json::token_of(v))) return;
  const auto code = json::whole_number(v);
  envelope.status_code = code && *code < 1000 ? static_cast<std::int64_t>(*code) : kUnreadable;
}

// True when `key` was one of the frame's own.
bool read_frame(std::string_view key, value& v, Envelope& envelope, Breach& breach, error_code& broken) {
  if (key == "count")
    read_count(v, envelope, breach);
  else if (key == "status_code")
    read_status_code(v, envelope);
  else if (key == "message" || key == "errors" || key == "detail")
    broken = append_text(v, envelope.message);
  else
    return false;
  return true;
}

template <class OnData>
error_code walk(simdjson::ondemand::parser& parser, std::string& body, Envelope& envelope, Breach& breach,
                OnData&& on_data) {
  json::ondemand::document document;
  if (const auto broken = parser.iterate(padded(body)).get(document)) return broken;
  json::ondemand::object top;
  if (const auto broken = document.get_object().get(top)) return broken;
  const auto broken = json::each_field(top, [&](std::string_view key, value& v) {
    error_code inner = simdjson::SUCCESS;
    if (!read_frame(key, v, envelope, breach, inner) && key == "data") inner = on_data(v);
    return inner;
  });
  if (broken) return broken;
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

// What is plainly no JSON object, told by how it begins. The text of a page of HTML or of plain words is shown; other
// content is not, as it may be anybody's data.
std::optional<Failure> not_an_object(std::string_view body) {
  body = core::trim(body);
  if (body.empty()) return failed(PollReason::bad_json, "the answer is empty");
  const char first = body.front();
  if (first == '{') return std::nullopt;
  constexpr std::string_view kSchema = "the answer is JSON but no object";
  if (first == '[' || first == '"' || first == '-' || core::is_digit(first) || body == "null" || body == "true" ||
      body == "false")
    return failed(PollReason::bad_schema, kSchema);
  if (first != '<' && !core::is_letter(first)) return failed(PollReason::bad_json, "the answer is not JSON");
  return failed(PollReason::bad_json, "the answer is not JSON: " + without_markup(body));
}

std::string_view data_kind(char expected) { return expected == '[' ? "`data` is no array" : "`data` is no object"; }

std::unexpected<Failure> business_error(const Envelope& envelope) {
  const std::string_view message = envelope.message.empty() ? "no message" : std::string_view(envelope.message);
  const auto code = *envelope.status_code;
  const std::string told = code == kUnreadable ? "odd status_code" : fmt::format("status_code {}", code);
  return fail(PollReason::business_error, fmt::format("the platform refused ({}): {}", told, message));
}

}  // namespace

std::expected<Envelope, Failure> read_envelope(simdjson::ondemand::parser& parser, std::string& body, char expected,
                                               const DataReader& read_data) {
  if (auto failure = not_an_object(body)) return std::unexpected(std::move(*failure));
  Envelope envelope;
  Breach breach;
  bool has_data = false;
  const error_code broken = walk(parser, body, envelope, breach, [&](value& data) {
    has_data = json::token_of(data).starts_with(expected);
    return has_data ? read_data(data, breach) : simdjson::SUCCESS;
  });
  if (broken)
    return fail(PollReason::bad_json, fmt::format("the answer is cut or no JSON: {}", simdjson::error_message(broken)));
  if (envelope.status_code && *envelope.status_code != 200) return business_error(envelope);
  if (!has_data) return fail(PollReason::bad_schema, data_kind(expected));
  if (!breach.text().empty()) return fail(PollReason::bad_schema, breach.text());
  return envelope;
}

std::optional<Envelope> read_refusal(simdjson::ondemand::parser& parser, std::string& body) {
  Envelope envelope;
  Breach breach;
  if (!core::trim(body).starts_with('{')) return std::nullopt;
  if (walk(parser, body, envelope, breach, [](value&) { return simdjson::SUCCESS; })) return std::nullopt;
  return envelope;
}

}  // namespace runwatch::unpod
