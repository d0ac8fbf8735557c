// The frame around every answer of the platform; for the .cc files of this room alone, as it speaks simdjson.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "unpod/api.h"
#include "unpod/decode.h"
#include "unpod/json.h"

namespace runwatch::unpod {

// Collects what the elements of `data` break of the contract: the first breach is told.
class Breach {
 public:
  void note(std::string_view text) {
    if (text_.empty()) text_ = text;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct Envelope {
  std::optional<std::uint64_t> count;
  std::optional<std::int64_t> status_code;  // missing or null: nothing; unreadable: -1
  std::string message;                      // `message`, `errors` and `detail` as one text, not printable yet
};

// Reads `data` where it is what `expected` ('[' or '{') begins; called again should the key repeat.
using DataReader = std::function<json::error_code(json::ondemand::value&, Breach&)>;

// Walks the whole document. Success: it ends where it should, `status_code` is 200 or missing, and `data` is there and
// kept to the contract.
std::expected<Envelope, Failure> read_envelope(simdjson::ondemand::parser& parser, std::string& body, char expected,
                                               const DataReader& read_data);

// `message`, `errors` and `detail` of a JSON object, whatever else it holds; nothing when the body is no JSON object.
std::optional<Envelope> read_refusal(simdjson::ondemand::parser& parser, std::string& body);

// One task of a list. Only its ids can be a breach of the contract (see task::is_acceptable_id, and `Decoder::tasks` of
// `run_id`; empty, or of another type, the task's own names no run), and it is then of no use.
json::error_code decode_task(json::ondemand::object& object, std::string_view run_id, TaskPage& page, Breach& breach);

// The text of an id token when it is a string that can be an id; `scratch` may hold it.
std::optional<std::string_view> read_id(std::string_view token, std::string& scratch);

}  // namespace runwatch::unpod
