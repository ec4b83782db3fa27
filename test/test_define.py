"""What a definition goes through: items are added, renamed, moved, changed in their type, retired, deleted and brought back, while people go on working."""
import json
import os
import signal
import threading
import time

import pytest

from house import until

ITEMS = [
    {'name': 'code', 'type': 'text', 'title': {'ja': '管理番号', 'en': 'Code'}, 'required': True, 'unique': True, 'list': True, 'max': 20, 'searchable': True},
    {'name': 'holder', 'type': 'text', 'title': {'ja': '使用者', 'en': 'Holder'}, 'personal': True, 'indexed': True, 'max': 100, 'searchable': True},
    {'name': 'price', 'type': 'text', 'title': {'ja': '価格', 'en': 'Price'}, 'max': 50, 'indexed': True},
    {'name': 'rate', 'type': 'decimal', 'title': {'ja': '料率', 'en': 'Rate'}, 'scale': 2},
    {'name': 'bought_on', 'type': 'date', 'title': {'ja': '購入日', 'en': 'Bought on'}}]
GEAR = {'name': 'gear', 'title': {'ja': '備品', 'en': 'Gear'}, 'key': 'code', 'items': ITEMS}


def gear(items=None, **more):
    return {**json.loads(json.dumps(GEAR)), **more, **({'items': items} if items is not None else {})}


def items(*without, **change):
    return [{**i, **change.get(i['name'], {})} for i in json.loads(json.dumps(ITEMS)) if i['name'] not in without]


def apply(shop, definition, state='done', **more):
    answer = shop.api('PUT', '/registers/gear', json={'definition': definition, **more})
    assert answer.status == 202, answer
    job = shop.house.wait_job(answer.json()['job'], shop)
    assert job['state'] == state, job
    return job['result']


def plan(shop, definition):
    answer = shop.api('PUT', '/registers/gear?plan=1', json={'definition': definition})
    assert answer.status == 200, answer
    return answer.json()['plan']


def add(shop, code, **values):
    answer = shop.api('POST', '/registers/gear/records', json={'code': code, **values})
    assert answer.status == 201, answer
    return answer.json()['id']


def records(shop, query=''):
    return shop.api('GET', f'/registers/gear/records?sort=id&{query}').json()['records']


def found(shop, **condition):
    return [r['code'] for r in records(shop, 'condition=' + json.dumps({'all': [condition]}))]


def names(shop):
    """What stands in the database beside the items: nothing, when no change is under way."""
    table = f't_{shop.name}.r_gear'
    columns = [r[0] for r in shop.sql(f"select attname::text from pg_attribute where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped "
                                      "and attname ~ '^_'")]
    triggers = [r[0] for r in shop.sql(f"select tgname::text from pg_trigger where tgrelid = '{table}'::regclass and tgname ~ '^define'")]
    indexes = [r[0] for r in shop.sql(f"select c.relname::text from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = '{table}'::regclass "
                                      "and c.relname ~ '^n_'")]
    return columns + triggers + indexes


@pytest.fixture
def shop(house):
    shop = house.tenant(registers=())
    job = shop.api('POST', '/registers', json=GEAR).json()['job']
    assert house.wait_job(job, shop)['state'] == 'done'
    return shop


def test_the_type_of_an_item_changes_with_its_values(shop):
    add(shop, 'A1', price='1,200', rate='1.50', bought_on='2026-01-05')
    add(shop, 'A2', price='３０００')
    add(shop, 'A3')
    told = plan(shop, gear(items(price={'type': 'integer', 'max': 999999})))
    assert [(r['from'], r['to'], r['values'], r['unfit']) for r in told['retype']] == [('text', 'integer', 2, 0)] and told['loses'] is False
    result = apply(shop, gear(items(price={'type': 'integer', 'max': 999999}, rate={'scale': 3}, bought_on={'type': 'datetime'})))
    assert result['unfit'] == []
    assert [(r['code'], r['price'], r['rate'], r['bought_on'], r['version']) for r in records(shop)] == [
        ('A1', 1200, '1.500', '2026-01-05T00:00:00+09:00', 1), ('A2', 3000, None, None, 1), ('A3', None, None, None, 1)]
    assert found(shop, item='price', op='ge', value=2000) == ['A2'] and names(shop) == []
    index = shop.sql(f"select indexdef from pg_indexes where schemaname = 't_{shop.name}' and indexname = 'r_gear_price_idx'")
    assert index[0][0].endswith('(price, id)')


