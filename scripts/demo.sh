#!/usr/bin/env bash
# The main job, end to end, against a made-up library: prints each command and its real output.
# Called by `make demo`, with the directory of the built programs.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/gphotos-demo.XXXXXX")
export PATH="$programs:$PATH"
export XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state" XDG_DATA_HOME="$work/data"
out=$PWD/out
fake=""

finish() {
    status=$?
    [ -n "$fake" ] && kill "$fake" 2>/dev/null && wait "$fake" 2>/dev/null
    rm -rf "$work"
    [ "$status" = 0 ] || echo "the demo failed" >&2
    exit "$status"
}
trap finish EXIT

say() { printf '\n# %s\n' "$*"; }
# Shows a command as a person would type it, and runs it.
show() {
    printf '$ %s\n' "$1"
    bash -o pipefail -c "$1"
}
# Asks the service itself what it holds; bash can do without curl.
ask() {
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /_fake/%s HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "$1" >&3
    sed '1,/^\r$/d' <&3
    exec 3>&-
}
# The hashes of an album's items, in the album's order. The answer is one line of JSON.
album() {
    ask "albums?account=$1" | sed 's/{"id":"[^"]*","title":/\n&/g' | grep -F "\"title\":\"$2\"" | grep -o '"sha256":"[^"]*"'
}

say "A Google Photos service with a made-up library: 300 items, 12 albums. Yours is at Google."
printf '$ gphotos-fake --rclone-config rclone.conf\n'
gphotos-fake --items 300 --albums 12 --rclone-config "$work/rclone.conf" --port-file "$work/port" >"$work/fake.log" &
fake=$!
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.1; done
port=$(cat "$work/port")
cat "$work/fake.log"
export RCLONE_CONFIG="$work/rclone.conf"

# What `rclone config show NAME` prints is the section of its file.
section() { sed -n "/^\[$1\]/,/^\$/p" "$work/rclone.conf" >"$work/$1.conf"; }

say "What rclone knows of the account is all that is needed"
if command -v rclone >/dev/null; then
    show 'rclone config show demo | gphotos source import'
else
    section demo
    (cd "$work" && show 'gphotos source import --config demo.conf   # rclone config show demo, where rclone is installed')
fi
show 'gphotos source ping demo'

say "Back up, look, check"
show 'gphotos backup @demo'
show 'gphotos snapshots'
printf '$ gphotos ls latest -r\n'
gphotos ls latest -r >"$work/listing"
sed -n '1,12p' "$work/listing"
echo "... $(wc -l <"$work/listing") lines in all"
show 'gphotos check --read-data'

say "Again: the lists alone are asked for"
show 'gphotos backup @demo'

say "Restore an album into another account"
if command -v rclone >/dev/null; then
    show 'rclone config show demo2 | gphotos destination import'
else
    section demo2
    (cd "$work" && show 'gphotos destination import --config demo2.conf')
fi
show 'gphotos restore latest:/album/Lisbon --to @demo2:/album/Lisbon'

say "Again: nothing is created twice"
show 'gphotos restore latest:/album/Lisbon --to @demo2:/album/Lisbon'

say "What the service says: the same bytes in the same order?"
album demo Lisbon >"$work/lisbon.demo"
album demo2 Lisbon >"$work/lisbon.demo2"
cmp "$work/lisbon.demo" "$work/lisbon.demo2"
echo "yes: $(wc -l <"$work/lisbon.demo2") items, in the order of the original"

say "Restore everything into a folder, and compare every file with what the service holds"
rm -rf "$out"
show 'gphotos restore latest --to ./out'
ask 'items?account=demo' | grep -o '"sha256":"[^"]*"' | cut -d'"' -f4 | sort -u >"$work/held"
find "$out" -type f ! -path "$out/.gphotos/*" -exec sha256sum {} + | cut -d' ' -f1 | sed 's/^\\//' | sort -u >"$work/restored"
cmp "$work/held" "$work/restored"
echo "$(find "$out" -type f ! -path "$out/.gphotos/*" | wc -l) files, $(wc -l <"$work/restored") contents: each is one that the service holds, and none is missing"

say "A Takeout export of the same account: both are one library, each photo once, now with the original bytes"
cd "$work"
show 'gphotos-fake takeout exports'
show 'gphotos takeout inspect exports'
show 'gphotos source set demo takeout=$PWD/exports'
show 'gphotos backup @demo'
