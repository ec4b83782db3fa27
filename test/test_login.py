"""Logging in, being logged in, and what is never said to somebody who is not."""
import concurrent.futures, ctypes, json, re

import psycopg
import pytest

WRONG = '契約名、ログイン名、パスワードのいずれかが違います'


def try_login(house, tenant, login, password, take_over=True, **more):
    return house.api('POST', '/login', json={'tenant': tenant, 'login': login, 'password': password, 'take_over': take_over},
                     headers={'Accept-Language': 'ja'}, **more)


def cookie_of(answer):
    return answer.headers['Set-Cookie'].split(';')[0].split('=', 1)[1]


def with_cookie(house, token, path='/me'):
    return house.http.request('GET', '/api/v1' + path, {'Cookie': f'__Host-daicho={token}'})


@pytest.fixture(scope='module')
def contract(house):
    return house.tenant(registers=())


def test_the_cookie_is_for_this_host_over_tls_and_not_for_scripts(house, contract):
    account = contract.staff
    answer = house.browser().post('/login', {'tenant': contract.name, 'login': account.login, 'password': account.password})
    assert answer.status == 303 and answer.headers['Location'] == '/'
    cookie = answer.headers['Set-Cookie']
    assert re.fullmatch(r'__Host-daicho=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Lax', cookie)


def test_the_log_in_name_is_found_whatever_its_case(house, contract):
    account = contract.staff
    assert try_login(house, contract.name, account.login.upper(), account.password).status == 200


def test_everything_wrong_gets_one_and_the_same_answer(house, contract):
    account = contract.staff
    gone = contract.account('gone', group='担当者')
    contract.api('PATCH', f'/accounts/{gone.id}', json={'state': 'suspended'}, headers={'If-Match': '"1"'})
    tries = {'wrong password': (contract.name, account.login, 'not-the-password'),
             'unknown account': (contract.name, 'nobody.here', account.password),
             'unknown contract': ('nosuchshop', account.login, account.password),
             'suspended account': (contract.name, gone.login, gone.password),
             'impossible contract': ("x' or 1=1 --", account.login, account.password),
             'longer than bcrypt looks': (contract.name, account.login, 'a' * 73)}
    answers = {name: try_login(house, *args) for name, args in tries.items()}
    bodies = {name: (a.status, a.text, 'Set-Cookie' in a.headers) for name, a in answers.items()}
    assert set(bodies.values()) == {(401, answers['wrong password'].text, False)}
    assert answers['wrong password'].json()['detail'] == WRONG
    pages = {house.browser().post('/login', dict(zip(('tenant', 'login', 'password'), args))).text for args in tries.values()}
    assert len(pages) == 1 and WRONG in pages.pop()


def test_a_log_in_leaves_one_entry_and_a_refused_one_too(house):
    shop = house.tenant(registers=())
    account = shop.staff
    before = len(shop.log())
    assert try_login(house, shop.name, account.login, account.password).status == 200
    assert try_login(house, shop.name, account.login, 'wrong-password-1').status == 401
    assert try_login(house, shop.name, 'tanaka-secret', 'wrong-password-2').status == 401
    good, wrong, unknown = shop.log()[before:]
    assert (good['actor_kind'], good['actor'], good['groups'], good['verb'], good['result']) == ('account', 'staff', '担当者', 'login', 'OK')
    assert (wrong['actor_kind'], wrong['actor'], wrong['verb'], wrong['result']) == ('nobody', 'staff', 'login', 'UNAUTHORIZED')
    assert wrong['subject_id'] == account.id and wrong['source'] == '127.0.0.1'
    # a name that nobody has may be a password typed into the wrong field: only in the detail, which can be erased
    assert (unknown['actor'], unknown['subject_id'], unknown['detail']) == ('', None, {'login': 'tanaka-secret'})


def test_an_unknown_contract_is_noted_in_the_log_of_the_house(house):
    before = house.sql('select coalesce(max(id), 0) from daicho.log')[0][0]
    assert try_login(house, 'nosuchshop', 'taro', 'whatever-it-is').status == 401
    rows = house.sql('select verb, result, actor, detail from daicho.log where id > %s', args=(before,))
    assert rows == [('login', 'UNAUTHORIZED', '', {'tenant': 'nosuchshop', 'login': 'taro'})]


