"""Many records at once: looked at, confirmed with their exact number, one batch, taken back. Real house, real database."""
import csv, io, json, os, signal, time, urllib.parse

from test_import import bring, file_of
from test_permission import Person

ALL = 'select id, created_at, created_by, origin, email, family_name, prefecture, points from r_customers order by id'
ORDERS = 'select id, created_at, created_by, customer, number from r_orders order by id'


def fill(tenant, count=10, orders=0, login='a'):
    bring(tenant, ('email,姓,都道府県,ポイント\n' + ''.join(f'{login}{i}@example.jp,佐藤,東京都,{i}\n' for i in range(count))).encode())
    ids = [row[0] for row in tenant.sql('select id from r_customers order by id')]
    for i in range(orders):
        made = tenant.api('POST', '/registers/orders/records', json={'customer': ids[i], 'ordered_on': '2026-01-05', 'number': f'N{i}', 'product': '茶', 'amount': 5})
        assert made.status == 201, made
    return ids


def below(points):
    return {'item': 'points', 'op': 'lt', 'value': points}


def look(tenant, action='delete', register='customers', condition=None, key=None, **more):
    query = {'action': action, **({'condition': json.dumps(condition)} if condition else {}), **{k: json.dumps(v) if k == 'set' else v for k, v in more.items()}}
    answer = tenant.api('GET', f'/registers/{register}/bulk/new?{urllib.parse.urlencode(query)}', key=key or tenant.key)
    assert answer.status == 200, answer
    return answer.json()


def ask(tenant, plan, register='customers', key=None, **more):
    order = {k: plan[k] for k in ('action', 'condition', 'q', 'set', 'count', 'digest') if plan.get(k) is not None}
    return tenant.api('POST', f'/registers/{register}/bulk', key=key or tenant.key, json={**order, **more})


def do(tenant, plan, register='customers', state='done'):
    answer = ask(tenant, plan, register)
    assert answer.status == 202, answer
    job = tenant.house.wait_job(answer.json()['id'], tenant)
    assert job['state'] == state, job
    return job


def undo(tenant, batch, register='customers', state='done'):
    answer = tenant.api('POST', f'/registers/{register}/bulk/{batch}/undo', json={})
    assert answer.status == 202, answer
    job = tenant.house.wait_job(answer.json()['id'], tenant)
    assert job['state'] == state, job
    return job


def ended(tenant, verb):
    """The entry the job wrote."""
    return [e for e in tenant.log() if e['verb'] == verb and e['kind'] != 'job' and e['source'] == '-']


def test_syn_3_4_14_a_without_confirmation_nothing_is_deleted_and_the_number_equals_preview_and_log(house, tenant):
    fill(tenant, 10, orders=3)
    before, orders = tenant.sql(ALL), tenant.sql(ORDERS)
    plan = look(tenant, condition=below(4))
    assert (plan['matching'], plan['count'], len(plan['records']), plan['blocked']) == (4, 4, 4, False)
    assert 'ポイント' in plan['sentence'] and [(e['register'], e['count'], e['kind']) for e in plan['effects']] == [('orders', 3, 'goes')]
    assert tenant.sql(ALL) == before
    # neither without number and digest, nor with another number, condition or register
    bare = {'action': 'delete', 'condition': below(4)}
    assert tenant.api('POST', '/registers/customers/bulk', json=bare).status == 422
    assert tenant.api('POST', '/registers/customers/bulk', json={**bare, 'count': 4}).status == 422
    refused = [ask(tenant, plan, count=3), ask(tenant, plan, condition=below(9)), ask(tenant, plan, digest='0' * 32), ask(tenant, {**plan, 'condition': None})]
    assert [a.status for a in refused] == [409, 409, 409, 409] or [a.status for a in refused] == [422, 409, 409, 409], refused
    assert tenant.sql(ALL) == before and not [j for j in tenant.api('GET', '/jobs').json()['jobs'] if j['kind'] == 'bulk']

    job = do(tenant, plan)
    assert job['result']['deleted'] == plan['count'] == 4
    assert tenant.sql('select count(*), min(points) from r_customers') == [(6, 4)] and tenant.sql('select count(*) from r_orders') == [(0,)]
    entry, = ended(tenant, 'bulk')
    assert entry['detail'] == {'batch': job['id'], 'action': 'delete', 'count': 4, 'condition': below(4)} and entry['kind'] == 'customers'
    assert tenant.sql('select distinct job, deleted from change where register = (select id from register where name = %s)', ('customers',)) == [(job['id'], True)]
    # the manual is linked where it is done
    page = tenant.browser().get('/registers/customers/bulk/new?action=delete')
    assert page.status == 200 and 'href="/help/bulk"' in page.text and 'data-word="6"' in page.text and '6件を削除します' in page.text
    manual = tenant.browser().get('/help/bulk')
    assert manual.status == 200 and '顧客データなどをまとめて削除する' in manual.text

    back = undo(tenant, job['id'])
    assert back['result'] == {'batch': job['id'], 'restored': 7, 'left': 0}
    assert tenant.sql(ALL) == before and tenant.sql(ORDERS) == orders
    assert tenant.sql('select count(*) from r_customers where version = 2') == [(4,)]      # whoever saw version 1 is told
    assert tenant.api('GET', '/registers/customers/records?q=' + '佐藤').json()['count'] == {'exact': 10}
    assert ended(tenant, 'undo')[0]['detail'] == {'batch': job['id'], 'restored': 7, 'left': 0}
    assert tenant.api('POST', f'/registers/customers/bulk/{job["id"]}/undo', json={}).status == 409


