"""OAuth 2.0 client credentials (RFC 6749, 4.4; RFC 6750; RFC 8414): a key is exchanged for a token that can do less and lives for minutes."""
import base64, hashlib, re, urllib.parse

import pytest

from test_account import Person


@pytest.fixture
def shop(house):
    return house.tenant(registers=('customers',))


class Client:
    def __init__(self, shop, permissions=('record.read', 'personal.see', 'account.manage'), **more):
        self.house, self.shop = shop.house, shop
        made = shop.api('POST', '/keys', json={'name': 'client', 'permissions': list(permissions), **more}).json()
        self.id, self.secret = str(made['made']['id']), made['key']

    def basic(self, id=None, secret=None):
        quote = lambda s: urllib.parse.quote(s, safe='')
        return 'Basic ' + base64.b64encode(f'{quote(id or self.id)}:{quote(secret or self.secret)}'.encode()).decode()

    def ask(self, headers=None, body=None, path='/api/v1/oauth/token', **form):
        """By the header unless told otherwise."""
        headers = {'Authorization': self.basic()} if headers is None else headers
        body = urllib.parse.urlencode({'grant_type': 'client_credentials', **form}, doseq=True).encode() if body is None else body
        return self.house.http.request('POST', path, {'Content-Type': 'application/x-www-form-urlencoded', **headers}, body)

    def token(self, **form):
        answer = self.ask(**form)
        assert answer.status == 200, answer
        return answer.json()['access_token']


def error(answer, status, word):
    assert (answer.status, answer.json()['error']) == (status, word), answer
    assert answer.headers['Content-Type'] == 'application/json' and answer.headers['Cache-Control'] == 'no-store'
    assert answer.headers['Pragma'] == 'no-cache'
    assert re.fullmatch(r'[\x20-\x21\x23-\x5b\x5d-\x7e]+', answer.json()['error_description'])
    assert (status == 401) == (answer.headers['WWW-Authenticate'] or '').startswith('Basic ')


def test_a_token_is_given_for_a_key_and_does_what_the_key_may(shop, house):
    client = Client(shop)
    answer = client.ask()
    assert answer.status == 200 and answer.headers['Cache-Control'] == 'no-store' and answer.headers['Pragma'] == 'no-cache'
    told = answer.json()
    assert told['token_type'] == 'Bearer' and told['expires_in'] == 900 and set(told['scope'].split()) == {'record.read', 'personal.see', 'account.manage'}
    assert re.fullmatch(r'da_[A-Za-z0-9_-]{43}', told['access_token'])
    me = house.api('GET', '/me', key=told['access_token']).json()
    assert (me['kind'], me['login'], me['masked']) == ('key', 'client', False)
    assert house.sql('select token_hash from daicho.access_token where key_id = %s', args=(client.id,)) == [(hashlib.sha256(told['access_token'].encode()).digest(),)]
    entry = [e for e in shop.log() if e['verb'] == 'login'][-1]
    assert (entry['actor_kind'], entry['actor'], entry['result'], entry['kind'], entry['subject_id']) == ('key', 'client', 'OK', 'key', int(client.id))
    dump = house.client('pg_dump', '--data-only', '--inserts')
    assert told['access_token'] not in dump and client.secret not in dump


def test_the_client_may_also_stand_in_the_body(shop):
    client = Client(shop)
    answer = client.ask(headers={}, client_id=client.id, client_secret=client.secret)
    assert answer.status == 200 and answer.json()['access_token'].startswith('da_')


def test_a_token_does_no_more_than_it_was_asked_for(shop, house):
    client = Client(shop)
    answer = client.ask(scope='record.read')
    assert answer.json()['scope'] == 'record.read'
    token = answer.json()['access_token']
    me = house.api('GET', '/me', key=token).json()
    assert (me['permission_words'], me['masked']) == (['record.read'], True)
    assert house.api('GET', '/accounts', key=token).status == 403
    assert house.api('GET', '/registers/customers/records', key=token).status == 200


