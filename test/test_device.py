"""The register of work devices: attested by their owners, approved by somebody else, lost ones an incident, nobody in without one where the contract says so."""
import json
import re

import psycopg
import pytest

from house import until
from test_department import Company

DENIED, CLASH = psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation
GOOD = {'kind': 'laptop', 'name': 'PC', 'os': 'windows', 'os_version': '10.0.26100', 'lock_method': 'biometric', 'lock_minutes': 5, 'malware': 'Defender', 'malware_on': True,
        'malware_scan': True, 'malware_update': True, 'encrypted': True, 'firewall': True}
OWN = {**GOOD, 'kind': 'phone', 'own': True, 'os': 'ios', 'os_version': '18.1', 'separation': 'yes', 'separation_how': '仕事用のプロファイル', 'separation_until': '2099-01-01'}


class Office(Company):
    def __init__(self, house, registers=()):
        super().__init__(house, registers=registers)
        self.admin, self.deputy = self.shop.admin, self.shop.deputy
        for who in self.admin, self.deputy:
            who.person_id = house.sql('select person_id from daicho.account where id = %s', args=(who.id,))[0][0]

    def attest(self, who, **more):
        return self.ok('POST', '/me/devices', {**GOOD, **more}, who)['device']

    def again(self, who, device, **more):
        return self.call(who, 'PATCH', f'/me/devices/{device["id"]}', {**GOOD, **more, 'version': self.read(device)['version']})

    def read(self, device):
        return self.ok('GET', f'/devices/{device["id"]}')['device']

    def decide(self, device, by=None, what='approve', **more):
        return self.call(by or self.admin, 'POST', f'/devices/{device["id"]}/{what}', {'version': self.read(device)['version'], **more})

    def approved(self, who, by=None, **more):
        device = self.attest(who, **more)
        answer = self.decide(device, by)
        assert answer.status == 200, answer
        return answer.json()['device']

    def figures(self):
        return self.ok('GET', '/devices')['figures']

    def policy(self, by=None, **members):
        version = self.ok('GET', '/policy')['policy']['version']
        return self.call(by or self.admin, 'PATCH', '/policy', {**members, 'version': version})

    def notices(self, kind):
        return [tuple(r) for r in self.house.sql('select recipient, body from daicho.notice where tenant = %s and kind = %s order by id', args=(self.shop.name, kind))]


@pytest.fixture(scope='module')
def office(house):
    return Office(house)


# Attesting and approving --------------------------------------------------------------------------------------------------------------------------

def test_mer_5_3_a_whoever_has_no_approved_device_is_listed(office):
    member = office.member('unlisted')
    without = lambda: {p['login']: p['why'] for p in office.ok('GET', '/devices')['people']}
    assert without()['unlisted'] == 'none'
    device = office.attest(member, name='机のPC')
    assert device['state'] == 'pending' and without()['unlisted'] == 'pending' and device['owner'] == 'unlisted'
    page = office.admin.browser().get('/devices?q=' + 'unlisted').text
    assert '机のPC' in page and '承認待ち' in page
    before = office.figures()['unfit_people']
    assert office.decide(device).status == 200
    assert 'unlisted' not in without() and office.figures()['unfit_people'] == before - 1
    # by itself non-compliant when the time is over
    office.house.sql("update daicho.device set expires_at = now() - interval '1 second' where id = %s", args=(device['id'],))
    now = office.read(device)
    assert (now['state'], now['compliant'], without()['unlisted']) == ('expired', False, 'expired')
    csv = office.admin.browser().get('/devices/file?state=expired').text
    assert '机のPC' in csv and '期限切れ' in csv and csv.count('\r\n') == 2


def test_mer_5_3_b_without_a_lock_it_is_not_approved(office):
    member = office.member('unlocked')
    device = office.attest(member, lock_method='none')
    answer = office.decide(device)
    assert answer.status == 409 and 'ロック' in answer.text and office.read(device)['state'] == 'pending'
    with office.inside(office.admin) as db, pytest.raises(CLASH):
        db.execute('select daicho.device_decide(%s, 1, true, null)', [device['id']])
    # not even the owner of the tables writes that down
    with pytest.raises(CLASH):
        office.house.sql("update daicho.device set state = 'approved', decided_at = now(), expires_at = now() where id = %s", args=(device['id'],))
    assert office.again(member, device, lock_method='pin').status == 200 and office.decide(device).status == 200


