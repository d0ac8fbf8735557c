#include "store/statement.h"

#include "task/observed.h"

namespace runwatch::store {

int Statement::prepare(sqlite3* connection, std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &handle, nullptr);
  handle_.reset(handle);
  return code;
}

void Statement::bind(std::string_view text) {
  // A null pointer would be bound as NULL, also for an empty text.
  const char* data = text.data() == nullptr ? "" : text.data();
  keep(sqlite3_bind_text64(handle_.get(), ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(std::span<const std::uint8_t> blob) {
  keep(sqlite3_bind_blob64(handle_.get(), ++bound_, blob.data(), blob.size(), SQLITE_STATIC));
}

void Statement::bind(core::WallTime time) {
  if (time == task::kNoTime) {
    bind_null();
  } else {
    bind(std::int64_t{time.time_since_epoch().count()});
  }
}

int Statement::step() {
  if (failed_ != SQLITE_OK) return failed_;
  read_ = 0;
  return sqlite3_step(handle_.get());
}

void Statement::reset() {
  sqlite3_reset(handle_.get());
  bound_ = 0;
  read_ = 0;
  failed_ = SQLITE_OK;
}

int Statement::run() {
  int code = step();
  while (code == SQLITE_ROW) code = sqlite3_step(handle_.get());
  reset();
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

core::WallTime Statement::time() {
  if (sqlite3_column_type(handle_.get(), read_) == SQLITE_NULL) {
    ++read_;
    return task::kNoTime;
  }
  return core::WallTime{core::Duration{integer()}};
}

std::string_view Statement::text() {
  const auto* data = sqlite3_column_text(handle_.get(), read_);
  const int size = sqlite3_column_bytes(handle_.get(), read_++);
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

std::span<const std::uint8_t> Statement::blob() {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), read_));
  const int size = sqlite3_column_bytes(handle_.get(), read_++);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace runwatch::store
