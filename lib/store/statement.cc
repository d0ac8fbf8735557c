#include "store/statement.h"

namespace runwatch::store {

int Statement::prepare(sqlite3* connection, std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &handle, nullptr);
  handle_.reset(handle);
  return code;
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
  const int code = step();
  reset();
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int Statement::ask(std::int64_t& number) {
  const int code = step();
  if (code == SQLITE_ROW) number = integer();
  reset();
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

bool Statement::skip_null() {
  if (sqlite3_column_type(handle_.get(), read_) != SQLITE_NULL) return false;
  ++read_;
  return true;
}

std::string_view Statement::bytes(const void* data) {
  const int size = sqlite3_column_bytes(handle_.get(), read_++);
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

}  // namespace runwatch::store
