"""`ReadModel`: the tables in a SQLite file or in PostgreSQL, opened.

SQLite: write-ahead log, so that readers and the follower do not wait for each other; `secure_delete`, so that what is
deleted is overwritten. What an erasure deleted is then still in the log until it is written back: `clear_log` does that.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, ProgrammingError, SQLAlchemyError

from readmodel.errors import DatabaseError
from readmodel.tables import VERSION, facts, metadata
from streams.config.settings import Settings

FILE: Final = "readmodel.sqlite"
BUSY_SECONDS: Final = 30.0  # that SQLite waits for another writer: a batch takes less than one
SECOND_MS: Final = 1_000
CLEARING_MS: Final = 500  # that the clearing of the log waits for readers; it is tried again
CACHE_KB: Final = 65_536  # pages that a connection of SQLite keeps in memory: the upper levels of the indexes
MAP_BYTES: Final = 1_073_741_824  # of the file that SQLite reads without copying
ONLY_OWNER: Final = 0o600
SQLITE: Final = "sqlite"


class ReadModel:
    """An open database, for any number of threads. `url` has no password in it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.url = engine.url.render_as_string(hide_password=True)

    @classmethod
    def open(cls, where: str | Path) -> Self:
        """Open the file, or the database of a URL of SQLAlchemy, and make the tables that are missing.

        Tables of another version are dropped. Raises DatabaseError.
        """
        url = _url(where)
        with database_errors(url):
            model = cls(_engine(url))
            model.prepare()
        return model

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Open the database of the settings: `readmodel_url`, or a file in `data_dir`. Raises DatabaseError."""
        if settings.readmodel_url is not None:
            return cls.open(settings.readmodel_url.get_secret_value())
        return cls.open(settings.data_dir / FILE)

    @property
    def is_sqlite(self) -> bool:
        """Tell whether it is a file."""
        return self.engine.dialect.name == SQLITE

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for a query. Raises DatabaseError."""
        with database_errors(self.engine.url), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")  # all of a question's statements see the same rows
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that is alone in writing the tables; it is undone by an exception. Raises DatabaseError."""
        with database_errors(self.engine.url), self.engine.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("LOCK TABLE positions IN EXCLUSIVE MODE")
            yield connection

    def prepare(self) -> None:
        """Make the tables that are missing, and drop those of another version."""
        if _version(self.engine) not in {None, VERSION}:
            metadata.drop_all(self.engine)
        metadata.create_all(self.engine)
        with self.writing() as connection:
            if connection.scalar(select(facts.c.value).where(facts.c.name == "version")) is None:
                found = {"version": VERSION.encode(), "salt": secrets.token_bytes(16)}
                connection.execute(facts.insert(), [{"name": name, "value": value} for name, value in found.items()])

    def clear_log(self) -> bool:
        """Write SQLite's log back and empty it; tell whether it is: a reader may hold it. Raises DatabaseError."""
        if not self.is_sqlite:
            return True
        with database_errors(self.engine.url), self.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {CLEARING_MS}")
            is_busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * SECOND_MS)}")
        return not is_busy

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def database_errors(url: URL) -> Iterator[None]:
    """Raise DatabaseError for what SQLAlchemy and the drivers raise in the block."""
    try:
        yield
    except SQLAlchemyError as error:
        raise DatabaseError(_line(url, error)) from error


def _line(url: URL, error: SQLAlchemyError) -> str:
    where = url.database if url.get_backend_name() == SQLITE else url.render_as_string(hide_password=True)
    why = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    advice = "see that it runs, and that CLIENTWARD_READMODEL_URL is right"
    if not isinstance(error, OperationalError | ProgrammingError):
        advice = "`clientward readmodel rebuild` makes the tables anew"
    return f"the read model at {where}: {why}; {advice}"


def _url(where: str | Path) -> URL:
    if isinstance(where, Path):
        return URL.create(SQLITE, database=str(where))
    try:
        url = make_url(where)
    except ArgumentError:
        raise DatabaseError(
            "the read model's URL is none: give one as sqlite:////path or postgresql://user@host/db"
        ) from None
    if url.drivername in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    return url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() not in {SQLITE, "postgresql"}:
        raise DatabaseError(
            f"the read model's URL names {url.drivername}: give sqlite:////path or postgresql://user@host/db"
        )
    try:
        return _sqlite(url) if url.get_backend_name() == SQLITE else create_engine(url, pool_pre_ping=True)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseError(f"{error}: install clientward[console]") from None


def _sqlite(url: URL) -> Engine:
    file = Path(url.database or FILE)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(ONLY_OWNER)
    except OSError as error:
        raise DatabaseError(f"the read model at {file}: {error.strerror}; name a file that can be written") from None
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by us, not by the driver at the first INSERT
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",  # a power cut may take the last batches, with their positions: they are read again
        "secure_delete = ON",
        f"cache_size = -{CACHE_KB}",
        f"mmap_size = {MAP_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _version(engine: Engine) -> str | None:
    """Return the version of the tables that are there; None where there are none."""
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, facts.name):
            return None
        found = connection.scalar(select(facts.c.value).where(facts.c.name == "version"))
        return None if found is None else bytes(found).decode()
