#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requesters that are slow, many, large or odd: verifier_limits.py PORT PID.
The verifier's request_s is 4, its connections 512, per_address 400 and
sessions_per_address 300. Throughout, others are served, and its memory stays
within bounds."""
import http.client
import os
import resource
import socket
import sys
import time

port, pid = int(sys.argv[1]), int(sys.argv[2])
REQUEST_S = 4
# Bounds, with room for a slow machine: what matters is that there is an end.
CUT_S = REQUEST_S + 30
SERVED_S = REQUEST_S + 30
MEMORY_KB = 300 * 1024
resource.setrlimit(resource.RLIMIT_NOFILE,
                   (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
wrong = 0


def check(what, holds, found=""):
    global wrong
    if not holds:
        wrong += 1
        print("FAILED: %s: %s" % (what, found), file=sys.stderr)


def connect(source="127.0.0.1", timeout=CUT_S, buffer=None):
    s = socket.socket()
    if buffer is not None:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    s.settimeout(timeout)
    s.bind((source, 0))
    s.connect(("127.0.0.1", port))
    return s


def memory(which="VmRSS"):
    for line in open("/proc/%d/status" % pid):
        if line.startswith(which + ":"):
            return int(line.split()[1])
    return 0


def status_of(s):
    """The status of the next answer; 0: the connection ended without one."""
    try:
        first = s.makefile("rb").readline()
        return int(first.split()[1]) if first else 0
    except TimeoutError:
        return -1
    except (OSError, IndexError, ValueError):
        return 0


def served(what, source="127.0.0.9", ask=b"POST /challenge-response/v1/newSession"):
    """Somebody else is, within bounds."""
    start = time.monotonic()
    with connect(source, SERVED_S) as s:
        s.sendall(ask + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        status = status_of(s)
    check(what + ": others are served", status in (200, 201), status)
    return time.monotonic() - start


def ended(sockets):
    """How many of them the verifier ends, in time."""
    until = time.monotonic() + CUT_S
    n = 0
    for s in sockets:
        try:
            s.settimeout(max(0.1, until - time.monotonic()))
            while s.recv(65536):
                pass
            n += 1
        except TimeoutError:
            pass
        except OSError:
            n += 1
        s.close()
    return n


def case(name):
    print("-- " + name, flush=True)
    return name


HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = (b"POST /challenge-response/v1/session/00000000-0000-4000-8000-000000000000 "
        b"HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/cmw+cbor\r\n")


def drip(what, first, piece, n=40):
    """n clients that send a piece now and then, for ever: they are cut off
    though they are never idle."""
    name = case(what)
    left = [connect("127.0.0.2") for _ in range(n)]
    for s in left:
        s.sendall(first)
    start = time.monotonic()
    while left and time.monotonic() - start < CUT_S:
        for s in left[:]:
            s.settimeout(0)
            try:
                if s.recv(65536):
                    continue
            except BlockingIOError:
                try:
                    s.send(piece)
                    continue
                except OSError:
                    pass
            except OSError:
                pass
            s.close()
            left.remove(s)
        served(name)
        time.sleep(0.2)
    check(name, not left, "%d of %d were never cut off" % (len(left), n))


drip("nothing at all", b"", b"")
drip("a request line, byte by byte", b"", b"G")
drip("headers without end", HEAD, b"X: y\r\n")
drip("a body, byte by byte", POST + b"Content-Length: 100000\r\n\r\n", b"x")
drip("a chunk, byte by byte", POST + b"Transfer-Encoding: chunked\r\n\r\nfff0\r\n", b"x")
drip("chunks without end", POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")

name = case("clients that never read")
sockets = []
for _ in range(60):
    s = connect("127.0.0.2", buffer=1024)
    s.settimeout(2)
    try:
        for _ in range(200):
            s.sendall(b"GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
    except OSError:
        pass  # full, which is the point
    sockets.append(s)
served(name)
n = ended(sockets)
check(name, n == len(sockets), "%d of %d were cut off" % (n, len(sockets)))

name = case("500 at once, 400 of one address, and then one more of another")
sockets = []
for i in range(500):
    try:
        s = connect("127.0.0.2")
        s.sendall(HEAD)
        sockets.append(s)
    except OSError:
        pass  # refused, which is fine
served(name)
n = ended(sockets)
check(name, n == len(sockets), "%d of %d were cut off" % (n, len(sockets)))

name = case("more than all connections, of several addresses")
sockets = []
for i in range(600):  # those past 512 wait to be taken
    s = connect("127.0.0.%d" % (2 + i % 4))
    s.sendall(HEAD)
    sockets.append(s)
took = served(name)
opened = sum(1 for _ in os.scandir("/proc/%d/fd" % pid))
print("   it has %d open," % opened)
print("   another one waited %.1f s" % took)
n = ended(sockets)
check(name, n == len(sockets), "%d of %d were cut off" % (n, len(sockets)))

name = case("500 requests at once, whole")
sockets = []
for i in range(500):
    s = connect("127.0.0.%d" % (2 + i % 2))
    s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    sockets.append(s)
answers = [status_of(s) for s in sockets]
for s in sockets:
    s.close()
check(name, answers.count(200) == 500, {a: answers.count(a) for a in set(answers)})

# Each row: a name, the request, and the statuses that it may get; 0: the
# connection ends without an answer.
WITH = b" HTTP/1.1\r\nHost: localhost\r\n"
NEW = b"POST /challenge-response/v1/newSession"
ROWS = [
    ("body larger than may be, announced",
     POST + b"Content-Length: 999999999\r\n\r\n", (413,)),
    ("body larger than any number",
     POST + b"Content-Length: 99999999999999999999999\r\n\r\n", (400, 413, 0)),
    ("body of a negative length", POST + b"Content-Length: -1\r\n\r\n", (400, 0)),
    ("two lengths", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", (400, 404, 0)),
    ("length and chunks",
     POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, 404, 0)),
    ("a chunk of no length", POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", (400, 0)),
    ("a chunk larger than any number",
     POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", (400, 413, 0)),
    ("unknown encoding", POST + b"Transfer-Encoding: gzip\r\n\r\n", (400, 404, 501, 0)),
    ("a body where there is none", b"GET /healthz" + WITH + b"Content-Length: 5\r\n\r\nhello", (413,)),
    ("header without end", b"GET /healthz" + WITH + b"X: " + b"y" * 70000, (400, 413, 431, 0)),
    ("many headers", b"GET /healthz" + WITH + b"X: y\r\n" * 20000 + b"\r\n", (400, 413, 431, 0)),
    ("long URL", b"GET /" + b"x" * 70000 + WITH + b"\r\n", (404, 414, 400, 0)),
    ("long argument", b"GET /?scheme=" + b"x" * 20000 + WITH + b"\r\n", (400, 414)),
    ("many arguments", NEW + b"?" + b"a=b&" * 20 + WITH + b"Content-Length: 0\r\n\r\n", (400,)),
    ("very many", NEW + b"?" + b"a=b&" * 5000 + WITH + b"Content-Length: 0\r\n\r\n", (400, 431, 0)),
    ("unknown method", b"BREW /healthz" + WITH + b"\r\n", (405,)),
    ("CONNECT", b"CONNECT example.org:443" + WITH + b"\r\n", (400, 404, 405)),
    ("TRACE", b"TRACE /healthz" + WITH + b"\r\n", (405,)),
    ("OPTIONS *", b"OPTIONS *" + WITH + b"\r\n", (400, 404, 405)),
    ("lower-case method", b"get /healthz" + WITH + b"\r\n", (405,)),
    ("long method", b"M" * 5000 + b" /healthz" + WITH + b"\r\n", (400, 405, 0)),
    ("absolute form", b"GET http://example.org/healthz" + WITH + b"\r\n", (200, 404, 400)),
    ("no version", b"GET /healthz\r\n\r\n", (200, 400, 0)),
    ("other version", b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n", (400, 505, 0)),
    ("no Host", b"GET /healthz HTTP/1.1\r\n\r\n", (400,)),
    ("NUL in a header", b"GET /healthz" + WITH + b"X: a\0b\r\n\r\n", (200, 400, 0)),
    ("NUL in the line", b"GET /heal\0thz" + WITH + b"\r\n", (400, 404, 0)),
    ("bytes", bytes(range(256)) * 8, (400, 0)),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500, (400, 0)),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 404, 405, 505, 0)),
    ("Expect, for nothing", POST + b"Content-Length: 999999\r\nExpect: 100-continue\r\n\r\n", (413,)),
    ("wrong content type", POST.replace(b"application/cmw+cbor", b"text/html")
     + b"Content-Length: 1\r\n\r\nx", (404, 415)),
]
case("large and odd requests")
for what, raw, may in ROWS:
    with connect() as s:
        try:
            s.sendall(raw)
        except OSError:
            pass  # it does not want to hear all of that
        status = status_of(s)
        check(what, status in may, "expected %s, found %d" % (may, status))
served("after odd requests")

name = case("pipelining")
with connect() as s:
    s.sendall((b"GET /healthz" + WITH + b"\r\n") * 50 + b"GET /x" + WITH + b"\r\n")
    f = s.makefile("rb")
    statuses = []
    for _ in range(51):
        line = f.readline()
        length = 0
        while (field := f.readline().strip()):
            if field.lower().startswith(b"content-length:"):
                length = int(field.split(b":")[1])
        f.read(length)
        statuses.append(int(line.split()[1]))
    check(name, statuses == [200] * 50 + [404], statuses)

name = case("many sessions of one address")
found = {}
c = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=("127.0.0.5", 0))
for _ in range(400):
    c.request("POST", "/challenge-response/v1/newSession")
    r = c.getresponse()
    r.read()
    found[r.status] = found.get(r.status, 0) + 1
    if r.status == 429:
        check(name, int(r.getheader("Retry-After", "0")) > 0, "no Retry-After")
c.close()
check(name, found == {201: 300, 429: 100}, found)
served(name)

peak = memory("VmHWM")
print("memory: %d KiB now, %d KiB at most" % (memory(), peak))
# A sanitizer keeps what was freed.
if b"__asan_init" not in open("/proc/%d/exe" % pid, "rb").read():
    check("memory", 0 < peak < MEMORY_KB, "%d KiB" % peak)
sys.exit(wrong != 0)
