"""Rounds: work that comes again, for each record of a condition or once for the register. Periods are made by the house, whatever stood still meanwhile; what was missed stays
missed; when something was done is what the clock says, one at a time. That time has passed is said to the house by putting back what comes next of who takes part."""
import datetime, json, threading

import psycopg
import pytest

from cluster import scope
from house import DAICHO, until

ASSETS = '''
name: assets
title: {ja: 機器, en: Assets}
items:
  - {name: code, type: text, title: 番号, required: true, unique: true, list: true, searchable: true}
  - {name: sort, type: choice, title: 種類, choices: [pc, server, phone]}
  - {name: owner, type: account, title: 管理者}
  - {name: memo, type: text, title: メモ}
rounds:
  - name: stock
    title: {ja: 棚卸し, en: Stocktaking}
    only: {item: sort, op: in, value: [pc, server]}
    every: {months: 1, day: 31}
    within: {days: 10}
    assignee: item:owner
    group: 担当者
    results: [良好, 要対応]
    note: true
    ladder:
      - {before: {days: 3}, to: [assignee]}
      - {after: {hours: 0}, to: [managers], notice: escalation}
  - name: patch
    title: {ja: 更新の確認, en: Updates}
    after: {days: 90}
    within: {days: 7}
    group: 担当者
  - name: meeting
    title: {ja: 定例会, en: Meeting}
    for: register
    every: {weekdays: [mon]}
    calendar: business
    closed: next
    within: {business_days: 1}
    assignee: account:admin
'''


def define(shop, yaml, state='done'):
    made = shop.api('POST', '/registers', body=yaml.encode(), headers={'Content-Type': 'application/yaml'})
    if made.status == 409:
        made = shop.api('PUT', '/registers/assets', body=yaml.encode(), headers={'Content-Type': 'application/yaml'})
    assert made.status == 202, made
    job = shop.house.wait_job(made.json()['job'], shop)
    assert job['state'] == state, job
    return job


@pytest.fixture(scope='module')
def shop(house):
    shop = house.tenant(registers=())
    assert shop.admin and shop.staff and shop.viewer
    define(shop, ASSETS)
    return shop


numbers = iter(range(1, 10000))


def asset(shop, **items):
    made = shop.api('POST', '/registers/assets/records', json={'code': f'A{next(numbers)}', **items})
    assert made.status == 201, made
    return made.json()['id']


def change(shop, id, **items):
    version = shop.api('GET', f'/registers/assets/records/{id}').json()['version']
    assert shop.api('PATCH', f'/registers/assets/records/{id}', json=items, headers={'If-Match': f'"{version}"'}).status == 200


def members(shop, name, record=None):
    return shop.house.sql("select since, left_at, (next_at at time zone 'Asia/Tokyo')::text, day::text from daicho.round_member where tenant = %s and name = %s and coalesce(record, 0) = %s order by id",
                          args=(shop.name, name, record or 0))


def put_back(shop, name, record, days, since=400):
    """Its next period began `days` ago, on that day as the rule has it, and nobody has looked since."""
    shop.house.sql("update daicho.round_member m set since = daicho.clock() - make_interval(days => %s), day = x.day, next_at = x.day::timestamp at time zone 'Asia/Tokyo' "
                   "from (select (daicho.clock() at time zone 'Asia/Tokyo')::date - %s as day) x where tenant = %s and name = %s and coalesce(record, 0) = %s",
                   args=(since, days, shop.name, name, record or 0))


def periods(shop, name, record=None):
    """Oldest first: (beginning, state, open)."""
    return shop.house.sql("select (d.started_at at time zone 'Asia/Tokyo')::date::text, daicho.duty_state(d.due_at, d.stopped_at, d.void_at), d.stopped_at is null and d.void_at is null "
                          "from daicho.duty d where d.tenant = %s and d.kind = 'round' and d.clock = %s and coalesce(d.record, 0) = %s order by d.started_at", args=(shop.name, name, record or 0))


