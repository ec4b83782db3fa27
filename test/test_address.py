"""From where a contract is entered (3.4.2, option), and from where a key is used."""
import json

import pytest

from house import Browser, Client, Refused


@pytest.fixture
def shop(house):
    return house.tenant(registers=())


@pytest.fixture(scope='module')
def elsewhere(house):
    return Client(house, source='127.0.0.9')


def put(shop, on, ranges, client=None, key=None, **more):
    version = shop.api('GET', '/addresses').json()['version']
    return shop.api('PUT', '/addresses', json={'on': on, 'addresses': ranges, **more}, headers={'If-Match': f'"{version}"'})


def login(client, shop, account, password=None):
    return client.request('POST', '/api/v1/login', {'Content-Type': 'application/json', 'Accept-Language': 'ja'},
                          json.dumps({'tenant': shop.name, 'login': account.login, 'password': password or account.password, 'take_over': True}).encode())


def failures(house, account):
    return house.sql('select failures from daicho.account where id = %s', args=(account.id,))[0][0]


def test_syn_3_4_2_b_listed_logs_in_unlisted_is_refused_before_the_password_and_off_ignores_the_list(house, shop, elsewhere):
    assert login(elsewhere, shop, shop.admin).status == 200
    assert put(shop, True, ['127.0.0.1']).status == 200
    before = failures(house, shop.admin)
    for password in (None, 'wrong-password-1'):
        answer = login(elsewhere, shop, shop.admin, password)
        assert answer.status == 403 and 'アドレス' in answer.json()['detail'] and 'Set-Cookie' not in answer.headers
        entry = shop.log()[-1]
        assert (entry['verb'], entry['result'], entry['source'], entry['actor_kind']) == ('login', 'FORBIDDEN', '127.0.0.9', 'nobody')
    assert failures(house, shop.admin) == before
    assert login(house.http, shop, shop.admin).status == 200
    assert put(shop, False, ['127.0.0.1']).status == 200
    assert shop.api('GET', '/addresses').json()['addresses'] == ['127.0.0.1/32']
    assert login(elsewhere, shop, shop.admin).status == 200


def test_syn_3_4_2_b_a_session_that_moves_is_refused_at_its_next_request(house, shop, elsewhere):
    cookie = login(house.http, shop, shop.staff).headers['Set-Cookie'].split(';')[0]
    assert elsewhere.request('GET', '/api/v1/me', {'Cookie': cookie}).status == 200
    put(shop, True, ['127.0.0.0/29'])
    assert elsewhere.request('GET', '/api/v1/me', {'Cookie': cookie}).status == 403
    assert house.http.request('GET', '/api/v1/me', {'Cookie': cookie}).status == 200
    assert [e['result'] for e in shop.log() if e['source'] == '127.0.0.9'][-1] == 'FORBIDDEN'


def test_the_same_answer_for_every_account_there_is_or_is_not(house, shop, elsewhere):
    put(shop, True, ['127.0.0.1'])
    known, unknown = login(elsewhere, shop, shop.admin), login(elsewhere, shop, type(shop.admin)(shop, 0, 'nobody.here', 'x', None))
    assert (known.status, known.text) == (unknown.status, unknown.text)


def test_nobody_locks_themselves_out_by_accident(house, shop):
    answer = put(shop, True, ['203.0.113.0/24'])
    assert answer.status == 409 and '127.0.0.1' in answer.text
    assert put(shop, True, ['203.0.113.0/24'], confirm='yes').status == 409
    assert put(shop, True, []).status == 422
    assert shop.api('GET', '/me').status == 200
    assert put(shop, True, ['203.0.113.0/24'], confirm='127.0.0.1').status == 200
    assert shop.api('GET', '/me').status == 403                 # a key without a list of its own keeps to the contract's
    house.cli('address', 'clear', '--tenant', shop.name)        # the operator can always open the door again
    assert shop.api('GET', '/me').status == 200
    assert [e['result'] for e in shop.log() if e['kind'] == 'policy'][-1] == 'OK'


