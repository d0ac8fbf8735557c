// What went wrong with an exchange, as the reason a poll is counted under and a line for a person: what most likely
// needs mending, then what the platform says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "http/client.h"
#include "unpod/api.h"
#include "unpod/decode.h"

namespace runwatch::unpod {

// `text` made printable.
Failure failed(view::PollReason reason, std::string_view text);
Failure cancelled();
Failure inconsistent(std::string_view complaint);
Failure from_http(const http::Failure& failure);

// Of an answer whose HTTP status is not 200. `now` by our clock, where the answer does not say what time it is.
Failure from_status(Call call, const http::Response& response, const Decoder::Refusal& refusal, core::WallTime now);

// Nothing where the content type is missing or some kind of JSON.
std::optional<Failure> from_content_type(const http::Response& response);

// 401, or a 403 whose text is about the API token; any other 403 is about what the token may do.
bool refuses_token(int status, const Decoder::Refusal& refusal);

// 429 and 503, and the time that such an answer names.
bool asks_for_less(const http::Response& response);
std::optional<core::Duration> asked_wait(const http::Response& response, core::WallTime now);

}  // namespace runwatch::unpod
