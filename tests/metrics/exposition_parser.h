// A small reader of both exposition formats, written from their specifications alone, that accepts nothing else.
#pragma once

#include <cctype>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace exposition {

using Labels = std::map<std::string, std::string>;

struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
  std::optional<Labels> exemplar;
};

struct Family {
  std::string name, type, help, unit;
  std::vector<Sample> samples;
};

class Reader {
 public:
  Reader(std::string_view text, bool open_metrics) : rest_(text), open_(open_metrics) {}

  std::vector<Family> read() {
    while (!rest_.empty()) {
      if (ended_) fail("something follows # EOF");
      line();
    }
    if (open_ && !ended_) fail("no # EOF");
    return std::move(families_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(what + " before: " + std::string(rest_.substr(0, 200)));
  }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void want(std::string_view word) {
    if (!take(word)) fail("expected '" + std::string(word) + "'");
  }
  std::string until(std::string_view ends) {
    const auto end = rest_.find_first_of(ends);
    if (end == rest_.npos) fail("the line does not end");
    const auto found = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return std::string(found);
  }

  void line() {
    if (take("# EOF\n")) {
      if (!open_) fail("# EOF in text");
      ended_ = true;
    } else if (take("# ")) {
      comment(until(" "));
    } else {
      sample();
    }
  }

  void comment(const std::string& word) {
    want(" ");
    const auto name = name_of();
    want(" ");
    const bool begins = families_.empty() || families_.back().name != name;
    if (begins) {
      if (!names_.insert(name).second) fail("family twice: " + name);
      families_.push_back({name, {}, {}, {}, {}});
    }
    auto& family = families_.back();
    if (!family.samples.empty()) fail("comment after samples");
    auto& place = word == "HELP" ? family.help : word == "TYPE" ? family.type : family.unit;
    if (word != "HELP" && word != "TYPE" && !(word == "UNIT" && open_)) fail("unknown comment " + word);
    if (!place.empty()) fail(word + " twice");
    place = until("\n");
    want("\n");
    if (word == "UNIT" && !name.ends_with("_" + place)) fail("the unit is no suffix of " + name);
  }

  std::string name_of() {
    std::string name;
    while (!rest_.empty() && (std::isalnum(static_cast<unsigned char>(rest_.front())) != 0 || rest_.front() == '_')) {
      name += rest_.front();
      rest_.remove_prefix(1);
    }
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) fail("no name");
    return name;
  }

  std::string quoted() {
    std::string value;
    want("\"");
    while (!take("\"")) {
      if (rest_.empty() || rest_.front() == '\n') fail("a label value does not end");
      if (take("\\\\"))
        value += '\\';
      else if (take("\\\""))
        value += '"';
      else if (take("\\n"))
        value += '\n';
      else if (rest_.front() == '\\')
        fail("unknown escape");
      else {
        value += rest_.front();
        rest_.remove_prefix(1);
      }
    }
    return value;
  }

  Labels labels() {
    Labels found;
    if (!take("{")) return found;
    do {
      const auto name = name_of();
      want("=");
      if (!found.emplace(name, quoted()).second) fail("label twice: " + name);
    } while (take(","));
    want("}");
    return found;
  }

  double number(std::string_view ends) {
    const auto text = until(ends);
    if (text == "+Inf") return INFINITY;
    std::size_t used = 0;
    const double value = std::stod(text, &used);
    if (used != text.size()) fail("no number: " + text);
    return value;
  }

  void sample() {
    if (families_.empty() || families_.back().type.empty() || families_.back().help.empty()) fail("no heading");
    Sample found;
    found.name = name_of();
    found.labels = labels();
    want(" ");
    found.value = number(" \n");
    if (open_ && take(" # ")) {
      found.exemplar = labels();
      want(" ");
      number(" ");
      want(" ");
      number("\n");
    }
    want("\n");
    if (!belongs(families_.back(), found)) fail(found.name + " is none of " + families_.back().name);
    if (!series_.insert({found.name, found.labels}).second) fail("series twice: " + found.name);
    families_.back().samples.push_back(std::move(found));
  }

  bool belongs(const Family& family, const Sample& sample) const {
    if (!sample.name.starts_with(family.name)) return false;
    const auto suffix = sample.name.substr(family.name.size());
    if (sample.exemplar && suffix != "_total" && suffix != "_bucket") return false;
    if (family.type == "histogram") {
      return suffix == "_sum" || suffix == "_count" || (suffix == "_bucket" && sample.labels.contains("le")) ||
             (open_ && suffix == "_created");
    }
    if (open_ && family.type == "counter") return suffix == "_total" || suffix == "_created";
    if (open_ && family.type == "info") return suffix == "_info" && sample.value == 1;
    return (family.type == "gauge" || family.type == "counter") && suffix.empty();
  }

  std::string_view rest_;
  bool open_;
  bool ended_ = false;
  std::vector<Family> families_;
  std::set<std::string> names_;
  std::set<std::pair<std::string, Labels>> series_;
};

inline std::vector<Family> read(std::string_view text, bool open_metrics) { return Reader(text, open_metrics).read(); }

inline std::map<std::pair<std::string, Labels>, double> series(const std::vector<Family>& families) {
  std::map<std::pair<std::string, Labels>, double> all;
  for (const auto& family : families) {
    for (const auto& sample : family.samples) all[{sample.name, sample.labels}] = sample.value;
  }
  return all;
}

}  // namespace exposition
