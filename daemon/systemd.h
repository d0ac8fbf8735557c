// What the service manager is told; all of it is a no-op when none listens (NOTIFY_SOCKET unset).
#pragma once

#include <string>

namespace runwatch::daemon::systemd {

void ready(const std::string& status);
void reloading();
void stopping();
void alive();  // feeds the watchdog

}  // namespace runwatch::daemon::systemd
