"""The sealer: entries become leaves below the horizon of transactions, heads are signed, nothing that was signed is ever taken back.

What the house says is checked with a second implementation: the tree of RFC 6962 and the bytes of an entry, written here again from the
documents, and signatures by openssl."""
import base64, hashlib, os, pathlib, re, shutil, signal, subprocess, tempfile, time

import psycopg
import pytest

from cluster import scope
from house import DAICHO, House, Refused, until
from test_account import Person


@pytest.fixture(scope='module')
def fast():
    """A house whose logs are signed every second."""
    house = House.start(conf={'seal_seconds': 1})
    yield house
    house.close()


@pytest.fixture
def shop(fast):
    shop = fast.tenant(registers=())
    shop.api('GET', '/groups')                    # a first entry
    return shop


# a second implementation --------------------------------------------------------------------------------------------------------------------
def sha(*parts):
    return hashlib.sha256(b''.join(parts)).digest()


def leaf(entry):
    return sha(b'\0', entry)


def root(hashes):
    if not hashes:
        return sha(b'')
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha(b'\1', root(hashes[:k]), root(hashes[k:]))


def included(hash, index, size, proof):
    """RFC 9162 2.1.3.2."""
    at, last = index, size - 1
    for other in proof:
        assert last > 0
        if at & 1 or at == last:
            hash = sha(b'\1', other, hash)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            hash = sha(b'\1', hash, other)
        at, last = at >> 1, last >> 1
    assert last == 0
    return hash


def entry_bytes(row):
    """daicho-entry/v1 from a row of the log."""
    value = lambda s: re.sub(r'[\x00-\x1f\x7f]', lambda m: f'\\x{ord(m[0]):02x}', s.replace('\\', '\\\\'))
    lines = ['daicho-entry/v1', f'number {row["id"]}', f'time {row["at"]}', f'actor {row["actor_kind"]} {row["actor_id"]}']
    for name, key in ('actor', 'name'), ('groups', 'groups'), ('source', 'source'), ('verb', 'verb'), ('kind', 'kind'):
        if row[name]:
            lines.append(f'{key} {value(row[name])}')
    if row['subject_id'] is not None:
        lines.append(f'subject {row["subject_id"]}')
    lines.append(f'result {row["result"]}')
    if row['commitment'] is not None:
        lines.append(f'commit {base64.b64encode(row["commitment"]).decode()}')
    return ('\n'.join(lines) + '\n').encode()


def rows(shop):
    names = ['id', 'at', 'actor_kind', 'actor_id', 'actor', 'groups', 'source', 'verb', 'kind', 'subject_id', 'result', 'commitment']
    found = shop.sql("select id, to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), actor_kind, actor_id, actor, groups, source, verb, "
                     'kind, subject_id, result, commitment from log order by xid, id')
    return [dict(zip(names, row)) for row in found]


def files(shop):
    return shop.house.dir / 'seal' / tree(shop)['part'] / str(tree(shop)['generation'])


def tree(shop):
    row, = shop.house.sql('select part, generation, origin, size, refused from daicho.seal_tree where tenant = %s', args=(shop.name,))
    return dict(zip(['part', 'generation', 'origin', 'size', 'refused'], row))


def head(directory):
    """(origin, size, root) of the checkpoint, its signature checked by openssl against the key that stands beside it."""
    note = (directory / 'checkpoint').read_bytes()
    text, signatures = note[:note.rindex(b'\n\n') + 1], note[note.rindex(b'\n\n') + 2:].decode().splitlines()
    origin, size, hash = text.decode().splitlines()
    checked = 0
    for vkey in (directory / 'keys').read_text().splitlines():
        name, number, key = vkey.split('+', 2)
        public = base64.b64decode(key)[1:]
        assert name == origin and sha(name.encode(), b'\n', b'\1', public)[:4].hex() == number
        for line in signatures:
            dash, who, blob = line.split(' ')
            blob = base64.b64decode(blob)
            if who == origin and blob[:4].hex() == number:
                with tempfile.TemporaryDirectory() as tmp:
                    (pathlib.Path(tmp) / 'k').write_bytes(bytes.fromhex('302a300506032b6570032100') + public)
                    (pathlib.Path(tmp) / 't').write_bytes(text)
                    (pathlib.Path(tmp) / 's').write_bytes(blob[4:])
                    subprocess.run(['openssl', 'pkeyutl', '-verify', '-pubin', '-inkey', f'{tmp}/k', '-keyform', 'DER', '-rawin', '-in', f'{tmp}/t',
                                    '-sigfile', f'{tmp}/s'], check=True, capture_output=True)
                checked += 1
    assert checked >= 1 and checked == len(signatures)
    return origin, int(size), base64.b64decode(hash)


