"""What is told by itself: somebody who tries doors, an account used from a new place, the operator at work inside a contract, root without a name."""
import concurrent.futures, json, os, pwd, shlex, subprocess

import psycopg
import pytest

from cluster import scope
from house import DAICHO, ENVIRONMENT, NO_CERTIFICATE, House, Refused, until
from test_account import Person


@pytest.fixture
def shop(house):
    """A contract whose administrator can be written to."""
    shop = house.tenant(registers=('customers',))
    house.sql("update daicho.account set email = 'guard@example.jp', lang = 'en' where id = %s", args=(shop.admin.id,))
    return shop


def notices(shop, kind):
    return shop.house.sql('select recipient, subject, body from daicho.notice where tenant = %s and kind = %s order by id', args=(shop.name, kind))


def noticed(shop, kind='probing'):
    return shop.house.sql('select actor_kind, actor_id, actor, source, count from daicho.alert where tenant = %s and kind = %s order by id', args=(shop.name, kind))


def told(shop, count=1):
    """Entries of alerts, when there are so many."""
    entries = lambda: [e for e in shop.log(own=True) if e['verb'] == 'alert' and 'alert' in e['detail']]
    until(lambda: len(entries()) >= count)
    return entries()


# foreign identifiers ---------------------------------------------------------------------------------------------------------------------------------
def test_aup_52_a_many_foreign_identifiers_give_only_404_and_one_alert_naming_the_account(house, shop):
    other = house.tenant(registers=('customers',))
    theirs = [other.api('POST', '/registers/customers/records', json={'email': f'a{n}@example.jp', 'family_name': '佐藤', 'given_name': '花'}).json()['id'] for n in range(3)]
    thief = Person(shop, 'thief', ['record.read', 'person.manage'])
    paths = [f'/registers/customers/records/{id}' for id in theirs] + [f'/people/{n + 900000}' for n in range(22)]
    for n, path in enumerate(paths, 1):
        assert noticed(shop) == [] or n > 20, n               # nineteen are none
        assert thief.call('GET', path).status == 404, path
    assert noticed(shop) == [('account', thief.id, 'thief', '127.0.0.1', 20)]
    entry, = told(shop)
    assert (entry['actor_kind'], entry['kind'], entry['subject_id'], entry['result']) == ('system', 'account', thief.id, 'OK')
    assert (entry['detail']['alert'], entry['detail']['actor'], entry['detail']['count']) == ('probing', 'thief', 20)
    (recipient, subject, body), = notices(shop, 'probing')
    assert recipient == 'guard@example.jp' and 'thief' in body and '127.0.0.1' in body and shop.title in subject
    # seen where the person is
    person = shop.api('GET', f'/people/{entry["detail"]["person_id"]}').json()
    assert [(a['kind'], a['count']) for a in person['alerts']] == [('probing', 20)]
    assert 'One address after another was tried' in shop.browser().get(f'/people/{entry["detail"]["person_id"]}').text
    # one for these ten minutes, another for the next
    for n in range(25):
        thief.call('GET', f'/people/{n + 910000}')
    assert len(noticed(shop)) == 1
    house.sql("update daicho.probe set since = since - interval '11 minutes' where tenant = %s", args=(shop.name,))
    for n in range(19):
        thief.call('GET', f'/people/{n + 920000}')
    assert len(noticed(shop)) == 1
    thief.call('GET', '/people/920019')
    assert len(noticed(shop)) == 2 and len(told(shop, 2)) == 2
    assert noticed(other) == []


def test_aup_52_a_what_is_denied_counts_as_what_is_not_there_and_a_key_is_named_too(house, shop):
    key = shop.new_key('partner', 'record.read')
    answers = {house.api('GET', f'/jobs/{n + 900000}' if n % 2 else f'/accounts/{shop.admin.id + n}', key=key).status for n in range(20)}
    assert answers == {403, 404}
    (kind, id, name, source, count), = noticed(shop)
    assert (kind, name, source, count) == ('key', 'partner', '127.0.0.1', 20)
    entry, = told(shop)
    assert (entry['kind'], entry['subject_id'], entry['detail']['actor']) == ('key', id, 'partner')
    assert 'API key:       partner' in notices(shop, 'probing')[0][2]


