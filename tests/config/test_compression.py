"""Pages leave compressed, to whoever takes them so, and come out as they went in."""

import gzip

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from config.compression import CompressionMiddleware

PAGE = "<li>Crème fraîche 2,50\u202f€</li>".encode() * 100


def sent(response, accepts="gzip, deflate, br"):
    request = RequestFactory().get("/", headers={"Accept-Encoding": accepts})
    return CompressionMiddleware(lambda _request: response)(request)


def test_a_page_is_a_tenth_of_itself_and_comes_out_whole():
    response = sent(HttpResponse(PAGE))

    assert response["Content-Encoding"] == "gzip"
    assert len(response.content) < len(PAGE) / 10
    assert int(response["Content-Length"]) == len(response.content)
    assert gzip.decompress(response.content) == PAGE
    assert response["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepts", ["", "br", "x-gzipped"])
def test_whoever_does_not_take_it_compressed_gets_it_as_it_is(accepts):
    response = sent(HttpResponse(PAGE), accepts)

    assert response.content == PAGE
    assert not response.has_header("Content-Encoding")
    assert response["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(b"x" * 199),
        HttpResponse(PAGE, headers={"Content-Encoding": "br"}),
        HttpResponse(gzip.compress(bytes(range(256)) * 2, mtime=0)),
    ],
    ids=["short", "compressed already", "no shorter compressed"],
)
def test_what_would_gain_nothing_is_left_alone(response):
    before, encoding = response.content, response.get("Content-Encoding")

    sent(response)

    assert (response.content, response.get("Content-Encoding")) == (before, encoding)


@pytest.mark.parametrize(("given", "found"), [('"abc"', 'W/"abc"'), ('W/"abc"', 'W/"abc"')])
def test_its_name_says_that_its_bytes_are_others(given, found):
    assert sent(HttpResponse(PAGE, headers={"ETag": given}))["ETag"] == found


def test_without_a_name_it_gets_none():
    assert not sent(HttpResponse(PAGE)).has_header("ETag")


def test_the_size_of_one_page_varies_so_that_it_tells_nothing_of_its_token():
    assert len({len(sent(HttpResponse(PAGE)).content) for _ in range(20)}) > 3


def test_what_is_streamed_is_compressed_as_it_comes():
    response = sent(StreamingHttpResponse(iter([PAGE, PAGE])))

    assert gzip.decompress(b"".join(response.streaming_content)) == PAGE * 2
