# Builds the program and the headless peer. Sourced after the others.

# GRAPEVINE_BUILD=dev builds in half the time what runs slower; for work on the program itself.
BUILD=${GRAPEVINE_BUILD:-release}
case "$BUILD" in
  release) BUILT=$TARGET/release ;;
  dev) BUILT=$TARGET/debug ;;
  *) die "GRAPEVINE_BUILD is release or dev" ;;
esac
APP=$BUILT/grapevine
NODE=$BUILT/grapevine-node

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
  (cd "$ROOT" && cargo build --profile "$BUILD" -p grapevine -p grapevine-node "${more[@]}" --features grapevine/custom-protocol </dev/null >&2) || die "the build failed"
}