def made(shop, name, record=None, at_least=1):
    assert until(lambda: len(periods(shop, name, record)) >= at_least and members(shop, name, record)[-1][2] > shop.house.sql("select (daicho.clock() at time zone 'Asia/Tokyo')::text")[0][0], 20), \
        (periods(shop, name, record), members(shop, name, record))
    return periods(shop, name, record)


def duty_of(shop, name, record=None):
    return shop.house.sql("select max(id) from daicho.duty where tenant = %s and kind = 'round' and clock = %s and coalesce(record, 0) = %s", args=(shop.name, name, record or 0))[0][0]


def call(shop, who, method, path, body=None):
    return shop.account(who).browser().request(method, '/api/v1' + path, json_body=body if body is not None or method == 'GET' else {}, headers={'Accept': 'application/json'})


def rule(**more):
    return json.dumps({'once': False, 'every': None, 'rest': None, 'unit': 'days', 'count': 3, 'group': 'x', 'ladder': [], 'results': [], 'note': False, **more})


def firsts(shop, rule_, from_, days=730):
    return [r[0] for r in shop.house.sql("select distinct (s.start_at at time zone 'Asia/Tokyo')::text from daicho.round_simulate(%s, %s::timestamp at time zone 'Asia/Tokyo', %s) s order by 1",
                                         args=(rule_, from_, days))]


# when periods begin ------------------------------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def inside(shop):
    """Inside the contract, for functions that ask whose calendars they see."""
    with shop.house.connect('daicho_web') as db:
        db.prepare_threshold, db.autocommit = 0, False
        db.execute('select set_config(%s, %s, true)', ['role', scope('daicho_web', shop.name)], prepare=True)
        yield lambda rule_, from_, days=730: [(r[0], r[1]) for r in db.execute(
            "select (s.start_at at time zone 'Asia/Tokyo')::text, (s.at at time zone 'Asia/Tokyo')::text from daicho.round_simulate(%s::jsonb, %s::timestamp at time zone 'Asia/Tokyo', %s::int) s "
            "where s.what = 'due'", (rule_, from_, days), prepare=True).fetchall()]
        db.rollback()


def test_days_are_clamped_to_the_end_of_their_month_and_leap_years_have_theirs(inside):
    days = [a[:10] for a, b in inside(rule(every={'months': 1, 'month': 1, 'day': 31}), '2027-12-31 00:00', 731)]
    assert days[:5] == ['2028-01-31', '2028-02-29', '2028-03-31', '2028-04-30', '2028-05-31'] and '2029-02-28' in days and len(days) == 24
    assert [a[:10] for a, b in inside(rule(every={'months': 3, 'month': 4, 'day': 25}), '2027-01-25 00:00', 366)] == ['2027-04-25', '2027-07-25', '2027-10-25', '2028-01-25']
    assert [a[:10] for a, b in inside(rule(every={'months': 12, 'month': 2, 'day': 29}), '2027-01-01 00:00', 1000)] == ['2027-02-28', '2028-02-29', '2029-02-28']
    assert [a[:10] for a, b in inside(rule(every={'weekdays': [1, 4]}), '2027-01-03 12:00', 9)] == ['2027-01-04', '2027-01-07', '2027-01-11']
    # after an interval: from the day it was due when nobody does it, months clamped
    assert inside(rule(rest={'days': 90}), '2027-01-01 10:00', 200) == [('2027-04-01 00:00:00', '2027-04-04 00:00:00'), ('2027-07-03 00:00:00', '2027-07-06 00:00:00')]
    assert [a[:10] for a, b in inside(rule(rest={'months': 1}, count=1), '2027-01-31 10:00', 40)] == ['2027-02-28']
    # a deadline never lies behind the beginning of the next one
    assert inside(rule(every={'weekdays': [1, 2, 3, 4, 5, 6, 7]}), '2027-01-01 12:00', 2)[0] == ('2027-01-02 00:00:00', '2027-01-02 23:59:59.999')


