"""Files of records, and evidence: taken in by what they are, looked at by a real clamd, handed out to who may, gone with their record. Real house, real database."""
import hashlib, io, json, pathlib, shutil, subprocess, tempfile, time, zipfile

import psycopg, pytest
from conftest import SCANNER
from house import multipart
from test_clock import define

PDF = b'%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n'
PNG = bytes.fromhex('89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082')
EICAR = b'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-' + b'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'      # in two pieces: this file is none
PAPERS = {'name': 'papers', 'kind': 'master', 'title': {'ja': '書類', 'en': 'Papers'}, 'key': 'code', 'heading': ['code'], 'items': [
    {'name': 'code', 'type': 'text', 'title': {'ja': '番号', 'en': 'Code'}, 'required': True, 'unique': True, 'searchable': True},
    {'name': 'scan', 'type': 'file', 'title': {'ja': '控え', 'en': 'Copy'}, 'list': True, 'max': 200000},
    {'name': 'face', 'type': 'file', 'title': {'ja': '顔写真', 'en': 'Photo'}, 'personal': True, 'accept': ['image'], 'classification': 'contact'},
    {'name': 'mailbox', 'type': 'file', 'title': {'ja': '添付', 'en': 'Any'}, 'accept': ['archive', 'text']}]}
RECORDS = '/registers/papers/records'


def sha(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope='module')
def shop(house):
    shop = house.tenant(registers=())
    define(shop, json.dumps(PAPERS))
    shop.blind = shop.new_key('blind', 'record.read,record.write')
    return shop


