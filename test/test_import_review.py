"""An import that is looked at before anything is written: staged, shown as a difference, then written as one batch, or not at all. Real house, real database."""
import html, os, signal, time

from test_import import HEADER, ROW, bring, busy, file_of, jobs_of, generator, counts   # noqa: F401
from test_permission import Person

ALL = 'select id, version, updated_at, email, family_name, points, address, origin from r_customers order by id'


def stage(tenant, data, state='ready', **options):
    job = bring(tenant, data, state=state, review='true', **options)
    return job


def diff(tenant, job, kind='', after=None, status=200):
    answer = tenant.api('GET', f'/registers/{job["register"]}/imports/{job["id"]}?' + '&'.join(f'{k}={v}' for k, v in (('kind', kind), ('after', after)) if v))
    assert answer.status == status, answer
    return answer.json()


def go(tenant, job, state='done'):
    answer = tenant.api('POST', f'/registers/{job["register"]}/imports/{job["id"]}/apply', json={})
    assert answer.status == 202, answer
    job = tenant.house.wait_job(job['id'], tenant, seconds=120)
    assert job['state'] == state, job
    return job


def kept(tenant):
    return tenant.sql('select count(*) from import_row')[0][0]


def uploads(house):
    return set((house.dir / 'files/import').glob('*'))


def gone(house, before):
    """Uploads have gone from the disk, or are on the list of what goes next."""
    going = {row[0].split('/')[1] for row in house.sql("select path from daicho.withdrawn")}
    assert {path.name for path in uploads(house) - before} <= going


def file(*rows, header='email,姓,ポイント'):
    return ('\n'.join([header, *rows]) + '\n').encode()


def test_what_a_file_would_do_is_shown_row_by_row_before_anything_is_written_and_then_exactly_that_is_done(house, tenant):
    before_files = uploads(house)
    bring(tenant, file('a@example.jp,佐藤,1', 'b@example.jp,鈴木,2', 'c@example.jp,高橋,3'))
    before = tenant.sql(ALL)
    job = stage(tenant, file('a@example.jp,佐藤,1', 'b@example.jp,田中,', 'new@example.jp,山田,9', 'broken,山田,x', 'c@example.jp,高橋,4'))
    result = job['result']
    assert (result['staged'], result['would_create'], result['would_change'], result['would_leave'], result['refused']) == (True, 1, 2, 1, 1)
    assert job['until_at'] and tenant.sql(ALL) == before and tenant.sql('select count(*) from change') == [(0,)]
    assert len([e for e in tenant.log() if e['verb'] == 'import' and e['detail'].get('created')]) == 1        # the first file

    assert diff(tenant, job)['kind'] == 'changed'
    changed = diff(tenant, job, 'changed')['rows']
    assert [(row['line'], row['heading'], [(i['name'], i['old'], i['new']) for i in row['items']], row['moved']) for row in changed] == [
        (3, '鈴木', [('family_name', '鈴木', '田中'), ('points', '2', None)], False), (6, '高橋', [('points', '3', '4')], False)]
    new = diff(tenant, job, 'new')
    assert [c['title'] for c in new['columns']] == ['メールアドレス', '姓', 'ポイント']
    assert [(row['line'], [c['text'] for c in row['cells']]) for row in new['rows']] == [(4, ['new@example.jp', '山田', '9'])]
    assert [row['line'] for row in diff(tenant, job, 'unchanged')['rows']] == [2]
    refused, = diff(tenant, job, 'refused')['rows']
    assert refused['line'] == 5 and [p['item'] for p in refused['problems']] == ['email', 'points'] and refused['problems'][0]['reason']
    assert diff(tenant, job, 'nothing', status=422)
    assert 'broken' in file_of(tenant, job).decode()                 # to be mended meanwhile

    done = go(tenant, job)
    assert done['id'] == job['id'] and counts(done) == {'read': 5, 'created': 1, 'changed': 2, 'unchanged': 1, 'refused': 1}
    assert tenant.sql('select email, family_name, points, version, origin from r_customers order by id') == [
        ('a@example.jp', '佐藤', 1, 1, before[0][7]), ('b@example.jp', '田中', None, 2, before[0][7]), ('c@example.jp', '高橋', 4, 2, before[0][7]),
        ('new@example.jp', '山田', 9, 1, job['id'])]
    assert tenant.sql('select count(*), min(job), max(job) from change') == [(2, job['id'], job['id'])]
    assert 'broken' in file_of(tenant, done).decode() and kept(tenant) == 0
    entry, = [e for e in tenant.log() if e['verb'] == 'import' and e['detail'].get('looked_at')]
    assert {k: entry['detail'][k] for k in ('created', 'changed', 'refused')} == {'created': 1, 'changed': 2, 'refused': 1}
    # once only
    assert tenant.api('POST', f'/registers/customers/imports/{job["id"]}/apply', json={}).status == 409
    assert diff(tenant, job).get('rows') is None
    gone(house, before_files)


