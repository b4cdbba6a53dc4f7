"""`santral user` and `santral token`."""

from __future__ import annotations

import argparse
import sys

from gateway.cli.client import connect
from gateway.cli.output import table
from gateway.config import Config
from gateway.kernel.errors import Invalid
from gateway.people.model import Role
from gateway.web.principal import Permission


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `user add|change|list|disable|password|sessions|sign-out` and `token …`."""
    user = commands.add_parser("user", help="users, their passwords and sessions")
    verbs = user.add_subparsers(dest="verb", required=True, metavar="VERB")
    add = verbs.add_parser("add", help="add a user")
    add.add_argument("login")
    add.add_argument("--name", default="")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.MANAGER.value)
    add.add_argument("--extension", default="")
    add.add_argument("--mobile", default="")
    add.set_defaults(run=_add)
    change = verbs.add_parser("change", help="change a user's name, role, extension, mobile")
    change.add_argument("login")
    change.add_argument("--name")
    change.add_argument("--role", choices=[role.value for role in Role])
    change.add_argument("--extension")
    change.add_argument("--mobile")
    change.set_defaults(run=_change)
    verbs.add_parser("list", help="all users").set_defaults(run=_list)
    disable = verbs.add_parser("disable", help="take a user's access away")
    disable.add_argument("login")
    disable.set_defaults(run=_disable)
    _add_sign_in_commands(verbs)

    token = commands.add_parser("token", help="tokens for the API: create, list, revoke")
    verbs = token.add_subparsers(dest="verb", required=True, metavar="VERB")
    create = verbs.add_parser("create", help="make a token; it is shown once")
    create.add_argument("login")
    create.add_argument("--name", default="")
    create.add_argument(
        "--scope",
        action="append",
        default=[],
        choices=[item.value for item in Permission],
        help="repeat for several; default: all that the user's role allows",
    )
    create.add_argument("--days", type=int, help="valid for so long; default: until revoked")
    create.set_defaults(run=_create)
    verbs.add_parser("list", help="all tokens").set_defaults(run=_tokens)
    revoke = verbs.add_parser("revoke", help="make a token worthless")
    revoke.add_argument("id")
    revoke.set_defaults(run=_revoke)


def _add_sign_in_commands(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Add `user password|sessions|sign-out`."""
    password = verbs.add_parser("password", help="set a password for one time, and show it")
    password.add_argument("login")
    password.set_defaults(run=_password)
    open_ones = verbs.add_parser("sessions", help="a user's signed-in browsers")
    open_ones.add_argument("login")
    open_ones.set_defaults(run=_sessions)
    sign_out = verbs.add_parser("sign-out", help="end all sessions of a user")
    sign_out.add_argument("login")
    sign_out.set_defaults(run=_sign_out)


async def _add(config: Config, options: argparse.Namespace) -> int:
    body = {
        name: getattr(options, name) for name in ("login", "name", "role", "extension", "mobile")
    }
    async with connect(config) as client:
        user = await client.post("/users", body)
    print(f"user {user['login']} ({user['name']}) is added as {user['role']}")
    return 0


async def _change(config: Config, options: argparse.Namespace) -> int:
    wanted = {name: getattr(options, name) for name in ("name", "role", "extension", "mobile")}
    given = {name: value for name, value in wanted.items() if value is not None}
    if not given:
        raise Invalid("say what to change: --name, --role, --extension or --mobile")
    async with connect(config) as client:
        user = await client.patch(f"/users/{options.login}", given)
    print(f"user {user['login']}: {', '.join(f'{name} {user[name]}' for name in given)}")
    return 0


async def _list(config: Config, _options: argparse.Namespace) -> int:
    async with connect(config) as client:
        users = await client.every("/users")
    rows = [
        (
            user["login"],
            user["name"],
            user["role"],
            user["extension"] or "-",
            user["mobile"] or "-",
            "disabled" if user["disabled_at"] else "",
        )
        for user in users
    ]
    print(table(("LOGIN", "NAME", "ROLE", "EXTENSION", "MOBILE", ""), rows))
    return 0


async def _disable(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.post(f"/users/{options.login}/disable", {})
    print(f"user {options.login} is disabled; his tokens and sessions no longer work")
    return 0


async def _password(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        made = await client.post(f"/users/{options.login}/password", {})
    print(made["password"])
    print(
        f"{made['login']} signs in with it once and then chooses his own; his sessions have ended",
        file=sys.stderr,
    )
    return 0


async def _sessions(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        found = await client.every(f"/users/{options.login}/sessions")
    rows = [(one["created_at"], one["seen_at"], one["address"], one["agent"]) for one in found]
    print(table(("SINCE", "LAST SEEN", "FROM", "BROWSER"), rows))
    return 0


async def _sign_out(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        ended = (await client.post(f"/users/{options.login}/sign-out", {}))["ended"]
    print(f"{ended} sessions of {options.login} have ended")
    return 0


async def _create(config: Config, options: argparse.Namespace) -> int:
    body = {
        "user": options.login,
        "name": options.name,
        "scopes": options.scope,
        "days": options.days,
    }
    async with connect(config) as client:
        token = await client.post("/tokens", body)
    print(token["secret"])
    return 0


async def _tokens(config: Config, _options: argparse.Namespace) -> int:
    async with connect(config) as client:
        users = {user["id"]: user["login"] for user in await client.every("/users")}
        tokens = await client.every("/tokens")
    rows = [
        (
            token["id"],
            users.get(token["user_id"], "?"),
            token["name"] or "-",
            "revoked" if token["revoked_at"] else token["expires_at"] or "until revoked",
            " ".join(token["scopes"]),
        )
        for token in tokens
    ]
    print(table(("TOKEN", "USER", "NAME", "VALID", "SCOPES"), rows))
    return 0


async def _revoke(config: Config, options: argparse.Namespace) -> int:
    async with connect(config) as client:
        await client.delete(f"/tokens/{options.id}")
    print(f"token {options.id} is revoked")
    return 0
