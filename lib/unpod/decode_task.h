// One element of a page of tasks; for the .cc files of this room alone, as it speaks simdjson.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "task/observed.h"
#include "unpod/json.h"

namespace runwatch::unpod {

using OddIds = std::vector<std::pair<task::TaskKey, std::string>>;

// Reads a task out of an object. Of all its fields only `task_id` can be refused: false in `id_good`, and the rest of
// `task` is then of no use.
json::error_code decode_task(json::ondemand::object& object, task::ObservedTask& task, OddIds& odd_ids, bool& id_good);

// The text of an id token when it is a string that can be an id, see task::is_acceptable_id; `scratch` may hold it.
std::optional<std::string_view> read_id(std::string_view token, std::string& scratch);

}  // namespace runwatch::unpod
