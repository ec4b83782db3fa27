"""An operator is not a tenant: no record without a grant that the contract itself has approved, for a time, to read, seen in its own log."""
import json
import re
import secrets

import psycopg
import pytest

from house import NO_CERTIFICATE, ROOT, Account, Client, Refused

DENIED = psycopg.errors.InsufficientPrivilege


class Operators:
    """The operators' contract with two operators, made once."""

    def __init__(self, house):
        self.house, self.name = house, 'unei'
        house.cli('tenant', 'create', 'unei', '--title', '運営', '--operators', '--no-admin', *NO_CERTIFICATE)
        self.one, self.two = self.make('sato'), self.make('suzuki')

    def make(self, login, group='運営担当者'):
        password = 'aA1!' + secrets.token_urlsafe(12)
        made = self.house.cli('account', 'create', '--tenant', 'unei', login, '--name', login, '--group', group, '--password', password)
        return Account(self, made['id'], login, password, group)

    def ask(self, who, tenant, personal=False, minutes=60, reason='問い合わせ 12 の確認'):
        return call(who, 'POST', '/operator/support', {'tenant': tenant, 'reason': reason, 'minutes': minutes, 'personal': personal})


def call(who, method, path, json=None):
    """The API as a person: session cookie and token."""
    browser = who.browser()
    return browser.request(method, '/api/v1' + path, json_body=json, headers={'Accept': 'application/json', 'X-CSRF-Token': browser.csrf})


@pytest.fixture(scope='module')
def made(house):
    return Operators(house)


@pytest.fixture
def operators(made, house):
    house.sql('update daicho.session set acting = null')            # whatever the test before left behind
    return made


@pytest.fixture
def shop(house):
    shop = house.tenant()
    made = shop.api('POST', '/registers/customers/records', json={'email': 'himitsu@shop.example', 'family_name': '秘密', 'given_name': '花'})
    assert made.status == 201
    shop.record = made.json()['id']
    return shop


def grant(operators, shop, **more):
    asked = operators.ask(operators.one, shop.name, **more)
    assert asked.status == 201, asked
    assert call(shop.admin, 'POST', f"/support/{asked.json()['id']}/approve").status == 204
    return asked.json()['id']


def entered(operators, shop, **more):
    id = grant(operators, shop, **more)
    assert call(operators.one, 'POST', f'/operator/support/{id}/enter').status == 204
    return id


def records(who):
    return call(who, 'GET', '/registers/customers/records')


def test_grp_4_12_2_a_without_an_open_grant_an_operator_sees_no_record(operators, shop):
    assert records(operators.one).status == 404
    asked = operators.ask(operators.one, shop.name).json()['id']
    assert call(operators.one, 'POST', f'/operator/support/{asked}/enter').status == 409      # asked for is not approved
    assert records(operators.one).status == 404


def test_grp_4_12_2_a_nobody_approves_their_own_request(operators, shop):
    asked = operators.ask(operators.one, shop.name).json()['id']
    for who in operators.one, operators.two:
        assert call(who, 'POST', f'/support/{asked}/approve').status == 403
    assert call(shop.staff, 'POST', f'/support/{asked}/approve').status == 403                # of the contract, but not entitled
    other = shop.house.tenant(registers=())
    assert call(other.admin, 'POST', f'/support/{asked}/approve').status == 404               # another contract's grant is not there


def test_grp_4_12_4_a_the_contract_sees_in_its_own_log_who_looked_why_and_at_what(operators, shop):
    id = entered(operators, shop, reason='請求の表示がおかしい')
    assert call(operators.one, 'GET', f'/registers/customers/records/{shop.record}').status == 200
    assert call(operators.one, 'POST', '/operator/leave').status == 204
    listed = call(shop.admin, 'GET', '/support').json()['grants'][0]
    assert (listed['reason'], listed['operator'], listed['state']) == ('請求の表示がおかしい', 'sato', 'open')
    entries = [(e['actor_kind'], e['actor'], e['groups'], e['verb'], e['kind'], e['subject_id']) for e in shop.log() if e['groups'] == f'support {id}']
    assert ('operator', 'sato', f'support {id}', 'create', 'support', id) in entries
    assert ('operator', 'sato', f'support {id}', 'login', 'support', id) in entries
    assert ('operator', 'sato', f'support {id}', 'view', 'customers', shop.record) in entries
    assert any(e['verb'] == 'approve' and e['actor'] == 'admin' and e['subject_id'] == id for e in shop.log())


