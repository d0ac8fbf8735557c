// Every link among the documents leads to a file, and to a heading, that is there.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/ascii.h"

using namespace runwatch;
namespace fs = std::filesystem;

namespace {

const fs::path kSource(RUNWATCH_SOURCE);

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> documents() {
  std::vector<fs::path> found = {kSource / "README.md", kSource / "CONTRIBUTING.md", kSource / "lib/README.md"};
  for (const auto& entry : fs::directory_iterator(kSource / "docs")) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  return found;
}

// As GitHub makes them of a heading: lower case, blanks to `-`, of the rest only letters, digits, `-` and `_`.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    if (c == ' ') anchor += '-';
    if (core::is_letter(c) || core::is_digit(c) || c == '-' || c == '_') anchor += core::lower(c);
  }
  return anchor;
}

std::set<std::string> anchors(const fs::path& document) {
  std::istringstream in(read(document));
  std::set<std::string> found;
  bool is_code = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) is_code = !is_code;
    const auto text = line.find_first_not_of('#');
    if (!is_code && text != 0 && text != line.npos && line[text] == ' ') found.insert(anchor_of(line.substr(text + 1)));
  }
  return found;
}

}  // namespace

TEST_CASE("each link in the documents leads to a file and a heading that are there") {
  const std::regex link(R"(\]\(([^)#\s]*)(?:#([^)\s]*))?\))");
  for (const auto& document : documents()) {
    CAPTURE(document.string());
    const auto text = read(document);
    for (std::sregex_iterator m(text.begin(), text.end(), link), end; m != end; ++m) {
      const std::string path = (*m)[1], anchor = (*m)[2];
      if (path.find("://") != path.npos) continue;
      const auto target = path.empty() ? document : document.parent_path() / path;
      CAPTURE(path);
      CAPTURE(anchor);
      CHECK(fs::exists(target));
      CHECK((anchor.empty() || anchors(target).contains(anchor)));
    }
  }
}