def test_mer_5_3_c_aup_17_a_a_lock_after_six_minutes_is_a_deviation_or_refused(office):
    member, before = office.member('slowlock'), office.figures()['deviating']
    five, six = office.attest(member, lock_minutes=5), office.attest(member, lock_minutes=6)
    assert (five['deviations'], six['deviations'], six['missing']) == ([], ['lock_delay'], [])
    assert office.figures()['deviating'] == before + 1
    assert office.policy(device_lock_strict=True).status == 200
    try:
        refused = office.call(member, 'POST', '/me/devices', {**GOOD, 'lock_minutes': 6})
        assert refused.status == 422 and [e['item'] for e in refused.json()['errors']] == ['lock_minutes'], refused.json()
        assert office.decide(six).status == 409 and office.decide(five).status == 200
        with office.inside(member) as db, pytest.raises(CLASH):
            db.execute('select daicho.device_attest(null, 0, %s, %s)', [member.person_id, json.dumps({**GOOD, 'own': False, 'lock_minutes': 6})])
    finally:
        assert office.policy(device_lock_strict=False).status == 200
    assert office.decide(six).status == 200


def test_mer_5_3_d_a_raised_minimum_makes_older_devices_unfit_and_tells_their_owners(office):
    old, new = office.member('oldmac', email='oldmac@example.jp'), office.member('newmac', email='newmac@example.jp')
    older, newer = office.approved(old, os='macos', os_version='9.10.1'), office.approved(new, os='macos', os_version='15.2')
    answer = office.call(office.admin, 'POST', '/devices/minimum', {'os': 'macos', 'version': '15'})
    assert answer.status == 200 and [d['id'] for d in answer.json()['below']] == [older['id']]
    now = office.read(older)
    assert (now['state'], now['compliant'], now['missing']) == ('approved', False, ['version']) and office.read(newer)['compliant']
    (recipient, body), = office.notices('device_below')
    assert recipient == 'oldmac@example.jp' and '15' in body and '9.10.1' in body
    task = old.browser().get(f'/me/devices/{older["id"]}').text
    assert '古い' in task and '15以上' in task
    # the same again tells nobody twice; an approval below is refused; attested anew it is in order
    assert office.call(office.admin, 'POST', '/devices/minimum', {'os': 'macos', 'version': '15.0'}).json()['below'] == []
    assert office.again(old, older, os='macos', os_version='14.9').status == 200 and office.decide(older).status == 409
    assert office.again(old, older, os='macos', os_version='15').status == 200 and office.decide(older).json()['device']['compliant']
    assert office.call(office.admin, 'POST', '/devices/minimum', {'os': 'macos', 'version': 'fifteen'}).status == 422
    assert office.call(old, 'POST', '/devices/minimum', {'os': 'macos', 'version': '1'}).status == 403
    assert office.call(office.admin, 'POST', '/devices/minimum', {'os': 'macos'}).status == 200


def test_mer_5_3_e_mer_5_3_f_coverage_is_of_the_devices_in_use(house):
    office = Office(house)
    member = office.member('covered')
    assert office.figures() | {'people': 0, 'unfit_people': 0} == {'used': 0, 'waiting': 0, 'malware': 0, 'malware_rate': None, 'encrypted': 0, 'encrypted_rate': None, 'deviating': 0,
                                                                   'unfit': 0, 'people': 0, 'unfit_people': 0, 'unreturned': 0, 'undeclared': 0}
    office.approved(member), office.approved(member), office.approved(member)
    bare = {'malware': '', 'malware_on': False, 'malware_scan': False, 'malware_update': False, 'encrypted': False}
    office.attest(member, **bare)
    figures = office.figures()
    assert (figures['used'], figures['malware'], figures['malware_rate'], figures['encrypted_rate'], figures['deviating'], figures['waiting']) == (4, 3, 75, 75, 1, 1)
    page = office.admin.browser().get('/devices').text
    assert '75%' in page and '3/4' in page