def test_scopes_of_single_registers(shop, house):
    client = Client(shop, permissions=('record.read:customers',))
    assert client.ask(scope='record.read:customers').json()['scope'] == 'record.read:customers'
    error(client.ask(scope='record.read'), 400, 'invalid_scope')
    whole = Client.__new__(Client)
    whole.house, whole.shop = house, shop
    made = shop.api('POST', '/keys', json={'name': 'whole', 'permissions': ['record.read', 'record.write']}).json()
    whole.id, whole.secret = str(made['made']['id']), made['key']
    token = whole.token(scope='record.read:customers')
    assert house.api('GET', '/me', key=token).json()['permission_words'] == ['record.read:customers']
    assert house.api('GET', '/registers/customers/records', key=token).status == 200
    assert house.api('POST', '/registers/customers/records', key=token, json={'email': 'a@example.jp'}).status == 403


@pytest.mark.parametrize('scope', ['log.read', 'record.read log.read', 'no.such', 'record.read  personal.see', "record.read' or 1=1", '-record.read', 'record.read:',
                                   'account.manage:customers', 'RECORD.READ', 'record.read ' * 1200, '\u3042'], ids=range(11))
def test_a_scope_the_key_has_not_is_refused(shop, scope):
    answer = Client(shop).ask(scope=scope)
    error(answer, 400, 'invalid_scope')


def test_a_key_for_many_single_registers_gets_a_token_too(shop, house):
    """More words than a scope that is asked for may be long."""
    client = Client(shop, permissions=('record.read:customers',))
    house.sql('set session_replication_role = replica')         # words are worked out by a trigger
    house.sql("update daicho.api_key set words = (select string_agg('record.read:r' || lpad(n::text, 25, '0'), ' ') from generate_series(1, 600) n) where id = %s",
              args=(client.id,))
    house.sql('reset session_replication_role')
    assert house.sql('select length(words) from daicho.api_key where id = %s', args=(client.id,))[0][0] > 20000
    answer = client.ask()
    assert answer.status == 200 and len(answer.json()['scope'].split()) == 600, answer


def test_wrong_clients_all_get_one_answer(shop, house):
    client, other = Client(shop), house.tenant(registers=()).key
    revoked = Client.__new__(Client)
    made = shop.api('POST', '/keys', json={'name': 'gone', 'permissions': ['record.read']}).json()
    shop.api('DELETE', f'/keys/{made["made"]["id"]}')
    tries = [(client.id, 'dk_' + 'x' * 43), ('999999999', client.secret), (client.id, other), (client.id, client.secret[:-1]), ('0', client.secret),
             ('-1', client.secret), ('abc', client.secret), ('9' * 40, client.secret), (str(made['made']['id']), made['key']), (client.id, 'x')]
    answers = []
    for id, secret in tries:
        answer = client.ask(headers={'Authorization': client.basic(id, secret)})
        error(answer, 401, 'invalid_client')
        answers.append(answer.text)
        error(client.ask(headers={}, client_id=id, client_secret=secret), 401, 'invalid_client')
    assert len(set(answers)) == 1
    refused = [e for e in shop.log() if e['verb'] == 'login' and e['result'] == 'UNAUTHORIZED']
    assert refused and refused[-1]['actor'] == 'client' and client.secret not in str(refused)


@pytest.mark.parametrize('header', ['', 'Basic', 'Basic ', 'Basic !!!', 'Basic MTI=', 'Bearer x', 'Bearer dk_' + 'A' * 43, 'Digest username="x"', 'Basic ' + 'QUFB' * 400,
                                    'Basic MTI6/w==', 'Basic MTI6JXg=', 'Negotiate abc'])
def test_a_malformed_authorization_is_refused_in_words(shop, header):
    error(Client(shop).ask(headers={'Authorization': header}), 400, 'invalid_request')