def test_ranges_have_one_form_and_wrong_ones_are_told_all_at_once(house, shop):
    assert put(shop, False, ['127.0.0.1', '2001:DB8::/32', '::ffff:192.0.2.7', '192.0.2.7']).status == 200
    assert shop.api('GET', '/addresses').json()['addresses'] == ['127.0.0.1/32', '2001:db8::/32', '192.0.2.7/32']
    answer = put(shop, False, ['192.0.2.7/24', 'office', '0.0.0.0/0'])
    assert answer.status == 422 and len(answer.json()['errors']) == 3 and '192.0.2.0/24' in answer.text
    stale = shop.api('PUT', '/addresses', json={'on': False, 'addresses': []}, headers={'If-Match': '"1"'})
    assert stale.status == 412 and stale.json()['current']['addresses']
    assert shop.api('PUT', '/addresses', json={'on': False, 'addresses': []}).status == 428


@pytest.mark.parametrize('source, ranges, inside', [
    ('192.0.2.7', ['192.0.2.0/24'], True), ('192.0.3.7', ['192.0.2.0/24'], False), ('::ffff:192.0.2.7', ['192.0.2.0/24'], True), ('::ffff:c000:207', ['192.0.2.7/32'], True),
    ('2001:db8::1', ['2001:db8::/32'], True), ('2001:db9::1', ['2001:db8::/32'], False), ('192.0.2.7', ['2001:db8::/32'], False), ('-', ['192.0.2.0/24'], False),
    ('', ['192.0.2.0/24'], False), ('192.0.2.7, 10.0.0.1', ['192.0.2.0/24'], False), ('::1', ['::/1'], True), ('192.0.2.255', ['192.0.2.254/31', '198.51.100.0/24'], True)])
def test_what_lies_in_a_range(house, source, ranges, inside):
    assert house.sql('select daicho.address_within(%s, %s::cidr[])', args=(source, ranges)) == [(inside,)]


def test_the_page_shows_where_you_come_from(house, shop):
    browser = shop.browser()
    page = browser.get('/addresses').text
    assert '127.0.0.1' in page and 'name="ranges"' in page
    version = shop.api('GET', '/addresses').json()['version']
    answer = browser.request('POST', '/addresses', form={'_method': 'PUT', 'on': 'true', 'ranges': '127.0.0.1\r\n10.0.0.0/8', 'confirm': '', 'version': version})
    assert answer.status == 303, answer
    assert '10.0.0.0/8' in browser.get('/addresses').text


def test_ones_own_address_is_added_with_a_tick(house, shop):
    page = shop.browser().get('/addresses').text
    assert 'name="own"' in page and '127.0.0.1' in page
    version = lambda: shop.api('GET', '/addresses').json()['version']
    put = lambda **more: shop.api('PUT', '/addresses', json={'on': True, 'addresses': ['192.0.2.0/24'], 'version': version(), **more})
    assert put().status == 409 and put(own=False).status == 409
    answer = put(own=True)
    assert answer.status == 200 and answer.json()['addresses'] == ['192.0.2.0/24', '127.0.0.1/32'] and answer.json()['source_listed'] is True
    assert put(own=True, addresses=['127.0.0.0/8']).json()['addresses'] == ['127.0.0.0/8']      # it is in there already
    assert put(own=True, addresses=[]).json()['addresses'] == ['127.0.0.1/32']
    assert 'name="own"' not in shop.browser().get('/addresses').text


def test_reg_12_6_a_a_key_is_used_from_its_own_addresses_only(house, shop, elsewhere):
    made = shop.api('POST', '/keys', json={'name': 'bound', 'permissions': ['account.manage'], 'addresses': ['127.0.0.9', '2001:db8::/32']}).json()
    assert made['made']['addresses'] == ['127.0.0.9/32', '2001:db8::/32']
    ask = lambda client: client.request('GET', '/api/v1/accounts', {'Authorization': f'Bearer {made["key"]}'})
    assert ask(house.http).status == 403 and ask(elsewhere).status == 200
    entry = [e for e in shop.log() if e['actor'] == 'bound']
    assert [(e['result'], e['source']) for e in entry] == [('FORBIDDEN', '127.0.0.1'), ('OK', '127.0.0.9')]
    id = made['made']['id']
    assert [k['used_from'] for k in shop.api('GET', '/keys').json()['keys'] if k['id'] == id] in (['127.0.0.1'], ['127.0.0.9'])
    # its own list stands before the contract's
    put(shop, True, ['127.0.0.1'])
    assert ask(elsewhere).status == 200
    assert shop.api('PUT', f'/keys/{id}/addresses', json={'ranges': ''}).json()['changed']['addresses'] == []
    assert ask(elsewhere).status == 403 and ask(house.http).status == 200
    assert shop.api('PUT', f'/keys/{id}/addresses', json={'addresses': ['127.0.0.9/8']}).status == 422


