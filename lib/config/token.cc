#include "config/token.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "config/units.h"

namespace runwatch::config {
namespace {

constexpr core::Bytes kLargestToken = core::kib(8);

std::optional<std::string> fault_in_file(std::string_view content) {
  if (content.starts_with("\xEF\xBB\xBF")) return "starts with a byte order mark: save it without one";
  if (content.find('\r') != content.npos) return "has Windows line ends (CRLF): save it with a plain newline";
  if (content.ends_with('\n')) content.remove_suffix(1);
  if (content.find('\n') != content.npos) return "has more than one line: it must hold the token alone";
  return fault_in_token(content);
}

core::Result<std::string> cannot(std::string_view what) {
  return core::fail(core::ErrorKind::invalid,
                    fmt::format("cannot be {}: {}", what, std::generic_category().message(errno)));
}

std::string_view kind_of(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) return "is a directory, not a file";
  return S_ISFIFO(status.st_mode) ? "is a FIFO, not a regular file" : "is not a regular file";
}

}  // namespace

core::Result<std::string> read_small_file(const std::filesystem::path& path, core::Bytes limit) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return cannot("read");
  if (!S_ISREG(status.st_mode)) return core::fail(core::ErrorKind::invalid, std::string(kind_of(status)));
  std::ifstream file(path, std::ios::binary);
  if (!file) return cannot("opened");
  std::string content(limit.count + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad()) return cannot("read");
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() <= limit.count) return content;
  return core::fail(core::ErrorKind::invalid, "is larger than " + format_size(limit));
}

std::optional<std::string> fault_in_token(std::string_view token) {
  if (token.empty()) return "is empty";
  if (token.size() > kLargestToken.count) return "is longer than 8KiB";
  if (std::ranges::any_of(token, [](char c) { return c <= ' ' || c >= 0x7F; }))
    return "holds a space, control or non-ASCII character, which no token has";
  return std::nullopt;
}

std::string token_origin(const Api& api) {
  switch (api.token_source) {
    case TokenSource::file:
      return fmt::format("it came from {}: a new one there is taken at once", api.token_path.value_or("").string());
    case TokenSource::environment:
      return "it came from the environment variable RUNWATCH_API_TOKEN: a new one takes a restart";
    case TokenSource::credential:
      return "it came from the systemd credential unpod-token, copied at the start: a new one takes a restart";
    case TokenSource::config:
      break;
  }
  return "it came from api.token: a new one takes a reload";
}

core::Result<core::Secret> read_token(const std::filesystem::path& path) {
  // Room for a newline after the longest token.
  auto content = read_small_file(path, {kLargestToken.count + 1});
  std::optional<std::string> fault;
  if (!content)
    fault = content.error().text.starts_with("is larger") ? "is larger than 8KiB" : content.error().text;
  else
    fault = fault_in_file(*content);
  if (fault && fault->ends_with("Permission denied")) *fault += ": let runwatch's group read it, as mode 640 does";
  if (fault) return core::fail(core::ErrorKind::invalid, fmt::format("token file {} {}", path.string(), *fault));
  if (content->ends_with('\n')) content->pop_back();
  return core::Secret(std::move(*content));
}

bool readable_by_others(const std::filesystem::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

}  // namespace runwatch::config
