"""A whole office on one screen: simulated modems, a directory, the real service as a child."""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from simulators.demo_calls import DID, PASSWORD, Telephones, choose_password, ring_by_themselves

START_S = 30.0
STEP_S = 30.0
STOP_S = 15.0
LOOK_S = 0.1

CUSTOMERS = """\
code;name;kind;person;position;mobile;work;responsible
C-1001;Yıldız Mobilya A.Ş.;company;Ahmet Çelik;Satın alma;+905321234567;+902124445566;ayse
C-1002;Güneş Tekstil Ltd. Şti.;company;Zeynep Öztürk;Muhasebe;+905337654321;+902123334455;mehmet
C-1003;Дом Книги;company;Ольга Иванова;Закупки;+79161234567;+74952345678;ayse
"""
PEOPLE = (
    ("defne", "Defne Kaya", "secretary", "101"),
    ("ayse", "Ayşe Yılmaz", "manager", "102"),
    ("mehmet", "Mehmet Demir", "manager", "103"),
)
CUSTOMER = "+905321234567"
ASKED = "Sayın Ahmet Çelik, siparişiniz yarın öğleden sonra teslim edilecek. Uygun mu?"
ANSWERED = "Evet, uygun. Teşekkürler! İyi çalışmalar 🙂"


class DemoError(Exception):
    """The demonstration cannot go on; the text says why."""


