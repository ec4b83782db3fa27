"""Saved mappings: which heading of a file is which item is said once, and found again by files with the same headings."""
import pytest

from house import until

HEAD = '会員の連絡先,会員の苗字さん,うちの点数,備考らん'
FILE = f'{HEAD}\nmap1@example.jp,対応,12,x\n'
COLUMNS = {'会員の連絡先': 'email', '会員の苗字さん': 'family_name', 'うちの点数': 'points', '備考らん': None}


@pytest.fixture(scope='session')
def shop(house):
    return house.tenant(registers=('customers',))


def save(shop, key=None, **more):
    return shop.api('POST', '/registers/customers/mappings', key=key or shop.key, json={'name': '受注ファイル', 'columns': COLUMNS, **more})


@pytest.fixture
def mapping(shop):
    made = save(shop)
    assert made.status == 201, made
    yield made.json()['id']
    version = shop.api('GET', f'/registers/customers/mappings/{made.json()["id"]}')
    if version.status == 200:
        shop.api('DELETE', f'/registers/customers/mappings/{made.json()["id"]}', headers={'If-Match': f'"{version.json()["mapping"]["version"]}"'})


def bring(shop, text, **more):
    return shop.house.wait_job(shop.house.import_file('customers', text.encode(), shop, **more), shop)


def test_a_file_with_the_same_headings_is_read_by_the_mapping(shop, mapping):
    assert bring(shop, FILE)['state'] == 'failed'                                       # without one nobody knows these headings
    job = bring(shop, FILE, mapping='auto')
    assert job['state'] == 'done' and job['result']['created'] == 1, job
    assert job['result']['mapping'] == {'id': mapping, 'name': '受注ファイル', 'lost': [], 'renamed': []}
    assert job['result']['headings'][3] == ['備考らん', None] and job['result']['ignored'] == ['備考らん']
    other = ','.join(reversed(HEAD.split(',')))                                          # in whatever order, width and case
    job = bring(shop, f'{other}\nx,13,対応,map1@example.jp\n'.replace('うちの点数', 'うちの点数 '), mapping='auto')
    assert job['result']['changed'] == 1 and job['result']['mapping']['id'] == mapping
    assert bring(shop, f'{HEAD},もう一つ\nmap1@example.jp,対応,1,x,y\n', mapping='auto')['state'] == 'failed'        # other headings are another file
    assert bring(shop, f'{HEAD},もう一つ\nmap1@example.jp,対応,14,x,y\n', mapping=str(mapping))['result']['changed'] == 1   # unless it is chosen
    assert shop.api('POST', '/registers/customers/imports?mapping=999999', body=FILE.encode(), headers={'Content-Type': 'text/csv'}).status == 404
    assert shop.api('POST', '/registers/customers/imports?mapping=x', body=FILE.encode(), headers={'Content-Type': 'text/csv'}).status == 422


def test_how_the_file_is_read_is_saved_too(shop):
    made = save(shop, name='空欄を残す', columns={'会員アドレス': 'email', '苗': 'family_name', '点': 'points'}, blank='keep', refused='stop', encoding='cp932', separator='tab').json()['id']
    head = '会員アドレス\t苗\t点\n'
    assert bring(shop, f'{head}keep1@example.jp\t残\t5\n')['state'] == 'failed'
    job = shop.house.wait_job(shop.house.import_file('customers', f'{head}keep1@example.jp\t残\t5\n'.encode('cp932'), shop, mapping=str(made)), shop)
    assert job['result']['encoding'] == 'CP932' and job['result']['separator'] == 'tab' and job['result']['created'] == 1
    stop = bring(shop, f'{head}keep1@example.jp\t残\tなし\n', mapping='auto')['result']
    assert stop['stopped'] and stop['refused'] == 1
    # what somebody looked at is what is written: also what the mapping said of empty cells
    job = shop.house.import_file('customers', f'{head}keep1@example.jp\t変\t\n'.encode(), shop, mapping='auto', review='true')
    until(lambda: shop.sql('select state from daicho.job where id = %s', [job]) == [('ready',)])
    assert '空欄を残す' in shop.browser('staff').get(f'/registers/customers/imports/{job}').text
    assert shop.api('POST', f'/registers/customers/imports/{job}/apply').status == 202
    assert shop.house.wait_job(job, shop)['result']['changed'] == 1
    rows = shop.api('GET', '/registers/customers/records?q=keep1').json()['records']
    assert [(r['family_name'], r['points']) for r in rows] == [('変', 5)]


