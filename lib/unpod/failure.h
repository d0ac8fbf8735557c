// What went wrong with an exchange, as the reason a poll is counted under and a line for a person.
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"
#include "http/client.h"
#include "unpod/api.h"
#include "unpod/decode.h"

namespace runwatch::unpod {

Failure cancelled();
Failure inconsistent(std::string_view complaint);
Failure from_http(const http::Failure& failure);

// Of an answer whose HTTP status is not 200.
Failure from_status(const http::Response& response, const Decoder::Refusal& refusal, core::WallTime now);

// Nothing where the content type is missing or some kind of JSON.
std::optional<Failure> from_content_type(const http::Response& response);

}  // namespace runwatch::unpod
