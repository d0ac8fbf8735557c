#include "http/server.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "http/front.h"
#include "http/listen.h"

namespace runwatch::http {

core::Result<std::unique_ptr<Server>> serve(const ServerOptions& options, Handler handler) {
  auto listener = listen_on(options.host, options.port);
  if (!listener) return std::unexpected(listener.error());
  const std::string address = listener->address;
  try {
    return std::make_unique<Front>(std::move(*listener), options, std::move(handler));
  } catch (const std::system_error& error) {
    return core::fail(core::ErrorKind::unavailable,
                      fmt::format("cannot serve on {}: {}; the limits of threads or open files may be too low", address,
                                  error.what()));
  }
}

}  // namespace runwatch::http
