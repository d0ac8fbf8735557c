// Any bytes as an answer of the platform: rows that keep every promise of decode, or a Failure that can be printed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/text.h"
#include "unpod/decode.h"

namespace {

using namespace runwatch;

void require(bool promise) {
  if (!promise) std::abort();
}

void check(const unpod::Failure& failure) {
  require(failure.text == core::printable(failure.text));
  require(failure.reason == view::PollReason::bad_json || failure.reason == view::PollReason::bad_schema ||
          failure.reason == view::PollReason::business_error);
}

void check(const unpod::TaskPage& page) {
  std::size_t odd = 0;
  for (const task::ObservedTask& task : page.tasks) {
    require(!task.duration || (*task.duration >= 0 && *task.duration <= 86'400));
    require(!task.cost || *task.cost >= 0);
    if (!task::is_usual(task.key)) ++odd;
  }
  require(odd == page.odd_ids.size());
  for (const auto& [key, text] : page.odd_ids)
    require(task::is_acceptable_id(text) && task::make_task_key(text) == key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static unpod::Decoder decoder;
  std::string body(reinterpret_cast<const char*>(data), size);
  unpod::TaskPage tasks;
  const auto done = decoder.tasks(body, tasks);
  if (done) check(tasks);
  if (!done) check(done.error());
  // The body is cut where white space ends it; what is left without its last byte is no success.
  const std::size_t end = body.find_last_not_of(" \t\r\n");
  if (done) {
    std::string cut = body.substr(0, end);
    require(!decoder.tasks(cut, tasks).has_value());
  }
  unpod::RunPage runs;
  if (const auto rows = decoder.runs(body, runs); !rows) check(rows.error());
  if (const auto spaces = decoder.spaces(body); !spaces) check(spaces.error());
  if (const auto space = decoder.space(body); !space) check(space.error());
  if (const auto organizations = decoder.organizations(body); !organizations) check(organizations.error());
  decoder.refusal(body);
  return 0;
}
