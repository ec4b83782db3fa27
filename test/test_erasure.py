"""What is erased is gone from the disk: not only its rows, but their bytes, from tables, indexes, statistics, journal, queues and files. Looked for by a scanner of
its own, which is first shown to find them there."""
import json
import os
import re
import secrets
import subprocess
import time

import pytest

from house import DAICHO, ENVIRONMENT, House, Refused, until
from test_bulk import below, do, fill, look


@pytest.fixture(scope='module')
def own():
    house = House.start()
    yield house
    house.close()


def marker():
    return 'zq' + secrets.token_hex(10)


def scan(house, *words):
    """{path: finds} in every file below the house's directory, as any of three encodings."""
    wanted = {w.encode(code) for w in words for code in ('utf-8', 'utf-16-le', 'cp932')}
    found = {}
    for root, _, names in os.walk(house.dir):
        for name in names:
            path = os.path.join(root, name)
            try:
                if os.path.isfile(path):
                    with open(path, 'rb') as file:
                        content = file.read()
                    if n := sum(content.count(w) for w in wanted):
                        found[os.path.relpath(path, house.dir)] = n
            except FileNotFoundError:
                pass
    return found


def tables(house, found):
    """The names behind the numbers PostgreSQL's files have."""
    names = dict(house.sql("select pg_relation_filepath(c.oid), c.relname::text from pg_class c where pg_relation_filepath(c.oid) is not null"))
    return {names.get(path.removeprefix('pg/'), re.sub(r'[0-9A-F]{24}$|\d+', '*', path)) for path in found}


def settled(house):
    """Everything that was asked for has been done."""
    return until(lambda: house.sql('select count(*) from daicho.erase_bytes where due_at <= daicho.clock()') == [(0,)]
                 and house.sql('select count(*) from daicho.withdrawn') == [(0,)], seconds=60)


def toast(house, table):
    return house.sql('select t.relname::text from pg_class c join pg_class t on t.oid = c.reltoastrelid where c.oid = %s::regclass', args=(table,))[0][0]


def plant(house, shop, word):
    """One value in every place that a contract's people can put it."""
    made = shop.api('POST', '/registers/customers/records', json={'email': f'{word}@example.jp', 'family_name': word, 'given_name': '花'})
    assert made.status == 201
    shop.api('GET', f'/registers/customers/records?q={word}')                                                   # a searched text, in the log
    assert shop.api('GET', f'/registers/customers/records?q={word}').status == 200
    job = house.export('customers', shop)
    house.wait_job(job, shop)
    job = house.import_file('customers', f'email,family_name,given_name\n{word}2@example.jp,{word},花\nnone,{word},花\n'.encode(), shop)      # and a refused row
    until(lambda: house.sql('select state from daicho.job where id = %s', args=(job,)) in ([('done',)], [('failed',)]))
    house.sql('insert into daicho.job (tenant, actor, kind, args, state) values (%s, %s, %s, %s, %s)',
              args=(shop.name, word, 'export', json.dumps({'q': word, 'long': secrets.token_hex(10000)}), 'done'))          # and among what TOAST keeps
    house.sql("insert into daicho.notice (tenant, kind, recipient, subject, body, state) values (%s, 'x', %s, %s, %s, 'sent')",
              args=(shop.name, f'{word}@example.jp', word, word))
    house.cli('account', 'create', '--tenant', shop.name, word, '--name', word, '--group', '担当者', '--password', 'aA1!' + secrets.token_urlsafe(12))
    shop.new_key(word)
    browser = shop.browser(fresh=True)
    house.sql('update daicho.session set agent = %s where tenant = %s', args=(word, shop.name))
    browser.get(f'/registers/customers/records?q={word}')
    house.sql('analyze')                                                                                       # the planner's statistics hold values
    house.sql('checkpoint')
    return made.json()['id']


