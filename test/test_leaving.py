"""Whoever leaves declares that nothing of the company is left on a device of their own; another person countersigns. Until then the leaving is not complete, and what
belongs to the device is dead. And what is not handed out to a device of one's own."""
import json
import re
import urllib.parse

import psycopg
import pytest

from house import until
from test_device import CLASH, DENIED, GOOD, OWN, Office

SIGNED = {'data_removed': True, 'accounts_removed': True, 'nothing_kept': True}


@pytest.fixture(scope='module')
def office(house):
    return Office(house)


def person(office, who):
    return office.ok('GET', f'/people/{who.person_id}')['person']


def leaving(office, who, days=1):
    """A last day to come."""
    at = office.house.sql("select to_char((now() + make_interval(days => %s)) at time zone 'Asia/Tokyo', 'YYYY-MM-DD')", args=(days,))[0][0]
    office.ok('POST', f'/people/{who.person_id}/stop', {'reason': 'leaver', 'at': at})


def left(office, who):
    office.ok('POST', f'/people/{who.person_id}/stop', {'reason': 'leaver'})


def phone(office, who, name='私物のスマートフォン'):
    return office.attest(who, **{**OWN, 'name': name})


def declare(office, who, device, own=True, **more):
    return office.call(who, 'POST', f"{'/me' if own else ''}/devices/{device['id']}/declare", {**SIGNED, 'version': office.read(device)['version'], **more})


def counter(office, by, device, what='countersign', **more):
    return office.call(by, 'POST', f'/devices/{device["id"]}/{what}', {'version': office.read(device)['version'], **more})


# Declaring ----------------------------------------------------------------------------------------------------------------------------------------

def test_aup_22_b_a_leaving_is_not_complete_until_every_own_device_is_declared_and_countersigned(office):
    office.house.sql("update daicho.account set email = 'it@example.jp' where id = %s", args=(office.admin.id,))
    member = office.member('goes')
    first, second = phone(office, member), phone(office, member, '私物のタブレット')
    assert first['declaration'] is None and declare(office, member, first).status == 409          # nobody leaves yet
    leaving(office, member)
    now = office.read(first)
    assert (now['declaration'], now['declare_overdue'], person(office, member)['undeclared'], person(office, member)['complete']) == ('open', False, 2, None)
    page = member.browser().get('/').text
    assert page.count('削除の申告に署名してください') == 2 and '申告に署名する' in member.browser().get(f'/me/devices/{first["id"]}').text
    assert '最終日までに' in office.admin.browser().get(f'/people/{member.person_id}').text
    # only what is done is signed, each point of it
    for point in SIGNED:
        answer = declare(office, member, first, **{point: False})
        assert answer.status == 422 and [e['item'] for e in answer.json()['errors']] == [point]
    assert office.call(member, 'POST', f'/me/devices/{first["id"]}/declare', {**SIGNED, 'version': 99}).status == 412
    # the leaver signs one while still here; signing ends what nobody said where it comes from, also this very session
    assert declare(office, member, first, how='仕事用プロファイルを消去').status == 200
    assert office.call(member, 'GET', '/me').status == 401
    now = office.read(first)
    assert (now['declaration'], now['state']) == ('signed', 'returned') and [e['what'] for e in now['events']][:1] == ['declared']
    # gone: out at once, whatever is signed; complete is another thing
    left(office, member)
    assert office.house.sql('select state from daicho.account where id = %s', args=(member.id,)) == [('suspended',)]
    assert (person(office, member)['undeclared'], person(office, member)['complete']) == (2, False)
    assert '手続きはまだ完了していません' in office.admin.browser().get(f'/people/{member.person_id}').text
    assert {d['id'] for d in office.ok('GET', '/devices?state=undeclared')['devices']} == {first['id'], second['id']}
    home = office.admin.browser().get('/').text
    assert '確認の署名を待っています（1件）' in home and '削除の申告がありません（1件）' in home
    # signed and countersigned, by two people: neither the leaver nor whoever recorded it
    assert counter(office, office.admin, first).status == 200 and counter(office, office.admin, first).status == 409
    answer = declare(office, office.admin, second, own=False)
    assert answer.status == 422 and [e['item'] for e in answer.json()['errors']] == ['reason'], answer.json()
    assert declare(office, office.admin, second, own=False, reason='すでに退職。書面を受け取った').status == 200
    assert declare(office, office.admin, second, own=False, reason='x').status == 409
    assert '自分が署名した申告' in office.admin.browser().get(f'/devices/{second["id"]}').text
    assert counter(office, office.admin, second).status == 403 and person(office, member)['complete'] is False
    # sent back: signed again
    assert counter(office, office.deputy, second, 'send-back').status == 422
    assert counter(office, office.deputy, second, 'send-back', reason='書面に日付がない').status == 200
    assert office.read(second)['declaration'] == 'open' and counter(office, office.deputy, second).status == 409
    assert declare(office, office.admin, second, own=False, reason='書面に日付を入れてもらった').status == 200
    assert counter(office, office.deputy, second).status == 200
    assert (person(office, member)['undeclared'], person(office, member)['complete']) == (0, True)
    declared = office.ok('GET', f'/devices/{second["id"]}')['declarations']
    assert [(d['valid'], d['own'], d['signed_by'], d['countersigned_by']) for d in declared] == [(True, False, 'admin', 'deputy'), (False, False, 'admin', None)]
    assert until(lambda: [n for n in office.notices('device_declared') if '私物のタブレット' in n[1]], 10)
    verbs = [(e['verb'], sorted(set(e['detail']) & {'declared', 'recorded', 'countersigned', 'sent_back'})) for e in office.shop.log() if e['kind'] == 'device'
             and e['subject_id'] == second['id'] and e['result'] == 'OK' and e['verb'] in ('update', 'approve')]
    assert verbs == [('update', ['recorded']), ('update', ['sent_back']), ('update', ['recorded']), ('approve', ['countersigned'])]


