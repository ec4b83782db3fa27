"""The end of a contract: a last day, nothing after it, everything erased on the seventh of the month after; by itself, with a certificate."""
import json
import os
import signal
import subprocess
import threading

import pytest

from house import BUILD, House, Refused, until
from test_jobs import runners_paused

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
    with pytest.raises(Refused, match='must not be after the year 2999'):
        own.cli('tenant', 'cancel', shop.name, '--last-day', '9999-12-31')
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


# When things go wrong -------------------------------------------------------------------------------------------------------------------------------------

def waiting(house):
    """The jobs process that waits for a lock of ours is in the middle of erasing."""
    return house.sql("select pid from pg_stat_activity where usename = 'daicho_jobs' and wait_event_type = 'Lock'")


def test_a_process_killed_in_the_middle_of_erasing_leaves_everything_and_another_ends_it(own, shop):
    other = own.tenant()
    other.api('POST', '/registers/customers/records', json={'email': 'stays@example.jp', 'family_name': '残る', 'given_name': '花'})
    kept = own.export('customers', other)
    own.wait_job(kept, other)
    for _ in range(3):
        own.wait_job(own.export('customers', shop), shop)
    want = {t: n for t, n in traces(own, shop.name)[0].items() if t not in ('session', 'notice')}
    files = [own.dir / 'files' / path for (path,) in own.sql('select result_file from daicho.job where tenant = %s and result_file is not null', args=(shop.name,))]
    before = traces(own, other.name)[0]['api_key'], own.sql(f'select count(*) from t_{other.name}.log')[0][0]
    own.cli('tenant', 'cancel', shop.name, '--last-day', '2027-01-31')
    clock(own, '2027-02-06 23:59')
    assert until(lambda: own.cli('tenant', 'list') and own.sql('select state from daicho.tenant where name = %s', args=(shop.name,)) == [('ended',)])
    with own.connect() as db, db.transaction():
        db.execute(f'select count(*) from t_{shop.name}.r_customers')           # held until the end of this block: the schema cannot be dropped
        clock(own, '2027-02-07 00:00')
        assert until(lambda: waiting(own))
        for pid in own.workers('jobs'):
            os.kill(pid, signal.SIGKILL)
        assert db.execute(f'select count(*) from t_{shop.name}.r_customers').fetchone() == (1,)
        assert {t: n for t, n in traces(own, shop.name)[0].items() if t in want} == want and all(f.exists() for f in files)
        assert shop.name not in [c['tenant'] for c in own.cli('tenant', 'erasures')]
    assert until(lambda: shop.name in [c['tenant'] for c in own.cli('tenant', 'erasures')], seconds=30)
    certificate, = [c for c in own.cli('tenant', 'erasures') if c['tenant'] == shop.name]
    assert certificate['files'] == len(files) == 3 and certificate['records']['customers'] == 1
    assert until(lambda: traces(own, shop.name) == ({}, [], []) and not any(f.exists() for f in files)), traces(own, shop.name)
    # the other contract
    own.sql("select daicho.rehearse('0')")
    assert (traces(own, other.name)[0]['api_key'], True) == (before[0], own.sql(f'select count(*) from t_{other.name}.log')[0][0] >= before[1])
    assert other.api('GET', f'/jobs/{kept}/file').status == 200 and '残る' in other.api('GET', '/registers/customers/records').text


def test_a_file_that_cannot_be_taken_from_the_disk_now_is_taken_later(own, shop):
    """Also: a process that dies between reading the list and the disk. Nothing leads to the file any more, so the list must not forget it."""
    job = own.export('customers', shop)
    own.wait_job(job, shop)
    path, = own.sql('select result_file from daicho.job where id = %s', args=(job,))[0]
    real, away = own.dir / 'files' / path, own.dir / 'kept.csv'
    real.rename(away)
    real.mkdir()                                                                # unlink refuses it
    own.cli('tenant', 'end', shop.name, '--confirm', shop.name)
    seen = own.sql("select count(*) from pg_stat_activity where usename = 'daicho_jobs'")
    assert seen and not until(lambda: own.sql('select count(*) from daicho.withdrawn where path = %s', args=(path,)) == [(0,)], seconds=7)
    real.rmdir()
    away.rename(real)
    assert until(lambda: not real.exists()) and until(lambda: own.sql('select count(*) from daicho.withdrawn') == [(0,)])


