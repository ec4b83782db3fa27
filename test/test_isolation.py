"""The database, not the C code, keeps tenants apart. Each test takes the place of SQL that got into a statement by mistake or malice: it connects as
the real login role, takes a tenant's role as the house does, and tries to get out."""

import hashlib

import psycopg
import pytest
from psycopg import errors

from cluster import scope

DENIED = (errors.InsufficientPrivilege,)


def digest(text):
    return hashlib.sha256(text.encode()).digest()


@pytest.fixture(scope='module')
def name(cluster):
    """Two contracts, acme and beta, with an account, a session, a key, a job and a register of one customer each."""
    name = cluster.database()
    for tenant in 'acme', 'beta':
        cluster.tenant(name, tenant)
    with cluster.connect(name) as db:
        for tenant in 'acme', 'beta':
            account, = db.execute("insert into daicho.account (tenant, login, name, email, groups) select %s, 'hanako', '花子', %s, array_agg(id)"
                                  " from daicho.account_group where tenant = %s and name = '管理者' returning id",
                                  [tenant, f'hanako@{tenant}.example', tenant]).fetchone()
            viewer, = db.execute("insert into daicho.account (tenant, login, name, groups) select %s, 'taro', '太郎', array_agg(id)"
                                 " from daicho.account_group where tenant = %s and name ~ '^閲覧者' returning id", [tenant, tenant]).fetchone()
            db.execute('insert into daicho.credential (account_id, hash) values (%s, %s)', [account, f'$2b$10${tenant}'])
            for who, login in (account, 'hanako'), (viewer, 'taro'):
                db.execute('insert into daicho.session (token_hash, account_id, tenant, source) values (%s, %s, %s, %s)',
                           [digest(f'session {tenant} {login}'), who, tenant, '192.0.2.1'])
            db.execute("insert into daicho.api_key (tenant, name, token_hash, hint, permissions, created_by) values (%s, 'shop', %s, 'dk_', %s, %s)",
                       [tenant, digest(f'key {tenant}'), ['record.read', 'personal.see'], account])
            db.execute("insert into daicho.job (tenant, account_id, actor, kind) values (%s, %s, 'hanako', 'import')", [tenant, account])
    with cluster.connect(name, 'daicho_owner') as db:
        for tenant in 'acme', 'beta':
            db.execute(f'''
                create table t_{tenant}.r_people (id bigint primary key, name text, email text unique);
                insert into t_{tenant}.r_people values (1, '{tenant} customer', '{tenant}@customer.example');
                grant select, insert, update, delete on t_{tenant}.r_people to t_{tenant};
                create view t_{tenant}.m_people with (security_barrier) as select id from t_{tenant}.r_people;
                grant select, insert, update, delete on t_{tenant}.m_people to t_{tenant}_masked;
                insert into t_{tenant}.log (actor_kind, actor, source, verb, result) values ('account', 'hanako', '-', 'read', 'OK');
                insert into t_{tenant}.log_detail values (1, 'salt', 'secret detail');
                insert into t_{tenant}.change (register, record, version, actor, old) values (1, 1, 1, 'account:1:hanako', '{{"email": "old"}}');''')
    return name


class Inside:
    """A connection as a login role, inside a tenant's role for one transaction."""

    def __init__(self, cluster, name, role, login):
        self.db = cluster.connect(name, login)
        self.db.prepare_threshold = 0
        self.run('select set_config(%s, %s, true)', ['role', role])

    def run(self, sql, args=()):
        # with a parameter list psycopg speaks the extended protocol, as the house does
        cursor = self.db.execute(sql, args, prepare=True)
        return cursor.fetchall() if cursor.description else cursor.rowcount

    def tries(self, sql, args=()):
        """What one attempt gives; the transaction goes on."""
        self.db.execute('savepoint s')
        try:
            return self.run(sql, args)
        finally:
            self.db.execute('rollback to s')