def test_aup_22_b_tokens_of_that_device_return_401_in_the_moment_its_owner_leaves(office, house):
    member = office.member('synced')
    device = phone(office, member, '同期する電話')
    key = office.ok('POST', '/keys', {'name': 'sync of the phone', 'permissions': ['account.manage']})
    made = office.ok('POST', '/certificates', {'name': 'phone of synced'})['made']
    for of in f'key:{key["made"]["id"]}', f'certificate:{made["id"]}':
        assert office.call(office.admin, 'POST', f'/devices/{device["id"]}/tie', {'of': of}).status == 200
    for of in 'key:999999', 'account:1', 'key', 'key:-1', 'certificate:x':
        assert office.call(office.admin, 'POST', f'/devices/{device["id"]}/tie', {'of': of}).status == 422, of
    assert {(t['kind'], t['live']) for t in office.ok('GET', f'/devices/{device["id"]}')['ties']} == {('key', True), ('certificate', True)}
    form = urllib.parse.urlencode({'grant_type': 'client_credentials', 'client_id': key['made']['id'], 'client_secret': key['key']}).encode()
    token = house.http.request('POST', '/api/v1/oauth/token', {'Content-Type': 'application/x-www-form-urlencoded'}, form).json()['access_token']
    # somebody else's session at that device, known by the certificate
    borrowed = office.member('borrows')
    borrowed.browser()
    house.sql("update daicho.session set device_id = %s, device_how = 'certificate' where account_id = %s", args=(device['id'], borrowed.id))
    live = member.browser()
    assert (house.api('GET', '/devices', key=key['key']).status, house.api('GET', '/devices', key=token).status, live.get('/me').status, borrowed.browser().get('/me').status) == (200, 200, 200, 200)
    left(office, member)
    assert house.api('GET', '/devices', key=key['key']).status == 401 and house.api('GET', '/devices', key=token).status == 401
    assert office.call(member, 'GET', '/me').status == 401 and office.call(borrowed, 'GET', '/me').status == 401
    assert house.sql('select revoked_at is not null from daicho.certificate where id = %s', args=(made['id'],)) == [(True,)]
    assert house.sql('select count(distinct x.at) from (select revoked_at as at from daicho.certificate where id = %s union all select revoked_at from daicho.api_key '
                     'where id = %s union all select left_at from daicho.person where id = %s) x', args=(made['id'], key['made']['id'], member.person_id)) == [(1,)]
    # nothing comes to it any more
    other = office.ok('POST', '/keys', {'name': 'too late', 'permissions': ['account.manage']})['made']
    assert office.call(office.admin, 'POST', f'/devices/{device["id"]}/tie', {'of': f'key:{other["id"]}'}).status == 409
    with office.inside(office.admin) as db, pytest.raises(CLASH):
        db.execute('select daicho.device_tie(%s, null, %s)', [device['id'], other['id']])


