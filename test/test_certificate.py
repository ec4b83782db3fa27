"""Client certificates (3.4.2): issued per contract, needed before the password is looked at, and what does not count as one."""
import base64, concurrent.futures, json, os, pathlib, re, shutil, subprocess, tempfile, time

import psycopg
import pytest

from house import Browser, Client, Refused, until


def openssl(*args, input=None, check=True):
    return subprocess.run(['openssl', *map(str, args)], input=input, capture_output=True, check=check)


@pytest.fixture(scope='module')
def work():
    directory = pathlib.Path(tempfile.mkdtemp(prefix='daicho-p12-'))
    yield directory
    shutil.rmtree(directory)


class Device:
    """A PKCS#12 as it was given, taken apart into what a TLS client wants."""

    def __init__(self, house, work, made):
        self.house, self.passphrase, self.id, self.serial = house, made['passphrase'], made.get('id') or made['made']['id'], None
        self.p12 = work / f'{self.id}-{time.monotonic_ns()}.p12'
        self.p12.write_bytes(base64.b64decode(made['pkcs12'], validate=True))
        self.pem = self.p12.with_suffix('.pem')
        self.pem.write_bytes(openssl('pkcs12', '-in', self.p12, '-nodes', '-passin', f'pass:{self.passphrase}').stdout)
        self.client = Client(house, self.pem)

    def login(self, tenant, account, **more):
        return self.client.request('POST', '/api/v1/login', {'Content-Type': 'application/json', 'Accept-Language': 'ja', **more.pop('headers', {})},
                                   json.dumps({'tenant': tenant.name, 'login': account.login, 'password': more.get('password', account.password),
                                               'take_over': True}).encode())


def issue(house, work, tenant, name='経理のノートPC', **more):
    options = [word for key, value in more.items() for word in (f'--{key}', value)]
    return Device(house, work, house.cli('certificate', 'issue', '--tenant', tenant.name, name, *options))


def plain(house, tenant, account, **more):
    """The log-in without a certificate."""
    device = Device.__new__(Device)
    device.client = Client(house)
    return device.login(tenant, account, **more)


@pytest.fixture(scope='module')
def strict(house):
    """A contract as it is made by default."""
    return house.tenant(name='strict', registers=(), certificates=True)


@pytest.fixture(scope='module')
def lax(house):
    """A contract that does without: agreed when it was made."""
    return house.tenant(name='lax', registers=())


@pytest.fixture(scope='module')
def device(house, work, strict):
    return issue(house, work, strict)


def failures(house, account):
    return house.sql('select failures from daicho.account where id = %s', args=(account.id,))[0][0]


def refused(answer, entry_of=None):
    assert answer.status == 403 and answer.json()['code'] == 'FORBIDDEN', answer
    assert '証明書' in answer.json()['detail'] and 'Set-Cookie' not in answer.headers
    if entry_of is not None:
        entry = entry_of.log()[-1]
        assert (entry['verb'], entry['result'], entry['actor_kind'], entry['source']) == ('login', 'FORBIDDEN', 'nobody', '127.0.0.1')


def test_syn_3_4_2_a_a_new_contract_needs_a_certificate_and_the_right_one_lets_in(house, strict, device):
    assert house.sql("select certificate_required from daicho.policy where tenant = 'strict'") == [(True,)]
    answer = device.login(strict, strict.staff)
    assert answer.status == 200, answer
    cookie = answer.headers['Set-Cookie'].split(';')[0]
    assert device.client.request('GET', '/api/v1/me', {'Cookie': cookie}).status == 200
    # the same session from elsewhere, without it or with that of somebody else
    answer = house.http.request('GET', '/api/v1/me', {'Cookie': cookie, 'Accept-Language': 'ja'})
    refused(answer)
    assert strict.log()[-1]['result'] == 'FORBIDDEN' and strict.log()[-1]['actor'] == 'staff'
    assert device.client.request('GET', '/api/v1/me', {'Cookie': cookie}).status == 200


def test_syn_3_4_2_a_without_a_certificate_the_password_is_not_looked_at(house, strict):
    before = failures(house, strict.staff)
    refused(plain(house, strict, strict.staff), strict)
    refused(plain(house, strict, strict.staff, password='wrong-password-1'), strict)
    refused(plain(house, strict, type(strict.staff)(strict, 0, 'nobody.here', 'x', None)), strict)
    assert failures(house, strict.staff) == before


