#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "config/load.h"
#include "core/shell_word.h"
#include "daemon/commands.h"

namespace runwatch::daemon {
namespace {

namespace fs = std::filesystem;

constexpr auto kAccount = "runwatch";  // of the systemd unit

// This process sees files as another account does, for as long as it lives. Of root alone, while no thread runs.
class SeenAs {
 public:
  explicit SeenAs(const passwd& account) : groups_(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr)))) {
    const auto count = ::getgroups(static_cast<int>(groups_.size()), groups_.data());
    good_ = count >= 0 && ::initgroups(account.pw_name, account.pw_gid) == 0 && ::setegid(account.pw_gid) == 0 &&
            ::seteuid(account.pw_uid) == 0;
  }
  SeenAs(const SeenAs&) = delete;
  SeenAs& operator=(const SeenAs&) = delete;
  ~SeenAs() {
    const bool back = ::seteuid(0) == 0 && ::setegid(0) == 0 && ::setgroups(groups_.size(), groups_.data()) == 0;
    if (!back) std::terminate();
  }

  bool reads(const fs::path& file) const {
    return !good_ || ::faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) == 0;
  }

 private:
  std::vector<gid_t> groups_;
  bool good_ = false;
};

// What the daemon reads again while it runs, and the file itself.
std::vector<fs::path> files_of(const fs::path& path, const config::Config& config) {
  std::vector<fs::path> files{path, config.api.ca_file, config.server.web.file};
  const auto add = [&files](const std::optional<fs::path>& file) { files.push_back(file.value_or(fs::path())); };
  add(config.api.token_path);
  for (const auto& space : config.spaces) add(space.token_path);
  for (const auto& receiver : config.receivers) {
    for (const auto& file : {receiver.url_file, receiver.secrets_file, receiver.authorization_file}) add(file);
    files.emplace_back(receiver.ca_file);
  }
  if (config.heartbeat) add(config.heartbeat->url_file);
  if (const auto& tls = config.server.web.tls)
    files.insert(files.end(), {tls->cert_file, tls->key_file, tls->client_ca_file});
  std::erase(files, fs::path());
  return files;
}

}  // namespace

void warn_of_unreadable_files(const fs::path& path, const config::Config& config) {
  const passwd* const account = ::getpwnam(kAccount);
  std::error_code error;
  if (::geteuid() != 0 || account == nullptr || !fs::equivalent(path, config::kDefaultPath, error)) return;
  std::vector<fs::path> shut;
  {
    const SeenAs seen(*account);
    for (const auto& file : files_of(path, config)) {
      if (!seen.reads(file)) shut.push_back(file);
    }
  }
  for (const auto& file : shut) {
    fmt::print(stderr,
               "warning: the account {0}, which the service runs as, cannot read {1}: chgrp {0} {2} && chmod 640 {2}, "
               "and let it pass through the folders above\n",
               kAccount, file.string(), core::shell_word(file.string()));
  }
}

}  // namespace runwatch::daemon