def test_closed_days_move_or_are_left_out(inside):
    month = {'every': {'months': 1, 'month': 1, 'day': 3}, 'calendar': 'business'}
    start = lambda way, from_='2027-04-06 00:00', days=40, **more: [a[:10] for a, b in inside(rule(**{**month, **more}, closed=way), from_, days)]
    assert start('next') == ['2027-05-06'] and start('before') == ['2027-04-30'] and start('skip') == [] and start('open') == ['2027-05-03']      # three holidays behind a weekend
    # Mondays: a holiday moves to Tuesday; with Tuesdays, too, the two are one
    mondays = {'every': {'weekdays': [1]}}
    assert start('next', '2027-01-05 00:00', 14, **mondays) == ['2027-01-12', '2027-01-18'] and start('skip', '2027-01-05 00:00', 14, **mondays) == ['2027-01-18']
    assert start('next', '2027-01-05 00:00', 8, every={'weekdays': [1, 2]}) == ['2027-01-12']
    due = inside(rule(every={'weekdays': [5]}, calendar='business', closed='skip', unit='business_days', count=1), '2027-01-07 00:00', 3)
    assert due == [('2027-01-08 00:00:00', '2027-01-12 18:00:00')]                                # Monday is a holiday


def test_a_day_that_becomes_a_holiday_moves_what_has_not_begun(shop):
    calendar = [c for c in shop.api('GET', '/calendars').json()['calendars'] if c['name'] == 'business'][0]['id']
    day, before = members(shop, 'meeting')[0][3], members(shop, 'meeting')[0][2]
    if before[:10] != day:
        return                                                                                     # it is a holiday already
    put = lambda state: call(shop, 'admin', 'POST', f'/calendars/{calendar}/days', {'day': day, 'state': state, 'note': '臨時休業'})
    assert put('closed').status < 300
    moved = members(shop, 'meeting')[0]
    assert moved[3] == day and moved[2] > before
    assert put('open').status < 300 and members(shop, 'meeting')[0][2] == before


# who takes part ------------------------------------------------------------------------------------------------------------------------------------------------
def test_late_joiners_begin_with_the_next_period_and_leavers_are_dropped(shop):
    phone, pc = asset(shop, sort='phone'), asset(shop, sort='pc')
    assert members(shop, 'stock', phone) == [] and len(members(shop, 'stock', pc)) == 1 and periods(shop, 'stock', pc) == []
    change(shop, phone, sort='server')
    assert members(shop, 'stock', phone)[0][2:] == members(shop, 'stock', pc)[0][2:]
    put_back(shop, 'stock', pc, 5)
    put_back(shop, 'stock', phone, 15)
    assert [(p[1], p[2]) for p in made(shop, 'stock', pc)] == [('running', True)] and made(shop, 'stock', phone)[-1][1:] in [('missed', True), ('running', True)]
    missed = [p for p in periods(shop, 'stock', phone) if p[1] == 'missed']
    assert missed
    # in time it does not apply any more; what was missed before stays so
    change(shop, pc, sort='phone')
    change(shop, phone, memo='x')
    assert periods(shop, 'stock', pc)[-1][1:] == ('void', False) and members(shop, 'stock', pc) == []
    assert shop.api('DELETE', f'/registers/assets/records/{phone}', headers={'If-Match': '"3"'}).status == 204
    assert members(shop, 'stock', phone) == [] and all(not p[2] for p in periods(shop, 'stock', phone)) and [p for p in periods(shop, 'stock', phone) if p[1] == 'missed'] == [
        (p[0], 'missed', False) for p in missed]
    # back again: from the next one on
    change(shop, pc, sort='pc')
    assert periods(shop, 'stock', pc)[-1][1] == 'void' and len(periods(shop, 'stock', pc)) == 1 and members(shop, 'stock', pc)[0][2] > shop.house.sql('select now()::text')[0][0]


def test_who_left_while_nothing_ran_has_what_began_before(shop):
    """Three periods passed unseen; it left in the middle of the second."""
    id = asset(shop, sort='pc')
    put_back(shop, 'patch', id, 150)
    shop.house.sql("update daicho.round_member set left_at = daicho.clock() - interval '52 days' where tenant = %s and name = 'patch' and record = %s", args=(shop.name, id))
    assert until(lambda: members(shop, 'patch', id) == [], 20)
    found = periods(shop, 'patch', id)                                                             # 150 days ago, and 97 later: 53 days ago
    assert [p[1:] for p in found] == [('missed', False), ('void', False)], found