def test_syn_3_4_14_b_history_delete_leaves_customers_untouched_and_is_a_right_of_its_own(house, tenant):
    fill(tenant, 5, orders=4)
    customers = tenant.sql(ALL)
    words = 'record.read,personal.see,record.bulk:{0},record.delete:{0}'
    of_customers, of_orders = (tenant.new_key(name, words.format(name)) for name in ('customers', 'orders'))
    single = tenant.new_key('single', 'record.read,record.delete,personal.see')
    bulk_only = tenant.new_key('bulkonly', 'record.read,record.bulk,personal.see')
    # each only where it holds both rights
    assert tenant.api('GET', '/registers/orders/bulk/new?action=delete', key=of_customers).status == 403
    assert tenant.api('GET', '/registers/customers/bulk/new?action=delete', key=of_orders).status == 403
    assert tenant.api('GET', '/registers/orders/bulk/new?action=delete', key=single).status == 403
    assert tenant.api('GET', '/registers/orders/bulk/new?action=delete', key=bulk_only).status == 403
    # customers that have entries: not without the right on these
    plan = look(tenant, key=of_customers, condition=below(4))
    answer = ask(tenant, plan, key=of_customers)
    assert answer.status == 403 and '台帳' in answer.text, answer
    plan = look(tenant, key=of_customers, condition={'item': 'points', 'op': 'ge', 'value': 4})
    gone = ask(tenant, plan, key=of_customers)
    assert gone.status == 202 and house.wait_job(gone.json()['id'], tenant)['state'] == 'done'
    assert tenant.sql(ALL) == customers[:4]

    plan = look(tenant, register='orders', key=of_orders)
    answer = ask(tenant, plan, register='orders', key=of_orders)
    assert answer.status == 202 and house.wait_job(answer.json()['id'], tenant)['state'] == 'done'
    assert tenant.sql('select count(*) from r_orders') == [(0,)] and tenant.sql(ALL) == customers[:4]


def test_a_person_proves_anew_and_types_the_number(house, tenant):
    fill(tenant, 5)
    person = Person(tenant, 'keeper', ['record.read', 'record.delete', 'record.bulk', 'personal.see'])
    plan = look(tenant, condition=below(3))
    order = {'action': 'delete', 'condition': json.dumps(below(3)), 'count': 3, 'digest': plan['digest']}
    house.sql("update daicho.session set proven_at = daicho.clock() - interval '1 hour' where account_id = %s", args=(person.id,))
    assert person.ask('POST', '/registers/customers/bulk', order).status == 401
    house.sql('update daicho.session set proven_at = daicho.clock() where account_id = %s', args=(person.id,))
    answer = person.ask('POST', '/registers/customers/bulk', {**order, 'count': 4})
    assert answer.status in (409, 422) and tenant.sql('select count(*) from r_customers') == [(5,)]
    answer = person.ask('POST', '/registers/customers/bulk', order)
    assert answer.status == 202 and house.wait_job(answer.json()['id'], tenant)['state'] == 'done'
    assert tenant.sql('select count(*) from r_customers') == [(2,)]


