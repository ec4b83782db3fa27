"""Import: files as people have them, from the form or the API to the table, and what comes back."""
import csv, io, os, re, signal, subprocess, time

import pytest

from house import BUILD, ROOT, until

CORPUS = ROOT / 'test/corpus/csv'
HEADER = 'メールアドレス,姓,名,セイ,メイ,性別,生年月日,郵便番号,都道府県,住所,電話番号,ポイント'
ROW = '{},佐藤,美咲,サトウ,ミサキ,女,1990-02-28,150-0001,東京都,渋谷区神宮前1-2-3,090-0123-4567,10'


@pytest.fixture(scope='session')
def generator():
    """generator(path, *options) writes a file of invented customers."""
    def make(path, *options):
        with open(path, 'wb') as out:
            subprocess.run([BUILD / 'gen_customers', *map(str, options)], stdout=out, check=True)
        return path
    return make


def bring(tenant, data, state='done', register='customers', key=None, seconds=120, **options):
    """Import bytes or a file; the job when it has ended."""
    id = tenant.house.import_file(register, data, tenant, key=key, **options)
    job = tenant.house.wait_job(id, tenant, seconds=seconds)
    assert job['state'] == state, job['result']
    return job


def file_of(tenant, job):
    """The bytes of a job's file."""
    answer = tenant.api('GET', f'/jobs/{job["id"]}/file')
    assert answer.status == 200, answer
    return answer.content


def counts(job):
    return {name: job['result'][name] for name in ('read', 'created', 'changed', 'unchanged', 'refused')}


def refused_rows(content, encoding):
    """{line: (reason, cells)} of a file of refused rows."""
    rows = list(csv.reader(io.StringIO(content.decode(encoding, 'replace'), newline='')))
    assert rows[0][:2] == ['行', '理由']
    return {int(row[0]): (row[1], row[2:]) for row in rows[1:]}


def records(tenant):
    return {row[0]: row[1:] for row in tenant.sql('select email, family_name, given_name, points, address, version, origin from r_customers')}


# The main file --------------------------------------------------------------------------------------------------------------------------

# What the generator damages, and the item the refusal must name.
ITEMS = {
    'email_syntax': 'メールアドレス', 'email_empty': 'メールアドレス', 'email_dup': 'メールアドレス', 'date_invalid': '生年月日', 'pref_unknown': '都道府県',
    'tel_chars': '電話番号', 'points_nan': 'ポイント', 'points_range': 'ポイント', 'name_empty': '姓', 'name_long': '姓', 'kana_chars': 'セイ',
    'ctrl_char': '住所', 'bad_bytes': '住所', 'zip_format': '郵便番号', 'fields_missing': 'セルが9個', 'fields_extra': 'セルが14個',
}


