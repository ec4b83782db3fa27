"""`daicho up`: the start, the end, and what happens when something is wrong in between."""
import http.client, os, pathlib, re, shutil, signal, socket, subprocess, tempfile, time

import pytest

from house import BUILD, DAICHO, ENVIRONMENT, House, Refused, until

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


@pytest.fixture
def empty():
    """A house that is not started yet."""
    house = House(tempfile.mkdtemp(prefix='daicho-'), {'database_memory': 128, 'web_workers': 2, 'auth_workers': 1, 'job_workers': 1})
    house.copy_made_one()
    yield house
    house.close()


def refusal(*args, env=None, prefix=()):
    """What `daicho …` says when it refuses: (status, the one sentence)."""
    done = subprocess.run([str(a) for a in (*prefix, DAICHO, *args)], capture_output=True, text=True, env={**ENVIRONMENT, **(env or {})}, cwd='/', timeout=60)
    lines = done.stderr.strip().splitlines()
    return done.returncode, '\n'.join(lines)


def test_first_start_makes_everything_and_answers_over_tls_with_a_certificate_of_its_own():
    house = House(tempfile.mkdtemp(prefix='daicho-'), {'database_memory': 128, 'web_workers': 2, 'auth_workers': 1, 'job_workers': 1})
    try:
        house.up()
        assert house.output[-1] == f'ready https://localhost:{house.port}/'
        assert house.api('GET', '/health').status == 200            # the client trusts tls/ca.crt and nothing else
        for secret in (house.dir / 'secret').rglob('*'):
            assert secret.stat().st_mode & 0o777 == (0o700 if secret.is_dir() else 0o600), secret
        assert (house.dir / 'secret').stat().st_mode & 0o777 == 0o700
        assert house.sql("select current_setting('data_checksums')") == [('on',)]
        assert house.sql("select current_setting('listen_addresses')") == [('',)]
        assert house.sql('select current_setting($$password_encryption$$)') == [('scram-sha-256',)]
        assert house.stop() == 0
    finally:
        house.close()


def test_every_database_role_needs_its_password(empty):
    import psycopg
    empty.up()
    for role in ('postgres', 'daicho_owner', 'daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli'):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(host=str(empty.dir / 'run'), dbname='daicho', user=role, password='wrong')
        with empty.connect(role) as connection:
            assert connection.execute('select session_user').fetchone() == (role,)


def test_second_start_uses_the_directory_again(empty):
    empty.up()
    empty.cli('tenant', 'create', 'kept', '--title', '残るもの', '--no-admin')
    assert empty.stop() == 0
    empty.up()
    assert [t['name'] for t in empty.cli('tenant', 'list')] == ['kept']


def test_clean_stop_leaves_no_process_and_no_socket_behind(empty):
    empty.up()
    assert len(empty.processes()) > 8
    assert empty.stop() == 0
    assert until(lambda: not empty.processes()), empty.processes()
    assert not (empty.dir / 'pg/postmaster.pid').exists()
    newest = max((empty.dir / 'log/postgres').glob('*.json'))
    assert 'database system is shut down' in newest.read_text().splitlines()[-1]


def test_ctrl_c_stops_cleanly_too(empty):
    empty.up()
    assert empty.stop(signal.SIGINT) == 0
    assert until(lambda: not empty.processes())


def test_down_stops_what_up_started_and_says_so_when_nothing_runs(empty):
    empty.up()
    status, out, _ = empty.run('down')
    assert (status, out) == (0, 'stopped\n')
    assert empty.process.wait(10) == 0
    status, out, _ = empty.run('down')
    assert (status, out) == (0, 'Daicho does not run here\n')


@pytest.mark.parametrize('kind', ['web', 'auth', 'jobs'])
def test_crashed_worker_is_started_again(empty, kind):
    empty.up()
    before = empty.workers(kind)
    os.kill(before[0], signal.SIGKILL)
    assert until(lambda: len(empty.workers(kind)) == len(before) and before[0] not in empty.workers(kind))
    assert empty.api('GET', '/health').status == 200


def test_requests_are_answered_while_workers_crash(empty):
    empty.up()
    answers = []
    for round in range(10):
        for pid in empty.workers('web'):
            os.kill(pid, signal.SIGKILL)
        answers.append(empty.api('GET', '/health').status)
    assert answers.count(200) == 10, answers


