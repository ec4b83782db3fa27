"""What each of PostgreSQL's login roles has of its own: the doors it is there for, and nothing else - no table, no sequence, no large object, no schema to make
anything in, no role to take but those of its work. This table is the reference; a grant that comes later fails until it stands here."""
import psycopg
import pytest
from psycopg import errors

DENIED = errors.InsufficientPrivilege
ENTRANCE = {'session_enter(bytea,text,text)', 'key_enter(bytea,text)', 'key_held(bytea,text)'}
# role: (roles of a contract it may take, other roles, doors: functions of the owner it may call outside any contract, whether it ever takes a role)
ROLES = {
    'daicho_web': ({'', '_masked'}, set(), ENTRANCE | {'sign_on_choices(text)'}, True),
    'daicho_auth': ({'', '_masked'}, set(), ENTRANCE | {
        'border_check(text,text,text)', 'duty_feed_read(bytea,text)', 'login_begin(text,text)', 'login_failed(text,text,bigint,text)', 'login_held(text,text,text,text)', 'login_held_right(bigint)',
        'login_tell(text,text,text,text,text)',
        'sign_on_choices(text)', 'tenant_enter(text)', 'token_client(bigint,bytea,text)'}, True),
    'daicho_jobs': ({'', '_masked'}, {'daicho_owner'}, {     # the owner's role: definitions of registers are DDL (doc/threats.md)
        'access_due(bigint)', 'alert_due(bigint)', 'bytes_gone()', 'bytes_step()', 'change_due(bigint)', 'change_sweep()', 'define_due(bigint)', 'device_due(bigint)', 'duty_due(bigint)', 'move_due(bigint)',
        'backup_late()', 'backup_tell(text,text)', 'postal_late()', 'postal_tell(text,text)',
        'evidence_sweep()', 'file_strays(text[])', 'file_sweep()', 'file_waiting(bigint)', 'job_finish(bigint,integer,text,jsonb,text,text)', 'job_ready_due(bigint)', 'job_retry(bigint,integer,interval,jsonb)', 'job_take()',
        'job_tell(bigint,integer,bigint,bigint,text)', 'job_words(bigint)', 'log_purge_due(bigint)', 'log_review_due(bigint)', 'log_review_late(bigint)', 'mail_trash_due(bigint)',
        'notice_house(text,text,text,text)', 'people_leave_due(bigint)',
        'review_due(bigint)', 'round_due(bigint)', 'segment_due(bigint)', 'segment_fold()', 'segment_turn_due(bigint)', 'sharing_due(bigint)', 'tenant_end_due()', 'tenant_enter(text)', 'tenant_erase_due()', 'webhook_due(bigint)', 'webhook_missed()', 'webhook_sweep()',
        'withdrawn_gone(bigint)', 'withdrawn_take(bigint)'}, True),
    'daicho_cli': ({'_desk'}, set(), {'maintenance_command(text,text)', 'notice_house(text,text,text,text)', 'root_note(text,text,text[],text,text)', 'tenant_enter(text)'}, True),
    'daicho_sso': ({'_masked'}, set(), ENTRANCE | {     # also the process that renews
        'border_check(text,text,text)', 'renewal_take()', 'sign_on_busy(text)', 'sign_on_failed(text)', 'sign_on_provider(text,bigint)', 'sign_on_take(bytea)',
        'tenant_enter(text)'}, True),
    'daicho_mailer': (set(), set(), {'notice_end(bigint,integer,text,text)', 'notice_take()'}, False),
    'daicho_courier': (set(), set(), {'webhook_end(bigint,integer,integer,integer,text,text)', 'webhook_take(boolean)'}, False),
    'daicho_sealer': (set(), set(), {
        'seal_close(text)', 'seal_lock()', 'seal_note_write(text,text)', 'seal_read(text,xid8,bigint,integer)', 'seal_restart(text,integer,bigint)',
        'seal_tell(text,text,boolean,text)', 'seal_trees()', 'seal_waiting(boolean)', 'seal_write(text,integer,bigint,integer,xid8,bigint)'}, False),
    'daicho_watch': (set(), set(), {'erasure_unproven()', 'watch_place()', 'watch_revoked()', 'watch_tell(text,bigint,text,text,text[],jsonb)'}, False),
}
# open to everybody: they tell who asks, what time it is, and how words are folded
OPEN = {'actor_account()', 'actor_name()', 'choices_text(text[])', 'clock()', 'fold(text)', 'grams(text)', 'grams_of_term(text)', 'role_tenant()', 'search_word(text)', 'tenant()',
        'words_proper(text[])'}
