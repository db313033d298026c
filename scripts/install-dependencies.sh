#!/usr/bin/env bash
# Installs what gphotos builds with, where it may; else names it. Quiet when all of it is there.
set -eu

packages=(pkg-config libcurl4-openssl-dev libsqlite3-dev libzstd-dev zlib1g-dev "$@")
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ]; then
    install=(apt-get)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    install=(sudo apt-get)
else
    echo "These Debian packages are missing: ${missing[*]}" >&2
    echo "Install them: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${install[@]}" install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || {
    "${install[@]}" update -qq
    "${install[@]}" install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
