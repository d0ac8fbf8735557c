// What was found wrong while reading a file, and which keys would have been right.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace runwatch::config {

// The candidate with the fewest insertions, deletions and replacements, if these are at most half of the longer word.
// Upper and lower case are the same.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

class Findings {
 public:
  void problem(Place place, std::string text);
  void warning(Place place, std::string text);

  // Keys are told apart by table; the top level is the table "". A key may be declared often.
  void declare(std::string_view table, std::string_view key);
  // Those declared so far, as TABLE.KEY, or KEY at the top level; without the names of tables.
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
