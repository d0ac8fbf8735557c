// Rows as values. A value that no version of this program writes is damage, not data.
#pragma once

#include "store/session.h"
#include "store/store.h"

namespace runwatch::store {

Outcome<Contents> read_contents(Session& session);
Outcome<task::KnownTasks> read_tasks(Session& session, std::int64_t run);

}  // namespace runwatch::store
