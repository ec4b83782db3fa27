"""The operation log as people see it: what each entry holds, finding something in it, taking it away as a file, erasing what it says about somebody.
Names begin with the row of the catalogue they keep (syn, mer, grp)."""
import csv, io, json, os, subprocess

import psycopg
import pytest

from cluster import scope
from house import DAICHO, Refused, until
from test_account import Person, account, group

ROUTES = json.loads(subprocess.run([str(DAICHO), 'routes', '--json'], capture_output=True, text=True, check=True).stdout)


@pytest.fixture
def shop(house):
    shop = house.tenant()
    assert shop.key
    return shop


def entries(shop, query=''):
    return shop.api('GET', '/log' + query).json()['entries']


def customer(shop, **more):
    answer = shop.api('POST', '/registers/customers/records', json={'email': 'hanako@mail.example', 'family_name': '佐藤', 'given_name': '花子', **more})
    assert answer.status == 201, answer
    return answer.json()['id']


# syn 3.4.7, mer 5-5 ------------------------------------------------------------------------------------------------------------------------------
def test_syn_3_4_7_a_every_route_leaves_an_entry_refused_ones_too(shop, house):
    """Each reading route of the console once as somebody who may nothing: one entry each, whatever it is."""
    person = Person(shop, 'nobody', [])
    for route in ROUTES:
        if route['method'] != 'GET' or not route['verb'] or route['permission'] in ('public', 'any account') or 'API' not in route['face']:
            continue
        before = len(shop.log())
        answer = person.call('GET', route['path'].replace('{id}', '1').replace('{register}', 'customers'))
        new = shop.log()[before:]
        assert answer.status in (403, 404, 422) and len(new) == 1 and new[0]['result'] != 'OK', (route, answer, new)


def test_syn_3_4_7_b_the_five_fields_are_never_empty_and_stay_as_they_were(shop):
    person = Person(shop, 'hanako', ['log.read'])
    person.call('GET', '/log')
    before = [{k: e[k] for k in ('id', 'at', 'actor', 'groups', 'source', 'verb')} for e in shop.log() if e['actor'] == 'hanako']
    assert before and all(all(str(v) for v in e.values()) for e in before)
    g = account(shop, person.id)['groups'][0]
    version = shop.api('GET', f'/accounts/{person.id}').json()['account']['version']
    assert shop.api('PATCH', f'/accounts/{person.id}', json={'login': 'renamed', 'name': '改名'}, headers={'If-Match': f'"{version}"'}).status == 200
    assert shop.api('PATCH', f'/groups/{g}', json={'name': '新しい名前'}, headers={'If-Match': '"1"'}).status == 200
    after = [{k: e[k] for k in ('id', 'at', 'actor', 'groups', 'source', 'verb')} for e in shop.log() if e['id'] in {b['id'] for b in before}]
    assert after == before
    page = shop.browser().get('/log?actor=hanako').text
    assert 'hanako' in page and before[0]['groups'] in page


def test_syn_3_4_7_c_the_log_shows_its_own_entries_to_those_who_may(shop, house):
    other = house.tenant(registers=())
    other.admin
    shown = shop.browser().get('/log')
    assert shown.status == 200 and f'/log/{shop.log()[0]["id"]}"' in shown.text
    assert {e['actor'] for e in entries(shop)} <= {'test', 'root', 'admin', os.environ.get('USER', 'root')}
    person = Person(shop, 'plain', ['record.read'])
    assert person.call('GET', '/log').status == 403


def test_syn_3_4_7_d_an_entry_of_ten_years_ago_is_still_shown_and_nobody_can_delete_it(shop, house):
    shop.sql("insert into log (at, actor_kind, actor, groups, source, verb, kind, result) "
             "values (now() - interval '10 years', 'account', 'veteran', '営業', '192.0.2.1', 'view', 'customers', 'OK')")
    assert [e['actor'] for e in entries(shop, '?actor=veteran')] == ['veteran']
    for role in ('daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli'):
        for suffix in ('', '_masked'):
            with house.connect(role) as db, db.transaction(force_rollback=True):
                db.execute("select set_config('role', %s, true)", (scope(role, shop.name, suffix),))
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    db.execute(f'delete from t_{shop.name}.log')


