"""Export: what is written reads back unchanged, opens in a spreadsheet without doing harm, and shows nobody more than they may see."""
import csv, io, json

from test_import import HEADER, ROW, bring, counts, file_of, generator        # noqa: F401  (generator: a fixture)

TITLES = HEADER.split(',')


def take(tenant, state='done', register='customers', key=None, **order):
    id = tenant.house.export(register, tenant, key=key, **order)
    job = tenant.house.wait_job(id, tenant, seconds=180)
    assert job['state'] == state, job['result']
    return job


def rows_of(content, encoding='utf-8-sig'):
    return list(csv.reader(io.StringIO(content.decode(encoding), newline='')))


def test_a_written_file_imports_again_with_every_row_unchanged(house, tenant, generator, tmp_path):
    bring(tenant, generator(tmp_path / 'a.csv', '--rows', 5000, '--nl', 0.05, '--quirk', 0.3), seconds=300)
    for encoding in ('utf-8', 'cp932'):
        job = take(tenant, encoding=encoding)
        content = file_of(tenant, job)
        assert job['result']['rows'] == 5000 and job['result']['bytes'] == len(content)
        assert job['result']['replaced'] == 0
        assert content.startswith(b'\xef\xbb\xbf') == (encoding == 'utf-8')
        rows = rows_of(content, 'utf-8-sig' if encoding == 'utf-8' else 'cp932')
        assert rows[0] == TITLES and len(rows) == 5001 and {len(row) for row in rows} == {12}
        again = bring(tenant, content, seconds=300)
        assert counts(again) == {'read': 5000, 'created': 0, 'changed': 0, 'unchanged': 5000, 'refused': 0}
        assert again['result']['encoding'] == ('UTF-8' if encoding == 'utf-8' else 'CP932')
    assert tenant.sql('select max(version) from r_customers') == [(1,)]


def test_values_are_written_as_people_read_them(tenant):
    bring(tenant, (f'{HEADER}\n' + ROW.format('a@example.jp').replace('渋谷区神宮前1-2-3', '"渋谷区 ""神宮前"", 1-2\n様方"') + '\n').encode())
    content = file_of(tenant, take(tenant))
    assert content.endswith(b'\r\n') and b'"\r\n' not in content
    assert rows_of(content)[1] == ['a@example.jp', '佐藤', '美咲', 'サトウ', 'ミサキ', '女', '1990-02-28', '150-0001', '東京都',
                                   '渋谷区 "神宮前", 1-2\n様方', '090-0123-4567', '10']


def test_a_condition_a_word_and_chosen_items_choose_what_is_written(tenant):
    people = [('a', '佐藤', '東京都', 5), ('b', '鈴木', '大阪府', 10), ('c', '佐藤', '大阪府', 20), ('d', '高橋', '東京都', 30)]
    file = ''.join(f'{login}@example.jp,{name},{prefecture},{points}\n' for login, name, prefecture, points in people)
    bring(tenant, f'email,姓,都道府県,ポイント\n{file}'.encode())
    osaka = {'item': 'prefecture', 'op': 'in', 'value': ['大阪府']}

    job = take(tenant, condition=osaka, items=['points', 'email'])
    assert rows_of(file_of(tenant, job)) == [['ポイント', 'メールアドレス'], ['10', 'b@example.jp'], ['20', 'c@example.jp']]
    assert '大阪府' in job['result']['sentence']
    assert [row[0] for row in rows_of(file_of(tenant, take(tenant, condition=json.dumps(osaka))))[1:]] == ['b@example.jp', 'c@example.jp']
    assert [row[0] for row in rows_of(file_of(tenant, take(tenant, q='佐藤')))[1:]] == ['a@example.jp', 'c@example.jp']
    assert [row[0] for row in rows_of(file_of(tenant, take(tenant, q='佐藤', condition=osaka)))[1:]] == ['c@example.jp']
    assert rows_of(file_of(tenant, take(tenant, condition={'item': 'points', 'op': 'ge', 'value': 1000})))[1:] == []

    entry = [e for e in tenant.log() if e['verb'] == 'export' and e['detail'] and 'rows' in e['detail']][0]
    asked = [e for e in tenant.log() if e['verb'] == 'export' and e['kind'] == 'job'][0]
    assert asked['subject_id'] == job['id'] and asked['detail']['register'] == 'customers'
    assert entry['detail']['rows'] == 2 and entry['detail']['condition'] == osaka and entry['detail']['columns'] == ['points', 'email']
    for order, item in (({'items': ['nothing']}, 'items'), ({'encoding': 'latin1'}, 'encoding'), ({'items': ['email', 'email']}, 'items'),
                        ({'condition': {'item': 'nothing', 'op': 'eq', 'value': 1}}, None)):
        answer = tenant.api('POST', '/registers/customers/exports', json=order)
        assert answer.status == 422, (order, answer)
        assert item is None or answer.json()['errors'][0]['item'] == item


