#include "unpod/decode.h"

#include "core/ascii.h"
#include "unpod/elements.h"

namespace runwatch::unpod {
namespace {

using json::error_code;
using json::ondemand::object;
using json::ondemand::value;

constexpr std::size_t kLargeBody = 8 * 1024 * 1024;

// Calls `read(object, breach)` for each element of `data`, which begins with `begin()`; one that is no object is noted
// and skipped. Returns the list's `count`.
template <class Begin, class Read>
Answer<std::optional<std::uint64_t>> read_list(json::ondemand::parser& parser, std::string& body, Begin&& begin,
                                               Read&& read) {
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
  return envelope->count;
}

template <class Row, class Read>
Answer<std::vector<Row>> read_rows(json::ondemand::parser& parser, std::string& body, Read&& read) {
  std::vector<Row> rows;
  const auto list = read_list(
      parser, body, [&] { rows.clear(); },
      [&](object& element, Breach& breach) { return read(element, rows.emplace_back(), breach); });
  if (!list) return std::unexpected(list.error());
  return rows;
}

}  // namespace

struct Decoder::Parser {
  json::ondemand::parser parser;
};

Decoder::Decoder() : parser_(std::make_unique<Parser>()) {}
Decoder::~Decoder() = default;

std::expected<void, Failure> Decoder::tasks(std::string& body, TaskPage& page, std::string_view run_id) {
  const auto begin = [&] {
    page.tasks.clear();
    page.odd_ids.clear();
  };
  const auto list = read_list(parser_->parser, body, begin, [&](object& element, Breach& breach) {
    return decode_task(element, run_id, page.tasks.emplace_back(), page.odd_ids, breach);
  });
  if (!list) return std::unexpected(list.error());
  page.count = *list;
  return {};
}

std::expected<void, Failure> Decoder::runs(std::string& body, RunPage& page) {
  const auto list = read_list(
      parser_->parser, body, [&] { page.rows.clear(); },
      [&](object& element, Breach& breach) { return decode_run(element, page.rows.emplace_back(), breach); });
  if (!list) return std::unexpected(list.error());
  page.count = *list;
  return {};
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
