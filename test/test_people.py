"""People behind accounts: one account each; out at once and wholly; back only when two people want it."""
import concurrent.futures, re, time

import psycopg
import pytest
import yaml

from cluster import scope
from house import ROOT, House, Refused, until
from test_account import ALL, Person, account, group

PEOPLE = ['person.manage', 'account.manage', 'record.read', 'record.export', 'personal.see', 'key.manage']


@pytest.fixture
def shop(house):
    return house.tenant(registers=('customers',))


def person_of(shop, account_id):
    return shop.house.sql('select person_id from daicho.account where id = %s', args=(account_id,))[0][0]


def person(shop, id):
    return shop.api('GET', f'/people/{id}').json()


class Member(Person):
    """An account with its person, everything a stop takes away, and what they hold."""

    def __init__(self, shop, login, permissions=()):
        super().__init__(shop, login, permissions)
        self.person_id = person_of(shop, self.id)

    def equip(self):
        house, shop = self.shop.house, self.shop
        self.key = self.call('POST', '/keys', {'name': f'key of {self.login}', 'permissions': ['record.read', 'record.export']}).json()['key']
        self.job = self.call('POST', '/registers/customers/exports', {}).json()['id']
        house.wait_job(self.job, shop)
        self.waiting = house.sql("insert into daicho.job (tenant, account_id, actor_id, actor, kind, not_before) values (%s, %s, %s, %s, 'export', 'infinity') "
                                 'returning id', args=(shop.name, self.id, self.id, self.login))[0][0]
        house.sql("insert into daicho.certificate (tenant, serial, name, person_id, expires_at) values (%s, upper(%s), 'note PC', %s, now() + interval '1 year')",
                  args=(shop.name, f'{self.person_id:032X}', self.person_id))
        house.sql("insert into daicho.factor (tenant, account_id, kind, name, secret, confirmed_at) values (%s, %s, 'totp', 'phone', '\\x01', now())",
                  args=(shop.name, self.id))
        house.sql("insert into daicho.recovery_code (account_id, tenant, hash) values (%s, %s, '\\x02')", args=(self.id, shop.name))
        assert self.call('GET', '/me').status == 200 and house.api('GET', '/me', key=self.key).status == 200
        assert self.call('GET', f'/jobs/{self.job}/file').status == 200
        return self

    def left(self):
        """What is left of all that."""
        sql, mine = self.shop.house.sql, (self.id,)
        return {
            'state': sql('select state from daicho.account where id = %s', args=mine)[0][0],
            'sessions': sql('select count(*) from daicho.session where account_id = %s', args=mine)[0][0],
            'keys': sql('select count(*) from daicho.api_key where created_by = %s and revoked_at is null', args=mine)[0][0],
            'certificates': sql('select count(*) from daicho.certificate where person_id = %s and revoked_at is null', args=(self.person_id,))[0][0],
            'jobs': sql("select count(*) from daicho.job where account_id = %s and state in ('queued', 'running')", args=mine)[0][0],
            'files': sql('select count(*) from daicho.job where account_id = %s and result_file is not null', args=mine)[0][0],
            'passwords': sql('select count(*) from daicho.credential where account_id = %s', args=mine)[0][0],
            'factors': sql('select count(*) from daicho.factor where account_id = %s', args=mine)[0][0],
            'codes': sql('select count(*) from daicho.recovery_code where account_id = %s', args=mine)[0][0],
            'rights': sql('select cardinality(groups) + cardinality(grants) + length(words) from daicho.account where id = %s', args=mine)[0][0],
            'stops': sql('select count(*) from daicho.stop where person_id = %s', args=(self.person_id,))[0][0],
        }


GONE = {'state': 'suspended', 'sessions': 0, 'keys': 0, 'certificates': 0, 'jobs': 0, 'files': 0}


def stop(shop, member, reason, caller=None, **more):
    call = caller.call if caller else lambda method, path, body: shop.api(method, path, json=body)
    return call('POST', f'/people/{member.person_id}/stop', {'reason': reason, **more})


def back(shop, member, asks=None):
    """Asked by the operator's key, approved by the admin: the new password, if any."""
    assert shop.api('POST', f'/people/{member.person_id}/reinstate', json={'why': 'it is in order'}).status == 200
    answer = shop.browser('admin', fresh=True).request('POST', f'/api/v1/people/{member.person_id}/reinstate/approve', json_body={})
    assert answer.status == 200, answer
    return answer.json()['password']


def log_in(shop, login, password):
    return shop.house.browser().request('POST', '/api/v1/login', json_body={'tenant': shop.name, 'login': login, 'password': password, 'take_over': True})


# records ---------------------------------------------------------------------------------------------------------------------------------------
def test_an_account_has_its_person_and_a_person_one_account_at_most(shop):
    """reg-5.1-b, syn-3.12.4-b"""
    made = shop.api('POST', '/people', json={'name': '佐藤花子', 'email': 'hanako@example.jp', 'kind': 'officer'})
    assert made.status == 201
    one = made.json()['person']
    assert (one['name'], one['email'], one['kind'], one['state'], one['account']) == ('佐藤花子', 'hanako@example.jp', 'officer', 'none', None)
    first = shop.api('POST', '/accounts/new', json={'login': 'hanako', 'name': '佐藤花子', 'groups': [], 'person_id': one['id']})
    assert first.status == 201 and first.json()['account']['person_id'] == one['id'] and first.json()['account']['person'] == '佐藤花子'
    assert person(shop, one['id'])['person']['account']['login'] == 'hanako' and person(shop, one['id'])['person']['state'] == 'active'
    again = shop.api('POST', '/accounts/new', json={'login': 'hanako2', 'name': '佐藤花子', 'groups': [], 'person_id': one['id']})
    assert again.status == 409 and again.json()['detail'] == 'この人にはアカウント「hanako」があります。1人が持てるアカウントは1つだけです'
    assert [a['login'] for a in shop.api('GET', '/accounts').json()['accounts']] == ['hanako']
    # without one, a person is made with the account
    other = shop.api('POST', '/accounts/new', json={'login': 'jiro', 'name': '次郎', 'groups': []}).json()['account']
    assert person(shop, other['person_id'])['person']['name'] == '次郎'
    assert shop.api('POST', '/accounts/new', json={'login': 'x', 'name': 'x', 'groups': [], 'person_id': 999999999}).status == 404


