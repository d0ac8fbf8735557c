#include "unpod/decode.h"

#include <algorithm>

#include "core/ascii.h"
#include "core/text.h"
#include "unpod/envelope.h"

namespace runwatch::unpod {
namespace {

using json::error_code;
using json::ondemand::object;
using json::ondemand::value;

constexpr std::size_t kLargeBody = 8 * 1024 * 1024;

// Calls `read(object, breach)` for each element of `data`, which begins with `begin()`; one that is no object is noted
// and skipped. `count` is the list's.
template <class Begin, class Read>
std::expected<void, Failure> read_list(json::ondemand::parser& parser, std::string& body,
                                       std::optional<std::uint64_t>& count, Begin&& begin, Read&& read) {
  const auto envelope = read_envelope(parser, body, '[', [&](value& data, Breach& breach) -> error_code {
    begin();
    json::ondemand::array array;
    if (const auto broken = data.get_array().get(array)) return broken;
    for (auto result : array) {
      value element;
      if (const auto broken = std::move(result).get(element)) return broken;
      if (!json::is_object(json::token_of(element))) {
        breach.note("an element of `data` is no object");
        continue;
      }
      object inner;
      if (const auto broken = element.get_object().get(inner)) return broken;
      if (const error_code broken = read(inner, breach)) return broken;
    }
    return simdjson::SUCCESS;
  });
  // Several times the body's size is the parser's working memory; what one giant page took is given back.
  if (body.size() > kLargeBody) parser = json::ondemand::parser();
  if (!envelope) return std::unexpected(envelope.error());
  count = envelope->count;
  return {};
}

template <class Row, class Read>
Answer<std::vector<Row>> read_rows(json::ondemand::parser& parser, std::string& body, Read&& read) {
  std::vector<Row> rows;
  std::optional<std::uint64_t> count;
  const auto list = read_list(
      parser, body, count, [&] { rows.clear(); },
      [&](object& element, Breach& breach) { return read(element, rows.emplace_back(), breach); });
  if (!list) return std::unexpected(list.error());
  return rows;
}

// Of names that become labels and lines of a page; what is longer is no name.
constexpr std::size_t kLongestName = 128;

std::string name_of(std::string_view token) {
  std::string scratch;
  return core::printable(json::text_of(token, scratch), kLongestName);
}

error_code keep_run_field(std::string_view key, value& v, task::ObservedRunRow& row) {
  const std::string_view token = json::token_of(v);
  std::string scratch;
  json::TimeRead time;
  if (key == "run_id") {
    row.run_id = read_id(token, scratch).value_or("");
  } else if (key == "status") {
    row.status_given = !json::is_absent(token);
    row.status = json::parsed(token, task::parse_status, task::Status::unknown, task::Status::unknown);
  } else if (key == "run_mode") {
    row.mode = json::parsed(token, task::parse_run_mode, task::RunMode::none, task::RunMode::other);
  } else if (key == "batch_count") {
    row.batch_count = json::whole_number(v).value_or(0);
  } else if (key == "created" || key == "modified") {
    const error_code broken = json::read_time(v, time);
    (key == "created" ? row.created : row.modified) = time.time;
    return broken;
  }
  return simdjson::SUCCESS;
}

error_code decode_run(object& object, task::ObservedRunRow& row, Breach& breach) {
  const error_code broken =
      json::each_field(object, [&row](std::string_view key, value& v) { return keep_run_field(key, v, row); });
  if (row.run_id.empty()) breach.note("a `run_id` is missing or no usable id");
  if (row.created == task::kNoTime) row.created = task::time_of_id(row.run_id);
  return broken;
}

error_code decode_space(object& object, SpaceInfo& space) {
  return json::each_field(object, [&space](std::string_view key, value& v) {
    const std::string_view token = json::token_of(v);
    std::string scratch;
    if (key == "name") space.name = name_of(token);
    if (key == "slug") space.slug = name_of(token);
    if (key == "token") space.token = core::Secret(std::string(read_id(token, scratch).value_or("")));
    return simdjson::SUCCESS;
  });
}

error_code decode_organization(object& object, Organization& organization) {
  return json::each_field(object, [&organization](std::string_view key, value& v) {
    if (key == "name") organization.name = name_of(json::token_of(v));
    if (key == "domain_handle") organization.domain_handle = name_of(json::token_of(v));
    return simdjson::SUCCESS;
  });
}

// Most of a task is skipped unread, so that it may be anything with quotes and brackets in it.
bool is_json(std::string text) {
  // Half a surrogate pair is no error of the grammar, though it is one to the parser.
  for (auto at = text.find("\\u"); at != std::string::npos; at = text.find("\\u", at + 2))
    if (text[at + 2] == 'd' || text[at + 2] == 'D') text[at + 2] = '0';
  simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

error_code keep_row(object& element, TaskPage& page) {
  std::string_view raw;
  if (const auto broken = element.reset().error()) return broken;
  if (const auto broken = element.raw_json().get(raw)) return broken;
  std::string row(raw.substr(0, raw.rfind('}') + 1));  // white space may follow
  if (!is_json(row)) row = "{}";
  page.rows.emplace_back(page.tasks.back().key, std::move(row));
  return simdjson::SUCCESS;
}

}  // namespace

std::optional<std::string_view> read_id(std::string_view token, std::string& scratch) {
  constexpr std::size_t kLongestEscaped = 128 * 6;  // every byte as \u00XX
  const auto raw = json::raw_string(token);
  if (!raw || raw->size() > kLongestEscaped) return std::nullopt;
  std::string_view id = *raw;
  if (id.find('\\') != std::string_view::npos) {
    scratch.clear();
    if (!unescape(id, scratch)) return std::nullopt;
    id = scratch;
  }
  if (!task::is_acceptable_id(id)) return std::nullopt;
  return id;
}

struct Decoder::Parser {
  json::ondemand::parser parser;
};

Decoder::Decoder() : parser_(std::make_unique<Parser>()) {}
Decoder::~Decoder() = default;

std::expected<void, Failure> Decoder::tasks(std::string& body, TaskPage& page, std::string_view run_id,
                                            std::span<const task::TaskKey> wanted) {
  const auto begin = [&] {
    page.tasks.clear();
    page.odd_ids.clear();
    page.unknown_statuses.clear();
    page.rows.clear();
  };
  return read_list(parser_->parser, body, page.count, begin, [&](object& element, Breach& breach) {
    const error_code broken = decode_task(element, run_id, page, breach);
    const bool keeps = !broken && !wanted.empty() && std::ranges::binary_search(wanted, page.tasks.back().key);
    return keeps ? keep_row(element, page) : broken;
  });
}

std::expected<void, Failure> Decoder::runs(std::string& body, RunPage& page) {
  return read_list(
      parser_->parser, body, page.count, [&] { page.rows.clear(); },
      [&](object& element, Breach& breach) { return decode_run(element, page.rows.emplace_back(), breach); });
}

Answer<std::vector<SpaceInfo>> Decoder::spaces(std::string& body) {
  return read_rows<SpaceInfo>(parser_->parser, body, [](object& element, SpaceInfo& space, Breach& breach) {
    const error_code broken = decode_space(element, space);
    if (space.token.empty()) breach.note("a space has no usable `token`");
    return broken;
  });
}

Answer<SpaceInfo> Decoder::space(std::string& body) {
  SpaceInfo space;
  const auto envelope = read_envelope(parser_->parser, body, '{', [&space](value& data, Breach&) -> error_code {
    object inner;
    if (const auto broken = data.get_object().get(inner)) return broken;
    space = {};
    return decode_space(inner, space);
  });
  if (!envelope) return std::unexpected(envelope.error());
  return space;
}

Answer<std::vector<Organization>> Decoder::organizations(std::string& body) {
  return read_rows<Organization>(parser_->parser, body, [](object& element, Organization& organization, Breach&) {
    return decode_organization(element, organization);
  });
}

Decoder::Refusal Decoder::refusal(std::string& body) {
  if (const auto envelope = read_refusal(parser_->parser, body))
    return {.status_code = envelope->status_code,
            .text = envelope->message,
            .json = envelope->status_code || !envelope->message.empty()};
  const std::string_view text = core::trim(body);
  const bool words = !text.empty() && (text.front() == '<' || core::is_letter(text.front()));
  return {.status_code = {}, .text = words ? without_markup(text) : ""};
}

}  // namespace runwatch::unpod
