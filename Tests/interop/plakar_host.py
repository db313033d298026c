#!/usr/bin/env python3
"""Runs `gphotos plugin --protocol plakar` under a gRPC client that no one here wrote: grpcio, over two real pipes.

Usage: plakar_host.py DIRECTORY, with the built gphotos and gphotos-fake. Needs grpcio and grpcio-tools from PyPI.
"""

import concurrent.futures
import contextlib
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
        self.connection = connection

        def outwards():
            try:
                while data := self.process.stdout.read(65536):
                    connection.sendall(data)
            except (OSError, ValueError):
                pass
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

    def die(self):
        """Lets go of the pipes, amid whatever is under way, as the kernel does when a host is killed."""
        self.connection.shutdown(socket.SHUT_RDWR)
        self.process.stdout.close()
        return self.finish()

    def finish(self):
        """Ends the connection; returns the exit status and what was on stderr."""
        self.channel.close()
        status = self.process.wait(timeout=30)
        self.errors.seek(0)
        return status, self.errors.read().decode()


def set_up_source(connector, config):
    import importer_pb2
    import importer_pb2_grpc

    stub = importer_pb2_grpc.ImporterStub(connector.channel)
    options = importer_pb2.Options(hostname="interop", os="linux", arch="amd64", maxconcurrency=8)
    answer = stub.Init(importer_pb2.InitRequest(options=options, proto="rclone", config=config))
    assert answer.flags & 4, "one process is enough: STREAM"
    return stub


def content(stub, pathname):
    """The call that reads a content."""
    import connectors_pb2
    import importer_pb2

    return stub.Open(importer_pb2.OpenRequest(record=connectors_pb2.Record(pathname=pathname)))


def back_up(connector, config, parent, seed):
    """A backup as Plakar makes one; contents are read in any order, some long after their records."""
    import importer_pb2

    chance = random.Random(seed)
    stub = set_up_source(connector, config)
    # More than NIO by itself takes for no attack, with the PINGs that a client sends beside its calls.
    for _ in range(500):
        stub.Ping(importer_pb2.PingRequest())

    run = Import(stub)
    kept, opened = {}, []

    def read(record):
        digest, size = hashlib.sha256(), 0
        for message in content(stub, record.pathname):
            assert 0 < len(message.chunk) <= 1 << 20, len(message.chunk)
            digest.update(message.chunk)
            size += len(message.chunk)
        kept[record.pathname] = (digest.hexdigest(), size, record.fileInfo)

    def handle(record):
        known = parent.get(record.pathname)
        if known and record.fileInfo.size in (-1, known[1]) and record.fileInfo.ino == known[2].ino:
            kept[record.pathname] = known
        elif record.hasReader:
            opened.append(record.pathname)
            read(record)
        run.acknowledge(record)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        tasks, records, waiting = [], [], []
        for record in run.records():
            records.append(record)
            assert record.fileInfo.name == (os.path.basename(record.pathname) or "/"), record
            assert bool(record.fileInfo.mode & 1 << 31) == (not record.hasReader), record
            # Read at once, or after any number of others.
            waiting.append(record)
            while waiting and chance.random() < 0.5:
                tasks.append(pool.submit(handle, waiting.pop(chance.randrange(len(waiting)))))
        tasks += [pool.submit(handle, record) for record in waiting]
        for task in tasks:
            task.result()
    # The call has to be there still; only the half-close ends it.
    assert run.call.is_active(), "the import ended before the half-close"
    run.half_close()
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


class Import:
    """The call of an import, which ends when it is half-closed."""

    def __init__(self, stub):
        self.acknowledgements = queue.Queue()
        self.call = stub.Import(iter(self.acknowledgements.get, None))

    def records(self):
        for response in self.call:
            if response.finished:
                return
            yield response.record

    def acknowledge(self, record):
        import connectors_pb2
        import importer_pb2

        self.acknowledgements.put(importer_pb2.ImportRequest(result=connectors_pb2.Result(header=record)))

    def half_close(self):
        self.acknowledgements.put(None)
        assert list(self.call) == []


def size(reading):
    return sum(len(message.chunk) for message in reading)


def close(connector, stub):
    import importer_pb2

    stub.Close(importer_pb2.CloseRequest())
    assert connector.finish() == (0, "")


def a_host_that_dies(start, config):
    # Before it has said anything.
    connector = start()
    grpc.channel_ready_future(connector.channel).result(timeout=30)
    assert connector.die() == (0, "")

    # Amid an import, with a read under way.
    connector = start()
    stub = set_up_source(connector, config)
    run = Import(stub)
    record = next(record for record in run.records() if record.hasReader)
    reading = content(stub, record.pathname)
    next(reading)
    status, _ = connector.die()
    assert status == 1, status


def a_host_that_never_opens(start, config):
    connector = start()
    stub = set_up_source(connector, config)
    run = Import(stub)
    for record in run.records():
        run.acknowledge(record)
    run.half_close()
    close(connector, stub)


def a_host_that_half_closes_early(start, config, expected):
    connector = start()
    stub = set_up_source(connector, config)
    responses = list(stub.Import(iter(())))
    assert responses[-1].finished and len(responses) == expected + 1, len(responses)
    close(connector, stub)


def a_host_that_acknowledges_nothing(start, config):
    connector = start()
    stub = set_up_source(connector, config)
    run = Import(stub)
    files = [record for record in run.records() if record.hasReader and "/.gphotos/" not in record.pathname]
    assert len(files) > 10_000, len(files)
    assert [size(content(stub, files[n].pathname)) for n in (-1, 0, 5000)] == [2000, 2000, 2000]
    run.half_close()
    # Nor does it close.
    assert connector.finish() == (0, "")


def a_host_that_gives_up_reads(start, config):
    connector = start()
    stub = set_up_source(connector, config)
    run = Import(stub)
    files = [record for record in run.records() if record.hasReader][:7]
    # More than NIO by itself takes for no attack.
    for turn in range(500):
        reading = content(stub, files[turn % 7].pathname)
        next(reading)
        reading.cancel()
    assert all(size(content(stub, record.pathname)) > 0 for record in files)
    run.half_close()
    close(connector, stub)


@contextlib.contextmanager
def service(programs, directory, name, *arguments):
    """A running gphotos-fake: the path of its accounts, as rclone's configuration has them."""
    remote = os.path.join(directory, name)
    fake = subprocess.Popen(
        [os.path.join(programs, "gphotos-fake"), "--rclone-config", remote, *arguments], stdout=subprocess.PIPE)
    try:
        fake.stdout.readline()
        yield remote
    finally:
        fake.terminate()
        fake.wait()


def main(programs):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as directory:
        generate(directory)
        with service(programs, directory, "rclone.conf") as remote:
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

            def start():
                return Connector(program, "importer", directory)

            a_host_that_dies(start, settings(remote, "demo"))
            a_host_that_never_opens(start, settings(remote, "demo"))
            a_host_that_half_closes_early(start, settings(remote, "demo"), len(records))
            a_host_that_gives_up_reads(start, settings(remote, "demo"))
            with service(programs, directory, "large.conf", "--items", "10000", "--item-size", "2000") as large:
                a_host_that_acknowledges_nothing(start, settings(large, "demo"))
            print(f"grpcio {grpc.__version__}: {len(records)} records, {len(kept)} files, {len(files)} restored")


if __name__ == "__main__":
    main(sys.argv[1])
