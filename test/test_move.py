"""Moves: the state of a record changes by them alone. Who may, who must not, whose approvals a move needs; what was approved is what is carried out."""
import concurrent.futures, os, signal

import psycopg
import pytest
from psycopg import errors

from cluster import scope
from house import until
from test_bulk import look
from test_import import counts, file_of
from test_permission import Person

EXPENSES = '''
name: expenses
title: {ja: 経費, en: Expenses}
key: code
heading: [code]
items:
  - {name: code, type: text, title: 番号, required: true, unique: true, list: true, searchable: true}
  - {name: amount, type: integer, title: 金額, list: true}
  - {name: note, type: text, title: メモ}
  - {name: secret, type: text, title: 秘密, personal: true}
  - {name: boss, type: account, title: 上長}
  - {name: status, type: choice, title: {ja: 状態, en: Status}, required: true, list: true,
     choices: [draft, {value: asked, title: {ja: 申請中, en: Asked}}, checked, paid, back]}
state: status
moves:
  - {name: submit, title: {ja: 申請する, en: Submit}, from: [draft, back], to: asked, required: [amount]}
  - {name: hide, title: 隠す, from: [draft], to: back, required: [secret]}
  - {name: check, title: 確認する, from: [asked], to: checked, who: [item:boss, "account:closer"], forbidden: [requester, drafter, approver]}
  - name: pay
    title: {ja: 支払う, en: Pay}
    from: [asked, checked]
    to: paid
    who: [group:経理, author]
    forbidden: [requester, drafter, approver]
    freeze: [code, amount]
    within: {days: 2}
    approvals:
      - {who: [group:経理], count: 2}
      - {who: [item:boss, "account:closer"]}
  - {name: return, title: 差し戻す, from: [asked, checked, paid], to: back, approvals: [{who: [group:経理]}]}
'''
WRITES = ['record.read', 'record.write', 'personal.see']


@pytest.fixture(scope='module')
def shop(house):
    shop = house.tenant(registers=())
    for name in ('経理', '営業'):
        assert shop.api('POST', '/groups', json={'name': name, 'permissions': WRITES}).status == 201
    for login, group in (('alice', '営業'), ('boss', '営業'), ('closer', '営業'), ('k1', '経理'), ('k2', '経理'), ('k3', '経理')):
        shop.account(login, group=group)
    define(shop, EXPENSES)
    return shop


def define(shop, yaml, method='POST', path='/registers'):
    made = shop.api(method, path, body=yaml.encode(), headers={'Content-Type': 'application/yaml'})
    assert made.status == 202, made
    assert shop.house.wait_job(made.json()['job'], shop)['state'] == 'done'
    return made.json()['plan']


def call(shop, who, method, path, body=None):
    return shop.account(who).browser().request(method, '/api/v1/registers/expenses' + path, json_body={} if body is None and method != 'GET' else body,
                                               headers={'Accept': 'application/json', 'Accept-Language': 'ja'})


numbers = iter(range(1, 1000))


def expense(shop, who='alice', **items):
    made = call(shop, who, 'POST', '/records', {'code': f'E{next(numbers)}', 'amount': 100, 'boss': 'boss', **items})
    assert made.status == 201, made
    return made.json()['id']


def record(shop, id, who='alice'):
    return call(shop, who, 'GET', f'/records/{id}').json()


def state(shop, id):
    return shop.sql('select status from r_expenses where id = %s', (id,))[0][0]


def move(shop, who, id, name, version=None):
    return call(shop, who, 'POST', f'/records/{id}/moves', {'move': name, 'version': version or record(shop, id)['version']})


def moves(shop, id, who='alice'):
    return call(shop, who, 'GET', f'/records/{id}/moves').json()


def asked(shop, who='alice', **items):
    """An expense that was submitted, and its request to be paid."""
    id = expense(shop, **items)
    assert move(shop, 'alice', id, 'submit').json()['state'] == 'done'
    made = move(shop, who, id, 'pay')
    assert made.status == 201 and made.json()['state'] == 'waiting', made
    return id, made.json()['id']


def approve(shop, who, request, **body):
    return call(shop, who, 'POST', f'/moves/{request}/approve', body)


def why(answer, status, words):
    assert answer.status == status and words in answer.json()['detail'], answer
    return True


# Moves -------------------------------------------------------------------------------------------------------------------------------------------