def test_mer_5_3_1_d_own_devices_say_whether_data_is_apart(office):
    member = office.member('byod')
    silent = office.ok('POST', '/me/devices', {**OWN, 'separation': '', 'separation_how': '', 'separation_until': ''}, member)['device']
    answer = office.decide(silent)
    assert answer.status == 409 and silent['missing'] == ['separation'] and office.read(silent)['state'] == 'pending'
    no = office.ok('POST', '/me/devices', {**OWN, 'separation': 'no', 'separation_how': '', 'separation_until': ''}, member)['device']
    assert no['deviations'] == ['separation'] and office.decide(no).status == 200
    assert office.call(member, 'POST', '/me/devices', {**OWN, 'separation_how': ''}).status == 422
    assert office.call(member, 'POST', '/me/devices', {**OWN, 'separation_until': '2020-01-01'}).status == 422
    # the answer is asked again on its day, though the approval would be good for longer
    yes = office.ok('POST', '/me/devices', {**OWN, 'separation_until': office.house.sql("select (now() + interval '20 days')::date::text")[0][0]}, member)['device']
    ends = office.decide(yes).json()['device']['expires_at']
    assert office.house.sql("select %s::timestamptz between now() + interval '19 days' and now() + interval '22 days'", args=(ends,)) == [(True,)]


def test_aup_26_a_aup_31_a_what_the_policy_asks_of_computers(office):
    member = office.member('computers')
    laptop, desktop = office.attest(member, firewall=False), office.attest(member, firewall=False, kind='desktop')
    assert laptop['missing'] == ['firewall'] and desktop['missing'] == [] and desktop['deviations'] == ['firewall']
    assert office.decide(laptop).status == 409 and office.decide(desktop).status == 200
    assert office.policy(device_malware_strict=True, device_firewall_strict=False).status == 200
    try:
        for off in 'malware_on', 'malware_scan', 'malware_update':
            device = office.attest(member, **{off: False})
            assert device['missing'] == ['malware'] and office.decide(device).status == 409, off
        assert office.decide(laptop).status == 200
    finally:
        assert office.policy(device_malware_strict=False, device_firewall_strict=True).status == 200


def test_aup_21_a_a_device_has_one_owner(office):
    one, two = office.member('firstowner'), office.member('secondowner')
    device = office.attest(one, serial='SN-1')
    answer = office.call(two, 'POST', '/me/devices', {**GOOD, 'serial': 'sn-1'})
    assert answer.status == 409 and '1人だけ' in answer.text, answer
    assert office.decide(device, what='return').status == 200 and office.attest(two, serial='SN-1')['state'] == 'pending'
    assert office.again(one, device).status == 409


# Who may ------------------------------------------------------------------------------------------------------------------------------------------

def test_aup_16_a_another_person_approves_never_the_owner_nor_a_key(office):
    device = office.attest(office.admin)
    assert office.decide(device).status == 403 and office.decide(device, what='refuse', reason='x').status == 403
    mine = office.call(office.admin, 'POST', '/keys', {'name': 'of the owner', 'permissions': ['account.manage']}).json()['key']
    for key in mine, office.shop.key:
        answer = office.house.api('POST', f'/devices/{device["id"]}/approve', key=key, json={'version': 1})
        assert answer.status == 403 and 'APIキー' in answer.text, answer
        assert office.house.api('GET', '/me/devices', key=key).status == 403 and office.house.api('POST', '/me/devices', key=key, json=GOOD).status == 403
    member = office.member('nobody')
    assert office.call(member, 'GET', '/devices').status == 403 and office.call(member, 'POST', f'/devices/{device["id"]}/approve', {'version': 1}).status == 403
    assert office.call(member, 'GET', f'/me/devices/{device["id"]}').status == 404 and office.call(member, 'PATCH', f'/me/devices/{device["id"]}', {**GOOD, 'version': 1}).status == 404
    assert office.decide(device, office.deputy, 'refuse').status == 422
    # once, and by the version that was looked at
    assert office.call(office.deputy, 'POST', f'/devices/{device["id"]}/approve', {'version': 7}).status == 412
    assert office.decide(device, office.deputy).status == 200 and office.decide(device, office.deputy).status == 409
    # said anew: it waits again, whoever it is
    assert office.again(office.admin, device, encrypted=False).json()['device']['state'] == 'pending'
    refused = office.decide(device, office.deputy, 'refuse', reason='暗号化してください').json()['device']
    assert (refused['state'], refused['reason'], refused['compliant']) == ('refused', '暗号化してください', False)
    assert [e['what'] for e in office.read(device)['events']] == ['refused', 'attested', 'approved', 'registered']


