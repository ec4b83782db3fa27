"""The path of one request, as browsers and programs meet it: faces, versions, languages, files, headers, workers that end."""
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from house import ROOT, multipart

CUSTOMER = {'email': 'gate@example.jp', 'family_name': '門', 'given_name': '守', 'prefecture': '東京都'}


class Worker(http.client.HTTPConnection):
    """One connection to one worker's own socket, as nginx would hold it."""

    def __init__(self, house, number=1, kind='web'):
        super().__init__('localhost', timeout=30)
        self.path = str(house.dir / 'run' / f'{kind}.{number}.sock')

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)

    def ask(self, method, path, body=None, **headers):
        self.request(method, path, body, {k.replace('_', '-'): v for k, v in headers.items()})
        answer = self.getresponse()
        answer.content = answer.read()
        return answer


@pytest.fixture(scope='module')
def gate(house):
    return house.tenant(name='gatetest')


@pytest.fixture(scope='module')
def customer(gate):
    answer = gate.api('POST', '/registers/customers/records', json=CUSTOMER)
    assert answer.status == 201, answer
    return f"/registers/customers/records/{answer.json()['id']}"


# Two faces ----------------------------------------------------------------------------------------------------------------------------

def test_one_address_is_json_for_programs_and_a_page_for_people(gate, customer):
    program, person = gate.api('GET', customer), gate.browser().get(customer)
    assert program.headers['Content-Type'] == 'application/json' and program.json()['family_name'] == '門'
    assert person.headers['Content-Type'] == 'text/html; charset=utf-8' and '門' in person.text


def test_pages_of_the_console_are_not_there_for_programs(gate):
    assert gate.api('GET', '/registers/customers/records/new').status == 404
    assert gate.browser().get('/registers/customers/records/new').status == 200


def test_what_was_made_has_an_address(gate):
    answer = gate.api('POST', '/groups', json={'name': '門番', 'permissions': ['record.read']})
    assert answer.status == 201 and answer.headers['Location'].startswith('/api/v1/groups/'), answer
    assert gate.api('GET', answer.headers['Location']).json()['group']['name'] == '門番'


def test_form_is_answered_by_a_redirect_and_htmx_by_its_header(gate):
    plain = gate.browser().post('/registers/customers/records', {**CUSTOMER, 'email': 'plain@example.jp'})
    assert plain.status == 303 and plain.headers['Location'].startswith('/registers/customers/records/')
    part = gate.browser().post('/registers/customers/records', {**CUSTOMER, 'email': 'part@example.jp'}, htmx=True)
    assert part.status == 200 and part.headers['HX-Redirect'].startswith('/registers/customers/records/')
    assert gate.browser().get(plain.headers['Location']).status == 200


def test_refused_form_keeps_its_status_and_names_the_item(gate):
    page = gate.browser().post('/registers/customers/records', {'email': 'no-address'})
    part = gate.browser().post('/registers/customers/records', {'email': 'no-address'}, htmx=True)
    assert page.status == part.status == 422
    assert '<html' in page.text and '<html' not in part.text
    assert 'data-item="email"' in part.text


def test_form_names_another_method_in_a_field(gate):
    made = gate.api('POST', '/registers/customers/records', json={**CUSTOMER, 'email': 'away@example.jp'}).json()
    path = f"/registers/customers/records/{made['id']}"
    wrong = gate.browser().post(path, {'_method': 'TRACE', 'version': made['version']})
    assert wrong.status == 405
    gone = gate.browser().post(path, {'_method': 'DELETE', 'version': made['version']})
    assert gone.status == 303, gone
    assert gate.api('GET', path).status == 404


def test_programs_cannot_smuggle_a_method(gate, customer):
    answer = gate.house.api('POST', customer, key=gate.key, body=b'_method=DELETE', headers={'Content-Type': 'application/x-www-form-urlencoded'})
    assert answer.status == 405 and answer.headers['Allow'] == 'GET, PATCH, DELETE', answer


