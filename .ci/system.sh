# System packages: what is needed, under which name, and how to get it. Sourced after lib.sh.

# group · probe · Debian/Ubuntu · Fedora · Arch     (probe: cmd:NAME on the PATH, pc:NAME known to
# pkg-config, font:NAME known to fontconfig)
PACKAGES='
build  cmd:cc                       build-essential          gcc,gcc-c++             base-devel
build  cmd:curl                     curl,ca-certificates     curl                    curl
build  cmd:git                      git                      git                     git
build  cmd:pkg-config               pkg-config               pkgconf-pkg-config      pkgconf
build  pc:webkit2gtk-4.1            libwebkit2gtk-4.1-dev    webkit2gtk4.1-devel     webkit2gtk-4.1
build  cmd:xdg-open                 xdg-utils                xdg-utils               xdg-utils
display cmd:Xvfb                    xvfb                     xorg-x11-server-Xvfb    xorg-server-xvfb
display cmd:import                  imagemagick              ImageMagick             imagemagick
display font:emoji                  fonts-noto-color-emoji   google-noto-color-emoji-fonts noto-fonts-emoji
display font:sans                   fonts-dejavu-core        dejavu-sans-fonts       ttf-dejavu
keyring cmd:dbus-daemon              dbus                     dbus-daemon             dbus
keyring cmd:dbus-send               dbus                     dbus-tools              dbus
keyring cmd:gnome-keyring-daemon    gnome-keyring            gnome-keyring           gnome-keyring
test   cmd:WebKitWebDriver          webkit2gtk-driver        webkitgtk6.0            webkitgtk-6.0
test   cmd:secret-tool              libsecret-tools          libsecret               libsecret
test   cmd:chromium                 chromium                 chromium                chromium
'

# The kind of system: debian, fedora, arch, macos, or other.
system_kind() {
  case "$(uname -s)" in
    Darwin) echo macos; return ;;
    Linux) ;;
    *) echo other; return ;;
  esac
  local ID='' ID_LIKE=''
  [ -r /etc/os-release ] && . /etc/os-release
  case " $ID $ID_LIKE " in
    *' debian '* | *' ubuntu '*) echo debian ;;
    *' fedora '* | *' rhel '*) echo fedora ;;
    *' arch '*) echo arch ;;
    *) echo other ;;
  esac
}

present() {
  case "$1" in
    cmd:chromium) have chromium || have chromium-browser || have google-chrome ;;
    cmd:*) have "${1#cmd:}" ;;
    pc:*) have pkg-config && pkg-config --exists "${1#pc:}" ;;
    font:emoji) have fc-list && [ -n "$(fc-list ':charset=1f347' family </dev/null)" ] ;;
    font:sans) have fc-list && [ -n "$(fc-list ':lang=en' family </dev/null)" ] ;;
  esac
}

# missing_packages KIND GROUP…: names for this kind of system, one a line.
missing_packages() {
  local kind=$1; shift
  local group probe debian fedora arch names
  while read -r group probe debian fedora arch; do
    case " $* " in *" $group "*) ;; *) continue ;; esac
    present "$probe" && continue
    case "$kind" in debian) names=$debian ;; fedora) names=$fedora ;; arch) names=$arch ;; *) names="${probe#*:}" ;; esac
    printf '%s\n' "${names//,/$'\n'}"
  done <<<"$PACKAGES" | sed '/^$/d' | sort -u
}

# need GROUP…: installs what is missing on Debian and Ubuntu; elsewhere says exactly what to
# install.
need() {
  local kind missing
  kind=$(system_kind)
  if [ "$kind" = macos ]; then need_macos; return; fi
  missing=$(missing_packages "$kind" "$@")
  [ -n "$missing" ] || return 0
  local line=${missing//$'\n'/ }
  case "$kind" in
    debian) apt_install "$line" ;;
    fedora) die "Missing packages. Install them and start again:  sudo dnf install $line" ;;
    arch) die "Missing packages. Install them and start again:  sudo pacman -S --needed $line" ;;
    *) die "This system is not known here. Needed, by whatever name it has them: $line" ;;
  esac
  missing=$(missing_packages "$kind" "$@")
  [ -z "$missing" ] || die "Still missing after installing: ${missing//$'\n'/ }"
}

need_macos() {
  xcode-select -p >/dev/null 2>&1 || die "Missing: the command line tools. Install them and start again:  xcode-select --install"
}

apt_install() {
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    have sudo || die "Missing packages, and no sudo to install them. As root:  apt-get install $1"
    as_root=(sudo)
  fi
  say "${BOLD}Installing system packages:${PLAIN} $1"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # a list of names
  "${as_root[@]}" apt-get install -y --no-install-recommends $1 </dev/null >&2 ||
    { "${as_root[@]}" apt-get update </dev/null >&2 && "${as_root[@]}" apt-get install -y --no-install-recommends $1 </dev/null >&2; } ||
    die "apt could not install: $1"
}
