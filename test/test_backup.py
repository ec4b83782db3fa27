"""Backups: a key a contract, seven days everywhere, half of one is none, and a house that comes back out of one."""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from house import DAICHO, ENVIRONMENT, NO_CERTIFICATE, Account, Browser, House, Refused, until

MARK = '倉庫の目印'
AGE = '/usr/bin/age'


@pytest.fixture(scope='module')
def far():
    """Somewhere to put things; what stands for another machine as well."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix='daicho-far-'))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope='module')
def operator(far):
    """The identity that opens the recovery copy of the keys: in the operator's safe, not in the house."""
    file = far / 'identity'
    subprocess.run(['/usr/bin/age-keygen', '-o', file], check=True, capture_output=True)
    recipient = [line.split()[-1] for line in file.read_text().splitlines() if 'public key' in line][0]
    return file, recipient


@pytest.fixture(scope='module')
def own(far, operator):
    places = [far / 'here', far / 'there']
    house = House.start(conf={'backup_places': ', '.join(map(str, places)), 'backup_recovery': operator[1]})
    house.places = places
    for place in places:
        assert house.run('backup', 'place', place)[0] == 0
    yield house
    house.close()


@pytest.fixture
def shop(own):
    own.sql("select daicho.rehearse('0')")
    yield fill(own.tenant())
    own.sql("select daicho.rehearse('0')")


def fill(shop):
    for i in range(3):
        shop.api('POST', '/registers/customers/records', json={'email': f'{i}@example.jp', 'family_name': MARK + shop.name, 'given_name': '花'})
    shop.house.wait_job(shop.house.export('customers', shop), shop)
    return shop


def clock(house, seconds):
    """So many seconds away from now."""
    house.sql('select daicho.rehearse(make_interval(secs => %s))', args=(seconds,))


def backups(place):
    return sorted(p.name for p in place.iterdir() if p.name[:2] == '20')


def make(house):
    """Names of backups are seconds."""
    while True:
        try:
            return house.cli('backup', 'make')['name']
        except Refused as refused:
            if 'this very second' not in refused.stderr:
                raise
            time.sleep(0.3)


def scan(directory, *words):
    """Files that hold one of these, byte by byte."""
    return [p for p in directory.rglob('*') if p.is_file() for data in [p.read_bytes()] if any(w.encode(e) in data for w in words for e in ('utf-8', 'cp932'))]


def decrypt(key, file):
    done = subprocess.run([AGE, '-d', '-i', key, file], capture_output=True)
    return done.stdout if done.returncode == 0 else None


def restore(backup, *more, into=None):
    """(status, what it said, the directory)"""
    into = into or tempfile.mkdtemp(prefix='daicho-')
    done = subprocess.run([DAICHO, 'backup', 'restore', backup, *more, '--dir', into, '--json'], capture_output=True, text=True, env=ENVIRONMENT, cwd='/',
                          start_new_session=True)
    return done.returncode, done.stdout or done.stderr, pathlib.Path(into)


