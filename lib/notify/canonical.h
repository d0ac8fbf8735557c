// The one body that every format is made of: etc/schema/notice-v1.json, and what a webhook gets as it is.
//
// Always valid JSON in valid UTF-8, whatever the names hold. `counts.new` is the length of `tasks` plus `truncated`.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "rule/notice.h"

namespace runwatch::notify {

// Part of a task's own row, as the platform wrote it.
struct Included {
  std::string path;  // as the receiver named it; `task` for all of it
  std::string json;  // the value
};

// The value at a path of a task's row, as in `output.post_call_data.summary`; nothing where there is none.
std::optional<std::string> value_at(std::string_view row, std::string_view path);

struct Rendering {
  std::string_view external_url = {};
  core::Bytes max_body = core::kib(20);
  // The text of an id that is not of the usual form; empty, or an empty answer: the key in hex.
  std::function<std::string(const task::TaskKey&)> odd_id = {};
  std::span<const Included> included = {};  // of a task_finished event
};

// At most `max_body` long as far as that can be had by leaving out tasks from the last one on, and before them what is
// included: a value that does not fit, is nested deeper than 64, or is no JSON is left out whole, its path named.
std::string canonical(const rule::Notice& notice, const Rendering& rendering);

// One body for two updates of an incident of which the first was never sent. What is new in both adds up, tasks are
// joined as far as they fit; all else is the newer one's.
std::string fold(std::string_view older, std::string_view newer, core::Bytes max_body);

// As other systems match notices of one incident over its reopening: 32 hex digits of space, run and rule.
std::string match_key(std::string_view space_key, std::string_view run_id, std::string_view rule,
                      std::string_view receiver = {});

}  // namespace runwatch::notify
