"""API keys: shown once, bounded by who made them, dead when they should be."""
import hashlib, re

import pytest

from test_account import ALL, Person, group


@pytest.fixture
def shop(house):
    return house.tenant(registers=())


def make(shop, name='shop front', permissions=('record.read',), **more):
    return shop.api('POST', '/keys', json={'name': name, 'permissions': list(permissions), **more})


def test_a_key_is_shown_once_and_only_its_hash_is_kept(shop, house):
    made = make(shop)
    assert made.status == 201
    key = made.json()['key']
    assert re.fullmatch(r'dk_[A-Za-z0-9_-]{43}', key)
    assert made.json()['made']['hint'] == key[:8]
    assert house.sql('select token_hash from daicho.api_key where id = %s', args=(made.json()['made']['id'],)) == [(hashlib.sha256(key.encode()).digest(),)]
    listed = shop.api('GET', '/keys')
    assert key not in listed.text and made.json()['made']['hint'] in listed.text
    page = shop.browser().post('/keys', {'name': 'by form', 'permissions': ['record.read', 'record.write'], 'days': ''})
    assert page.status == 201 and len(re.findall(r'value="dk_[A-Za-z0-9_-]{43}"', page.text)) == 1
    assert not re.search(r'dk_[A-Za-z0-9_-]{43}', shop.browser().get('/keys').text)
    assert [k['permissions'] for k in shop.api('GET', '/keys').json()['keys'] if k['name'] == 'by form'] == [['record.read', 'record.write']]


def test_a_key_does_what_it_says_and_nothing_else(shop, house):
    key = make(shop, permissions=['account.manage']).json()['key']
    assert house.api('GET', '/accounts', key=key).status == 200
    assert house.api('GET', '/log', key=key).status == 403
    me = house.api('GET', '/me', key=key).json()
    assert (me['kind'], me['login'], me['masked'], me['permission_words']) == ('key', 'shop front', True, ['account.manage'])
    entry = shop.log()[-1]
    assert (entry['actor_kind'], entry['actor'], entry['verb']) == ('key', 'shop front', 'view')


@pytest.mark.parametrize('key', ['', 'dk_', 'dk_' + 'A' * 43, 'x' * 46, "dk_' or 1=1 --" + 'A' * 20, 'dk_' + 'A' * 300])
def test_keys_that_are_none_are_refused(shop, house, key):
    answer = house.http.request('GET', '/api/v1/me', {'Authorization': f'Bearer {key}'})
    assert answer.status == 401 and answer.headers['WWW-Authenticate'].startswith('Bearer')


@pytest.mark.parametrize('header', ['{key}', 'Basic {key}', 'bearer  {key} x', 'Bearer {key}x', 'Bearer {key}, Bearer {key}'])
def test_the_header_must_be_as_the_standard_has_it(shop, house, header):
    assert house.http.request('GET', '/api/v1/me', {'Authorization': header.format(key=shop.key)}).status == 401


def test_a_key_opens_its_own_contract_only(shop, house):
    other = house.tenant(registers=())
    strange = other.admin.id
    assert house.api('GET', f'/accounts/{strange}', key=shop.key).status == 404
    mine, theirs = shop.api('GET', '/keys').json()['keys'], other.api('GET', '/keys').json()['keys']
    assert {k['id'] for k in mine}.isdisjoint(k['id'] for k in theirs)
    assert shop.api('DELETE', f'/keys/{theirs[0]["id"]}').status == 404
    assert other.api('GET', '/me').status == 200


def test_a_revoked_key_is_dead_at_the_next_call_and_its_name_free(shop, house):
    made = make(shop).json()
    assert house.api('GET', '/me', key=made['key']).status == 200
    assert make(shop).status == 409
    answer = shop.api('DELETE', f'/keys/{made["made"]["id"]}')
    assert answer.status == 200 and answer.json()['revoked']['state'] == 'revoked'
    assert house.api('GET', '/me', key=made['key']).status == 401
    assert shop.api('DELETE', f'/keys/{made["made"]["id"]}').status == 409
    assert make(shop).status == 201
    assert shop.log()[-2]['result'] == 'CONFLICT' and [e['verb'] for e in shop.log() if e['verb'] == 'revoke'] == ['revoke', 'revoke']


def test_a_key_ends_on_its_day(shop, house):
    made = make(shop, days=30).json()
    key, id = made['key'], made['made']['id']
    assert house.sql("select expires_at - created_at = interval '30 days' from daicho.api_key where id = %s", args=(id,)) == [(True,)]
    house.sql("update daicho.api_key set expires_at = daicho.clock() + interval '1 second' where id = %s", args=(id,))
    assert house.api('GET', '/me', key=key).status == 200
    house.sql('update daicho.api_key set expires_at = daicho.clock() where id = %s', args=(id,))
    assert house.api('GET', '/me', key=key).status == 401
    assert [k['state'] for k in shop.api('GET', '/keys').json()['keys'] if k['id'] == id] == ['expired']
    for days in (0, -1, 3651, 'x', 1.5):
        assert make(shop, name='n', days=days).status == 422, days


