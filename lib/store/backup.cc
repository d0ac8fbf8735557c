#include "store/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/fd.h"

namespace runwatch::store {
namespace {

constexpr int kPagesAStep = 256;  // a mebibyte: some milliseconds

}  // namespace

Outcome<std::unique_ptr<Backup>> Backup::begin(sqlite3* source, const std::filesystem::path& copy) {
  ::unlink(copy.c_str());
  // SQLite would make it with the umask's mode.
  if (const core::Fd made(::open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)); !made)
    return std::unexpected(failure_of(copy, SQLITE_CANTOPEN, errno, "make a copy"));
  std::unique_ptr<Backup> backup(new Backup(copy));
  sqlite3* target = nullptr;
  const int opened = sqlite3_open_v2(copy.c_str(), &target, SQLITE_OPEN_READWRITE, nullptr);
  backup->target_.reset(target);
  if (opened != SQLITE_OK) return backup->failure(opened);
  // Whoever keeps the copy syncs it: that may take seconds.
  if (const int code = sqlite3_exec(target, "PRAGMA synchronous=OFF", nullptr, nullptr, nullptr); code != SQLITE_OK)
    return backup->failure(code);
  backup->backup_.reset(sqlite3_backup_init(target, "main", source, "main"));
  if (!backup->backup_) return backup->failure(sqlite3_errcode(target));
  return backup;
}

Backup::~Backup() {
  backup_.reset();
  target_.reset();
  if (!whole_) ::unlink(copy_.c_str());
}

Outcome<bool> Backup::step() {
  const int code = sqlite3_backup_step(backup_.get(), kPagesAStep);
  if (code == SQLITE_OK) return false;
  if (code != SQLITE_DONE) return failure(code);
  if (const int finished = sqlite3_backup_finish(backup_.release()); finished != SQLITE_OK) return failure(finished);
  if (const int closed = sqlite3_close(target_.release()); closed != SQLITE_OK) return failure(closed);
  whole_ = true;
  return true;
}

std::unexpected<Failure> Backup::failure(int code) const {
  const int error = target_ ? sqlite3_system_errno(target_.get()) : 0;
  return std::unexpected(failure_of(copy_, code, error, "copy the database there"));
}

}  // namespace runwatch::store
