"""Accounts and permission groups: who may change whom, and what nobody can bring about."""
import concurrent.futures

import psycopg
import pytest

ALL = ['record.read', 'record.write', 'record.delete', 'record.bulk', 'record.merge', 'record.import', 'record.export', 'register.define', 'personal.see', 'account.manage',
       'person.manage', 'policy.manage', 'session.manage', 'key.manage', 'certificate.manage', 'provider.manage', 'access.approve', 'support.approve',
       'log.read', 'log.export', 'log.erase', 'tenant.manage']


@pytest.fixture
def shop(house):
    return house.tenant(registers=())


class Person:
    """An account speaking JSON with its own cookie."""

    def __init__(self, shop, login, permissions=(), groups=()):
        self.shop, self.login, self.password = shop, login, 'kX4-9qzwVb-' + login
        groups = list(groups)
        if permissions:
            groups.append(group(shop, f'group of {login}', permissions))
        made = shop.api('POST', '/accounts/new', json={'login': login, 'name': login, 'groups': [str(g) for g in groups], 'password': self.password})
        assert made.status == 201, made
        self.id, self.groups = made.json()['account']['id'], groups
        shop.house.sql('update daicho.credential set must_change = false where account_id = %s', args=(self.id,))
        self.browser = shop.house.browser_login(shop.name, login, self.password)

    def call(self, method, path, json=None, version=None):
        headers = {'Accept-Language': 'en'}
        if version is not None:
            headers['If-Match'] = f'"{version}"'
        return self.browser.request(method, '/api/v1' + path, json_body=json, headers={**headers, 'X-CSRF-Token': self.browser.csrf})


def group(shop, name, permissions):
    made = shop.api('POST', '/groups', json={'name': name, 'permissions': list(permissions)})
    assert made.status == 201, made
    return made.json()['group']['id']


def groups_of(shop):
    return {g['name']: g for g in shop.api('GET', '/groups').json()['groups']}


def account(shop, id):
    return shop.api('GET', f'/accounts/{id}').json()['account']


# the life of an account -------------------------------------------------------------------------------------------------------------------
def test_an_account_is_made_read_changed_and_removed(shop):
    staff = groups_of(shop)['担当者']['id']
    made = shop.api('POST', '/accounts/new', json={'login': 'Hanako.Sato', 'name': '佐藤花子', 'email': 'hanako@example.jp', 'lang': 'ja',
                                                   'groups': [str(staff)]})
    assert made.status == 201
    one = made.json()['account']
    assert (one['login'], one['name'], one['state'], one['version'], one['groups'], one['group_names']) == \
        ('Hanako.Sato', '佐藤花子', 'active', 1, [staff], '担当者')
    assert one['permissions'] == ['record.read', 'record.write', 'record.import', 'record.export', 'mail.read', 'mail.write', 'mail.folder', 'personal.see']
    answer = shop.api('GET', f'/accounts/{one["id"]}')
    assert answer.headers['ETag'] == '"1"'
    changed = shop.api('PATCH', f'/accounts/{one["id"]}', json={'name': '鈴木花子', 'email': ''}, headers={'If-Match': '"1"'})
    assert changed.status == 200
    assert (changed.json()['account']['name'], changed.json()['account']['email'], changed.json()['account']['version']) == ('鈴木花子', None, 2)
    assert changed.json()['account']['groups'] == [staff]
    assert shop.api('DELETE', f'/accounts/{one["id"]}', headers={'If-Match': '"2"'}).status == 204
    assert shop.api('GET', f'/accounts/{one["id"]}').status == 404


def test_a_change_of_something_somebody_else_changed_is_refused_and_shows_it(shop):
    staff = shop.staff
    assert shop.api('PATCH', f'/accounts/{staff.id}', json={'name': 'first'}, headers={'If-Match': '"1"'}).status == 200
    late = shop.api('PATCH', f'/accounts/{staff.id}', json={'name': 'second'}, headers={'If-Match': '"1"'})
    assert late.status == 412 and late.json()['current']['name'] == 'first' and late.json()['current']['version'] == 2
    assert shop.api('PATCH', f'/accounts/{staff.id}', json={'name': 'second'}).status == 428
    assert shop.api('DELETE', f'/accounts/{staff.id}', headers={'If-Match': '"1"'}).status == 412
    assert account(shop, staff.id)['name'] == 'first'