def test_nobody_makes_a_key_that_can_do_more_than_they(shop):
    person = Person(shop, 'maker', ['key.manage', 'record.read'])
    assert person.call('POST', '/keys', {'name': 'k', 'permissions': ['record.read', 'personal.see']}).status == 403
    assert person.call('POST', '/keys', {'name': 'k', 'permissions': ['record.read']}).status == 201
    assert person.call('POST', '/keys', {'name': 'empty', 'permissions': []}).status == 422
    assert person.call('POST', '/keys', {'name': 'odd', 'permissions': ['no.such']}).status == 422


def test_nobody_revokes_a_key_that_can_do_more_than_they_unless_it_is_theirs(shop):
    strong = make(shop, permissions=ALL).json()['made']['id']
    person = Person(shop, 'maker', ['key.manage', 'record.read', 'record.write'])
    own = person.call('POST', '/keys', {'name': 'own', 'permissions': ['record.write']}).json()['made']['id']
    assert person.call('DELETE', f'/keys/{strong}').status == 403
    assert shop.api('PATCH', f'/groups/{person.groups[0]}', json={'permissions': ['key.manage']}, headers={'If-Match': '"1"'}).status == 200
    assert person.call('DELETE', f'/keys/{own}').status == 200


def test_a_key_never_outgrows_its_maker(shop, house):
    person, _ = Person(shop, 'maker', ['key.manage', 'account.manage', 'record.read', 'personal.see']), shop.admin
    key = person.call('POST', '/keys', {'name': 'k', 'permissions': ['account.manage', 'record.read', 'personal.see']}).json()['key']
    assert house.api('GET', '/me', key=key).json()['permission_words'] == ['record.read', 'personal.see', 'account.manage']
    shop.api('PATCH', f'/groups/{person.groups[0]}', json={'permissions': ['key.manage', 'record.read']}, headers={'If-Match': '"1"'})
    me = house.api('GET', '/me', key=key).json()
    assert (me['permission_words'], me['masked']) == (['record.read'], True)
    assert house.api('GET', '/accounts', key=key).status == 403
    version = shop.api('GET', f'/accounts/{person.id}').json()['account']['version']
    shop.api('PATCH', f'/accounts/{person.id}', json={'state': 'suspended'}, headers={'If-Match': f'"{version}"'})
    assert house.api('GET', '/me', key=key).status == 401
    assert [k['state'] for k in shop.api('GET', '/keys').json()['keys'] if k['name'] == 'k'] == ['suspended']
    whose = shop.api('GET', f'/accounts/{person.id}').json()['account']['person_id']
    assert shop.api('POST', f'/people/{whose}/reinstate', json={'why': 'back from leave'}).status == 200
    assert shop.browser().request('POST', f'/api/v1/people/{whose}/reinstate/approve', json_body={}).status == 200
    assert house.api('GET', '/me', key=key).status == 200


def test_a_key_made_with_a_key_belongs_to_the_same_maker(shop, house):
    person = Person(shop, 'maker', ['key.manage', 'record.read'])
    first = person.call('POST', '/keys', {'name': 'first', 'permissions': ['key.manage', 'record.read']}).json()['key']
    second = house.api('POST', '/keys', key=first, json={'name': 'second', 'permissions': ['record.read']})
    assert second.status == 201 and second.json()['made']['maker'] == 'maker'
    shop.api('DELETE', f'/accounts/{person.id}', headers={'If-Match': '"1"'})
    for key in (first, second.json()['key']):
        assert house.api('GET', '/me', key=key).status == 401


def test_a_key_has_no_pages_of_an_account(shop):
    assert shop.api('PATCH', '/me', json={'theme': 'dark'}).status == 403
    assert shop.api('POST', '/me/password', json={'current': 'x', 'password': 'kX4-9qzwVb'}).status == 403
    assert shop.api('POST', '/me/sessions/end').status == 403
    assert shop.api('POST', '/logout').status == 422


def test_the_last_use_is_shown_to_the_minute(shop, house):
    made = make(shop).json()
    used = lambda: [k['used_at'] for k in shop.api('GET', '/keys').json()['keys'] if k['id'] == made['made']['id']][0]
    assert used() is None
    house.api('GET', '/me', key=made['key'])
    first = used()
    assert first is not None
    house.api('GET', '/me', key=made['key'])
    assert used() == first          # one write a minute at most