def test_syn_3_4_2_a_the_certificate_of_another_contract_is_none(house, work, strict, lax):
    refused(issue(house, work, lax).login(strict, strict.staff), strict)
    other = house.tenant(registers=(), certificates=True)
    theirs = issue(house, work, other)
    refused(theirs.login(strict, strict.staff), strict)
    assert theirs.login(other, other.staff).status == 200


def test_syn_3_4_2_a_a_contract_that_does_without_lets_in_with_and_without(house, work, lax, device):
    assert plain(house, lax, lax.admin).status == 200
    assert issue(house, work, lax).login(lax, lax.admin).status == 200
    assert device.login(lax, lax.admin).status == 200


def test_syn_3_4_2_a_a_revoked_certificate_is_out_at_once_and_nginx_learns_it_within_a_minute(house, work, strict):
    lost = issue(house, work, strict, '紛失した端末')
    answer = lost.login(strict, strict.admin)
    assert answer.status == 200
    cookie = answer.headers['Set-Cookie'].split(';')[0]
    assert house.cli('certificate', 'revoke', '--tenant', 'strict', lost.id)['state'] == 'revoked'
    refused(lost.client.request('GET', '/api/v1/me', {'Cookie': cookie, 'Accept-Language': 'ja'}))
    refused(lost.login(strict, strict.admin), strict)
    with pytest.raises(Refused) as told:
        house.cli('certificate', 'revoke', '--tenant', 'strict', lost.id)
    assert told.value.status == 1
    serial = house.sql('select serial from daicho.certificate where id = %s', args=(lost.id,))[0][0]
    listed = lambda: serial in openssl('crl', '-in', house.dir / 'tls/client.crl', '-noout', '-text').stdout.decode().replace(':', '')
    assert until(listed, 60)
    log = house.dir / 'log/access.log'

    def told_by_nginx():
        Client(house, lost.pem).request('GET', '/api/v1/health')
        time.sleep(5.5)                             # the access log is written every five seconds
        return 'FAILED:certificate revoked' in log.read_text()

    assert until(told_by_nginx, 60)
    refused(lost.login(strict, strict.admin), strict)       # a bad certificate counts as none: words, and an entry


def test_no_serial_number_of_another_shape_can_keep_the_list_from_being_written(house, lax):
    for serial in ('ABCDEF', '', '4' * 33, '4a' * 16, '4G' * 16):
        with pytest.raises(psycopg.errors.CheckViolation):
            house.sql("insert into daicho.certificate (tenant, serial, name, expires_at) values (%s, %s, 'x', now() + interval '1 year')", args=(lax.name, serial))


def test_syn_3_4_2_a_an_expired_certificate_is_none(house, work, strict):
    old = issue(house, work, strict, days=1)
    assert old.login(strict, strict.admin).status == 200
    house.sql("update daicho.certificate set expires_at = daicho.clock() + interval '1 second' where id = %s", args=(old.id,))
    assert old.login(strict, strict.admin).status == 200
    house.sql('update daicho.certificate set expires_at = daicho.clock() where id = %s', args=(old.id,))
    refused(old.login(strict, strict.admin), strict)


def self_made(house, work, serial, name):
    """A certificate that only looks like ours: another authority of the same name, the serial of a good one."""
    subject = openssl('x509', '-in', house.dir / 'tls/client-ca.crt', '-noout', '-subject', '-nameopt', 'compat').stdout.decode().strip().split('subject=')[1]
    ca, key, leaf, request, pem = (work / f'{name}.{part}' for part in ('ca', 'key', 'crt', 'csr', 'pem'))
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '10', '-subj', subject if subject.startswith('/') else
            '/' + subject.replace(', ', '/').replace(' = ', '='), '-keyout', key, '-out', ca)
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/O=strict/CN=x', '-keyout', work / f'{name}.k', '-out', request)
    openssl('x509', '-req', '-in', request, '-CA', ca, '-CAkey', key, '-set_serial', f'0x{serial}', '-days', '10', '-out', leaf)
    pem.write_bytes((work / f'{name}.k').read_bytes() + leaf.read_bytes())
    return pem


def test_syn_3_4_2_a_a_self_made_certificate_with_a_good_serial_is_none(house, work, strict, device):
    serial = house.sql('select serial from daicho.certificate where id = %s', args=(device.id,))[0][0]
    forged = Device.__new__(Device)
    forged.client = Client(house, self_made(house, work, serial, 'forged'))
    refused(forged.login(strict, strict.admin), strict)


