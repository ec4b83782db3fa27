"""An account that may not see personal items learns nothing about them: not by reading, sorting, searching, conditions, counts, errors or history."""
import json
import urllib.parse

import pytest

RECORDS = '/registers/customers/records'
PERSONAL = ['email', 'family_name', 'given_name', 'family_kana', 'given_kana', 'birthday', 'postal_code', 'address', 'telephone']
SECRETS = ['秘密田', 'ヒミツダ', 'himitsu@example.jp', '1977-07-07', '060-0042', '大通西七丁目', '090-7777-1234', 'himitsu', '7777']
CUSTOMER = {'email': 'himitsu@example.jp', 'family_name': '秘密田', 'given_name': '秘子', 'family_kana': 'ヒミツダ', 'given_kana': 'ヒミコ', 'gender': '女',
            'birthday': '1977-07-07', 'postal_code': '060-0042', 'prefecture': '北海道', 'address': '大通西七丁目', 'telephone': '090-7777-1234', 'points': 77}


@pytest.fixture(scope='module')
def shop(house):
    shop = house.tenant()
    shop.record = shop.api('POST', RECORDS, json=CUSTOMER).json()
    shop.api('POST', RECORDS, json={'email': 'other@example.jp', 'family_name': '公田', 'points': 1, 'prefecture': '東京都'})
    shop.api('PATCH', f'{RECORDS}/{shop.record["id"]}', json={'family_name': '元秘密田', 'points': 78, 'version': 1})
    shop.api('PATCH', f'{RECORDS}/{shop.record["id"]}', json={'family_name': '秘密田', 'version': 2})
    shop.blind = shop.new_key('blind', 'record.read,record.write,record.delete')
    return shop


def ask(shop, path, method='GET', **more):
    answer = shop.api(method, path, key=shop.blind, **more)
    for secret in SECRETS:
        assert secret not in answer.text, (secret, answer)
    return answer


def query(**q):
    return f'{RECORDS}?' + urllib.parse.urlencode({k: json.dumps(v) if k == 'condition' else v for k, v in q.items()})


def test_personal_items_look_masked_not_empty(shop):
    record = ask(shop, f'{RECORDS}/{shop.record["id"]}').json()
    for name in PERSONAL:
        assert record[name] == {'masked': True}
    assert record['prefecture'] == '北海道' and record['points'] == 78
    page = ask(shop, RECORDS).json()
    assert len(page['records']) == 2 and all(r[n] == {'masked': True} for r in page['records'] for n in PERSONAL)
    assert {i['name'] for i in page['register']['items'] if i['masked']} == set(PERSONAL)


@pytest.mark.parametrize('item', PERSONAL)
def test_lists_are_not_sorted_by_what_may_not_be_seen(shop, item):
    for sort in (item, '-' + item):
        assert ask(shop, query(sort=sort)).status == 403


@pytest.mark.parametrize('item', PERSONAL)
@pytest.mark.parametrize('op,value', [('eq', 'himitsu@example.jp'), ('contains', '秘'), ('empty', None), ('not_empty', None), ('ge', '1970-01-01'), ('month_is', 7)])
def test_conditions_do_not_ask_about_it(shop, item, op, value):
    leaf = {'item': item, 'op': op, **({'value': value} if value is not None else {})}
    for condition in (leaf, {'none': [leaf]}, {'any': [{'item': 'points', 'op': 'ge', 'value': 0}, leaf]}):
        for count in ({}, {'count': 'exact'}):
            answer = shop.api('GET', query(condition=condition, **count), key=shop.blind)
            assert answer.status == 403
            assert answer.json()['errors'][0]['item'].endswith('.item')


@pytest.mark.parametrize('word', ['秘密', '秘', 'himitsu', 'ヒミ', '7777', '大通', '060'])
def test_the_search_box_does_not_find_by_it(shop, word):
    page = ask(shop, query(q=word))
    assert page.status == 200 and page.json()['records'] == [] and page.json()['count'] == {'exact': 0}


def test_the_search_box_still_finds_by_the_rest(shop):
    assert [r['id'] for r in ask(shop, query(q='北海')).json()['records']] == [shop.record['id']]


def test_a_cursor_of_somebody_else_opens_nothing(shop):
    for n in range(3):
        shop.api('POST', RECORDS, json={'email': f'c{n}@example.jp', 'family_name': '他'})
    cursor = shop.api('GET', query(sort='email', limit=1)).json()['next']
    assert ask(shop, query(sort='email', limit=1, after=cursor)).status == 403
    assert ask(shop, query(after=cursor)).status == 422