def test_a_lost_and_a_returned_device_take_along_what_belongs_to_them(office, house):
    member = office.member('forgetful')
    for what in 'returned', 'lost':
        device = phone(office, member, f'{what} phone')
        key = office.ok('POST', '/keys', {'name': f'of the {what} one', 'permissions': ['account.manage']})
        assert office.call(office.admin, 'POST', f'/devices/{device["id"]}/tie', {'of': f'key:{key["made"]["id"]}'}).status == 200
        if what == 'returned':
            assert office.decide(device, what='return').status == 200
        else:
            assert office.call(member, 'POST', '/me/lost', {'confirm': 'forgetful', 'what': 'loss', 'device_id': device['id']}).status == 200
        assert house.api('GET', '/devices', key=key['key']).status == 401, what


def test_a_declaration_that_is_late_is_told_and_one_who_stays_has_declared_nothing(office, house):
    member = office.member('stays')
    device = phone(office, member, '居残る電話')
    leaving(office, member)
    assert declare(office, member, device).status == 200
    version = person(office, member)['version']
    assert office.call(office.admin, 'PATCH', f'/people/{member.person_id}', {'leaves_at': '', 'version': version}).status == 200
    assert office.read(device)['declaration'] is None
    declared, = office.ok('GET', f'/devices/{device["id"]}')['declarations']
    assert (declared['valid'], declared['stays']) == (False, True)
    # gone after all: declared anew, although the device is not used any more; late when the last day is over
    left(office, member)
    assert office.read(device)['declaration'] == 'open' and not office.read(device)['declare_overdue']
    house.sql("update daicho.person set left_at = now() - interval '2 days' where id = %s", args=(member.person_id,))
    assert office.read(device)['declare_overdue'] and person(office, member)['declare_overdue']
    office.house.sql("update daicho.account set email = 'it@example.jp' where id = %s", args=(office.admin.id,))
    assert until(lambda: [n for n in office.notices('device_undeclared') if '居残る電話' in n[1]], 30)


