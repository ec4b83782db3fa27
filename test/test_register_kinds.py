"""Registers of kind reference: a look-up list that others choose from by its key, and whose entries stay while they are used."""
import json
import urllib.parse

import psycopg
import pytest

from test_import import bring


@pytest.fixture(scope='module')
def shop(house):
    shop = house.tenant(registers=('customers', 'products', 'inquiries'))
    shop.key
    for code, name, kana in (('A-1', 'みかん', 'ミカン'), ('0012', 'りんご', 'リンゴ'), ('7', '梨', 'ナシ'), ('Z-9', '使わない商品', '')):
        assert shop.api('POST', '/registers/products/records', json={'code': code, 'name': name, 'kana': kana, 'price': 100, 'state': '販売中'}).status == 201
    assert shop.api('POST', '/registers/customers/records', json={'email': 'a@example.jp', 'family_name': '佐藤'}).status == 201
    return shop


def ask(shop, product, subject='質問', **more):
    return shop.api('POST', '/registers/inquiries/records', json={'customer': 'a@example.jp', 'received_at': '2026-01-05T10:00:00+09:00', 'subject': subject,
                                                             'status': '未対応', **({} if product is None else {'product': product}), **more})


def entry(shop, code):
    record, = [r for r in shop.api('GET', '/registers/products/records?limit=200').json()['records'] if r['code'] == code]
    return record


def erase(shop, record):
    return shop.api('DELETE', f'/registers/products/records/{record["id"]}', headers={'If-Match': f'"{record["version"]}"'})


def test_an_entry_is_meant_by_its_key_also_when_that_looks_like_a_number(shop):
    assert ask(shop, 'A-1').json()['product'] == entry(shop, 'A-1')['id']
    assert ask(shop, '0012').json()['product'] == entry(shop, '0012')['id'] and ask(shop, '7').json()['product'] == entry(shop, '7')['id']
    assert ask(shop, entry(shop, 'A-1')['id']).json()['product'] == entry(shop, 'A-1')['id']          # a number is the record's own
    answer = ask(shop, '1')
    assert answer.status == 422 and '「1」' in answer.text, answer
    assert shop.api('GET', '/registers/products').json()['register']['kind'] == 'reference'


def test_an_entry_in_use_is_not_deleted_and_it_is_told_how_often_and_where(shop, house):
    for _ in range(2):
        assert ask(shop, 'A-1', subject='使われている').status == 201
    used = shop.api('GET', '/registers/inquiries/records?limit=200').json()['records']
    count = len([r for r in used if r['product'] == entry(shop, 'A-1')['id']])
    answer = erase(shop, entry(shop, 'A-1'))
    assert answer.status == 409 and f'{count}件の記録（お問い合わせ）' in answer.text and count >= 2, answer
    # not by a batch, not by SQL put into the contract's role
    condition = json.dumps({'all': [{'item': 'code', 'op': 'eq', 'value': 'A-1'}]})
    plan = shop.api('GET', '/registers/products/bulk/new?' + urllib.parse.urlencode({'action': 'delete', 'condition': condition})).json()
    assert [(e['kind'], e['count'], e['register']) for e in plan['effects']] == [('blocks', count, 'inquiries')], plan
    with house.connect('daicho_web') as db, pytest.raises(psycopg.errors.ForeignKeyViolation):
        db.autocommit = False
        db.execute("select set_config('role', %s, true)", [f't_{shop.name}'])
        db.execute(f"delete from t_{shop.name}.r_products where code = 'A-1'")
    assert erase(shop, entry(shop, 'Z-9')).status in (200, 204)
    # when nobody uses it any more it goes
    free = ask(shop, '7', subject='あとで消す').json()
    for record in [r for r in shop.api('GET', '/registers/inquiries/records?limit=200').json()['records'] if r['product'] == entry(shop, '7')['id']]:
        assert shop.api('DELETE', f'/registers/inquiries/records/{record["id"]}', headers={'If-Match': f'"{record["version"]}"'}).status in (200, 204)
    assert free and erase(shop, entry(shop, '7')).status in (200, 204)


