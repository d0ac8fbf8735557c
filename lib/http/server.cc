#include "http/server.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/socket.h>

#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <deque>
#include <limits>
#include <new>
#include <unordered_set>

#include "core/guarded.h"
#include "core/log.h"
#include "http/connection.h"
#include "http/passwords.h"

namespace runwatch::http {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 250ms;  // the loop turns at least so often, for deadlines and `last_progress`
constexpr unsigned kTicksPerLook = 4;
constexpr int kAcceptsAtOnce = 64;
// Who waits for an answer keeps its connection: so many may, or the slow ones would take the places of all.
constexpr int kMostSlow = 256;
constexpr int kAll = std::numeric_limits<int>::max();

core::SteadyTime now() { return std::chrono::steady_clock::now(); }

bool is_out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// The thread that holds the connections: accepts, ends what takes too long, and finds out who asks for what.
class Front final : public Server {
 public:
  Front(std::vector<Listener> listeners, const ServerOptions& options, std::shared_ptr<Access> access, Handler handler);
  ~Front() override;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  std::vector<std::string> addresses() const override;
  std::uint16_t port() const override { return doors_.front().listener.port; }
  core::SteadyTime last_progress() const override;
  core::Result<void> replace_access(const AccessSettings& settings) override;

 private:
  struct Door {
    Door(asio::io_context& io, Listener l) : listener(std::move(l)), ready(io, listener.socket.get()) {}
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;
    ~Door() {
      if (ready.is_open()) ready.release();
    }
    Listener listener;
    asio::posix::stream_descriptor ready;
    bool resting = false;  // out of descriptors: until the next tick
  };

  std::shared_ptr<Access> access() const {
    return access_.with([](const auto& access) { return access; });
  }
  void run();
  void tick();
  void look_again(const std::shared_ptr<Access>& access);
  void watch_door(Door& door);
  void accept(Door& door);
  bool make_room();
  // Finds out who asks for what, and has it answered.
  void ask(std::shared_ptr<Connection> connection, Head head);
  void start_lanes(const Access& access);
  void checked(bool right, Passwords::Asker asker);
  void route(std::shared_ptr<Connection> connection, Head head);
  void say(std::shared_ptr<Connection> connection, const Head& head, ServerResponse response);

