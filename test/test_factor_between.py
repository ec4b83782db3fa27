"""Between the two factors: the password alone reads nothing, changes nothing and sets nothing up, also when somebody else is logging in at the same moment;
what may be used once is used once, however many try at once; who must have a second factor cannot get round it."""
import concurrent.futures, hashlib

import pytest

from factors import Passkey, Person, b64, refused


@pytest.fixture
def shop(house):
    return house.tenant(registers=())


@pytest.fixture(scope='module')
def boss(house):
    """Holds every permission, so that nothing but the missing factor can be why something is refused."""
    shop = house.tenant()
    one = Person(shop, 'boss', group='管理者')
    assert one.password() == 'enroll'
    one.enroll()
    return one.log_in()


def twin(person):
    """The same person at another browser."""
    other = Person.__new__(Person)
    other.__dict__ = {**person.__dict__, 'browser': person.house.browser()}
    return other


def at_once(calls):
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


# Nothing is reached -------------------------------------------------------------------------------------------------------------------------
WATCHED = ['account', 'account_group', 'access_token', 'api_key', 'certificate', 'credential', 'factor', 'identity', 'job', 'notice', 'person', 'policy', 'provider',
           'recovery_code', 'support_grant']


def everything(person):
    """Every row of this contract that a request could have written."""
    columns = {'account': "to_jsonb(x) - 'failures' - 'last_login_at'"}
    return {table: person.house.sql(f'select coalesce(jsonb_agg(v order by v), \'[]\') from (select {columns.get(table, "to_jsonb(x)")} as v '
                                    f'from daicho.{table} x where x.tenant = %s) y', args=(person.shop.name,))[0][0]
            for table in WATCHED if person.house.sql("select 1 from information_schema.columns where table_schema = 'daicho' and table_name = %s"
                                                     " and column_name = 'tenant'", args=(table,))}


def deeds(person, clerk):
    """What an attacker with a password would like to do; each is a good request."""
    new = 'correct-Horse-7-battery!'
    group = person.house.sql("select id from daicho.account_group where tenant = %s and name = '閲覧者(個人情報なし)'", args=(person.shop.name,))[0][0]
    return [('POST', '/keys', {'name': 'mine', 'permissions': ['record.read']}),
            ('POST', f'/accounts/{clerk.id}/password', {'password': new}),
            ('DELETE', f'/accounts/{clerk.id}/factors', {}),
            ('POST', '/accounts/new', {'login': 'mole', 'name': 'もぐら', 'groups': [group], 'password': new}),
            ('POST', '/groups', {'name': 'もぐら', 'permissions': ['record.read']}),
            ('POST', '/me/factors/totp', {'name': 'mine'}),
            ('POST', '/me/factors/codes', {}),
            ('POST', '/registers/customers/records', {'email': 'mole@example.jp', 'family_name': '盗', 'given_name': '人'}),
            ('POST', '/me/password', {'current': person.account.password, 'password': new})]


def test_mer_5_2_b_the_password_alone_resets_no_password_and_makes_no_key(boss):
    clerk = boss.shop.account('clerk', '担当者')
    one = twin(boss)
    assert one.password() == 'factor'
    before = everything(boss)
    for method, path, body in deeds(boss, clerk):
        refused(one.call(method, path, body), 401, 'UNAUTHORIZED', 'has not been given yet')
    for path in ['/me', '/me/factors', '/accounts', '/keys', '/log', '/registers/customers/records', '/sessions', '/openapi.json']:
        refused(one.call('GET', path), 401, 'UNAUTHORIZED', 'has not been given yet')
    assert everything(boss) == before
    assert boss.shop.api('GET', '/registers/customers/records').json()['records'] == []
    # the same requests are good ones: after the second factor each is done
    assert one.give(code=boss.app.code(), take_over=True).json()['stage'] == 'full'
    boss.forget_step()
    for method, path, body in deeds(boss, clerk):
        answer = one.call(method, path, body)
        assert answer.status in (200, 201, 204), (method, path, answer)
    boss.account.password = 'correct-Horse-7-battery!'


def test_a_password_reset_by_somebody_else_leaves_the_second_factor_in_front(boss):
    one = Person(boss.shop, 'wasureta')
    one.password()
    one.enroll()
    boss.browser.cookies.clear()
    boss.log_in()
    made = boss.call('POST', f'/accounts/{one.id}/password', {'password': 'correct-Horse-8-battery!'})
    assert made.status in (200, 204), made
    one.account.password = 'correct-Horse-8-battery!'
    assert one.password() == 'factor'
    refused(one.call('POST', '/me/password', {'current': one.account.password, 'password': 'correct-Horse-9-battery!'}), 401, 'UNAUTHORIZED', 'has not been given')
    assert one.give(code=one.app.code()).status == 200


