// The statements that write, find and forget the rows of a table. A row is a struct, for which a function lists each
// column once, with its name and its place in the struct; the SQL, what is bound and what is read follow that list:
//
//   void columns(auto column, Row& row) { column("run", row.run); … }
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "store/statement.h"

namespace runwatch::store {

// `one_parent`: rows are asked for by their first column, and come without it.
enum class Ask : std::uint8_t { all, one_parent };

template <class Row>
class Table {
 public:
  const std::string_view name;

  // `tail`: the end of the SELECT.
  Table(Preparation& prepare, std::string_view table, Ask ask, std::string_view tail = "")
      : name{table}, unread_{ask == Ask::all ? 0U : 1U} {
    Row row{};
    std::vector<std::string_view> names;
    columns([&](std::string_view column, auto&) { names.push_back(column); }, row);
    const auto by = fmt::format("WHERE {} = ?", names.front());
    put_ = prepare(fmt::format("REPLACE INTO {}({}) VALUES({})", name, fmt::join(names, ", "),
                               fmt::join(std::vector(names.size(), '?'), ", ")));
    get_ = prepare(fmt::format("SELECT {} FROM {} {} {}", fmt::join(std::span{names}.subspan(unread_), ", "), name,
                               ask == Ask::all ? "" : by, tail));
    forget_ = prepare(fmt::format("DELETE FROM {} {}", name, by));
  }

  // SQLITE_OK or an error, like all that follow.
  [[nodiscard]] int put(Row row) {
    columns([this](std::string_view, const auto& value) { put_.bind(value); }, row);
    return put_.run();
  }

  // All with this value in their first column.
  [[nodiscard]] int forget(std::int64_t first) { return forget_.with(first).run(); }

  // Calls `take(Row&)` for each row. Where a value is impossible, or `take` says false: SQLITE_CORRUPT.
  template <class Take>
  [[nodiscard]] int each(Take take, const auto&... asked) {
    get_.with(asked...);
    int code = SQLITE_OK;
    while ((code = get_.step()) == SQLITE_ROW) {
      Row row{};
      if (read(row) && take(row)) continue;
      code = SQLITE_CORRUPT;
      break;
    }
    get_.reset();
    return code == SQLITE_DONE ? SQLITE_OK : code;
  }

 private:
  bool read(Row& row) {
    bool good = true;
    std::size_t column = 0;
    columns(
        [&](std::string_view, auto& value) {
          if (column++ >= unread_) good = get_.read(value) && good;
        },
        row);
    return good;
  }

  std::size_t unread_;
  Statement put_;
  Statement get_;
  Statement forget_;
};

}  // namespace runwatch::store
