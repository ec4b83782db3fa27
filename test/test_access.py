"""Rights come by two people: somebody asks with a purpose, a scope and an end, somebody else approves, and where the contract wants it nothing else changes
what an account may - whoever writes. What was given for a time goes by itself."""
import datetime
import json
import secrets
import subprocess
import threading

import psycopg
import pytest

from house import DAICHO, NO_CERTIFICATE, Account, Browser, Refused, until

DENIED = psycopg.errors.InsufficientPrivilege
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation, psycopg.errors.FeatureNotSupported)


def call(who, method, path, json=None, **headers):
    """The API as a person: session cookie and token."""
    browser = who.browser()
    return browser.request(method, '/api/v1' + path, json_body=json, headers={'Accept': 'application/json', 'X-CSRF-Token': browser.csrf, **headers})


def day(days):
    return (datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=9))).date() + datetime.timedelta(days=days)).isoformat()


def group(shop, name):
    return shop.sql('select id from daicho.account_group where tenant = %s and name = %s', args=(shop.name, name))[0][0]


def words(shop, who):
    return set(shop.sql('select words from daicho.account where id = %s', args=(who.id,))[0][0].split())


def groups(shop, who):
    return [g for (g,) in shop.sql('select g.name from daicho.account a join daicho.account_group g on g.id = any (a.groups) where a.id = %s order by 1', args=(who.id,))]


def ask(who, **wish):
    return call(who, 'POST', '/access', {'kind': 'rights', 'purpose': '月次の集計に必要', 'ends_on': day(30), **wish})


def asked(who, **wish):
    answer = ask(who, **wish)
    assert answer.status == 201, answer
    return answer.json()['request']['id']


def approve(who, id, **narrow):
    return call(who, 'POST', f'/access/{id}/approve', narrow)


def made(shop, login, **wish):
    """An account by request, its first password changed."""
    id = asked(shop.admin, kind='account', login=login, name=login, **wish)
    answer = approve(shop.deputy, id)
    assert answer.status == 200, answer
    account = answer.json()['request']['account_id']
    shop.sql('update daicho.credential set must_change = false where account_id = %s', args=(account,))
    return Account(shop, account, login, answer.json()['password'], None)


@pytest.fixture(scope='module')
def strict(house):
    """A contract in which rights change by requests only; two who can approve: admin and deputy."""
    shop = house.tenant()
    shop.plain = shop.account('plain', '閲覧者(個人情報なし)')
    for who in (shop.admin, shop.deputy, shop.staff, shop.viewer):
        shop.sql("update daicho.account set email = login || '@example.jp' where id = %s", args=(who.id,))
    assert policy(shop.admin, True).status == 200
    return shop


def policy(who, on):
    version = call(who, 'GET', '/policy').json()['policy']['version']
    return call(who, 'PATCH', '/policy', {'access_approval': on, 'version': version})


@pytest.fixture
def open_none(strict):
    """Nothing waits when a test begins."""
    strict.sql("update daicho.access_request set state = 'withdrawn', decided_at = now() where tenant = %s and state = 'asked'", args=(strict.name,))
    return strict


# The wall --------------------------------------------------------------------------------------------------------------------------------------
def test_reg_5_1_c_a_direct_grant_is_refused_and_leads_to_the_request(strict):
    account = call(strict.admin, 'GET', f'/accounts/{strict.viewer.id}').json()['account']
    for change in ({'groups': [group(strict, '管理者')]}, {'grants': ['log.read']}, {'groups': []}, {'denials': ['record.read']}):
        answer = call(strict.admin, 'PATCH', f'/accounts/{strict.viewer.id}', {**change, 'version': account['version']})
        assert answer.status == 403 and '/access/new' in answer.json()['detail'], (change, answer)
    made = call(strict.admin, 'POST', '/accounts/new', {'login': 'direct', 'name': 'x'})
    assert made.status == 403 and '/access/new' in made.json()['detail']
    assert not strict.sql("select 1 from daicho.account where login = 'direct' and tenant = %s", args=(strict.name,))
    one = group(strict, '閲覧者(個人情報なし)')
    assert call(strict.admin, 'PATCH', f'/groups/{one}', {'permissions': ['record.read', 'log.read'], 'version': 1}).status == 403
    assert call(strict.admin, 'DELETE', f'/accounts/{strict.viewer.id}', **{'If-Match': f'"{account["version"]}"'}).status == 403
    # what is no right is changed as always
    assert call(strict.admin, 'PATCH', f'/accounts/{strict.viewer.id}', {'name': '閲覧 一郎', 'version': account['version']}).status == 200
    assert call(strict.admin, 'PATCH', f'/groups/{one}', {'name': '閲覧者(個人情報なし)', 'permissions': ['record.read'], 'version': 1}).status == 200