def test_a_condition_that_meets_more_since_is_refused_with_both_numbers(house, tenant):
    fill(tenant, 5)
    plan = look(tenant, condition=below(100))
    fill(tenant, 7, login='b')
    answer = ask(tenant, plan)
    assert answer.status == 409 and '5件' in answer.text and '12件' in answer.text, answer
    # and while the job waits
    plan = look(tenant, condition=below(100))
    with house.connect() as db:
        db.execute('begin')
        db.execute(f'lock table t_{tenant.name}.r_customers in share update exclusive mode')
        answer = ask(tenant, plan)
        db.execute(f'delete from t_{tenant.name}.r_customers where points = 0')
        assert running(tenant, answer.json()['id']) == 'running'
        db.execute('commit')
    job = house.wait_job(answer.json()['id'], tenant)
    assert job['state'] == 'failed' and '12件' in job['result']['errors'][0]['detail'] and '10件' in job['result']['errors'][0]['detail'], job
    assert tenant.sql('select count(*) from r_customers') == [(10,)]


def running(tenant, id):
    end = time.monotonic() + 30
    while (job := tenant.api('GET', f'/jobs/{id}').json()['job'])['state'] == 'queued' and time.monotonic() < end:
        time.sleep(0.005)
    return job['state']


def test_killed_in_the_middle_or_called_off_nothing_is_half_done(house, tenant):
    tenant.sql("insert into r_customers (email, family_name, points) select 'k' || g || '@example.jp', '佐藤', g from generate_series(1, 12000) g")
    plan = look(tenant, action='set', set={'prefecture': '大阪府'})
    assert plan['count'] == 12000
    answer = ask(tenant, plan)
    assert running(tenant, answer.json()['id']) == 'running'
    for pid in house.workers('jobs'):
        os.kill(pid, signal.SIGKILL)
    assert tenant.sql("select count(*) from r_customers where prefecture is not null") == [(0,)]
    job = house.wait_job(answer.json()['id'], tenant, seconds=120)
    assert (job['state'], job['attempt'], job['result']['changed']) == ('done', 2, 12000), job
    assert tenant.sql("select count(*), count(*) filter (where version = 2) from r_customers where prefecture = '大阪府'") == [(12000, 12000)]
    assert tenant.sql('select count(*), count(distinct job) from change') == [(12000, 1)]

    plan = look(tenant)
    answer = ask(tenant, plan)
    assert running(tenant, answer.json()['id']) == 'running'
    assert tenant.api('POST', f'/jobs/{answer.json()["id"]}/cancel').status == 200
    assert house.wait_job(answer.json()['id'], tenant)['state'] == 'cancelled'
    assert tenant.sql('select count(*) from r_customers') == [(12000,)]
    assert tenant.sql('select count(*) from change where deleted') == [(0,)]


