"""Clocks of registers: declared in YAML, started and stopped by their records in the same transaction, told by a ladder. What was missed stays missed."""
import datetime, json

import psycopg
import pytest

from cluster import scope
from house import House, until

INCIDENTS = '''
name: incidents
title: {ja: インシデント, en: Incidents}
items:
  - {name: subject, type: text, title: {ja: 件名, en: Subject}, required: true}
  - {name: rank, type: choice, title: {ja: ランク, en: Rank}, choices: [S, A, B]}
  - {name: detected_at, type: datetime, title: {ja: 検知日時, en: Detected}}
  - {name: reported_at, type: datetime, title: {ja: 受付日時, en: Reported}}
  - {name: found_on, type: date, title: {ja: 発見日, en: Found}}
  - {name: notified_at, type: datetime, title: {ja: 第一報日時, en: Notified}}
  - {name: severity, type: choice, title: {ja: 深刻度, en: Severity}, choices: [critical, high, medium, low]}
  - {name: state, type: choice, title: {ja: 状態, en: State}, choices: [open, closed]}
clocks:
  - name: first_notice
    title: {ja: 第一報, en: First notice}
    since: [detected_at, reported_at]
    only: {item: rank, op: in, value: [S, A]}
    stop: notified_at
    within: {hours: 24}
    group: 担当者
    ladder:
      - {before: {hours: 4}, to: [assignee]}
      - {after: {hours: 0}, to: [managers], notice: escalation, repeat: {every: {hours: 2}, times: 2}}
  - name: answer
    title: {ja: 回答, en: Answer}
    stop: {item: state, op: eq, value: closed}
    within: {business_days: 1}
    calendar: support
  - name: fix
    title: {ja: 修正, en: Fix}
    start: severity
    since: found_on
    only: {item: severity, op: eq, value: medium}
    stop: {item: state, op: eq, value: closed}
    within: {months: 1}
'''


@pytest.fixture(scope='module')
def own():
    """A house whose clock can be set."""
    house = House.start(conf={'web_workers': 2, 'auth_workers': 1, 'job_workers': 1, 'seal_seconds': 1})
    yield house
    house.close()


def clock(house, when):
    """It is `when` in Japan, and goes on from there."""
    house.sql("select daicho.rehearse(%s::timestamp at time zone 'Asia/Tokyo' - now())", args=(when,))


@pytest.fixture
def shop(own):
    clock(own, '2026-11-24 09:00')
    shop = own.tenant(registers=())
    define(shop, INCIDENTS)
    return shop


def define(shop, yaml, state='done'):
    made = shop.api('POST', '/registers', body=yaml.encode(), headers={'Content-Type': 'application/yaml'})
    if made.status == 409:
        made = shop.api('PUT', '/registers/incidents', body=yaml.encode(), headers={'Content-Type': 'application/yaml'})
    assert made.status == 202, made
    job = shop.house.wait_job(made.json()['job'], shop)
    assert job['state'] == state, job


def incident(shop, **items):
    made = shop.api('POST', '/registers/incidents/records', json={'subject': 'x', **items})
    assert made.status == 201, made
    return made.json()['id']


def change(shop, id, **items):
    version = shop.api('GET', f'/registers/incidents/records/{id}').json()['version']
    answer = shop.api('PATCH', f'/registers/incidents/records/{id}', json=items, headers={'If-Match': f'"{version}"'})
    assert answer.status == 200, answer


def tokyo(text):
    return datetime.datetime.fromisoformat(text).astimezone(datetime.timezone(datetime.timedelta(hours=9))).strftime('%Y-%m-%d %H:%M:%S')


def duties(shop, which='team', **more):
    return shop.api('GET', '/duties?' + '&'.join(f'{k}={v}' for k, v in {'which': which, **more}.items())).json()['duties']


def duty(shop, record, title):
    found = [d for which in ('team', 'done') for d in duties(shop, which, limit=200) if d['record'] == record and d['title'] == title]
    assert len(found) <= 1
    return found[0] if found else None


# starting ---------------------------------------------------------------------------------------------------------------------------------------------
def test_reg_7_2_a_the_time_runs_from_the_earliest_moment_anybody_knew(shop):
    id = incident(shop, rank='S', detected_at='2026-11-24T08:00:00+09:00', reported_at='2026-11-24T07:30:00+09:00')
    d = duty(shop, id, '第一報')
    assert (tokyo(d['started_at']), tokyo(d['due_at']), d['state'], d['group']) == ('2026-11-24 07:30:00', '2026-11-25 07:30:00', 'running', '担当者')
    # typed later, or into the future: never later than the moment it was written down
    id = incident(shop, rank='A', detected_at='2026-12-24T08:00:00+09:00')
    assert tokyo(duty(shop, id, '第一報')['started_at'])[:16] == '2026-11-24 09:00'
    # only where the rank asks for it; when it does later on, from the moment it was known all the same
    id = incident(shop, rank='B', detected_at='2026-11-24T06:00:00+09:00')
    assert duty(shop, id, '第一報') is None
    change(shop, id, rank='S')
    assert tokyo(duty(shop, id, '第一報')['due_at']) == '2026-11-25 06:00:00'


