// Any bytes as a configuration file: a Config with a token or problems with texts, and never the planted secret.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runwatch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Nothing outside the input is read: no environment, and a directory that does not exist.
  const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
  const auto loaded = config::parse(text, "/nonexistent", nothing);
  if (loaded) {
    if (loaded->config.api.token.empty()) std::abort();
    return 0;
  }
  if (loaded.error().empty()) std::abort();
  for (const auto& problem : loaded.error())
    if (problem.text.empty() || problem.text.find("QZXJWVKYQZXJ") != std::string::npos) std::abort();
  return 0;
}
