"""Routing controls of Amazon's Application Recovery Controller: one for each region, on or off, at five endpoints.

Any endpoint will do, and three of the five are promised to work, so that each is tried (dns.md 2.2). A request says
all states at once and is atomic. It carries no condition: the states are read and compared right before.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from drctl.core.errors import AdapterError, ConflictError, OutcomeUnknownError, ThrottledError, UnreachableError
from drctl.ports.switches import SwitchState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from drctl.adapters.aws.clients import Clients

_ON, _OFF = "On", "Off"


class RoutingControls:
    """SwitchReader and SwitchWriter over controls by region. Safe to share between threads."""

    def __init__(self, controls: Mapping[str, str], endpoints: Sequence[Clients]) -> None:
        self._controls = dict(controls)
        self._endpoints = tuple(endpoints)

    def state(self) -> SwitchState:
        """Return the one region whose control is on; none where several are, or no control is.

        Raises:
            UnreachableError: No endpoint answers.
            NotFoundError, DeniedError: There is no such control; not allowed to look.
        """

        def read(clients: Clients) -> tuple[str, ...]:
            states = (self._get(clients, arn) for arn in self._controls.values())
            return tuple(region for region, state in zip(self._controls, states, strict=True) if state == _ON)

        on = self._at_any(read)
        return SwitchState(on[0] if len(on) == 1 else "", ",".join(on))

    def turn(self, before: SwitchState, region: str) -> None:
        """Turn the region's control on and all others off, in one request.

        Raises:
            ConflictError: They are not as read; nothing was written.
            OutcomeUnknownError: No endpoint says what became of it.
            UnreachableError: Provably sent to none.
            RefusedError: A safety rule of the cluster forbids it.
            NotFoundError, DeniedError, ThrottledError: As their names say; nothing was written.
        """
        if (found := self.state()) != before:
            raise ConflictError(
                f"the routing controls are not as read: on were {before.version!r}, now {found.version!r}",
                remedy="See who else turns them, then run again.",
            )
        entries = [
            {"RoutingControlArn": arn, "RoutingControlState": _ON if name == region else _OFF}
            for name, arn in self._controls.items()
        ]

        def write(clients: Clients) -> None:
            client = clients.client(writing=True)
            _ask(
                "turn the routing controls",
                lambda: client.update_routing_control_states(UpdateRoutingControlStateEntries=entries),
                writes=True,
            )

        self._at_any(write, lambda: self.state().region == region)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        for clients in self._endpoints:
            clients.close()

    def _get(self, clients: Clients, arn: str) -> str:
        client = clients.client(writing=False)
        found = _ask(f"read {arn}", lambda: client.get_routing_control_state(RoutingControlArn=arn))
        return str(found["RoutingControlState"])

    def _at_any(self, send: Callable[[Clients], Any], happened: Callable[[], bool] = lambda: False) -> Any:  # noqa: ANN401
        """Ask one endpoint after the other until one answers. After an unknown outcome, look before the next."""
        failed: list[AdapterError] = []
        for clients in random.sample(self._endpoints, len(self._endpoints)):
            try:
                return send(clients)
            except (UnreachableError, ThrottledError) as error:
                failed.append(error)
            except OutcomeUnknownError as error:
                failed.append(error)
                if happened():
                    return None
        raise next((one for one in failed if isinstance(one, OutcomeUnknownError)), failed[-1])


def _ask(action: str, send: Callable[[], Any], *, writes: bool = False) -> Any:  # noqa: ANN401 - the SDK's own
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - lazy SDK

    from drctl.adapters.aws.translation import Call, refusal, silence  # noqa: PLC0415 - it loads the SDK

    call = Call(action, "aws route53-recovery-cluster list-routing-controls", writes)
    try:
        return send()
    except ClientError as error:
        raise refusal(call, error) from error
    except BotoCoreError as error:
        raise silence(call, error) from error
