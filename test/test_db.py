"""db/ and its migrations against a real server. The promises of db.h stand in test/db_check.c; here each is a test of its own."""

import re
import shutil
import subprocess

import psycopg
import pytest

from cluster import BUILD, ROOT

PROMISES = re.findall(r'cmocka_unit_test\((\w+)\)', (ROOT / 'test' / 'db_check.c').read_text())


@pytest.fixture(scope='module')
def empty(cluster):
    with cluster.connect('postgres', autocommit=True) as db:
        db.execute('create database db_check')
    return cluster.conninfo('db_check')


@pytest.mark.parametrize('promise', PROMISES)
def test_db(empty, promise):
    done = subprocess.run([str(BUILD / 'db_check'), empty, promise], capture_output=True, text=True)
    assert done.returncode == 0 and f'OK ] {promise}' in done.stdout, done.stdout + done.stderr


@pytest.fixture
def share(tmp_path):
    shutil.copytree(ROOT / 'schema', tmp_path / 'schema')
    tmp_path.chmod(0o755)
    return tmp_path


def bare(cluster, name):
    """A database with roles but without any migration."""
    with cluster.connect('postgres', autocommit=True) as db:
        db.execute(f'create database {name}')
    with cluster.connect(name) as db:
        db.execute((ROOT / 'schema' / 'bootstrap.sql').read_text())
    return name


def applied(cluster, name):
    with cluster.connect(name) as db:
        return [(scope, number) for scope, number in db.execute('select scope, number from daicho.migration order by scope, number')]


def test_bootstrap_may_be_run_again(cluster):
    name = cluster.database()
    with cluster.connect(name) as db:
        db.execute((ROOT / 'schema' / 'bootstrap.sql').read_text())
    assert cluster.probe(name, 'migrate', ROOT).strip() == '0'


def test_migrations_run_once_and_in_order(cluster, share):
    name = bare(cluster, 'migrate_once')
    files = sorted(p.name for p in (share / 'schema').glob('0*.sql'))
    assert cluster.probe(name, 'migrate', share).strip() == str(len(files))
    assert [n for s, n in applied(cluster, name) if s == 'house'] == [int(f[:4]) for f in files]
    assert cluster.probe(name, 'migrate', share).strip() == '0'


def test_a_changed_migration_is_refused(cluster, share):
    name = bare(cluster, 'migrate_changed')
    cluster.probe(name, 'migrate', share)
    path = sorted((share / 'schema').glob('0*.sql'))[0]
    path.write_text(path.read_text() + '\n-- one more line\n')
    said = cluster.probe(name, 'migrate', share, refused=True)
    assert f'{path.name} was changed after it was applied' in said


def test_a_missing_migration_and_one_that_comes_too_late_are_refused(cluster, share):
    name = bare(cluster, 'migrate_missing')
    cluster.probe(name, 'migrate', share)
    last = sorted((share / 'schema').glob('0*.sql'))[-1]
    last.rename(share / 'away')
    assert f'it has the migration {last.name}, which is not here' in cluster.probe(name, 'migrate', share, refused=True)
    (share / 'away').rename(last)
    (share / 'schema' / '0000_x.sql').write_text('select 1')
    assert 'must be called like' in cluster.probe(name, 'migrate', share, refused=True)
    (share / 'schema' / '0000_x.sql').unlink()
    late = share / 'schema' / (last.name[:4] + '_same.sql')
    late.write_text('select 1')
    assert 'the same number' in cluster.probe(name, 'migrate', share, refused=True)


def test_a_failing_migration_leaves_nothing_and_the_next_run_goes_on(cluster, share):
    name = bare(cluster, 'migrate_failing')
    (share / 'schema' / '9001_good.sql').write_text('create table daicho.good (n int);')
    bad = share / 'schema' / '9002_bad.sql'
    bad.write_text('create table daicho.half (n int);\nselect nonsense;')
    said = cluster.probe(name, 'migrate', share, refused=True)
    assert '9002_bad.sql failed' in said and 'nonsense' in said
    with cluster.connect(name) as db:
        assert db.execute("select to_regclass('daicho.good') is not null, to_regclass('daicho.half') is null").fetchone() == (True, True)
    bad.write_text('create table daicho.half (n int);')
    assert cluster.probe(name, 'migrate', share).strip() == '1'


