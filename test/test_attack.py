"""What somebody outside may send who means no good: one clear refusal each, no 5xx, no crash, nothing written."""
import json, re, socket, ssl, subprocess

import pytest

from house import DAICHO

ROUTES = json.loads(subprocess.run([str(DAICHO), 'routes', '--json'], capture_output=True, text=True, check=True).stdout)


@pytest.fixture(scope='module')
def shop(house):
    shop = house.tenant(name='target')
    assert shop.key                 # made now: what a test counts must not change by the test itself
    return shop


def raw(house, data, seconds=10):
    """Bytes over TLS as they are; everything that comes back until the other side closes or is silent."""
    context = ssl.create_default_context(cafile=str(house.dir / 'tls/ca.crt'))
    with socket.create_connection(('localhost', house.port), seconds) as plain, context.wrap_socket(plain, server_hostname='localhost') as line:
        out = b''
        try:
            line.sendall(data)
            line.settimeout(3)
            while True:
                piece = line.recv(65536)
                if not piece:
                    break
                out += piece
        except (socket.timeout, ConnectionError, ssl.SSLError):
            pass
        return out


def statuses(answer):
    return [int(m) for m in re.findall(rb'HTTP/1\.[01] (\d{3})[ \r]', answer)]


def state(house):
    """What must not change: rows of everything, and the processes."""
    tables = [f'daicho.{t}' for t in ('tenant', 'account', 'person', 'api_key', 'access_token', 'certificate', 'policy', 'account_group', 'opt_out', 'provider')]
    tables += ['t_target.r_customers', 't_target.register', 't_target.change']
    return ({t: house.sql(f'select count(*) from {t}')[0][0] for t in tables}, house.workers('web'), house.workers('auth'))


@pytest.fixture
def unharmed(house, shop):
    before = state(house)
    yield
    assert state(house) == before
    assert house.api('GET', '/health').status == 200


def head(*lines, method='GET', path='/api/v1/me'):
    return ('\r\n'.join([f'{method} {path} HTTP/1.1', 'Host: localhost', *lines]) + '\r\n\r\n').encode('latin-1')


@pytest.mark.parametrize('line', [
    'Cookie: ' + 'a' * 20000, 'Cookie: ' + 'a=b; ' * 3000, 'Authorization: Bearer ' + 'x' * 20000, 'X-Odd: ' + 'y' * 70000, 'Accept-Language: ' + 'ja,' * 5000,
    'If-None-Match: ' + '"x",' * 4000, 'Referer: ' + 'z' * 16000], ids=lambda s: s[:16])
def test_huge_headers(house, unharmed, line):
    codes = statuses(raw(house, head(line, 'Connection: close')))
    assert codes and codes[0] in (400, 401, 414, 431, 494), codes


@pytest.mark.parametrize('cookie', [
    '__Host-daicho', '__Host-daicho=', '__Host-daicho="', '__Host-daicho=' + 'A' * 43, '__Host-daicho=' + 'A' * 42, '__Host-daicho=' + '%00' * 15, '__Host-daicho=a;__Host-daicho=b',
    '__Host-daicho=' + "' or 1=1 --".ljust(43, 'x'), '=;=;=', ';' * 500, '__Host-daicho=\xff\xfe' + 'A' * 41, '__host-daicho=' + 'A' * 43, '__Host-daicho=../../../etc/passwd' + 'A' * 26])
def test_malformed_cookies(house, unharmed, cookie):
    codes = statuses(raw(house, head('Cookie: ' + cookie, 'Connection: close')))
    assert codes == [401], codes


@pytest.mark.parametrize('value', [
    'Bearer', 'Bearer ', 'Bearer dk_', 'Bearer da_', 'Bearer dk_' + 'A' * 500, 'Bearer \xff\xff', 'Basic Og==', 'Basic !!!', 'Digest username="admin"', 'Negotiate TlRMTVNTUAAB',
    'Bearer dk_' + 'A' * 43 + ', Bearer dk_' + 'B' * 43, 'Bearer dk_\t' + 'A' * 43, 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.', 'AWS4-HMAC-SHA256 Credential=x',
    "Bearer dk_'; drop table daicho.account; --" + 'A' * 20, 'Bearer ' + 'da_' + '\x01' * 43])
def test_malformed_authorization(house, unharmed, value):
    codes = statuses(raw(house, head('Authorization: ' + value, 'Connection: close')))
    assert codes and codes[0] in (400, 401), codes


