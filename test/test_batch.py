"""Many records in one request: each row has its own answer."""
import concurrent.futures

from house import Client


def send(tenant, rows, status=200, register='customers', key=None, **more):
    answer = tenant.house.api('POST', f'/registers/{register}/batch', key=key or tenant.key, json={'rows': rows, **more})
    assert answer.status == status, answer.text
    return answer.json()


def person(n, **more):
    return {'email': f'b{n}@example.jp', 'family_name': f'姓{n}', **more}


def outcomes(told):
    return [row['outcome'] for row in told['rows']]


def test_rows_that_are_refused_take_no_others_with_them(shop):
    told = send(shop, [person(1), person(2, points='x', telephone='abc'), 'row', person(1), person(3, nothing=1), person(4, version=3), person(5)])
    assert outcomes(told) == ['created', 'refused', 'refused', 'refused', 'refused', 'created', 'created']
    assert (told['created'], told['changed'], told['unchanged'], told['refused']) == (3, 0, 0, 4)
    errors = [[(e['item'], bool(e['detail'])) for e in row['errors']] for row in told['rows']]
    assert errors[1] == [('telephone', True), ('points', True)] or sorted(errors[1]) == [('points', True), ('telephone', True)]
    assert errors[3] == [('email', True)], 'another record has it: the row before'
    assert errors[4] == [('nothing', True)] and errors[0] == errors[6] == []
    ids = [row['id'] for row in told['rows']]
    assert ids[0] and ids[6] > ids[0] and ids[1] is None
    assert shop.sql('select count(*) from r_customers where id = any(%s)', ([ids[0], ids[5], ids[6]],)) == [(3,)]
    entry = [e for e in shop.log() if e['verb'] == 'update' and e['kind'] == 'customers' and e['detail'] and 'refused' in e['detail']][-1]
    assert (entry['detail']['created'], entry['detail']['refused']) == (3, 4) and 'b1@' not in str(entry)


def test_with_id_a_record_is_changed_as_patch_does_and_by_key_what_is_given(shop):
    made = send(shop, [person(10, points=1), person(11, points=2)])['rows']
    told = send(shop, [{'id': made[0]['id'], 'version': 1, 'points': 7}, {'id': made[1]['id'], 'version': 9, 'points': 7}, {'id': made[1]['id'], 'points': 7},
                       {'id': 99999999, 'version': 1, 'points': 7}, {'id': 'x', 'version': 1}, {'id': made[0]['id'], 'version': 2, 'points': 7}])
    assert outcomes(told) == ['changed', 'refused', 'refused', 'refused', 'refused', 'unchanged'] and told['rows'][0]['version'] == 2
    told = send(shop, [person(10, points=8), {'email': 'b11@EXAMPLE.jp', 'points': 2}, person(12), person(12, points=3), {'points': 1}], upsert=True)
    assert outcomes(told) == ['changed', 'unchanged', 'created', 'changed', 'refused'], told
    rows = shop.sql("select email, family_name, points, version from r_customers where email in ('b10@example.jp', 'b11@example.jp', 'b12@example.jp') order by 1")
    assert rows == [('b10@example.jp', '姓10', 8, 3), ('b11@example.jp', '姓11', 2, 1), ('b12@example.jp', '姓12', 3, 2)]
    assert shop.sql('select count(*) from change where record = %s', (made[0]['id'],))[0][0] == 2


def test_all_or_none(shop):
    answer = shop.api('POST', '/registers/customers/batch', json={'rows': [person(20), person(21, points='x'), person(22)], 'all': True})
    assert answer.status == 422 and [(e['line'], e['item']) for e in answer.json()['errors']] == [(2, 'points')]
    assert shop.sql("select count(*) from r_customers where email in ('b20@example.jp', 'b22@example.jp')") == [(0,)]
    assert outcomes(send(shop, [person(20), person(22)], all=True)) == ['created'] * 2


def test_a_thousand_rows_and_no_more(shop):
    assert send(shop, [person(f'k{i}', given_name='名' * 30, address='住所' * 40) for i in range(1000)])['created'] == 1000
    assert outcomes(send(shop, [person(f'k{i}') for i in range(0, 1000, 5)], upsert=True)) == ['unchanged'] * 200
    for rows in ([], [{}] * 1001, {}, 'x', None):
        assert shop.api('POST', '/registers/customers/batch', json={'rows': rows}).status == 422
    assert shop.api('POST', '/registers/none/batch', json={'rows': [{}]}).status == 404


def test_who_sees_no_personal_items_writes_none_and_finds_none(shop):
    key = shop.new_key('masked batch', 'record.read,record.write')
    told = send(shop, [person(30)], key=key)
    assert outcomes(told) == ['refused']
    assert send(shop, [person(10, points=99)], status=403, key=key, upsert=True)['errors'][0]['item'] == 'upsert'
    assert send(shop, [person(30)], status=403, key=shop.new_key('reader', 'record.read,personal.see'))


def test_two_batches_at_once_make_each_record_once(shop):
    rows = [person(f'r{i}') for i in range(40)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda order: shop.house.api('POST', '/registers/customers/batch', key=shop.key, json={'rows': order, 'upsert': True}),
                             [rows, rows[::-1], rows[20:] + rows[:20], rows]))
    assert all(answer.status in (200, 429) for answer in told), told
    assert any(answer.status == 200 for answer in told)
    assert sum(answer.json()['created'] for answer in told if answer.status == 200) == 40
    assert shop.sql("select count(*), count(distinct email) from r_customers where email like 'br%%'") == [(40, 40)]
