#!/usr/bin/env sh
# Installs what some tests need beyond npm, on Debian and its relatives, where this user may install packages. Elsewhere
# those tests skip and say so; under CI=true they fail.
set -eu
command -v dpkg-query >/dev/null 2>&1 || exit 0

# The arm64 binary runs under emulation; the completions run in the
# shells they are for; machines on one LAN are network namespaces.
packages="qemu-user-static libc6-arm64-cross zsh fish python3-minimal iproute2"

missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then sudo=""
elif sudo -n true 2>/dev/null; then sudo="sudo -n"
else
  echo "tests that need$missing will be skipped: this user may not install packages" >&2
  exit 0
fi

echo "installing for the tests:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
{
  $sudo apt-get -qq update &&
  $sudo apt-get -qq install --yes --no-install-recommends $missing
} >/dev/null 2>&1 || echo "could not install$missing; the tests that need them will be skipped" >&2
