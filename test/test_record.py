"""Records: written as people write, read, listed, changed by two at once, erased."""
import html
import json
import urllib.parse

import psycopg
import pytest

RECORDS = '/registers/customers/records'
SATO = {'email': 'Hanako@Example.JP', 'family_name': '佐藤', 'given_name': '美咲', 'family_kana': 'さとう', 'given_kana': 'ﾐｻｷ', 'gender': '女性',
        'birthday': '平成2年2月3日', 'postal_code': '１０００００１', 'prefecture': '東京都', 'address': '千代田区１－２', 'telephone': '09012345678',
        'points': '1,200'}


@pytest.fixture(scope='module')
def shop(house):
    return house.tenant()


def listed(shop, register='customers', key=None, **query):
    answer = shop.api('GET', f'/registers/{register}/records?' + urllib.parse.urlencode(
        {k: json.dumps(v) if k == 'condition' else v for k, v in query.items()}), **({'key': key} if key else {}))
    assert answer.status == 200, answer
    return answer.json()


def made(shop, **items):
    answer = shop.api('POST', RECORDS, json={'family_name': '山田', **items})
    assert answer.status == 201, answer
    return answer.json()


def test_a_record_is_stored_in_one_form_however_it_was_written(shop):
    answer = shop.api('POST', RECORDS, json=SATO)
    assert answer.status == 201
    record = answer.json()
    assert answer.headers['Location'] == f'/api/v1{RECORDS}/{record["id"]}'
    assert answer.headers['ETag'] == '"1"'
    assert {k: record[k] for k in SATO} == {
        'email': 'Hanako@example.jp', 'family_name': '佐藤', 'given_name': '美咲', 'family_kana': 'サトウ', 'given_kana': 'ミサキ', 'gender': '女',
        'birthday': '1990-02-03', 'postal_code': '100-0001', 'prefecture': '東京都', 'address': '千代田区1-2', 'telephone': '090-1234-5678', 'points': 1200}
    again = shop.api('GET', f'{RECORDS}/{record["id"]}')
    assert again.json() == record and again.headers['ETag'] == '"1"'


def test_all_mistakes_are_told_at_once_each_with_its_item(shop):
    answer = shop.api('POST', RECORDS, json={'email': 'x', 'family_name': ' ', 'prefecture': '江戸県', 'points': -1, 'birthday': '1990-02-30', 'shoe': 1,
                                             'telephone': '携帯なしtel', 'family_kana': '漢字', 'postal_code': '12-34'})
    assert answer.status == 422 and answer.headers['Content-Type'].startswith('application/problem+json')
    problem = answer.json()
    assert {e['item'] for e in problem['errors']} == {'email', 'family_name', 'prefecture', 'points', 'birthday', 'shoe', 'telephone', 'family_kana', 'postal_code'}
    assert problem['code'] == 'INVALID'


@pytest.mark.parametrize('body', [b'', b'[]', b'{', b'"x"', b'{"email": {"a": 1}, "family_name": [1]}', b'\xff\xfe', b'{"email":"a\\u0000b@x.jp"}'])
def test_a_body_that_is_no_record_is_refused(shop, body):
    answer = shop.api('POST', RECORDS, body=body, headers={'Content-Type': 'application/json'})
    assert 400 <= answer.status < 500
    assert answer.json()['status'] == answer.status


def test_a_key_is_taken_once(shop):
    made(shop, email='twice@example.jp')
    answer = shop.api('POST', RECORDS, json={'email': 'twice@EXAMPLE.jp', 'family_name': '別人'})
    assert answer.status == 409
    assert answer.json()['errors'][0]['item'] == 'email'


def test_old_carrier_addresses_are_taken(shop):
    assert made(shop, email='a..b.@docomo.ne.jp')['email'] == 'a..b.@docomo.ne.jp'