def test_the_database_itself_keeps_to_one_account_a_person_and_none_without(shop, house):
    """reg-5.1-b, syn-3.12.4-b: raw SQL as the tenant's role"""
    mine = person_of(shop, shop.staff.id)
    with house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{shop.name}',))
        for statement in (f"insert into daicho.account (tenant, login, name, person_id) values ('{shop.name}', 'second', 'x', {mine})",):
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute(statement)
    with house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{shop.name}',))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute('update daicho.account set person_id = null')
    assert house.sql('select count(*) from daicho.account where person_id is null') == [(0,)]
    assert house.sql("select is_nullable from information_schema.columns where table_schema = 'daicho' and table_name = 'account' and column_name = 'person_id'") == [('NO',)]


def test_people_are_listed_found_changed_and_kept_from_others(shop, house):
    for i in range(5):
        shop.api('POST', '/people', json={'name': f'社員{i}号'})
    seen, after = [], ''
    while True:
        page = shop.api('GET', f'/people?limit=2{after}').json()
        seen += [p['name'] for p in page['people']]
        if page['next'] is None:
            break
        after = f'&after={page["next"]}'
    assert seen == [f'社員{i}号' for i in range(5)]
    found = shop.api('GET', '/people?q=3号').json()['people']
    assert [p['name'] for p in found] == ['社員3号']
    changed = shop.api('PATCH', f'/people/{found[0]["id"]}', json={'name': '部長', 'kind': 'contractor'}, headers={'If-Match': '"1"'})
    assert changed.status == 200 and changed.json()['person']['kind'] == 'contractor' and changed.json()['person']['version'] == 2
    assert shop.api('PATCH', f'/people/{found[0]["id"]}', json={'name': 'x'}, headers={'If-Match': '"1"'}).status == 412
    other = house.tenant(registers=())
    for method, path in (('GET', ''), ('PATCH', ''), ('POST', '/stop'), ('POST', '/reinstate'), ('POST', '/dormant')):
        assert other.api(method, f'/people/{found[0]["id"]}{path}', json={} if method != 'GET' else None, headers={'If-Match': '"1"'}).status == 404, path
    assert other.api('GET', '/people').json()['people'] == []


@pytest.mark.parametrize('body,item', [({'name': ''}, 'name'), ({'name': 'x' * 101}, 'name'), ({'name': 'x', 'email': 'nobody'}, 'email'),
                                       ({'name': 'x', 'kind': 'friend'}, 'kind'), ({}, 'name'), ({'name': 'x', 'left_at': '2026-01-01'}, 'left_at')])
def test_what_no_person_can_be_is_refused_by_name(shop, body, item):
    answer = shop.api('POST', '/people', json=body)
    assert answer.status == 422 and answer.json()['errors'][0]['item'] == item


def test_user_management_is_for_those_who_hold_it(shop):
    """syn-3.4.8-c"""
    manager, plain = Member(shop, 'manager', PEOPLE), Member(shop, 'plain', ['record.read'])
    made = manager.call('POST', '/accounts/new', {'login': 'new', 'name': '新人', 'groups': [], 'password': 'Kumo-8273-hashi'})
    assert made.status == 201 and log_in(shop, 'new', 'Kumo-8273-hashi').status == 200
    id = manager.person_id
    for method, path in (('GET', '/people'), ('POST', '/people'), ('GET', f'/people/{id}'), ('PATCH', f'/people/{id}'), ('POST', f'/people/{id}/reinstate'),
                         ('POST', f'/people/{id}/reinstate/approve'), ('POST', f'/people/{id}/reinstate/refuse'), ('POST', f'/people/{id}/dormant'),
                         ('POST', '/accounts/new')):
        assert plain.call(method, path, {} if method != 'GET' else None).status == 403, path
    for reason in ('leaver', 'loss', 'violation', 'other'):
        assert stop(shop, manager, reason, plain).status == 403, reason
    assert manager.left()['state'] == 'active' and manager.call('GET', '/me').status == 200


# out -------------------------------------------------------------------------------------------------------------------------------------------
def test_mer_5_2_e_f_a_leaver_is_out_at_the_next_request_and_has_nothing_left(shop, house):
    leaver, manager = Member(shop, 'leaver', ALL + ['person.manage']).equip(), Member(shop, 'manager', PEOPLE)
    house.sql("update daicho.account set grants = '{log.read}', denials = '{record.delete}' where id = %s", args=(leaver.id,))
    answer = stop(shop, leaver, 'leaver', manager, note='退職')
    assert answer.status == 200, answer
    assert leaver.call('GET', '/me').status == 401 and house.api('GET', '/me', key=leaver.key).status == 401
    assert leaver.left() == {**GONE, 'passwords': 0, 'factors': 0, 'codes': 0, 'rights': 0, 'stops': 1}
    assert log_in(shop, 'leaver', leaver.password).status == 401
    # what is to be handed over stays on record, and in the entry
    told = person(shop, leaver.person_id)
    assert told['person']['state'] == 'left' and told['person']['left_at']
    had = told['stops'][0]['had']
    assert had['groups'] == ['group of leaver'] and had['grants'] == ['log.read'] and had['keys'] == ['key of leaver'] and had['files'] == [leaver.job]
    assert len(had['certificates']) == 1 and leaver.waiting in had['jobs']
    entry = [e for e in shop.log() if e['verb'] == 'stop'][-1]
    assert (entry['actor'], entry['kind'], entry['subject_id'], entry['result']) == ('manager', 'person', leaver.person_id, 'OK')
    detail = entry['detail']
    assert detail['reason'] == 'leaver' and detail['before']['sessions'] == 1 and detail['after']['sessions'] == 0
    assert detail['before']['groups'] == ['group of leaver'] and detail['after']['groups'] == [] and detail['after']['password'] is False
    # the file cannot be fetched by anybody any more, and goes from the disk
    assert shop.api('GET', f'/jobs/{leaver.job}/file').status == 404
    assert until(lambda: house.sql('select count(*) from daicho.withdrawn') == [(0,)])
    assert stop(shop, leaver, 'leaver', manager).status == 409


