#include "control/request.h"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/text.h"

namespace runwatch::control {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Request, ids, receiver, dead, number, space, run_id, rule, reason,
                                                seconds)

namespace {

std::string text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const Request& request) { return text(request); }

core::Result<Request> parse_request(std::string_view json) {
  const auto refused =
      core::fail(core::ErrorKind::invalid, "the body is no JSON object of the members that are documented");
  try {
    const auto parsed = nlohmann::json::parse(json);
    const auto is_whole = [&](const char* member) {  // a fraction would be cut, and one out of range be anything
      if (!parsed.contains(member)) return true;
      const auto& value = parsed[member];
      return value.is_number_integer() &&
             !(value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max());
    };
    const bool good = parsed.is_object() && is_whole("seconds") && is_whole("number");
    return good ? core::Result<Request>(parsed.get<Request>()) : refused;
  } catch (const nlohmann::json::exception&) {
    return refused;  // without its words, which repeat what was sent
  }
}

std::string database_text(const std::filesystem::path& database) {
  std::error_code unknown;
  const auto path = std::filesystem::weakly_canonical(database, unknown);
  return core::printable((unknown ? database : path).string(), 4096);
}

std::string refusal(const std::string& what) { return text({{"error", what}}); }

std::string parse_refusal(std::string_view json) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  const auto found = parsed.is_object() ? parsed.find("error") : parsed.end();
  return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace runwatch::control
