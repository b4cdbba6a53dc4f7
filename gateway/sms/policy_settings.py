"""Policies and rules as they are kept: in the settings, in force at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from gateway.kernel import settings
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Invalid, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.settings import Setting
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.sms.modem_settings import require_modem
from gateway.sms.policy import SimPolicy, SmsPolicy, SmsRule
from gateway.web.principal import Permission, Principal

POLICY, RULE, SIM = "sms_policy", "sms_rule", "sim_policy"
THE_ONE = "sms"
MAX_RULES = 200


def policy_of(connection: Connection) -> SmsPolicy:
    """Return the policy in force."""
    stored = settings.find(connection, POLICY, THE_ONE)
    return SmsPolicy.model_validate(stored.value if stored else {})


def rules_of(connection: Connection) -> list[tuple[str, SmsRule]]:
    """Return the rules, the oldest first, as they are tried."""
    return [
        (item.id, SmsRule.model_validate(item.value)) for item in settings.every(connection, RULE)
    ]


def sim_policies_of(connection: Connection) -> dict[str, SimPolicy]:
    """Return what was decided about each modem's SIM."""
    return {
        item.id: SimPolicy.model_validate(item.value) for item in settings.every(connection, SIM)
    }


class PolicyBook:
    """Shows and changes policies and rules."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def policy(self) -> SmsPolicy:
        """Return the policy in force."""
        return await self._store.read(policy_of)

    async def decide(self, principal: Principal, policy: SmsPolicy) -> SmsPolicy:
        """Replace the policy."""
        await self._put(principal, POLICY, THE_ONE, policy.model_dump(mode="json"))
        return policy

    async def rules(self) -> list[tuple[str, SmsRule]]:
        """Return the rules in the order in which they are tried."""
        return await self._store.read(rules_of)

    async def add_rule(self, principal: Principal, rule: SmsRule) -> str:
        """Add a rule behind the others; return its id."""
        if len(await self.rules()) >= MAX_RULES:
            raise Invalid(f"there are {MAX_RULES} rules already; remove one")
        rule_id = new_id()
        await self._put(principal, RULE, rule_id, rule.model_dump(mode="json"))
        return rule_id

    async def change_rule(self, principal: Principal, rule_id: str, rule: SmsRule) -> None:
        """Replace a rule; raises NotFound."""
        await self._put(principal, RULE, rule_id, rule.model_dump(mode="json"), must_exist=True)

    async def remove_rule(self, principal: Principal, rule_id: str) -> None:
        """Remove a rule; raises NotFound."""
        principal.require(Permission.SETTINGS_MANAGE)
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            if not settings.remove(connection, RULE, rule_id):
                raise NotFound(f"there is no rule {rule_id}; `santral sms rules` shows all")
            audit.record(connection, principal, "remove", (RULE, rule_id), at=now)

        await self._store.write(unit)

    async def sims(self) -> dict[str, SimPolicy]:
        """Return what was decided about each modem's SIM."""
        return await self._store.read(sim_policies_of)

    async def sim(self, modem_id: str) -> SimPolicy:
        """Return what was decided about a modem's SIM; raises NotFound."""

        def read(connection: Connection) -> SimPolicy:
            require_modem(connection, modem_id)
            return sim_policies_of(connection).get(modem_id, SimPolicy())

        return await self._store.read(read)

    async def decide_sim(self, principal: Principal, modem_id: str, policy: SimPolicy) -> SimPolicy:
        """Replace the policy of a modem's SIM; raises NotFound."""
        value = policy.model_dump(mode="json")
        await self._put(
            principal, SIM, modem_id, value,
            check=lambda connection: require_modem(connection, modem_id),
        )  # fmt: skip
        return policy

    async def _put(
        self,
        principal: Principal,
        kind: str,
        setting_id: str,
        value: dict[str, object],
        *,
        must_exist: bool = False,
        check: Callable[[Connection], None] | None = None,
    ) -> None:
        principal.require(Permission.SETTINGS_MANAGE)
        now: datetime = self._clock.now()

        def unit(connection: Connection) -> None:
            if check is not None:
                check(connection)
            if must_exist and settings.find(connection, kind, setting_id) is None:
                raise NotFound(f"there is no rule {setting_id}; `santral sms rules` shows all")
            settings.put(connection, Setting(kind=kind, id=setting_id, value=value), now)
            audit.record(connection, principal, "change", (kind, setting_id), at=now, changes=value)

        await self._store.write(unit)