def test_values_that_do_not_fit_stop_the_change_or_are_left_empty_and_stay_in_the_history(shop):
    one, two = add(shop, 'A1', price='1200'), add(shop, 'A2', price='about 30')
    definition = gear(items(price={'type': 'integer', 'max': 999999}))
    told = plan(shop, definition)
    assert told['loses'] is True and told['lost'] == 1 and told['retype'][0]['first'] == [
        {'record': two, 'value': 'about 30', 'reason': told['retype'][0]['first'][0]['reason']}]
    refused = shop.api('PUT', '/registers/gear', json=definition)
    assert refused.status == 409 and refused.json()['errors'][0]['item'] == 'price'
    result = apply(shop, definition, empty=['price'])
    assert result['unfit'] == [{'item': 'price', 'record': two, 'value': 'about 30'}]
    assert [r['price'] for r in records(shop)] == [1200, None]
    changes = shop.api('GET', f'/registers/gear/records/{two}/changes').json()['changes']
    assert changes[0]['items'] == [{'item': 'price', 'old': 'about 30', 'new': None}]
    assert shop.api('GET', f'/registers/gear/records/{one}/changes').json()['changes'] == []


def test_a_new_name_keeps_values_history_conditions_indexes_and_what_the_database_calls_them(shop):
    id = add(shop, 'A1', price='100', holder='佐藤')
    version = shop.api('PATCH', f'/registers/gear/records/{id}', json={'holder': '田中', 'code': 'A9', 'version': 1}).json()['version']
    renamed = items(holder={'name': 'user_name', 'formerly': ['holder']}, code={'name': 'number', 'formerly': ['code']})
    told = plan(shop, gear(renamed, key='number'))
    assert [(r['from'], r['name']) for r in told['rename']] == [('code', 'number'), ('holder', 'user_name')] and told['drop'] == [] and not told['loses']
    assert told['rewrite'] is False
    apply(shop, gear(renamed, key='number'))
    record = shop.api('GET', f'/registers/gear/records/{id}').json()
    assert (record['number'], record['user_name'], record['version']) == ('A9', '田中', version) and 'holder' not in record
    changes = shop.api('GET', f'/registers/gear/records/{id}/changes').json()['changes']
    assert sorted((i['item'], i['old'], i['new']) for i in changes[0]['items']) == [('number', 'A1', 'A9'), ('user_name', '佐藤', '田中')]
    old = shop.api('GET', '/registers/gear/records?condition=' + json.dumps({'all': [{'item': 'holder', 'op': 'eq', 'value': '田中'}]})).json()
    assert [r['id'] for r in old['records']] == [id]
    assert shop.api('GET', '/registers/gear/records?q=田中').json()['count'] == {'exact': 1}
    blind = shop.new_key('blind', 'record.read')
    assert '田中' not in shop.api('GET', f'/registers/gear/records/{id}/changes', key=blind).text
    made = {r[0] for r in shop.sql(f"select relname::text from pg_class where relnamespace = 't_{shop.name}'::regnamespace and relname ~ '^r_gear_'")}
    assert {'r_gear_number_key', 'r_gear_user_name_idx'} <= made and not any('holder' in n or '_code' in n for n in made)
    double = shop.api('POST', '/registers/gear/records', json={'number': 'A9'})
    assert double.status == 409 and double.json()['errors'][0]['item'] == 'number'
    assert shop.api('POST', '/registers/gear/records', json={'code': 'A10'}).status == 422        # no silent acceptance of the old name