# downtime ---------------------------------------------------------------------------------------------------------------------------------------------------------
def test_all_periods_of_a_downtime_are_missed_and_the_last_is_open(shop):
    id = asset(shop, sort='server', owner='staff')
    put_back(shop, 'stock', id, 200)
    found = made(shop, 'stock', id, 6)
    assert all(p[1:] == ('missed', False) for p in found[:-1]) and found[-1][2] and 6 <= len(found) <= 8
    months = [p[0][:7] for p in found[1:]]
    assert len(set(months)) == len(months)
    assert shop.house.sql("select count(*) from daicho.duty where id = %s and assignee = %s", args=(duty_of(shop, 'stock', id), shop.staff.id)) == [(1,)]
    # of the missed ones none can be done, by whatever way
    oldest = shop.house.sql("select min(id) from daicho.duty where tenant = %s and clock = 'stock' and record = %s", args=(shop.name, id))[0][0]
    assert call(shop, 'staff', 'POST', f'/duties/{oldest}/done', {'result': '良好', 'note': 'x'}).status == 409
    entry = [e for e in shop.log(own=True) if e['kind'] == 'round' and e['verb'] == 'create'][-1]
    assert entry['actor_kind'] == 'system' and entry['detail']['made'] >= 1
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        shop.house.sql('update daicho.duty set void_at = null where id = %s', args=(oldest,))


def test_two_runners_and_one_that_is_killed_make_each_period_once(shop, house):
    ids = [asset(shop, sort='pc') for _ in range(6)]
    house.sql("update daicho.tenant set state = 'suspended' where name = %s", args=(shop.name,))              # the house's own processes keep out of it
    try:
        for id in ids:
            put_back(shop, 'stock', id, 100)
            put_back(shop, 'patch', id, 100)
        mine = f'select set_config(\'role\', \'{scope("daicho_jobs", shop.name)}\', true)'

        def runner():
            db = house.connect('daicho_jobs')
            db.prepare_threshold, db.autocommit = 0, False
            db.execute(mine, (), prepare=True)
            return db
        dead = runner()
        assert dead.execute('select made from daicho.round_turn(7)', (), prepare=True).fetchone()[0] == 7
        house.sql('select pg_terminate_backend(%s)', args=(dead.info.backend_pid,))
        dead.close()
        a, b = runner(), runner()
        first = a.execute('select made from daicho.round_turn(9)', (), prepare=True).fetchone()[0]
        second = b.execute('select made from daicho.round_turn(1000)', (), prepare=True).fetchone()[0]         # waits for nobody, takes the others
        assert first == 9 and second > 0
        a.commit(), b.commit()
        results = []

        def work():
            db = runner()
            results.append(db.execute('select made from daicho.round_turn(1000)', (), prepare=True).fetchone()[0])
            db.commit()
            db.close()
        threads = [threading.Thread(target=work) for _ in range(3)]
        [t.start() for t in threads], [t.join() for t in threads]
        work()
        a.close(), b.close()
        made_ = house.sql("select count(*), count(distinct (clock, record, started_at)), min(n), max(n) from (select *, count(*) over (partition by clock, record) as n from daicho.duty "
                          "where tenant = %s and kind = 'round' and record = any (%s)) d", args=(shop.name, ids))[0]
        assert made_[0] == made_[1] == first + second + sum(results) and made_[0] >= 6 * (3 + 2), made_
        assert house.sql("select count(*) from daicho.duty where tenant = %s and kind = 'round' and record = any (%s) and stopped_at is null and void_at is null", args=(shop.name, ids))[0][0] == 12
        db = house.connect('daicho_web')
        db.prepare_threshold, db.autocommit = 0, False
        db.execute(mine, (), prepare=True)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute('select daicho.round_turn(1)', (), prepare=True)
        db.close()
    finally:
        house.sql("update daicho.tenant set state = 'active' where name = %s", args=(shop.name,))


