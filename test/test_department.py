"""What is meant for one department stays there: groups of a department, transfers, administering words, groups one person holds, registers that are not
there for others."""
import threading

import psycopg
import pytest

from house import NO_CERTIFICATE, Account, Refused, until

DENIED, CLASH, TAKEN = psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation, psycopg.errors.UniqueViolation
SCOPED = ['record.read', 'record.write', 'record.delete', 'record.import', 'record.export', 'register.define']


class Company:
    """One contract with departments; groups and people are made when asked for."""

    def __init__(self, house, **more):
        self.house, self.shop = house, house.tenant(**more)
        self.shop.admin

    def call(self, who, method, path, json=None, **more):
        browser = who.browser()
        return browser.request(method, '/api/v1' + path, json_body=json, headers={'Accept': 'application/json', 'X-CSRF-Token': browser.csrf, **more})

    def ok(self, method, path, json=None, who=None):
        answer = self.call(who or self.shop.admin, method, path, json)
        assert answer.status in (200, 201), answer
        return answer.json()

    def department(self, name, **more):
        return self.ok('POST', '/departments', {'name': name, **more})['department']['id']

    def group(self, name, permissions, **more):
        return self.ok('POST', '/groups', {'name': name, 'permissions': permissions, **more})['group']['id']

    def member(self, login, department=None, groups=(), **more):
        made = self.ok('POST', '/accounts/new', {'login': login, 'name': login, 'password': 'long-enough-0-and-odd', 'groups': list(groups),
                                             **({'department': department} if department else {}), **more})['account']
        self.house.sql('update daicho.credential set must_change = false where account_id = %s', args=(made['id'],))      # as if they had changed it
        account = Account(self.shop, made['id'], login, 'long-enough-0-and-odd', '')
        account.person_id = made['person_id']
        self.shop._accounts[login] = account
        return account

    def now(self, who):
        return self.ok('GET', f'/accounts/{who.id}')['account']

    def put(self, who, by=None, **members):
        """The answer to a change of an account."""
        return self.call(by or self.shop.admin, 'PATCH', f'/accounts/{who.id}', {**members, 'version': self.now(who)['version']})

    def move(self, who, department, by=None):
        version = self.ok('GET', f'/people/{who.person_id}')['person']['version']
        return self.call(by or self.shop.admin, 'PATCH', f'/people/{who.person_id}', {'department': department, 'version': version})

    def inside(self, who, role='', login='daicho_web'):
        """A connection as SQL put into this person's unit of work would have it."""
        db = self.house.connect(login)
        db.autocommit = False
        kind = f'account:{who.id}:{who.login}' if isinstance(who, Account) else who
        db.execute("select set_config('daicho.actor', %s, true), set_config('daicho.groups', '', true)", [kind])
        db.execute("select set_config('role', %s, true)", [f't_{self.shop.name}{role}'])
        return db

    def held(self, group):
        return [a['login'] for a in self.ok('GET', f'/groups/{group}')['accounts']]


@pytest.fixture(scope='module')
def company(house):
    return Company(house)


@pytest.fixture(scope='module')
def sales(company):
    """営業部 and 経理部, a group of each, somebody in each."""
    company.department('営業部')
    company.department('経理部')
    company.eigyo = company.group('営業', ['record.read:customers', 'record.export:customers', 'key.manage'], department='営業部')
    company.keiri = company.group('経理', ['record.read:orders', 'record.export:orders'], department='経理部')
    return company


# Groups of a department -----------------------------------------------------------------------------------------------------------------------

