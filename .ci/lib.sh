# What every script here shares: where things are, how to say things, how to stop.
# Sourced, never run. Callers set -euo pipefail first.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ARTEFACTS=$ROOT/.artefacts
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
# Cargo as installed by rustup is often not on the PATH of a fresh shell.
PATH=$ROOT/.tools/bin:$ROOT/.tools/cargo/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
export PATH

if [ -t 2 ]; then BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'; else BOLD='' DIM='' RED='' GREEN='' PLAIN=''; fi

say() { printf '%s\n' "$*" >&2; }
die() { printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# at_least HAVE WANTED: compares versions of numbers and dots.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# Everything that is started in the background is noted here, and ended by its own id when the
# script ends.
STARTED=()
at_end() {
  local pid
  for pid in "${STARTED[@]:-}"; do [ -n "$pid" ] && kill "$pid" 2>/dev/null || true; done
  for pid in "${STARTED[@]:-}"; do [ -n "$pid" ] && wait "$pid" 2>/dev/null || true; done
}
trap at_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_until SECONDS COMMAND…: asks ten times a second.
wait_until() {
  local tries=$(( $1 * 10 )); shift
  while ! "$@"; do
    tries=$((tries - 1)); [ "$tries" -gt 0 ] || return 1
    sleep 0.1
  done
}
