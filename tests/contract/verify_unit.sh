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
# With the example of a drop-in, too: copied, as its directory decides what it belongs to.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/runwatch.service.d"
cp "$unit" "$copy"
cp "$1/credentials.conf" "$copy/runwatch.service.d"
complaints=$(systemd-analyze verify --man=no "$copy/runwatch.service" 2>&1 |
  grep -v 'Command /usr/bin/runwatch is not executable' || true)
if [ -n "$complaints" ]; then
  echo "systemd-analyze verify, with credentials.conf: $complaints"
  exit 1
fi
# The threshold is in tenths.
judgement=$(systemd-analyze security --offline=true --no-pager --threshold=10 "$unit") || {
  echo "$judgement"
  exit 1
}
systemd-sysusers --dry-run "$1/runwatch.sysusers.conf"