def test_what_is_discarded_leaves_nothing_neither_rows_nor_files(house, tenant):
    files = uploads(house)
    job = stage(tenant, file('a@example.jp,佐藤,1', 'broken,佐藤,1'))
    assert kept(tenant) == 3 and len(uploads(house) - files) == 1
    assert tenant.api('POST', f'/jobs/{job["id"]}/cancel').status in (200, 202)
    assert tenant.api('GET', f'/jobs/{job["id"]}').json()['job']['state'] == 'cancelled'
    assert kept(tenant) == 0 and tenant.sql('select count(*) from r_customers') == [(0,)]
    assert tenant.api('POST', f'/registers/customers/imports/{job["id"]}/apply', json={}).status == 409
    # and what nobody decides on within a week
    job = stage(tenant, file('a@example.jp,佐藤,1'))
    house.sql("update daicho.job set ready_until = daicho.clock() - interval '1 minute' where id = %s", args=(job['id'],))
    until = time.monotonic() + 20
    while tenant.api('GET', f'/jobs/{job["id"]}').json()['job']['state'] == 'ready' and time.monotonic() < until:
        time.sleep(0.2)
    assert tenant.api('GET', f'/jobs/{job["id"]}').json()['job']['state'] == 'cancelled' and kept(tenant) == 0
    gone(house, files)


def test_when_records_change_meanwhile_nothing_is_written_and_it_is_shown_anew(house, tenant):
    bring(tenant, file('a@example.jp,佐藤,1', 'b@example.jp,鈴木,2'))
    id = tenant.sql("select id from r_customers where email = 'b@example.jp'")[0][0]
    job = stage(tenant, file('a@example.jp,佐藤,5', 'b@example.jp,鈴木,6', 'n@example.jp,山田,7'))
    assert tenant.api('PATCH', f'/registers/customers/records/{id}', json={'family_name': '田中'}, headers={'If-Match': '"1"'}).status == 200
    assert [row['moved'] for row in diff(tenant, job, 'changed')['rows']] == [False, True]
    again = go(tenant, job, state='ready')
    assert again['result']['again'] and tenant.sql('select email, family_name, points from r_customers order by id') == [
        ('a@example.jp', '佐藤', 1), ('b@example.jp', '田中', 2)]
    assert [i['old'] for row in diff(tenant, job, 'changed')['rows'] for i in row['items']] == ['1', '田中', '2']
    # somebody makes the new one by hand
    assert tenant.api('POST', '/registers/customers/records', json={'email': 'n@example.jp', 'family_name': '山田'}).status == 201
    again = go(tenant, job, state='ready')
    assert (again['result']['would_create'], again['result']['would_change']) == (0, 3)
    # the kept rows are gone: a crash of the server empties the table
    house.sql(f'truncate t_{tenant.name}.import_row')
    assert go(tenant, job, state='ready')['result']['would_change'] == 3
    done = go(tenant, job)
    assert counts(done) == {'read': 3, 'created': 0, 'changed': 3, 'unchanged': 0, 'refused': 0} and done['attempt'] == 5
    assert tenant.sql('select email, family_name, points from r_customers order by id') == [
        ('a@example.jp', '佐藤', 5), ('b@example.jp', '鈴木', 6), ('n@example.jp', '山田', 7)]