@pytest.fixture(params=['daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli'])
def inside(cluster, name, request):
    inside = Inside(cluster, name, scope(request.param, 'acme'), request.param)
    inside.login = request.param
    yield inside
    inside.db.close()


@pytest.fixture
def masked(cluster, name):
    inside = Inside(cluster, name, 't_acme_masked', 'daicho_web')
    yield inside
    inside.db.close()


# The role ---------------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('login', ['daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli'])
@pytest.mark.parametrize('sql', [
    'select * from t_acme.r_people', 'select * from t_acme.log', 'select * from daicho.account', 'select * from daicho.session',
    'select * from daicho.credential', 'select * from daicho.tenant', 'select * from daicho.log', 'select * from daicho.migration',
    'insert into t_acme.log (actor_kind, actor, source, verb, result) values (1, 1, 1, 1, 1)', 'create table x (n int)',
    'create schema mine', 'select daicho_admin.tenant_roles_create(\'zz\')', "select daicho.tenant_schema_drop('acme')",
    "select daicho.rehearse('1 day')", "update daicho.rehearsal set shift = '1 day'"])
def test_a_login_role_has_nothing_before_it_takes_a_tenant(cluster, name, login, sql):
    with cluster.connect(name, login) as db:
        with pytest.raises(DENIED):
            db.execute(sql)


def test_the_role_goes_with_its_transaction(cluster, name):
    for end in 'commit', 'rollback':
        db = cluster.connect(name, 'daicho_web', autocommit=True)
        db.execute('begin')
        db.execute("select set_config('role', 't_acme', true)")
        assert db.execute('select count(*) from t_acme.r_people').fetchone() == (1,)
        db.execute(end)
        assert db.execute('select current_user::text').fetchone() == ('daicho_web',)
        with pytest.raises(DENIED):
            db.execute('select count(*) from t_acme.r_people')
        db.close()


@pytest.mark.parametrize('sql', [
    "select set_config('role', 't_beta', true)", "select set_config('role', 'none', true)", "select set_config('role', 'daicho_web', false)",
    "select set_config('search_path', 't_beta', false)", "select set_config('session_authorization', 'postgres', false)",
    "select (select set_config('role', 't_beta', true)) from t_acme.r_people",
    "update pg_settings set setting = 't_beta' where name = 'role'", "update pg_catalog.pg_settings set setting = '0' where name = 'statement_timeout'",
])
def test_no_expression_changes_the_role(inside, sql):
    with pytest.raises(DENIED):
        inside.tries(sql)
    assert inside.run('select current_user::text') == [(scope(inside.login, 'acme'),)]


