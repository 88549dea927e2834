"""The lab's certificate authority: one for ingress and Kubernetes API of both regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trustme

from drctl.lab.layout import ADDRESSES, PUBLIC_NAME, REGIONS

if TYPE_CHECKING:
    from drctl.lab.layout import Layout


def issue_certificates(layout: Layout) -> None:
    """Make a new authority and the certificates `ingress-R` and `kube-R` of both regions.

    The authority's own key is kept nowhere: what it signs here is all that it ever signs.
    """
    authority = trustme.CA(organization_name="drctl lab")
    authority.cert_pem.write_to_path(str(layout.ca_file))
    for region in REGIONS:
        _issue(layout, authority, f"ingress-{region}", (PUBLIC_NAME, ADDRESSES[region]))
        _issue(layout, authority, f"kube-{region}", (ADDRESSES[region],))


def _issue(layout: Layout, authority: trustme.CA, name: str, identities: tuple[str, ...]) -> None:
    issued = authority.issue_cert(*identities)
    layout.cert_file(name).write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    key_file = layout.key_file(name)
    key_file.touch(mode=0o600)
    key_file.write_bytes(issued.private_key_pem.bytes())