def test_syn_3_12_5_a_a_grant_to_another_department_is_refused(sales):
    hanako, taro, nobody = sales.member('hanako', '営業部', [sales.eigyo]), sales.member('taro', '経理部', [sales.keiri]), sales.member('nobody')
    for who in taro, nobody:
        answer = sales.put(who, groups=[sales.eigyo])
        assert answer.status == 403 and '営業部' in answer.json()['detail'], answer
        assert answer.json()['errors'][0]['item'] == 'groups'
    assert sales.call(sales.shop.admin, 'POST', '/accounts/new', {'login': 'fresh', 'name': 'x', 'password': 'long-enough-0-and-odd', 'department': '経理部',
                                                             'groups': [sales.eigyo]}).status == 403
    assert sales.held(sales.eigyo) == ['hanako'] and sales.held(sales.keiri) == ['taro']
    # whatever SQL is put into the role, whoever connects, the owner's own included
    for login in 'daicho_web', 'daicho_auth', 'daicho_jobs':
        for sql in (f'update daicho.account set groups = groups || {sales.eigyo}::bigint where id = {taro.id}',
                    f"insert into daicho.account (tenant, login, name, groups) values ('{sales.shop.name}', 'sly', 'sly', '{{{sales.eigyo}}}')",
                    f"insert into daicho.account (tenant, login, name, groups) values ('{sales.shop.name}', 'sly', 'sly', '{{{sales.eigyo}}}')"
                    f' on conflict do nothing'):
            with sales.inside(sales.shop.admin, login=login) as db, pytest.raises(DENIED):
                db.execute(sql)
    with sales.house.connect() as db, pytest.raises(DENIED):
        db.execute('update daicho.account set groups = groups || %s::bigint where id = %s', [sales.eigyo, taro.id])
    # a group is not made one of a department others are in, nor of one that is not there
    free = sales.group('共通', ['record.read'])
    assert sales.put(taro, groups=[sales.keiri, free]).status == 200
    answer = sales.call(sales.shop.admin, 'PATCH', f'/groups/{free}', {'department': '営業部', 'version': 1})
    assert answer.status == 409 and 'taro' in answer.json()['detail'], answer
    assert sales.call(sales.shop.admin, 'PATCH', f'/groups/{free}', {'department': 'ない部', 'version': 1}).status == 422
    with sales.inside(sales.shop.admin) as db, pytest.raises(CLASH):
        db.execute("update daicho.account_group set department_id = (select id from daicho.department where name = '営業部') where id = %s", [free])
    assert hanako.id


def test_syn_3_12_5_a_a_transfer_out_takes_the_rights_at_once(sales, house):
    mover = sales.member('mover', '営業部', [sales.eigyo])
    assert sales.put(mover, grants=['record.read:orders']).status == 200
    key = sales.ok('POST', '/keys', {'name': 'of mover', 'permissions': ['record.read:customers']}, who=mover)['key']
    assert sales.call(mover, 'GET', '/registers/customers/records').status == 200
    assert house.api('GET', '/registers/customers/records', key=key).status == 200
    done = sales.move(mover, '経理部')
    assert done.status == 200 and done.json()['transfer']['groups'] == ['営業'] and done.json()['person']['department'] == '経理部', done
    assert sales.call(mover, 'GET', '/registers/customers/records').status == 404            # the session lives, the right does not
    assert sales.call(mover, 'GET', '/registers/orders/records').status == 200               # given to the account itself: for a review to decide
    assert house.api('GET', '/registers/customers/records', key=key).status == 404
    assert sales.now(mover)['groups'] == [] and 'key.manage' not in sales.now(mover)['permissions']
    entry = [e for e in sales.shop.log() if e['kind'] == 'person' and e['subject_id'] == mover.person_id and e['verb'] == 'update'][-1]
    assert entry['detail']['transfer']['groups'] == ['営業'] and entry['detail']['transfer']['from'] == '営業部' and entry['actor'] == 'admin'
    past = sales.ok('GET', f'/people/{mover.person_id}')['transfers']
    assert [(t['from'], t['to'], t['groups']) for t in past] == [('営業部', '経理部', ['営業'])]
    assert house.sql('select count(*) from daicho.access_review_item where person_id = %s and event = %s', args=(mover.person_id, '営業部 → 経理部'))[0][0] > 0
    page = sales.shop.browser().get(f'/people/{mover.person_id}').text
    assert '異動の記録' in page and '営業部' in page
    # back again, nothing comes back by itself; into none at all
    assert sales.move(mover, '営業部').json()['transfer']['groups'] == [] and sales.now(mover)['groups'] == []
    assert sales.move(mover, '').status == 200 and sales.ok('GET', f'/people/{mover.person_id}')['person']['department'] is None


def test_a_transfer_and_a_grant_at_the_same_moment_leave_no_right_behind(sales, house):
    who = sales.member('racer', '営業部')
    with sales.inside(sales.shop.admin) as granting, sales.inside(sales.shop.admin) as moving:
        granting.execute('update daicho.account set groups = array[%s]::bigint[] where id = %s', [sales.eigyo, who.id])
        moved = threading.Thread(target=lambda: (moving.execute(
            "update daicho.person set department_id = (select id from daicho.department where name = '経理部') where id = %s", [who.person_id]), moving.commit()))
        moved.start()
        assert until(lambda: house.sql("select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'daicho.person set department_id'"))
        granting.commit()
        moved.join(20)
    assert sales.now(who)['groups'] == [] and sales.ok('GET', f'/people/{who.person_id}')['person']['department'] == '経理部'


