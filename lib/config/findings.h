// What was found wrong while reading a file, and which keys would have been right.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace runwatch::config {

// From 1; line 0 is the file as a whole.
struct Place {
  std::size_t line = 0;
  std::size_t column = 0;

  bool operator==(const Place&) const = default;
};

template <class T>
struct Located {
  T value;
  Place place;
};

class Findings {
 public:
  void problem(Place place, std::string text);
  void warning(Place place, std::string text);

  // Keys are told apart by table; the top level is the table "". A key may be declared often.
  void declare(std::string_view table, std::string_view key);
  // Those declared so far, as TABLE.KEY; without the names of tables.
  std::vector<std::string> declared() const;
  // Becomes a problem in `finish`, when every valid key has been declared.
  void unknown(std::string_view table, std::string_view key, Place place);

  // Resolves unknown keys and puts both lists in the order of the file.
  void finish();

  const std::vector<Problem>& problems() const { return problems_; }
  const std::vector<Problem>& warnings() const { return warnings_; }

 private:
  struct Unknown {
    std::string table;
    std::string key;
    Place place;
  };

  std::string describe(const Unknown& unknown) const;

  std::vector<Problem> problems_;
  std::vector<Problem> warnings_;
  std::map<std::string, std::vector<std::string>, std::less<>> tables_;  // the keys of each
  std::vector<Unknown> unknown_;
};

}  // namespace runwatch::config
