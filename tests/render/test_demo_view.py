"""What the lab's demo shows at its end: what drctl said, and what each client saw."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from drctl.cli.demo_view import demo_json, print_demo
from drctl.lab.demo import Move, Told
from drctl.lab.judgement import Claim
from drctl.lab.truth import Attempt, Outage
from drctl.render.report_json import report_json
from simulation.stories import ALIVE, DEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from simulation.stories import Story

SECOND = timedelta(seconds=1)


def move(story: Story, *, stuck: str = "") -> Move:
    report = json.loads(json.dumps(report_json(story.run(story.begins()))))
    sent = datetime.fromisoformat(report["timeline"]["dns_sent_after"])
    outages: dict[str, Outage | None] = {
        client: outage(sent, 0 if client == stuck else after)
        for client, after in {"resolving": 2, "keep-alive": 9, "publisher": 3}.items()
    }
    return Move(report, outages, (Claim("one writer", "one", "one", agrees=not stuck),))


def outage(sent: datetime, after: int) -> Outage:
    before, back = sent - 3 * SECOND, sent + after * SECOND
    failed = Attempt("o-2", before + SECOND, before + 2 * SECOND)
    refused = Attempt("o-3", before + SECOND, before + 2 * SECOND, status=503)
    served = Attempt("o-4", back, back, "", "west", 201, "ORDERS", 4, "west") if after else None
    return Outage(Attempt("o-1", before, before, "", "east", 201, "ORDERS", 1, "east"), served, (failed, refused))


def test_each_client_is_shown_with_its_own_end_of_outage(console: Console, golden: Callable[[str, str], None]) -> None:
    told = Told(move(DEAD), move(ALIVE, stuck="keep-alive"), {"api RTO": "no order for 5 s"})

    print_demo(told, console, Path("demo"))

    assert isinstance(console.file, io.StringIO)
    golden("demo.txt", "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n")


def test_the_clients_are_in_the_document_and_null_is_what_was_not_seen() -> None:
    out, home = move(DEAD), move(ALIVE, stuck="keep-alive")

    document = json.loads(json.dumps(demo_json(Told(out, home, {}))))

    assert (document["checked"], document["failed"]) == (2, 1)
    served = {client["client"]: client for client in document["clients"]["failover"]}
    assert {name: client["after_dns_seconds"] for name, client in served.items()} == {
        "resolving": 2.0,
        "keep-alive": 9.0,
        "publisher": 3.0,
    }
    assert served["publisher"]["lasted_seconds"] == 6.0
    assert (served["publisher"]["failed"], served["publisher"]["unanswered"]) == (2, 1)
    stuck = document["clients"]["failback"][1]
    assert stuck["client"] == "keep-alive"
    assert stuck["began"]
    assert (stuck["ended"], stuck["lasted_seconds"], stuck["after_dns_seconds"]) == (None, None, None)
