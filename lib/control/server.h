// The daemon's end of the control socket: a Unix socket of mode 0600 that speaks HTTP and JSON.
//
// GET /alerts: {incidents: [INCIDENT], receivers: [{name, type, pending, dead, oldest, failing_since, last_failure,
//     disabled}], dead: [{id, receiver, rule, kind, committed, last_failure}]}, the last being notices that were given
//     up
// GET /alerts/ID, of an incident or a notice: {incident: INCIDENT or null, clause, notices: [{id, kind, update, new,
//     repeat, test, committed, poll, change, why, tasks: [{task_id, status, reason, attempts}], deliveries: [{receiver,
//     state, due, attempts: [{at, status, reason, seconds}]}]}]}; clause: of the rule; poll, change, why: sentences
//   INCIDENT: {id, state, rule, when, severity, space, run_id, about, started, ended, told, new, open, total,
//   recovered,
//     gone, value, threshold, silenced, receivers: [name], why}
// GET /silences: {silences: [SILENCE]}                     SILENCE: {number, space, run_id, rule, from, until, reason}
// POST /silences {space, run_id, rule, reason, seconds}: SILENCE               POST /silences/expire {number}:
// {changed} POST /alerts/test {receiver}: {id}                                           POST /alerts/drop {ids}:
// {changed} POST /alerts/replay {ids}, or {receiver, dead}: {changed} Times are RFC 3339 or null. An error is {error:
// text}: 400 (GET: 404) for `invalid`, else 503.
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
  std::function<Answer()> list, silences;
  std::function<Answer(const std::string& id)> show;
  std::function<Answer(const Request&)> test, replay, drop, add_silence, expire;
};

class Server {
 public:
  virtual ~Server() = default;  // waits for handlers that were called, and a second or two for silent peers

  // Takes the place of a socket that a dead process left. Fails: `busy` where a living one answers, `invalid` for a
  // path that is too long, is no socket or another user's, `unavailable` for the rest.
  static core::Result<std::unique_ptr<Server>> listen(const std::filesystem::path& path, Handler handler);
};

}  // namespace runwatch::control