def test_syn_3_4_13_e_no_byte_of_a_contract_is_left_in_database_journal_index_temp_or_queue_after_its_erasure(own):
    word, shop, other = marker(), own.tenant(registers=('customers', 'orders')), own.tenant(registers=('customers',))
    kept = marker()
    other.api('POST', '/registers/customers/records', json={'email': f'{kept}@example.jp', 'family_name': kept, 'given_name': '花'})
    plant(own, shop, word)
    before = scan(own, word)
    there = tables(own, before)
    assert {'account', 'account_login_key', 'api_key', 'api_key_name_key', 'job', 'notice', 'person', 'session', 'r_customers', 'r_customers_email_key',
            'log_detail', 'pg_statistic', toast(own, 'daicho.job'), 'pg/pg_wal/*', 'files/result/*.csv'} <= there, there
    told = command(own, word)                                         # the house's own command sees what is there
    assert told['status'] == 1 and {f['path'].removeprefix(f'{own.dir}/') for f in told['found']} >= set(before) and told['count'] >= sum(before.values())
    own.cli('tenant', 'end', shop.name, '--confirm', shop.name)
    assert until(lambda: own.cli('tenant', 'erasures')[-1].get('bytes_at'), seconds=60)
    own.sql('checkpoint')                                             # and nothing comes back with what is written later
    assert (tables(own, left := scan(own, word)), left) == (set(), {})
    assert tables(own, scan(own, kept)) >= {'r_customers'}            # what is not erased is there
    assert other.api('GET', f'/registers/customers/records?q={kept}').json()['records'][0]['family_name'] == kept
    certificate = own.cli('tenant', 'erasures')[-1]
    assert certificate['tenant'] == shop.name and {'account', 'api_key', 'change', 'job', 'log_detail', 'notice'} <= set(certificate['planted']), certificate
    entry, = own.sql("select actor_kind, result, detail from daicho.log where kind = 'erasure' and verb = 'erase' order by id desc limit 1")
    assert entry[:2] == ('system', 'OK') and entry[2]['tenant'] == shop.name and entry[2]['certificate'] == certificate['id']
    told = command(own, word)
    assert (told['status'], told['count'], told['found']) == (0, 0, [])
    # the marker the house planted itself before erasing: looked for in every file by itself, and written into the certificate
    assert until(lambda: own.cli('tenant', 'erasures')[-1].get('scanned_at'), seconds=40)
    certificate = own.cli('tenant', 'erasures')[-1]
    assert certificate['scanned_found'] == 0 and certificate['scanned_files'] > 900 and certificate['scanned_bytes'] > 50 << 20
    proof, = own.cli('erasure', 'prove', certificate['id'])          # and as often as somebody wants
    assert proof['count'] == 0 and proof['planted'] == len(certificate['planted'])
    entry, = own.sql("select result, detail from daicho.log where kind = 'erasure' and verb = 'verify' order by id desc limit 1")
    assert entry[0] == 'OK' and (entry[1]['tenant'], entry[1]['found'], entry[1]['planted']) == (shop.name, 0, len(certificate['planted']))
    # a proof that finds something says so: here what somebody left behind
    planted, = own.sql('select daicho.erasure_marker(seed) from daicho.erasure where id = %s', args=(certificate['id'],))[0]
    (own.dir / 'tmp/left').write_text(f'left {planted} behind')
    with pytest.raises(Refused, match='1'):
        own.cli('erasure', 'prove', certificate['id'])
    assert own.cli('tenant', 'erasures')[-1]['scanned_found'] == 1
    (own.dir / 'tmp/left').unlink()


def command(house, word, *more):
    """What `daicho erasure scan` says."""
    status, out, _ = house.run('erasure', 'scan', word, *more, '--json')
    return {'status': status, **json.loads(out)}


def test_the_scan_reads_every_file_of_the_house_and_none_outside(own, tmp_path):
    word = 'ab 目印' + secrets.token_hex(6).upper()
    place = own.dir / 'spool/scan'
    place.mkdir()
    for name, content in {'a': word.encode(), 'b': word.encode('cp932'), 'c': word.encode('utf-16-le'), 'd': word.encode('utf-16-be'), 'e': word.lower().encode(),
                          'window': b'x' * ((1 << 20) - 9) + word.encode() + b'y' * (1 << 20) + word.encode()[:-1], 'twice': 2 * word.encode(),
                          'not': word[:-1].encode() + b'\0' + word[-1].encode()}.items():
        (place / name).write_bytes(content)
    outside = tmp_path / 'outside'
    outside.write_text(word)
    (place / 'link').symlink_to(outside)
    (place / 'way').symlink_to(tmp_path)
    os.mkfifo(place / 'pipe')
    told = command(own, word)
    at = sorted((f['path'].removeprefix(f'{place}/'), f['offset'], f['as']) for f in told['found'])
    assert at == [('a', 0, 'UTF-8'), ('b', 0, 'CP932'), ('c', 0, 'UTF-16LE'), ('d', 0, 'UTF-16BE'), ('e', 0, 'UTF-8, small letters'),
                  ('twice', 0, 'UTF-8'), ('twice', len(word.encode()), 'UTF-8'), ('window', (1 << 20) - 9, 'UTF-8')]
    assert {s['path'].removeprefix(f'{place}/'): s['why'] for s in told['skipped']} == {'link': 'symbolic link', 'way': 'symbolic link'}
    told = command(own, word, '--also', tmp_path)                     # said so, it is
    assert told['count'] == 9 and str(outside) in {f['path'] for f in told['found']}
    given = subprocess.run([DAICHO, 'erasure', 'scan', '-', '--dir', own.dir], input=word + '\n', capture_output=True, text=True, env=ENVIRONMENT)
    assert given.returncode == 1 and f'{place}/b:0 CP932' in given.stdout and word not in given.stdout + given.stderr
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    assert command(own, word)['status'] == 0
    for bad in ('abc', 'x' * 1001, ''):
        assert own.run('erasure', 'scan', bad)[0] == 1
    assert own.run('erasure', 'scan')[0] == 2 and own.run('erasure', 'prove', '999999')[0] == 1


