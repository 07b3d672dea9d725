#!/bin/bash
# Runs a command in a private login session with its own message bus, home and keyring:
#   session.sh KEYRING COMMAND [ARG…]
# KEYRING  unlocked  a keyring daemon with an unlocked default keyring
#          fresh     a keyring daemon that has no keyring yet
#          none      nothing on the bus offers a keychain, nor can be started
# KEYRING_PID tells the command the daemon's process. Nothing reads our stdin; nothing outlives the
# command.
set -euo pipefail
keyring=$1
shift

home=$(mktemp -d)
trap 'rm -rf "$home" 2>/dev/null || true' EXIT
mkdir -m 700 "$home/run" "$home/data"
export XDG_RUNTIME_DIR=$home/run XDG_DATA_HOME=$home/data
# Without a display a prompt is dismissed instead of waiting for somebody.
unset DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
bus=()
if [ "$keyring" = none ]; then
  # The usual configuration names folders of services that the bus may start, a keyring among them.
  cat >"$home/bus.conf" <<'CONF'
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
CONF
  bus=(--config-file="$home/bus.conf")
fi

dbus-run-session "${bus[@]}" -- bash -c '
  keyring=$1; shift
  owned() {
    dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / \
      org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q true
  }
  case $keyring in
    unlocked) printf %s test | gnome-keyring-daemon --unlock --foreground --components=secrets >/dev/null 2>&1 & ;;
    fresh) gnome-keyring-daemon --foreground --components=secrets >/dev/null 2>&1 & ;;
    none) exec "$@" ;;
  esac
  export KEYRING_PID=$!
  # By name, so that waiting does not start a second daemon.
  for _ in $(seq 600); do owned && break; sleep 0.05; done
  owned || { echo "the keyring daemon did not start" >&2; kill $KEYRING_PID; exit 97; }
  status=0; "$@" || status=$?
  kill -CONT $KEYRING_PID; kill $KEYRING_PID; wait $KEYRING_PID 2>/dev/null
  exit $status' _ "$keyring" "$@" </dev/null
