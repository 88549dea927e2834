from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from drctl.lab.clients.pace import keep_ordering
from drctl.lab.truth import Attempt

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Slow:
    """Takes orders until it had enough; `silent`, it answers none before. Knows how many were under way at once."""

    def __init__(self, enough: int, *, silent: bool = False) -> None:
        self.silent = silent
        self.orders = list[str]()
        self.under_way = self.most = 0
        self.enough = enough
        self.stopped = asyncio.Event()
        self.answers = asyncio.Event()

    async def order(self, order: str) -> Attempt:
        self.orders.append(order)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if len(self.orders) >= self.enough:
            self.stopped.set()
            self.answers.set()
        elif self.silent:
            await self.answers.wait()
        await asyncio.sleep(0)
        self.under_way -= 1
        return Attempt(order, _NOW, _NOW)


def orders_of(slow: Slow, *, open_max: float) -> list[str]:
    lines: list[str] = []
    asyncio.run(keep_ordering(slow, lines.append, 0, slow.stopped, open_max))
    return [Attempt.from_json(line).id for line in lines]


def test_who_has_one_connection_has_one_order_under_way() -> None:
    slow = Slow(enough=20)

    recorded = orders_of(slow, open_max=1)

    assert slow.most == 1
    assert recorded == slow.orders


def test_whoever_else_orders_does_not_wait_for_answers_and_writes_all_of_them_down() -> None:
    slow = Slow(enough=20, silent=True)

    recorded = orders_of(slow, open_max=float("inf"))

    assert slow.most == 20
    assert sorted(recorded) == sorted(slow.orders)


def test_no_two_orders_have_one_id_not_even_of_two_runs() -> None:
    ids = orders_of(Slow(enough=5), open_max=1) + orders_of(Slow(enough=5), open_max=1)

    assert len(set(ids)) == len(ids) == 10