@pytest.mark.parametrize('lines', [
    ['Authorization: Bearer dk_' + 'A' * 43, 'Authorization: Bearer dk_' + 'B' * 43], ['Host: evil.example'], ['Content-Length: 0', 'Content-Length: 5'],
    ['Content-Type: application/json', 'Content-Type: text/plain']], ids=lambda v: v[0][:20])
def test_headers_sent_twice(house, unharmed, lines):
    codes = statuses(raw(house, head(*lines, 'Connection: close', method='POST', path='/api/v1/login')))
    assert codes and all(400 <= c < 500 for c in codes), codes


@pytest.mark.parametrize('body', ['tenant=target&tenant=target&login=a&password=b', 'tenant=target&login=a&login=b&password=c', 'tenant=target&login=a&password=b&password=c'])
def test_parameters_sent_twice_are_refused(house, shop, unharmed, body):
    answer = house.http.request('POST', '/api/v1/login', {'Content-Type': 'application/x-www-form-urlencoded', 'Accept-Language': 'en'}, body.encode())
    assert answer.status == 422 and 'twice' in answer.text
    answer = house.api('POST', '/login', body=b'{"tenant":"target","tenant":"other","login":"a","password":"b"}', headers={'Content-Type': 'application/json'})
    assert answer.status == 400, answer
    assert house.api('GET', '/log?actor=a&actor=b', key=shop.key).status == 422


@pytest.mark.parametrize('path', [
    '/../../etc/passwd', '/static/../secret/server.key', '/static/..%2f..%2fsecret/client-ca.key', '/static/%2e%2e/%2e%2e/secret/ca.key', '/static//etc/passwd',
    '/static/....//....//secret/ca.key', '/-/files/../secret/ca.key', '/-/files/x', '/api/v1/../../secret', '/api/v1/%2e%2e/me', '/%00', '/%ff%fe', '/api/v1/me%00.html', '/\\..\\secret',
    '/api/v1/me;/../../x', '/.git/config', '/.env', '/secret/ca.key', '/tls/client.crl', '/log/postgres', '//evil.example/', '/http://evil.example/', '/api/v1/' + 'a/' * 200,
    '/' + 'a' * 9000, '/static/' + '%2e' * 500, '/.well-known/../secret/ca.key'], ids=lambda p: p[:40])
def test_tricks_with_paths(house, unharmed, path):
    answer = raw(house, head('Connection: close', path=path))
    codes = statuses(answer)
    assert codes and (400 <= codes[0] < 500 or codes[0] in (301, 303)), codes
    assert b'PRIVATE KEY' not in answer and b'root:' not in answer
    if codes[0] in (301, 303):
        assert b'evil.example' not in answer.split(b'\r\n\r\n')[0].split(b'ocation: ')[1].split(b'?')[0]


SMUGGLED = 'GET /api/v1/accounts HTTP/1.1\r\nHost: localhost\r\nX-Smuggled: yes\r\n\r\n'