def bundle_entries(directory, size):
    out = []
    for n in range((size + 255) // 256):
        width = min(256, size - n * 256)
        path = directory / 'tile/entries' / (f'{n:03d}' + ('' if width == 256 else f'.p/{width}'))
        data = path.read_bytes()
        while data:
            length = int.from_bytes(data[:2], 'big')
            out.append(data[2:2 + length])
            data = data[2 + length:]
    return out


def sealed(shop, seconds=20):
    """Waits until everything that is written is sealed and published; the number of leaves."""
    def done():
        # in this order: what is asked later is never older than what it is compared with
        count = shop.sql('select count(*) from log')[0][0]
        if shop.sql('select coalesce(sum(count), 0) from seal')[0][0] != count:
            return None
        t, path = tree(shop), files(shop) / 'checkpoint'
        return t['size'] if t['refused'] is None and path.exists() and int(path.read_text().splitlines()[1]) == t['size'] else None
    size = until(done, seconds)
    assert size, (tree(shop), shop.house.tail('house.log'))
    return size


def whole(shop):
    """The published tree is exactly the rows of the database, in the order of (xid, id)."""
    size = sealed(shop)
    expected = [entry_bytes(row) for row in rows(shop)]
    origin, told, hash = head(files(shop))
    assert (origin, told) == (tree(shop)["origin"], size), [r for r in rows(shop) if r["actor"] != "filler"]
    assert bundle_entries(files(shop), size)[-len(expected):] == expected
    assert root([leaf(e) for e in bundle_entries(files(shop), size)]) == hash
    return size


def fill(shop, count, actor='filler'):
    shop.sql("insert into log (actor_kind, actor, groups, source, verb, kind, subject_id, result) "
             f"select 'account', '{actor}', '営業', '192.0.2.7', 'view', 'customers', n, 'OK' from generate_series(1, {count}) n")


def sealer(house):
    pid, = until(lambda: house.workers('sealer')) or [None]
    return pid


# ---------------------------------------------------------------------------------------------------------------------------------------------
def test_every_entry_becomes_a_leaf_and_the_head_is_signed(shop):
    for _ in range(5):
        shop.api('GET', '/groups')
    assert whole(shop) == len(rows(shop)) >= 6


@pytest.mark.parametrize('count', [255, 256, 257, 600])
def test_tiles_fill_and_go_on(shop, count):
    fill(shop, count)
    first = whole(shop)
    shop.api('GET', '/groups')
    assert whole(shop) == first + 1
    if first > 256:
        assert not (files(shop) / 'tile/0/000.p').exists() and (files(shop) / 'tile/0/000').stat().st_size == 8192


def test_more_than_one_batch_and_a_second_level(shop):
    fill(shop, 70000)
    whole(shop)
    assert shop.sql('select max(count) from seal') == [(4096,)]
    assert (files(shop) / 'tile/1/000').stat().st_size == 8192 and (files(shop) / 'tile/2/000.p/1').stat().st_size == 32


def test_a_transaction_that_commits_late_loses_nothing(shop):
    """Its entry has a lower number and an older transaction than what was written meanwhile: nothing behind it is sealed before it ends."""
    whole(shop)
    before = tree(shop)['size']
    with shop.house.connect() as late:
        late.autocommit = False
        late.execute(f"insert into t_{shop.name}.log (actor_kind, actor, source, verb, result) values ('system', 'late', '-', 'import', 'OK')")
        for _ in range(3):
            shop.api('GET', '/groups')
        time.sleep(3)
        assert tree(shop)['size'] == before
        late.commit()
    assert whole(shop) == before + 4
    with shop.house.connect() as gone:
        gone.autocommit = False
        gone.execute(f"insert into t_{shop.name}.log (actor_kind, actor, source, verb, result) values ('system', 'gone', '-', 'import', 'OK')")
        gone.rollback()
    shop.api('GET', '/groups')
    assert whole(shop) == before + 5


def test_the_entrys_row_is_never_touched(shop):
    shop.api('GET', '/groups')
    rows_before = shop.sql('select id, ctid::text, xmin::text from log order by id')
    whole(shop)
    assert shop.sql('select id, ctid::text, xmin::text from log order by id')[:len(rows_before)] == rows_before


def test_a_killed_sealer_begins_where_it_was(shop, fast):
    for i in range(5):          # the parent waits longer each time
        fill(shop, 300, f'round {i}')
        pid = sealer(fast)
        time.sleep(0.3 * i)
        os.kill(pid, signal.SIGKILL)
        assert until(lambda: fast.workers('sealer') not in ([], [pid]))
    whole(shop)


def stop_sealer(house):
    """Stopped for good as far as this test goes: SIGSTOP, so that nobody starts another."""
    os.kill(sealer(house), signal.SIGSTOP)


def go_on(house):
    """With a new connection to the database: then everything is compared, as after a start."""
    house.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'daicho_sealer'")
    os.kill(sealer(house), signal.SIGCONT)


@pytest.mark.parametrize('lost', ['database', 'checkpoint', 'database and checkpoint'])
def test_a_crash_between_two_steps_is_finished(shop, fast, lost):
    whole(shop)
    kept = (files(shop) / 'checkpoint').read_bytes()
    before = shop.house.sql('select size, last_xid::text, last_id from daicho.seal_tree where tenant = %s', args=(shop.name,))[0]
    fill(shop, 300)
    size = whole(shop)
    stop_sealer(fast)
    if 'database' in lost:          # the memory was written, the database was not told
        shop.sql('delete from seal where first >= %s', (before[0],))
        fast.sql('update daicho.seal_tree set size = %s, last_xid = %s::text::xid8, last_id = %s where tenant = %s', args=(*before, shop.name))
    if 'checkpoint' in lost:        # the database was told, the checkpoint not published
        (files(shop) / 'checkpoint').write_bytes(kept)
    go_on(fast)
    assert until(lambda: head(files(shop))[1] == size and tree(shop)['size'] == size), fast.tail('house.log')
    assert whole(shop) == size


def test_files_of_a_round_that_was_cut_short_do_no_harm(shop, fast):
    """Tiles that nobody signed: written again with the same bytes."""
    whole(shop)
    stop_sealer(fast)
    kept = {p: p.read_bytes() for p in (fast.dir / 'sealer').iterdir() if p.is_file()}
    tiles = files(shop) / 'tile/0/000.p'
    tiles.mkdir(parents=True, exist_ok=True)
    (tiles / '9.123.new').write_bytes(b'half')
    go_on(fast)
    fill(shop, 300)
    whole(shop)
    assert kept


def test_there_is_one_sealer(fast):
    second = subprocess.Popen([str(DAICHO), 'worker', 'sealer', '2', '--dir', str(fast.dir)], stderr=subprocess.PIPE, text=True)
    try:
        assert 'another one is at work' in second.stderr.readline()
    finally:
        second.kill()
        second.wait()


def test_silence_is_signed_too(shop, fast):
    """An hour without a single entry: the head is signed again, and the house's own log, which takes it in, grows by it."""
    whole(shop)
    house, path = fast.dir / 'seal/house/1', files(shop) / 'checkpoint'
    text = path.read_bytes()
    signed = lambda: fast.sql('select signed_at, daicho.clock() from daicho.seal_tree where tenant = %s', args=(shop.name,))[0]
    told = lambda: bundle_entries(house, head(house)[1]).count(b'daicho-checkpoint/v1\n' + text)
    assert until(lambda: told() == 1)
    before, written, size = signed()[0], path.stat().st_mtime_ns, head(house)[1]
    try:
        fast.sql("select daicho.rehearse('59 minutes')")
        time.sleep(2)
        assert signed()[0] == before and path.stat().st_mtime_ns == written
        fast.sql("select daicho.rehearse('61 minutes')")
        assert until(lambda: path.stat().st_mtime_ns > written and signed()[0] > before), fast.tail('house.log')
        at, now = signed()
        assert 3600 < (at - before).total_seconds() and (now - at).total_seconds() < 60
        assert path.read_bytes() == text            # nothing has changed, and exactly that is signed
        assert until(lambda: told() == 2) and head(house)[1] > size
    finally:
        fast.sql("select daicho.rehearse('0')")


# what does not agree is refused ---------------------------------------------------------------------------------------------------------------
def refused(shop, words):
    text = until(lambda: tree(shop)['refused'], 20)
    assert text and words in text, (text, shop.house.tail('house.log'))
    part = tree(shop)['part']
    assert f'{part} is not sealed' in shop.house.tail('house.log', 200)
    return text


def set_back(shop, fast):
    """The database as a restore from an older backup leaves it: entries and seals of the last while are gone, others are written in their place."""
    whole(shop)
    before = fast.sql('select size, last_xid::text, last_id from daicho.seal_tree where tenant = %s', args=(shop.name,))[0]
    fill(shop, 20, 'lost')
    whole(shop)
    published = (files(shop) / 'checkpoint').read_bytes()
    stop_sealer(fast)
    shop.sql('delete from log where (xid, id) > (%s::text::xid8, %s)', before[1:])
    shop.sql('delete from seal where first >= %s', before[:1])
    fast.sql('update daicho.seal_tree set size = %s, last_xid = %s::text::xid8, last_id = %s where tenant = %s', args=(*before, shop.name))
    fill(shop, 5, 'written after the restore')
    return published


def test_a_restored_database_is_refused_until_somebody_says_why(shop, fast):
    published = set_back(shop, fast)
    go_on(fast)
    refused(shop, 'the database was set back')
    assert (files(shop) / 'checkpoint').read_bytes() == published           # nothing else was signed
    page = shop.browser().get('/log/proof')
    assert page.status == 200 and '封印が止まっています' in page.text
    assert [row for row in fast.cli('log', 'status') if row['tenant'] == shop.name][0]['refused']
    status, _, err = fast.run('log', 'restart')
    assert status == 2 and '--reason' in err
    old = files(shop)
    fast.cli('log', 'restart', '--reason', '11月22日の障害で、前日のバックアップから復元した')
    assert until(lambda: tree(shop)['refused'] is None and tree(shop)['generation'] == 2), fast.tail('house.log')
    size = sealed_after_restart(shop)
    link, *entries = bundle_entries(files(shop), size)
    assert link.startswith(b'daicho-restart/v1\nprevious ' + old.relative_to(fast.dir / 'seal').as_posix().join(['localhost/seal/', '']).encode())
    assert '11月22日の障害で'.encode() in link and link.endswith(published)
    assert entries[:5] == [entry_bytes(r) for r in rows(shop) if r['actor'] == 'written after the restore']
    assert head(files(shop))[0].endswith('/2') and head(old)[0].endswith('/1')      # receipts of the first stay good
    shop.api('GET', '/groups')
    sealed_after_restart(shop)
    entry = shop.log()[-1]['id']
    assert shop.api('GET', f'/log/{entry}/proof').json()['proof']['state'] == 'proven'
    first = shop.log()[0]['id']
    proof = shop.api('GET', f'/log/{first}/proof').json()['proof']
    assert proof['state'] == 'proven' and proof['origin'].endswith('/1')
    assert ('restart', 'OK') in [tuple(r) for r in fast.sql("select verb, result from daicho.log where verb = 'restart'")]


def sealed_after_restart(shop):
    assert until(lambda: int((files(shop) / 'checkpoint').read_text().splitlines()[1]) == tree(shop)['size'] > 1
                 and shop.sql('select count(*) from log l where (xid, id) > (select last_xid, last_id from daicho.seal_tree where tenant = %s)', (shop.name,)) == [(0,)])
    size = tree(shop)['size']
    assert root([leaf(e) for e in bundle_entries(files(shop), size)]) == head(files(shop))[2]
    return size


@pytest.mark.parametrize('what', ['memory gone', 'memory damaged', 'tile changed', 'bundle changed', 'last entry changed', 'memory older'])
def test_whatever_does_not_agree_is_refused(shop, fast, what):
    memory = fast.dir / 'sealer' / tree(shop)['part']
    whole(shop)
    older = memory.read_bytes()
    fill(shop, 3)
    size = whole(shop)
    stop_sealer(fast)
    if what == 'memory gone':
        memory.unlink()
    elif what == 'memory damaged':
        memory.write_bytes(memory.read_bytes()[:-9])
    elif what == 'memory older':
        memory.write_bytes(older)
    elif what in ('tile changed', 'bundle changed'):
        path = files(shop) / 'tile' / ('0' if what == 'tile changed' else 'entries') / '000.p' / str(size)
        data = bytearray(path.read_bytes())
        data[-3] ^= 1
        path.write_bytes(data)
    else:
        shop.sql("update log set actor = 'somebody else' where id = (select max(id) from log)")
    before = (files(shop) / 'checkpoint').read_bytes()
    go_on(fast)
    refused(shop, '')
    fill(shop, 1)
    time.sleep(6 if what == 'last entry changed' else 1.5)      # refused trees are looked at again every five seconds
    assert (files(shop) / 'checkpoint').read_bytes() == before
    fast.cli('log', 'restart', '--reason', 'test')
    assert until(lambda: tree(shop)['refused'] is None), fast.tail('house.log')


def test_an_entry_changed_behind_its_back_is_shown_as_broken(shop):
    whole(shop)
    for i in range(4):
        shop.api('GET', '/groups')
    sealed(shop)
    id = shop.log()[2]['id']
    assert shop.api('GET', f'/log/{id}/proof').json()['proof']['state'] == 'proven'
    shop.sql("update log set source = '198.51.100.1' where id = %s", (id,))
    assert shop.api('GET', f'/log/{id}/proof').json()['proof']['state'] == 'broken'
    assert '書き換えられた可能性' in shop.browser().get(f'/log/{id}').text
    assert shop.api('GET', f'/log/{id}/receipt').status == 409


# the role -------------------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('statement', ['select * from t_{s}.log', 'select * from t_{s}.log_detail', 'select * from daicho.log', 'select * from daicho.account',
                                       'select * from daicho.credential', 'select * from daicho.seal_tree', 'insert into t_{s}.seal values (1, 0, 1, \'1\', 1)',
                                       'update daicho.seal_tree set size = 0', "select set_config('role', 't_{s}', true)", 'delete from daicho.seal_note',
                                       "select * from daicho.session_enter('x', '', '')", "select daicho.log_erase('account', 1)"])
