"""V42: a date survives being written and read, padded or not, in every offset; whatever is no date is None."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.http.date import format_date, parse_date
from smswire.http.errors import DocumentError

moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)).map(lambda when: when.replace(microsecond=0))
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timedelta(minutes=minutes))


@given(moments)
def test_v42_what_is_written_is_read(when: datetime) -> None:
    assert parse_date(format_date(when)) == when


@given(moments, offsets, offsets)
def test_v42_an_aware_date_is_the_same_moment_whatever_the_offset(when: datetime, theirs: timedelta, ours: timedelta) -> None:
    aware = when.replace(tzinfo=timezone(theirs))
    read = parse_date(format_date(aware, ours), ours)
    assert read == aware and read.utcoffset() == ours


def test_v42_month_and_day_are_unpadded_and_the_time_is_padded() -> None:
    assert format_date(datetime(2010, 8, 2, 4, 5, 6, 999_999)) == "2010/8/2 04:05:06"
    assert format_date(datetime(987, 12, 31, 23, 59, 59)) == "0987/12/31 23:59:59"


def test_v42_the_account_s_offset_moves_aware_dates_only() -> None:
    hours = timedelta(hours=2)
    assert format_date(datetime(2010, 8, 2, 23, 0, 0, tzinfo=UTC), hours) == "2010/8/3 01:00:00"
    assert format_date(datetime(2010, 8, 2, 23, 0, 0), hours) == "2010/8/2 23:00:00"


@pytest.mark.parametrize("text", [
    "2010/8/2 14:55:10", "2010/08/02 14:55:10", " 2010/8/2  14:55:10 ", "2010/8/2\n14:55:10", "2010/08/2 14:55:10",
])
def test_v42_padded_and_unpadded_dates_are_read(text: str) -> None:
    assert parse_date(text) == datetime(2010, 8, 2, 14, 55, 10)


def test_v42_the_print_has_a_time_without_zeros() -> None:
    assert parse_date("2005/7/19 22:0:0") == datetime(2005, 7, 19, 22)


@pytest.mark.parametrize("text", [
    "", " ", "xxxxx", "2010/8/2", "14:55:10", "2010/13/1 00:00:00", "2010/2/30 00:00:00", "2010/8/2 24:00:00", "2010/8/2 00:60:00",
    "0000/1/1 00:00:00", "2010-08-02 14:55:10", "2010/8/2 14:55", "2010/8/2 14:55:10:1", "2010/8/2 1 14:55:10", "10/8/2 14:55:10",
    "2010/8/2 -1:55:10", "٢٠١٠/8/2 14:55:10", "2010/8/2 14:55:١٠", " " * 100 + "2010/8/2 14:55:10",
])
def test_v42_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@given(st.text())
def test_v42_any_text_is_a_date_or_none(text: str) -> None:
    assert parse_date(text) is None or parse_date(format_date(parse_date(text))) == parse_date(text)


@pytest.mark.parametrize(("when", "offset"), [
    (datetime.min.replace(tzinfo=UTC), timedelta(hours=-1)), (datetime.max.replace(tzinfo=UTC), timedelta(hours=1)),
    (datetime(2010, 1, 1, tzinfo=UTC), timedelta(days=2)),
])
def test_v42_a_date_that_the_calendar_does_not_hold_is_refused(when: datetime, offset: timedelta) -> None:
    with pytest.raises(DocumentError) as refused:
        format_date(when, offset)
    assert refused.value.status == -23