def test_a_record_begins_where_records_begin_and_moves_by_moves_alone(shop):
    id = expense(shop)
    assert state(shop, id) == 'draft'
    assert [(m['name'], m['can']) for m in moves(shop, id)['moves']] == [('submit', True), ('hide', False)]
    refused = call(shop, 'alice', 'POST', '/records', {'code': 'x', 'status': 'paid'})
    assert refused.status == 422 and 'draft' in refused.json()['errors'][0]['detail']
    changed = call(shop, 'alice', 'PATCH', f'/records/{id}', {'version': 1, 'status': 'paid', 'note': 'x'})
    assert why(changed, 409, '状態の操作でだけ') and changed.json()['errors'][0]['item'] == 'status' and record(shop, id)['version'] == 1
    assert call(shop, 'alice', 'PATCH', f'/records/{id}', {'version': 1, 'status': 'draft', 'note': 'x'}).status == 200
    first = move(shop, 'alice', id, 'submit', 2)
    assert (first.status, first.json()['state'], state(shop, id)) == (201, 'done', 'asked')
    assert move(shop, 'alice', id, 'submit', 2).json()['id'] == first.json()['id']                # a double click
    assert why(move(shop, 'alice', id, 'submit', 3), 409, '今の状態では') and move(shop, 'alice', id, 'nothing').status == 404
    assert why(move(shop, 'boss', id, 'check', 2), 412, 'もう一度') and move(shop, 'boss', id, 'check').status == 201
    entry = [e for e in shop.log() if e['verb'] == 'move' and e['subject_id'] == id][0]
    assert (entry['actor'], entry['kind'], entry['detail']['move'], entry['detail']['state']) == ('alice', 'expenses', 'submit', 'done')
    course = moves(shop, id)['course']
    assert [(c['name'], c['from'], c['to'], c['state'], c['asked_by']) for c in course] == [('check', 'asked', 'checked', 'done', 'boss'), ('submit', 'draft', 'asked', 'done', 'alice')]
    history = call(shop, 'alice', 'GET', f'/records/{id}/changes').json()['changes'][0]
    assert history['actor'].endswith('boss') and history['items'] == [{'item': 'status', 'old': 'asked', 'new': 'checked'}]


def test_who_may_and_what_must_be_there_first(shop):
    id = expense(shop, amount=None)
    assert why(move(shop, 'alice', id, 'submit'), 409, '先に入力してください: 金額')
    call(shop, 'alice', 'PATCH', f'/records/{id}', {'version': 1, 'amount': 5})
    assert move(shop, 'alice', id, 'submit').status == 201
    assert why(move(shop, 'k1', id, 'check'), 403, '操作ができる人ではありません') and why(move(shop, 'boss', id, 'pay'), 403, '操作ができる人ではありません')
    assert why(shop.api('POST', f'/registers/expenses/records/{id}/moves', json={'move': 'pay', 'version': 3}, headers={'Accept-Language': 'ja'}), 403, '')
    reader = Person(shop, 'reader', ['record.read:expenses'])
    assert reader.ask('POST', f'/registers/expenses/records/{id}/moves', {'move': 'check', 'version': 3}).status == 403
    assert Person(shop, 'outsider', ['log.read']).ask('GET', f'/registers/expenses/records/{id}/moves').status == 404


def test_a_masked_account_moves_and_learns_nothing(shop, house):
    blind = Person(shop, 'blind', ['record.read', 'record.write'])
    id = expense(shop)
    shown = blind.ask('GET', f'/registers/expenses/records/{id}/moves').json()['moves']
    assert 'secret' not in str(shown) and '秘密' not in str(shown) and '表示できない項目' in shown[1]['why']
    assert why(blind.ask('POST', f'/registers/expenses/records/{id}/moves', {'move': 'hide', 'version': 1}), 409, '表示できない項目')
    assert shown[0]['can'] and blind.ask('POST', f'/registers/expenses/records/{id}/moves', {'move': 'submit', 'version': 1}).status == 201
    with as_tenant(house, shop, 'daicho_web', blind.id, '_masked') as db:
        assert db.execute("select missing from daicho.move_look('expenses', %s) where name = 'hide'", [expense(shop)]).fetchone()[0] == ['*']
        for text in ("select salt from daicho.move", "select daicho.move_read('x', 'expenses', 1, false)"):
            with pytest.raises(errors.InsufficientPrivilege), db.transaction():
                db.execute(text)


# Approvals ---------------------------------------------------------------------------------------------------------------------------------------

