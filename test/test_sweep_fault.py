"""For each route that changes something: its n-th writing statement fails, for every n, and its COMMIT fails. Then the answer says so in the one form of
refusals, nothing has changed, and the log says that it was refused.

The fault is made where faults come from, in the database: triggers on every table of the contract count the writing statements with a sequence (which no
rollback turns back) and raise "disk full" at the n-th."""

import itertools
import json
import time

import pytest

SHARED = ['account_group', 'account', 'credential', 'session', 'api_key', 'job']
INSTALL = '''
create schema fault;
create table fault.plan (strike bigint, at_commit boolean);
insert into fault.plan values (0, false);
create sequence fault.count;
create function fault.strike() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if nextval('fault.count') = (select strike from fault.plan) then
        raise exception 'fault' using errcode = '53100';
    end if;
    return null;
end $$;
create function fault.strike_at_commit() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if (select at_commit from fault.plan) and nextval('fault.count') > 0 then
        if currval('fault.count') = (select strike from fault.plan) then
            raise exception 'fault' using errcode = '53100';
        end if;
    end if;
    return null;
end $$;
'''
numbers = itertools.count(1)


class Fault:
    def __init__(self, house):
        self.house = house
        self.shop = house.tenant(registers=('customers',))
        house.sql('drop schema if exists fault cascade')
        house.sql(INSTALL)
        # not where the sealer writes by itself which entries it has put into the tree: that comes when it comes
        self.tables = [f't_{self.shop.name}.{name}' for name, in house.sql('select relname from pg_class where relnamespace = %s::regnamespace and relkind = %s',
                                                                        args=(f't_{self.shop.name}', 'r')) if name != 'seal'] + [f'daicho.{t}' for t in SHARED]
        for table in self.tables:
            # not the minute a session or key was last seen: it comes when it comes
            columns = {'daicho.session': ' of account_id', 'daicho.api_key': ' of revoked_at, words'}.get(table, '')
            house.sql(f'create trigger fault before insert or update{columns} or delete on {table} execute function fault.strike()')
        house.sql(f'create constraint trigger fault_commit after insert on t_{self.shop.name}.log deferrable initially deferred'
                  ' for each row execute function fault.strike_at_commit()')

    def remove(self):
        # one by one: together they would wait for the runners, which look into the queue, in another order than those
        for table in self.tables:
            self.house.sql(f'drop trigger fault on {table}')
        self.house.sql('drop schema fault cascade')

    def plan(self, strike, at_commit=False):
        self.house.sql('update fault.plan set strike = %s, at_commit = %s', args=(strike, at_commit))
        self.house.sql('alter sequence fault.count restart')

    def counted(self):
        return self.house.sql('select case when is_called then last_value else 0 end from fault.count')[0][0]

    def state(self):
        """Every row of the contract but its log; without the minute a session or key was last seen."""
        found = {}
        for table in self.tables:
            if table.endswith(('.log', '.log_detail')):
                continue
            mine = f" where tenant = '{self.shop.name}'" if table.startswith('daicho.') and not table.endswith('credential') else ''
            found[table] = sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row, in self.house.sql(
                f"select to_jsonb(x) - 'seen_at' - 'used_at' from {table} x{mine}"))
        return found

    def results(self):
        return [r for r, in self.shop.sql('select result from log order by id desc limit 3')]


@pytest.fixture(scope='module')
def fault(house):
    fault = Fault(house)
    yield fault
    fault.remove()


def customer(shop):
    answer = shop.api('POST', '/registers/customers/records', json={'email': f'f{next(numbers)}@example.jp', 'family_name': '山田'})
    assert answer.status == 201, answer
    return answer.json()


def group(shop):
    answer = shop.api('POST', '/groups', json={'name': f'組{next(numbers)}', 'permissions': ['record.read']})
    assert answer.status == 201, answer
    return answer.json()


def account(shop):
    answer = shop.api('POST', '/accounts/new', json={'login': f'user{next(numbers)}', 'name': '利用者', 'groups': [], 'password': 'correct horse 9'})
    assert answer.status == 201, answer
    return answer.json()['account']


def number_of(model):
    return model['id'] if 'id' in model else next(v['id'] for v in model.values() if isinstance(v, dict) and 'id' in v)


def call(shop, method, path, body=None, version=None):
    return lambda: shop.api(method, path, json=body if body is not None else {}, headers={'If-Match': f'"{version}"'} if version else None)