@pytest.mark.parametrize('sql', [
    "select query_to_xml('set role t_beta', true, false, '')", "select query_to_xml('reset role', true, false, '')",
    "select query_to_xml('update t_acme.r_people set name = 1', true, false, '')", "select query_to_xml('select * from t_beta.r_people', true, false, '')",
    "select query_to_xml('select set_config(''role'', ''none'', true)', true, false, '')", "select table_to_xml('t_beta.r_people', true, false, '')",
    "select schema_to_xml('t_beta', true, false, '')", "select query_to_xmlschema('select * from t_beta.r_people', true, false, '')",
    "select cursor_to_xml('x', 1, true, false, '')", "select * from ts_stat('select name::tsvector from t_beta.r_people')",
    "select ts_rewrite('a'::tsquery, 'select ''a''::tsquery, name::tsquery from t_beta.r_people')",
    "select * from dblink('host=/tmp', 'select 1') as x (n int)", "select lo_import('/etc/passwd')", "select lo_export(1, '/tmp/x')",
    "select lo_from_bytea(0, 'x')", "select lo_create(0)", "select lo_get(1)", "select lo_open(1, 131072)", "select * from pg_largeobject",
    "copy (select 1) to program 'id'", "copy (select 1) to '/tmp/daicho-out'", "copy t_acme.r_people from '/etc/passwd'",
    "copy t_acme.r_people from program 'id'", "select pg_read_file('/etc/passwd')", "select pg_read_binary_file('/etc/passwd')",
    "select pg_ls_dir('.')", "select pg_stat_file('PG_VERSION')", "select pg_read_file('pg_hba.conf')", "select * from pg_hba_file_rules",
    "select * from pg_authid", "select * from pg_shadow", "update pg_catalog.pg_class set relowner = 10", "update pg_authid set rolsuper = true",
    "insert into pg_auth_members values (1, 1, 1, true)", "delete from pg_catalog.pg_policy", "alter table t_acme.r_people disable trigger all",
    "alter table daicho.account disable row level security", "alter role t_acme superuser", "alter role daicho_web superuser",
    "grant t_beta to t_acme", "grant pg_read_server_files to t_acme", "create role x", "create extension dblink", "create extension lo",
    "create function pg_temp.f() returns int language sql as 'select 1'", "create or replace function daicho.tenant() returns text language sql as 'select 1::text'",
    "create or replace function daicho.clock() returns timestamptz language sql as 'select now()'", "create view daicho.x as select 1",
    "create table t_acme.x (n int)", "create rule r as on select to t_acme.r_people do instead select 1", "drop table t_acme.r_people",
    "truncate t_acme.r_people", "do $x$ begin perform 1; end $x$", "create policy x on daicho.account using (true)",
    "set session authorization postgres", "alter system set log_statement = 'all'", "select pg_reload_conf()", "select pg_rotate_logfile()",
    "select pg_switch_wal()", "select pg_create_restore_point('x')", "select pg_logical_emit_message(true, 'x', 'y')", "select pg_sleep(100)",
    "select pg_advisory_lock(1)", "select pg_try_advisory_lock(1)", "select pg_advisory_xact_lock_shared(1)", "select pg_advisory_unlock_all()",
    "select pg_current_logfile()", "select pg_export_snapshot()", "select * from pg_prepared_statements", "select * from pg_cursors",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres'", "vacuum", "listen x; reset role", "select 1; reset role",
    "select * from t_beta.r_people", "select * from only t_beta.r_people", "table t_beta.log", "insert into t_beta.r_people values (9)",
    "update t_beta.r_people set name = 'x'", "delete from t_beta.r_people", "truncate t_beta.r_people", "lock table t_beta.r_people",
    "explain select * from t_beta.r_people", "select 't_beta.r_people'::regclass::text, t.* from t_beta.r_people t", "copy t_beta.r_people to stdout",
    "insert into t_acme.r_people select * from t_beta.r_people", "merge into t_acme.r_people a using t_beta.r_people b on false when not matched then do nothing",
    "with x as (delete from t_beta.r_people returning *) select * from x", "select nextval('t_beta.log_id_seq')", "select setval('t_acme.log_id_seq', 1)",
    "select * from daicho.credential", "select hash from daicho.credential where account_id = 1", "select daicho.session_enter('x', '', '')",
    "select daicho.key_enter('x', '')", "select daicho.tenant_enter('beta')", "select daicho.job_take()", "select * from daicho.login_begin('beta', 'hanako')",
    "select token_hash from daicho.session", "select * from daicho.session", "select 1 from daicho.session where token_hash = 'x'",
    "select count(*) from daicho.session group by token_hash", "select row_to_json(s) from daicho.session s", "update daicho.session set account_id = 1",
    "insert into daicho.session (token_hash, account_id, tenant, source) values ('x', 1, 'acme', '')", "select token_hash from daicho.api_key",
    "select * from daicho.api_key", "update daicho.api_key set permissions = '{}'", "update daicho.api_key set words = 'personal.see'",
    "update daicho.api_key set revoked_at = null where token_hash = 'x'", "delete from daicho.api_key",
    "insert into daicho.api_key (tenant, name, token_hash, hint) values ('acme', 'y', 'y', 'y') returning token_hash",
    "insert into daicho.api_key (tenant, name, token_hash, hint, words) values ('acme', 'y', 'y', 'y', 'tenant.manage')",
    "update daicho.account set words = 'tenant.manage'", "update daicho.account set sees_personal = true", "update daicho.account set tenant = 'beta'",
    "insert into daicho.tenant (name, title) values ('gamma', 'x')", "update daicho.tenant set state = 'active'", "delete from daicho.tenant",
    "update daicho.job set state = 'done'", "update daicho.job set tenant = 'beta'", "delete from daicho.job", "select * from daicho.log",
    "delete from daicho.log", "insert into daicho.log (actor_kind, actor, source, verb, result) values ('x', 'x', 'x', 'x', 'x')",
    "select * from daicho.migration", "insert into daicho.rehearsal values (true, '1 day')",
])
def test_no_statement_leaves_the_tenant(inside, sql):
    refused = (errors.InsufficientPrivilege, errors.SyntaxError, errors.UndefinedFunction, errors.FeatureNotSupported, errors.ActiveSqlTransaction,
               errors.InvalidCursorName, errors.ReadOnlySqlTransaction)
    with pytest.raises(refused) as raised:
        inside.tries(sql)
    # a misspelt attack proves nothing: what is not about rights must be one of these
    if not isinstance(raised.value, errors.InsufficientPrivilege):
        assert any(word in str(raised.value) for word in (
            'dblink', 'not allowed in a non-volatile function', 'cannot insert multiple commands', 'cursor "x" does not exist',
            'cannot run inside a transaction block', 'SET is not allowed', 'RESET is not allowed')), raised.value


