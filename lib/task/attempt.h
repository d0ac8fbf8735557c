// One task, before and now: which attempt it is in, and what that attempt has to tell.
//
// An attempt is a task's call id, else its start time, else its entry into a finished status. Its outputs may follow
// the status by minutes, and the outputs of the attempt before may still be there when the next one has begun.
#pragma once

#include "task/counters.h"
#include "task/diff.h"
#include "task/known_tasks.h"
#include "task/observed.h"

namespace runwatch::task {

// As KnownTask keeps a time: seconds since 1970, 0 for kNoTime.
std::uint32_t to_second(core::WallTime time);

// True when `seen` carries a call id (else a start) and it is another than the one known.
bool has_new_identity(const KnownTask& known, const ObservedTask& seen);

// True when `seen` carries the call id (else the start) that the current attempt is known by.
bool goes_on(const KnownTask& known, const ObservedTask& seen);

// True when `seen` still carries the outputs of the attempt before the current one.
bool is_stale(const KnownTask& known, const ObservedTask& seen);

// Takes over the call id and start that `seen` carries, if it is finished: a call under way may be followed by another
// one, unseen, before the task ends.
void adopt_identity(KnownTask& known, const ObservedTask& seen);

// Adds what the current attempt can tell for the first time: its observations when it is finished, its bad fields
// always.
void tell(KnownTask& known, const ObservedTask& seen, core::WallTime now, Tally& tally);

// The facts of the attempt that `known` is in now, as `seen` gives them: none of one that is not finished, and of one
// whose own outputs are still to come only the reason.
CallFacts facts_of(const KnownTask& known, const ObservedTask& seen);

// Whether the attempt, the same in both, has told more of its call: its id, its start, or something to observe.
bool tells_more(const KnownTask& before, const KnownTask& after);

// What `after` has told of the attempt it is in that `before` had not; nothing of what was there before us.
std::uint16_t news_of(const KnownTask& before, const KnownTask& after, bool new_attempt);

// Marks what `seen` could tell as told, without telling: for what was there before us.
void keep_quiet(KnownTask& known, const ObservedTask& seen);

}  // namespace runwatch::task
