// Exit codes, as BSD's sysexits.h has them: what a service manager or script may do about the end.
//
//   EX_USAGE 64, EX_CONFIG 78    wrong words, wrong configuration, or a database that this version cannot read
//   EX_UNAVAILABLE 69            the platform could not be reached, a poll was not complete, or a named run is unknown
//   EX_TEMPFAIL 75               port or database in use, disk trouble: may work later
//   EX_NOPERM 77                 credentials refused by the platform
#pragma once

#include <sysexits.h>

#include "core/error.h"

namespace runwatch::daemon {

inline int exit_code(core::ErrorKind kind) {
  switch (kind) {
    case core::ErrorKind::invalid:
    case core::ErrorKind::corrupt:
      return EX_CONFIG;
    case core::ErrorKind::refused:
      return EX_NOPERM;
    case core::ErrorKind::unavailable:
    case core::ErrorKind::busy:
      return EX_TEMPFAIL;
    case core::ErrorKind::cancelled:
      break;
  }
  return EX_OK;
}

}  // namespace runwatch::daemon
