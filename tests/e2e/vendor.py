#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays AMD's and Intel's services: vendor.py WORLD.

WORLD is a folder of what tests/e2e/world.c wrote. The file `mode` in the
working folder says how to lie; each request is a line of `asked`. Prints the
port it listens on.
"""
import os
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORLD = sys.argv[1]
PCS = "certification/v4"
# path: file, header, chain, media type
ANSWERS = {
    f"/tdx/{PCS}/tcb": ("tcb.json", "TCB-Info-Issuer-Chain", "signer.pem", "application/json"),
    f"/tdx/{PCS}/qe/identity": ("qe.json", "SGX-Enclave-Identity-Issuer-Chain", "signer.pem",
                                "application/json"),
    f"/sgx/{PCS}/pckcrl": ("pck.crl", "SGX-PCK-CRL-Issuer-Chain", "ca.pem",
                           "application/pkix-crl"),
    f"/sgx/{PCS}/rootcacrl": ("root.crl", None, None, "application/pkix-crl"),
    "/IntelSGXRootCA.der": ("root.crl", None, None, "application/pkix-crl"),
    "/vcek/v1/Milan/cert_chain": ("amd.pem", None, None, "text/plain"),
    "/vcek/v1/Milan/crl": ("amd.crl", None, None, "application/pkix-crl"),
}
# Answers of these kinds are files of their own.
KINDS = ("new", "old", "stranger", "other", "ended", "outofdate")
busy = {}


def read(name):
    with open(os.path.join(WORLD, name), "rb") as f:
        return f.read()


def of_kind(name, mode):
    other = f"{mode}-{name}"
    return read(other if mode in KINDS and os.path.exists(os.path.join(WORLD, other)) else name)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def head(self, status, length, headers):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def give(self, status, body, headers=()):
        self.head(status, len(body), headers)
        self.wfile.write(body)

    def answer(self):
        path = self.path.split("?")[0]
        if path.startswith("/vcek/v1/Milan/0707"):
            return "vcek.der", None, None, "application/octet-stream"
        return ANSWERS.get(path)

    def lie(self, mode, name):
        """True where the answer has been given."""
        if mode == "busy" and busy.setdefault(self.path, 0) < 2:
            busy[self.path] += 1
            self.give(429, b"slower", [("Retry-After", "1")])
        elif mode == "busy-for-ever":
            self.give(429, b"slower", [("Retry-After", "3600")])
        elif mode == "hang":
            time.sleep(60)
        elif mode == "cut":
            body = read(name)
            self.head(200, len(body), [])
            self.wfile.write(body[:len(body) // 2])
            self.close_connection = True
        elif mode == "huge":
            self.head(200, 1 << 30, [])
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                self.close_connection = True
        elif mode == "redirect":
            self.give(302, b"", [("Location", "http://127.0.0.2/elsewhere")])
        elif mode == "missing":
            self.give(404, b"no such platform")
        elif mode == "html":
            self.give(200, b"<html>please log in</html>", [("Content-Type", "text/html")])
        elif mode == "empty":
            self.give(200, b"")
        else:
            return False
        return True

    def do_GET(self):
        with open("mode") as f:
            mode = f.read().strip()
        with open("asked", "a") as f:
            f.write(self.path + "\n")
        found = self.answer()
        if found is None:
            self.give(404, b"not here")
            return
        name, header, chain, kind = found
        if self.lie(mode, name):
            return
        body = of_kind(name, mode)
        if mode == "corrupt":
            at = len(body) // 2
            body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]
        if mode == "hex" and name.endswith(".crl"):
            body = body.hex().encode()
        headers = [("Content-Type", kind)]
        if header is not None and mode != "no-chain":
            pem = read("amd.pem" if mode == "wrong-chain" else chain)
            value = urllib.parse.quote(pem.decode())
            if mode == "bad-chain":
                value = value[:-5] + "%zz"
            headers.append((header, value))
            if mode == "two-chains":
                headers.append((header, value))
        self.give(200, body, headers)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
