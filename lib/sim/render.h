// Rows as the platform writes them: JSON text, straight into a string where there is much of it.
//
// A task's text is a pure function of the task, its run and the options, made anew for each answer at about memory
// speed: a cache of a million tasks would not fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/model.h"
#include "sim/options.h"

namespace runwatch::sim {

void append_task(std::string& out, const Options& options, const Run& run, const Task& task);
void append_run(std::string& out, const Options& options, const Run& run);
void append_organization(std::string& out, const Options& options);
void append_space(std::string& out, const Options& options, const Space& space);

// IMF-fixdate (RFC 9110 §5.6.7).
std::string http_date(core::WallTime time);

// The parts of a task's row. `"2026-02-07T05:57:45"` and the five other forms the platform writes; JSON, with its
// quotes or as `{"$date": …}`.
std::string time_text(core::WallTime time, unsigned form);

// The `output`, in both of the platform's shapes. `row` is where the task's row begins in `out`: the conversation fills
// it up to about `options.task_bytes`.
void append_output(std::string& out, std::size_t row, const Options& options, const Run& run, const Task& task);

}  // namespace runwatch::sim
