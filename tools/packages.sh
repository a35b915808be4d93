# tools/packages.sh: to be sourced by the scripts at the root, from the root.
# packages_need SECTION... sees to it that everything in those sections of
# tools/packages.list is there. Shell: POSIX sh.
# shellcheck shell=sh

packages_present() { # probe
  case $1 in
  cmd:*) PATH=$PATH:/usr/sbin:/sbin command -v "${1#cmd:}" >/dev/null 2>&1 ;;
  pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
  file:*) [ -e "${1#file:}" ] ;;
  clang:*) [ -e "$(clang -print-file-name="${1#clang:}-$(uname -m).a" \
    2>/dev/null)" ] ;;
  *) echo "tools/packages.list: unknown probe $1" >&2; return 1 ;;
  esac
}

# Prints what is missing of the sections: "<package> <name elsewhere>" a line.
packages_missing() {
  for section in "$@"; do
    grep "^$section " tools/packages.list | while read -r _ package probe name
    do
      packages_present "$probe" || echo "$package $name"
    done
  done | sort -u
}

# Returns 0 when everything is there, perhaps after installing it; 1 after having
# said what is missing. Asks nothing. What apt-get prints is appended to $1.
packages_need() { # log section...
  packages_log=$1
  shift
  packages_missing=$(packages_missing "$@")
  [ -n "$packages_missing" ] || return 0
  packages_names=$(echo "$packages_missing" | cut -d' ' -f1 | tr '\n' ' ')
  packages_names=${packages_names% }

  if ! command -v apt-get >/dev/null 2>&1; then
    echo "Please install these first (this is not a Debian system):"
    echo "$packages_missing" | sed 's/^[^ ]* */  /'
    return 1
  fi
  packages_as=
  if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      echo "Missing packages, and neither root nor sudo without password to" \
        "install them. Please type:"
      echo "  sudo apt-get install $packages_names"
      return 1
    fi
    packages_as="sudo -n"
  fi
  echo "Installing with apt-get: $packages_names"
  # An outdated list of packages is only a problem if the install then fails.
  $packages_as apt-get update >>"$packages_log" 2>&1 || true
  # shellcheck disable=SC2086 # words on purpose
  if ! $packages_as env DEBIAN_FRONTEND=noninteractive apt-get install -y \
    --no-install-recommends $packages_names >>"$packages_log" 2>&1; then
    echo "apt-get could not install: $packages_names (see $packages_log)"
    return 1
  fi
  packages_missing=$(packages_missing "$@")
  [ -z "$packages_missing" ] && return 0
  echo "Installed, but still not found: $(echo "$packages_missing" |
    cut -d' ' -f1 | tr '\n' ' ')"
  return 1
}