def test_the_cookie_of_the_first_half_is_no_key(boss):
    """Nor does it count where no account is needed."""
    one = twin(boss)
    one.password()
    token = one.browser.cookies['__Host-daicho']
    assert one.house.api('GET', '/me', key=token).status == 401
    for path in ['/login', '/health']:
        assert one.browser.get(path).status == 200
    assert one.call('GET', '/me').status == 401


# Set up by two at once ------------------------------------------------------------------------------------------------------------------------
def test_who_knows_the_password_adds_nothing_beside_what_the_owner_has_set_up(shop):
    owner = Person(shop, 'mochi')
    owner.require()
    thief = twin(owner)
    assert thief.password() == 'enroll' and owner.password() == 'enroll'
    asked = thief.call('POST', '/me/factors/passkeys/options').json()
    owner.enroll()
    for answer in (thief.call('POST', '/me/factors/totp', {'name': 'mine'}), thief.call('POST', '/me/factors/passkeys/options'),
                   thief.call('POST', '/me/factors/passkeys', Passkey(shop.house).make(asked)), thief.call('GET', '/me')):
        refused(answer, 401, 'UNAUTHORIZED', 'has not been given yet')
    assert thief.browser.get('/login/enroll').headers['Location'].startswith('/login/factor')
    assert shop.house.sql('select count(*) from daicho.factor where account_id = %s', args=(owner.id,)) == [(1,)]
    # it is at its second factor like any other log-in
    assert thief.give(code=owner.app.code(), take_over=True).json()['stage'] == 'full'


def test_of_two_who_set_up_at_the_same_moment_one_gets_in(shop):
    for n in range(3):
        owner = Person(shop, f'dotchi{n}')
        owner.require()
        two = [twin(owner), twin(owner)]
        calls = []
        for i, one in enumerate(two):
            assert one.password() == 'enroll'
            made = Passkey(shop.house, id=f'{n} {i} {shop.name}'.encode()).make(one.call('POST', '/me/factors/passkeys/options').json())
            calls.append(lambda one=one, made=made: one.call('POST', '/me/factors/passkeys', made))
        statuses = sorted(answer.status for answer in at_once(calls))
        assert statuses in ([201, 401], [201, 403]), statuses
        assert sorted(one.call('GET', '/me').status for one in two) == [200, 401]
        assert shop.house.sql('select count(*) from daicho.factor where account_id = %s', args=(owner.id,)) == [(1,)]


def test_the_database_refuses_a_factor_to_a_session_that_has_given_none(shop):
    """What the gate would have refused before, asked of the database by an auth process."""
    import psycopg
    one = Person(shop, 'ura')
    one.password()
    one.enroll()
    assert one.password() == 'factor'
    session = shop.house.sql("select id from daicho.session where account_id = %s and stage = 'factor'", args=(one.id,))[0][0]
    for door in (f"factor_totp_begin({session}, 'x', 'x')", f'factor_totp_confirm({session}, 1, 1)', f"factor_passkey_add({session}, 'x', 'x', 'x', -7, 0)",
                 "factor_totp_begin(0, 'x', 'x')"):
        with shop.house.connect('daicho_auth') as db, db.transaction(force_rollback=True):
            db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", [f't_{shop.name}', f'account:{one.id}:ura'])
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match='is to be given first'):
                db.execute(f'select daicho.{door}')


# Once, however many try ---------------------------------------------------------------------------------------------------------------------
def many(person, count=6):
    person.house.sql('update daicho.policy set lock_after = 9 where tenant = %s', args=(person.shop.name,))
    people = [twin(person) for _ in range(count)]
    for one in people:
        assert one.password() == 'factor'
    return people


@pytest.fixture
def person(shop):
    one = Person(shop, 'hanako')
    assert one.password() == 'full'
    one.enroll()
    return one


def test_a_recovery_code_used_by_many_at_once_lets_one_in(person):
    people = many(person)
    answers = at_once([lambda p=p: p.give(code=person.codes[4]).status for p in people])
    assert sorted(answers) == [200] + [422] * 5
    assert sorted(p.call('GET', '/me').status for p in people).count(200) <= 1        # another one's session may be the one that lives
    assert person.house.sql('select count(*) from daicho.recovery_code where account_id = %s and used_at is null', args=(person.id,)) == [(9,)]


