# Builds the released program and the headless peer. Sourced after the others.

APP=$TARGET/release/grapevine
NODE=$TARGET/release/grapevine-node

# need_program [PACKAGE…]: both programs, and whatever else is named.
need_program() {
  need build
  need_rust
  need_node
  need_ui_build
  local more=() package
  for package in "$@"; do more+=(-p "$package"); done
  [ -x "$APP" ] || say "${BOLD}Building Grapevine${PLAIN} (the first time takes several minutes)"
  # Cargo shows its own progress; it says nothing much when nothing is to be done.
  (cd "$ROOT" && cargo build --release -p grapevine -p grapevine-node "${more[@]}" --features grapevine/custom-protocol </dev/null >&2) || die "the build failed"
}