def test_an_import_that_would_change_nothing_is_done_and_one_that_may_not_skip_rows_waits_for_a_mended_file(tenant):
    bring(tenant, file('a@example.jp,佐藤,1'))
    job = stage(tenant, file('a@example.jp,佐藤,1'), state='done')
    assert counts(job) == {'read': 1, 'created': 0, 'changed': 0, 'unchanged': 1, 'refused': 0} and kept(tenant) == 0
    job = stage(tenant, file('a@example.jp,佐藤,2', 'broken,佐藤,2'), refused='stop')
    assert job['result']['stopped']
    answer = tenant.api('POST', f'/registers/customers/imports/{job["id"]}/apply', json={})
    assert answer.status == 409 and '取り込めない行' in answer.text
    assert tenant.sql('select points from r_customers') == [(1,)]


def test_a_page_of_each_kind_and_its_next(tenant):
    rows = [f'p{i:03}@example.jp,佐藤,{i}' for i in range(120)]
    job = stage(tenant, file(*rows))
    first = diff(tenant, job, 'new')
    second = diff(tenant, job, 'new', after=first['next'])
    third = diff(tenant, job, 'new', after=second['next'])
    assert [len(p['rows']) for p in (first, second, third)] == [50, 50, 20] and third['next'] is None
    assert [r['line'] for p in (first, second, third) for r in p['rows']] == list(range(2, 122))
    browser = tenant.browser()
    page = browser.get(f'/registers/customers/imports/{job["id"]}')
    assert page.status == 200 and 'p000@example.jp' in page.text
    assert f'after={first["next"]}' in html.unescape(page.text)
    assert 'まだ何も書き込んでいません' in page.text
    assert '内容を確認する' in browser.get(f'/jobs/{job["id"]}').text


def test_only_who_started_it_lets_it_go_on_and_nobody_sees_it_without_the_right(house, tenant):
    job = stage(tenant, file('a@example.jp,佐藤,1'))
    other = Person(tenant, 'other', ['record.read', 'record.import', 'personal.see'])
    assert other.ask('GET', f'/registers/customers/imports/{job["id"]}').status == 200
    assert other.ask('POST', f'/registers/customers/imports/{job["id"]}/apply', {}).status == 403
    reader = tenant.new_key('reader', 'record.read,personal.see')
    masked = tenant.new_key('masked', 'record.read,record.import')
    assert tenant.api('GET', f'/registers/customers/imports/{job["id"]}', key=reader).status == 403
    assert tenant.api('GET', f'/registers/customers/imports/{job["id"]}', key=masked).status in (403, 404)
    assert tenant.api('GET', f'/registers/orders/imports/{job["id"]}').status == 404
    with house.connect('daicho_web') as db:
        with db.transaction():
            db.execute(f'set local role t_{tenant.name}_masked')
            try:
                db.execute(f'select * from t_{tenant.name}.import_row')
                raise AssertionError('a masked account reads kept rows')
            except Exception as error:
                assert 'permission denied' in str(error)
    # whoever lost the right meanwhile
    house.sql("update daicho.api_key set revoked_at = daicho.clock() where tenant = %s and name = 'test'", args=(tenant.name,))
    assert kept(tenant) == 2


def test_a_killed_worker_leaves_nothing_half_done_when_it_compares_and_when_it_writes(house, tenant, generator, tmp_path):
    slow_file = generator(tmp_path / 'slow.csv', '--rows', 4000, '--bad', 0.01, '--quirk', 0)
    want = counts(bring(house.tenant(), slow_file))
    id = house.import_file('customers', slow_file, tenant, review='true')
    busy(tenant, id)
    for pid in jobs_of(house):
        os.kill(pid, signal.SIGKILL)
    job = house.wait_job(id, tenant, seconds=180)
    assert (job['state'], job['attempt'], job['result']['would_create']) == ('ready', 2, want['created']), job
    with house.connect() as db, db.transaction():
        db.execute(f'lock table t_{tenant.name}.r_customers in exclusive mode')       # held here, it cannot be too quick
        assert tenant.api('POST', f'/registers/customers/imports/{id}/apply', json={}).status == 202
        until = time.monotonic() + 30
        while not house.sql("select 1 from pg_stat_activity where usename = 'daicho_jobs' and wait_event_type = 'Lock'") and time.monotonic() < until:
            time.sleep(0.01)
        for pid in jobs_of(house):
            os.kill(pid, signal.SIGKILL)
    job = house.wait_job(id, tenant, seconds=180)
    assert job['state'] == 'done' and job['attempt'] == 4 and counts(job) == want, job
    assert tenant.sql('select count(*), count(distinct origin) from r_customers') == [(want['created'], 1)] and kept(tenant) == 0
