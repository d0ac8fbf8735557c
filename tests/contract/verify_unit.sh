#!/bin/sh
# systemd's own judgement of the unit: no complaint but that the binary is not installed here, and tight enough a box.
# Usage: verify_unit.sh DIRECTORY
set -eu
unit=$1/runwatch.service
complaints=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -v 'Command /usr/bin/runwatch is not executable' || true)
if [ -n "$complaints" ]; then
  echo "systemd-analyze verify: $complaints"
  exit 1
fi
systemd-analyze security --offline=true --no-pager --threshold=12 "$unit" | tail -1
systemd-sysusers --dry-run "$1/runwatch.sysusers.conf"