def test_the_sealer_has_its_doors_and_nothing_else(shop, fast, statement):
    with fast.connect('daicho_sealer') as db, pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)):
        db.execute(statement.format(s=shop.name))


@pytest.mark.parametrize('role', ['daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli'])
@pytest.mark.parametrize('statement', ["select daicho.seal_write('house', 1, 0, 1, '1', 1)", "select daicho.seal_read('house', '0', 0, 10)", 'select daicho.seal_lock()',
                                       "select daicho.seal_restart('house', 9, 0)", "select daicho.seal_tell('house', 'x', true, 'x')", 'select daicho.seal_trees()',
                                       "select daicho.seal_note_write('key', 'x')", "select daicho.seal_close('house')"])
def test_nobody_else_has_the_sealers_doors(shop, fast, role, statement):
    for inside in (False, True):
        with fast.connect(role) as db, db.transaction(force_rollback=True):
            if inside:
                db.execute("select set_config('role', %s, true)", (scope(role, shop.name),))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                db.execute(statement)


# keys ------------------------------------------------------------------------------------------------------------------------------------------
def test_keys_change_by_overlap(shop, fast):
    sealed(shop)
    old, = (files(shop) / 'keys').read_text().splitlines()
    fast.cli('log', 'rotate', '--days', '7')
    shop.api('GET', '/groups')
    assert until(lambda: len((files(shop) / 'keys').read_text().splitlines()) == 2)
    keys = (files(shop) / 'keys').read_text().splitlines()
    assert keys[0] == old
    assert until(lambda: (files(shop) / 'checkpoint').read_text().count('\n— ') == 2)
    head(files(shop))
    house = fast.dir / 'seal/house/1'
    public = base64.b64encode(base64.b64decode(old.split('+', 2)[2])[1:]).decode()
    assert until(lambda: any(e.startswith(b'daicho-key/v1') and public.encode() in e and b'until 1' in e
                             for e in bundle_entries(house, head(house)[1])))
    assert fast.sql("select verb, result from daicho.log where verb = 'rotate'") == [('rotate', 'OK')]
    for path in (fast.dir / 'secret/log').iterdir():
        assert path.stat().st_mode & 0o077 == 0
        seed = re.search(r'seed (\S+)', path.read_text()).group(1)
        assert seed not in fast.tail('house.log', 10000)
    fast.cli('log', 'rotate', '--days', '0')        # the second key stops at once, the third signs alone with the first
    shop.api('GET', '/groups')
    assert until(lambda: len((files(shop) / 'keys').read_text().splitlines()) == 2 and (files(shop) / 'keys').read_text().splitlines()[1] != keys[1])
    third = bytes.fromhex((files(shop) / 'keys').read_text().splitlines()[1].split('+')[1])
    assert until(lambda: third in [base64.b64decode(line.split(' ')[2])[:4] for line in (files(shop) / 'checkpoint').read_text().split('\n\n')[1].splitlines()])
    head(files(shop))