def test_writing_is_no_way_to_guess(shop):
    path = f'{RECORDS}/{shop.record["id"]}'
    for name in PERSONAL:
        answer = shop.api('PATCH', path, json={name: CUSTOMER[name], 'version': 3}, key=shop.blind)
        assert answer.status == 403 and answer.json()['errors'][0]['item'] == name
    assert shop.api('GET', path).json()['family_name'] == '秘密田'
    taken = shop.api('POST', RECORDS, json={'email': 'himitsu@example.jp', 'family_name': 'x'}, key=shop.blind)
    free = shop.api('POST', RECORDS, json={'email': 'nobody@example.jp', 'family_name': 'x'}, key=shop.blind)
    assert taken.status == free.status == 403 and taken.json() == free.json()


def test_what_may_be_seen_may_be_changed(shop):
    record = shop.api('POST', RECORDS, json={**CUSTOMER, 'email': 'open@example.jp'}).json()
    answer = ask(shop, f'{RECORDS}/{record["id"]}', 'PATCH', json={'points': 5, 'version': 1})
    assert answer.status == 200 and answer.json()['points'] == 5
    now = shop.api('GET', f'{RECORDS}/{record["id"]}').json()
    assert now['points'] == 5 and now['family_name'] == '秘密田' and now['version'] == 2
    assert ask(shop, f'{RECORDS}/{record["id"]}', 'DELETE', headers={'If-Match': '"2"'}).status == 204
    assert shop.api('GET', f'{RECORDS}/{record["id"]}').status == 404


def test_a_reference_is_not_looked_up_by_it(shop):
    entry = {'ordered_on': '2026-11-01', 'number': 'A', 'product': '茶'}
    for email in ('himitsu@example.jp', 'nobody@example.jp'):
        answer = shop.api('POST', '/registers/orders/records', json={'customer': email, **entry}, key=shop.blind)
        assert answer.status == 422 and '番号' in answer.json()['detail'] or 'number' in answer.json()['detail']


def test_the_history_tells_that_it_changed_not_what_it_was(shop):
    changes = ask(shop, f'{RECORDS}/{shop.record["id"]}/changes').json()['changes']
    assert len(changes) == 2
    by_item = {i['item']: i for c in changes for i in c['items']}
    assert by_item['family_name'] == {'item': 'family_name', 'old': {'masked': True}, 'new': {'masked': True}}
    assert by_item['points'] == {'item': 'points', 'old': 77, 'new': 78}


def test_the_history_of_an_erased_record_tells_no_more(shop):
    record = shop.api('POST', RECORDS, json={**CUSTOMER, 'email': 'erased@example.jp'}).json()
    shop.api('DELETE', f'{RECORDS}/{record["id"]}', headers={'If-Match': '"1"'})
    change = ask(shop, f'{RECORDS}/{record["id"]}/changes').json()['changes'][0]
    assert change['deleted'] and {i['item']: i['old'] for i in change['items']}['points'] == 77


def test_a_condition_on_a_history_does_not_reach_back(shop):
    answer = shop.api('GET', '/registers/orders/records?' + urllib.parse.urlencode({'condition': json.dumps(
        {'item': 'customer', 'op': 'eq', 'value': 'himitsu@example.jp'})}), key=shop.blind)
    assert answer.status == 422


def test_pages_of_the_console_mask_it(shop):
    viewer = shop.browser('viewer')
    for path in (RECORDS, f'{RECORDS}/{shop.record["id"]}', '/', '/registers/orders/records', f'{RECORDS}?build=1'):
        page = viewer.get(path)
        assert page.status == 200, page
        for secret in SECRETS:
            assert secret not in page.text, (path, secret)
    assert '非表示' in viewer.get(f'{RECORDS}/{shop.record["id"]}').text


def test_the_database_refuses_whatever_the_program_asks(shop):
    """Straight in the masked role: no column, no table, no history, no estimate."""
    import psycopg
    name = shop.name
    with shop.house.connect('daicho_web') as db:
        def refused(sql):
            with pytest.raises(psycopg.Error) as e, db.transaction():
                db.execute("select set_config('role', %s, true)", (f't_{name}_masked',))
                db.execute(sql)
            return e.value.sqlstate
        for sql in (f'select email from t_{name}.r_customers', f'select * from t_{name}.r_customers', f'select count(*) from t_{name}.r_customers',
                    f'select * from t_{name}.change', f'explain select 1 from t_{name}.r_customers where email = $$a$$',
                    f'update t_{name}.r_customers set points = 1', f'insert into t_{name}.r_customers (email, family_name) values ($$a@x.jp$$, $$x$$)'):
            assert refused(sql) == '42501', sql
        for sql in (f'select email from t_{name}.m_customers', f'select search_text from t_{name}.m_customers', f'select * from t_{name}.m_customers order by email'):
            assert refused(sql) == '42703', sql