def test_a_deleted_item_is_out_of_sight_comes_back_within_seven_days_and_is_then_gone(house, shop):
    id = add(shop, 'A1', holder='佐藤', price='5')
    shop.api('PATCH', f'/registers/gear/records/{id}', json={'holder': '田中', 'version': 1})
    told = plan(shop, gear(items('holder')))
    assert told['loses'] is True and told['drop'][0]['records'] == 1
    apply(shop, gear(items('holder')), drop=['holder'])
    assert 'holder' not in records(shop)[0] and shop.api('GET', '/registers/gear/records?q=田中').json()['count'] == {'exact': 0}
    add(shop, 'A2')
    taken = shop.api('PUT', '/registers/gear', json=gear(items(holder={'type': 'date', 'indexed': False, 'searchable': False}) ))
    assert taken.status in (409, 422)
    gone = shop.api('GET', '/registers/gear/deleted').json()['deleted']
    assert [(g['name'], g['records']) for g in gone] == [('holder', 1)]
    answer = shop.api('POST', f"/registers/gear/deleted/{gone[0]['id']}/restore")
    assert answer.status == 202 and house.wait_job(answer.json()['job'], shop)['state'] == 'done'
    assert [(r['code'], r['holder']) for r in records(shop)] == [('A1', '田中'), ('A2', None)]
    assert shop.api('GET', '/registers/gear').json()['definition'] == GEAR and shop.api('GET', '/registers/gear/deleted').json()['deleted'] == []
    assert shop.api('GET', '/registers/gear/records?q=田中').json()['count'] == {'exact': 1}
    assert shop.api('GET', f'/registers/gear/records/{id}/changes').json()['changes'][0]['items'] == [{'item': 'holder', 'old': '佐藤', 'new': '田中'}]
    apply(shop, gear(items('holder')), drop=['holder'])
    shop.sql(f"update daicho.define set due_at = daicho.clock() - interval '1 s' where tenant = '{shop.name}'")
    assert until(lambda: names(shop) == [], 15)
    assert shop.sql(f"select count(*) from t_{shop.name}.change where old ? 'holder'")[0][0] == 0
    apply(shop, gear(items(holder={'type': 'integer', 'max': 100, 'searchable': False})))         # the name is free again
    assert [e['verb'] for e in shop.log(own=True) if e['actor_kind'] == 'system' and e['kind'] == 'register'] == ['define']


def test_a_retired_item_is_offered_no_more_and_stays_readable(shop):
    id = add(shop, 'A1', price='500')
    apply(shop, gear(items(price={'retired': True, 'required': True})))
    browser = shop.browser()
    assert '500' in browser.get(f'/registers/gear/records/{id}').text
    assert 'name="price"' not in browser.get('/registers/gear/records/new').text
    assert 'name="price"' not in browser.get(f'/registers/gear/records/{id}/edit').text
    add(shop, 'A2')                                                                                 # nothing must be filled in
    assert found(shop, item='price', op='eq', value='500') == ['A1']


def test_a_batch_is_taken_back_after_a_new_name_and_not_after_a_new_type(house, shop):
    add(shop, 'A1', price='100')
    seen = shop.api('GET', '/registers/gear/bulk/new?action=set&set={"price":"200"}').json()
    order = {'action': 'set', 'set': {'price': '200'}, 'count': seen['count'], 'digest': seen['digest']}
    batch = shop.api('POST', '/registers/gear/bulk', json=order).json()['id']
    assert house.wait_job(batch, shop)['state'] == 'done'
    cost = {'name': 'cost', 'formerly': ['price']}
    apply(shop, gear(items(price=cost)))
    apply(shop, gear(items(price={**cost, 'type': 'integer', 'max': 9999})))
    assert shop.api('POST', f'/registers/gear/bulk/{batch}/undo').status == 409
    seen = shop.api('GET', '/registers/gear/bulk/new?action=set&set={"cost":300}').json()
    order = {'action': 'set', 'set': {'cost': 300}, 'count': seen['count'], 'digest': seen['digest']}
    batch = shop.api('POST', '/registers/gear/bulk', json=order).json()['id']
    assert house.wait_job(batch, shop)['state'] == 'done'
    apply(shop, gear(items(price={'type': 'integer', 'max': 9999, 'name': 'sum', 'formerly': ['price', 'cost']})))
    undo = house.wait_job(shop.api('POST', f'/registers/gear/bulk/{batch}/undo').json()['id'], shop)
    assert undo['state'] == 'done' and [r['sum'] for r in records(shop)] == [200]