def test_mer_5_3_1_c_from_report_to_revocation_is_measured_and_stored(shop):
    victim, reporter = Member(shop, 'victim', ['record.read', 'record.export', 'key.manage']).equip(), Member(shop, 'reporter', PEOPLE)
    done = stop(shop, victim, 'loss', reporter, what='theft', device='業務用スマートフォン', at='2026-01-05T09:00')
    assert done.status == 200
    detail = [e for e in shop.log() if e['verb'] == 'stop'][-1]['detail']
    assert 0 < detail['took_ms'] < 5000 and detail['what'] == 'theft' and detail['device'] == '業務用スマートフォン'
    assert detail['reported_at'] <= detail['revoked_at'] and detail['after']['sessions'] == 0
    row = person(shop, victim.person_id)['stops'][0]
    assert (row['happened_at'], row['reported_by'], row['took_ms']) == ('2026-01-05T09:00:00+09:00', 'reporter', detail['took_ms'])
    assert victim.left()['sessions'] == 0


def test_mer_5_3_h_a_loss_reported_by_somebody_else_ends_the_owners_session(shop, house):
    """aup-19-a, mer-5-3-1-b: the stolen cookie is worth nothing"""
    owner, second = Member(shop, 'owner', ['record.read', 'record.export', 'key.manage']).equip(), Member(shop, 'second', PEOPLE)
    assert stop(shop, owner, 'loss', second).status == 200
    for _ in range(2):
        assert owner.call('GET', '/me').status == 401
    assert house.api('GET', '/me', key=owner.key).status == 401
    assert owner.browser.get('/').headers['Location'].startswith('/login')
    assert owner.left() == {**GONE, 'passwords': 0, 'factors': 0, 'codes': 0, 'rights': owner.left()['rights'], 'stops': 1}
    assert owner.left()['rights'] > 0       # a loss is no leaving


@pytest.mark.parametrize('reason', ['violation', 'other'])
def test_aup_85_b_a_violation_and_a_pause_leave_the_password_but_let_nobody_in(shop, house, reason):
    member = Member(shop, 'member', ['record.read', 'record.export', 'key.manage']).equip()
    assert stop(shop, member, reason).status == 200
    left = member.left()
    assert (left['state'], left['sessions'], left['passwords'], left['jobs']) == ('suspended', 0, 1, 0)
    assert left['keys'] == (1 if reason == 'other' else 0)
    assert member.call('GET', '/me').status == 401 and house.api('GET', '/me', key=member.key).status == 401
    assert log_in(shop, 'member', member.password).status == 401


def test_a_lost_device_of_ones_own_needs_no_permission_but_the_typed_name(shop, house):
    """mer-5-3-h, aup-19-a, aup-38-a"""
    member = Member(shop, 'Member.One', ['record.read'])
    assert member.call('POST', '/me/lost', {'confirm': 'somebody'}).status == 422
    assert member.call('POST', '/me/lost', {}).status == 422
    assert member.call('GET', '/me').status == 200
    answer = member.browser.post('/me/lost', {'confirm': 'member.one', 'what': 'loss', 'device': 'ノートPC', 'note': '電車で'})
    assert answer.status == 303 and answer.headers['Location'] == '/login?done=stopped'
    assert member.call('GET', '/me').status == 401 and member.left()['state'] == 'suspended'
    entry = [e for e in shop.log(own=True) if e['verb'] == 'stop' and e['result'] == 'OK'][-1]
    assert (entry['actor'], entry['detail']['device'], entry['detail']['reason']) == ('Member.One', 'ノートPC', 'loss')
    assert house.api('POST', '/me/lost', key=shop.key, json={'confirm': 'test'}).status == 403
    other = Member(shop, 'other', ['record.read'])
    assert stop(shop, other, 'leaver', other).status == 403 and stop(shop, other, 'loss', other).status == 200


def test_nobody_stops_themselves_but_for_a_loss_and_somebody_is_left_to_manage(shop):
    first, second = Member(shop, 'first', PEOPLE), Member(shop, 'second', PEOPLE)
    for reason in ('leaver', 'violation', 'other'):
        assert stop(shop, first, reason, first).status == 409
    assert stop(shop, second, 'violation', first).status == 200
    third = Member(shop, 'third', ['person.manage'])
    refused = stop(shop, first, 'leaver', third)
    assert refused.status == 409 and first.left()['state'] == 'active' and first.left()['stops'] == 0
    assert first.call('GET', '/me').status == 200
    assert stop(shop, first, 'loss', third).status == 200       # a lost device does not wait for a successor