def test_syn_3_12_1_d_a_code_lets_one_in_also_when_it_is_given_as_a_proof(person):
    """The same code at the log-in and as a fresh proof, at once: one of them."""
    person.log_in()
    other = twin(person)
    assert other.password(take_over=False) == 'factor'
    code = person.app.code()
    answers = at_once([lambda: person.call('POST', '/me/prove', {'code': code}).status, lambda: other.give(code=code).status])
    assert sorted(answers) == [200, 422]


def test_the_answer_of_a_passkey_sent_many_times_at_once_counts_once(shop):
    one = Person(shop, 'kagi')
    one.password()
    key = Passkey(shop.house, id=b'once ' + shop.name.encode())
    assert one.call('POST', '/me/factors/passkeys', key.make(one.call('POST', '/me/factors/passkeys/options').json())).status == 201
    shop.house.sql('update daicho.policy set lock_after = 9 where tenant = %s', args=(shop.name,))
    assert one.password() == 'factor'
    answer = key.answer(one.call('POST', '/login/factor/options').json())
    same = [twin(one) for _ in range(5)]
    for other in same:
        other.browser.cookies = dict(one.browser.cookies)
    statuses = at_once([lambda o=o: o.give(**answer).status for o in same])
    assert statuses.count(200) == 1 and set(statuses) <= {200, 401, 422}, statuses


def test_a_challenge_belongs_to_its_session(shop):
    one = Person(shop, 'kagi')
    one.password()
    key = Passkey(shop.house, id=b'its ' + shop.name.encode())
    one.call('POST', '/me/factors/passkeys', key.make(one.call('POST', '/me/factors/passkeys/options').json()))
    other = twin(one)
    assert one.password() == 'factor' and other.password() == 'factor'
    asked = one.call('POST', '/login/factor/options').json()
    other.call('POST', '/login/factor/options')
    refused(other.give(**key.answer(asked)), 422, 'INVALID', 'challenge')
    assert one.give(**key.answer(asked)).status == 200


def test_a_key_that_never_counts_lets_in_every_time_and_one_that_counted_must_go_on(shop):
    """Synced passkeys say 0 for ever; one that has said more is not the same when it says 0 again."""
    one = Person(shop, 'kagi')
    one.password()
    key = Passkey(shop.house, id=b'zero ' + shop.name.encode())
    one.call('POST', '/me/factors/passkeys', key.make(one.call('POST', '/me/factors/passkeys/options').json()))
    for count, status in (0, 200), (0, 200), (7, 200), (0, 409), (7, 409), (8, 200), (2**32 - 1, 200), (0, 409):
        assert one.password() == 'factor'
        assert one.give(**key.answer(one.call('POST', '/login/factor/options').json(), count=count)).status == status, count
        shop.house.sql('update daicho.account set factor_failures = 0 where id = %s', args=(one.id,))


# Attestations ---------------------------------------------------------------------------------------------------------------------------------
def head(major, n):
    return bytes([major << 5 | n]) if n < 24 else bytes([major << 5 | 24, n]) if n < 256 else bytes([major << 5 | 25, n >> 8, n & 255])


def text(s):
    return head(3, len(s)) + s.encode()


def data(b):
    return head(2, len(b)) + b


GARBAGE = {
    'another format': lambda report: b'\xa3' + text('fmt') + text('tpm') + text('attStmt') + b'\xa0' + text('authData') + data(report),
    'none that says something': lambda report: b'\xa3' + text('fmt') + text('none') + text('attStmt') + b'\xa1' + text('x') + b'\x01' + text('authData') + data(report),
    'packed, signed by nobody': lambda report: (b'\xa3' + text('fmt') + text('packed') + text('attStmt') + b'\xa2' + text('alg') + b'\x26' + text('sig')
                                                + data(b'0' * 70) + text('authData') + data(report)),
    'something behind it': lambda report: b'\xa3' + text('fmt') + text('none') + text('attStmt') + b'\xa0' + text('authData') + data(report) + b'\x00',
    'something behind the report': lambda report: b'\xa3' + text('fmt') + text('none') + text('attStmt') + b'\xa0' + text('authData') + data(report + b'\x00'),
    'half a report': lambda report: b'\xa3' + text('fmt') + text('none') + text('attStmt') + b'\xa0' + text('authData') + data(report[:60]),
    'no key in it': lambda report: b'\xa3' + text('fmt') + text('none') + text('attStmt') + b'\xa0' + text('authData') + data(report[:32] + b'\x05' + report[33:37]),
    'a key off its curve': lambda report: b'\xa3' + text('fmt') + text('none') + text('attStmt') + b'\xa0' + text('authData') + data(report[:-32] + b'\x01' * 32),
    'no report': lambda report: b'\xa2' + text('fmt') + text('none') + text('attStmt') + b'\xa0',
    'a length without bytes': lambda report: b'\xa3' + text('fmt') + b'\x7b' + b'\xff' * 8,
    'endless': lambda report: b'\xbf' + text('fmt') + text('none'),
    'deep': lambda report: b'\xa1' + text('attStmt') + b'\x81' * 3000,
    'tagged': lambda report: b'\xc0' * 2000,
    'nothing': lambda report: b'',
}


