"""The operator's desk: what a command of the operator may touch in a contract, and that no record is among it. A contract is run from there - people, keys,
policy, definitions, the log without what its entries say exactly - and has its records to itself. The lists are made from `daicho help` and the
database: a command or table that comes later is tried, or asks for a line here."""
import re
import subprocess

import psycopg
import pytest

from house import DAICHO, ENVIRONMENT, ROOT, until

DENIED = psycopg.errors.InsufficientPrivilege
MARK = '秘密五郎'           # stands in everything that is a record, was one, or tells of one
HELP = subprocess.run([str(DAICHO), 'help'], capture_output=True, text=True, env=ENVIRONMENT, check=True).stdout
COMMANDS = {' '.join(re.match(r'((?: ?[a-z]+(?:-[a-z]+)*)+)', usage).group(1).split()): usage for usage in re.findall(r'^  daicho (.*)$', HELP, re.M)}

# Commands that are about no contract in particular, or only about its name, state and end; and those about the bytes of all at once, of which they show none.
HOUSE = {'up', 'down', 'config', 'routes', 'permissions', 'migrate', 'template', 'log verify', 'log status', 'log restart', 'log rotate', 'log witness', 'tenant list',
         'tenant create', 'tenant suspend', 'tenant resume', 'tenant factor', 'tenant end', 'tenant cancel', 'tenant keep', 'tenant erasures',
         'erasure scan', 'erasure prove', 'backup place', 'backup make', 'backup prune', 'backup list', 'backup verify', 'backup keys', 'backup restore',
         'postal import', 'postal status'}
# Commands that go in by the front door, with an API key of the contract.
BY_KEY = {'import': ['customers', '{file}'], 'export': ['customers', '{out}'], 'job list': [], 'job show': ['{job}'], 'job wait': ['{job}'],
          'job file': ['{job}', '{out}'], 'job cancel': ['{job}']}
# At the desk of the operators' own contract, refused at every other: test_maintenance.py.
OPERATORS = {'maintenance set', 'maintenance show', 'maintenance rules', 'maintenance probe', 'maintenance observe', 'maintenance import-vpn', 'maintenance import-vdi'}
# The others, in this order; the status they end with.
AT_DESK = {
    'account create': (['neu', '--group', '担当者'], 0), 'account list': ([], 0), 'account password': (['neu'], 0), 'account factors': (['neu'], 0),
    'account unlock': (['neu'], 0), 'account rights': (['neu', '--give', 'record.read'], 0), 'account suspend': (['neu'], 0),
    'account resume': (['neu'], 0), 'account erase': (['neu'], 0),
    'group create': (['新しい組', '--permissions', 'record.read'], 0), 'group list': ([], 0), 'group change': (['新しい組', '--name', '組'], 0), 'group handover': (['組', 'other'], 1),
    'group erase': (['組'], 0),
    'key create': (['desk'], 0), 'key list': ([], 0), 'key revoke': (['{key}'], 0),
    'person create': (['別の人'], 0), 'person list': ([], 0), 'person transfer': (['other', '--department', ''], 0), 'person stop': (['other', '--reason', 'violation'], 0),
    'person reinstate': (['other', '--why', '誤り'], 0), 'person approve': (['other'], 1),
    'provider secret': (['google'], 0), 'provider passwords': (['on'], 0), 'policy show': ([], 0), 'policy set': (['--length-min', '9'], 0),
    'register list': ([], 0), 'register show': (['customers'], 0), 'register define': ([str(ROOT / 'registers/customers.yaml')], 0),
    'register plan': ([str(ROOT / 'registers/customers.yaml')], 0), 'register apply': ([str(ROOT / 'registers/customers.yaml')], 0),
    'register simulate': ([str(ROOT / 'registers/customers.yaml')], 0), 'register delete': (['orders', '--yes'], 0), 'register restore': (['orders'], 0),
    'certificate issue': (['desk', '--out', '{out}'], 0), 'certificate list': ([], 0), 'certificate revoke': (['{certificate}'], 0),
    'certificate require': ([], 0), 'certificate waive': (['--approved-by', 'somebody', '--reason', 'test'], 0),
    'address list': ([], 0), 'address set': (['192.0.2.0/24', '--off'], 0), 'address clear': ([], 0),
    'log list': ([], 0), 'log show': (['{entry}'], 0), 'log bundle': (['{out}'], 0), 'log receipt': (['{entry}', '{out}'], 0), 'log key': ([], 0),
    'log erase': (['customers', '{record}', '--confirm', 'customers/{record}'], 0),
}