def test_each_set_of_approvals_must_be_full_and_then_it_is_carried_out(shop):
    id, request = asked(shop)
    waiting = moves(shop, id)['open']
    assert [(s['needed'], s['given'], s['who']) for s in waiting['sets']] == [(2, 0, 'グループ: 経理'), (1, 0, '項目の人: 上長、アカウント: closer')]
    assert [d['title'] for d in duties(shop, 'k1') if d['record'] == id] == ['承認: 支払う'] and duties(shop, 'alice') == [] and len([d for d in duties(shop, 'boss') if d['record'] == id]) == 1
    assert approve(shop, 'k1', request).json()['state'] == 'waiting' and approve(shop, 'k1', request).json()['state'] == 'waiting'      # said twice, counts once
    assert moves(shop, id)['open']['sets'][0]['given'] == 1 and [d for d in duties(shop, 'k1') if d['record'] == id] == []
    assert why(call(shop, 'alice', 'POST', f'/moves/{request}/carry'), 409, 'まだ承認がそろって')
    assert approve(shop, 'closer', request).json()['state'] == 'waiting' and [d for d in duties(shop, 'boss') if d['record'] == id] == []
    assert why(approve(shop, 'boss', request), 409, 'もう待って')
    assert approve(shop, 'k2', request).json()['state'] == 'approved' and state(shop, id) == 'asked'
    assert why(call(shop, 'boss', 'POST', f'/moves/{request}/carry'), 403, '操作ができる人')
    assert call(shop, 'alice', 'POST', f'/moves/{request}/carry').status == 204 and state(shop, id) == 'paid'
    assert call(shop, 'alice', 'POST', f'/moves/{request}/carry').status == 204 and record(shop, id)['version'] == 3                 # a double click
    done = moves(shop, id)['course'][0]
    assert (done['state'], done['approved_by'], done['ended_by']) == ('done', 'k1, closer, k2', 'alice') and len(done['hash']) == 64
    entries = [(e['actor'], e['verb'], e['detail'].get('state')) for e in shop.log() if e['subject_id'] == id and e['kind'] == 'expenses' and e['result'] == 'OK' and e['verb'] in ('move', 'approve')]
    assert entries == [('alice', 'move', 'done'), ('alice', 'move', 'waiting'), ('k1', 'approve', 'waiting'), ('k1', 'approve', 'waiting'), ('closer', 'approve', 'waiting'),
                       ('k2', 'approve', 'approved'), ('alice', 'move', 'done'), ('alice', 'move', 'done')]


def duties(shop, who, which='mine'):
    return [d for d in shop.account(who).browser().request('GET', f'/api/v1/duties?which={which}&limit=200', headers={'Accept': 'application/json'}).json()['duties'] if d['kind'] == 'move']


def test_whoever_asked_wrote_or_approved_before_does_not_approve(shop, house):
    id, request = asked(shop, 'k3')                                                   # asked for by k3, written by alice
    assert why(approve(shop, 'k3', request), 403, '申請した人は') and [d for d in duties(shop, 'k3') if d['record'] == id] == []
    call(shop, 'alice', 'PATCH', f'/records/{id}', {'version': 2, 'boss': 'alice'})   # not frozen: the request stands, and alice is now among those of the second set
    assert why(approve(shop, 'alice', request), 403, '内容を書いた人は')
    call(shop, 'k2', 'PATCH', f'/records/{id}', {'version': 3, 'note': 'k2 wrote this'})
    assert why(approve(shop, 'k2', request), 403, '内容を書いた人は') and approve(shop, 'k1', request).status == 200
    # who made the step before, and who made the move that brought it here
    id = expense(shop)
    assert move(shop, 'closer', id, 'submit').status == 201
    assert why(move(shop, 'closer', id, 'check'), 403, '申請した人は') and move(shop, 'boss', id, 'check').status == 201
    request = move(shop, 'k1', id, 'pay').json()['id']
    assert why(approve(shop, 'boss', request), 403, '前の段階で承認した人') and why(approve(shop, 'closer', request), 403, '前の段階で承認した人')


