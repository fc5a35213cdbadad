"""`carbon-orders work` as a process: it matches, retires and certifies what it finds, and ends when it is told to."""

import asyncio
import signal
from pathlib import Path

from service.domain.catalogue import Mode
from service.domain.order import OrderStatus
from service.operations.read_certificates import certificates_of_orders
from service.storage.database import Database
from tests import processes
from tests.makers import make_batch, make_order_request, store
from tests.server import ROOT, environment_of
from tests.shop import open_shop

PATIENCE_S = 30
STOCK_G = 11_000_000


async def test_it_does_what_is_to_be_done_until_it_is_told_to_end(
    balanced: Database, database_url: str, tmp_path: Path
):
    shop = await open_shop(balanced)
    waiting = await shop.place(make_order_request(STOCK_G + 1_000_000))
    await store(balanced, make_batch(shop.forest_project), make_batch(shop.forest_project, mode=Mode.TEST))
    settings = {"retire_after_ms": 0, "retire_unpaid": True, "worker_rest_ms": 20, "log_level": "info"}
    with (tmp_path / "log").open("wb") as log:
        environment = environment_of(database_url, **settings)
        process = processes.start(["work"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while await certificates_of_orders(shop.resources, shop.caller, [waiting.id]) == [None]:
                    assert process.poll() is None, (tmp_path / "log").read_text()
                    await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(processes.ended(process), PATIENCE_S) == 0, (tmp_path / "log").read_text()
        finally:
            process.kill()
            process.wait()
    found = await shop.order(waiting.id)
    assert found is not None
    assert found.status is OrderStatus.COMPLETE
    told = (tmp_path / "log").read_text()
    assert "Traceback" not in told
    assert '"event":"ended"' in told.replace(" ", "")
