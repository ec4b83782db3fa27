"""Registers are defined, changed and refused; what they hold is never lost by a slip."""
import html
import json
import pathlib
import re
import urllib.parse

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
ASSETS = {'name': 'assets', 'title': {'ja': '資産', 'en': 'Assets'}, 'key': 'code', 'items': [
    {'name': 'code', 'type': 'text', 'title': '管理番号', 'required': True, 'unique': True, 'list': True, 'max': 20, 'searchable': True},
    {'name': 'kind', 'type': 'choice', 'title': {'ja': '種類', 'en': 'Kind'}, 'choices': ['PC', {'value': 'サーバ', 'title': {'ja': 'サーバ', 'en': 'Server'}}], 'list': True},
    {'name': 'holder', 'type': 'text', 'title': '使用者', 'personal': True},
    {'name': 'bought_on', 'type': 'date', 'title': '購入日'},
    {'name': 'encrypted', 'type': 'boolean', 'title': '暗号化済み'}]}


def changed(**more):
    return {**json.loads(json.dumps(ASSETS)), **more}


def define(shop, definition, path='/registers', method='POST', **more):
    body = {'definition': definition, **more} if more else definition
    answer = shop.api(method, path, json=body)
    assert answer.status == 202, answer
    job = shop.house.wait_job(answer.json()['job'], shop)
    assert job['state'] == 'done', job
    return answer.json()['plan']


@pytest.fixture
def shop(house):
    shop = house.tenant(registers=())
    define(shop, ASSETS)
    return shop


def test_a_register_is_made_by_its_definition_alone(shop):
    record = shop.api('POST', '/registers/assets/records', json={'code': 'PC-001', 'kind': 'Server', 'holder': '佐藤', 'bought_on': '2026/1/5', 'encrypted': 'はい'})
    assert record.status == 201
    assert {k: record.json()[k] for k in ('code', 'kind', 'holder', 'bought_on', 'encrypted')} == {
        'code': 'PC-001', 'kind': 'サーバ', 'holder': '佐藤', 'bought_on': '2026-01-05', 'encrypted': True}
    register = shop.api('GET', '/registers/assets')
    assert register.json()['definition'] == ASSETS and register.json()['register']['key'] == 'code'
    assert [r['name'] for r in shop.api('GET', '/registers').json()['registers']] == ['assets']
    assert shop.api('GET', '/registers/assets/records?q=PC').json()['count'] == {'exact': 1}
    page = shop.browser().get('/registers/assets').text
    assert '管理番号' in page and 'name: assets' in page


def test_an_item_is_added_without_touching_what_is_there(shop):
    shop.api('POST', '/registers/assets/records', json={'code': 'A1', 'holder': '田中'})
    plan = define(shop, changed(items=ASSETS['items'] + [{'name': 'place', 'type': 'text', 'title': '置き場所', 'searchable': True, 'required': True}]),
                  '/registers/assets', 'PUT')
    assert [i['name'] for i in plan['add']] == ['place'] and plan['drop'] == [] and plan['rewrite'] is True
    record = shop.api('GET', '/registers/assets/records').json()['records'][0]
    assert record['place'] is None and record['holder'] == '田中' and record['version'] == 1
    assert shop.api('POST', '/registers/assets/records', json={'code': 'A2'}).json()['errors'][0]['item'] == 'place'
    assert shop.api('POST', '/registers/assets/records', json={'code': 'A2', 'place': '倉庫'}).status == 201
    assert shop.api('GET', '/registers/assets/records?q=倉庫').json()['count'] == {'exact': 1}


