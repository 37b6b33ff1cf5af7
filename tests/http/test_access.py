"""A call that must not be made twice is never written twice; every call ends; the primary is preferred, and tried again after a pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import EncodeError
from smswire.http.access import AccessPoints, Fate, fate_of
from smswire.http.errors import (
    AccessPointError,
    ApiError,
    BadAnswer,
    CommunicationFailed,
    ConnectFailed,
    GeneralFailure,
    InvalidUserOrPassword,
    NoAnswer,
)
from smswire.http.point import AccessPoint, parse_points, proxy_login, proxy_of
from smswire.session.backoff import Backoff

ONE, TWO, THREE = (AccessPoint(f"{name}.example", 443, True) for name in ("one", "two", "three"))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def points(*some: AccessPoint, clock: Clock | None = None, **options: float) -> AccessPoints:
    return AccessPoints(some, backoff=Backoff(base=5, cap=60, jitter=0), clock=clock or Clock(), **options)


def unsent() -> ApiError:
    return ConnectFailed("nobody is there")


def lost() -> ApiError:
    return NoAnswer("silence")


FAILURES = st.sampled_from([
    (unsent(), 0), (NoAnswer("silence", written=False), 0), (lost(), 0), (BadAnswer("HTML", http_status=502), 502),
    (BadAnswer("HTML", http_status=503), 503), (BadAnswer("HTML", http_status=200), 200), (BadAnswer("HTML", http_status=404), 404),
    (BadAnswer("moved", http_status=302), 302), (CommunicationFailed(-26), 503), (CommunicationFailed(-26), 200),
    (InvalidUserOrPassword(-5), 200), (GeneralFailure(-99), 200), None,
])


@given(st.integers(1, 4), st.lists(st.tuples(st.booleans(), st.lists(FAILURES, min_size=4, max_size=4), st.floats(0, 100)), max_size=12))
def test_no_call_that_must_not_be_repeated_may_have_been_taken_twice_and_every_call_ends(count, calls) -> None:
    clock = Clock()
    access = points(*(AccessPoint(f"{number}.example", 80) for number in range(count)), clock=clock)
    for repeatable, outcomes, pause in calls:
        clock.now += pause
        walk = access.walk(repeatable)
        taken, fates = 0, []
        error = None
        for attempt in range(count + 1):
            try:
                walk.next()
            except ApiError as found:
                error = found
                break
            assert attempt < count, "more attempts than access points"
            outcome = outcomes[attempt]
            assert walk.repeated == (Fate.LOST in fates)
            if outcome is None:
                taken += 1
                walk.answered()
                break
            fate = fate_of(*outcome)
            fates.append(fate)
            taken += fate is Fate.LOST
            walk.failed(*outcome)
        assert repeatable or taken <= 1
        assert len(set(walk.tried)) == len(walk.tried)
        assert Fate.FINAL not in fates[:-1]
        if error is not None and len(fates) > 1 and Fate.LOST in fates:
            assert not isinstance(error, AccessPointError) or error.written


@given(st.lists(st.tuples(st.sampled_from(["next", "failed", "answered"]), st.integers(0, 2), st.floats(0, 70)), max_size=40))
def test_a_point_is_always_given_and_the_first_that_is_in_no_pause(moves) -> None:
    clock = Clock()
    access = points(ONE, TWO, THREE, clock=clock)
    for move, place, time in moves:
        clock.now += time
        if move == "next":
            paused = access.paused
            found = access.next()
            free = [point for point in access.points if point not in paused]
            assert found == (free[0] if free else found)
            assert found in access.points
        else:
            getattr(access, move)(access.points[place])
    assert access.next(access.points) is None


def test_what_was_certainly_not_taken_goes_to_the_next_access_point_whatever_it_is() -> None:
    for error, status in ((unsent(), 0), (CommunicationFailed(-26), 503)):
        walk = points(ONE, TWO).walk(repeatable=False)
        assert walk.next() == ONE
        walk.failed(error, status)
        assert walk.next() == TWO
        walk.answered()
        assert not walk.repeated


@pytest.mark.parametrize(("error", "status"), [
    (lost(), 0), (BadAnswer("HTML", http_status=504), 504), (BadAnswer("?", http_status=0), 0), (CommunicationFailed(-26), 200),
])
def test_what_may_have_been_taken_goes_on_only_if_it_may_be_repeated(error: ApiError, status: int) -> None:
    walk = points(ONE, TWO).walk(repeatable=False)
    walk.next()
    walk.failed(error, status)
    with pytest.raises(type(error)) as found:
        walk.next()
    assert found.value is error
    walk = points(ONE, TWO).walk(repeatable=True)
    walk.next()
    walk.failed(error, status)
    assert walk.next() == TWO
    assert walk.repeated


@pytest.mark.parametrize("error", [
    InvalidUserOrPassword(-5), GeneralFailure(-99), BadAnswer("gone", http_status=404), BadAnswer("moved", http_status=301),
])
def test_an_answer_that_another_access_point_would_give_too_ends_the_call_and_pauses_nobody(error: ApiError) -> None:
    access = points(ONE, TWO)
    walk = access.walk(repeatable=True)
    walk.next()
    walk.failed(error)
    with pytest.raises(type(error)):
        walk.next()
    assert access.paused == ()


def test_an_error_says_that_an_attempt_may_have_been_taken_whatever_later_ones_say() -> None:
    for later in (unsent(), InvalidUserOrPassword(-5), CommunicationFailed(-26)):
        walk = points(ONE, TWO).walk(repeatable=True)
        walk.next()
        walk.failed(NoAnswer("one: silence"))
        walk.next()
        walk.failed(later, 503)
        with pytest.raises(NoAnswer, match="one: silence; ") as found:
            walk.next()
        assert found.value.written
        assert found.value.__cause__ is later


def test_an_error_of_connecting_names_all_that_were_tried() -> None:
    walk = points(ONE, TWO).walk(repeatable=False)
    for point in (ONE, TWO):
        assert walk.next() == point
        walk.failed(ConnectFailed(f"{point}: the connection is refused"))
    with pytest.raises(ConnectFailed, match="one.example:443: .*; https://two.example:443: "):
        walk.next()


def test_the_primary_is_passed_over_for_its_pause_then_tried_by_one_call_first() -> None:
    clock = Clock()
    access = points(ONE, TWO, clock=clock, lease=30)
    assert access.failed(ONE) == 5
    clock.now = 4.9
    assert access.next() == TWO
    assert access.paused == (ONE,)
    clock.now = 5.0
    assert access.next() == ONE
    assert access.next() == TWO, "one call tries it, the others do not wait for what may not work"
    assert access.failed(ONE) == 10, "the pause grows"
    clock.now = 16
    assert access.next() == ONE
    access.answered(ONE)
    assert access.next() == ONE
    assert access.failed(ONE) == 5, "and begins anew after an answer"


def test_one_call_that_never_comes_back_from_its_try_does_not_keep_the_primary_out() -> None:
    clock = Clock()
    access = points(ONE, TWO, clock=clock, lease=30)
    access.failed(ONE)
    clock.now = 5
    assert access.next() == ONE
    clock.now = 34
    assert access.next() == TWO
    clock.now = 35
    assert access.next() == ONE


def test_where_all_are_in_a_pause_the_one_that_ends_first_is_tried_at_once() -> None:
    clock = Clock()
    access = points(ONE, TWO, clock=clock)
    access.failed(ONE)
    access.failed(ONE)
    access.failed(TWO)
    assert access.next() == TWO
    assert access.next([TWO]) == ONE


# -- where they are

@pytest.mark.parametrize(("url", "found"), [
    ("http://api.example", [("api.example", 80, False, "")]),
    ("HTTPS://api.example/", [("api.example", 443, True, "")]),
    ("https://api.example,api2.example:8443/base/", [("api.example", 443, True, "/base"), ("api2.example", 8443, True, "/base")]),
    ("https://one.example, http://two.example/x", [("one.example", 443, True, ""), ("two.example", 80, False, "/x")]),
    (["https://one.example", "https://one.example", "https://[::1]:9"], [("one.example", 443, True, ""), ("::1", 9, True, "")]),
    ("http://bücher.example", [("xn--bcher-kva.example", 80, False, "")]),
])
def test_access_points_are_read_from_urls(url, found) -> None:
    access, user, password = parse_points(url, "name", "secret")
    assert [(point.host, point.port, point.tls, point.base) for point in access] == found
    assert (user, password) == ("name", "secret")


def test_the_arguments_win_over_the_login_in_the_url() -> None:
    url = "https://a%40b:p%3Aq%2Cr@api.example,api2.example"
    assert parse_points(url)[1:] == ("a@b", "p:q,r")
    assert parse_points(url, password="other")[1:] == ("a@b", "other")
    assert parse_points(url, "name", "")[1:] == ("name", "")
    assert str(parse_points(url)[0][0]) == "https://api.example:443"
    assert str(AccessPoint("::1", 80)) == "http://[::1]:80"


@pytest.mark.parametrize("url", [
    "", "api.example", "ftp://api.example", "http://", "http://,", "http://api.example:0", "http://api.example:99999", "http://a b",
    "http://api.example?x=SECRET", "http://api.example/x#SECRET", "http://name:SECRET/x@api.example", "http://api.example/ü",
    "http://api.example/%zz", "http://api.example/api/v3/sendsms/xml", "http://api.example/api", "http://[api.example]", "http://::1",
    "http://name:%zzSECRET@api.example", "http://name:%ffSECRET@api.example", "http://name:SECRET@[::1", "http://name:SECRETapi.example",
    ["http://a:SECRET@one.example", "http://a:SECRET2@two.example"], [], [5], "http://" + "a" * 64 + ".example",
])
def test_a_url_that_is_none_is_refused_and_nothing_of_it_that_may_be_a_password_is_shown(url) -> None:
    with pytest.raises(EncodeError) as found:
        parse_points(url, "name")
    assert "SECRET" not in f"{found.value} {found.value!r}"
    assert found.value.__cause__ is None


def test_somebody_must_be_named() -> None:
    with pytest.raises(EncodeError, match="nobody is named"):
        parse_points("http://api.example")
    assert parse_points("http://api.example", "")[1:] == ("", "")


def test_the_proxies_of_the_environment_are_used_only_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "two.example")
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.delenv("all_proxy", raising=False)
    assert proxy_of(ONE, "") == ""
    assert proxy_of(ONE, "environment") == "http://proxy.example:3128"
    assert proxy_of(TWO, "environment") == ""
    assert proxy_of(AccessPoint("one.example", 80), "environment") == ""
    assert proxy_of(TWO, "http://other.example") == "http://other.example"
    assert proxy_login("http://me:s%3A@proxy.example:3128/") == ("http://proxy.example:3128", "me:s:")
    assert proxy_login("http://proxy.example") == ("http://proxy.example", "")