def test_no_password_and_no_token_is_ever_written_down(house):
    shop = house.tenant(registers=())
    account = shop.staff
    token = cookie_of(try_login(house, shop.name, account.login, account.password))
    key = shop.new_key('written')
    try_login(house, shop.name, account.login, 'a-wrong-password-of-mine')
    shop.browser().post('/me/password', {'current': account.password, 'password': 'short'})
    dump = house.client('pg_dump', '--data-only', '--inserts')
    for secret in (account.password, 'a-wrong-password-of-mine', token, key):
        assert secret not in dump
    logs = ''.join(p.read_text(errors='replace') for p in (house.dir / 'log').rglob('*') if p.is_file())
    for secret in (account.password, token, key):
        assert secret not in logs


def test_a_cookie_given_to_somebody_beforehand_never_becomes_a_session(house, contract):
    account, planted = contract.staff, 'A' * 43
    answer = house.http.request('POST', '/api/v1/login', {'Cookie': f'__Host-daicho={planted}', 'Content-Type': 'application/json'},
                                json.dumps({'tenant': contract.name, 'login': account.login, 'password': account.password}).encode())
    assert answer.status == 200
    assert cookie_of(answer) != planted
    assert with_cookie(house, planted).status == 401


def test_logging_in_again_ends_the_session_the_browser_had(house, contract):
    account = contract.staff
    browser = house.browser_login(contract.name, account.login, account.password)
    old = browser.cookies['__Host-daicho']
    browser.login(contract.name, account.login, account.password)
    assert browser.cookies['__Host-daicho'] != old
    assert with_cookie(house, old).status == 401
    assert with_cookie(house, browser.cookies['__Host-daicho']).status == 200


def test_logging_out_ends_the_session_not_only_the_cookie(house, contract):
    account = contract.staff
    browser = house.browser_login(contract.name, account.login, account.password)
    token = browser.cookies['__Host-daicho']
    answer = browser.post('/logout')
    assert answer.status == 303 and answer.headers['Location'].startswith('/login')
    assert 'Max-Age=0' in answer.headers['Set-Cookie'] and not browser.cookies
    assert with_cookie(house, token).status == 401


def test_a_session_lives_two_hours_fifty_nine_and_dies_at_three(house, contract):
    account = contract.staff
    token = cookie_of(try_login(house, contract.name, account.login, account.password))
    newest = "(select max(id) from daicho.session where account_id = %s)"
    house.sql(f"update daicho.session set seen_at = daicho.clock() - interval '2 hours 59 minutes' where id = {newest}", args=(account.id,))
    assert with_cookie(house, token).status == 200
    assert house.sql(f'select seen_at > daicho.clock() - interval \'1 minute\' from daicho.session where id = {newest}', args=(account.id,)) == [(True,)]
    house.sql(f"update daicho.session set seen_at = daicho.clock() - interval '3 hours' where id = {newest}", args=(account.id,))
    assert with_cookie(house, token).status == 401


def test_a_suspended_account_is_out_at_its_next_request(house):
    shop = house.tenant(registers=())
    token = cookie_of(try_login(house, shop.name, shop.staff.login, shop.staff.password))
    assert with_cookie(house, token).status == 200
    assert shop.api('PATCH', f'/accounts/{shop.staff.id}', json={'state': 'suspended'}, headers={'If-Match': '"1"'}).status == 200
    assert with_cookie(house, token).status == 401
    assert house.sql('select count(*) from daicho.session where account_id = %s', args=(shop.staff.id,)) == [(0,)]


def test_a_suspended_contract_is_closed_to_everybody(house):
    shop = house.tenant(registers=())
    token, key = cookie_of(try_login(house, shop.name, shop.staff.login, shop.staff.password)), shop.key
    house.cli('tenant', 'suspend', shop.name)
    assert with_cookie(house, token).status == 401
    assert house.api('GET', '/me', key=key).status == 403                 # who holds the key, or knows the password, is told why (test_contract_end.py)
    assert try_login(house, shop.name, shop.staff.login, shop.staff.password).status == 403
    assert try_login(house, shop.name, shop.staff.login, 'kX4-9qzwVb-wrong').status == 401