def delete_in_the_console(shop, register, id, version=1):
    answer = shop.browser(fresh=True).request('POST', f'/registers/{register}/records/{id}', form={'_method': 'DELETE', 'version': version})
    assert answer.status == 303, answer


def test_syn_3_4_13_c_what_a_client_deletes_before_its_last_day_is_gone_from_all_live_files_at_once(own):
    word, kept, shop = marker(), marker(), own.tenant(registers=('customers',))
    own.cli('tenant', 'cancel', shop.name, '--last-day', '2036-01-31')
    made = shop.api('POST', '/registers/customers/records', json={'email': f'{word}@example.jp', 'family_name': word, 'given_name': '花'}).json()
    shop.api('POST', '/registers/customers/records', json={'email': f'{kept}@example.jp', 'family_name': kept, 'given_name': '花'})
    changed = shop.api('PATCH', f'/registers/customers/records/{made["id"]}', json={'given_name': word}, headers={'If-Match': '"1"'})
    assert changed.status == 200
    shop.api('PATCH', f'/registers/customers/records/{made["id"]}', json={'given_name': '梅'}, headers={'If-Match': '"2"'})
    own.sql(f'analyze t_{shop.name}.r_customers')
    own.sql('checkpoint')
    assert {'r_customers', 'r_customers_email_key', 'change', 'pg/pg_wal/*', 'pg_statistic'} <= tables(own, scan(own, word))
    began = time.monotonic()
    delete_in_the_console(shop, 'customers', made['id'], 3)
    assert until(lambda: not scan(own, word), seconds=60), scan(own, word)
    assert time.monotonic() - began < 60
    assert settled(own) and not scan(own, word)
    assert shop.sql('select family_name from r_customers') == [(kept,)] and scan(own, kept)
    entry = [e for e in shop.log() if e['verb'] == 'delete'][-1]
    assert (entry['kind'], entry['subject_id'], entry['result']) == ('customers', made['id'], 'OK')      # that it was deleted is still known


def test_syn_3_4_13_c_a_batch_that_is_deleted_before_the_last_day_is_gone_at_once_and_cannot_be_taken_back(own):
    word, kept, shop = marker(), marker(), own.tenant(registers=('customers', 'orders'))
    own.cli('tenant', 'cancel', shop.name, '--last-day', '2036-01-31')
    ids = fill(shop, 20, orders=5, login=word)
    shop.api('POST', '/registers/customers/records', json={'email': f'{kept}@example.jp', 'family_name': kept, 'given_name': '花', 'points': 100})
    own.sql('checkpoint')
    assert {'r_customers', 'r_customers_email_key'} <= tables(own, scan(own, word))
    job = do(shop, look(shop, condition=below(50)))
    assert job['result']['deleted'] == len(ids) == 20
    assert until(lambda: not scan(own, word), seconds=60), tables(own, scan(own, word))
    assert shop.sql('select count(*) from change where deleted') == [(0,)] and shop.sql('select family_name from r_customers') == [(kept,)]
    answer = shop.api('POST', f"/registers/customers/bulk/{job['id']}/undo", json={}, headers={'Accept-Language': 'ja'})
    assert answer.status == 409 and '履歴は残っていない' in answer.text
    assert shop.api('GET', f"/registers/customers/bulk/{job['id']}").json()['batch']['open'] is False


