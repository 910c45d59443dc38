"""`clientward advise` behind a real worker, asked by the protocol's own client over stdio, and by HTTP."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from engine_support import make_settings, running, send, settled
from live import ROOT, plain_environment, run
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from story import command, courtship, purchase

from agents.worker import Worker
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from streams.embedded.ports import free_ports

TOOL = "who_is_this_account"
WITHIN_SECONDS = 60.0


async def tell(settings: Settings, worker: Worker, *told: Any) -> None:
    """Publish messages and wait until they are folded."""
    await send(settings, [(topic, each.account_id, msgspec.json.encode(each)) for topic, each in told])
    await settled(worker)


def environment(settings: Settings) -> dict[str, str]:
    """Return what a command needs to find the deployment."""
    return plain_environment(
        CLIENTWARD_KAFKA_BOOTSTRAP=settings.kafka_bootstrap,
        CLIENTWARD_REDIS_URL=settings.redis_url.get_secret_value(),
        CLIENTWARD_GROUP=settings.group,
        CLIENTWARD_PARTITIONS=str(settings.partitions),
        PYTHONPATH=str(ROOT),
    )


async def asked(client: Client, account: str) -> dict[str, Any]:
    """Return what the tool says of an account."""
    result = await client.call_tool(TOOL, {"account_id": account})
    assert not result.is_error, result
    found = result.structured_content
    assert found is not None
    return found


async def test_an_agent_asks_over_stdio_as_events_come(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """A prospect nobody knows, a client, a merged one as the one that goes on, and after its erasure as if it never was."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "cli.main", "advise", "--stdio"],
        env=environment(settings),
        cwd=str(tmp_path),
    )
    async with running(settings, Core(load_policy())) as worker, Client(server) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == [TOOL]
        assert (await asked(client, "a"))["known"] is False
        await tell(settings, worker, *courtship(), purchase(161, account="twin"))
        found = await asked(client, "a")
        assert (found["standing"], found["play"]) == ("client", "keep")
        assert "mass promotions and generic offers" in found["do_not"]
        assert (await asked(client, "twin"))["standing"] == "customer"
        await tell(settings, worker, command(162, "merge", account="twin", into="a"))
        found = await asked(client, "twin")
        assert (found["account_id"], found["merged_from"], found["standing"]) == ("a", "twin", "client")
        await tell(settings, worker, command(163, "erase", account="a"))
        assert (await asked(client, "a")) == (await asked(client, "never")) | {"account_id": "a"}


@asynccontextmanager
async def served(settings: Settings, keys: Path) -> AsyncIterator[str]:
    """Run `clientward advise KEYS` until the block ends; give its address."""
    port = free_ports(1)[0]
    program = [sys.executable, "-m", "cli.main", "advise", str(keys), "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*program, env=environment(settings), stdout=DEVNULL, stderr=PIPE)
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx2.AsyncClient() as client, asyncio.timeout(WITHIN_SECONDS):
            while True:
                assert process.returncode is None, "it has ended"
                try:
                    if (await client.get(f"{url}/livez")).status_code == 200:
                        break
                except httpx2.TransportError:
                    await asyncio.sleep(0.1)
        yield url
        process.terminate()
        async with asyncio.timeout(WITHIN_SECONDS):
            assert await process.wait() == 0, "it stops in peace"
    finally:
        if process.returncode is None:
            process.kill()
        _, errors = await process.communicate()
        sys.stderr.write(errors.decode())


async def test_many_agents_ask_by_http(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> None:
    """With a key that the command made, by a plain GET and by the protocol; without one, not at all."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    made = await run("advise", "--new-key", "chat", folder=tmp_path)
    key = made.err[0].rpartition(" ")[2]
    (tmp_path / "keys").write_bytes(made.out)
    async with running(settings, Core(load_policy())) as worker, served(settings, tmp_path / "keys") as url:
        await tell(settings, worker, *courtship())
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as http:
            known = await http.get(f"{url}/advice", params={"account": "a"})
            assert (known.status_code, known.json()["standing"]) == (200, "client")
            unknown = await http.get(f"{url}/advice", params={"account": "nobody"})
            assert (unknown.status_code, unknown.json()["known"]) == (404, False)
            async with Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client:
                assert await asked(client, "a") == known.json()
                assert await asked(client, "nobody") == unknown.json()
        async with httpx2.AsyncClient() as stranger:
            assert (await stranger.get(f"{url}/advice", params={"account": "a"})).status_code == 401
            assert (await stranger.post(f"{url}/mcp", json={})).status_code == 401


async def test_what_is_missing_is_told_in_one_line(tmp_path: Path) -> None:
    """Neither KEYS nor --stdio, both, and a file that is no file of keys."""
    for arguments in (("advise",), ("advise", "keys", "--stdio")):
        ended = await run(*arguments, folder=tmp_path)
        assert (ended.code, len(ended.err)) == (2, 1), ended.err
        assert "name KEYS to serve by HTTP, or give --stdio" in ended.err[0]
    (tmp_path / "keys").write_text("nothing\n", encoding="utf-8")
    ended = await run("advise", "keys", folder=tmp_path)
    assert (ended.code, len(ended.err)) == (2, 1), ended.err
    assert "keys: line 1" in ended.err[0]