def test_cookie_with_token_works_on_the_api(gate):
    answer = gate.browser().request('POST', '/api/v1/registers/customers/records', json_body={**CUSTOMER, 'email': 'cookie@example.jp'})
    assert answer.status == 201 and answer.json()['email'] == 'cookie@example.jp', answer


def test_log_in_leads_back_to_the_page_asked_for(gate):
    browser = gate.house.browser()
    asked = browser.get('/registers/customers/records?q=%E6%9D%B1%E4%BA%AC&limit=10')
    assert asked.status == 303
    assert asked.headers['Location'] == '/login?next=%2Fregisters%2Fcustomers%2Frecords%3Fq%3D%25E6%259D%25B1%25E4%25BA%25AC%26limit%3D10'
    assert browser.get(asked.headers['Location']).status == 200


def test_htmx_without_session_is_led_to_the_log_in_as_a_whole(gate):
    answer = gate.house.browser().get('/registers', htmx=True)
    assert answer.status in (303, 401)
    assert (answer.headers['HX-Redirect'] or answer.headers['Location']) == '/login'


# Versions -----------------------------------------------------------------------------------------------------------------------------

def test_etag_saves_what_is_known_already(gate, customer):
    first = gate.api('GET', customer)
    tag = first.headers['ETag']
    again = gate.api('GET', customer, headers={'If-None-Match': tag})
    assert again.status == 304 and again.content == b'' and again.headers['ETag'] == tag
    assert gate.api('GET', customer, headers={'If-None-Match': f'"zzz", W/{tag}'}).status == 304
    assert gate.api('GET', customer, headers={'If-None-Match': '"zzz"'}).status == 200


def test_change_without_version_is_refused(gate, customer):
    answer = gate.api('PATCH', customer, json={'given_name': '新'})
    assert answer.status == 428 and answer.json()['code'] == 'PRECONDITION', answer


def test_change_of_an_old_version_is_refused_and_shows_both(gate, customer):
    now = gate.api('GET', customer)
    done = gate.api('PATCH', customer, json={'given_name': '一'}, headers={'If-Match': now.headers['ETag']})
    assert done.status == 200, done
    late = gate.api('PATCH', customer, json={'given_name': '二'}, headers={'If-Match': now.headers['ETag']})
    told = late.json()
    assert late.status == 412 and told['code'] == 'STALE', late
    assert told['current']['given_name'] == '一' and told['current']['version'] == done.json()['version'], told


@pytest.mark.parametrize('tag', ['*', '7', '"x"', '""', '"1', 'W/"-"'])
def test_if_match_that_names_no_version_changes_nothing(gate, customer, tag):
    before = gate.api('GET', customer).json()
    assert gate.api('PATCH', customer, json={'given_name': '三'}, headers={'If-Match': tag}).status == 412
    assert gate.api('GET', customer).json() == before


# Languages ----------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('accept, word', [('en', 'please log in'), ('ja', 'ログインしてください'), ('fr, en;q=0.5', 'please log in'), ('', 'ログインしてください')])
def test_before_the_log_in_the_browser_chooses_the_language(house, accept, word):
    assert house.api('GET', '/me', headers={'Accept-Language': accept}).json()['detail'] == word


def test_after_the_log_in_the_account_chooses(gate):
    browser = gate.account('kate', '担当者').browser()
    assert '<html lang="ja"' in browser.get('/registers').text
    changed = browser.request('PATCH', '/api/v1/me', json_body={'lang': 'en'})
    assert changed.status == 200, changed
    assert '<html lang="en"' in browser.get('/registers', headers={'Accept-Language': 'ja'}).text


# Headers ------------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('path', ['/login', '/', '/nothing', '/api/v1/me', '/api/v1/health', '/registers/%ff'])
def test_every_answer_carries_the_headers_that_protect_it(gate, path):
    answer = gate.browser().get(path)
    policy = answer.headers['Content-Security-Policy']
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and 'unsafe' not in policy
    assert answer.headers['X-Content-Type-Options'] == 'nosniff'
    assert answer.headers['Referrer-Policy'] == 'same-origin'
    assert answer.headers['Cache-Control'] == 'no-store'


