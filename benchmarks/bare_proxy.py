"""Copies bytes without reading them, so that `first_token` can show the cost of any hop.

    python benchmarks/bare_proxy.py --port 9200 --to 9100

Only 127.0.0.1.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib

PIECE = 65_536


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


async def serve(port: int, to: int) -> None:
    """Forwards every connection to 127.0.0.1:`to`, until the process ends."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(_pump(reader, ours), _pump(theirs, writer))

    async with await asyncio.start_server(connected, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--to", type=int, required=True)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options.port, options.to))