def test_the_order_changes_and_nothing_else(shop):
    add(shop, 'A1', price='1')
    told = plan(shop, gear(list(reversed(items(code={'searchable': False}, holder={'searchable': False})))))
    assert told['reorder'] is True and told['add'] == told['drop'] == told['retype'] == told['rename'] == []
    apply(shop, gear([ITEMS[0], ITEMS[1], ITEMS[4], ITEMS[2], ITEMS[3]]))
    assert [i['name'] for i in shop.api('GET', '/registers/gear').json()['register']['items']] == ['code', 'holder', 'bought_on', 'price', 'rate']


def test_what_search_finds_changes_while_people_write(shop):
    for n in range(30):
        add(shop, f'A{n}', price=f'値段{n}')
    apply(shop, gear(items(price={'searchable': True})))
    assert names(shop) == [] and shop.api('GET', '/registers/gear/records?q=値段7').json()['count'] == {'exact': 1}
    add(shop, 'B1', price='特価')
    shop.api('PATCH', '/registers/gear/records/1', json={'price': '半額', 'version': 1})
    assert [shop.api('GET', f'/registers/gear/records?q={q}').json()['count']['exact'] for q in ('特価', '半額', '値段0')] == [1, 1, 0]
    apply(shop, gear(items(price={'searchable': True, 'name': 'cost', 'formerly': ['price']})))   # a name the search text is made of
    add(shop, 'B2', cost='無料')
    assert shop.api('GET', '/registers/gear/records?q=無料').json()['count'] == {'exact': 1}
    apply(shop, gear(items(code={'searchable': False}, holder={'searchable': False}, price={'name': 'cost', 'formerly': ['price']})))
    assert 'search_text' not in str(shop.sql(f"select attname from pg_attribute where attrelid = 't_{shop.name}.r_gear'::regclass and not attisdropped"))


def test_converted_values_that_would_be_twice_under_a_unique_item_are_refused(shop):
    add(shop, '01'), add(shop, '1')
    definition = gear(items(code={'type': 'integer', 'max': 1000, 'searchable': False}))
    answer = shop.api('PUT', '/registers/gear', json=definition)
    job = shop.house.wait_job(answer.json()['job'], shop)
    assert job['state'] == 'failed' and job['result']['errors'][0]['item'] == 'code', job
    assert [r['code'] for r in records(shop)] == ['01', '1'] and until(lambda: names(shop) == [], 15)
    assert shop.api('GET', '/registers/gear').json()['register']['version'] == 1


def test_a_register_is_deleted_comes_back_and_is_gone_after_seven_days(house, shop):
    add(shop, 'A1', holder='佐藤')
    parts = {'name': 'parts', 'title': '部品', 'items': [{'name': 'of', 'type': 'reference', 'title': '備品', 'register': 'gear'}]}
    assert house.wait_job(shop.api('POST', '/registers', json=parts).json()['job'], shop)['state'] == 'done'
    assert shop.api('DELETE', '/registers/gear', json={'confirm': 'gear'}).status == 409           # another register refers to it
    assert shop.api('DELETE', '/registers/parts', json={'confirm': 'part'}).status == 422          # not the name
    for name in ('parts', 'gear'):
        job = shop.api('DELETE', f'/registers/{name}', json={'confirm': name})
        ended = house.wait_job(job.json()['job'], shop)
        assert ended['state'] == 'done', ended['result']
    for _ in range(8):                                                                              # whichever process answers
        assert shop.api('GET', '/registers/gear/records').status == 404 and shop.api('GET', '/registers/gear').status == 404
        assert shop.api('POST', '/registers/gear/records', json={'code': 'A2'}).status == 404
    assert shop.api('POST', '/registers', json=GEAR).status in (409, 202)
    listed = shop.api('GET', '/registers').json()
    assert listed['registers'] == [] and sorted(r['name'] for r in listed['deleted']) == ['gear', 'parts']
    early = house.wait_job(shop.api('POST', '/registers/parts/restore').json()['job'], shop)
    assert early['state'] == 'failed'                                                               # what it refers to is not there
    for name in ('gear', 'parts'):
        assert house.wait_job(shop.api('POST', f'/registers/{name}/restore').json()['job'], shop)['state'] == 'done'
    assert [r['holder'] for r in records(shop)] == ['佐藤']
    for name in ('parts', 'gear'):
        house.wait_job(shop.api('DELETE', f'/registers/{name}', json={'confirm': name}).json()['job'], shop)
    shop.sql(f"update daicho.define set due_at = daicho.clock() - interval '1 s' where tenant = '{shop.name}'")
    assert until(lambda: shop.sql(f"select count(*) from pg_class where relnamespace = 't_{shop.name}'::regnamespace and relname ~ '^(r|m|mc)_(gear|parts)'")[0][0] == 0, 20)
    assert shop.sql(f'select count(*) from t_{shop.name}.register')[0][0] == 0
    job = shop.api('POST', '/registers', json=GEAR).json()['job']
    assert house.wait_job(job, shop)['state'] == 'done' and records(shop) == []


