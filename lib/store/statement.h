// A prepared statement. Values are bound and read from left to right, in the order of the SQL.
//
// Bound text and bytes are not copied: they must live until `run` or the last `step`.
// Fails: with SQLite's extended result codes; a failed bind is told by the next `step` or `run`.
#pragma once

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/ascii.h"
#include "core/clock.h"
#include "rule/incident.h"
#include "store/outbox.h"
#include "task/diff.h"

namespace runwatch::store {

// How many values an enumeration has, stored as their numbers.
constexpr std::size_t members(task::Status) { return task::kStatusCount; }
constexpr std::size_t members(task::RunMode) { return task::kRunModeNames.size(); }
constexpr std::size_t members(task::ExecutionType) { return task::kExecutionTypeNames.size(); }
constexpr std::size_t members(task::CallStatus) { return task::kCallStatusNames.size(); }
constexpr std::size_t members(task::FailureReason) { return task::kFailureReasonNames.size(); }
constexpr std::size_t members(task::ChangeKind) { return task::index(task::ChangeKind::late) + 1; }
constexpr std::size_t members(rule::When) { return rule::kWhenNames.size(); }
constexpr std::size_t members(rule::Kind) { return rule::kKindNames.size(); }
constexpr std::size_t members(rule::Phase) { return task::index(rule::Phase::over) + 1; }
constexpr std::size_t members(rule::MemberPhase) { return task::index(rule::MemberPhase::gone) + 1; }
constexpr std::size_t members(OutboxRow::State) { return task::index(OutboxRow::State::dropped) + 1; }

class Statement {
 public:
  [[nodiscard]] int prepare(sqlite3* connection, std::string_view sql);

  // Times are milliseconds since 1970; NULL: task::kNoTime, or an empty optional.
  template <class T>
  void bind(const T& value);
  template <class... T>
  Statement& with(const T&... values) {
    (bind(values), ...);
    return *this;
  }

  // SQLITE_ROW, SQLITE_DONE or an error.
  [[nodiscard]] int step();
  // Ready to be bound and stepped again.
  void reset();
  // To the end, without rows: SQLITE_OK or an error. Resets.
  [[nodiscard]] int run();
  // The number that is the first column of the first row, if there is a row. SQLITE_OK or an error. Resets.
  [[nodiscard]] int ask(std::int64_t& number);

  // The next column of the row that `step` found. False: no version of this program writes that for a T. A view
  // is good until the next step or reset.
  template <class T>
  [[nodiscard]] bool read(T& value);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };

  void keep(int code) {
    if (failed_ == SQLITE_OK) failed_ = code;
  }
  bool skip_null();
  std::int64_t integer() { return sqlite3_column_int64(handle_.get(), read_++); }
  std::string_view bytes(const void* data);

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bound_ = 0;
  int read_ = 0;
  int failed_ = SQLITE_OK;  // the first bind that failed
};

// Prepares statements until one fails.
struct Preparation {
  sqlite3* connection;
  int code = SQLITE_OK;

  Statement operator()(const std::string& sql) {
    Statement statement;
    if (code == SQLITE_OK) code = statement.prepare(connection, sql);
    return statement;
  }
};

template <class T>
void Statement::bind(const T& value) {
  if constexpr (std::same_as<T, core::WallTime>) {
    with(value == task::kNoTime ? std::nullopt : std::optional{value.time_since_epoch().count()});
  } else if constexpr (std::same_as<T, core::Duration>) {
    bind(value.count());
  } else if constexpr (std::same_as<T, std::vector<std::string>>) {  // each behind its length: "3:ops4:mail"
    std::string list;
    for (const auto& text : value) list += fmt::format("{}:{}", text.size(), text);
    keep(sqlite3_bind_text64(handle_.get(), ++bound_, list.data(), list.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  } else if constexpr (requires { value.has_value(); }) {
    keep(value ? (bind(*value), SQLITE_OK) : sqlite3_bind_null(handle_.get(), ++bound_));
  } else if constexpr (std::floating_point<T>) {
    keep(sqlite3_bind_double(handle_.get(), ++bound_, value));
  } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
    keep(sqlite3_bind_int64(handle_.get(), ++bound_, static_cast<std::int64_t>(value)));
  } else if constexpr (std::convertible_to<T, std::string_view>) {
    // A null pointer would be bound as NULL, also for what is empty.
    const char* data = value.data() == nullptr ? "" : value.data();
    keep(sqlite3_bind_text64(handle_.get(), ++bound_, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
  } else {
    const void* data = value.data();
    keep(sqlite3_bind_blob64(handle_.get(), ++bound_, data == nullptr ? "" : data, value.size(), SQLITE_STATIC));
  }
}

template <class T>
bool Statement::read(T& value) {
  if constexpr (std::same_as<T, core::WallTime>) {
    value = skip_null() ? task::kNoTime : core::WallTime{core::Duration{integer()}};
  } else if constexpr (std::same_as<T, core::Duration>) {
    value = core::Duration(integer());
  } else if constexpr (std::same_as<T, std::vector<std::string>>) {
    std::string_view list;
    if (!read(list)) return false;
    for (value.clear(); !list.empty();) {
      const auto colon = std::min(list.find(':'), list.size());
      const auto size = core::parse_number<std::size_t>(list.substr(0, colon));
      if (!size || *size >= list.size() - colon) return false;
      value.emplace_back(list.substr(colon + 1, *size));
      list.remove_prefix(colon + 1 + *size);
    }
  } else if constexpr (requires { value.has_value(); }) {
    return skip_null() || read(value.emplace());
  } else if constexpr (std::floating_point<T>) {
    value = static_cast<T>(sqlite3_column_double(handle_.get(), read_++));
    return std::isfinite(value) && value >= 0;
  } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
    const std::int64_t number = integer();
    value = static_cast<T>(number);
    if constexpr (std::is_enum_v<T>) return number >= 0 && number < static_cast<std::int64_t>(members(T{}));
    if constexpr (std::same_as<T, bool>) return number == 0 || number == 1;
    return std::unsigned_integral<T> || number >= 0;  // signed ones number things; of the others any 64 bits are good
  } else if constexpr (std::convertible_to<T, std::string_view>) {
    value = bytes(sqlite3_column_text(handle_.get(), read_));
  } else {
    const auto found = bytes(sqlite3_column_blob(handle_.get(), read_));
    const auto* const data = reinterpret_cast<const std::uint8_t*>(found.data());
    if constexpr (requires { value.first(0); }) {
      value = {data, found.size()};
    } else {
      if (found.size() != value.size()) return false;
      std::memcpy(value.data(), data, value.size());
    }
  }
  return true;
}

}  // namespace runwatch::store