def test_the_same_person_by_a_key_or_another_account_is_the_same_person(shop, house):
    key = shop.account('k3').browser().request('POST', '/api/v1/keys', json_body={'name': 'k3 key', 'permissions': ['record.read', 'record.write', 'personal.see']},
                                               headers={'Accept': 'application/json'})
    id = expense(shop)
    move(shop, 'alice', id, 'submit')
    token = key.json()['key'] if key.status == 201 and isinstance(key.json().get('key'), str) else shop.new_key('k3 own', ','.join(WRITES))
    house.sql("update daicho.api_key set created_by = %s where id = (select max(id) from daicho.api_key where tenant = %s)", args=(shop.account('k3').id, shop.name))
    made = shop.api('POST', f'/registers/expenses/records/{id}/moves', json={'move': 'pay', 'version': 2}, key=token)
    assert made.status == 201, made
    request = made.json()['id']
    assert why(approve(shop, 'k3', request), 403, '申請した人は')
    assert why(shop.api('POST', f'/registers/expenses/moves/{request}/approve', json={}, key=token, headers={'Accept-Language': 'ja'}), 403, 'APIキーではできません')
    # the account a person had before
    old, new = shop.account('temp.one', group='経理'), shop.account('temp.two', group='経理')
    id = expense(shop, 'temp.one')
    person = house.sql('select person_id from daicho.account where id = %s', args=(old.id,))[0][0]
    house.sql('delete from daicho.account where id = %s', args=(old.id,))
    house.sql('update daicho.account set person_id = %s where id = %s', args=(person, new.id))
    move(shop, 'alice', id, 'submit')
    request = move(shop, 'k1', id, 'pay').json()['id']
    assert why(approve(shop, 'temp.two', request), 403, '内容を書いた人は')


def test_a_later_change_of_what_was_approved_voids_it(shop):
    id, request = asked(shop)
    assert approve(shop, 'k1', request).status == approve(shop, 'k2', request).status == 200 and approve(shop, 'boss', request).json()['state'] == 'approved'
    assert call(shop, 'alice', 'PATCH', f'/records/{id}', {'version': 2, 'note': 'not frozen'}).status == 200 and moves(shop, id)['open']['state'] == 'approved'
    assert call(shop, 'alice', 'PATCH', f'/records/{id}', {'version': 3, 'amount': 100000}).status == 200
    seen = moves(shop, id)
    assert seen['open'] is None and (seen['course'][0]['state'], seen['course'][0]['why'], seen['course'][0]['approved_by']) == ('void', 'changed', 'k1, k2, boss')
    assert why(call(shop, 'alice', 'POST', f'/moves/{request}/carry'), 409, '変更されたため') and state(shop, id) == 'asked'
    assert why(approve(shop, 'k3', request), 409, '変更されたため')
    # back as it was: still void; asked for anew it begins from nothing
    call(shop, 'alice', 'PATCH', f'/records/{id}', {'version': 4, 'amount': 100})
    assert call(shop, 'alice', 'POST', f'/moves/{request}/carry').status == 409
    again = move(shop, 'alice', id, 'pay')
    assert again.status == 201 and [s['given'] for s in moves(shop, id)['open']['sets']] == [0, 0]
    assert call(shop, 'alice', 'DELETE', f'/records/{id}', {'version': 5}).status in (204, 403)


def test_refused_withdrawn_and_one_request_at_a_time(shop):
    id, request = asked(shop)
    assert why(move(shop, 'alice', id, 'return'), 409, '承認待ちの申請があります') and why(call(shop, 'k1', 'POST', f'/moves/{request}/withdraw'), 403, '申請した人だけ')
    assert why(call(shop, 'alice', 'POST', f'/moves/{request}/refuse', {'why': 'x'}), 403, '') and call(shop, 'k1', 'POST', f'/moves/{request}/refuse', {'why': ''}).status == 422
    assert call(shop, 'k1', 'POST', f'/moves/{request}/refuse', {'why': '領収書がありません'}).status == 204
    assert (moves(shop, id)['course'][0]['state'], moves(shop, id)['course'][0]['why'], state(shop, id)) == ('refused', '領収書がありません', 'asked')
    assert why(approve(shop, 'k2', request), 409, 'もう待って') and [d for d in duties(shop, 'k2') if d['record'] == id] == []
    request = move(shop, 'alice', id, 'return').json()['id']
    assert call(shop, 'alice', 'POST', f'/moves/{request}/withdraw').status == 204 and moves(shop, id)['open'] is None
    assert call(shop, 'alice', 'POST', f'/moves/{request}/withdraw').status == 204


def test_two_approvals_at_once_and_a_death_in_between(shop, house):
    id, request = asked(shop)
    who = ['k1', 'k2', 'k3', 'boss', 'closer']
    for one in who:
        shop.account(one).browser().get('/me')
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda one: approve(shop, one, request).status, who))
    assert sorted(answers) == [200, 200, 200, 409, 409], answers
    assert house.sql('select s.needed, count(*) from daicho.move_set s join daicho.move_approval a on a.set_id = s.id where s.move_id = %s group by s.id, s.needed order by s.id',
                     args=(request,)) == [(2, 2), (1, 1)]
    os.kill(house.workers('web')[0], signal.SIGKILL)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: call(shop, ('alice', 'k1')[n % 2], 'POST', f'/moves/{request}/carry').status, range(4)))
    assert call(shop, 'alice', 'POST', f'/moves/{request}/carry').status in (204, 409) and state(shop, id) == 'paid' and record(shop, id)['version'] == 3
    assert house.sql("select count(*) from daicho.move where record = %s and register_id = (select register_id from daicho.move where id = %s) and state = 'done'", args=(id, request)) == [(2,)]