@pytest.mark.parametrize('wrong,item', [({'login': ''}, 'login'), ({'login': 'a b'}, 'login'), ({'login': 'あ'}, 'login'), ({'login': 'x' * 101}, 'login'),
                                        ({'name': ''}, 'name'), ({'name': 'a\nb'}, 'name'), ({'email': 'nobody'}, 'email'), ({'email': 'a@b@c'}, 'email'),
                                        ({'lang': 'de'}, 'lang'), ({'groups': ['999999']}, 'groups'), ({'groups': ['x']}, 'groups'), ({'state': 'x'}, 'state'),
                                        ({'unknown': 1}, 'unknown'), ({'groups': 'x'}, 'groups')])
def test_what_cannot_be_is_refused_by_name(shop, wrong, item):
    answer = shop.api('POST', '/accounts/new', json={'login': 'good', 'name': 'good', 'groups': [], **wrong})
    assert answer.status == 422 and answer.json()['errors'][0]['item'] == item
    assert [a['login'] for a in shop.api('GET', '/accounts').json()['accounts']] == []


def test_a_log_in_name_is_taken_once_whatever_its_case_but_in_each_contract(shop, house):
    make = {'login': 'hanako', 'name': 'x', 'groups': []}
    assert shop.api('POST', '/accounts/new', json=make).status == 201
    again = shop.api('POST', '/accounts/new', json={**make, 'login': 'HANAKO'})
    assert again.status == 409 and again.json()['errors'][0]['item'] == 'login'
    assert house.tenant(registers=()).api('POST', '/accounts/new', json=make).status == 201


def test_accounts_are_listed_by_login_in_pages_and_found_by_part_of_a_name(shop):
    for i in range(7):
        shop.api('POST', '/accounts/new', json={'login': f'user{i}', 'name': f'利用者{i}号', 'groups': []})
    seen, after = [], ''
    while True:
        page = shop.api('GET', f'/accounts?limit=3{after}').json()
        seen += [a['login'] for a in page['accounts']]
        if page['next'] is None:
            break
        after = f'&after={page["next"]}'
    assert seen == [f'user{i}' for i in range(7)]
    assert [a['login'] for a in shop.api('GET', '/accounts?q=者4').json()['accounts']] == ['user4']
    assert [a['login'] for a in shop.api('GET', '/accounts?q=%25').json()['accounts']] == []
    assert shop.api('GET', '/accounts?after=!!!').status == 422


def test_other_contracts_accounts_and_groups_do_not_exist_here(shop, house):
    other = house.tenant(registers=())
    strange, strange_group = other.admin.id, groups_of(other)['管理者']['id']
    for method, path, body in (('GET', f'/accounts/{strange}', None), ('PATCH', f'/accounts/{strange}', {'name': 'x'}), ('DELETE', f'/accounts/{strange}', None),
                               ('POST', f'/accounts/{strange}/password', {}), ('GET', f'/groups/{strange_group}', None),
                               ('PATCH', f'/groups/{strange_group}', {'name': 'x'}), ('DELETE', f'/groups/{strange_group}', None)):
        assert shop.api(method, path, json=body, headers={'If-Match': '"1"'}).status == 404, (method, path)
    assert shop.api('POST', '/accounts/new', json={'login': 'x', 'name': 'x', 'groups': [str(strange_group)]}).status == 422
    assert account(other, strange)['name'] == 'admin'


# who may change whom -----------------------------------------------------------------------------------------------------------------------
def test_without_the_permission_none_of_it_is_reached(shop):
    plain = Person(shop, 'plain', [p for p in ALL if p != 'account.manage'])
    for method, path in (('GET', '/accounts'), ('POST', '/accounts/new'), ('GET', f'/accounts/{plain.id}'), ('PATCH', f'/accounts/{plain.id}'),
                         ('DELETE', f'/accounts/{plain.id}'), ('POST', f'/accounts/{plain.id}/password'), ('GET', '/groups'), ('POST', '/groups'),
                         ('GET', '/groups/1'), ('PATCH', '/groups/1'), ('DELETE', '/groups/1')):
        assert plain.call(method, path, json={} if method != 'GET' else None).status == 403, (method, path)


