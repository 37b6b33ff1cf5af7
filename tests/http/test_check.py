"""Each fault goes to the request, the message or the recipient that has it, in the decided order, and into the answer in its place."""

import time
from datetime import timedelta
from typing import Any

import pytest
from http_messages import messages, numbers
from hypothesis import given
from hypothesis import strategies as st

from smswire.http.check import (
    Checked,
    check_credentials,
    check_message,
    check_recipients,
    check_request,
    checked,
    mark_duplicates,
    refused,
    results_of,
)
from smswire.http.policy import Policy
from smswire.http.request import MOST_RECIPIENTS, Fault, Recipient, SendMessage, SendRequest
from smswire.http.status import STATUSES

TO = Recipient("38595111111")
POLICY = Policy(refused_senders=["FORBIDDEN"], allow_private=["127.0.0.0/8"])


def message(*recipients: Recipient, **fields: Any) -> SendMessage:
    return SendMessage(**({"sender": "Infobip", "text": "x", "recipients": list(recipients)} | fields))


def request(*found: SendMessage, **fields: Any) -> SendRequest:
    return SendRequest(**({"username": "u", "password": "p", "messages": list(found)} | fields))


def status_of(**fields: Any) -> int:
    fault = check_message(message(TO, **fields), POLICY)
    return 0 if fault is None else fault.status


def rows(found: list[Checked], ids: list[str] | None = None) -> list[tuple[int, str, str]]:
    return [(row.status, row.message_id, row.destination) for row in results_of(found, ids).results]


# -- the request


@pytest.mark.parametrize(("username", "password", "expected"), [
    ("", "", -10), (" ", "p", -10), ("u", "", -11), ("u", "\t", -11), ("u", "p", None),
])
def test_v13_a_missing_name_comes_before_a_missing_password(username: str, password: str, expected: int | None) -> None:
    asked = SendRequest(username=username, password=password)
    fault = check_credentials(asked)
    assert (None if fault is None else fault.status) == expected
    assert check_request(asked) == fault or fault is None