# done -----------------------------------------------------------------------------------------------------------------------------------------------------------------
def test_done_is_said_once_by_somebody_and_kept(shop):
    id = asset(shop, sort='pc', owner='staff')
    put_back(shop, 'stock', id, 2)
    made(shop, 'stock', id)
    duty = duty_of(shop, 'stock', id)
    path = f'/duties/{duty}/done'
    about = call(shop, 'staff', 'GET', f'/duties/{duty}').json()
    assert about['round']['can'] and about['round']['results'] == ['良好', '要対応'] and about['duty']['kind'] == 'round' and about['duty']['mine'] and about['steps']
    assert duty in {d['id'] for d in call(shop, 'staff', 'GET', '/duties?limit=200').json()['duties']}
    for wrong in ({}, {'result': '良好'}, {'note': 'x'}, {'result': '不明', 'note': 'x'}, {'result': '良好', 'note': ' '}):
        assert call(shop, 'staff', 'POST', path, wrong).status == 422, wrong
    for dated in ({'done_at': '2026-01-01T00:00:00+09:00'}, {'at': '2026-01-01'}):                              # there is no way to say when
        assert call(shop, 'staff', 'POST', path, {'result': '良好', 'note': 'x', **dated}).status == 422
    assert call(shop, 'viewer', 'POST', path, {'result': '良好', 'note': 'x'}).status == 403
    assert call(shop, 'staff', 'POST', path, {'result': '要対応', 'note': 'シールがはがれている'}).status == 204
    assert call(shop, 'staff', 'POST', path, {'result': '良好', 'note': 'x'}).status == 409                      # what is done stays as it was
    assert periods(shop, 'stock', id) == [(periods(shop, 'stock', id)[0][0], 'met', False)]
    entry = [e for e in shop.log() if e['kind'] == 'duty' and e['verb'] == 'update' and (e['detail'] or {}).get('register') == 'assets'][-1]
    assert (entry['actor'], entry['detail']['result'], entry['detail']['record']) == ('staff', '要対応', id)
    kept = shop.api('GET', f'/registers/assets/records/{id}/rounds').json()['rounds']
    one = [r for r in kept if r['name'] == 'stock'][0]['periods'][0]
    assert (one['state'], one['done_by'], one['result'], one['note']) == ('met', 'staff', '要対応', 'シールがはがれている')
    page = shop.staff.browser()
    for address in f'/registers/assets/records/{id}', f'/duties/{duty}':
        text = page.get(address).text
        assert '要対応' in text and 'シールがはがれている' in text and 'staff' in text, address
    # late: behind its deadline, while the next one has not begun; an interval begins anew when it was done
    put_back(shop, 'patch', id, 10)
    assert made(shop, 'patch', id)[-1][1:] == ('missed', True)
    before = members(shop, 'patch', id)[0][2]
    assert call(shop, 'staff', 'POST', f'/duties/{duty_of(shop, "patch", id)}/done', {}).status == 204
    assert periods(shop, 'patch', id)[-1][1:] == ('late', False)
    today = shop.house.sql("select (daicho.clock() at time zone 'Asia/Tokyo')::date")[0][0]
    assert members(shop, 'patch', id)[0][2][:10] == str(today + datetime.timedelta(days=90)) > before[:10]


def test_what_was_missed_while_nothing_ran_is_not_done_in_between(shop, house):
    """The next period has begun, and only its row is not there yet."""
    id = asset(shop)
    put_back(shop, 'patch', id, 3)
    made(shop, 'patch', id)
    duty = duty_of(shop, 'patch', id)
    house.sql("update daicho.round_member set next_at = daicho.clock() where tenant = %s and name = 'patch' and record = %s", args=(shop.name, id))
    assert call(shop, 'staff', 'POST', f'/duties/{duty}/done', {}).status == 409