@pytest.fixture(scope='module')
def shop(house):
    """Records, their history, what was searched and exported: the mark is in all of it."""
    shop = house.tenant()
    made = shop.api('POST', '/registers/customers/records', json={'email': 'goro@example.jp', 'family_name': MARK, 'given_name': '花'})
    assert made.status == 201, made
    shop.record = made.json()['id']
    assert shop.api('PATCH', f'/registers/customers/records/{shop.record}', json={'given_name': MARK}, headers={'If-Match': '"1"'}).status == 200
    assert shop.api('GET', f'/registers/customers/records?q={MARK}').status == 200
    shop.job = house.export('customers', shop, q=MARK)
    assert house.wait_job(shop.job, shop)['state'] == 'done'
    house.wait_job(house.import_file('customers', f'email,family_name,birthday\nx@example.jp,{MARK},1977-99-99\n'.encode(), shop), shop)
    assert shop.account('other', group='担当者')
    shop.entry = shop.sql('select l.id from log l join log_detail d using (id) where d.detail like %s limit 1', [f'%{MARK}%'])[0][0]
    assert until(lambda: house.sql('select last_id from daicho.seal_tree where tenant = %s', args=(shop.name,))[0][0] >= shop.entry, 30)
    part, = house.sql('select part from daicho.seal_tree where tenant = %s', args=(shop.name,))[0]
    size = lambda: int((house.dir / 'seal' / part / '1/checkpoint').read_text().splitlines()[1])
    assert until(lambda: (house.dir / 'seal' / part / '1/checkpoint').exists() and size() >= shop.entry, 30)
    return shop


def values(shop, tmp_path):
    shop.house.sql('select 1')
    key = shop.house.sql("select max(id) from daicho.api_key where tenant = %s", args=(shop.name,))[0][0]
    certificate = shop.house.sql("select coalesce(max(id), 0) from daicho.certificate where tenant = %s", args=(shop.name,))[0][0]
    return {'file': tmp_path / 'in.csv', 'out': tmp_path / 'out', 'job': shop.job, 'key': key, 'certificate': certificate, 'entry': shop.entry, 'record': shop.record}


def test_every_command_is_one_of_the_desk_of_the_front_door_or_of_no_contract():
    assert set(COMMANDS) == HOUSE | OPERATORS | set(BY_KEY) | set(AT_DESK)
    for name, usage in COMMANDS.items():
        assert ('--tenant' in usage) == (name in AT_DESK or name in OPERATORS or name == 'log verify'), usage
        assert ('--key-file' in usage) == (name in BY_KEY or name == 'log bundle'), usage


@pytest.mark.parametrize('name', AT_DESK)
def test_grp_4_12_2_a_no_command_of_the_operator_shows_a_record(shop, house, tmp_path, name):
    args, expected = AT_DESK[name]
    last = max(e['id'] for e in shop.log())
    for form in ([], ['--json']):
        if form and name not in ('log list', 'log show', 'register show', 'register list', 'account list', 'person list', 'policy show', 'key list', 'group list'):
            continue                    # does not show, or can be done once
        known = values(shop, tmp_path)
        status, out, err = house.run(*name.split(), '--tenant', shop.name, *[a.format(**known) for a in args], *form, input='secret-of-a-provider\n')
        assert status == expected, (out, err)
        assert MARK not in out and MARK not in err
        for path in tmp_path.iterdir():
            assert MARK.encode() not in path.read_bytes(), path
    entries = [e for e in shop.log() if e['id'] > last]
    if name not in ('log key', 'provider secret', 'certificate waive'):     # public; a file; in the house's log
        assert entries and {e['actor_kind'] for e in entries} <= {'operator'}, entries       # the contract sees it in its own log


@pytest.mark.parametrize('name', BY_KEY)
def test_grp_4_12_2_a_without_a_key_of_the_contract_the_front_door_stays_shut(shop, house, tmp_path, name):
    (tmp_path / 'in.csv').write_text('email,family_name\ny@example.jp,y\n')
    before = len(shop.log())
    status, out, err = house.run(*name.split(), *[a.format(**values(shop, tmp_path)) for a in BY_KEY[name]])
    assert status == 1 and out == '' and 'API key' in err
    assert not (tmp_path / 'out').exists() and len(shop.log()) == before
    # nor by a key that the operator makes
    key = house.cli('key', 'create', '--tenant', shop.name, f'try {name}')['key']
    status, out, err = house.run(*name.split(), *[a.format(**values(shop, tmp_path)) for a in BY_KEY[name]], env={'DAICHO_KEY': key})
    assert MARK not in out + err and (status == 1 or name == 'job list'), (out, err)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('words', ['record.read', 'record.export', 'personal.see', 'record.read:customers', 'log.read', 'log.export', 'register.define,record.read'])
def test_the_operator_makes_no_key_that_opens_records(shop, house, words):
    status, _, err = house.run('key', 'create', '--tenant', shop.name, 'greedy', '--permissions', words)
    assert status == 1 and '/keys' in err, err
    with desk(house, shop) as db, pytest.raises(DENIED):
        db.execute("insert into daicho.api_key (tenant, name, token_hash, hint, permissions) values (%s, 'raw', 'x', 'x', %s)", [shop.name, words.split(',')])


