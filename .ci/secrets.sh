# Is there a Secret Service for this user? If not, programs are started inside a private one.
# Sourced after lib.sh and system.sh.

bus_says() {
  dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / "org.freedesktop.DBus.$1" ${2:+"string:$2"} </dev/null 2>/dev/null
}

has_secret_service() {
  [ "$(uname -s)" = Linux ] || return 0
  have dbus-send || return 1
  [ -n "${DBUS_SESSION_BUS_ADDRESS:-}" ] || [ -S "${XDG_RUNTIME_DIR:-/nonexistent}/bus" ] || return 1
  bus_says NameHasOwner org.freedesktop.secrets | grep -q true && return
  # A desktop starts it when it is first asked.
  bus_says ListActivatableNames | grep -q 'org\.freedesktop\.secrets'
}

# choose_keyring DIR: sets INSIDE to the words that go before a command, so that it finds a
# keychain. Without a display nobody could answer a keychain's question, so the private one is taken
# there too.
INSIDE=()
choose_keyring() {
  has_secret_service && has_display && return
  need keyring
  if has_secret_service; then
    say "No display, so nobody could unlock the system keychain: a private one is used."
  else
    say "No Secret Service (system keychain) here: a private session bus with an unlocked keyring is started for this run."
  fi
  say "Its content is kept in $1, protected by that folder's permissions only."
  INSIDE=("$ROOT/.ci/keyring" --keep "$1")
}
