#include "daemon/places.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "core/log.h"
#include "daemon/commands.h"
#include "http/listen.h"
#include "store/examine.h"

namespace runwatch::daemon {
namespace {

namespace fs = std::filesystem;

bool lacks_folder(const config::Store& store) {
  std::error_code ignored;
  return store.in_state_folder && !fs::exists(store.path.parent_path(), ignored);
}

core::Error cannot_make(const fs::path& folder, const std::string& reason) {
  return {core::ErrorKind::unavailable,
          fmt::format("cannot make the state folder {}: {}; make it for the user that runwatch runs as, or set "
                      "store.path",
                      folder.string(), reason)};
}

core::Result<void> could_make(const fs::path& folder) {
  fs::path above = folder;
  std::error_code ignored;
  while (!fs::exists(above, ignored)) above = above.parent_path();
  if (::faccessat(AT_FDCWD, (above / ".").c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return std::unexpected(cannot_make(folder, std::generic_category().message(errno)));
}

}  // namespace

core::Result<void> make_state_folder(const config::Store& store) {
  if (!lacks_folder(store)) return {};
  const auto folder = store.path.parent_path();
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return std::unexpected(cannot_make(folder, error.message()));
  core::log::info("made the state folder", {{"path", folder.string()}});
  return {};
}

int check_places(const config::Config& config) {
  const auto folder = config.store.path.parent_path();
  const bool makes_folder = lacks_folder(config.store);
  const auto store = makes_folder ? could_make(folder) : store::examine(config.store.path);
  const bool running = !store && store.error().kind == core::ErrorKind::busy;
  const auto listener = http::could_listen_on(config.server.host, config.server.port);
  const bool own_port = running && !listener && listener.error().kind == core::ErrorKind::busy;

  int code = EX_OK;
  const auto tell = [&code](const core::Result<void>& found, bool fault) {
    if (found) return;
    fmt::print(stderr, "{}: {}\n", fault ? "error" : "note", found.error().text);
    if (fault && code == EX_OK) code = exit_code(found.error().kind);
  };
  if (makes_folder && store) fmt::print(stderr, "note: `serve` will make the state folder {}\n", folder.string());
  tell(store, !running);
  if (own_port)
    fmt::print(stderr, "note: port {} is in use, as it is while that process serves\n", config.server.port);
  else
    tell(listener, true);
  return code;
}

}  // namespace runwatch::daemon