def test_of_30000_rows_in_cp932_exactly_the_damaged_ones_come_back_with_line_and_item(house, generator, tmp_path):
    tenant = house.tenant()
    truth = tmp_path / 'truth.tsv'
    path = generator(tmp_path / 'customers.csv', '--rows', 30000, '--encoding', 'cp932', '--eol', 'crlf', '--bad', 0.01, '--nl', 0.01, '--truth', truth)
    damaged = {int(line.split('\t')[0]): line.split('\t')[2] for line in truth.read_text().splitlines()}
    assert len(damaged) > 250 and len(set(damaged.values())) >= 10

    job = bring(tenant, path, seconds=600)

    assert job['result']['encoding'] == 'CP932'
    assert '0x83' in job['result']['encoding_reason']
    assert counts(job) == {'read': 30000, 'created': 30000 - len(damaged), 'changed': 0, 'unchanged': 0, 'refused': len(damaged)}
    content = file_of(tenant, job)
    assert content.count(b'\r\n') > len(damaged) and b'\n' not in content.replace(b'\r\n', b'').split(b'"')[0]
    back = refused_rows(content, 'cp932')
    assert set(back) == set(damaged)
    wrong = [(line, kind, back[line][0]) for line, kind in damaged.items() if ITEMS[kind] not in back[line][0]]
    assert wrong == []
    # byte for byte as they were
    lines = re.split(rb'\r\n|\n', path.read_bytes())
    assert [line for line in damaged if b',' + lines[line - 1] + b'\r\n' not in content] == []
    first = job['result']['by_reason']
    assert len(first) == 20 and [row['line'] for row in first] == sorted(damaged)[:20]
    assert sum(kind['count'] for kind in job['result']['counts']) >= len(damaged)

    # the same file again: nothing is new, and nothing is written
    before = tenant.sql('select max(version), sum(hashtext(xmin::text)) from r_customers')
    again = bring(tenant, path, seconds=600)
    assert counts(again) == {'read': 30000, 'created': 0, 'changed': 0, 'unchanged': 30000 - len(damaged), 'refused': len(damaged)}
    assert tenant.sql('select max(version), sum(hashtext(xmin::text)) from r_customers') == before
    assert tenant.sql('select count(*) from change') == [(0,)]
    assert file_of(tenant, again) == content

    for pid in jobs_of(house):          # whatever the size of the file
        peak = int(re.search(r'VmHWM:\s+(\d+) kB', open(f'/proc/{pid}/status').read())[1])
        assert peak <= 64 * 1024, peak

    # other addresses and points for half of them: a history of what they were
    other = generator(tmp_path / 'other.csv', '--rows', 20000, '--start', 20001, '--variant', 1)
    changed = bring(tenant, other, seconds=600)
    assert changed['result']['created'] + changed['result']['changed'] + changed['result']['unchanged'] == 20000
    assert 9000 < changed['result']['changed'] <= 10000
    assert tenant.sql('select count(*), count(distinct record), min(job), max(job) from change') == [
        (changed['result']['changed'], changed['result']['changed'], changed['id'], changed['id'])]
    assert tenant.sql('select count(*) from r_customers where origin = %s', (changed['id'],)) == [(changed['result']['created'],)]


# Files as people have them ----------------------------------------------------------------------------------------------------------------

def test_nasty_files_are_taken_where_their_meaning_is_clear(tenant):
    """Each file of the corpus: what is taken, and for the lines that are not, why."""
    long = '長' * 20000
    table = {
        # file: (encoding, accounts made, {refused line: part of the reason})
        'bom.csv': ('UTF-8', ['bom1'], {}),
        'quotes.csv': ('CP932', ['quote1', 'quote2'], {}),
        'line_breaks.csv': ('CP932', ['lines1', 'lines2'], {}),
        'mixed_ends.csv': ('UTF-8', ['ends1', 'ends2', 'ends3', 'ends4'], {}),
        'extensions.csv': ('CP932', ['takahashi', 'yamazaki', 'tokunaga'], {}),
        'nec_selected.csv': ('CP932', ['nec'], {}),
        'half_width.csv': ('CP932', ['half1'], {}),
        'long_cell.csv': ('UTF-8', ['long1'], {3: '20,000文字', 4: '300文字'}),
        'missing_columns.csv': ('CP932', ['few1', 'few4'], {3: 'セルが1個', 4: 'セルが3個'}),
        'only_header.csv': ('CP932', [], {}),
        'nul_bytes.csv': ('CP932', ['nul2'], {2: '制御文字'}),
        'truncated.csv': ('CP932', ['cut1'], {3: 'セルが2個'}),
        'truncated_in_cell.csv': ('CP932', ['cut4'], {2: '文字コードにないバイト'}),
        'open_quote.csv': ('CP932', ['open2', 'open3'], {2: '引用符'}),
        'after_quote.csv': ('CP932', ['after2'], {2: '引用符'}),
        'excel_blank_rows.csv': ('CP932', ['blank1'], {}),
        'formulas.csv': ('CP932', ['formula1', 'formula2'], {}),
        'english_header.csv': ('UTF-8', ['en1'], {}),
        'half_width_header.csv': ('CP932', ['hw1'], {}),
        'damaged_utf8.csv': ('UTF-8', ['utf1', 'utf3'], {3: '文字コードにないバイト'}),
    }
    for name, (encoding, made, refusals) in table.items():
        job = bring(tenant, CORPUS / name)
        assert job['result']['encoding'] == encoding, name
        taken = [row[0].split('@')[0] for row in tenant.sql('select email from r_customers where origin = %s order by id', (job['id'],))]
        assert taken == made, name
        back = refused_rows(file_of(tenant, job), encoding) if refusals else {}
        assert {line: part in back[line][0] for line, part in refusals.items()} == dict.fromkeys(refusals, True), (name, back)
        assert set(back) == set(refusals), name
        assert job['result']['refused'] == len(refusals) and (job['file'] is not None) == bool(refusals), name

    now = {row[0]: row[1:] for row in tenant.sql('select email, family_name, address, family_kana, given_kana, telephone, points, postal_code, birthday::text '
                                                 'from r_customers')}
    assert now['quote1@example.jp'][1] == '渋谷区"神宮前" 1-2-3, 2F'
    assert now['quote2@example.jp'][1] == '渋谷区"神宮前"1-2-3'
    assert now['lines1@example.jp'][1] == '渋谷区神宮前\n1-2-3\n様方'
    assert now['takahashi@example.jp'][:2] == ('髙橋', '①㈱№℡Ⅲⅳタワー∵1-2-3')
    assert now['yamazaki@example.jp'][:2] == ('山﨑', '纊褜鍈銈蓜俉炻昱棈鋹')
    assert now['tokunaga@example.jp'][:2] == ('德永', '～－∥￠￡￢')
    assert now['nec@example.jp'][0] == '纊＂'.replace('＂', '＂') or now['nec@example.jp'][0].startswith('纊')
    assert now['half1@example.jp'][2:] == ('サトウ', 'ミサギ', '090-0123-4567', 1200, '150-0001', '1990-02-28')
    assert now['formula1@example.jp'][1] == '=1+1'                         # as an export writes it
    assert now['formula2@example.jp'][1] == "=cmd|' /C calc'!A0"           # text is text; an export makes it harmless
    assert now['en1@example.jp'][0] == 'Sato' and now['en1@example.jp'][7] == '1990-02-03'
    assert now['hw1@example.jp'][4] == '03-0123-4567'
    assert long not in str(now)


