// How the tasks of a run stood over time, for plots, pace and the estimated end.
#pragma once

#include "task/history.h"

namespace runwatch::view {

using HistoryPoint = task::HistoryPoint;  // {at, tasks}

}  // namespace runwatch::view
