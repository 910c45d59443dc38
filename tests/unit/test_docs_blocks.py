"""Every block of code in the documents is run, or read by the very reader that it is meant for.

What is run stands in tests/integration/: test_docs_code.py, test_readme.py, test_subscribing.py. What can be neither run nor
read is listed here, with its reason.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from chart import parsed
from page_commands import COMPOSE, SUBSCRIBERS, hold
from pages import ROOT, Block, blocks, commands
from ruamel.yaml import YAML
from standardwebhooks.webhooks import WebhookVerificationError

from adapting.file import read_adapter
from console.access.oidc_file import read_oidc
from delivering.file import read_deliveries
from delivering.signing import Signer
from hooks.file import read_hooks
from importing.mapping.mapping import read_mapping
from intake.checking import check
from intake.formats import read_events
from intake.keys import read_keys
from streams.config.load import READ_ELSEWHERE
from streams.config.settings import Settings
from streams.config.sources import PREFIX
from streams.wire.codecs import Codec, Limits

#: Pages whose commands are run as they stand, and print what stands below them.
RUN: Final = ("docs/start.md", "docs/your-data.md", "docs/concepts/time.md")
#: What is shown and compared with nothing: the beginning of a line that is its own, and why.
SHOWN: Final = {"228 accounts with 4,863 purchases": "of one firm's history, which is not in the repository"}
#: Drawings: the site's test has one drawn by mermaid itself, and these are the kinds that it knows.
DRAWINGS: Final = ("graph ", "sequenceDiagram", "stateDiagram-v2", "xychart-beta")
SECRET: Final = "whsec_" + "A" * 40


def by_page(block: Block) -> str:
    """Return how a test of a block is called."""
    return str(block)


def test_every_block_says_its_language() -> None:
    """So that each is of a kind which is looked at below."""
    found = {block.language for block in blocks()}
    assert found == {"sh", "text", "mermaid", "python", "toml", "sql", "json", "yaml"}
    assert len(blocks()) > 60


# What shells read.


@pytest.mark.parametrize("block", blocks("sh"), ids=by_page)
def test_every_command_is_one_that_there_is(block: Block) -> None:
    """The shell reads it; each of our programs takes its words, and what is named of the repository is there."""
    done = subprocess.run(["/usr/bin/env", "bash", "-n", "-c", block.text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [*commands(block.text)]
    assert found
    for words in found:
        hold(words)


@pytest.mark.parametrize(
    "text",
    [
        "clientward lagg",
        "clientward replay --as-was x",
        "docker compose exec werker clientward lag",
        "docker compose exec worker clientward lagg",
        "docker compose --profile consol up",
        "docker compose up --scale worker=2 werker",
        "kubectl exec deploy/x -- clientward console user onse ann",
        "make bensh",
        "make soak MINUTE=2",
        "helm install x y --set image.repo=z",
        "pip install 'clientward[imports]'",
        "pip install flask",
        "python success_stories.py x --year 1",
        "cp a b && clientwart lag",
        "cat examples/no-such-file",
    ],
)
def test_a_command_that_there_is_not_is_seen(text: str) -> None:
    """What holds the pages is no formality: each reader refuses something."""
    with pytest.raises(Exception, match=r".*"):  # noqa: B017, PT011, PT012, RUF100 - each reader has an error of its own
        for words in commands(text):
            hold(words)


# What our programs read.


def read_adapter_page(block: Block, folder: Path) -> None:
    """The adapter's file, with the mapping that stands below it."""
    (mapping,) = [each.text for each in blocks("sql") if each.page == block.page]
    (folder / "helpdesk.sql").write_text(mapping)
    adapter, _ = read_adapter(written(block.text, folder))
    assert adapter.name == "helpdesk"


def read_console_page(block: Block, folder: Path) -> None:
    """The provider's file; its secret is where the test can write."""
    private(folder / "secret", "s")
    read_oidc(written(block.text.replace("/run/secrets/console-oidc", str(folder / "secret")), folder))