def test_files_that_cannot_be_read_are_refused_as_a_whole_in_one_sentence_that_says_what_to_do(tenant):
    table = {
        'empty.csv': 'ファイルが空です',
        'duplicate_header.csv': '2つあります（1列目と3列目）',
        'no_header.csv': '見出しに、この台帳の項目が1つもありません',
        'no_key.csv': 'この項目の列が必要です',
        'euc.csv': 'EUC-JP',
        'iso2022.csv': 'ISO-2022-JP',
        'many_columns.csv': '300個',
    }
    for name, sentence in table.items():
        job = bring(tenant, CORPUS / name, state='failed')
        assert sentence in job['result']['errors'][0]['detail'], (name, job['result'])
        assert len(job['result']['errors']) == 1
    assert bring(tenant, CORPUS / 'binary.csv', state='failed')['result']['code'] == 'INVALID'
    assert tenant.sql('select count(*) from r_customers') == [(0,)]
    # the entry of each tells that it was refused
    refusals = [entry for entry in tenant.log() if entry['verb'] == 'import' and entry['result'] == 'INVALID']
    assert len(refusals) == len(table) + 1


def tabs(data):
    """The same rows with tabs between the cells."""
    out = io.StringIO(newline='')
    csv.writer(out, delimiter='\t', lineterminator='\r\n').writerows(csv.reader(io.StringIO(data, newline='')))
    return out.getvalue()


