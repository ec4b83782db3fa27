"""Contracts are kept apart by PostgreSQL: raw SQL on every shared table, as every login role, inside one contract and inside none; and every route asked with
what belongs to the other. The lists are made from the database and the route table: a table or route that comes later is tried without a line here."""
import json
import subprocess

import psycopg
import pytest
from psycopg import errors

from cluster import scope
from house import DAICHO, until

ROUTES = json.loads(subprocess.run([str(DAICHO), 'routes', '--json'], capture_output=True, text=True, check=True).stdout)
LOGINS = ['daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli']
MARK = '別会社秘密'        # stands in everything the other contract has
# shared tables that hold nothing of a contract, or that only functions of the owner reach
HOUSE = {'migration', 'rehearsal', 'credential', 'log', 'tenant'}


@pytest.fixture(scope='module')
def pair(house):
    """mine: a contract with its admin; other: one with a row in every shared table."""
    mine, other = house.tenant(), house.tenant()
    mine.other = other
    assert mine.admin and other.admin
    mine.words = mine.browser().get('/api/v1/me').json()['permission_words']
    other.sql(f"update daicho.tenant set title = title || '{MARK}' where name = '{other.name}'")
    other.sql(f"update daicho.account set name = '{MARK}', email = '{MARK}@example.jp' where tenant = '{other.name}'")
    group = other.api('POST', '/groups', json={'name': MARK, 'permissions': ['record.read']}).json()['group']['id']
    record = other.api('POST', '/registers/customers/records', json={'email': 'other@example.jp', 'family_name': MARK, 'given_name': '花'}).json()['id']
    other.api('POST', '/registers/orders/records', json={'customer': record, 'ordered_on': '2026-11-01', 'number': '1', 'product': MARK})
    key = other.new_key(MARK)
    job = house.export('customers', other)
    house.wait_job(job, other)
    other.api('GET', '/registers/customers/records?q=' + MARK)
    other.sql(f"""
        insert into daicho.factor (tenant, account_id, kind, name, secret, confirmed_at) select tenant, id, 'totp', '{MARK}', 'secret', now() from daicho.account where tenant = '{other.name}' limit 1;
        insert into daicho.recovery_code (tenant, account_id, hash) select tenant, id, 'hash' from daicho.account where tenant = '{other.name}' limit 1;
        insert into daicho.provider (tenant, kind, name, issuer, client_id, secret_name) values ('{other.name}', 'oidc', '{MARK}', 'https://x.example', 'x', 'x');
        insert into daicho.identity (tenant, provider_id, subject, name) select tenant, id, 'subject', '{MARK}' from daicho.provider where tenant = '{other.name}';
        insert into daicho.sign_on (tenant, provider_id, state_hash, browser_hash, nonce, verifier) select tenant, id, 'state', 'browser', 'nonce', '{MARK}' from daicho.provider where tenant = '{other.name}';
        insert into daicho.certificate (tenant, serial, name, expires_at) values ('{other.name}', '4ABCDEF0123456789ABCDEF012345678', '{MARK}', now() + interval '1 year');
        insert into daicho.support_grant (tenant, operator_id, operator, reason, minutes) select tenant, id, 'x', '{MARK}', 30 from daicho.account where tenant = '{other.name}' limit 1;
        insert into daicho.notice (tenant, kind, recipient, subject, body, not_before) values ('{other.name}', 'x', 'x@example.jp', '{MARK}', '{MARK}', 'infinity');
        insert into daicho.access_review_told (tenant, due_at, what) values ('{other.name}', now(), 'soon');
        insert into daicho.access_request (tenant, kind, account_id, login, gains, purpose, asked_by, asked_who) select tenant, 'removal', id, login, false, '{MARK}', 'x', 'person:0'
            from daicho.account where tenant = '{other.name}' limit 1;
        select daicho.review_person(p.id, '{MARK}') from daicho.person p join daicho.account a on a.person_id = p.id where p.tenant = '{other.name}'""")
    other.browser()
    mine.ids = {'records': [record], 'groups': [group], 'jobs': [job]}
    return mine


def shared(house):
    """{table: its columns} of the shared tables, those with a column tenant."""
    rows = house.sql("select c.relname, array_agg(a.attname::text order by a.attnum) from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
                     "where c.relnamespace = 'daicho'::regnamespace and c.relkind in ('r', 'p') group by 1 order by 1")
    return {name: columns for name, columns in rows}


class Inside:
    def __init__(self, house, login, role):
        self.db = house.connect(login)
        self.db.prepare_threshold = 0
        self.role = role

    def __call__(self, sql):
        try:
            with self.db.transaction(force_rollback=True):
                if self.role:
                    self.db.execute("select set_config('role', %s, true)", (self.role,), prepare=True)
                cursor = self.db.execute(sql, prepare=True)
                return cursor.fetchall() if cursor.description else cursor.rowcount
        except psycopg.Error as e:
            assert MARK not in str(e), e
            return e