@pytest.mark.parametrize('body,item', [({}, 'reason'), ({'reason': 'mood'}, 'reason'), ({'reason': 'loss', 'at': '2999-01-01'}, 'at'),
                                       ({'reason': 'loss', 'at': 'yesterday'}, 'at'), ({'reason': 'loss', 'what': 'eaten'}, 'what'),
                                       ({'reason': 'leaver', 'note': 'x' * 1001}, 'note'), ({'reason': 'loss', 'device': 'x' * 201}, 'device'),
                                       ({'reason': 'leaver', 'person': 1}, 'person')])
def test_a_stop_that_cannot_be_is_refused_by_name(shop, body, item):
    member = Member(shop, 'member', ['record.read'])
    answer = shop.api('POST', f'/people/{member.person_id}/stop', json=body)
    assert answer.status == 422 and answer.json()['errors'][0]['item'] == item
    assert member.left()['stops'] == 0 and member.call('GET', '/me').status == 200


@pytest.mark.parametrize('table,when', [('session', 'delete'), ('api_key', 'update'), ('certificate', 'update'), ('factor', 'delete'), ('stop', 'insert'),
                                        ('job', 'update'), ('withdrawn', 'insert')])
def test_a_half_done_stop_cannot_exist(shop, house, table, when):
    """The statement fails in the middle: nothing has happened, and it is written that it was refused."""
    member = Member(shop, 'member', ['record.read', 'record.export', 'key.manage']).equip()
    before = member.left()
    house.sql(f"""create or replace function public.fail_here() returns trigger language plpgsql as $$
                  begin raise exception 'in the middle' using errcode = '53100'; end $$""")
    house.sql(f'create trigger zz_fail before {when} on daicho.{table} for each row execute function public.fail_here()')
    try:
        answer = stop(shop, member, 'leaver')
    finally:
        house.sql(f'drop trigger zz_fail on daicho.{table}')
    assert answer.status == 507, answer
    assert member.left() == before and before['stops'] == 0
    assert member.call('GET', '/me').status == 200 and house.api('GET', '/me', key=member.key).status == 200
    assert [e['result'] for e in shop.log() if e['verb'] == 'stop'] == ['DISK_FULL']
    assert stop(shop, member, 'leaver').status == 200 and member.left()['sessions'] == 0


def test_what_is_begun_while_somebody_is_stopped_does_not_slip_through(shop, house):
    """A key, a job and a log-in in the middle of the stop's transaction: they wait for it, and are refused."""
    member = Member(shop, 'member', ['record.read', 'key.manage'])
    inserts = ("insert into daicho.api_key (tenant, name, token_hash, hint, created_by) values (%(t)s, 'late', '\\x0102', 'dk_', %(a)s)",
               "insert into daicho.job (tenant, account_id, actor, kind) values (%(t)s, %(a)s, 'late', 'export')")
    for statement in inserts:
        with house.connect('daicho_cli') as stopper, concurrent.futures.ThreadPoolExecutor() as pool:
            stopper.execute('begin')
            stopper.execute("select set_config('role', %s, true), set_config('daicho.actor', 'operator:0:root', true)", (scope('daicho_cli', shop.name),))
            assert stopper.execute("select daicho.person_stop(%s, 'violation', null, null, null, null)", (member.person_id,)).fetchone()[0]
            late = pool.submit(house.connect().execute, statement, {'t': shop.name, 'a': member.id})
            time.sleep(0.3)
            assert not late.done()
            stopper.execute('commit')
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                late.result(10)
        assert member.left()['keys'] == 0 and member.left()['jobs'] == 0


# back ------------------------------------------------------------------------------------------------------------------------------------------
def test_mer_5_3_i_after_a_loss_password_and_factor_are_new(shop, house):
    member, _ = Member(shop, 'member', ['record.read', 'record.export', 'key.manage']).equip(), shop.admin
    assert stop(shop, member, 'loss').status == 200
    made = back(shop, member)
    assert made and log_in(shop, 'member', member.password).status == 401
    assert member.left()['factors'] == 0 and member.left()['codes'] == 0 and member.left()['keys'] == 0 and member.left()['certificates'] == 0
    entered = log_in(shop, 'member', made)
    assert entered.status == 200 and entered.json()['stage'] == 'enroll'        # nothing before a new second factor
    # it is set up: the order is fulfilled, the password still is to be changed
    house.sql("insert into daicho.factor (tenant, account_id, kind, name, secret, confirmed_at) values (%s, %s, 'totp', 'new', '\\x03', now())",
              args=(shop.name, member.id))
    assert house.sql('select factor_renew, must_change from daicho.account where id = %s', args=(member.id,)) == [(False, True)]
    assert house.api('GET', '/me', key=member.key).status == 401
    assert made not in str(shop.log())


def test_mer_5_2_f_a_rehire_brings_no_earlier_right_back(shop, house):
    member, _ = Member(shop, 'member', ALL).equip(), shop.admin
    assert stop(shop, member, 'leaver').status == 200
    made = back(shop, member)
    assert made and member.left()['state'] == 'active' and member.left()['rights'] == 0 and member.left()['keys'] == 0
    browser = house.browser_login(shop.name, 'member', made)
    assert browser.get('/').headers['Location'] == '/me/password'
    assert account(shop, member.id)['permissions'] == [] and person(shop, member.person_id)['person']['state'] == 'active'
    assert log_in(shop, 'member', member.password).status == 401


