// One element of the answers that are not tasks; for the .cc files of this room alone, as it speaks simdjson.
#pragma once

#include "task/observed.h"
#include "unpod/api.h"
#include "unpod/json.h"

namespace runwatch::unpod {

// `id_good` false: `run_id` is missing or can be no id, the row is of no use.
json::error_code decode_run(json::ondemand::object& object, task::ObservedRunRow& row, bool& id_good);

// The token stays empty where the answer has none that can be one.
json::error_code decode_space(json::ondemand::object& object, SpaceInfo& space);

json::error_code decode_organization(json::ondemand::object& object, Organization& organization);

}  // namespace runwatch::unpod