# What nobody can do --------------------------------------------------------------------------------------------------------------------------------

class as_tenant:
    """SQL that got into a statement of a process: its login role, in the role of the contract, saying it is somebody."""

    def __init__(self, house, shop, login, account, mask=''):
        self.house, self.role, self.login, self.account = house, scope(login, shop.name, mask), login, account

    def __enter__(self):
        self.db = self.house.connect(self.login)
        self.db.autocommit = False
        self.db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", [self.role, f'account:{self.account}:x'])
        return self.db

    def __exit__(self, *all):
        self.db.rollback()
        self.db.close()


def test_raw_sql_of_a_contract_changes_no_state_and_approves_nothing(shop, house):
    id, request = asked(shop)
    schema = f't_{shop.name}'
    with as_tenant(house, shop, 'daicho_web', shop.account('alice').id) as db:
        for text in (f"update {schema}.r_expenses set status = 'paid' where id = {id}", f"update {schema}.m_expenses set status = 'paid' where id = {id}",
                     f"insert into {schema}.r_expenses (code, status) values ('raw', 'paid')", f"insert into {schema}.m_expenses (code, status) values ('raw', 'paid')",
                     f"insert into {schema}.r_expenses (id, code, amount, status) overriding system value values (999999, 'raw', 1, 'paid')",
                     f"insert into {schema}.r_expenses (code, status) values ((select code from {schema}.r_expenses where id = {id}), 'draft') on conflict (code) do update set status = 'paid'",
                     f"update {schema}.r_expenses set status = null where id = {id}",
                     f"with gone as (delete from {schema}.r_expenses where id = {id} returning *) insert into {schema}.r_expenses (id, code, amount, status) overriding system value "
                     f"select id, code || 'x', 999, 'paid' from gone",
                     f"alter table {schema}.r_expenses disable trigger all", f"drop trigger move_guard on {schema}.r_expenses", "set local session_replication_role = replica",
                     f"update daicho.move set state = 'approved' where id = {request}", f"insert into daicho.move_approval (tenant, move_id, set_id, account_id, person_id, given_by, hash) "
                     f"values ('{shop.name}', {request}, 1, 1, 1, 'x', '')", "delete from daicho.move_rule", "update daicho.duty set stopped_at = now()", "update daicho.move_set set needed = 0",
                     f"select daicho.move_write(r, {id}) from daicho.move_rule r", f"select daicho.move_end({request}, 'done', '')", "select daicho.move_rule_set('x', 1, 'x', 'x', '[]')",
                     f"select daicho.move_lay('{shop.name}', 1, true)", f"create trigger x before update on {schema}.r_expenses for each row execute function daicho.move_guard('1', 'status')"):
            with pytest.raises(psycopg.Error), db.transaction():
                db.execute(text)
        said = lambda text: db.execute(f'select {text}').fetchone()[0]
        assert said(f"daicho.move_approve('expenses', {request}, 0)") in ('who', 'requester', 'drafter') and said(f"daicho.move_approve('orders', {request}, 0)") == 'unknown'
    assert state(shop, id) == 'asked'
    for role in 'daicho_auth', 'daicho_jobs', 'daicho_cli':
        with as_tenant(house, shop, role, shop.account('alice').id) as db, pytest.raises(psycopg.Error):
            db.execute(f"update {schema}.r_expenses set status = 'paid' where id = {id}")
    other = house.tenant(registers=())
    with as_tenant(house, other, 'daicho_web', shop.account('k1').id) as db:
        assert db.execute(f"select daicho.move_approve('expenses', {request}, 0)").fetchone()[0] == 'unknown'
        assert db.execute('select (select count(*) from daicho.move), (select count(*) from daicho.move_rule), (select count(*) from daicho.move_approval)').fetchone() == (0, 0, 0)
        assert db.execute(f"select count(*) from daicho.move_look('expenses', {id})").fetchone() == (0,)
    assert other.api('POST', f'/registers/expenses/moves/{request}/approve', json={}).status == 404