def test_a_grant_lets_look_and_change_nothing(operators, shop):
    entered(operators, shop, personal=True)
    shown = call(operators.one, 'GET', f'/registers/customers/records/{shop.record}')
    assert shown.status == 200 and 'himitsu@shop.example' in shown.text
    for method, path, body in (('POST', '/registers/customers/records', {'email': 'x@y.example', 'family_name': 'x', 'given_name': 'y'}),
                               ('PATCH', f'/registers/customers/records/{shop.record}', {'family_name': 'x', 'version': 1}),
                               ('DELETE', f'/registers/customers/records/{shop.record}', {'version': 1}),
                               ('POST', '/registers/customers/exports', {}), ('GET', '/accounts', None), ('GET', '/log', None),
                               ('POST', '/keys', {'name': 'k', 'permissions': ['record.read']}), ('GET', '/support', None)):
        assert call(operators.one, method, path, body).status == 403, path
    call(operators.one, 'POST', '/operator/leave')


def test_without_the_word_personal_nothing_personal_is_seen(operators, shop):
    entered(operators, shop)
    shown = call(operators.one, 'GET', f'/registers/customers/records/{shop.record}')
    assert shown.status == 200 and 'himitsu' not in shown.text and '秘密' not in shown.text
    found = call(operators.one, 'GET', '/registers/customers/records?q=himitsu')
    assert 'himitsu@' not in found.text
    call(operators.one, 'POST', '/operator/leave')


@pytest.mark.parametrize('how', ['time', 'contract', 'operator', 'suspended'])
def test_reg_10_2_a_when_the_grant_is_over_the_next_request_is_refused(operators, shop, house, how):
    id = entered(operators, shop, minutes=5)
    assert records(operators.one).status == 200
    if how == 'time':
        house.sql(f"update daicho.support_grant set ends_at = now() + interval '2 seconds' where id = {id}")
        assert records(operators.one).status == 200
        house.sql(f"update daicho.support_grant set ends_at = now() where id = {id}")
    elif how == 'contract':
        assert call(shop.admin, 'POST', f'/support/{id}/end').status == 204
    elif how == 'operator':
        assert call(operators.one, 'POST', '/operator/leave').status == 204
        assert call(operators.one, 'POST', f'/operator/support/{id}/end').status == 204
    else:
        house.cli('tenant', 'suspend', shop.name)
    assert records(operators.one).status == 404
    if how != 'suspended':
        assert call(operators.one, 'POST', f'/operator/support/{id}/enter').status == 409


def test_grp_4_12_5_a_an_operator_proves_who_they_are_before_they_enter_a_contract(operators, shop, house):
    id, browser = grant(operators, shop), operators.one.browser()
    house.sql("update daicho.session set proven_at = daicho.clock() - interval '15 minutes' where account_id = %s", args=(operators.one.id,))
    answer = browser.request('POST', f'/api/v1/operator/support/{id}/enter', headers={'X-CSRF-Token': browser.csrf})
    assert (answer.status, answer.json()['code']) == (401, 'UNPROVEN')
    assert call(operators.one, 'POST', f'/operator/support/{id}/enter').status == 204


def test_a_grant_belongs_to_who_asked(operators, shop):
    id = grant(operators, shop)
    assert call(operators.two, 'POST', f'/operator/support/{id}/enter').status == 404
    assert call(operators.two, 'POST', f'/operator/support/{id}/end').status == 404


def test_a_request_nobody_approved_within_a_week_cannot_be_approved(operators, shop, house):
    asked = operators.ask(operators.one, shop.name).json()['id']
    house.sql(f"update daicho.support_grant set asked_at = now() - interval '7 days 1 minute' where id = {asked}")
    assert call(shop.admin, 'POST', f'/support/{asked}/approve').status == 409
    assert call(shop.admin, 'GET', '/support').json()['grants'][0]['state'] == 'stale'


def test_log_out_inside_a_contract_ends_the_session(operators, shop, house):
    entered(operators, shop)
    browser = operators.one.browser()
    assert browser.post('/logout').status == 303
    operators.one._browser = None
    assert house.sql(f'select count(*) from daicho.session where account_id = {operators.one.id}') == [(0,)]


@pytest.mark.parametrize('minutes', [4, 481, 0, -1, 10 ** 9])
def test_the_time_asked_for_has_limits(operators, shop, minutes):
    assert operators.ask(operators.one, shop.name, minutes=minutes).status == 422


def test_requests_need_a_reason_and_a_contract_of_a_customer(operators, shop):
    assert operators.ask(operators.one, shop.name, reason='  ').status == 422
    assert operators.ask(operators.one, 'nosuchshop').status == 404
    assert operators.ask(operators.one, 'unei').status == 404


