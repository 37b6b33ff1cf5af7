"""A client in front of a server that takes 500 messages a second, and does not say so, finds the limit and stays just below it."""

import asyncio

import pytest
from clock import run

from smpp_core import SubmitSm
from smswire.session.client import Client
from smswire.simulator.smsc import Simulator

LIMIT = 500


@pytest.mark.slow
@pytest.mark.parametrize("limiter", ["bucket", "window", "queue"])
def test_after_ten_seconds_nine_tenths_of_the_limit_are_held_with_under_two_percent_throttled(limiter: str) -> None:
    scenario = f"""
        name = "hidden"
        [[account]]
        name = "test"
        password = "test"
        tps = {LIMIT}
        limiter = "{limiter}"
        [[network]]
        name = "all"
        prefixes = ["385"]
        [[rule]]
        outcomes = [{{ weight = 1, state = "DELIVERED" }}]
    """

    async def send_for(seconds: float) -> tuple[int, int]:
        """How many were answered well, and how many were throttled, between the tenth second and the last."""
        loop = asyncio.get_running_loop()
        pdu = SubmitSm(source_addr="1", destination_addr="385911111111", short_message=b"hi")
        counted = [0, 0]
        async with Simulator(scenario) as smsc, Client(smsc.url(), window=100) as client:
            began = loop.time()

            def traffic():
                while loop.time() < began + seconds:
                    yield pdu

            client.on_event(lambda news: late() and type(news).__name__ == "Throttled" and counted.__setitem__(1, counted[1] + 1))

            def late() -> bool:
                return loop.time() >= began + 10

            async for result in client.submit_many(traffic()):
                counted[0] += late() and result.ok
        return counted[0], counted[1]

    accepted, throttled = run(send_for(20.0), patience=0.0005)
    assert accepted >= 0.9 * LIMIT * 10
    assert throttled < 0.02 * (accepted + throttled)
