"""The log is reviewed regularly, by people who did not do what they look at (mer 5-5-d); what its entries say exactly is kept as long as the contract wants, and
longer where a hold of two people keeps it (mer 5-5-f)."""
import json, time

import psycopg
import pytest

from cluster import scope
from house import House, Refused, until
from test_account import Person


@pytest.fixture(scope='module')
def own():
    """A house whose clock can be set."""
    house = House.start(conf={'web_workers': 2, 'auth_workers': 1, 'job_workers': 1, 'seal_seconds': 1})
    yield house
    house.close()


def clock(house, when):
    """It is `when` in Japan."""
    house.sql("select daicho.rehearse(%s::timestamp at time zone 'Asia/Tokyo' - now())", args=(when,))


@pytest.fixture
def shop(own):
    clock(own, '2027-05-10 10:00')
    shop = own.tenant(registers=('customers',))
    assert shop.admin and shop.deputy and shop.key
    yield shop
    own.sql('update daicho.policy set log_review_months = null, log_detail_days = null where tenant = %s', args=(shop.name,))


def call(shop, who, method, path, body=None):
    return shop.account(who).browser(fresh=True).request(method, '/api/v1' + path, json_body=body if body is not None or method == 'GET' else {}, headers={'Accept': 'application/json'})


def policy(shop, **changes):
    version = shop.api('GET', '/policy').json()['policy']['version']
    answer = shop.api('PATCH', '/policy', json=changes, headers={'If-Match': f'"{version}"'})
    return answer if answer.status != 200 else answer.json()['policy']


def reviews(shop):
    return shop.api('GET', '/log-reviews').json()['reviews']


def review(shop, who, id):
    answer = call(shop, who, 'GET', f'/log-reviews/{id}')
    assert answer.status == 200, answer
    return answer.json()


def team(shop, name):
    """A group whose entries say something exactly: made, and then changed."""
    id = shop.api('POST', '/groups', json={'name': name, 'permissions': ['record.read']}).json()['group']['id']
    rename(shop, id, name + ' B', 1)
    return id


def rename(shop, id, name, version):
    assert shop.api('PATCH', f'/groups/{id}', json={'name': name}, headers={'If-Match': f'"{version}"'}).status == 200


def about(shop, id):
    """Details there are about a group."""
    return {n for n, in shop.sql("select d.id from log_detail d join log l using (id) where l.kind = 'group' and l.subject_id = %s", (id,))}


def work(shop):
    """A quarter of a contract: two administrators give rights, somebody reads, somebody guesses."""
    for who in 'admin', 'deputy':
        made = call(shop, who, 'POST', '/groups', {'name': f'組 of {who}', 'permissions': ['record.read']})
        assert made.status == 201, made
        for _ in range(8):
            call(shop, who, 'GET', '/registers/customers/records')
    assert shop.house.browser().post('/login', {'tenant': shop.name, 'login': 'admin', 'password': 'wrong'}).status == 401


def opened(shop, count=1):
    found = until(lambda: (lambda r: r if len(r) >= count else None)(reviews(shop)), 40)
    assert found and len(found) == count, found
    return found


# reviews ----------------------------------------------------------------------------------------------------------------------------------------
def test_mer_5_5_d_the_policy_says_how_often(shop):
    assert (shop.api('GET', '/policy').json()['policy']['log_review_months'], shop.api('GET', '/policy').json()['policy']['log_review_days']) == (3, 14)
    for months in (2, 4, 5, 13):
        assert policy(shop, log_review_months=months).status == 422
    assert policy(shop, log_review_months=1, log_review_days=7)['log_review_months'] == 1
    assert policy(shop, log_review_months=0)['log_review_months'] is None
    assert policy(shop, log_review_days=0).status == policy(shop, log_review_days=91).status == 422
    page = shop.browser(fresh=True).get('/policy').text
    assert 'name="log_review_months"' in page and 'name="log_detail_days"' in page