@pytest.mark.parametrize('body, status, word', [
    (b'', 400, 'invalid_request'), (b'grant_type=', 400, 'invalid_request'), (b'grant_type=password', 400, 'unsupported_grant_type'),
    (b'grant_type=authorization_code&code=x', 400, 'unsupported_grant_type'), (b'grant_type=client_credentials&grant_type=client_credentials', 400, 'invalid_request'),
    (b'grant_type=client_credentials&scope=record.read&scope=personal.see', 400, 'invalid_request'), (b'scope=record.read', 400, 'invalid_request'),
    (b'grant_type=client_credentials&client_id=1', 400, 'invalid_request'), (b'grant_type=client_credentials&client_secret=x', 400, 'invalid_request'),
    (b'grant_type=%ff', 400, 'invalid_request'), (b'grant_type=client_credentials%00', 400, 'unsupported_grant_type'), (b'grant_type', 400, 'invalid_request'),
    (b'{"grant_type":"client_credentials"}', 400, 'invalid_request')])
def test_requests_that_are_none_are_refused_as_the_standard_has_it(shop, body, status, word):
    error(Client(shop).ask(body=body), status, word)


def test_other_types_and_places_of_parameters_are_refused(shop):
    client = Client(shop)
    for kind in ('application/json', 'text/plain', 'multipart/form-data; boundary=x', ''):
        error(client.ask(headers={'Authorization': client.basic(), 'Content-Type': kind}), 400, 'invalid_request')
    error(client.ask(path=f'/api/v1/oauth/token?client_id={client.id}'), 400, 'invalid_request')
    assert client.ask(something='else', resource='https://x').status == 200         # unknown parameters are not looked at (3.2)


def test_a_token_lives_fifteen_minutes(shop, house):
    client = Client(shop)
    token = client.token()
    assert house.sql("select expires_at - created_at = interval '15 minutes' from daicho.access_token where key_id = %s", args=(client.id,)) == [(True,)]
    house.sql("update daicho.access_token set expires_at = daicho.clock() + interval '2 seconds' where key_id = %s", args=(client.id,))
    assert house.api('GET', '/me', key=token).status == 200
    house.sql('update daicho.access_token set expires_at = daicho.clock() where key_id = %s', args=(client.id,))
    answer = house.api('GET', '/me', key=token)
    assert answer.status == 401 and answer.headers['WWW-Authenticate'] == 'Bearer realm="daicho", error="invalid_token"'


def test_a_token_dies_with_its_key_and_with_who_made_it(shop, house):
    client = Client(shop)
    token = client.token()
    assert house.api('GET', '/me', key=token).status == 200
    shop.api('DELETE', f'/keys/{client.id}')
    assert house.api('GET', '/me', key=token).status == 401
    person, _ = Person(shop, 'maker', ['key.manage', 'record.read', 'personal.see']), shop.admin
    made = person.call('POST', '/keys', {'name': 'theirs', 'permissions': ['record.read', 'personal.see']}).json()
    client.id, client.secret = str(made['made']['id']), made['key']
    token = client.token()
    shop.api('PATCH', f'/groups/{person.groups[0]}', json={'permissions': ['key.manage', 'record.read']}, headers={'If-Match': '"1"'})
    me = house.api('GET', '/me', key=token).json()
    assert (me['permission_words'], me['masked']) == (['record.read'], True)
    version = shop.api('GET', f'/accounts/{person.id}').json()['account']['version']
    shop.api('PATCH', f'/accounts/{person.id}', json={'state': 'suspended'}, headers={'If-Match': f'"{version}"'})
    assert house.api('GET', '/me', key=token).status == 401
    error(client.ask(), 401, 'invalid_client')


