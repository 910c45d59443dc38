"""What becomes of a test whose programs are missing: CI's machine has them, and a user's may not."""

from pathlib import Path

import pytest
from other_languages import need, unavailable


def test_what_is_missing_fails_on_ci_and_skips_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either way the program is named."""
    (tmp_path / "node").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    need("node")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="mvn, javac: not on this machine"):
        need("node", "mvn", "javac")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="mvn: not on this machine"):
        need("mvn")
    with pytest.raises(pytest.skip.Exception, match="no network"):
        unavailable("no network")