def test_postgresql_writes_no_declaration_but_by_two_people_who_are_logged_in(office, house):
    member, third = office.member('declares'), office.member('onlooker')
    device = phone(office, member, 'SQLの電話')
    sign = 'select daicho.device_declare(%s, (select version from daicho.device where id = %s), %s, null)'
    with office.inside(member) as db:       # nobody leaves: nothing to be signed
        assert db.execute(sign, [device['id'], device['id'], None]).fetchone() == (None,)
        db.rollback()
    leaving(office, member)
    for who, reason, error in ((third, 'x', DENIED), (office.admin, None, CLASH), ('key:1:x', 'x', DENIED), ('operator:0:root', 'x', DENIED), ('system:0:', 'x', DENIED)):
        with office.inside(who) as db, pytest.raises(error):
            db.execute(sign, [device['id'], device['id'], reason])
    for sql in ("insert into daicho.declaration (tenant) values ('x')", 'update daicho.declaration set countersigned_by = signed_by', 'delete from daicho.declaration',
                f"select daicho.device_dead({device['id']})", "update daicho.api_key set device_id = null", "update daicho.session set device_id = null",
                'update daicho.certificate set device_id = null'):
        with office.inside(office.admin) as db, pytest.raises(DENIED):
            db.execute(sql)
    assert declare(office, office.admin, device, own=False, reason='入院中').status == 200
    accept = 'select daicho.device_countersign(%s, (select version from daicho.device where id = %s), true, null)'
    for who in office.admin, member, third, 'key:1:x', 'operator:0:root':
        with office.inside(who) as db, pytest.raises(DENIED):
            db.execute(accept, [device['id'], device['id']])
    # not even the owner of the tables
    for signer in office.admin.person_id, member.person_id:
        with pytest.raises(CLASH):
            house.sql("update daicho.declaration set countersigned_by = 'x', countersigned_person = %s, countersigned_at = now() where device_id = %s", args=(signer, device['id']))
    with pytest.raises(CLASH):
        house.sql("update daicho.declaration set reason = null where device_id = %s", args=(device['id'],))
    other = house.tenant(registers=())
    foreign = other.admin.browser()
    for path in 'declare', 'countersign', 'send-back', 'tie':
        assert foreign.request('POST', f'/api/v1/devices/{device["id"]}/{path}', json_body={**SIGNED, 'version': 1, 'reason': 'x', 'of': 'key:1'}).status in (404, 422), path
    assert office.call(third, 'POST', f'/devices/{device["id"]}/countersign', {'version': 1}).status == 403
    assert office.call(third, 'POST', f'/me/devices/{device["id"]}/declare', {**SIGNED, 'version': 1}).status == 404


# What a device of one's own may have ----------------------------------------------------------------------------------------------------------------

CONTACT = ['family_name', 'given_name', 'family_kana', 'telephone', 'email']


@pytest.fixture(scope='module')
def desk(house):
    office = Office(house, registers=('customers',))
    shop = office.shop
    answer = shop.api('POST', '/registers/customers/records', json={'email': 'a@example.jp', 'family_name': '佐藤', 'given_name': '美咲', 'telephone': '090-1234-5678',
                                                                 'birthday': '1990-02-03', 'points': 5})
    assert answer.status == 201, answer
    office.group_id = office.group('seller', ['record.read', 'record.export', 'personal.see'])
    return office


def seller(desk, login):
    return desk.member(login, groups=[desk.group_id])


def export(desk, who, items=None, **more):
    return desk.call(who, 'POST', '/registers/customers/exports', {**({} if items is None else {'items': items}), **more})


def at(desk, who, device):
    return desk.call(who, 'POST', '/me/device', {'device_id': device['id']})


def exported(desk, who, answer):
    job = answer.json()['id']
    state = until(lambda: (now := desk.ok('GET', f'/jobs/{job}', who=who)['job'])['state'] not in ('queued', 'running') and now, 20)
    assert state['state'] == 'done', state
    return job, state


