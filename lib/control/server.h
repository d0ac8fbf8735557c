// The daemon's end of the control socket: a Unix socket of mode 0600 that speaks HTTP and JSON.
//
// clang-format off
// GET  /health          {alive, stuck_loop, ready, not_ready, summary}
// POST /reload          {}: {changed, waiting, given_up}, the keys that did, those that count after a restart, and
//                       how many notices for receivers that went, or became others
// POST /backup          {}: {path}, of a copy of the database that is the asker's to take away
// GET  /alerts          {incidents: [INCIDENT], receivers: [RECEIVER], dead: [DEAD]}
// GET  /alerts/ID       {incident: INCIDENT or null, clause, notices: [NOTICE]}: of an incident, or of a notice
// POST /alerts/test     {receiver}: {id}
// POST /alerts/replay   {ids}, or {receiver, dead}: {changed}
// POST /alerts/drop     {ids, receiver}: {changed}; the receiver may be left out
// GET  /silences        {silences: [SILENCE]}
// POST /silences        {space, run_id, rule, reason, seconds}: SILENCE, with a note where its run is not watched
// POST /silences/expire {number}: {changed}
//
// INCIDENT, RECEIVER and SILENCE are the incident, the receiver and the silence of docs/api.md.
// DEAD     {id, receiver, rule, kind, committed, last_failure}: a notice that was given up
// NOTICE   {id, kind, update, new, repeat, test, committed, poll, change, why, deliveries: [DELIVERY],
//           tasks: [{task_id, status, reason, attempts}]}
// DELIVERY {receiver, state, due, attempts: [{at, status, reason, seconds}]}
// clang-format on
//
// clause, poll, change and why are sentences. Times are RFC 3339 or null. An error is {error: text}: 400 (GET: 404) for
// `invalid`, else 503.
//
// Owns: the socket and its file. Threads: a few of its own, which call the handler, several at once.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "control/request.h"
#include "core/error.h"

namespace runwatch::control {

// Each gives the JSON text of its answer.
struct Handler {
  using Answer = core::Result<std::string>;
  std::function<Answer()> list, silences, health;
  std::function<Answer(const std::string& id)> show;
  std::function<Answer(const Request&)> test, replay, drop, add_silence, expire, reload, backup;
};

class Server {
 public:
  virtual ~Server() = default;  // waits for handlers that were called, and a second or two for silent peers

  // Takes the place of a socket that a dead process left. Fails: `busy` where a living one answers, `invalid` for a
  // path that is too long, is no socket or another user's, `unavailable` for the rest.
  // `database`: of this daemon; who asks for that of another is refused.
  static core::Result<std::unique_ptr<Server>> listen(const std::filesystem::path& path,
                                                      const std::filesystem::path& database, Handler handler);
};

}  // namespace runwatch::control