# what happens outside any contract (a log-in to one that does not exist) is written into the house's own log: written, never read
WRITES = {'daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli', 'daicho_sso'}
roles = pytest.mark.parametrize('role', ROLES)


@pytest.fixture(scope='module')
def name(cluster):
    name = cluster.database()
    cluster.tenant(name, 'acme')
    with cluster.connect(name, 'daicho_owner') as db:
        db.execute("create table t_acme.r_people (id bigint generated always as identity primary key, name text);"
                   "create view t_acme.m_people with (security_barrier) as select id from t_acme.r_people")
    return name


@pytest.fixture(scope='module')
def db(cluster, name):
    with cluster.connect(name) as db:
        yield db


def told(db, sql, *args):
    return {row[0] for row in db.execute(sql, args)}


def test_every_login_role_stands_in_the_table(db):
    found = told(db, "select rolname::text from pg_roles where rolcanlogin and rolname ~ '^daicho_'")
    assert found == set(ROLES) | {'daicho_owner'}


@roles
def test_reg_10_2_b_no_login_role_is_privileged(db, role):
    assert db.execute('select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolinherit from pg_roles where rolname = %s', [role]).fetchone() \
        == (False,) * 6
    owned = told(db, 'select d.classid::regclass::text || d.objid from pg_shdepend d where d.refobjid = %s::regrole and d.deptype = %s', role, 'o')
    assert owned == set()


@roles
def test_it_takes_the_roles_of_its_work_and_no_other(cluster, name, db, role):
    inside, others, _, takes = ROLES[role]
    members = told(db, 'select m.roleid::regrole::text from pg_auth_members m where m.member = %s::regrole', role)
    # the cluster is shared by the tests: names of contracts do not matter, which of their roles does
    assert {m for m in members if not m.startswith('t_')} == others
    assert {m.partition('_')[2].partition('_')[1] + m.partition('_')[2].partition('_')[2] for m in members if m.startswith('t_')} == inside
    assert not db.execute('select bool_or(admin_option) from pg_auth_members where member = %s::regrole', [role]).fetchone()[0]
    every = told(db, "select rolname::text from pg_roles where rolname !~ '^t_' or rolname ~ '^t_acme(_|$)'")
    through = {'daicho_tenant'} if inside else set()        # what the roles of contracts share: without a contract every row policy says no
    for other in sorted(every - members - through - {role}):
        for sql in ('select set_config(%s, %s, true)', 'set role', 'set session authorization'):
            with cluster.connect(name, role) as connection, pytest.raises((DENIED, errors.InvalidParameterValue)):
                if sql.startswith('select'):
                    connection.execute(sql, ['role', other])
                else:
                    connection.execute(f'{sql} "{other}"')
    if not takes:
        with cluster.connect(name, role) as connection, pytest.raises(DENIED):
            connection.execute("select set_config('search_path', 'daicho', true)")


@roles
def test_its_doors_are_these_and_no_others(db, role):
    sql = "select replace(p.oid::regprocedure::text, 'daicho.', '') from pg_proc p where p.pronamespace = 'daicho'::regnamespace and has_function_privilege(%s, p.oid, 'execute')"
    assert told(db, sql, role) - OPEN == ROLES[role][2]
    # of PostgreSQL's own functions the one by which a role is taken; not one more than everybody has
    sql = ("select p.oid::regprocedure::text from pg_proc p where p.pronamespace <> 'daicho'::regnamespace "
           "and exists (select from aclexplode(p.proacl) a where a.grantee = %s::regrole)")
    assert told(db, sql, role) == ({'set_config(text,text,boolean)'} if ROLES[role][3] else set())


def test_what_is_open_to_everybody_reads_no_table(db):
    sql = "select replace(p.oid::regprocedure::text, 'daicho.', '') from pg_proc p where p.pronamespace = 'daicho'::regnamespace and has_function_privilege('public', p.oid, 'execute')"
    assert told(db, sql) == OPEN
    definer = told(db, "select p.proname::text from pg_proc p where p.pronamespace = 'daicho'::regnamespace and p.prosecdef and has_function_privilege('public', p.oid, 'execute')")
    assert definer == set()