def test_v13_then_no_message_then_too_many_recipients() -> None:
    assert check_request(request()) == Fault(-6, "messages", "there is no message")
    many = [Recipient("38595111111")] * (MOST_RECIPIENTS // 2)
    assert check_request(request(message(*many), message(*many))) is None
    fault = check_request(request(message(*many), message(*many, TO)))
    assert fault is not None and fault.status == -22
    assert check_request(request(message(*many, *many, TO), username="")) == check_credentials(request(username=""))


def test_v13_a_refused_request_has_one_result_without_an_id() -> None:
    one = request(message(Recipient("385", "id")))
    assert refused(-5, one).results[0] == refused(Fault(-5, "", ""), one).results[0]
    assert [(row.status, row.message_id, row.destination) for row in refused(-5, one).results] == [(-5, "", "385")]
    assert [row.destination for row in refused(-10, request(message(TO, TO))).results] == [""]
    assert [row.destination for row in refused(-10, request(message(TO), message(TO))).results] == [""]
    assert [(row.status, row.destination) for row in refused(-22).results] == [(-22, "")]


# -- a message


def test_v14_v15_faults_stay_with_their_message_and_recipient() -> None:
    found = checked(request(
        message(Recipient("38595111111", "a"), Recipient("0038595", "b"), TO), message(Recipient("385951", "c"), TO, text=None),
        message(), message(Recipient("38595222222")),
    ), POLICY)
    assert rows(found, ["1", "2", "3"]) == [
        (0, "a", "38595111111"), (-13, "b", "0038595"), (0, "2", "38595111111"), (-23, "c", "385951"), (-23, "", "38595111111"),
        (-6, "", ""), (0, "3", "38595222222"),
    ]
    assert [len(list(one.built())) for one in found] == [2, 0, 0, 1]


def test_v14_no_message_at_all_has_one_result() -> None:
    assert rows(checked(request())) == [(-6, "", "")]


FAULTS = [
    (-34, {"sender": "a" * 12}), (-30, {"appid": "a b"}), (-28, {"push_url": "ftp://x"}), (-27, {"send_date_time": timedelta(days=98)}),
    (-23, {"campaign_id": "č"}),
]


@pytest.mark.parametrize("at", range(len(FAULTS)))
def test_v14_the_order_of_the_faults_of_a_message(at: int) -> None:
    order = [-34, -30, -28, -23, -27]
    status = FAULTS[at][0]
    for other, fields in FAULTS:
        if order.index(other) >= order.index(status):
            assert status_of(**(fields | FAULTS[at][1])) == status
    read = Fault(-27, "SMS/message[1]/sendDateTime", "is none")
    assert check_message(message(TO, fault=read, **FAULTS[at][1]), POLICY) is read
    missing = check_message(message(fault=read, **FAULTS[at][1]), POLICY)
    assert missing == Fault(-6, "messages[0].recipients", "there is no recipient")


def test_v16_every_status_of_a_fault_is_a_row_that_is_emitted() -> None:
    for status, fields in FAULTS:
        assert status_of(**fields) == status and STATUSES[status].emitted and STATUSES[status].scope == "message"


@pytest.mark.parametrize(("fields", "expected"), [
    ({"binary": b"x"}, -23), ({"text": None}, -23), ({"datacoding": 4}, -23), ({"datacoding": 300}, -23), ({"src_ton": 9}, -23),
    ({"esmclass": 4}, -23), ({"type": "other"}, -23), ({"flash": True, "text": None, "binary": b"x", "datacoding": 2}, -23),
    ({"text": "č" * 71, "type": "nSMS"}, -23), ({"text": "\ud800"}, -23),
])
def test_v16_readable_but_impossible(fields: dict[str, Any], expected: int) -> None:
    assert status_of(**fields) == expected


def test_v17_a_bookmark_without_url_cannot_be_built() -> None:
    assert status_of(type="bookmark") == -1
    assert status_of(type="bookmark", wapurl="www.example.com") == 0


@pytest.mark.parametrize(("sender", "expected"), [
    ("Infobip", 0), ("ABCDEFGHIJK", 0), ("ABCDEFGHIJKL", -34), ("12345678901234", 0), ("123456789012345", -34), ("+12345678901234", 0),
    ("+123456789012345", -34), ("a\rb", -34), ("a\nb", -34), ("a\0b", -34), ("a\x1bb", -34), ("FORBIDDEN", -34), ("forbidden", -34),
    (" Forbidden ", -34), ("", -34), (" ", -34), ("\ud800", -34), ("١٢٣", -34), ("a b&c", 0), ("č", -34), ("+", 0),
])
def test_v19_senders(sender: str, expected: int) -> None:
    assert status_of(sender=sender) == expected


def test_v19_a_default_sender_is_the_accounts_own_choice() -> None:
    policy = Policy(default_sender="Forbidden", refused_senders=["FORBIDDEN"])
    assert check_message(message(TO, sender=""), policy) is None
    fault = check_message(message(TO, sender="Forbidden"), policy)
    assert fault == Fault(-34, "messages[0].sender", "is refused")


@pytest.mark.parametrize(("appid", "expected"), [
    ("", 0), ("a", 0), ("A-z_0.9", 0), ("a" * 64, 0), ("a" * 65, -30), ("a b", -30), ("a/b", -30), ("č", -30), ("a\n", -30), ("١", -30),
])
def test_v34_appid(appid: str, expected: int) -> None:
    assert status_of(appid=appid) == expected


@pytest.mark.parametrize(("url", "expected"), [
    ("", 0), ("http://example.com/", 0), ("http://127.0.0.1:9000/", 0), ("http://10.0.0.1/", -28), ("http://example.com:22/", -28),
    ("https://u@example.com/", -28), ("http://2130706433/", -28), ("nonsense", -28),
])
def test_v35_the_url_for_reports_even_if_they_are_not_pushed(url: str, expected: int) -> None:
    assert status_of(push_url=url) == status_of(push_url=url, nopush=True) == expected


@pytest.mark.parametrize(("campaign", "expected"), [("", 0), ("x" * 64, 0), ("x" * 65, -23), ("č", -23)])
def test_v37_campaign(campaign: str, expected: int) -> None:
    assert status_of(campaign_id=campaign) == expected


def test_v31_with_the_present_time_a_year_is_fine() -> None:
    from datetime import UTC, datetime

    late = message(TO, send_date_time=timedelta(days=365))
    assert check_message(late, POLICY, now=datetime(2026, 11, 25, tzinfo=UTC)) is None
    assert check_message(late, POLICY) is not None


# -- recipients


@pytest.mark.parametrize(("gsm", "expected"), [
    ("38595111111", 0), ("12345", 0), ("1" * 15, 0), ("1234", -13), ("1" * 16, -13), ("0959511111", -13), ("0038595111111", -13),
    ("+38595111111", -13), ("38595 111", -13), ("３８５９５１", -13), ("٣٨٥٩٥١", -13), ("38595111111\n", -13), ("", -13), ("abc", -13),
    ("38595\0", -13), ("\ud800", -13),
])
def test_v18_destinations(gsm: str, expected: int) -> None:
    (fault,) = check_recipients(message(Recipient(gsm)))
    assert (0 if fault is None else fault.status) == expected


def test_v18_the_same_number_twice_is_two_messages() -> None:
    assert [row.status for row in results_of(checked(request(message(TO, TO), message(TO)))).results] == [0, 0, 0]


@pytest.mark.parametrize(("name", "expected"), [
    ("a", 0), ("a" * 64, 0), ("a" * 65, -23), ("a,b", -23), ("a\nb", -23), ("a\0", -23), ("č 1", 0), (" a ", 0), ("  ", 0),
    (" " + "a" * 64 + " ", 0), ("\u202e", -23), ("\ud800", -23), ("007", 0),
])
def test_v21_message_ids(name: str, expected: int) -> None:
    found = check_recipients(message(TO, Recipient("385951", name)), "messages[4]")
    assert found[0] is None and (0 if found[1] is None else found[1].status) == expected
    if found[1] is not None:
        assert found[1].path == "messages[4].recipients[1].messageId"


def test_v15_v21_the_number_comes_before_the_id_and_both_before_a_duplicate() -> None:
    found = check_recipients(message(
        Recipient("0", "a,b"), Recipient("12345", "a,b"), Recipient("0", "x"), Recipient("12345", "x"), Recipient("0", "x"),
    Recipient("12345", "x"),
    ), seen=set())
    assert [0 if fault is None else fault.status for fault in found] == [-13, -23, -13, 0, -13, -33]


def test_v21_the_first_of_two_ids_wins_in_the_whole_request_and_refused_ones_use_up_none() -> None:
    found = checked(request(
        message(Recipient("0", "x"), text="y"), message(Recipient("12345", "x"), text=None), message(Recipient("12345", "x")),
        message(Recipient("12345", " x "), Recipient("12345", "X"), TO, TO),
    ))
    assert rows(found) == [
        (-13, "x", "0"), (-23, "x", "12345"), (0, "x", "12345"), (-33, "x", "12345"), (0, "X", "12345"), (0, "", TO.gsm), (0, "", TO.gsm),
    ]
    assert found[3].faults[0] == Fault(-33, "messages[3].recipients[0].messageId", "was used before in the request")


def test_v15_what_a_gateway_refuses_uses_up_no_id_either() -> None:
    found = checked(request(message(Recipient("12345", "x"), Recipient("23456", "x"), Recipient("34567", "x"))), duplicates=False)
    assert [row[0] for row in rows(found)] == [0, 0, 0]
    found[0].faults[0] = Fault(-3, "", "no route")
    mark_duplicates(found)
    assert [row[0] for row in rows(found)] == [-3, 0, -33]
    assert [one.to.value for one in found[0].built()] == ["23456"]


def test_v22_generated_ids_show_where_the_client_gave_none() -> None:
    found = checked(request(message(TO, Recipient("0"), Recipient("12345", "mine")), message(TO)))
    assert rows(found, ["001", "002", "003"]) == [(0, "001", TO.gsm), (-13, "", "0"), (0, "mine", "12345"), (0, "003", TO.gsm)]
    with pytest.raises(ValueError, match="fewer ids"):
        results_of(found, ["001"])


@pytest.mark.parametrize("text", ["\0", "a\r\nb", "\ud800", "\ufffe", "\u202e"])
def test_v15_an_answer_has_no_character_that_a_document_cannot_hold(text: str) -> None:
    (row,) = results_of(checked(request(message(Recipient(text, "a" + text + "b"))))).results
    assert row.status == -13 and row.destination.isprintable() and row.message_id.isprintable()
    assert refused(-5, request(message(Recipient(text)))).results[0].destination.isprintable()


# -- all together


@given(st.lists(messages(), max_size=5))
def test_what_can_be_sent_has_no_fault_and_one_result_and_message_for_each_recipient(found: list[SendMessage]) -> None:
    asked = request(*found)
    for at, one in enumerate(found):
        one.recipients = [Recipient(to.gsm, f"{at}" * bool(to.message_id)) for to in one.recipients]
    done = checked(asked)
    assert [one.fault for one in done] == [None] * len(found)
    assert all(row.accepted for row in results_of(done).results) or not found
    assert [one.to.value for item in done for one in item.built()] == [to.gsm for one in found for to in one.recipients]


ANY = st.text(max_size=20)


MESSAGES = st.builds(
    SendMessage, sender=ANY, text=st.none() | ANY, flash=st.booleans(), type=st.sampled_from(("", "longSMS", "nSMS", "bookmark")) | ANY,
    wapurl=ANY, binary=st.none() | st.binary(max_size=200), datacoding=st.none() | st.integers(-1, 256),
    esmclass=st.none() | st.integers(-1, 256), src_ton=st.none() | st.integers(-1, 300), send_date_time=st.none() | st.timedeltas(),
    validity_period=st.none() | st.timedeltas(), appid=ANY, push_url=ANY, campaign_id=ANY,
    recipients=st.lists(st.builds(Recipient, gsm=numbers | ANY, message_id=ANY), max_size=4),
)


@given(MESSAGES, st.sampled_from((
    POLICY, Policy(default_sender="a", on_overlong="truncate"), Policy(on_overlong="reject", auto_unicode=False, latin1=True),
)))
def test_any_message_is_checked_and_has_a_result_for_each_recipient(one: SendMessage, policy: Policy) -> None:
    (done,) = checked(request(one), policy)
    assert done.fault == check_message(one, policy)
    response = results_of([done], map(str, range(9)))
    assert len(response.results) == max(1, len(one.recipients))
    for fault in (done.fault, *done.faults):
        assert fault is None or fault.status in STATUSES and fault.reason.isascii() and fault.reason.isprintable() and fault.path
    assert (done.prepared is None) == (done.fault is not None)


BIG = 2 * 1024 * 1024


@pytest.mark.parametrize("fields", [
    {"sender": "a" * BIG}, {"sender": "1" * BIG}, {"sender": "[" * BIG}, {"text": "a" * BIG}, {"text": "č" * BIG}, {"text": "\ud800" * BIG},
    {"text": "a" * BIG, "datacoding": 3}, {"text": "a" * BIG + "č", "type": "longSMS"}, {"text": "e\u0301" * (BIG // 2)},
    {"text": None, "binary": bytes(BIG)}, {"text": None, "binary": b"\0a" * (BIG // 2), "datacoding": 8, "type": "longSMS"},
    {"type": "bookmark", "wapurl": "a.com/" * (BIG // 6)}, {"type": "bookmark", "wapurl": "a", "text": "č" * BIG}, {"appid": "a" * BIG},
    {"push_url": "http://" + "a." * (BIG // 2)}, {"campaign_id": "a" * BIG}, {"recipients": [Recipient("1" * BIG, "x" * BIG)]},
    {"recipients": [Recipient("\0" * BIG, "\0" * BIG)]}, {"recipients": [Recipient("12345", " " * BIG)]},
])
@pytest.mark.parametrize("policy", [POLICY, Policy(on_overlong="truncate", latin1=True), Policy(auto_unicode=False, default_sender="a")])
def test_a_value_of_two_mib_is_checked_quickly(fields: dict[str, Any], policy: Policy) -> None:
    asked = request(message(TO, **fields))
    start = time.process_time()
    assert results_of(checked(asked, policy)).results
    assert time.process_time() - start < 0.2  # 50 ms on a quiet machine


def test_ten_thousand_recipients_take_a_few_milliseconds() -> None:
    many = request(message(*(Recipient(str(385950000000 + at), f"id-{at}") for at in range(MOST_RECIPIENTS))))
    spent = []
    for _ in range(5):
        start = time.process_time()
        assert check_request(many) is None
        response = results_of(checked(many))
        spent.append(time.process_time() - start)
    assert len(response.results) == MOST_RECIPIENTS and all(row.accepted for row in response.results)
    assert min(spent) < 0.1  # some 7 ms; a slow machine is no fault