def test_head_is_get_without_the_body(gate, customer):
    got, head = gate.api('GET', customer), gate.api('HEAD', customer)
    assert head.status == 200 and head.content == b'' and head.headers['Content-Length'] == str(len(got.content))


@pytest.mark.parametrize('authorization', ['Basic YTpi', 'Bearer', 'Bearer x', 'dk_abc', 'Bearer dk_' + 'x' * 500, 'Bearer \xff'])
def test_an_authorization_that_is_no_key_is_refused_even_beside_a_session(gate, authorization):
    answer = gate.browser().get('/api/v1/me', headers={'Authorization': authorization})
    assert answer.status in (400, 401), answer


def test_sentences_of_the_address_come_from_the_catalogue_only(gate):
    answer = gate.browser().get('/registers?done=%3Cscript%3Ealert(1)%3C/script%3E')
    assert answer.status == 200 and '<script>alert' not in answer.text
    assert gate.browser().get('/registers?done=no.such.key').status == 200


# Bodies -------------------------------------------------------------------------------------------------------------------------------

def test_body_that_arrives_byte_by_byte_is_read_whole(gate):
    body = json.dumps({**CUSTOMER, 'email': 'slow@example.jp'}).encode()
    worker = Worker(gate.house)
    worker.connect()
    worker.sock.sendall(f'POST /api/v1/registers/customers/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gate.key}\r\n'
                        f'Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n'.encode())
    for i in range(0, len(body), 7):
        worker.sock.sendall(body[i:i + 7])
        time.sleep(0.002)
    answer = http.client.HTTPResponse(worker.sock)
    answer.begin()
    assert answer.status == 201, answer.read()


def test_chunked_body_is_read_and_its_limit_holds(gate):
    worker = Worker(gate.house)
    headers = {'Authorization': f'Bearer {gate.key}', 'Content_Type': 'application/json'}
    body = json.dumps({**CUSTOMER, 'email': 'chunked@example.jp'}).encode()
    assert worker.ask('POST', '/api/v1/registers/customers/records', iter([body[:10], body[10:]]), **headers).status == 201
    assert worker.ask('POST', '/api/v1/groups', iter([b'x' * 10000] * 20), **headers).status == 413


def test_many_requests_share_a_connection_and_others_are_served_meanwhile(gate, customer):
    half, whole = Worker(gate.house), Worker(gate.house)
    half.connect()
    half.sock.sendall(b'POST /api/v1/groups HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')       # never completed
    for _ in range(50):
        answer = whole.ask('GET', '/api/v1' + customer, Authorization=f'Bearer {gate.key}')
        assert answer.status == 200
    half.close()


def test_upload_is_not_taken_from_those_who_may_not_send_it(gate):
    reader = gate.new_key('no uploads', 'record.read')
    kind, body = multipart({}, {'file': ('a.csv', b'x' * 3_000_000, 'text/csv')})
    answer = gate.house.api('POST', '/registers/customers/imports', key=reader, body=body, headers={'Content-Type': kind})
    assert answer.status == 403, answer
    assert not any(f.name.startswith('in.') for f in (gate.house.dir / 'spool').rglob('*'))


@pytest.mark.parametrize('name', ['../../etc/passwd', 'a\\b.csv', '顧客\u202e.csv', '"; rm -rf', ''])
def test_name_of_an_uploaded_file_leads_nowhere(gate, name):
    kind, body = multipart({}, {'file': (name, b'email\nx@example.jp\n', 'text/csv')})
    answer = gate.house.api('POST', '/registers/customers/imports', key=gate.key, body=body, headers={'Content-Type': kind})
    assert answer.status in (201, 202, 422, 400), answer
    assert not any(f.name.startswith('in.') for f in (gate.house.dir / 'spool').rglob('*'))


