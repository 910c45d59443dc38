"""Which class and which line each error of Redis becomes."""

import pytest
from redis import exceptions as redis_errors

from clientward_store import Fenced, StoreRefused, StoreUnavailable
from clientward_store.errors import LASTING, PASSING, TEXT_LIMIT, code_of, harmless, translated


@pytest.mark.parametrize("code", PASSING)
@pytest.mark.parametrize("form", ["{} some text", "ERR Error running script (call to f_0): @user_script:6: -{} text"])
def test_codes_that_pass(code: str, form: str) -> None:
    """Whatever passes by itself may be tried again, told by the server directly or through a script."""
    error = translated(redis_errors.ResponseError(form.format(code)), "h:1")
    assert type(error) is StoreUnavailable
    assert str(error) == f"Redis at h:1 answers {code}: {PASSING[code]}"


@pytest.mark.parametrize("code", LASTING)
def test_codes_that_last(code: str) -> None:
    """Whatever needs a person's change is refused."""
    error = translated(redis_errors.ResponseError(f"{code} some text"), "h:1")
    assert isinstance(error, StoreRefused)
    assert code in str(error)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (redis_errors.BusyLoadingError("Redis is loading the dataset in memory"), "LOADING"),
        (redis_errors.ReadOnlyError("You can't write against a read only replica."), "READONLY"),
        (redis_errors.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), "OOM"),
        (redis_errors.MasterDownError("Link with MASTER is down"), "MASTERDOWN"),
        (redis_errors.ClusterDownError("Hash slot not served"), "CLUSTERDOWN"),
        (redis_errors.TryAgainError("Multiple keys request during rehashing of slot"), "TRYAGAIN"),
        (redis_errors.NoPermissionError("this user has no permissions"), "NOPERM"),
        (redis_errors.AuthenticationError("invalid username-password pair"), "WRONGPASS"),
        (redis_errors.ResponseError("ACL failure in script: User u has no permissions"), "NOPERM"),
    ],
)
def test_classes_of_the_client_library(error: Exception, code: str) -> None:
    """redis-py takes the code off some texts; its class says it instead."""
    assert f"answers {code}:" in str(translated(error, "h:1"))


@pytest.mark.parametrize("error", [redis_errors.TimeoutError("x"), TimeoutError()])
def test_slowness(error: Exception) -> None:
    """A time-out is told as one, and may be tried again."""
    assert "did not answer in time" in str(translated(error, "h:1"))


@pytest.mark.parametrize("error", [redis_errors.ConnectionError("x"), OSError("x"), redis_errors.MaxConnectionsError()])
def test_absence(error: Exception) -> None:
    """A broken or impossible connection may be tried again."""
    told = translated(error, "h:1")
    assert type(told) is StoreUnavailable
    assert "cannot be reached" in str(told)


def test_a_certificate_that_is_not_trusted() -> None:
    """It stays so until somebody names its authority, and is not tried again."""
    told = translated(redis_errors.ConnectionError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), "h:1")
    assert isinstance(told, StoreRefused)
    assert "ssl_ca_certs" in str(told)


def test_a_failed_login_without_a_code_wants_a_password() -> None:
    """Of an error of this class whose text has no code it is the password that is missing."""
    told = translated(redis_errors.AuthenticationError("denied"), "h:1")
    assert isinstance(told, StoreRefused)
    assert "answers NOAUTH:" in str(told)


def test_an_unknown_error_is_cut_to_its_limit() -> None:
    """As many characters as the limit are repeated, and not one more."""
    for length in (TEXT_LIMIT, TEXT_LIMIT + 1):
        assert f"({'x' * TEXT_LIMIT})" in str(translated(redis_errors.ResponseError("x" * length), "h:1"))


def test_an_unknown_error_repeats_no_argument() -> None:
    """Redis repeats arguments of unknown commands, a password among them: that part is left out, and lines are joined."""
    text = "unknown command `AUTH`,\nwith args beginning with: `canary`"
    told = str(translated(redis_errors.ResponseError(text.replace("\n", " ")), "h:1"))
    assert "AUTH" in told
    assert "canary" not in told
    assert "\n" not in str(translated(redis_errors.ResponseError("two\nlines"), "h:1"))


def test_of_an_unknown_error_a_hundred_and_sixty_characters_are_repeated() -> None:
    """From its beginning, without what follows the first arguments; white space is one blank."""
    assert harmless("y" + "x" * 160) == "y" + "x" * 159
    assert harmless("ERR\n  what, with args a, with args b") == "ERR what"


@pytest.mark.parametrize("text", ["NOT_LOADING now", "RELOADING", "loading", "BUSYGROUP exists", "x_OOM"])
def test_a_code_is_a_word_of_its_own(text: str) -> None:
    """A longer word that holds one is another error."""
    assert code_of(redis_errors.ResponseError(text), text) == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The user executing the script can't run this", "NOPERM"),
        ("acl failure in script: no rights", "NOPERM"),
        ("INVALID username-password pair or user is disabled.", "WRONGPASS"),
        ("Authentication required.", "NOAUTH"),
        ("Redis is busy: with Redis while a script runs", "BUSY"),
        ("-OOM command not allowed", "OOM"),
        ("WRONGTYPE Operation against a key", "WRONGTYPE"),
    ],
)
def test_what_is_said_instead_of_a_code_is_known_in_any_letters(text: str, code: str) -> None:
    """And a code behind a dash, as scripts repeat it."""
    assert code_of(redis_errors.ResponseError(text), text) == code


def test_a_fence_says_which_partition_and_whether_writes_were_lost() -> None:
    """Unless it is said, none was."""
    assert (Fenced(3, "gone").partition, Fenced(3, "gone").lost_writes, str(Fenced(3, "gone"))) == (3, False, "gone")
    assert Fenced(3, "gone", lost_writes=True).lost_writes