def test_a_transfer_takes_not_the_last_who_may_manage_accounts(house):
    one = Company(house)
    one.department('情シス')
    one.department('営業部')
    boss = one.ok('GET', f'/accounts/{one.shop.admin.id}')['account']['person_id']
    one.shop.admin.person_id = boss
    assert one.move(one.shop.admin, '情シス').status == 200
    everything = one.ok('GET', '/groups')['groups']
    admins = next(g for g in everything if g['name'] == '管理者')
    assert one.call(one.shop.admin, 'PATCH', f"/groups/{admins['id']}", {'department': '情シス', 'version': admins['version']}).status == 200
    answer = one.move(one.shop.admin, '営業部')
    assert answer.status == 409, answer
    assert one.now(one.shop.admin)['groups'] == [admins['id']] and one.ok('GET', f'/people/{boss}')['person']['department'] == '情シス'


# Departments themselves -------------------------------------------------------------------------------------------------------------------------

def test_a_department_renamed_or_merged_changes_nobodys_rights(house):
    firm = Company(house)
    old, new, other = firm.department('営業一課'), firm.department('営業部'), firm.department('広報部')
    group = firm.group('一課', ['record.read:customers'], department='営業一課')
    who = firm.member('hanako', '営業一課', [group])
    names = lambda: [d['name'] for d in firm.ok('GET', '/departments')['departments']]
    version = firm.ok('GET', f'/departments/{old}')['department']['version']
    assert firm.call(firm.shop.admin, 'PATCH', f'/departments/{old}', {'name': '第一営業課', 'version': version}).status == 200
    assert firm.ok('GET', f'/people/{who.person_id}')['person']['department'] == '第一営業課' and firm.ok('GET', f'/groups/{group}')['group']['department'] == '第一営業課'
    assert firm.now(who)['permissions'] == ['record.read:customers']
    assert firm.call(firm.shop.admin, 'POST', f'/departments/{old}/retire').status == 409
    done = firm.call(firm.shop.admin, 'POST', f'/departments/{old}/merge', {'into': '営業部'})
    assert done.status == 200 and done.json()['closed'] == {'name': '第一営業課', 'into': '営業部', 'people': 1, 'groups': ['一課']}, done
    assert firm.ok('GET', f'/people/{who.person_id}')['person']['department'] == '営業部' and firm.ok('GET', f'/groups/{group}')['group']['department'] == '営業部'
    assert firm.now(who)['permissions'] == ['record.read:customers'] and firm.ok('GET', f'/people/{who.person_id}')['transfers'] == []
    assert names() == ['営業部', '広報部']
    assert firm.call(firm.shop.admin, 'POST', f'/departments/{other}/retire').status == 200 and names() == ['営業部']
    assert firm.call(firm.shop.admin, 'GET', f'/departments/{old}').status == 404
    for into in ('営業部', '広報部', 'ない部', ''):
        assert firm.call(firm.shop.admin, 'POST', f'/departments/{new}/merge', {'into': into}).status == 422, into
    assert firm.call(firm.shop.admin, 'POST', '/departments', {'name': '営業部'}).status == 409
    assert firm.call(firm.shop.admin, 'POST', '/departments', {'name': 'あ' * 101}).status == 422
    assert firm.department('広報部') != other                    # a name is free again
    assert {e['verb'] for e in firm.shop.log() if e['kind'] == 'department'} >= {'create', 'update', 'view', 'list'}
    # the list of people by department
    listed = lambda query: [p['name'] for p in firm.ok('GET', f'/people?department={query}')['people']]
    assert listed('営業部') == ['hanako'] and listed('-') == ['admin'] and listed('') == ['admin', 'hanako'] and listed('ない部') == []


def test_departments_are_for_those_who_manage_people(sales):
    clerk = sales.member('clerk', '営業部', [sales.eigyo])
    personnel = sales.member('personnel', '営業部', [sales.group('人事', ['person.manage'])])
    for method, path, body in (('GET', '/departments', None), ('POST', '/departments', {'name': 'x'}), ('GET', '/groups/new', None)):
        assert sales.call(clerk, method, path, body).status in (403, 404)
    id = sales.ok('POST', '/departments', {'name': '人事が作った部'}, who=personnel)['department']['id']
    # who may hold what administers the system is not for the personnel department to say
    assert sales.call(personnel, 'PATCH', f'/departments/{id}', {'administers': True, 'version': 1}).status == 403
    assert sales.call(personnel, 'POST', '/departments', {'name': 'y', 'administers': True}).status == 403