def test_a_new_script_reaches_every_tenant_and_those_made_later(cluster, share):
    name = bare(cluster, 'migrate_tenants')
    cluster.probe(name, 'migrate', share)
    for tenant in 'one', 'two':
        cluster.tenant(name, tenant)
    (share / 'schema' / 'tenant' / '0900_note.sql').write_text(
        "create table tenant.note (n int); grant select on tenant.note to t_all, t_masked;\n"
        "create function tenant.note_count() returns bigint language sql as $$ select count(*) from tenant.note $$;")
    assert cluster.probe(name, 'migrate', share).strip() == '2'
    cluster.tenant(name, 'three')
    with cluster.connect(name) as db:
        for tenant in 'one', 'two', 'three':
            assert db.execute(f'select t_{tenant}.note_count()').fetchone() == (0,)
            assert db.execute('select schema_version from daicho.tenant where name = %s', [tenant]).fetchone() == (900,)
            assert db.execute(f"select has_table_privilege('t_{tenant}_masked', 't_{tenant}.note', 'select')").fetchone() == (True,)


def test_two_runs_at_once_apply_each_file_once(cluster, share):
    name = bare(cluster, 'migrate_twice')
    runs = [subprocess.Popen([str(BUILD / 'db_probe'), cluster.conninfo(name, 'daicho_owner'), 'migrate', str(share)],
                             stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = sorted(int(run.communicate()[0]) for run in runs)
    assert said[:2] == [0, 0] and said[2] > 0
    assert all(run.returncode == 0 for run in runs)


def test_a_contract_begins_suspends_resumes_and_ends(cluster):
    name = cluster.database()
    cluster.tenant(name, 'life')
    assert cluster.probe(name, 'list').startswith('life active ')
    assert 'CONFLICT name' in cluster.probe(name, 'tenant', 'life', 'x', 'ja', refused=True)
    with cluster.connect(name) as db:
        roles = [r for r, in db.execute("select rolname from pg_roles where rolname ~ '^t_life' order by 1")]
        assert roles == ['t_life', 't_life_desk', 't_life_form', 't_life_masked']
        assert db.execute("select count(*) from daicho.account_group where tenant = 'life'").fetchone() == (3,)
    cluster.probe(name, 'suspend', 'life')
    assert cluster.probe(name, 'list').startswith('life suspended ')
    cluster.probe(name, 'resume', 'life')
    cluster.probe(name, 'end', 'life')
    with cluster.connect(name) as db:
        assert db.execute("select count(*) from pg_roles where rolname ~ '^t_life'").fetchone() == (0,)
        assert db.execute("select to_regnamespace('t_life') is null").fetchone() == (True,)
        assert db.execute("select count(*) from daicho.account_group where tenant = 'life'").fetchone() == (0,)
    assert 'UNKNOWN name' in cluster.probe(name, 'end', 'life', refused=True)
    cluster.tenant(name, 'life')


@pytest.mark.parametrize('name', ['', 'a', 'Acme', '1a', 'a_b', 'a-b', 'x' * 31, 'a;drop', "a'b", 'あ'])
def test_a_name_that_is_none_is_refused_before_anything_is_made(cluster, name):
    said = cluster.probe('template_daicho', 'tenant', name, '題', 'ja', refused=True)
    assert said.startswith('INVALID name')


def test_administrators_hold_every_permission(cluster):
    words = set(re.findall(r'PERMISSION\(\w+,\s*"([a-z.]+)"', (ROOT / 'src' / 'identity' / 'permission.tbl').read_text()))
    name = cluster.database()
    cluster.tenant(name, 'rights')
    with cluster.connect(name) as db:
        groups = dict(db.execute('select name, permissions from daicho.account_group').fetchall())
    words.remove('support.ask')                     # of the operators' contract only
    assert set(groups['管理者']) == words
    assert all(set(held) <= words for held in groups.values())
    assert 'personal.see' not in groups['閲覧者(個人情報なし)']


def test_a_contract_that_cannot_be_made_whole_is_not_made_at_all(cluster):
    name = cluster.database()
    with cluster.connect(name) as db:
        db.execute('create schema t_half')      # in the way
    cluster.probe(name, 'tenant', 'half', '題', 'ja', refused=True)
    with cluster.connect(name) as db:
        assert db.execute("select count(*) from daicho.tenant where name = 'half'").fetchone() == (0,)
        assert db.execute("select count(*) from pg_roles where rolname ~ '^t_half'").fetchone() == (0,)
        with pytest.raises(psycopg.errors.UndefinedTable):
            db.execute('select from t_half.log')