@pytest.mark.parametrize('line', [b'GET', b'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1', b'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999',
                                  b'\x00\x01\x02', b'GET /\x00 HTTP/1.1', b'GET / HTTP/9.9', b'POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip',
                                  b'GET http://evil/ HTTP/1.1\r\nHost: x', b'GET * HTTP/1.1\r\nHost: x', b'A' * 70000,
                                  b'GET /' + b'x' * 40000 + b' HTTP/1.1\r\nHost: x', b'GET / HTTP/1.1\r\n' + b'X: y\r\n' * 5000])
def test_garbage_on_the_socket_harms_nobody(gate, line):
    before = gate.house.workers('web')
    broken = Worker(gate.house)
    broken.connect()
    try:
        broken.sock.sendall(line + b'\r\n\r\n')
        broken.sock.shutdown(socket.SHUT_WR)
        while broken.sock.recv(65536):
            pass
    except OSError:
        pass
    assert Worker(gate.house).ask('GET', '/api/v1/health').status == 200
    assert gate.house.workers('web') == before


# Log ----------------------------------------------------------------------------------------------------------------------------------

def test_each_unit_of_work_is_one_entry(gate, customer):
    def entries():
        return gate.sql('select count(*) from log')[0][0]
    before = entries()
    gate.api('GET', customer)
    gate.api('GET', customer, headers={'If-None-Match': gate.api('GET', customer).headers['ETag']})
    gate.api('GET', '/registers/customers/records/987654')
    gate.api('PATCH', customer, json={'no_such_item': 1}, headers={'If-Match': '"1"'})
    assert entries() - before == 5


def test_entry_names_who_from_where_and_what(gate, customer):
    gate.api('GET', customer)
    last = gate.log()[-1]
    assert (last['actor_kind'], last['actor'], last['verb'], last['kind'], last['result']) == ('key', 'test', 'view', 'customers', 'OK')
    assert last['subject_id'] == int(customer.rsplit('/', 1)[1]) and last['source'] == '127.0.0.1'


def test_refused_change_leaves_nothing_but_its_entry(gate, customer):
    before = gate.sql('select count(*), max(version) from r_customers'), gate.sql('select count(*) from change')
    answer = gate.api('POST', '/registers/customers/records', json=CUSTOMER)       # the address exists
    assert answer.status in (409, 422), answer
    assert (gate.sql('select count(*), max(version) from r_customers'), gate.sql('select count(*) from change')) == before
    assert gate.log()[-1]['result'] == answer.json()['code']


# Passwords that must be changed -------------------------------------------------------------------------------------------------------

def test_who_must_change_the_password_reaches_nothing_else(gate):
    account = gate.account('fresh', '担当者')
    given = gate.browser().request('POST', f'/api/v1/accounts/{account.id}/password', json_body={'password': 'given-by-the-admin-1'})
    assert given.status in (200, 201), given
    browser = gate.house.browser().login(gate.name, 'fresh', 'given-by-the-admin-1')
    for path in ('/', '/registers', '/registers/customers/records'):
        answer = browser.get(path)
        assert answer.status == 303 and answer.headers['Location'] == '/me/password', (path, answer)
    assert browser.get('/api/v1/registers').status == 403
    assert browser.post('/registers/customers/records', CUSTOMER).status == 403
    assert browser.get('/me/password').status == 200
    done = browser.post('/me/password', {'current': 'given-by-the-admin-1', 'password': 'chosen-by-myself-2'})
    assert done.status == 303, done.text
    assert browser.get('/registers').status == 200 and account.login == 'fresh'


# Workers ------------------------------------------------------------------------------------------------------------------------------