def test_no_dangerous_function_is_open_to_a_tenant(cluster, name):
    with cluster.connect(name) as db:
        found = db.execute(r"""
        select p.oid::regprocedure::text from pg_proc p
        where has_function_privilege('t_acme', p.oid, 'execute') and (p.proname ~ '^(lo_|loread|lowrite|pg_read_|pg_ls_|pg_stat_file|dblink|pg_sleep|pg_logical_'
            '|pg_replication_|pg_create_|pg_drop_|pg_switch_|pg_reload_|pg_rotate_|pg_promote|pg_backup_|pg_start_|pg_stop_|set_config|pg_file_)'
            or p.proname ~ 'advisory')""").fetchall()
    assert found == []


def test_a_plan_made_for_one_tenant_does_not_run_for_another(cluster, name):
    db = cluster.connect(name, 'daicho_web', autocommit=True, prepare_threshold=None)
    db.execute('begin')
    db.execute("select set_config('role', 't_beta', true)")
    db.execute('prepare beta_people as select * from t_beta.r_people')
    for _ in range(8):
        assert len(db.execute('execute beta_people').fetchall()) == 1
    db.execute('commit')
    for role in 't_acme', 't_beta_masked', None:
        db.execute('begin')
        if role:
            db.execute("select set_config('role', %s, true)", [role])
        with pytest.raises(DENIED):
            db.execute('execute beta_people')
        db.execute('rollback')
    db.close()


# Shared tables ----------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('table, columns', [
    ('tenant', 'name'), ('account_group', '*'), ('account', '*'), ('session', 'id, tenant'), ('api_key', 'id, tenant'), ('job', '*')])
def test_shared_tables_show_a_tenant_its_own_rows_only(inside, table, columns):
    key = 'name' if table == 'tenant' else 'tenant'
    hidden = table == 'job' and inside.login == 'daicho_cli'       # an import: none of the operator's business
    assert inside.tries(f'select distinct {key} from daicho.{table}') == ([] if hidden else [('acme',)])
    assert inside.tries(f"select {columns} from daicho.{table} where {key} = 'beta'") == []
    assert inside.tries(f"select {columns} from daicho.{table} where {key} <> 'acme' or random() < 2 and {key} > 'b'") == []


