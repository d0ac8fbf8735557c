// What the service manager is told; all of it is a no-op when none listens (NOTIFY_SOCKET unset).
#pragma once

#include <string_view>

namespace runwatch::daemon::systemd {

void ready();
void status(std::string_view text);  // one line, for people; made printable and cut
void reloading();                    // until `ready`
void stopping();
void alive();  // feeds the watchdog

}  // namespace runwatch::daemon::systemd
