#include "unpod/decode.h"

#include "unpod/decode_rows.h"
#include "unpod/decode_task.h"
#include "unpod/envelope.h"

namespace runwatch::unpod {
namespace {

using json::error_code;
using json::ondemand::object;
using json::ondemand::value;

constexpr std::size_t kLargeBody = 8 * 1024 * 1024;

// Calls `visit(object)` for each element; one that is no object is noted and skipped.
template <class Visit>
error_code each_element(value& data, Breach& breach, Visit&& visit) {
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
    if (const error_code broken = visit(inner)) return broken;
  }
  return simdjson::SUCCESS;
}

// Several times the body's size is the parser's working memory; what one giant page took is given back.
void shrink(json::ondemand::parser& parser, const std::string& body) {
  if (body.size() > kLargeBody) parser = json::ondemand::parser();
}

}  // namespace

struct Decoder::Parser {
  json::ondemand::parser parser;
};

Decoder::Decoder() : parser_(std::make_unique<Parser>()) {}
Decoder::~Decoder() = default;

std::expected<void, Failure> Decoder::tasks(std::string& body, TaskPage& page) {
  const auto envelope = read_envelope(parser_->parser, body, '[', [&page](value& data, Breach& breach) {
    page.tasks.clear();
    page.odd_ids.clear();
    return each_element(data, breach, [&](object& element) {
      bool id_good = true;
      const error_code broken = decode_task(element, page.tasks.emplace_back(), page.odd_ids, id_good);
      if (!id_good) breach.note("a `task_id` is missing or no usable id");
      return broken;
    });
  });
  shrink(parser_->parser, body);
  if (!envelope) return std::unexpected(envelope.error());
  page.count = envelope->count;
  return {};
}

std::expected<void, Failure> Decoder::runs(std::string& body, RunPage& page) {
  const auto envelope = read_envelope(parser_->parser, body, '[', [&page](value& data, Breach& breach) {
    page.rows.clear();
    return each_element(data, breach, [&](object& element) {
      bool id_good = true;
      const error_code broken = decode_run(element, page.rows.emplace_back(), id_good);
      if (!id_good) breach.note("a `run_id` is missing or no usable id");
      return broken;
    });
  });
  shrink(parser_->parser, body);
  if (!envelope) return std::unexpected(envelope.error());
  page.count = envelope->count;
  return {};
}

Answer<std::vector<SpaceInfo>> Decoder::spaces(std::string& body) {
  std::vector<SpaceInfo> spaces;
  const auto envelope = read_envelope(parser_->parser, body, '[', [&spaces](value& data, Breach& breach) {
    spaces.clear();
    return each_element(data, breach, [&](object& element) {
      const error_code broken = decode_space(element, spaces.emplace_back());
      if (spaces.back().token.empty()) breach.note("a space has no usable `token`");
      return broken;
    });
  });
  if (!envelope) return std::unexpected(envelope.error());
  return spaces;
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
  std::vector<Organization> organizations;
  const auto envelope = read_envelope(parser_->parser, body, '[', [&organizations](value& data, Breach& breach) {
    organizations.clear();
    return each_element(data, breach,
                        [&](object& element) { return decode_organization(element, organizations.emplace_back()); });
  });
  if (!envelope) return std::unexpected(envelope.error());
  return organizations;
}

Decoder::Refusal Decoder::refusal(std::string& body) {
  if (const auto envelope = read_refusal(parser_->parser, body))
    return {.status_code = envelope->status_code, .text = envelope->message};
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) return {};
  const char first = body[start];
  const bool words = first == '<' || (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  return {.status_code = {}, .text = words ? without_markup(std::string_view(body).substr(start)) : ""};
}

}  // namespace runwatch::unpod
