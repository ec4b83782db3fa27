"""The end of a contract: a last day, nothing after it, everything erased on the seventh of the month after; by itself, with a certificate."""
import json

import pytest

from house import House, Refused, until

MARK = '消えるはずの値'


@pytest.fixture(scope='module')
def own():
    """A house whose clock can be set."""
    house = House.start()
    yield house
    house.close()


def clock(house, when):
    """It is `when` in Japan."""
    house.sql("select daicho.rehearse(%s::timestamp at time zone 'Asia/Tokyo' - now())", args=(when,))


@pytest.fixture
def shop(own):
    own.sql("select daicho.rehearse('0')")
    clock(own, '2027-01-20 10:00')
    shop = own.tenant()
    assert shop.admin
    shop.api('POST', '/registers/customers/records', json={'email': 'gone@example.jp', 'family_name': MARK, 'given_name': '花'})
    yield shop
    own.sql("select daicho.rehearse('0')")


def traces(house, name):
    """Rows of this contract in shared tables, its schema, its roles."""
    tables = [t for (t,) in house.sql("select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant' "
                                      "where c.relnamespace = 'daicho'::regnamespace and c.relkind = 'r' and c.relname <> 'erasure'")]
    rows = {t: n for t in tables for ((n,),) in [house.sql(f'select count(*) from daicho.{t} where tenant = %s', args=(name,))] if n}
    return rows, house.sql('select nspname from pg_namespace where nspname = %s', args=(f't_{name}',)), \
        house.sql("select rolname from pg_roles where rolname ~ ('^t_' || %s || '(_|$)')", args=(name,))


def test_syn_3_4_13_a_everything_is_erased_on_the_seventh_of_the_month_after_the_last_day(own, shop):
    job = own.export('customers', shop)
    own.wait_job(job, shop)
    files = [own.dir / 'files' / path for (path,) in own.sql('select result_file from daicho.job where tenant = %s and result_file is not null', args=(shop.name,))]
    assert files and all(f.exists() for f in files)
    made = own.cli('tenant', 'cancel', shop.name, '--last-day', '2027-01-31')
    assert made['ends_at'] == '2027-02-01T00:00:00+09:00' and made['erase_at'] == '2027-02-07T00:00:00+09:00'
    clock(own, '2027-02-06 23:59')
    assert until(lambda: [t['state'] for t in own.cli('tenant', 'list') if t['name'] == shop.name] == ['ended'])
    assert own.sql(f'select count(*) from t_{shop.name}.r_customers where family_name = %s', args=(MARK,)) == [(1,)]
    assert own.cli('tenant', 'erasures') == []
    clock(own, '2027-02-07 00:00')
    assert until(lambda: own.cli('tenant', 'erasures'), seconds=20)
    certificate = own.cli('tenant', 'erasures')[-1]
    assert certificate['tenant'] == shop.name and certificate['records']['customers'] == 1 and certificate['accounts'] >= 1 and certificate['entries'] > 3
    assert certificate['erased_by'] == 'system' and certificate['files'] >= 1 and MARK not in json.dumps(certificate, ensure_ascii=False)
    assert until(lambda: traces(own, shop.name) == ({}, [], [])), traces(own, shop.name)
    assert until(lambda: not any(f.exists() for f in files))
    entry = own.sql("select actor_kind, verb, result, detail ->> 'tenant' from daicho.log where kind = 'tenant' and verb in ('stop', 'delete') order by id desc limit 2")
    assert entry == [('system', 'delete', 'OK', shop.name), ('system', 'stop', 'OK', shop.name)]


def test_syn_3_4_13_d_an_export_works_until_the_end_of_the_last_day_and_not_a_minute_later(own, shop):
    own.cli('tenant', 'cancel', shop.name, '--last-day', '2027-01-31')
    browser = shop.browser(fresh=True)
    told = browser.get('/').text
    assert '2027年1月31日' in told and '2027年2月7日' in told
    clock(own, '2027-01-31 23:59')
    own.sql('update daicho.session set seen_at = daicho.clock() where tenant = %s', args=(shop.name,))
    job = own.export('customers', shop)
    own.wait_job(job, shop)
    assert shop.api('GET', f'/jobs/{job}/file').status == 200 and browser.get('/').status == 200
    clock(own, '2027-02-01 00:01')
    own.sql('update daicho.session set seen_at = daicho.clock() where tenant = %s', args=(shop.name,))
    assert shop.api('POST', '/registers/customers/exports', json={}).status == 401
    assert shop.api('GET', f'/jobs/{job}/file').status == 401 and browser.get('/').status == 303
    assert own.browser().post('/login', {'tenant': shop.name, 'login': 'admin', 'password': shop.admin.password}).status == 401
    assert until(lambda: own.sql('select count(*) from daicho.session where tenant = %s', args=(shop.name,)) == [(0,)])
    with pytest.raises(Refused):
        own.cli('tenant', 'keep', shop.name)


def test_a_cancellation_is_taken_back_until_the_last_day_is_over(own, shop):
    with pytest.raises(Refused, match='must be today or later'):
        own.cli('tenant', 'cancel', shop.name, '--last-day', '2027-01-19')
    for day in ('2027-02-30', 'soon', ''):
        with pytest.raises(Refused, match='--last-day YYYY-MM-DD'):
            own.cli('tenant', 'cancel', shop.name, '--last-day', day)
    with pytest.raises(Refused):
        own.cli('tenant', 'keep', shop.name)                 # nothing to take back
    own.cli('tenant', 'cancel', shop.name, '--last-day', '2027-01-20')     # today is a last day, too
    assert own.cli('tenant', 'cancel', shop.name, '--last-day', '2027-12-31')['erase_at'] == '2028-01-07T00:00:00+09:00'
    own.cli('tenant', 'keep', shop.name)
    clock(own, '2028-02-01 00:00')
    assert own.sql('select ends_at, erase_at, state from daicho.tenant where name = %s', args=(shop.name,)) == [(None, None, 'active')]
    assert shop.api('GET', '/registers/customers/records').status == 200


def test_no_process_erases_what_is_not_due(own, shop):
    import psycopg
    for role in ('daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli', 'daicho_sso'):
        with own.connect(role) as db:
            for call in (f"select daicho.tenant_erase('{shop.name}', 'x')", 'select daicho.tenant_end_due()', 'select daicho.tenant_erase_due()', 'select * from daicho.erasure'):
                if role == 'daicho_jobs' and 'due()' in call:
                    assert db.execute(call).fetchone() == (None,)
                else:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        db.execute(call)
                db.rollback()
    assert shop.api('GET', '/registers/customers/records').status == 200


def test_the_operator_erases_at_once_and_a_certificate_stays(own, shop):
    own.cli('tenant', 'end', shop.name, '--confirm', shop.name)
    certificate = own.cli('tenant', 'erasures')[-1]
    assert certificate['tenant'] == shop.name and certificate['ended_at'] is None and certificate['erased_by'] not in ('system', '')
    assert traces(own, shop.name) == ({}, [], []) or until(lambda: traces(own, shop.name) == ({}, [], []))
    assert shop.api('GET', '/registers/customers/records').status == 401