def test_files_batches_and_deletions_keep_states(shop):
    id, request = asked(shop)
    code = record(shop, id)['code']
    job = shop.house.wait_job(shop.house.import_file('expenses', f'番号,状態,メモ\n{code},paid,x\nN1,paid,x\nN2,,x\nN3,draft,x\n'.encode(), shop), shop)
    assert (counts(job)['created'], counts(job)['changed'], counts(job)['refused']) == (2, 0, 2), job
    assert state(shop, id) == 'asked' and shop.sql("select code, status from r_expenses where code in ('N1', 'N2', 'N3') order by 1") == [('N2', 'draft'), ('N3', 'draft')]
    assert counts(shop.house.wait_job(shop.house.import_file('expenses', f'番号,状態,メモ\n{code},申請中,y\n'.encode(), shop), shop))['changed'] == 1
    assert shop.house.wait_job(shop.house.import_file('expenses', '番号,金額\nN4,7\n'.encode(), shop), shop)['state'] == 'done' and shop.sql("select status from r_expenses where code = 'N4'") == [('draft',)]
    refused = shop.api('POST', '/registers/expenses/bulk', json={'action': 'set', 'condition': {'item': 'code', 'op': 'eq', 'value': code}, 'set': {'status': 'paid'}, 'confirm': 1})
    assert refused.status == 422 and state(shop, id) == 'asked'
    # deleted it is void; brought back it stands where it stood
    from test_bulk import do, undo
    gone = do(shop, look(shop, 'delete', 'expenses', {'item': 'code', 'op': 'eq', 'value': code}), 'expenses')
    assert shop.house.sql('select state, why from daicho.move where id = %s', args=(request,)) == [('void', 'gone')]
    undo(shop, gone['id'], 'expenses')
    assert state(shop, id) == 'asked' and moves(shop, id)['open'] is None


def test_records_made_one_keep_the_state_of_the_one_that_stays(shop):
    stays, goes = expense(shop), expense(shop)
    move(shop, 'alice', goes, 'submit')
    pair = shop.api('GET', f'/registers/expenses/merges/new?survivor={stays}&gone={goes}').json()
    assert [(i['take'], i['fixed'], i['reason']) for i in pair['items'] if i['name'] == 'status'] == [(False, True, 'state')]
    order = {'survivor': stays, 'gone': goes, 'survivor_version': 1, 'gone_version': 2}
    assert shop.api('POST', '/registers/expenses/merges', json={**order, 'take': ['status']}).status == 422
    made = shop.api('POST', '/registers/expenses/merges', json={**order, 'take': []})
    assert made.status == 201 and state(shop, stays) == 'draft', made
    assert shop.api('POST', f'/registers/expenses/merges/{made.json()["id"]}/undo', json={}).status == 200 and state(shop, goes) == 'asked'


# Definitions ---------------------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('before, after, words', [
    ('to: asked, required: [amount]', 'to: nowhere, required: [amount]', '「nowhere」は項目「status」の選択肢にありません'), ('required: [amount]', 'required: [nothing]', '項目「nothing」はありません'),
    ('required: [amount]', 'freeze: [amount]', '承認が必要な操作だけ'), ('from: [draft, back], to: asked', 'from: [draft, asked], to: asked', '元の状態'),
    ('item:boss', 'item:note', 'account型の項目ではありません'), ('[requester, drafter, approver]', '[nobody]', 'requester drafter approver'), ('item:boss', 'boss', 'どれでもありません'),
    ('state: status', 'state: code', 'choice型'), ('count: 2', 'count: 0', '1から10まで'), ('name: hide', 'name: submit', '2回'), ('days: 2', 'fortnights: 2', '')])
def test_mistakes_in_moves_are_told_with_their_line(shop, before, after, words):
    line = EXPENSES.lstrip()[:EXPENSES.lstrip().index(before)].count('\n') + 1
    answer = shop.api('PUT', '/registers/expenses', body=EXPENSES.lstrip().replace(before, after, 1).encode(), headers={'Content-Type': 'application/yaml', 'Accept-Language': 'ja'})
    assert answer.status == 422 and words in str(answer.json()['errors']), answer.json()
    assert answer.json()['errors'][0]['line'] == line, answer.json()