def read_intake_page(block: Block, folder: Path) -> None:
    """Sources, or a hook; what is commented out holds too, and a hash stands where the page has dots."""
    private(folder / "cards.secret", SECRET)
    file = written(block.text.replace("…64 hex digits…", "0" * 64), folder)
    assert read_keys(file) or read_hooks(file)
    if "[hooks." in block.text:
        (folder / "ours.sql").write_text((ROOT / "hooks" / "mappings" / "stripe.sql").read_text(encoding="utf-8"))
        whole = re.sub(r"^# (topics|mapping)", r"\1", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (hook,) = read_hooks(written(whole, folder)).values()
        assert (hook.hook.mapping, len(hook.hook.topics)) == ("ours.sql", 1)


def read_subscribing_page(block: Block, folder: Path) -> None:
    """The endpoints of deliveries."""
    assert len(read_deliveries(written(block.text, folder))) == 2


READERS: Final[dict[str, Callable[[Block, Path], None]]] = {
    "docs/adapting.md": read_adapter_page,
    "docs/console.md": read_console_page,
    "docs/intake.md": read_intake_page,
    "docs/subscribing.md": read_subscribing_page,
}


def written(text: str, folder: Path) -> Path:
    """Write a file of settings, and return where it is."""
    (folder / "file.toml").write_text(text)
    return folder / "file.toml"


def private(path: Path, text: str) -> None:
    """Write a file that its owner alone reads."""
    path.write_text(text)
    path.chmod(0o600)


@pytest.mark.parametrize("block", blocks("toml"), ids=by_page)
def test_every_file_of_settings_is_read(block: Block, tmp_path: Path) -> None:
    """By the reader of the command that the page is about."""
    READERS[block.page](block, tmp_path)


@pytest.mark.parametrize("block", blocks("sql"), ids=by_page)
def test_every_mapping_is_read(block: Block) -> None:
    """By the reader of mappings; tests/integration/test_docs_code.py runs the one of a file."""
    assert read_mapping("page.sql", block.text).queries


def test_the_event_that_is_posted_is_one(tmp_path: Path) -> None:
    """What curl sends is what the intake takes from the source of the page's file."""
    (words,) = [
        each
        for block in blocks("sh")
        if block.page == "docs/intake.md"
        for each in commands(block.text)
        if each[0] == "curl"
    ]
    (kind,) = [word.partition(": ")[2] for word in words if word.startswith("Content-Type")]
    (event,) = read_events(kind, {"content-type": kind}, words[words.index("-d") + 1].encode())
    (first, _) = [block for block in blocks("toml") if block.page == "docs/intake.md"]
    (known,) = read_keys(written(first.text.replace("…64 hex digits…", "0" * 64), tmp_path)).values()
    settings = Settings()
    checked = check(event, known, Codec(Limits(**settings.record_limits())), 1_790_000_000_000_000, None)
    assert (checked.id, checked.status) == ("order-1001", 202)


def settings_named(text: str) -> set[str]:
    """Return the settings of ours that a text names as variables."""
    names = set(re.findall(rf"{PREFIX}[A-Z_]+", text)) - READ_ELSEWHERE
    return {
        name.removeprefix(PREFIX).removesuffix("_FILE") if name.endswith("PASSWORD_FILE") else name.removeprefix(PREFIX)
        for name in names
    }


@pytest.mark.parametrize("block", blocks("sh", "json", "yaml"), ids=by_page)
def test_every_variable_is_a_setting(block: Block) -> None:
    """None is misspelt: a command would refuse it."""
    assert settings_named(block.text) <= {name.upper() for name in Settings.model_fields}


def test_the_agents_configuration_starts_the_command() -> None:
    """Its words are the command line's."""
    (block,) = [each for each in blocks("json") if "mcpServers" in each.text]
    (server,) = json.loads(block.text)["mcpServers"].values()
    assert server["command"] == "clientward"
    assert parsed(server["args"])["stdio"] is True


def test_every_json_is_json() -> None:
    """A whole, or a line each; a story's fields are those that the program prints. A decision: see test_readme.py."""
    found = blocks("json")
    assert {block.page for block in found} == {"docs/connections.md", "docs/subscribing.md"}
    for block in found:
        if block.text.startswith('{"account_id"'):
            program = (SUBSCRIBERS / "success_stories.py").read_text(encoding="utf-8")
            for line in block.text.splitlines():
                assert all(f'"{name}"' in program for name in json.loads(line))
        else:
            json.loads(block.text)


def test_the_override_fits_the_compose_file(tmp_path: Path) -> None:
    """Of services that there are, and by Compose's own schema when the two are one."""
    (block,) = blocks("yaml")
    override = YAML(typ="safe").load(block.text)
    assert override["services"].keys() <= COMPOSE["services"].keys()
    merged = COMPOSE | {
        "services": {
            name: service | override["services"].get(name, {}) for name, service in COMPOSE["services"].items()
        },
        "secrets": override["secrets"],
    }
    (tmp_path / "both.json").write_text(json.dumps(merged))
    check = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        str(tmp_path / "both.json"),
    ]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# What people's programs read.


@pytest.mark.parametrize("block", blocks("python"), ids=by_page)
def test_every_program_is_python(block: Block) -> None:
    """And what it imports is there. The subscribers are run in test_readme.py and test_subscribing.py."""
    tree = ast.parse(block.text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = __import__(str(node.module), fromlist=[alias.name for alias in node.names])
            assert all(hasattr(module, alias.name) for alias in node.names)


def test_the_receiver_of_the_page_takes_what_is_delivered_and_nothing_else() -> None:
    """Its lines are run on a request as it is signed for a delivery."""
    (block,) = [each for each in blocks("python") if "Webhook" in each.text]
    body = '{"account_id":"acme"}'
    headers = Signer("test", [SECRET]).headers("rc-1", body, __import__("time").time())
    names: dict[str, Any] = {"secret": SECRET, "body": body, "headers": headers}
    exec(block.text, names)  # noqa: S102 - the page's own lines
    assert names["event"] == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        exec(block.text, {**names, "body": body.replace("acme", "other")})  # noqa: S102


# What is shown.


def test_whatever_is_shown_is_compared_or_listed() -> None:
    """Output stands on a page whose commands are run, or here with the reason; a drawing is of a kind that is drawn."""
    loose = [block for block in blocks("text") if block.page not in RUN]
    assert [block for block in loose if not block.text.startswith(tuple(SHOWN))] == []
    assert len(loose) == len(SHOWN)
    assert all(block.text.startswith(DRAWINGS) for block in blocks("mermaid"))