# Raw SQL ----------------------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('role', ['', '_masked'])
def test_sql_in_a_role_forges_no_department(sales, role):
    staff = sales.shop.staff
    for login in 'daicho_web', 'daicho_auth', 'daicho_jobs':
        for who in (staff, '', 'account:999999999:x', 'key:999999999:x', 'operator:0:root' if login != 'daicho_jobs' else 'account:0:x'):
            for sql in ("update daicho.person set department_id = (select min(id) from daicho.department)",
                        f"insert into daicho.person (tenant, name, department_id) select '{sales.shop.name}', 'x', min(id) from daicho.department",
                        f"insert into daicho.department (tenant, name) values ('{sales.shop.name}', 'forged')",
                        "update daicho.department set name = name || 'x'", 'update daicho.department set administers = true',
                        'update daicho.department set merged_into = 1', 'update daicho.department set retired_at = now()', 'delete from daicho.department',
                        f'update daicho.account_group set department_id = null where id = {sales.eigyo}',
                        'update daicho.account_group set held_by_one = true', "select daicho.department_close((select min(id) from daicho.department), null)",
                        "select daicho.department_close((select min(id) from daicho.department), (select max(id) from daicho.department))",
                        "insert into daicho.transfer (tenant, person_id, groups, grants, done_by) values ('x', 1, '{}', '{}', 'x')", 'delete from daicho.transfer',
                        "select daicho.department_may('person.manage')", "select daicho.department_queue_up('x')", 'select daicho.department_of(1)'):
                with sales.inside(who, role, login) as db, pytest.raises(DENIED):
                    db.execute(sql)
    with sales.inside(sales.shop.admin) as db:                          # another contract's department is none
        other = sales.house.sql('select max(id) from daicho.department where tenant <> %s', args=(sales.shop.name,))[0][0]
        if other is not None:
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                db.execute('update daicho.person set department_id = %s where id = (select min(id) from daicho.person)', [other])


# What administers the system --------------------------------------------------------------------------------------------------------------------

def test_syn_3_12_5_a_what_administers_is_for_the_department_of_the_administrators(house):
    firm = Company(house)
    home, away = firm.department('情報システム部'), firm.department('営業部')
    admins = next(g['id'] for g in firm.ok('GET', '/groups')['groups'] if g['name'] == '管理者')
    firm.shop.admin.person_id = firm.now(firm.shop.admin)['person_id']
    mark = lambda: firm.call(firm.shop.admin, 'PATCH', f'/departments/{home}', {'administers': True, 'version': 1})
    assert mark().status == 409                                        # the administrator is in no department yet
    assert firm.move(firm.shop.admin, '情報システム部').status == 200 and mark().status == 200
    inner, outer = firm.member('inner', '情報システム部'), firm.member('outer', '営業部')
    assert firm.put(inner, groups=[admins]).status == 200
    for members in {'groups': [admins]}, {'grants': ['account.manage']}, {'grants': ['key.manage']}:
        assert firm.put(outer, **members).status == 403, members
    assert firm.put(outer, grants=['record.read', 'log.read', 'access.approve', 'person.manage']).status == 200    # those who answer for it sit elsewhere
    # nor by a group that gains the word while others are in it
    plain = firm.group('共通', ['record.read'])
    assert firm.put(outer, groups=[plain]).status == 200
    assert firm.call(firm.shop.admin, 'PATCH', f'/groups/{plain}', {'permissions': ['record.read', 'policy.manage'], 'version': 1}).status == 403
    with firm.inside(firm.shop.admin) as db, pytest.raises(DENIED):
        db.execute("update daicho.account set grants = '{account.manage}' where id = %s", [outer.id])
    # out: both ways of holding it end with the transfer
    assert firm.put(inner, grants=['session.manage', 'record.read']).status == 200
    done = firm.move(inner, '営業部').json()['transfer']
    assert (done['groups'], done['grants']) == (['管理者'], ['session.manage']) and firm.now(inner)['permissions'] == ['record.read']
    assert firm.call(inner, 'GET', '/accounts').status == 403
    # and the mark is not lost in a merger
    assert firm.call(firm.shop.admin, 'POST', f'/departments/{home}/merge', {'into': '営業部'}).status == 409
    assert firm.call(firm.shop.admin, 'POST', f'/departments/{away}/merge', {'into': '情報システム部'}).status == 200
    assert firm.put(outer, groups=[plain, admins]).status == 200


@pytest.fixture
def operators(house):
    """The name of the operators' contract; a house has one at a time, so one made here ends here."""
    there = house.sql("select name from daicho.tenant where kind = 'operator'")
    if there:
        yield there[0][0]
        return
    house.cli('tenant', 'create', 'unei', '--title', '運営', '--operators', '--no-admin', *NO_CERTIFICATE)
    yield 'unei'
    house.cli('tenant', 'end', 'unei', '--confirm', 'unei')


