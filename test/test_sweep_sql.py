"""Every annotated statement of the house is prepared on a freshly migrated database and compared with its annotation."""

import subprocess

from cluster import ROOT


def check(cluster, *files):
    name = cluster.database()
    cluster.tenant(name, 'acme')
    return subprocess.run([str(ROOT / 'tool' / 'sqlcheck'), cluster.conninfo(name), 'acme', *map(str, files)], capture_output=True, text=True)


def test_every_statement_is_what_its_annotation_says(cluster):
    done = check(cluster)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_annotation_is_found(cluster, tmp_path):
    path = tmp_path / 'wrong.sql'
    path.write_text('''
-- wrong_type(id text) -> maybe a(id int, name int)
select id, name from daicho.account where id = $1;
-- wrong_null(id int) -> maybe b(email text)
select email from daicho.account where id = $1;
-- wrong_name(id int) -> maybe c(login text)
select name from daicho.account where id = $1;
-- wrong_count() -> maybe d(login text)
select login, name from daicho.account;
-- wrong_table() -> none
delete from tenant.nowhere;
-- wrong_not() -> maybe e(id int, email text?)
select id, email from daicho.account;
''')
    done = check(cluster, path)
    assert done.returncode == 1
    for word in ('parameter id is int8, annotated as text', 'column name is text, annotated as int', 'column email may be null',
                 'column 1 is called name, annotated as login', 'gives 2 columns, annotated with 1', 'does not exist', '6 statements, 6 findings'):
        assert word in done.stdout, word
    assert 'wrong_not' not in done.stdout