def test_grp_4_12_8_a_a_key_opens_one_contract_and_after_its_end_its_backups_are_nothing_while_everybody_else_comes_back(own, shop, operator):
    other, keys = fill(own.tenant()), own.dir / 'secret/backup'
    Browser(own).login(other.name, 'admin', other.admin.password)           # sets its second factor up
    entries = own.sql(f'select count(*) from t_{other.name}.log')
    name = make(own)
    assert not scan(own.places[0], MARK) and not scan(own.places[1], MARK)  # nothing in clear ...
    for place in own.places:
        rows = {s.name: place / name / f'{s.name}.rows.age' for s in (shop, other)}
        mine = decrypt(keys / f'{shop.name}.key', rows[shop.name]).decode()
        assert mine.count(MARK + shop.name) >= 3 and other.name not in mine and 'commit;' in mine[-20:]     # ... and all of it there
        house = decrypt(keys / '_house.key', place / name / '_house.rows.age').decode()
        assert 'daicho.clock' in house and not [w for w in (MARK, other.title, '@example.jp', '$2b$', 'r_customers (') if w in house]
        for key, owner in ((shop.name, other.name), (other.name, shop.name), ('_house', shop.name), (shop.name, '_house')):
            for kind in ('rows', 'files'):
                assert decrypt(keys / f'{key}.key', place / name / f'{owner}.{kind}.age') is None
    stored = decrypt(keys / f'{shop.name}.key', own.places[0] / name / f'{shop.name}.files.age')
    assert (MARK + shop.name).encode() in stored and b'tile/entries' in stored                              # the export's file, the sealed log
    key = keys / f'{shop.name}.key'
    assert key.stat().st_mode & 0o777 == 0o600 and key.stat().st_uid == (own.dir / 'VERSION').stat().st_uid
    key_owner = key.stat().st_uid
    secret = [line for line in key.read_text().splitlines() if line.startswith('AGE-SECRET-KEY-')][0]
    recipient = [line.split()[-1] for line in key.read_text().splitlines() if 'public key' in line][0]
    assert not scan(own.dir / 'pg', secret) and not scan(own.places[0], secret)

    # the contract ends by itself: a jobs process destroys the key, and could never read one
    own.cli('tenant', 'cancel', shop.name, '--last-day', '2036-01-31')
    own.sql("select daicho.rehearse(timestamptz '2036-02-07 00:00+09' - now())")
    assert until(lambda: [c for c in own.cli('tenant', 'erasures') if c['tenant'] == shop.name], seconds=20)
    own.sql("select daicho.rehearse('0')")
    certificate = own.cli('tenant', 'erasures')[-1]
    assert certificate['backup_key'] == recipient and not key.exists()
    for place in own.places:
        for kind in ('rows', 'files'):
            assert all(decrypt(k, place / name / f'{shop.name}.{kind}.age') is None for k in keys.glob('*.key') if k.name != '_manifest.key')
    assert own.cli('backup', 'verify', name)['destroyed'] == 4              # two files in two places
    own.cli('backup', 'prune')                                              # ... makes the recovery copy anew: without it
    assert secret.encode() not in decrypt(operator[0], own.places[1] / 'keys.age')

    # everything else is lost, too; the place far away and the operator's identity are left
    status, told, directory = restore(own.places[1] / name, '--incident', 'INC-2036', '--reason', '火災', '--identity', operator[0])
    house = House(directory, {})
    house.apps = own.apps
    try:
        assert status == 0, told
        assert shop.name in json.loads(told)['lost'] and json.loads(told)['contracts'] >= 1
        house.up()
        assert house.sql('select name from daicho.tenant where name in (%s, %s)', args=(shop.name, other.name)) == [(other.name,)]
        assert house.sql('select 1 from pg_namespace where nspname = %s', args=(f't_{shop.name}',)) == []
        assert house.sql('select scope, number, sha256 from daicho.migration order by 1, 2') == own.sql('select scope, number, sha256 from daicho.migration order by 1, 2')
        for file in ('daicho.conf', 'tls/client-ca.crt', 'secret/factor.key', 'secret/ca.key'):
            assert (house.dir / file).read_bytes() == (own.dir / file).read_bytes() and (house.dir / file).stat().st_uid == key_owner, file
        browser = Browser(house).login(other.name, 'admin', other.admin.password)
        assert browser.get('/').status == 200
        other.house = house
        found = other.api('GET', '/registers/customers/records?q=' + MARK)
        assert found.status == 200 and found.text.count('@example.jp') == 3, found
        assert other.api('POST', '/registers/customers/records', json={'email': 'new@example.jp', 'family_name': '新', 'given_name': '葉'}).status == 201
        house.wait_job(house.export('customers', other), other)             # numbers go on: no sequence is behind its table
        assert house.sql(f'select count(*) from t_{other.name}.log')[0] > entries[0]
        assert until(lambda: 'are those that were signed' in house.run('log', 'verify', '--tenant', other.name)[1], seconds=20)
        assert until(lambda: [t for t in house.cli('log', 'status') if t['tenant'] == other.name and t['origin'].endswith('/2') and not t['refused']])
        entry = house.sql("select actor_kind, result, detail ->> 'incident', detail ->> 'reason' from daicho.log where verb = 'restore'")
        assert entry == [('operator', 'OK', 'INC-2036', '火災')]
        assert house.sql('select 1 from daicho.session where created_at < %s::timestamptz', args=(json.loads(told)['taken_at'],)) == []
    finally:
        other.house = own
        house.close()