def test_every_function_of_the_owner_fixes_its_search_path(db):
    loose = told(db, "select p.oid::regprocedure::text from pg_proc p where p.pronamespace in ('daicho'::regnamespace, 'daicho_admin'::regnamespace) and p.prosecdef "
                     "and not coalesce(p.proconfig::text, '') ~ 'search_path=pg_catalog'")
    assert loose == set()


@roles
def test_grp_4_12_3_a_no_relation_is_its_own(cluster, name, db, role):
    """Every table, view and sequence of the house and of a contract, asked for, tried, and not to be had."""
    relations = list(db.execute("select c.oid::regclass::text, c.relkind::text from pg_class c where c.relnamespace in ('daicho'::regnamespace, 't_acme'::regnamespace) "
                                "and c.relkind in ('r', 'p', 'v', 'm', 'S')"))
    assert len(relations) > 40
    with cluster.connect(name, role, autocommit=True) as connection:
        for relation, kind in relations:
            if kind == 'S':
                tries = ['select last_value from {}', "select nextval('{}')", "select setval('{}', 1)"]
            else:
                # how far a rehearsal shifts the clock is everybody's to know
                tries = ([] if relation == 'daicho.rehearsal' else ['select * from {}', 'select 1 from {}']) + ['delete from {}'] + (
                    [] if relation == 'daicho.log' and role in WRITES else ['insert into {} default values'])
            for sql in tries:
                with pytest.raises((DENIED, errors.WrongObjectType, errors.ObjectNotInPrerequisiteState)):
                    connection.execute(sql.format(relation))
    if ROLES[role][0]:
        with cluster.connect(name, role) as connection:
            connection.execute("select set_config('role', 'daicho_tenant', true)")
            for relation, kind in relations:
                if kind == 'r' and relation.startswith('daicho.') and relation != 'daicho.rehearsal':
                    connection.execute('savepoint s')
                    try:
                        whose = ' where tenant is not null' if relation == 'daicho.seal_tree' else ''      # the head of the house's own log is public
                        assert connection.execute(f'select count(*) from {relation}{whose}').fetchone() == (0,), relation
                    except DENIED:
                        pass
                    connection.execute('rollback to s')
    grants = told(db, 'select c.oid::regclass::text from pg_class c, aclexplode(c.relacl) a where a.grantee = %s::regrole', role)
    columns = told(db, "select a.attrelid::regclass || ' ' || x.privilege_type from pg_attribute a, aclexplode(a.attacl) x where x.grantee = %s::regrole", role)
    assert grants == set() and columns == ({'daicho.log INSERT'} if role in WRITES else set())


@roles
@pytest.mark.parametrize('sql', [
    'create schema mine', 'create table mine (n int)', 'create temporary table mine (n int)', 'create table daicho.mine (n int)', 'create table public.mine (n int)',
    'create table t_acme.mine (n int)', "select lo_create(0)", "select lo_import('/etc/passwd')", "select lo_get(1)", 'select * from pg_largeobject',
    'select * from pg_authid', 'select * from pg_class', 'select * from pg_stat_activity', 'create role mine', 'create extension dblink', 'create database mine',
    "select pg_read_file('PG_VERSION')", "copy (select 1) to program 'id'", "select pg_advisory_lock(1)", 'select pg_sleep(9)', "select pg_notify('x', 'y')",
    "create function pg_temp.f() returns int language sql as 'select 1'", 'do $x$ begin perform 1; end $x$', "select daicho_admin.tenant_roles_create('zz')",
    "select daicho.rehearse('1 day')", "alter system set log_statement = 'all'", "alter role daicho_web superuser", 'grant t_acme to daicho_watch'])
def test_it_makes_nothing_and_reaches_nothing_outside(cluster, name, role, sql):
    with cluster.connect(name, role, autocommit=True) as connection, pytest.raises((DENIED, errors.UndefinedFunction)):
        connection.execute(sql)


@roles
def test_schemas_are_closed_but_for_the_doors(db, role):
    usage = told(db, "select nspname::text from pg_namespace where nspname !~ '^pg_(toast|temp)' and has_schema_privilege(%s, oid, 'usage')", role)
    create = told(db, "select nspname::text from pg_namespace where has_schema_privilege(%s, oid, 'create')", role)
    assert usage == {'daicho', 'pg_catalog'} and create == set()