def test_mer_5_5_a_log_ins_and_log_outs_are_three_entries(shop, house):
    person = Person(shop, 'taro', ['record.read'])
    before = len(shop.log())
    assert house.browser().post('/login', {'tenant': shop.name, 'login': 'taro', 'password': 'wrong'}).status == 401
    browser = house.browser_login(shop.name, 'taro', person.password)
    assert browser.post('/logout').status == 303
    assert [(e['verb'], e['actor'], e['result']) for e in shop.log()[before:]] == [
        ('login', 'taro', 'UNAUTHORIZED'), ('login', 'taro', 'OK'), ('logout', 'taro', 'OK')]


def test_mer_5_5_b_a_change_of_rights_says_before_and_after_or_did_not_happen(shop):
    id = group(shop, 'rights', ['record.read'])
    assert shop.api('PATCH', f'/groups/{id}', json={'permissions': ['record.read', 'record.write']}, headers={'If-Match': '"1"'}).status == 200
    change = shop.log()[-1]['detail']['changes']['permissions']
    assert set(change['to']) - set(change['from']) == {'record.write'}
    shop.sql(f"create function t_{shop.name}.boom() returns trigger language plpgsql as $$ begin raise disk_full; end $$")
    shop.sql(f"create trigger boom before insert on log for each row when (new.result = 'OK' and new.kind = 'group') execute function t_{shop.name}.boom()")
    assert shop.api('PATCH', f'/groups/{id}', json={'permissions': []}, headers={'If-Match': '"2"'}).status == 507
    assert set(shop.house.sql('select permissions from daicho.account_group where id = %s', args=(id,))[0][0]) == {'record.read', 'record.write'}


def test_mer_5_5_c_views_searches_and_exports_of_a_record_are_entries(shop, house):
    id = customer(shop)
    before = len(shop.log())
    shop.api('GET', f'/registers/customers/records/{id}')
    shop.api('GET', '/registers/customers/records?q=佐藤')
    job = house.export('customers', tenant=shop)
    house.wait_job(job, tenant=shop)
    new = [(e['verb'], e['kind'], e['subject_id']) for e in shop.log()[before:] if e['kind'] == 'customers']
    assert ('view', 'customers', id) in new and ('search', 'customers', None) in new and ('export', 'customers', None) in new


# finding ----------------------------------------------------------------------------------------------------------------------------------------
def test_filters_by_group_and_by_what_entries_say(shop):
    person = Person(shop, 'finder', ['record.read'])
    person.call('GET', '/me')
    assert {e['actor'] for e in entries(shop, '?group=group of finder')} == {'finder'}
    assert entries(shop, '?group=group of') == []
    id = group(shop, '100%"_\\営業', ['record.read'])
    assert [(e['verb'], e['subject_id']) for e in entries(shop, '?text=100%25%22_%5C営業')] == [('create', id)]
    assert entries(shop, '?text=100x') == []


def test_masked_readers_cannot_search_what_they_do_not_see(shop):
    reader = Person(shop, 'masked', ['log.read'])
    assert reader.call('GET', '/log?text=x').status == 403
    assert reader.call('GET', '/log?group=x').status == 200


def test_pages_lead_both_ways(shop):
    for i in range(17):
        shop.api('GET', '/groups')
    top = shop.log()[-1]['id']
    ids = lambda page: [e['id'] for e in page['entries']]
    get = lambda query: shop.api('GET', '/log?verb=list&kind=group&limit=5' + query).json()
    first = get('')
    assert first['prev'] is None and len(first['entries']) == 5
    second = get(f'&after={first["next"]}')
    third = get(f'&after={second["next"]}')
    assert ids(first) + ids(second) + ids(third) == sorted(ids(first) + ids(second) + ids(third), reverse=True)
    back = get(f'&behind={third["prev"]}')
    assert ids(back) == ids(second) and ids(get(f'&behind={back["prev"]}')) == ids(first)
    assert get(f'&behind={top + 1000}')['entries'] == []


def test_a_search_that_takes_long_says_how_far_it_came_and_goes_on(shop):
    """Two million numbers without an entry in between: windows, not one long statement."""
    assert shop.api('POST', '/groups', json={'name': '古い', 'permissions': []}).status == 201
    shop.sql("alter table log alter id restart with 3000000")
    shop.api('GET', '/groups')
    found = shop.api('GET', '/log?verb=create&kind=group').json()
    ids, pages = [e['id'] for e in found['entries']], 1
    while found['next'] is not None:
        found, pages = shop.api('GET', f'/log?verb=create&kind=group&after={found["next"]}').json(), pages + 1
        ids += [e['id'] for e in found['entries']]
    assert len(ids) == 1 and pages < 20