def test_every_shared_table_forces_row_security(house, pair):
    open_ = house.sql("select relname from pg_class where relnamespace = 'daicho'::regnamespace and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity) order by 1")
    reached = [name for (name,) in open_ if house.sql(f"select has_any_column_privilege('daicho_tenant', 'daicho.{name}', 'select, insert, update, references')")[0][0]]
    assert reached in ([], ['rehearsal']), reached      # how far a rehearsal shifts the clock: everybody's
    # a row policy for the tenants' roles names the contract, or narrows one that does
    loose = house.sql("select polrelid::regclass::text, polname from pg_policy where polpermissive and 'daicho_tenant'::regrole = any (polroles) "
                      "and coalesce(pg_get_expr(polqual, polrelid), '') || coalesce(pg_get_expr(polwithcheck, polrelid), '') !~ 'daicho.(role_)?tenant\\(\\)' order by 1")
    assert loose == [('daicho.postal', 'read'), ('daicho.postal_data', 'read')], loose        # what Japan Post publishes: of no contract


@pytest.mark.parametrize('login', LOGINS)
@pytest.mark.parametrize('mask', ['', '_masked'])
def test_reg_12_3_b_raw_sql_on_every_shared_table_reaches_no_other_contract(house, pair, login, mask):
    inside = Inside(house, login, scope(login, pair.name, mask))
    tried = 0
    for table, columns in shared(house).items():
        if 'tenant' not in columns:
            continue
        tried += 1
        with_rows = house.sql(f"select count(*) from daicho.{table} where tenant = '{pair.other.name}'")[0][0]
        for sql in (f"select count(*) from daicho.{table} where tenant = '{pair.other.name}'", f"select count(*) from daicho.{table} where tenant <> '{pair.name}'",
                    f"select count(*) from daicho.{table} x where x::text like '%{MARK}%'", f'select to_jsonb(x) from daicho.{table} x', f'table daicho.{table}'):
            found = inside(sql)
            assert isinstance(found, errors.InsufficientPrivilege) or found in ([(0,)], []) or ('to_jsonb' in sql or 'table' in sql) and MARK not in str(found) \
                and f"'{pair.other.name}'" not in str(found), (table, sql, found)
        for column in columns:
            found = inside(f"select {column} from daicho.{table} where tenant = '{pair.other.name}'")
            assert isinstance(found, errors.InsufficientPrivilege) or found == [], (table, column, found)
            found = inside(f"update daicho.{table} set {column} = {column} where tenant = '{pair.other.name}'")
            assert isinstance(found, (errors.InsufficientPrivilege, errors.GeneratedAlways)) or found == 0, (table, column, found)
        found = inside(f"update daicho.{table} set tenant = '{pair.other.name}'")
        assert isinstance(found, errors.InsufficientPrivilege) or found == 0, (table, found)
        found = inside(f"delete from daicho.{table} where tenant = '{pair.other.name}'")
        assert isinstance(found, errors.InsufficientPrivilege) or found == 0, (table, found)
        found = inside(f"insert into daicho.{table} (tenant) values ('{pair.other.name}')")
        assert isinstance(found, (errors.InsufficientPrivilege, errors.NotNullViolation)), (table, found)
        found = inside(f"insert into daicho.{table} select * from daicho.{table}")
        assert isinstance(found, (errors.InsufficientPrivilege, errors.GeneratedAlways)), (table, found)
        assert with_rows == house.sql(f"select count(*) from daicho.{table} where tenant = '{pair.other.name}'")[0][0]
    assert tried >= 14


@pytest.mark.parametrize('login', LOGINS + ['daicho_sso', 'daicho_mailer', 'daicho_sealer'])
def test_reg_12_3_b_without_a_contract_a_login_role_has_no_rows(house, pair, login):
    inside = Inside(house, login, None)
    for table, columns in shared(house).items():
        for sql in (f'select count(*) from daicho.{table}', f'select * from daicho.{table}', f'update daicho.{table} set {columns[0]} = {columns[0]}', f'delete from daicho.{table}'):
            found = inside(sql)
            assert isinstance(found, (errors.InsufficientPrivilege, errors.GeneratedAlways)) or found in (0, [(0,)], []) or table == 'rehearsal', (table, sql, found)
    for schema in f't_{pair.name}', f't_{pair.other.name}':
        for table in 'log', 'log_detail', 'change', 'register', 'r_customers', 'm_customers':
            assert isinstance(inside(f'select 1 from {schema}.{table}'), errors.InsufficientPrivilege)


@pytest.mark.parametrize('mask', ['', '_masked'])
def test_reg_12_3_b_the_schema_of_another_contract_is_closed(house, pair, mask):
    relations = [row[0] for row in house.sql(f"select relname from pg_class where relnamespace = 't_{pair.other.name}'::regnamespace and relkind in ('r', 'v', 'S', 'p')")]
    assert len(relations) >= 12
    for login in LOGINS:
        inside = Inside(house, login, scope(login, pair.name, mask))
        for relation in relations:
            for sql in ('select * from {}', 'select count(*) from {}', 'delete from {}', 'explain select * from {}', 'lock table {}'):
                assert isinstance(inside(sql.format(f't_{pair.other.name}.{relation}')), (errors.InsufficientPrivilege, errors.WrongObjectType)), (relation, sql)


