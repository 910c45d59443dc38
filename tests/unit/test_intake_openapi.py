"""The intake as its OpenAPI document says it: requests that the document allows, and those that it does not."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from intake_support import NOW, SHOP, Stored, keys
from schemathesis.checks import CHECKS

from intake.app import Intake
from intake.openapi import openapi
from streams.config.settings import Settings

EXAMPLES = 60  # requests a page and way: some seconds
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
PAGES = [(path, method, POSITIVE) for path, item in openapi()["paths"].items() for method in item]


@pytest.mark.parametrize(("path", "method", "mode"), [*PAGES, ("/events", "post", NEGATIVE)])
def test_every_page_answers_as_the_document_says(path: str, method: str, mode: Any, tmp_path: Path) -> None:
    """Whatever comes, the status, the content type and the body are among those that the document names; nothing fails."""
    store: Any = Stored()
    days = itertools.count()  # so many between two looks at the clock that no rate is met
    app = Intake(Settings(), keys(tmp_path), store, clock=lambda: NOW, ticks=lambda: next(days) * 86_400.0).app()
    operation = schemathesis.openapi.from_asgi("/openapi.json", app)[path][method.upper()]
    checks = CHECKS.get_by_names(list(CHECKED))  # known once a document is read
    statuses = set()

    @given(operation.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def answers(case: schemathesis.Case) -> None:
        headers = {"Authorization": f"Bearer {SHOP}"}
        answer = case.call(headers=headers)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=checks)

    answers()
    if path == "/hooks/{name}":  # no hook has a name that is drawn, and nobody else knows the secret
        assert statuses == {404}
    else:
        assert statuses - {401, 404, 405}, "the page itself was never reached"
