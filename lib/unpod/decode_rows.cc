#include "core/text.h"
#include "unpod/elements.h"

namespace runwatch::unpod {
namespace {

using json::error_code;
using json::ondemand::value;
using std::string_view;

// Of names that become labels and lines of a page; what is longer is no name.
constexpr std::size_t kLongestName = 128;

std::string name_of(string_view token) {
  std::string scratch;
  return core::printable(json::text_of(token, scratch), kLongestName);
}

error_code keep_run_field(string_view key, value& v, task::ObservedRunRow& row) {
  const string_view token = json::token_of(v);
  std::string scratch;
  json::TimeRead time;
  if (key == "run_id") {
    row.run_id = read_id(token, scratch).value_or("");
  } else if (key == "status") {
    row.status_given = !json::is_absent(token);
    row.status = json::parsed(token, task::parse_status, task::Status::unknown, task::Status::unknown);
  } else if (key == "run_mode") {
    row.mode = json::parsed(token, task::parse_run_mode, task::RunMode::none, task::RunMode::other);
  } else if (key == "batch_count") {
    row.batch_count = json::whole_number(v).value_or(0);
  } else if (key == "created" || key == "modified") {
    const error_code broken = json::read_time(v, time);
    (key == "created" ? row.created : row.modified) = time.time;
    return broken;
  }
  return simdjson::SUCCESS;
}

}  // namespace

error_code decode_run(json::ondemand::object& object, task::ObservedRunRow& row, Breach& breach) {
  row = {};
  const error_code broken =
      json::each_field(object, [&row](string_view key, value& v) { return keep_run_field(key, v, row); });
  if (row.run_id.empty()) breach.note("a `run_id` is missing or no usable id");
  if (row.created == task::kNoTime) row.created = task::time_of_id(row.run_id);
  return broken;
}

error_code decode_space(json::ondemand::object& object, SpaceInfo& space) {
  return json::each_field(object, [&space](string_view key, value& v) {
    const string_view token = json::token_of(v);
    std::string scratch;
    if (key == "name") space.name = name_of(token);
    if (key == "slug") space.slug = name_of(token);
    if (key == "token") space.token = core::Secret(std::string(read_id(token, scratch).value_or("")));
    return simdjson::SUCCESS;
  });
}

error_code decode_organization(json::ondemand::object& object, Organization& organization) {
  return json::each_field(object, [&organization](string_view key, value& v) {
    if (key == "name") organization.name = name_of(json::token_of(v));
    if (key == "domain_handle") organization.domain_handle = name_of(json::token_of(v));
    return simdjson::SUCCESS;
  });
}

}  // namespace runwatch::unpod