# Who may read which column: everything else of these tables is for functions of the owner ----------------------------------------------------------

SECRET = {
    'factor': {'secret', 'last_step', 'credential', 'public_key', 'algorithm', 'sign_count'}, 'recovery_code': {'hash'},
    'session': {'token_hash', 'challenge', 'challenge_at', 'provider_id', 'acting'}, 'api_key': {'token_hash'}, 'notice': {'body', 'secret'},
    'sign_on': {'state_hash', 'browser_hash', 'nonce', 'verifier'}, 'credential': {'hash'},
}


@pytest.mark.parametrize('table', SECRET)
@pytest.mark.parametrize('login', LOGINS + ['daicho_sso', 'daicho_mailer', 'daicho_sealer'])
def test_secrets_are_read_by_functions_of_the_owner_only(house, pair, login, table):
    columns = [c for c in shared(house)[table] if c in SECRET[table]]
    assert columns, table
    for role in ([*{scope(login, pair.other.name), scope(login, pair.other.name, '_masked')}, None] if login in LOGINS else [None]):
        inside = Inside(house, login, role)
        for column in columns:
            if column in ('challenge_at', 'provider_id', 'acting', 'secret') and table in ('session', 'notice'):
                continue        # no secrets; which of them may be shown is for those who show them
            for sql in (f'select {column} from daicho.{table}', f"select 1 from daicho.{table} where {column} is not null", f'select count(*) from daicho.{table} group by {column}',
                        f'select to_jsonb(x) from daicho.{table} x', f'update daicho.{table} set {column} = {column}'):
                assert isinstance(inside(sql), errors.InsufficientPrivilege), (table, column, role, sql, inside(sql))


# Over HTTP -----------------------------------------------------------------------------------------------------------------------------------------------

def ids_of(house, pair, kind):
    """Numbers that belong to the other contract, of the kind a path names; 'x' when nobody has told yet where such numbers come from."""
    if kind in pair.ids:
        return pair.ids[kind]
    tables = {'accounts': 'account', 'keys': 'api_key', 'sessions': 'session', 'people': 'person', 'persons': 'person', 'certificates': 'certificate', 'providers': 'provider',
              'identities': 'identity', 'applications': 'identity', 'factors': 'factor', 'support': 'support_grant', 'notices': 'notice', 'reviews': 'access_review'}
    if kind == 'log':
        return [house.sql(f'select max(id) + 100000 from t_{pair.other.name}.log')[0][0]]
    if kind in tables:
        return [row[0] for row in house.sql(f"select id from daicho.{tables[kind]} where tenant = '{pair.other.name}' order by id limit 2")]
    return [1000003]


@pytest.mark.parametrize('route', [r for r in ROUTES if r['permission'] != 'public' and r['path'] not in ('/logout', '/me/sessions/end', '/me/shared')], ids=lambda r: f"{r['method']} {r['path']}")
def test_reg_12_3_a_every_route_keeps_the_other_contract_out(house, pair, route):
    """With numbers of the other contract: 404. Without: no byte of it."""
    browser = pair.browser()
    change = route['method'] != 'GET'
    kind = route['path'].split('/{id}')[0].rsplit('/', 1)[1] if '{id}' in route['path'] else None
    assert until(lambda: not house.sql(f"select 1 from daicho.job where tenant = '{pair.name}' and state in ('queued', 'running')"))
    for id in ids_of(house, pair, kind) if kind else [0]:
        for register in ('customers', 'orders') if '{register}' in route['path'] else ('',):
            path = route['path'].replace('{id}', str(id)).replace('{register}', register)
            body = {'password': 'long-enough-0-and-odd'} if path.endswith('/password') else {'version': 1} if route['body_max'] else None
            for face, prefix in (('API', '/api/v1'), ('console', '')):
                if face not in route['face']:
                    continue
                if face == 'API':
                    answer = browser.request(route['method'], prefix + path, json_body=body if change else None, headers={'If-Match': '"1"', 'X-CSRF-Token': browser.csrf})
                else:
                    answer = browser.request(route['method'], path, form={'version': '1', **({k: v for k, v in (body or {}).items() if k == 'password'})} if change else None)
                assert answer.status < 500 and MARK not in answer.text and pair.other.name not in answer.text, (path, answer)
                if kind and not (route['path'].endswith('/changes') and answer.status == 200 and '"changes":[]' in answer.text.replace(' ', '')):
                    held = route['permission'] in ('any account', 'any right on the register', *pair.words)     # the operator's own routes are nobody's else
                    assert answer.status in ((404, 422, 428) if held else (403,)), (path, answer)
                    assert answer.status == 404 or change or not held, (path, answer)