def test_aup_20_a_from_an_own_device_contact_details_go_out_and_nothing_confidential(desk, house):
    who = seller(desk, 'mobile')
    device = phone(desk, who, '私物のiPhone')
    assert at(desk, who, device).status == 204
    log = len(desk.shop.log())
    for items, titles in ((None, '生年月日'), (['email', 'birthday'], '生年月日'), (['points'], 'ポイント'), (['family_name', 'address'], '住所')):
        answer = export(desk, who, items)
        assert answer.status == 403 and titles in answer.text and '私物の端末に書き出せるのは連絡先' in answer.text, answer
    assert [e['result'] for e in desk.shop.log()[log:]] == ['FORBIDDEN'] * 4
    answer = export(desk, who, CONTACT)
    assert answer.status == 202, answer
    job, state = exported(desk, who, answer)
    assert state['result']['classification'] == 'contact' and state['result']['rows'] == 1
    file = who.browser().get(f'/api/v1/jobs/{job}/file')
    assert file.status == 200 and '佐藤' in file.text and 'a@example.jp' in file.text and '1990' not in file.text
    here = {'id': device['id'], 'name': '私物のiPhone', 'own': True}
    entries = [e for e in desk.shop.log()[log:] if e['verb'] in ('export', 'download') and e['result'] == 'OK']
    assert [(e['verb'], e['detail']['classification'], e['detail']['device']) for e in entries] == [('export', 'contact', here)] * 2 + [('download', 'contact', here)]
    page = who.browser().get('/registers/customers/exports/new').text
    assert '私物のiPhone' in page and re.search(r'name="items" value="birthday" disabled', page) and re.search(r'name="items" value="telephone" checked', page)
    assert '私物のiPhone' in who.browser().get('/me').text


def test_a_file_made_at_the_company_does_not_come_down_to_an_own_device(desk, house):
    who = seller(desk, 'both')
    own, company = phone(desk, who, '私物'), desk.approved(who, name='会社のPC')
    # nobody said where: there is an own device, so it counts
    assert export(desk, who).status == 403 and '端末を選んでください' in who.browser().get('/registers/customers/exports/new').text
    assert at(desk, who, company).status == 204
    job, state = exported(desk, who, export(desk, who))
    assert state['result']['classification'] == 'confidential' and who.browser().get(f'/api/v1/jobs/{job}/file').status == 200
    assert [e['detail']['device']['own'] for e in desk.shop.log() if e['verb'] == 'download' and e['actor'] == 'both'] == [False]
    assert at(desk, who, own).status == 204
    answer = who.browser().get(f'/api/v1/jobs/{job}/file')
    assert answer.status == 403 and '連絡先以外の項目' in answer.text
    # from there no way back but logging out; never somebody else's device, nor one that is not approved
    assert at(desk, who, company).status == 409
    other = desk.approved(seller(desk, 'neighbour'))
    unapproved = desk.attest(who, name='未承認のPC')
    assert at(desk, who, other).status == 422 and at(desk, who, unapproved).status == 422
    fresh = who.browser(fresh=True)
    assert fresh.request('POST', '/api/v1/me/device', json_body={'device_id': company['id']}).status == 204
    # nobody without a device of their own is asked anything
    plain = seller(desk, 'plain')
    assert export(desk, plain).status == 202


def test_every_other_way_to_take_a_file_is_403_at_an_own_device_and_looking_works(desk, house):
    device = phone(desk, desk.admin, '管理者の電話')
    admin = desk.admin.browser()
    try:
        assert at(desk, desk.admin, device).status == 204
        routes = [r for r in house.cli('routes') if r['verb'] in ('download', 'export') and r['permission'] != 'public'
                  and r['path'] not in ('/registers/{register}/exports', '/registers/{register}/exports/{id}/decide', '/jobs/{id}/file',
                                           '/registers/{register}/records/{id}/files/{item}', '/registers/{register}/records/{id}/evidence/{evidence}')]      # these look into the file
        assert len(routes) >= 5
        for route in routes:
            path = '/api/v1' + re.sub(r'\{(\w+)\}', lambda m: 'customers' if m[1] == 'register' else '1', route['path'])
            answer = admin.request(route['method'], path, **({} if route['method'] == 'GET' else {'json_body': {}}))
            assert answer.status == 403 and '私物の端末' in answer.text, (path, answer)
        for path in '/registers/customers/records', '/log', '/jobs', '/devices':
            assert admin.get(path).status == 200, path
    finally:
        house.sql("update daicho.device set state = 'returned' where id = %s", args=(device['id'],))      # and the session with it
        desk.admin.browser(fresh=True)