# In the database ------------------------------------------------------------------------------------------------------------------------------

def inside(house, role, login='daicho_web', actor=None):
    db = house.connect(login)
    db.autocommit = False
    db.execute('select set_config(%s, %s, true)', ['daicho.actor', actor or ''])
    db.execute('select set_config(%s, %s, true)', ['role', role])
    return db


@pytest.mark.parametrize('words', [['record.read'], ['record.read:customers'], ['register.define'], ['personal.see'], ['support.approve'], ['key.manage']])
def test_reg_10_2_b_the_database_gives_no_operator_a_right_of_contracts(operators, house, words):
    for sql in ("insert into daicho.account_group (tenant, name, permissions) values ('unei', 'x', %s)",
                "update daicho.account_group set permissions = permissions || %s where tenant = 'unei'",
                "update daicho.account set grants = %s where tenant = 'unei'"):
        with house.connect('superuser') as db, pytest.raises(psycopg.errors.CheckViolation):
            db.execute(sql, [words])


def test_reg_10_2_b_and_no_account_of_a_contract_an_operators(shop, house):
    assert shop.staff
    for sql in ("insert into daicho.account_group (tenant, name, permissions) values (%s, 'x', '{support.ask}')",
                "update daicho.account set grants = '{support.ask}' where tenant = %s"):
        with house.connect('superuser') as db, pytest.raises(psycopg.errors.CheckViolation):
            db.execute(sql, [shop.name])


def test_there_is_one_contract_of_operators(operators, house):
    with pytest.raises(Refused):
        house.cli('tenant', 'create', 'unei2', '--operators', '--no-admin', *NO_CERTIFICATE)


def test_no_role_of_a_contract_makes_a_grant_or_opens_one(operators, shop, house):
    id = operators.ask(operators.one, shop.name).json()['id']
    role = f't_{shop.name}'
    for sql in (f"insert into daicho.support_grant (tenant, operator_id, operator, reason, minutes) values ('{shop.name}', 1, 'x', 'x', 60)",
                f'update daicho.support_grant set approved_at = now(), ends_at = now() + interval \'1 day\' where id = {id}',
                f'update daicho.session set acting = {id}', f"select daicho.support_ask('{shop.name}', 'x', 60, true)",
                'select * from daicho.operator_contracts()', 'select * from daicho.operator_grants()', f'select daicho.support_approve({id})'):
        with inside(house, role, actor=f'account:{shop.staff.id}:staff') as db, pytest.raises(DENIED):
            db.execute(sql)


def test_an_operators_role_reads_no_table_of_a_contract(operators, shop, house):
    for sql in (f'select * from t_{shop.name}.r_customers', f'select * from t_{shop.name}.log', f'select * from t_{shop.name}.m_customers',
                f"select set_config('role', 't_{shop.name}', true)"):
        with inside(house, 't_unei', actor=f'account:{operators.one.id}:sato') as db, pytest.raises(DENIED):
            db.execute(sql)
    with inside(house, 't_unei', actor=f'account:{operators.one.id}:sato') as db:
        assert db.execute(f"select count(*) from daicho.account where tenant = '{shop.name}'").fetchone() == (0,)


def test_the_database_refuses_an_operator_who_approves(operators, shop, house):
    id = operators.ask(operators.one, shop.name).json()['id']
    with house.connect('superuser') as db, pytest.raises(psycopg.errors.CheckViolation):
        db.execute('update daicho.support_grant set approved_id = operator_id where id = %s', [id])


def test_the_operators_page_shows_contracts_and_grants(operators, shop, house):
    assert shop.staff.id
    id = operators.ask(operators.one, shop.name, reason='一覧の確認').json()['id']
    told = call(operators.one, 'GET', '/operator')
    assert told.status == 200, told
    mine = [c for c in told.json()['contracts'] if c['name'] == shop.name]
    assert len(mine) == 1 and mine[0]['state'] == 'active' and mine[0]['accounts'] >= 1 and mine[0]['bytes'] > 0
    asked = [g for g in told.json()['grants'] if g['id'] == id][0]
    assert asked['state'] == 'asked' and asked['mine'] is True and asked['tenant'] == shop.name
    assert [g['mine'] for g in call(operators.two, 'GET', '/operator').json()['grants'] if g['id'] == id] == [False]
    page = operators.one.browser().get('/operator')
    assert page.status == 200 and shop.name in page.text and '一覧の確認' in page.text and 'himitsu' not in page.text