def fill(shop, count):
    shop.sql(f"insert into t_{shop.name}.r_gear (code, holder, price, created_by, updated_by) select 'C' || g, '佐藤' || g, g::text, 'x', 'x' from generate_series(1, {count}) g")


def test_people_write_while_values_are_converted_and_nothing_of_it_is_lost(house, shop):
    fill(shop, 12000)
    answer = shop.api('PUT', '/registers/gear', json=gear(items(price={'type': 'integer', 'max': 99999999})))
    written, done, failed = {}, [], []

    def write():
        n = 0
        while not done:
            n += 1
            id = n * 7 % 12000 + 1
            got = shop.api('GET', f'/registers/gear/records/{id}')
            if got.status != 200:
                failed.append(got.text)
                continue
            record, value = got.json(), 1000000 + n
            answer = shop.api('PATCH', f'/registers/gear/records/{id}', json={'price': str(value), 'version': record['version']})
            if answer.status == 200:
                written[id] = value
            new = shop.api('POST', '/registers/gear/records', json={'code': f'N{n}', 'price': str(n)})
            if new.status == 201:
                written[new.json()['id']] = n
    writer = threading.Thread(target=write)
    writer.start()
    job = house.wait_job(answer.json()['job'], shop)
    done.append(True)
    writer.join()
    assert job['state'] == 'done' and len(written) > 3 and len(failed) <= 1, failed
    rows = dict(shop.sql(f'select id, price from t_{shop.name}.r_gear'))
    assert {id: rows[id] for id in written} == written
    assert all(rows[n] == n for n in range(1, 12001) if n not in written)


def form(page):
    """The hidden fields of the editor's form: what the browser would send."""
    import html
    import re
    return {m[0]: html.unescape(m[1]) for m in re.findall(r'<input type="hidden" name="(definition|drop)" value="([^"]*)"', page.text)}


def test_syn_3_4_12_a_a_person_edits_items_in_the_console_without_scripts(house, shop):
    add(shop, 'A1', price='about 30')
    browser = shop.browser()
    path = '/registers/gear/definition'
    page = browser.get(path)
    assert page.text.index('管理番号') < page.text.index('使用者') and 'value="edit:2"' in page.text
    page = browser.post(path, {**form(page), 'act': 'up:1'})
    assert page.status == 200 and page.text.index('使用者') < page.text.index('管理番号')
    page = browser.post(path, {**form(page), 'act': 'edit:2'})
    assert page.status == 200 and 'value="price"' in page.text
    fields = {'title_ja': '金額', 'title_en': 'Amount', 'name': 'amount', 'type': 'integer', 'min': '', 'max': '999999', 'memo': '経理が使う'}
    wrong = browser.post(path, {**form(page), **fields, 'name': 'code', 'act': 'save:2'})
    assert wrong.status == 422 and 'role="alert"' in wrong.text and '金額' in wrong.text
    page = browser.post(path, {**form(wrong), **fields, 'act': 'save:2'})
    page = browser.post(path, {**form(page), 'act': 'retire:4'})
    page = browser.post(path, {**form(page), 'act': 'add'})
    page = browser.post(path, {**form(page), 'title_ja': '色', 'name': 'colour', 'type': 'choice', 'choices': '赤\n青\n', 'list': 'true', 'act': 'save:5'})
    page = browser.post(path, {**form(page), 'act': 'plan'})
    assert page.status == 200 and 'about 30' in page.text and '失われます' in page.text and '金額' in page.text
    assert shop.api('GET', '/registers/gear').json()['register']['version'] == 1                # looking changes nothing
    go = {'_method': 'PUT', **form(page), 'empty': 'amount'}
    assert browser.post('/registers/gear', go).status == 422                                    # the name is not typed
    done = browser.post('/registers/gear', {**go, 'confirm': 'gear'})
    assert done.status == 303
    assert house.wait_job(int(done.headers['Location'].split('?')[0].split('/')[-1]), shop)['state'] == 'done'
    made = shop.api('GET', '/registers/gear').json()
    assert [i['name'] for i in made['register']['items']] == ['holder', 'code', 'amount', 'rate', 'bought_on', 'colour']
    assert made['definition']['items'][2] | {'indexed': True} == {
        'name': 'amount', 'type': 'integer', 'title': {'ja': '金額', 'en': 'Amount'}, 'max': 999999, 'memo': '経理が使う', 'formerly': ['price'], 'indexed': True}
    assert made['definition']['items'][4]['retired'] is True and made['definition']['items'][5]['choices'] == ['赤', '青']