def test_it_takes_two_people_whatever_accounts_they_use(shop, house):
    """syn-3.12.4-c: the check is on people"""
    member, first, second = Member(shop, 'member', ['record.read']), Member(shop, 'first', PEOPLE), Member(shop, 'second', PEOPLE)
    key = first.call('POST', '/keys', {'name': 'k', 'permissions': ['person.manage']}).json()['key']
    assert stop(shop, member, 'violation', first).status == 200
    path = f'/people/{member.person_id}/reinstate'
    assert second.call('POST', path + '/approve', {}).status == 409                     # nobody asked
    assert first.call('POST', path, {'why': ' '}).status == 422
    assert house.api('POST', path, key=key, json={'why': '誤解だった'}).status == 200      # by a key: it is its maker who asks
    assert first.call('POST', path, {'why': 'again'}).status == 409
    refused = first.call('POST', path + '/approve', {})
    assert refused.status == 403 and '別の人の承認が必要' in refused.json()['detail']
    assert house.api('POST', path + '/approve', key=key, json={}).status == 403
    strange = second.call('POST', '/keys', {'name': 'k2', 'permissions': ['person.manage']}).json()['key']
    assert house.api('POST', path + '/approve', key=strange, json={}).status == 403       # a key is nobody
    assert member.left()['state'] == 'suspended'
    assert [a['person_id'] for a in shop.api('GET', '/people').json()['asks']] == [member.person_id]
    assert second.call('POST', path + '/approve', {}).status == 200
    assert member.left()['state'] == 'active' and log_in(shop, 'member', member.password).status == 200
    row = person(shop, member.person_id)['asks'][0]
    assert (row['state'], row['asked_by'], row['decided_by']) == ('approved', 'k', 'second')
    assert [(e['actor'], e['result']) for e in shop.log() if e['verb'] == 'reinstate'][-1] == ('second', 'OK')


def test_a_refused_reinstatement_can_be_asked_for_again(shop):
    member, first, second = Member(shop, 'member', ['record.read']), Member(shop, 'first', PEOPLE), Member(shop, 'second', PEOPLE)
    stop(shop, member, 'other', first)
    path = f'/people/{member.person_id}/reinstate'
    assert first.call('POST', path, {'why': 'a'}).status == 200 and second.call('POST', path + '/refuse', {}).status == 200
    assert second.call('POST', path + '/refuse', {}).status == 409 and member.left()['state'] == 'suspended'
    assert second.call('POST', path, {'why': 'b'}).status == 200 and second.call('POST', path + '/approve', {}).status == 403
    assert first.call('POST', path + '/approve', {}).status == 200 and member.left()['state'] == 'active'
    assert first.call('POST', path, {'why': 'c'}).status == 409                         # is not out


def test_nobody_approves_who_holds_less_than_the_account(shop):
    """They would be told its new password."""
    member, clerk = Member(shop, 'member', ALL), Member(shop, 'clerk', ['person.manage'])
    stop(shop, member, 'loss')
    assert shop.api('POST', f'/people/{member.person_id}/reinstate', json={'why': 'x'}).status == 200
    assert clerk.call('POST', f'/people/{member.person_id}/reinstate/approve', {}).status == 403
    assert member.left()['state'] == 'suspended' and member.left()['passwords'] == 0


def test_the_button_the_api_and_raw_sql_do_not_bring_an_account_back(shop, house):
    member = Member(shop, 'member', ['record.read'])
    stop(shop, member, 'violation')
    version = account(shop, member.id)['version']
    answer = shop.api('PATCH', f'/accounts/{member.id}', json={'state': 'active'}, headers={'If-Match': f'"{version}"'})
    assert answer.status == 409 and answer.json()['errors'][0]['item'] == 'state'
    for role, statement in (('daicho_web', "update daicho.account set state = 'active' where id = %s"),
                            ('daicho_auth', "update daicho.account set state = 'active' where id = %s"),
                            ('daicho_cli', "update daicho.account set state = 'active', version = version + 1 where id = %s"),
                            ('daicho_web', 'update daicho.person set left_at = null where id = %s'),
                            ('daicho_web', 'update daicho.stop set ended_at = now() where account_id = %s'),
                            ('daicho_web', 'delete from daicho.stop where account_id = %s'),
                            ('daicho_web', "insert into daicho.reinstatement (tenant, person_id, why, asked_by, asked_who) values ('x', %s, 'x', 'x', 'x')"),
                            ('daicho_web', "update daicho.reinstatement set state = 'approved', xid = pg_current_xact_id() where person_id = %s"),
                            ('daicho_web', 'select daicho.person_revoke(%s, 1, true, true)'),
                            ('daicho_web', 'select daicho.reinstate_approve(%s)'), ('daicho_web', "select daicho.reinstate_ask(%s, 'x')"),
                            ('daicho_web', "select daicho.person_stop(%s, 'leaver', null, null, null, null)")):
        with house.connect(role) as connection, connection.transaction(force_rollback=True):
            connection.execute("select set_config('role', %s, true), set_config('daicho.actor', 'operator:0:root', true)", (scope(role, shop.name),))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement, (member.person_id if 'person' in statement or 'reinst' in statement else member.id,))
    # the owner, too, and the superuser by mistake
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        house.sql("update daicho.account set state = 'active' where id = %s", args=(member.id,))
    # nor a second account for the same person after the first was removed
    assert shop.api('DELETE', f'/accounts/{member.id}', headers={'If-Match': f'"{version}"'}).status == 204
    again = shop.api('POST', '/accounts/new', json={'login': 'again', 'name': 'x', 'groups': [], 'person_id': member.person_id})
    assert again.status == 409
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        house.sql("insert into daicho.account (tenant, login, name, person_id) values (%s, 'again', 'x', %s)", args=(shop.name, member.person_id))


def test_one_person_in_the_database_cannot_be_both(shop, house):
    """The constraint, past every line of C."""
    member, first = Member(shop, 'member', ['record.read']), Member(shop, 'first', PEOPLE)
    stop(shop, member, 'violation', first)
    with house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", (f't_{shop.name}', f'account:{first.id}:first'))
        assert connection.execute("select daicho.reinstate_ask(%s, 'x')", (member.person_id,)).fetchone()[0]
        with pytest.raises(psycopg.errors.CheckViolation, match='reinstatement_two_people'):
            connection.execute('select daicho.reinstate_approve(%s)', (member.person_id,))


