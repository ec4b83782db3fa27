"""Contracts are told of what changes, ahead of time, and say that they have read it (grp 4.12.6). Nothing is scheduled while one of them has no notice."""
import json
import re

import psycopg
import pytest
from psycopg import errors

from house import NO_CERTIFICATE, Account, House, until

DENIED, CHECK = errors.InsufficientPrivilege, errors.CheckViolation
NOW = '2027-03-01 10:00'


@pytest.fixture(scope='module')
def own():
    """A house whose clock can be set: operators, and two contracts that can be written to."""
    house = House.start(conf={'web_workers': 2, 'auth_workers': 1, 'job_workers': 1, 'seal_seconds': 1})
    clock(house)
    house.cli('tenant', 'create', 'unei', '--title', '運営', '--operators', '--no-admin', *NO_CERTIFICATE)
    house.name = 'unei'
    house.people = {}
    for login in ('sato', 'suzuki', 'takahashi'):
        made = house.cli('account', 'create', '--tenant', 'unei', login, '--name', login, '--group', '運営担当者', '--password', 'aA1!odd-and-long-' + login)
        desk = type('Desk', (), {'house': house, 'name': 'unei'})
        house.people[login] = Account(desk, made['id'], login, '', '運営担当者')
    house.first, house.second = house.tenant('firstshop', '一番商店', registers=()), house.tenant('secondshop', 'Second Ltd', registers=())
    for shop in (house.first, house.second):
        assert shop.admin and shop.deputy and shop.staff
    house.sql("update daicho.account set email = login || '@' || tenant || '.example' where tenant in ('firstshop', 'secondshop')")
    house.sql("update daicho.account set lang = 'en' where tenant = 'secondshop'")
    yield house
    house.close()


def clock(house, when=NOW):
    """It is `when` in Japan."""
    house.sql("select daicho.rehearse(%s::timestamp at time zone 'Asia/Tokyo' - now())", args=(when,))


@pytest.fixture(autouse=True)
def today(own):
    """Each test begins on the same day; what the one before had under way is over."""
    own.sql("set session_replication_role = replica; update daicho.change set state = 'done', ended_at = now() where state not in ('done', 'cancelled'); "
            "delete from daicho.change_duty; reset session_replication_role")
    clock(own)


def call(own, who, method, path, body=None, **headers):
    account = own.people[who] if who in own.people else who
    headers = {'Accept': 'application/json', **headers}
    return account.browser(fresh=True).request(method, '/api/v1' + path, json_body=body if body is not None or method == 'GET' else {}, headers=headers)


WORDS = {'kind': 'stop', 'impact': 'normal', 'title_ja': 'データベースの更新', 'title_en': 'New database', 'text_ja': 'PostgreSQLを入れ替えます。', 'text_en': 'PostgreSQL is replaced.',
         'effect_ja': '2時間使えません。', 'effect_en': 'Not available for two hours.', 'from_at': '2027-03-09T02:00', 'to_at': '2027-03-09T04:00', 'scope': 'chosen',
         'tenants': ['firstshop', 'secondshop']}


def write(own, who='sato', **more):
    answer = call(own, who, 'POST', '/operator/changes', {**WORDS, **more})
    assert answer.status == 201, answer
    return answer.json()['id']


def step(own, who, id, verb, version=1):
    return call(own, who, 'POST', f'/operator/changes/{id}/{verb}', {'version': version}).status


def told(own, **more):
    """One that is scheduled."""
    id = write(own, **more)
    assert step(own, 'suzuki', id, 'review') == 204 and step(own, 'sato', id, 'schedule') == 204
    return id


def one(own, id):
    answer = call(own, 'sato', 'GET', f'/operator/changes/{id}')
    assert answer.status == 200, answer
    return answer.json()


def mine(own, shop, id):
    answer = shop.api('GET', f'/changes/{id}')
    return answer.json()['change'] if answer.status == 200 else answer.status


def mails(own, id, about, shop=None):
    return own.sql("select m.recipient, m.subject, m.body from daicho.change_notice n join daicho.notice m on m.id = n.notice_id where n.change_id = %s and n.about = %s "
                   "and (%s::text is null or n.tenant = %s) order by m.recipient", args=(id, about, shop and shop.name, shop and shop.name))


