"""Workbooks and JSON Lines: what is written is read by other programs and by ourselves again; what other programs write is read as people see it."""
import csv, datetime, io, json, re, zipfile

import openpyxl

from test_export import take
from test_import import HEADER, ROW, bring, counts, file_of, generator, refused_rows         # noqa: F401  (generator: a fixture)

TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
KINDS = """
name: kinds
title: {ja: 型, en: Kinds}
key: code
items:
  - {name: code, type: text, title: {ja: 符号, en: Code}, required: true, unique: true}
  - {name: whole, type: integer, title: {ja: 整数, en: Whole}}
  - {name: price, type: decimal, scale: 2, title: {ja: 価格, en: Price}}
  - {name: day, type: date, title: {ja: 日, en: Day}}
  - {name: at, type: datetime, title: {ja: 日時, en: At}}
  - {name: yes, type: boolean, title: {ja: はい, en: 'Yes'}}
  - {name: note, type: text, lines: true, title: {ja: メモ, en: Note}}
"""
ROWS = [
    {'code': '=1+1', 'whole': -12, 'price': '1234567.10', 'day': '2026-02-28', 'at': '2026-11-22T14:05:09+09:00', 'yes': True, 'note': '一行目\n二行目, "引用"'},
    {'code': "'=x", 'whole': 999999999999999, 'price': '0.05', 'day': '1899-12-31', 'at': '1900-01-02T00:00:00+09:00', 'yes': False, 'note': '端'},
    {'code': '007', 'day': '1900-03-01', 'note': '_x0041_ & <b>𠮷</b>'},
]


def kinds(tenant, tmp_path):
    (tmp_path / 'kinds.yaml').write_text(KINDS)
    tenant.house.cli('register', 'define', '--tenant', tenant.name, tmp_path / 'kinds.yaml')
    for row in ROWS:
        answer = tenant.api('POST', '/registers/kinds/records', json=row)
        assert answer.status == 201, answer.text


def book(rows, **more):
    """A workbook as another program writes it."""
    b = openpyxl.Workbook()
    for row in rows:
        b.active.append(row)
    for place, how in more.items():
        b.active[place].number_format = how
    out = io.BytesIO()
    b.save(out)
    return out.getvalue()


