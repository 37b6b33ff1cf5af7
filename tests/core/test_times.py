"""SMPP times: what is written comes back, relative times follow the calendar, every other text is refused by one kind of error."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smpp_core.errors import EncodeError
from smpp_core.times import SmppTime, is_valid

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

digits = st.text("0123456789", min_size=15, max_size=15)
zones = st.integers(-48, 48).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
moments = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=zones)
spans = st.timedeltas(timedelta(0), timedelta(days=100) - timedelta(microseconds=1))


class Zagreb(tzinfo):
    """One hour ahead of UTC, two from the last Sunday of March 2026 on; no zone files are needed."""

    def dst(self, when: datetime | None) -> timedelta:
        summer = when is not None and when.replace(tzinfo=None) >= datetime(2026, 3, 29, 3)
        return timedelta(hours=1 if summer else 0)

    def utcoffset(self, when: datetime | None) -> timedelta:
        return timedelta(hours=1) + self.dst(when)

    def tzname(self, when: datetime | None) -> str:
        return "Zagreb"


def tenths(when: datetime) -> datetime:
    return when.replace(microsecond=when.microsecond // 100_000 * 100_000)


@given(st.text(max_size=20) | st.tuples(digits, st.sampled_from("+-R")).map("".join) | st.from_regex(r"[0-9]{8,18}[+\-R]?", fullmatch=True))
@example("")
@example("070605040302100R")
@example("²60131120000000+")
@example("٢٦٠١٣١١٢٠٠٠٠٠٠٠+")
@example("260131120000000r")
def test_a_text_is_read_as_it_stands_or_refused(text: str) -> None:
    ascii_digits = all(char in "0123456789" for char in text[:15])
    full = len(text) == 16 and ascii_digits and text[15] in "+-R"
    assert is_valid(text) is full
    if not full and not (len(text) in (10, 12) and ascii_digits):
        with pytest.raises(EncodeError):
            SmppTime.parse(text)
        return
    time = SmppTime.parse(text)
    assert str(time) == time.text == text
    assert time.is_relative == text.endswith("R")
    parts = "".join(f"{part:02}" for part in (time.year, time.month, time.day, time.hour, time.minute, time.second))
    assert f"{parts}{time.tenths}{time.quarters:02}{time.sign}".startswith(text)
    assert pickle.loads(pickle.dumps(time)) == copy.deepcopy(time) == time and hash(time) == hash(SmppTime.parse(text))


@given(st.tuples(digits, st.sampled_from(("+", "-", "R"))).map("".join) | st.text("0123456789", min_size=12, max_size=12), moments)
@example("991299999999900R", datetime(9950, 1, 1, tzinfo=UTC))
def test_every_time_is_a_moment_or_refused(text: str, now: datetime) -> None:
    try:
        moment = SmppTime.parse(text).at(now)
    except EncodeError:
        return
    assert moment.utcoffset() is not None
    if text.endswith("R"):
        assert moment >= now


@given(spans, moments)
def test_a_span_that_is_written_comes_back_to_the_tenth(span: timedelta, now: datetime) -> None:
    text = SmppTime.format(span)
    assert is_valid(text) and text.startswith("0000") and text.endswith("R")
    assert SmppTime.parse(text).at(now) - now == timedelta(seconds=span // timedelta(milliseconds=100) / 10)


@given(moments)
def test_a_moment_that_is_written_comes_back_to_the_tenth(when: datetime) -> None:
    text = SmppTime.format(when)
    assert is_valid(text)
    back = SmppTime.parse(text).at(NOW)
    assert back == tenths(when) and back.utcoffset() == when.utcoffset()


def test_the_vendor_s_example_is_seven_years_to_one_tenth() -> None:
    time = SmppTime.parse("070605040302100R")
    assert (time.year, time.month, time.day, time.hour, time.minute, time.second, time.tenths, time.quarters, time.sign) == (
        7, 6, 5, 4, 3, 2, 1, 0, "R",
    )
    assert time.at(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2033, 7, 6, 4, 3, 2, 100_000, tzinfo=UTC)


@pytest.mark.parametrize(("now", "text", "wanted"), [
    ("2026-01-31", "000100000000000R", "2026-02-28"),
    ("2028-01-31", "000100000000000R", "2028-02-29"),
    ("2028-02-29", "010000000000000R", "2029-02-28"),
    ("2026-12-15", "000100000000000R", "2027-01-15"),
    ("2026-12-31", "001400000000000R", "2028-02-29"),
    ("2026-01-31", "000101000000000R", "2026-03-01"),
    ("2026-01-31", "000000240000000R", "2026-02-01"),
    ("2026-01-31", "000000000000000R", "2026-01-31"),
])
def test_relative_years_and_months_follow_the_calendar(now: str, text: str, wanted: str) -> None:
    assert SmppTime.parse(text).at(datetime.fromisoformat(now).replace(tzinfo=UTC)) == datetime.fromisoformat(wanted).replace(tzinfo=UTC)


def test_days_keep_the_clock_and_hours_keep_the_span_where_summer_time_begins() -> None:
    zone = Zagreb()
    now = datetime(2026, 3, 28, 12, 0, tzinfo=zone)
    assert SmppTime.parse("000001000000000R").at(now) == datetime(2026, 3, 29, 12, 0, tzinfo=zone)
    assert SmppTime.parse("000000240000000R").at(now) == datetime(2026, 3, 29, 13, 0, tzinfo=zone)


@pytest.mark.parametrize(("text", "wanted"), [
    ("260131120000000+", "2026-01-31T12:00:00+00:00"),
    ("260131120000904+", "2026-01-31T12:00:00.900000+01:00"),
    ("260131120000022-", "2026-01-31T12:00:00-05:30"),
    ("260131120000", "2026-01-31T12:00:00+02:00"),
    ("2601311200", "2026-01-31T12:00:00+02:00"),
])
def test_absolute_times_are_in_their_zone_or_that_of_now(text: str, wanted: str) -> None:
    now = datetime(2025, 6, 1, tzinfo=timezone(timedelta(hours=2)))
    assert SmppTime.parse(text).at(now).isoformat() == wanted


@pytest.mark.parametrize("text", [
    "261301000000000+", "260230000000000+", "260101240000000+", "260101006000000-", "260101000000049+", "0000000000",
])
def test_digits_that_are_no_moment_are_refused_when_it_is_asked_for(text: str) -> None:
    with pytest.raises(EncodeError):
        SmppTime.parse(text).at(NOW)


def test_a_naive_present_is_refused() -> None:
    with pytest.raises(EncodeError):
        SmppTime.parse("000000010000000R").at(datetime(2026, 1, 1))


@pytest.mark.parametrize("when", [
    timedelta(days=100), timedelta(microseconds=-1), timedelta.max, datetime(2026, 1, 1), datetime(1999, 12, 31, tzinfo=UTC),
    datetime(2100, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=13))),
])
def test_what_does_not_fit_is_not_written(when: timedelta | datetime) -> None:
    with pytest.raises(EncodeError):
        SmppTime.format(when)


@pytest.mark.parametrize(("offset", "text"), [(13 * 60, "260131110000000+"), (-12 * 60, "260201000000048-"), (7, "260131235300000+")])
def test_an_offset_that_the_form_lacks_is_written_in_utc(offset: int, text: str) -> None:
    assert SmppTime.format(datetime(2026, 2, 1, tzinfo=timezone(timedelta(minutes=offset)))) == text