def test_details_go_into_a_bundle_with_a_key_that_may_see_them(shop, house, tmp_path):
    house.cli('log', 'bundle', '--tenant', shop.name, tmp_path / 'full.tar', env={'DAICHO_KEY': shop.key})
    house.cli('log', 'bundle', '--tenant', shop.name, tmp_path / 'bare.tar')
    assert MARK.encode() in (tmp_path / 'full.tar').read_bytes() and MARK.encode() not in (tmp_path / 'bare.tar').read_bytes()
    for key in shop.new_key('masked log', 'log.read'), shop.new_key('no log', 'record.read,personal.see'), house.tenant(registers=()).key, 'dk_' + 'x' * 43:
        status, _, err = house.run('log', 'bundle', '--tenant', shop.name, tmp_path / 'no.tar', env={'DAICHO_KEY': key})
        assert status == 1 and not (tmp_path / 'no.tar').exists(), err


def test_the_whole_log_is_checked_without_seeing_it(shop, house):
    status, out, err = house.run('log', 'verify', '--tenant', shop.name)
    assert status == 0 and re.search(r'details: [1-9]\d* fit their entries', out) and MARK not in out, err


# In the database ------------------------------------------------------------------------------------------------------------------------------

class desk:
    """daicho_cli as it becomes inside a contract."""

    def __init__(self, house, shop, role=None):
        self.db = house.connect('daicho_cli')
        self.db.autocommit = False
        self.db.execute("select set_config('role', %s, true), set_config('daicho.actor', 'operator:0:root', true)", [role or f't_{shop.name}_desk'])

    def __enter__(self):
        return self.db

    def __exit__(self, *_):
        self.db.rollback()
        self.db.close()


@pytest.mark.parametrize('suffix', ['', '_masked', '_form'])
def test_the_operators_commands_cannot_take_a_role_that_sees_records(shop, house, suffix):
    with pytest.raises(DENIED), desk(house, shop, f't_{shop.name}{suffix}'):
        pass
    with desk(house, shop) as db, pytest.raises(DENIED):
        db.execute('select set_config(%s, %s, true)', ['role', f't_{shop.name}{suffix}'])


def test_the_desk_reads_the_log_the_definitions_and_no_other_table_of_the_contract(shop, house):
    relations = [name for name, in house.sql("select relname from pg_class where relnamespace = %s::regnamespace and relkind in ('r', 'v', 'm', 'p', 'S')",
                                             args=(f't_{shop.name}',))]
    assert {'r_customers', 'm_customers', 'change', 'log_detail'} <= set(relations)
    readable = set()
    for relation in relations:
        for sql in ('select * from {}', 'select 1 from {}', 'select count(*) from {}', "select x::text from {} x", 'table {}', 'lock table {}',
                    'update {} set id = id', 'delete from {}', 'truncate {}'):
            with desk(house, shop) as db:
                try:
                    db.execute(sql.format(f't_{shop.name}.{relation}'))
                    readable.add((relation, sql.split()[0]))
                except (DENIED, psycopg.errors.WrongObjectType, psycopg.errors.UndefinedColumn, psycopg.errors.GeneratedAlways):
                    pass
    changed = {(r, s) for r, s in readable if s not in ('select', 'table', 'lock')}
    assert changed == set(), changed
    assert {r for r, _ in readable} == {'log', 'log_detail', 'log_id_seq', 'register', 'seal'}
    with desk(house, shop) as db:
        assert db.execute(f'select count(id) from t_{shop.name}.log_detail').fetchone()[0] > 0      # that there is something; not what
    for column in 'salt', 'detail':
        with desk(house, shop) as db, pytest.raises(DENIED):
            db.execute(f'select {column} from t_{shop.name}.log_detail')


def test_no_shared_table_and_no_function_shows_the_desk_a_record(shop, house):
    tables = [name for name, in house.sql("select relname from pg_class where relnamespace = 'daicho'::regnamespace and relkind in ('r', 'p')")]
    for table in tables:
        with desk(house, shop) as db:
            try:
                rows = db.execute(f'select to_jsonb(x)::text from daicho.{table} x').fetchall()
            except DENIED:
                continue
            assert MARK not in str(rows), table
    with desk(house, shop) as db:
        assert db.execute("select distinct kind from daicho.job").fetchall() == [('define',)]
        rows = db.execute("select * from daicho.log_beside(null, '0', 0, 100000)").fetchall()
        assert rows and all(salt is None and detail is None for _, _, salt, detail in rows)
    for kind in 'import', 'export', 'log_export':
        with desk(house, shop) as db, pytest.raises(DENIED):
            db.execute("insert into daicho.job (tenant, actor_kind, actor, kind, register, args) values (%s, 'operator', 'root', %s, 'customers', '{}')", [shop.name, kind])
    with desk(house, shop) as db:
        assert db.execute('select daicho.job_cancel(%s)', [shop.job]).fetchone()[0] in (None, '')


@pytest.mark.parametrize('login', ['daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_sso', 'daicho_mailer', 'daicho_courier', 'daicho_sealer', 'daicho_watch', 'daicho_owner'])
def test_the_desk_is_the_operators_alone(shop, house, login):
    with house.connect(login) as db, pytest.raises(DENIED):
        db.execute('select set_config(%s, %s, true)', ['role', f't_{shop.name}_desk'])
