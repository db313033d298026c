#!/usr/bin/env bash
# Makes the tree that `plakar pkg create` takes: the manifest, and all that it names.
# Called by `make plakar-package`, with the directory to make.
set -euo pipefail
cd "$(dirname "$0")/../.."

tree=${1:?the directory to make}
# Apart from the other builds: with Swift's libraries linked in, the objects are others.
scratch=.build/static
build=(swift build -c release --static-swift-stdlib --scratch-path "$scratch" --product gphotos)

"${build[@]}"
rm -rf "$tree"
mkdir -p "$tree"
install -m 755 "$("${build[@]}" --show-bin-path)/gphotos" "$tree/gphotos"
strip "$tree/gphotos"
install -m 644 manifest.yaml LICENSE packaging/plakar/settings.schema.json "$tree"

packaging/plakar/check-tree.sh "$tree"
version=$("$tree/gphotos" version | cut -d' ' -f2)
echo "$tree is ready: $(du -sh "$tree" | cut -f1). To make and install the package:"
echo "  cd $tree && plakar pkg create ./manifest.yaml v$version && plakar pkg add ./gphotos_v${version}_*.ptar"