def test_a_stop_while_stopped_keeps_what_the_graver_reason_took(shop):
    member, _ = Member(shop, 'member', ['record.read', 'record.export', 'key.manage']).equip(), shop.admin
    stop(shop, member, 'loss')
    assert shop.api('POST', f'/people/{member.person_id}/reinstate', json={'why': 'x'}).status == 200
    stop(shop, member, 'violation')
    assert shop.api('GET', f'/people/{member.person_id}').json()['ask'] is None        # the earlier wish is withdrawn
    assert shop.api('GET', f'/people/{member.person_id}').json()['person']['account']['suspended_for'] == 'loss'
    assert back(shop, member)                                                           # still a new password


# by itself --------------------------------------------------------------------------------------------------------------------------------------
def test_reg_5_2_e_a_leaving_date_fires_by_itself_to_the_second(house):
    """In a house of its own, whose clock is shifted: 15:00 JST, nobody logged in but the leaver; also right after a restart."""
    own = House.start()
    try:
        shop = own.tenant(registers=('customers',))
        shop.admin.browser()
        leaver, late = Member(shop, 'leaver', ['record.read', 'record.export', 'key.manage']).equip(), Member(shop, 'late', ['record.read'])
        now = own.sql("select to_char(daicho.clock() at time zone 'Asia/Tokyo' + interval '2 days', 'YYYY-MM-DD')")[0][0]
        planned = stop(shop, leaver, 'leaver', at=f'{now}T15:00')
        assert planned.status == 200 and planned.json()['stop']['leaves_at'] == f'{now}T15:00:00+09:00'
        told = planned.json()['person']
        assert told['state'] == 'leaving' and told['due_at'][:10] > now and told['due_at'].endswith('T00:00:00+09:00') and not told['overdue']
        assert leaver.call('GET', '/me').status == 200
        # the last day, without an hour: until its end
        assert shop.api('PATCH', f'/people/{late.person_id}', json={'leaves_at': now}, headers={'If-Match': '"1"'}).json()['person']['leaves_at'] == told['due_at']
        assert shop.api('PATCH', f'/people/{late.person_id}', json={'leaves_at': '2020-01-01'}, headers={'If-Match': '"2"'}).status == 422
        def shift(clock):
            own.sql("select daicho.rehearse(%s::timestamp at time zone 'Asia/Tokyo' - now())", args=(clock,))
            own.sql("update daicho.session set seen_at = daicho.clock(), expires_at = null")
        # the workers asleep: the doors alone close
        jobs = own.workers('jobs')
        shift(f'{now} 14:59:00')
        assert leaver.call('GET', '/me').status == 200 and own.api('GET', '/me', key=leaver.key).status == 200
        own.sql("create function public.asleep() returns trigger language plpgsql as $$ begin raise exception 'asleep' using errcode = '55P03'; end $$")
        own.sql('create trigger asleep before insert on daicho.stop for each row execute function public.asleep()')
        shift(f'{now} 15:00:01')
        assert leaver.call('GET', '/me').status == 401 and own.api('GET', '/me', key=leaver.key).status == 401
        assert log_in(shop, 'leaver', leaver.password).status == 401
        shift(f'{now} 15:02:00')
        assert until(lambda: shop.api('GET', f'/people/{leaver.person_id}').json()['person']['overdue'])
        assert leaver.left()['stops'] == 0 and until(lambda: [e for e in shop.log(own=True) if e['verb'] == 'stop' and e['result'] != 'OK'], 30)
        own.sql('drop trigger asleep on daicho.stop')
        # and after a restart, with nobody there
        own.restart()
        assert own.workers('jobs') and own.workers('jobs') != jobs
        assert until(lambda: leaver.left()['stops'] == 1, 30)
        assert leaver.left() == {**GONE, 'passwords': 0, 'factors': 0, 'codes': 0, 'rights': 0, 'stops': 1}
        entry = [e for e in shop.log(own=True) if e['verb'] == 'stop' and e['result'] == 'OK'][-1]
        assert (entry['actor_kind'], entry['kind'], entry['subject_id'], entry['detail']['after']['sessions']) == ('system', 'person', leaver.person_id, 0)
        assert late.left()['stops'] == 0
        assert shop.api('GET', f'/people/{leaver.person_id}').json()['person']['state'] == 'left'
        # the other one at the end of the day; two runners, one stop
        own.sql("select daicho.rehearse(%s::timestamp at time zone 'Asia/Tokyo' + interval '1 day 5 minutes' - now())", args=(f'{now} 00:00',))
        assert until(lambda: late.left()['stops'] == 1, 30)
        time.sleep(1)
        assert late.left()['stops'] == 1 and len([e for e in shop.log(own=True) if e['verb'] == 'stop' and e['subject_id'] == late.person_id]) == 1
    finally:
        own.close()


def test_grp_4_3_b_a_contract_that_ends_closes_the_door_and_a_moved_date_opens_it(shop, house):
    member = Member(shop, 'member', ['record.read'])
    far = shop.api('PATCH', f'/people/{member.person_id}', json={'leaves_at': '2199-03-31', 'kind': 'contractor'}, headers={'If-Match': '"1"'})
    assert far.status == 200 and far.json()['person']['leaves_at'] == '2199-04-01T00:00:00+09:00'
    assert log_in(shop, 'member', member.password).status == 200
    # the moment it has passed, before anybody has cleared up
    with house.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute("update daicho.person set leaves_at = now() where id = %s", (member.person_id,))
        assert connection.execute('select ends_at = now() from daicho.account where id = %s', (member.id,)).fetchone() == (True,)
        connection.execute('set local role daicho_owner')
    assert shop.api('PATCH', f'/people/{member.person_id}', json={'leaves_at': ''}, headers={'If-Match': '"2"'}).json()['person']['leaves_at'] is None
    assert house.sql('select ends_at from daicho.account where id = %s', args=(member.id,)) == [(None,)]