@pytest.mark.parametrize('name', ['X-Client-Certificate', 'x-client-certificate', 'X-Client-Certificate\t', 'X_Client_Certificate', 'X-Client-Cert',
                                  'SSL_CLIENT_VERIFY', 'X-SSL-Client-Serial'])
def test_forged_headers_are_no_certificate(house, strict, device, name):
    serial = house.sql('select serial from daicho.certificate where id = %s', args=(device.id,))[0][0]
    if '\t' in name:
        return
    refused(plain(house, strict, strict.admin, headers={name: serial}), strict)


@pytest.mark.parametrize('name', ['X-Real-IP', 'X-Forwarded-For', 'Forwarded', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'Client-IP', 'True-Client-IP'])
def test_forged_headers_are_no_address(house, lax, name):
    assert plain(house, lax, lax.admin, headers={name: 'for=203.0.113.9' if name == 'Forwarded' else '203.0.113.9'}).status == 200
    assert lax.log()[-1]['source'] == '127.0.0.1'


def test_the_file_holds_what_it_should_and_opens_with_its_passphrase_only(house, strict, device):
    text = openssl('x509', '-noout', '-text', '-nameopt', 'utf8', input=device.pem.read_bytes()).stdout.decode()
    assert 'O=strict' in text.replace(' ', '') and '経理のノートPC' in text
    assert 'ASN1 OID: prime256v1' in text and 'ecdsa-with-SHA256' in text
    assert 'TLS Web Client Authentication' in text and 'CA:FALSE' in text and 'TLS Web Server' not in text
    assert re.fullmatch(r'[a-z2-9]{4}(-[a-z2-9]{4}){4}', device.passphrase)
    wrong = openssl('pkcs12', '-in', device.p12, '-nodes', '-passin', 'pass:wrong', check=False)
    assert wrong.returncode != 0 and b'invalid password' in wrong.stderr.lower()
    info = openssl('pkcs12', '-in', device.p12, '-info', '-nokeys', '-nocerts', '-passin', f'pass:{device.passphrase}', check=False).stderr.decode()
    assert 'MAC: sha256' in info and 'PBES2, PBKDF2, AES-256-CBC' in info, info


def test_curl_takes_the_file_as_it_is(house, strict, device):
    done = subprocess.run(['curl', '-sS', '--cacert', house.dir / 'tls/ca.crt', '--cert-type', 'P12', '--cert', f'{device.p12}:{device.passphrase}',
                           '-H', 'Content-Type: application/json', '-d', json.dumps({'tenant': 'strict', 'login': 'staff', 'password': strict.staff.password,
                                                                                   'take_over': True}),
                           f'{house.url}/api/v1/login'], capture_output=True, text=True)
    assert json.loads(done.stdout)['stage'] == 'full', done


@pytest.mark.skipif(not shutil.which('pk12util'), reason='needs libnss3-tools')
def test_nss_takes_the_file_as_it_is(work, device):
    """The certificate store of Firefox and Chromium."""
    store = work / 'nss'
    store.mkdir()
    subprocess.run(['certutil', '-N', '--empty-password', '-d', f'sql:{store}'], check=True)
    done = subprocess.run(['pk12util', '-i', str(device.p12), '-d', f'sql:{store}', '-W', device.passphrase], capture_output=True, text=True)
    assert 'PKCS12 IMPORT SUCCESSFUL' in done.stdout, done
    listed = subprocess.run(['certutil', '-L', '-d', f'sql:{store}'], capture_output=True, text=True, check=True).stdout
    assert '経理のノートPC' in listed and 'u,u,u' in listed


def test_the_key_of_the_authority_is_nobodys_but_the_issuers(house):
    key = house.dir / 'secret/client-ca.key'
    assert key.stat().st_mode & 0o777 == 0o600
    assert 'BEGIN PRIVATE KEY' in key.read_text()
    dump = house.client('pg_dump', '--data-only', '--inserts')
    assert 'PRIVATE KEY' not in dump
    for log in (house.dir / 'log').rglob('*'):
        assert not log.is_file() or 'PRIVATE KEY' not in log.read_text(errors='replace')


