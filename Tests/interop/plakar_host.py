#!/usr/bin/env python3
"""Runs `gphotos plugin --protocol plakar` under a gRPC client that no one here wrote: grpcio, over two real pipes.

Usage: plakar_host.py DIRECTORY, with the built gphotos and gphotos-fake. Needs grpcio and grpcio-tools from PyPI.
"""

import concurrent.futures
import hashlib
import os
import queue
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

import grpc
import grpc_tools
from grpc_tools import protoc

HERE = os.path.dirname(os.path.abspath(__file__))
PROTOCOL = os.path.join(HERE, "..", "..", "Sources", "PluginPlakar", "Protocol")


def generate(directory):
    google = os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")
    arguments = ["protoc", "-I", PROTOCOL, "-I", google, f"--python_out={directory}", f"--grpc_python_out={directory}"]
    if protoc.main(arguments + ["connectors.proto", "importer.proto", "exporter.proto"]) != 0:
        sys.exit("the .proto files cannot be compiled")
    sys.path.insert(0, directory)


class Connector:
    """The process, and a channel to its pipes by way of a socket, since grpcio dials an address."""

    def __init__(self, program, role, directory):
        self.errors = open(os.path.join(directory, f"{role}.stderr"), "w+b")
        environment = {"HOME": directory, "XDG_STATE_HOME": os.path.join(directory, "state")}
        self.process = subprocess.Popen(
            [program, "plugin", role, "--protocol", "plakar"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=environment, bufsize=0)
        path = os.path.join(tempfile.mkdtemp(dir=directory), "s")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        threading.Thread(target=self._pump, args=(listener,), daemon=True).start()
        self.channel = grpc.insecure_channel(f"unix:{path}")

    def _pump(self, listener):
        connection, _ = listener.accept()

        def outwards():
            while data := self.process.stdout.read(65536):
                connection.sendall(data)
            connection.close()

        threading.Thread(target=outwards, daemon=True).start()
        try:
            while data := connection.recv(65536):
                view = memoryview(data)
                while view:
                    view = view[self.process.stdin.write(view):]
        except OSError:
            pass
        self.process.stdin.close()

    def finish(self):
        """Ends the connection; returns the exit status and what was on stderr."""
        self.channel.close()
        status = self.process.wait(timeout=10)
        self.errors.seek(0)
        return status, self.errors.read().decode()


def back_up(connector, config, parent, seed):
    import connectors_pb2
    import importer_pb2
    import importer_pb2_grpc

    chance = random.Random(seed)
    stub = importer_pb2_grpc.ImporterStub(connector.channel)
    options = importer_pb2.Options(hostname="interop", os="linux", arch="amd64", maxconcurrency=8)
    answer = stub.Init(importer_pb2.InitRequest(options=options, proto="rclone", config=config))
    assert answer.flags & 4, "one process is enough: STREAM"
    # More than NIO by itself takes for no attack, with the PINGs that a client sends beside its calls.
    for _ in range(500):
        stub.Ping(importer_pb2.PingRequest())

    acknowledgements = queue.Queue()
    responses = stub.Import(iter(acknowledgements.get, None))
    kept, opened = {}, []

    def read(record, delay):
        time.sleep(delay)
        digest, size = hashlib.sha256(), 0
        request = importer_pb2.OpenRequest(record=connectors_pb2.Record(pathname=record.pathname))
        for message in stub.Open(request):
            assert 0 < len(message.chunk) <= 1 << 20, len(message.chunk)
            digest.update(message.chunk)
            size += len(message.chunk)
        kept[record.pathname] = (digest.hexdigest(), size, record.fileInfo)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        tasks, records = [], []
        for response in responses:
            if response.finished:
                break
            record = response.record
            records.append(record)
            assert record.fileInfo.name == (os.path.basename(record.pathname) or "/"), record
            assert bool(record.fileInfo.mode & 1 << 31) == (not record.hasReader), record

            def handle(record, delay):
                known = parent.get(record.pathname)
                if known and record.fileInfo.size in (-1, known[1]) and record.fileInfo.ino == known[2].ino:
                    kept[record.pathname] = known
                elif record.hasReader:
                    opened.append(record.pathname)
                    read(record, delay)
                acknowledgements.put(
                    importer_pb2.ImportRequest(result=connectors_pb2.Result(header=record)))

            tasks.append(pool.submit(handle, record, chance.random() * 0.02))
        for task in tasks:
            task.result()
    # The call has to be there still; only the half-close ends it.
    assert responses.is_active(), "the import ended before the half-close"
    acknowledgements.put(None)
    assert list(responses) == []
    stub.Close(importer_pb2.CloseRequest())
    return records, kept, opened


def restore(connector, config, files):
    import connectors_pb2
    import exporter_pb2
    import exporter_pb2_grpc

    stub = exporter_pb2_grpc.ExporterStub(connector.channel)
    stub.Init(exporter_pb2.InitRequest(options=exporter_pb2.Options(maxconcurrency=4), config=config))
    stub.Ping(exporter_pb2.PingRequest())

    def packets():
        for path in ["/", "/album", "/album/Interop"]:
            info = connectors_pb2.FileInfo(name=os.path.basename(path) or "/", mode=1 << 31 | 0o700)
            yield exporter_pb2.ExportRequest(record=connectors_pb2.Record(pathname=path, fileInfo=info))
        for name, content in files.items():
            info = connectors_pb2.FileInfo(name=name, mode=0o600, size=len(content))
            yield exporter_pb2.ExportRequest(
                record=connectors_pb2.Record(pathname=f"/album/Interop/{name}", hasReader=True, fileInfo=info))
            for start in range(0, len(content), 1 << 20):
                yield exporter_pb2.ExportRequest(chunk=content[start:start + (1 << 20)])
            yield exporter_pb2.ExportRequest(chunk=b"")

    results = [message.result for message in stub.Export(packets())]
    stub.Close(exporter_pb2.CloseRequest())
    assert len(results) == len(files) + 3, len(results)
    assert all(result.error == "" for result in results), results


def settings(path, account):
    """The settings as `plakar source import -rclone` stores them."""
    section, found = None, {"location": "rclone://"}
    for line in open(path):
        if match := re.match(r"\[(.*)\]", line):
            section = match[1]
        elif section == account and " = " in line:
            key, value = line.strip().split(" = ", 1)
            found["rclone_" + key] = value
    return found


def main(programs):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as directory:
        generate(directory)
        remote = os.path.join(directory, "rclone.conf")
        fake = subprocess.Popen(
            [os.path.join(programs, "gphotos-fake"), "--rclone-config", remote], stdout=subprocess.PIPE)
        try:
            fake.stdout.readline()
            program = os.path.join(programs, "gphotos")
            connector = Connector(program, "importer", directory)
            records, kept, opened = back_up(connector, settings(remote, "demo"), {}, seed)
            assert connector.finish() == (0, ""), "a session in order is quiet"
            assert len(opened) == len(kept) > 100, len(opened)

            connector = Connector(program, "importer", directory)
            again, _, opened = back_up(connector, settings(remote, "demo"), kept, seed)
            assert connector.finish() == (0, "")
            assert opened == [], "nothing changed and nothing is read"
            assert sorted(r.pathname for r in again) == sorted(r.pathname for r in records)

            files = {f"{n}.jpg": b"\xff\xd8\xff" + bytes([n]) * (n << 18) for n in range(1, 9)}
            for _ in range(2):
                connector = Connector(program, "exporter", directory)
                restore(connector, settings(remote, "demo2"), files)
                assert connector.finish() == (0, "")
            print(f"grpcio {grpc.__version__}: {len(records)} records, {len(kept)} files, {len(files)} restored")
        finally:
            fake.terminate()
            fake.wait()


if __name__ == "__main__":
    main(sys.argv[1])