def test_grp_4_12_6_a_scheduled_only_with_a_notice_for_every_contract_sent_ahead_and_confirmed(own):
    id = write(own)
    assert step(own, 'sato', id, 'schedule') == 409 and step(own, 'sato', id, 'review') == 403       # not reviewed; not by its author
    assert mine(own, own.first, id) == 404
    assert step(own, 'suzuki', id, 'review') == 204 and step(own, 'suzuki', id, 'schedule') == 204
    # one mail a manager, each in the reader's language; nobody else
    sent = mails(own, id, 'told')
    assert [m[0] for m in sent] == ['admin@firstshop.example', 'admin@secondshop.example', 'deputy@firstshop.example', 'deputy@secondshop.example']
    ja, en = sent[0], sent[1]
    assert 'データベースの更新' in ja[1] and '一番商店の管理者' in ja[2] and '2027年3月9日(火) 02:00〜04:00' in ja[2] and '2時間使えません' in ja[2] and f'/changes/{id}' in ja[2]
    assert 'New database' in en[1] and 'Second Ltd' in en[2] and 'Tue 9 Mar 2027, 02:00 – 04:00' in en[2] and '{' not in ja[2] + en[2]
    # both see it on their pages, and in the list; the bar appears seven days before
    seen = mine(own, own.first, id)
    assert (seen['state'], seen['title'], seen['confirmed'], seen['ahead']) == ('scheduled', 'データベースの更新', [], True)
    assert [c['id'] for c in own.first.api('GET', '/changes').json()['upcoming']] == [id]
    page = own.first.browser(fresh=True).get('/').text
    assert f'/changes/{id}"' not in page
    clock(own, '2027-03-02 02:00')
    page = own.first.browser('staff', fresh=True).get('/').text
    assert re.search(rf'class="banner calm"[^\n]*/changes/{id}"', page)
    # confirmed for the contract by those who manage it; who, and when
    page = own.first.browser(fresh=True).get(f'/changes/{id}').text
    assert '確認しました' in page and f'action="/changes/{id}/confirm"' in page
    assert f'action="/changes/{id}/confirm"' not in own.first.browser('staff', fresh=True).get(f'/changes/{id}').text
    assert call(own, own.first.staff, 'POST', f'/changes/{id}/confirm', {'version': 1}).status == 403
    assert own.first.api('POST', f'/changes/{id}/confirm', json={'version': 1}).status == 403        # a key is nobody
    assert call(own, own.first.admin, 'POST', f'/changes/{id}/confirm', {}).status == 428
    assert call(own, own.first.admin, 'POST', f'/changes/{id}/confirm', {'version': 2}).status == 412
    assert call(own, own.first.deputy, 'POST', f'/changes/{id}/confirm', {'version': 1}).status == 204
    assert call(own, own.first.admin, 'POST', f'/changes/{id}/confirm', {'version': 1}).status == 204
    assert call(own, own.first.admin, 'POST', f'/changes/{id}/confirm', {'version': 1}).status == 409
    assert [c['account'] for c in mine(own, own.first, id)['confirmed']] == ['deputy', 'admin'] and mine(own, own.second, id)['confirmed'] == []
    # the operator sees each contract: told, mails, confirmed
    shown = one(own, id)
    assert (shown['change']['contracts'], shown['change']['confirmed'], shown['change']['failed']) == (2, 1, 0)
    by = {c['name']: c for c in shown['contracts']}
    assert by['firstshop']['confirmed'][0]['account'] == 'deputy' and by['secondshop']['confirmed'] == []
    assert [(m['recipient'], m['state']) for m in by['secondshop']['mails']] == [('admin@secondshop.example', 'queued'), ('deputy@secondshop.example', 'queued')]
    own.sql("update daicho.notice set state = 'failed', said = '550 no such user' where recipient = 'deputy@secondshop.example'")
    shown = one(own, id)
    assert shown['change']['failed'] == 1 and {m['state'] for c in shown['contracts'] if c['name'] == 'secondshop' for m in c['mails']} == {'queued', 'failed'}
    # each step one entry: the operators' in their log, the contract's in its own
    verbs = [(e['verb'], e['result'], e['actor']) for e in own.log('unei') if e['kind'] == 'change' and e['subject_id'] == id and e['verb'] != 'view']
    assert verbs == [('create', 'OK', 'sato'), ('announce', 'CONFLICT', 'sato'), ('review', 'FORBIDDEN', 'sato'), ('review', 'OK', 'suzuki'), ('announce', 'OK', 'suzuki')]
    assert [(e['actor'], e['detail']) for e in own.first.log() if e['verb'] == 'confirm' and e['result'] == 'OK'] == [('deputy', {'version': 1}), ('admin', {'version': 1})]