def test_an_update_sets_what_differs_and_undo_leaves_what_changed_since_and_lists_it(house, tenant):
    ids = fill(tenant, 10)
    tenant.sql("update r_customers set prefecture = '大阪府' where points < 2")
    before = tenant.sql(ALL)
    plan = look(tenant, action='set', condition=below(6), set={'prefecture': '大阪府', 'points': 50})
    assert (plan['matching'], plan['count']) == (6, 6)
    assert look(tenant, action='set', condition=below(6), set={'prefecture': '大阪府'})['count'] == 4      # two hold it already
    job = do(tenant, plan)
    assert job['result']['changed'] == 6 and tenant.sql("select count(*) from r_customers where points = 50 and prefecture = '大阪府'") == [(6,)]
    assert tenant.api('GET', f'/registers/customers/records/{ids[0]}/changes').json()['changes'][0]['job'] == job['id']
    # one is changed, one deleted since
    record = tenant.api('GET', f'/registers/customers/records/{ids[2]}').json()
    assert tenant.api('PATCH', f'/registers/customers/records/{ids[2]}', json={'family_name': '=鈴木'}, headers={'If-Match': f'"{record["version"]}"'}).status == 200
    record = tenant.api('GET', f'/registers/customers/records/{ids[3]}').json()
    assert tenant.api('DELETE', f'/registers/customers/records/{ids[3]}', headers={'If-Match': f'"{record["version"]}"'}).status in (200, 204)
    seen = tenant.api('GET', f'/registers/customers/bulk/{job["id"]}').json()
    assert (seen['back'], seen['left'], seen['may_undo']) == (4, 2, True)
    assert {(one['record'], one['reason']) for one in seen['left_first']} == {(ids[2], 'changed'), (ids[3], 'gone')}
    back = undo(tenant, job['id'])
    assert back['result'] == {'batch': job['id'], 'restored': 4, 'left': 2}
    now = {row[0]: row for row in tenant.sql(ALL)}
    for row in before:
        if row[0] not in ids[2:4]:
            assert now[row[0]] == row
    assert now[ids[2]][-2:] == ('大阪府', 50) and ids[3] not in now
    rows = list(csv.reader(io.StringIO(file_of(tenant, back).decode('utf-8-sig'), newline='')))
    assert rows[0] == ['台帳', '番号', '名前', '理由'] and [row[1] for row in rows[1:]] == [str(ids[2]), str(ids[3])]
    assert rows[1][2].startswith("'=鈴木") and rows[1][3] == 'その後、変更されました'


def test_undo_of_a_delete_leaves_what_somebody_has_put_in_its_place(house, tenant):
    ids = fill(tenant, 3, orders=3)
    job = do(tenant, look(tenant))
    made = tenant.api('POST', '/registers/customers/records', json={'email': 'a1@example.jp', 'family_name': '別人'})
    assert made.status == 201
    seen = tenant.api('GET', f'/registers/customers/bulk/{job["id"]}').json()
    assert [(one['record'], one['reason']) for one in seen['left_first']] == [(ids[1], 'taken')]
    back = undo(tenant, job['id'])
    # the entry of the one whose place was taken has nowhere to go
    assert back['result']['restored'] == 4 and back['result']['left'] == 2
    assert sorted(row[0] for row in tenant.sql('select id from r_customers')) == sorted([ids[0], ids[2], made.json()['id']])
    assert [row[0] for row in tenant.sql('select customer from r_orders order by 1')] == [ids[0], ids[2]]


def test_of_two_at_once_the_second_is_refused_for_what_is_gone(house, tenant):
    fill(tenant, 30)
    plan = look(tenant)
    answers = [ask(tenant, plan), ask(tenant, plan)]
    assert answers[0].status == 202
    states = [house.wait_job(a.json()['id'], tenant)['state'] for a in answers if a.status == 202]
    assert states.count('done') == 1 and tenant.sql('select count(*) from r_customers') == [(0,)]
    assert tenant.sql('select count(*) from change where deleted') == [(30,)]


def test_a_masked_account_sets_what_it_sees_and_is_told_of_nothing_else(house, tenant):
    fill(tenant, 5)
    masked = tenant.new_key('masked', 'record.read,record.write,record.delete,record.bulk')
    for path in ('condition={"item":"family_name","op":"eq","value":"佐藤"}', 'action=delete&condition={"item":"email","op":"eq","value":"a1@example.jp"}',
                 'action=set&set={"family_name":"x"}'):
        assert tenant.api('GET', f'/registers/customers/bulk/new?{path}', key=masked).status == 403, path
    plan = look(tenant, action='set', set={'prefecture': '大阪府'}, key=masked)
    assert plan['count'] == 5 and plan['records'][0]['email'] == {'masked': True} if 'email' in plan['records'][0] else True
    answer = ask(tenant, plan, key=masked)
    assert answer.status == 202
    job = house.wait_job(answer.json()['id'], tenant)
    assert job['state'] == 'done' and tenant.sql("select count(*) from r_customers where prefecture = '大阪府' and family_name = '佐藤'") == [(5,)]
    whole = do(tenant, look(tenant, condition=below(2)))
    assert tenant.api('GET', f'/registers/customers/bulk/{whole["id"]}', key=masked).status == 404
    assert tenant.api('POST', f'/registers/customers/bulk/{job["id"]}/undo', json={}, key=masked).status == 403
    assert undo(tenant, job['id'])['result']['restored'] == 3
    assert [b['id'] for b in tenant.api('GET', '/registers/customers/bulk').json()['batches']] == [whole['id'], job['id']]


