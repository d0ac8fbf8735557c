#include "http/server.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "http/front.h"
#include "http/listen.h"
#include "http/workers.h"

namespace runwatch::http {
namespace {

class EpollServer final : public Server {
 public:
  EpollServer(Listener listener, const ServerOptions& options, Handler handler)
      : address_(listener.address),
        port_(listener.port),
        front_(std::move(listener), options),
        workers_(options.workers, std::move(handler),
                 [this](std::uint64_t connection, Answer answer) { front_.hand_over(connection, std::move(answer)); }) {
    front_.start([this](Job job) { workers_.submit(std::move(job)); });
  }
  ~EpollServer() override {
    workers_.stop();
    front_.stop();
  }

  std::string address() const override { return address_; }
  std::uint16_t port() const override { return port_; }
  core::SteadyTime last_progress() const override { return front_.last_progress(); }

 private:
  const std::string address_;
  const std::uint16_t port_;
  Front front_;
  Workers workers_;
};

}  // namespace

core::Result<std::unique_ptr<Server>> serve(const ServerOptions& options, Handler handler) {
  auto listener = listen_on(options.host, options.port);
  if (!listener) return std::unexpected(listener.error());
  const std::string address = listener->address;
  try {
    return std::make_unique<EpollServer>(std::move(*listener), options, std::move(handler));
  } catch (const std::system_error& error) {
    return core::fail(core::ErrorKind::unavailable,
                      fmt::format("cannot serve on {}: {}; the limits of threads or open files may be too low", address,
                                  error.what()));
  }
}

ServerResponse text_response(int status, std::string text) {
  ServerResponse response;
  response.status = status;
  response.body = std::make_shared<const std::string>(std::move(text));
  return response;
}

}  // namespace runwatch::http