def test_aup_52_a_twenty_at_once_are_one_alert(house, shop):
    key = shop.new_key('quick')
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert {a.status for a in pool.map(lambda n: house.api('GET', f'/jobs/{n + 900000}', key=key), range(60))} == {404}
    assert len(noticed(shop)) == 1


def test_aup_52_a_neither_the_same_address_again_nor_good_requests_nor_other_refusals_are_counted(house, shop):
    probes = lambda: house.sql('select cardinality(seen) from daicho.probe where tenant = %s', args=(shop.name,))
    record = shop.api('POST', '/registers/customers/records', json={'email': 'a@example.jp', 'family_name': '佐藤', 'given_name': '花'}).json()['id']
    for n in range(25):
        assert shop.api('GET', f'/registers/customers/records/{record}').status == 200
        assert shop.api('GET', f'/no/such/address/{n}').status == 404
        assert shop.api('PATCH', f'/registers/customers/records/{record}', json={'email': f'no address {n}'}).status in (412, 422, 428)
        assert house.api('GET', f'/jobs/{n + 900000}').status == 401
    assert probes() == []
    for _ in range(25):
        assert shop.api('GET', '/jobs/900000').status == 404
    assert probes() == [(1,)] and noticed(shop) == []


def test_aup_52_a_nobody_reads_or_takes_back_what_is_counted(house, shop):
    for statement in ('select * from daicho.probe', 'delete from daicho.probe', 'delete from daicho.alert', "update daicho.alert set actor = 'x'",
                      "insert into daicho.alert (tenant, kind, actor_kind, actor_id, actor, source) values ('x', 'probing', 'account', 1, 'x', 'x')",
                      'select * from daicho.alert_due(0)'):
        with house.connect('daicho_web') as db, db.transaction(), pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute("select set_config('role', %s, true), set_config('daicho.actor', 'account:1:x', true)", (scope('daicho_web', shop.name),))
            db.execute(statement)


# places ----------------------------------------------------------------------------------------------------------------------------------------------
def places(shop, member, *sources):
    """Log-ins as the database sees them, one after the other, from these addresses; how many alerts there were after each."""
    counts = []
    for source in sources:
        with shop.house.connect('daicho_auth') as db, db.transaction():
            db.execute("select set_config('role', %s, true), set_config('daicho.actor', 'account:1:x', true)", (scope('daicho_auth', shop.name),))
            stage, = db.execute("select daicho.session_open(%s, sha256(convert_to(gen_random_uuid()::text, 'UTF8')), null, %s, 'test', true)", (member.id, source)).fetchone()
            assert stage == 'full'
        counts.append(len(noticed(shop, 'place')))
    return counts


def test_mer_5_5_e_a_log_in_from_a_new_place_is_told_to_its_owner_once(house, shop):
    member = Person(shop, 'member', ['record.read'])                   # its first log-in ever: from 127.0.0.1
    house.sql("update daicho.account set email = 'member@example.jp', lang = 'ja' where id = %s", args=(member.id,))
    assert house.sql('select network from daicho.place where account_id = %s', args=(member.id,)) == [('127.0.0.0/24',)]
    assert places(shop, member, '127.0.0.77', '203.0.113.5', '203.0.113.200', '127.0.0.1', '203.0.114.5') == [0, 1, 1, 1, 2]
    assert places(shop, member, '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1', '::ffff:203.0.113.7', '-', 'no address') == [3, 3, 4, 4, 4, 4]
    entries = told(shop, 4)
    assert [(e['kind'], e['subject_id'], e['detail']['alert'], e['detail']['source']) for e in entries][0] == ('account', member.id, 'place', '203.0.113.5')
    letters = notices(shop, 'place')
    assert [r for r, _, _ in letters] == ['member@example.jp'] * 4 and '203.0.113.5' in letters[0][2] and '初めての場所' in letters[0][1] and letters[0][2].count('/me') == 1
    person = shop.api('GET', f'/people/{entries[0]["detail"]["person_id"]}').json()
    assert [(a['kind'], a['source']) for a in person['alerts']][-1] == ('place', '203.0.113.5')