def test_syn_3_8_2_a_an_edit_moves_neither_start_nor_deadline(shop):
    id = incident(shop, rank='S', detected_at='2026-11-24T08:00:00+09:00')
    for moment in '2026-11-24T08:59:00+09:00', '2026-11-23T08:00:00+09:00', None:
        change(shop, id, detected_at=moment)
        assert tokyo(duty(shop, id, '第一報')['started_at']) == '2026-11-24 08:00:00'
    # lowered and raised again: the same clock, the same deadline
    change(shop, id, rank='B')
    assert duty(shop, id, '第一報')['state'] == 'void'
    change(shop, id, rank='S')
    assert (duty(shop, id, '第一報')['state'], tokyo(duty(shop, id, '第一報')['due_at'])) == ('running', '2026-11-25 08:00:00')


def test_reg_13_1_c_a_month_ends_with_the_month_and_an_answer_comes_by_the_next_business_day(shop):
    id = incident(shop, severity='medium', found_on='2026-01-31')
    assert tokyo(duty(shop, id, '修正')['due_at']) == '2026-02-28 00:00:00' and duty(shop, id, '修正')['state'] == 'missed'
    clock(shop.house, '2026-11-20 17:00')
    assert tokyo(duty(shop, incident(shop), '回答')['due_at']) == '2026-11-24 18:00:00'          # Monday is a holiday
    clock(shop.house, '2026-11-27 17:00')
    assert tokyo(duty(shop, incident(shop), '回答')['due_at']) == '2026-11-30 18:00:00'          # syn-3.9.3-c: Friday to Monday


def plan(shop, yaml):
    look = shop.api('PUT', '/registers/incidents?plan=1', body=yaml.encode(), headers={'Content-Type': 'application/yaml'})
    return look.json().get('plan', look.json())


def test_a_clock_that_is_taken_away_ends_and_one_that_comes_later_says_for_whom_it_starts(shop):
    running = incident(shop, rank='S', detected_at='2026-11-24T08:00:00+09:00')
    missed = incident(shop, rank='A', detected_at='2026-11-20T08:00:00+09:00')
    head, rest = INCIDENTS.split('  - name: first_notice')
    without = head + '  - name: answer' + rest.split('  - name: answer')[1]
    told = plan(shop, without)
    assert [(c['name'], c['ends']) for c in told['clocks']] == [('first_notice', 2)] and any('動いている2件' in line['text'] or '2 that run' in line['text'] for line in told['lines'])
    define(shop, without)
    d = duty(shop, running, '第一報')
    assert (d['state'], d['why'], d['open']) == ('void', 'rule', False) and duty(shop, missed, '第一報')['state'] == 'missed' and duty(shop, missed, '第一報')['why'] == 'rule'
    change(shop, running, rank='A')
    assert duty(shop, running, '第一報')['state'] == 'void' and duty(shop, running, '回答')['state'] == 'running'
    # it comes again, for new records only: whatever is done to the others, none begins
    later = INCIDENTS.replace("    group: 担当者", "    group: 担当者\n    records: new", 1)
    assert [(c['name'], c['later'], c['starts']) for c in plan(shop, later)['clocks']] == [('first_notice', True, 0)]
    define(shop, later)
    change(shop, running, rank='S')
    new = incident(shop, rank='S')
    assert duty(shop, running, '第一報')['why'] == 'rule' and duty(shop, new, '第一報')['state'] == 'running'
    define(shop, later.replace('hours: 24', 'hours: 20'))                   # changed otherwise: still not for those
    change(shop, running, rank='A')
    assert duty(shop, running, '第一報')['why'] == 'rule'
    # for all: those that meet it and have none begin now
    told = plan(shop, INCIDENTS)
    assert [(c['name'], c['starts']) for c in told['clocks']] == [('first_notice', 2)]
    define(shop, INCIDENTS)
    assert shop.sql("select record, count(*) from daicho.duty where tenant = %s and clock = 'first_notice' and void_at is null group by 1 order by 1", (shop.name,)) == [(running, 1), (missed, 1), (new, 1)]
    # a clock that asks for an item which comes with it cannot be counted beforehand
    more = INCIDENTS.replace('clocks:', '  - {name: urgent, type: boolean, title: 至急}\nclocks:\n  - {name: rush, title: 至急, start: urgent, stop: notified_at, within: {hours: 1}}')
    assert [(c['name'], c['starts']) for c in plan(shop, more)['clocks']] == [('rush', None)]
    define(shop, more)


