"""Calendars: Japan's national holidays by rule, and business time. What is known of past years stands here as facts; the rest are properties."""
import datetime, random

import pytest

from cluster import scope

D = datetime.date
# As announced (Cabinet Office, 国民の祝日); month and day. What stands for a Sunday and between two holidays included.
YEARS = {
    1948: '9-23 11-3 11-23',
    1959: '1-1 1-15 3-21 4-10 4-29 5-3 5-5 9-24 11-3 11-23',
    1973: '1-1 1-15 2-11 3-21 4-29 4-30 5-3 5-5 9-15 9-23 9-24 10-10 11-3 11-23',
    1988: '1-1 1-15 2-11 3-20 3-21 4-29 5-3 5-4 5-5 9-15 9-23 10-10 11-3 11-23',
    1989: '1-1 1-2 1-15 1-16 2-11 2-24 3-21 4-29 5-3 5-4 5-5 9-15 9-23 10-10 11-3 11-23 12-23',
    2000: '1-1 1-10 2-11 3-20 4-29 5-3 5-4 5-5 7-20 9-15 9-23 10-9 11-3 11-23 12-23',
    2009: '1-1 1-12 2-11 3-20 4-29 5-3 5-4 5-5 5-6 7-20 9-21 9-22 9-23 10-12 11-3 11-23 12-23',
    2019: '1-1 1-14 2-11 3-21 4-29 4-30 5-1 5-2 5-3 5-4 5-5 5-6 7-15 8-11 8-12 9-16 9-23 10-14 10-22 11-3 11-4 11-23',
    2020: '1-1 1-13 2-11 2-23 2-24 3-20 4-29 5-3 5-4 5-5 5-6 7-23 7-24 8-10 9-21 9-22 11-3 11-23',
    2021: '1-1 1-11 2-11 2-23 3-20 4-29 5-3 5-4 5-5 7-22 7-23 8-8 8-9 9-20 9-23 11-3 11-23',
    2024: '1-1 1-8 2-11 2-12 2-23 3-20 4-29 5-3 5-4 5-5 5-6 7-15 8-11 8-12 9-16 9-22 9-23 10-14 11-3 11-4 11-23',
    2025: '1-1 1-13 2-11 2-23 2-24 3-20 4-29 5-3 5-4 5-5 5-6 7-21 8-11 9-15 9-23 10-13 11-3 11-23 11-24',
    2026: '1-1 1-12 2-11 2-23 3-20 4-29 5-3 5-4 5-5 5-6 7-20 8-11 9-21 9-22 9-23 10-12 11-3 11-23',
}


@pytest.fixture(scope='module')
def name(cluster):
    name = cluster.database()
    for tenant in 'acme', 'beta':
        cluster.tenant(name, tenant)
    return name


@pytest.fixture(scope='module')
def inside(cluster, name):
    """A statement as the house runs it, in the contract acme."""
    with cluster.connect(name, 'daicho_web') as db:
        db.prepare_threshold = 0

        def run(sql, *args):
            db.execute('select set_config(%s, %s, true)', ['role', 't_acme'], prepare=True)
            try:
                return db.execute(sql, args, prepare=True).fetchall()
            finally:
                db.rollback()
        yield run


@pytest.fixture(scope='module')
def calendars(inside):
    return dict(inside('select name, id from daicho.calendar'))


def at(inside, function, calendar, when, *more):
    """What a function of the calendar says of a moment in Japan, as people write it."""
    marks = ''.join(', %s' for _ in more)
    return inside(f"select to_char(daicho.{function}(%s, %s::timestamp at time zone 'Asia/Tokyo'{marks}) at time zone 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI:SS')",
                  calendar, when, *more)[0][0]


def opened(inside, calendar, when):
    return inside("select daicho.calendar_open(%s, %s::timestamp at time zone 'Asia/Tokyo')", calendar, when)[0][0]


@pytest.mark.parametrize('year', YEARS)
def test_national_holidays_of_years_that_were_announced(inside, year):
    told = [f'{d.month}-{d.day}' for d, in inside('select day from daicho.holiday where extract(year from day) = %s order by day', year)]
    assert told == YEARS[year].split()