def test_once_for_the_register(shop):
    put_back(shop, 'meeting', None, 30)
    found = made(shop, 'meeting', None, 4)
    assert len(found) in (4, 5) and all(p[1] == 'missed' for p in found[:-1])
    duty = call(shop, 'admin', 'GET', f'/duties/{duty_of(shop, "meeting")}').json()
    assert duty['duty']['record'] is None and duty['duty']['path'] == '/registers/assets/rounds' and duty['duty']['assignee'] == shop.admin.id
    assert '定例会' in shop.admin.browser().get('/duties').text


# raw SQL ----------------------------------------------------------------------------------------------------------------------------------------------------------------
def test_no_statement_of_a_contract_makes_moves_or_ends_a_period(shop, house):
    id = asset(shop, sort='pc')
    other = asset(shop, sort='pc')
    for one in id, other:
        put_back(shop, 'stock', one, 2)
        made(shop, 'stock', one)
    duties = [duty_of(shop, 'stock', one) for one in (id, other)]
    elsewhere = house.tenant(registers=())
    for login in 'daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli':
        with house.connect(login) as db:
            db.prepare_threshold, db.autocommit = 0, False
            for tenant in shop.name, elsewhere.name:
                db.execute('select set_config(%s, %s, true)', ['role', scope(login, tenant)], prepare=True)
                db.execute('savepoint s', (), prepare=True)
                for table in 'round_member', 'round_done':
                    assert db.execute(f'select distinct tenant from daicho.{table}', (), prepare=True).fetchall() in ([], [(shop.name,)] if tenant == shop.name else [])
                for attempt in ("update daicho.duty set stopped_at = due_at", 'delete from daicho.duty', "update daicho.round_member set next_at = 'infinity'", 'delete from daicho.round_member',
                                f"insert into daicho.round_done (duty_id, tenant, account_id, person_id, done_by, done_at) values ({duties[0]}, '{shop.name}', 1, 1, 'x', '2020-01-01')",
                                'update daicho.round_done set done_at = now()', 'delete from daicho.round_done', f"select daicho.round_leave('{shop.name}', 1, 'stock', '{{{id}}}')",
                                f"select daicho.round_join('{shop.name}', 1, 'stock', '{{{id}}}')", f"select daicho.round_settle('{shop.name}', 1, 'stock', '{{{id}}}', '{{f}}')",
                                f"select daicho.round_rule_set('{shop.name}', 1, 'assets', '[]')", f"select daicho.round_gone('{shop.name}', 1, '{{{id}}}')",
                                f"select daicho.round_lay('{shop.name}', 1, true)", "update daicho.clock_rule set rule = '{}'",
                                "select daicho.round_whose(null, '{}')") + (() if login == 'daicho_jobs' else ('select daicho.round_turn(9)',)):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        db.execute(attempt, (), prepare=True)
                    db.execute('rollback to s', (), prepare=True)
                # nobody in particular does nothing, nor does another contract
                assert {r[0] for r in db.execute("select daicho.round_finish(d, '良好', 'x') from unnest(%s::bigint[]) d", (duties,), prepare=True).fetchall()} <= {'unknown', 'forbidden', 'person'}
                db.rollback()
    # the account of a person, all of them in one statement, or one after another in one transaction: refused, and nothing is done
    with house.connect() as db:                                                                      # who acts is said as a session says it
        db.autocommit = False
        db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", (f't_{shop.name}', f'account:{shop.staff.id}:staff'))
        db.execute('savepoint s')
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            db.execute("select daicho.round_finish(d, '良好', 'x') from unnest(%s::bigint[]) d", (duties,))
        db.execute('rollback to s')
        assert db.execute("select daicho.round_finish(%s, '良好', 'x')", (duties[0],)).fetchone() == ('done',)
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            db.execute("select daicho.round_finish(%s, '良好', 'x')", (duties[1],))
        db.rollback()
    assert [periods(shop, 'stock', one)[-1][1] for one in (id, other)] == ['running', 'running']
    # not even the owner dates anything back, begins it done, or does it without saying who
    for attempt in ("update daicho.duty set stopped_at = started_at where id = %s", "update daicho.duty set stopped_at = daicho.clock() where id = %s",
                    "update daicho.duty set due_at = due_at + interval '1 day' where id = %s", "update daicho.duty set started_at = started_at - interval '1 day' where id = %s",
                    "insert into daicho.duty (tenant, kind, rule_id, register_id, register, clock, record, started_at, due_at, due_first) select tenant, kind, rule_id, register_id, register, clock, "
                    "record, daicho.clock() + interval '1 day', daicho.clock() + interval '2 days', due_first from daicho.duty where id = %s"):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            house.sql(attempt, args=(duties[0],))


