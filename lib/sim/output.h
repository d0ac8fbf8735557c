// The `output` of a task, in both of the platform's shapes. Private to this room.
#pragma once

#include <string>

#include "sim/render.h"

namespace runwatch::sim {

// `row` is where the task's row begins in `out`: the conversation fills it up to about `options.task_bytes`.
void append_output(std::string& out, std::size_t row, const Options& options, const Run& run, const Task& task);

}  // namespace runwatch::sim