def test_a_changed_rule_voids_what_waits_and_without_moves_the_state_is_free(shop):
    id, request = asked(shop)
    assert shop.api('PUT', '/registers/expenses', body=EXPENSES.replace('group:経理], count: 2', 'group:いない], count: 2').encode(),
                    headers={'Content-Type': 'application/yaml', 'Accept-Language': 'ja'}).status == 422
    plan = define(shop, EXPENSES.replace('count: 2', 'count: 3'), 'PUT', '/registers/expenses')
    assert plan['moves_ended'] >= 1 and any('無効になり' in str(line) or 'void' in str(line) for line in plan['lines'])
    assert moves(shop, id)['course'][0]['why'] == 'rule' and why(approve(shop, 'k1', request), 409, '規則')
    renamed = EXPENSES.replace('{name: status,', '{name: phase, formerly: [status],').replace('state: status', 'state: phase')
    define(shop, renamed, 'PUT', '/registers/expenses')
    with pytest.raises(errors.CheckViolation):
        with as_tenant(shop.house, shop, 'daicho_web', shop.account('alice').id) as db:
            db.execute(f"update t_{shop.name}.r_expenses set phase = 'paid' where id = {id}")
    define(shop, renamed[:renamed.index('state: phase')], 'PUT', '/registers/expenses')
    version = record(shop, id)['version']
    assert call(shop, 'alice', 'PATCH', f'/records/{id}', {'version': version, 'phase': 'paid'}).status == 200 and moves(shop, id) == {}
    define(shop, EXPENSES.replace('{name: status,', '{name: status, formerly: [phase],'), 'PUT', '/registers/expenses')
    assert state(shop, id) == 'paid' and [m['name'] for m in moves(shop, id)['moves']] == ['return']


def test_pages_show_what_is_possible_and_why_not(shop, house, tmp_path):
    id, request = asked(shop)
    page = lambda who: shop.account(who).browser().get(f'/registers/expenses/records/{id}').text
    alice, k1 = page('alice'), page('k1')
    assert 'aria-current="step">申請中' in alice and '申請を取り下げる' in alice and f'/moves/{request}/approve' not in alice and f'/moves/{request}/approve' in k1
    assert 'name="status"' not in shop.account('alice').browser().get(f'/registers/expenses/records/{id}/edit').text
    answer = shop.account('k1').browser().post(f'/registers/expenses/moves/{request}/approve', {})
    assert answer.status in (200, 303) and '同じ人の承認は1回だけ' in page('k1')
    register = shop.admin.browser().get('/registers/expenses').text
    assert '状態の操作' in register and 'グループ: 経理（2人）' in register and '申請した人、内容を書いた人、前の段階で承認した人' in register
    assert 'この操作ができる人ではありません' not in alice
    assert '承認: 支払う' in shop.account('k2').browser().get('/duties').text
    (tmp_path / 'expenses.yaml').write_text(EXPENSES)
    told = house.cli('register', 'simulate', '--tenant', shop.name, tmp_path / 'expenses.yaml')
    assert [m['name'] for m in told['moves']] == ['submit', 'hide', 'check', 'pay', 'return'] and told['states'] == []
    paths = shop.api('GET', '/openapi.json').json()['paths']
    assert '/registers/{register}/moves/{id}/approve' in paths


# Telling --------------------------------------------------------------------------------------------------------------------------------------------

def told(shop, kind, about):
    return sorted((r, s, b) for r, s, b in shop.house.sql('select recipient, subject, body from daicho.notice where tenant = %s and kind = %s', args=(shop.name, kind)) if about in b + '\n')


def heard(shop, kind, about, people):
    assert until(lambda: len(told(shop, kind, about)) >= len(people), 20), (kind, about)
    assert sorted(m[0] for m in told(shop, kind, about)) == sorted(f'{p}@example.jp' for p in people)
    return told(shop, kind, about)


def later(shop, request, hours):
    """As if it had been asked for so many hours ago."""
    shop.house.sql("""set session_replication_role = replica; update daicho.duty d set due_at = d.due_at - interval '%d hours' from daicho.move_set s
        where s.move_id = %d and d.kind = 'move' and d.ref = s.id;
        update daicho.move set asked_at = asked_at - interval '%d hours', told_to = told_to - interval '%d hours', next_at = daicho.clock() where id = %d;
        set session_replication_role = origin""" % (hours, request, hours, hours, request))


