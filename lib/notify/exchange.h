// One request to a receiver, and what is told of it. Private to the room.
#pragma once

#include <stop_token>
#include <string>

#include "notify/courier.h"

namespace runwatch::notify {

// Fills in all of `attempt` but the receiver.
Exchange ask(http::Client& client, const http::Request& request, const core::Clock& clock, const std::stop_token& cut,
             Attempt& attempt);
bool was_cut(const Exchange& exchange);  // it was our own end that broke it off: it counts nowhere

http::Request post(const ReceiverOptions& receiver, std::string url, std::string body);
core::Duration between(double a_second);  // at this rate

// What can be read; else the last ones stay.
void refresh(Credentials& credentials, const Reader& reread, const std::string& receiver);

}  // namespace runwatch::notify
