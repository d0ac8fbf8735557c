#include "sim/sink.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "core/digest.h"
#include "sim/connection.h"
#include "sim/dice.h"
#include "sim/listener.h"
#include "sim/render.h"

namespace runwatch::sim {
namespace {

constexpr std::size_t kMostBody = 16 * 1024 * 1024;
constexpr std::size_t kMostIds = 100'000;  // remembered, to tell a repeat
constexpr std::string_view kHang = "hang";
constexpr std::string_view kClose = "close";

bool is_failure(std::string_view what) {
  int status = 0;
  const auto [end, error] = std::from_chars(what.data(), what.data() + what.size(), status);
  const bool number = error == std::errc() && end == what.data() + what.size();
  return what == kHang || what == kClose || (number && status >= 300 && status <= 599);
}

constexpr const char* kFate = "Sink-Fate";  // a header that a request is given here

class Receiving final : public Sink, private Listener {
 public:
  Receiving(SinkOptions options, const core::Clock& clock) : options_(std::move(options)), clock_(clock) {
    set_payload_max_length(kMostBody);
    // cpp-httplib would read a body of no told length without a bound.
    set_pre_routing_handler([](const auto& asked, auto& out) {
      const bool bounded = asked.has_header("Content-Length") && !asked.has_header("Content-Encoding") &&
                           !asked.has_header("Transfer-Encoding");
      if (asked.method == "GET" || bounded) return HandlerResponse::Unhandled;
      out.status = 411;
      return HandlerResponse::Handled;
    });
    const auto take = [this](const auto& asked, auto& out) {
      const auto fate = asked.get_header_value(kFate);
      const auto outcome = note(asked, fate);
      out.status = outcome == kHang || outcome == kClose ? 200 : std::stoi(outcome);
      out.set_header("Date", http_date(clock_.wall_now()));
    };
    Get(".*", take);
    Post(".*", take);
  }
  ~Receiving() override { stop(); }

  using Listener::start;
  std::string address() const override { return listening_at(); }

 private:
  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, interrupt());
    while (connection.has_input(kForever) && serve_one(connection)) {
    }
    return true;
  }

  // False when the connection is to end.
  bool serve_one(Connection& connection) {
    bool last = false;
    std::string fate;
    process_request(connection, false, last, [&](auto& request) {
      request.headers.erase(kFate);
      request.set_header(kFate, fate = throw_dice());
    });
    const auto text = connection.take_own_answer();
    std::string_view head = text, body;
    const bool taken = text.starts_with("HTTP/1.1 200");
    if (taken && fate == kHang) (void)connection.has_input(kForever);
    if (taken && (fate == kHang || fate == kClose)) return false;
    while (!head.empty()) {
      if (connection.send(head, body) == Connection::Sent::broken || !connection.has_room()) return false;
    }
    return !last && !fate.empty();  // else there was no request, or none that could be read
  }

  std::string throw_dice() {
    const std::lock_guard lock(mutex_);
    double left = Dice(options_.seed, ++requests_).unit();
    for (const auto& fault : options_.faults) {
      left -= fault.share;
      if (left < 0) return fault.what;
    }
    return "200";
  }

  // What becomes of it: one of a wrong signature is refused, as a receiver should.
  std::string note(const httplib::Request& asked, const std::string& fate) {
    Arrival arrival{
        .at = clock_.wall_now(), .id = asked.get_header_value("webhook-id"), .outcome = fate, .body = asked.body};
    const std::lock_guard lock(mutex_);
    if (options_.verify && asked.method == "POST") {
      const auto timestamp = asked.get_header_value("webhook-timestamp");
      const auto signatures = asked.get_header_value("webhook-signature");
      const auto good = options_.verify({arrival.id, timestamp, signatures, arrival.body});
      arrival.signature = good ? Arrival::Signature::good : Arrival::Signature::bad;
      if (!good) arrival.reason = good.error().text;
      if (!good && fate == "200") arrival.outcome = "401";
    }
    if (!arrival.id.empty()) count(arrival);
    if (options_.arrived) options_.arrived(arrival);
    return arrival.outcome;
  }

  void count(Arrival& arrival) {
    if (seen_.size() >= kMostIds) seen_.clear();
    const auto digest = core::digest64(arrival.body);
    auto& [times, first] = seen_.try_emplace(arrival.id, 0, digest).first->second;
    arrival.times = ++times;
    arrival.altered = digest != first;
  }

  const SinkOptions options_;
  const core::Clock& clock_;
  std::mutex mutex_;  // for all that follows, and the calls of the options' functions
  std::uint64_t requests_ = 0;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> seen_;  // by id: how often, digest of the first body
};

}  // namespace

core::Result<SinkFault> parse_sink_fault(std::string_view text) {
  const auto colon = text.find(':');
  SinkFault fault{.what = std::string(text.substr(0, colon))};
  const auto share = colon == std::string_view::npos ? "1" : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(share.data(), share.data() + share.size(), fault.share);
  const bool number = error == std::errc() && end == share.data() + share.size();
  if (number && fault.share >= 0 && fault.share <= 1 && is_failure(fault.what)) return fault;
  return core::fail(
      core::ErrorKind::invalid,
      "give WHAT:SHARE, as 500:0.1: a status from 300 to 599, `hang` or `close`, and a share from 0 to 1");
}

core::Result<std::unique_ptr<Sink>> receive(SinkOptions options, const core::Clock& clock) {
  double sum = 0;
  for (const auto& fault : options.faults) sum += fault.share;
  if (sum > 1 + 1e-9) return core::fail(core::ErrorKind::invalid, "the shares of failures come to more than 1");
  const auto host = options.host;
  const auto port = options.port;
  auto sink = std::make_unique<Receiving>(std::move(options), clock);
  if (auto started = sink->start(host, port); !started) return std::unexpected(started.error());
  return sink;
}

}  // namespace runwatch::sim