# the house's own tree --------------------------------------------------------------------------------------------------------------------------
def test_the_houses_tree_holds_its_entries_and_every_head(shop, fast):
    whole(shop)
    head_text = (files(shop) / 'checkpoint').read_bytes()
    house = fast.dir / 'seal/house/1'
    assert until(lambda: b'daicho-checkpoint/v1\n' + head_text in bundle_entries(house, head(house)[1]))
    origin, size, hash = head(house)
    entries = bundle_entries(house, size)
    assert root([leaf(e) for e in entries]) == hash
    assert sum(b'verb create\nkind tenant' in e for e in entries) >= 1
    assert not any(b'hanako' in e for e in entries)


def test_an_ended_contract_leaves_hashes_and_nothing_that_can_be_read(shop, fast):
    size, directory = whole(shop), files(shop)
    last = (directory / 'checkpoint').read_bytes()
    fast.cli('tenant', 'end', shop.name, '--confirm', shop.name)
    assert until(lambda: not (directory / 'tile/entries').exists())
    assert (directory / 'checkpoint').read_bytes() == last and head(directory)[1] == size
    assert fast.sql('select count(*) from daicho.seal_tree where part = %s', args=(directory.parent.name,)) == [(0,)]
    house = fast.dir / 'seal/house/1'
    assert until(lambda: any(e.startswith(b'daicho-close/v1\n' + head(directory)[0].encode()) for e in bundle_entries(house, head(house)[1])))