def test_reg_5_2_d_accounts_nobody_uses_are_listed_and_decided_about(shop, house):
    idle, kept, used = Member(shop, 'idle', ['record.read']), Member(shop, 'kept', ['record.read']), Member(shop, 'used', ['record.read'])
    shop.admin
    for member in (idle, kept):
        house.sql("update daicho.account set last_login_at = now() - interval '91 days' where id = %s", args=(member.id,))
    house.sql("update daicho.account set last_login_at = now() - interval '89 days' where id = %s", args=(used.id,))
    listed = shop.api('GET', '/people?state=dormant').json()
    assert [p['account']['login'] for p in listed['people']] == ['idle', 'kept'] and (listed['dormant'], listed['dormant_days']) == (2, 90)
    assert shop.api('POST', f'/people/{kept.person_id}/dormant', json={'decision': 'keep', 'note': '育児休業中'}).status == 200
    assert shop.api('POST', f'/people/{idle.person_id}/dormant', json={'decision': 'remove'}).status == 422
    assert shop.api('POST', f'/people/{idle.person_id}/dormant', json={'decision': 'remove', 'note': '使っていない'}).status == 200
    assert shop.api('GET', '/people?state=dormant').json()['people'] == []
    assert log_in(shop, 'idle', idle.password).status == 401 and idle.call('GET', '/me').status == 401
    assert house.sql('select count(*) from daicho.account where id = %s', args=(idle.id,)) == [(0,)]
    assert person(shop, idle.person_id)['person']['state'] == 'none'
    detail = [e['detail'] for e in shop.log() if e['kind'] == 'person' and e['verb'] == 'update'][-1]
    assert detail == {'decision': 'remove', 'note': '使っていない', 'account': 'idle'}
    # kept for as long again, not for ever
    house.sql("update daicho.dormant set decided_at = now() - interval '91 days' where account_id = %s", args=(kept.id,))
    assert [p['account']['login'] for p in shop.api('GET', '/people?state=dormant').json()['people']] == ['kept']


# removing accounts ------------------------------------------------------------------------------------------------------------------------------
def test_syn_3_4_8_d_a_removed_account_is_out_its_name_stays_and_the_last_manager_too(shop, house):
    member, manager = Member(shop, 'member', ALL).equip(), Member(shop, 'manager', PEOPLE + ['log.read'])
    version = account(shop, member.id)['version']
    assert shop.api('DELETE', f'/accounts/{member.id}', headers={'If-Match': f'"{version}"'}).status == 204
    assert member.call('GET', '/me').status == 401 and house.api('GET', '/me', key=member.key).status == 401
    assert house.sql('select count(*) from daicho.certificate where person_id = %s and revoked_at is null', args=(member.person_id,)) == [(0,)]
    assert shop.api('GET', f'/jobs/{member.job}/file').status == 404
    assert 'member' in {e['actor'] for e in manager.call('GET', '/log?limit=200').json()['entries']}
    third = Member(shop, 'third', PEOPLE + ['log.read'])
    assert third.call('DELETE', f'/accounts/{manager.id}', None, account(shop, manager.id)['version']).status == 204
    fourth = Person(shop, 'fourth', ['record.read'])
    assert fourth.call('DELETE', f'/accounts/{third.id}', None, 1).status == 403


# the operator ------------------------------------------------------------------------------------------------------------------------------------
def test_the_operator_is_one_of_two_people_never_both(house):
    shop = house.tenant(registers=())
    shop.admin
    member = Member(shop, 'member', ['record.read'])
    listed = house.cli('person', 'list', '--tenant', shop.name)
    assert {p['account']['login'] for p in listed['people']} == {'admin', 'member'}
    made = house.cli('person', 'create', '--tenant', shop.name, '山田', '--kind', 'contractor')
    assert made['kind'] == 'contractor'
    done = house.cli('person', 'stop', '--tenant', shop.name, 'member', '--reason', 'loss', '--device', 'phone')
    assert done['took_ms'] < 5000 and member.call('GET', '/me').status == 401
    with pytest.raises(Refused) as none:
        house.cli('person', 'approve', '--tenant', shop.name, 'member')
    assert none.value.status == 1
    house.cli('person', 'reinstate', '--tenant', shop.name, 'member', '--why', 'found again')
    with pytest.raises(Refused) as same:
        house.cli('person', 'approve', '--tenant', shop.name, 'member')
    assert 'second' in same.value.stderr
    assert shop.browser('admin').request('POST', f'/api/v1/people/{member.person_id}/reinstate/refuse', json_body={}).status == 200
    assert shop.browser('admin').request('POST', f'/api/v1/people/{member.person_id}/reinstate', json_body={'why': 'x'}).status == 200
    back = house.cli('person', 'approve', '--tenant', shop.name, f'id:{member.person_id}')
    assert back['state'] == 'active' and log_in(shop, 'member', back['password']).status == 200
    planned = house.cli('person', 'stop', '--tenant', shop.name, 'member', '--reason', 'leaver', '--at', '2199-12-31')
    assert planned['leaves_at'] == '2200-01-01T00:00:00+09:00'


