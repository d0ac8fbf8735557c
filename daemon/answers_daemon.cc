#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "core/fd.h"
#include "core/log.h"
#include "daemon/answers.h"

namespace runwatch::daemon {
namespace {

using Json = nlohmann::ordered_json;
using Answer = control::Handler::Answer;
using watch::Ledger;

constexpr std::chrono::minutes kTakenWithin{60};  // by whoever asked for it

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
core::Result<void> copy_pages(watch::Watch& watch, const std::filesystem::path& copy,
                              const std::function<bool()>& is_stopping) {
  if (auto begun = watch.ask_ledger<void>([copy](Ledger& l) { return l.begin_backup(copy); }); !begun) return begun;
  while (!is_stopping()) {
    const auto done = watch.ask_ledger<bool>([copy](Ledger& l) { return l.continue_backup(copy); });
    if (!done) return std::unexpected(done.error());
    if (*done) return sync(copy);
  }
  return core::fail(core::ErrorKind::busy, "runwatch is stopping");
}

core::Result<void> copy_database(watch::Watch& watch, const std::filesystem::path& copy,
                                 const std::function<bool()>& is_stopping) {
  auto done = copy_pages(watch, copy, is_stopping);
  // Nobody asks for the rest. A ledger that is held up comes to this before it comes to another copy.
  if (!done) watch.tell_ledger([copy](Ledger& l) { l.end_backup(copy); });
  return done;
}

// Beside the database, where nobody else has such names.
std::string start_of_copies(const std::filesystem::path& database) {
  return fmt::format(".{}.copy-", database.filename().string());
}

// Copies that nobody took away: who asked for them was interrupted.
void remove_copies(const std::filesystem::path& database, std::chrono::minutes older_than) {
  const auto start = start_of_copies(database);
  std::error_code error;
  std::filesystem::directory_iterator entry(database.parent_path(), error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (!entry->path().filename().string().starts_with(start)) continue;
    std::error_code unread;
    const auto written = entry->last_write_time(unread);
    const bool is_old = !unread && std::filesystem::file_time_type::clock::now() - written >= older_than;
    if (is_old && std::filesystem::remove(entry->path(), unread))
      core::log::info("removed a copy of the database that nobody took away", {{"copy", entry->path().string()}});
  }
}

}  // namespace

void answer_about_daemon(control::Handler& handler, watch::Watch& watch, const DaemonHooks& hooks) {
  handler.health = [hooks]() -> Answer { return write(health(hooks)); };
  handler.reload = [hooks](const control::Request&) -> Answer {
    const auto done = hooks.reload();
    if (!done) return std::unexpected(done.error());
    return write({{"changed", done->changed}, {"waiting", done->waiting}, {"given_up", done->given_up}});
  };
  const auto copies = std::make_shared<std::atomic<unsigned>>(0);
  const auto database = std::filesystem::absolute(hooks.database);
  remove_copies(database, std::chrono::minutes(0));
  handler.backup = [&watch, copies, database, is_stopping = hooks.is_stopping](const control::Request&) -> Answer {
    remove_copies(database, kTakenWithin);
    const auto copy = database.parent_path() / fmt::format("{}{}-{}", start_of_copies(database), ::getpid(),
                                                           ++*copies);  // no other one has it, nor had it
    if (const auto done = copy_database(watch, copy, is_stopping); !done) return std::unexpected(done.error());
    return write({{"path", copy.string()}});
  };
}

}  // namespace runwatch::daemon