# from outside ------------------------------------------------------------------------------------------------------------------------------------
def test_checkpoints_keys_and_hashes_are_everybodys(shop, fast):
    fill(shop, 300)
    whole(shop)
    base = f'/seal/{tree(shop)["part"]}/1'
    answer = fast.http.request('GET', base + '/checkpoint')
    assert answer.status == 200 and answer.content == (files(shop) / 'checkpoint').read_bytes()
    assert answer.headers['Content-Type'] == 'text/plain; charset=utf-8' and 'max-age=5' in answer.headers['Cache-Control']
    assert fast.http.request('GET', base + '/keys').content == (files(shop) / 'keys').read_bytes()
    full = fast.http.request('GET', base + '/tile/0/000')
    assert full.status == 200 and len(full.content) == 8192 and full.headers['Content-Type'] == 'application/octet-stream'
    assert 'immutable' in full.headers['Cache-Control']
    width = tree(shop)['size'] % 256
    assert len(fast.http.request('GET', f'{base}/tile/0/001.p/{width}').content) == 32 * width


def test_nothing_else_is(shop, fast):
    whole(shop)
    part = tree(shop)['part']
    for path in (f'/seal/{part}/1/tile/entries/000.p/1', '/seal/', f'/seal/{part}/', f'/seal/{part}/1/', f'/seal/{part}/../../secret/log/1.key',
                 f'/seal/{part}/1/tile/0/../../../../../daicho.conf', '/-/seal/house/1/checkpoint', f'/seal/{part}/1/tile/0/000.p/9.new'):
        answer = fast.http.request('GET', path)
        assert answer.status in (400, 401, 403, 404), (path, answer)


