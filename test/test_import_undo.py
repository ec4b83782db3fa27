"""An import taken back: what it made goes, what it changed is as it was, what was touched since stays unless told otherwise. Real house, real database."""
import csv, io

from test_import import bring, file_of, generator   # noqa: F401
from test_import_review import file, go, stage
from test_permission import Person

ALL = 'select id, email, family_name, points, address, origin from r_customers order by id'


def undo(tenant, job, state='done', **options):
    answer = tenant.api('POST', f'/registers/{job["register"]}/imports/{job["id"]}/undo', json=options)
    assert answer.status == 202, answer
    back = tenant.house.wait_job(answer.json()['id'], tenant)
    assert back['state'] == state, back
    return back


def look(tenant, job, **options):
    answer = tenant.api('GET', f'/registers/{job["register"]}/imports/{job["id"]}/undo' + ('?all=true' if options.get('all') else ''))
    assert answer.status == 200, answer
    return answer.json()


def test_taking_an_import_back_leaves_every_value_as_it_was(house, tenant, generator, tmp_path):
    bring(tenant, generator(tmp_path / 'a.csv', '--rows', 300, '--quirk', 0))
    before = tenant.sql(ALL)
    whole = tenant.sql('select to_jsonb(r) - array[\'version\', \'updated_at\', \'updated_by\'] from r_customers r order by id')
    job = go(tenant, stage(tenant, generator(tmp_path / 'b.csv', '--rows', 300, '--start', 101, '--variant', 1, '--quirk', 0)))
    created, changed = job['result']['created'], job['result']['changed']
    assert created == 100 and changed > 90 and tenant.sql(ALL) != before
    seen = look(tenant, job)
    assert (seen['remove'], seen['restore'], seen['left'], seen['lost'], seen['open']) == (created, changed, 0, 0, True)
    back = undo(tenant, job)
    assert back['result'] == {'batch': job['id'], 'removed': created, 'restored': changed, 'left': 0}
    assert tenant.sql(ALL) == before
    assert tenant.sql('select to_jsonb(r) - array[\'version\', \'updated_at\', \'updated_by\'] from r_customers r order by id') == whole
    assert tenant.sql('select count(*) from r_customers where version = 3') == [(changed,)]          # whoever saw version 2 is told
    assert tenant.sql('select count(*) from change where job = %s', (back['id'],)) == [(created + changed,)]
    entry, = [e for e in tenant.log() if e['verb'] == 'undo' and e['kind'] == 'customers' and e['source'] == '-']
    assert entry['detail'] == {'batch': job['id'], 'removed': created, 'restored': changed, 'left': 0}
    # once
    assert look(tenant, job)['undo'] == back['id']
    assert tenant.api('POST', f'/registers/customers/imports/{job["id"]}/undo', json={}).status == 409