def test_with_a_made_password_nothing_is_reached_before_it_is_changed(house):
    shop = house.tenant(registers=())
    made = shop.api('POST', '/accounts/new', json={'login': 'sato', 'name': '佐藤花子', 'groups': []})
    assert made.status == 201
    password = made.json()['password']
    assert re.fullmatch(r'(?:[A-Za-z0-9]{4}-){3}[A-Za-z0-9]{4}', password)
    browser = house.browser_login(shop.name, 'sato', password)
    for path in ('/', '/me', '/jobs'):
        answer = browser.get(path)
        assert (answer.status, answer.headers['Location']) == (303, '/me/password'), path
    assert with_cookie(house, browser.cookies['__Host-daicho']).status == 403
    assert browser.get('/me/password').status == 200
    refused = browser.post('/me/password', {'current': password, 'password': password})
    assert refused.status == 422
    answer = browser.post('/me/password', {'current': password, 'password': 'neues Passwort 雪'})
    assert answer.status == 303
    assert browser.get('/me').status == 200
    house.browser_login(shop.name, 'sato', 'neues Passwort 雪')
    assert try_login(house, shop.name, 'sato', password).status == 401


def test_changing_the_password_needs_the_current_one_and_ends_the_other_sessions(house):
    shop = house.tenant(registers=())
    account = shop.staff
    here, there = account.browser(), house.browser()
    there.post('/login', {'tenant': shop.name, 'login': account.login, 'password': account.password})      # half way: it would take over
    assert there.get('/login/confirm').status == 200
    wrong = here.post('/me/password', {'current': 'not-this-one', 'password': 'quite-another-trombone-1'}, htmx=True)
    assert wrong.status == 422 and '今のパスワードが違います' in wrong.text
    assert there.get('/login/confirm').status == 200
    assert here.post('/me/password', {'current': account.password, 'password': 'quite-another-trombone-1'}).status == 303
    assert here.get('/me').status == 200
    assert there.get('/login/confirm').headers['Location'].startswith('/login?next=')
    assert [e['verb'] for e in shop.log() if e['verb'] == 'password'] == ['password', 'password']


def test_syn_3_4_3_d_thirty_characters_are_the_maximum_and_are_not_cut_off(house):
    shop = house.tenant(registers=())
    thirty = 'abKx4qwz9Rt-7mvPd3Lf6hJn8gTy2c'
    make = lambda login, password: shop.api('POST', '/accounts/new', json={'login': login, 'name': login, 'groups': [], 'password': password},
                                            headers={'Accept-Language': 'ja'})
    refused = {'kX4-9qz': '8文字以上', thirty + 'E': '30文字以内', '雨粒猫窓辺夜汽車帽子眼鏡黒板机椅子時計鉛筆消石山川': '75バイト', 'kX4-9qzwＡ': '全角',
               'nul\0inside': '', 'password2026': 'よく使われる言葉'}
    for password, sentence in refused.items():
        answer = make('p', password)
        assert answer.status in (400, 422), password
        assert sentence in answer.json()['detail'], (password, answer.json())
    for login, password in (('edge8', 'kX4-9qzw'), ('edge30', thirty), ('edgeja', '雨粒猫窓辺夜汽車帽子眼鏡黒板机椅子時計鉛筆消石山')):
        answer = make(login, password)
        assert answer.status == 201 and answer.json()['password'] is None, answer
        assert try_login(house, shop.name, login, password).status == 200
    assert try_login(house, shop.name, 'edge30', thirty[:29]).status == 401
    long = thirty + 'EuWp5sVr-k9XmQ4hLd7fBn2zGt6jYc8vRwK3pHxM9s'
    assert len(long) == 72 and make('edge72', long).status == 422
    read = shop.api('GET', '/policy').headers['ETag']
    assert shop.api('PATCH', '/policy', json={'length_long': True}, headers={'If-Match': read}).status == 200
    assert make('edge72', long).status == 201 and make('edge73', long + 'T').status == 422
    assert try_login(house, shop.name, 'edge72', long).status == 200
    assert try_login(house, shop.name, 'edge72', long + 'T').status == 401      # not cut off at bcrypt's 72 bytes


@pytest.mark.parametrize('next', ['//evil.example/', 'https://evil.example/', '/\\evil.example', '\\\\evil.example', 'javascript:alert(1)', '/a\tb',
                                  '/%0d%0aSet-Cookie:x=y\r\nX: y', 'evil.example', '/\x00'])
