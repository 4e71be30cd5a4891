# SPDX-License-Identifier: Apache-2.0
"""relay.py RELAY: the bad network does what it is told, and again the same."""
import select
import signal
import socket
import subprocess
import sys

COUNT = 300


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def drain(sock, seen):
    while select.select([sock], [], [], 0)[0]:
        data, _ = sock.recvfrom(65536)
        seen.append(data)


def run(relay, *settings, size=8, batch=20):
    """What of COUNT datagrams arrives, in the order of its arrival."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port = free_port()
    process = subprocess.Popen(
        [relay, f"127.0.0.1:{port}",
         f"127.0.0.1:{server.getsockname()[1]}", *settings],
        stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        seen = []
        for i in range(COUNT):
            client.sendto(i.to_bytes(8, "big").ljust(size, b"."),
                          ("127.0.0.1", port))
            if i % batch == batch - 1:
                select.select([server], [], [], 0.01)
                drain(server, seen)
        while select.select([server], [], [], 1)[0]:
            drain(server, seen)
    finally:
        process.send_signal(signal.SIGTERM)
        report = process.stdout.read().split()
        process.wait()
        server.close()
        client.close()
    numbers = dict(zip(report[::2], map(int, report[1::2])))
    return [int.from_bytes(d[:8], "big") for d in seen], numbers


def main():
    relay = sys.argv[1]
    everything = list(range(COUNT))

    seen, numbers = run(relay)
    assert seen == everything, "clean: something is missing"
    assert numbers["clients"] == 1 and numbers["lost"] == 0

    first, numbers = run(relay, "loss=20", "seed=5")
    again, _ = run(relay, "loss=20", "seed=5")
    other, _ = run(relay, "loss=20", "seed=6")
    assert first == again, "the same seed, another fate"
    assert first != other, "another seed, the same fate"
    assert numbers["lost"] == COUNT - len(first)
    assert COUNT * 0.6 < len(first) < COUNT, len(first)

    seen, _ = run(relay, "loss=3", "burst=5", "seed=1")
    gaps = set(everything) - set(seen)
    assert gaps and any(set(range(n, n + 5)) <= gaps for n in gaps)

    seen, _ = run(relay, "duplicate=30")
    assert sorted(set(seen)) == everything and len(seen) > COUNT

    seen, _ = run(relay, "reorder=25")
    assert sorted(seen) == everything and seen != everything

    seen, numbers = run(relay, "mtu=100", size=101)
    assert seen == [] and numbers["too_large"] == COUNT

    seen, numbers = run(relay, "rate=8", size=100)
    assert 0 < len(seen) < COUNT and numbers["lost"] == COUNT - len(seen)

    assert subprocess.run([relay, "127.0.0.1:0", "127.0.0.1:9", "los=1"],
                          stderr=subprocess.DEVNULL).returncode == 1


main()
