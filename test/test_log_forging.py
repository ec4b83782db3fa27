"""What SQL inside a contract's role can and cannot write into the operation log. Whoever slips a statement into a request (an injected expression, a bug)
is inside that role: who, in which groups, from where, when and under which number is then the database's to say, not the statement's."""
import hashlib

import psycopg
import pytest

from test_account import Person
from test_log import entries

OWN = ['id', 'xid', 'at', 'actor_kind', 'actor_id', 'actor', 'groups', 'source']        # of the database
ENTER = '''select e.role, set_config('role', e.role, true), set_config('daicho.actor', e.kind || ':' || e.id || ':' || e.actor, true),
    set_config('daicho.groups', e.groups, true), set_config('daicho.source', %s, true) from daicho.session_enter(%s, %s, '') e'''      # gate/enter.sql
ADDRESS = '192.0.2.77'


@pytest.fixture(scope='module')
def shop(house):
    return house.tenant(registers=())


@pytest.fixture(scope='module')
def people(shop):
    """By the role a session of theirs is given."""
    return {'': Person(shop, 'seeing', ['record.read', 'personal.see']), '_masked': Person(shop, 'masked', ['record.read'])}


class Inside:
    """A transaction as the gate begins it for a request of this person."""

    def __init__(self, shop, person):
        self.shop, self.person = shop, person
        self.db = shop.house.connect('daicho_web')
        self.db.autocommit = False
        token = person.browser.cookies['__Host-daicho']
        role, = self.db.execute(ENTER, (ADDRESS, hashlib.sha256(token.encode()).digest(), ADDRESS), prepare=True).fetchone()[:1]
        assert role.startswith(f't_{shop.name}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.db.rollback()
        self.db.close()

    def run(self, sql, args=()):
        return self.db.execute(sql.replace('tenant.', f't_{self.shop.name}.'), args, prepare=True)

    def refused(self, sql, args=()):
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.GeneratedAlways)), self.db.transaction():
            self.run(sql, args)


@pytest.mark.parametrize('suffix', ['', '_masked'])
def test_nobody_inside_says_who_where_or_when(shop, people, suffix):
    with Inside(shop, people[suffix]) as inside:
        for column in OWN:
            value = {'id': '-5', 'xid': "'3'", 'at': "'2001-01-01'", 'actor_id': '1'}.get(column, "'account'")
            for given in (value, 'default'):
                inside.refused(f"insert into tenant.log ({column}, verb, result) overriding system value values ({given}, 'view', 'OK')")
            inside.refused(f"insert into tenant.log ({column}, verb, result) select {value}, 'view', 'OK'")
            inside.refused(f"update tenant.log set {column} = {value}")
        for sql in ["update tenant.log set verb = 'view'", "update tenant.log set commitment = null", 'delete from tenant.log', 'truncate tenant.log',
                    "insert into tenant.log (verb, result) values ('view', 'OK') on conflict (id) do update set actor = 'x'",
                    "merge into tenant.log l using (select 1 as id) x on l.id = x.id when matched then delete",
                    'insert into tenant.log_detail (id, salt, detail) values (1, $$x$$, $${}$$)', "update tenant.log_detail set detail = '{}'",
                    'delete from tenant.log_detail', 'insert into tenant.seal values (1, 0, 1, $$1$$, 1)', 'delete from tenant.seal',
                    "select nextval('tenant.log_id_seq'::regclass)".replace("'tenant.", f"'t_{shop.name}."),
                    f"select setval('t_{shop.name}.log_id_seq', 1)", "select set_config('daicho.actor', 'account:1:admin', true)",
                    "select set_config('daicho.groups', 'x', true)", "select set_config('daicho.source', 'x', true)",
                    "select set_config('role', 'daicho_web', true)", "update pg_catalog.pg_settings set setting = 'x' where name = 'daicho.actor'"]:
            inside.refused(sql)


@pytest.mark.parametrize('suffix', ['', '_masked'])
def test_what_can_be_written_bears_the_name_of_who_really_acts(shop, people, suffix):
    """The limit: an injected INSERT adds entries about things that were not done. It cannot say that somebody else did them."""
    person = people[suffix]
    with Inside(shop, person) as inside:
        inside.run("insert into tenant.log (verb, kind, subject_id, result) values ('delete', 'account', 1, 'OK')")
        row = inside.run('select actor_kind, actor_id, actor, groups, source, at = daicho.clock(), xid = pg_current_xact_id(), '
                         'id = (select max(id) from tenant.log) from tenant.log where source = %s', (ADDRESS,)).fetchall()
    assert row == [('account', person.id, person.login, f'group of {person.login}', ADDRESS, True, True, True)]


def test_a_detail_slipped_in_afterwards_is_nobodys(shop, people):
    """A detail goes to the entry written last on this connection; one that was sealed without a detail is shown without, whatever lies beside it."""
    with Inside(shop, people['']) as inside:
        inside.run("insert into tenant.log (verb, result) values ('view', 'OK')")
        id, = inside.run('select max(id) from tenant.log').fetchone()
        inside.run("insert into tenant.log_detail (salt, detail) values ('salt', '{\"slipped\": \"in\"}')")
        with pytest.raises(psycopg.errors.UniqueViolation), inside.db.transaction():
            inside.run("insert into tenant.log_detail (salt, detail) values ('salt', '{}')")
        inside.db.commit()
    entry = shop.api('GET', f'/log/{id}').json()['entry']
    assert (entry['detail_state'], entry['has_detail']) == ('none', False) and 'detail' not in entry
    assert all('slipped' not in str(e) for e in entries(shop, '?text=slipped'))


@pytest.mark.parametrize('role', ['daicho_web', 'daicho_jobs', 'daicho_auth'])
def test_without_having_entered_nothing_is_written(shop, role):
    with shop.house.connect(role) as db:
        for _ in range(2):          # never said; said once, forgotten with its transaction
            with pytest.raises(psycopg.errors.NotNullViolation), db.transaction():
                db.execute("select set_config('role', %s, true)", (f't_{shop.name}',))
                db.execute(f"insert into t_{shop.name}.log (verb, result) values ('view', 'OK')")
            with db.transaction():
                db.execute("select set_config('daicho.actor', 'account:1:x', true), set_config('daicho.groups', '', true), set_config('daicho.source', '', true)")


def test_names_with_every_character_stand_in_the_entry_as_they_are(shop):
    name = '鍵: a:b, "c" \\ 1:2:3'
    key = shop.new_key(name)
    shop.house.api('GET', '/groups', key=key)
    entry = shop.log()[-1]
    assert (entry['actor_kind'], entry['actor'], entry['groups'], entry['source']) == ('key', name, '', '127.0.0.1') and entry['actor_id'] > 0