WRITES = ["update daicho.account set groups = groups || (select min(id) from daicho.account_group where tenant = '{t}') where login = 'plain'",
          "update daicho.account set grants = '{{log.read}}' where login = 'plain'", "update daicho.account set denials = '{{record.read}}' where login = 'plain'",
          "update daicho.account set groups = '{{}}' where login = 'plain'", "delete from daicho.account where login = 'plain'",
          "insert into daicho.account (tenant, login, name) values ('{t}', 'sly', 'sly')",
          "insert into daicho.account (tenant, login, name, groups) select '{t}', 'sly', 'sly', array[id] from daicho.account_group where tenant = '{t}' limit 1",
          "update daicho.account_group set permissions = permissions || '{{log.read}}'::text[] where tenant = '{t}'",
          "delete from daicho.account_group where tenant = '{t}'"]


@pytest.mark.parametrize('sql', WRITES)
@pytest.mark.parametrize('role', ['daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli', 'superuser'])
def test_reg_5_1_c_whoever_writes_postgresql_refuses(strict, role, sql):
    with strict.house.connect(role) as connection:
        if role != 'superuser':
            enter(connection, strict, f'account:{strict.admin.id}:admin', '_desk' if role == 'daicho_cli' else '')
        with pytest.raises(DENIED):
            connection.execute(sql.format(t=strict.name))


def enter(connection, shop, actor, suffix=''):
    connection.execute('reset role')
    connection.execute('select set_config(%s, %s, false)', ('daicho.actor', actor))
    connection.execute('select set_config(%s, %s, false)', ('role', f't_{shop.name}{suffix}'))


def test_a_stop_takes_everything_at_once_without_a_request(open_none):
    shop = open_none
    made(shop, 'leaver', groups=[group(shop, '担当者')])
    person, = shop.sql("select id, person_id from daicho.account where login = 'leaver' and tenant = %s", args=(shop.name,))
    assert call(shop.admin, 'POST', f'/people/{person[1]}/stop', {'reason': 'leaver'}).status == 200
    assert shop.sql('select state, groups, words from daicho.account where id = %s', args=(person[0],)) == [('suspended', [], '')]
    # who was stopped can be removed
    version = call(shop.admin, 'GET', f'/accounts/{person[0]}').json()['account']['version']
    assert call(shop.admin, 'DELETE', f'/accounts/{person[0]}', **{'If-Match': f'"{version}"'}).status == 204


def test_a_review_takes_away_without_a_request(house):
    shop = house.tenant()
    shop.sql("update daicho.account set grants = '{log.read}' where id = %s", args=(shop.staff.id,))
    shop.deputy
    assert policy(shop.admin, True).status == 200
    opened = call(shop.admin, 'POST', '/reviews', {}).json()['review']['id']
    item = shop.sql("select id, version from daicho.access_review_item where review_id = %s and kind = 'word' and login = 'staff'", args=(opened,))[0]
    done = call(shop.admin, 'POST', f'/reviews/{opened}/decide', {'item': item[0], 'decision': 'remove', 'version': item[1], 'note': '不要'})
    assert done.status == 200 and 'log.read' not in words(shop, shop.staff), done


def test_a_transfer_takes_away_without_a_request(house):
    shop = house.tenant()
    sales, = shop.sql("insert into daicho.department (tenant, name) values (%s, '営業') returning id", args=(shop.name,))
    shop.sql("update daicho.person set department_id = %s where id = (select person_id from daicho.account where id = %s)", args=(sales[0], shop.staff.id))
    shop.sql("update daicho.account_group set department_id = %s where tenant = %s and name = '担当者'", args=(sales[0], shop.name))
    shop.deputy
    assert policy(shop.admin, True).status == 200
    with pytest.raises(DENIED):                              # as long as they belong there, nothing goes by itself
        shop.sql("update daicho.account set groups = '{}' where id = %s", args=(shop.staff.id,))
    shop.sql("update daicho.person set department_id = null where id = (select person_id from daicho.account where id = %s)", args=(shop.staff.id,))
    assert groups(shop, shop.staff) == []