@dataclass(frozen=True, slots=True)
class Office:
    """The running parts: the service's address and token, and the modems' control addresses."""

    url: str
    token: str
    controls: tuple[str, ...]
    http: aiohttp.ClientSession
    telephones: Telephones

    async def get(self, path: str, **query: str) -> Any:
        """GET from the service's API."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """POST to the service's API."""
        return await self._ask("POST", path, json=body)

    async def _ask(self, method: str, path: str, **given: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.url}/api/v1{path}"
        async with self.http.request(method, url, headers=headers, **given) as answer:
            found = await answer.json(content_type=None)
            if answer.status >= 400:
                raise DemoError(f"{method} {path}: {found['detail']}")
            return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `santral-sim demo`."""
    parser.add_argument("--port", type=int, default=8080, help="the service's (0: a free one)")
    parser.add_argument("--once", action="store_true", help="play the conversation, then stop")


def run(options: argparse.Namespace) -> int:
    """Play; returns the exit code."""
    try:
        return asyncio.run(_play(options.port, once=options.once))
    except DemoError as error:
        print(f"santral-sim: {error}", file=sys.stderr)
        return 1
    except TimeoutError:
        print("santral-sim: a step of the demonstration took too long", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 0


async def _play(port: int, *, once: bool) -> int:
    stop = asyncio.Event()
    for received in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(received, stop.set)
    folder = Path(tempfile.mkdtemp(prefix="santral-demo-"))
    try:
        async with _office(folder, port) as office:
            show = asyncio.create_task(_conversation(office), name="conversation")
            stopped = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait({show, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if show.done():
                show.result()
            else:
                show.cancel()
            if not once and not stop.is_set():
                _invite(office)
                ringing = asyncio.create_task(ring_by_themselves(office.telephones), name="calls")
                await asyncio.wait({ringing, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if ringing.done():
                    ringing.result()
                ringing.cancel()
            stopped.cancel()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


@asynccontextmanager
async def _office(folder: Path, port: int) -> AsyncIterator[Office]:
    environment = {
        **os.environ,
        "SANTRAL_DATA": str(folder),
        "SANTRAL_LOG_LEVEL": "warning",
        "SANTRAL_PORT": str(port),
        "SANTRAL_SECRET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    async with contextlib.AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(
            _child("santral-sim", "modem", "--count", "2", "--pin", "1234",
                   "--journal", str(folder / "journal"))
        )  # fmt: skip
        modems = [json.loads(await _line(simulator, "santral-sim modem")) for _ in range(2)]
        exchange = await stack.enter_async_context(_child("santral-sim", "pbx"))
        pbx = json.loads(await _line(exchange, "santral-sim pbx"))
        config = folder / "santral.toml"
        config.write_text(_configuration(modems, pbx), encoding="utf-8")
        for modem in modems:
            _say("🖧", f"simulated modem at {modem['device']}, number {modem['number']}")
        command = ("santral", "--config", str(config))
        service = await stack.enter_async_context(_child(*command, "serve", env=environment))
        url = _address(await _line(service, "santral serve"))
        _say("☎", f"santral serves {url}")
        await _seed(folder, command, environment)
        token = await _run(*command, "token", "create", "root", env=environment)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        controls = tuple(modem["control"] for modem in modems)
        telephones = Telephones(pbx["control"].rstrip("/"), http)
        await telephones.prepare()
        office = Office(url, token.strip(), controls, http, telephones)
        made = await office.post("/users/defne/password", {})
        await choose_password(url, "defne", made["password"])
        yield office


def _configuration(modems: list[dict[str, Any]], pbx: dict[str, Any]) -> str:
    parts = [
        f'[[modem]]\nid = "office{number}"\ndevice = "{modem["device"]}"\npin = "1234"\n'
        for number, modem in enumerate(modems, 1)
    ]
    port = pbx["ami"].rpartition(":")[2]
    parts.append(
        f'[[pbx]]\nid = "exchange"\nport = {port}\nuser = "{pbx["user"]}"\n'
        f'secret = "{pbx["secret"]}"\noutside = "0"\n'
    )
    return '[site]\nregion = "TR"\n\n' + "\n".join(parts)


async def _seed(folder: Path, command: tuple[str, ...], environment: dict[str, str]) -> None:
    for login, name, role, extension in (("root", "Administrator", "administrator", ""), *PEOPLE):
        await _run(*command, "user", "add", login, "--name", name, "--role", role,
                   "--extension", extension, env=environment)  # fmt: skip
    customers = folder / "customers.csv"
    customers.write_text(CUSTOMERS, encoding="utf-8")
    report = await _run(*command, "import", "customers", str(customers), env=environment)
    _say("📇", report.strip().splitlines()[-1])


async def _conversation(office: Office) -> None:
    await _until_ready(office)
    found = await office.get("/directory/lookup", number=CUSTOMER)
    match = found["items"][0]
    manager = match["responsible"]["name"] if match["responsible"] else "nobody"
    print()
    _say("🔎", f"{CUSTOMER} is {_who(match)}; responsible: {manager}")
    message = await office.post("/sms", {"to": CUSTOMER, "text": ASKED})
    _say("→", f"“{ASKED}”")
    _say(" ", f"{message['segments']} segment ({message['encoding']}): {message['reason']}")
    await _follow(office, message["id"])
    await _post(office.http, f"{office.controls[0]}/receive", {"from": CUSTOMER, "text": ANSWERED})
    answer = await _reply(office, match["party"]["id"])
    _say("←", f"“{answer['text']}”")
    await _history(office, match)


async def _until_ready(office: Office) -> None:
    async with asyncio.timeout(START_S):
        while True:
            modems = (await office.get("/modems"))["items"]
            if modems and all(modem["condition"] == "ready" for modem in modems):
                break
            await asyncio.sleep(LOOK_S)
    for modem in modems:
        _say("📶", f"{modem['id']}: {modem['manufacturer']} {modem['model']}, "
             f"{modem['operator']}, {modem['signal_dbm']} dBm")  # fmt: skip


async def _follow(office: Office, message_id: str) -> None:
    shown = "queued"
    async with asyncio.timeout(STEP_S):
        while shown != "delivered":
            message = await office.get(f"/sms/{message_id}")
            if message["state"] != shown:
                shown = message["state"]
                _say("✓" if shown in {"sent", "delivered"} else "…",
                     f"{shown} by {message['modem']} {message['error']}".rstrip())  # fmt: skip
            if shown in {"failed", "undelivered", "uncertain"}:
                raise DemoError(f"the message is {shown}: {message['error']}")
            await asyncio.sleep(LOOK_S / 2)


async def _reply(office: Office, party_id: str) -> dict[str, Any]:
    async with asyncio.timeout(STEP_S):
        while True:
            for line in (await office.get(f"/parties/{party_id}/interactions"))["items"]:
                if line["direction"] == "in":
                    found: dict[str, Any] = line
                    return found
            await asyncio.sleep(LOOK_S)


async def _history(office: Office, match: dict[str, Any]) -> None:
    print(f"\n   History of {match['party']['name']}, newest first")
    lines = (await office.get(f"/parties/{match['party']['id']}/interactions"))["items"]
    for line in lines:
        arrow = "←" if line["direction"] == "in" else "→"
        print(f"   {line['started_at'][:19]}  {arrow} {line['kind']}  {line['outcome']:<10} "
              f"{line['number']}  {line['text']}")  # fmt: skip
    print(flush=True)


def _invite(office: Office) -> None:
    print(
        f"The office stays up until Ctrl-C, and its telephones ring by themselves.\n\n"
        f"  Open {office.url}/desk and sign in as `defne` with the password `{PASSWORD}`.\n"
        f"  T passes the call on to the customer's manager, ? shows all keys.\n"
        f"  Enter in this window makes the next customer call at once; so does\n"
        f'  curl -d \'{{"did": "{DID}", "from": "905321234567"}}\' '
        f"{office.telephones.control}/calls\n\n"
        f"Or ask the API:\n"
        f"  TOKEN={office.token}\n"
        f'  curl -H "Authorization: Bearer $TOKEN" {office.url}/api/v1/parties\n'
        f'  curl -H "Authorization: Bearer $TOKEN" {office.url}/api/v1/modems\n'
        f"  curl {office.controls[0]}/sent\n"
        f'  curl -d \'{{"from": "+905337654321", "text": "Merhaba"}}\' '
        f"{office.controls[1]}/receive",
        flush=True,
    )


def _who(match: dict[str, Any]) -> str:
    person = match["person"]["name"] if match["person"] else ""
    return f"{person} of {match['party']['name']}" if person else str(match["party"]["name"])


def _say(sign: str, text: str) -> None:
    print(f"{sign}  {text}", flush=True)


def _address(line: str) -> str:
    return line.split(" serves ", 1)[1].split("/api/v1", 1)[0]


async def _post(http: aiohttp.ClientSession, url: str, body: Mapping[str, object]) -> None:
    async with http.post(url, json=body) as answer:
        if answer.status >= 400:
            raise DemoError(f"{url}: {await answer.text()}")


def _program(name: str) -> str:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else name


@asynccontextmanager
async def _child(
    name: str, *arguments: str, env: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        _program(name), *arguments, stdout=asyncio.subprocess.PIPE, env=env, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _line(process: asyncio.subprocess.Process, what: str) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(START_S):
        line = await process.stdout.readline()
    if not line:
        raise DemoError(f"`{what}` did not start; its reason stands above")
    return line.decode()


async def _run(name: str, *arguments: str, env: Mapping[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        _program(name), *arguments, stdout=asyncio.subprocess.PIPE, env=env
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise DemoError(f"`{name} {' '.join(arguments)}` failed; its reason stands above")
    return output.decode()
