"""Errors survive the way between processes and copying, with what they carry and without secrets."""

import copy
import pickle

import pytest

from smswire.http import errors
from smswire.http.batch import PartlySent
from smswire.http.errors import AccessPointError, ApiError, BadAnswer, ConnectFailed, DocumentError, NoAnswer, RequestRefused, refusal
from smswire.http.request import Recipient, SendMessage, SendRequest
from smswire.http.response import SendResponse, SendResult
from smswire.http.service import ResultsDiffer
from smswire.http.status import STATUSES
from smswire.http.webhook import UnsignedPush

ANSWER = SendResponse((SendResult(-2, "", "385951111111"),))
REST = SendRequest(messages=[SendMessage(text="a", recipients=[Recipient("385951111111", "1")])])

ERRORS: list[ApiError] = [
    DocumentError("is none", path="SMS/message[1]", status=-23), AccessPointError("x", written=True), ConnectFailed("nobody"),
    NoAnswer("silence", written=False), BadAnswer("a page", http_status=500, content_type="text/html", octets=b"<html>"),
    ResultsDiffer(ANSWER, 2), PartlySent(NoAnswer("silence"), ANSWER, REST, 1), UnsignedPush("late"), refusal(None), refusal(-4711),
    *(refusal(status, ANSWER, "all") for status in STATUSES if status),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__} {getattr(error, 'status', '')}")
def test_an_error_comes_whole_through_pickle_and_copy(error: ApiError) -> None:
    error.request = REST
    for made in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(made) is type(error) and str(made) == str(error)
        different = {name for name, value in vars(error).items() if getattr(made, name) != value}
        assert different <= {"error"} and str(vars(made).get("error")) == str(vars(error).get("error"))


def test_every_class_is_among_them() -> None:
    named = {kind for name in errors.__all__ if isinstance(kind := getattr(errors, name), type)}
    assert named - {type(error) for error in ERRORS} <= {ApiError, RequestRefused}