# missing ------------------------------------------------------------------------------------------------------------------------------------------------
def test_mer_10_1_c_in_time_to_the_second_and_a_breach_is_not_edited_away(shop):
    kept, late = (incident(shop, rank='S', detected_at='2026-11-24T08:00:00+09:00') for _ in range(2))
    clock(shop.house, '2026-11-25 07:59:50')
    change(shop, kept, notified_at='2026-11-25T07:59:50+09:00')
    assert duty(shop, kept, '第一報')['state'] == 'met'
    clock(shop.house, '2026-11-25 08:00:01')
    assert [d['record'] for d in duties(shop, 'overdue') if d['title'] == '第一報'] == [late]
    change(shop, late, notified_at='2026-11-25T07:00:00+09:00')                                  # back-dated: when it was written counts
    d = duty(shop, late, '第一報')
    assert (d['state'], d['stopped_by'], tokyo(d['ended_at'])[:16]) == ('late', 'test', '2026-11-25 08:00') or d['state'] == 'late'
    for edit in ({'notified_at': None}, {'detected_at': '2026-11-25T07:59:00+09:00'}, {'rank': 'B'}, {'rank': 'S'}):
        change(shop, late, **edit)
        assert duty(shop, late, '第一報')['state'] == 'missed', edit
    change(shop, late, notified_at='2026-11-25T08:30:00+09:00')
    assert duty(shop, late, '第一報')['state'] == 'late'
    # nor by deleting the record
    gone = incident(shop, rank='S', detected_at='2026-11-23T08:00:00+09:00')
    assert shop.api('DELETE', f'/registers/incidents/records/{gone}', headers={'If-Match': '"1"'}).status == 204
    assert (duty(shop, gone, '第一報')['state'], duty(shop, gone, '第一報')['open']) == ('missed', False)


def test_clocks_run_with_whatever_writes_the_records(shop):
    """An import, a change of many, its undoing: the same clocks, in the transaction of the work."""
    file = '件名,ランク,検知日時\n' + ''.join(f'件{i},{"SAB"[i % 3]},2026-11-24 08:00\n' for i in range(30))
    job = shop.house.wait_job(shop.house.import_file('incidents', file.encode(), shop), shop)
    assert job['state'] == 'done', job
    assert shop.house.sql("select count(*) from daicho.duty where tenant = %s and clock = 'first_notice' and stopped_at is null", args=(shop.name,)) == [(20,)]
    plan = shop.api('GET', '/registers/incidents/bulk/new?action=set&set={"rank":"B"}').json()
    order = {'action': 'set', 'set': {'rank': 'B'}, 'count': plan['count'], 'digest': plan['digest']}
    batch = shop.api('POST', '/registers/incidents/bulk', json=order).json()['id']
    shop.house.wait_job(batch, shop)
    assert {d['state'] for d in duties(shop, 'done', limit=200) if d['title'] == '第一報'} == {'void'}
    shop.house.wait_job(shop.api('POST', f'/registers/incidents/bulk/{batch}/undo', json={}).json()['id'], shop)
    assert shop.house.sql("select count(*) from daicho.duty where tenant = %s and clock = 'first_notice' and stopped_at is null and void_at is null", args=(shop.name,)) == [(20,)]


# telling ------------------------------------------------------------------------------------------------------------------------------------------------
def mails(shop, kind):
    return shop.house.sql('select recipient, subject, body from daicho.notice where tenant = %s and kind = %s order by id', args=(shop.name, kind))


