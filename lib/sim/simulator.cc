#include "sim/simulator.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include "http/server.h"
#include "sim/journal.h"
#include "sim/query.h"

namespace runwatch::sim {
namespace {

class Served final : public Simulator {
 public:
  Served(const Options& options, bool control, std::shared_ptr<Journal> journal, const core::Clock& clock)
      : clock_(clock),
        steady_start_(clock.steady_now()),
        wall_start_(clock.wall_now()),
        control_(control),
        journal_(std::move(journal)),
        platform_(options, wall_start_) {}

  ~Served() override {
    stop_.request_stop();
    server_.reset();
  }

  core::Result<void> listen(const ListenOptions& options) {
    const http::ServerOptions server{.host = options.host,
                                     .port = options.port,
                                     .workers = options.workers,
                                     .write_timeout = core::Duration(60'000)};
    auto started = http::serve(server, [this](const http::ServerRequest& request) { return answer(request); });
    if (!started) return std::unexpected(started.error());
    server_ = *std::move(started);
    return {};
  }

  std::string address() const override { return server_->address(); }
  std::string base_url() const override { return "http://" + server_->address(); }
  std::vector<SpaceName> spaces() const override { return platform_.spaces(); }

 private:
  core::WallTime now() const {
    return wall_start_ + std::chrono::floor<core::Duration>(clock_.steady_now() - steady_start_);
  }

  http::ServerResponse answer(const http::ServerRequest& request) {
    const Request asked{.path = request.path,
                        .query = request.query,
                        .authorization = request.authorization,
                        .org_handle = header_value(request.fields, "Org-Handle")};
    const bool control = control_ && asked.path.starts_with(kControlPrefix);
    Answer answer = control ? platform_.control(asked, now()) : platform_.answer(asked, now());
    const auto formed = clock_.wall_now();
    hold_back(answer.delay);
    http::ServerResponse response{.status = answer.status,
                                  .content_type = std::move(answer.content_type),
                                  .headers = {},
                                  .body = std::make_shared<const std::string>(std::move(answer.body)),
                                  .truncate_body_by = answer.truncate_by,
                                  .on_sent = {}};
    for (auto& [name, value] : answer.headers) response.headers.push_back({std::move(name), std::move(value)});
    if (journal_ && !control) note(request, response, answer.seq, formed);
    return response;
  }

  // The line is made here, by the worker; when the answer is out only its end is added and the file written.
  void note(const http::ServerRequest& request, http::ServerResponse& response, std::uint64_t seq,
            core::WallTime formed) {
    const std::string_view whole = *response.body;
    auto line = std::make_shared<std::string>(
        begin_line({.seq = seq,
                    .at = formed,
                    .method = request.head ? "HEAD" : "GET",
                    .path = request.path,
                    .query = request.query,
                    .status = response.status,
                    .body = request.head ? "" : whole.substr(0, whole.size() - response.truncate_body_by)}));
    response.on_sent = [journal = journal_, line, &clock = clock_](bool complete) {
      finish_line(*line, complete, clock.wall_now());
      journal->write(*line);
    };
  }

  void hold_back(core::Duration delay) {
    if (delay <= core::Duration::zero()) return;
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop_.get_token(), delay, [] { return false; });
  }

  const core::Clock& clock_;
  const core::SteadyTime steady_start_;
  const core::WallTime wall_start_;
  const bool control_;
  const std::shared_ptr<Journal> journal_;
  Platform platform_;
  std::stop_source stop_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

core::Result<std::unique_ptr<Simulator>> simulate(const Options& options, const ListenOptions& listen,
                                                  const core::Clock& clock) {
  if (auto fine = check(options); !fine) return std::unexpected(fine.error());
  std::shared_ptr<Journal> journal;
  if (!listen.journal.empty()) {
    auto opened = Journal::open(listen.journal);
    if (!opened) return std::unexpected(opened.error());
    journal = *std::move(opened);
  }
  auto served = std::make_unique<Served>(options, listen.control, std::move(journal), clock);
  if (auto listening = served->listen(listen); !listening) return std::unexpected(listening.error());
  return served;
}

}  // namespace runwatch::sim
