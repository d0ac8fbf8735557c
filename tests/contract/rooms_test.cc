// The map held against the code: what each room includes, what its CMakeLists.txt links and what lib/README.md says.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

const fs::path kSource = RUNWATCH_SOURCE;
const std::string kDaemon = "daemon";

// Third-party headers by how they begin, the CMake target that brings them, and the rooms that may include them. fmt is
// for all of them.
const struct {
  std::string header;
  std::string target;
  Names rooms;
} kLibraries[] = {
    {"openssl/evp.h", "OpenSSL::Crypto", {"core", "notify", "http"}},  // SHA-256, base64
    {"openssl/crypto.h", "OpenSSL::Crypto", {"notify", "http"}},       // comparison in constant time
    {"openssl/hmac.h", "OpenSSL::Crypto", {"notify", "http"}},
    {"openssl/pem.h", "OpenSSL::Crypto", {"core", "http"}},  // whether a file holds certificates, or a key
    {"toml++/", "PkgConfig::TOMLPP", {"config"}},
    {"yaml-cpp/", "yaml-cpp", {"config"}},
    {"curl/", "CURL::libcurl", {"http"}},
    {"httplib.h", "PkgConfig::HTTPLIB", {"sim", "control"}},  // as a simulated peer; both ours
    {"openssl/err.h", "OpenSSL::Crypto", {"core", "http"}},  // whether a kept-alive TLS connection is quiet; TLS served
    {"openssl/ssl.h", "OpenSSL::SSL", {"http"}},
    {"openssl/x509v3.h", "OpenSSL::Crypto", {"http"}},  // whom a client's certificate is for
    {"openssl/rand.h", "OpenSSL::Crypto", {"http"}},
    {"crypt.h", "crypt", {"http"}},  // bcrypt
    {"boost/", "Boost::headers", {"http"}},
    {"libdeflate.h", "PkgConfig::DEFLATE", {"http"}},
    {"simdjson.h", "simdjson::simdjson", {"unpod"}},
    {"xxhash.h", "PkgConfig::XXHASH", {"unpod"}},
    {"xxh_x86dispatch.h", "PkgConfig::XXHASH", {"unpod"}},
    {"sqlite3.h", "SQLite::SQLite3", {"store"}},
    {"prometheus/", "prometheus-cpp::core", {"metrics"}},
    {"nlohmann/", "nlohmann_json::nlohmann_json", {"config", "notify", "page", "sim", "control", kDaemon}},
    {"CLI/", "CLI11::CLI11", {kDaemon}},
    {"systemd/", "PkgConfig::SYSTEMD", {kDaemon}},
};
const std::string kFmt = "fmt/";

// Targets without a header of their own.
const Names kHeaderless{"fmt::fmt", "Threads::Threads"};

// Of C, POSIX and Linux, which glibc brings; C++ has none with a dot.
const std::regex kSystemHeader(
    "(arpa|linux|net|netinet|sys)/[a-z0-9_]+\\.h|"
    "(dirent|dlfcn|fcntl|grp|malloc|netdb|poll|pthread|pwd|sched|signal|stdlib|string|"
    "sysexits|syslog|termios|time|unistd)\\.h");

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::smatch> matches(const std::string& text, const std::regex& pattern) {
  return {std::sregex_iterator(text.begin(), text.end(), pattern), {}};
}

Names words(const std::string& text) {
  Names found;
  static const std::regex kWord("[^\\s,`]+");
  for (const auto& word : matches(text, kWord)) found.insert(word.str());
  return found;
}

struct Includes {
  Names own;    // "room/…"
  Names other;  // <…>
};

struct Room {
  Names links;      // of CMake
  Names libraries;  // likewise
  std::map<std::string, Includes> files;

  Names rooms_included(const std::string& self) const {
    Names rooms;
    for (const auto& [file, includes] : files) {
      for (const auto& path : includes.own) rooms.insert(path.substr(0, path.find('/')));
    }
    rooms.erase(self);
    return rooms;
  }
  Names headers() const {
    Names all;
    for (const auto& [file, includes] : files) all.insert(includes.other.begin(), includes.other.end());
    return all;
  }
};

Includes includes_of(const std::string& text) {
  static const std::regex kInclude("(?:^|\\n)#include ([\"<])([^\">]+)[\">]");
  Includes found;
  for (const auto& m : matches(text, kInclude)) {
    if (m[1] == "<") {
      found.other.insert(m[2]);
    } else if (m[2].str().find('/') != std::string::npos) {
      found.own.insert(m[2]);  // one without a folder is made by CMake
    }
  }
  return found;
}

std::map<std::string, Includes> files_of(const fs::path& folder) {
  std::map<std::string, Includes> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto path = entry.path();
    if (path.extension() == ".h" || path.extension() == ".cc") {
      files[folder.filename().string() + "/" + path.filename().string()] = includes_of(read(path));
    }
  }
  return files;
}

std::vector<std::string> rooms_in_order() {
  std::smatch loop;
  const auto text = read(kSource / "lib/CMakeLists.txt");
  REQUIRE(std::regex_search(text, loop, std::regex("foreach\\(room ([^)]+)\\)")));
  std::vector<std::string> rooms;
  const auto listed = loop[1].str();
  for (const auto& name : matches(listed, std::regex("\\w+"))) {
    if (fs::exists(kSource / "lib" / name.str())) rooms.push_back(name.str());
  }
  return rooms;
}