FORGED = ["update daicho.change set state = 'scheduled'", "insert into daicho.change_notice (change_id, no, tenant, about, channel) values (1, 1, 'firstshop', 'told', 'console')",
          "update daicho.change_version set from_at = now(), to_at = now() + interval '1 hour'", "delete from daicho.change", 'select * from daicho.change_version',
          'select * from daicho.change_notice', 'select * from daicho.change_ack', "insert into daicho.change_ack (change_id, no, tenant, account_id, account) values (1, 1, 'firstshop', 1, 'x')",
          "select daicho.change_queue(null, 'told', '{firstshop}', '{}')", "select daicho.change_told('secondshop')", 'select daicho.change_sweep()', 'update daicho.change_kind set days = 0']
OPERATORS = ['select daicho.change_schedule({id}, 1, null, null)', "select daicho.change_write(null, null, '{}')", 'select daicho.change_review({id}, 1)', 'select daicho.change_kinds()',
             "select daicho.change_cancel({id}, 'x', 'x', null)", "select * from daicho.change_all(0, 10)", "select * from daicho.change_contracts({id}, '', 10)", 'select daicho.change_finish({id})']


def test_grp_4_12_6_a_postgresql_itself_refuses_the_scheduled_state_without_notices(own):
    id = write(own)
    assert step(own, 'suzuki', id, 'review') == 204
    for login, role in (('daicho_web', 't_unei'), ('daicho_web', 't_firstshop'), ('daicho_jobs', 't_firstshop'), ('daicho_cli', 't_firstshop_desk'), ('daicho_mailer', None)):
        with own.connect(login) as db:
            for sql in FORGED + (OPERATORS if role != 't_unei' else []):
                with pytest.raises(DENIED), db.transaction():
                    if role:
                        db.execute("select set_config('role', %s, true), set_config('daicho.actor', 'account:1:x', true)", [role])
                    db.execute(sql.replace('{id}', str(id)))
    # its owner, and the superuser: the rule is the table's
    hinder = "untold: (firstshop|secondshop)"
    for sql, text in ((f"update daicho.change set state = 'scheduled' where id = {id}", hinder),
                      (f"insert into daicho.change_notice (change_id, no, tenant, about, channel) values ({id}, 1, 'firstshop', 'told', 'console'), ({id}, 1, 'secondshop', 'told', 'console'), "
                       f"({id}, 1, 'firstshop', 'told', 'mail'); update daicho.change set state = 'scheduled' where id = {id}", 'untold: secondshop'),
                      (f"update daicho.change_version set text_ja = 'x' where change_id = {id}", 'is not changed'),
                      (f"update daicho.change_version set reviewed_person = author_person, reviewed_at = now() where change_id = {id}", ''),
                      (f"delete from daicho.change_version where change_id = {id}", 'are kept'), (f'delete from daicho.change where id = {id}', 'are kept'),
                      (f"update daicho.change set state = 'done', ended_at = now() where id = {id}", 'does not go'), ("insert into daicho.change (state) values ('scheduled')", 'as a draft')):
        for role in ('daicho_owner', 'superuser'):
            with pytest.raises(CHECK, match=text), own.connect(role) as db:
                db.execute(sql)
    # with the rule as it is: told, it is told; cancelled, nobody may still believe in it
    assert step(own, 'sato', id, 'schedule') == 204
    with pytest.raises(CHECK, match='untold'), own.connect('daicho_owner') as db:
        db.execute("update daicho.change set state = 'cancelled', ended_at = now(), ended_why_ja = 'x', ended_why_en = 'x' where id = %s", [id])


@pytest.mark.parametrize('kind, impact, early, late', [
    ('stop', 'normal', '2027-03-08T09:59', '2027-03-08T10:00'), ('upgrade', 'large', '2027-03-15T09:59', '2027-03-15T10:00'),
    ('end', 'normal', '2027-09-01T09:59', '2027-09-01T10:00')])
def test_syn_3_7_2_a_told_as_long_ahead_as_the_kind_says(own, kind, impact, early, late):
    for begins, status in ((early, 409), (late, 204)):
        id = write(own, kind=kind, impact=impact, from_at=begins, to_at='2027-09-02T00:00', tenants=['firstshop'])
        assert step(own, 'suzuki', id, 'review') == 204
        own.sql("set time zone 'Asia/Tokyo'; select daicho.rehearse('2027-03-01 10:00'::timestamp at time zone 'Asia/Tokyo' - now() - interval '2 seconds')")
        assert step(own, 'sato', id, 'schedule') == status, begins
        assert one(own, id)['change']['state'] == ('scheduled' if status == 204 else 'reviewed')