def test_a_change_touches_only_the_items_given(shop):
    record = made(shop, email='patch@example.jp', points=5, given_name='花子')
    answer = shop.api('PATCH', f'{RECORDS}/{record["id"]}', json={'points': 6}, headers={'If-Match': '"1"'})
    assert answer.status == 200
    now = answer.json()
    assert (now['points'], now['given_name'], now['version']) == (6, '花子', 2)
    assert answer.headers['ETag'] == '"2"'
    emptied = shop.api('PATCH', f'{RECORDS}/{record["id"]}', json={'given_name': '', 'version': 2}).json()
    assert emptied['given_name'] is None and emptied['points'] == 6


def test_a_change_that_changes_nothing_leaves_no_version(shop):
    record = made(shop, email='same@example.jp', points=5)
    answer = shop.api('PATCH', f'{RECORDS}/{record["id"]}', json={'points': '5', 'version': 1})
    assert answer.status == 200 and answer.json()['version'] == 1
    assert shop.api('GET', f'{RECORDS}/{record["id"]}/changes').json()['changes'] == []


def test_two_who_change_at_once_do_not_overwrite_each_other(shop):
    record = made(shop, email='race@example.jp', points=1)
    path = f'{RECORDS}/{record["id"]}'
    assert shop.api('PATCH', path, json={'points': 2}, headers={'If-Match': '"1"'}).status == 200
    late = shop.api('PATCH', path, json={'points': 3}, headers={'If-Match': '"1"'})
    assert late.status == 412
    problem = late.json()
    assert problem['code'] == 'STALE' and problem['current']['points'] == 2 and problem['current']['version'] == 2
    assert '1' in problem['detail'] and '2' in problem['detail']
    assert shop.api('GET', path).json()['points'] == 2


def test_a_change_must_say_which_version_it_means(shop):
    record = made(shop, email='blind@example.jp')
    path = f'{RECORDS}/{record["id"]}'
    assert shop.api('PATCH', path, json={'points': 3}).status == 428
    assert shop.api('DELETE', path).status == 428
    assert shop.api('PATCH', path, json={'points': 3}, headers={'If-Match': 'x'}).status in (400, 412, 422, 428)


def test_an_erased_record_is_gone(shop):
    record = made(shop, email='gone@example.jp')
    path = f'{RECORDS}/{record["id"]}'
    assert shop.api('DELETE', path, headers={'If-Match': '"9"'}).status == 412
    assert shop.api('DELETE', path, headers={'If-Match': '"1"'}).status == 204
    assert shop.api('GET', path).status == 404
    assert shop.api('DELETE', path, headers={'If-Match': '"1"'}).status == 404
    assert shop.api('PATCH', path, json={'points': 1}, headers={'If-Match': '"1"'}).status == 404


@pytest.mark.parametrize('id', ['0', '-1', 'x', '99999999999999999999', '1;drop', "1'", '9223372036854775807'])
def test_a_record_that_does_not_exist_is_unknown(shop, id):
    assert shop.api('GET', f'{RECORDS}/{urllib.parse.quote(id)}').status == 404


def test_a_register_that_does_not_exist_is_unknown(shop):
    for name in ('nothing', 'Customers', 'pg_class', 'customers"; select 1', '%2e%2e'):
        assert shop.api('GET', f'/registers/{urllib.parse.quote(name)}/records').status == 404
        assert shop.api('GET', f'/registers/{urllib.parse.quote(name)}/records/1').status == 404


# References ----------------------------------------------------------------------------------------------------------------------------

ORDERS = '/registers/orders/records'


def order(shop, customer, **items):
    return shop.api('POST', ORDERS, json={'customer': customer, 'ordered_on': '2026-11-01', 'number': 'A-1', 'product': '茶', **items})


def test_a_reference_is_written_as_number_or_as_key(shop):
    customer = made(shop, email='buyer@example.jp')
    for way in (customer['id'], str(customer['id']), 'buyer@EXAMPLE.jp', {'id': customer['id']}):
        answer = order(shop, way)
        assert answer.status == 201 and answer.json()['customer'] == customer['id'], answer
    for way in (987654321, 'nobody@example.jp', 'x', -1, True, ''):
        answer = order(shop, way)
        assert answer.status == 422 and answer.json()['errors'][0]['item'] == 'customer', answer


