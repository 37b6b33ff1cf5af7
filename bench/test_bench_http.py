"""Requests to send as XML and JSON: loaded and dumped, of 1, 100 and 10,000 recipients, beside loops over the trees of others."""

from typing import Any

import http_documents
import pytest
from http_documents import DUMPERS, LOADERS, SIZES

LOADS = [(form, name, size) for form, loaders in LOADERS.items() for size in SIZES for name in loaders]
DUMPS = [(form, name, size) for form, dumpers in DUMPERS.items() for size in SIZES for name in dumpers]


@pytest.mark.parametrize(("form", "name", "size"), LOADS)
def test_load(benchmark: Any, form: str, name: str, size: int) -> None:
    benchmark.group = f"load {form} of {size:,} recipients"
    body = DUMPERS[form]["smswire"](http_documents.request(size))
    benchmark(LOADERS[form][name], body)


@pytest.mark.parametrize(("form", "name", "size"), DUMPS)
def test_dump(benchmark: Any, form: str, name: str, size: int) -> None:
    benchmark.group = f"dump {form} of {size:,} recipients"
    benchmark(DUMPERS[form][name], http_documents.request(size))


@pytest.mark.parametrize("form", LOADERS)
@pytest.mark.parametrize("size", SIZES)
def test_all_read_and_write_the_same(form: str, size: int) -> None:
    request = http_documents.request(size)
    bodies = {dump(request) for dump in DUMPERS[form].values()}
    for body in bodies:
        assert all(load(body) == request for load in LOADERS[form].values())
    assert form == "XML" or len(bodies) == 1
