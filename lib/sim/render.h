// Rows and answers as the platform writes them: JSON text, straight into a string where there is much of it.
//
// A task's text is a pure function of the task, its run and the options, made anew for each answer at about memory
// speed: a cache of a million tasks would not fit.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sim/model.h"
#include "sim/options.h"

namespace runwatch::sim {

// IMF-fixdate (RFC 9110 §5.6.7).
std::string http_date(core::WallTime time);

void append_task(std::string& out, const Options& options, const Run& run, const Task& task);
void append_run(std::string& out, const Options& options, const Run& run);
void append_organization(std::string& out, const Options& options);
void append_space(std::string& out, const Options& options, const Space& space);

}  // namespace runwatch::sim