def test_mer_5_5_e_after_ninety_days_a_place_is_new_again(house, shop):
    member = Person(shop, 'member', ['record.read'])
    assert places(shop, member, '203.0.113.5') == [1]
    age = lambda days: house.sql("update daicho.place set seen_at = now() - make_interval(days => %s) where account_id = %s", args=(days, member.id))
    age(89)
    assert places(shop, member, '203.0.113.5') == [1]
    age(91)
    assert places(shop, member, '203.0.113.5') == [2]                  # nothing younger is known, and yet it is not the first log-in ever
    assert house.sql('select network from daicho.place where account_id = %s', args=(member.id,)) == [('203.0.113.0/24',)]
    # whoever has no address is told by those who manage accounts
    assert len(told(shop, 2)) == 2 and [r for r, _, _ in notices(shop, 'place')] == ['guard@example.jp'] * 2


def test_mer_5_5_e_nobody_who_only_knows_the_password_teaches_a_place(house, shop):
    member = Person(shop, 'member', ['record.read'])
    house.sql("insert into daicho.factor (tenant, account_id, kind, name, secret, confirmed_at) values (%s, %s, 'totp', 'phone', '\\x01', now())", args=(shop.name, member.id))
    with house.connect('daicho_auth') as db, db.transaction():
        db.execute("select set_config('role', %s, true), set_config('daicho.actor', 'account:1:x', true)", (scope('daicho_auth', shop.name),))
        assert db.execute("select daicho.session_open(%s, '\\x02', null, '203.0.113.5', 'test', true)", (member.id,)).fetchone() == ('factor',)
    assert house.sql('select network from daicho.place where account_id = %s', args=(member.id,)) == [('127.0.0.0/24',)]


# the person behind a command -------------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope='module')
def machine(tmp_path_factory):
    """A house whose alarms go to two people."""
    house = House.start(conf={'alarm_recipients': 'first@example.jp, second@example.jp', 'web_workers': 1, 'auth_workers': 1, 'job_workers': 1})
    yield house
    house.close()


def command(house, *args, loginuid=None, terminal=False, env=None):
    """A command as somebody with that loginuid would start it; on a terminal of its own, or on none."""
    line = [str(a) for a in (DAICHO, *args, '--dir', house.dir)]
    if loginuid is not None:
        line = ['/bin/sh', '-c', f'echo {loginuid} > /proc/self/loginuid && exec "$@"', 'sh', *line]
    if terminal:
        line = ['/usr/bin/script', '-qec', shlex.join(line), '/dev/null']
    done = subprocess.run(line, capture_output=True, text=True, cwd='/', env={**ENVIRONMENT, **(env or {})}, timeout=60, start_new_session=True)
    assert done.returncode == 0, done
    return done.stdout + done.stderr


def last(house):
    return house.sql("select actor_kind, actor, groups from daicho.log where actor_kind = 'operator' and verb <> 'alert' order by id desc limit 1")[0]


def kernel_says():
    """May we say who logged in? Once set, some kernels let nobody change it."""
    return subprocess.run(['/bin/sh', '-c', 'echo 1000 > /proc/self/loginuid'], capture_output=True).returncode == 0


def somebody():
    """An account of this machine that is nobody special: (number, name)."""
    found = [(p.pw_uid, p.pw_name) for p in pwd.getpwall() if 0 < p.pw_uid < 65534 and p.pw_uid != os.geteuid()]
    return sorted(found)[-1]


needs_kernel = pytest.mark.skipif(not kernel_says(), reason='this kernel does not let a test say who logged in; caller_test.c has every case')