def test_an_item_with_values_is_dropped_only_when_it_is_named(shop):
    shop.api('POST', '/registers/assets/records', json={'code': 'A1', 'holder': '田中'})
    without = changed(items=[i for i in ASSETS['items'] if i['name'] != 'holder'])
    refused = shop.api('PUT', '/registers/assets', json=without)
    assert refused.status == 409 and refused.json()['errors'][0]['item'] == 'holder' and '1' in refused.json()['detail']
    assert shop.api('GET', '/registers/assets/records').json()['records'][0]['holder'] == '田中'
    plan = define(shop, without, '/registers/assets', 'PUT', drop=['holder'])
    assert plan['drop'][0]['name'] == 'holder' and plan['drop'][0]['records'] == 1
    assert 'holder' not in shop.api('GET', '/registers/assets/records').json()['records'][0]


def test_a_plan_tells_what_would_be_done_and_does_nothing(shop):
    shop.api('POST', '/registers/assets/records', json={'code': 'A1', 'holder': '田中'})
    items = [i for i in ASSETS['items'] if i['name'] != 'holder'] + [{'name': 'place', 'type': 'text', 'title': '置き場所'}]
    answer = shop.api('PUT', '/registers/assets?plan=1', json=changed(items=items))
    assert answer.status == 200
    plan = answer.json()['plan']
    assert [i['name'] for i in plan['add']] == ['place'] and [(i['name'], i['records']) for i in plan['drop']] == [('holder', 1)]
    register = shop.api('GET', '/registers/assets').json()['register']
    assert register['version'] == 1 and 'holder' in [i['name'] for i in register['items']]


def test_a_form_that_leaves_an_item_out_loses_nothing(shop):
    text = 'name: assets\ntitle: 資産\nitems:\n  - { name: code, type: text, title: 管理番号 }\n'
    answer = shop.browser().post('/registers/assets', {'_method': 'PUT', 'yaml': text}, htmx=True)
    assert answer.status == 409 and 'holder' in answer.text or '失われる' in answer.text
    good = text.replace('管理番号', '番号')
    answer = shop.browser().post('/registers/assets', {'_method': 'PUT', 'yaml': good, 'drop': 'kind, holder, bought_on, encrypted'})
    assert answer.status == 303 and '/jobs/' in answer.headers['Location']


@pytest.mark.parametrize('change,item', [({'type': 'reference', 'register': 'assets'}, 'holder')])
def test_values_do_not_become_references(shop, change, item):
    items = [{**i, **change} if i['name'] == item else i for i in ASSETS['items']]
    answer = shop.api('PUT', '/registers/assets', json=changed(items=items))
    assert answer.status == 422 and answer.json()['errors'][0]['item'] == item


def test_titles_choices_and_rules_change_at_once_for_every_process(shop):
    shop.api('POST', '/registers/assets/records', json={'code': 'A1', 'kind': 'PC'})
    items = json.loads(json.dumps(ASSETS['items']))
    items[1]['choices'] = ['PC', 'サーバ', '複合機']
    items[3]['required'] = True
    items[3]['title'] = '取得日'
    plan = define(shop, changed(items=items), '/registers/assets', 'PUT')
    assert {c['name']: c['what'] for c in plan['change']} == {'kind': ['choices'], 'bought_on': ['title', 'required']}
    for _ in range(12):                     # whichever worker answers
        answer = shop.api('POST', '/registers/assets/records', json={'code': 'A2', 'kind': '複合機'})
        assert answer.status == 422 and [e['item'] for e in answer.json()['errors']] == ['bought_on']
        assert shop.api('GET', '/registers/assets/records').json()['register']['items'][3]['title'] == '取得日'


def test_a_dropped_item_is_forgotten_by_every_process(shop):
    shop.api('POST', '/registers/assets/records', json={'code': 'A1', 'kind': 'PC'})
    for _ in range(12):
        assert shop.api('GET', '/registers/assets/records/1').status == 200
    define(shop, changed(items=ASSETS['items'][:2]), '/registers/assets', 'PUT', drop=['holder', 'bought_on', 'encrypted'])
    answers = [shop.api('GET', '/registers/assets/records/1') for _ in range(40)]
    assert {a.status for a in answers} == {200}
    assert all('holder' not in a.json() for a in answers)