def test_entries_of_a_history_go_with_their_master(shop):
    customer = made(shop, email='leaving@example.jp')
    entry = order(shop, customer['id']).json()
    assert shop.api('DELETE', f'{RECORDS}/{customer["id"]}', headers={'If-Match': '"1"'}).status == 204
    assert shop.api('GET', f'{ORDERS}/{entry["id"]}').status == 404
    assert shop.api('GET', f'{ORDERS}/{entry["id"]}/changes').json()['changes'][0]['deleted'] is True


# Lists -----------------------------------------------------------------------------------------------------------------------------------

def test_no_statement_of_a_contract_says_somebody_else_wrote_a_record(house, shop):
    """Who made a record and who changed it last is who acts, whatever SQL says; a record that comes back keeps who made it."""
    id = made(shop, email='mine@example.jp')['id']
    maker, = shop.sql('select created_by from r_customers where id = %s', (id,))[0]
    with house.connect('daicho_web') as db:
        for mask, table, insert in ('', 'r_customers', "r_customers (email, family_name, created_by, updated_by) values (%s, 'x', %s, %s)"), ('_masked', 'm_customers', None):
            db.autocommit = False
            db.execute("select set_config('role', %s, true), set_config('daicho.actor', 'account:7:mallory', true)", [f't_{shop.name}{mask}'])
            if insert:
                assert db.execute(f't_{shop.name}.'.join(['insert into ', insert]) + ' returning created_by, updated_by', ['x@example.jp', 'account:1:admin', '']).fetchone() == ('account:7:mallory',) * 2
                with db.transaction(force_rollback=True):       # nor under the number of one that was deleted by somebody else
                    db.execute(f"insert into t_{shop.name}.r_customers (id, email, family_name, created_by) overriding system value values (999999, 'y@example.jp', 'x', 'account:1:admin')")
                    assert db.execute(f'select created_by from t_{shop.name}.r_customers where id = 999999').fetchone() == ('account:7:mallory',)
            for change in "updated_by = 'account:1:admin'", "version = version + 1":
                with pytest.raises(psycopg.errors.InsufficientPrivilege), db.transaction():
                    db.execute(f'update t_{shop.name}.{table} set {change} where id = %s', [id])
            change = f"update t_{shop.name}.{table} set version = version + 1, created_by = 'account:1:admin', updated_by = 'account:7:mallory' where id = %s returning created_by, updated_by"
            assert db.execute(change, [id]).fetchone() == (maker, 'account:7:mallory')
            db.rollback()
    assert shop.sql('select created_by, updated_by from r_customers where id = %s', (id,)) == [(maker, maker)]


@pytest.fixture(scope='module')
def full(house):
    """37 customers: points 0..9 or none, three prefectures or none."""
    shop = house.tenant()
    for n in range(37):
        made(shop, email=f'p{n:02}@example.jp', points=n % 10 if n % 7 else None, prefecture=['東京都', '大阪府', '北海道', None][n % 4], given_name=f'{n:02}')
    return shop


def walk(shop, **query):
    """All pages of a list; how many there were."""
    found, pages, after = [], 0, None
    while True:
        page = listed(shop, **query, **({'after': after} if after else {}))
        found += page['records']
        pages += 1
        after = page['next']
        if after is None:
            return found, pages
        assert pages < 100


def test_pages_cover_everything_once_newest_first(full):
    found, pages = walk(full, limit=10)
    assert [r['id'] for r in found] == sorted((r['id'] for r in found), reverse=True)
    assert len(found) == 37 and pages == 4


@pytest.mark.parametrize('sort', ['points', '-points', 'prefecture', '-prefecture', 'email', '-email', 'given_name', 'birthday', 'id'])
def test_sorted_pages_cover_everything_once_empty_values_last(full, sort):
    found, _ = walk(full, limit=7, sort=sort)
    assert len({r['id'] for r in found}) == len(found) == 37
    name = sort.lstrip('-')
    values = [r[name] for r in found]
    told = [v for v in values if v is not None]
    assert values[len(told):] == [None] * (37 - len(told))
    assert told == sorted(told, reverse=sort.startswith('-'))