def test_crashed_nginx_is_started_again_and_connections_wait_for_it(empty):
    empty.up()
    pid = int((empty.dir / 'run/nginx.pid').read_text())
    os.kill(pid, signal.SIGKILL)
    empty.http.local.connection = None

    def answered():
        try:
            return empty.api('GET', '/health').status == 200
        except (OSError, http.client.HTTPException):      # it reached a worker of the nginx that died, in its last moment
            return False

    assert until(answered, 5)
    assert until(lambda: (empty.dir / 'run/nginx.pid').read_text().strip() not in ('', str(pid)))
    assert empty.api('GET', '/health').status == 200


def test_no_nginx_worker_can_sleep_in_accept(empty):
    empty.up()
    nginx = next(pid for pid, line in empty.processes().items() if 'nginx: master' in line)
    flags = next(line.split()[1] for line in pathlib.Path(f'/proc/{nginx}/fdinfo/3').read_text().splitlines() if line.startswith('flags'))
    assert int(flags, 8) & os.O_NONBLOCK


def test_crashed_postgres_is_started_again_and_the_workers_find_it(empty):
    empty.up()
    pid = int((empty.dir / 'pg/postmaster.pid').read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    assert until(lambda: empty.api('GET', '/health').status == 200, 40), empty.tail('house.log')


def test_killed_parent_takes_everything_with_it(empty):
    empty.up()
    assert len(empty.processes()) > 8
    empty.process.kill()
    empty.process.wait()
    assert until(lambda: not empty.processes()), empty.processes()
    empty.process = None
    empty.up()                                          # and the next start finds its way
    assert empty.api('GET', '/health').status == 200


def test_start_right_after_a_killed_parent_waits_for_the_old_postgres(empty):
    empty.up()
    empty.process.kill()
    empty.process.wait()
    empty.process = None
    empty.up()
    assert empty.api('GET', '/health').status == 200


def test_second_up_on_the_same_directory_is_refused_naming_the_process(empty):
    empty.up()
    status, said = refusal('up', '--dir', empty.dir, '--port', 0)
    assert status == 1
    assert f'Daicho already runs in {empty.dir} (process {empty.process.pid})' in said
    assert empty.api('GET', '/health').status == 200


def test_port_in_use_is_said_and_nothing_is_left_running(empty):
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        status, said = refusal('up', '--dir', empty.dir, '--port', port)
    assert status == 1
    assert said == f'daicho: port {port} of 127.0.0.1 is in use by another program; choose another with --port'
    assert not empty.processes()


@pytest.mark.parametrize('text, sentence', [
    ('prot = 1\n', 'line 1: prot: there is no key of this name'),
    ('# mine\n\nport = 99999\n', 'line 3: port: must be a whole number from 0 to 65535, not "99999"'),
    ('port = 1\nport = 2\n', 'line 2: port: stands here a second time'),
    ('web_workers\n', 'line 1: web_workers: must be written `key = value`'),
])
def test_wrong_configuration_refuses_to_start_naming_line_key_and_file(empty, text, sentence):
    (empty.dir / 'daicho.conf').write_text(text)
    status, said = refusal('up', '--dir', empty.dir, '--port', 0)
    assert status == 1
    assert sentence in said
    assert f'{empty.dir}/daicho.conf' in said


def test_refusals_are_japanese_for_a_japanese_reader(empty):
    (empty.dir / 'daicho.conf').write_text('prot = 1\n')
    status, said = refusal('up', '--dir', empty.dir, '--port', 0, env={'LANG': 'ja_JP.UTF-8'})
    assert status == 1
    assert 'prot' in said and re.search('[ぁ-ん]', said), said


@pytest.mark.parametrize('key, package', [('nginx', 'nginx-light'), ('postgres_directory', 'postgresql-15')])
def test_missing_program_is_named_with_its_package(empty, key, package):
    (empty.dir / 'daicho.conf').write_text(f'{key} = /nowhere/at/all\n')
    status, said = refusal('up', '--dir', empty.dir, '--port', 0)
    assert status == 1
    assert 'is missing; install the package ' + package in said
    assert len(said.splitlines()) == 1


def test_directory_with_other_things_is_left_alone(tmp_path):
    (tmp_path / 'holiday.jpg').write_bytes(b'x')
    status, said = refusal('up', '--dir', tmp_path, '--port', 0)
    assert status == 1
    assert 'holds other things' in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ['holiday.jpg']


def test_directory_of_another_layout_is_refused(empty):
    (empty.dir / 'VERSION').write_text('99\n')
    status, said = refusal('up', '--dir', empty.dir, '--port', 0)
    assert status == 1 and 'made by another version of Daicho (layout 99, this program knows 1)' in said


def test_data_of_another_postgresql_are_refused(empty):
    (empty.dir / 'pg/PG_VERSION').write_text('14\n')
    status, said = refusal('up', '--dir', empty.dir, '--port', 0)
    assert status == 1 and 'is of PostgreSQL 14; this program needs 15' in said


def test_path_too_long_for_a_socket_is_said(tmp_path):
    deep = tmp_path / ('x' * 100)
    status, said = refusal('up', '--dir', deep, '--port', 0)
    assert status == 1 and 'too long for a socket' in said


@ROOT_ONLY
def test_full_disk_is_said():
    small = pathlib.Path(tempfile.mkdtemp(prefix='small-'))
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=16m,mode=755', 'tmpfs', small], capture_output=True).returncode != 0:
        pytest.skip('this machine lets nobody mount')
    try:
        status, said = refusal('up', '--dir', small / 'house', '--port', 0)
        assert status == 1
        assert re.search(r'there are only \d+ MiB free on the disk of ', said), said
        with open(small / 'filler', 'wb') as f, pytest.raises(OSError):
            f.write(b'x' * (20 << 20))
        status, said = refusal('up', '--dir', small / 'house2', '--port', 0)
        assert status == 1 and ('no space left' in said.lower() or 'disk is full' in said), said
    finally:
        subprocess.run(['umount', '-l', small])
        small.rmdir()


@ROOT_ONLY
def test_root_hands_everything_to_a_user_of_its_own(empty):
    empty.up()
    owner = (empty.dir / 'VERSION').stat().st_uid
    assert owner != 0
    for pid in empty.processes():
        status = pathlib.Path(f'/proc/{pid}/status').read_text()
        assert re.search(rf'^Uid:\s+{owner}\s+{owner}\s+{owner}\s+{owner}$', status, re.M), status
        assert re.search(r'^CapPrm:\s+0000000000000000$', status, re.M), status
    assert not [p for p in empty.dir.rglob('*') if p.lstat().st_uid != owner]


@ROOT_ONLY
def test_any_user_can_run_a_house_of_their_own():
    directory = pathlib.Path(tempfile.mkdtemp(prefix='daicho-'))
    os.chown(directory, 65534, 65534)
    house = House(directory)
    try:
        house.up(prefix=('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'))
        assert house.api('GET', '/health').status == 200
        assert {pathlib.Path(f'/proc/{pid}').stat().st_uid for pid in house.workers('auth')} <= {0, 65534}
        assert house.stop() == 0
    finally:
        house.close()


@ROOT_ONLY
def test_program_in_roots_own_folder_still_serves():
    """A checkout in /root: the service user can walk neither to the program nor to the pages."""
    hidden = pathlib.Path(tempfile.mkdtemp(prefix='hidden-'))
    house = House(tempfile.mkdtemp(prefix='daicho-'), {'database_memory': 128, 'web_workers': 1, 'auth_workers': 1, 'job_workers': 1})
    try:
        house.copy_made_one()
        (hidden / 'build').mkdir()
        shutil.copy(DAICHO, hidden / 'build/daicho')
        for part in ('pages', 'schema', 'registers'):
            shutil.copytree(BUILD.parent / part, hidden / part)
        if (BUILD / 'static').exists():
            shutil.copytree(BUILD / 'static', hidden / 'build/static')
        hidden.chmod(0o700)
        house.write_conf()
        house.process = subprocess.Popen([hidden / 'build/daicho', 'up', '--dir', house.dir, '--port', '0'], stdout=subprocess.PIPE, text=True,
                                         env=ENVIRONMENT, cwd='/')
        line = house.process.stdout.readline()
        assert line.startswith('ready '), line
        house.port = int(line.strip().rstrip('/').rsplit(':', 1)[1])
        assert house.api('GET', '/health').status == 200
        assert (house.dir / 'share/pages').is_dir()
    finally:
        house.close()
        shutil.rmtree(hidden)


@ROOT_ONLY
def test_directory_the_service_user_cannot_reach_is_refused_with_a_way_out():
    closed = pathlib.Path(tempfile.mkdtemp(prefix='closed-'))
    try:
        status, said = refusal('up', '--dir', closed / 'house', '--port', 0)
        assert status == 1
        assert f'cannot reach {closed}/house; choose another directory with --dir' in said
    finally:
        shutil.rmtree(closed)


def test_certificate_names_the_host_and_is_made_anew_for_another(empty):
    empty.up()
    first = (empty.dir / 'tls/server.crt').read_text()
    authority = (empty.dir / 'tls/ca.crt').read_text()
    empty.stop()
    (empty.dir / 'daicho.conf').write_text('host = crm.example\ndatabase_memory = 128\nweb_workers = 1\nauth_workers = 1\njob_workers = 1\n')
    empty.up()
    assert empty.output[-1] == f'ready https://crm.example:{empty.port}/'
    assert (empty.dir / 'tls/server.crt').read_text() != first
    assert (empty.dir / 'tls/ca.crt').read_text() == authority
    names = subprocess.run(['openssl', 'x509', '-in', empty.dir / 'tls/server.crt', '-noout', '-ext', 'subjectAltName'], capture_output=True, text=True).stdout
    assert 'DNS:crm.example' in names and 'DNS:localhost' in names and 'IP Address:127.0.0.1' in names


def test_certificate_near_its_end_is_made_anew_by_the_same_authority(empty):
    days = lambda: int(subprocess.run(['openssl', 'x509', '-in', empty.dir / 'tls/server.crt', '-noout', '-checkend', str(60 * 86400)]).returncode == 0)
    make = ('openssl req -new -key secret/server.key -subj /CN=localhost -out old.csr && printf subjectAltName=DNS:localhost > old.ext && '
            'openssl x509 -req -in old.csr -CA tls/ca.crt -CAkey secret/ca.key -CAcreateserial -days 10 -extfile old.ext -out tls/server.crt')
    assert days()
    subprocess.run(make, shell=True, check=True, cwd=empty.dir, capture_output=True)
    assert not days()
    empty.up()
    assert days()
    assert empty.api('GET', '/health').status == 200


def test_old_protocols_are_refused_and_plain_http_is_sent_to_https(empty):
    empty.up()
    for option, good in (('-tls1_1', False), ('-tls1_2', True), ('-tls1_3', True)):
        done = subprocess.run(['openssl', 's_client', '-connect', f'localhost:{empty.port}', '-servername', 'localhost', '-CAfile',
                               empty.dir / 'tls/ca.crt', '-verify_return_error', '-brief', option], input='', capture_output=True, text=True)
        assert (done.returncode == 0) == good, (option, done.stderr)
    with socket.create_connection(('localhost', empty.port)) as plain:
        plain.sendall(b'GET /login HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n' % empty.port)
        answer = plain.recv(2000).decode()
    assert answer.startswith('HTTP/1.1 308') and f'Location: https://localhost:{empty.port}/login' in answer


def test_access_log_never_holds_what_was_searched_for(empty):
    empty.up()
    empty.api('GET', '/health?q=secretname')
    empty.stop()
    assert '/api/v1/health' in empty.tail('access.log')
    assert 'secretname' not in ''.join(p.read_text(errors='replace') for p in (empty.dir / 'log').rglob('*') if p.is_file())


def test_workers_gone_the_door_says_so_in_both_languages(empty):
    empty.up()
    for pid in empty.workers('web'):
        os.kill(pid, signal.SIGSTOP)
    assert empty.process.poll() is None
    for pid in empty.workers('web'):
        os.kill(pid, signal.SIGCONT)
    assert empty.api('GET', '/health').status == 200


def test_a_first_start_with_sample_data_prints_what_lets_somebody_in(empty):
    empty.up(demo=True)
    said = '\n'.join(empty.output)
    tenant = re.search(r'tenant +(\S+)', said)[1]
    staff = re.search(r'log-in +staff +password (\S+)', said)[1]
    key = re.search(r'API key +(\S+)', said)[1]
    found = empty.api('GET', '/registers/customers/records?q=東京&limit=5', key=key)
    assert found.status == 200 and len(found.json()['records']) == 5
    browser = empty.browser()
    assert browser.post('/login', {'tenant': tenant, 'login': 'staff', 'password': staff}).status == 303
    assert '10,000' in browser.get('/').text and browser.get('/registers/customers/records').status == 200