def test_who_may_approve_is_told_once_and_who_asked_of_the_result(shop, house):
    house.sql("update daicho.account set email = login || '@example.jp', lang = case login when 'k1' then 'en' else 'ja' end where tenant = %s and not login = 'admin'", args=(shop.name,))
    house.sql("update daicho.account set email = null where tenant = %s and login not in ('alice', 'boss', 'closer', 'k1', 'k2', 'k3')", args=(shop.name,))
    id, request = asked(shop, secret='ひみつ')
    link = f'/registers/expenses/records/{id}\n'
    code = record(shop, id)['code']
    mails = heard(shop, 'move_asked', link, ['boss', 'closer', 'k1', 'k2', 'k3'])
    english = {m[0]: m for m in mails}['k1@example.jp']
    assert english[1] == '[Daicho] Please approve: Pay' and f'Pay (Expenses: {code}), asked by alice' in english[2]
    assert '支払う' in mails[0][1] and f'（経費: {code}）' in mails[0][2] and 'ひみつ' not in str(mails)
    # before the deadline, whoever can still; when it has passed, also who asked
    assert approve(shop, 'k1', request).status < 300
    later(shop, request, 30)
    heard(shop, 'move_reminder', link, ['boss', 'closer', 'k2', 'k3'])
    # what was approved changes: it is void, and that is told; nobody is told of what they did themselves
    version = record(shop, id)['version']
    assert shop.account('k3').browser().request('PATCH', f'/api/v1/registers/expenses/records/{id}', json_body={'amount': 5}, headers={'If-Match': f'"{version}"'}).status == 200
    assert '承認の対象が変わったため' in heard(shop, 'move_result', link, ['alice'])[0][2]
    assert len(told(shop, 'move_asked', link)) == 5 and not told(shop, 'move_overdue', link)
    other, request = asked(shop)
    link = f'/registers/expenses/records/{other}\n'
    heard(shop, 'move_asked', link, ['boss', 'closer', 'k1', 'k2', 'k3'])
    assert call(shop, 'k2', 'POST', f'/moves/{request}/refuse', {'why': 'ひみつの理由'}).status < 300
    result = heard(shop, 'move_result', link, ['alice'])[0]
    assert '承認されませんでした' in result[2] and 'ひみつ' not in result[2]
    # whoever may not read the register any more is told nothing, whatever they asked for
    gone, request = asked(shop)
    link = f'/registers/expenses/records/{gone}\n'
    heard(shop, 'move_asked', link, ['boss', 'closer', 'k1', 'k2', 'k3'])
    assert call(shop, 'alice', 'POST', f'/moves/{request}/withdraw').status < 300
    assert not house.sql("select 1 from daicho.move where id = %s and next_at is not null", args=(request,))
    assert not told(shop, 'move_result', link)
    with as_tenant(house, shop, 'daicho_web', 0) as db, pytest.raises(errors.InsufficientPrivilege):
        db.execute('select * from daicho.move_fire(9)')


def test_overdue_approvals_are_told_to_who_asked_too(shop, house):
    id, request = asked(shop)
    link = f'/registers/expenses/records/{id}\n'
    heard(shop, 'move_asked', link, ['boss', 'closer', 'k1', 'k2', 'k3'])
    later(shop, request, 49)
    heard(shop, 'move_overdue', link, ['alice', 'boss', 'closer', 'k1', 'k2', 'k3'])


def test_pages_and_feeds_name_records_as_their_reader_may_see_them(shop, house):
    define(shop, EXPENSES.replace('heading: [code]', 'heading: [secret, note]'), 'PUT', '/registers/expenses')
    id, request = asked(shop, secret='Umeko', note='Tokyo')
    blind = Person(shop, 'blindlist', ['record.read', 'record.write'])
    see = [d for d in call_duties(shop.account('k1').browser()) if d['record'] == id]
    assert see[0]['heading'] == 'Umeko Tokyo' and see[0]['register_title'] == 'Expenses'
    assert [d['heading'] for d in blind.ask('GET', '/duties?which=team&limit=200').json()['duties'] if d['record'] == id] == ['Tokyo'] * 2
    page = shop.account('k1').browser().get('/duties').text
    assert 'Expenses: Umeko Tokyo' in page and 'Expenses: Umeko Tokyo' in shop.account('k1').browser().get(f'/duties/{see[0]["id"]}').text
    address = shop.account('k1').browser().request('POST', '/api/v1/me/feed', json_body={}, headers={'Accept': 'application/json'}).json()['address']
    feed = house.http.request('GET', '/duties.ics?key=' + address.split('key=')[1]).text.replace('\r\n ', '')
    assert 'Pay (Expenses: Tokyo)' in feed and 'Umeko' not in feed
    mails = heard(shop, 'move_asked', f'/registers/expenses/records/{id}\n', ['boss', 'closer', 'k1', 'k2', 'k3'])
    assert 'Tokyo' in str(mails) and 'Umeko' not in str(mails)


def call_duties(browser):
    return browser.request('GET', '/api/v1/duties?limit=200', headers={'Accept': 'application/json', 'Accept-Language': 'ja'}).json()['duties']
