# ./run demo: three windows of three people in one room. Sourced by ./run after the others.

DEMO_HOME=${XDG_DATA_HOME:-$HOME/.local/share}/grapevine-demo
PEOPLE=(ana ben chi)

# The three are made once, by the same calls that the window makes; later runs find them again.
make_people() {
  local custody=$1 ready=$DEMO_HOME/ready
  if [ "${FRESH:-}" != 1 ] && [ -f "$ready" ] && [ "$(cat "$ready")" = "$custody" ]; then return; fi
  say "${BOLD}Making three people${PLAIN} in $DEMO_HOME"
  rm -rf "${PEOPLE[@]/#/$DEMO_HOME/}" "$ready"
  mkdir -p "$DEMO_HOME"
  "${INSIDE[@]}" node "$ROOT/.ci/demo.mjs" "$NODE" "$DEMO_HOME" </dev/null >&2 || die "the three people could not be made; see above"
  printf '%s\n' "$custody" >"$ready"
}

demo() {
  local FRESH='' word
  for word in "$@"; do
    case "$word" in --fresh) FRESH=1 ;; *) die "./run demo knows only --fresh" ;; esac
  done
  need_program
  local width=640 height=760 seen=1
  choose_keyring "$DEMO_HOME/keyring"
  local custody=system
  [ ${#INSIDE[@]} -eq 0 ] || custody=private
  make_people "$custody"
  if ! has_display; then
    seen=''
    need display
    say "No display here: a virtual one is used."
    virtual_display "$((width * 3))x$height"
  fi
  mkdir -p "$ARTEFACTS"
  # All three in one session, so that one keyring serves them.
  DEMO_SEEN=$seen DEMO_WIDTH=$width DEMO_HEIGHT=$height "${INSIDE[@]}" "$ROOT/.ci/demo-windows" "$APP" "$DEMO_HOME" "${PEOPLE[@]}"
}
