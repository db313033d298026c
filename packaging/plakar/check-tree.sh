#!/usr/bin/env bash
# Checks a tree for `plakar pkg create`: all that the manifest names is there, and the program runs without Swift; with
# --dynamic, as for a tree that stays on the machine where it was built, it may need Swift.
set -euo pipefail
tree=${1:?the directory of the tree}
libraries=${2:-static}
cd "$tree"

fail() {
    echo "the tree is not fit for a package: $*" >&2
    exit 1
}

files=$(sed -n 's/^ *\(executable\|validator\): *//p; s/^ *extra_files: *\[\(.*\)\]/\1/p' manifest.yaml | tr ',' '\n' | sort -u)
for file in $files; do [ -s "$file" ] || fail "$file is named in the manifest and not there"; done
for file in $(sed -n 's/^ *executable: *//p' manifest.yaml | sort -u); do
    [ -x "$file" ] || fail "$file is not executable"
    [ "$libraries" = --dynamic ] && continue
    # What it asks for itself; those have needs of their own, which ldd follows.
    for library in $(objdump -p "$file" | sed -n 's/^ *NEEDED *//p'); do
        case $library in
        libc.so.* | libm.so.* | libgcc_s.so.* | libstdc++.so.* | ld-linux*) ;;
        libcurl.so.* | libsqlite3.so.* | libzstd.so.* | libz.so.*) ;;
        *) fail "$file needs $library" ;;
        esac
    done
    if ldd "$file" | grep -E 'not found|swift|Foundation'; then fail "$file lacks libraries"; fi
done
./gphotos plugin importer --schema | cmp -s - settings.schema.json || fail "settings.schema.json is not current"