def test_grp_4_12_6_a_an_emergency_needs_a_reason_and_a_third_person_and_is_told_at_once(own):
    soon = {'from_at': '2027-03-01T11:00', 'to_at': '2027-03-01T12:00', 'tenants': ['firstshop']}
    assert call(own, 'sato', 'POST', '/operator/changes', {**WORDS, **soon, 'emergency': True}).status == 422
    id = write(own, **soon, emergency=True, emergency_why='重大な脆弱性の修正')
    assert step(own, 'sato', id, 'approve') == 409 and step(own, 'suzuki', id, 'review') == 204
    assert step(own, 'sato', id, 'schedule') == 409
    assert step(own, 'sato', id, 'approve') == 403 and step(own, 'suzuki', id, 'approve') == 403
    assert step(own, 'takahashi', id, 'approve') == 204 and step(own, 'sato', id, 'schedule') == 204
    assert '緊急' in mails(own, id, 'told')[0][1] and '脆弱性' not in mails(own, id, 'told')[0][2]
    assert mine(own, own.first, id)['emergency'] is True and mine(own, own.second, id) == 404      # not theirs
    # what has begun is not announced any more
    late = write(own, **{**soon, 'from_at': '2027-03-01T09:59'}, emergency_why='遅れ')
    assert step(own, 'suzuki', late, 'review') == 204 and step(own, 'takahashi', late, 'approve') == 204 and step(own, 'sato', late, 'schedule') == 409


def test_grp_4_12_6_a_another_time_is_a_new_version_told_and_confirmed_anew(own):
    id = told(own)
    assert call(own, own.first.admin, 'POST', f'/changes/{id}/confirm', {'version': 1}).status == 204
    moved = {**WORDS, 'from_at': '2027-03-12T02:00', 'to_at': '2027-03-12T04:00', 'title_ja': '日程の変更', 'tenants': ['firstshop']}
    assert call(own, 'suzuki', 'POST', f'/operator/changes/{id}/versions', moved).status == 428
    assert call(own, 'suzuki', 'POST', f'/operator/changes/{id}/versions', {**moved, 'version': 1}).status == 204
    assert call(own, 'suzuki', 'POST', f'/operator/changes/{id}/versions', {**moved, 'version': 1}).status == 412
    seen = mine(own, own.first, id)
    assert (seen['state'], seen['title'], seen['version']) == ('revised', 'データベースの更新', 1)      # as it was told, until it is told anew
    assert call(own, own.first.deputy, 'POST', f'/changes/{id}/confirm', {'version': 1}).status == 409
    assert step(own, 'suzuki', id, 'review', 2) == 403 and step(own, 'sato', id, 'review', 1) == 412 and step(own, 'sato', id, 'review', 2) == 204
    assert step(own, 'sato', id, 'schedule', 2) == 204
    seen = mine(own, own.first, id)
    assert (seen['state'], seen['title'], seen['version'], seen['confirmed']) == ('scheduled', '日程の変更', 2, [])
    assert len(mails(own, id, 'told', own.first)) == 4
    # the one it does not concern any more hears that
    assert mine(own, own.second, id)['state'] == 'cancelled' and 'no longer concerns' in mails(own, id, 'cancelled', own.second)[0][2]
    assert [(v['version'], v['title_ja'], v['author']) for v in one(own, id)['versions']] == [(2, '日程の変更', 'suzuki'), (1, 'データベースの更新', 'sato')]


def test_grp_4_12_6_a_cancelling_is_told_with_its_reason_and_done_is_done(own):
    id = told(own)
    assert call(own, 'suzuki', 'POST', f'/operator/changes/{id}/cancel', {'why_ja': '試験で不具合'}).status == 422
    assert call(own, 'suzuki', 'POST', f'/operator/changes/{id}/finish').status == 409               # not before it begins
    assert call(own, 'suzuki', 'POST', f'/operator/changes/{id}/cancel', {'why_ja': '試験で不具合', 'why_en': 'A test failed'}).status == 204
    assert call(own, 'suzuki', 'POST', f'/operator/changes/{id}/cancel', {'why_ja': 'x', 'why_en': 'x'}).status == 409
    assert (mine(own, own.first, id)['state'], mine(own, own.first, id)['why']) == ('cancelled', '試験で不具合')
    assert '試験で不具合' in mails(own, id, 'cancelled', own.first)[0][2] and 'A test failed' in mails(own, id, 'cancelled', own.second)[0][2]
    draft = write(own)                                                     # nobody knew of it: nobody hears of it
    assert call(own, 'suzuki', 'POST', f'/operator/changes/{draft}/cancel', {'why_ja': '不要', 'why_en': 'Not needed'}).status == 204 and mails(own, draft, 'cancelled') == []
    done = told(own)
    clock(own, '2027-03-09 04:01')
    assert one(own, done)['change']['over'] is True and call(own, 'suzuki', 'POST', f'/operator/changes/{done}/finish').status == 204
    assert mine(own, own.first, done)['state'] == 'done' and done in [c['id'] for c in own.first.api('GET', '/changes').json()['past']]
    assert call(own, 'sato', 'POST', f'/operator/changes/{done}/versions', {**WORDS, 'version': 1}).status == 409