# definitions ---------------------------------------------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('old,new,line', [
    ('every: {months: 1, day: 31}', 'every: {months: 5}', 13), ('every: {months: 1, day: 31}', 'every: {fortnights: 1}', 13), ('day: 31}', 'day: 32}', 13),
    ('every: {months: 1, day: 31}', 'every: {months: 1}\n    after: {days: 3}', 10), ('after: {days: 90}', 'after: {days: 0}', 24), ('after: {days: 90}', 'after: 90', 24),
    ('weekdays: [mon]', 'weekdays: [moon]', 30), ('weekdays: [mon]', 'weekdays: []', 30), ('closed: next', 'closed: never', 32), ('calendar: business\n    closed', 'closed', 27),
    ('calendar: business', 'calendar: lunar', 0), ('assignee: item:owner', 'assignee: item:memo', 15), ('assignee: account:admin', 'assignee: account:nobody', 0),
    ('assignee: account:admin', 'assignee: item:owner', 34), ('assignee: account:admin', 'note: true', 27), ('group: 担当者\n    results', 'group: nobody\n    results', 0),
    ('for: register', 'for: everybody', 29), ('for: register', 'for: register\n    only: {item: sort, op: eq, value: pc}', 30), ('op: in, value: [pc, server]', 'op: in, value: [car]', 12),
    ('within: {days: 7}', 'within: {days: 0}', 25), ('within: {days: 7}\n    ', '', 22), ('name: patch', 'name: stock', 22), ('results: [良好, 要対応]', 'results: [良好, 良好]', 17), ('note: true', 'note: perhaps', 18),
    ('to: [managers]', 'to: [everybody]', 21), ('note: true', 'backdate: true', 18)])
def test_mistakes_in_rounds_are_told_with_their_line(shop, old, new, line):
    assert old in ASSETS
    answer = shop.api('POST', '/registers?plan=1', body=ASSETS.replace(old, new, 1).encode(), headers={'Content-Type': 'application/yaml'})
    assert answer.status == 422, answer.json()
    assert line == 0 or any(e.get('line') == line for e in answer.json()['errors']), answer.json()


