// The addresses of a configuration: where the platform is, where runwatch listens, whom it tells.
//
// Fails: with the rest of a sentence that begins with the key, such as "has no scheme: …". The text given is not
// repeated in it, because a URL can carry a password.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace runwatch::config {

struct Url {
  std::string text;  // the scheme in lower case
  std::string host;  // IPv6 without brackets
  bool encrypted = false;

  bool operator==(const Url&) const = default;
};

// http or https, without a user and a fragment.
std::expected<Url, std::string> parse_url(std::string_view text);

// One that paths are added to: without a query, and without slashes at its end.
std::expected<Url, std::string> parse_base_url(std::string_view text);

inline constexpr const char* kEveryAddress = "*";

struct Listen {
  std::string host;  // IPv6 without brackets
  std::uint16_t port = 0;

  bool operator==(const Listen&) const = default;
};

// `HOST:PORT`, `[IPv6]:PORT`, or `:PORT` for every address of both families, whose host is kEveryAddress.
std::expected<Listen, std::string> parse_listen(std::string_view text);

// For servers that do not know kEveryAddress: every IPv4 address then.
inline std::string ipv4_host(const Listen& listen) { return listen.host == kEveryAddress ? "0.0.0.0" : listen.host; }

// A host name of letters, digits, '-', '_' and '.', an IPv4 address, or an IPv6 address without brackets.
bool is_host(std::string_view text);

// kEveryAddress, 0.0.0.0 or ::, however written.
bool is_every_address(const std::string& host);

// A name or address that cannot leave this machine.
bool is_loopback(std::string_view host);

}  // namespace runwatch::config