Room read_room(const std::string& name) {
  const auto text = read(kSource / "lib" / name / "CMakeLists.txt");
  std::smatch call, part;
  REQUIRE(std::regex_search(text, call, std::regex("runwatch_room\\(([^)]+)\\)")));
  const auto arguments = call[1].str();
  Room room;
  REQUIRE(std::regex_search(arguments, std::regex("^" + name + "\\b")));
  if (std::regex_search(arguments, part, std::regex("LINKS([^A-Z]+)"))) room.links = words(part[1]);
  if (std::regex_search(arguments, part, std::regex("LIBRARIES(.+)"))) room.libraries = words(part[1]);
  room.files = files_of(kSource / "lib" / name);
  return room;
}

// The daemon links rooms and libraries in one list.
Room read_daemon(const std::vector<std::string>& rooms) {
  std::smatch call;
  const auto text = read(kSource / "daemon/CMakeLists.txt");
  REQUIRE(std::regex_search(text, call, std::regex("target_link_libraries\\(runwatch PRIVATE ([^)]+)\\)")));
  Room daemon;
  for (const auto& name : words(call[1])) {
    (std::ranges::find(rooms, name) == rooms.end() ? daemon.libraries : daemon.links).insert(name);
  }
  daemon.files = files_of(kSource / kDaemon);
  return daemon;
}

const std::map<std::string, Room>& rooms() {
  static const auto all = [] {
    std::map<std::string, Room> read;
    const auto order = rooms_in_order();
    for (const auto& name : order) read[name] = read_room(name);
    read[kDaemon] = read_daemon(order);
    return read;
  }();
  return all;
}

std::string list(const Names& names) { return fmt::format("{}", fmt::join(names, " ")); }

// The library of a header, nothing for one of the language or the system.
const auto* library_of(const std::string& header) {
  const auto found = std::ranges::find_if(kLibraries, [&](const auto& l) { return header.starts_with(l.header); });
  return found == std::end(kLibraries) ? nullptr : &*found;
}

bool is_of_the_language_or_the_system(const std::string& header) {
  const bool plain = header.find_first_of("./") == std::string::npos;
  return plain || std::regex_match(header, kSystemHeader);
}

}  // namespace

TEST_CASE("a room links the rooms that it includes, and no other") {
  for (const auto& [name, room] : rooms()) {
    INFO(name << " includes headers of " << list(room.rooms_included(name)) << ", and its CMakeLists.txt links "
              << list(room.links));
    CHECK(room.links == room.rooms_included(name));
  }
}

TEST_CASE("a room links what stands before it in lib/CMakeLists.txt, so that there is no cycle") {
  Names before;
  for (const auto& name : rooms_in_order()) {
    for (const auto& link : rooms().at(name).links) {
      CAPTURE(name);
      CAPTURE(link);
      CHECK(before.contains(link));
    }
    before.insert(name);
  }
  CHECK(before.size() + 1 == rooms().size());
  for (const auto& entry : fs::directory_iterator(kSource / "lib")) {
    if (entry.is_directory()) CHECK_MESSAGE(before.contains(entry.path().filename()), entry.path().string());
  }
}

TEST_CASE("each third-party header is included in the rooms that are meant to, and in no other") {
  for (const auto& [name, room] : rooms()) {
    for (const auto& header : room.headers()) {
      CAPTURE(name);
      CAPTURE(header);
      const auto* library = library_of(header);
      if (library != nullptr) CHECK(library->rooms.contains(name));
      if (library == nullptr) CHECK((header.starts_with(kFmt) || is_of_the_language_or_the_system(header)));
    }
  }
}

TEST_CASE("a room links the libraries that it includes, and no other") {
  for (const auto& [name, room] : rooms()) {
    Names included;
    for (const auto& header : room.headers()) {
      if (const auto* library = library_of(header)) included.insert(library->target);
    }
    Names linked = room.libraries;
    std::erase_if(linked, [](const auto& target) { return kHeaderless.contains(target); });
    INFO(name << " includes headers of " << list(included) << ", and its CMakeLists.txt links " << list(linked));
    CHECK(linked == included);
  }
}

TEST_CASE("no header that another room sees includes one of a library") {
  Names seen;
  std::vector<std::string> to_do;
  for (const auto& [name, room] : rooms()) {
    for (const auto& [file, includes] : room.files) {
      for (const auto& header : includes.own) {
        if (!header.starts_with(name + "/")) to_do.push_back(header);
      }
    }
  }
  while (!to_do.empty()) {
    const auto header = to_do.back();
    to_do.pop_back();
    if (!seen.insert(header).second) continue;
    const auto& includes = rooms().at(header.substr(0, header.find('/'))).files.at(header);
    to_do.insert(to_do.end(), includes.own.begin(), includes.own.end());
    for (const auto& other : includes.other) {
      CAPTURE(header);
      CAPTURE(other);
      CHECK(is_of_the_language_or_the_system(other));
    }
  }
  CHECK(seen.size() > 20);
}

TEST_CASE("the table in lib/README.md names each room with the rooms that it links") {
  std::map<std::string, Names> told;
  const auto text = read(kSource / "lib/README.md");
  for (const auto& row : matches(text, std::regex("\\n\\| `(\\w+)` \\|([^|]*)\\|"))) told[row[1]] = words(row[2]);
  std::map<std::string, Names> linked;
  for (const auto& [name, room] : rooms()) linked[name] = room.links;
  linked.erase(kDaemon);  // knows all of them
  for (const auto& [name, links] : linked) {
    INFO(name << " links " << list(links) << ", and the table says " << list(told[name]));
    CHECK(told[name] == links);
  }
  CHECK(told.size() == linked.size());
}