def test_a_time_is_found_whatever_the_size(shop):
    shop.sql("insert into log (at, actor_kind, actor, source, verb, result) select timestamptz '2020-01-01 00:00+09' + n * interval '1 hour', 'account', 'old', '-', "
             "'view', 'OK' from generate_series(0, 20000) n")
    shop.sql('update log set at = at where false')
    found = entries(shop, '?from=2021-03-05&to=2021-03-05&limit=200')
    assert len(found) == 24 and {e['at'][:10] for e in found} == {'2021-03-05'}


# taking away ---------------------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('encoding', ['utf-8', 'cp932'])
def test_the_filtered_log_as_a_file(shop, house, encoding):
    group(shop, '=営業', ['record.read'])
    answer = shop.api('POST', '/log/exports', json={'verb': 'create', 'kind': 'group', 'encoding': encoding})
    assert answer.status == 202, answer
    job = house.wait_job(answer.json()['id'], tenant=shop)
    assert job['state'] == 'done' and job['result']['rows'] == 1, job
    data = shop.api('GET', f'/jobs/{job["id"]}/file').content
    text = data.decode('cp932' if encoding == 'cp932' else 'utf-8-sig')
    head, row = list(csv.reader(io.StringIO(text, newline='')))
    assert head[1] == '日時' and row[2] == 'test' and '営業' in row[9] and row[7] == '成功'
    assert shop.log()[-2]['verb'] == 'export' or ('export', 'log') in [(e['verb'], e['kind']) for e in shop.log()[-4:]]


def test_exporting_the_log_needs_its_permission_and_many_rows_work(shop, house):
    reader = Person(shop, 'reader', ['log.read'])
    assert reader.call('POST', '/log/exports', json={}).status == 403
    shop.sql("insert into log (actor_kind, actor, source, verb, kind, result) select 'account', 'many', '-', 'view', 'customers', 'OK' from generate_series(1, 5500)")
    job = house.wait_job(shop.api('POST', '/log/exports', json={'actor': 'many'}).json()['id'], tenant=shop)
    assert job['result']['rows'] == 5500
    assert shop.api('POST', '/log/exports', json={'verb': 'nonsense'}).status == 422
    assert shop.api('POST', '/log/exports', json={'encoding': 'ebcdic'}).status == 422


# erasing -------------------------------------------------------------------------------------------------------------------------------------------
def details(shop, kind, id):
    return shop.sql('select count(*) from log_detail d join log l using (id) where l.kind = %s and l.subject_id = %s', (kind, id))[0][0]


def test_what_entries_say_about_a_record_is_erased_and_the_proof_stays(shop, house):
    id = customer(shop)
    version = shop.api('GET', f'/registers/customers/records/{id}').json()['version']
    assert shop.api('PATCH', f'/registers/customers/records/{id}', json={'family_name': '鈴木'}, headers={'If-Match': f'"{version}"'}).status == 200
    other = customer(shop, email='other@mail.example')
    for subject in id, other:           # what an entry says exactly about a record
        shop.sql('''with entry as (insert into log (actor_kind, actor, groups, source, verb, kind, subject_id, result, commitment)
                    values ('account', 'test', '', '127.0.0.1', 'update', 'customers', %s, 'OK', sha256('salt{"name": "佐藤"}'::text::bytea)) returning id)
                    insert into log_detail select id, 'salt', '{"name": "佐藤"}' from entry''', (subject,))
    entry = next(e for e in shop.log() if e['kind'] == 'customers' and e['subject_id'] == id and e['detail'])
    kept, count = details(shop, 'customers', other), details(shop, 'customers', id)
    row = shop.sql('select * from log where id = %s', (entry['id'],))
    assert count >= 1
    form = shop.browser().get(f'/log/erase?kind=customers&subject={id}')
    assert form.status == 200 and f'customers/{id}' in form.text
    wrong = shop.api('POST', '/log/erase', json={'kind': 'customers', 'subject': id, 'confirm': 'customers'})
    assert wrong.status == 422 and wrong.json()['errors'][0]['item'] == 'confirm' and details(shop, 'customers', id) >= count
    answer = shop.api('POST', '/log/erase', json={'kind': 'customers', 'subject': id, 'confirm': f'customers/{id}'})
    assert answer.status == 200 and answer.json()['erased'] >= count
    last = shop.log()[-1]
    assert (last['verb'], last['kind'], last['subject_id'], last['detail']) == ('erase', 'customers', id, {'erased': answer.json()['erased']})
    assert details(shop, 'customers', other) == kept and shop.sql('select * from log where id = %s', (entry['id'],)) == row
    told = shop.api('GET', f'/log/{entry["id"]}').json()['entry']
    assert told['detail_state'] == 'erased' and 'detail' not in told and told['commitment']
    assert '消去されています' in shop.browser().get(f'/log/{entry["id"]}').text
    proof = until(lambda: (lambda p: p if p['state'] == 'proven' else None)(shop.api('GET', f'/log/{entry["id"]}/proof').json()['proof']), 30)
    assert proof and f'commit ' in proof['entry']


