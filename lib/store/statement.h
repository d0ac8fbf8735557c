// A prepared statement. Parameters are bound and columns read from left to right, so that the code has the order of the
// SQL; column types are what STRICT tables promise.
//
// Bound text and blobs are not copied: they must live until `run` or the last `step`.
// Fails: with SQLite's extended result codes; a failed bind is told by the next `step` or `run`.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace runwatch::store {

class Statement {
 public:
  [[nodiscard]] int prepare(sqlite3* connection, std::string_view sql);

  void bind(std::int64_t value) { keep(sqlite3_bind_int64(handle_.get(), ++bound_, value)); }
  void bind(double value) { keep(sqlite3_bind_double(handle_.get(), ++bound_, value)); }
  void bind(std::string_view text);
  void bind(std::span<const std::uint8_t> blob);
  void bind_null() { keep(sqlite3_bind_null(handle_.get(), ++bound_)); }
  void bind(core::WallTime time);  // milliseconds since 1970; NULL: task::kNoTime

  // SQLITE_ROW, SQLITE_DONE or an error.
  [[nodiscard]] int step();
  // Ready to be bound and stepped again. Not needed after `run`.
  void reset();
  // To the end, without rows: SQLITE_OK or an error. Resets.
  [[nodiscard]] int run();

  std::int64_t integer() { return sqlite3_column_int64(handle_.get(), read_++); }
  double real() { return sqlite3_column_double(handle_.get(), read_++); }
  core::WallTime time();
  // Good until the next step or reset.
  std::string_view text();
  std::span<const std::uint8_t> blob();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };

  void keep(int code) {
    if (code != SQLITE_OK && failed_ == SQLITE_OK) failed_ = code;
  }

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bound_ = 0;
  int read_ = 0;
  int failed_ = SQLITE_OK;  // the first bind that failed
};

}  // namespace runwatch::store
