// Exit codes, after BSD's sysexits.h: what a service manager or script may do about the end.
#pragma once

#include "core/error.h"

namespace runwatch::daemon {

enum ExitCode : int {
  kGood = 0,
  kUsage = 64,
  kPlatform = 69,     // the platform could not be reached, or a poll was not complete
  kTemporary = 75,    // port or database in use, disk trouble: may work later
  kCredentials = 77,  // refused by the platform
  kConfig = 78,       // configuration, or a database that this version cannot read
};

inline int exit_code(core::ErrorKind kind) {
  switch (kind) {
    case core::ErrorKind::invalid:
    case core::ErrorKind::corrupt:
      return kConfig;
    case core::ErrorKind::refused:
      return kCredentials;
    case core::ErrorKind::unavailable:
    case core::ErrorKind::busy:
      return kTemporary;
    case core::ErrorKind::cancelled:
      break;
  }
  return kGood;
}

}  // namespace runwatch::daemon
