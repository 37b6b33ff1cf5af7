"""The pytest plugin in a project of somebody else: fixtures, marker, plain and asynchronous tests, faults while a test runs."""

import re
import threading
from pathlib import Path

import pytest

from smswire.session.sync import SyncClient
from smswire.simulator.background import BackgroundSimulator
from smswire.simulator.scenario import ScenarioError

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
CONFTEST = 'pytest_plugins = ["smswire.simulator.pytest_plugin"]\n'
HELLO = """
import asyncio, pytest
from smpp_core import CommandFailed, RequestTimeout, SubmitSm
from smswire import Client, SyncClient

def hello(to="385911234567", text=b"Hello"):
    return SubmitSm(source_addr="Shop", source_addr_ton=5, destination_addr=to, short_message=text, registered_delivery=1)
"""


def outcome(pytester: pytest.Pytester, tests: str, *options: str) -> dict[str, int]:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(HELLO + tests)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers", *options).parseoutcomes()


def test_a_project_that_uses_only_the_plugin_sends_and_receives(pytester: pytest.Pytester) -> None:
    assert outcome(pytester, """
FAST = 'delay = {kind = "constant", seconds = 0.01}'

@pytest.mark.smsc(FAST)
def test_a_plain_test(smsc):
    with SyncClient(smsc.url) as client:
        message_id = client.submit(hello()).message_id
        (message,) = smsc.wait_for(1)
        assert (message.text, message.to.value, message.sender.value) == ("Hello", "385911234567", "Shop")
        assert smsc.submitted == [message]
        (receipt,) = smsc.wait_for_receipts(1)
        assert (receipt.id, receipt.stat) == (message_id, "DELIVRD")
        assert smsc.sessions == 1
    smsc.clear()
    assert (smsc.submitted, smsc.receipts) == ([], [])

@pytest.mark.smsc(scenario=FAST)
def test_an_asynchronous_test(smsc):
    async def main():
        async with Client(smsc.url) as client:
            await client.submit(hello())
            assert smsc.deliver("Hi back", sender="385917654321") == 1
            texts = set()
            async for delivery in client.inbound():
                await delivery.ack()
                texts.add(delivery.message.text if delivery.receipt is None else "receipt")
                if len(texts) == 2:
                    return texts
    assert asyncio.run(main()) == {"Hi back", "receipt"}
    assert smsc.statistics.inbound_acknowledged == 1

def test_it_is_anew_for_each_test(smsc):
    assert smsc.submitted == [] and smsc.port > 0 and smsc.account.name == "test"
""") == {"passed": 3}


def test_the_marker_says_what_the_smsc_is_like(pytester: pytest.Pytester) -> None:
    assert outcome(pytester, """
pytestmark = pytest.mark.smsc(seed=3)

@pytest.mark.smsc(scenario="failures", accounts={"shop": "pw"})
class TestFailures:
    def test_a_refusal(self, smsc):
        assert smsc.scenario.name == "failures"
        with SyncClient(smsc.url_of("shop")) as client, pytest.raises(CommandFailed):
            client.submit(hello("385911234521"))

    @pytest.mark.smsc(scenario="throttled", tls=None)
    def test_the_nearest_marker_wins(self, smsc):
        assert smsc.scenario.name == "throttled"
        assert smsc._simulator.seed == 3

@pytest.mark.smsc("throttled", 3)
def test_only_one_argument_has_no_name(smsc):
    pass

@pytest.mark.smsc("no-such-scenario")
def test_a_bad_scenario(smsc):
    pass

def test_several(smsc, smsc_factory):
    assert len({smsc.port, smsc_factory("failures").port, smsc_factory(seed=4).port}) == 3
""") == {"passed": 3, "errors": 2}


def test_faults_come_and_go_while_a_test_runs(pytester: pytest.Pytester) -> None:
    assert outcome(pytester, """
def test_faults(smsc):
    with SyncClient(smsc.url + "?timeout=0.1") as client:
        fault = smsc.fault("missing", count=1)
        with pytest.raises(RequestTimeout):
            client.submit(hello())
        assert fault.fired == 1
        client.submit(hello())
        smsc.fault("nack", status="ESME_RSYSERR", commands=["submit_sm_resp"])
        smsc.clear_faults()
        client.submit(hello())
        assert smsc.faults_fired == {"missing": 1}
        with pytest.raises(ValueError, match="did you mean 'missing'"):
            smsc.fault("mising")
        with pytest.raises(TimeoutError, match="3 of 4 messages"):
            smsc.wait_for(4, timeout=0.05)
""") == {"passed": 1}


def test_the_project_of_the_manual_passes(pytester: pytest.Pytester) -> None:
    conftest, tests = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    pytester.makeconftest(conftest)
    pytester.makepyfile(tests)
    assert pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers").parseoutcomes() == {"passed": 2}


def test_the_marker_is_listed(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.runpytest_inprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.smsc(scenario, [*][*]options)*"])


def test_nothing_is_left_behind() -> None:
    before = threading.active_count()
    with BackgroundSimulator() as smsc, SyncClient(smsc.url):
        assert threading.active_count() > before
        smsc.drop_connections()
    assert threading.active_count() == before
    smsc.close()  # again


def test_a_scenario_that_is_none_starts_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(ScenarioError):
        BackgroundSimulator(tmp_path / "none.toml")
    assert threading.active_count() == before


def test_a_port_that_is_taken_is_told_and_leaves_no_thread() -> None:
    before = threading.active_count()
    with BackgroundSimulator() as one, pytest.raises(OSError, match="in use|address"):
        BackgroundSimulator(port=one.port).start()
    assert threading.active_count() == before