def test_the_database_itself_refuses_what_no_role_may(office, house):
    member = office.member('sql')
    device, other = office.attest(member), house.tenant(registers=())
    foreign = other.admin.browser()
    for method, path in (('GET', ''), ('POST', '/approve'), ('POST', '/refuse'), ('POST', '/return')):
        assert foreign.request(method, f'/api/v1/devices/{device["id"]}{path}', json_body={'version': 1} if method == 'POST' else None).status == 404
    for sql in ("insert into daicho.device (tenant) values ('x')", f"update daicho.device set state = 'approved' where id = {device['id']}", 'delete from daicho.device',
                "insert into daicho.incident (tenant) values ('x')", "update daicho.incident set state = 'closed'", "delete from daicho.device_event",
                "insert into daicho.device_minimum (tenant, os, version, set_by) values ('x', 'ios', '1', 'x')"):
        with office.inside(office.admin) as db, pytest.raises(DENIED):
            db.execute(sql)
    for who, sql in ((member, f"select daicho.device_decide({device['id']}, 1, true, null)"), (member, "select daicho.device_minimum_set('ios', '1')"),
                     (member, f"select daicho.device_return({device['id']}, 1, null)"), (office.admin, f"select daicho.device_attest(null, 0, {member.person_id}, '{{}}')"),
                     ('key:1:x', f"select daicho.device_decide({device['id']}, 1, true, null)"), ('operator:0:root', f"select daicho.device_decide({device['id']}, 1, true, null)")):
        with office.inside(who) as db, pytest.raises(DENIED):
            db.execute(sql)
    with office.inside(member) as db:       # what decides is not the owner's to say
        said = {**GOOD, 'own': False, 'state': 'approved', 'person_id': office.admin.person_id, 'expires_at': '2099-01-01', 'decided_by': 'me', 'tenant': other.name}
        id = db.execute('select daicho.device_attest(null, 0, %s, %s)', [member.person_id, json.dumps(said)]).fetchone()[0]
        assert db.execute('select person_id, state, expires_at, decided_by, tenant from daicho.device where id = %s', [id]).fetchone() == \
            (member.person_id, 'pending', None, None, office.shop.name)
        db.rollback()
    with office.inside(office.admin) as db:
        mine = office.attest(office.admin)
        with pytest.raises(DENIED):
            db.execute(f"select daicho.device_decide({mine['id']}, 1, true, null)")
    db = house.connect('daicho_web')
    db.autocommit = False
    db.execute("select set_config('role', %s, true)", [f't_{other.name}'])
    assert db.execute('select count(*) from daicho.device_now').fetchone() == (0,)
    db.close()


@pytest.mark.parametrize('more, item', [({'os_version': '1.2.x'}, 'os_version'), ({'os_version': '1..2'}, 'os_version'), ({'os_version': '1.2.3.4.5.6.7'}, 'os_version'),
                                        ({'os_version': '9999999999'}, 'os_version'), ({'lock_minutes': -1}, 'lock_minutes'), ({'lock_minutes': 1441}, 'lock_minutes'),
                                        ({'lock_minutes': None}, 'lock_minutes'), ({'kind': 'fridge'}, 'kind'), ({'name': ' '}, 'name'), ({'malware': ''}, 'malware'),
                                        ({'own': True, 'separation': 'maybe'}, 'separation'), ({'state': 'approved'}, 'state')])
def test_what_no_device_can_be_is_refused_by_name(office, more, item):
    body = {k: v for k, v in {**GOOD, **more}.items() if v is not None}
    answer = office.call(office.admin, 'POST', '/me/devices', body)
    assert answer.status in (400, 422) and item in {e['item'] for e in answer.json()['errors']}, answer.json()


# No way in without one ----------------------------------------------------------------------------------------------------------------------------