def test_worker_told_to_stop_finishes_the_request_it_has(house):
    tenant = house.tenant(registers=())
    pid = house.workers('web')[-1]
    number = (house.dir / 'run').glob('web.*.sock')
    line = (open(f'/proc/{pid}/cmdline', 'rb').read().split(b'\0'))
    worker = Worker(house, int(line[line.index(b'web') + 1]))
    assert number is not None
    worker.connect()
    body = json.dumps({'name': '最後', 'permissions': ['record.read']}).encode()
    worker.sock.sendall(f'POST /api/v1/groups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {tenant.key}\r\nContent-Type: application/json\r\n'
                        f'Content-Length: {len(body)}\r\n\r\n'.encode() + body[:5])
    time.sleep(1)                           # it has read what there is, and waits for more
    os.kill(pid, signal.SIGTERM)
    time.sleep(0.2)
    worker.sock.sendall(body[5:])
    answer = http.client.HTTPResponse(worker.sock)
    answer.begin()
    assert answer.status == 201, answer.read()
    end = time.monotonic() + 20
    while pid in house.workers('web') or len(house.workers('web')) < 4:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_worker_that_dies_costs_nobody_else_anything(house):
    tenant = house.tenant(registers=())
    failed, stop = [], threading.Event()

    def reader():
        while not stop.is_set():
            answer = tenant.api('GET', '/me')
            if answer.status != 200:
                failed.append(answer)

    tenant.api('GET', '/me')
    threads = [threading.Thread(target=reader) for _ in range(4)]
    for t in threads:
        t.start()
    for _ in range(3):
        os.kill(house.workers('web')[0], signal.SIGSEGV)
        time.sleep(0.7)
    stop.set()
    for t in threads:
        t.join()
    assert not failed, failed[:3]


# The description ----------------------------------------------------------------------------------------------------------------------

def test_description_of_the_api_is_clean_and_complete(gate, tmp_path):
    document = gate.api('GET', '/openapi.json').json()
    assert document['openapi'] == '3.1.0'
    (tmp_path / 'openapi.json').write_text(json.dumps(document))
    done = subprocess.run([str(ROOT / 'node_modules/.bin/redocly'), 'lint', str(tmp_path / 'openapi.json')], capture_output=True, text=True, timeout=120,
                          cwd=tmp_path, env={**os.environ, 'REDOCLY_TELEMETRY': 'off', 'REDOCLY_SUPPRESS_UPDATE_NOTICE': 'true'})
    assert done.returncode == 0 and 'warning' not in (done.stdout + done.stderr).lower().replace('deprecation warning', ''), done.stdout + done.stderr
    routes = json.loads(subprocess.run([str(ROOT / 'build/daicho') if 'BUILD' not in os.environ else os.environ['BUILD'] + '/daicho', 'routes', '--json'],
                                       capture_output=True, text=True, check=True).stdout)
    for route in routes:
        if 'API' in route['face']:
            assert route['method'].lower() in document['paths'][route['path']], route
        else:
            assert route['method'].lower() not in document['paths'].get(route['path'], {}), route


def test_description_names_the_items_of_the_contracts_own_registers(gate):
    document = gate.api('GET', '/openapi.json').json()
    items = document['components']['schemas']['record_customers']['properties']
    assert items['birthday']['format'] == 'date' and '東京都' in items['prefecture']['enum']
    assert document['paths']['/registers/customers/records/{id}']['patch']['operationId'] == 'update_customers'


def test_description_for_a_masked_account_hides_personal_items(gate):
    answer = gate.browser('viewer').get('/api/v1/openapi.json')
    assert answer.status == 200, answer
    items = answer.json()['components']['schemas']['record_customers']['properties']
    assert 'email' not in items and 'prefecture' in items


def test_answers_are_what_the_description_says(gate, customer):
    """The shape of real answers against their schema: no member the description does not know."""
    document = gate.api('GET', '/openapi.json').json()
    record = document['components']['schemas']['record_customers']['properties']
    got = gate.api('GET', customer).json()
    missing = [m for m in record if m not in got and m != 'version']
    assert not missing, missing