def test_unicode_text_of_a_spreadsheet_is_taken_and_its_refused_rows_come_back_as_such(tenant, generator, tmp_path):
    truth = tmp_path / 'truth.tsv'
    whole = generator(tmp_path / 'c.csv', '--rows', 900, '--bad', 0.05, '--nl', 0.05, '--truth', truth).read_bytes()
    text = tabs(whole.decode('utf-8-sig', 'surrogateescape').encode('utf-8', 'replace').decode().replace('佐', '𠮷'))      # pairs, also over the ends of pieces
    damaged = {int(line.split('\t')[0]) for line in truth.read_text().splitlines() if line.split('\t')[2] != 'bad_bytes'}
    for encoding, mark, name in (('utf-16-le', b'\xff\xfe', 'UTF-16LE'), ('utf-16-be', b'', 'UTF-16BE')):
        data = mark + text.encode(encoding)
        assert len(data) > 1 << 16
        job = bring(tenant, data)
        assert (job['result']['encoding'], job['result']['separator']) == (name, 'tab')
        content = file_of(tenant, job)
        assert content.startswith(mark) and not content.decode(encoding).startswith('\ufeff' * 2)
        rows = list(csv.reader(io.StringIO(content.decode(encoding).removeprefix('\ufeff'), newline=''), delimiter='\t'))
        source = {line: row for line, row in lines_of(text)}
        assert rows[0][:2] == ['行', '理由'] and {int(row[0]) for row in rows[1:]} >= damaged
        assert all(row[2:] == source[int(row[0])] for row in rows[1:])
    assert tenant.sql("select count(*) > 20 from r_customers where family_name like '𠮷%'") == [(True,)]


def lines_of(text):
    """(physical line, cells) of each row with tabs."""
    reader = csv.reader(io.StringIO(text, newline=''), delimiter='\t')
    before = 0
    for row in reader:
        yield before + 1, row
        before = reader.line_num


def test_half_a_character_of_utf_16_spoils_its_row_only(tenant):
    rows = [HEADER, *(ROW.format(f'{i}@example.jp') for i in range(3))]
    good = '\r\n'.join(rows).encode('utf-16')
    whole = bring(tenant, good)
    assert counts(whole) == {'read': 3, 'created': 3, 'changed': 0, 'unchanged': 0, 'refused': 0} and whole['result']['separator'] == 'comma'
    rows[2] = rows[2].replace('美咲', '美\ud842')
    job = bring(tenant, '\r\n'.join(rows).encode('utf-16', 'surrogatepass'))
    assert counts(job) == {'read': 3, 'created': 0, 'changed': 0, 'unchanged': 2, 'refused': 1}
    assert '3' == file_of(tenant, job).decode('utf-16').splitlines()[1].split(',')[0] and '\ufffd' in file_of(tenant, job).decode('utf-16')
    assert counts(bring(tenant, good[:-1]))['refused'] == 1      # cut in the middle of a character
    for broken in (b'\xff\xfe' + b'\x00\xd8' * 70000, b'\xfe\xff' + b'\xd8\x00' * 70000 + b'\x00'):
        assert bring(tenant, broken, state='failed')['result']['code'] == 'INVALID'


def test_what_was_chosen_counts_more_than_what_was_found(tenant):
    data = f'{HEADER}\n{ROW.format("a@example.jp")}\n'
    assert bring(tenant, data.encode('utf-16-le'), encoding='utf-16le')['result']['created'] == 1
    assert 'この台帳の項目が1つもありません' in bring(tenant, data.encode(), separator='tab', state='failed')['result']['errors'][0]['detail']
    answer = tenant.api('POST', '/registers/customers/imports?separator=semicolon', body=data.encode(), headers={'Content-Type': 'text/csv'})
    assert answer.status == 422 and 'auto comma tab' in answer.text
    answer = tenant.api('POST', '/registers/customers/exports', json={'encoding': 'utf-16le'})
    assert answer.status == 422, 'files are written in UTF-8 and CP932 only'


def test_rows_with_one_key_in_a_file_are_taken_once_and_the_later_ones_name_the_first(tenant):
    lines = [HEADER, ROW.format('a@example.jp'), ROW.format('b@example.jp'), ROW.format('a@example.jp'), ROW.format('A@example.jp').replace('佐藤', '鈴木'),
             ROW.format('a@example.jp')]
    job = bring(tenant, '\r\n'.join(lines).encode())
    back = refused_rows(file_of(tenant, job), 'utf-8')
    assert set(back) >= {4, 6} and all('2行目' in back[line][0] for line in (4, 6))
    assert tenant.sql("select count(*) from r_customers where email = 'a@example.jp'") == [(1,)]