def test_syn_3_12_2_c_d_f_passwords_of_operators_have_eight_characters_of_three_classes_and_no_expiry(operators, house):
    chief = operators.make('kanri', '管理者')
    policy = call(chief, 'GET', '/policy')
    rules = policy.json()['policy']
    assert rules['classes_min'] == 3 and rules['length_min'] == 8 and not rules['valid_days']
    def change(**more):
        return call_if(chief, policy.headers['ETag'], more)
    assert change(classes_min=2).status == 422 and change(length_min=7).status == 422 and change(valid_days=29).status == 422
    assert change(classes_min=2).json()['errors'][0]['item'] == 'classes_min'
    with pytest.raises(psycopg.errors.CheckViolation):
        house.sql("update daicho.policy set classes_min = 0 where tenant = 'unei'")
    for password, fits in (('Kx7-qWz', False), ('kxqwzmvtpd', False), ('kxqwz71mvt', False), ('KXQWZ71MVT', False), ('kxQWz71mvT', True), ('kx-qw71mvt', True)):
        try:
            house.cli('account', 'create', '--tenant', 'unei', f'p{abs(hash(password)) % 10 ** 9}', '--name', 'x', '--group', '運営担当者', '--password', password)
            assert fits, password
        except Refused as refused:
            assert not fits and 'password' in str(refused), refused



def test_syn_3_12_1_a_operators_work_from_the_addresses_of_the_gateway_only(operators, house):
    """Their contract has a list of addresses like every other: the gateway's."""
    gateway, elsewhere = house.http, Client(house, source='127.0.0.9')
    cookie = {'Cookie': '; '.join(f'{k}={v}' for k, v in operators.two.browser().cookies.items()), 'Accept': 'application/json'}
    def reached(client):
        return client.request('GET', '/api/v1/operator', cookie).status
    def log_in(client):
        return client.request('POST', '/api/v1/login', {'Content-Type': 'application/json'}, json.dumps(
            {'tenant': 'unei', 'login': 'suzuki', 'password': operators.two.password}).encode()).status
    assert reached(gateway) == reached(elsewhere) == 200
    house.sql("update daicho.policy set addresses_on = true, addresses = '{127.0.0.1/32}' where tenant = 'unei'")
    try:
        assert reached(gateway) == 200 and reached(elsewhere) == 403 and log_in(elsewhere) == 403
        refused = house.sql("select verb, result from t_unei.log where source = '127.0.0.9' order by id desc limit 2")
        assert refused == [('login', 'FORBIDDEN'), ('list', 'FORBIDDEN')]
    finally:
        house.sql("update daicho.policy set addresses_on = false where tenant = 'unei'")


def call_if(who, version, json):
    browser = who.browser()
    return browser.request('PATCH', '/api/v1/policy', json_body=json, headers={'Accept': 'application/json', 'X-CSRF-Token': browser.csrf, 'If-Match': version})


def test_syn_3_12_2_f_passwords_of_operators_do_not_expire_and_a_document_says_why(operators, house):
    assert house.sql('select valid_days from daicho.policy where tenant = %s', args=(operators.name,)) == [(None,)]
    # ten years later the same password is still good, and nobody is asked to change it
    house.sql("update daicho.credential set changed_at = now() - interval '10 years', must_change = false where account_id = %s", args=(operators.two.id,))
    house.sql("update daicho.account set password_at = now() - interval '10 years' where id = %s", args=(operators.two.id,))
    answer = house.browser().request('POST', '/api/v1/login', json_body={'tenant': operators.name, 'login': operators.two.login, 'password': operators.two.password})
    assert answer.status == 200 and answer.json()['stage'] in ('enroll', 'factor')                 # what comes next is the second factor, not a new password
    assert operators.two.browser(fresh=True).get('/operator').status == 200
    house.sql('update daicho.policy set valid_days = 365 where tenant = %s', args=(operators.name,))         # so it would be if there were an expiry
    there = operators.two.browser(fresh=True).get('/operator')
    house.sql('update daicho.policy set valid_days = null where tenant = %s', args=(operators.name,))
    assert (there.status, there.headers['Location']) == (303, '/me/password')
    # nor do those of the database's roles
    assert house.sql("select rolname from pg_authid where rolvaliduntil is not null") == []
    text = (ROOT / 'doc/support.md').read_text()
    assert 'Passwords of operators have no expiry' in text and 'The rationale:' in text and 'NIST SP 800-63B' in text and 'PASS_MAX_DAYS' in text
    assert not [p for p in [*(ROOT / 'deploy').rglob('*'), *(ROOT / 'debian').rglob('*')] if p.is_file() and re.search(rb'PASS_MAX_DAYS|chage ', p.read_bytes())]
