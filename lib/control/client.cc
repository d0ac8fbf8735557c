#include "control/client.h"

#include <fmt/format.h>
#include <httplib.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "control/request.h"
#include "core/text.h"

namespace runwatch::control {
namespace {

core::Error no_answer(const Target& target, httplib::Error why) {
  const auto place = core::printable(target.socket.string());
  if (why == httplib::Error::Connection && ::access(target.socket.c_str(), W_OK) != 0 && errno == EACCES) {
    return {core::ErrorKind::unavailable, fmt::format("the control socket {} is another user's: ask as the user that "
                                                      "runwatch runs as, or as root",
                                                      place)};
  }
  if (why == httplib::Error::Connection) {
    return {core::ErrorKind::unavailable,
            fmt::format("no runwatch answers at {}: start it, or say with --control where its socket is", place)};
  }
  return {core::ErrorKind::busy, fmt::format("the runwatch at {} broke off or took more than {} s: see its log", place,
                                             target.patience.count())};
}

}  // namespace

core::Result<std::string> ask(const Target& target, const std::string& method, const std::string& path,
                              const std::string& body) {
  httplib::Client client(target.socket.string(), 80);
  client.set_address_family(AF_UNIX);
  httplib::Headers headers{{"Host", "localhost"}};
  if (!target.database.empty()) headers.emplace(kDatabase, database_text(target.database));
  client.set_default_headers(std::move(headers));
  client.set_read_timeout(target.patience);
  auto answer = method == "GET" ? client.Get(path) : client.Post(path, body, "application/json");
  if (!answer) return std::unexpected(no_answer(target, answer.error()));
  if (answer->status == 200) return std::move(answer->body);
  const auto text = core::printable(parse_refusal(answer->body), 500);
  const auto kind = answer->status < 500 ? core::ErrorKind::invalid : core::ErrorKind::busy;
  return core::fail(kind, text.empty() ? fmt::format("the daemon answered {}", answer->status) : text);
}

}  // namespace runwatch::control