def test_the_reason_of_a_day_off_is_known(inside):
    names = dict(inside("select day, name from daicho.holiday where day between '2019-04-29' and '2019-05-06' or day in ('2026-09-22', '2019-10-22', '1989-02-24', '2024-02-12')"))
    assert [names[D(2019, 4, 29) + datetime.timedelta(i)] for i in range(8)] == ['showa', 'between', 'accession', 'between', 'constitution', 'greenery', 'children', 'substitute']
    assert (names[D(2026, 9, 22)], names[D(2019, 10, 22)], names[D(1989, 2, 24)], names[D(2024, 2, 12)]) == ('between', 'enthronement', 'funeral', 'substitute')


def test_rules_hold_in_every_year(inside):
    days = {d for d, in inside('select day from daicho.holiday')}
    assert min(days) == D(1948, 9, 23) and max(days).year == 2099
    for d in days:                                                          # no Sunday is lost, no single day between two is worked
        after = d + datetime.timedelta(1)
        if d.year >= 2007 and d.isoweekday() == 7:
            while after in days and after.isoweekday() != 1 and after + datetime.timedelta(1) in days:
                after += datetime.timedelta(1)
            assert after in days, d
        if d >= D(1985, 12, 27) and d.year < 2099 and d + datetime.timedelta(2) in days and after.isoweekday() != 7:
            names = dict(inside('select day, name from daicho.holiday where day in (%s, %s)', d, d + datetime.timedelta(2)))
            assert after in days or set(names.values()) & {'substitute', 'between'}, d
    assert all(D(y, 5, 4) in days for y in range(2007, 2100)) and all(12 <= sum(d.year == y for d in days) <= 22 for y in range(1967, 2100))
    assert [d for d, in inside('select day from daicho.holiday where name in (%s, %s) and extract(day from day) not between 19 and 24', 'spring', 'autumn')] == []


def test_syn_3_9_3_a_support_answers_on_weekdays_from_10_to_12_and_13_to_18(inside, calendars):
    support = calendars['support']
    assert opened(inside, support, '2026-11-24 10:00') and opened(inside, support, '2026-11-24 11:59:59') and opened(inside, support, '2026-11-24 17:59')
    for closed in ('2026-11-24 12:30', '2026-11-24 12:00', '2026-11-24 18:01', '2026-11-24 18:00', '2026-11-24 09:59:59', '2026-11-23 10:00', '2026-11-22 10:00',
                   '2026-12-28 10:00', '2027-01-04 10:00', '2026-12-31 10:00', '2026-09-22 14:00'):
        assert not opened(inside, support, closed), closed
    assert opened(inside, support, '2027-01-05 10:00') and opened(inside, support, '2026-12-25 13:00')


def test_syn_3_9_3_c_an_answer_is_due_by_the_next_business_day(inside, calendars):
    def due(when):
        return at(inside, 'calendar_day_add', calendars['support'], when, 1)
    assert due('2026-11-27 17:00') == '2026-11-30 18:00:00'                 # Friday to Monday
    assert due('2026-11-20 17:00') == '2026-11-24 18:00:00'                 # Monday is Labour Thanksgiving Day
    assert due('2026-11-21 09:00') == '2026-11-24 18:00:00'                 # on a Saturday
    assert due('2026-12-25 17:00') == '2027-01-05 18:00:00'                 # over the turn of the year
    assert due('2026-11-24 23:59:59') == '2026-11-25 18:00:00'


def test_business_hours_leave_out_the_break_and_the_night(inside, calendars):
    def add(when, minutes):
        return at(inside, 'calendar_add', calendars['support'], when, minutes)
    assert add('2026-11-24 11:30', 60) == '2026-11-24 13:30:00' and add('2026-11-24 10:00', 120) == '2026-11-24 12:00:00'
    assert add('2026-11-24 17:59:30', 1) == '2026-11-25 10:00:30' and add('2026-11-20 17:00', 8 * 60) == '2026-11-24 18:00:00'
    assert add('2026-11-20 17:00', 60) == '2026-11-20 18:00:00' and add('2026-11-20 17:00', 61) == '2026-11-24 10:01:00'
    assert add('2026-11-24 13:30', -60) == '2026-11-24 11:30:00' and add('2026-11-24 10:01', -61) == '2026-11-20 17:00:00'
    assert add('2026-11-24 12:30', 0) == '2026-11-24 12:30:00'


