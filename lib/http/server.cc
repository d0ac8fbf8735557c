#include "http/server.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>

#include "core/log.h"
#include "http/front.h"

namespace runwatch::http {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 250ms;  // the loop turns at least so often, for deadlines and `last_progress`
constexpr unsigned kTicksPerLook = 4;
constexpr auto kDrainTime = 1000ms;
constexpr auto kStalled = 1s;
constexpr auto kForever = core::Duration::max();
constexpr int kAcceptsAtOnce = 64;
constexpr std::size_t kDrainBytes = std::size_t{256} * 1024;

core::SteadyTime now() { return std::chrono::steady_clock::now(); }

bool is_out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

void Lane::start() {
  std::call_once(started_, [this] {
    for (int i = 0; i < count_; ++i) {
      threads_.emplace_back([this] {
        pthread_setname_np(pthread_self(), name_);
        io_.run();
      });
    }
  });
}

void Lane::stop() {
  io_.stop();
  threads_.clear();
}

core::Result<std::shared_ptr<Access>> Access::make(const AccessSettings& settings) {
  std::unique_ptr<Tls> tls;
  if (settings.tls) {
    auto made = Tls::make(*settings.tls);
    if (!made) return std::unexpected(std::move(made.error()));
    tls = std::move(*made);
  }
  return std::make_shared<Access>(std::move(tls), settings);
}

core::Result<void> check_access(const AccessSettings& settings) {
  const auto made = Access::make(settings);
  return made ? core::Result<void>() : std::unexpected(made.error());
}

Connection::Connection(Front& front, core::Fd socket, std::shared_ptr<Access> access)
    : front_(front),
      socket_(std::move(socket)),
      ready_(front.loop()),
      access_(std::move(access)),
      channel_(socket_.get(), access_->tls ? access_->tls->context() : nullptr) {
  bound_output(socket_.get(), front.options().write_timeout);
  ready_.assign(socket_.get());
}

Connection::~Connection() {
  if (ready_.is_open()) ready_.release();
}

void Connection::begin() {
  const auto& options = front_.options();
  last_output_ = now();
  enter(channel_.encrypted() ? Phase::shaking : Phase::idle,
        channel_.encrypted() ? options.header_timeout : options.idle_timeout);
  go_on();
}

void Connection::end(bool reset) {
  if (std::exchange(ended_, true)) return;
  const auto self = shared_from_this();
  front_.forget(self);
  if (reset) reset_on_close(socket_.get());
  if (shaking_elsewhere_) return;  // closed when that is over, with the last reference
  ready_.release();
  socket_ = core::Fd();
}

void Connection::abandon() { end(phase_ == Phase::writing || has_unacknowledged(socket_.get())); }

std::optional<std::pair<int, core::SteadyTime>> Connection::worth(core::SteadyTime at) const {
  switch (phase_) {
    case Phase::shaking:
    case Phase::idle:
      return std::pair(0, since_);
    case Phase::receiving:
      return std::pair(1, since_);
    case Phase::draining:
      return std::pair(2, since_);
    case Phase::writing:
      if (at - last_output_ > kStalled) return std::pair(3, last_output_);
      [[fallthrough]];
    case Phase::asking:
      return std::nullopt;
  }
  return std::nullopt;
}

// Where it is in that phase already, its time goes on.
void Connection::enter(Phase phase, core::Duration limit) {
  if (phase == phase_ && since_ != core::SteadyTime{}) return;
  phase_ = phase;
  since_ = now();
  deadline_ = limit == kForever ? core::SteadyTime::max() : since_ + limit;
}

void Connection::wait(Wants wants) {
  using Socket = asio::posix::stream_descriptor;
  ready_.async_wait(wants == Wants::to_write ? Socket::wait_write : Socket::wait_read,
                    [self = shared_from_this()](const boost::system::error_code& error) {
                      if (!error && !self->ended_) self->go_on();
                    });
}

void Connection::go_on() {
  switch (phase_) {
    case Phase::shaking:
      return shake();
    case Phase::idle:
    case Phase::receiving:
      return read();
    case Phase::asking:
      return;
    case Phase::writing:
      return flush();
    case Phase::draining:
      return drain();
  }
}

void Connection::shake() {
  shaking_elsewhere_ = true;
  front_.handshakes().post([self = shared_from_this()] {
    const Wants wants = self->channel_.shake_hands();
    asio::post(self->front_.loop(), [self, wants] { self->shaken(wants); });
  });
}

void Connection::shaken(Wants wants) {
  shaking_elsewhere_ = false;
  if (ended_) return;
  if (wants == Wants::to_end) return end();
  if (wants != Wants::nothing) return wait(wants);
  enter(Phase::idle, front_.options().idle_timeout);
  read();
}

void Connection::read() {
  const auto scratch = front_.scratch();
  for (;;) {
    const auto room = std::min(scratch.size(), front_.options().max_header_bytes + 1 - received_.size());
    const auto moved = channel_.receive(scratch.first(room));
    if (moved.wants == Wants::to_end) return end();  // every request it sent whole has been answered
    if (moved.wants != Wants::nothing) return wait(moved.wants);
    received_.append(scratch.data(), moved.bytes);
    if (!advance()) return;
  }
}

// Whether more is needed before there is anything to do.
bool Connection::advance() {
  while (received_.starts_with("\r\n")) received_.erase(0, 2);  // blank lines before a request, RFC 9112 §2.2
  const int found = received_ == "\r" ? HeadScan::kMore : scan_.advance(received_, front_.options().max_header_bytes);
  if (found == HeadScan::kWhole) return take_head(), false;
  if (found != HeadScan::kMore) return refuse(found), false;
  if (received_.empty())
    std::string().swap(received_);  // idle connections are many
  else
    enter(Phase::receiving, front_.options().header_timeout);
  return true;
}

void Connection::take_head() {
  auto head = read_head(std::string_view(received_).substr(0, scan_.end()));
  if (!head) return refuse(head.error());
  received_.erase(0, scan_.end());
  scan_ = HeadScan();
  // One that came under other rules ends with this answer.
  if (access_ != front_.access()) head->keep_alive = false;
  enter(Phase::asking, kForever);
  front_.ask(shared_from_this(), std::move(*head));
}

void Connection::refuse(int status) {
  Head head;
  head.is_head = received_.starts_with("HEAD ");
  enter(Phase::asking, kForever);
  start(form_answer(head, refusal(status), access_->headers));
}

void Connection::start(Answer answer) {
  if (ended_) return;
  const auto limit = std::max(front_.options().write_timeout, answer.patience);
  if (answer.patience > front_.options().write_timeout) bound_output(socket_.get(), limit);
  answer_ = std::move(answer);
  sent_ = 0;
  last_output_ = now();
  enter(Phase::writing, limit);
  flush();
}

void Connection::flush() {
  const auto rest = [this](std::string_view bytes, std::size_t skip) {
    bytes.remove_prefix(std::min(skip, bytes.size()));
    // iovec is for reading and writing alike, hence the cast; it is only read.
    return iovec{const_cast<char*>(bytes.data()), bytes.size()};
  };
  const std::string_view body = answer_.body ? std::string_view(*answer_.body) : std::string_view();
  const auto of_body = sent_ - std::min(sent_, answer_.head.size());
  const auto moved = channel_.send({rest(answer_.head, sent_), rest(body, of_body)});
  if (moved.wants == Wants::to_end) return end();
  if (moved.bytes > 0) last_output_ = now();
  sent_ += moved.bytes;
  if (sent_ < answer_.head.size() + body.size()) {
    return wait(moved.wants == Wants::nothing ? Wants::to_write : moved.wants);
  }
  after_answer();
}

void Connection::after_answer() {
  const bool close = std::exchange(answer_, Answer{}).close;
  if (!close) {
    enter(Phase::idle, front_.options().idle_timeout);
    if (advance()) read();
    return;
  }
  std::string().swap(received_);
  channel_.finish();
  enter(Phase::draining, kDrainTime);
  wait(Wants::to_read);
}

void Connection::drain() {
  const auto moved = channel_.drain(front_.scratch());
  thrown_away_ += moved.bytes;
  if (moved.wants == Wants::to_end || thrown_away_ >= kDrainBytes) return end();
  wait(Wants::to_read);
}

Front::Front(std::vector<Listener> listeners, const ServerOptions& options, std::shared_ptr<Access> access,
             Handler handler)
    : options_(options),
      handler_(std::move(handler)),
      access_(std::move(access)),
      progress_(now().time_since_epoch().count()),
      prompt_("http-prompt", options.workers),
      slow_("http-slow", options.workers),
      passwords_("http-password", 1),
      handshakes_("http-tls", 1) {
  for (auto& listener : listeners) doors_.emplace_back(io_, std::move(listener));
  prompt_.start();
  if (options_.prompt) slow_.start();
  start_lanes(*this->access());
  for (Door& door : doors_) watch_door(door);
  tick();
  thread_ = std::jthread([this] { run(); });
}

Front::~Front() {
  for (Lane* lane : {&prompt_, &slow_, &passwords_, &handshakes_}) lane->stop();
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
  auto next = Access::make(settings);
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
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception& error) {  // out of memory or descriptors: one connection's trouble
      static core::log::RateLimit limit(std::chrono::minutes(1));
      if (const auto held_back = limit.admit("loop", "", now())) {
        core::log::error("a connection was dropped", {{"error", error.what()}, core::log::suppressed(*held_back)});
      }
    }
  }
}