@needs_kernel
def test_syn_3_12_5_c_the_person_who_logged_in_is_named_whatever_account_they_work_as(machine):
    number, name = somebody()
    me = pwd.getpwuid(os.geteuid()).pw_name
    command(machine, 'tenant', 'list', loginuid=number)
    assert last(machine) == ('operator', name, me)
    command(machine, 'tenant', 'list', loginuid=number, env={'SUDO_USER': 'root'}, terminal=True)          # what the environment says counts for nothing
    assert last(machine) == ('operator', name, me)
    command(machine, 'tenant', 'list', loginuid=54321)
    assert last(machine) == ('operator', 'uid 54321', me)
    shop = machine.tenant(registers=())
    command(machine, 'group', 'list', '--tenant', shop.name, loginuid=number)
    entry = shop.log()[-1]
    assert (entry['actor_kind'], entry['actor'], entry['groups'], entry['verb']) == ('operator', name, me, 'list') and entry['source'].startswith('session ')
    assert machine.sql("select count(*) from daicho.log where verb = 'alert'") == [(0,)]


@pytest.mark.skipif(os.geteuid() != 0, reason='root is needed')
def test_syn_3_12_5_c_root_without_a_person_raises_an_alert_once_an_hour(machine):
    count = lambda: (machine.sql("select count(*) from daicho.log where verb = 'alert' and kind = 'root'")[0][0],
                     machine.sql("select recipient from daicho.notice where tenant is null and kind = 'root' order by id"))
    command(machine, 'tenant', 'list')                                             # nobody sits there: cron, a unit, a test
    assert last(machine) == ('operator', 'root', 'unattended') and count() == (0, [])
    command(machine, 'tenant', 'list', env={'SUDO_USER': somebody()[1]}, terminal=True)
    assert last(machine) == ('operator', somebody()[1], 'root (sudo)') and count() == (0, [])
    command(machine, 'tenant', 'list', terminal=True, env={'SUDO_USER': 'nobody-here'})
    assert last(machine) == ('operator', 'root', '')
    entry, = machine.sql("select actor_kind, actor, source, result from daicho.log where verb = 'alert' and kind = 'root'")
    assert (entry[0], entry[1], entry[3]) == ('operator', 'root', 'OK')
    assert sorted(count()[1]) == [('first@example.jp',), ('second@example.jp',)]
    subject, body = machine.sql("select subject, body from daicho.notice where kind = 'root' limit 1")[0]
    assert 'root' in body and machine.url in body and 'Somebody works as root' in subject and 'rootで操作されています' in subject
    command(machine, 'tenant', 'list', terminal=True)
    command(machine, 'tenant', 'list', env={'SSH_CONNECTION': '203.0.113.5 1 203.0.113.6 22'})
    assert count()[0] == 1
    machine.sql("update daicho.root_use set told_at = told_at - interval '61 minutes'")
    command(machine, 'tenant', 'list', env={'SSH_CONNECTION': '203.0.113.5 1 203.0.113.6 22'})
    assert count()[0] == 2 and len(count()[1]) == 4