def test_a_page_gives_file_and_passphrase_once(house, lax):
    browser = lax.browser(fresh=True)
    page = browser.post('/certificates', {'name': '受付のPC', 'person_id': '', 'days': ''})
    assert page.status == 201, page
    file = re.search(r'download="lax-(\d+)\.p12" href="data:application/x-pkcs12;base64,([^"]+)"', page.text)
    passphrase = re.search(r'id="the-passphrase" readonly value="([a-z2-9-]{24})"', page.text)[1]
    data = base64.b64decode(file[2].replace('&#61;', '=').replace('&#x3D;', '=').replace('&#43;', '+'), validate=True)
    assert b'PRIVATE KEY' in openssl('pkcs12', '-nodes', '-passin', f'pass:{passphrase}', input=data).stdout
    again = browser.get('/certificates').text
    assert '受付のPC' in again and passphrase not in again and 'x-pkcs12' not in again
    entry = [e for e in lax.log() if e['verb'] == 'create' and e['kind'] == 'certificate'][-1]
    assert entry['subject_id'] == int(file[1]) and entry['detail']['name'] == '受付のPC' and passphrase not in json.dumps(entry)
    assert browser.request('DELETE', f'/certificates/{file[1]}', form={}).status in (303, 200)
    assert 'すでに失効' in browser.request('DELETE', f'/certificates/{file[1]}', form={}).text


def test_days_and_names_have_edges(house, lax):
    for days in (0, -1, 826, 'x', 1.5):
        assert lax.api('POST', '/certificates', json={'name': 'n', 'days': days}).status == 422, days
    for days in (1, 825):
        assert lax.api('POST', '/certificates', json={'name': 'n', 'days': days}).status == 201
    for name in ('', ' ', 'x' * 101, 'a\nb', None):
        assert lax.api('POST', '/certificates', json={'name': name}).status == 422, name
    assert lax.api('POST', '/certificates', json={'name': '名' * 100}).status == 201
    assert lax.api('POST', '/certificates', json={'name': "'; drop table x --\"<b>"}).status == 201
    assert lax.api('POST', '/certificates', json={'name': 'n', 'person_id': 999999999}).status in (404, 409, 422)


def test_the_list_warns_thirty_days_before_the_end(house, lax):
    made = lax.api('POST', '/certificates', json={'name': 'soon', 'days': 31}).json()['made']
    assert made['state'] == 'active'
    set_end = lambda interval: house.sql(f"update daicho.certificate set expires_at = daicho.clock() + interval '{interval}' where id = %s", args=(made['id'],))
    state = lambda: next(c['state'] for c in lax.api('GET', '/certificates').json()['certificates'] if c['id'] == made['id'])
    set_end('30 days 1 minute')
    assert state() == 'active'
    set_end('30 days')
    assert state() == 'expiring' and lax.api('GET', '/certificates').json()['expiring'] >= 1
    assert '30日以内に期限が切れる' in lax.browser().get('/certificates').text
    set_end('0')
    assert state() == 'expired'


def test_one_asks_and_another_approves_before_a_contract_does_without(house, work):
    shop = house.tenant(registers=(), certificates=True)
    device = issue(house, work, shop)
    asker, other = shop.account('asker', '管理者'), shop.account('other', '管理者')
    as_ = {}
    for person in (asker, other):
        as_[person] = Browser(house, device.client)
        assert as_[person].post('/login', {'tenant': shop.name, 'login': person.login, 'password': person.password}).status == 303
        as_[person].second((shop.name, person.login))

    def call(person, method, path, body=None):
        return as_[person].request(method, '/api/v1' + path, json_body=body)

    # a key is nobody: it neither asks nor agrees
    assert shop.api('POST', '/certificates/opt-out', json={'reason': 'x'}).status == 403
    assert call(asker, 'POST', '/certificates/opt-out', {'reason': ' '}).status == 422
    made = call(asker, 'POST', '/certificates/opt-out', {'reason': '共有端末のため'})
    assert made.status == 201 and made.json()['certificate_required'] is True
    id = made.json()['opt_out']['id']
    assert call(other, 'POST', '/certificates/opt-out', {'reason': 'again'}).status == 409
    assert call(asker, 'POST', f'/certificates/opt-out/{id}/approve', {}).status == 403
    assert shop.api('POST', f'/certificates/opt-out/{id}/approve', json={}).status == 403
    refused(plain(house, shop, asker))                       # nothing has changed yet
    page = as_[other].get('/certificates').text
    assert '共有端末のため' in page and '承認する' in page and '承認する' not in as_[asker].get('/certificates').text
    assert call(other, 'POST', f'/certificates/opt-out/{id}/approve', {}).status == 200
    assert plain(house, shop, asker).status == 200
    assert call(other, 'POST', f'/certificates/opt-out/{id}/approve', {}).status == 404
    told = shop.api('GET', '/certificates').json()
    assert (told['certificate_required'], told['opt_out']['asked_by'], told['opt_out']['approved_by']) == (False, 'asker', 'other')
    log = [(e['verb'], e['kind'], e['result'], e['actor']) for e in shop.log() if e['kind'] == 'opt_out']
    assert ('create', 'opt_out', 'OK', 'asker') in log and ('update', 'opt_out', 'FORBIDDEN', 'asker') in log and ('update', 'opt_out', 'OK', 'other') in log
    # back again, but only by somebody who would not lock themselves out
    answer = house.http.request('POST', '/api/v1/certificates/require', {'Authorization': f'Bearer {shop.key}'})
    assert answer.status == 409
    as_[other].login(shop.name, other.login, other.password)
    assert call(other, 'POST', '/certificates/require', {}).status == 200
    refused(plain(house, shop, asker))
    assert house.sql('select count(*) from daicho.opt_out where tenant = %s and ended_at is null', args=(shop.name,)) == [(0,)]