def test_a_unique_item_cannot_be_made_of_repeated_values(shop):
    for n in (1, 2):
        shop.api('POST', '/registers/assets/records', json={'code': f'A{n}', 'holder': '田中'})
    items = [{**i, 'unique': True} if i['name'] == 'holder' else i for i in ASSETS['items']]
    answer = shop.api('PUT', '/registers/assets', json=changed(items=items))
    job = shop.house.wait_job(answer.json()['job'], shop)
    assert job['state'] == 'failed'
    assert shop.api('GET', '/registers/assets').json()['register']['version'] == 1
    assert shop.api('POST', '/registers/assets/records', json={'code': 'A3', 'holder': '田中'}).status == 201


def test_an_item_that_becomes_personal_is_hidden_at_once(shop):
    shop.api('POST', '/registers/assets/records', json={'code': 'SECRETCODE'})
    blind = shop.new_key('blind', 'record.read')
    assert 'SECRETCODE' in shop.api('GET', '/registers/assets/records', key=blind).text
    items = [{**i, 'personal': True} if i['name'] == 'code' else i for i in ASSETS['items']]
    define(shop, changed(items=items), '/registers/assets', 'PUT')
    for _ in range(12):
        answer = shop.api('GET', '/registers/assets/records', key=blind)
        assert 'SECRETCODE' not in answer.text and answer.status == 200


def test_a_name_is_taken_once_and_kept(shop):
    assert shop.api('POST', '/registers', json=ASSETS).status == 409
    assert shop.api('PUT', '/registers/assets', json=changed(name='other')).status == 422
    assert shop.api('PUT', '/registers/nothing', json=changed(name='nothing')).status == 404


def beginning(browser, **query):
    page = browser.get('/registers?' + urllib.parse.urlencode(query))
    text = re.search(r'<textarea[^>]*name="yaml"[^>]*>(.*?)</textarea>', page.text, re.S)
    return page, html.unescape(text[1]) if text else None


def test_a_register_begins_with_one_of_the_house_or_almost_empty(shop):
    browser = shop.admin.browser()
    page, text = beginning(browser)
    assert page.status == 200 and text == ''
    ready = lambda page: set(re.findall(r'href="/registers\?start=(\w+)#new"', page.text))
    assert ready(page) == {'customers', 'products'}, 'orders and inquiries need others'
    page, text = beginning(browser, start='customers')
    assert text.startswith('name: customers\n') and '#' not in text.split('items:')[0] and page.text.count('<textarea') == 1
    answer = browser.post('/registers', form={'yaml': text})
    assert answer.status == 303
    assert shop.house.wait_job(int(answer.headers['Location'].split('/')[-1]), shop)['state'] == 'done'
    page, _ = beginning(browser)
    assert ready(page) == {'orders', 'products'} and page.text.count('登録済み') == 1

    _, text = beginning(browser, name='shops', title='店舗 #1', kind='master', master='customers')
    answer = browser.post('/registers', form={'yaml': text})
    assert shop.house.wait_job(int(answer.headers['Location'].split('/')[-1]), shop)['state'] == 'done'
    _, text = beginning(browser, name='calls', title='電話', kind='history', master='shops')
    answer = browser.post('/registers', form={'yaml': text})
    assert shop.house.wait_job(int(answer.headers['Location'].split('/')[-1]), shop)['state'] == 'done'
    made = shop.api('GET', '/registers/calls').json()['register']
    assert (made['kind'], [i['name'] for i in made['items']]) == ('history', ['master', 'happened_on'])

    assert beginning(browser, start='nothing')[0].status == 404
    for wrong in {'name': 'Über'}, {'name': 'job'}, {'kind': 'list'}, {'title': ''}, {'title': 'x' * 61}, {'kind': 'history', 'master': 'a b'}:
        page, _ = beginning(browser, **{'name': 'mine', 'title': '私の', 'kind': 'master', **wrong})
        assert page.status == 422, (wrong, page.status)
    page, text = beginning(shop.staff.browser(), start='products')
    assert page.status == 200 and text is None and 'start=' not in page.text


