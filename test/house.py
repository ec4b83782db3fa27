"""house.py - a real Daicho for the tests: PostgreSQL, workers and nginx as `daicho up` starts them, in a directory of its own, on a free port.

    house = House.start()                     one for the whole run (fixture `house` in conftest.py)
    shop = house.tenant()                     a fresh contract: registers customers and orders, admin account, API key
    shop.api('GET', '/registers')             as its key;   shop.browser().get('/registers')    as its admin, in a browser's way
    shop.staff, shop.viewer                   more accounts, made when first asked for (the viewer sees personal items masked)
    house.sql('select 1', role='daicho_web')  rows, as one of the database's roles ('superuser' without a name)
    house.cli('tenant', 'list')               the command, its JSON
Only what a person or a program could do is done here; nothing is faked.
"""
import atexit, base64, fcntl, functools, hashlib, hmac, http.client, itertools, json, os, pathlib, re, secrets, shutil, signal, socket, ssl, struct, subprocess, tempfile
import threading, time, urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get('BUILD', ROOT / 'build')).resolve()
DAICHO = BUILD / 'daicho'
POSTGRES_BIN = pathlib.Path('/usr/lib/postgresql/15/bin')
NO_CERTIFICATE = ['--no-certificate', '--approved-by', 'tests', '--reason', 'tests of other things']
ENVIRONMENT = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LANG': 'C.UTF-8', 'HOME': '/nonexistent'}


class Refused(Exception):
    """A command that ended with another status than 0."""

    def __init__(self, args, status, stdout, stderr):
        super().__init__(f'daicho {" ".join(map(str, args))}: status {status}: {stderr.strip()}')
        self.status, self.stdout, self.stderr = status, stdout, stderr


class Answer:
    """What came back over HTTP."""

    def __init__(self, status, headers, content, url):
        self.status, self.status_code, self.headers, self.content, self.url = status, status, headers, content, url

    @property
    def text(self):
        return self.content.decode()

    def json(self):
        return json.loads(self.content)

    def __repr__(self):
        return f'<Answer {self.status} {self.url} {self.content[:300]!r}>'


def multipart(fields, files):
    """(content type, bytes). files: {name: (file name, bytes, content type)}"""
    edge = secrets.token_hex(16)
    out = b''
    for name, value in (fields or {}).items():
        out += f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    for name, (file_name, data, kind) in (files or {}).items():
        out += (f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
                f'Content-Type: {kind}\r\n\r\n').encode() + data + b'\r\n'
    return f'multipart/form-data; boundary={edge}', out + f'--{edge}--\r\n'.encode()


class Client:
    """HTTP/1.1 over TLS with the house's own authority checked; keeps its connection. pem: a file with a client certificate and its key; source: the
    loopback address it comes from."""

    def __init__(self, house, pem=None, source=None):
        self.house, self.local, self.pem, self.source = house, threading.local(), pem, source

    def _open(self):
        context = ssl.create_default_context(cafile=str(self.house.dir / 'tls/ca.crt'))
        if self.pem:
            context.load_cert_chain(str(self.pem))
        if self.source:
            return http.client.HTTPSConnection('localhost', self.house.port, context=context, timeout=300, source_address=(self.source, 0))
        return http.client.HTTPSConnection('localhost', self.house.port, context=context, timeout=300)

    def request(self, method, path, headers=None, body=None):
        target = urllib.parse.quote(path, safe="/%?&=+:;,@~!$'()*-._[]")
        for attempt in (1, 2, 3):
            kept, sent = getattr(self.local, 'connection', None), False
            connection = kept or self._open()
            try:
                connection.request(method, target, body=body, headers=headers or {})
                sent = True
                answer = connection.getresponse()
                content = answer.read()
                break
            except BaseException as trouble:            # a connection in the middle of something is of no use to the next test
                connection.close()
                self.local.connection = None
                closed = isinstance(trouble, (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ssl.SSLEOFError))
                # an idle connection was closed meanwhile, or nginx refused the head and closed before the body was written: once more on a fresh one
                if attempt == 3 or not closed or (sent and kept is None):
                    raise
        self.local.connection = None if answer.will_close else connection
        return Answer(answer.status, answer.headers, content, path)