def test_the_command_shows_the_plan_and_asks_before_something_is_lost(house, shop, tmp_path):
    import yaml
    file = tmp_path / 'gear.yaml'
    os.chmod(tmp_path, 0o755)
    add(shop, 'A1', holder='佐藤')
    file.write_text(yaml.safe_dump(gear(items('holder')), allow_unicode=True))
    status, out, err = house.run('register', 'plan', '--tenant', shop.name, str(file))
    assert status == 0 and 'レコード1件' in out and '!' in out
    status, out, err = house.run('register', 'apply', '--tenant', shop.name, str(file))
    assert status == 1 and 'holder' in records(shop)[0]
    status, out, err = house.run('register', 'apply', '--tenant', shop.name, str(file), '--yes')
    assert status == 0 and 'holder' not in records(shop)[0]
    status, out, err = house.run('register', 'apply', '--tenant', shop.name, str(file))
    assert status == 0 and 'ありません' in out
    for words in (['delete', shop.name, '--yes'], ['restore', shop.name]):
        status, out, err = house.run('register', words[0], '--tenant', words[1], 'gear', *words[2:])
        assert status == 0, err
    assert [r['code'] for r in records(shop)] == ['A1']




@pytest.mark.parametrize('phase', ['index', 'fill', 'ready'])
def test_killed_at_any_step_the_change_goes_on_and_is_done_once(house, shop, phase):
    fill(shop, 9000)
    job = shop.api('PUT', '/registers/gear', json=gear(items(price={'type': 'integer', 'max': 99999999, 'searchable': False}, rate={'searchable': False}))).json()['job']
    at = until(lambda: shop.sql(f"select detail ->> 'phase' from daicho.define where tenant = '{shop.name}' and kind = 'change' and "
                                f"(detail ->> 'phase' = '{phase}' or '{phase}' = 'ready' and detail ->> 'phase' = 'last')"), 20)
    for pid in house.workers('jobs'):
        os.kill(pid, signal.SIGKILL)
    ended = house.wait_job(job, shop)
    assert ended['state'] == 'done', ended
    assert names(shop) == [] and shop.sql(f'select count(*), sum(price) from t_{shop.name}.r_gear')[0] == (9000, 9000 * 9001 // 2)
    assert shop.sql(f"select count(*) from daicho.define where tenant = '{shop.name}'")[0][0] == 0 and shop.sql(f'select count(*) from t_{shop.name}.define_row')[0][0] == 0
    assert shop.api('GET', '/registers/gear').json()['register']['version'] == 2, at


def test_called_off_in_the_middle_nothing_is_left(house, shop):
    fill(shop, 9000)
    job = shop.api('PUT', '/registers/gear', json=gear(items(price={'type': 'integer', 'max': 99999999}))).json()['job']
    until(lambda: shop.sql(f"select id from daicho.define where tenant = '{shop.name}'"), 20)
    answer = shop.api('POST', f'/jobs/{job}/cancel')
    ended = house.wait_job(job, shop)
    if answer.status < 300:
        assert ended['state'] == 'cancelled'
        assert until(lambda: names(shop) == [], 15) and shop.api('GET', '/registers/gear').json()['register']['version'] == 1
        apply(shop, gear(items(price={'type': 'integer', 'max': 99999999})))
    assert shop.sql(f'select count(price) from t_{shop.name}.r_gear')[0][0] == 9000