def test_a_suspended_contract_gives_no_tokens_and_takes_none(house):
    shop = house.tenant(registers=())
    client = Client(shop)
    token = client.token()
    house.cli('tenant', 'suspend', shop.name)
    assert house.api('GET', '/me', key=token).status == 403        # it is told why; strangers hear 401 (test_contract_end.py)
    error(client.ask(), 401, 'invalid_client')


def test_at_most_a_hundred_tokens_of_a_key_live(shop, house):
    client = Client(shop, permissions=('record.read',))
    first = client.token()
    house.sql("insert into daicho.access_token (token_hash, key_id, tenant, scope, created_at, expires_at) select sha256(n::text::bytea), %s, %s, '{record.read}', "
              "daicho.clock() + n * interval '1 millisecond', daicho.clock() + interval '15 minutes' from generate_series(1, 150) n", args=(client.id, shop.name))
    last = client.token()
    assert house.sql('select count(*) from daicho.access_token where key_id = %s', args=(client.id,)) == [(100,)]
    assert house.api('GET', '/me', key=first).status == 401
    assert house.api('GET', '/me', key=last).status == 200


def test_a_token_is_no_client_and_gets_no_session(shop, house):
    client = Client(shop)
    token = client.token()
    error(client.ask(headers={'Authorization': client.basic(secret=token)}), 401, 'invalid_client')
    assert house.http.request('GET', '/api/v1/me', {'Cookie': f'__Host-daicho={token}'}).status == 401


def test_no_process_but_auth_opens_a_token(shop, house):
    import psycopg
    client = Client(shop)
    for role in ('daicho_web', 'daicho_jobs', 'daicho_cli'):
        with house.connect(role) as db, pytest.raises(psycopg.errors.InsufficientPrivilege), db.transaction():
            db.execute("select set_config('role', %s, true)", [f't_{shop.name}'])
            db.execute("select daicho.token_open(%s, '\\x00', '{record.read}', 900)", [client.id])
    other = house.tenant(registers=())
    with house.connect('daicho_auth') as db, db.transaction(force_rollback=True):
        db.execute("select set_config('role', %s, true)", [f't_{other.name}'])
        assert db.execute("select daicho.token_open(%s, '\\x00', '{record.read}', 900)", [client.id]).fetchone() == (None,)


def test_where_tokens_are_given_is_published(house):
    answer = house.http.request('GET', '/.well-known/oauth-authorization-server')
    assert answer.status == 200 and answer.headers['Content-Type'] == 'application/json'
    told = answer.json()
    assert told['issuer'] == house.url and told['token_endpoint'] == f'{house.url}/api/v1/oauth/token'
    assert told['grant_types_supported'] == ['client_credentials'] and 'record.read' in told['scopes_supported']
    assert told['token_endpoint_auth_methods_supported'] == ['client_secret_basic', 'client_secret_post']
    for host in ('evil"><script>', 'a b', 'x/y', 'x' * 400):
        answer = house.http.request('GET', '/.well-known/oauth-authorization-server', {'Host': host})
        assert answer.status == 400 and host not in answer.text


def test_the_description_of_the_api_names_the_scheme(shop):
    d = shop.api('GET', '/openapi.json').json()
    flow = d['components']['securitySchemes']['token']['flows']['clientCredentials']
    assert flow['tokenUrl'] == '/api/v1/oauth/token' and 'record.read' in flow['scopes']
    assert {'token': []} in d['security'] and '/oauth/token' in d['paths']


def test_guessing_is_slowed_down():
    from house import House
    house = House.start(conf={'login_rate': 1, 'web_workers': 1, 'auth_workers': 1, 'job_workers': 1})
    try:
        statuses = [house.http.request('POST', '/api/v1/oauth/token', {'Content-Type': 'application/x-www-form-urlencoded'},
                                       f'grant_type=client_credentials&client_id=1&client_secret=guess{n}'.encode()).status for n in range(30)]
        assert 401 in statuses and statuses.count(429) >= 15, statuses
    finally:
        house.close()
