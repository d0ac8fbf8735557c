#include "config/token.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <expected>

#include "config/small_file.h"
#include "core/bytes.h"

namespace runwatch::config {
namespace {

constexpr core::Bytes kLargestToken = core::kib(8);

std::expected<std::vector<core::Secret>, std::string> lines_of(std::string_view content, std::string_view noun,
                                                               bool many, const Fault& fault_in) {
  const auto refuse = [](std::string text) { return std::unexpected(std::move(text)); };
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

std::string told(const FileFault& fault) {
  if (fault.kind == FileFault::Kind::large) return "is larger than 8KiB";
  if (fault.kind == FileFault::Kind::shut) return fault.text + ": let runwatch's group read it, as mode 640 does";
  return fault.text;
}

}  // namespace

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
  const auto refuse = [&](std::string_view fault) {
    return core::fail(core::ErrorKind::invalid, fmt::format("{} file {} {}", noun, path.string(), fault));
  };
  // Room for a newline after the longest one.
  const auto content = read_small_file(path, {kLargestToken.count + 1});
  if (!content) return refuse(told(content.error()));
  auto lines = lines_of(*content, noun, many, fault_in);
  if (!lines) return refuse(lines.error());
  return std::move(*lines);
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
