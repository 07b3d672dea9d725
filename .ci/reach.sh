# The programs of the NAT lab (tests/reach). Sourced after lib.sh and system.sh.

LAB=$ROOT/.tools/lab
LAB_PROGRAMS='ip nft ethtool miniupnpd unshare mount'

# In the order in which tests/reach/lab/src/programs.rs looks.
has_lab_program() {
  local folder
  have "$1" && return
  for folder in /usr/sbin /sbin "$LAB/usr/sbin" "$LAB/usr/bin" "$LAB/sbin" "$LAB/bin"; do [ ! -x "$folder/$1" ] || return 0; done
  return 1
}

lab_missing() {
  local program
  for program in $LAB_PROGRAMS; do has_lab_program "$program" || echo "$program"; done
}

# need_lab: on Debian and Ubuntu the programs are unpacked into .tools/ and not installed, because
# installing miniupnpd starts a daemon that opens doors in this computer. What is missing elsewhere
# is named, and the lab is skipped.
need_lab() {
  [ "$(uname -s)" = Linux ] || return 0
  local missing
  missing=$(lab_missing)
  [ -n "$missing" ] || return 0
  if [ "$(system_kind)" = debian ]; then
    say "${BOLD}Unpacking the programs of the NAT lab${PLAIN} into .tools/lab: ${missing//$'\n'/ }"
    unpack_lab || say "They could not be fetched."
    missing=$(lab_missing)
    [ -n "$missing" ] || return 0
  fi
  say "The NAT lab is skipped: missing are ${missing//$'\n'/ } (packages iproute2, nftables, ethtool, miniupnpd)."
}

# Names of what these packages need and what is not installed, themselves included.
lab_packages() {
  local name
  apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
    grep -E '^(lib|nftables|miniupnpd-nftables|ethtool|iproute2)' | cut -d: -f1 | sort -u |
    while read -r name; do dpkg-query -W -f '${Status}\n' "$name" 2>/dev/null | grep -q '^install ok installed' || echo "$name"; done
}

unpack_lab() (
  local scratch
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  cd "$scratch"
  fetch() {
    local names
    names=$(lab_packages nftables miniupnpd-nftables ethtool iproute2)
    # shellcheck disable=SC2086 # a list of names
    [ -z "$names" ] || apt-get -o APT::Sandbox::User="$(id -un)" download $names </dev/null >&2
  }
  fetch || {
    [ "$(id -u)" = 0 ] || { have sudo && SUDO=sudo; }
    ${SUDO:-} apt-get update </dev/null >&2 && fetch
  } || return 1
  mkdir -p "$LAB"
  for package in *.deb; do [ ! -f "$package" ] || dpkg -x "$package" "$LAB"; done
)