def test_what_a_spreadsheet_would_run_is_written_so_that_it_does_not_and_reads_back(tenant):
    nasty = ['=1+1', '+81', '-2-3', '@sum(A1)', "=cmd|' /C calc'!A0", "'=1", "''=1", "'quoted'", '＝1+1', '－5丁目', "it's"]
    for i, text in enumerate(nasty):
        answer = tenant.api('POST', '/registers/customers/records', json={'email': f'n{i:02}@example.jp', 'family_name': '佐藤', 'address': text, 'points': i})
        assert answer.status == 201, answer
    before = tenant.sql('select email, address from r_customers order by email')
    for encoding in ('utf-8', 'cp932'):
        content = file_of(tenant, take(tenant, encoding=encoding))
        cells = [row[9] for row in rows_of(content, 'utf-8-sig' if encoding == 'utf-8' else 'cp932')[1:]]
        assert [cell for cell in cells if cell[0] in '=+-@\t\r＝＋－＠'] == []
        assert cells[0] == "'=1+1" and cells[10] == "it's" and cells[7] == "'quoted'"
        assert counts(bring(tenant, content))['unchanged'] == len(nasty)
    assert tenant.sql('select email, address from r_customers order by email') == before


def test_characters_cp932_does_not_have_become_geta_and_are_told_with_line_and_item(tenant):
    for i, name in enumerate(['佐藤', '𠮷野', '李한', '波〜']):
        assert tenant.api('POST', '/registers/customers/records', json={'email': f'g{i}@example.jp', 'family_name': name}).status == 201
    job = take(tenant, encoding='cp932')
    names = [row[1] for row in rows_of(file_of(tenant, job), 'cp932')[1:]]
    assert names == ['佐藤', '〓野', '李〓', '波～']
    assert (job['result']['replaced'], job['result']['similar']) == (2, 1)
    assert [(loss['line'], loss['item']) for loss in job['result']['first_replaced']] == [(3, 'family_name'), (4, 'family_name')]
    assert take(tenant, encoding='utf-8')['result']['replaced'] == 0


def test_references_are_written_as_the_key_of_their_record(tenant):
    bring(tenant, f'{HEADER}\n{ROW.format("a@example.jp")}\n'.encode())
    bring(tenant, '顧客,購入日,注文番号,商品名,金額\na@example.jp,2026-01-05,N-1,茶,-500\n'.encode(), register='orders')
    rows = rows_of(file_of(tenant, take(tenant, register='orders')))
    assert rows[1][:4] == ['a@example.jp', '2026-01-05', 'N-1', '茶'] and '-500' in rows[1]


def test_one_column_keeps_its_empty_rows(tenant):
    bring(tenant, 'email,姓,名\na@example.jp,佐藤,\nb@example.jp,鈴木,花\n'.encode())
    content = file_of(tenant, take(tenant, items=['given_name']))
    assert content == '\ufeff名\r\n""\r\n花\r\n'.encode()


def test_a_masked_account_gets_no_personal_items_and_no_others_file(tenant):
    bring(tenant, f'{HEADER}\n{ROW.format("a@example.jp")}\n'.encode())
    whole = take(tenant)
    masked = tenant.new_key('masked', 'record.read,record.export')
    job = take(tenant, key=masked)
    answer = tenant.api('GET', f'/jobs/{job["id"]}/file', key=masked)
    assert answer.status == 200
    assert rows_of(answer.content) == [['性別', '都道府県', 'ポイント'], ['女', '東京都', '10']]
    assert tenant.api('POST', '/registers/customers/exports', key=masked, json={'items': ['email']}).status == 422
    assert tenant.api('POST', '/registers/customers/exports', key=masked,
                      json={'condition': {'item': 'family_name', 'op': 'eq', 'value': '佐藤'}}).status == 403
    assert tenant.api('GET', f'/jobs/{whole["id"]}/file', key=masked).status == 404
    nothing = tenant.new_key('nothing', 'record.read')
    assert tenant.api('POST', '/registers/customers/exports', key=nothing, json={}).status == 403


def test_the_form_shows_what_will_be_written_and_leads_to_the_file(tenant):
    bring(tenant, f'{HEADER}\n{ROW.format("a@example.jp")}\n{ROW.format("b@example.jp").replace("東京都", "大阪府")}\n'.encode())
    browser = tenant.browser()
    condition = json.dumps({'item': 'prefecture', 'op': 'in', 'value': ['大阪府']}, ensure_ascii=False)
    page = browser.get(f'/registers/customers/exports/new?condition={condition}')
    assert page.status == 200 and '大阪府' in page.text and 'name="condition"' in page.text
    answer = browser.post('/registers/customers/exports', {'condition': condition, 'encoding': 'cp932'})
    assert answer.status == 303, answer
    id = int(answer.headers['Location'].split('?')[0].rsplit('/', 1)[1])
    tenant.house.wait_job(id, tenant)
    assert browser.get(f'/jobs/{id}').status == 200
    answer = browser.get(f'/jobs/{id}/file')
    assert answer.status == 200 and [row[0] for row in rows_of(answer.content, 'cp932')[1:]] == ['b@example.jp']
    assert 'filename*=UTF-8' in answer.headers['Content-Disposition'] and answer.headers['Content-Type'].startswith('text/csv')


def test_an_empty_register_is_written_as_its_headings(tenant):
    assert rows_of(file_of(tenant, take(tenant))) == [TITLES]