def test_aup_16_a_where_it_is_required_nobody_is_in_without_one(house):
    office = Office(house)
    member = office.member('gated')
    refused = office.policy(device_required=True)
    assert refused.status == 409 and '承認済みの端末が必要' in refused.text
    with office.inside(office.admin) as db, pytest.raises(CLASH):
        db.execute('update daicho.policy set device_required = true')
    mine = office.approved(office.admin, office.deputy)
    live = member.browser()
    assert live.get('/me').status == 200
    assert office.policy(device_required=True).status == 200
    # a session that lives is held as well: nothing but registering and leaving
    there = live.get('/me')
    assert (there.status, there.location) == (303, '/me/devices') if hasattr(there, 'location') else there.headers['Location'] == '/me/devices'
    answer = office.call(member, 'GET', '/me')
    assert answer.status == 403 and 'アカウントを管理する人に承認' in answer.json()['detail']
    for method, path in (('GET', '/devices'), ('GET', '/jobs'), ('POST', '/me/password'), ('GET', '/people'), ('POST', '/me/lost')):
        assert office.call(member, method, path, {} if method == 'POST' else None).status == 403, path
    assert '承認された端末が必要です' in live.get('/me/devices').text and 'name="os_version"' in live.get('/me/devices/new').text
    sent = live.post('/me/devices', {k: 'true' if v is True else v for k, v in GOOD.items()})
    assert sent.status == 303 and sent.headers['Location'].startswith('/me/devices?done=')
    device = office.house.sql('select id from daicho.device where person_id = %s', args=(member.person_id,))[0][0]
    assert '承認待ち' in live.get('/me/devices').text and live.get(f'/me/devices/{device}').status == 200
    assert live.get('/me').status == 303
    # an API key of the contract is not asked
    assert office.shop.api('GET', '/people').status == 200
    assert office.decide({'id': device}).status == 200 and live.get('/me').status == 200
    office.house.sql("update daicho.device set expires_at = now() - interval '1 second' where id = %s", args=(device,))
    assert live.get('/me').status == 303 and live.post('/logout').status == 303
    # whoever approves does not lock everybody out
    again = office.again(office.admin, mine)
    assert again.status == 409 and '承認できる人' in again.text and office.read(mine)['state'] == 'approved'
    assert office.decide(mine, office.admin, 'return').status == 403
    assert house.cli('policy', 'set', '--tenant', office.shop.name, '--device-required', 'no')['device_required'] is False


# Losses -------------------------------------------------------------------------------------------------------------------------------------------

def incidents(office, where, *args):
    return office.house.sql(f'select kind, severity, device_id, person_id, reporter, reporter_person, stop_id, happened_at, reported_at from daicho.incident where {where}', args=args)


def test_mer_5_3_g_mer_5_3_f_a_loss_opens_an_incident_with_device_and_times(office):
    one, two = office.member('loser'), office.member('bareloser')
    device, bare = office.approved(one), office.approved(two, encrypted=False)
    answer = office.call(one, 'POST', '/me/lost', {'confirm': 'loser', 'what': 'loss', 'device_id': device['id'], 'at': '2026-01-05T10:00', 'note': '電車'})
    assert answer.status == 200 and answer.json()['stop']['device_id'] == device['id'], answer.json()
    (kind, severity, *rest), = incidents(office, 'person_id = %s', one.person_id)
    assert (kind, severity, rest[:4]) == ('loss', 'medium', [device['id'], one.person_id, 'loser', one.person_id])
    stop = office.house.sql('select id, happened_at, reported_at, device from daicho.stop where person_id = %s', args=(one.person_id,))[0]
    assert (rest[4], rest[5], rest[6], 'PC') == stop and office.read(device)['state'] == 'lost'
    assert office.house.sql('select count(distinct xmin::text) from (select xmin from daicho.incident where person_id = %(p)s union all select xmin from daicho.stop '
                            'where person_id = %(p)s union all select xmin from daicho.device where person_id = %(p)s) x', args={'p': one.person_id}) == [(1,)]
    # by one click: the only device there is; not encrypted: worse
    assert office.call(two, 'POST', '/me/lost', {'confirm': 'bareloser'}).status == 200
    assert [i[:3] for i in incidents(office, 'person_id = %s', two.person_id)] == [('loss', 'high', bare['id'])] and office.read(bare)['state'] == 'lost'
    # turned up again: the incident comes first
    office.house.sql("update daicho.device set state = 'pending' where id = %s", args=(device['id'],))
    assert office.decide(device).status == 409
    id = office.house.sql('select id from daicho.incident where device_id = %s', args=(device['id'],))[0][0]
    close = lambda by, **body: office.call(by, 'POST', f'/incidents/{id}/close', body)
    assert close(office.admin).status == 422 and office.shop.api('POST', f'/incidents/{id}/close', json={'closing': 'x'}).status == 403
    assert close(office.admin, closing='駅で受け取った').json()['incident']['state'] == 'closed' and close(office.admin, closing='x').status == 409
    assert office.decide(device).status == 200


