#include "config/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/ascii.h"

namespace runwatch::config {
namespace {

using Refusal = std::unexpected<std::string>;

bool is_ip(int family, const std::string& text) {
  in6_addr address{};  // either kind fits
  return ::inet_pton(family, text.c_str(), &address) == 1;
}

bool is_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > 253 || text.starts_with('.') || text.find("..") != text.npos) return false;
  return std::ranges::all_of(
      text, [](char c) { return core::is_letter(c) || core::is_digit(c) || c == '-' || c == '_' || c == '.'; });
}

struct Authority {
  std::string host;
  std::optional<std::string_view> port;  // what follows the colon, if there is one
};

// Splits `host:port`; nothing when brackets do not pair or several colons stand outside them.
std::optional<Authority> split_authority(std::string_view text) {
  const std::size_t begin = text.starts_with('[') ? 1 : 0;
  const std::size_t end = text.find(begin == 1 ? ']' : ':');
  const std::string host(text.substr(begin, end - begin));
  const std::string_view rest = text.substr(std::min(end + begin, text.size()));
  if (begin == 1 && (end == text.npos || !is_ip(AF_INET6, host))) return std::nullopt;
  if (rest.empty()) return Authority{host, std::nullopt};
  if (rest.front() != ':' || rest.find(':', 1) != rest.npos) return std::nullopt;
  return Authority{host, rest.substr(1)};
}

bool has_odd_character(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return c <= ' ' || c >= 0x7F || c == '\\' || c == '"' || c == '<' || c == '>'; });
}

// The host of a good `host` or `host:port`.
std::expected<std::string, std::string> host_of(std::string_view text) {
  if (text.find('@') != text.npos) return Refusal("must not hold a user or password: secrets have keys of their own");
  const auto authority = split_authority(text);
  if (!authority)
    return Refusal("has an impossible host: write https://HOST, https://HOST:PORT or https://[IPv6]:PORT");
  if (authority->host.empty()) return Refusal("has no host: write https://HOST");
  if (!is_host(authority->host)) return Refusal("has an impossible host: letters, digits, '-', '.', or an IP address");
  if (authority->port && core::parse_number<std::uint16_t>(*authority->port).value_or(0) == 0)
    return Refusal("has an impossible port: 1 to 65535");
  return authority->host;
}

}  // namespace

bool is_host(std::string_view text) {
  const std::string host(text);
  const bool only_numbers = !host.empty() && host.find_first_not_of("0123456789.") == host.npos;
  return only_numbers ? is_ip(AF_INET, host) : is_name(host) || is_ip(AF_INET6, host);
}

bool is_every_address(const std::string& host) {
  in6_addr address{};
  return host == kEveryAddress || host == "0.0.0.0" ||
         (::inet_pton(AF_INET6, host.c_str(), &address) == 1 && IN6_IS_ADDR_UNSPECIFIED(&address));
}

bool is_loopback(std::string_view host) {
  std::string name = core::lower(host);
  if (name.ends_with('.')) name.pop_back();
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  return (is_ip(AF_INET, name) && name.starts_with("127.")) || (is_ip(AF_INET6, name) && name == "::1");
}

std::expected<Url, std::string> parse_url(std::string_view text) {
  if (text.empty()) return Refusal("is empty: write https://HOST");
  if (has_odd_character(text)) return Refusal("holds a space, quote, backslash, control or non-ASCII character");
  const std::size_t mark = text.find("://");
  if (mark == text.npos) return Refusal("has no scheme: write https://HOST");
  const std::string scheme = core::lower(text.substr(0, mark));
  if (scheme != "http" && scheme != "https") return Refusal("must begin with https:// or http://");
  const std::string_view rest = text.substr(mark + 3);
  if (rest.find('#') != rest.npos) return Refusal("must not have a fragment");
  auto host = host_of(rest.substr(0, rest.find_first_of("/?")));
  if (!host) return Refusal(std::move(host.error()));
  return Url{scheme + "://" + std::string(rest), std::move(*host), scheme == "https"};
}

std::expected<Url, std::string> parse_base_url(std::string_view text) {
  if (text.contains("://") && text.find_first_of("?#", text.find("://")) != text.npos)
    return Refusal("must not have a query or a fragment");
  auto url = parse_url(text);
  while (url && url->text.ends_with('/')) url->text.pop_back();
  return url;
}

std::expected<Listen, std::string> parse_listen(std::string_view text) {
  const auto authority = split_authority(text);
  if (!authority || !authority->port)
    return Refusal("must be HOST:PORT, [IPv6]:PORT, or :PORT for every address, as in 127.0.0.1:10321");
  if (!authority->host.empty() && !is_host(authority->host))
    return Refusal("has an impossible host: a name or an IP address, or nothing for every address");
  const auto port = core::parse_number<std::uint16_t>(*authority->port);
  if (!port) return Refusal("has an impossible port: 0 to 65535, 0 for any free one");
  return Listen{authority->host.empty() ? kEveryAddress : authority->host, *port};
}

}  // namespace runwatch::config