def test_the_policy_needs_two_who_approve_and_stays_on(house):
    shop = house.tenant()
    assert policy(shop.admin, True).status == 409            # alone
    shop.deputy
    assert policy(shop.admin, True).status == 200
    refused = policy(shop.admin, False)
    assert refused.status == 409
    for role in ('daicho_web', 'daicho_auth', 'daicho_jobs'):
        with house.connect(role) as connection:
            enter(connection, shop, f'account:{shop.admin.id}:admin')
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute('update daicho.policy set access_approval = false')
        # the operator's command can, and the contract reads it in its own log
    house.cli('policy', 'set', '--tenant', shop.name, '--access-approval', 'no')
    entry = shop.log()[-1]
    assert entry['actor_kind'] == 'operator' and entry['kind'] == 'policy' and 'access_approval' in json.dumps(entry)
    version = call(shop.admin, 'GET', f'/accounts/{shop.deputy.id}').json()['account']['version']
    assert call(shop.admin, 'PATCH', f'/accounts/{shop.deputy.id}', {'grants': ['log.read'], 'version': version}).status == 200


# Asking -----------------------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('wish,item', [({'purpose': ''}, 'purpose'), ({'purpose': '  '}, 'purpose'), ({'ends_on': ''}, 'ends_on'), ({'ends_on': day(367)}, 'ends_on'),
                                       ({'ends_on': day(-1)}, 'ends_on'), ({'ends_on': 'soon'}, 'ends_on'), ({'groups': [999999999]}, 'groups'),
                                       ({'groups': 'x'}, 'groups'), ({'grants': ['no.such']}, 'grants'), ({'kind': 'everything'}, 'kind')])
def test_reg_5_2_a_a_request_without_need_scope_or_end_is_refused(open_none, wish, item):
    answer = ask(open_none.viewer, **{'groups': [group(open_none, '担当者')], **wish})
    assert answer.status == 422 or answer.status == 400, answer
    assert item in json.dumps(answer.json()['errors']), answer
    assert not open_none.sql("select 1 from daicho.access_request where tenant = %s and state = 'asked'", args=(open_none.name,))


def test_reg_5_2_a_without_scope_nothing_is_asked(open_none):
    assert ask(open_none.viewer).status in (400, 422)                                       # nothing would change
    assert ask(open_none.admin, kind='account', login='empty', name='x', groups=[]).status in (400, 422)
    assert call(open_none.viewer, 'POST', '/access', {'kind': 'rights', 'groups': [group(open_none, '担当者')], 'ends_on': day(3)}).status in (400, 422)  # no purpose
    id = asked(open_none.viewer, groups=[group(open_none, '閲覧者(個人情報なし)'), group(open_none, '担当者')], ends_on='', employed=True)
    assert ask(open_none.viewer, groups=[]).status == 409                                   # one at a time
    shown = call(open_none.viewer, 'GET', f'/access/{id}').json()['request']
    assert shown['state'] == 'asked' and shown['employed'] and [g['name'] for g in shown['groups'] if g['is_new']] == ['担当者']
    assert 'personal.see' in [p['name'] for p in shown['gained']]


def test_reg_5_2_a_what_is_given_never_exceeds_what_was_asked_for(open_none):
    shop = open_none
    viewers, staff, admins = (group(shop, n) for n in ('閲覧者(個人情報なし)', '担当者', '管理者'))
    id = asked(shop.viewer, groups=[viewers, staff], grants=['log.read'])
    for more in ({'groups': [staff, admins]}, {'groups': [admins]}, {'grants': ['log.read', 'log.export']}, {'grants': ['key.manage']}):
        assert approve(shop.admin, id, **more).status in (400, 422), more
    with shop.house.connect('daicho_auth') as connection:
        enter(connection, shop, f'account:{shop.admin.id}:admin')
        for groups_, grants in (([admins], None), (None, ['key.manage']), ([staff, admins], [])):
            with pytest.raises(REFUSED):
                connection.execute('select daicho.access_approve(%s, %s, %s)', (id, groups_, grants))
    assert approve(shop.admin, id, groups=[], grants=['log.read']).status == 200             # less than asked for
    assert words(shop, shop.viewer) == {'record.read', 'log.read'} and groups(shop, shop.viewer) == ['閲覧者(個人情報なし)']
    assert shop.sql('select given_groups <@ groups, given_grants <@ grants from daicho.access_request where id = %s', args=(id,)) == [(True, True)]
    with pytest.raises(psycopg.errors.CheckViolation):                                       # the table says so, whoever writes
        shop.sql("update daicho.access_request set given_groups = given_groups || %s::bigint where id = %s", args=(admins, id))


