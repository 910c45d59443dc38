"""`clientward console`: the page for ops, support and sales; and `clientward console user`, who may log in to it."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.errors import FAILED, WRONG_USE, CommandError
from cli.options import OneJson, print_json
from cli.output import columns, print_error, print_line
from streams.config.load import load_settings
from streams.config.logs import configure_logs

MINUTE: Final = 60.0
#: As `console.access.users` has them; its libraries are an extra's, and help must do without.
ROLES: Final = ("viewer", "operator", "admin")

console_app = typer.Typer(invoke_without_command=True)
user_app = typer.Typer(no_args_is_help=True, help="Say who may log in, and as what.")
console_app.add_typer(user_app, name="user")

UsersFile = Annotated[
    Path | None, typer.Option("--users", metavar="FILE", help="The file of users. [console-users.json in data_dir]")
]
RoleOption = Annotated[
    str, typer.Option("--role", help="viewer looks; operator commands accounts too; admin erases and publishes too.")
]


@console_app.callback()
def console(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to serve at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to serve at.")] = 8090,
    url: Annotated[
        str | None, typer.Option(help="The address that people type, behind a proxy that ends TLS: https://…")
    ] = None,
    users: UsersFile = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metrics", metavar="URL", help="A worker's /metrics, for latencies; repeatable."),
    ] = None,
    oidc: Annotated[
        Path | None,
        typer.Option("--oidc", metavar="FILE", help="An OpenID Connect provider to log in at besides, and its roles."),
    ] = None,
    deliveries: Annotated[
        Path | None,
        typer.Option("--deliveries", metavar="FILE", help="The file of `clientward deliver`: its endpoints are shown."),
    ] = None,
    mask: Annotated[bool, typer.Option("--mask", help="Show viewers pseudonyms in place of account ids.")] = False,
    idle_minutes: Annotated[
        int, typer.Option(min=1, max=720, help="Minutes without a request that end a session.")
    ] = 60,
) -> None:
    """Serve the page for ops, support and sales, until told to stop; and who may log in to it.

    Its users are in a file: `clientward console user add NAME` makes the first. A login ends after twelve hours at most.
    """
    if context.invoked_subcommand is not None:
        return
    serve = _of_extra("run").serve
    settings = load_settings()
    configure_logs(settings)
    serve(
        settings,
        _file(users),
        host,
        port,
        url=url,
        metrics=metrics or (),
        masks=mask,
        idle_seconds=idle_minutes * MINUTE,
        oidc=oidc,
        deliveries=deliveries,
    )


@user_app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, dots, dashes, @.")],
    role: RoleOption = "viewer",
    users: UsersFile = None,
) -> None:
    """Add a user, or give one another role and password. Reads the password from the terminal, or a line of stdin."""
    _require_role(role)
    known = _users(users)
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    known.add(name, role, password)
    print_error(f"{name} may log in as {role}")


@user_app.command("once")
def once(
    name: Annotated[str, typer.Argument(help="As whom what is done shall be audited.")],
    role: RoleOption = "viewer",
    users: UsersFile = None,
) -> None:
    """Print a code that logs in once, within ten minutes."""
    _require_role(role)
    print_line(_users(users).add_once(name, role))


@user_app.command("remove")
def remove(name: Annotated[str, typer.Argument()], users: UsersFile = None) -> None:
    """Take a user out: it is out with its next request."""
    _users(users).remove(name)


@user_app.command("list")
def list_command(users: UsersFile = None, as_json: OneJson = False) -> None:
    """List the users and their roles."""
    found = _users(users).listed()
    if as_json:
        print_json(found)
        return
    for line in columns(("user", "role"), found.items()):
        print_line(line)


def _require_role(role: str) -> None:
    if role not in ROLES:
        raise CommandError(f"--role {role}: there is no such role; there are {', '.join(ROLES)}", WRONG_USE)


def _users(path: Path | None) -> Any:
    return _of_extra("users").Users(_file(path))


def _file(path: Path | None) -> Path:
    return path or load_settings().data_dir / "console-users.json"


def _of_extra(module: str) -> Any:
    """Return a module of the console. Raises CommandError where its libraries are not installed."""
    try:
        if module == "run":
            from console import run as found  # noqa: PLC0415 - its libraries are an extra's
        else:
            from console.access import users as found  # type: ignore[no-redef]  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is missing: install clientward[console]", FAILED) from None
    return found
