"""Every command: its name, the first paragraph of its help, where it is, and the heading under which it is listed.

The table is what help and completion show, so that they import no command. A test holds its texts to the commands' own.
"""

from typing import Final, NamedTuple

RUN, EVENTS_IN, LOOK, SET_UP = "Run", "Events in", "Look", "Set up"


class Command(NamedTuple):
    """One command, or a group of them.

    Attributes:
        name: as it is typed.
        help: the first paragraph of its help.
        target: `module:attribute` of a function or of a `typer.Typer`; empty for a group whose commands are listed here.
        panel: the heading in the help under which it stands; None within a group.
        commands: those of a group that is listed here.
    """

    name: str
    help: str
    target: str = ""
    panel: str | None = None
    commands: "tuple[Command, ...]" = ()


POLICY: Final = (
    Command(
        "check",
        "Name file, line and field of every mistake in a policy. contracts/policy.schema.json lets an editor do so too.",
        "cli.policy.check:check",
    ),
    Command("diff", "List every value that differs between two policies, with its unit.", "cli.policy.diff:diff"),
    Command(
        "backtest",
        "Fold a history by two policies: who would have been classified otherwise, when, and at which cost.",
        "cli.policy.backtest:backtest",
    ),
    Command(
        "calibrate",
        "Measure how a firm records, without labels, and write a policy that is its own, with the reasons.",
        "cli.policy.calibrate:calibrate",
    ),
    Command(
        "learn",
        "Fit weights and thresholds to labelled accounts, and write a policy that a person can read and change.",
        "cli.policy.learn:learn_command",
    ),
    Command(
        "publish",
        "Publish a policy: every worker folds events from that time on by it, and earlier ones by the one before.",
        "cli.policy.publish:publish",
    ),
    Command(
        "rollback",
        "Publish an earlier policy again, as a new switch under a version of its own (`1-r1`). Nothing is deleted.",
        "cli.policy.rollback:rollback",
    ),
    Command(
        "list",
        "List the switches of the active policy in order, the one in force, and the shadow.",
        "cli.policy.list:list_policies",
    ),
    Command(
        "shadow",
        "Try a policy on the live stream: it folds beside the active one, decides nothing, and shows where it differs.",
        "cli.policy.shadow:shadow",
    ),
    Command(
        "differences",
        "List the accounts on whose status the active policy and the shadow differ now.",
        "cli.policy.differences:differences",
    ),
)
COMMANDS: Final = (
    Command(
        "demo",
        "Watch customers become clients: two years of some thousand accounts, on real Kafka and real Redis, in a minute.",
        "cli.demo.demo:demo",
        panel=RUN,
    ),
    Command(
        "worker",
        "Run one worker until it is told to stop (Ctrl-C or SIGTERM). Start more of them to share the partitions.",
        "cli.setup.worker:worker",
        panel=RUN,
    ),
    Command(
        "deliver",
        "Post decisions, signed, to the endpoints of a file, until told to stop (Ctrl-C or SIGTERM).",
        "cli.deliveries.deliver:deliver",
        panel=RUN,
    ),
    Command(
        "intake",
        "Take CloudEvents by POST /events, answered 202 when Kafka has stored them, until told to stop.",
        "cli.serving.intake:intake",
        panel=RUN,
    ),
    Command(
        "console",
        "Serve the page for ops, support and sales, until told to stop; and who may log in to it.",
        "cli.serving.console:console_app",
        panel=RUN,
    ),
    Command(
        "advise",
        "Tell a chat agent who an account is and how to speak to it: by HTTP and MCP, or by MCP over stdin and stdout.",
        "cli.serving.advise:advise",
        panel=RUN,
    ),
    Command(
        "readmodel",
        "Keep the console's tables: follow the topics into them, make them anew, see how far they are.",
        "cli.serving.readmodel:readmodel_app",
        panel=RUN,
    ),
    Command(
        "adapt",
        "Read another's topic, map it by SQL, and publish events to the intake, until told to stop.",
        "cli.serving.adapt:adapt",
        panel=RUN,
    ),
    Command(
        "send",
        "Publish events, keyed by account_id with murmur2, and wait until Kafka has stored them all.",
        "cli.events.send:send",
        panel=EVENTS_IN,
    ),
    Command(
        "replay",
        "Fold files of events with no broker, and print one reclassification a line.",
        "cli.events.replay:replay",
        panel=EVENTS_IN,
    ),
    Command(
        "import",
        "Turn files as people have them into events: CSV, xlsx, ods, iCalendar, Parquet, JSON; for `replay` and `send`.",
        "cli.events.import_:import_command",
        panel=EVENTS_IN,
    ),
    Command(
        "simulate",
        "Play accounts of every trade through years of event time, from a known truth, as lines for replay and send.",
        "cli.events.simulate:simulate_command",
        panel=EVENTS_IN,
    ),
    Command(
        "tail",
        "Show reclassifications live, one a line: when, account, from, to, score and why. Ctrl-C ends it.",
        "cli.look.tail:tail",
        panel=LOOK,
    ),
    Command("account", "Look at one account.", "cli.look.account:account_app", panel=LOOK),
    Command(
        "explain",
        "Show what stood at a moment, by event time and what is known by now: status, dimensions, why, what next.",
        "cli.look.explain:explain_command",
        panel=LOOK,
    ),
    Command(
        "base",
        "Count the accounts by status and industry, from the topic of states; --json has the segments too.",
        "cli.look.base:base",
        panel=LOOK,
    ),
    Command(
        "lag",
        "Show how many records wait in each topic, and for how long the oldest of them; then the partitions behind.",
        "cli.look.lag:lag",
        panel=LOOK,
    ),
    Command(
        "top",
        "Watch the workers live: rates, lag by partition, who works, the latest decisions and refusals.",
        "cli.top.top:top",
        panel=LOOK,
    ),
    Command(
        "workers",
        "Show the members of the workers' consumer group: where they run, and which partitions each of them has.",
        "cli.look.workers:workers",
        panel=LOOK,
    ),
    Command(
        "dlq",
        "Look at the dead letters, records that the intake refused; send them again, or give them up.",
        "cli.look.dlq:dlq_app",
        panel=LOOK,
    ),
    Command(
        "deliveries",
        "See how deliveries do, and help an endpoint that fails.",
        "cli.deliveries.deliveries:deliveries_app",
        panel=LOOK,
    ),
    Command(
        "audit",
        "List the audit log, the newest last: when, what, whether it was done, of which account, by whom and why not.",
        "cli.look.audit:audit",
        panel=LOOK,
    ),
    Command(
        "erasure",
        "Erasure: whether an account has left every store and topic.",
        "cli.look.erasure:erasure_app",
        panel=LOOK,
    ),
    Command(
        "export", "Write what the topics hold as Parquet files, for analysis.", "cli.look.export:export_app", panel=LOOK
    ),
    Command(
        "retention",
        "Tell how many of the clients of a year ago are clients still, from the topics of decisions and states.",
        "cli.look.retention:retention",
        panel=LOOK,
    ),
    Command(
        "topics",
        "Compare the topics with what they should be, and make them so.",
        "cli.setup.topics:topics_app",
        panel=SET_UP,
    ),
    Command(
        "doctor",
        "Try Kafka and Redis: write, read, and compare with what should be. Exit code 1 if a check fails.",
        "cli.setup.doctor:doctor",
        panel=SET_UP,
    ),
    Command(
        "security",
        "Print the least rights of every part of a deployment, in Kafka and in Redis.",
        "cli.setup.security:security_app",
        panel=SET_UP,
    ),
    Command(
        "settings",
        "Show every setting in force and where its value comes from; secrets are masked.",
        "cli.setup.settings:settings",
        panel=SET_UP,
    ),
    Command(
        "backup",
        "Write the workers' table with its positions to a file, while they run.",
        "cli.state.backup:backup",
        panel=SET_UP,
    ),
    Command(
        "restore",
        "Put a backup back into Redis, read it again and compare; workers go on from its positions.",
        "cli.state.restore:restore",
        panel=SET_UP,
    ),
    Command(
        "reset",
        "Move where the workers' group goes on from: to a time, an offset, or the earliest record that Kafka has.",
        "cli.state.reset:reset",
        panel=SET_UP,
    ),
    Command("policy", "Check, compare, try, learn and publish policies.", panel=SET_UP, commands=POLICY),
)
