"""Web addresses, decimals and instants: as people type them, as PostgreSQL keeps them, as conditions, lists and files meet them."""
import datetime, json, urllib.parse

import pytest

from test_export import rows_of, take
from test_import import counts, file_of
from test_register import define

ITEMS = [{'name': 'code', 'type': 'text', 'title': '番号', 'required': True, 'unique': True, 'list': True, 'max': 20},
         {'name': 'site', 'type': 'url', 'title': 'サイト', 'searchable': True, 'list': True},
         {'name': 'price', 'type': 'decimal', 'title': '単価', 'min': -1000, 'max': 1000000, 'list': True, 'indexed': True},
         {'name': 'rate', 'type': 'decimal', 'scale': 4, 'title': '率'},
         {'name': 'met_at', 'type': 'datetime', 'title': {'ja': '面談日時', 'en': 'Met at'}, 'list': True}]
VISITS = {'name': 'visits', 'title': {'ja': '面談', 'en': 'Visits'}, 'key': 'code', 'items': ITEMS}
RECORDS = '/registers/visits/records'


@pytest.fixture(scope='module')
def shop(house):
    shop = house.tenant(registers=())
    define(shop, VISITS)
    return shop


@pytest.fixture(scope='module')
def full(shop):
    """V01 … V12: prices in steps of 0.25 from 99.50, days apart back from today, at five to midnight in Tokyo."""
    today = datetime.date.fromisoformat(str(shop.house.sql("select (daicho.clock() at time zone 'Asia/Tokyo')::date")[0][0]))
    for n in range(12):
        body = {'code': f'V{n + 1:02}', 'site': f'www{n}.example.jp', 'price': f'{99.5 + n / 4}', 'met_at': f'{today - datetime.timedelta(n)} 23:55'}
        assert shop.api('POST', RECORDS, json=body).status == 201
    shop.today = today
    return shop


def found(shop, *all, **query):
    text = urllib.parse.urlencode({'condition': json.dumps({'all': [{'item': 'code', 'op': 'starts', 'value': 'V'}, *all]}), 'sort': 'code', 'limit': 50, **query})
    answer = shop.api('GET', f'{RECORDS}?{text}')
    assert answer.status == 200, answer
    return [r['code'] for r in answer.json()['records']]


def test_what_people_type_is_kept_in_one_form(shop):
    made = shop.api('POST', RECORDS, json={'code': 'A', 'site': 'ｗｗｗ．Example.jp/東京', 'price': '△１２．５', 'rate': 0.1, 'met_at': '令和8年11月22日 14時5分'})
    assert made.status == 201, made
    assert {k: made.json()[k] for k in ('site', 'price', 'rate', 'met_at')} == {
        'site': 'https://www.example.jp/東京', 'price': '-12.50', 'rate': '0.1000', 'met_at': '2026-11-22T14:05:00+09:00'}
    assert shop.sql("select price::text, rate::text, met_at = '2026-11-22 05:05:00Z' from r_visits where code = 'A'") == [('-12.50', '0.1000', True)]
    assert shop.sql("select format_type(a.atttypid, a.atttypmod) from pg_attribute a where attrelid = 'r_visits'::regclass and attname in ('price', 'rate', 'met_at') "
                    "order by attname") == [('timestamp with time zone',), ('numeric(17,2)',), ('numeric(19,4)',)]
    moved = shop.api('PATCH', f"{RECORDS}/{made.json()['id']}", json={'version': 1, 'met_at': '2026-11-22T20:05:00-05:00', 'price': 3})
    assert moved.status == 200 and moved.json()['met_at'] == '2026-11-23T10:05:00+09:00' and moved.json()['price'] == '3.00'


@pytest.mark.parametrize('item, value, sentence', [
    ('site', 'javascript:alert(1)', 'Webのアドレス'), ('site', 'https://bank.example.jp@evil.example.com/', 'Webのアドレス'),
    ('price', '12.345', '小数点以下は2桁まで'), ('price', '1000000.01', '1000000以下'), ('price', -1000.01, '-1000以上'), ('price', 'NaN', '数値'),
    ('price', True, '数値'), ('met_at', '2026-02-29 10:00', 'カレンダーにない'), ('met_at', '25:00', '日時'), ('met_at', 'infinity', '日時'), ('met_at', 5, '日時')])