def test_syn_3_4_13_e_in_a_contract_that_goes_on_the_bytes_of_a_deleted_record_go_the_next_night(own):
    word, shop = marker(), own.tenant(registers=('customers',))
    made = shop.api('POST', '/registers/customers/records', json={'email': f'{word}@example.jp', 'family_name': word, 'given_name': '花'}).json()
    delete_in_the_console(shop, 'customers', made['id'])
    assert shop.sql('select due_at = daicho.bytes_night() from daicho.erase_bytes where relation ~ %s', args=(f't_{shop.name}',)) == [(True,)]
    own.sql('checkpoint')
    assert {'r_customers', 'change'} <= tables(own, scan(own, word))
    # its history is kept as the contract wants it, until somebody asks for it to go
    own.sql('update daicho.bytes_turn set night_at = daicho.clock()')
    own.sql('update daicho.erase_bytes set due_at = daicho.clock()')
    assert until(lambda: tables(own, scan(own, word)) == {'change'}, seconds=60), tables(own, scan(own, word))
    own.cli('log', 'erase', '--tenant', shop.name, 'customers', made['id'], '--confirm', f'customers/{made["id"]}')
    assert until(lambda: not scan(own, word), seconds=60), scan(own, word)


def test_syn_3_4_13_e_a_deleted_account_leaves_no_byte_but_the_name_of_its_person(own):
    """Who somebody was stays among the contract's people, as a row that is shown, until the contract is erased: what they did must have a name."""
    word, shop = marker(), own.tenant(registers=())
    made = own.cli('account', 'create', '--tenant', shop.name, word, '--name', word, '--group', '担当者', '--password', 'aA1!' + secrets.token_urlsafe(12))
    own.sql('checkpoint')
    assert {'account', 'account_login_key', 'person', 'log_detail'} <= tables(own, scan(own, word))
    own.cli('account', 'erase', '--tenant', shop.name, word)
    # what the contract's log says of it stays as long as the log does, or until it is asked to go
    assert until(lambda: tables(own, scan(own, word)) <= {'log_detail', 'person', 'pg_statistic'}, seconds=60), tables(own, scan(own, word))
    own.cli('log', 'erase', '--tenant', shop.name, 'account', made['id'], '--confirm', f'account/{made["id"]}')
    assert until(lambda: tables(own, scan(own, word)) <= {'person', 'pg_statistic'}, seconds=60), tables(own, scan(own, word))


def test_bytes_wait_for_whoever_may_still_see_them_and_then_go(own):
    """A long reading transaction - a dump - sees what was deleted since; writing the table anew would take it along."""
    word, shop = marker(), own.tenant(registers=('customers',))
    own.cli('tenant', 'cancel', shop.name, '--last-day', '2036-01-31')
    made = shop.api('POST', '/registers/customers/records', json={'email': f'{word}@example.jp', 'family_name': word, 'given_name': '花'}).json()
    with own.connect() as db:
        with db.transaction():
            db.execute('set transaction isolation level repeatable read')
            assert db.execute(f't_{shop.name}'.join(('select count(*) from ', '.r_customers'))).fetchone() == (1,)
            delete_in_the_console(shop, 'customers', made['id'])
            assert not until(lambda: not scan(own, word), seconds=4)
            assert db.execute(f'select family_name from t_{shop.name}.r_customers').fetchone() == (word,)
    assert until(lambda: not scan(own, word), seconds=60), tables(own, scan(own, word))


def test_every_shared_table_can_be_written_anew_and_only_by_the_jobs_processes(own):
    import psycopg
    listed = {t for t, in own.sql('select daicho.bytes_shared()')}
    for table in listed:
        for attempt in range(5):                # the jobs processes take turns among themselves; this connection is not one of them
            try:
                own.sql('select daicho.bytes_renew(%s::regclass)', args=(table,))
                break
            except psycopg.errors.DeadlockDetected:
                assert attempt < 4
    every = {f'daicho.{t}' for t, in own.sql("select relname from pg_class where relnamespace = 'daicho'::regnamespace and relkind = 'r'")}
    assert {t.split('.')[1].split('_')[0] for t in every - listed} == {'log', 'migration', 'erasure', 'erase', 'bytes', 'rehearsal', 'seal'}, every - listed
    for role in ('daicho_web', 'daicho_auth', 'daicho_cli', 'daicho_sso', 'daicho_mailer', 'daicho_courier', 'daicho_sealer', 'daicho_watch'):
        for call in ('select daicho.bytes_step()', 'select daicho.bytes_gone()', "select daicho.bytes_renew('daicho.account')", 'select daicho_admin.bytes_journal_renew()',
                     'select daicho_admin.bytes_statistics_renew()', "select daicho_admin.bytes_statistics_forget('daicho.account')",
                     "select daicho_admin.bytes_seen('1')", "select daicho_admin.bytes_held('daicho.account')", 'select * from daicho.erase_bytes', 'update daicho.bytes_turn set night_at = now()',
                     "select daicho.erasure_plant('x', 'y')", 'select daicho.erasure_scanned(1, 1, 1, 0)', "select daicho.bytes_ask('daicho.account', true)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                own.sql(call, role=role)