def test_syn_3_4_13_b_on_day_8_no_backup_local_or_remote_holds_or_restores_what_was_erased(own, shop, operator, far):
    other = fill(own.tenant())
    clock(own, -9 * 86400)
    name = make(own)
    taken = own.sql('select extract(epoch from taken_at - now()) from daicho.backup where name = %s', args=(name,))[0][0]
    assert all(name in backups(place) for place in own.places)
    aside = far / 'aside'                                                   # a copy somebody kept against the rules
    aside.mkdir()
    shutil.copytree(own.places[0] / name, aside / name)
    shutil.copy(own.places[0] / 'keys.age', aside)
    with pytest.raises(Refused):
        own.cli('tenant', 'end', other.name, '--confirm', 'nothing')
    for table in ('r_customers', 'change', 'log_detail'):                   # day D: the row is erased
        shop.sql(f'delete from {table}')
    clock(own, int(taken) + 7 * 86400 - 60)
    own.cli('backup', 'prune')
    assert all(name in backups(place) for place in own.places)              # D + 7, a minute before: there, and whole
    assert own.cli('backup', 'verify', name)['trouble'] == []
    fresh = make(own)
    clock(own, int(taken) + 7 * 86400 + 2)
    removed = own.cli('backup', 'prune')['removed']
    assert [r for r in removed if r.endswith(name)] == [f'{place}/{name}' for place in own.places]
    assert all(name not in backups(place) and fresh in backups(place) for place in own.places)
    clock(own, int(taken) + 8 * 86400)                                      # D + 8: no file of that day is anywhere, nothing younger holds the row
    keys = own.dir / 'secret/backup'
    for place in own.places:
        assert not [p for p in place.rglob('*') if name in str(p)] and not scan(place, MARK)
        for file in place.rglob(f'{shop.name}.rows.age'):
            assert (MARK + shop.name).encode() not in decrypt(keys / f'{shop.name}.key', file) or file.parent.name < name
        assert (MARK + other.name).encode() in decrypt(keys / f'{other.name}.key', place / fresh / f'{other.name}.rows.age')
    assert own.sql('select pruned_at is not null from daicho.backup where name = %s', args=(name,)) == [(True,)]
    entry = own.sql("select actor_kind, detail ->> 'removed' from daicho.log where kind = 'backup' and verb = 'delete' order by id desc limit 1")
    assert entry[0][0] == 'operator' and name in entry[0][1]
    status, said, directory = restore(aside / name, '--incident', '1', '--reason', 'x', '--identity', operator[0])
    assert status == 1 and 'older than seven days' in said and (not directory.exists() or not any(directory.iterdir()))


def test_a_place_that_cannot_be_reached_is_named_and_stops_nothing_else(own, shop):
    there = own.places[1].rename(own.places[1].with_suffix('.gone'))
    try:
        own.places[1].mkdir()                                               # the empty point where it should be mounted
        status, out, err = own.run('backup', 'make')
        assert status == 1 and str(own.places[1]) in err and 'cannot be reached' in err and 'was made' in out
        assert backups(own.places[0]) and not any(own.places[1].iterdir())
        status, _, err = own.run('backup', 'prune')
        assert status == 1 and str(own.places[1]) in err
        assert own.sql('select trouble is not null from daicho.backup_place order by place') == [(False,), (True,)]
        assert own.run('backup', 'list')[0] == 1
    finally:
        own.places[1].rmdir()
        there.rename(own.places[1])
    own.cli('backup', 'prune')
    assert own.sql('select distinct trouble from daicho.backup_place') == [(None,)]