def test_an_access_token_is_used_from_the_addresses_of_its_key(house, shop, elsewhere):
    made = shop.api('POST', '/keys', json={'name': 'bound', 'permissions': ['account.manage'], 'addresses': ['127.0.0.9']}).json()
    body = f'grant_type=client_credentials&client_id={made["made"]["id"]}&client_secret={made["key"]}'.encode()
    ask = lambda client: client.request('POST', '/api/v1/oauth/token', {'Content-Type': 'application/x-www-form-urlencoded'}, body)
    assert (ask(house.http).status, ask(house.http).json()['error']) == (400, 'unauthorized_client')
    token = ask(elsewhere).json()['access_token']
    assert elsewhere.request('GET', '/api/v1/accounts', {'Authorization': f'Bearer {token}'}).status == 200
    assert house.http.request('GET', '/api/v1/accounts', {'Authorization': f'Bearer {token}'}).status == 403


def test_a_key_gets_a_new_secret_without_a_gap(house, shop):
    made = shop.api('POST', '/keys', json={'name': 'turning', 'permissions': ['record.read'], 'days': 10}).json()
    id, old = made['made']['id'], made['key']
    turned = shop.api('POST', f'/keys/{id}/rotate', json={'hours': 2})
    assert turned.status == 201, turned
    new = turned.json()['key']
    assert new != old and turned.json()['made']['expires_at'] == made['made']['expires_at'] and turned.json()['made']['hint'] == new[:8]
    assert house.api('GET', '/me', key=old).status == 200 and house.api('GET', '/me', key=new).status == 200
    house.sql("update daicho.api_key set old_until = daicho.clock() where id = %s", args=(id,))
    assert house.api('GET', '/me', key=old).status == 401 and house.api('GET', '/me', key=new).status == 200
    third = shop.api('POST', f'/keys/{id}/rotate', json={'hours': 0, 'days': 20}).json()
    assert house.api('GET', '/me', key=new).status == 401 and house.api('GET', '/me', key=third['key']).status == 200
    assert third['made']['old_until'] is None and third['made']['expires_at'] > made['made']['expires_at']
    for wrong in ({'hours': -1}, {'hours': 721}, {'days': 0}, {'hours': 'x'}):
        assert shop.api('POST', f'/keys/{id}/rotate', json=wrong).status == 422, wrong
    shop.api('POST', f'/keys/{id}/rotate', json={'hours': 5})
    shop.api('DELETE', f'/keys/{id}')
    assert house.api('GET', '/me', key=third['key']).status == 401            # revoked: the old secret with it
    assert shop.api('POST', f'/keys/{id}/rotate', json={}).status == 409
    assert old not in json.dumps(shop.log()) and new not in json.dumps(shop.log())


def test_the_commands_say_the_same(house, shop):
    told = house.cli('address', 'set', '--tenant', shop.name, '127.0.0.1,2001:db8::/32', '--off')
    assert (told['addresses'], told['addresses_on']) == (['127.0.0.1/32', '2001:db8::/32'], False)
    assert house.cli('address', 'set', '--tenant', shop.name, '203.0.113.7')['addresses_on'] is True
    assert house.cli('address', 'list', '--tenant', shop.name)['addresses'] == ['203.0.113.7/32']
    with pytest.raises(Refused) as told:
        house.cli('address', 'set', '--tenant', shop.name, '203.0.113.7/24')
    assert told.value.status == 1 and '203.0.113.0/24' in told.value.stderr
    assert house.cli('address', 'clear', '--tenant', shop.name)['addresses'] == []