def test_an_account_is_erased_by_name_from_the_command_line(shop, house):
    person = Person(shop, 'hanako', ['log.read', 'personal.see'])
    person.call('GET', '/log?verb=login')
    about = details(shop, 'account', person.id)
    by = shop.sql("select count(*) from log_detail d join log l using (id) where l.actor_kind = 'account' and l.actor_id = %s", (person.id,))[0][0]
    assert by >= 1
    with pytest.raises(Refused):
        house.cli('log', 'erase', '--tenant', shop.name, 'account', 'hanako')
    told = house.cli('log', 'erase', '--tenant', shop.name, 'account', 'hanako', '--confirm', f'account/{person.id}')
    assert told['erased'] >= about + by - 1
    assert shop.sql("select count(*) from log_detail d join log l using (id) where l.actor_kind = 'account' and l.actor_id = %s", (person.id,)) == [(0,)]
    assert (shop.log()[-1]['verb'], shop.log()[-1]['actor_kind']) == ('erase', 'operator')


def test_erasing_needs_its_permission_in_the_database_too(shop, house):
    id = customer(shop)
    holder = Person(shop, 'reader', ['log.read', 'personal.see'])
    assert holder.call('POST', '/log/erase', json={'kind': 'customers', 'subject': id, 'confirm': f'customers/{id}'}).status == 403
    count = details(shop, 'customers', id)
    for role, suffix, actor in (('daicho_web', '', f'account:{holder.id}:reader'), ('daicho_web', '_masked', 'account:1:admin'), ('daicho_web', '', ''),
                                ('daicho_jobs', '', 'operator:0:root'), ('daicho_web', '', 'system:0:jobs'), ('daicho_web', '', 'account:99999999:x')):
        with house.connect(role) as db, db.transaction(force_rollback=True):
            db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", (f't_{shop.name}{suffix}', actor))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                db.execute("select daicho.log_erase('customers', %s)", (id,))
    assert details(shop, 'customers', id) == count


# grp 4.12.10 ----------------------------------------------------------------------------------------------------------------------------------------
def test_grp_4_12_10_a_a_bundle_of_the_log_verifies_and_one_changed_line_fails(shop, house, tmp_path):
    """What a client is handed after a breach: its log as files, and nothing of anybody else's."""
    for _ in range(3):
        shop.api('GET', '/groups')
    until(lambda: house.sql('select size from daicho.seal_tree where tenant = %s', args=(shop.name,))[0][0] >= 4, 30)
    part, = house.sql('select part from daicho.seal_tree where tenant = %s', args=(shop.name,))[0]
    until(lambda: (house.dir / 'seal' / part / '1/checkpoint').exists(), 30)
    size = int((house.dir / 'seal' / part / '1/checkpoint').read_text().splitlines()[1])
    data = house.http.request('GET', f'/seal/{part}/1/tile/entries/000.p/{size}', {'Authorization': f'Bearer {shop.key}'}).content
    tile = house.http.request('GET', f'/seal/{part}/1/tile/0/000.p/{size}').content
    import hashlib
    def fits(data):
        at, n = 0, 0
        while at < len(data):
            length = int.from_bytes(data[at:at + 2], 'big')
            if hashlib.sha256(b'\0' + data[at + 2:at + 2 + length]).digest() != tile[n * 32:n * 32 + 32]:
                return False
            at, n = at + 2 + length, n + 1
        return n == size
    assert fits(data) and not fits(data.replace(b'verb list', b'verb view', 1))
    numbers = {e['id'] for e in shop.log()}
    assert data.count(b'daicho-entry/v1\n') == size and all(int(line.split()[1]) in numbers for line in data.split(b'\n') if line.startswith(b'number '))