def test_bundles_go_to_readers_of_that_log_only(shop, fast):
    size = whole(shop)
    path = f'/seal/{tree(shop)["part"]}/1/tile/entries/000.p/{size}'
    ask = lambda key: fast.http.request('GET', path, {'Authorization': f'Bearer {key}'})
    answer = ask(shop.key)
    assert answer.status == 200 and answer.content == (files(shop) / 'tile/entries/000.p' / str(size)).read_bytes()
    assert answer.headers['Cache-Control'] == 'no-store'
    assert shop.log()[-1]['verb'] == 'download' and shop.log()[-1]['kind'] == 'log'
    assert ask(shop.new_key('powerless', 'record.read')).status == 403
    other = fast.tenant(registers=())
    assert ask(other.key).status == 404
    for name in ('house/1/tile/entries/000.p/1', '../x', f'{tree(shop)["part"]}/1/checkpoint', f'{tree(shop)["part"]}/1/tile/entries/999', 'x' * 100):
        assert shop.api('GET', f'/log/bundle?name={name}').status == 404, name


def test_a_receipt_proves_its_entry_without_the_house(shop, fast):
    for _ in range(9):
        shop.api('GET', '/groups')
    sealed(shop)
    for entry in shop.log()[::3]:
        answer = shop.api('GET', f'/log/{entry["id"]}/receipt')
        assert answer.status == 200 and f'entry-{entry["id"]}.tlog-proof' in answer.headers['Content-Disposition']
        text, note = answer.text.split('\n\n', 1)
        first, extra, index, *proof = text.split('\n')
        assert first == 'c2sp.org/tlog-proof@v1'
        told = base64.b64decode(extra.removeprefix('extra '))
        assert told == entry_bytes(next(r for r in rows(shop) if r['id'] == entry['id']))
        origin, size, hash, _, _, *_ = note.split('\n')
        assert included(leaf(told), int(index.removeprefix('index ')), int(size), [base64.b64decode(p) for p in proof]) == base64.b64decode(hash)
    page = shop.browser().get(f'/log/{entry["id"]}/proof')
    assert page.status == 200 and page.text.count('class="pair"') == len(proof) and '証明済み' in page.text