@pytest.mark.parametrize('more', [
    {'columns': {}}, {'columns': {'a': 'email', 'ａ': 'points'}}, {'columns': {'a': 'email', 'b': 'email'}}, {'columns': {'a': 'nothing', 'b': 'email'}}, {'columns': {'a': 'points'}},
    {'columns': {'a' * 201: 'email'}}, {'columns': {f'h{i}': None for i in range(301)}}, {'name': ' '}, {'name': 'x' * 61}, {'blank': 'x'}, {'encoding': 'ebcdic'}, {'separator': ';'}, {'refused': 'x'}])
def test_what_is_no_mapping_is_refused(shop, more):
    assert save(shop, **{'name': '誤り', **more}).status == 422


def test_own_ones_are_seen_by_their_owner_and_shared_ones_by_all(shop, mapping):
    staff, admin = shop.browser('staff'), shop.browser('admin')
    form = {'name': '自分だけ', 'heading': ['自分の宛先', '余り'], 'item': ['email', '-']}
    made = staff.request('POST', '/api/v1/registers/customers/mappings', json_body=form)
    assert made.status == 201, made
    own = made.json()['id']
    names = lambda browser: {m['name'] for m in browser.get('/api/v1/registers/customers/mappings').json()['mappings']}    # noqa: E731
    assert names(staff) >= {'自分だけ', '受注ファイル'} and '自分だけ' not in names(admin)
    path = f'/api/v1/registers/customers/mappings/{own}'
    assert admin.get(path).status == 404 and staff.get(path).json()['mapping']['columns'][1] == {'heading': '余り', 'item': None}
    assert staff.request('PATCH', f'/api/v1/registers/customers/mappings/{mapping}', json_body={'version': 1, 'name': 'y'}).status == 403      # what the key made, shared
    assert staff.request('PATCH', path, json_body={'version': 1, 'shared': True}).status == 200 and '自分だけ' in names(admin)
    assert staff.request('PATCH', path, json_body={'version': 1, 'name': 'y'}).status == 412
    assert staff.request('DELETE', path, json_body={}, headers={'If-Match': '"2"'}).status == 204
    assert shop.browser('viewer').get('/api/v1/registers/customers/mappings').status == 403


def test_items_that_are_gone_or_renamed_are_told(shop, mapping):
    shop.sql("update import_mapping set columns = replace(columns::text, '\"points\"', '\"bygone\"')::jsonb where id = %s", [mapping])
    one = shop.api('GET', f'/registers/customers/mappings/{mapping}').json()['mapping']
    assert one['wanting'] and next(c for c in one['columns'] if c['heading'] == 'うちの点数')['lost'] == 'bygone'
    job = bring(shop, FILE.replace('map1', 'map9'), mapping='auto')
    assert job['result']['created'] == 1 and job['result']['mapping']['lost'] == ['うちの点数']
    assert 'うちの点数' in shop.browser('staff').get(f'/jobs/{job["id"]}').text


def test_the_form_is_made_of_the_first_line_of_a_file(shop, mapping):
    staff = shop.browser('staff')
    page = staff.get('/registers/customers/mappings/new?line=%E5%A7%93%2C%22%E3%83%9D%E3%82%A4%E3%83%B3%E3%83%88%22%2C%E8%AC%8E').text        # 姓,"ポイント",謎
    assert page.count('name="heading"') == 3 and '<option value="family_name" selected' in page and '<option value="points" selected' in page
    pasted = staff.post('/registers/customers/mappings/new', {'line': '姓\t"a,""b"""\t謎'}).text
    assert pasted.count('name="heading"') == 3 and 'value="a,&quot;b&quot;"' in pasted.replace('&#34;', '&quot;')
    assert staff.get(f'/registers/customers/mappings/{mapping}').status == 200
    assert '受注ファイル' in staff.get('/registers/customers/imports/new').text and '受注ファイル' in staff.get('/registers/customers/mappings').text
    saved = staff.post('/registers/customers/mappings', {'name': '画面から', 'heading': ['宛先だよ', '要らない'], 'item': ['email', '-']})
    assert saved.status == 303 and saved.headers['Location'].endswith('done=mapping_saved')