def test_nobody_gives_what_they_do_not_hold(shop):
    clerk = Person(shop, 'clerk', ['account.manage', 'record.read'])
    admins = groups_of(shop)['管理者']['id']
    tries = [('POST', '/groups', {'name': 'x', 'permissions': ['record.read', 'personal.see']}, None),
             ('POST', '/accounts/new', {'login': 'x', 'name': 'x', 'groups': [str(admins)], 'password': 'kX4-9qzwVb'}, None),
             ('PATCH', f'/accounts/{clerk.id}', {'groups': [str(admins)]}, 1),
             ('PATCH', f'/accounts/{clerk.id}', {'groups': [str(g) for g in clerk.groups] + [str(admins)]}, 1),
             ('PATCH', f'/groups/{clerk.groups[0]}', {'permissions': ['account.manage', 'record.read', 'key.manage']}, 1)]
    for method, path, body, version in tries:
        answer = clerk.call(method, path, body, version)
        assert answer.status == 403, (path, answer)
        assert answer.json()['code'] == 'FORBIDDEN'
    assert clerk.call('GET', '/me').json()['permission_words'] == ['record.read', 'account.manage']
    assert clerk.call('POST', '/groups', {'name': 'fine', 'permissions': ['record.read']}).status == 201


def test_nobody_changes_an_account_or_group_that_holds_more(shop):
    """Else the reset of an administrator's password would be a way up."""
    clerk, admin, admins = Person(shop, 'clerk', ['account.manage', 'record.read']), shop.admin, groups_of(shop)['管理者']
    tries = [('POST', f'/accounts/{admin.id}/password', {'password': 'now-it-is-mine'}, None), ('POST', f'/accounts/{admin.id}/password', {}, None),
             ('PATCH', f'/accounts/{admin.id}', {'login': 'other'}, 1), ('PATCH', f'/accounts/{admin.id}', {'state': 'suspended'}, 1),
             ('PATCH', f'/accounts/{admin.id}', {'groups': []}, 1), ('DELETE', f'/accounts/{admin.id}', None, 1),
             ('PATCH', f'/groups/{admins["id"]}', {'permissions': ['account.manage']}, 1), ('PATCH', f'/groups/{admins["id"]}', {'name': 'x'}, 1),
             ('DELETE', f'/groups/{admins["id"]}', None, 1)]
    for method, path, body, version in tries:
        assert clerk.call(method, path, body, version).status == 403, (method, path)
    assert account(shop, admin.id)['version'] == 1
    admin.browser(fresh=True)       # the password is what it was


def test_an_account_cannot_raise_itself_by_the_page_about_itself(shop):
    plain = Person(shop, 'plain', ['record.read'])
    for body in ({'groups': ['1']}, {'state': 'active'}, {'login': 'admin'}, {'permissions': ALL}, {'version': 1}):
        assert plain.call('PATCH', '/me', body).status == 422, body
    assert plain.call('PATCH', '/me', {'theme': 'dark', 'lang': 'en'}).status == 200
    assert account(shop, plain.id)['permissions'] == ['record.read']


def test_somebody_who_may_manage_accounts_is_always_left(shop):
    first, second = Person(shop, 'first', ALL), Person(shop, 'second', groups=[groups_of(shop)['管理者']['id']])
    admins = groups_of(shop)['管理者']
    assert second.call('PATCH', f'/accounts/{first.id}', {'state': 'suspended'}, 1).status == 200
    # `second` alone is left: the key (the operator's) may not remove it, the own group may not lose it, nor the account itself
    for method, path, body, version in (('PATCH', f'/accounts/{second.id}', {'state': 'suspended'}, 1), ('PATCH', f'/accounts/{second.id}', {'groups': []}, 1),
                                        ('DELETE', f'/accounts/{second.id}', None, 1),
                                        ('PATCH', f'/groups/{admins["id"]}', {'permissions': ['record.read']}, admins['version'])):
        assert second.call(method, path, body, version).status == 409, (method, path)
        assert shop.api(method, path, json=body, headers={'If-Match': f'"{version}"'}).status == 409, (method, path)
    assert account(shop, second.id)['version'] == 1 and second.call('GET', '/accounts').status == 200


def test_two_managers_cannot_remove_each_other_at_the_same_moment(shop):
    admins = groups_of(shop)['管理者']['id']
    for round in range(6):
        a, b = Person(shop, f'a{round}', groups=[admins]), Person(shop, f'b{round}', groups=[admins])
        for other in shop.api('GET', '/accounts?limit=200').json()['accounts']:
            if other['id'] not in (a.id, b.id) and other['state'] == 'active':
                assert shop.api('PATCH', f'/accounts/{other["id"]}', json={'state': 'suspended'}, headers={'If-Match': f'"{other["version"]}"'}).status == 200
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            done = [f.result().status for f in (pool.submit(a.call, 'PATCH', f'/accounts/{b.id}', {'state': 'suspended'}, 1),
                                                pool.submit(b.call, 'PATCH', f'/accounts/{a.id}', {'state': 'suspended'}, 1))]
        assert done.count(200) == 1, done
        states = [account(shop, p.id)['state'] for p in (a, b)]
        assert sorted(states) == ['active', 'suspended']