def test_syn_3_12_5_a_operators_who_administer_are_one_department(house, operators):
    name = operators
    chief = house.cli('account', 'create', '--tenant', name, 'chief', '--name', 'chief', '--group', '管理者', '--password', 'aA1!long-enough-odd')
    clerk = house.cli('account', 'create', '--tenant', name, 'clerk', '--name', 'clerk', '--group', '運営担当者', '--password', 'aA1!long-enough-odd')
    of = lambda id: house.sql('select d.name, a.words from daicho.account a join daicho.person p on p.id = a.person_id'
                              ' left join daicho.department d on d.id = p.department_id where a.id = %s', args=(id,))[0]
    assert of(chief['id'])[0] == 'システム管理' and of(clerk['id']) == (None, 'support.ask')
    admins, = house.sql("select id from daicho.account_group where tenant = %s and name = '管理者'", args=(name,))[0]
    for sql in ('update daicho.account set groups = groups || %s::bigint where id = %s', "update daicho.account set grants = array['account.manage', %s::text] where id = %s"):
        with house.connect() as db, pytest.raises((DENIED, CLASH)):
            db.execute(sql, [admins if 'groups' in sql else 'policy.manage', clerk['id']])
    house.sql('update daicho.person set department_id = null where id = (select person_id from daicho.account where id = %s)', args=(chief['id'],))
    assert of(chief['id']) == (None, '')


# Groups that one person holds ------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope='module')
def privileged(house):
    """特権ID, held by the CTO; a deputy who administers, too."""
    firm = Company(house)
    firm.admins = next(g['id'] for g in firm.ok('GET', '/groups')['groups'] if g['name'] == '管理者')
    firm.one = firm.group('特権ID', ['record.read', 'policy.manage'], held_by_one=True)
    firm.cto, firm.next, firm.third = firm.member('cto', groups=[firm.one, firm.admins]), firm.member('next'), firm.member('third')
    return firm


def test_reg_10_2_c_a_second_holder_is_refused(privileged):
    firm = privileged
    answer = firm.put(firm.next, groups=[firm.one])
    assert answer.status == 409 and 'cto' in answer.json()['detail'], answer
    assert firm.call(firm.shop.admin, 'POST', '/accounts/new', {'login': 'more', 'name': 'x', 'password': 'long-enough-0-and-odd', 'groups': [firm.one]}).status == 409
    for sql in (f'update daicho.account set groups = groups || {firm.one}::bigint where id = {firm.next.id}',
                f'update daicho.account set groups = groups || {firm.one}::bigint where id in ({firm.next.id}, {firm.third.id})',
                f"insert into daicho.account (tenant, login, name, groups) values ('{firm.shop.name}', 'sly', 'sly', '{{{firm.one}}}')"):
        with firm.inside(firm.shop.admin) as db, pytest.raises(TAKEN):
            db.execute(sql)
        with firm.house.connect() as db, pytest.raises(TAKEN):
            db.execute(sql)
    assert firm.held(firm.one) == ['cto']
    # a group of several does not become one; nor is the rule lifted by whoever may not
    several = firm.group('二人', ['record.read'])
    for who in firm.next, firm.third:
        assert firm.put(who, groups=[several]).status == 200
    assert firm.call(firm.shop.admin, 'PATCH', f'/groups/{several}', {'held_by_one': True, 'version': 1}).status == 409
    with firm.inside(firm.shop.admin) as db, pytest.raises(CLASH):
        db.execute('update daicho.account_group set held_by_one = true where id = %s', [several])
    with firm.inside(firm.next) as db, pytest.raises(DENIED):
        db.execute('update daicho.account_group set held_by_one = false where id = %s', [firm.one])
    for who in firm.next, firm.third:
        assert firm.put(who, groups=[]).status == 200
    assert [g['held_by_one'] for g in firm.ok('GET', '/groups')['groups'] if g['name'] == '管理者'] == [False]


