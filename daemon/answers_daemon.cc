#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <tuple>

#include "core/fd.h"
#include "daemon/answers.h"

namespace runwatch::daemon {
namespace {

using Json = nlohmann::ordered_json;
using Answer = control::Handler::Answer;
using watch::Ledger;

std::string write(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json health(const DaemonHooks& hooks) {
  const auto snapshot = hooks.snapshot();
  const auto stuck = hooks.stuck_loop();
  return {{"alive", !stuck},
          {"stuck_loop", stuck ? Json(*stuck) : Json()},
          {"ready", snapshot->ready()},
          {"not_ready", snapshot->not_ready},
          {"summary", view::summary(*snapshot)}};
}

core::Result<void> sync(const std::filesystem::path& path) {
  const core::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file && ::fsync(file.get()) == 0) return {};
  return core::fail(core::ErrorKind::unavailable, fmt::format("the copy {} cannot be synced: {}", path.string(),
                                                              std::generic_category().message(errno)));
}

// Some pages at a time, between which the ledger does whatever else there is.
core::Result<void> copy_database(watch::Watch& watch, const std::filesystem::path& copy) {
  if (auto begun = watch.ask_ledger<void>([copy](Ledger& l) { return l.begin_backup(copy); }); !begun) return begun;
  for (;;) {
    const auto done = watch.ask_ledger<bool>([](Ledger& l) { return l.continue_backup(); });
    if (!done) {
      // Nobody asks for the rest. A ledger that is held up comes to this before it comes to another copy.
      std::ignore = watch.ask_ledger<void>([](Ledger& l) { return l.end_backup(); }, core::Duration(0));
      return std::unexpected(done.error());
    }
    if (*done) return sync(copy);
  }
}

}  // namespace

void answer_about_daemon(control::Handler& handler, watch::Watch& watch, const DaemonHooks& hooks) {
  handler.health = [hooks]() -> Answer { return write(health(hooks)); };
  handler.reload = [hooks](const control::Request&) -> Answer {
    const auto done = hooks.reload();
    if (!done) return std::unexpected(done.error());
    return write({{"changed", done->changed}, {"waiting", done->waiting}});
  };
  const auto copies = std::make_shared<std::atomic<unsigned>>(0);
  handler.backup = [&watch, copies, database = hooks.database](const control::Request&) -> Answer {
    auto copy = database;
    copy += fmt::format(".backup-{}", ++*copies);  // another one may be made before this one is taken away
    if (const auto done = copy_database(watch, copy); !done) return std::unexpected(done.error());
    return write({{"path", std::filesystem::absolute(copy).string()}});
  };
}

}  // namespace runwatch::daemon