def test_the_way_on_never_leads_out_of_the_house(house, contract, next):
    account = contract.staff
    answer = house.browser().post('/login', {'tenant': contract.name, 'login': account.login, 'password': account.password, 'next': next,
                                              'take_over': 'true'})
    assert answer.status in (303, 400, 422)
    if answer.status == 303:
        assert answer.headers['Location'] == '/'


def test_the_way_on_leads_to_the_page_asked_for(house, contract):
    account = contract.staff
    browser = house.browser()
    asked = browser.get('/jobs?limit=5')
    assert asked.status == 303 and asked.headers['Location'].startswith('/login?next=')
    page = browser.get(asked.headers['Location'])
    hidden = re.search(r'name="next" value="([^"]*)"', page.text).group(1).replace('&#61;', '=').replace('&amp;', '&')
    answer = browser.post('/login', {'tenant': contract.name, 'login': account.login, 'password': account.password, 'next': hidden,
                                    'take_over': 'true'})
    assert answer.headers['Location'] == '/jobs?limit=5'
    assert browser.get(answer.headers['Location']).status == 200


@pytest.mark.parametrize('cookie', ['', 'x', 'A' * 42, 'A' * 44, 'A' * 43, '=' * 43, '%00' * 14 + 'A', "' or '1'='1", 'あ' * 14, 'A' * 7000])
def test_malformed_cookies_are_nobody(house, cookie):
    answer = house.http.request('GET', '/api/v1/me', {'Cookie': f'__Host-daicho={cookie}'.encode().decode('latin-1')})
    assert answer.status in (400, 401) or (len(cookie) > 4000 and answer.status in (400, 414, 431))


@pytest.mark.parametrize('body', [b'', b'{', b'[]', b'{"tenant":1,"login":2,"password":3}', b'{"tenant":"a"}', b'\xff\xfe', b'null',
                                  b'{"tenant":"a","tenant":"b","login":"c","password":"d"}', b'{"tenant":"a","login":"b","password":{"c":1}}'])
def test_malformed_log_ins_are_refused_without_a_crash(house, body):
    answer = house.api('POST', '/login', body=body, headers={'Content-Type': 'application/json'})
    assert answer.status in (400, 422)
    assert answer.json()['code'] in ('MALFORMED', 'INVALID')


def test_own_sessions_are_listed_and_can_be_ended(house):
    shop = house.tenant(registers=())
    token = cookie_of(try_login(house, shop.name, shop.staff.login, shop.staff.password))
    session, = with_cookie(house, token).json()['sessions']
    assert session['current'] and session['source'] == '127.0.0.1'
    browser = house.browser()
    browser.cookies['__Host-daicho'] = token
    assert browser.post('/me/sessions/end').status == 303 and browser.get('/me').status == 200
    assert browser.post(f'/me/sessions/{session["id"]}', {'_method': 'DELETE'}).status == 303
    assert with_cookie(house, token).status == 401


def test_nobody_ends_the_sessions_of_another_account_or_contract(house):
    shop, other = house.tenant(registers=()), house.tenant(registers=())
    shop.staff.browser(), other.admin.browser()
    for victim in (shop.staff.id, other.admin.id):
        id = house.sql('select max(id) from daicho.session where account_id = %s', args=(victim,))[0][0]
        assert shop.browser().post(f'/me/sessions/{id}', {'_method': 'DELETE'}).status == 404
        assert house.sql('select count(*) from daicho.session where id = %s', args=(id,)) == [(1,)]


HASH_DOORS = ["select daicho.credential_of({id})", "select daicho.credential_set({id}, '$2b$04$abc', false)", "select * from daicho.credential",
              "select * from daicho.login_begin('{tenant}', 'admin')", "update daicho.credential set hash = 'x'", "delete from daicho.credential",
              "select daicho.session_open({id}, '\\x00', null, '-', '-', false)", "select token_hash from daicho.session", "select token_hash from daicho.api_key",
              "insert into daicho.session (token_hash, account_id, tenant, source) values ('\\x00', {id}, '{tenant}', '-')",
              "update daicho.session set account_id = {id}", "update daicho.session set stage = 'full'",
              "select daicho.credential_recost({id}, 'x', 'y')",
              "select daicho.session_raise(1, '\\x00', 'confirm', true)", "select daicho.session_last_stage({id}, true, '')", "update daicho.api_key set token_hash = '\\x00'"]


