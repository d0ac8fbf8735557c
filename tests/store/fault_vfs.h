// SQLite's own file layer with a fault in it: the n-th operation of a kind fails, once or until it is mended.
//
// It has no shared memory, so a store that needed any would fail every test.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <cstring>

namespace store_test {

// `checkpoint`: a sync of the database file itself.
enum class Fault { none, write, sync, checkpoint, truncate, open, any };

class FaultVfs {
 public:
  FaultVfs() {
    real_ = sqlite3_vfs_find("unix");
    vfs_ = *real_;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.zName = "fault";
    vfs_.pNext = nullptr;
    vfs_.xOpen = &open;
    sqlite3_vfs_register(&vfs_, 1);
    current_ = this;
  }
  ~FaultVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    current_ = nullptr;
  }
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  // The `after`-th `fault` from now on fails with `code`, 0: the next; `lasting`: and all that follow.
  void plan(Fault fault, int after, int code, bool lasting) {
    fault_ = fault;
    after_ = after;
    code_ = code;
    lasting_ = lasting;
    struck_ = false;
  }
  void mend() { fault_ = Fault::none; }
  bool struck() const { return struck_; }
  std::uint64_t reads() const { return reads_; }

 private:
  struct File {
    sqlite3_file base;
    bool database;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  int strike(Fault fault) {
    if (fault_ != fault && fault_ != Fault::any) return SQLITE_OK;
    if (fault_ == Fault::none || after_-- > 0) return SQLITE_OK;
    struck_ = true;
    if (!lasting_) fault_ = Fault::none;
    return code_;
  }

  static sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }

  static int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
    file->pMethods = nullptr;
    reinterpret_cast<File*>(file)->database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    if (current_->strike(Fault::open) != SQLITE_OK) return SQLITE_CANTOPEN;
    const int code = current_->real_->xOpen(current_->real_, name, real(file), flags, out);
    if (real(file)->pMethods != nullptr) file->pMethods = &methods();
    return code;
  }
  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    if (const int code = current_->strike(Fault::write); code != SQLITE_OK) {
      // Half of it gets there, as on a real disk.
      real(file)->pMethods->xWrite(real(file), bytes, size / 2, at);
      return code;
    }
    return real(file)->pMethods->xWrite(real(file), bytes, size, at);
  }
  static int sync(sqlite3_file* file, int) {
    int code = current_->strike(Fault::sync);
    if (code == SQLITE_OK && reinterpret_cast<File*>(file)->database) code = current_->strike(Fault::checkpoint);
    // A process that lives on sees its writes without it, and tests are not about the disk.
    return code;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const int code = current_->strike(Fault::truncate);
    return code != SQLITE_OK ? code : real(file)->pMethods->xTruncate(real(file), size);
  }
  static int close(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    ++current_->reads_;
    return real(file)->pMethods->xRead(real(file), to, size, at);
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
  }
  static int lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
  static int unlock(sqlite3_file* file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
  static int reserved(sqlite3_file* file, int* out) {
    return real(file)->pMethods->xCheckReservedLock(real(file), out);
  }
  static int control(sqlite3_file* file, int which, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), which, argument);
  }
  static int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
  static int characteristics(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }

  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods kMethods = [] {
      sqlite3_io_methods methods{};
      methods.iVersion = 1;
      methods.xClose = &close;
      methods.xRead = &read;
      methods.xWrite = &write;
      methods.xTruncate = &truncate;
      methods.xSync = &sync;
      methods.xFileSize = &file_size;
      methods.xLock = &lock;
      methods.xUnlock = &unlock;
      methods.xCheckReservedLock = &reserved;
      methods.xFileControl = &control;
      methods.xSectorSize = &sector_size;
      methods.xDeviceCharacteristics = &characteristics;
      return methods;
    }();
    return kMethods;
  }

  inline static FaultVfs* current_ = nullptr;
  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_{};
  Fault fault_ = Fault::none;
  int after_ = 0;
  int code_ = SQLITE_OK;
  bool lasting_ = false;
  bool struck_ = false;
  std::uint64_t reads_ = 0;
};

}  // namespace store_test
