"""NATS subjects as steps need them."""

from __future__ import annotations


def probe_subject(subject: str) -> str:
    """Return one literal subject that a pattern covers, for a probe that no stream stores.

    `orders.>` becomes `orders._drctl_probe`, `a.*.b` becomes `a._drctl_probe.b`; a literal stays as it is.
    """
    return ".".join("_drctl_probe" if token in {"*", ">"} else token for token in subject.split("."))