def changed(data, **parts):
    """The same workbook with parts of it changed: name, '/' as '__' -> function of its text."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            change = parts.get(name.replace('/', '__').replace('.', '_'))
            new.writestr(name, change(text) if change else text)
    return out.getvalue()


def shared(data):
    """The same workbook as spreadsheets save it: texts stand in a list of their own."""
    texts = []

    def number(found):
        texts.append(found[1])
        return f't="s"><v>{len(texts) - 1}</v>'
    made = changed(data, xl__worksheets__sheet1_xml=lambda s: re.sub(r't="inlineStr"><is>(.*?)</is>', number, s, flags=re.S),
                   xl___rels__workbook_xml_rels=lambda s: s.replace('</Relationships>', '<Relationship Id="t" Target="sharedStrings.xml" Type="http://purl.oclc.org/'
                                                                    'ooxml/officeDocument/relationships/sharedStrings"/></Relationships>'))
    out = io.BytesIO(made)
    with zipfile.ZipFile(out, 'a', zipfile.ZIP_DEFLATED) as book:
        book.writestr('xl/sharedStrings.xml', f'<x:sst xmlns:x="x">{"".join(f"<x:si>{text}</x:si>" for text in texts)}</x:sst>'.replace('<t', '<x:t').replace('</t', '</x:t'))
    return out.getvalue()


def test_a_workbook_holds_numbers_and_days_as_such_runs_nothing_and_imports_again_unchanged(tenant, tmp_path):
    kinds(tenant, tmp_path)
    job = take(tenant, register='kinds', format='xlsx')
    answer = tenant.api('GET', f'/jobs/{job["id"]}/file')
    assert answer.headers['Content-Type'] == TYPE and job['file_name'].endswith('.xlsx') and job['result']['bytes'] == len(answer.content)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet.title == '型' and sheet.freeze_panes == 'A2' and sheet.auto_filter.ref == 'A1:G4' and sheet['A1'].font.bold
    rows = list(sheet.iter_rows(min_row=2))
    assert [cell.value for cell in rows[0]] == ['=1+1', -12, 1234567.1, datetime.datetime(2026, 2, 28), datetime.datetime(2026, 11, 22, 14, 5, 9), 'はい', ROWS[0]['note']]
    assert (rows[0][2].number_format, rows[0][3].number_format) == ('0.00', 'yyyy-mm-dd')
    assert [cell.value for cell in rows[1]] == ["'=x", 999999999999999, 0.05, '1899-12-31', '1900-01-02 00:00:00', 'いいえ', '端']
    assert not any(cell.data_type == 'f' for row in sheet.iter_rows() for cell in row), 'a text is no formula'
    again = bring(tenant, answer.content, register='kinds')
    assert counts(again) == {'read': 3, 'created': 0, 'changed': 0, 'unchanged': 3, 'refused': 0}, again['result']
    assert again['result']['encoding'] == 'xlsx' and '型' in again['result']['encoding_reason']


def test_invented_customers_go_through_a_workbook_unchanged(tenant, generator, tmp_path):
    bring(tenant, generator(tmp_path / 'a.csv', '--rows', 1000, '--nl', 0.05, '--quirk', 0.3))
    content = file_of(tenant, take(tenant, format='xlsx'))
    assert counts(bring(tenant, content)) == {'read': 1000, 'created': 0, 'changed': 0, 'unchanged': 1000, 'refused': 0}
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).active
    other = shared(book(list(sheet.values)))
    assert counts(bring(tenant, other))['unchanged'] == 1000


def test_what_people_see_in_a_cell_is_what_is_read(tenant, tmp_path):
    kinds(tenant, tmp_path)
    made = book([['符号', '整数', '価格', '日', '日時', 'はい', 'メモ'],
                 ['a', 1, 0.1 + 0.2, 45000, 45000.5, True, 'x'],
                 [],
                 ['b', 1e3, 1234.5, datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 23, 59, 59), False, '二\n行'],
                 ['c', 12345678901234, -0.5, 59, None, None, None],
                 ['d', 'x', 'y', 61, 45000, 'たぶん', None]],
                D2='ggge"年"m"月"d"日"', E2='[$-411]yyyy/m/d h:mm', D5='m/d', D6='d-mmm', E6='"day" 0')
    made = changed(shared(made), xl__sharedStrings_xml=lambda s: s.replace('<x:t>a</x:t>', '<x:t>a</x:t><x:rPh sb="0" eb="1"><x:t>エー</x:t></x:rPh>')
                   .replace('<x:t>x</x:t>', '<x:r><x:t>x_x0042_</x:t></x:r><x:r><x:t>y</x:t></x:r>', 1),
                   xl__worksheets__sheet1_xml=lambda s: s.replace('<c r="B4"', '<c r="B4" foo="1"').replace('<v>1000</v>', '<f>10*100</f><v>1000</v>'))
    job = bring(tenant, made, register='kinds')
    assert counts(job)['refused'] == 1 and counts(job)['read'] == 4, job['result']
    now = {row['code']: row for row in tenant.api('GET', '/registers/kinds/records').json()['records']}
    now['a'] = {name: now['a'][name] for name in ('code', 'whole', 'price', 'day', 'at', 'yes', 'note')}
    assert now['a'] == {'code': 'a', 'whole': 1, 'price': '0.30', 'day': '2023-03-15', 'at': '2023-03-15T12:00:00+09:00', 'yes': True, 'note': 'xBy'}
    assert (now['b']['whole'], now['b']['price'], now['b']['day'], now['b']['at'], now['b']['yes'], now['b']['note']) == \
        (1000, '1234.50', '2024-02-29', '2024-02-29T23:59:59+09:00', False, '二\n行')
    assert (now['c']['whole'], now['c']['price'], now['c']['day']) == (12345678901234, '-0.50', '1900-02-28')
    back = refused_rows(file_of(tenant, job), 'utf-8-sig')
    assert list(back) == [6], 'the row as the spreadsheet numbers it, though a cell before holds two lines'
    assert all(title in back[6][0] for title in ('整数', '価格', '日時', 'はい')) and back[6][1][3] == '1900-03-01'
    made = changed(book([['code', 'day'], ['m', 0]], B2='yyyy-mm-dd'), xl__workbook_xml=lambda s: re.sub('<workbookPr[^>]*/>', '<workbookPr date1904="true"/>', s))
    bring(tenant, made, register='kinds')
    assert tenant.sql("select day::text from r_kinds where code = 'm'") == [('1904-01-01',)]


def test_what_is_no_workbook_is_refused_in_one_sentence(tenant):
    good = shared(book([HEADER.split(','), ROW.format('a@example.jp').split(',')]))
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + ''.join(f'<!ENTITY {c} "{f"&{p};" * 10}">' for p, c in zip('abcdefgh', 'bcdefghi')) + ']>'
    empty = io.BytesIO()
    zipfile.ZipFile(empty, 'w').close()
    table = {
        'cut': (good[:len(good) // 2], '壊れています'),
        'only its head': (good[:4], '壊れています'),
        'an old one': (b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + bytes(1000), '.xls'),
        'no sheet': (changed(good, xl__workbook_xml=lambda s: s.replace('<sheet ', '<sheet state="veryHidden" ').replace('state="visible"', '')), 'シートのある'),
        'entities': (changed(good, xl__worksheets__sheet1_xml=lambda s: bomb + '<worksheet>&i;</worksheet>'), '壊れています'),
        'an endless name': (changed(good, xl__worksheets__sheet1_xml=lambda s: f'<worksheet x="{"a" * (40 << 20)}"/>'), '壊れています'),
        'an endless text': (changed(good, xl__worksheets__sheet1_xml=lambda s: s.replace('<v>', f'<v>{"1" * 300000}', 1)), '大きすぎるセル'),
        'deep': (changed(good, xl__worksheets__sheet1_xml=lambda s: '<a>' * 200 + '</a>' * 200), '壊れています'),
        'a text that is not there': (changed(good, xl__sharedStrings_xml=lambda s: '<x:sst/>'), '壊れています'),
        'rows backwards': (changed(good, xl__worksheets__sheet1_xml=lambda s: s.replace('r="2"', 'r="1"')), '壊れています'),
        'a row too far': (changed(good, xl__worksheets__sheet1_xml=lambda s: s.replace('<row r="2"', '<row r="99999999999"')), '壊れています'),
    }
    for name, (data, sentence) in table.items():
        job = tenant.house.wait_job(tenant.house.import_file('customers', data, tenant), tenant)
        assert job['state'] == 'failed', (name, job['result'])
        assert sentence in job['result']['errors'][0]['detail'] and len(job['result']['errors']) == 1, (name, job['result'])
    assert bring(tenant, empty.getvalue(), state='failed')['result']['code'] == 'INVALID'
    assert tenant.sql('select count(*) from r_customers') == [(0,)]
    assert bring(tenant, good)['result']['created'] == 1


def test_a_thousand_columns_and_a_million_empty_rows_take_no_memory_and_no_time(tenant):
    far = changed(book([['email', *[None] * 600, 'x'], ['a@example.jp'], ['b@example.jp']]),
                  xl__worksheets__sheet1_xml=lambda s: s.replace('<row r="3"', '<row r="1048576"').replace('"A3"', '"A1048576"'))
    job = bring(tenant, far, register='customers', blank='keep')
    assert job['result']['read'] == 2 and {row['line'] for row in job['result']['by_reason']} <= {2, 1048576}


def test_json_lines_hold_what_the_api_gives(tenant, tmp_path):
    kinds(tenant, tmp_path)
    job = take(tenant, register='kinds', format='jsonl')
    answer = tenant.api('GET', f'/jobs/{job["id"]}/file')
    assert answer.headers['Content-Type'] == 'application/jsonl' and job['file_name'].endswith('.jsonl')
    lines = [json.loads(line) for line in answer.content.decode().splitlines()]
    records = sorted(tenant.api('GET', '/registers/kinds/records').json()['records'], key=lambda r: r['id'])
    assert lines == [{name: record[name] for name in lines[0]} for record in records] and len(lines[0]) == 7
    assert lines[0]['whole'] == -12 and lines[0]['yes'] is True and lines[2]['whole'] is None
    answer = tenant.api('POST', '/registers/kinds/exports', json={'format': 'pdf'})
    assert answer.status == 422 and 'csv xlsx jsonl' in answer.text


def test_what_cp932_lacks_is_asked_about_before_there_is_a_file(house, tenant):
    bring(tenant, f'email,姓,名\na@example.jp,𠮷田,花子\nb@example.jp,佐藤,🍣𠮷\nc@example.jp,髙橋,太郎\n'.encode())
    for answer, want in (('utf-8', ['𠮷田', '佐藤', '髙橋']), ('cp932', ['〓田', '佐藤', '髙橋'])):
        job = take(tenant, state='ready', encoding='cp932', ask=True, items=['family_name', 'given_name'])
        assert not job['has_file'] and tenant.api('GET', f'/jobs/{job["id"]}/file').status == 404
        assert {c['character']: c['count'] for c in job['result']['characters']} == {'𠮷': 2, '🍣': 1}
        assert [(cell['title'], cell['record']) for cell in job['result']['first_replaced']] == [('姓', 1), ('名', 2)]
        reader = tenant.account('english.reader', group='管理者')
        house.sql("update daicho.account set lang = 'en' where id = %s", args=(reader.id,))
        english = reader.browser().request('GET', f'/api/v1/jobs/{job["id"]}', headers={'Accept': 'application/json'}).json()['job']
        assert [cell['title'] for cell in english['result']['first_replaced']] == ['Family name', 'Given name'], 'in the language of who reads'
        path = f'/registers/customers/exports/{job["id"]}/decide'
        assert tenant.api('POST', path, json={'encoding': 'utf-16'}).status == 422 and tenant.api('POST', path, json={}).status == 422
        assert house.api('POST', path, key=tenant.new_key(f'another {answer}'), json={'encoding': answer}).status == 403, 'only who asked decides'
        assert tenant.api('POST', f'/registers/orders/exports/{job["id"]}/decide', json={'encoding': answer}).status == 404
        assert tenant.api('POST', path, json={'encoding': answer}).status == 202
        done = house.wait_job(job['id'], tenant)
        assert done['state'] == 'done' and done['result']['encoding'].lower() == answer
        rows = list(csv.reader(io.StringIO(file_of(tenant, done).decode('utf-8-sig' if answer == 'utf-8' else 'cp932'), newline='')))
        assert [row[0] for row in rows[1:]] == want
        assert tenant.api('POST', path, json={'encoding': answer}).status == 409
    assert take(tenant, encoding='cp932', ask=True, items=['email'])['has_file'], 'nothing is lacking: nothing is asked'
    browser = tenant.browser()
    page = browser.post('/registers/customers/exports', {'format': 'csv', 'encoding': 'cp932', 'ask': 'true', 'items': 'family_name'})
    job = house.wait_job(int(page.url.rsplit('/', 1)[1]) if '/jobs/' in page.url else int(page.headers['Location'].rsplit('/', 1)[1]), tenant)
    text = browser.get(f'/jobs/{job["id"]}').text
    assert 'シフトJISにない文字があります' in text and '𠮷 × 1' in text and 'UTF-8で書き出す' in text
    browser.post(f'/registers/customers/exports/{job["id"]}/decide', {'encoding': 'utf-8'})
    assert house.wait_job(job['id'], tenant)['state'] == 'done'
