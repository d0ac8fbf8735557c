// One connection: reads heads, sends answers, and knows when its time is over. Only server.cc includes this, as
// Boost.Asio comes with it.
//
//   shaking hands ─► idle ─► receiving ─► asking (a worker has it) ─► writing ─► idle, or draining ─► ended
//
// Draining: our end is shut, the peer's is read and thrown away for a while, for a socket closed with unread input
// sends a reset that can overtake the answer.
// Threads: the loop's alone, but for the channel while it shakes hands.
#pragma once

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/fd.h"
#include "http/channel.h"
#include "http/head.h"
#include "http/lane.h"
#include "http/listen.h"

namespace runwatch::http {

inline constexpr auto kDrainTime = std::chrono::milliseconds(1000);
inline constexpr auto kStalled = std::chrono::seconds(1);
inline constexpr core::Duration kAskTime = std::chrono::minutes(10);  // what takes longer is lost: its work threw
inline constexpr int kRounds = 8;  // reads of one connection before others have their turn
inline constexpr std::size_t kMostBlank = 8;
inline constexpr std::size_t kDrainBytes = std::size_t{256} * 1024;

class Connection;

// What all connections share. Outlives them.
struct Keeper {
  const ServerOptions& options;
  asio::io_context& io;
  Lane& handshakes;
  std::function<std::shared_ptr<Access>()> access;             // in force now
  std::function<void(std::shared_ptr<Connection>, Head)> ask;  // answered by `Connection::start`
  std::function<void(const std::shared_ptr<Connection>&)> forget;
  std::array<char, 16384> scratch{};
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Throws when there is no memory or no place in the kernel's list.
  Connection(Keeper& keeper, core::Fd socket, const Peer& peer, std::shared_ptr<Access> access)
      : keeper_(keeper),
        socket_(std::move(socket)),
        peer_(peer),
        ready_(keeper.io),
        access_(std::move(access)),
        context_(access_->tls ? access_->tls->context() : nullptr),
        channel_(socket_.get(), context_) {
    bound_output(socket_.get(), keeper.options.write_timeout);
    ready_.assign(socket_.get());
  }

  ~Connection() {
    if (ready_.is_open()) ready_.release();
  }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void begin() {
    const auto& options = keeper_.options;
    last_output_ = now();
    enter(channel_.encrypted() ? Phase::shaking : Phase::idle,
          channel_.encrypted() ? options.header_timeout : options.idle_timeout);
    go_on();
  }

  void start(Answer answer) {
    if (ended_) return;
    const auto limit = std::max(keeper_.options.write_timeout, answer.patience);
    if (answer.patience > keeper_.options.write_timeout) bound_output(socket_.get(), limit);
    answer_ = std::move(answer);
    sent_ = 0;
    last_output_ = now();
    enter(Phase::writing, limit);
    flush();
  }

  void end(bool reset = false) {
    if (std::exchange(ended_, true)) return;
    const auto self = shared_from_this();
    keeper_.forget(self);
    if (reset) reset_on_close(socket_.get());
    if (shaking_elsewhere_) return;  // closed when that is over, with the last reference
    ready_.release();
    socket_ = core::Fd();
  }

  // What the peer has not taken is dropped: closed in the ordinary way the kernel would keep it.
  void abandon() { end(phase_ == Phase::writing || has_unacknowledged(socket_.get())); }

  const Peer& peer() const { return peer_; }

  core::SteadyTime deadline() const { return deadline_; }

  // How little is lost with it, the least first; nothing while it is being answered.
  std::optional<std::pair<int, core::SteadyTime>> worth(core::SteadyTime at) const {
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

 private:
  enum class Phase { shaking, idle, receiving, asking, writing, draining };

  // Where it is in that phase already, its time goes on.
  void enter(Phase phase, core::Duration limit) {
    if (phase == phase_ && since_ != core::SteadyTime{}) return;
    phase_ = phase;
    since_ = now();
    deadline_ = since_ + limit;
  }

  void wait(Wants wants) {
    using Socket = asio::posix::stream_descriptor;
    ready_.async_wait(wants == Wants::to_write ? Socket::wait_write : Socket::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (!error && !self->ended_) self->go_on();
                      });
  }