def test_columns_a_file_does_not_have_stay_as_they_are_and_empty_cells_empty_the_item(tenant):
    bring(tenant, f'{HEADER}\n{ROW.format("a@example.jp")}\n{ROW.format("b@example.jp")}\n'.encode())
    job = bring(tenant, 'email,points\na@example.jp,99\nnew@example.jp,1\n'.encode())
    assert counts(job) == {'read': 2, 'created': 0, 'changed': 1, 'unchanged': 0, 'refused': 1}
    assert '新しいレコードに必要な項目' in refused_rows(file_of(tenant, job), 'utf-8')[3][0]
    assert records(tenant)['a@example.jp'][:4] == ('佐藤', '美咲', 99, '渋谷区神宮前1-2-3')

    job = bring(tenant, 'email,address,points\na@example.jp,,\n'.encode(), blank='keep')
    assert counts(job)['unchanged'] == 1
    job = bring(tenant, 'email,address,points\na@example.jp,,\n'.encode())
    assert counts(job)['changed'] == 1
    assert records(tenant)['a@example.jp'][:4] == ('佐藤', '美咲', None, None)
    assert tenant.sql('select old from change order by id desc limit 1') == [({'address': '渋谷区神宮前1-2-3', 'points': 99},)]

    job = bring(tenant, 'email,family_name,points\na@example.jp,,5\nnew@example.jp,,5\n'.encode(), blank='keep')
    assert counts(job) == {'read': 2, 'created': 0, 'changed': 1, 'unchanged': 0, 'refused': 1}


def test_entries_of_a_history_find_their_customer_by_key_or_number(tenant):
    bring(tenant, f'{HEADER}\n{ROW.format("a@example.jp")}\n'.encode())
    id = tenant.sql('select id from r_customers')[0][0]
    orders = f'顧客,購入日,注文番号,商品名,数量,金額,状態\na@example.jp,2026/1/5,N-1,茶,2,"1,200",受注\n{id},令和8年1月6日,N-2,茶碗,1,3000,完了\n' \
             'nobody@example.jp,2026-01-07,N-3,盆,1,1,受注\n999999,2026-01-07,N-4,盆,1,1,受注\n,2026-01-07,N-5,盆,1,1,受注\n'
    job = bring(tenant, orders.encode(), register='orders')
    assert counts(job) == {'read': 5, 'created': 2, 'changed': 0, 'unchanged': 0, 'refused': 3}
    back = refused_rows(file_of(tenant, job), 'utf-8')
    assert '参照先' in back[4][0] and '参照先' in back[5][0] and set(back) == {4, 5, 6}
    assert tenant.sql('select customer, ordered_on::text, number, amount, status from r_orders order by number') == [
        (id, '2026-01-05', 'N-1', 1200, '受注'), (id, '2026-01-06', 'N-2', 3000, '完了')]


def test_a_corrected_file_of_refused_rows_can_be_sent_as_it_is(tenant):
    job = bring(tenant, f'{HEADER}\r\n{ROW.format("a@example.jp")}\r\n{ROW.format("broken")}\r\n'.encode('cp932'))
    content = file_of(tenant, job)
    again = bring(tenant, content.replace(b'broken', b'mended@example.jp'))
    assert counts(again) == {'read': 1, 'created': 1, 'changed': 0, 'unchanged': 0, 'refused': 0}
    assert again['result']['ignored'] == []


def test_unknown_columns_are_named_and_ignored(tenant):
    job = bring(tenant, 'email,姓,謎の列\na@example.jp,佐藤,x\n'.encode())
    assert job['result']['ignored'] == ['謎の列'] and job['result']['columns'] == ['email', 'family_name']


def test_the_encoding_can_be_said_when_guessing_would_be_wrong(tenant):
    """Two half-width kana that are valid UTF-8 as well."""
    data = 'email,姓\na@example.jp,'.encode('cp932').replace('姓'.encode('cp932'), b'surname') + b'\xc2\xb1\n'
    assert bring(tenant, data)['result']['encoding'] == 'UTF-8'
    assert tenant.sql('select family_name from r_customers') == [('±',)]
    assert bring(tenant, data, encoding='cp932')['result']['encoding'] == 'CP932'
    assert tenant.sql('select family_name from r_customers') == [('ツア',)]
    answer = tenant.api('POST', '/registers/customers/imports', files={'file': ('x.csv', data, 'text/csv')}, fields={'encoding': 'latin1'})
    assert answer.status == 422 and answer.json()['errors'][0]['item'] == 'encoding'