def test_half_a_backup_is_none_and_what_was_there_stays(own, shop):
    good, before = make(own), backups(own.places[0])
    for wait in (0.05, 0.3, 0.6):
        process = subprocess.Popen([DAICHO, 'backup', 'make', '--dir', own.dir], env=ENVIRONMENT, cwd='/', start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: process.poll() is not None or list(own.places[0].glob('.new-*')), seconds=10)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert set(before) <= set(backups(own.places[0])) and own.cli('backup', 'verify', good)['trouble'] == []
    # nobody writes on, and the next one clears away
    assert until(lambda: own.run('backup', 'prune')[0] == 0)
    assert not [p for place in own.places for p in place.iterdir() if p.name[0] == '.']
    # no space left, in the middle of a file
    full = subprocess.run([DAICHO, 'backup', 'make', '--dir', own.dir], capture_output=True, text=True, env=ENVIRONMENT, cwd='/', start_new_session=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000)))
    assert full.returncode == 1 and 'the disk is full' in full.stderr and full.stderr.count('\n') == 1, full
    assert not [p for p in own.places[0].iterdir() if p.name[0] == '.'] and good in backups(own.places[0])
    refused = own.sql("select result from daicho.log where kind = 'backup' and verb = 'create' order by id desc limit 1")
    assert refused == [('DISK_FULL',)]


def test_what_was_changed_is_found_and_never_restored(own, shop, far, operator):
    name = make(own)
    aside = far / 'changed'
    shutil.copytree(own.places[0] / name, aside / name)
    shutil.copy(own.places[0] / 'keys.age', aside)
    file = own.places[1] / name / f'{shop.name}.rows.age'
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    status, _, err = own.run('backup', 'verify', name)
    assert status == 1 and f'{shop.name}.rows.age is damaged' in err
    assert own.sql('select sound from daicho.backup where name = %s', args=(name,)) == [(False,)]
    more = ('--incident', '7', '--reason', 'x', '--identity', operator[0])
    assert 'damaged' in restore(own.places[1] / name, *more)[1]
    # a script of somebody else, encrypted to the right key, with the right sum in the manifest: not signed by the house
    manifest = json.loads((aside / name / 'manifest.json').read_text())
    entry = [f for f in manifest['files'] if f['name'] == f'{shop.name}.rows.age'][0]
    forged = subprocess.run([AGE, '-r', entry['recipient']], input=b'\\! touch /tmp/forged\n', capture_output=True, check=True).stdout
    (aside / name / entry['name']).write_bytes(forged)
    import hashlib
    entry['sha256'], entry['size'] = hashlib.sha256(forged).hexdigest(), len(forged)
    (aside / name / 'manifest.json').write_text(json.dumps(manifest, separators=(',', ':')))
    status, said, directory = restore(aside / name, *more)
    assert status == 1 and 'was not signed by this house' in said and not (directory / 'pg').exists()
    shutil.rmtree(own.places[1] / name)


def test_backups_are_refused_where_nobody_would_remove_them_and_restores_without_an_incident_or_into_a_house(own, shop, far, operator):
    with pytest.raises(Refused, match='nobody would remove it after seven days'):
        own.cli('backup', 'make', far / 'elsewhere')
    name = make(own)
    for more in ((), ('--incident', '1'), ('--incident', ' ', '--reason', 'x'), ('--incident', '1', '--reason', '')):
        status, said, _ = restore(own.places[0] / name, *more, '--identity', operator[0])
        assert status == 2 and 'after a disaster only' in said
    assert 'empty directory only' in restore(own.places[0] / name, '--incident', '1', '--reason', 'x', '--identity', operator[0], into=own.dir)[1]
    status, said, directory = restore(own.places[0] / name, '--incident', '1', '--reason', 'x', '--identity', own.dir / 'secret/backup/_house.key')
    assert status == 1 and not directory.exists()
    exported = pathlib.Path(own.dir) / 'tmp/keys.age'
    own.cli('backup', 'keys', exported, '--to', operator[1])
    secret = (own.dir / 'secret/backup' / f'{shop.name}.key').read_text().splitlines()[-1]
    assert secret.encode() in decrypt(operator[0], exported) and own.secret('daicho_owner').encode() not in decrypt(operator[0], exported)
    entry = own.sql("select verb, detail ->> 'recipient' from daicho.log where kind = 'backup' order by id desc limit 1")
    assert entry == [('export', operator[1])]


