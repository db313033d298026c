# What a person needs: make demo, make test. `make help` lists the rest.

SWIFT ?= swift
RELEASE := .build/release

.PHONY: help deps build release test test-plakar demo bench proto schema plakar-package fmt lint clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make deps    install the Debian packages that it builds with (needs root; else names them)
deps:
	@scripts/install-dependencies.sh

## make build   debug build
build: deps
	$(SWIFT) build

## make release  release build of gphotos and gphotos-fake, in .build/release
release: deps
	$(SWIFT) build -c release

# Four tests at a time: each has a server, threads and subprocesses of its own.
## make test    the whole test suite
test: deps
	$(SWIFT) build --build-tests
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4 $(SWIFT) test --skip-build
	scripts/interop.sh .build/debug

## make test-plakar  back up and restore with the plakar on the PATH; without one, say so
test-plakar:
	@if command -v plakar >/dev/null; then $(MAKE) --no-print-directory release; fi
	@scripts/test-plakar.sh $(RELEASE)

## make demo    back up, check and restore a made-up library, with every command shown
demo: release
	@scripts/demo.sh $(RELEASE)

## make bench   measure against curl on this machine; ARGS=--quick for a look, ARGS="open restore" for some of it
bench: release
	@$(RELEASE)/gphotos-bench $(ARGS)

# Needs protoc; the generator is the one of the package that the messages are compiled with.
## make proto   generate the messages of Plakar's protocol anew
proto: deps
	$(SWIFT) build --product protoc-gen-swift
	protoc -I Sources/PluginPlakar/Protocol --plugin=protoc-gen-swift=.build/debug/protoc-gen-swift \
		--swift_out=Sources/PluginPlakar/Generated --swift_opt=Visibility=Package connectors.proto importer.proto exporter.proto

## make schema  write the JSON Schema of the settings anew, for Plakar's package
schema: build
	.build/debug/gphotos plugin importer --schema > packaging/plakar/settings.schema.json

## make plakar-package  the tree that "plakar pkg create" takes, in dist/plakar
plakar-package: deps
	packaging/plakar/make-tree.sh dist/plakar

## make fmt     format the sources
fmt:
	$(SWIFT) format -i --recursive --parallel Package.swift Sources Tests Benchmarks

## make lint    check the format
lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks

## make clean   remove what was built
clean:
	rm -rf .build out dist