def test_pages_stay_in_step_while_records_come_and_go(house):
    shop = house.tenant()
    ids = [made(shop, email=f's{n}@example.jp')['id'] for n in range(12)]
    first = listed(shop, limit=5)
    made(shop, email='newcomer@example.jp')
    shop.api('DELETE', f'{RECORDS}/{ids[7]}', headers={'If-Match': '"1"'})
    shop.api('DELETE', f'{RECORDS}/{ids[5]}', headers={'If-Match': '"1"'})
    rest = listed(shop, limit=200, after=first['next'])
    assert [r['id'] for r in first['records'] + rest['records']] == [i for i in reversed(ids) if i != ids[5]]


@pytest.mark.parametrize('after', ['x', 'WzFd', 'bnVsbA', 'W10', '!!!', 'WyJpZCIsdHJ1ZSxudWxsLCJ4Il0', 'A' * 3999, 'WyJwb2ludHMiLHRydWUsIjEiLDFd'])
def test_a_cursor_of_another_list_is_refused(full, after):
    answer = full.api('GET', f'{RECORDS}?after={after}')
    assert answer.status == 422 and answer.json()['errors'][0]['item'] == 'after'


def test_a_page_has_at_most_200_records(full):
    assert full.api('GET', f'{RECORDS}?limit=201').status == 422
    assert full.api('GET', f'{RECORDS}?limit=0').status == 422
    assert len(listed(full, limit=200)['records']) == 37


def test_counts_are_exact_when_asked_and_when_small(full):
    assert listed(full)['count'] == {'exact': 37}
    assert listed(full, limit=5, count='exact')['count'] == {'exact': 37}
    assert listed(full, limit=5)['count'] in ({'exact': 37}, {'about': 37})
    assert listed(full, limit=5, count='none')['count'] is None


CONDITIONS = [
    ({'item': 'points', 'op': 'eq', 'value': 3}, lambda r: r['points'] == 3),
    ({'item': 'points', 'op': 'ne', 'value': 3}, lambda r: r['points'] != 3),
    ({'item': 'points', 'op': 'ge', 'value': '5'}, lambda r: (r['points'] or -1) >= 5),
    ({'item': 'points', 'op': 'lt', 'value': 5}, lambda r: r['points'] is not None and r['points'] < 5),
    ({'item': 'points', 'op': 'between', 'value': [2, 4]}, lambda r: r['points'] in (2, 3, 4)),
    ({'item': 'points', 'op': 'empty'}, lambda r: r['points'] is None),
    ({'item': 'points', 'op': 'not_empty'}, lambda r: r['points'] is not None),
    ({'item': 'points', 'op': 'in', 'value': [1, 2]}, lambda r: r['points'] in (1, 2)),
    ({'item': 'points', 'op': 'not_in', 'value': [1, 2]}, lambda r: r['points'] not in (1, 2)),
    ({'item': 'prefecture', 'op': 'in', 'value': ['東京都', 'Osaka']}, lambda r: r['prefecture'] in ('東京都', '大阪府')),
    ({'item': 'prefecture', 'op': 'not_in', 'value': ['東京都']}, lambda r: r['prefecture'] != '東京都'),
    ({'item': 'email', 'op': 'contains', 'value': 'Ｐ1'}, lambda r: 'p1' in r['email']),
    ({'item': 'email', 'op': 'not_contains', 'value': 'p1'}, lambda r: 'p1' not in r['email']),
    ({'item': 'email', 'op': 'starts', 'value': 'p0'}, lambda r: r['email'].startswith('p0')),
    ({'item': 'email', 'op': 'ends', 'value': '9@example.jp'}, lambda r: r['email'].endswith('9@example.jp')),
    ({'item': 'email', 'op': 'eq', 'value': 'p03@EXAMPLE.jp'}, lambda r: r['email'] == 'p03@example.jp'),
    ({'item': 'created_at', 'op': 'last_days', 'value': 1}, lambda r: True),
    ({'item': 'created_at', 'op': 'this_month'}, lambda r: True),
    ({'item': 'created_at', 'op': 'last_month'}, lambda r: False),
    ({'item': 'created_at', 'op': 'next_days', 'value': 5}, lambda r: True),
    ({'item': 'birthday', 'op': 'month_is', 'value': 3}, lambda r: False),
    ({'all': []}, lambda r: True),
    ({'none': []}, lambda r: True),
    ({'all': [{'item': 'prefecture', 'op': 'eq', 'value': '東京都'}, {'any': [{'item': 'points', 'op': 'eq', 'value': 4}, {'item': 'points', 'op': 'empty'}]}]},
     lambda r: r['prefecture'] == '東京都' and r['points'] in (4, None)),
    ({'none': [{'item': 'prefecture', 'op': 'eq', 'value': '東京都'}, {'item': 'points', 'op': 'eq', 'value': 4}]},
     lambda r: not (r['prefecture'] == '東京都' or r['points'] == 4)),
    ({'all': [{'item': 'email', 'op': 'contains', 'value': 'p1'}, {'item': 'points', 'op': 'ge', 'value': 5}]}, lambda r: 'p1' in r['email'] and (r['points'] or 0) >= 5),
]