def test_aup_38_a_aup_19_a_every_kind_of_report_is_an_incident_at_once(office):
    office.house.sql("update daicho.account set email = 'it@example.jp' where id = %s", args=(office.admin.id,))
    for what, severity in (('theft', 'medium'), ('loss', 'medium'), ('leakage', 'high')):
        member = office.member(f'report-{what}')
        device = office.approved(member)
        answer = office.ok('POST', f'/people/{member.person_id}/stop', {'reason': 'loss', 'what': what, 'device_id': device['id']})
        row, = incidents(office, 'id = %s', answer['stop']['incident_id'])
        assert row[:6] == (what, severity, device['id'], member.person_id, 'admin', office.admin.person_id)
        assert office.read(device)['state'] == ('approved' if what == 'leakage' else 'lost')
        assert office.call(member, 'GET', '/me').status == 401
        assert office.notices('person_loss')[-1][0] == 'it@example.jp' and 'PC' in office.notices('person_loss')[-1][1]
    # without a device of the register, or by SQL put into the contract's role: an incident all the same, and nobody knows of any encryption
    member = office.member('report-unknown')
    with office.inside(office.admin) as db:
        db.execute("select daicho.person_stop(%s, 'loss', 'theft', 'USBメモリー', null, null)", [member.person_id])
        assert db.execute('select kind, severity, device, device_id from daicho.incident where person_id = %s', [member.person_id]).fetchall() == [('theft', 'high', 'USBメモリー', None)]
        db.rollback()
    other = office.approved(office.member('bystander'))
    answer = office.call(office.admin, 'POST', f'/people/{member.person_id}/stop', {'reason': 'loss', 'device_id': other['id']})
    assert answer.status == 422 and office.read(other)['state'] == 'approved' and office.call(member, 'GET', '/me').status == 200
    page = office.admin.browser().get('/incidents').text
    assert '重大' in page or '高' in page and 'report-theft' in page


def test_nobody_closes_an_incident_of_their_own(office):
    third = office.member('third', groups=[office.ok('GET', f'/accounts/{office.admin.id}')['account']['groups'][0]])
    id = office.house.sql("insert into daicho.incident (tenant, kind, severity, person_id, reporter_kind, reporter, happened_at, reported_at) values "
                          "(%s, 'loss', 'high', %s, 'account', 'x', now(), now()) returning id", args=(office.shop.name, third.person_id))[0][0]
    assert office.call(third, 'POST', f'/incidents/{id}/close', {'closing': 'x'}).status == 403
    with office.inside(third) as db, pytest.raises(DENIED):
        db.execute("select daicho.incident_close(%s, 'x')", [id])


def test_aup_22_a_a_leaving_is_not_complete_while_devices_are_out(office):
    office.house.sql("update daicho.account set email = 'it@example.jp' where id = %s", args=(office.admin.id,))
    member = office.member('leaver')
    company, own = office.approved(member), office.ok('POST', '/me/devices', OWN, member)['device']
    person = lambda: office.ok('GET', f'/people/{member.person_id}')['person']
    assert (person()['unreturned'], person()['complete']) == (0, None)
    assert office.ok('POST', f'/people/{member.person_id}/stop', {'reason': 'leaver'})
    assert (person()['unreturned'], person()['complete'], person()['return_overdue']) == (1, False, False)
    office.house.sql("update daicho.person set left_at = now() - interval '2 days' where id = %s", args=(member.person_id,))
    assert person()['return_overdue'] and office.read(company)['overdue'] and not office.read(own)['overdue'] and office.figures()['unreturned'] == 1
    assert [d['id'] for d in office.ok('GET', '/devices?state=unreturned')['devices']] == [company['id']]
    assert '手続きは完了していません' in office.admin.browser().get(f'/people/{member.person_id}').text
    assert until(lambda: [n for n in office.notices('device_unreturned') if 'leaver' in n[1]], 30)
    assert office.decide(company, what='return', note='受け取った').status == 200
    assert (person()['unreturned'], person()['complete'], person()['return_overdue']) == (0, False, False)     # the own one is declared first: test_leaving.py
    office.house.sql('update daicho.device set own = false, state = %s where id = %s', args=('returned', own['id']))
    assert person()['complete'] is True


def test_an_approval_that_ends_soon_is_told_once(office):
    member = office.member('expiring', email='expiring@example.jp')
    device = office.approved(member)
    office.house.sql("update daicho.device set expires_at = now() + interval '13 days' where id = %s", args=(device['id'],))
    assert until(lambda: office.notices('device_expiring'), 30)
    assert [n[0] for n in office.notices('device_expiring')] == ['expiring@example.jp']
    assert [e['detail']['tell'] for e in office.shop.log(own=True) if e['kind'] == 'device' and e['verb'] == 'alert' and e['detail'].get('tell') == 'expiring'] == ['expiring']
