"""Where everything of one lab is: addresses, ports, files. Written once by `lab up` as `lab.json`."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from drctl.lab.arrangement import Arrangement, Joined
from drctl.lab.port_claims import claim_ports

ADDRESSES = {"east": "127.0.0.11", "west": "127.0.0.12"}
REGIONS = ("east", "west")
# Who orders: one that resolves each time, one that keeps its connection, one that publishes to NATS directly.
CLIENTS = ("resolving", "keep-alive", "publisher")
RESOLVING, KEEP_ALIVE, PUBLISHER = CLIENTS
OUTSIDE = "127.0.0.1"
ZONE = "lab.test"
PUBLIC_NAME = "shop.lab.test"
ZONE_ID = "Z0LAB"
NAMESPACE = "shop"
TTL_SECONDS = 2
# The second zone, at the second vendor: its name moves with the first one, and nobody waits for its TTL.
CLOUDFLARE_ZONE = "lab-two.test"
CLOUDFLARE_NAME = "shop.lab-two.test"
CLOUDFLARE_ZONE_ID = "1ab0" * 8
CLOUDFLARE_TTL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Ports:
    """One number each. `https`, `kube` and NATS' own are the same in all regions; the rest are outside of them.

    `admin_*` take a component's faults (`POST /faults`) and say that it is up (`GET /`).
    """

    https: int
    nats: int
    kube: int
    leaf: int
    route: int
    gateway: int
    link: int
    route53: int
    dns_a: int
    dns_b: int
    cloudflare: int
    dns_c: int
    dns_d: int
    resolver: int
    admin_kube_east: int
    admin_kube_west: int
    admin_route53: int
    admin_cloudflare: int
    admin_link: int


@dataclass(frozen=True, slots=True)
class Layout:
    """One lab. `lab_id` is in the environment (`DRCTL_LAB_ID`) of every process that the lab starts."""

    root: Path
    lab_id: str
    ports: Ports
    arrangement: Arrangement = field(default_factory=Arrangement)

    @property
    def ca_file(self) -> Path:
        """The lab's certificate authority."""
        return self.root / "tls" / "ca.pem"

    def cert_file(self, name: str) -> Path:
        """A certificate with its chain: `ingress-east`, `kube-west`. The key is beside it as `.key`."""
        return self.root / "tls" / f"{name}.pem"

    def key_file(self, name: str) -> Path:
        """The private key of `cert_file`."""
        return self.root / "tls" / f"{name}.key"

    def secret_file(self, name: str) -> Path:
        """A password or token, mode 600: `nats-drctl`, `nats-shop`, `nats-leaf`, `kube-east`, `kube-admin-east`."""
        return self.root / "secrets" / name

    def store_file(self, key: str) -> Path:
        """One key of the lab's secret store (JSON object of strings): what ExternalSecrets read."""
        return self.root / "store" / f"{key}.json"

    def kubeconfig(self, region: str) -> Path:
        """The kubeconfig of drctl's own user in one region."""
        return self.root / "kube" / f"{region}.kubeconfig"

    def log_file(self, component: str) -> Path:
        """What a component prints."""
        return self.root / "logs" / f"{component}.log"

    @property
    def config_file(self) -> Path:
        """The drctl.yaml that points drctl at this lab."""
        return self.root / "drctl.yaml"

    @property
    def state_dir(self) -> Path:
        """Drctl's state directory for this lab, so that two labs have two locks."""
        return self.root / "state"

    def client_record(self, client: str) -> Path:
        """One client's record of truth, JSON lines."""
        return self.root / f"client-{client}.jsonl"

    def nats_url(self, region: str) -> str:
        """The region's own NATS address."""
        return f"nats://{ADDRESSES[region]}:{self.ports.nats}"

    def nats_urls(self, region: str) -> tuple[str, ...]:
        """The address of each of a region's NATS servers."""
        return tuple(f"nats://{server.address}:{self.ports.nats}" for server in self.arrangement.of(region))

    def kube_url(self, region: str) -> str:
        """The region's own Kubernetes API."""
        return f"https://{ADDRESSES[region]}:{self.ports.kube}"

    def save(self) -> None:
        """Write `lab.json`."""
        body = asdict(self) | {"root": str(self.root)}
        (self.root / "lab.json").write_text(json.dumps(body, indent=2) + "\n")

    @classmethod
    def load(cls, root: Path) -> Layout:
        """Read `lab.json`.

        Raises:
            FileNotFoundError: There is no lab in that folder.
        """
        body = json.loads((root / "lab.json").read_text())
        arranged = body["arrangement"]
        arrangement = Arrangement(**(arranged | {"joined": Joined(arranged["joined"])}))
        return cls(Path(body["root"]), body["lab_id"], Ports(**body["ports"]), arrangement)

    @classmethod
    def make(cls, root: Path, arrangement: Arrangement | None = None) -> Layout:
        """Lay a new lab out on ports that are free now in every address that the lab uses, and claimed for it."""
        for folder in ("tls", "secrets", "store", "kube", "logs", "nats", "state"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        (root / "secrets").chmod(0o700)
        names = list(Ports.__dataclass_fields__)
        ports = Ports(**dict(zip(names, claim_ports(len(names)), strict=True)))
        return cls(root, uuid.uuid4().hex, ports, arrangement or Arrangement())