@pytest.mark.parametrize('sql', [
    "update daicho.account set name = 'x' where tenant = 'beta'", "update daicho.account set failures = 0 where id > 2",
    "update daicho.account_group set permissions = '{}' where tenant = 'beta'", "delete from daicho.account where tenant = 'beta'",
    "delete from daicho.account_group where tenant = 'beta'", "delete from daicho.session where tenant = 'beta'",
    "update daicho.api_key set revoked_at = now() where tenant = 'beta'",
    "with x as (update daicho.account set name = 'x' where tenant <> 'acme' returning 1) select * from x"])
def test_rows_of_others_cannot_be_changed(inside, sql):
    assert not inside.tries(sql)


@pytest.mark.parametrize('sql', [
    "insert into daicho.account (tenant, login, name) values ('beta', 'x', 'x')",
    "insert into daicho.account_group (tenant, name) values ('beta', 'x')",
    "update daicho.account_group set tenant = 'beta'",
    "insert into daicho.api_key (tenant, name, token_hash, hint) values ('beta', 'x', 'x', 'x')",
    "insert into daicho.job (tenant, actor, kind) values ('beta', 'x', 'x')",
    "insert into daicho.account (tenant, login, name) values ('beta', 'hanako', 'x') on conflict (tenant, lower(login)) do update set name = 'x'"])
def test_rows_cannot_be_put_among_those_of_others(inside, sql):
    with pytest.raises(DENIED):
        inside.tries(sql)


@pytest.mark.parametrize('columns, values', [
    ('state, result_file', "'done', 'result/1.csv'"), ('result_name', "'x'"), ('attempt', '9'), ('result', "'{}'"), ('id', '99'), ('cancel_asked', 'true'),
    ('not_before', 'now()'), ('args', """'{"file": "result/1.csv"}'"""), ('args', """'{"file": "import/../result/1.csv"}'"""),
    ('args', """'{"file": "/etc/passwd"}'"""), ('args', """'{"file": 7}'""")], ids=range(11))
def test_no_job_is_written_that_leads_to_a_file_of_somebody_else(inside, columns, values):
    """How a job went is the runner's to say; an import reads an upload, whose name nobody guesses."""
    overriding = 'overriding system value ' if columns == 'id' else ''
    with pytest.raises((*DENIED, errors.CheckViolation)):
        inside.tries(f"insert into daicho.job (tenant, actor_kind, actor, kind, {columns}) {overriding}values ('acme', 'system', 'x', 'import', {values})")


def test_the_group_of_another_tenant_gives_nothing(cluster, name):
    with cluster.connect(name) as db:
        foreign, = db.execute("select id from daicho.account_group where tenant = 'beta' and name = '管理者'").fetchone()
        db.execute("update daicho.account set groups = array[%s]::bigint[] where tenant = 'acme' and login = 'taro'", [foreign])
        assert db.execute("select words, group_names, sees_personal from daicho.account where tenant = 'acme' and login = 'taro'").fetchone() == ('', '', False)
        db.rollback()


@pytest.mark.parametrize('login', ['daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli'])
def test_password_hashes_stay_with_the_auth_processes(cluster, name, login):
    inside = Inside(cluster, name, scope(login, 'acme'), login)
    own, = inside.run("select id from daicho.account where login = 'hanako'")[0]
    with cluster.connect(name) as db:
        foreign, = db.execute("select id from daicho.account where tenant = 'beta' and login = 'hanako'").fetchone()
    if login in ('daicho_auth', 'daicho_cli'):
        assert inside.tries('select daicho.credential_of(%s)', [own]) == [('$2b$10$acme',)]
        assert inside.tries('select daicho.credential_of(%s)', [foreign]) == [(None,)]
        assert inside.tries("select daicho.credential_set(%s, 'x', false)", [foreign]) == [(False,)]
    else:
        for sql in 'select daicho.credential_of(%s)', "select daicho.credential_set(%s, 'x', false)":
            with pytest.raises(DENIED):
                inside.tries(sql, [own])
    inside.db.close()