@pytest.mark.parametrize('statement', HASH_DOORS)
@pytest.mark.parametrize('role', ['daicho_web', 'daicho_jobs'])
@pytest.mark.parametrize('taken', [None, 't_{tenant}', 't_{tenant}_masked'])
def test_only_the_auth_processes_have_a_way_to_hashes(house, contract, role, statement, taken):
    values = {'id': contract.admin.id, 'tenant': contract.name}
    with house.connect(role) as connection, connection.transaction(force_rollback=True):
        if taken:
            connection.execute("select set_config('role', %s, true)", (taken.format(**values),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.format(**values))


def test_an_auth_process_reaches_hashes_of_the_contract_it_entered_only(house, contract):
    other = house.tenant(registers=())
    with house.connect('daicho_auth') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{contract.name}',))
        assert connection.execute('select daicho.credential_of(%s)', (contract.admin.id,)).fetchone()[0].startswith('$2b$')
        assert connection.execute('select daicho.credential_of(%s)', (other.admin.id,)).fetchone() == (None,)
        assert connection.execute("select daicho.credential_set(%s, 'x', false)", (other.admin.id,)).fetchone() == (False,)
        assert connection.execute("select daicho.session_open(%s, '\\x00', null, '-', '-', false)", (other.admin.id,)).fetchone() == (None,)


def test_hashes_are_bcrypt_with_the_cost_of_the_settings(house, contract):
    rows = house.sql('select c.hash from daicho.credential c join daicho.account a on a.id = c.account_id where a.tenant = %s', args=(contract.name,))
    cost = int(house.conf.get('password_cost', 12))
    assert rows and all(re.fullmatch(rf'\$2b\${cost:02}\$[./A-Za-z0-9]{{53}}', row[0]) for row in rows)


def bcrypt(password, setting):
    crypt = ctypes.CDLL('libcrypt.so.1').crypt
    crypt.restype = ctypes.c_char_p
    return crypt(password.encode(), setting.encode()).decode()


def test_a_hash_of_another_cost_is_made_anew_at_the_next_log_in_and_nothing_else_changes(house):
    """Else an account made long ago answers in another time than one that does not exist."""
    shop = house.tenant(registers=())
    account, other = shop.staff, house.tenant(registers=())
    hash, = house.sql('select hash from daicho.credential where account_id = %s', args=(account.id,))[0]
    old = bcrypt(account.password, '$2b$06$' + hash[7:29])
    house.sql("update daicho.credential set hash = %s, changed_at = changed_at - interval '20 days' where account_id = %s", args=(old, account.id))
    before = house.sql('select changed_at, must_change, expires_at from daicho.credential where account_id = %s', args=(account.id,))
    assert try_login(house, shop.name, 'staff', 'not-it').status == 401
    assert house.sql('select hash from daicho.credential where account_id = %s', args=(account.id,)) == [(old,)]
    assert try_login(house, shop.name, 'staff', account.password).status == 200
    new, = house.sql('select hash from daicho.credential where account_id = %s', args=(account.id,))[0]
    assert new[:7] == hash[:7] and new not in (old, hash) and bcrypt(account.password, new) == new
    assert house.sql('select changed_at, must_change, expires_at from daicho.credential where account_id = %s', args=(account.id,)) == before
    assert try_login(house, shop.name, 'staff', account.password).status == 200
    assert house.sql('select hash from daicho.credential where account_id = %s', args=(account.id,)) == [(new,)]
    with house.connect('daicho_auth') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{other.name}',))
        connection.execute("select daicho.credential_recost(%s, %s, 'x')", (account.id, new))
        assert connection.execute('select daicho.credential_of(%s)', (account.id,)).fetchone() == (None,)
    assert house.sql('select hash from daicho.credential where account_id = %s', args=(account.id,)) == [(new,)]


def test_a_masked_role_sets_no_password_of_whoever_sees_more_by_a_grant_of_their_own(house):
    shop = house.tenant(registers=())
    viewer = shop.viewer
    house.sql("update daicho.account set grants = '{personal.see}' where id = %s", args=(viewer.id,))
    with house.connect('daicho_auth') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true), set_config('daicho.actor', 'account:1:x', true)", (f't_{shop.name}_masked',))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select daicho.credential_set(%s, 'x', false)", (viewer.id,))