def test_who_may_not_define_is_refused(shop):
    key = shop.new_key('reader', 'record.read,record.write,personal.see')
    assert shop.api('POST', '/registers', json=changed(name='mine'), key=key).status == 403
    assert shop.api('PUT', '/registers/assets', json=ASSETS, key=key).status == 403


def item(**more):
    return changed(name='x1', items=[ASSETS['items'][0], {'name': 'a', 'type': 'text', 'title': 'あ', **more}])


@pytest.mark.parametrize('definition,where', [
    ({}, 'name'), ([], None), (changed(name='Über'), 'name'), (changed(name='x' * 25), 'name'), (changed(name='job'), 'name'), (changed(name='a"b'), 'name'),
    (changed(items=[]), 'items'), (changed(extra=1), 'extra'), (changed(kind='list'), 'kind'), (changed(title=''), 'title'), (changed(title={'fr': 'x'}), 'title.fr'),
    (changed(key='kind'), 'key'), (changed(key='zzz'), 'key'), (changed(heading=['zzz']), 'heading'), (changed(kind='history'), 'master'),
    (changed(kind='history', master='code'), 'master'), (changed(items=ASSETS['items'] * 60), 'items'), (changed(items=ASSETS['items'] * 2), 'items[5].name'),
    (item(name='id'), 'items[1].name'), (item(name='search_text'), 'items[1].name'), (item(name='ctid'), 'items[1].name'), (item(name='a; drop'), 'items[1].name'),
    (item(name='a' * 32), 'items[1].name'), (item(type='float'), 'items[1].type'), (item(title='管理番号'), 'items[1]'), (item(aliases=['code']), 'items[1]'),
    (item(required='yes'), 'items[1].required'), (item(type='choice'), 'items[1].choices'), (item(type='choice', choices=['a', 'a']), 'items[1].choices'),
    (item(type='choice', choices=['a', 'Ａ']), 'items[1].choices'), (item(choices=['a']), 'items[1].choices'), (item(min=5, max=1), 'items[1].max'),
    (item(max=99999), 'items[1].max'), (item(unique=True, max=501), 'items[1].max'), (item(type='boolean', unique=True), 'items[1].unique'),
    (item(type='date', searchable=True), 'items[1].searchable'), (item(searchable='maybe'), 'items[1].searchable'), (item(section='zzz'), 'items[1].section'),
    (item(type='reference'), 'items[1].register'), (item(type='reference', register='nowhere'), 'a'), (item(lines=True, type='kana'), 'items[1].lines'),
    (item(title='あ' * 61), 'items[1].title'), (item(title='a\u0007'), 'items[1].title'),
])
def test_a_definition_that_cannot_be_is_refused_where_it_goes_wrong(shop, definition, where):
    answer = shop.api('POST', '/registers', json=definition)
    assert answer.status == 422, answer
    assert answer.json()['errors'][0].get('item') == where, answer


def test_mistakes_in_yaml_have_their_lines(shop):
    text = 'name: x2\ntitle: 台帳\nitems:\n  - name: a\n    type: txt\n    title: あ\n  - name: b\n    type: text\n    titel: い\n'
    answer = shop.api('POST', '/registers', body=text.encode(), headers={'Content-Type': 'application/yaml'})
    assert answer.status == 422
    assert {(e.get('line'), e['item']) for e in answer.json()['errors']} == {(5, 'items[0].type'), (9, 'items[1].titel'), (7, 'items[1].title')}


