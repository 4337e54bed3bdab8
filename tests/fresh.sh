#!/bin/sh
# Usage: tests/fresh.sh SUITE (as root). Installs, builds and unit-tests HEAD in a minimal Debian, then starts the proxy.
#
# Nothing is in that Debian but its base system and what ./run installs, so a package missing from the lists
# of ./run shows here. The base is kept as build/roots/fresh-SUITE.tar and the packages as build/roots/apt-SUITE;
# the copy that is worked in goes away afterwards. Mounts and processes live in namespaces that end with the
# script, whichever way it ends. Exit status 77: this machine cannot do it. The mirror is the one this machine
# installs from; TAILTRUNK_MIRROR names another one.
set -eu

skip() {
  echo "skipped: $*" >&2
  exit 77
}

# ---- inside the namespaces: fresh.sh --inside ROOT PACKAGES

in_root() {
  chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    LANG=C.UTF-8 TERM=dumb ${CI+"CI=$CI"} ${http_proxy+"http_proxy=$http_proxy"} \
    ${https_proxy+"https_proxy=$https_proxy"} sh -euc "cd /src; $1"
}

if [ "$1" = --inside ]; then
  root=$2
  packages=$3
  mount --rbind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  mount --bind "$packages" "$root/var/cache/apt/archives"
  in_root './run build'
  in_root './run unit'
  [ -x "$root/src/build/release/proxy/tailtrunk" ] || exit 0

  # The one command of the README: it must come up as it is. A network of its own keeps the host's ports out of it.
  ip=$(command -v ip)
  export root ip
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --net sh -euc '
    "$ip" link set lo up
    chroot "$root" sh -c "cd /src && exec ./run" >"$root/started.log" 2>&1 &
    proxy=$!
    tries=0
    until grep -q ready "$root/started.log"; do
      tries=$((tries + 1))
      if [ "$tries" = 100 ] || ! kill -0 "$proxy" 2>/dev/null; then
        cat "$root/started.log" >&2
        echo "./run did not start the proxy" >&2
        exit 1
      fi
      sleep 0.1
    done
    kill -TERM "$proxy"
    wait "$proxy"
  '
  echo './run started the proxy, and SIGTERM ended it'
  exit 0
fi

# ---- outside

# The host's archive for Debian itself ("Debian") or for its security updates ("Debian-Security").
archive() {
  if [ "$1" = Debian ] && [ -n "${TAILTRUNK_MIRROR:-}" ]; then
    echo "$TAILTRUNK_MIRROR"
    return
  fi
  # shellcheck disable=SC2016 # apt expands them
  uri=$(apt-get indextargets --format '$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' |
    sed -n "s/^$1|main|//p" | head -n 1)
  case $uri in
  # A list of mirrors in a file of the host, as in Debian's cloud images: the file is not in the new root.
  mirror+file:*) sed -n 's/^\([a-z]*:[^[:space:]]*\).*/\1/p' "/${uri#mirror+file:}" | head -n 1 ;;
  *) echo "$uri" ;;
  esac
}

# What of the host's apt settings the new root needs. The archive of an older suite may be past its date.
apt_settings() {
  echo 'Acquire::Check-Valid-Until "false";'
  echo 'Acquire::Languages "none";'
  apt-config dump | grep -E '^Acquire::(http|https)::Proxy ' || true
}

suite=$1
case $suite in
bookworm | trixie) ;;
*)
  echo "Usage: tests/fresh.sh bookworm|trixie" >&2
  exit 2
  ;;
esac
self=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/$(basename -- "$0")
top=$(dirname -- "$(dirname -- "$self")")
cd "$top"

[ "$(id -u)" = 0 ] || skip 'not root'
for tool in mmdebstrap unshare flock ip git apt-get; do
  command -v "$tool" >/dev/null || skip "no $tool"
done
unshare --mount --net --pid --fork --mount-proc true 2>/dev/null || skip 'no namespaces: unshare is refused'
# The clone may belong to another user than root.
git -c safe.directory="$top" rev-parse -q --verify HEAD >/dev/null || skip 'not a git clone with a commit'
main=$(archive Debian)
[ -n "$main" ] || skip "no Debian archive in apt's lists; TAILTRUNK_MIRROR can name one"
security=$(archive Debian-Security)

roots=$top/build/roots
base=$roots/fresh-$suite.tar
packages=$roots/apt-$suite
mkdir -p "$packages"
exec 9>"$base.lock"
flock 9
rm -rf --one-file-system "$roots/fresh-$suite".tmp.* # of a run that was killed
work=$(mktemp -d "$roots/fresh-$suite.tmp.XXXXXX")
inner=
cleanup() {
  # The namespaces die with this one process, and what still ran in them a moment later.
  [ -z "$inner" ] || kill -KILL "$inner" 2>/dev/null || true
  rm -rf --one-file-system "$work" 2>/dev/null || { sleep 1 && rm -rf --one-file-system "$work"; }
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

apt_settings >"$work/apt.conf"
{
  echo "deb $main $suite main"
  [ -z "$security" ] || echo "deb $security $suite-security main"
} >"$work/sources.list"

if [ ! -e "$base" ]; then
  certificates=
  if grep -q 'https:' "$work/sources.list"; then
    certificates=--include=ca-certificates
  fi
  mmdebstrap --quiet --variant=minbase --aptopt="$work/apt.conf" $certificates "$suite" "$work/base.tar" \
    - <"$work/sources.list" 9>&-
  mv "$work/base.tar" "$base"
fi

root=$work/root
mkdir -p "$root/src"
tar -C "$root" --exclude='./dev/*' -xf "$base"
rm -rf "$root/etc/apt/sources.list.d"
cp "$work/sources.list" "$root/etc/apt/sources.list"
cp "$work/apt.conf" "$root/etc/apt/apt.conf.d/99fresh"
for file in resolv.conf hosts; do
  [ ! -e "/etc/$file" ] || cp -L --remove-destination "/etc/$file" "$root/etc/"
done
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/fresh" # nobody keeps this root
git -c safe.directory="$top" archive HEAD | tar -C "$root/src" -xf -

unshare --mount --pid --fork --kill-child sh "$self" --inside "$root" "$packages" 9>&- &
inner=$!
wait "$inner" # a trap interrupts this, not a command in the foreground
inner=
echo "fresh $suite: HEAD installs, builds and passes its unit tests"