def test_mer_5_5_d_a_skipped_period_is_an_overdue_task_and_nobody_signs_off_their_own_actions(shop, own):
    work(shop)
    assert reviews(shop) == []
    clock(own, '2027-07-01 00:05')
    first, = opened(shop)
    assert (first['from_at'][:10], first['to_at'], first['state'], first['due_at']) == ('2027-05-10', '2027-07-01T00:00:00+09:00', 'open', '2027-07-15T00:00:00+09:00')
    assert first['entries'] == first['left'] > 5 and first['important'] >= 4
    told = review(shop, 'admin', first['id'])
    why = {e['why'] for e in told['entries']}
    assert {'rights', 'login', 'random'} <= why, why
    mine = {e['id']: e['own'] for e in told['entries']}
    theirs = {e['id']: e['own'] for e in review(shop, 'deputy', first['id'])['entries']}
    entries = {e['id']: e for e in shop.log()}
    for id, e in ((id, entries[id]) for id in mine):
        assert mine[id] == (e['actor'] == 'admin') and theirs[id] == (e['actor'] == 'deputy'), e
    # skipped: overdue, in red on both pages, told once to those who read the log
    own.sql("update daicho.account set email = login || '@shop.example' where tenant = %s", args=(shop.name,))
    clock(own, '2027-07-15 00:01')
    assert until(lambda: own.sql("select recipient from daicho.notice where tenant = %s and kind = 'log_review_late'", args=(shop.name,)), 30)
    assert reviews(shop)[0]['state'] == 'overdue'
    for path in '/', '/log':
        page = shop.browser(fresh=True).get(path).text
        assert f'/log-reviews/{first["id"]}' in page and 'notice bad' in page and '期限を過ぎています' in page, path
    alert = [e for e in shop.log(own=True) if e['verb'] == 'alert' and e['kind'] == 'log_review']
    assert [e['subject_id'] for e in alert] == [first['id']] and alert[0]['actor_kind'] == 'system'
    clock(own, '2027-07-15 12:00')
    # verdicts: by the other one each; own actions are refused on every way
    for who, own_ones in ('admin', mine), ('deputy', theirs):
        for id in mine:
            answer = call(shop, who, 'POST', f'/log-reviews/{first["id"]}/verdict', {'entry': id, 'verdict': 'expected'})
            if own_ones[id]:
                assert answer.status == 403 and '自分の操作' in answer.json()['detail'], answer
        if who == 'admin':
            assert call(shop, who, 'POST', f'/log-reviews/{first["id"]}/close').status == 409
    done = review(shop, 'deputy', first['id'])
    by = {e['id']: e['reviewed_by'] for e in done['entries']}
    assert set(by.values()) == {'admin', 'deputy'} and all(by[id] != entries[id]['actor'] for id in by)
    assert done['review']['left'] == 0
    assert shop.api('POST', f'/log-reviews/{first["id"]}/close').status == 403                     # a key is nobody
    assert call(shop, 'deputy', 'POST', f'/log-reviews/{first["id"]}/close').status == 204
    assert call(shop, 'deputy', 'POST', f'/log-reviews/{first["id"]}/verdict', {'entry': next(iter(mine)), 'verdict': 'expected'}).status == 409
    closed, = reviews(shop)
    assert closed['state'] == 'closed' and closed['closed_by'] == 'deputy'
    assert len(own.sql("select 1 from daicho.notice where tenant = %s and kind = 'log_review_late'", args=(shop.name,))) == 2      # two people, once each
    assert 'notice bad' not in shop.browser(fresh=True).get('/log').text
    said = [e for e in shop.log() if e['kind'] == 'log_review' and e['verb'] == 'review' and e['result'] == 'OK']
    assert said[0]['detail']['verdict'] == 'expected' and said[-1]['subject_id'] == first['id']
    # two periods nobody looked at: two tasks
    clock(own, '2028-01-01 00:01')
    assert [r['to_at'][:10] for r in opened(shop, 3)] == ['2028-01-01', '2027-10-01', '2027-07-01']


