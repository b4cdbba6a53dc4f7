#!/bin/bash
# Asterisk 16 of Debian bullseye in a folder of its own, once. Needs root and apt.
set -eu
CACHE=${SANTRAL_CACHE:-$HOME/.cache/santral}/asterisk-16
ROOT=$CACHE/root
mkdir -p "$CACHE"
exec 9>"$CACHE/lock"
flock 9
if [ -f "$CACHE/done" ]; then exit 0; fi
exec 3>&2 >"$CACHE/log" 2>&1
trap '[ $? = 0 ] || tail -20 "$CACHE/log" >&3' EXIT
[ "$(id -u)" = 0 ] || { echo "Asterisk is not installed: that needs root" >&2; exit 1; }
# the machine's own mirror, as apt is set up to reach it
MIRROR=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' | grep -m1 '/debian/*$' || true)}
[ -n "$MIRROR" ] || { echo "set DEBIAN_MIRROR to a Debian mirror" >&2; exit 1; }
command -v debootstrap >/dev/null ||
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; }
rm -rf "$ROOT"
debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
  bullseye "$ROOT" "$MIRROR"
printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
chmod +x "$ROOT/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$ROOT/etc/"
apt-config dump | grep -i '^Acquire::[^ ]*proxy' >"$ROOT/etc/apt/apt.conf.d/90proxy" || true
PACKAGES="asterisk asterisk-modules asterisk-voicemail asterisk-core-sounds-en-gsm"
chroot "$ROOT" env DEBIAN_FRONTEND=noninteractive sh -c \
  "apt-get update -qq && apt-get install -y -qq --no-install-recommends $PACKAGES"
rm -rf "$ROOT"/var/cache/apt/*.bin "$ROOT"/var/cache/apt/archives/*.deb "$ROOT"/var/lib/apt/lists/* \
  "$ROOT"/usr/share/doc "$ROOT"/usr/share/man "$ROOT"/usr/share/locale
touch "$CACHE/done"