def test_the_database_itself_wants_two_people(house, work):
    """What an injected statement could try inside the contract's role."""
    import psycopg
    shop = house.tenant(registers=(), certificates=True)
    admin, staff = shop.admin, shop.staff
    with house.connect('daicho_web') as db:
        def inside(actor, sql):
            with db.transaction(force_rollback=True):
                db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", [f't_{shop.name}', actor])
                return db.execute(sql).fetchone()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            inside(f'account:{admin.id}:admin', 'update daicho.policy set certificate_required = false')
        for actor in (f'key:{admin.id}:admin', 'operator:0:root', f'account:{staff.id}:staff', 'account:999999:x', ''):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                inside(actor, "select daicho.opt_out_ask('x')")
        with db.transaction(force_rollback=True):
            db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", [f't_{shop.name}', f'account:{admin.id}:admin'])
            id, = db.execute("select daicho.opt_out_ask('x')").fetchone()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                db.execute('select daicho.opt_out_approve(%s)', [id])
        for sql in ("insert into daicho.opt_out (tenant, reason, asked_by) values ('x', 'x', 'x')", 'delete from daicho.certificate',
                    "update daicho.certificate set tenant = 'lax'", "select daicho.certificate_issue('4A', 'x', null, 1)", 'select * from daicho.access_token',
                    "select * from daicho.border_check('lax', '', '')", "select * from daicho.token_client(1, '', '')", 'select * from daicho.watch_revoked()'):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                inside(f'account:{admin.id}:admin', sql)


def test_the_operator_needs_another_name_to_make_a_contract_without(house):
    who = os.environ.get('USER') or 'root'
    for options, sentence in ((['--no-certificate'], 'approved-by'), (['--no-certificate', '--approved-by', 'x'], 'reason'),
                              (['--no-certificate', '--approved-by', who, '--reason', 'r'], 'who asks does not approve'),
                              (['--approved-by', 'x'], '--no-certificate')):
        status, _, err = house.run('tenant', 'create', 'nocert', '--no-admin', *options)
        assert status != 0 and sentence in err, (options, err)
    house.cli('tenant', 'create', 'nocert', '--no-admin', '--no-certificate', '--approved-by', '佐藤部長', '--reason', '専用線のみ')
    row = house.sql("select asked_by, approved_by, reason from daicho.opt_out where tenant = 'nocert' and ended_at is null")
    assert row == [(who, '佐藤部長', '専用線のみ')]
    house.cli('certificate', 'require', '--tenant', 'nocert')
    assert house.sql("select certificate_required from daicho.policy where tenant = 'nocert'") == [(True,)]
    house.cli('certificate', 'waive', '--tenant', 'nocert', '--approved-by', '佐藤部長', '--reason', '再び')
    assert house.sql("select certificate_required from daicho.policy where tenant = 'nocert'") == [(False,)]


def test_syn_3_4_2_c_the_console_speaks_tls_1_2_and_1_3_only(house):
    def handshake(option):
        done = subprocess.run(['openssl', 's_client', '-connect', f'localhost:{house.port}', option, '-cipher', 'ALL:@SECLEVEL=0'], input=b'', capture_output=True)
        return b'New, TLSv' in done.stdout and b'Cipher is (NONE)' not in done.stdout
    assert not handshake('-tls1') and not handshake('-tls1_1')
    assert handshake('-tls1_2') and handshake('-tls1_3')


def test_syn_3_4_2_c_the_session_cookie_is_secure_and_http_only(house, strict, device):
    cookie = device.login(strict, strict.admin).headers['Set-Cookie']
    assert {'Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/'} <= {part.strip() for part in cookie.split(';')[1:]}