def test_a_file_can_be_the_body_itself(tenant):
    answer = tenant.api('POST', '/registers/customers/imports?name=data.csv', body=f'{HEADER}\n{ROW.format("a@example.jp")}\n'.encode(),
                        headers={'Content-Type': 'text/csv'})
    assert answer.status == 202, answer
    assert counts(tenant.house.wait_job(answer.json()['id'], tenant))['created'] == 1


def test_the_form_leads_to_the_job_and_its_page_shows_what_was_refused(tenant):
    browser = tenant.browser()
    page = browser.get('/registers/customers/imports/new')
    assert page.status == 200 and 'メールアドレス' in page.text
    answer = browser.post('/registers/customers/imports', files={'file': ('顧客.csv', f'{HEADER}\n{ROW.format("broken")}\n'.encode(), 'text/csv')})
    assert answer.status == 303, answer
    id = int(re.search(r'/jobs/(\d+)', answer.headers['Location'])[1])
    tenant.house.wait_job(id, tenant)
    page = browser.get(f'/jobs/{id}').text
    assert 'メールアドレス' in page and 'hanako@example.jp' in page and '顧客.csv' in page
    answer = browser.get(f'/jobs/{id}/file')
    assert answer.status == 200 and 'attachment' in answer.headers['Content-Disposition']
    assert 'broken' in answer.text
    answer = browser.post('/registers/customers/imports', files={'file': ('', b'', 'application/octet-stream')})
    assert answer.status == 422 and 'ファイルを選んでください' in answer.text


def test_accounts_without_the_right_or_without_sight_of_personal_items_cannot_import(tenant):
    file = {'file': ('x.csv', b'email,points\na@example.jp,1\n', 'text/csv')}
    assert tenant.browser('viewer').post('/registers/customers/imports', files=file).status == 403
    masked = tenant.new_key('masked', 'record.read,record.write,record.import')
    assert tenant.api('POST', '/registers/customers/imports', key=masked, files=file).status == 403
    assert tenant.api('POST', '/registers/nothing/imports', files=file).status == 404


# When things go wrong --------------------------------------------------------------------------------------------------------------------

def jobs_of(house):
    return house.workers('jobs')


