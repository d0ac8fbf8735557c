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

core::Result<std::vector<core::Secret>> lines_of(std::string_view content, std::string_view noun, bool many,
                                                 const Fault& fault_in) {
  const auto refuse = [](std::string text) { return core::fail(core::ErrorKind::invalid, std::move(text)); };
  if (content.starts_with("\xEF\xBB\xBF")) return refuse("starts with a byte order mark: save it without one");
  if (content.contains('\r')) return refuse("has Windows line ends (CRLF): save it with a plain newline");
  if (content.ends_with('\n')) content.remove_suffix(1);
  if (!many && content.contains('\n'))
    return refuse(fmt::format("has more than one line: it must hold the {} alone", noun));
  std::vector<core::Secret> out;
  for (std::size_t from = 0; from <= content.size();) {
    const std::string_view line = content.substr(from, content.find('\n', from) - from);
    if (auto fault = fault_in(line)) return refuse(std::move(*fault));
    out.emplace_back(std::string(line));
    from += line.size() + 1;
  }
  return out;
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
      return fmt::format("it stands in {}: a new one there is taken at once", api.token_path.value_or("").string());
    case TokenSource::environment:
      return "it is that of the environment variable RUNWATCH_API_TOKEN: a new one takes a restart";
    case TokenSource::credential:
      return "it is that of the systemd credential unpod-token, copied at the start: a new one takes a restart";
    case TokenSource::config:
      break;
  }
  return "it stands in api.token: a new one takes a reload";
}

core::Result<std::vector<core::Secret>> read_secrets(const std::filesystem::path& path, std::string_view noun,
                                                     bool many, const Fault& fault_in) {
  // Room for a newline after the longest one.
  const auto content = read_small_file(path, {kLargestToken.count + 1});
  auto lines = content ? lines_of(*content, noun, many, fault_in) : std::unexpected(content.error());
  if (lines) return lines;
  std::string& fault = lines.error().text;
  if (fault.starts_with("is larger")) fault = "is larger than 8KiB";
  if (fault.ends_with("Permission denied")) fault += ": let runwatch's group read it, as mode 640 does";
  fault = fmt::format("{} file {} {}", noun, path.string(), fault);
  return lines;
}

core::Result<core::Secret> read_token(const std::filesystem::path& path) {
  auto lines = read_secrets(path, "token", false, fault_in_token);
  return lines ? core::Result<core::Secret>(std::move(lines->front())) : std::unexpected(std::move(lines.error()));
}

bool readable_by_others(const std::filesystem::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

}  // namespace runwatch::config
