"""What a record was before: who changed what, when, from what to what. Nobody who works in the contract can change that."""
import psycopg
import pytest

RECORDS = '/registers/customers/records'


@pytest.fixture(scope='module')
def shop(house):
    return house.tenant()


def changes(shop, id, query=''):
    answer = shop.api('GET', f'{RECORDS}/{id}/changes{query}')
    assert answer.status == 200, answer
    return answer.json()


def made(shop, **items):
    return shop.api('POST', RECORDS, json={'family_name': '山田', **items}).json()


def test_each_change_tells_old_and_new(shop):
    record = made(shop, email='a@example.jp', points=1, birthday='1990-01-01')
    path = f'{RECORDS}/{record["id"]}'
    shop.api('PATCH', path, json={'points': 2, 'version': 1})
    shop.api('PATCH', path, json={'points': 3, 'birthday': None, 'family_name': '山本', 'version': 2})
    shop.api('PATCH', path, json={'given_name': '花子', 'version': 3})
    told = changes(shop, record['id'])['changes']
    assert [{i['item']: (i['old'], i['new']) for i in c['items']} for c in told] == [
        {'given_name': (None, '花子')},
        {'family_name': ('山田', '山本'), 'birthday': ('1990-01-01', None), 'points': (2, 3)},
        {'points': (1, 2)}]
    assert [c['version'] for c in told] == [3, 2, 1]
    assert all(c['actor'] == 'test' and not c['deleted'] and c['job'] is None for c in told)


def test_changes_come_in_pages(shop):
    record = made(shop, email='pages@example.jp', points=0)
    for n in range(1, 8):
        shop.api('PATCH', f'{RECORDS}/{record["id"]}', json={'points': n, 'version': n})
    found, before = [], ''
    while True:
        page = changes(shop, record['id'], f'?limit=3{before}')
        found += page['changes']
        if page['next'] is None:
            break
        before = f'&before={page["next"]}'
    assert [(c['items'][0]['old'], c['items'][0]['new']) for c in found] == [(n, n + 1) for n in range(6, -1, -1)]


def test_an_erased_record_leaves_what_it_held(shop):
    record = made(shop, email='erased@example.jp', points=9, address='本町1')
    shop.api('DELETE', f'{RECORDS}/{record["id"]}', headers={'If-Match': '"1"'})
    change = changes(shop, record['id'])['changes'][0]
    assert change['deleted'] and {i['item']: i['old'] for i in change['items']} == {
        'email': 'erased@example.jp', 'family_name': '山田', 'points': 9, 'address': '本町1'}
    assert all(i['new'] is None for i in change['items'])


def test_a_record_that_never_was_has_no_history(shop):
    assert shop.api('GET', f'{RECORDS}/99999999/changes').status == 404


def test_the_page_of_a_record_shows_it_as_a_timeline(shop):
    person = shop.browser()
    record = made(shop, email='line@example.jp', points=100)
    person.post(f'{RECORDS}/{record["id"]}', {'_method': 'PATCH', 'version': '1', 'points': '12345'})
    page = person.get(f'{RECORDS}/{record["id"]}').text
    assert '12,345' in page and 'admin' in page and 'test' in page and 'ポイント' in page


def test_many_changed_by_one_statement_are_all_kept(shop):
    shop.sql("insert into r_customers (email, family_name, points) select 'bulk' || n || '@example.jp', 'x', n from generate_series(1, 500) n")
    shop.sql("update r_customers set points = points + case when points % 2 = 0 then 1 else 0 end, version = version + 1 where email like 'bulk%%'")
    rows = shop.sql("select count(*), count(*) filter (where old = jsonb_build_object('points', (old ->> 'points')::bigint)) from change c "
                    "join r_customers r on r.id = c.record where r.email like 'bulk%%'")
    assert rows == [(250, 250)]         # what stayed as it was left no trace


def test_nobody_who_works_in_the_contract_can_write_it(shop):
    with shop.house.connect('daicho_web') as db:
        for role in (f't_{shop.name}', f't_{shop.name}_masked'):
            for sql in ('delete from {}.change', 'update {}.change set actor = $$x$$', 'truncate {}.change',
                        'insert into {}.change (register, record, version, actor, old) values (1, 1, 1, $$x$$, $${{}}$$)',
                        'alter table {}.r_customers disable trigger all', 'drop trigger change_update on {}.r_customers', 'select {}.c_customers()'):
                with pytest.raises(psycopg.Error) as refused, db.transaction():
                    db.execute("select set_config('role', %s, true)", (role,))
                    db.execute(sql.format(f't_{shop.name}'))
                assert refused.value.sqlstate in ('42501', '0A000'), (role, sql, refused.value)


def test_a_change_made_by_an_import_names_its_job(house):
    shop = house.tenant()
    record = made(shop, email='file@example.jp', points=1)
    job = shop.house.import_file('customers', 'email,family_name,points\nfile@example.jp,山田,2\nnew@example.jp,田中,3\n'.encode(), shop)
    assert shop.house.wait_job(job, shop)['state'] == 'done'
    change = changes(shop, record['id'])['changes'][0]
    assert change['job'] == job and [(i['item'], i['old'], i['new']) for i in change['items']] == [('points', 1, 2)]
    new = shop.api('GET', f'{RECORDS}?q=new@').json()['records'][0]
    assert new['origin'] == job and changes(shop, new['id'])['changes'] == []
    web = shop.api('PATCH', f'{RECORDS}/{record["id"]}', json={'points': 9, 'version': 2})
    assert web.status == 200 and changes(shop, record['id'])['changes'][0]['job'] is None