@pytest.mark.parametrize('condition,holds', CONDITIONS, ids=lambda c: json.dumps(c, ensure_ascii=False)[:60] if isinstance(c, dict) else '')
def test_a_condition_means_the_records_it_says(full, condition, holds):
    everything = listed(full, limit=200)['records']
    page = listed(full, limit=200, condition=condition, count='exact')
    assert {r['id'] for r in page['records']} == {r['id'] for r in everything if holds(r)}
    assert page['count'] == {'exact': len(page['records'])}
    assert page['condition'] == condition and page['sentence']
    by_points, _ = walk(full, limit=9, condition=condition, sort='points')
    assert {r['id'] for r in by_points} == {r['id'] for r in page['records']}


def test_a_condition_reaches_into_a_history(full):
    first, second = listed(full, limit=2)['records']
    order(full, first['id'], amount=500, product='緑茶')
    order(full, second['id'], amount=50, product='紅茶')
    def found(has):
        return [r['id'] for r in listed(full, condition={'history': {'register': 'orders', **({'has': has} if has is not None else {})}})['records']]
    assert found(None) == [first['id'], second['id']]
    assert found([{'item': 'amount', 'op': 'ge', 'value': 100}]) == [first['id']]
    assert found([{'item': 'product', 'op': 'contains', 'value': '紅'}]) == [second['id']]
    assert found([{'item': 'product', 'op': 'contains', 'value': '紅'}, {'item': 'amount', 'op': 'ge', 'value': 100}]) == []
    none = listed(full, limit=200, condition={'none': [{'history': {'register': 'orders'}}]})['records']
    assert len(none) == 35


def leaf(**more):
    return {'item': 'points', 'op': 'eq', 'value': 1, **more}


@pytest.mark.parametrize('condition,item', [
    ([], 'condition'), ('x', 'condition'), ({}, 'condition'), ({'all': 1}, 'condition.all'), ({'all': [1]}, 'condition.all[0]'),
    ({'all': [leaf(item='nothing')]}, 'condition.all[0].item'), (leaf(item='points"; drop'), 'condition.item'),
    (leaf(op='like'), 'condition.op'), (leaf(op='contains'), 'condition.op'), (leaf(value='x'), 'condition.value'), (leaf(op='in'), 'condition.value'),
    (leaf(op='in', value=[]), 'condition.value'), (leaf(op='between', value=[1]), 'condition.value'), (leaf(op='in', value=[1, 'x']), 'condition.value[1]'),
    (leaf(op='empty', value=1), 'condition.value'), (leaf(extra=1), 'condition.extra'), ({'all': [], 'any': []}, 'condition.any'),
    ({'all': [{'all': [{'all': [{'all': [{'all': [{'all': []}]}]}]}]}]}, 'condition.all[0].all[0].all[0].all[0].all[0]'),
    ({'any': [leaf()] * 101}, 'condition.any'), ({'item': 'prefecture', 'op': 'eq', 'value': '江戸'}, 'condition.value'),
    ({'item': 'birthday', 'op': 'month_is', 'value': 13}, 'condition.value'), ({'item': 'email', 'op': 'contains', 'value': '-'}, 'condition.value'),
    ({'history': {'register': 'nothing', 'has': []}}, 'condition.history.register'), ({'history': 1}, 'condition.history'),
    ({'history': {'register': 'orders', 'has': [{'history': {'register': 'orders'}}]}}, 'condition.history.has[0].history'),
    ({'history': {'register': 'orders', 'has': [leaf()]}}, 'condition.history.has[0].item'),
])
def test_a_condition_that_means_nothing_is_refused_where_it_goes_wrong(full, condition, item):
    answer = full.api('GET', f'{RECORDS}?condition={urllib.parse.quote(json.dumps(condition))}')
    assert answer.status == 422
    assert answer.json()['errors'][0]['item'] == item


