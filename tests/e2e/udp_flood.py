#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What anybody can send to a UDP port, from addresses that nobody answers at.

udp_flood.py record FILE: prints a port, and keeps the first datagram that
comes there, a ClientHello. udp_flood.py flood PORT FILE SECONDS: sends it, parts
of it and garbage from many loopback addresses; fails where more than three
times as many bytes come back.
"""
import random
import socket
import sys
import time

SOURCES = 200


def record(path):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1], flush=True)
    s.settimeout(30)
    with open(path, "wb") as f:
        f.write(s.recv(65536))


def spoiled(hello, rng):
    kind = rng.randrange(6)
    if kind < 3:
        return hello
    if kind == 3:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(1, 64)))
    if kind == 4:
        return hello[: rng.randrange(1, len(hello))]
    at = rng.randrange(len(hello))
    return hello[:at] + bytes([hello[at] ^ (1 << rng.randrange(8))]) + hello[at + 1 :]


def flood(port, path, seconds):
    rng = random.Random(7)
    with open(path, "rb") as f:
        hello = f.read()
    socks = []
    for i in range(SOURCES):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("127.%d.%d.%d" % (rng.randrange(1, 255), i // 250, i % 250 + 1), 0))
        s.setblocking(False)
        socks.append([s, 0, 0])
    end = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < end:
        for one in socks:
            d = spoiled(hello, rng)
            try:
                one[0].sendto(d, ("127.0.0.1", port))
                one[1] += len(d)
                sent += 1
            except OSError:
                pass
            try:
                while True:
                    one[2] += len(one[0].recv(65536))
            except OSError:
                pass
        time.sleep(0.01)
    out = sum(s[1] for s in socks)
    back = sum(s[2] for s in socks)
    print("%d datagrams, %d bytes, %d bytes back" % (sent, out, back))
    if back == 0:
        sys.exit("nobody was asked for a cookie")
    for _, o, b in socks:
        if b > 3 * o:
            sys.exit("amplified: %d bytes for %d" % (b, o))


if sys.argv[1] == "record":
    record(sys.argv[2])
else:
    flood(int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