# name: shop -> the request, on a state of its own
REQUESTS = {
    'record create': lambda s: call(s, 'POST', '/registers/customers/records', {'email': f'f{next(numbers)}@example.jp', 'family_name': '田中'}),
    'record change': lambda s: call(s, 'PATCH', f'/registers/customers/records/{customer(s)["id"]}', {'family_name': '佐藤'}, 1),
    'record delete': lambda s: call(s, 'DELETE', f'/registers/customers/records/{customer(s)["id"]}', None, 1),
    'group create': lambda s: call(s, 'POST', '/groups', {'name': f'組{next(numbers)}', 'permissions': ['record.read']}),
    'group change': lambda s: call(s, 'PATCH', f'/groups/{number_of(group(s))}', {'permissions': ['record.write']}, 1),
    'group delete': lambda s: call(s, 'DELETE', f'/groups/{number_of(group(s))}', None, 1),
    'account create': lambda s: call(s, 'POST', '/accounts/new', {'login': f'user{next(numbers)}', 'name': '名', 'groups': [], 'password': 'correct horse 9'}),
    'account change': lambda s: call(s, 'PATCH', f'/accounts/{account(s)["id"]}', {'name': '別名'}, 1),
    'account suspend': lambda s: call(s, 'PATCH', f'/accounts/{account(s)["id"]}', {'state': 'suspended'}, 1),
    'account delete': lambda s: call(s, 'DELETE', f'/accounts/{account(s)["id"]}', None, 1),
    'password reset': lambda s: call(s, 'POST', f'/accounts/{account(s)["id"]}/password', {}),
    'key create': lambda s: call(s, 'POST', '/keys', {'name': f'鍵{next(numbers)}', 'permissions': ['record.read']}),
    'key revoke': lambda s: call(s, 'DELETE', f'/keys/{number_of(s.api("POST", "/keys", json={"name": f"鍵{next(numbers)}", "permissions": ["record.read"]}).json())}'),
    'own look': lambda s: (lambda b: lambda: b.request('PATCH', '/api/v1/me', json_body={'theme': 'dark'}, headers={'Accept': 'application/json'}))(
        s.browser(fresh=True)),
}


@pytest.mark.parametrize('name', REQUESTS)
def test_a_failed_statement_leaves_nothing_behind(fault, name):
    totals = []
    while len(totals) < 2 or totals[-1] != totals[-2]:      # until nothing of the background counts along
        request = REQUESTS[name](fault.shop)
        fault.plan(0)
        done = request()
        assert done.status in (200, 201, 204), done
        totals.append(fault.counted())
        assert len(totals) < 9
    total = totals[-1]
    assert total >= 2, 'a change and its entry'
    for strike in [*range(1, total + 1), 'commit']:
        fault.plan(0)
        request = REQUESTS[name](fault.shop)
        before = fault.state()
        if strike == 'commit':
            fault.plan(total + 1, at_commit=True)
        else:
            fault.plan(strike)
        answer = request()
        fault.plan(0)
        assert answer.status == 507, (strike, total, answer)
        assert answer.json()['code'] == 'DISK_FULL' and answer.headers['Content-Type'].startswith('application/problem+json')
        assert fault.state() == before, strike
        assert fault.results()[0] == 'DISK_FULL', strike
    # and afterwards it works
    assert REQUESTS[name](fault.shop)().status in (200, 201, 204)


@pytest.mark.parametrize('strike', range(1, 9))
def test_an_import_that_fails_is_undone_or_taken_up_again(fault, strike):
    """Whatever write of the job fails: in the end all rows are there or none."""
    first = next(numbers) * 1000
    rows = 'email,family_name\n' + ''.join(f'i{first + n}@example.jp,取込\n' for n in range(300))
    fault.plan(0)
    job = fault.house.import_file('customers', rows.encode(), fault.shop)
    fault.plan(strike)
    end = time.monotonic() + 60
    while not (state := fault.house.sql('select state, done from daicho.job where id = %s', args=(job,))[0])[0] in ('done', 'failed'):
        if fault.counted() > strike:        # it has happened: the second attempt need not wait its ten seconds
            fault.house.sql("update daicho.job set not_before = now() - interval '1 second' where state = 'queued' and not_before > now()")
        time.sleep(0.1)
        assert time.monotonic() < end, state
    fault.plan(0)
    there = fault.shop.sql("select count(*) from r_customers where email like %s", args=(f'i{str(first)[:-3]}%',))[0][0]
    assert there == (300 if state[0] == 'done' else 0), state