# how-tos -----------------------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('lang,document,quotes', [('ja', 'users.ja.md', '「([^」]+)」'), ('en', 'users.md', '“([^”]+)”')])
def test_syn_3_4_8_e_the_manual_pages_are_there_and_name_what_the_menus_are_called(shop, lang, document, quotes):
    texts = yaml.safe_load((ROOT / f'pages/texts.{lang}.yaml').read_text())
    def words(node):
        return set().union(*map(words, node.values())) if isinstance(node, dict) else {node}
    known = words(texts)
    named = re.findall(quotes, (ROOT / 'doc' / document).read_text())
    assert len(named) > 20 and [n for n in named if n not in known] == []
    shop.sql('update daicho.account set lang = %s where id = %s', args=(lang, shop.admin.id))
    answer = shop.browser().get('/help/users', headers={'Accept-Language': lang})
    assert answer.status == 200
    shown = re.sub(r'<[^>]+>', '', answer.text)
    for label in (texts['frame']['people'], texts['frame']['accounts'], texts['people']['new'], texts['people']['stop'], texts['account']['delete'],
                  texts['people']['back_ask'], texts['people']['approve'], texts['how']['title']):
        assert label in shown, label
    # what the how-to calls by name stands on the pages it leads to
    pages = shop.browser().get('/people').text + shop.browser().get('/people/new').text + shop.browser().get('/accounts').text
    for label in (texts['people']['new'], texts['people']['create'], texts['frame']['people'], texts['accounts']['new']):
        assert label in pages, label


# telling people ----------------------------------------------------------------------------------------------------------------------------------
def notices(shop, kind):
    return shop.house.sql('select recipient, subject, body from daicho.notice where tenant = %s and kind = %s order by id', args=(shop.name, kind))


def test_aup_19_a_a_loss_and_a_violation_are_told_to_those_who_manage_people(shop, house):
    member, manager = Member(shop, '佐藤'.encode().hex()[:6], ['record.read']), Member(shop, 'manager', PEOPLE)
    house.sql("update daicho.account set email = 'it@example.jp', lang = 'en' where id = %s", args=(manager.id,))
    house.sql("update daicho.account set email = 'nobody@example.jp' where id = %s", args=(member.id,))
    assert member.call('POST', '/me/lost', {'confirm': member.login, 'what': 'theft', 'device': 'ノートPC <1>', 'note': '駅で'}).status == 200
    (recipient, subject, body), = notices(shop, 'person_loss')
    assert (recipient, subject) == ('it@example.jp', 'A device was reported stolen') and 'Device: ノートPC <1>' in body and '駅で' in body
    assert f'/people/{member.person_id}' in body
    other = Member(shop, 'other', ['record.read'])
    assert stop(shop, other, 'violation').status == 200 and len(notices(shop, 'person_violation')) == 1
    third = Member(shop, 'third', ['record.read'])
    stop(shop, third, 'leaver')
    assert len(notices(shop, 'person_loss')) == 1


def test_aup_48_a_one_account_in_two_places_far_apart_raises_an_alert(shop, house):
    """reg-5.1-b; one live session an account, so the second log-in is what tells"""
    member, manager = Member(shop, 'member', ['record.read']), Member(shop, 'manager', PEOPLE)
    house.sql("update daicho.account set email = 'it@example.jp' where id = %s", args=(manager.id,))
    count = lambda: house.sql('select count(*) from daicho.sharing where account_id = %s', args=(member.id,))[0][0]
    for here, far in (('127.0.44.9', False), ('-', False), ('203.0.113.9', True), ('2001:db8::1', True)):
        before = count()
        house.sql('update daicho.session set source = %s where account_id = %s', args=(here, member.id))
        assert log_in(shop, 'member', member.password).status == 200
        assert count() == before + far, here
    # the same two places again within the hour: told already; a session nobody used lately: not at the same time
    house.sql("update daicho.session set source = '203.0.113.9' where account_id = %s", args=(member.id,))
    assert log_in(shop, 'member', member.password).status == 200 and count() == 2
    house.sql("update daicho.session set source = '198.51.100.7', seen_at = now() - interval '16 minutes' where account_id = %s", args=(member.id,))
    assert log_in(shop, 'member', member.password).status == 200 and count() == 2
    assert until(lambda: len([e for e in shop.log(own=True) if e['verb'] == 'alert']) == 2, 30)
    entry = [e for e in shop.log(own=True) if e['verb'] == 'alert'][0]
    assert entry['actor_kind'] == 'system' and (entry['detail']['here'], entry['detail']['login']) == ('203.0.113.9', 'member')
    assert [n[0] for n in notices(shop, 'account_shared')] == ['it@example.jp'] * 2
    told = person(shop, member.person_id)['sharings']
    assert [s['here'] for s in told] == ['2001:db8::1', '203.0.113.9'] and {s['there'] for s in told} == {'127.0.0.1'}


def test_whoever_adds_a_table_of_accounts_says_what_a_stop_does_with_it(house):
    """Every table that names an account: emptied, ended, or kept for a reason."""
    emptied = {'session', 'credential', 'factor', 'recovery_code', 'identity', 'invitation'}
    ended = {'job', 'support_grant', 'reinstatement', 'api_key', 'certificate'}
    kept = {'account': 'suspended', 'stop': 'the record of it', 'dormant': 'a decision', 'sharing': 'an alert', 'place': 'where it was used, for ninety days', 'person': 'who it is',
            'access_review_item': 'what was decided', 'transfer': 'what a transfer took away', 'access_request': 'void when its asker left', 'access_taking': 'what ends, and when',
            'device': 'the company wants it back', 'incident': 'the record of it', 'declaration': 'what a leaver declared', 'account_past': 'a number that records name',
            'duty_feed': 'answers for active accounts only', 'move_approval': 'who approved what', 'round_done': 'who did what',
            'change_ack': 'who read what the operator told', 'maintenance_session': 'who was at work', 'vdi_account': 'compared with those who are here'}
    found = {name for name, in house.sql("""
        select distinct c.table_name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'daicho' and t.table_type = 'BASE TABLE' and c.column_name in ('account_id', 'operator_id', 'person_id', 'created_by')""")}
    assert found - emptied - ended - set(kept) == set()
