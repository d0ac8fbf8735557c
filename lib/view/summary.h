// How everything stands, in one line for people.
#pragma once

#include <string>

#include "view/snapshot.h"

namespace runwatch::view {

// "3 spaces, 48 runs, all up", else the first thing that is wrong with its reason and how much more is, else what was
// not tried yet. Printable as far as the texts in the snapshot are.
std::string summary(const Snapshot& snapshot);

}  // namespace runwatch::view