def test_an_entry_that_is_not_sealed_yet_says_so(shop, fast):
    sealed(shop)
    with shop.house.connect() as late:      # holds the horizon
        late.autocommit = False
        late.execute('select pg_current_xact_id()')
        shop.api('GET', '/groups')
        id = shop.log()[-1]['id']
        proof = shop.api('GET', f'/log/{id}/proof').json()['proof']
        assert proof['state'] == 'waiting' and 'path' not in proof
        assert shop.api('GET', f'/log/{id}/receipt').status == 409
        assert '封印待ち' in shop.browser().get(f'/log/{id}').text
        late.rollback()


def test_the_page_about_the_log(shop, fast):
    size = sealed(shop)
    told = shop.api('GET', '/log/proof').json()
    origin, size, hash = head(files(shop))
    assert told['log']['origin'] == origin and told['log']['signed'] is True and told['log']['refused'] is None and told['witness'] is None
    assert told['house']['origin'] == 'localhost/seal/house/1'
    page = shop.browser().get('/log/proof').text
    assert origin in page and '立会人がまだ連署していません' in page


# what a person sees --------------------------------------------------------------------------------------------------------------------------
def test_the_list_says_how_far_the_log_is_sealed(shop, fast):
    size = sealed(shop)
    told = shop.api('GET', '/log').json()
    assert told['log']['state'] == 'sealed' and told['log']['size'] >= size and told['witness'] is None
    assert 'log' not in shop.api('GET', f'/log?after={told["entries"][0]["id"]}').json()      # told once, with the first page
    assert '封印済み' in shop.browser().get('/log').text
    fast.sql("update daicho.seal_tree set signed_at = signed_at - interval '3 hours' where tenant = %s", args=(shop.name,))
    page = shop.browser().get('/log/proof').text
    assert '封印が遅れています' in page or shop.api('GET', '/log/proof').json()['log']['state'] == 'sealed'    # the sealer may have signed since
    with fast.connect() as late:            # holds the horizon: nothing new can be sealed
        late.autocommit = False
        late.execute('select pg_current_xact_id()')
        shop.api('GET', '/groups')
        fast.sql("update daicho.seal_tree set signed_at = signed_at - interval '20 minutes' where tenant = %s", args=(shop.name,))
        assert shop.api('GET', '/log').json()['log']['state'] == 'late'
        late.rollback()


def test_the_last_cosignature_is_told_and_when_it_is_old(shop, fast):
    """Whoever cosigns the house's log, in which this one's heads are sealed, is its witness too."""
    sealed(shop)
    house = fast.dir / 'seal/house/1'
    assert until(lambda: (house / 'checkpoint').exists())

    def cosigned(at, where=house):
        line = base64.b64encode(b'\1\2\3\4' + int(at).to_bytes(8, 'big') + bytes(64)).decode()
        (where / 'cosigned').write_text((where / 'checkpoint').read_text().rstrip('\n') + f'\n— witness.example/w1 {line}\n')
    try:
        cosigned(time.time() - 3600)
        told = shop.api('GET', '/log/proof').json()['witness']
        assert told['house'] is True and told['old'] is False and [w['name'] for w in told['witnesses']] == ['witness.example/w1']
        page = shop.browser().get('/log').text
        assert '立会人の連署 2' in page and '連署がありません' not in page
        cosigned(time.time() - 3 * 86400)
        assert shop.api('GET', '/log').json()['witness']['old'] is True
        for path in '/log', '/log/proof':
            assert re.search('2[0-9/]+ [0-9:]+ から立会人の連署がありません', shop.browser().get(path).text), path
        cosigned(time.time() - 60, files(shop))
        told = shop.api('GET', '/log/proof').json()['witness']
        assert told['old'] is False and 'house' not in told
        (house / 'cosigned').write_text('torn')
        (files(shop) / 'cosigned').write_text('')
        assert shop.api('GET', '/log/proof').json()['witness'] is None
    finally:
        (house / 'cosigned').unlink()