def test_a_definition_changes_what_begins_from_then_on(house):
    shop = house.tenant(registers=())
    assert shop.admin
    define(shop, ASSETS)
    pc, phone = asset(shop, sort='pc'), asset(shop, sort='phone')
    put_back(shop, 'stock', pc, 2)
    made(shop, 'stock', pc)
    # another condition: who meets it now; another day: from the next one
    define(shop, ASSETS.replace('[pc, server]}', '[phone]}').replace('day: 31', 'day: 15').replace('棚卸し', '点検'))
    assert members(shop, 'stock', pc) == [] and members(shop, 'stock', phone)[0][3][-2:] == '15' and periods(shop, 'stock', pc)[-1][1:] == ('void', False)
    assert [r['title'] for r in shop.api('GET', '/registers/assets/rounds').json()['rounds']] == ['点検', '更新の確認', '定例会']
    # nothing but the title: nothing moves
    before = members(shop, 'patch', pc)
    define(shop, ASSETS.replace('[pc, server]}', '[phone]}').replace('day: 31', 'day: 15').replace('更新の確認', '更新'))
    assert members(shop, 'patch', pc) == before and shop.api('GET', '/registers/assets/rounds').json()['rounds'][1]['title'] == '更新'
    # values of conditions cannot leave the trigger; the YAML comes back as it was
    nasty = "x') or true; $daicho$ drop table tenant.r_assets; -- \\' é"
    define(shop, ASSETS.replace('only: {item: sort, op: in, value: [pc, server]}', 'only: {item: memo, op: eq, value: ' + json.dumps(nasty) + '}'))
    assert members(shop, 'stock', asset(shop, sort='pc')) == [] and members(shop, 'stock', asset(shop, memo=nasty)) != []
    # taken away: what is open does not apply any more, and the plan says so
    put_back(shop, 'patch', phone, 2)
    made(shop, 'patch', phone)
    gone = ASSETS[:ASSETS.index('rounds:')]
    plan = shop.api('PUT', '/registers/assets?plan=1', body=gone.encode(), headers={'Content-Type': 'application/yaml'}).json()['plan']
    assert plan['rounds'] == 0 and plan['rounds_ended'] == 1 and any('対象外' in str(line) or 'open end' in str(line) for line in plan['lines']), plan
    define(shop, gone)
    assert periods(shop, 'patch', phone)[-1][1:] == ('void', False)
    assert house.sql('select count(*) from daicho.round_member where tenant = %s', args=(shop.name,)) == [(0,)]
    asset(shop)
    # a register that is deleted and comes back: nothing began meanwhile
    define(shop, ASSETS)
    put_back(shop, 'patch', phone, 2)
    made(shop, 'patch', phone)
    job = shop.api('DELETE', '/registers/assets', json={'confirm': 'assets'}).json()['job']
    assert house.wait_job(job, shop)['state'] == 'done'
    put_back(shop, 'stock', pc, 200)
    assert house.sql("select count(*) from daicho.round_member where tenant = %s and not laid", args=(shop.name,)) == [(0,)]
    assert shop.api('GET', '/duties?which=team').json()['duties'] == []


def test_a_simulation_tells_what_comes(shop, tmp_path):
    (tmp_path / 'assets.yaml').write_text(ASSETS)
    told = shop.house.cli('register', 'simulate', '--tenant', shop.name, str(tmp_path / 'assets.yaml'), '--days', '100', '--from', '2026-12-28T12:00:00+09:00')['falls']
    assert [(f['starts'], f['at']) for f in told if f['clock'] == 'stock' and f['what'] == 'due'] == [('2026/12/31 00:00', '2027/01/10 00:00'), ('2027/01/31 00:00', '2027/02/10 00:00'),
                                                                                          ('2027/02/28 00:00', '2027/03/10 00:00'), ('2027/03/31 00:00', '2027/04/10 00:00')]
    assert {f['what'] for f in told} == {'due', 'reminder', 'escalation'} and [f['starts'] for f in told if f['clock'] == 'meeting'][0] == '2027/01/04 00:00'


# pages ------------------------------------------------------------------------------------------------------------------------------------------------------------------------
def test_the_page_of_a_round_shows_every_period_of_every_record(shop):
    id = asset(shop, sort='pc')
    put_back(shop, 'stock', id, 100)
    made(shop, 'stock', id, 3)
    model = shop.api('GET', '/registers/assets/rounds?round=stock').json()
    row = [r for r in model['rows'] if r['record'] == id][0]
    assert row['heading'].startswith('A') and row['member'] and [p['state'] for p in row['periods']][1:] == ['missed'] * (len(row['periods']) - 1)
    assert model['periods'] == sorted(model['periods'], key=lambda p: p['at'], reverse=True) and len(model['periods']) <= 12
    assert sum(model['periods'][0][s] for s in ('met', 'late', 'missed', 'running', 'void')) == len([1 for r in model['rows'] for p in r['periods'] if p['started_at'] == model['periods'][0]['at']])
    page = shop.admin.browser()
    for address in '', '?round=stock', '?round=patch', '?round=meeting':
        answer = page.get('/registers/assets/rounds' + address)
        assert answer.status == 200 and 'round-grid' in answer.text, address
    assert page.get('/registers/assets/rounds?round=none').status == 404 and '棚卸し' in page.get('/registers/assets').text
    assert f'href="/duties/{duty_of(shop, "stock", id)}"' in page.get(f'/registers/assets/records/{id}').text