def test_the_form_asks_for_what_is_ticked(open_none):
    shop, browser = open_none, open_none.viewer.browser()
    page = browser.get('/access/new').text
    held, wanted = group(shop, '閲覧者(個人情報なし)'), group(shop, '担当者')
    assert f'name="groups" value="{held}" checked' in page and f'name="groups" value="{wanted}" >' in page
    sent = browser.post('/access', {'kind': 'rights', 'account_id': shop.viewer.id, 'groups_given': 'true', 'groups': [held, wanted], 'purpose': '応援', 'ends_on': day(5)})
    assert sent.status == 303, sent
    shown = browser.get(sent.headers['Location']).text
    assert '担当者' in shown and '応援' in shown and '自分の申請は承認できません' in shown
    approver = shop.deputy.browser()
    address = sent.headers['Location'].split('?')[0]
    assert f'name="groups" value="{wanted}" checked' in approver.get(address).text
    assert approver.post(address + '/approve', {'narrowed': 'true'}).status == 303           # nothing ticked: nothing given
    assert '担当者' not in groups(shop, shop.viewer)


def test_others_are_asked_for_by_who_manages_accounts_only(open_none):
    shop = open_none
    assert ask(shop.staff, account_id=shop.viewer.id, groups=[]).status == 403
    assert ask(shop.staff, kind='account', login='x', name='x', groups=[group(shop, '担当者')]).status == 403
    assert ask(shop.staff, kind='group', group_id=group(shop, '担当者'), permissions=[]).status == 403
    own = asked(shop.staff, groups=[], ends_on='')                                           # fewer needs no end
    assert call(shop.viewer, 'GET', f'/access/{own}').status == 404                          # nobody else's business
    assert call(shop.viewer, 'POST', f'/access/{own}/withdraw').status == 404
    assert call(shop.admin, 'POST', f'/access/{own}/withdraw').status == 403
    assert call(shop.staff, 'POST', f'/access/{own}/withdraw').status == 200


# Deciding ---------------------------------------------------------------------------------------------------------------------------------------
def test_reg_5_1_c_approver_and_requester_are_two_people(open_none):
    shop = open_none
    own = asked(shop.admin, grants=['record.read'])
    refused = approve(shop.admin, own)
    assert refused.status == 403
    for other in ({'account_id': shop.deputy.id},):                                          # asked by one, about the other: neither of the two
        about = asked(shop.admin, **other, grants=['record.read'])
        assert approve(shop.admin, about).status == 403 and approve(shop.deputy, about).status == 403
    with shop.house.connect('daicho_auth') as connection:
        for who in (shop.admin, shop.deputy):
            enter(connection, shop, f'account:{who.id}:{who.login}')
            with pytest.raises(DENIED):
                connection.execute('select daicho.access_approve(%s, null, null)', (about,))
        assert approve(shop.staff, own).status == 403                                            # without the word
    assert approve(shop.deputy, own).status == 200
    assert shop.sql('select asked_who <> decided_who, xid is not null from daicho.access_request where id = %s', args=(own,)) == [(True, True)]


def test_a_key_approves_nothing(open_none):
    shop = open_none
    id = asked(shop.viewer, groups=[group(shop, '担当者')])
    key = call(shop.admin, 'POST', '/keys', {'name': 'k' + secrets.token_hex(4), 'permissions': ['access.approve', 'account.manage'], 'days': 30}).json()['key']
    answer = shop.house.api('POST', f'/access/{id}/approve', key=key, json={})
    assert answer.status == 403, answer


def test_nobody_gives_what_they_do_not_hold(open_none):
    shop = open_none
    officer = made(shop, 'officer', grants=['access.approve'], employed=True, ends_on='')
    id = asked(shop.viewer, groups=[group(shop, '担当者')])
    answer = approve(officer, id)
    assert answer.status == 403, answer
    with shop.house.connect('daicho_auth') as connection:                                    # also a masked one, by the database alone
        enter(connection, shop, f'account:{officer.id}:officer', '_masked')
        with pytest.raises(DENIED):
            connection.execute('select daicho.access_approve(%s, null, null)', (id,))
    assert '担当者' not in groups(shop, shop.viewer)


