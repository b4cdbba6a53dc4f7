"""Everything that must be known before the database is open."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import field_validator

from gateway.config.sections import (
    FaxSection,
    FaxServerSection,
    Logs,
    ModemSeed,
    PbxSection,
    RecordingsSection,
    Section,
    Server,
    Site,
    Sms,
    StoreSection,
)
from gateway.kernel.numbers import NumberingPlan


class Config(Section):
    """Everything that must be known before the database is open."""

    server: Server = Server()
    store: StoreSection = StoreSection()
    site: Site = Site()
    sms: Sms = Sms()
    logs: Logs = Logs()
    modem: tuple[ModemSeed, ...] = ()
    pbx: tuple[PbxSection, ...] = ()
    recordings: RecordingsSection = RecordingsSection()
    fax: FaxSection = FaxSection()
    fax_server: tuple[FaxServerSection, ...] = ()

    @field_validator("pbx")
    @classmethod
    def _own_agi_ports(cls, value: tuple[PbxSection, ...]) -> tuple[PbxSection, ...]:
        taken = [(one.agi_bind, one.agi_port) for one in value if one.agi_bind]
        twice = next((port for bind, port in taken if taken.count((bind, port)) > 1), None)
        if twice is not None:
            msg = f"agi_port {twice} is given to two telephone systems; choose another for one"
            raise ValueError(msg)
        return value

    @field_validator("fax_server")
    @classmethod
    def _own_ids(cls, value: tuple[FaxServerSection, ...]) -> tuple[FaxServerSection, ...]:
        taken = [one.id for one in value]
        twice = next((name for name in taken if taken.count(name) > 1), None)
        if twice is not None:
            msg = f"the id {twice!r} is given to two fax servers; choose another for one"
            raise ValueError(msg)
        return value

    @property
    def database_url(self) -> str:
        """Return the URL of the database in force."""
        return self.store.url or f"sqlite:///{(self.store.data / 'santral.db').absolute()}"

    @property
    def socket_path(self) -> Path:
        """Return where the command line reaches the running service."""
        return Path(self.server.socket or self.store.data / "santral.sock")

    @property
    def lock_path(self) -> Path:
        """Return the file whose lock says that an instance owns this data."""
        return self.store.data / "santral.lock"

    @property
    def recordings_folder(self) -> Path:
        """Return where our copies of recordings lie."""
        return self.store.data / "recordings"

    @property
    def faxes_folder(self) -> Path:
        """Return where faxes lie, sent and received."""
        return self.store.data / "faxes"

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the office."""
        return ZoneInfo(self.site.zone)

    @property
    def numbering_plan(self) -> NumberingPlan:
        """Return how numbers are read at this site."""
        return NumberingPlan(region=self.site.region, area=self.site.area, own=self.site.numbers)