def test_a_receipt_is_checked_on_a_page(shop, fast):
    shop.api('POST', '/groups', json={'name': '点検'})
    sealed(shop)
    id = next(e['id'] for e in shop.log() if e['verb'] == 'create' and e['kind'] == 'group')
    receipt = shop.api('GET', f'/log/{id}/receipt').content
    bring = lambda data, key=shop.key: fast.api('POST', '/log/check', key=key, files={'file': ('x.tlog-proof', data, 'text/plain')})
    answer = bring(receipt)
    assert answer.status == 200, answer
    told = answer.json()['receipt']
    assert told['state'] == 'genuine' and told['entry']['id'] == id and told['entry']['verb'] == 'create' and told['size'] > told['index'] >= 0
    written = [e for e in shop.log() if e['verb'] == 'verify']
    assert len(written) == 1 and written[0]['subject_id'] == id and written[0]['detail'] == {'receipt': 'genuine'}
    page = shop.browser().request('POST', '/log/check', files={'file': ('x.tlog-proof', receipt, 'text/plain')})
    assert page.status == 200 and '書き換えられていません' in page.text and '点検' not in page.text
    # another entry in its place, a signature that does not fit, another contract's log
    text, note = receipt.decode().split('\n\n', 1)
    first, extra, *rest = text.split('\n')
    other = base64.b64encode(base64.b64decode(extra.removeprefix('extra ')).replace(b'verb create', b'verb delete')).decode()
    assert bring('\n'.join([first, f'extra {other}', *rest]).encode() + b'\n\n' + note.encode()).json()['receipt']['state'] == 'forged'
    lines = note.split('\n')
    lines[1] = str(int(lines[1]) + 1)
    assert bring((text + '\n\n' + '\n'.join(lines)).encode()).json()['receipt']['state'] == 'forged'
    stranger = fast.tenant(registers=())
    assert bring(receipt, stranger.key).json()['receipt']['state'] == 'foreign'
    origin = note.split('\n')[0].encode()
    for junk in (b'x', b'c2sp.org/tlog-proof@v1\n', receipt[:-40], bytes(300), receipt.replace(b'\n', b'\r\n'), receipt + receipt, b'\xef\xbb\xbf' + receipt,
                 receipt + b'\n', receipt.replace(origin, b'\xff\xfe'), receipt.replace(b'\nindex ', b'\nindex 0'), receipt.replace(b'extra ', b'extra ' + b'QUFB' * 9000)):
        assert bring(junk).status == 422, junk
    # what a stranger wrote into it is shown as text, and is text
    hashed = base64.b64encode(bytes(32)).decode()
    for name, status in ((r'\xff', 422), (r'\x00', 422), ('a\tb', 422), ('<img src=x onerror=alert(1)>', 200), ('"><svg/onload=alert(1)>', 200)):
        entry = f'daicho-entry/v1\nnumber 5\ntime 2026-01-02T03:04:05.000000Z\nactor account 1\nname {name}\ngroups.sha256 {hashed}\nverb view\nkind {name}\nresult {name}\n'
        data = '\n'.join([first, f'extra {base64.b64encode(entry.encode()).decode()}', *rest]).encode() + b'\n\n' + note.encode()
        assert bring(data).status == status, name
        page = shop.browser().request('POST', '/log/check', files={'file': ('x.tlog-proof', data, 'text/plain')})
        assert page.status == status and not re.search(r'<img|<svg/', page.text) and '\0' not in page.text, name
    data = receipt.replace(origin, b'<script>alert(1)</script>')
    assert bring(data).json()['receipt']['state'] == 'foreign'
    page = shop.browser().request('POST', '/log/check', files={'file': ('x.tlog-proof', data, 'text/plain')})
    assert page.status == 200 and '<script>alert' not in page.text and '&lt;script&gt;alert' in page.text
    assert bring(b'').status == 422 and bring(b'x' * (2 << 20)).status == 413
    assert bring(receipt, shop.new_key('blind', 'record.read')).status == 403
    # the row is changed by somebody who may do everything in the database
    fast.sql(f"update t_{shop.name}.log set actor = 'somebody' where id = %s", args=(id,))
    assert bring(receipt).json()['receipt']['state'] == 'changed'