@pytest.mark.parametrize('lines, body', [
    (['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\nG'), (['Transfer-Encoding: chunked', 'Content-Length: 4'], '5c\r\n' + SMUGGLED + '\r\n0\r\n\r\n'),
    (['Transfer-Encoding: xchunked'], '0\r\n\r\n' + SMUGGLED), (['Transfer-Encoding: chunked', 'Transfer-Encoding: x'], '0\r\n\r\n' + SMUGGLED),
    (['Transfer-Encoding:\tchunked', 'Content-Length: 3'], '0\r\n\r\n'), (['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'), (['Content-Length: +5'], 'hello'),
    (['Content-Length: 5 '], 'hello'), (['Content-Length: 0x5'], 'hello'), (['Content-Length: -1'], ''), (['Content-Length: 99999999999999999999'], ''),
    (['Content-Length: 5\n'], 'hello'), (['Transfer-Encoding: chunked'], 'ffffffffffffffff\r\nx'), (['Transfer-Encoding: chunked'], '-1\r\nx\r\n0\r\n\r\n'),
    (['Transfer-Encoding: chunked'], '0;a=\n\r\n\r\n' + SMUGGLED), ([' Content-Length: 5'], 'hello'), (['Content-Length : 5'], 'hello')], ids=range(17))
def test_smuggling_reaches_nobody(house, shop, unharmed, lines, body):
    """Whatever is hidden behind a request is refused with it, or read as a request of its own that nobody has logged in for."""
    answer = raw(house, head(*lines, 'Content-Type: application/json', method='POST', path='/api/v1/login') + body.encode())
    codes = statuses(answer)
    assert codes and all(400 <= c < 500 or c == 501 for c in codes), codes
    assert b'"accounts"' not in answer


def test_one_request_never_gets_the_answer_of_another(house, shop):
    """Pipelined requests of two identities over one connection: each answer belongs to its own."""
    lines = b''.join(head(f'Authorization: Bearer {key}', path=path) for key, path in
                     [(shop.key, '/api/v1/me'), ('dk_' + 'A' * 43, '/api/v1/me'), (shop.key, '/api/v1/me')])
    answer = raw(house, lines + head('Connection: close', path='/api/v1/me'))
    assert statuses(answer) == [200, 401, 200, 401]


@pytest.mark.parametrize('path, size', [('/api/v1/login', 100_000), ('/login', 100_000), ('/api/v1/oauth/token', 200_000), ('/api/v1/certificates', 5_000_000)])
def test_oversized_bodies(house, unharmed, path, size):
    answer = house.http.request('POST', path, {'Content-Type': 'application/json'}, b'{"a":"' + b'x' * size + b'"}')
    assert answer.status in (401, 413), answer


def test_a_body_announced_and_never_sent_holds_nobody_up(house, shop):
    context = ssl.create_default_context(cafile=str(house.dir / 'tls/ca.crt'))
    lines = []
    for _ in range(20):
        line = context.wrap_socket(socket.create_connection(('localhost', house.port), 10), server_hostname='localhost')
        line.sendall(head('Content-Length: 1000', 'Content-Type: application/json', method='POST', path='/api/v1/login') + b'{')
        lines.append(line)
    assert all(shop.api('GET', '/me').status == 200 for _ in range(20))
    for line in lines:
        line.close()


@pytest.mark.parametrize('data', [b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' * 20, b'GET / HTTP/9.9\r\n\r\n', b'GET\r\n\r\n', b'\r\n' * 50, b'GET / HTTP/1.1\r\n\r\n', b'\x00' * 500,
                                  b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrubbish', b'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n', b'TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n',
                                  b'GET / HTTP/1.1\r\nHost: localhost\r\nX\x00Y: z\r\n\r\n', b'GET / HTTP/1.1\nHost: localhost\nBad Header: x\n\n'], ids=range(11))
def test_what_is_no_http(house, unharmed, data):
    codes = statuses(raw(house, data))
    assert all(c < 500 or c == 505 for c in codes) and 200 not in codes, codes


def test_plain_http_is_sent_to_tls_and_serves_nothing(house):
    with socket.create_connection(('localhost', house.port), 5) as line:
        line.sendall(b'GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n')
        line.settimeout(3)
        answer = line.recv(4096)
    assert statuses(answer) == [308] and b'https://' in answer


# What may be read by somebody who is nobody: the list, and nothing beside it.
OPEN = {('GET', '/login'), ('POST', '/login'), ('GET', '/health'), ('POST', '/oauth/token'), ('GET', '/.well-known/oauth-authorization-server'),
        ('GET', '/duties.ics')}         # by a key in its address


def test_aup_55_a_only_listed_routes_answer_without_a_session(house, shop):
    listed = {(r['method'], r['path']) for r in ROUTES if r['permission'] == 'public'}
    beyond = {r for r in listed - OPEN if not re.match(r'/(login|sso|sign-on|log/|seal|witness|tlog|health|join|applicants|logs?)', r[1])}
    assert not beyond, f'open to everybody and not in the list: {sorted(beyond)}'
    answered = []
    for route in ROUTES:
        if route['permission'] == 'public':
            continue
        path = re.sub(r'\{register\}', 'customers', re.sub(r'\{[a-z]+\}', '1', route['path']))
        for prefix in (['/api/v1'] if 'API' in route['face'] else []) + ([''] if 'console' in route['face'] else []):
            answer = house.http.request(route['method'], prefix + path, {'Content-Type': 'application/json'} if route['body_max'] else {}, b'{}' if route['body_max'] else None)
            led = answer.status == 303 and (answer.headers['Location'] or '').startswith('/login')
            if answer.status not in (401, 429) and not led:
                answered.append((route['method'], prefix + path, answer.status))
    assert not answered, answered


def test_aup_55_a_no_account_and_no_key_comes_with_a_contract(house):
    bare = house.tenant(registers=())
    assert house.sql('select count(*) from daicho.account where tenant = %s', args=(bare.name,)) == [(0,)]
    assert house.sql('select count(*) from daicho.api_key where tenant = %s', args=(bare.name,)) == [(0,)]
    for login, password in (('admin', 'admin'), ('admin', 'password'), ('root', 'root'), ('daicho', 'daicho'), ('admin', '')):
        assert house.api('POST', '/login', json={'tenant': bare.name, 'login': login, 'password': password}).status in (401, 422)