def test_a_certificate_or_key_of_an_own_device_says_where_its_bearer_sits(desk, house):
    who = seller(desk, 'certified')
    own, company = phone(desk, who, '証明書の電話'), desk.approved(who, name='証明書のないPC')
    serial = house.sql("insert into daicho.certificate (tenant, serial, name, expires_at, device_id) values (%s, repeat('5B12CD34', 4), 'phone', now() + interval '1 day', %s) returning serial",
                       args=(desk.shop.name, own['id']))[0][0]
    assert at(desk, who, company).status == 204
    session = house.sql('select id from daicho.session where account_id = %s', args=(who.id,))[0][0]
    with desk.inside(who) as db:        # as the gate asks, with the certificate of the request
        assert db.execute('select own, known, device from daicho.session_place(%s, %s)', [session, serial]).fetchone() == (True, True, '証明書の電話')
        assert db.execute('select daicho.session_sit(%s, %s)', [session, company['id']]).fetchone() == ('',)
        db.commit()
    assert export(desk, who).status == 403 and export(desk, who, ['email']).status == 202
    key = desk.ok('POST', '/keys', {'name': 'of the app', 'permissions': ['record.read', 'record.export', 'personal.see']})
    ask = lambda items: house.api('POST', '/registers/customers/exports', key=key['key'], json={'items': items})
    assert ask(['birthday']).status == 202
    desk.ok('POST', f'/devices/{own["id"]}/tie', {'of': f'key:{key["made"]["id"]}'})
    assert ask(['birthday']).status == 403 and ask(['telephone']).status == 202


def test_postgresql_starts_no_export_of_confidential_items_for_an_own_device(desk, house):
    who = seller(desk, 'sqlmobile')
    device = phone(desk, who, 'SQLの私物')
    assert at(desk, who, device).status == 204
    words = 'select a.words from daicho.account a where a.id = %s'
    insert = f"insert into daicho.job (tenant, actor_kind, actor_id, actor, groups, kind, register, args, account_id, permissions) select %s, 'account', %s, 'x', '', %s, %s, %s, %s, ({words})"
    order = lambda db, items, kind='export': db.execute(insert, [desk.shop.name, who.id, kind, 'customers' if kind == 'export' else None, json.dumps({'items': items}), who.id, who.id])
    for items, kind in ((['birthday'], 'export'), (['email', 'points'], 'export'), ([], 'export'), (['nothing'], 'export'), ([], 'log_export')):
        with desk.inside(who) as db, pytest.raises(DENIED):
            order(db, items, kind)
    with desk.inside(who) as db:
        order(db, CONTACT)
        db.rollback()
    # the program and the database agree about every item that is shipped
    items = {i['name']: i['classification'] for i in desk.shop.api('GET', '/registers/customers').json()['register']['items']}
    there = dict(house.sql(f"select i ->> 'name', daicho.item_classification(definition, i) from t_{desk.shop.name}.register, jsonb_array_elements(definition -> 'items') i where name = 'customers'"))
    assert items == there and {n for n, c in items.items() if c == 'contact'} == {*CONTACT, 'given_kana'} and items['birthday'] == 'confidential' and items['points'] == 'internal'


def test_a_definition_says_what_its_items_are(desk, house):
    put = lambda items: desk.shop.api('POST', '/registers?plan=1', json={'name': 'classed', 'title': 'x', 'items': items})
    item = {'name': 'a', 'type': 'text', 'title': 'a'}
    assert put([{**item, 'classification': 'public'}]).status == 200
    wrong = put([{**item, 'classification': 'secret'}])
    assert wrong.status == 422 and 'classification' in wrong.json()['errors'][0]['item'], wrong.json()
    wrong = put([item, {'name': 'b', 'type': 'reference', 'register': 'customers', 'title': 'b', 'classification': 'contact'}])
    assert wrong.status == 422 and 'classification' in wrong.json()['errors'][0]['item'], wrong.json()