def test_months_are_calendar_months_and_end_with_the_month(inside):
    def months(when, n):
        return inside("select to_char(daicho.months_add(%s::timestamp at time zone 'Asia/Tokyo', %s) at time zone 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI')", when, n)[0][0]
    assert months('2027-01-31 10:00', 1) == '2027-02-28 10:00' and months('2028-01-31 10:00', 1) == '2028-02-29 10:00'
    assert months('2026-11-30 00:30', 3) == '2027-02-28 00:30' and months('2027-01-15 23:59', 1) == '2027-02-15 23:59' and months('2028-02-29 09:00', 12) == '2029-02-28 09:00'


def test_business_time_added_and_taken_away_is_the_same_moment_and_never_goes_back(inside, calendars):
    lot = random.Random(20261123)
    moments = [datetime.datetime(2019, 4, 1) + datetime.timedelta(minutes=lot.randrange(3 * 525600)) for _ in range(60)]
    for calendar in calendars.values():
        rows = inside("""
            select a, b, n, daicho.calendar_between(%s, a, b), daicho.calendar_add(%s, b, -n), daicho.calendar_open(%s, a), daicho.calendar_add(%s, a, n + 1),
                daicho.calendar_day_add(%s, a, 3)
            from (select t at time zone 'Asia/Tokyo' as a, n, daicho.calendar_add(%s, t at time zone 'Asia/Tokyo', n) as b
                from unnest(%s::timestamp[], %s::int[]) x (t, n)) y""", *[calendar] * 6, moments, [lot.randrange(1, 6000) for _ in moments])
        assert len(rows) == 60
        for a, b, n, between, back, was_open, later, days in rows:
            assert b > a and between == n and later > b and days > a
            assert back == a if was_open else back >= a, (a, b, n, back)    # from a closed hour on, time begins with the next open one


# Who changes them ------------------------------------------------------------------------------------------------------------------------------------
def test_raw_sql_of_a_contract_reads_its_own_calendars_and_changes_none(cluster, name):
    for login in 'daicho_web', 'daicho_jobs', 'daicho_cli':
        with cluster.connect(name, login) as db:
            db.prepare_threshold = 0
            db.execute('select set_config(%s, %s, true)', ['role', scope(login, 'acme')], prepare=True)
            db.execute('savepoint s', (), prepare=True)
            assert db.execute('select distinct tenant from daicho.calendar', (), prepare=True).fetchall() == [('acme',)]
            other = 'select id from daicho.calendar where tenant = $$beta$$'
            assert db.execute(other, (), prepare=True).fetchall() == []
            for attempt in ("update daicho.calendar set title = 'x'", "insert into daicho.calendar_day (tenant, calendar_id, day, note) values ('acme', 1, '2026-01-05', 'x')",
                            'delete from daicho.holiday', "insert into daicho.holiday values ('2026-06-10', 'mine')", 'select daicho.holiday_rules(2026)',
                            "select daicho.calendar_day_write(1, '2026-06-10', false, null, 'mine')", "select daicho.calendar_first('beta')"):
                with pytest.raises(Exception, match='permission denied|calendars are changed'):
                    db.execute(attempt, (), prepare=True)
                db.execute('rollback to s', (), prepare=True)
            db.rollback()
    with cluster.connect(name, 'daicho_web') as db:                         # another contract's calendar is none
        theirs = [i for i, in cluster.connect(name).execute("select id from daicho.calendar where tenant = 'beta'")]
        db.prepare_threshold = 0
        db.execute('select set_config(%s, %s, true)', ['role', 't_acme'], prepare=True)
        assert db.execute("select daicho.calendar_hours(%s, '2026-11-24')", [theirs[0]], prepare=True).fetchall() == [(None,)]


# In a house ------------------------------------------------------------------------------------------------------------------------------------------
def of(shop, name):
    return next(c for c in shop.api('GET', '/calendars').json()['calendars'] if c['name'] == name)