def test_two_approvals_at_once_are_one(open_none):
    shop = open_none
    third = made(shop, 'third', groups=[group(shop, '管理者')])
    id = asked(shop.viewer, groups=[group(shop, '閲覧者(個人情報なし)'), group(shop, '担当者')])
    browsers, answers = [w.browser() for w in (shop.admin, shop.deputy, third)], []
    threads = [threading.Thread(target=lambda b=b: answers.append(b.request('POST', f'/api/v1/access/{id}/approve', json_body={},
                                headers={'X-CSRF-Token': b.csrf, 'Accept': 'application/json'}).status)) for b in browsers]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(answers) == [200, 409, 409], answers
    assert shop.sql("select count(*) from daicho.access_request where id = %s and state = 'approved'", args=(id,)) == [(1,)]


def test_what_changed_meanwhile_is_not_approved(open_none):
    shop = open_none
    viewers, staff = group(shop, '閲覧者(個人情報なし)'), group(shop, '担当者')
    id = asked(shop.plain, groups=[viewers, staff])
    before = shop.sql('select permissions from daicho.account_group where id = %s', args=(staff,))[0][0]
    change = asked(shop.admin, kind='group', group_id=staff, permissions=before + ['log.read'])     # the group becomes more than was asked for
    assert approve(shop.deputy, change).status == 200
    assert approve(shop.deputy, id).status == 409
    assert groups(shop, shop.plain) == ['閲覧者(個人情報なし)']
    back = asked(shop.admin, kind='group', group_id=staff, permissions=before)
    assert approve(shop.deputy, back).status == 200
    assert sorted(shop.sql('select permissions from daicho.account_group where id = %s', args=(staff,))[0][0]) == sorted(before)
    assert approve(shop.deputy, id).status == 200                                            # as it was: what was asked for is what is given
    assert groups(shop, shop.plain) == sorted(['担当者', '閲覧者(個人情報なし)'])


def test_who_left_asks_for_nothing(open_none):
    shop = open_none
    gone = made(shop, 'gone', groups=[group(shop, '担当者')])
    id = asked(gone, grants=['log.read'])
    # the state of the asker is asked again, should a request ever be left behind
    with shop.house.connect('daicho_auth') as connection:
        shop.sql("update daicho.account set ends_at = now() - interval '1 minute' where id = %s", args=(gone.id,))
        enter(connection, shop, f'account:{shop.admin.id}:admin')
        with pytest.raises(DENIED, match='not here any more'):
            connection.execute('select daicho.access_approve(%s, null, null)', (id,))
        shop.sql('update daicho.account set ends_at = null where id = %s', args=(gone.id,))
    person, = shop.sql('select person_id from daicho.account where id = %s', args=(gone.id,))
    assert call(shop.admin, 'POST', f'/people/{person[0]}/stop', {'reason': 'violation'}).status == 200
    assert shop.sql('select state from daicho.access_request where id = %s', args=(id,)) == [('withdrawn',)]
    assert approve(shop.admin, id).status == 409


FORGED = ["insert into daicho.access_request (tenant, kind, account_id, login, gains, purpose, asked_by, asked_who, state) values ('{t}', 'rights', {v}, 'viewer', true, 'x', 'x', 'person:1', 'approved')",
          "insert into daicho.access_request (tenant, kind, account_id, login, gains, purpose, asked_by, asked_who) values ('{t}', 'rights', {v}, 'viewer', true, 'x', 'x', 'person:1')",
          "update daicho.access_request set state = 'approved'", "update daicho.access_request set asked_who = 'person:1'",
          "update daicho.access_request set groups = '{{1}}'", "update daicho.access_request set xid = pg_current_xact_id()", "delete from daicho.access_request",
          "insert into daicho.access_taking (account_id) values ({v})", "select daicho.access_take({v}, '{{}}', '{{}}', '{{}}')",
          "select * from daicho.access_taking", "select daicho.access_turn(1)", "select daicho.access_change_allowed('{t}', {v}, true)",
          "select * from daicho.access_due(0)", "update daicho.account set approved_at = now() where id = {v}"]


@pytest.mark.parametrize('sql', FORGED)
@pytest.mark.parametrize('role', ['daicho_web', 'daicho_auth', 'daicho_cli'])
def test_nothing_is_forged_from_inside(strict, role, sql):
    with strict.house.connect(role) as connection:
        enter(connection, strict, f'account:{strict.staff.id}:staff', '_desk' if role == 'daicho_cli' else '')
        with pytest.raises(DENIED):
            connection.execute(sql.format(t=strict.name, v=strict.viewer.id))


