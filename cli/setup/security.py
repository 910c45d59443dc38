"""`clientward security`: the least rights of every part, for whoever sets Kafka and Redis up."""

from typing import Annotated, Final

import typer

from cli.errors import WRONG_USE, CommandError
from cli.options import JsonLines, print_json
from cli.output import columns, print_line, printable
from streams.config.load import load_settings
from streams.rights.parts import Others
from views.operations.rights import kafka_commands, kafka_rights, redis_rights

security_app = typer.Typer(
    no_args_is_help=True, help="Print the least rights of every part of a deployment, in Kafka and in Redis."
)
SERVER: Final = "--bootstrap-server BROKER:9093 --command-config admin.properties"

Parts = Annotated[list[str] | None, typer.Option("--part", metavar="PART", help="This part alone; may be repeated.")]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="PART=NAME", help="Who logs in as a part; may be repeated. [clientward-PART]"),
]


@security_app.command("kafka-acls")
def kafka_acls(
    part: Parts = None,
    name: Names = None,
    server: Annotated[str, typer.Option(help="Options by which kafka-acls.sh connects.")] = SERVER,
    adapter: Annotated[
        str | None, typer.Option(metavar="NAME=TOPIC", help="An adapter, and the topic it reads.")
    ] = None,
    group: Annotated[str | None, typer.Option(metavar="GROUP", help="The subscriber's group.")] = None,
    as_table: Annotated[bool, typer.Option("--table", help="One right a line, and what it is for.")] = False,
    as_json: JsonLines = False,
) -> None:
    """Print what each part may do in Kafka, as commands of kafka-acls.sh for an administrator; nothing is connected to.

    With mutual TLS a part's name is its certificate's subject: --name 'worker=User:CN=worker,O=Shop'.
    """
    others, names, wanted = _others(adapter, group), _names(name), part or []
    settings = load_settings()
    if not (as_table or as_json):
        for line in kafka_commands(settings, wanted, names, server, others):
            print_line(printable(line))
        return
    found = kafka_rights(settings, wanted, names, others)
    if as_json:
        for each in found:
            print_json(each._asdict())
        return
    rows = [(each.part, each.resource, each.name, each.operation, each.why) for each in found]
    for line in columns(("part", "resource", "name", "operation", "what for"), rows):
        print_line(line)


@security_app.command("redis-acl")
def redis_acl(
    part: Parts = None,
    name: Names = None,
    since_7_2: Annotated[
        bool, typer.Option("--since-7.2", help="For Redis 7.2 and later: its log then has no denial of CLIENT SETINFO.")
    ] = False,
    as_json: JsonLines = False,
) -> None:
    """Print who may do what in Redis, as lines of ACL SETUSER; put a password where it says PASSWORD.

    Parts that are not listed do not go to Redis. On a Cluster, say the lines to every node.
    """
    for each in redis_rights(load_settings(), part or [], _names(name), since_7_2=since_7_2):
        print_json(each) if as_json else print_line(printable(each.line))


def _names(given: list[str] | None) -> dict[str, str]:
    """Return the names by part."""
    found = {}
    for each in given or []:
        part, equals, name = each.partition("=")
        if not (equals and name):
            raise CommandError(f"--name {each!r} is not PART=NAME; give one as worker=User:CN=worker", WRONG_USE)
        found[part] = name
    return found


def _others(adapter: str | None, group: str | None) -> Others:
    others = Others()
    if adapter is not None:
        name, equals, topic = adapter.partition("=")
        if not (equals and name and topic):
            raise CommandError(f"--adapter {adapter!r} is not NAME=TOPIC; give one as shop=orders", WRONG_USE)
        others = others._replace(adapter=name, adapter_topic=topic)
    return others if group is None else others._replace(subscriber=group)