void Front::tick() {
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
    handshakes_.post([current] {
      current->tls->look_again();
      current->looking = false;
    });
  }
  ticker_.expires_after(kTick);
  ticker_.async_wait([this](const boost::system::error_code&) { tick(); });
}

void Front::watch_door(Door& door) {
  door.ready.async_wait(asio::posix::stream_descriptor::wait_read,
                        [this, &door](const boost::system::error_code&) { accept(door); });
}

void Front::accept(Door& door) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    core::Fd socket(::accept4(door.listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (!socket && is_out_of_resources(errno) && !make_room()) {
      door.resting = true;  // none of ours to give up: trying again at once would keep the loop spinning
      return;
    }
    if (!socket) continue;  // the newcomer's trouble: gone before it was accepted
    const auto most = static_cast<std::size_t>(std::max(options_.max_connections, 1));
    if (connections_.size() >= most && !make_room()) continue;
    const auto connection = std::make_shared<Connection>(*this, std::move(socket), access());
    connections_.insert(connection);
    connection->begin();
  }
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
  passwords_.post([this, access, connection = std::move(connection), head = std::move(head)]() mutable {
    if (access->users.check(head.authorization)) return route(std::move(connection), std::move(head));
    say(std::move(connection), head, refusal(401));
  });
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

core::Result<std::unique_ptr<Server>> serve(const ServerOptions& options, Handler handler) {
  std::signal(SIGPIPE, SIG_IGN);
  auto access = Access::make(options.access);
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