# Personal items ---------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('sql', [
    'select email from t_acme.r_people', 'select * from t_acme.r_people', 'select count(*) from t_acme.r_people', "update t_acme.r_people set email = 'x'",
    'delete from t_acme.r_people where email is not null', "insert into t_acme.r_people values (7, 'x', 'x') returning email",
    'copy t_acme.r_people to stdout', 'select * from t_acme.change', 'select old from t_acme.change', 'select * from t_acme.log_detail',
    "select set_config('role', 't_acme', true)", 'select row_to_json(r) from t_acme.r_people r', 'table t_acme.change'])
def test_the_masked_role_sees_nothing_personal(masked, sql):
    with pytest.raises(DENIED):
        masked.tries(sql)


@pytest.mark.parametrize('sql', ['select email from t_acme.m_people', 'select m.email from t_acme.m_people m where m.email is not null',
                                 "insert into t_acme.m_people (id, email) values (5, 'x')", 'select id from t_acme.m_people order by email'])
def test_the_masked_view_has_no_personal_columns(masked, sql):
    with pytest.raises(errors.UndefinedColumn):
        masked.tries(sql)
    assert masked.tries('select * from t_acme.m_people') == [(1,)]


@pytest.mark.parametrize('sql', [
    "insert into daicho.account_group (tenant, name, permissions) values ('acme', 'mine', '{personal.see}')",
    "update daicho.account_group set permissions = permissions || '{personal.see}'::text[]",
    "update daicho.account set groups = (select array_agg(id) from daicho.account_group) where login = 'taro'",
    "insert into daicho.account (tenant, login, name, groups) select 'acme', 'new', 'new', array_agg(id) from daicho.account_group",
    "insert into daicho.api_key (tenant, name, token_hash, hint, permissions) values ('acme', 'm', 'm', 'm', '{personal.see}')",
    "insert into daicho.job (tenant, actor, kind, masked) values ('acme', 'x', 'export', false)",
    "insert into daicho.job (tenant, actor, kind, masked, permissions) values ('acme', 'x', 'export', true, 'personal.see')"])
def test_the_masked_role_cannot_give_itself_eyes(masked, sql):
    with pytest.raises(DENIED):
        masked.tries(sql)


# What is written stays --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('role', ['t_acme', 't_acme_masked'])
@pytest.mark.parametrize('table', ['log', 'log_detail', 'change'])
@pytest.mark.parametrize('sql', ["update t_acme.{} set id = id", 'delete from t_acme.{}', 'truncate t_acme.{}', 'drop table t_acme.{}',
                                 'alter table t_acme.{} add x int', 'with x as (delete from t_acme.{} returning 1) select * from x',
                                 'insert into t_acme.{} select * from t_acme.{} on conflict (id) do update set id = excluded.id',
                                 'lock table t_acme.{} in access exclusive mode'])
def test_log_and_history_are_append_only(cluster, name, role, table, sql):
    inside = Inside(cluster, name, role, 'daicho_web')
    with pytest.raises((errors.InsufficientPrivilege, errors.GeneratedAlways)):
        inside.tries(sql.format(table, table))
    inside.db.close()


def test_nobody_inside_writes_history(inside):
    with pytest.raises(DENIED):
        inside.tries("insert into t_acme.change (register, record, version, actor, old) values (1, 1, 1, 'x', '{}')")


# What each door is asked with: the token, the address the request came from, and for a session the certificate it came with
DOORS = {'session_enter': "%s, '127.0.0.1', ''", 'key_enter': "%s, '127.0.0.1'"}


# The doors --------------------------------------------------------------------------------------------------------------------------------

def entered(cluster, name, function, token, login='daicho_web'):
    with cluster.connect(name, login) as db:
        return db.execute(f'select role, actor, permissions, masked, must_change from daicho.{function}({DOORS[function]})', [digest(token)]).fetchone()


