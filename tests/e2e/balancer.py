#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A TCP balancer for tests: balancer.py PORT... listens on a port of its own
on loopback, which it prints, and hands each connection to the next backend
that takes it. It knows nothing of what it carries."""
import asyncio
import sys

backends = [int(p) for p in sys.argv[1:]]
turn = 0


async def pick():
    """The next backend that listens, or None."""
    global turn
    for _ in backends:
        port = backends[turn % len(backends)]
        turn += 1
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            continue
    return None


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        # What breaks on one side breaks on the other.
        writer.transport.abort()


async def carry(reader, writer):
    there = await pick()
    if there is not None:
        await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))
        there[1].close()
    writer.close()


async def main():
    server = await asyncio.start_server(carry, "127.0.0.1", 0, backlog=1024)
    print("balancing on", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
