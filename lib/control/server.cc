#include "control/server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "core/fd.h"
#include "core/text.h"

namespace runwatch::control {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kMostBody = 1024 * 1024;
constexpr int kBacklog = 32;
constexpr time_t kSeconds = 1;  // that a peer may keep silent, or take nothing

core::Error error(core::ErrorKind kind, const std::filesystem::path& path, std::string_view what) {
  return {kind, fmt::format("cannot listen on the control socket {}: {}", core::printable(path.string()), what)};
}

bool answers(const sockaddr_un& address) {
  const core::Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(probe.get(), generic, sizeof address) == 0 || (errno != ECONNREFUSED && errno != ENOENT);
}

// What stands there goes, where a dead process of ours left it.
core::Result<void> make_room(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat found{};
  if (::lstat(address.sun_path, &found) != 0) return {};
  using enum core::ErrorKind;
  const auto other = [&](core::ErrorKind kind, const char* what) {
    return std::unexpected(error(kind, path, fmt::format("{}; remove it, or set `control` to another path", what)));
  };
  if (!S_ISSOCK(found.st_mode)) return other(invalid, "what stands there is no socket");
  if (found.st_uid != ::geteuid()) return other(invalid, "the socket there belongs to another user");
  if (answers(address))
    return std::unexpected(
        error(busy, path, "somebody listens there: stop it first, or set `control` to another path"));
  ::unlink(address.sun_path);
  return {};
}

void say(httplib::Response& out, const std::string& json) { out.set_content(json, "application/json"); }

// cpp-httplib would read any other body without a bound.
bool is_bounded(const httplib::Request& asked) {
  if (asked.method == "GET") return true;
  return asked.method == "POST" && asked.has_header("Content-Length") && !asked.has_header("Transfer-Encoding") &&
         !asked.has_header("Content-Encoding");
}

void answer(httplib::Response& out, const core::Result<std::string>& result, int refused) {
  out.status = result ? 200 : result.error().kind == core::ErrorKind::invalid ? refused : 503;
  say(out, result ? *result : refusal(result.error().text));
}

class Served final : public Server, private httplib::Server {
 public:
  Served(std::filesystem::path path, const std::filesystem::path& database, control::Handler handler)
      : path_(std::move(path)), database_(database_text(database)), handler_(std::move(handler)) {
    new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    set_keep_alive_max_count(1).set_keep_alive_timeout(kSeconds).set_payload_max_length(kMostBody);
    set_read_timeout(kSeconds).set_write_timeout(kSeconds);
    set_pre_routing_handler([](const auto& asked, auto& out) {
      if (is_bounded(asked)) return HandlerResponse::Unhandled;
      out.status = 400;
      return HandlerResponse::Handled;
    });
    set_exception_handler([](const auto&, auto& out, const auto&) { out.status = 503; });
    set_error_handler([](const auto&, auto& out) {
      if (out.body.empty()) say(out, refusal("no such path or method, or not a body that is read here"));
    });
    route();
  }

  ~Served() override {
    if (thread_.joinable()) httplib::Server::stop();
    struct stat now{};
    const bool own = thread_.joinable() && ::lstat(path_.c_str(), &now) == 0 && now.st_ino == file_.st_ino;
    if (own && now.st_dev == file_.st_dev) ::unlink(path_.c_str());
  }

  core::Result<void> start() {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    using enum core::ErrorKind;
    if (path_.native().size() >= sizeof address.sun_path) {
      return std::unexpected(error(invalid, path_, fmt::format("longer than {} bytes", sizeof address.sun_path - 1)));
    }
    std::ranges::copy(path_.native(), address.sun_path);
    if (auto room = make_room(path_, address); !room) return room;
    const int socket = svr_sock_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // Of the file to come: there is no moment at which others may connect.
    if (::fchmod(socket, S_IRUSR | S_IWUSR) != 0 ||
        ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(socket, kBacklog) != 0 ||
        ::lstat(path_.c_str(), &file_) != 0) {
      return std::unexpected(error(unavailable, path_, std::generic_category().message(errno)));
    }
    thread_ = std::jthread([this] { listen_after_bind(); });
    while (!is_running()) std::this_thread::yield();  // `stop` does nothing before
    return {};
  }

 private:
  void route() {
    get("/alerts", handler_.list);
    get("/silences", handler_.silences);
    get("/health", handler_.health);
    Get("/alerts/([^/]+)", [this](const auto& asked, auto& out) {
      answer(out, is_meant(asked) ? handler_.show(asked.matches[1]) : another(), 404);
    });
    post("/reload", handler_.reload);
    post("/backup", handler_.backup);
    post("/alerts/test", handler_.test);
    post("/alerts/replay", handler_.replay);
    post("/alerts/drop", handler_.drop);
    post("/silences", handler_.add_silence);
    post("/silences/expire", handler_.expire);
  }

  void get(const char* path, const auto& handle) {
    Get(path,
        [this, &handle](const auto& asked, auto& out) { answer(out, is_meant(asked) ? handle() : another(), 404); });
  }

  void post(const char* path, const auto& handle) {
    Post(path, [this, &handle](const httplib::Request& asked, httplib::Response& out) {
      const auto request =
          is_meant(asked) ? parse_request(asked.body) : core::Result<Request>(std::unexpected(another().error()));
      answer(out, request ? handle(*request) : std::unexpected(request.error()), 400);
    });
  }

  bool is_meant(const httplib::Request& asked) const {
    return !asked.has_header(kDatabase) || asked.get_header_value(kDatabase) == database_;
  }
  core::Result<std::string> another() const {
    return core::fail(core::ErrorKind::invalid,
                      fmt::format("the runwatch at this socket keeps {}, another database than the configuration's: "
                                  "give each daemon a `control` of its own",
                                  database_));
  }

  const std::filesystem::path path_;
  const std::string database_;
  const control::Handler handler_;
  struct stat file_{};  // the socket's own
  std::jthread thread_;
};

}  // namespace

core::Result<std::unique_ptr<Server>> Server::listen(const std::filesystem::path& path,
                                                     const std::filesystem::path& database, Handler handler) {
  auto served = std::make_unique<Served>(path, database, std::move(handler));
  if (auto started = served->start(); !started) return std::unexpected(std::move(started.error()));
  return served;
}

}  // namespace runwatch::control