def test_refusing_needs_a_reason_and_the_asker_reads_it(open_none):
    shop = open_none
    id = asked(shop.viewer, grants=['log.read', 'log.export'])
    assert call(shop.admin, 'POST', f'/access/{id}/refuse', {'why': ' '}).status in (400, 422)
    assert call(shop.admin, 'POST', f'/access/{id}/refuse', {'why': '業務に関係がない'}).status == 200
    assert call(shop.viewer, 'GET', f'/access/{id}').json()['request']['why_refused'] == '業務に関係がない'
    told = shop.sql("select kind, recipient, body from daicho.notice where tenant = %s and body like %s order by id", args=(shop.name, f'%/access/{id}'))
    assert {(k, r) for k, r, _ in told if k == 'access_asked'} >= {('access_asked', 'admin@example.jp'), ('access_asked', 'deputy@example.jp')}
    assert [(r, '業務に関係がない' in b) for k, r, b in told if k == 'access_refused'] == [('viewer@example.jp', True)]


def test_approving_needs_a_fresh_proof(open_none):
    shop = open_none
    id = asked(shop.viewer, grants=['log.read', 'log.erase'])
    browser = shop.deputy.browser()
    shop.sql("update daicho.session set proven_at = daicho.clock() - interval '16 minutes' where account_id = %s", args=(shop.deputy.id,))
    answer = browser.request('POST', f'/api/v1/access/{id}/approve', json_body={}, headers={'X-CSRF-Token': browser.csrf})
    assert answer.status in (401, 403) and shop.sql('select state from daicho.access_request where id = %s', args=(id,)) == [('asked',)]


# New accounts -------------------------------------------------------------------------------------------------------------------------------------
def test_reg_5_2_b_no_account_before_its_approval(open_none):
    shop = open_none
    id = asked(shop.admin, kind='account', login='hanako', name='山田 花子', groups=[group(shop, '担当者')])
    assert not shop.sql("select 1 from daicho.account where login = 'hanako' and tenant = %s", args=(shop.name,))
    unknown, waiting = (shop.house.http.request('POST', '/api/v1/login', {'Content-Type': 'application/json'},
                        json.dumps({'tenant': shop.name, 'login': login, 'password': 'aA1!something'}).encode()) for login in ('nobodyatall', 'hanako'))
    assert waiting.status == unknown.status and waiting.status in (401, 403)
    answer = approve(shop.deputy, id)
    assert answer.status == 200, answer
    password = answer.json()['password']
    assert password and 'password' not in json.dumps([e for e in shop.log() if e['kind'] == 'access'][-1]['detail'])
    made, = shop.sql("select id, approved_at, last_login_at from daicho.account where login = 'hanako' and tenant = %s", args=(shop.name,))
    assert made[1] is not None and made[2] is None
    Browser(shop.house).login(shop.name, 'hanako', password)
    assert not shop.sql('select 1 from daicho.account where tenant = %s and approved_at > last_login_at', args=(shop.name,))
    assert not shop.sql('select 1 from daicho.session s join daicho.account a on a.id = s.account_id where a.tenant = %s and s.created_at < a.approved_at', args=(shop.name,))
    assert approve(shop.deputy, id).status == 409


def test_the_first_password_goes_to_the_address_when_there_is_one(open_none):
    shop = open_none
    id = asked(shop.admin, kind='account', login='mailed', name='送信 先', email='mailed@example.jp', groups=[group(shop, '担当者')])
    answer = approve(shop.deputy, id)
    assert answer.status == 200 and answer.json()['password'] is None
    assert shop.sql("select count(*) from daicho.notice where tenant = %s and kind = 'first_password' and recipient = 'mailed@example.jp'", args=(shop.name,)) == [(1,)]


def test_removal_by_request(open_none):
    shop = open_none
    assert approve(shop.deputy, asked(shop.admin, kind='account', login='brief', name='x', groups=[group(shop, '担当者')])).status == 200
    brief = shop.sql("select id from daicho.account where login = 'brief' and tenant = %s", args=(shop.name,))[0][0]
    id = asked(shop.admin, kind='removal', account_id=brief, purpose='使わなくなった', ends_on='')
    assert approve(shop.deputy, id).status == 200
    assert not shop.sql('select 1 from daicho.account where id = %s', args=(brief,))
    assert call(shop.admin, 'GET', f'/access/{id}').json()['request']['state'] == 'approved'


