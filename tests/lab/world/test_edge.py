"""The ingress as a process, against stand-ins for what is behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from drctl.lab.layout import ADDRESSES, PUBLIC_NAME
from lab.world.stand_ins import Front, certificate, serving, slices

if TYPE_CHECKING:
    from drctl.lab.layout import Layout
    from lab.world.conftest import Eventually
    from lab.world.stand_ins import Answer

pytestmark = pytest.mark.lab


def pod_answer(method: str, _path: str, body: bytes) -> Answer:
    return 201 if method == "POST" else 200, {}, json.loads(body or b"{}")


def test_the_ingress_forwards_to_ready_endpoints_and_says_where_it_is(
    certified: Layout, eventually: Eventually
) -> None:
    front = Front(certified, "east")
    api = serving(ADDRESSES["east"], certified.ports.kube, front.list, certificate(certified, "kube-east"))
    with api, serving(ADDRESSES["east"], 0, pod_answer) as pod:
        eventually(lambda: front.status() == 503)
        front.listed = slices((ADDRESSES["east"], pod, False))
        nobody = front.call()
        front.listed = slices((ADDRESSES["east"], pod, True))
        eventually(lambda: front.status() == 200)
        answer = front.call("POST")

    assert nobody.headers["x-region"] == "east"
    assert answer.status == 201
    assert answer.body == {"id": "o-1"}
    assert answer.headers["x-region"] == "east"


def test_the_ingress_keeps_the_last_known_endpoints_while_the_api_is_down(
    certified: Layout, eventually: Eventually
) -> None:
    front = Front(certified, "east")
    with serving(ADDRESSES["east"], 0, pod_answer) as pod:
        front.listed = slices((ADDRESSES["east"], pod, True))
        with serving(ADDRESSES["east"], certified.ports.kube, front.list, certificate(certified, "kube-east")):
            eventually(lambda: front.status() == 200)
            front.fails = True
            front.listed = slices()
            eventually(lambda: front.refused >= 2)
        assert front.call().status == 200
    assert front.call().status == 503


def test_the_ingress_serves_its_own_name_only(certified: Layout, eventually: Eventually) -> None:
    front = Front(certified, "east")
    eventually(lambda: front.status() == 503)

    assert front.call(host="other.lab.test").status == 421
    assert front.call(host=f"{PUBLIC_NAME}:{certified.ports.https}").status == 503