def test_what_is_of_another_contract_or_register_or_too_long_ago_is_not_there(house, tenant):
    fill(tenant, 3)
    job = do(tenant, look(tenant))
    other = house.tenant()
    for method, path in (('GET', ''), ('POST', '/undo')):
        assert other.api(method, f'/registers/customers/bulk/{job["id"]}{path}', **({'json': {}} if method == 'POST' else {})).status == 404
        assert tenant.api(method, f'/registers/orders/bulk/{job["id"]}{path}', **({'json': {}} if method == 'POST' else {})).status == 404
    for wrong in ({'action': 'drop'}, {'action': 'set'}, {'action': 'set', 'set': '{"email":"x@example.jp"}'}, {'action': 'set', 'set': '{"nothing":1}'},
                  {'action': 'set', 'set': '[1]'}, {'action': 'set', 'set': '{'}, {'action': 'delete', 'condition': '{'}):
            assert tenant.api('GET', f'/registers/customers/bulk/new?{urllib.parse.urlencode(wrong)}').status in (400, 422), wrong
    house.sql("update daicho.job set finished_at = finished_at - interval '31 days' where id = %s", args=(job['id'],))
    assert tenant.api('POST', f'/registers/customers/bulk/{job["id"]}/undo', json={}).status == 409
    assert tenant.api('GET', f'/registers/customers/bulk/{job["id"]}').json()['batch']['over'] is True


def test_syn_3_4_14_c_a_dry_run_tells_the_line_and_writes_nothing_and_an_import_is_all_or_nothing(house, tenant):
    fill(tenant, 2)
    before = tenant.sql(ALL)
    file = 'email,姓,都道府県,ポイント\na0@example.jp,佐藤,東京都,0\na1@example.jp,佐藤,東京都,77\nbad,佐藤,東京都,5\nnew@example.jp,高橋,東京都,1\n'.encode()
    fine = file.replace(b'bad,', b'good@example.jp,')

    def bring_in(data, **options):
        job = house.wait_job(house.import_file('customers', data, tenant, **options), tenant)
        assert job['state'] == 'done', job
        return job

    dry = bring_in(file, check='true')
    told = dry['result']
    assert (told['checked'], told['read'], told['would_create'], told['would_change'], told['would_leave'], told['refused']) == (True, 4, 1, 1, 1, 1)
    assert [(row['line'], row['item']) for row in told['by_reason']] == [(4, 'email')] and 'created' not in told
    assert tenant.sql(ALL) == before and tenant.sql('select count(*) from change') == [(0,)]
    assert 'bad,佐藤' in file_of(tenant, dry).decode('utf-8-sig')
    assert '台帳には何も書き込んでいません' in tenant.browser().get(f'/jobs/{dry["id"]}').text

    whole = bring_in(file, refused='stop')
    assert (whole['result']['stopped'], whole['result']['created'], whole['result']['changed'], whole['result']['refused']) == (True, 0, 0, 1)
    assert tenant.sql(ALL) == before and tenant.sql('select count(*) from change') == [(0,)]
    assert '何も書き込みませんでした' in tenant.browser().get(f'/jobs/{whole["id"]}').text
    entry = [e for e in tenant.log() if e['verb'] == 'import' and e['detail'] and e['detail'].get('stopped')][0]
    assert entry['detail']['created'] == 0

    done = bring_in(fine, refused='stop')
    assert (done['result']['stopped'], done['result']['created'], done['result']['changed']) == (False, 2, 1)
    assert [told[k] for k in ('would_change', 'would_leave')] == [1, 1] and tenant.sql('select count(*) from r_customers') == [(4,)]
    assert tenant.api('POST', '/registers/customers/imports', fields={'refused': 'perhaps'}, files={'file': ('x.csv', fine, 'text/csv')}).status == 422
