# A virtual screen for machines without one, and pictures of it. Sourced after lib.sh.

has_display() { [ "$(uname -s)" != Linux ] || [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; }

# virtual_display WIDTHxHEIGHT: sets DISPLAY. The server ends with the script.
virtual_display() {
  local number
  number=$(mktemp)
  Xvfb -displayfd 1 -screen 0 "$1x24" -nolisten tcp >"$number" 2>/dev/null </dev/null &
  STARTED+=($!)
  wait_until 20 test -s "$number" || die "the virtual display did not start"
  DISPLAY=:$(tr -d '[:space:]' <"$number")
  rm -f "$number"
  export DISPLAY
  unset WAYLAND_DISPLAY
}

# picture FILE: the whole screen.
picture() {
  mkdir -p "$(dirname "$1")"
  import -silent -window root "$1" </dev/null
}