def test_syn_3_8_2_a_the_ladder_is_climbed_with_no_page_open(shop):
    assert shop.admin and shop.account('tanto', group='担当者')
    shop.house.sql("update daicho.account set email = login || '@example.jp' where tenant = %s", args=(shop.name,))
    id = incident(shop, rank='S', detected_at='2026-11-24T08:00:00+09:00')
    assert not mails(shop, 'duty_reminder')
    clock(shop.house, '2026-11-25 04:00:01')
    assert until(lambda: mails(shop, 'duty_reminder'), 20)
    told = mails(shop, 'duty_reminder')
    assert [m[0] for m in told] == ['tanto@example.jp'] and '第一報' in told[0][1] and f'/duties/{duty(shop, id, "第一報")["id"]}' in told[0][2] and not mails(shop, 'duty_escalation')
    # three times in all: at the deadline, and twice more; what fell due while nobody was there is told once
    clock(shop.house, '2026-11-25 08:00:02')
    managers = shop.house.sql("select count(*) from daicho.account where tenant = %s and 'account.manage' = any (string_to_array(words, ' ')) and email is not null", args=(shop.name,))[0][0]
    assert managers and until(lambda: len(mails(shop, 'duty_escalation')) == managers, 20)
    clock(shop.house, '2026-11-25 15:00')
    assert until(lambda: len(mails(shop, 'duty_escalation')) == 2 * managers, 20)
    clock(shop.house, '2026-11-26 15:00')
    waiting = 'select count(next_at) from daicho.duty where tenant = %s and record = %s and clock = %s'
    assert until(lambda: shop.house.sql(waiting, args=(shop.name, id, 'first_notice')) == [(0,)], 20)
    assert len(mails(shop, 'duty_escalation')) == 2 * managers and len(mails(shop, 'duty_reminder')) == 1
    entry = [e for e in shop.log(own=True) if e['kind'] == 'duty' and e['verb'] == 'alert'][-1]
    assert entry['actor_kind'] == 'system' and entry['detail']['messages'] == managers
    # nobody is told of what is done
    done = incident(shop, rank='S')
    change(shop, done, notified_at='2026-11-26T15:00:00+09:00')
    assert shop.house.sql('select next_at from daicho.duty where tenant = %s and record = %s and clock = %s', args=(shop.name, done, 'first_notice')) == [(None,)]


# exceptions ---------------------------------------------------------------------------------------------------------------------------------------------
def call(shop, who, method, path, body=None):
    return shop.account(who).browser(fresh=True).request(method, '/api/v1' + path, json_body=body if body is not None or method == 'GET' else {}, headers={'Accept': 'application/json'})


def test_a_deadline_rests_only_when_a_second_person_agrees(shop):
    assert shop.admin and shop.deputy
    d = duty(shop, incident(shop, rank='S', detected_at='2026-11-24T08:00:00+09:00'), '第一報')
    path = f'/duties/{d["id"]}'
    ask = {'reason': '調査機関の回答を待つ', 'until': '2026-11-26T09:00:00+09:00'}
    assert shop.api('POST', path + '/pause', json=ask).status in (403, 404)                       # a key is no person
    assert call(shop, 'admin', 'POST', path + '/pause', ask).status == 204 and call(shop, 'deputy', 'POST', path + '/pause', ask).status == 409
    assert tokyo(duty(shop, d['record'], '第一報')['due_at']) == '2026-11-25 08:00:00' and duty(shop, d['record'], '第一報')['asked']
    assert call(shop, 'admin', 'POST', path + '/pause/decide', {'decision': 'approve'}).status == 403
    assert call(shop, 'deputy', 'POST', path + '/pause/decide', {'decision': 'approve'}).status == 204
    after = duty(shop, d['record'], '第一報')                                                     # 23 hours were left, and are again
    assert tokyo(after['due_at'])[:16] == '2026-11-27 07:59' or tokyo(after['due_at'])[:16] == '2026-11-27 08:00'
    assert tokyo(after['due_first_at']) == '2026-11-25 08:00:00' and tokyo(after['started_at']) == '2026-11-24 08:00:00'
    clock(shop.house, '2026-11-28 09:00')
    assert call(shop, 'admin', 'POST', path + '/pause', ask).status == 409                        # past its deadline nothing rests


# definitions -----------------------------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('old,new,line', [
    ('within: {hours: 24}', 'within: {fortnights: 1}', 19), ('stop: notified_at', 'stop: nothing', 18), ('since: [detected_at, reported_at]', 'since: [subject]', 16),
    ('calendar: support', 'calendar: lunar', 0), ('group: 担当者', 'group: nobody', 0), ('to: [managers]', 'to: [everybody]', 23), ('{before: {hours: 4}, to', '{to', 22),
    ('within: {business_days: 1}\n    calendar: support', 'within: {business_days: 1}', 24), ('op: in, value: [S, A]}', 'op: contains, value: S}', 17),
    ('name: answer', 'name: first_notice', 24), ('within: {months: 1}', 'within: {months: 1000}', 35), ('times: 2', 'times: 0', 23), ('op: eq, value: medium', 'op: eq, value: huge', 33),
    ('within: {hours: 24}', 'within: {hours: 24}\n    calendar: support', 20)])