def test_two_hundred_items_work(house):
    shop = house.tenant(registers=())
    items = [{'name': f'i{n}', 'type': 'text', 'title': f'項目{n}', 'searchable': n % 3 == 0, 'personal': n % 2 == 0, 'max': 100} for n in range(200)]
    define(shop, {'name': 'wide', 'title': '広い台帳', 'items': items})
    record = shop.api('POST', '/registers/wide/records', json={f'i{n}': f'値{n}' for n in range(200)}).json()
    assert record['i199'] == '値199'
    changed_record = shop.api('PATCH', '/registers/wide/records/1', json={f'i{n}': f'新{n}' for n in range(200)} | {'version': 1})
    assert changed_record.status == 200
    assert len(shop.api('GET', '/registers/wide/records/1/changes').json()['changes'][0]['items']) == 200
    assert shop.api('DELETE', '/registers/wide/records/1', headers={'If-Match': '"2"'}).status == 204
    assert shop.api('POST', '/registers', json={'name': 'wider', 'title': 'x', 'items': items + [{'name': 'one', 'type': 'text', 'title': 'y'}]}).status == 422


def test_what_the_console_shows_as_yaml_is_the_definition(house):
    shop = house.tenant()
    import html, re, yaml
    for name in ('customers', 'orders'):
        page = shop.browser().get(f'/registers/{name}').text
        text = html.unescape(re.search(r'<textarea[^>]*name="yaml"[^>]*>(.*?)</textarea>', page, re.S).group(1))
        assert yaml.safe_load(text) == yaml.safe_load((ROOT / 'registers' / f'{name}.yaml').read_text())
        answer = shop.api('PUT', f'/registers/{name}', body=text.encode(), headers={'Content-Type': 'application/yaml'})
        plan = answer.json()['plan']
        assert answer.status == 202 and plan['add'] == plan['drop'] == plan['change'] == [] and plan['rewrite'] is False


def test_looking_at_a_definition_changes_nothing_of_it(house):
    """The page adds words for people to its model. Processes remember definitions: whoever asks next gets the definition and nothing else."""
    shop = house.tenant(registers=('customers',))
    made = shop.sql("select definition from register where name = 'customers'")[0][0]
    browser = shop.browser()
    pages = {re.search(r'<textarea[^>]*name="yaml"[^>]*>(.*?)</textarea>', browser.get('/registers/customers').text, re.S).group(1) for _ in range(24)}
    assert len(pages) == 1                                          # several times in each of the processes
    for _ in range(12):
        assert shop.api('GET', '/registers/customers').json()['definition'] == made


def test_the_api_document_describes_the_registers_of_the_contract(shop):
    document = shop.api('GET', '/openapi.json').json()
    assert any('assets' in path for path in document['paths']) or any('assets' in name.lower() for name in document['components']['schemas'])


def test_syn_3_4_12_a_a_memo_stays_with_its_item_and_with_the_definition_that_is_taken_out(house):
    """A label for whoever manages the data: which law, which class, who is responsible."""
    import html, re, yaml
    shop = house.tenant(registers=())
    memo = '個人情報（機密性3）。退会から1年で消す。担当: 営業部'
    items = [{**item, 'memo': memo} if item['name'] == 'holder' else item for item in ASSETS['items']]
    define(shop, changed(items=items))
    def kept(definition):
        return {item['name']: item.get('memo') for item in definition['items']}
    assert kept(shop.api('GET', '/registers/assets').json()['definition']) == {'code': None, 'kind': None, 'holder': memo, 'bought_on': None, 'encrypted': None}
    page = shop.admin.browser().get('/registers/assets').text
    taken_out = html.unescape(re.search(r'<textarea[^>]*name="yaml"[^>]*>(.*?)</textarea>', page, re.S).group(1))
    assert kept(yaml.safe_load(taken_out))['holder'] == memo
    define(shop, changed(items=ASSETS['items']), path='/registers/assets', method='PUT')
    define(shop, yaml.safe_load(taken_out), path='/registers/assets', method='PUT')            # what was taken out brings it back
    assert kept(shop.api('GET', '/registers/assets').json()['definition'])['holder'] == memo
    too_long = [{**items[0], 'memo': 'あ' * 5000}]
    assert shop.api('POST', '/registers', json=changed(name='other', items=too_long)).status == 422