  void go_on() {
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

  void shake() {
    shaking_elsewhere_ = true;
    keeper_.handshakes.post([self = shared_from_this()] {
      const Wants wants = self->channel_.shake_hands();
      asio::post(self->keeper_.io, [self, wants] { self->shaken(wants); });
    });
  }

  void shaken(Wants wants) {
    shaking_elsewhere_ = false;
    if (ended_) return;
    if (wants == Wants::to_end) return end();
    if (wants != Wants::nothing) return wait(wants);
    enter(Phase::idle, keeper_.options.idle_timeout);
    read();
  }

  void read() {
    const auto scratch = std::span<char>(keeper_.scratch);
    for (int round = 0; round < kRounds; ++round) {
      const auto room = std::min(scratch.size(), keeper_.options.max_header_bytes + 1 - received_.size());
      const auto moved = channel_.receive(scratch.first(room));
      if (moved.wants == Wants::to_end) return end();  // every request it sent whole has been answered
      if (moved.wants != Wants::nothing) return wait(moved.wants);
      received_.append(scratch.data(), moved.bytes);
      if (!advance()) return;
    }
    asio::post(keeper_.io, [self = shared_from_this()] {  // others come first
      if (!self->ended_) self->read();
    });
  }

  // Whether more is needed before there is anything to do.
  bool advance() {
    // Blank lines before a request, RFC 9112 §2.2: those of a careless client, no flood.
    std::size_t blank = 0;
    while (std::string_view(received_).substr(blank).starts_with("\r\n")) blank += 2;
    received_.erase(0, blank);
    blank_ += blank;
    if (blank_ > kMostBlank) return refuse(400), false;
    const int found = received_ == "\r" ? HeadScan::kMore : scan_.advance(received_, keeper_.options.max_header_bytes);
    if (found == HeadScan::kWhole) return take_head(), false;
    if (found != HeadScan::kMore) return refuse(found), false;
    if (received_.empty())
      std::string().swap(received_);  // idle connections are many
    else
      enter(Phase::receiving, keeper_.options.header_timeout);
    return true;
  }

  void take_head() {
    auto head = read_head(std::string_view(received_).substr(0, scan_.end()));
    if (!head) return refuse(head.error());
    received_.erase(0, scan_.end());
    scan_ = HeadScan();
    blank_ = 0;
    // One that came under other rules, or other certificates, ends with this answer.
    const auto current = keeper_.access();
    if (access_ != current || (context_ && context_ != current->tls->context())) head->keep_alive = false;
    enter(Phase::asking, kAskTime);
    keeper_.ask(shared_from_this(), std::move(*head));
  }

  void refuse(int status) {
    Head head;
    head.is_head = received_.starts_with("HEAD ");
    enter(Phase::asking, kAskTime);
    start(form_answer(head, refusal(status), access_->headers));
  }

  void flush() {
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

  void after_answer() {
    const bool close = std::exchange(answer_, Answer{}).close;
    if (!close) {
      enter(Phase::idle, keeper_.options.idle_timeout);
      if (advance()) read();
      return;
    }
    std::string().swap(received_);
    channel_.finish();
    enter(Phase::draining, kDrainTime);
    wait(Wants::to_read);
  }

  void drain() {
    const auto moved = channel_.drain(std::span<char>(keeper_.scratch));
    thrown_away_ += moved.bytes;
    if (moved.wants == Wants::to_end || thrown_away_ >= kDrainBytes) return end();
    wait(Wants::to_read);
  }

  static core::SteadyTime now() { return std::chrono::steady_clock::now(); }

  Keeper& keeper_;
  core::Fd socket_;
  Peer peer_;
  asio::posix::stream_descriptor ready_;  // of the same socket
  std::shared_ptr<Access> access_;        // when it was accepted
  Tls::Context context_;                  // the same of its certificates
  Channel channel_;
  Phase phase_ = Phase::idle;
  bool shaking_elsewhere_ = false;
  bool ended_ = false;
  core::SteadyTime since_{}, deadline_{}, last_output_{};
  std::string received_;
  HeadScan scan_;
  Answer answer_;
  std::size_t sent_ = 0, thrown_away_ = 0;
  std::size_t blank_ = 0;  // bytes of blank lines since the last request
};

}  // namespace runwatch::http