def test_values_never_become_sql(full):
    for text in ("'; drop table r_customers; --", '$1', '\\', '%', '_', "E'\\x27'", 'a\u2028b', '😀', '𠮷', '"'):
        for condition in ({'item': 'given_name', 'op': 'eq', 'value': text}, {'item': 'given_name', 'op': 'ne', 'value': text}):
            listed(full, condition=condition)
        full.api('GET', f'{RECORDS}?q={urllib.parse.quote(text)}')
    assert listed(full)['count'] == {'exact': 37}


# The console ------------------------------------------------------------------------------------------------------------------------------

def test_the_console_creates_changes_and_deletes_by_forms(shop):
    person = shop.browser()
    assert person.get(f'{RECORDS}/new').status == 200
    answer = person.post(RECORDS, {'email': 'form@example.jp', 'family_name': '高橋', 'prefecture': '', 'points': '10'})
    assert answer.status == 303
    path = answer.headers['Location'].split('?')[0]
    page = person.get(path)
    assert page.status == 200 and '高橋' in page.text and 'form@example.jp' in page.text
    assert '高橋' in person.get(f'{path}/edit').text
    assert person.post(path, {'_method': 'PATCH', 'version': '1', 'points': '20'}).status == 303
    stale = person.post(path, {'_method': 'PATCH', 'version': '1', 'points': '30'})
    assert stale.status == 412
    wrong = person.post(path, {'_method': 'PATCH', 'version': '2', 'points': 'many'}, htmx=True)
    assert wrong.status == 422 and '整数' in wrong.text
    assert '20' in person.get(path).text
    assert person.post(path, {'_method': 'DELETE', 'version': '2'}).status == 303
    assert person.get(path).status == 404


def test_the_console_lists_searches_and_builds_conditions(full):
    person = full.browser()
    page = person.get(RECORDS)
    assert page.status == 200 and page.text.count('<tr>') >= 37
    more = person.get(f'{RECORDS}?limit=10')
    assert 'after=' in html.unescape(more.text)
    condition = urllib.parse.quote(json.dumps({'item': 'prefecture', 'op': 'eq', 'value': '東京都'}))
    assert '都道府県が東京都' in person.get(f'{RECORDS}?condition={condition}').text
    assert 'data-builder' in person.get(f'{RECORDS}?build=1').text
    assert person.get(f'{RECORDS}?condition=%7B').status in (400, 422)


def test_the_page_of_a_record_shows_its_entries(full):
    customer = listed(full, limit=1)['records'][0]
    order(full, customer['id'], product='ほうじ茶')
    page = full.browser().get(f'{RECORDS}/{customer["id"]}')
    assert 'ほうじ茶' in page.text and '購入履歴' in page.text
    entries = full.browser().get(ORDERS)
    assert f'山田 {customer["given_name"]}' in entries.text


def test_the_numbers_of_the_first_page_add_up(full):
    numbers = full.api('GET', '/summary').json()
    assert sum(m['count'] for m in numbers['months']) == 37 and len(numbers['months']) == 13
    held = {p['prefecture']: p['count'] for p in numbers['prefectures']}
    assert {k: v for k, v in held.items() if v} == {'東京都': 10, '大阪府': 9, '北海道': 9} and len(held) == 47
    assert numbers['registers'][0]['name'] == 'customers'
    home = full.browser().get('/')
    assert home.status == 200 and '東京都' in home.text