def test_grp_4_12_6_a_a_contract_made_later_is_told_too_and_who_has_not_confirmed_is_asked_again(own):
    id = told(own, scope='all')
    assert call(own, own.first.admin, 'POST', f'/changes/{id}/confirm', {'version': 1}).status == 204
    third, fourth = own.tenant(registers=()), own.tenant(registers=())
    assert third.admin and mine(own, third, id) == mine(own, fourth, id) == 404
    own.sql("update daicho.account set email = 'admin@third.example' where tenant = %s", args=(third.name,))
    clock(own, '2027-03-01 10:11')
    assert until(lambda: mails(own, id, 'told', third) and isinstance(mine(own, fourth, id), dict), 20)
    assert mails(own, id, 'told', third)[0][0] == 'admin@third.example' and mine(own, third, id)['state'] == 'scheduled'
    assert [(e['actor_kind'], e['verb'], e['subject_id']) for e in third.log(own=True) if e['kind'] == 'change' and e['verb'] == 'announce'] == [('system', 'announce', id)]
    # one that nobody can be written to is shown to the operator
    assert [m['state'] for m in {c['name']: c for c in one(own, id)['contracts']}[fourth.name]['mails']] == ['nobody'] and one(own, id)['change']['failed'] == 1
    # three days before, those who have not confirmed are asked again
    clock(own, '2027-03-06 01:59')
    own.sql("select daicho.change_sweep()", role='daicho_owner')
    assert own.sql("select count(*) from daicho.change_duty where about = 'reminded'") == [(0,)]
    clock(own, '2027-03-06 02:00')
    assert until(lambda: mails(own, id, 'reminded', third) and mails(own, id, 'reminded', own.second), 20)
    assert mails(own, id, 'reminded', own.first) == []                      # they have confirmed
    assert [m['about'] for m in {c['name']: c for c in one(own, id)['contracts']}[third.name]['mails']] == ['told', 'reminded']


def test_grp_4_12_6_a_what_is_wrong_is_said_and_written_by_nobody_else(own):
    for wrong, item in (({'kind': 'nap'}, 'kind'), ({'to_at': '2027-03-09T02:00'}, 'to_at'), ({'from_at': 'soon'}, 'from_at'), ({'tenants': ['nobody']}, 'tenants'),
                        ({'tenants': []}, 'tenants'), ({'title_en': ' '}, 'title_en'), ({'impact': 'none'}, 'impact'), ({'text_ja': 'x' * 3001}, 'text_ja'), ({'tenants': ['unei']}, 'tenants')):
        answer = call(own, 'sato', 'POST', '/operator/changes', {**WORDS, **wrong})
        assert answer.status == 422 and item in json.dumps(answer.json()['errors']), (wrong, answer)
    for method, path in (('GET', '/operator/changes'), ('POST', '/operator/changes'), ('GET', '/operator/changes/1'), ('POST', '/operator/changes/1/schedule')):
        assert call(own, own.first.admin, method, path).status == 403
    for verb in ('review', 'approve', 'schedule'):
        assert step(own, 'sato', 999999, verb) == 404
    assert call(own, 'sato', 'GET', '/operator/changes/999999').status == 404 and call(own, 'sato', 'POST', '/operator/changes/999999/finish').status == 404
    kinds = {k['name']: k for k in call(own, 'sato', 'GET', '/operator/changes').json()['kinds']}
    assert list(kinds) == ['upgrade', 'change', 'stop', 'end'] and kinds['upgrade']['channels'] == ['console', 'mail'] and (kinds['end']['months'], kinds['stop']['large_days']) == (6, 14)
    id = write(own)
    for path in ('/operator/changes', '/operator/changes/new', f'/operator/changes/{id}', f'/operator/changes/{id}/edit'):
        page = own.people['sato'].browser(fresh=True).get(path)
        assert page.status == 200 and ('データベースの更新' in page.text or path.endswith('new'))