def test_a_contract_that_cannot_be_erased_does_not_hold_up_the_others(own, shop):
    other = own.tenant()
    own.sql(f'alter table t_{shop.name}.log rename to not_log')
    try:
        own.cli('tenant', 'cancel', shop.name, '--last-day', '2027-01-30')
        own.cli('tenant', 'cancel', other.name, '--last-day', '2027-01-31')
        own.sql("update daicho.tenant set erase_at = erase_at - interval '1 hour' where name = %s", args=(shop.name,))
        clock(own, '2027-02-07 00:00')
        assert until(lambda: other.name in [c['tenant'] for c in own.cli('tenant', 'erasures')], seconds=45)
        assert own.sql("select count(*) > 0 from daicho.log where kind = 'tenant' and verb = 'delete' and result <> 'OK' and actor_kind = 'system'") == [(True,)]
    finally:
        own.sql(f'alter table t_{shop.name}.not_log rename to log')
    assert until(lambda: shop.name in [c['tenant'] for c in own.cli('tenant', 'erasures')], seconds=30)


def test_after_the_last_day_nothing_is_taken_back_whether_or_not_a_process_has_noticed(own, shop):
    """The second after the last day, before any process has looked."""
    own.cli('tenant', 'cancel', shop.name, '--last-day', '2027-01-31')
    with own.connect() as db, db.transaction():
        db.execute('select from daicho.tenant where name = %s for key share', [shop.name])      # no process gets at the row
        clock(own, '2027-01-31 23:59:59')
        assert own.cli('tenant', 'list')[-1]['state'] == 'active'
        clock(own, '2027-02-01 00:00')
        assert own.sql('select state from daicho.tenant where name = %s', args=(shop.name,)) == [('active',)]
        assert [t['state'] for t in own.cli('tenant', 'list') if t['name'] == shop.name] == ['ended']
        for command in (('keep', shop.name), ('cancel', shop.name, '--last-day', '2027-12-31'), ('resume', shop.name), ('suspend', shop.name)):
            with pytest.raises(Refused, match='has ended already'):
                own.cli('tenant', *command)
    assert until(lambda: own.sql('select state from daicho.tenant where name = %s', args=(shop.name,)) == [('ended',)])
    with pytest.raises(Refused, match='has ended already'):
        own.cli('tenant', 'resume', shop.name)
    assert own.sql('select state, ends_at is null from daicho.tenant where name = %s', args=(shop.name,)) == [('ended', False)]


def test_cancel_and_keep_at_the_same_time_are_one_after_the_other(own, shop):
    """Whichever is last stands, whole: both days or neither."""
    done = []

    def say(*words):
        try:
            own.cli('tenant', *words)
            done.append(words[0])
        except Refused as e:
            assert 'was not cancelled' in str(e)
    threads = [threading.Thread(target=say, args=words) for words in 3 * [('cancel', shop.name, '--last-day', '2027-03-31'), ('keep', shop.name)]]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert done.count('cancel') == 3
    row, = own.sql('select ends_at is null, erase_at is null, state from daicho.tenant where name = %s', args=(shop.name,))
    assert row in ((True, True, 'active'), (False, False, 'active'))


def test_the_operator_waits_for_what_is_under_way_in_the_contract(own, shop):
    with own.connect() as db, db.transaction():
        db.execute('select from daicho.tenant where name = %s for key share', [shop.name])      # as every row that points to the contract holds it
        end = threading.Thread(target=own.cli, args=('tenant', 'end', shop.name, '--confirm', shop.name))
        end.start()
        assert until(lambda: own.sql("select 1 from pg_stat_activity where usename = 'daicho_owner' and wait_event_type = 'Lock'"))
    end.join(30)
    assert own.cli('tenant', 'erasures')[-1]['tenant'] == shop.name


def test_the_operator_erases_while_an_import_runs(own, shop, tmp_path):
    """Its process holds tables on one connection and tells its progress on another: neither may wait for the other."""
    file = tmp_path / 'many.csv'
    subprocess.run([BUILD / 'gen_customers', '--rows', '40000', '--out', file], check=True)
    job = own.import_file('customers', file, shop)
    waiting = own.export('customers', shop)
    assert until(lambda: own.sql("select state = 'running' and done > 0 from daicho.job where id = %s", args=(job,)) == [(True,)])
    upload, = own.sql("select args ->> 'file' from daicho.job where id = %s", args=(job,))[0]
    own.cli('tenant', 'end', shop.name, '--confirm', shop.name)
    certificate = own.cli('tenant', 'erasures')[-1]
    assert certificate['tenant'] == shop.name and certificate['records']['customers'] == 1 and waiting > 0
    assert until(lambda: traces(own, shop.name) == ({}, [], []) and not (own.dir / 'files' / upload).exists())