def test_syn_3_9_3_a_company_holidays_are_a_maintained_table(tenant):
    support = of(tenant, 'support')
    assert (support['weekdays'], support['hours'], support['holidays'], support['yearly']) == ([1, 2, 3, 4, 5], '10:00-12:00, 13:00-18:00', True, '12/28〜1/4')
    path = f'/calendars/{support["id"]}'

    def day(when):
        return next(d for d in tenant.api('GET', f'{path}?year=2026').json()['days'] if d['day'] == when)
    assert len(tenant.api('GET', f'{path}?year=2028').json()['days']) == 366 and day('2026-06-10')['open'] and not day('2026-06-13')['open']
    assert tenant.api('POST', path + '/days', json={'day': '2026-06-10', 'state': 'closed', 'note': '創立記念日'}).status == 204
    assert (day('2026-06-10')['open'], day('2026-06-10')['special'], day('2026-06-10')['note']) == (False, True, '創立記念日')
    page = tenant.browser().get(f'{path}?year=2026')
    assert page.status == 200 and 'title="創立記念日"' in page.text and 'title="国民の休日"' in page.text and '>2026年<' in page.text and page.text.count('<table class="month">') == 12
    entry, = [e for e in tenant.log() if e['kind'] == 'calendar' and e['verb'] == 'update']
    assert (entry['verb'], entry['subject_id'], entry['detail']['note']) == ('update', support['id'], '創立記念日')
    # as usual again; once is enough
    assert tenant.api('POST', path + '/days', json={'day': '2026-06-10', 'state': 'usual'}).status == 204 and day('2026-06-10')['open']
    assert tenant.api('POST', path + '/days', json={'day': '2026-06-10', 'state': 'usual'}).status == 409


def test_syn_3_9_3_b_longer_hours_are_one_day_and_say_why(tenant):
    path = f'/calendars/{of(tenant, "support")["id"]}'
    assert tenant.api('POST', path + '/days', json={'day': '2026-06-13', 'state': 'open', 'hours': '9:00〜24:00'}).status == 422
    assert tenant.api('POST', path + '/days', json={'day': '2026-06-13', 'state': 'open', 'hours': '9:00〜24:00', 'note': '障害対応'}).status == 204
    days = {d['day']: d for d in tenant.api('GET', f'{path}?year=2026').json()['days']}
    assert days['2026-06-13']['hours'] == '09:00-24:00' and days['2026-06-20']['hours'] is None and days['2026-06-12']['hours'] == '10:00-12:00, 13:00-18:00'


def test_calendars_are_made_changed_and_refused_with_a_reason(tenant):
    made = tenant.api('POST', '/calendars', json={'name': 'factory', 'title': '工場', 'weekdays': [1, 2, 3, 4, 5, 6], 'hours': '8:30-17:15', 'holidays': False, 'yearly': '12/30〜1/3、8/13～8/15'})
    assert made.status == 201 and made.json()['calendar']['yearly'] == '12/30〜1/3、8/13〜8/15' and made.json()['calendar']['hours'] == '08:30-17:15'
    path = f'/calendars/{made.json()["calendar"]["id"]}'
    assert tenant.api('PATCH', path, json={'weekdays': [1]}, headers={'If-Match': '"1"'}).json()['calendar']['weekdays'] == [1]
    assert tenant.api('PATCH', path, json={'title': 'x'}, headers={'If-Match': '"1"'}).status == 412
    for bad in ({'hours': '10:00'}, {'hours': '12:00-10:00'}, {'hours': '10:00-12:00, 11:00-13:00'}, {'hours': '0:00-25:00'}, {'hours': ''}, {'yearly': '2/30'}, {'yearly': '13/1'},
                {'weekdays': []}, {'weekdays': [8]}, {'title': ' '}, {'yearly': 'x'}):
        assert tenant.api('PATCH', path, json=bad, headers={'If-Match': '"2"'}).status == 422, bad
    assert tenant.api('POST', '/calendars', json={'name': 'Factory', 'title': 'x'}).status == 422 and tenant.api('POST', '/calendars', json={'name': 'factory', 'title': 'x'}).status == 409
    assert tenant.api('GET', path + '?year=2100').status == 422 and tenant.api('GET', path + '?year=1948').status == 200
    for day in '1947-12-31', '2100-01-01', '2026-02-29':
        assert tenant.api('POST', path + '/days', json={'day': day, 'state': 'closed', 'note': 'x'}).status == 422
    # everybody looks, who may set the policy changes
    staff = tenant.staff.browser()
    assert staff.get(path).status == 200 and 'name="note"' not in staff.get(path).text and staff.post(path + '/days', {'day': '2026-06-10', 'state': 'closed', 'note': 'x'}).status == 403
