#!/usr/bin/env bash
# Backs up and restores with the Plakar that is installed, against a made-up library, and checks the result.
# Called by `make test-plakar`, with the directory of the built programs. Nothing of the person's own is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v plakar >/dev/null; then
    echo "skipped: there is no plakar on the PATH"
    exit 0
fi
programs=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/gphotos-plakar.XXXXXX")
export HOME=$work/home
export XDG_CONFIG_HOME=$HOME/.config XDG_CACHE_HOME=$HOME/.cache XDG_DATA_HOME=$HOME/.local/share
export XDG_STATE_HOME=$HOME/.local/state
mkdir -p "$HOME" "$work/tree"
fake=""

finish() {
    status=$?
    [ -n "$fake" ] && kill "$fake" 2>/dev/null && wait "$fake" 2>/dev/null
    if [ "$status" != 0 ]; then
        echo "the test with $(command -v plakar) failed; the end of the last output:" >&2
        tail -n 20 "$work/output" >&2 2>/dev/null
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT

fail() {
    echo "wrong: $*" >&2
    exit 1
}
# Runs a command of Plakar's. It exits 0 although files failed: those are lines with KO.
run() {
    echo "$ plakar $*"
    timeout 300 plakar "$@" >"$work/output" 2>&1 || fail "it ended with $?"
    if grep -q ' KO ' "$work/output"; then fail "there are files that failed"; fi
}
# Asks the service itself what it holds; bash can do without curl.
ask() {
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /_fake/%s HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "$1" >&3
    sed '1,/^\r$/d' <&3
    exec 3>&-
}
hashes() { grep -o '"sha256":"[^"]*"' | cut -d'"' -f4 | sort; }
held() { ask "items?account=$1" | hashes; }
# The answer is one line of JSON.
album() { ask "albums?account=$1" | sed 's/{"id":"[^"]*","title":/\n&/g' | grep -F "\"title\":\"$2\"" | hashes; }
downloads() { ask stats | grep -o '"download":[0-9]*' | cut -d: -f2 || true; }
# What `rclone config show NAME` prints.
section() { sed -n "/^\[$1\]/,/^\$/p" "$work/rclone.conf"; }
# The first of the list is the latest.
latest() {
    timeout 60 plakar at "$work/store" ls | grep -oE '[[:space:]][0-9a-f]{8,}[[:space:]]' | sed -n '1s/[[:space:]]//gp'
}

"$programs/gphotos-fake" --items 150 --plain-names --rclone-config "$work/rclone.conf" --port-file "$work/port" \
    >"$work/fake.log" &
fake=$!
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.1; done
port=$(cat "$work/port")

# A tree as that of `make plakar-package`, with the programs that were built for the tests.
cp manifest.yaml LICENSE packaging/plakar/settings.schema.json "$work/tree"
cp "$programs/gphotos" "$work/tree"
packaging/plakar/check-tree.sh "$work/tree" --dynamic
version=v$("$programs/gphotos" version | cut -d' ' -f2)

# So that it does not look for its updates.
timeout 60 plakar -disable-security-check >/dev/null
echo "$(timeout 60 plakar version | tail -n 1) and a made-up library"
cd "$work/tree"
run pkg create ./manifest.yaml "$version"
package=$(ls gphotos_*.ptar) || fail "there is no package"
run pkg add "./$package"
cd "$work"
run source import -rclone < <(section demo)
run destination import -rclone < <(section demo2)
run source ping demo

run at "$work/store" create -plaintext
run at "$work/store" backup @demo
first=$(downloads)
run at "$work/store" backup @demo
[ "$(downloads)" = "$first" ] || fail "nothing changed, and files were read again"
snapshot=$(latest)
[ -n "$snapshot" ] || fail "there is no snapshot"

# Every photo that it has kept is one that the service holds, and none is missing. The catalog is our own.
run at "$work/store" restore -to "$work/restored" "$snapshot"
held demo | uniq >"$work/held"
find "$work/restored" -type f ! -path "*/.gphotos/*" -exec sha256sum {} + | cut -d' ' -f1 | sed 's/^\\//' | sort -u >"$work/kept"
cmp "$work/held" "$work/kept" || fail "the snapshot is not what the service holds"

# Twice: nothing is made twice.
for _ in 1 2; do
    run at "$work/store" restore -to @demo2 "$snapshot"
    held demo2 >"$work/arrived"
    cmp "$work/held" "$work/arrived" || fail "the other account does not hold the same"
    [ "$(album demo Lisbon)" = "$(album demo2 Lisbon)" ] || fail "the album Lisbon is another one"
done

# Plakar escapes what a URL has no room for.
run at "$work/store" backup "@demo:/album/Trip/2024 Norway"
run at "$work/store" restore -to "@demo2:/album/Of its own" "$(latest)":"/album/Trip/2024 Norway"
[ "$(album demo "Trip/2024 Norway")" = "$(album demo2 "Of its own")" ] || fail "a part of the library is not the same"
echo "as it should be: $(wc -l <"$work/held") contents, kept by Plakar and given back to another account"