def test_nobody_suspends_or_removes_themselves(shop):
    one, other = Person(shop, 'one', ALL), Person(shop, 'other', ALL)
    assert one.call('PATCH', f'/accounts/{one.id}', {'state': 'suspended'}, 1).status == 409
    assert one.call('DELETE', f'/accounts/{one.id}', None, 1).status == 409
    assert one.call('POST', f'/accounts/{one.id}/password', {'password': 'without-the-old-one'}).status == 409
    assert other.call('DELETE', f'/accounts/{one.id}', None, 1).status == 204


def test_a_reset_password_is_new_ends_the_sessions_and_must_be_changed(shop, house):
    staff = shop.staff
    browser = staff.browser(fresh=True)
    answer = shop.api('POST', f'/accounts/{staff.id}/password', json={})
    assert answer.status == 200
    made = answer.json()['password']
    assert browser.get('/me').status == 303 and browser.get('/me').headers['Location'].startswith('/login')
    assert house.browser().post('/login', {'tenant': shop.name, 'login': staff.login, 'password': staff.password}).status == 401
    assert house.browser_login(shop.name, staff.login, made).get('/').headers['Location'] == '/me/password'
    entry = shop.log()[-4:]
    assert made not in str(shop.log())
    assert [e['verb'] for e in entry if e['verb'] == 'password'] == ['password']


def test_who_is_removed_is_out_at_once_with_keys_and_jobs(shop, house):
    person, _ = Person(shop, 'leaver', ALL), shop.admin
    key = person.call('POST', '/keys', {'name': 'of the leaver', 'permissions': ['record.read', 'account.manage']}).json()['key']
    assert house.api('GET', '/accounts', key=key).status == 200
    job = house.sql("insert into daicho.job (tenant, account_id, actor_id, actor, kind, not_before) values (%s, %s, %s, 'leaver', 'export', 'infinity') "
                    'returning id', args=(shop.name, person.id, person.id))[0][0]
    assert shop.api('DELETE', f'/accounts/{person.id}', headers={'If-Match': '"1"'}).status == 204
    assert person.call('GET', '/me').status == 401
    assert house.api('GET', '/accounts', key=key).status == 401
    assert house.sql('select state from daicho.job where id = %s', args=(job,)) == [('cancelled',)]
    assert house.sql('select count(*) from daicho.credential where account_id = %s', args=(person.id,)) == [(0,)]


# groups ------------------------------------------------------------------------------------------------------------------------------------
def test_a_group_with_accounts_in_it_stays(shop):
    staff, id = shop.staff, groups_of(shop)['担当者']['id']
    assert shop.api('DELETE', f'/groups/{id}', headers={'If-Match': '"1"'}).status == 409
    shop.api('PATCH', f'/accounts/{staff.id}', json={'groups': []}, headers={'If-Match': '"1"'})
    assert shop.api('DELETE', f'/groups/{id}', headers={'If-Match': '"1"'}).status == 204


def test_a_change_of_a_group_holds_from_the_next_request(shop):
    person = Person(shop, 'one', ['record.read', 'key.manage'])
    assert person.call('GET', '/keys').status == 200
    answer = shop.api('PATCH', f'/groups/{person.groups[0]}', json={'permissions': ['record.read']}, headers={'If-Match': '"1"'})
    assert answer.status == 200 and answer.json()['group']['version'] == 2
    assert person.call('GET', '/keys').status == 403
    assert shop.api('PATCH', f'/groups/{person.groups[0]}', json={'name': 'late'}, headers={'If-Match': '"1"'}).status == 412


@pytest.mark.parametrize('body,item', [({'name': ''}, 'name'), ({'name': 'x' * 101}, 'name'), ({'name': 'x', 'permissions': ['no.such']}, 'permissions'),
                                       ({'name': 'x', 'permissions': ['']}, 'permissions'), ({'name': 'x', 'permissions': {'a': 1}}, 'permissions')])
def test_groups_that_cannot_be_are_refused_by_name(shop, body, item):
    answer = shop.api('POST', '/groups', json=body)
    assert answer.status == 422 and answer.json()['errors'][0]['item'] == item