def test_mer_5_5_d_a_follow_up_needs_a_note_and_an_end(shop, own):
    work(shop)
    policy(shop, log_review_months=1)
    clock(own, '2027-06-01 00:01')
    id = opened(shop)[0]['id']
    entry = next(e['id'] for e in review(shop, 'admin', id)['entries'] if not e['own'] and e['why'] == 'rights')
    judge = lambda who, **body: call(shop, who, 'POST', f'/log-reviews/{id}/verdict', {'entry': entry, **body})
    assert judge('admin', verdict='follow').status == judge('admin', verdict='follow', note='  ').status == judge('admin', verdict='good').status == 422
    assert call(shop, 'admin', 'POST', f'/log-reviews/{id}/outcome', {'entry': entry, 'outcome': 'x'}).status == 409
    assert judge('admin', verdict='follow', note='だれが頼んだか').status == 204
    assert judge('admin', verdict='expected', note='').status == 204                                     # own verdict: may be changed
    assert judge('admin', verdict='follow', note='だれが頼んだか').status == 204
    third = Person(shop, 'third', ['log.read', 'record.read'])
    assert third.call('POST', f'/log-reviews/{id}/verdict', json={'entry': entry, 'verdict': 'expected'}).status == 403
    for who in 'admin', 'deputy':
        for e in review(shop, who, id)['entries']:
            if not e['own'] and e['verdict'] is None:
                assert call(shop, who, 'POST', f'/log-reviews/{id}/verdict', {'entry': e['id'], 'verdict': 'expected'}).status == 204
    for e in review(shop, 'admin', id)['entries']:
        if e['verdict'] is None:
            assert third.call('POST', f'/log-reviews/{id}/verdict', json={'entry': e['id'], 'verdict': 'expected'}).status == 204
    assert call(shop, 'admin', 'POST', f'/log-reviews/{id}/close').status == 409
    assert call(shop, 'deputy', 'POST', f'/log-reviews/{id}/outcome', {'entry': entry, 'outcome': '問題なし'}).status == 403    # it is their own action
    assert call(shop, 'admin', 'POST', f'/log-reviews/{id}/outcome', {'entry': entry, 'outcome': '部長の依頼と確認した'}).status == 204
    page = shop.browser(fresh=True).get(f'/log-reviews/{id}').text
    assert '部長の依頼と確認した' in page and 'だれが頼んだか' in page
    assert shop.browser().post(f'/log-reviews/{id}/close').status == 303
    assert [e['id'] for e in shop.log(own=True) if e['verb'] == 'create' and e['kind'] == 'log_review' and e['subject_id'] == id]


