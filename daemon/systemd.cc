#include "daemon/systemd.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <chrono>

#include "core/text.h"

namespace runwatch::daemon::systemd {

void ready() { sd_notify(0, "READY=1"); }

void status(std::string_view text) { sd_notify(0, fmt::format("STATUS={}", core::printable(text, 500)).c_str()); }

// Type=notify-reload wants the monotonic time along (sd_notify(3)).
void reloading() {
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch());
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count()).c_str());
}

void stopping() { sd_notify(0, "STOPPING=1"); }

void alive() { sd_notify(0, "WATCHDOG=1"); }

}  // namespace runwatch::daemon::systemd
