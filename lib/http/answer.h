// From a request's head to the bytes of its answer, with no socket and no thread in it. Private to this room.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "http/server.h"

namespace runwatch::http {

struct Head {
  bool is_head = false;
  bool http10 = false;
  bool keep_alive = false;  // false too when a body follows, for bodies are never read
  std::string path;         // percent-decoded
  std::string query, host, accept, accept_encoding, authorization;
  core::Duration patience{0};  // how long the peer says that it waits

  ServerRequest request(std::string_view below) const { return {below, query, host, accept, accept_encoding, is_head}; }
};

struct Answer {
  std::string head;
  std::shared_ptr<const std::string> body;  // null for HEAD
  bool close = true;                        // the connection ends with it
  core::Duration patience{0};
};

// `extra` stands in place of the response's own headers of those names; what decides about framing is left out of both.
Answer form_answer(const Head& head, ServerResponse response, const std::vector<Header>& extra);

// What the handler says; 500 where it throws or says nonsense, logged.
ServerResponse ask_handler(const Handler& handler, const ServerRequest& request);

// To a request that is answered without the handler. That of 400, 405, 417, 431 and 501 ends the connection.
ServerResponse refusal(int status);

// `path` as it is called below `prefix`, which is empty or as `/runwatch`; nothing outside.
std::optional<std::string_view> below(std::string_view prefix, std::string_view path);

}  // namespace runwatch::http
