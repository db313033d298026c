#!/usr/bin/env bash
# Puts the output of `make demo` into the README, between its marks.
set -euo pipefail
cd "$(dirname "$0")/.."
output=$(scripts/demo.sh "${1:-.build/release}" | sed 's/^./    &/')
OUTPUT=$output awk '
    /<!-- demo: begin -->/ { print; print ENVIRON["OUTPUT"]; skip = 1; next }
    /<!-- demo: end -->/ { print ""; skip = 0 }
    !skip' README.md >README.new
mv README.new README.md