# The clock -----------------------------------------------------------------------------------------------------------------------------------------
def test_what_was_given_for_a_time_goes_by_itself(open_none):
    shop = open_none
    viewers, staff = group(shop, '閲覧者(個人情報なし)'), group(shop, '担当者')
    timed = made(shop, 'timed', email='timed@example.jp', groups=[viewers], employed=True, ends_on='')
    first = asked(timed, groups=[viewers, staff], grants=['log.read'], ends_on=day(20))
    assert approve(shop.deputy, first).status == 200
    shop.sql("update daicho.access_request set ends_at = now() + interval '6 days' where id = %s", args=(first,))
    told = until(lambda: shop.sql("select recipient from daicho.notice where tenant = %s and kind = 'access_ending' and body like %s", args=(shop.name, f'%/access/{first}')))
    assert ('timed@example.jp',) in told
    longer = asked(timed, groups=[viewers, staff], ends_on=day(60))                          # the group for longer, not the word
    assert approve(shop.deputy, longer).status == 200
    assert 'log.read' in words(shop, timed)
    shop.sql("update daicho.access_request set ends_at = now() - interval '1 second' where id = %s", args=(first,))
    until(lambda: shop.sql('select 1 from daicho.access_request where id = %s and ended_at is not null', args=(first,)))
    assert groups(shop, timed) == sorted(['担当者', '閲覧者(個人情報なし)']) and 'log.read' not in words(shop, timed)
    shop.sql("update daicho.access_request set ends_at = now() - interval '1 second' where id = %s", args=(longer,))
    until(lambda: shop.sql('select 1 from daicho.access_request where id = %s and ended_at is not null', args=(longer,)))
    assert groups(shop, timed) == ['閲覧者(個人情報なし)']                                      # what it held before stays
    entry = until(lambda: [e for e in shop.log(own=True) if e['kind'] == 'access' and e['subject_id'] == longer and e['actor_kind'] == 'system'])[-1]
    assert entry['verb'] == 'revoke' and 'ended' in json.dumps(entry['detail'])
    assert ('timed@example.jp',) in shop.sql("select recipient from daicho.notice where tenant = %s and kind = 'access_ended' and body like %s", args=(shop.name, f'%/access/{longer}'))


def test_syn_3_12_4_a_an_account_made_for_a_time_is_stopped_at_its_end(open_none):
    shop = open_none
    id = asked(shop.admin, kind='account', login='visitor', name='保守 員', groups=[group(shop, '担当者')], ends_on=day(3))
    assert approve(shop.deputy, id).status == 200
    shop.sql("update daicho.access_request set ends_at = now() - interval '1 second' where id = %s", args=(id,))
    until(lambda: shop.sql("select 1 from daicho.account where login = 'visitor' and tenant = %s and state = 'suspended' and words = ''", args=(shop.name,)))


def test_nobody_decides_for_two_weeks_and_it_expires(open_none):
    shop = open_none
    id = asked(shop.viewer, grants=['log.read', 'session.manage'])
    shop.sql("update daicho.access_request set asked_at = now() - interval '14 days' where id = %s", args=(id,))
    until(lambda: shop.sql("select 1 from daicho.access_request where id = %s and state = 'expired'", args=(id,)))
    assert approve(shop.admin, id).status == 409


