// A batch as rows. Runs inside a transaction that the caller opened and ends.
#pragma once

#include "store/session.h"
#include "store/store.h"

namespace runwatch::store {

// SQLITE_OK or the error of the statement that failed.
[[nodiscard]] int write_batch(Session& session, const Batch& batch);

}  // namespace runwatch::store