def test_a_contract_does_not_end_itself(own, shop):
    """As every role of the contract, and over HTTP: its days are the operator's."""
    import psycopg
    for role in (f't_{shop.name}', f't_{shop.name}_masked', f't_{shop.name}_form', f't_{shop.name}_desk'):
        with own.connect() as db:
            for sql in ("update daicho.tenant set ends_at = '2030-01-01'", "update daicho.tenant set erase_at = now()", "update daicho.tenant set ends_at = null",
                        'delete from daicho.tenant', f"select daicho.tenant_erase('{shop.name}', 'me')", 'select daicho.tenant_end_due()',
                        'select daicho.tenant_erase_due()', 'select * from daicho.erasure', 'select * from daicho.withdrawn_take(0)',
                        'select daicho.withdrawn_gone(1)', f"select daicho.tenant_schema_drop('{shop.name}')", "select daicho.rehearse('1 year')"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), db.transaction():
                    db.execute(f'set local role {role}')
                    db.execute(sql)
    for method, path in (('POST', '/tenant/cancel'), ('DELETE', '/tenant'), ('POST', f'/tenants/{shop.name}/cancel'), ('PATCH', '/tenant')):
        assert shop.api(method, path, json={'last_day': '2027-01-31'}).status in (404, 405)


def test_an_import_that_never_began_leaves_no_upload(own, shop):
    """Cancelled while it waited."""
    with runners_paused(own):
        job = own.import_file('customers', 'email,family_name\nup@example.jp,置\n'.encode(), shop)
        path, = own.sql("select args ->> 'file' from daicho.job where id = %s", args=(job,))[0]
        assert (own.dir / 'files' / path).exists()
        assert shop.api('POST', f'/jobs/{job}/cancel').status in (200, 202)
    assert until(lambda: not (own.dir / 'files' / path).exists(), seconds=15)


# the states of a contract (doc/contract-end.md) ------------------------------------------------------------------------------------------------------
SUSPENDED = 'この契約は現在、利用を停止しています。データは保管されています。サービスの運営者にお問い合わせください'


def log_in(house, tenant, login, password):
    return house.browser().request('POST', '/api/v1/login', json_body={'tenant': tenant, 'login': login, 'password': password})


def test_grp_4_12_9_a_a_suspended_contract_is_403_for_who_may_come_in_and_nothing_for_strangers(house):
    shop = house.tenant(registers=('customers',))
    record = shop.api('POST', '/registers/customers/records', json={'email': 'kept@example.jp', 'family_name': MARK, 'given_name': '花'}).json()['id']
    staff, key, browser = shop.staff, shop.key, shop.browser('staff')
    house.cli('tenant', 'suspend', shop.name)
    # the right password, the right key: what is the matter
    for _ in range(12):                                   # …and it stays right: nothing is charged
        answer = log_in(house, shop.name, 'staff', staff.password)
        assert (answer.status, answer.json()['detail']) == (403, SUSPENDED)
    assert house.sql('select failures, locked_at from daicho.account where id = %s', args=(staff.id,)) == [(0, None)]
    answer = house.api('GET', f'/registers/customers/records/{record}', key=key)
    assert (answer.status, answer.json()['detail']) == (403, SUSPENDED)
    page = house.browser().post('/login', {'tenant': shop.name, 'login': 'staff', 'password': staff.password})
    assert page.status == 403 and SUSPENDED in page.text and 'Set-Cookie' not in page.headers
    assert browser.get('/').status == 303                 # a session there was leads nowhere
    # everybody else hears what they hear of a contract that is not there
    nowhere = log_in(house, 'no-such-contract', 'staff', staff.password)
    for login, password in (('staff', 'kX4-9qzwVb-wrong'), ('nobody', staff.password), ('', 'x')):
        other = log_in(house, shop.name, login, password)
        assert (other.status, other.content) in ((nowhere.status, nowhere.content), (422, other.content)), login
    assert nowhere.status == 401
    for wrong in ('dk_' + 'x' * 43, 'da_' + 'x' * 43):
        assert house.api('GET', '/me', key=wrong).status == 401
    revoked = shop.new_key('old')
    house.sql('update daicho.api_key set revoked_at = now() where tenant = %s and name = %s', args=(shop.name, 'old'))
    assert house.api('GET', '/me', key=revoked).status == 401
    # a refusal of its own in the contract's log, with who it was
    assert [(e['actor'], e['verb'], e['result']) for e in shop.log() if e['result'] == 'FORBIDDEN' and e['verb'] == 'login'][0] == ('staff', 'login', 'FORBIDDEN')
    # the data is kept, and is there again
    assert shop.sql('select family_name from r_customers') == [(MARK,)]
    house.cli('tenant', 'resume', shop.name)
    assert MARK in shop.api('GET', f'/registers/customers/records/{record}').text
    assert log_in(house, shop.name, 'staff', staff.password).status == 200