def test_a_session_opens_its_own_tenant_only(cluster, name):
    role, actor, words, masked, must_change = entered(cluster, name, 'session_enter', 'session acme hanako')
    assert (role, actor, masked, must_change) == ('t_acme', 'hanako', False, False)
    assert 'personal.see' in words.split() and len(words.split()) == len(set(words.split()))
    assert entered(cluster, name, 'session_enter', 'session beta taro')[:4] == ('t_beta_masked', 'taro', 'record.read', True)
    assert entered(cluster, name, 'session_enter', 'no such session') is None
    assert entered(cluster, name, 'key_enter', 'session acme hanako') is None
    assert entered(cluster, name, 'key_enter', 'key beta')[:2] == ('t_beta', 'shop')
    for login in 'daicho_jobs', 'daicho_cli':
        with pytest.raises(DENIED):
            entered(cluster, name, 'session_enter', 'session acme hanako', login)


@pytest.mark.parametrize('change, session, key', [
    ("update daicho.account set state = 'suspended' where tenant = 'acme' and login = 'hanako'", None, None),
    ("update daicho.tenant set state = 'suspended' where name = 'acme'", None, None),
    ("update daicho.session set seen_at = now() - interval '3 hours 1 second'", None, 't_acme'),
    ("update daicho.api_key set revoked_at = now()", 't_acme', None),
    ("update daicho.api_key set expires_at = now()", 't_acme', None),
    ("update daicho.account_group set permissions = array_remove(permissions, 'personal.see')", 't_acme_masked', 't_acme_masked'),
    ("delete from daicho.account_group where tenant = 'acme'", 't_acme_masked', 't_acme_masked'),
    ("update daicho.account set groups = '{}' where tenant = 'acme'", 't_acme_masked', 't_acme_masked'),
    ("delete from daicho.account where tenant = 'acme'", None, None),
    ("update daicho.account_group set permissions = '{personal.see}'", 't_acme', 't_acme'),
])
def test_a_change_of_rights_works_at_the_next_request(cluster, name, change, session, key):
    with cluster.connect(name) as db:
        db.execute(change)
        db.execute('set local role daicho_owner')
        for function, token, role in ('session_enter', 'session acme hanako', session), ('key_enter', 'key acme', key):
            row = db.execute(f'select role, permissions from daicho.{function}({DOORS[function]})', [digest(token)]).fetchone()
            assert (row and row[0]) == role
            if row:
                assert ('personal.see' in row[1].split()) == (role == 't_acme')
        db.rollback()


def test_the_look_up_is_written_now_and_then(cluster, name):
    """A key's every minute; a session's often enough that the idle limit is kept to a second (a tenth of it in seconds: 18 of three hours)."""
    with cluster.connect(name) as db:
        for function, token, table, column, ages in (('session_enter', 'session acme hanako', 'session', 'seen_at', (17, 19)),
                                                     ('key_enter', 'key acme', 'api_key', 'used_at', (59, 61))):
            seen = f'select {column} > now() - %s::interval from daicho.{table} where token_hash = %s'
            for age, written in zip(ages, (False, True)):
                db.execute(f'update daicho.{table} set {column} = now() - make_interval(secs => %s) where token_hash = %s', [age, digest(token)])
                db.execute(f'select * from daicho.{function}({DOORS[function]})', [digest(token)])
                assert db.execute(seen, ['1 second', digest(token)]).fetchone() == (written,)


def test_a_rehearsal_shifts_the_clock_for_everybody_and_back(cluster, name):
    with cluster.connect(name, 'daicho_owner') as db:
        for shift, expected in ('3 days', 259200), ('0', 0):
            db.execute('select daicho.rehearse(%s::interval)', [shift])
            assert db.execute('select extract(epoch from daicho.clock() - now())::int, (select count(*) from daicho.rehearsal)').fetchone() \
                == (expected, 1 if expected else 0)
        db.rollback()