def busy(tenant, id, seconds=30):
    """Waits until the job runs; the process that runs it, found by what its connection does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        rows = tenant.house.sql("select pid from pg_stat_activity where usename = 'daicho_jobs' and state <> 'idle' and xact_start is not null "
                                "and (query ilike '%%import_row%%' or query ilike 'copy%%')")
        state = tenant.api('GET', f'/jobs/{id}').json()
        state = state.get('job', state)['state']
        assert state in ('queued', 'running'), state
        if rows:
            return rows[0][0]
        time.sleep(0.005)
    raise TimeoutError


@pytest.fixture(scope='session')
def slow_file(generator, tmp_path_factory):
    return generator(tmp_path_factory.mktemp('slow') / 'slow.csv', '--rows', 20000, '--encoding', 'cp932', '--bad', 0.01)


def test_a_job_whose_worker_is_killed_in_the_middle_leaves_nothing_and_ends_the_same_after_the_next_attempt(house, tenant, slow_file):
    want = counts(bring(house.tenant(), slow_file))
    id = house.import_file('customers', slow_file, tenant)
    busy(tenant, id)
    for pid in jobs_of(house):
        os.kill(pid, signal.SIGKILL)
    assert tenant.sql('select count(*) from r_customers') == [(0,)]
    job = house.wait_job(id, tenant, seconds=180)
    assert job['state'] == 'done' and job['attempt'] == 2
    assert counts(job) == want
    assert tenant.sql('select count(*), count(distinct origin) from r_customers') == [(want['created'], 1)]


def test_an_upload_whose_job_cannot_be_queued_does_not_stay(house, tenant):
    """The account was suspended while the file travelled, the disk is full."""
    house.sql("""create or replace function public.fail_here() returns trigger language plpgsql as $$
                 begin raise exception 'in the middle' using errcode = '53100'; end $$""")
    before = sorted((house.dir / 'files/import').glob('*'))
    house.sql(f"create trigger zz_fail before insert on daicho.job for each row when (new.tenant = '{tenant.name}') execute function public.fail_here()")
    try:
        answer = tenant.api('POST', '/registers/customers/imports', files={'file': ('x.csv', 'email,family_name\na@example.jp,山\n'.encode(), 'text/csv')})
    finally:
        house.sql('drop trigger zz_fail on daicho.job')
    assert answer.status == 507, answer
    assert sorted((house.dir / 'files/import').glob('*')) == before


def test_a_cancelled_job_leaves_nothing(house, tenant, slow_file):
    with house.connect() as db, db.transaction():
        db.execute(f'lock table t_{tenant.name}.r_customers in exclusive mode')         # held here, it cannot be too quick
        id = house.import_file('customers', slow_file, tenant)
        busy(tenant, id)
        assert tenant.api('POST', f'/jobs/{id}/cancel').status in (200, 202)
    job = house.wait_job(id, tenant, seconds=120)
    assert job['state'] == 'cancelled'
    assert tenant.sql('select count(*) from r_customers') == [(0,)]


def test_two_files_at_once_into_one_register_are_taken_one_after_the_other(house, tenant, generator, tmp_path):
    """The same people in both, with other addresses: every one is created once and changed once, whichever is first."""
    files = [generator(tmp_path / f'{v}.csv', '--rows', 3000, '--variant', v) for v in (0, 1)]
    ids = [house.import_file('customers', f, tenant) for f in files]
    jobs = [house.wait_job(id, tenant, seconds=180) for id in ids]
    assert [job['state'] for job in jobs] == ['done', 'done']
    assert sorted(counts(job)['created'] for job in jobs) == [0, 3000]
    assert sorted(counts(job)['changed'] + counts(job)['unchanged'] for job in jobs) == [0, 3000]
    assert tenant.sql('select count(*), max(version) from r_customers') == [(3000, 2)]


def test_the_file_sent_is_gone_when_its_job_has_ended(house, tenant):
    before = set((house.dir / 'files/import').glob('*'))
    bring(tenant, f'{HEADER}\n{ROW.format("a@example.jp")}\n'.encode())
    bring(tenant, b'', state='failed')
    assert until(lambda: set((house.dir / 'files/import').glob('*')) <= before)


def test_what_was_imported_stands_in_the_log_and_in_each_record(tenant):
    job = bring(tenant, f'{HEADER}\n{ROW.format("a@example.jp")}\n{ROW.format("broken")}\n'.encode())
    entries = [e for e in tenant.log() if e['verb'] == 'import' and e['detail'] and 'created' in e['detail']]
    assert len(entries) == 1
    assert {k: entries[0]['detail'][k] for k in ('file', 'read', 'created', 'changed', 'unchanged', 'refused')} == {
        'file': 'data.csv', 'read': 2, 'created': 1, 'changed': 0, 'unchanged': 0, 'refused': 1}
    assert entries[0]['actor'] == 'test' and entries[0]['kind'] == 'customers'
    asked, = [e for e in tenant.log() if e['verb'] == 'import' and e['kind'] == 'job']      # the request names the job, not a record of that number
    assert asked['subject_id'] == job['id'] and asked['detail']['register'] == 'customers' and asked['detail']['file'] == 'data.csv'
    row = tenant.sql('select created_by, updated_by, origin, version from r_customers')[0]
    assert row == (row[0], row[0], job['id'], 1) and row[0].startswith('key:') and row[0].endswith(':test')


def test_personal_values_of_refused_rows_are_not_kept_in_the_job(tenant):
    job = bring(tenant, f'{HEADER}\n{ROW.format("secret-address")}\n{ROW.format("b@example.jp").replace("東京都", "江戸県")}\n'.encode())
    assert [row['value'] for row in job['result']['by_reason']] == [None, '江戸県']
    assert 'secret-address' not in str(tenant.house.sql('select result::text from daicho.job where id = %s', args=(job['id'],)))