@needs_kernel
@pytest.mark.skipif(os.geteuid() != 0, reason='root is needed')
def test_syn_3_12_5_c_of_privileged_entries_none_is_without_a_person(machine):
    """Over the logs of a house that was run by commands: whoever acts with privilege is a person, but for what the machine does by itself, and for what the
    alert above is about."""
    number, name = somebody()
    made = json.loads(command(machine, 'tenant', 'create', 'byname', '--no-admin', *NO_CERTIFICATE, '--json', loginuid=number))
    for args in (('account', 'create', '--tenant', made['name'], 'hanako', '--password', 'kX4-9qzwVb-x'), ('account', 'unlock', '--tenant', made['name'], 'hanako'),
                 ('key', 'create', '--tenant', made['name'], 'shop'), ('group', 'list', '--tenant', made['name']), ('tenant', 'suspend', made['name']),
                 ('tenant', 'resume', made['name']), ('account', 'erase', '--tenant', made['name'], 'hanako')):
        command(machine, *args, loginuid=number, terminal=args[0] == 'key')
    entries = machine.log('byname')
    assert len([e for e in entries if e['actor_kind'] == 'operator']) >= 5
    assert {(e['actor'], e['groups']) for e in entries if e['actor_kind'] == 'operator'} == {(name, 'root')}
    everywhere = machine.sql("select actor, groups from daicho.log where actor_kind = 'operator' and verb <> 'alert'") + [
        (e['actor'], e['groups']) for t, in machine.sql('select name from daicho.tenant') for e in machine.log(t) if e['actor_kind'] == 'operator']
    nameless = [e for e in everywhere if e[0] in ('', 'root', 'daicho', 'operator') and e[1] != 'unattended']
    alerts, = machine.sql("select count(*) from daicho.log where verb = 'alert' and kind = 'root'")[0]
    assert len(everywhere) > 8 and (nameless == [] or alerts > 0), nameless
    # of contracts: none at all
    assert [e for t, in machine.sql('select name from daicho.tenant') for e in machine.log(t)
            if e['actor_kind'] == 'operator' and e['actor'] in ('', 'root', 'operator') and e['groups'] != 'unattended'] == []


# the operator at work inside a contract --------------------------------------------------------------------------------------------------------------
def test_what_the_operator_changes_in_a_contract_by_command_is_told_to_its_people(house, shop):
    """aup-52-a, syn-3.12.5-c: an operator who makes an account to come in by, or sets a password, cannot do it unseen"""
    said = lambda: [(recipient, body) for recipient, subject, body in notices(shop, 'operator')]
    cli = lambda *args: house.cli(*args[:2], '--tenant', shop.name, *args[2:])
    reader = Person(shop, 'reader', ['record.read'])
    house.sql("update daicho.account set email = 'reader@example.jp' where id = %s", args=(reader.id,))       # manages nothing: hears nothing
    assert said() == []
    expected = [
        (('account', 'create', 'backdoor', '--password', 'kX4-9qzwVb-backdoor', '--group', '管理者', '--email', 'evil@example.jp'), ('Account backdoor', 'Create')),
        (('account', 'password', 'admin', '--password', 'kX4-9qzwVb-admin'), ('Account admin', 'Change of password')),
        (('key', 'create', 'pipe'), ('API key pipe', 'Create')),
        (('group', 'create', 'helpers', '--permissions', 'record.read'), ('Permission group helpers', 'Create')),
        (('account', 'rights', 'reader', '--give', 'record.export'), ('Account reader', 'Change')),
        (('account', 'factors', 'backdoor'), ('Account backdoor', 'Reset')),
    ]
    for n, (args, words) in enumerate(expected, 1):
        cli(*args)
        body = dict(said())['guard@example.jp'] if n == 1 else [b for r, b in said() if r == 'guard@example.jp'][-1]
        assert len([r for r, _ in said() if r == 'guard@example.jp']) == n, args
        assert words[0] in body and words[1] in body and 'root' in body.split('By:')[1] and shop.name in body, (args, body)
    assert {r for r, _ in said()} == {'guard@example.jp', 'evil@example.jp'}                 # the new manager hears of what came after it
    assert not any('backdoor' in body and 'Create' in body for r, body in said() if r == 'evil@example.jp')
    assert not any('kX4-9qzwVb' in body for _, body in said())
    # what only looks, and what is refused, is told to nobody
    before = len(said())
    cli('account', 'list')
    cli('group', 'list')
    for args in (('account', 'password', 'nobody'), ('account', 'create', 'backdoor', '--password', 'kX4-9qzwVb-backdoor')):
        with pytest.raises(Refused):
            cli(*args)
    assert len(said()) == before
    # what the contract's own people do is theirs
    Person(shop, 'colleague', ['record.read'])
    assert len(said()) == before