@pytest.mark.parametrize('what', GARBAGE)
def test_an_attestation_of_garbage_writes_nothing(boss, what):
    import base64
    key = Passkey(boss.house, id=b'garbage ' + hashlib.sha256(what.encode()).digest())
    if boss.call('GET', '/me').status != 200:
        boss.browser.cookies.clear()
        boss.log_in()
    made = key.make(boss.call('POST', '/me/factors/passkeys/options').json())
    whole = base64.urlsafe_b64decode(made['attestation'] + '==')
    report = whole[whole.index(b'authData') + 8:]
    report = report[3:] if report[0] == 0x59 else report[2:]
    count = boss.house.sql('select count(*) from daicho.factor where account_id = %s', args=(boss.id,))
    refused(boss.call('POST', '/me/factors/passkeys', {**made, 'attestation': b64(GARBAGE[what](report))}), 422, 'INVALID')
    assert boss.house.sql('select count(*) from daicho.factor where account_id = %s', args=(boss.id,)) == count


# Who must --------------------------------------------------------------------------------------------------------------------------------------
def test_reg_12_5_a_whoever_administers_anything_must_whatever_the_group_says(shop):
    """Each word of managing, given to one account; reading and writing records asks for nothing."""
    words = [p['name'] for p in shop.api('GET', '/permissions').json()['permissions'] if p['name'] != 'support.ask']      # operators only
    assert len(words) > 15
    one = shop.account('yakunin', '担当者')
    asked = {}
    for word in words:
        shop.house.sql('update daicho.account set groups = %s, grants = array[%s] where id = %s', args=([], word, one.id))
        asked[word] = shop.house.sql('select factor_required from daicho.account where id = %s', args=(one.id,))[0][0]
    for word, must in asked.items():
        assert must == (word.endswith('.manage') or word in ('access.approve', 'support.approve', 'log.erase')), word


def test_reg_5_3_b_an_administrator_cannot_get_rid_of_it(boss):
    if boss.call('GET', '/me').status != 200:
        boss.browser.cookies.clear()
        boss.log_in()
    id = boss.call('GET', '/me/factors').json()['factors'][0]['id']
    group = next(g for g in boss.call('GET', '/groups').json()['groups'] if g['name'] == '管理者')
    assert boss.call('PATCH', f'/groups/{group["id"]}', {'factor_required': False, 'version': group['version']}).status in (200, 204)
    refused(boss.call('DELETE', f'/me/factors/{id}'), 409, 'CONFLICT', 'needs a second factor')
    refused(boss.call('DELETE', f'/accounts/{boss.id}/factors'), 409, 'CONFLICT')
    assert twin(boss).password() == 'factor'
    answer = boss.browser.request('POST', f'/me/factors/{id}', form={'_method': 'DELETE'}, htmx=True)
    assert answer.status == 409 and 'needs a second factor' in answer.text


def test_reg_5_3_b_required_of_a_group_by_those_who_manage_accounts(boss):
    if boss.call('GET', '/me').status != 200:
        boss.browser.cookies.clear()
        boss.log_in()
    made = boss.call('POST', '/groups', {'name': '慎重な担当者', 'permissions': ['record.read'], 'factor_required': True})
    assert made.status == 201, made
    assert Person(boss.shop, 'shincho', group='慎重な担当者').password() == 'enroll'


def test_reg_5_3_b_everybody_by_the_contract_holds_for_open_sessions_and_for_the_last_one(shop):
    one, late = Person(shop, 'mae'), Person(shop, 'ato')
    assert one.password() == 'full' and late.password() == 'full'
    one.enroll()
    assert one.call('GET', '/me/factors').json()['required'] is False
    shop.house.sql('update daicho.policy set factor_always = true where tenant = %s', args=(shop.name,))
    assert one.call('GET', '/me/factors').json()['required'] is True
    refused(one.call('DELETE', f'/me/factors/{one.call("GET", "/me/factors").json()["factors"][0]["id"]}'), 409, 'CONFLICT', 'needs a second factor')
    refused(late.call('GET', '/me'), 401, 'UNAUTHORIZED', 'set up the second factor first')
    assert late.enroll().json()['stage'] == 'full'
    assert Person(shop, 'atarashii').password() == 'enroll'