def test_what_cannot_be_meant_is_refused_in_one_sentence(shop, item, value, sentence):
    answer = shop.api('POST', RECORDS, json={'code': 'bad', item: value}, headers={'Accept-Language': 'ja'})
    assert answer.status == 422 and [e['item'] for e in answer.json()['errors']] == [item]
    assert sentence in answer.json()['errors'][0]['detail'], answer.json()


def test_conditions_compare_numbers_as_numbers_and_instants_by_their_day_in_tokyo(full):
    assert found(full, {'item': 'price', 'op': 'ge', 'value': '102'}) == ['V11', 'V12']
    assert found(full, {'item': 'price', 'op': 'between', 'value': [99.5, '100']}) == ['V01', 'V02', 'V03']
    assert found(full, {'item': 'price', 'op': 'in', 'value': ['99.50', '101.5']}) == ['V01', 'V09']
    assert found(full, {'item': 'met_at', 'op': 'eq', 'value': str(full.today)}) == ['V01']
    assert found(full, {'item': 'met_at', 'op': 'last_days', 'value': 3}) == ['V01', 'V02', 'V03']
    assert found(full, {'item': 'met_at', 'op': 'le', 'value': str(full.today - datetime.timedelta(10))}) == ['V11', 'V12']
    assert found(full, {'item': 'site', 'op': 'contains', 'value': 'www11.'}) == ['V12']
    assert found(full, q='WWW7.EXAMPLE') == ['V08']
    wrong = full.api('GET', f"{RECORDS}?condition={urllib.parse.quote(json.dumps({'item': 'met_at', 'op': 'eq', 'value': '10:00'}))}")
    assert wrong.status == 422


@pytest.mark.parametrize('sort', ['price', '-price', 'met_at', '-met_at', 'site'])
def test_lists_go_on_where_they_ended_in_the_order_of_the_value(full, sort):
    walked, after = [], ''
    while after is not None:
        condition = urllib.parse.quote(json.dumps({'item': 'code', 'op': 'starts', 'value': 'V'}))
        page = full.api('GET', f'{RECORDS}?limit=5&sort={sort}&condition={condition}&after={urllib.parse.quote(after)}').json()
        walked += [r['code'] for r in page['records']]
        after = page.get('next')
    names = [f'V{n:02}' for n in range(1, 13)]
    if sort == 'site':
        names.sort(key=lambda name: f'https://www{int(name[1:]) - 1}.example.jp')
    assert walked == (names[::-1] if sort in ('-price', 'met_at') else names)


def test_a_written_file_imports_again_unchanged(full):
    for encoding in ('utf-8', 'cp932'):
        content = file_of(full, take(full, register='visits', encoding=encoding, condition={'item': 'code', 'op': 'starts', 'value': 'V'}))
        rows = rows_of(content, 'utf-8-sig' if encoding == 'utf-8' else 'cp932')
        assert rows[1][:3] in ([f'V{n:02}', f'https://www{n - 1}.example.jp', f'{99.25 + n / 4:.2f}'] for n in range(1, 13))
        assert rows[1][4].endswith(' 23:55:00')
        job = full.house.wait_job(full.house.import_file('visits', content, full), full)
        assert counts(job) == {'read': 12, 'created': 0, 'changed': 0, 'unchanged': 12, 'refused': 0}, job
    assert full.sql("select max(version) from r_visits where code like 'V%%'") == [(1,)]


def test_a_person_sees_and_edits_them(full):
    id = full.sql("select id from r_visits where code = 'V01'")[0][0]
    person = full.browser()
    page = person.get(f'{RECORDS}/{id}').text
    assert '<a href="https://www0.example.jp" target="_blank" rel="noopener noreferrer nofollow">https://www0.example.jp</a>' in page and '99.50' in page
    edit = person.get(f'{RECORDS}/{id}/edit').text
    assert 'type="url"' in edit and f'type="datetime-local"' in edit and f'value="{full.today}T23:55:00"' in edit and 'inputmode="decimal"' in edit
    assert person.get('/registers/visits').text.count('小数') >= 2


def test_only_decimals_have_places_behind_the_point(shop):
    answer = shop.api('PUT', '/registers/visits', json={'definition': dict(VISITS, items=[dict(ITEMS[0], scale=2)] + ITEMS[1:])})
    assert answer.status == 422 and 'decimal' in answer.text