def test_mer_5_5_d_the_database_keeps_people_apart(shop, own):
    """As whoever got into a statement would: no table can be written, no function signs off for its own actor."""
    work(shop)
    clock(own, '2027-07-01 00:01')
    id = opened(shop)[0]['id']
    mine, = [e['id'] for e in review(shop, 'admin', id)['entries'] if e['own'] and e['why'] == 'rights'][:1]
    def inside(role, suffix, actor, sql):
        with own.connect(role) as db, db.transaction(force_rollback=True):
            db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", (scope(role, shop.name, suffix), actor))
            return db.execute(sql).fetchall()
    me = f'account:{shop.admin.id}:admin'
    judge = f"select daicho.log_review_judge({id}, {mine}, 'expected', null)"
    assert inside('daicho_web', '', me, judge) == [('own',)]
    assert inside('daicho_web', '', f'account:{shop.deputy.id}:deputy', judge) == [('done',)]
    other = own.tenant(registers=())
    for actor in (f'key:1:x', 'system:0:jobs', 'operator:0:root', f'account:{shop.account("staff").id}:staff', f'account:{other.admin.id}:admin'):
        for sql in (judge, f'select daicho.log_review_close({id})', "select daicho.log_hold_ask(null, null, now(), null, 'x', 'y')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                inside('daicho_web', '', actor, sql)
    for sql in (f"update daicho.log_review set closed_at = now() returning 1", f"update daicho.log_review_entry set verdict = 'expected' returning 1",
                f"insert into daicho.log_hold (tenant, reason, basis, from_at, asked_person, asked_by) values ('{shop.name}', 'x', 'y', now(), 1, 'x') returning 1",
                'select * from daicho.log_duty', 'select * from daicho.log_review_open()', 'select * from daicho.log_purge()', 'select daicho.log_purge_due(0)',
                f"select daicho.log_review_take({id}, {mine})"):
        for role, suffix in ('daicho_web', ''), ('daicho_web', '_masked'):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                inside(role, suffix, me, sql)
    assert inside('daicho_cli', '_desk', 'operator:0:root', 'select count(*) from daicho.log_review') == [(0,)]
    with own.connect() as db, db.transaction(force_rollback=True), pytest.raises(psycopg.errors.CheckViolation):
        db.execute("update daicho.log_review_entry set verdict = 'expected', reviewer_person = actor_person where review_id = %s and entry = %s", (id, mine))


def test_mer_5_5_d_a_long_period_gives_a_short_sample_in_which_nothing_is_crowded_out(shop, own):
    shop.sql("""insert into log (at, actor_kind, actor_id, actor, groups, source, verb, kind, subject_id, result)
                select timestamptz '2027-05-20 12:00+09' + g * interval '1 second', 'account', 7, 'x', '', '192.0.2.1',
                    case when g <= 3000 then 'export' else 'view' end, 'customers', null, case when g between 5000 and 5020 then 'FORBIDDEN' else 'OK' end
                from generate_series(1, 20000) g""")
    work(shop)
    clock(own, '2027-07-01 00:01')
    found = opened(shop)[0]
    assert found['entries'] == 50 and found['important'] > 3000 and found['found'] > 20000
    entries = review(shop, 'admin', found['id'])['entries']
    assert {'export', 'rights', 'login', 'random', 'refusals'} <= {e['why'] for e in entries} and len([e for e in entries if e['why'] == 'random']) == 10
    assert len([e for e in entries if e['why'] == 'refusals']) == 1
    assert not [e for e in shop.log(own=True) if e['actor_kind'] == 'system' and e['id'] in {x['id'] for x in entries}]


# keeping ----------------------------------------------------------------------------------------------------------------------------------------
def details(shop):
    """{entry: what it says} of all there are."""
    return {id: json.loads(text) for id, text in shop.sql('select id, detail from log_detail order by id')}


def verified(own, shop):
    until(lambda: own.cli('log', 'status') and own.sql(f'select count(*) from t_{shop.name}.log') == own.sql(f'select coalesce(sum(count), 0) from t_{shop.name}.seal'), 30)
    return own.cli('log', 'verify', '--tenant', shop.name)


def test_mer_5_5_f_what_entries_say_goes_when_its_time_is_over_but_what_is_held_stays_and_the_purge_is_logged(shop, own):
    kept, gone = team(shop, '営業'), team(shop, '企画')
    assert policy(shop, log_detail_days=364).status == policy(shop, log_detail_days=3651).status == 422
    assert policy(shop, log_detail_days=365)['log_detail_days'] == 365
    hold = call(shop, 'admin', 'POST', '/log/holds', {'reason': '事故 12 の調査', 'basis': '就業規則 第40条', 'kind': 'group', 'subject': kept})
    assert hold.status == 201, hold
    assert call(shop, 'deputy', 'POST', f'/log/holds/{hold.json()["id"]}/approve').status == 204
    old, entries = details(shop), {e['id']: e for e in shop.log()}
    assert len(old) >= 3
    clock(own, '2028-05-08 10:00')                                     # 364 days later
    team(shop, '新しい')
    time.sleep(6)
    assert set(old) <= set(details(shop))
    clock(own, '2028-05-10 10:30')
    held = about(shop, kept)
    assert held and until(lambda: set(details(shop)) & set(old) == held, 40), (details(shop), held)
    said = [e for e in shop.log(own=True) if e['verb'] == 'erase' and e['actor_kind'] == 'system']
    assert sum(e['detail']['erased'] for e in said) == len(old) - len(held) and said[0]['detail']['days'] == 365 and said[0]['kind'] == 'log'
    assert all(e['detail']['upto'] < '2027-05-11' for e in said)
    # the entries are all there, and proofs hold
    now = {e['id']: e for e in shop.log()}
    assert all({k: v for k, v in now[id].items() if k != 'detail'} == {k: v for k, v in e.items() if k != 'detail'} for id, e in entries.items())
    lost = next(id for id in old if id not in held)
    assert shop.api('GET', f'/log/{lost}').json()['entry']['detail_state'] == 'erased'
    one = shop.api('GET', f'/log/{min(held)}').json()['entry']
    assert one['detail_state'] == 'shown' and one['proven'] and one['hold'] == hold.json()['id']
    assert verified(own, shop)['entries'] >= len(entries)
    # released: by somebody else, with a reason; then they go, too
    assert call(shop, 'admin', 'POST', f'/log/holds/{hold.json()["id"]}/end', {'why': '調査終了'}).status == 403
    assert call(shop, 'deputy', 'POST', f'/log/holds/{hold.json()["id"]}/end', {}).status == 422
    assert call(shop, 'deputy', 'POST', f'/log/holds/{hold.json()["id"]}/end', {'why': '調査終了'}).status == 204
    assert until(lambda: not set(details(shop)) & held, 40)
    assert [e['detail']['why'] for e in shop.log() if e['kind'] == 'log_hold' and e['verb'] == 'revoke' and e['result'] == 'OK'] == ['調査終了']
    assert [e['id'] for e in shop.log(own=True) if e['verb'] == 'erase' and e['actor_kind'] == 'system']       # what a purge says of itself stays
    assert said[0]['id'] in details(shop) and not about(shop, gone)


def test_mer_5_5_f_without_a_period_nothing_goes(shop, own):
    team(shop, '営業')
    before = set(details(shop))
    clock(own, '2037-05-10 10:00')
    time.sleep(6)
    assert before <= set(details(shop)) and shop.api('GET', '/policy').json()['policy']['log_detail_days'] is None


def test_mer_5_5_f_erasing_on_request_leaves_what_is_held(shop, own):
    first, second = team(shop, '営業'), team(shop, '企画')
    count = len(about(shop, first))
    ask = lambda **body: call(shop, 'admin', 'POST', '/log/holds', {'reason': '事故', 'basis': '調査', **body})
    assert ask().status == ask(kind='group').status == ask(subject=1).status == ask(**{'from': '2027-06-01', 'to': '2027-05-01'}).status == 422
    id = ask(kind='group', subject=first).json()['id']
    erase = lambda n: shop.api('POST', '/log/erase', json={'kind': 'group', 'subject': n, 'confirm': f'group/{n}'})
    answer = erase(first)
    assert answer.status == 409 and str(id) in answer.json()['detail'], answer
    assert len(about(shop, first)) == count and erase(second).json()['erased'] == count
    with pytest.raises(Refused):
        own.cli('log', 'erase', '--tenant', shop.name, 'group', str(first), '--confirm', f'group/{first}')
    page = shop.browser(fresh=True).get(f'/log/erase?kind=group&subject={first}').text
    assert '保全中' in page
    # nobody approves: after seven days it is no hold any more
    clock(own, '2027-05-17 09:59')
    assert erase(first).status == 409
    clock(own, '2027-05-17 10:30')
    assert shop.api('GET', '/log/holds').json()['holds'][0]['state'] == 'lapsed'
    assert call(shop, 'deputy', 'POST', f'/log/holds/{id}/approve').status == 409
    assert erase(first).json() == {'erased': count, 'held': 0} and about(shop, first) == {shop.log()[-1]['id']}      # what this erasure says


def test_mer_5_5_f_a_time_is_held_and_the_rest_is_erased(shop, own):
    id = team(shop, '営業')
    count = len(about(shop, id))
    clock(own, '2027-05-12 10:00')
    rename(shop, id, '営業 C', 2)
    assert call(shop, 'admin', 'POST', '/log/holds', {'reason': '事故', 'basis': '調査', 'from': '2027-05-12', 'to': '2027-05-12'}).status == 201
    answer = shop.api('POST', '/log/erase', json={'kind': 'group', 'subject': id, 'confirm': f'group/{id}'}).json()
    assert (answer['erased'], answer['held']) == (count, 1) and len(about(shop, id)) == 2        # the one held, and what this erasure says


def test_mer_5_5_f_a_hold_is_of_two_people_and_nobody_decides_on_their_own(shop, own):
    ask = lambda who, **body: call(shop, who, 'POST', '/log/holds', {'reason': '事故', 'basis': '調査', 'from': '2027-05-01', **body})
    id = ask('admin').json()['id']
    assert call(shop, 'admin', 'POST', f'/log/holds/{id}/approve').status == 403
    assert shop.api('POST', f'/log/holds/{id}/approve').status == 403                           # a key is nobody
    assert shop.api('POST', '/log/holds', json={'reason': 'x', 'basis': 'y', 'from': '2027-05-01'}).status == 403
    assert call(shop, 'deputy', 'POST', f'/log/holds/{id}/approve').status == 204
    assert call(shop, 'deputy', 'POST', f'/log/holds/{id}/approve').status == 409
    about = ask('admin', kind='account', subject=shop.deputy.id).json()['id']
    assert call(shop, 'deputy', 'POST', f'/log/holds/{about}/approve').status == call(shop, 'deputy', 'POST', f'/log/holds/{about}/end', {'why': 'x'}).status == 403
    assert call(shop, 'admin', 'POST', f'/log/holds/{about}/end', {'why': '取り下げ'}).status == 204         # not approved yet: who asked withdraws it
    # disclosed: whoever reads the log reads why; only who may erase decides
    reader = Person(shop, 'reader', ['log.read'])
    shown = reader.call('GET', '/log/holds').json()['holds']
    assert {h['id']: (h['state'], h['reason'], h['basis'], h['approved_by']) for h in shown}[id] == ('held', '事故', '調査', 'deputy')
    assert reader.call('POST', f'/log/holds/{id}/end', json={'why': 'x'}).status == 403
    page = shop.browser(fresh=True).get('/log/holds')
    assert page.status == 200 and '保全中' in page.text
    other = own.tenant(registers=())
    assert call(other, 'admin', 'POST', f'/log/holds/{id}/end', {'why': 'x'}).status == 404
    assert other.api('GET', '/log/holds').json()['holds'] == [] and other.api('GET', '/log-reviews').json()['reviews'] == []
