// What page and API ask of the ledger, with a bound on how long anybody waits for it.
//
// Threads: the server's. One asks at a time, so that a ledger that is held up never holds up those who scrape.
#pragma once

#include "view/ledger_query.h"
#include "watch/watch.h"

namespace runwatch::daemon {

view::LedgerQueries ledger_queries(watch::Watch& watch);

}  // namespace runwatch::daemon