def test_forms_untick_what_the_api_leaves(shop):
    """A form that sends no tick at all means none; an API call that does not name the member means unchanged."""
    id = group(shop, 'ticks', ['record.read', 'record.write'])
    admin = shop.admin.browser(fresh=True)
    assert shop.api('PATCH', f'/groups/{id}', json={'name': 'ticked'}, headers={'If-Match': '"1"'}).json()['group']['permissions'] != []
    assert admin.post(f'/groups/{id}', {'_method': 'PATCH', 'version': 2, 'name': 'ticked', 'permissions_given': 'true'}).status == 303
    assert shop.api('GET', f'/groups/{id}').json()['group']['permissions'] == []


def test_null_is_no_way_to_take_everything_away(shop):
    staff, id = shop.staff, group(shop, 'kept', ['record.read'])
    version = {'If-Match': '"1"'}
    assert shop.api('PATCH', f'/accounts/{staff.id}', json={'groups': None}, headers=version).status == 422
    assert shop.api('PATCH', f'/groups/{id}', json={'permissions': None}, headers=version).status == 422
    for body in ({'name': None}, {'login': None}, {'state': None}):
        assert shop.api('PATCH', f'/accounts/{staff.id}', json=body, headers=version).status == 422, body
    assert account(shop, staff.id)['permissions'] != []
    # what the API showed can be sent back as it is
    shown = account(shop, staff.id)
    same = {k: shown[k] for k in ('login', 'name', 'email', 'lang', 'theme', 'state', 'groups')}
    assert shop.api('PATCH', f'/accounts/{staff.id}', json=same, headers=version).status == 200
    assert {k: account(shop, staff.id)[k] for k in same} == same


# what the database holds by itself ---------------------------------------------------------------------------------------------------------
MASKED = ["update daicho.account set groups = groups || (select id from daicho.account_group where 'personal.see' = any (permissions) limit 1) where login = 'clerk'",
          "update daicho.account_group set permissions = permissions || '{{personal.see}}' where name = 'group of clerk'",
          "insert into daicho.account_group (tenant, name, permissions) values ('{tenant}', 'sly', '{{personal.see}}')",
          "insert into daicho.account (tenant, login, name, groups) select '{tenant}', 'sly', 'sly', array[id] from daicho.account_group where 'personal.see' = any (permissions)",
          "insert into daicho.api_key (tenant, name, token_hash, hint, permissions) values ('{tenant}', 'sly', '\\x01', 'dk_', '{{personal.see}}')",
          "insert into daicho.job (tenant, actor, kind, masked, permissions) values ('{tenant}', 'sly', 'export', false, '')",
          "insert into daicho.job (tenant, actor, kind, masked, permissions) values ('{tenant}', 'sly', 'export', true, 'personal.see')",
          "insert into daicho.account_group (tenant, name) values ('elsewhere', 'sly')"]


@pytest.mark.parametrize('statement', MASKED)
def test_the_masked_role_cannot_give_itself_sight_whatever_sql_it_speaks(shop, house, statement):
    Person(shop, 'clerk', ['account.manage', 'record.read'])
    with house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{shop.name}_masked',))
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ForeignKeyViolation)):
            connection.execute(statement.format(tenant=shop.name))


def test_the_masked_role_does_not_touch_accounts_that_see_more(shop, house):
    admin = shop.admin
    with house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{shop.name}_masked',))
        assert connection.execute("update daicho.account set login = 'mine' where id = %s", (admin.id,)).rowcount == 0
        assert connection.execute("delete from daicho.account_group where 'personal.see' = any (permissions)").rowcount == 0
    with house.connect('daicho_auth') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true), set_config('daicho.actor', 'account:0:x', true)", (f't_{shop.name}_masked',))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select daicho.credential_set(%s, 'x', false)", (admin.id,))


def test_a_role_sees_and_changes_accounts_of_its_own_contract_only(shop, house):
    other = house.tenant(registers=())
    other.admin, shop.admin
    with house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{shop.name}',))
        for table in ('account', 'account_group', 'session', 'api_key', 'job'):
            column = 'tenant' if table != 'session' else 'tenant'
            found = {row[0] for row in connection.execute(f'select {column} from daicho.{table}')}
            assert found <= {shop.name}, table
        assert connection.execute('update daicho.account set name = %s where id = %s', ('x', other.admin.id)).rowcount == 0
        assert connection.execute('delete from daicho.account where id = %s', (other.admin.id,)).rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update daicho.account set tenant = %s", (other.name,))