# Operators -------------------------------------------------------------------------------------------------------------------------------------------
def test_syn_3_12_4_a_operators_are_made_by_request_as_soon_as_two_can_approve(house):
    """A house of the tests has one contract of operators at a time: an own, in its own name."""
    there = house.sql("select 1 from daicho.tenant where kind = 'operator'")
    if there:
        name = house.sql("select name from daicho.tenant where kind = 'operator'")[0][0]
    else:
        name = 'unei'
        house.cli('tenant', 'create', name, '--title', '運営', '--operators', '--no-admin', *NO_CERTIFICATE)
    operators = type('Operators', (), {'house': house, 'name': name, 'sql': lambda self, text, args=(): house.sql(text, args=args)})()
    pair = []
    for login in ('chief' + secrets.token_hex(3), 'vice' + secrets.token_hex(3)):
        account = house.cli('account', 'create', '--tenant', name, login, '--name', login, '--group', '管理者', '--password', 'aA1!' + secrets.token_urlsafe(12))
        pair.append(Account(operators, account['id'], login, None, None))
    assert house.sql('select access_approval from daicho.policy where tenant = %s', args=(name,)) == [(True,)]
    with pytest.raises(Refused):
        house.cli('account', 'create', '--tenant', name, 'third', '--name', 'third', '--group', '運営担当者')
    with pytest.raises(Refused):
        house.cli('policy', 'set', '--tenant', name, '--access-approval', 'no')
    assert call(pair[0], 'POST', '/accounts/new', {'login': 'third', 'name': 'x'}).status == 403
    staff = house.sql("select id from daicho.account_group where tenant = %s and name = '運営担当者'", args=(name,))[0][0]
    wish = {'kind': 'account', 'login': 'third', 'name': '三人目', 'groups': [staff], 'ends_on': day(90)}
    assert call(pair[0], 'POST', '/access', wish).status in (400, 422)                       # without purpose
    id = call(pair[0], 'POST', '/access', {**wish, 'purpose': '夜間の保守'}).json()['request']['id']
    assert approve(pair[0], id).status == 403
    assert approve(pair[1], id).status == 200
    assert house.sql("select approved_at is not null from daicho.account where tenant = %s and login = 'third'", args=(name,)) == [(True,)]
    # one of the two is gone: nobody could approve, and the operator's command may again; a session may not
    house.sql("update daicho.account set state = 'suspended', suspended_for = 'other' where id = %s", args=(pair[1].id,))
    try:
        assert call(pair[0], 'POST', '/accounts/new', {'login': 'fourth', 'name': 'x'}).status == 403
        house.cli('account', 'create', '--tenant', name, 'rescue', '--name', 'rescue', '--group', '運営担当者')
    finally:                                                                                 # leaves the house as others expect it
        house.sql("alter table daicho.account disable trigger user; alter table daicho.policy disable trigger user;"
                  "delete from daicho.account where login in ('third', 'rescue') or id in (%d, %d); update daicho.policy set access_approval = false where tenant = '%s';"
                  "alter table daicho.account enable trigger user; alter table daicho.policy enable trigger user" % (pair[0].id, pair[1].id, name))
        if not there:
            house.cli('tenant', 'end', name, '--confirm', name)


# Customer data, keys, credentials --------------------------------------------------------------------------------------------------------------------
CLASSES = {'record.read', 'personal.see', 'record.export', 'key.manage', 'certificate.manage', 'provider.manage', 'account.manage'}


@pytest.mark.parametrize('word', sorted(CLASSES))
def test_reg_12_4_a_the_three_classes_come_by_approval_only(open_none, word):
    shop = open_none
    version = call(shop.admin, 'GET', f'/accounts/{shop.staff.id}').json()['account']['version']
    for way in ({'grants': [word]}, {'denials': []} if word == 'x' else {'groups': [group(shop, '管理者')]}):
        assert call(shop.admin, 'PATCH', f'/accounts/{shop.staff.id}', {**way, 'version': version}).status == 403


def test_reg_12_4_a_each_read_of_the_three_classes_has_an_entry(house):
    """Every route that reads customer data, keys or credentials: walked as the API tells them, one entry each."""
    shop = house.tenant()
    record = shop.api('POST', '/registers/customers/records', json={'email': 'a@example.jp', 'family_name': '山田', 'given_name': '花'}).json()['id']
    table = json.loads(subprocess.run([str(DAICHO), 'routes', '--json'], capture_output=True, text=True, check=True).stdout)
    fits = [r for r in table if r['method'] == 'GET' and r['permission'] in CLASSES and not r['path'].endswith('/new')]     # a form shows none of it
    assert len(fits) > 10, table
    browser = shop.admin.browser()
    walked = 0
    for route in fits:
        path = route['path'].replace('{register}', 'customers').replace('{id}', str(record if '/records/' in route['path'] else shop.admin.id))
        path = path.replace('{item}', 'email').replace('{evidence}', '1')       # refused: one entry as well
        if '{' in path:
            continue
        before = shop.sql(f'select count(*) from t_{shop.name}.log')[0][0]
        answer = browser.request('GET', ('/api/v1' if route.get('face') != 'console' else '') + path, headers={'Accept': 'application/json'})
        after = shop.sql(f'select count(*) from t_{shop.name}.log')[0][0]
        # numbers, drawn by the first page, which has an entry of its own
        assert after == before + (0 if route['path'] == '/summary' else 1), (route, answer)
        walked += 1
    assert walked == len(fits)
