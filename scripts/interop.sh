#!/usr/bin/env bash
# Runs the tests with clients and hosts that others wrote. Called by `make test`, with the directory of the programs.
# What they need comes from PyPI into .build/interop; where that cannot be reached, they are skipped, and it says so.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=$(realpath "$1")
environment=.build/interop
python=$environment/bin/python
if ! "$python" -c 'import grpc, grpc_tools' 2>/dev/null; then
    if ! { python3 -m venv "$environment" && "$python" -m pip install --quiet grpcio grpcio-tools; } >/dev/null 2>&1; then
        echo "skipped: a gRPC client of another make for Plakar's protocol (no grpcio from PyPI)"
        exit 0
    fi
fi
"$python" Tests/interop/plakar_host.py "$programs"