class App:
    """RFC 6238, written once more, so that liboath is not judged by itself."""

    def __init__(self, house, secret):
        self.house, self.seed = house, base64.b32decode(secret + '=' * (-len(secret) % 8))

    def step(self):
        """The half minute the house is in; waits when it is nearly over."""
        while True:
            now = float(self.house.sql('select extract(epoch from daicho.clock())')[0][0])
            if now % 30 < 27:
                return int(now // 30)
            time.sleep(30.1 - now % 30)

    def at(self, step):
        digest = hmac.new(self.seed, struct.pack('>Q', step), hashlib.sha1).digest()
        at = digest[-1] & 15
        return f'{(struct.unpack(">I", digest[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}'

    def code(self):
        return self.at(self.step())


class Browser:
    """A person with a browser: a cookie, the CSRF token of the page, forms. Does not follow redirects."""

    def __init__(self, house, http=None):
        self.house, self.cookies, self.http = house, {}, http or house.http

    @property
    def csrf(self):
        """SHA-256("csrf" || cookie value), as the pages carry it."""
        value = self.cookies.get('__Host-daicho', '')
        return base64.urlsafe_b64encode(hashlib.sha256(b'csrf' + value.encode()).digest()).decode().rstrip('=')

    def request(self, method, path, *, form=None, files=None, json_body=None, headers=None, csrf=True, htmx=False):
        headers = {'Accept': 'text/html', 'Accept-Language': 'ja', **(headers or {})}
        body = None
        if self.cookies:
            headers['Cookie'] = '; '.join(f'{k}={v}' for k, v in self.cookies.items())
        if htmx:
            headers['HX-Request'] = 'true'
        if json_body is not None:
            headers['Content-Type'], body = 'application/json', json.dumps(json_body).encode()
            if csrf:
                headers.setdefault('X-CSRF-Token', self.csrf)
        elif form is not None or files is not None:
            fields = dict(form or {})
            if csrf and self.cookies:
                fields.setdefault('_csrf', self.csrf)
            if files is not None:
                headers['Content-Type'], body = multipart(fields, files)
            else:
                headers['Content-Type'], body = 'application/x-www-form-urlencoded', urllib.parse.urlencode(fields, doseq=True).encode()
        answer = self.http.request(method, path, headers, body)
        for cookie in answer.headers.get_all('Set-Cookie') or []:
            name, _, rest = cookie.partition('=')
            value = rest.split(';')[0]
            if value and 'max-age=0' not in cookie.lower():
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    def get(self, path, **more):
        return self.request('GET', path, **more)

    def post(self, path, form=None, **more):
        return self.request('POST', path, form=form if form is not None else {}, **more)

    def login(self, tenant, login, password):
        answer = self.post('/login', {'tenant': tenant, 'login': login, 'password': password, 'take_over': 'true'})
        assert answer.status == 303, answer
        self.second((tenant, login.lower()))
        return self

    def second(self, who):
        """The second factor, where one is needed: set up at the first log-in, given at the next. One browser then goes on."""
        stage = self.house.sql('select stage from daicho.session where token_hash = %s', args=(hashlib.sha256(self.cookies['__Host-daicho'].encode()).digest(),))
        if stage == [('enroll',)]:
            begun = self.call('/me/factors/totp', name='test')
            self.house.apps[who] = App(self.house, begun['secret'])
            self.call(f'/me/factors/totp/{begun["id"]}', code=self.house.apps[who].code())
        elif stage == [('factor',)]:
            self.call('/login/factor', code=self.house.apps[who].code(), take_over=True)
        else:
            return
        self.house.sql('update daicho.factor f set last_step = last_step - 10 from daicho.account a where a.id = f.account_id and a.tenant = %s'
                       ' and lower(a.login) = %s', args=who)             # as if the half minute of this code were over

    def call(self, path, **body):
        answer = self.request('POST', '/api/v1' + path, json_body=body)
        assert answer.status in (200, 201), answer
        return answer.json()


class Account:
    def __init__(self, tenant, id, login, password, group):
        self.tenant, self.id, self.login, self.password, self.group = tenant, id, login, password, group
        self._browser = None

    def browser(self, fresh=False):
        """Logged in, all proven. The session is a row put there: the log-in itself is tested by those who use Browser.login. An account has one
        session: a fresh one ends the one before."""
        if fresh or self._browser is None:
            token, house = secrets.token_urlsafe(32), self.tenant.house
            house.sql("delete from daicho.session where account_id = %s and stage in ('full', 'locked')", args=(self.id,))
            house.sql("insert into daicho.session (token_hash, account_id, tenant, source, agent, factor) values (%s, %s, %s, '127.0.0.1', 'test', 'provider')",
                      args=(hashlib.sha256(token.encode()).digest(), self.id, self.tenant.name))
            self._browser = Browser(house)
            self._browser.cookies['__Host-daicho'] = token
        else:                       # a long run: still a fresh proof
            self.tenant.house.sql('update daicho.session set proven_at = daicho.clock() where account_id = %s', args=(self.id,))
        return self._browser


class Tenant:
    """One contract. The accounts other than the admin are made when first asked for."""
    GROUPS = {'admin': '管理者', 'staff': '担当者', 'viewer': '閲覧者(個人情報なし)'}

    def __init__(self, house, name, title, registers, certificates):
        self.house, self.name, self.title, self._accounts = house, name, title, {}
        house.cli('tenant', 'create', name, '--title', title, '--no-admin', *([] if certificates else NO_CERTIFICATE))
        for register in registers:
            house.cli('register', 'define', '--tenant', name, ROOT / 'registers' / f'{register}.yaml')
        self._key = None

    def account(self, login, group=None, password=None):
        if login not in self._accounts:
            group, password = group or self.GROUPS.get(login, login), password or 'aA1!' + secrets.token_urlsafe(12)
            made = self.house.cli('account', 'create', '--tenant', self.name, login, '--name', login, '--group', group, '--password', password)
            self._accounts[login] = Account(self, made['id'], login, password, group)
        return self._accounts[login]

    admin = property(lambda self: self.account('admin'))
    staff = property(lambda self: self.account('staff'))
    viewer = property(lambda self: self.account('viewer'))
    deputy = property(lambda self: self.account('deputy', self.GROUPS['admin']))     # a second administrator

    @property
    def key(self):
        """An API key that may do everything."""
        if self._key is None:
            self._key = self.new_key('test')
        return self._key

    def new_key(self, name, permissions=None):
        """A key of nobody's in particular. It is a row put there: its making by people is tested by those who use POST /keys, and an operator makes none that
        opens records."""
        key, words = 'dk_' + secrets.token_urlsafe(32), permissions.split(',') if permissions is not None else self.house.permissions
        self.house.sql('insert into daicho.api_key (tenant, name, token_hash, hint, permissions) values (%s, %s, %s, %s, %s)',
                       args=(self.name, name, hashlib.sha256(key.encode()).digest(), key[:8], words))
        return key

    def api(self, method, path, **more):
        return self.house.api(method, path, **{'key': self.key, **more})

    def browser(self, login='admin', fresh=False):
        return self.account(login).browser(fresh)

    def sql(self, text, args=()):
        """As the operator would: superuser, with this tenant's schema first."""
        return self.house.sql(text, args=args, schema=f't_{self.name}')

    def log(self, own=False):
        """Entries of the operation log, oldest first, each as a dict with its detail: what people did, and with `own` what the house did of itself, too - at no
        time a test could know."""
        return [e for e in self.house.log(self.name) if own or e['actor_kind'] != 'system']


class House:
    numbers = itertools.count(1)

    @functools.cached_property
    def permissions(self):
        """Every word an account of a contract can hold."""
        table = (ROOT / 'src/identity/permission.tbl').read_text()
        return re.findall(r'^PERMISSION\(\w+, +"([a-z.]+)", +(?:HOUSE|REGISTER)\)', table, re.M)

    def __init__(self, directory, conf=None):
        self.dir, self.conf, self.process, self.port, self.output = pathlib.Path(directory), conf or {}, None, None, []
        self.apps = {}      # authenticator apps of those who need one, by (contract, log-in name)
        self.http = Client(self)
        self._connections = {}

    # life --------------------------------------------------------------------------------------------------------------------------
    @classmethod
    def start(cls, bench=False, directory=None, demo=False, conf=None, prefix=()):
        base = {} if bench else {'database_memory': 128, 'web_workers': 4, 'password_cost': 4, 'login_rate': 1000, 'seal_seconds': 1}
        house = cls(directory or tempfile.mkdtemp(prefix='daicho-'), {**base, **(conf or {})})
        atexit.register(house.close)
        if not bench:           # receivers of webhooks stand on this machine, with the certificate of the house
            house.conf = {'webhook_networks': '127.0.0.1', 'webhook_ca': house.dir / 'tls/ca.crt', **house.conf}
        try:
            if not bench and not directory:
                house.copy_made_one()
            house.up(demo=demo, prefix=prefix)
        except BaseException:
            house.close()
            raise
        return house

    def copy_made_one(self):
        """A house that was started once and stopped, kept under the build directory: initdb and the migrations are the slow part of a start."""
        digest = hashlib.sha256()
        for path in sorted([*(ROOT / 'schema').rglob('*.sql'), *(ROOT / 'src/cli').glob('*.c')]):
            digest.update(path.read_bytes())
        kept = BUILD / f'test-houses-{os.geteuid()}' / digest.hexdigest()[:16]
        with open(f'{kept.parent}.lock', 'w') as lock:          # the rings run beside each other
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.make_one(kept)
            shutil.rmtree(self.dir)
            subprocess.run(['cp', '-a', '--reflink=auto', str(kept), str(self.dir)], check=True)
        (self.dir / 'daicho.conf').unlink()
        for log in (self.dir / 'log').rglob('*'):
            if log.is_file():
                log.unlink()

    @staticmethod
    def make_one(kept):
        if not kept.exists():
            first = House(tempfile.mkdtemp(prefix='daicho-'), {'database_memory': 128, 'web_workers': 1, 'auth_workers': 1, 'job_workers': 1})
            try:
                first.up()
                first.stop()
                shutil.rmtree(kept.parent, ignore_errors=True)
                kept.parent.mkdir(exist_ok=True)
                half = kept.with_suffix(f'.{os.getpid()}')
                subprocess.run(['cp', '-a', str(first.dir), str(half)], check=True)
                half.rename(kept)
            finally:
                first.close()

    def write_conf(self):
        if self.conf:
            self.dir.mkdir(exist_ok=True)
            (self.dir / 'daicho.conf').write_text(''.join(f'{k} = {v}\n' for k, v in self.conf.items()))

    def up(self, *args, demo=False, prefix=(), port=None, seconds=120):
        """Start; returns when the ready line was read. Refused when the command ends instead."""
        if not (self.dir / 'daicho.conf').exists():
            self.write_conf()
        command = [*prefix, DAICHO, 'up', '--dir', self.dir, '--port', str(port or self.port or 0), *(['--demo'] if demo else []), *args]
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
                                        cwd='/')
        self.output, self.errors = [], []
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process.stderr, self.errors, None), daemon=True).start()
        threading.Thread(target=self._read, args=(self.process.stdout, self.output, ready), daemon=True).start()
        end = time.monotonic() + seconds
        while not ready.wait(0.02):
            if self.process.poll() is not None:
                time.sleep(0.05)
                raise Refused(command, self.process.returncode, '\n'.join(self.output), '\n'.join(self.errors))
            if time.monotonic() > end:
                self.process.kill()
                raise TimeoutError('\n'.join(self.errors) + '\n' + self.tail('house.log'))
        self.url = next(line.split()[1] for line in self.output if line.startswith('ready ')).rstrip('/')
        self.port = int(self.url.rsplit(':', 1)[1])
        return self

    @staticmethod
    def _read(stream, lines, ready):
        for line in stream:
            lines.append(line.rstrip('\n'))
            if ready and line.startswith('ready '):
                ready.set()

    def stop(self, number=signal.SIGTERM, seconds=60):
        """Stop cleanly; the exit status."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        self.http.local.connection = None
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        finally:
            self.process = None if self.process.poll() is not None else self.process

    def restart(self):
        self.stop()
        return self.up()

    def close(self):
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def tail(self, name, lines=30):
        path = self.dir / 'log' / name
        return '\n'.join(path.read_text(errors='replace').splitlines()[-lines:]) if path.exists() else ''

    # processes ---------------------------------------------------------------------------------------------------------------------
    def processes(self):
        """{process number: command line} of all that belongs to this house."""
        found = {}
        parents = {}
        for entry in pathlib.Path('/proc').iterdir():
            if entry.name.isdigit():
                try:
                    line = (entry / 'cmdline').read_bytes().replace(b'\0', b' ').decode(errors='replace').strip()
                    stat = (entry / 'stat').read_text().rsplit(')', 1)[1].split()
                except OSError:
                    continue
                if stat[0] != 'Z':
                    parents[int(entry.name)] = (int(stat[1]), line)
        for pid, (_, line) in parents.items():
            at, depth = pid, 0
            while at in parents and depth < 20:
                if str(self.dir) in parents[at][1] and 'pytest' not in parents[at][1]:
                    found[pid] = line
                    break
                at, depth = parents[at][0], depth + 1
        return found

    def workers(self, kind):
        return sorted(pid for pid, line in self.processes().items() if re.search(rf'\bworker {kind} \d+ ', line))

    # operator ----------------------------------------------------------------------------------------------------------------------
    def run(self, *args, input=None, env=None):
        """(status, stdout, stderr) of a command on this house."""
        done = subprocess.run([str(a) for a in (DAICHO, *args, '--dir', self.dir)], capture_output=True, text=True, input=input, cwd='/',
                              env={**ENVIRONMENT, **(env or {})}, timeout=300, start_new_session=True)       # nobody's terminal
        return done.returncode, done.stdout, done.stderr

    def cli(self, *args, **more):
        """The JSON a command prints; Refused when it refuses."""
        status, out, err = self.run(*args, '--json', **more)
        if status != 0:
            raise Refused(args, status, out, err)
        return json.loads(out) if out.strip() else None

    def tenant(self, name=None, title=None, registers=('customers', 'orders'), certificates=False):
        """certificates: as a contract is by default: nobody gets in without a client certificate."""
        number = next(House.numbers)
        name = name or f'shop{number}'
        return Tenant(self, name, title or f'株式会社テスト{number}', registers, certificates)

    # database ----------------------------------------------------------------------------------------------------------------------
    def secret(self, role):
        return (self.dir / 'secret' / ('postgres' if role == 'superuser' else role)).read_text().strip()

    def connect(self, role='superuser', database='daicho', **more):
        import psycopg
        user = 'postgres' if role == 'superuser' else role
        return psycopg.connect(host=str(self.dir / 'run'), dbname=database, user=user, password=self.secret(role), autocommit=True, **more)

    def sql(self, text, role='superuser', args=(), schema=None):
        """Rows of a statement as that role (its connection is kept); [] when it returns none."""
        connection = self._connections.get(role)
        if connection is None or connection.closed:
            connection = self._connections[role] = self.connect(role)
        if schema is not None:
            connection.execute(f'set search_path = {schema}, daicho, pg_catalog')
        cursor = connection.execute(text, args or None)
        rows = cursor.fetchall() if cursor.description else []
        if schema is not None:
            connection.execute('reset search_path')
        return rows

    def client(self, program, *args, role='superuser'):
        """Output of one of PostgreSQL's programs (psql, pgbench) as that role."""
        env = {**ENVIRONMENT, 'PGHOST': str(self.dir / 'run'), 'PGUSER': 'postgres' if role == 'superuser' else role, 'PGDATABASE': 'daicho',
               'PGPASSWORD': self.secret(role)}
        return subprocess.run([str(POSTGRES_BIN / program), *map(str, args)], check=True, capture_output=True, text=True, env=env, cwd='/').stdout

    # API ---------------------------------------------------------------------------------------------------------------------------
    def api(self, method, path, key=None, json=None, body=None, files=None, fields=None, headers=None):
        """One API call; `path` without /api/v1. json: the body; body: bytes as they are; files: multipart."""
        headers = {'Accept': 'application/json', **(headers or {})}
        if key is not None:
            headers['Authorization'] = f'Bearer {key}'
        if files is not None:
            headers['Content-Type'], body = multipart(fields, files)
        elif json is not None:
            headers.setdefault('Content-Type', 'application/json')
            body = _json(json)
        return self.http.request(method, ('' if path.startswith('/api/') else '/api/v1') + path, headers, body)

    def browser(self):
        return Browser(self)

    def browser_login(self, tenant, login, password):
        return Browser(self).login(tenant, login, password)

    def import_file(self, register, path, tenant, key=None, **fields):
        """Upload a file; the number of its job."""
        data = path if isinstance(path, bytes) else pathlib.Path(path).read_bytes()
        answer = self.api('POST', f'/registers/{register}/imports', key=key or tenant.key, fields=fields,
                          files={'file': ('data.csv', data, 'text/csv')})
        assert answer.status in (201, 202), answer
        return int(answer.json()['id'])

    def export(self, register, tenant, key=None, **args):
        answer = self.api('POST', f'/registers/{register}/exports', key=key or tenant.key, json=args)
        assert answer.status in (201, 202), answer
        return int(answer.json()['id'])

    def wait_job(self, id, tenant, key=None, seconds=60):
        """The job when it has ended, however it ended."""
        end = time.monotonic() + seconds
        while True:
            answer = self.api('GET', f'/jobs/{id}', key=key or tenant.key)
            assert answer.status == 200, answer
            job = answer.json()
            job = job.get('job', job)
            if job['state'] not in ('queued', 'running'):
                return job
            if time.monotonic() > end:
                raise TimeoutError(job)
            time.sleep(0.05)

    def log(self, tenant):
        rows = self.sql(f'select to_jsonb(l) || jsonb_build_object(\'detail\', d.detail) from t_{tenant}.log l '
                        f'left join t_{tenant}.log_detail d on d.id = l.id order by l.id')
        return [{**row[0], 'detail': json.loads(row[0]['detail']) if row[0]['detail'] else None} for row in rows]


def until(what, seconds=20):
    """What `what()` says as soon as it says something true, or its last word after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    return what()


def _json(value):
    return json.dumps(value, ensure_ascii=False).encode()


def serve():
    """`python3 test/house.py --serve`: a house with one contract for programs in other languages; one JSON line, then it stands until stdin ends."""
    import sys
    house = House.start()
    house.cli('postal', 'import', ROOT / 'registers' / 'postal_sample.csv')
    tenant = house.tenant(name='midori', title='株式会社みどり商事')
    accounts = {name: {'login': getattr(tenant, name).login, 'password': getattr(tenant, name).password} for name in ('admin', 'staff', 'viewer', 'deputy')}
    print(_json({'url': house.url, 'port': house.port, 'tenant': tenant.name, 'title': tenant.title, 'accounts': accounts, 'key': tenant.key,
                 'dir': str(house.dir), 'build': str(BUILD)}).decode(), flush=True)
    sys.stdin.read()
    house.close()


if __name__ == '__main__':
    serve()