def test_a_jobs_process_may_end_keys_and_read_none(own):
    told = own.run('worker', 'jobs', '9', '--probe')
    assert 'read-backup-key refused EACCES' in told[1], told


def test_every_shared_table_belongs_to_somebody(own, shop):
    """A new table stands in somebody's file, or is one of those of a moment."""
    tables = {t for (t,) in own.sql("select relname from pg_class where relnamespace = 'daicho'::regnamespace and relkind in ('r', 'p') and not relispartition")}
    house = {r for r, in own.sql('select relation from daicho.backup_rows(null)')}
    contract = {r for r, in own.sql('select relation from daicho.backup_rows(%s)', args=(shop.name,))}
    moment = {'session', 'renewal', 'sign_on', 'sign_on_failure', 'login_pace', 'login_failure', 'withdrawn', 'erase_bytes'}
    assert tables - house - contract == moment and 'credential' in contract - house and 'log' in house - contract
    # every row once
    with own.connect() as db:
        db.execute('begin isolation level repeatable read')
        parts = {}
        for tenant, in [(None,), *db.execute('select name from daicho.tenant').fetchall()]:
            for relation, condition in db.execute('select relation, condition from daicho.backup_rows(%s)', (tenant,)).fetchall():
                parts[relation] = parts.get(relation, 0) + db.execute(f'select count(*) from daicho.{relation} x where {condition}').fetchone()[0]
        whole = {t: db.execute(f'select count(*) from daicho.{t}').fetchone()[0] for t in tables - moment - {'notice'}}
        db.execute('rollback')
    assert {t: parts[t] for t in whole} == whole


class Keepers:
    """The operators' contract."""

    def __init__(self, house):
        self.house, self.name = house, 'keepers'
        house.cli('tenant', 'create', 'keepers', '--no-admin', '--operators', *NO_CERTIFICATE)

    def account(self, login, group='管理者', password='aA1!keepers-of-keys'):
        made = self.house.cli('account', 'create', '--tenant', self.name, login, '--name', login, '--email', f'{login}@example.jp', '--group', group,
                              '--password', password)
        return Account(self, made['id'], login, password, group)


def test_operators_are_told_once_a_day_when_there_is_no_good_backup_for_26_hours_and_see_it_on_their_page(own, shop):
    def told():
        return own.sql("select recipient from daicho.notice where kind = 'backup_late' order by id")

    boss = Keepers(own).account('boss')
    try:
        name = make(own)
        own.cli('backup', 'verify', 'newest')
        page = boss.browser().get('/operator').text
        assert '正常' in page and str(own.places[1]) in page and '0時間前' in page
        clock(own, 25.9 * 3600)
        time.sleep(6)                                                       # as long as two looks
        assert told() == []
        clock(own, 26.1 * 3600)
        assert until(lambda: told() == [('boss@example.jp',)], seconds=30)
        assert own.sql("select body ~ '26時間' and body ~ '26 hours' from daicho.notice where kind = 'backup_late'") == [(True,)]
        entry = own.sql("select actor_kind, result from daicho.log where kind = 'backup' and verb = 'alert' order by id desc limit 1")
        assert entry == [('system', 'OK')]
        assert '遅れています' in boss.browser(fresh=True).get('/operator').text
        clock(own, 51 * 3600)
        until(lambda: len(told()) == 2, seconds=30)                         # the next day, again
        state = boss.browser(fresh=True).get('/api/v1/operator').json()['backup']
        assert state['level'] == 'bad' and state['age_hours'] in (50, 51) and [p['newest'] for p in state['places']] == [name, name]
        assert len(told()) == 2
    finally:
        own.sql("select daicho.rehearse('0')")
        own.cli('tenant', 'end', 'keepers', '--confirm', 'keepers')
