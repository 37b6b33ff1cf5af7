"""Every scenario that ships is read; every mistake in one is named by its key's path, with a near miss, or by line and column."""

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.simulator.distribution import Constant, Delay, Exponential, Lognormal, Step, Steps, Uniform
from smswire.simulator.receipt_forms import FORMS
from smswire.simulator.scenario import (
    Account,
    Caps,
    Context,
    DistributionList,
    Handset,
    Ids,
    Inbound,
    Network,
    Receipts,
    Route,
    Rule,
    Scenario,
    ScenarioError,
    load,
    shipped,
)

seconds = st.floats(0, 10_000)
positive = st.floats(0.001, 10_000)
bounds = st.tuples(seconds, seconds).map(sorted)


@st.composite
def steps(draw: st.DrawFn) -> Steps:
    edges = sorted(draw(st.lists(seconds, min_size=2, max_size=8)))
    shares = draw(st.lists(positive, min_size=len(edges) - 1, max_size=len(edges) - 1))
    return Steps(steps=tuple(Step(share=share, least=low, most=high) for share, low, high in zip(shares, edges, edges[1:])))


delays = st.one_of(
    st.builds(Constant, seconds=seconds),
    bounds.map(lambda pair: Uniform(least=pair[0], most=pair[1])),
    st.builds(Exponential, mean=positive, least=seconds),
    st.builds(Lognormal, median=positive, sigma=st.floats(0, 10)),
    steps(),
)
shares = st.floats(0, 1, exclude_max=True)


