# Rust, Node and the Cargo tools, each installed only when it is missing or too old. Sourced after
# lib.sh and system.sh.

RUST_WANTED=1.95.0
NODE_WANTED=20.19.0
NODE_FETCHED=22
CARGO_DENY=0.20.2
CARGO_FUZZ=0.13.2

need_rust() {
  if ! have cargo; then
    say "${BOLD}Installing Rust${PLAIN} (rustup, in your home folder)"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c rustfmt,clippy --default-toolchain "$RUST_WANTED" >&2 ||
      die "Rust could not be installed. See https://rustup.rs"
    hash -r
  fi
  local version
  version=$(rustc --version </dev/null | cut -d' ' -f2)
  if ! at_least "${version%%-*}" "$RUST_WANTED"; then
    have rustup || die "Rust $RUST_WANTED or newer is needed; here is $version."
    say "${BOLD}Updating Rust${PLAIN} $version → $RUST_WANTED"
    rustup toolchain install "$RUST_WANTED" --profile minimal -c rustfmt,clippy >&2 </dev/null
    export RUSTUP_TOOLCHAIN=$RUST_WANTED
  fi
}

node_version() { have node && node --version </dev/null | tr -d v; }

need_node() {
  local version
  version=$(node_version || true)
  [ -n "$version" ] && at_least "$version" "$NODE_WANTED" && have npm && return
  if ! have npm; then
    case "$(system_kind)" in
      debian) apt_install "nodejs npm" ;;
      fedora) die "Missing: Node.js.  sudo dnf install nodejs npm" ;;
      arch) die "Missing: Node.js.  sudo pacman -S --needed nodejs npm" ;;
      macos) die "Missing: Node.js.  brew install node" ;;
      *) die "Missing: Node.js $NODE_WANTED or newer, with npm" ;;
    esac
    version=$(node_version || true)
    [ -n "$version" ] && at_least "$version" "$NODE_WANTED" && return
  fi
  say "${BOLD}Fetching Node.js $NODE_FETCHED${PLAIN} into .tools/ (the system's ${version:-one} is older than $NODE_WANTED)"
  mkdir -p "$ROOT/.tools"
  # npm itself comes along, because an old npm does not read the lock file of a new one.
  npm install --prefix "$ROOT/.tools" --no-save --no-fund --no-audit "node@$NODE_FETCHED" "npm@11" </dev/null >&2 || die "Node.js could not be fetched from the npm registry"
  ln -sfn "$ROOT/.tools/node_modules/.bin" "$ROOT/.tools/bin"
  hash -r
  version=$(node_version || true)
  at_least "${version:-0}" "$NODE_WANTED" || die "Node.js $NODE_WANTED or newer is needed; here is ${version:-none}"
}

# need_cargo_tool NAME VERSION: the program is cargo-NAME; it is kept in .tools, so that no other
# project's version changes.
need_cargo_tool() {
  local has
  has=$("cargo-$1" "$1" --version </dev/null 2>/dev/null | awk '{print $NF}' || true)
  [ "$has" = "$2" ] && return
  say "${BOLD}Installing cargo-$1 $2${PLAIN} into .tools/ (once; a few minutes)"
  # Unoptimised: it compiles in a third of the time and runs for seconds.
  CARGO_PROFILE_DEV_DEBUG=none CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$ROOT/.tools/target cargo install "cargo-$1" --version "=$2" --locked --debug --root "$ROOT/.tools/cargo" </dev/null >&2 || return 1
  rm -rf "$ROOT/.tools/target"
}