def test_grp_4_12_9_a_guessing_at_a_suspended_contract_is_counted_as_anywhere(house):
    shop = house.tenant(registers=())
    house.sql('update daicho.policy set lock_after = 3, alert_after = null where tenant = %s', args=(shop.name,))
    password = shop.staff.password
    house.cli('tenant', 'suspend', shop.name)
    assert {log_in(house, shop.name, 'staff', f'kX4-9qzwVb-{n}').status for n in range(4)} == {401}
    assert house.sql('select locked_at is not null from daicho.account where id = %s', args=(shop.staff.id,)) == [(True,)]
    assert log_in(house, shop.name, 'staff', password).status == 401        # locked: the right one is not told from a wrong one


def test_grp_4_12_9_a_outside_its_walls_a_suspended_contract_tells_nobody_anything(house):
    shop = house.tenant(registers=())
    password, key = shop.staff.password, shop.key
    house.cli('tenant', 'suspend', shop.name)
    house.sql("update daicho.policy set addresses = '{203.0.113.0/24}', addresses_on = true where tenant = %s", args=(shop.name,))
    assert log_in(house, shop.name, 'staff', password).status == 401 and house.api('GET', '/me', key=key).status == 401
    house.sql("update daicho.policy set addresses_on = false, certificate_required = true where tenant = %s", args=(shop.name,))
    assert log_in(house, shop.name, 'staff', password).status == 401
    house.sql("update daicho.policy set certificate_required = false where tenant = %s", args=(shop.name,))
    assert log_in(house, shop.name, 'staff', password).status == 403


def test_grp_4_12_9_a_the_states_of_a_contract_one_after_the_other(own):
    """active, suspended, active, closing, ended, erased; each with what works in it"""
    own.sql("select daicho.rehearse('0')")
    clock(own, '2027-01-20 10:00')
    shop = own.tenant(registers=('customers',))
    password = shop.staff.password
    state = lambda: [(t['state'], 'ends_at' in t) for t in own.cli('tenant', 'list') if t['name'] == shop.name]
    comes_in = lambda: log_in(own, shop.name, 'staff', password).status
    assert state() == [('active', False)] and comes_in() == 200
    own.cli('tenant', 'suspend', shop.name)
    assert state() == [('suspended', False)] and comes_in() == 403
    own.cli('tenant', 'resume', shop.name)
    own.cli('tenant', 'cancel', shop.name, '--last-day', '2027-01-31')
    assert state() == [('active', True)] and comes_in() == 200
    clock(own, '2027-02-01 00:01')
    assert until(lambda: state() == [('ended', True)]) and comes_in() == 401
    clock(own, '2027-02-07 00:01')
    assert until(lambda: state() == []) and comes_in() == 401
    own.sql("select daicho.rehearse('0')")


def test_grp_4_12_9_a_a_deleted_contract_has_no_row_in_any_table(own):
    """Every table of the database is walked, whatever it is called and whoever adds one: what still names the contract are the house's own entries about it
    and the certificate, and nothing names its people or its data."""
    own.sql("select daicho.rehearse('0')")
    shop = own.tenant(name='vanishing', registers=('customers', 'orders'))
    own.sql("update daicho.account set email = 'vanished-person@example.jp' where id = %s", args=(shop.admin.id,))
    shop.api('POST', '/registers/customers/records', json={'email': 'vanished@example.jp', 'family_name': 'vanished-value', 'given_name': '花'})
    own.wait_job(own.export('customers', shop), shop)
    shop.browser('staff')
    log_in(own, shop.name, 'admin', 'kX4-9qzwVb-wrong')
    for n in range(21):
        shop.api('GET', f'/jobs/{n + 900000}')                      # an alert
    own.cli('group', 'create', '--tenant', shop.name, 'helpers')    # a message
    tables = lambda: [t for t, in own.sql("select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                                          "where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^(pg_|information_schema)'")]
    naming = lambda word: {t for t in tables() if own.sql(f'select count(*) from {t} x where strpos(x::text, %s) > 0', args=(word,)) != [(0,)]}
    before = naming(shop.name)
    assert {'daicho.account', 'daicho.api_key', 'daicho.job', 'daicho.notice', 'daicho.policy', 'daicho.probe', 'daicho.tenant'} <= before, before
    assert f't_{shop.name}.r_customers' in naming('vanished-value') and all(t.startswith(f't_{shop.name}.') for t in naming('vanished-value'))
    own.cli('tenant', 'end', shop.name, '--confirm', shop.name)
    assert until(lambda: traces(own, shop.name) == ({}, [], [])), traces(own, shop.name)
    assert until(lambda: naming(shop.name) <= {'daicho.erasure', 'daicho.log'}), naming(shop.name)
    assert naming('vanished') == set()
    assert not any(shop.name in t for t in tables())