def test_forms_choose_from_it_and_find_by_reading_and_width(shop, house):
    choices = lambda q: [(c['key'], c['heading']) for c in shop.api('GET', '/registers/products/choices?q=' + q).json()['choices']]
    assert choices('')[:2] == [('0012', 'りんご'), ('7', '梨')] or ('A-1', 'みかん') in choices('')
    for q in 'ミカン', 'みか', 'A-1', 'Ａ－１':
        assert choices(q) == [('A-1', 'みかん')], q
    assert choices('存在しない') == []
    assert shop.api('GET', '/registers/customers/choices').status == 409
    before = len(shop.log())
    shop.api('GET', '/registers/products/choices?q=a')
    assert len(shop.log()) == before
    page = shop.admin.browser().get('/registers/inquiries/records/new').text
    assert 'data-picker="/api/v1/registers/products/choices"' in page and page.count('data-picker') == 1
    record = ask(shop, '0012', subject='編集').json()
    page = shop.admin.browser().get(f'/registers/inquiries/records/{record["id"]}/edit').text
    assert 'value="0012"' in page and 'りんご' in page
    # saved as it stands, it still means the same
    browser = shop.admin.browser()
    saved = browser.post(f'/registers/inquiries/records/{record["id"]}', {'_method': 'PATCH', 'version': record['version'], 'product': '0012', 'subject': '編集した'})
    assert saved.status == 303, saved
    assert shop.api('GET', f'/registers/inquiries/records/{record["id"]}').json()['product'] == entry(shop, '0012')['id']


@pytest.mark.parametrize('change, item', [
    ({'key': None}, 'key'), ({'personal': True}, 'kind'), ({'searchable': False}, 'kind'), ({'kind': 'lookup'}, 'kind'), ({'type': 'email'}, 'key')])
def test_what_a_look_up_list_needs(shop, change, item):
    code = {'name': 'code', 'type': change.get('type', 'text'), 'title': 'コード', 'required': True, 'unique': True, 'searchable': change.get('searchable', True),
            'personal': change.get('personal', False)}
    definition = {'name': 'sizes', 'kind': change.get('kind', 'reference'), 'title': 'サイズ', 'items': [code], **({'key': 'code'} if 'key' not in change else {})}
    answer = shop.api('POST', '/registers?plan=1', json=definition)
    assert answer.status == 422 and answer.json()['errors'][0]['item'] == item, answer.json()


def test_a_history_belongs_to_no_look_up_list(shop):
    answer = shop.api('POST', '/registers?plan=1', json={'name': 'visits', 'kind': 'history', 'title': 'x', 'master': 'product', 'items': [
        {'name': 'product', 'type': 'reference', 'register': 'products', 'title': '商品'}]})
    assert answer.status == 422 and answer.json()['errors'][0]['item'] == 'master', answer.json()


def test_files_name_entries_by_their_key(shop):
    bring(shop, 'コード,商品名,価格\n0012,りんご（大）,200\n55,ぶどう,300\n'.encode(), register='products')
    assert entry(shop, '0012')['name'] == 'りんご（大）' and entry(shop, '55')['price'] == 300
    job = bring(shop, ('顧客,受付日時,件名,対応状況,商品コード\n' + ''.join(f'a@example.jp,2026-01-06 10:00,取込{c},未対応,{c}\n' for c in ('55', '0012', '9999'))).encode(),
                register='inquiries')
    there = {r['subject']: r['product'] for r in shop.api('GET', '/registers/inquiries/records?limit=200').json()['records'] if r['subject'].startswith('取込')}
    assert there == {'取込55': entry(shop, '55')['id'], '取込0012': entry(shop, '0012')['id']}, job
