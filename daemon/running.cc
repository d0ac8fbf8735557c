// Commands about the running daemon as a whole.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "core/fd.h"
#include "daemon/commands.h"
#include "daemon/control.h"
#include "daemon/help.h"

namespace runwatch::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kBackupWithin{1};
constexpr auto kBackupText = "docs/backup.md in /usr/share/runwatch, or in the sources";

int reload(const ControlArguments& arguments) {
  const auto answer = ask_daemon(arguments, "POST", "/reload", EX_CONFIG);
  if (!answer) return answer.error();
  const auto changed = text(*answer, "changed");
  const auto waiting = text(*answer, "waiting");
  fmt::print("reloaded; changed: {}\n", changed.empty() ? "nothing" : changed);
  if (!waiting.empty()) fmt::print("changes with a restart only: {}\n", waiting);
  if (const auto lost = answer->value("given_up", std::uint64_t{0}); lost > 0) {
    fmt::print(
        "{} notice(s) waited for receivers that are gone or configured as others, and are given up: see "
        "`runwatch alerts list{}`\n",
        lost, same_daemon(arguments));
  }
  return EX_OK;
}

int failed(const fs::path& file, int error) {
  fmt::print(stderr, "runwatch: {}: {}; the backup was not made\n", file.string(),
             std::generic_category().message(error));
  return EX_TEMPFAIL;
}

// errno of what failed; 0: all of it is there, and synced.
int copy(const core::Fd& from, const core::Fd& to) {
  std::array<char, 65536> bytes{};
  for (;;) {
    const auto got = ::read(from.get(), bytes.data(), bytes.size());
    if (got == 0) break;
    if (got < 0) return errno;
    for (ssize_t done = 0; done < got;) {
      const auto put = ::write(to.get(), bytes.data() + done, static_cast<std::size_t>(got - done));
      if (put < 0) return errno;
      done += put;
    }
  }
  return ::fsync(to.get()) == 0 ? 0 : errno;
}

// A file without a name in the folder of `file`, which goes with this process whatever becomes of it, or one of a name
// of this process's own where the file system has no such thing.
class Part {
 public:
  explicit Part(const fs::path& file) : folder_(fs::absolute(file).parent_path()) {
    fd_ = core::Fd(::open(folder_.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
    if (fd_ || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return;
    name_ = fmt::format("{}.part-{}", file.string(), ::getpid());
    fd_ = core::Fd(::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd_) name_.clear();  // somebody else's
  }
  ~Part() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  const core::Fd& fd() const { return fd_; }

  // errno; 0: it has the name, which nothing had before, and that is synced.
  int become(const fs::path& file) const {
    const auto own = name_.empty() ? fmt::format("/proc/self/fd/{}", fd_.get()) : name_;
    if (::linkat(AT_FDCWD, own.c_str(), AT_FDCWD, file.c_str(), AT_SYMLINK_FOLLOW) != 0 &&
        (errno == EEXIST || name_.empty() ||
         ::renameat2(AT_FDCWD, own.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) != 0))
      return errno;
    const core::Fd folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder && ::fsync(folder.get()) == 0 ? 0 : errno;
  }

 private:
  fs::path folder_;
  std::string name_;  // empty: it has none
  core::Fd fd_;
};

// The daemon's own copy, which it can make beside its database alone, moves to where it is wanted.
int take(const fs::path& made, const fs::path& file) {
  const core::Fd from(::open(made.c_str(), O_RDONLY | O_CLOEXEC));
  const int unread = from ? 0 : errno;
  ::unlink(made.c_str());  // which stays until it is read
  if (unread != 0) return failed(made, unread);
  const Part part(file);
  int error = part.fd() ? copy(from, part.fd()) : errno;
  if (error == 0) error = part.become(file);
  return error == 0 ? EX_OK : failed(file, error);
}

int back_up(const ControlArguments& arguments, const fs::path& file) {
  if (fs::exists(fs::symlink_status(file))) {
    fmt::print(stderr, "runwatch: {} is there already: name a new file\n", file.string());
    return EX_USAGE;
  }
  const auto folder = fs::absolute(file).parent_path();
  if (::access((folder / ".").c_str(), W_OK | X_OK) != 0)
    return failed(folder, errno);  // before the daemon works for it
  const auto answer = ask_daemon(arguments, "POST", "/backup");
  if (!answer) return answer.error();
  const fs::path made = answer->value("path", "");
  std::error_code unknown;
  const auto size = fs::file_size(made, unknown);
  if (const int code = take(made, file); code != EX_OK) return code;
  fmt::print("{}: {} bytes; how to restore it: {}\n", file.string(), unknown ? 0 : size, kBackupText);
  return EX_OK;
}

}  // namespace

int check_running(const ControlArguments& arguments) {
  const auto answer = ask_daemon(arguments, "GET", "/health");
  if (!answer) return answer.error();
  const auto stuck = text(*answer, "stuck_loop");
  if (!stuck.empty()) {
    fmt::print("the loop {} makes no progress; {}\n", stuck, text(*answer, "summary"));
    return EX_TEMPFAIL;
  }
  const auto waits = text(*answer, "not_ready");
  const auto summary = text(*answer, "summary");
  fmt::print("alive, {}{}\n",
             waits.empty()      ? "ready; "
             : waits == summary ? "not ready: "
                                : "not ready: " + waits + "; ",
             summary);
  return EX_OK;
}

void add_running(CLI::App& app, ControlArguments& arguments) {
  auto* again =
      app.add_subcommand("reload", "Have the running daemon read its configuration again, and say what came of it");
  add_target(*again, arguments);
  again->footer("Where the file is refused, the reason is told, and what was in force stays.\n\n" +
                exit_codes_of_questions());
  again->callback([&arguments] { arguments.chosen = [&arguments] { return reload(arguments); }; });
  auto* backup = app.add_subcommand("backup", "Write a copy of the running daemon's database; nothing waits for it");
  add_target(*backup, arguments);
  backup->add_option("file", arguments.file, "A new file")->required();
  backup->footer(
      fmt::format("It is whole, and on the disk, when the command ends well. How to restore it: {}\n\n", kBackupText) +
      exit_codes_of_questions());
  backup->callback([&arguments] {
    arguments.patience = kBackupWithin;
    arguments.chosen = [&arguments] { return back_up(arguments, arguments.file); };
  });
}

}  // namespace runwatch::daemon
