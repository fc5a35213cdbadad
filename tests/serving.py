"""TCP servers of the tests that leave nothing open: a socket that is collected later fails whichever test runs then."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(
    converse: Converse, host: str | None = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[asyncio.Server]:
    """Run a server that has `converse` for each connection, which is closed when the function returns.

    A client that goes away ends its conversation. When the block ends, conversations that still run are cancelled, and
    every connection is gone.
    """
    conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations[task] = writer
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await converse(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, host, port, ssl=tls)
    try:
        yield server
    finally:
        server.close()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        for writer in conversations.values():
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])