def test_reg_10_2_c_of_two_grants_at_once_one_wins(privileged, house):
    firm = privileged
    free = firm.group('空き', ['record.read'], held_by_one=True)
    first, second = firm.inside(firm.shop.admin), firm.inside(firm.shop.admin)
    took = []

    def take(db, who):
        try:
            db.execute('update daicho.account set groups = groups || %s::bigint where id = %s', [free, who.id])
            db.commit()
            took.append(who.login)
        except psycopg.Error as refused:
            took.append(refused.sqlstate)
            db.rollback()

    first.execute('update daicho.account set groups = groups || %s::bigint where id = %s', [free, firm.next.id])
    late = threading.Thread(target=take, args=(second, firm.third))
    late.start()
    assert until(lambda: house.sql("select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'groups [|][|]'"))
    first.commit()
    late.join(20)
    assert took == ['23505'] and firm.held(free) == ['next']
    # the same by people, many at once
    assert firm.put(firm.next, groups=[]).status == 200
    keys = [firm.member(f'many{i}') for i in range(6)]
    answers, versions, key = [], [firm.now(k)['version'] for k in keys], firm.shop.key
    work = [threading.Thread(target=lambda k=k, v=v: answers.append(firm.shop.api('PATCH', f'/accounts/{k.id}', json={'groups': [free], 'version': v}).status))
            for k, v in zip(keys, versions)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(60)
    assert sorted(answers) == [200] + [409] * 5 and len(firm.held(free)) == 1
    for db in first, second:
        db.close()


def test_reg_10_2_c_handing_over_ends_the_privilege_of_the_one_before(privileged, house):
    firm = privileged
    assert firm.call(firm.cto, 'GET', '/policy').status == 200
    page = firm.cto.browser().get(f'/groups/{firm.one}').text
    assert '現在の担当者' in page and f'/groups/{firm.one}/hand-over' in page and '引き継ぐ' in page
    # only with a fresh proof, only by somebody who holds it, only to somebody who is there
    house.sql("update daicho.session set proven_at = now() - interval '1 hour' where account_id = %s", args=(firm.cto.id,))
    stale = firm.cto._browser.request('POST', f'/api/v1/groups/{firm.one}/hand-over', json_body={'login': 'next'})
    assert stale.status == 401 and stale.json()['code'] == 'UNPROVEN', stale
    for body in {}, {'login': 'nobody'}, {'login': 'cto'}, {'login': ''}:
        assert firm.call(firm.cto, 'POST', f'/groups/{firm.one}/hand-over', body).status in (404, 409, 422), body
    assert firm.call(firm.cto, 'POST', f'/groups/{firm.admins}/hand-over', {'login': 'next'}).status == 409
    manager = firm.member('manager', groups=[firm.group('人の管理', ['account.manage'])])
    assert firm.call(manager, 'POST', f'/groups/{firm.one}/hand-over', {'login': 'next'}).status == 403        # nobody gives what they do not hold
    assert firm.held(firm.one) == ['cto']
    assert firm.put(firm.cto, groups=[firm.one], grants=['account.manage']).status == 200
    done = firm.call(firm.cto, 'POST', f'/groups/{firm.one}/hand-over', {'login': 'next'})
    assert done.status == 200 and done.json()['handed_over'] == {'from': 'cto', 'to': 'next'}, done
    assert firm.held(firm.one) == ['next']
    assert firm.call(firm.cto, 'GET', '/policy').status == 403 and firm.call(firm.next, 'GET', '/policy').status == 200
    entry = [e for e in firm.shop.log() if e['kind'] == 'group' and e['subject_id'] == firm.one and e['result'] == 'OK' and e['verb'] == 'update'][-1]
    assert (entry['actor'], entry['detail']['from'], entry['detail']['to']) == ('cto', 'cto', 'next')
    # whom nobody holds goes to the first
    free = firm.group('引き継ぎ', ['record.read'], held_by_one=True)
    assert firm.call(firm.shop.admin, 'POST', f'/groups/{free}/hand-over', {'login': 'third'}).json()['handed_over'] == {'from': None, 'to': 'third'}


def test_reg_10_2_c_the_last_administrator_can_hand_over_and_not_vanish(house):
    firm = Company(house)
    boss, heir = firm.shop.admin, firm.member('heir')
    admins = next(g for g in firm.ok('GET', '/groups')['groups'] if g['name'] == '管理者')
    assert firm.call(boss, 'PATCH', f"/groups/{admins['id']}", {'held_by_one': True, 'version': admins['version']}).status == 200
    assert firm.put(boss, groups=[]).status == 409                                          # nobody would be left
    assert firm.call(boss, 'POST', f"/groups/{admins['id']}/hand-over", {'login': 'heir'}).status == 200
    assert firm.call(boss, 'GET', '/accounts').status == 403 and firm.call(heir, 'GET', '/accounts').status == 200
    with firm.inside(heir) as db, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        db.execute('update daicho.account set groups = array_remove(groups, %s::bigint) where id = %s', [admins['id'], heir.id])


def test_reg_10_2_c_masked_accounts_hand_over_nothing_that_sees_personal_items(privileged):
    firm = privileged
    seer = firm.group('閲覧', ['personal.see'], held_by_one=True)
    masked = firm.member('masked', groups=[firm.group('隠し', ['account.manage', 'record.read'])])
    assert firm.call(masked, 'POST', f'/groups/{seer}/hand-over', {'login': 'third'}).status == 403
    for sql in (f'update daicho.account set groups = groups || {seer}::bigint where id = {firm.third.id}',
                f'update daicho.account_group set held_by_one = false where id = {seer}'):
        with firm.inside(masked, '_masked') as db, pytest.raises(DENIED):
            if db.execute(sql).rowcount == 0:
                raise DENIED('row security shows it nothing to change')
    assert firm.held(seer) == []


def test_the_operator_puts_it_right_by_command_by_the_same_rules(privileged, house):
    firm = privileged
    lost = firm.group('失われた鍵', ['log.erase'], held_by_one=True)
    firm.department('監査室')
    made = house.cli('account', 'create', '--tenant', firm.shop.name, 'kansa', '--name', 'kansa', '--department', '監査室', '--password', 'aA1!long-enough-odd')
    assert house.sql('select d.name from daicho.person p join daicho.department d on d.id = p.department_id where p.id = %s', args=(made['person_id'],)) == [('監査室',)]
    done = house.cli('group', 'handover', '--tenant', firm.shop.name, '失われた鍵', 'kansa')
    assert (done['from'], done['to']) == (None, 'kansa') and firm.held(lost) == ['kansa']
    assert house.cli('group', 'handover', '--tenant', firm.shop.name, '失われた鍵', 'third')['from'] == 'kansa' and firm.held(lost) == ['third']
    moved = house.cli('person', 'transfer', '--tenant', firm.shop.name, 'kansa', '--department', '')
    assert moved['department'] is None and moved['transfer']['from'] == '監査室'
    with pytest.raises(Refused):
        house.cli('person', 'transfer', '--tenant', firm.shop.name, 'kansa', '--department', 'ない部')


# Registers that are not there for others ----------------------------------------------------------------------------------------------------------

def test_grp_4_3_a_a_register_of_another_department_is_not_there(sales, house):
    shop = sales.shop
    made = shop.api('POST', '/registers/customers/records', json={'email': 'himitsu@example.jp', 'family_name': '秘密', 'given_name': '花'}).json()
    order = shop.api('POST', '/registers/orders/records', json={'customer': made['id'], 'order_number': 'A-1', 'ordered_on': '2026-11-01', 'total': 100})
    eigyo, keiri = sales.member('eigyo', '営業部', [sales.eigyo]), sales.member('keiri', '経理部', [sales.keiri])
    assert sales.call(eigyo, 'GET', f"/registers/customers/records/{made['id']}").status == 200
    # the definition, the list, the search, the record, its history, export and import: as if there were no such register
    for method, path, body in (('GET', '/registers/X', None), ('GET', '/registers/X/records', None), ('GET', '/registers/X/records?q=himitsu', None),
                               ('GET', f"/registers/X/records/{made['id']}", None), ('GET', f"/registers/X/records/{made['id']}/changes", None),
                               ('GET', '/registers/X/records/999999', None), ('POST', '/registers/X/records', {}), ('POST', '/registers/X/exports', {}),
                               ('PATCH', f"/registers/X/records/{made['id']}", {'version': 1}), ('DELETE', f"/registers/X/records/{made['id']}", None)):
        told = [sales.call(keiri, method, path.replace('X', name), body, **{'If-Match': '"1"'}) for name in ('customers', 'nothing_here')]
        assert [a.status for a in told] == [404, 404], path
        assert told[0].content.replace(b'customers', b'X') == told[1].content.replace(b'nothing_here', b'X'), path
    for path in ('/registers/X/records', '/registers/X/imports/new', '/registers/X/exports/new', f"/registers/X/records/{made['id']}/edit", '/registers/X'):
        told = [keiri.browser().get(path.replace('X', name)) for name in ('customers', 'nothing_here')]
        assert [a.status for a in told] == [404, 404], path
        assert told[0].text.replace('customers', 'X') == told[1].text.replace('nothing_here', 'X'), path
    assert keiri.browser().post('/registers/customers/imports', files={'file': ('x.csv', b'a,b', 'text/csv')}).status == 404
    # with one right there, what another right is needed for is refused as always
    assert sales.call(keiri, 'POST', '/registers/orders/records', {}).status == 403
    # an attempt is written down as what it was
    attempts = [e for e in shop.log() if e['actor'] == 'keiri' and e['result'] == 'FORBIDDEN']
    assert attempts and attempts[0]['detail']['register'] == 'customers'
    # no list, menu, tile or description names it
    keiri_sees = lambda path: sales.call(keiri, 'GET', path)
    assert [r['name'] for r in keiri_sees('/registers').json()['registers']] == ['orders']
    for path in '/registers', '/registers/orders', '/registers/orders/records', '/openapi.json', '/summary', '/jobs', '/me':
        answer = keiri_sees(path)
        assert answer.status == 200 and b'"customers"' not in answer.content and b'/customers' not in answer.content and b'_customers' not in answer.content, path
    for path in '/', '/registers', '/registers/orders', '/registers/orders/records', '/me', '/help', '/jobs':
        text = keiri.browser().get(path).text
        assert '/customers' not in text and '>customers<' not in text and '"customers"' not in text, path
    assert order.status in (201, 422)


def test_grp_4_3_a_jobs_about_a_register_go_with_the_right(sales, house):
    mover = sales.member('exporter', '営業部', [sales.eigyo])
    answer = sales.call(mover, 'POST', '/registers/customers/exports', {})
    assert answer.status in (201, 202), answer
    id = int(answer.json().get('id') or answer.json()['job'])
    assert house.wait_job(id, sales.shop)['state'] == 'done'
    assert sales.call(mover, 'GET', f'/jobs/{id}').status == 200
    assert sales.move(mover, '経理部').status == 200
    for method, path in ('GET', f'/jobs/{id}'), ('GET', f'/jobs/{id}/file'), ('POST', f'/jobs/{id}/cancel'):
        assert sales.call(mover, method, path).status == 404, path
    assert sales.ok('GET', '/jobs', who=mover)['jobs'] == []


def test_grp_4_3_a_who_gives_rights_learns_of_no_register_they_hold_nothing_on(sales):
    deputy = sales.member('deputy2', '経理部', [sales.group('経理の管理', ['account.manage', 'record.read:orders'])])
    groups = {g['name']: g for g in sales.ok('GET', '/groups', who=deputy)['groups']}
    assert groups['営業']['permissions'] == ['key.manage'] and groups['経理']['permissions'] == ['record.read:orders', 'record.export:orders']
    page = deputy.browser().get('/groups/new').text
    assert 'record.read:orders' in page and ':customers' not in page
    told = [sales.call(deputy, 'POST', '/groups', {'name': 'x', 'permissions': [f'record.read:{name}']}) for name in ('customers', 'nothing_here')]
    assert [a.status for a in told] == [422, 422]
    assert told[0].content.replace(b'customers', b'X') == told[1].content.replace(b'nothing_here', b'X')
    answer = sales.call(deputy, 'PATCH', f"/groups/{sales.eigyo}", {'name': 'y', 'version': 1})
    assert answer.status == 403 and b'customers' not in answer.content
    # what was denied about it stays, whatever they send
    denied = sales.member('denied')
    assert sales.put(denied, grants=['record.read'], denials=['record.read:customers']).status == 200
    over = sales.member('over', groups=[sales.group('顧客以外', ['account.manage', *SCOPED])])
    assert sales.put(over, denials=[f'{w}:customers' for w in SCOPED]).status == 200
    assert sales.call(over, 'GET', '/registers/customers/records').status == 404 and sales.call(over, 'GET', '/registers/orders/records').status == 200
    assert sales.call(over, 'GET', '/registers/nothing_here/records').status == 404
    assert sales.put(denied, by=over, denials=[]).status == 200
    assert sales.now(denied)['denials'] == ['record.read:customers']


# Pages -------------------------------------------------------------------------------------------------------------------------------------------------

def test_pages_of_groups_and_departments_work_by_their_forms(house):
    firm = Company(house)
    browser = firm.shop.browser()
    assert browser.post('/departments', {'name': '営業部 & #1'}).headers['Location'] == '/departments?done=created'
    id = firm.ok('GET', '/departments')['departments'][0]['id']
    page = browser.get(f'/departments/{id}').text
    assert '営業部 &amp; #1' in page and 'department=%E5%96%B6%E6%A5%AD%E9%83%A8%20%26%20%231' in page
    assert 'name="name"' not in browser.get('/groups').text and 'name="held_by_one"' in browser.get('/groups/new').text
    made = browser.post('/groups', {'name': '営業', 'department': '営業部 & #1', 'held_by_one': 'true', 'permissions': ['record.read']})
    assert made.status == 303, made
    group = firm.ok('GET', made.headers['Location'].split('?')[0])['group']
    assert (group['department'], group['held_by_one']) == ('営業部 & #1', True)
    saved = browser.post(f"/groups/{group['id']}", {'_method': 'PATCH', 'name': '営業', 'version': '1', 'permissions_given': 'true', 'department': '',
                                                   'permissions': ['record.read']})
    assert saved.status == 303, saved
    group = firm.ok('GET', f"/groups/{group['id']}")['group']
    assert (group['department'], group['held_by_one']) == (None, False)
    assert browser.post('/people', {'name': '花子', 'kind': 'employee', 'department': '営業部 & #1'}).status == 303
    listed = browser.get('/people?department=' + '%E5%96%B6%E6%A5%AD%E9%83%A8%20%26%20%231').text
    assert '花子' in listed and '/people/' in listed
    assert browser.post(f'/departments/{id}', {'_method': 'PATCH', 'name': '営業本部', 'version': '1', 'administers_given': 'true'}).status == 303
    assert firm.ok('GET', '/people')['people'][1]['department'] == '営業本部'
