"""A private PostgreSQL cluster for tests: one a run, unix socket only, with a migrated template database to copy.

    cluster = Cluster.start()               # initdb as an unprivileged user
    name = cluster.database()               # copy of the migrated template, a fraction of a second
    cluster.connect(name, 'daicho_web')     # psycopg connection as the real login role
    cluster.stop()

Durability is off: a test never pulls the plug on this one.
"""

import atexit
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import psycopg

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get('BUILD', ROOT / 'build')).resolve()
BIN = pathlib.Path('/usr/lib/postgresql/15/bin')
PORT = 5432                 # only names the socket file; the directory is our own
LOGINS = ['daicho_owner', 'daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli', 'daicho_sso', 'daicho_mailer', 'daicho_courier', 'daicho_sealer', 'daicho_watch']


def scope(login, tenant, mask=''):
    """The role a login role takes inside a contract: the operator's commands have one of their own."""
    return f't_{tenant}_desk' if login == 'daicho_cli' else f't_{tenant}{mask}'


SETTINGS = {
    'listen_addresses': '', 'fsync': 'off', 'synchronous_commit': 'off', 'full_page_writes': 'off', 'shared_buffers': '128MB',
    'max_connections': '100', 'lc_messages': 'C', 'timezone': 'Asia/Tokyo', 'log_min_messages': 'error', 'autovacuum': 'on',
}


class Cluster:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.data = self.directory / 'data'
        self.count = 0
        self.server = None

    @staticmethod
    def as_user(command):
        """PostgreSQL does not run as root."""
        return ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'] + command if os.geteuid() == 0 else command

    @staticmethod
    def ends_with_us(command):
        """SIGQUIT when this process dies, however it dies: no server is left behind."""
        if command[0] == 'setpriv':
            return [command[0], '--pdeathsig', 'QUIT', *command[1:]]
        return ['setpriv', '--pdeathsig', 'QUIT', *command]

    def run(self, *command):
        done = subprocess.run(self.as_user([str(c) for c in command]), capture_output=True, text=True)
        assert done.returncode == 0, f'{command[0]}: {done.stdout}{done.stderr}'

    @classmethod
    def start(cls, **settings):
        self = cls(tempfile.mkdtemp(prefix='daicho-test-'))
        if os.geteuid() == 0:
            user = pwd.getpwnam('nobody')
            os.chown(self.directory, user.pw_uid, user.pw_gid)
        os.chmod(self.directory, 0o711)
        self.run(BIN / 'initdb', '-D', self.data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '-N')
        options = [word for k, v in {**SETTINGS, **settings}.items() for word in ('-c', f'{k}={v}')]
        command = [str(BIN / 'postgres'), '-D', str(self.data), '-k', str(self.directory), '-p', str(PORT), *options]
        with open(self.directory / 'log', 'w') as log:
            self.server = subprocess.Popen(self.ends_with_us(self.as_user(command)), stdout=log, stderr=log, cwd='/')
        atexit.register(self.stop)
        end = time.monotonic() + 60
        while True:
            try:
                self.connect('postgres').close()
                break
            except psycopg.OperationalError:
                assert self.server.poll() is None and time.monotonic() < end, (self.directory / 'log').read_text()
                time.sleep(0.05)
        self.migrate('template_daicho')
        return self

    def migrate(self, name):
        with self.connect('postgres') as db:
            db.autocommit = True
            db.execute(f'create database {name}')
        with self.connect(name) as db:
            db.execute((ROOT / 'schema' / 'bootstrap.sql').read_text())
        self.probe(name, 'migrate', ROOT)

    def conninfo(self, database, role='postgres'):
        return f'host={self.directory} port={PORT} dbname={database} user={role}'

    def connect(self, database, role='postgres', **options):
        return psycopg.connect(self.conninfo(database, role), **options)

    def probe(self, database, *words, role='daicho_owner', refused=False):
        """Runs build/db_probe: the house's own C functions against this cluster. Returns what it printed."""
        done = subprocess.run([str(BUILD / 'db_probe'), self.conninfo(database, role), *[str(w) for w in words]],
                              capture_output=True, text=True)
        assert (done.returncode != 0) == refused, f'db_probe {words}: exit {done.returncode} {done.stdout}{done.stderr}'
        return done.stdout + done.stderr

    def database(self):
        self.count += 1
        name = f'test{self.count}'
        with self.connect('postgres') as db:
            db.autocommit = True
            db.execute(f'create database {name} template template_daicho')
            # database rights are not copied
            db.execute(f'revoke all on database {name} from public')
            db.execute(f'grant connect on database {name} to {", ".join(LOGINS)}')
            db.execute(f'grant create, temporary on database {name} to daicho_owner')
            db.execute(f'grant temporary on database {name} to daicho_tenant')
        return name

    def tenant(self, database, name, title='試験商店', lang='ja'):
        self.probe(database, 'tenant', name, title, lang)
        return name

    def stop(self):
        if self.server is not None:
            self.server.send_signal(signal.SIGQUIT)
            self.server.wait(60)
            self.server = None
        shutil.rmtree(self.directory, ignore_errors=True)