def test_what_was_touched_since_is_told_and_stays_unless_told_otherwise(house, tenant):
    bring(tenant, file('a@example.jp,佐藤,1', 'b@example.jp,鈴木,2', 'c@example.jp,高橋,3'))
    job = bring(tenant, file('a@example.jp,佐藤,11', 'b@example.jp,鈴木,12', 'c@example.jp,高橋,13', 'm@example.jp,新井,1', 'n@example.jp,山田,1', 'o@example.jp,森,1', 'p@example.jp,林,1'))
    ids = dict(tenant.sql('select email, id from r_customers'))
    for who, version, values in (('b@example.jp', 2, {'family_name': '田中'}), ('n@example.jp', 1, {'points': 5})):
        answer = tenant.api('PATCH', f'/registers/customers/records/{ids[who]}', json=values, headers={'If-Match': f'"{version}"'})
        assert answer.status == 200, answer
    assert tenant.api('DELETE', f'/registers/customers/records/{ids["c@example.jp"]}', headers={'If-Match': '"2"'}).status in (200, 204)
    assert tenant.api('POST', '/registers/orders/records', json={'customer': ids['o@example.jp'], 'ordered_on': '2026-01-05', 'number': 'N', 'product': '茶', 'amount': 5}).status == 201
    seen = look(tenant, job)
    assert (seen['remove'], seen['restore'], seen['left']) == (2, 1, 4)
    assert {(r['record'], r['reason']) for r in seen['left_first']} == {(ids['b@example.jp'], 'changed'), (ids['c@example.jp'], 'gone'), (ids['n@example.jp'], 'changed'),
                                                                        (ids['o@example.jp'], 'referred')}
    seen = look(tenant, job, all=True)
    assert (seen['remove'], seen['restore'], seen['left']) == (3, 2, 2)
    page = tenant.browser().get(f'/registers/customers/imports/{job["id"]}/undo')
    assert page.status == 200 and 'その後、変更されました' in page.text and 'ほかのデータから参照されています' in page.text

    back = undo(tenant, job)
    assert back['result'] == {'batch': job['id'], 'removed': 2, 'restored': 1, 'left': 4}
    assert tenant.sql('select email, family_name, points from r_customers order by email') == [
        ('a@example.jp', '佐藤', 1), ('b@example.jp', '田中', 12), ('n@example.jp', '山田', 5), ('o@example.jp', '森', 1)]
    rows = list(csv.reader(io.StringIO(file_of(tenant, back).decode('utf-8-sig'), newline='')))
    assert len(rows) == 5 and {int(row[1]) for row in rows[1:]} == {ids[k + '@example.jp'] for k in 'bcno'}


def test_told_so_it_takes_back_what_was_touched_since_but_only_what_the_file_had_written(house, tenant):
    bring(tenant, file('b@example.jp,鈴木,2'))
    job = bring(tenant, file('b@example.jp,鈴木,12', 'n@example.jp,山田,1'))
    ids = dict(tenant.sql('select email, id from r_customers'))
    assert tenant.api('PATCH', f'/registers/customers/records/{ids["b@example.jp"]}', json={'family_name': '田中', 'points': 99}, headers={'If-Match': '"2"'}).status == 200
    assert tenant.api('PATCH', f'/registers/customers/records/{ids["n@example.jp"]}', json={'points': 7}, headers={'If-Match': '"1"'}).status == 200
    back = undo(tenant, job, all=True)
    assert back['result'] == {'batch': job['id'], 'removed': 1, 'restored': 1, 'left': 0}
    assert tenant.sql('select email, family_name, points from r_customers') == [('b@example.jp', '田中', 2)]


def test_nobody_takes_an_import_back_without_the_right_or_after_its_time(house, tenant):
    job = bring(tenant, file('a@example.jp,佐藤,1'))
    reader = tenant.new_key('reader', 'record.read,record.write,personal.see')
    masked = tenant.new_key('masked', 'record.read,record.import')
    url = f'/registers/customers/imports/{job["id"]}/undo'
    assert tenant.api('GET', url, key=reader).status == 403 and tenant.api('POST', url, key=reader, json={}).status == 403
    assert tenant.api('POST', url, key=masked, json={}).status in (403, 404)
    assert tenant.api('POST', f'/registers/orders/imports/{job["id"]}/undo', json={}).status == 404
    empty = bring(tenant, file('a@example.jp,佐藤,1'))
    assert tenant.api('POST', f'/registers/customers/imports/{empty["id"]}/undo', json={}).status == 409
    person = Person(tenant, 'keeper', ['record.read', 'record.import', 'personal.see'])
    house.sql("update daicho.session set proven_at = daicho.clock() - interval '1 hour' where account_id = %s", args=(person.id,))
    assert person.ask('POST', url, {}).status == 401
    house.sql("update daicho.job set finished_at = finished_at - interval '31 days' where id = %s", args=(job['id'],))
    assert tenant.api('POST', url, json={}).status == 409
    assert tenant.sql('select count(*) from r_customers') == [(1,)]