@pytest.fixture(scope='module')
def clamd():
    """A real one, with one signature of the test file."""
    place = pathlib.Path(tempfile.mkdtemp(prefix='clamd-'))
    (place / 'db').mkdir()
    (place / 'db/daicho.ndb').write_text(f'Daicho.Eicar:0:*:{EICAR.hex()}\n')
    (place / 'clamd.conf').write_text(f'Foreground yes\nDatabaseDirectory {place}/db\nLocalSocket {SCANNER}\nLocalSocketMode 666\nLogFile {place}/log\n'
                                      f'TemporaryDirectory {place}\nStreamMaxLength 26M\nMaxThreads 2\nOfficialDatabaseOnly no\n')
    process = subprocess.Popen(['/usr/sbin/clamd', '-c', place / 'clamd.conf'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: pathlib.Path(SCANNER).exists() or process.poll() is not None)
    assert process.poll() is None, (place / 'log').read_text()
    yield process
    process.terminate()
    process.wait()
    shutil.rmtree(place)


def until(true, seconds=15):
    end = time.monotonic() + seconds
    while not (got := true()) and time.monotonic() < end:
        time.sleep(0.05)
    assert got
    return got


def paper(shop, code, **items):
    made = shop.api('POST', RECORDS, json={'code': code, **items})
    assert made.status == 201, made
    return made.json()['id']


def version(shop, id):
    return shop.api('GET', f'{RECORDS}/{id}').json()['version']


def give(shop, id, item, data, name='控え.pdf', status=200, key=None, seen=None):
    headers = {'If-Match': f'"{seen or version(shop, id)}"'}
    answer = shop.api('POST', f'{RECORDS}/{id}/files/{item}', files={'file': (name, data, 'text/html')}, headers=headers, key=key or shop.key)
    assert answer.status == status, answer
    return answer


def held(shop, id, item, key=None):
    places = shop.api('GET', f'{RECORDS}/{id}/files', key=key or shop.key).json()['files']
    return next(p for p in places if p['item'] == item)['file']


def get(shop, id, item, key=None):
    return shop.api('GET', f'{RECORDS}/{id}/files/{item}', key=key or shop.key)


def stored(shop):
    """What lies in the store of this contract: rows, and bytes that are really there."""
    rows = shop.house.sql('select id, path, erase_at is not null from daicho.file where tenant = %s order by id', args=(shop.name,))
    return [(id, (shop.house.dir / 'files' / path).exists(), going) for id, path, going in rows]


def test_a_file_waits_for_the_scanner_and_is_then_handed_out_as_it_came(house, shop, request):
    id = paper(shop, 'A-1')
    answer = give(shop, id, 'scan', PDF, name='C:\\temp\\..\\請求書 7.pdf')
    file = held(shop, id, 'scan')
    assert file == next(p['file'] for p in answer.json()['files'] if p['item'] == 'scan')
    assert (file['type'], file['size'], file['sha256'], file['state'], file['uploaded_by']) == ('application/pdf', len(PDF), sha(PDF), 'waiting', 'test')
    assert file['name'] == '請求書 7.pdf', file
    # no scanner answers: it waits, and says so
    early = get(shop, id, 'scan')
    assert early.status == 409 and 'まだウイルス検査が終わっていません' in early.text
    assert '検査待ち' in shop.browser().get(f'{RECORDS}/{id}').text
    request.getfixturevalue('clamd')
    until(lambda: held(shop, id, 'scan')['state'] == 'clean')
    got = get(shop, id, 'scan')
    assert got.status == 200 and got.content == PDF
    assert got.headers['Content-Type'] == 'application/pdf' and got.headers['X-Content-Type-Options'] == 'nosniff'
    assert got.headers['Content-Security-Policy'] == "default-src 'none'; sandbox"
    assert got.headers['Content-Disposition'].startswith('attachment;') and "filename*=UTF-8''%E8%AB%8B" in got.headers['Content-Disposition']
    entries = shop.log()
    assert [(e['verb'], e['subject_id'], e['result']) for e in entries[-2:] if e['verb'] == 'download'][-1] == ('download', id, 'OK')
    assert [e['detail'] for e in entries if e['verb'] == 'download'][-1]['sha256'] == sha(PDF)
    assert [e['detail']['state'] for e in shop.log(own=True) if e['verb'] == 'verify' and e['subject_id'] == id] == ['clean']
    page = shop.browser().get(f'{RECORDS}/{id}').text
    assert '検査済み' in page and sha(PDF) in page and '請求書' in page
    record = shop.api('GET', f'{RECORDS}/{id}').json()
    assert record['scan'] == {'id': file['id'], 'name': file['name'], 'size': len(PDF), 'sha256': sha(PDF)} and record['face'] is None


def test_what_the_scanner_finds_something_in_is_never_handed_out_and_its_bytes_go(house, shop, clamd):
    id = paper(shop, 'V-1')
    give(shop, id, 'mailbox', b'harmless words around ' + EICAR + b' it', name='notes.txt')
    file = until(lambda: (f := held(shop, id, 'mailbox'))['state'] == 'refused' and f)
    assert 'Daicho.Eicar' in file['found']
    answer = get(shop, id, 'mailbox')
    assert answer.status == 409 and '問題が見つかった' in answer.text and EICAR not in answer.content
    until(lambda: not dict((i, there) for i, there, _ in stored(shop))[file['id']])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w') as z:
        z.writestr('中身.txt', EICAR)
    give(shop, id, 'mailbox', packed.getvalue(), name='a.zip')
    assert 'Daicho.Eicar' in until(lambda: held(shop, id, 'mailbox')['state'] == 'refused' and held(shop, id, 'mailbox'))['found']


@pytest.mark.parametrize('data, name, item, status, says', [
    (b'<!doctype html><script>alert(1)</script>', 'a.pdf', 'scan', 415, 'text/html'),
    (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', 'a.png', 'scan', 415, 'svg'),
    (b'MZ' + b'\0' * 58 + b'\x80\0\0\0' + b'\0' * 64 + b'PE\0\0L\x01' + b'\0' * 200, 'a.pdf', 'scan', 415, '中身を調べた'),
    (b'#!/bin/sh\nrm -rf /\n', 'a.txt', 'scan', 415, '中身を調べた'),
    (PDF, 'a.png', 'face', 415, '画像'),
    (b'', 'a.pdf', 'scan', 422, '空です'),
    (PDF + b'\n%' * 100000, 'a.pdf', 'scan', 413, '200000'),
], ids=['page', 'svg', 'exe', 'script', 'kind', 'empty', 'large'])
def test_what_a_file_is_counts_and_not_what_it_is_called(shop, data, name, item, status, says):
    id = paper(shop, f'K-{sha(data + name.encode())[:12]}')
    before = stored(shop)
    assert says in give(shop, id, item, data, name=name, status=status).text
    assert held(shop, id, item) is None and stored(shop) == before and version(shop, id) == 1


def test_a_replaced_file_a_taken_one_and_those_of_a_deleted_record_lose_their_bytes_at_once(house, shop, clamd):
    id = paper(shop, 'R-1')
    give(shop, id, 'scan', PDF)
    give(shop, id, 'face', PNG, name='me.png')
    first, face = held(shop, id, 'scan')['id'], held(shop, id, 'face')['id']
    assert shop.api('POST', f'{RECORDS}/{id}/files/scan', body=PDF + b'%2', headers={'If-Match': '"1"', 'Content-Type': 'application/octet-stream'}).status == 412
    raw = shop.api('POST', f'{RECORDS}/{id}/files/scan?name=second.pdf', body=PDF + b'%2', headers={'If-Match': '"3"', 'Content-Type': 'application/octet-stream'})
    assert raw.status == 200 and raw.headers['ETag'] == '"4"' and held(shop, id, 'scan')['name'] == 'second.pdf'
    until(lambda: first not in [i for i, _, _ in stored(shop)])
    # the history names both, with their hashes
    change = shop.api('GET', f'{RECORDS}/{id}/changes').json()['changes'][0]['items'][0]
    assert (change['item'], change['old']['sha256'], change['new']['sha256']) == ('scan', sha(PDF), sha(PDF + b'%2'))
    page = shop.browser().get(f'{RECORDS}/{id}').text
    assert sha(PDF) in page and '控え.pdf (SHA-256' in page
    # what was read may be written back; it is not another file
    record = shop.api('GET', f'{RECORDS}/{id}').json()
    same = shop.api('PATCH', f'{RECORDS}/{id}', json={'code': 'R-2', 'scan': record['scan'], 'face': record['face']}, headers={'If-Match': '"4"'})
    assert same.status == 200 and same.json()['scan'] == record['scan'] and same.json()['version'] == 5
    assert shop.api('PATCH', f'{RECORDS}/{id}', json={'scan': f'{first}'}, headers={'If-Match': '"5"'}).status == 422
    gone = shop.browser().post(f'{RECORDS}/{id}/files/scan', {'_method': 'DELETE', 'version': '5'})
    assert gone.status == 303 and 'done=file_gone' in gone.headers['Location'] and held(shop, id, 'scan') is None
    assert shop.api('DELETE', f'{RECORDS}/{id}', headers={'If-Match': '"6"'}).status == 204
    until(lambda: not {face, first} & {i for i, _, _ in stored(shop)})
    paths = {f'file/{p.name}' for p in (house.dir / 'files/file').iterdir()}
    until(lambda: not {f'file/{p.name}' for p in (house.dir / 'files/file').iterdir()} - {row[0] for row in house.sql('select path from daicho.file')})
    assert paths


def test_who_may_not_see_personal_items_gets_neither_the_file_nor_its_name(shop, clamd):
    id = paper(shop, 'M-1')
    give(shop, id, 'face', PNG, name='田中.png')
    give(shop, id, 'scan', PDF)
    until(lambda: held(shop, id, 'scan')['state'] == 'clean' and held(shop, id, 'face')['state'] == 'clean')
    assert held(shop, id, 'scan', key=shop.blind)['sha256'] == sha(PDF) and get(shop, id, 'scan', key=shop.blind).content == PDF
    listed = shop.api('GET', f'{RECORDS}/{id}/files', key=shop.blind)
    assert '田中' not in listed.text and sha(PNG) not in listed.text and [p['masked'] for p in listed.json()['files']] == [False, True, False]
    assert get(shop, id, 'face', key=shop.blind).status == 403
    assert give(shop, id, 'face', PNG, key=shop.blind, status=403)
    refused = shop.api('DELETE', f'{RECORDS}/{id}/files/face', key=shop.blind, headers={'If-Match': f'"{version(shop, id)}"'})
    assert refused.status == 403 and held(shop, id, 'face')['name'] == '田中.png'
    only = shop.new_key('reader', 'record.read')
    assert get(shop, id, 'scan', key=only).status == 200 and give(shop, id, 'scan', PDF, key=only, status=403)
    assert shop.api('GET', f'{RECORDS}/{id}/files/code').status == 404 and get(shop, 999999, 'scan').status == 404


def test_the_database_refuses_files_of_others_whatever_is_written(house, shop, clamd):
    other = house.tenant(registers=())
    define(other, json.dumps(PAPERS))
    theirs, mine, second = paper(other, 'X-1'), paper(shop, 'X-1'), paper(shop, 'X-2')
    give(other, theirs, 'scan', PDF)
    give(shop, mine, 'scan', PDF)
    foreign, own = held(other, theirs, 'scan')['id'], held(shop, mine, 'scan')['id']
    actor = f'account:{shop.admin.id}:admin'

    def attempt(text, role=f't_{shop.name}'):
        with house.connect('daicho_web') as db:
            with db.transaction():
                db.execute(f"select set_config('role', '{role}', true), set_config('daicho.actor', %s, true)", [actor])
                return db.execute(text).fetchall() if text.lstrip().startswith(('select', 'with', 'update t_', 'insert into t_')) else db.execute(text).rowcount
    schema = f't_{shop.name}'
    assert attempt('select id from daicho.file where id = ' + str(foreign)) == []
    assert attempt(f'select state from daicho.file_open({foreign})') == [(None,)]
    for wrong in (f"'{foreign}'", f"'{own}'", "'1/" + '0' * 64 + "/5/x.pdf/..'", "'../../etc/passwd'"):
        try:
            got = attempt(f"update {schema}.r_papers set scan = {wrong}, updated_by = '{actor}' where id = {second} returning scan")
            assert got == [(None,)], (wrong, got)           # the words of an undo whose file is gone
        except psycopg.errors.CheckViolation:
            pass
    for text in (f'update daicho.file set record = {second}', 'delete from daicho.file', 'select path from daicho.file', 'select * from daicho.evidence_sweep()',
                 "insert into daicho.file (tenant, register_id, name, type, size, sha256, state, personal, uploaded_by) values ('x', 1, 'a', 'a/b', 1, '', 'clean', false, '')",
                 f"select daicho.file_hold('{other.name}', 1, 'scan', 1, '{foreign}')", 'delete from daicho.evidence', "update daicho.evidence set observation = 'x'",
                 f"select daicho.file_seen({own}, null)", f'select * from daicho.file_unseen({own})'):
        try:
            assert attempt(text) in ([], [(None,)], [('',)], [(None,) * 5], 0) or 'file_seen' in text, text
        except psycopg.errors.InsufficientPrivilege:
            pass
    assert held(other, theirs, 'scan')['id'] == foreign and held(shop, mine, 'scan')['id'] == own and held(shop, second, 'scan') is None
    # another contract's record, and one of its own that is not there
    assert shop.api('GET', f'{RECORDS}/{theirs + 100000}/files/scan').status == 404
    assert attempt('select count(*) from daicho.file where personal', f't_{shop.name}_masked') == [(0,)]


def test_a_bulk_deletion_taken_back_brings_the_files_back(house, shop, clamd):
    ids = [paper(shop, f'B-{i}') for i in range(3)]
    for id in ids:
        give(shop, id, 'scan', PDF, name=f'{id}.pdf')
    condition = {'item': 'code', 'op': 'starts', 'value': 'B-'}
    plan = shop.api('GET', '/registers/papers/bulk/new?action=delete&condition=' + json.dumps(condition).replace(' ', '')).json()
    job = shop.api('POST', '/registers/papers/bulk', json={'action': 'delete', 'condition': condition, 'count': 3, 'digest': plan['digest']})
    assert job.status == 202, job
    batch = job.json()['id']
    assert house.wait_job(batch, shop)['state'] == 'done'
    files = house.sql('select id from daicho.file where tenant = %s and record = any (%s) and erase_at > daicho.clock() + interval \'30 days\'', args=(shop.name, ids))
    assert len(files) == 3
    back = shop.api('POST', f'/registers/papers/bulk/{batch}/undo', json={})
    assert house.wait_job(back.json()['id'], shop)['state'] == 'done'
    for id in ids:
        until(lambda: held(shop, id, 'scan')['state'] == 'clean')
        assert held(shop, id, 'scan')['name'] == f'{id}.pdf' and get(shop, id, 'scan').content == PDF
    # nothing else is written in bulk than nothing
    assert shop.api('GET', '/registers/papers/bulk/new?action=set&set=' + json.dumps({'scan': f'{files[0][0]}'})).status == 422


def test_a_merge_takes_the_file_along_and_gives_it_back_and_a_deleted_item_takes_its_files(house, shop, clamd):
    stays, goes = paper(shop, 'G-1'), paper(shop, 'G-2')
    give(shop, goes, 'scan', PDF)
    give(shop, goes, 'mailbox', b'words', name='w.txt')
    give(shop, stays, 'mailbox', b'other words', name='o.txt')
    until(lambda: {held(shop, id, item)['state'] for id, item in ((goes, 'scan'), (goes, 'mailbox'), (stays, 'mailbox'))} == {'clean'})
    body = {'survivor': stays, 'gone': goes, 'survivor_version': version(shop, stays), 'gone_version': version(shop, goes), 'take': ['scan']}
    made = shop.api('POST', '/registers/papers/merges', json=body)
    assert made.status == 201, made
    assert get(shop, stays, 'scan').content == PDF and held(shop, stays, 'mailbox')['name'] == 'o.txt'
    back = shop.api('POST', f"/registers/papers/merges/{made.json()['id']}/undo", json={})
    assert back.status in (200, 201), back
    assert get(shop, goes, 'scan').content == PDF and held(shop, stays, 'scan') is None
    assert [held(shop, id, 'mailbox')['name'] for id in (goes, stays)] == ['w.txt', 'o.txt']
    # the item is renamed, and deleted: its files with it, when it can no longer be brought back
    items = [i for i in PAPERS['items'] if i['name'] != 'mailbox']
    letter = {**PAPERS['items'][3], 'name': 'letter', 'formerly': ['mailbox']}
    for wanted, drop in ({**PAPERS, 'items': [*items, letter]}, []), ({**PAPERS, 'items': items}, ['letter']):
        job = shop.api('PUT', '/registers/papers', json={'definition': wanted, 'drop': drop})
        assert job.status == 202 and house.wait_job(job.json()['job'], shop)['state'] == 'done', job
        if not drop:
            assert get(shop, goes, 'letter').content == b'words' and give(shop, goes, 'letter', b'more words', name='m.txt')
    left = house.sql("select count(*) from daicho.file where tenant = %s and item = 'letter'", args=(shop.name,))[0][0]
    assert left >= 2
    house.sql("update daicho.define set due_at = daicho.clock() - interval '1 s' where tenant = %s", args=(shop.name,))
    until(lambda: house.sql("select count(*) from daicho.file where tenant = %s and item = 'letter'", args=(shop.name,)) == [(0,)])


def test_files_go_out_of_exports_as_name_and_hash_and_imports_leave_them(house, shop, clamd):
    id = paper(shop, 'E-1')
    give(shop, id, 'scan', PDF, name='見積.pdf')
    condition = {'item': 'code', 'op': 'eq', 'value': 'E-1'}
    job = shop.api('POST', '/registers/papers/exports', json={'condition': condition, 'items': ['code', 'scan']})
    assert job.status == 202, job
    assert house.wait_job(job.json()['id'], shop)['state'] == 'done'
    data = shop.api('GET', f"/jobs/{job.json()['id']}/file").content
    assert f'見積.pdf (sha256:{sha(PDF)})' in data.decode('utf-8-sig')
    from test_import import bring
    bring(shop, data.replace('見積'.encode(), '別物'.encode()), register='papers')
    assert held(shop, id, 'scan')['name'] == '見積.pdf' and version(shop, id) == 2
    assert [r['id'] for r in shop.api('GET', RECORDS + '?condition=' + json.dumps({'all': [condition, {'item': 'scan', 'op': 'not_empty'}]}).replace(' ', '')).json()['records']] == [id]
    assert shop.api('GET', RECORDS + '?condition={"item":"scan","op":"eq","value":"x"}').status == 422 and shop.api('GET', RECORDS + '?sort=scan').status == 422


def test_bytes_that_were_changed_on_the_disk_are_not_handed_out(house, shop, clamd):
    id = paper(shop, 'D-1')
    give(shop, id, 'scan', PDF)
    until(lambda: held(shop, id, 'scan')['state'] == 'clean')
    path = house.dir / 'files' / house.sql('select path from daicho.file where id = %s', args=(held(shop, id, 'scan')['id'],))[0][0]
    path.write_bytes(PDF.replace(b'Catalog', b'Katalog'))
    answer = get(shop, id, 'scan')
    assert answer.status == 409 and 'SHA-256が一致しません' in answer.text and b'Katalog' not in answer.content
    entry = shop.log()[-1]
    assert (entry['verb'], entry['result'], entry['detail']['damaged']) == ('download', 'CONFLICT', True)
    path.unlink()
    assert get(shop, id, 'scan').status == 409


# Evidence ------------------------------------------------------------------------------------------------------------------------------------

def collect(shop, id, status=201, key=None, **fields):
    file = fields.pop('file', None)
    fields = {'from': '2026-04-01', 'to': '2026-04-30', **fields}
    more = {'files': {'file': file}, 'fields': fields} if file else {'json': fields}
    if file:
        kind, body = multipart(fields, {'file': file})
        answer = shop.api('POST', f'{RECORDS}/{id}/evidence', body=body, headers={'Content-Type': kind}, key=key or shop.key)
    else:
        answer = shop.api('POST', f'{RECORDS}/{id}/evidence', key=key or shop.key, **more)
    assert answer.status == status, answer
    return answer


def evidence(shop, id, key=None):
    answer = shop.api('GET', f'{RECORDS}/{id}/evidence', key=key or shop.key)
    assert answer.status == 200, answer
    return answer.json()['evidence']


def test_evidence_is_a_file_or_an_observation_with_its_hash_its_period_and_the_time_it_came(house, shop, clamd):
    id, other = paper(shop, 'P-1'), paper(shop, 'P-2')
    words = '4月の入退室記録を確認した。\n漏れなし。'
    first = collect(shop, id, observation=words).json()
    second = collect(shop, id, file=('証明.pdf', PDF, 'application/pdf'), to='2026-05-31').json()
    assert (first['sha256'], second['sha256']) == (sha(words.encode()), sha(PDF))
    now = house.sql('select daicho.clock()')[0][0]
    new, old = until(lambda: (e := evidence(shop, id)) and e[0]['file']['state'] == 'clean' and e)
    assert (old['observation'], old['from'], old['to'], old['collector'], old['file'], old['sha256']) == (words, '2026-04-01', '2026-04-30', 'test', None, sha(words.encode()))
    assert (new['to'], new['file']['name'], new['sha256']) == ('2026-05-31', '証明.pdf', sha(PDF))
    received = house.sql('select received_at from daicho.evidence where id = %s', args=(first['id'],))[0][0]
    assert abs((now - received).total_seconds()) < 60 and evidence(shop, other) == []
    got = shop.api('GET', f"{RECORDS}/{id}/evidence/{second['id']}")
    assert got.status == 200 and got.content == PDF and got.headers['Content-Security-Policy'] == "default-src 'none'; sandbox"
    assert shop.api('GET', f"{RECORDS}/{id}/evidence/{first['id']}").status == 404 and shop.api('GET', f"{RECORDS}/{other}/evidence/{second['id']}").status == 404
    entries = [e for e in shop.log() if e['subject_id'] == id and 'evidence' in (e['detail'] or {})]
    assert [(e['verb'], e['detail']['sha256']) for e in entries] == [('create', first['sha256']), ('create', second['sha256']), ('download', second['sha256'])]
    page = shop.browser().get(f'{RECORDS}/{id}').text
    assert '入退室記録' in page and '証明.pdf' in page and '対象期間 2026-04-01〜2026-04-30' in page and sha(PDF) in page
    # a person collects by the form; when it came nobody says
    form = shop.browser().post(f'{RECORDS}/{id}/evidence', {'observation': '見た', 'from': '2026-06-01', 'to': '2026-06-01', 'duty': ''},
                               files={'file': ('', b'', 'application/octet-stream')})
    assert form.status == 303 and evidence(shop, id)[0]['collector'] == 'admin', form
    for wrong in ({}, {'observation': 'x', 'from': '2026-05-01'}, {'observation': 'x', 'to': '2999-01-01'}, {'observation': 'x', 'from': 'soon'}, {'observation': 'x', 'duty': 999999},
                  {'observation': 'x', 'received_at': '2020-01-01T00:00:00Z'}, {'observation': 'x', 'file': ('a.pdf', PDF, 'x/y')}):
        collect(shop, id, status=422, **wrong)
    collect(shop, id, status=403, key=shop.blind, observation='x')
    assert shop.api('GET', f'{RECORDS}/{id}/evidence', key=shop.blind).status == 403 and '証跡' not in shop.browser('viewer').get(f'{RECORDS}/{id}').text
    collect(shop, 999999, status=404, observation='x')


def test_evidence_is_never_changed_nor_taken_back_and_outlives_its_record_as_long_as_an_undo(house, shop, clamd):
    id = paper(shop, 'P-3')
    number = collect(shop, id, file=('a.pdf', PDF, 'x/y')).json()['id']
    for role in 'daicho_web', 'daicho_jobs', 'daicho_auth', 'daicho_cli':
        for text in ("update daicho.evidence set observation = 'x'", 'delete from daicho.evidence', "update daicho.evidence set received_at = '2020-01-01'"):
            with house.connect(role) as db, pytest.raises(psycopg.errors.InsufficientPrivilege), db.transaction():
                db.execute(f"select set_config('role', 't_{shop.name}', true)")
                db.execute(text)
    # not even by who owns the table
    with house.connect('superuser') as db, db.transaction(force_rollback=True):
        for text in ("update daicho.evidence set period_to = '2026-05-01'", "update daicho.file set sha256 = sha256(''), name = 'other.pdf'", "update daicho.file set state = 'waiting'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), db.transaction():
                db.execute(text)
    assert shop.api('DELETE', f'{RECORDS}/{id}', headers={'If-Match': '"1"'}).status == 204
    assert house.sql('select gone_at from daicho.evidence where id = %s', args=(number,)) == [(None,)]
    with house.connect('daicho_jobs') as db:
        db.execute('select daicho.evidence_sweep()')
        assert house.sql('select gone_at is not null from daicho.evidence where id = %s', args=(number,)) == [(True,)]
        house.sql("update daicho.evidence set gone_at = daicho.clock() - interval '32 days' where id = %s", args=(number,))
        file = house.sql('select file_id from daicho.evidence where id = %s', args=(number,))[0][0]
        db.execute('select daicho.evidence_sweep()')
    assert house.sql('select count(*) from daicho.evidence where id = %s', args=(number,)) == [(0,)]
    until(lambda: house.sql('select count(*) from daicho.file where id = %s', args=(file,)) == [(0,)])


def test_the_end_of_a_contract_takes_files_and_evidence_with_it(house, clamd):
    gone = house.tenant(registers=())
    define(gone, json.dumps(PAPERS))
    id = paper(gone, 'Z-1')
    give(gone, id, 'scan', PDF)
    collect(gone, id, file=('a.pdf', PDF, 'x/y'))
    paths = [house.dir / 'files' / row[0] for row in house.sql('select path from daicho.file where tenant = %s', args=(gone.name,))]
    assert len(paths) == 2 and all(p.exists() for p in paths)
    house.sql('begin'), house.sql('delete from daicho.tenant where name = %s', args=(gone.name,)), house.sql('commit')
    until(lambda: not any(p.exists() for p in paths))