def test_mistakes_in_clocks_are_told_with_their_line(own, old, new, line):
    assert old in INCIDENTS
    shop = getattr(own, 'lines_shop', None) or own.tenant(registers=())
    own.lines_shop = shop
    answer = shop.api('POST', '/registers', body=INCIDENTS.replace(old, new, 1).encode(), headers={'Content-Type': 'application/yaml'})
    assert answer.status == 422, answer
    assert line == 0 or any(e.get('line') == line for e in answer.json()['errors']), answer.json()


def test_a_changed_rule_is_for_clocks_that_begin_from_then_on(shop):
    old = incident(shop, rank='S', detected_at='2026-11-24T08:00:00+09:00')
    waiting = incident(shop, rank='B')
    define(shop, INCIDENTS.replace('within: {hours: 24}', 'within: {hours: 48}'))
    new = incident(shop, rank='S', detected_at='2026-11-24T08:00:00+09:00')
    assert [tokyo(duty(shop, id, '第一報')['due_at'])[:10] for id in (old, new)] == ['2026-11-25', '2026-11-26']
    change(shop, old, notified_at='2026-11-24T09:00:00+09:00')
    assert duty(shop, old, '第一報')['state'] == 'met' and duty(shop, waiting, '第一報') is None
    # a clock that goes away starts no more, and what runs ends with it; one that comes looks at the records that are there
    define(shop, INCIDENTS[:INCIDENTS.index('clocks:')])
    assert duty(shop, incident(shop, rank='S'), '第一報') is None and duty(shop, new, '第一報')['why'] == 'rule'
    define(shop, INCIDENTS.replace('only: {item: rank, op: in, value: [S, A]}', 'only: {item: rank, op: eq, value: B}').replace('first_notice', 'second_notice').replace('第一報, en', '第二報, en'))
    assert duty(shop, waiting, '第二報')['state'] == 'running'


def test_values_of_conditions_cannot_leave_the_trigger(shop):
    nasty = "x') or true; $daicho$ drop table tenant.r_incidents; -- \\' é"
    yaml = INCIDENTS.replace('only: {item: rank, op: in, value: [S, A]}', 'only: {item: subject, op: eq, value: ' + json.dumps(nasty) + '}')
    define(shop, yaml)
    assert duty(shop, incident(shop, rank='S'), '第一報') is None and duty(shop, incident(shop, subject=nasty), '第一報')['state'] == 'running'


# raw SQL ------------------------------------------------------------------------------------------------------------------------------------------------
def test_reg_13_1_a_no_statement_of_a_contract_writes_a_deadline(shop):
    id = incident(shop, rank='S', detected_at='2026-11-24T08:00:00+09:00')
    other = shop.house.tenant(registers=())
    for login in 'daicho_web', 'daicho_jobs', 'daicho_cli':
        with shop.house.connect(login) as db:
            db.prepare_threshold, db.autocommit = 0, False
            for tenant in shop.name, other.name:
                db.execute('select set_config(%s, %s, true)', ['role', scope(login, tenant)], prepare=True)
                db.execute('savepoint s', (), prepare=True)
                seen = db.execute('select distinct tenant from daicho.duty', (), prepare=True).fetchall()
                assert seen in ([], [(shop.name,)] if tenant == shop.name else [])
                for attempt in ("update daicho.duty set due_at = due_at + interval '1 day'", 'delete from daicho.duty', "update daicho.clock_rule set rule = '{}'",
                                f"select daicho.clock_settle('{shop.name}', 1, 'first_notice', '{{{id}}}', '{{null}}', '{{t}}', '{{t}}', '{{t}}')",
                                f"select daicho.clock_gone('{shop.name}', 1, '{{{id}}}')", "insert into daicho.duty_pause (tenant, duty_id, reason, until_at, asked_person, asked_by) values ('x', 1, 'x', now(), 1, 'x')",
                                f"select daicho.clock_rule_set('{shop.name}', 1, 'incidents', '[]')", "select daicho.duty_feed_read('x', '-')", 'select * from daicho.duty_feed',
                                'select daicho.duty_people(null, null, null)') + (() if login == 'daicho_jobs' else ('select * from daicho.duty_fire(9)',)):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        db.execute(attempt, (), prepare=True)
                    db.execute('rollback to s', (), prepare=True)
                db.rollback()
    # not even the owner makes a missed one met
    clock(shop.house, '2026-11-25 08:00:05')
    for attempt in ("update daicho.duty set due_at = due_at + interval '1 day'", "update daicho.duty set started_at = started_at + interval '1 hour'",
                    "update daicho.duty set stopped_at = due_at", "update daicho.duty set void_at = due_at"):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            shop.house.sql(attempt + " where tenant = %s and clock = 'first_notice'", args=(shop.name,))