@given(delays, shares, shares)
def test_a_greater_number_never_draws_a_shorter_delay(delay: Delay, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= delay.quantile(low) <= delay.quantile(high) * (1 + 1e-9) + 1e-9


def test_each_distribution_has_the_middle_that_it_says() -> None:
    assert Constant(seconds=3).quantile(0.9) == 3
    assert Uniform(least=1, most=3).quantile(0.5) == 2
    assert Exponential(mean=2, least=1).quantile(0.5) == pytest.approx(1 + 2 * 0.693147, rel=1e-5)
    assert Exponential(mean=2, most=3).quantile(0.99) == 3
    assert Lognormal(median=4, sigma=2).quantile(0.5) == pytest.approx(4)
    assert Lognormal(median=4, sigma=9, most=50).quantile(0.99) == 50
    both = Steps(steps=(Step(share=90, least=0, most=9), Step(share=10, least=20, most=30)))
    assert [both.quantile(u) for u in (0.1, 0.45, 0.95)] == pytest.approx([1, 4.5, 25])


@pytest.mark.parametrize("name", shipped())
def test_each_shipped_scenario_bears_its_name_and_says_what_it_is(name: str) -> None:
    scenario = load(name)
    assert scenario.name == name
    assert scenario.description.endswith(".")
    assert [(account.name, account.password) for account in scenario.accounts] == [("test", "test")]
    assert shipped()[name].endswith((".", "…"))


def test_an_empty_text_is_the_plainest_scenario() -> None:
    assert load("\n") == Scenario()


MISTAKES = {
    "sead = 3": ("sead", "sead: there is no such key; did you mean 'seed'?"),
    '[[account]]\nname = "a"\n[[account]]\nname = "b"\nmax_session = 3': (
        "account[1].max_session", "account[1].max_session: there is no such key; did you mean 'max_sessions'?",
    ),
    '[[account]]\nname = "a"\ntps = "x"': ("account[0].tps", "account[0].tps: expected `float`, got `str`"),
    "[[account]]": ("account[0].name", "account[0].name: is missing"),
    'account = "x"': ("account", "account: expected `array`, got `str`"),
    '[[account]]\nname = "a"\n[[account]]\nname = "a"': ("account[1].name", "account[1].name: 'a' is there already"),
    '[delay]\nkind = "unifrm"': ("delay.kind", "did you mean 'uniform'?"),
    '[delay]\nkind = "uniform"\nlest = 3': ("delay.lest", "delay.lest: there is no such key; did you mean 'least'?"),
    '[delay]\nkind = "uniform"\nleast = 3\nmost = 2': ("delay.most", "delay.most: 2 is less than least, 3"),
    '[[rule]]\noutcomes = [{ state = "DELIVRED" }]': ("rule[0].outcomes[0].state", "did you mean 'DELIVERED'?"),
    '[[rule]]\noutcomes = [{ status = "ESME_RTHROTLED" }]': ("rule[0].outcomes[0].status", "did you mean 'ESME_RTHROTTLED'?"),
    '[[rule]]\noutcomes = [{ delay = { kind = "steps", steps = [{ share = 1, least = 0, mst = 1 }] } }]': (
        "rule[0].outcomes[0].delay.steps[0].mst", "did you mean 'most'?",
    ),
    '[[rule]]\ntext = "("\noutcomes = [{}]': ("rule[0].text", "rule[0].text: no regular expression"),
    '[[rule]]\nnetwork = "VipNat"\noutcomes = [{}]\n[[network]]\nname = "VipNet"\nprefixes = ["38591"]': (
        "rule[0].network", "rule[0].network: there is no network 'VipNat'; did you mean 'VipNet'?",
    ),
    '[[network]]\nname = "x"\nprefixes = ["3", "a"]': ("network[0].prefixes[1]", "network[0].prefixes[1]: expected `str` matching regex"),
    '[[network]]\nname = "x"\nprefixes = ["3"]\n[[network]]\nname = "y"\nprefixes = ["4", "3"]': (
        "network[1].prefixes[1]", "network[1].prefixes[1]: 3 belongs to 'x'",
    ),
    '[[network]]\nname = "x"\nprefixes = ["3"]\nported = 0.5': ("network[0].ported_to", "network[0].ported_to: is missing"),
    '[receipts]\nforms = ["A", "N"]': ("receipts.forms[1]", "'N' is no form that can be written"),
    '[receipts]\ntlvs = ["message_stat"]': ("receipts.tlvs[0]", "did you mean 'message_state'?"),
    '[receipts]\ncommand = "data_sm"': ("receipts.carrier", "a data_sm has no short_message"),
    '[receipts]\ncarrier = "tlvs"\ntlvs = []': ("receipts.tlvs", "a receipt without text needs some"),
    '[ids]\nstyle = "hexx"': ("ids.style", "did you mean 'hex'?"),
    '[ids]\nstyle = "uuid"\nreceipt = "decimal"': ("ids.receipt", "a UUID cannot be written as 'decimal'"),
    '[context]\nomit = ["imsy"]': ("context.omit[0]", "did you mean 'imsi'?"),
    "start = 2026-01-01T00:00:00": ("start", "start: expected `datetime` with a timezone component"),
    "[caps]\nmessages = 0": ("caps.messages", "caps.messages: expected `int` >= 1"),
    "[[fault]]\nkind = 3": ("fault[0].kind", "fault[0].kind: expected `str`, got `int`"),
    "seed = 1\nname = \n": ("", "line 2, column 8"),
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text.replace("\n", " ")[:60])
def test_a_mistake_is_named_by_its_place(text: str) -> None:
    key, words = MISTAKES[text]
    with pytest.raises(ScenarioError) as caught:
        load(text + "\n")
    assert caught.value.key == key
    assert words in str(caught.value)


def test_a_file_is_named_in_its_mistakes(tmp_path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("sead = 1")
    with pytest.raises(ScenarioError, match=r"mine\.toml: sead: there is no such key") as caught:
        load(file)
    assert (caught.value.path, caught.value.key) == (str(file), "sead")
    file.write_bytes(b'name = "\xff"')
    with pytest.raises(ScenarioError, match="octet 8 is no UTF-8"):
        load(file)


@pytest.mark.parametrize(("name", "words"), [
    ("reallistic", "no scenario of that name ships; did you mean 'realistic'"), ("no/such.toml", "No such file"),
])
def test_a_scenario_that_is_not_there_is_a_sentence(name: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        load(name)


PAGE = (Path(__file__).parents[2] / "docs/simulator.md").read_text()


def test_the_example_of_the_manual_names_every_key_of_a_scenario() -> None:
    [text] = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    scenario = load(text)
    assert scenario.name == "mine"
    for kind in (Scenario, Account, Network, Handset, Rule, Route, Inbound, DistributionList, Ids, Receipts, Context, Caps):
        for field in msgspec.structs.fields(kind):
            name = field.encode_name
            assert name in ("description", "system_id", "fault") or re.search(rf"\b{name}\b", text), name


def test_the_manual_lists_every_scenario_and_every_form() -> None:
    for name in shipped():
        assert f"| `{name}` |" in PAGE
    for form in FORMS.values():
        assert f"| {form.letter} | {form.doc} |" in PAGE
