#include "sim/simulator.h"

#include <fmt/format.h>

#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include "sim/connection.h"
#include "sim/journal.h"
#include "sim/listener.h"
#include "sim/render.h"

namespace runwatch::sim {
namespace {

constexpr core::Duration kIdle{20};  // without a request for that long a connection counts as idle

// An answer as bytes.
struct Outgoing {
  std::string head;
  std::string body;
  bool cut = false;  // the body is to be longer
  bool last = false;
  std::string line{};  // of the journal, but for its end; empty: none
  std::unique_ptr<Outgoing> unasked{};
};

std::string write_head(const Answer& answer, bool last) {
  auto head = fmt::format("HTTP/1.1 {} \r\nDate: {}\r\n", answer.status, http_date(answer.at));
  const auto out = std::back_inserter(head);
  for (const auto& [name, value] : answer.headers) fmt::format_to(out, "{}: {}\r\n", name, value);
  if (last) head += "Connection: close\r\n";
  if (answer.status != 204) {
    fmt::format_to(out, "Content-Type: {}\r\nContent-Length: {}\r\n", answer.content_type, answer.body.size());
  }
  return head += "\r\n";
}

Outgoing pack(Answer& answer, std::string_view method, bool last) {
  const bool head_only = method == "HEAD";
  last = last || (!head_only && method != "GET");  // a body that may follow is not read
  Outgoing out{.head = write_head(answer, last),
               .body = head_only ? std::string() : std::move(answer.body),
               .cut = !head_only && answer.truncate_by > 0,
               .last = last};
  if (out.cut) out.body.resize(out.body.size() - answer.truncate_by);
  auto* more = answer.unasked.get();
  if (more) out.unasked = std::make_unique<Outgoing>(pack(*more, "GET", more->status == 408));
  return out;
}

// cpp-httplib listens, keeps the threads and parses requests. What goes out is written here byte by byte, for the
// faults are in the bytes.
class Served final : public Simulator, private Listener {
 public:
  Served(const sim::Options& options, bool control, std::unique_ptr<Journal> journal, const core::Clock& clock)
      : clock_(clock),
        steady_start_(clock.steady_now()),
        wall_start_(clock.wall_now()),
        control_(control),
        journal_(std::move(journal)),
        platform_(options, wall_start_) {
    set_pre_routing_handler([](const httplib::Request&, httplib::Response&) { return HandlerResponse::Handled; });
  }

  ~Served() override { stop(); }

  using Listener::start;
  std::string address() const override { return listening_at(); }
  std::string base_url() const override { return "http://" + listening_at(); }
  std::vector<SpaceName> spaces() const override { return platform_.spaces(); }

 private:
  core::WallTime now() const {
    return wall_start_ + std::chrono::floor<core::Duration>(clock_.steady_now() - steady_start_);
  }

  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, interrupt());
    while (connection.has_input(kForever) && serve_one(connection)) {
    }
    return true;
  }

  // False when the connection is to end.
  bool serve_one(Connection& connection) {
    std::optional<Outgoing> out;
    bool last = false;
    process_request(connection, false, last, [&](const httplib::Request& request) { out = answer(request, last); });
    auto own = connection.take_own_answer();
    if (!out) out = Outgoing{.head = std::move(own), .body = {}, .last = true};  // the request could not be read
    if (!send(connection, *out) || out->cut || out->last) return false;
    if (!out->unasked || connection.has_input(kIdle)) return true;
    return send(connection, *out->unasked) && !out->unasked->last;
  }

  Outgoing answer(const httplib::Request& request, bool last) {
    const auto handle = request.get_header_value("Org-Handle");
    const auto authorization = request.get_header_value("Authorization");
    const auto mark = request.target.find('?');
    const Request asked{.method = request.method,
                        .path = request.path,
                        .query = mark == std::string::npos ? "" : std::string_view(request.target).substr(mark + 1),
                        .authorization = authorization,
                        .org_handle = handle};
    const bool control = control_ && asked.path.starts_with(kControlPrefix);
    Answer answer = control ? platform_.control(asked, now()) : platform_.answer(asked, now());
    const auto formed = clock_.wall_now();
    if (answer.delay > core::Duration::zero()) wait(-1, 0, interrupt(), answer.delay);
    auto out = pack(answer, asked.method, last);
    if (journal_ && answer.seq > 0) out.line = begin_line(asked, answer, out.body, formed);
    return out;
  }

  // Sending the last bytes and writing the journal's line are one step, so that lines stand in the order in which
  // answers were sent. Nobody waits for a peer in it.
  bool send(Connection& connection, Outgoing& out) {
    std::string_view head = out.head, body = out.body;
    for (bool room = true;; room = connection.has_room()) {
      const std::lock_guard lock(sending_);
      const auto sent = room ? connection.send(head, body) : Connection::Sent::broken;
      if (sent == Connection::Sent::some) continue;
      const bool all = sent == Connection::Sent::all;
      if (!out.line.empty()) journal_->write(finish_line(out.line, all && !out.cut, clock_.wall_now()));
      return all;
    }
  }

  const core::Clock& clock_;
  const core::SteadyTime steady_start_;
  const core::WallTime wall_start_;
  const bool control_;
  const std::unique_ptr<Journal> journal_;
  Platform platform_;
  std::mutex sending_;
};

}  // namespace

core::Result<std::unique_ptr<Simulator>> simulate(const Options& options, const ListenOptions& listen,
                                                  const core::Clock& clock) {
  if (auto fine = check(options); !fine) return std::unexpected(fine.error());
  std::unique_ptr<Journal> journal;
  if (!listen.journal.empty()) {
    auto opened = Journal::open(listen.journal);
    if (!opened) return std::unexpected(opened.error());
    journal = *std::move(opened);
  }
  auto served = std::make_unique<Served>(options, listen.control, std::move(journal), clock);
  if (auto started = served->start(listen.host, listen.port); !started) return std::unexpected(started.error());
  return served;
}

}  // namespace runwatch::sim