  const ServerOptions options_;
  const Handler handler_;
  asio::io_context io_{1};
  std::deque<Door> doors_;
  asio::steady_timer ticker_{io_};
  unsigned ticks_ = 0;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  core::Guarded<std::shared_ptr<Access>> access_;
  std::atomic<core::SteadyTime::rep> progress_;
  Lane prompt_, slow_, handshakes_;
  Passwords passwords_{io_,
                       {.access = [this] { return access(); },
                        .checked = [this](bool right, auto asker) { checked(right, std::move(asker)); }}};
  Keeper keeper_{options_,
                 io_,
                 handshakes_,
                 [this] { return access(); },
                 [this](auto connection, Head head) { ask(std::move(connection), std::move(head)); },
                 [this](const auto& connection) { connections_.erase(connection); }};
  std::jthread thread_;
};

Front::Front(std::vector<Listener> listeners, const ServerOptions& options, std::shared_ptr<Access> access,
             Handler handler)
    : options_(options),
      handler_(std::move(handler)),
      access_(std::move(access)),
      progress_(now().time_since_epoch().count()),
      prompt_("http-prompt", options.workers, kAll),
      slow_("http-slow", options.workers, kMostSlow),
      handshakes_("http-tls", 1, kAll) {
  for (auto& listener : listeners) doors_.emplace_back(io_, std::move(listener));
  prompt_.start();
  if (options_.prompt) slow_.start();
  start_lanes(*this->access());
  for (Door& door : doors_) watch_door(door);
  tick();
  thread_ = std::jthread([this] { run(); });
}

Front::~Front() {
  for (Lane* lane : {&prompt_, &slow_, &handshakes_}) lane->stop();
  passwords_.stop();
  io_.stop();
  if (thread_.joinable()) thread_.join();
  while (!connections_.empty()) (*connections_.begin())->abandon();
}

void Front::start_lanes(const Access& access) {
  if (!access.users.empty()) passwords_.start();
  if (access.tls) handshakes_.start();
}

std::vector<std::string> Front::addresses() const {
  std::vector<std::string> out;
  for (const Door& door : doors_) out.push_back(door.listener.address);
  return out;
}

core::SteadyTime Front::last_progress() const {
  return core::SteadyTime(core::SteadyTime::duration(progress_.load(std::memory_order_relaxed)));
}

core::Result<void> Front::replace_access(const AccessSettings& settings) {
  auto next = Access::make(settings, access().get());
  if (!next) return std::unexpected(std::move(next.error()));
  try {
    start_lanes(**next);
  } catch (const std::system_error& error) {
    return core::fail(core::ErrorKind::unavailable, fmt::format("cannot start a thread: {}", error.what()));
  }
  access_.with([&](auto& access) { access = std::move(*next); });
  return {};
}

void Front::run() {
  pthread_setname_np(pthread_self(), "http-front");
  turn(io_);
}

void Front::tick() {
  ticker_.expires_after(kTick);
  ticker_.async_wait([this](const boost::system::error_code&) { tick(); });
  const auto at = now();
  progress_.store(at.time_since_epoch().count(), std::memory_order_relaxed);
  std::vector<std::shared_ptr<Connection>> overdue;
  for (const auto& connection : connections_) {
    if (connection->deadline() <= at) overdue.push_back(connection);
  }
  for (const auto& connection : overdue) connection->abandon();
  for (Door& door : doors_) {
    if (std::exchange(door.resting, false)) watch_door(door);
  }
  const auto current = access();
  if (++ticks_ % kTicksPerLook == 0 && current->tls && !current->looking.exchange(true)) {
    look_again(current);
  }
}

// At the certificate's files, which takes its time. What goes wrong ends this look alone.
void Front::look_again(const std::shared_ptr<Access>& access) try {
  handshakes_.post([access] {
    try {
      access->tls->look_again();
    } catch (...) {
      access->looking = false;
      throw;
    }
    access->looking = false;
  });
} catch (...) {
  access->looking = false;
  throw;
}

void Front::watch_door(Door& door) {
  door.ready.async_wait(asio::posix::stream_descriptor::wait_read,
                        [this, &door](const boost::system::error_code&) { accept(door); });
}

void Front::accept(Door& door) {
  door.resting = true;  // if anything fails here, until the next tick
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    core::Fd socket(
        ::accept4(door.listener.socket.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    // With none of ours to give up, trying again at once would keep the loop spinning.
    if (!socket && is_out_of_resources(errno) && !make_room()) return;
    if (!socket) continue;  // the newcomer's trouble: gone before it was accepted
    const auto most = static_cast<std::size_t>(std::max(options_.max_connections, 1));
    if (connections_.size() >= most && !make_room()) continue;
    const auto connection = std::make_shared<Connection>(keeper_, std::move(socket), network_of(from), access());
    connections_.insert(connection);
    connection->begin();
  }
  door.resting = false;
  watch_door(door);
}

bool Front::make_room() {
  const auto at = now();
  std::shared_ptr<Connection> least;
  for (const auto& connection : connections_) {
    const auto worth = connection->worth(at);
    if (worth && (!least || *worth < *least->worth(at))) least = connection;
  }
  if (!least) return false;
  least->abandon();
  return true;
}

void Front::ask(std::shared_ptr<Connection> connection, Head head) {
  const auto access = this->access();
  const auto found = access->users.empty() ? Users::Found::right : access->users.look(head.authorization);
  if (found == Users::Found::right) return route(std::move(connection), std::move(head));
  if (found == Users::Found::wrong) return say(std::move(connection), head, refusal(401));
  auto dropped = passwords_.check({std::move(connection), std::move(head)});
  if (dropped) say(std::move(dropped->connection), dropped->head, refusal(503));
}

void Front::checked(bool right, Passwords::Asker asker) {
  if (right) return route(std::move(asker.connection), std::move(asker.head));
  say(std::move(asker.connection), asker.head, refusal(401));
}

void Front::route(std::shared_ptr<Connection> connection, Head head) {
  const auto path = below(options_.route_prefix, head.path);
  if (!path) {
    const bool near = head.path == "/" || head.path == options_.route_prefix;
    auto response = near ? text_response(302, "") : text_response(404, "All that is served stands below a prefix.\n");
    if (near) response.headers.push_back({"Location", options_.route_prefix + "/"});
    return say(std::move(connection), head, std::move(response));
  }
  Lane& lane = options_.prompt && !options_.prompt(*path) ? slow_ : prompt_;
  if (lane.full()) return say(std::move(connection), head, refusal(503));
  lane.post([this, connection = std::move(connection), head = std::move(head)]() mutable {
    const auto here = std::string_view(head.path).substr(options_.route_prefix.size());
    say(std::move(connection), head, ask_handler(handler_, head.request(here)));
  });
}

void Front::say(std::shared_ptr<Connection> connection, const Head& head, ServerResponse response) {
  asio::post(io_, [connection = std::move(connection),
                   answer = form_answer(head, std::move(response), access()->headers)]() mutable {
    connection->start(std::move(answer));
  });
}

}  // namespace

core::Result<void> check_access(const AccessSettings& settings) {
  const auto made = Access::make(settings, nullptr);
  return made ? core::Result<void>() : std::unexpected(made.error());
}

core::Result<std::unique_ptr<Server>> serve(const ServerOptions& options, Handler handler) {
  std::signal(SIGPIPE, SIG_IGN);
  auto access = Access::make(options.access, nullptr);
  if (!access) return std::unexpected(std::move(access.error()));
  std::vector<Endpoint> endpoints = options.also;
  endpoints.insert(endpoints.begin(), {options.host, options.port});
  std::vector<Listener> listeners;
  for (const auto& [host, port] : endpoints) {
    auto listener = listen_on(host, port);
    if (!listener) return std::unexpected(std::move(listener.error()));
    listeners.push_back(std::move(*listener));
  }
  const std::string address = listeners.front().address;
  try {
    return std::make_unique<Front>(std::move(listeners), options, std::move(*access), std::move(handler));
  } catch (const std::system_error& error) {
    return core::fail(core::ErrorKind::unavailable,
                      fmt::format("cannot serve on {}: {}; the limits of threads or open files may be too low", address,
                                  error.what()));
  }
}

}  // namespace runwatch::http
