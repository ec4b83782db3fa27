"""The second factor: nothing without it, nobody's but one's own, nothing twice."""
import concurrent.futures, re

import psycopg
import pytest

from factors import App, Passkey, Person, ROUTES, addresses, b64, refused


@pytest.fixture
def shop(house):
    return house.tenant(registers=())


@pytest.fixture
def person(shop):
    """With an app."""
    one = Person(shop, 'hanako')
    assert one.password() == 'full'
    one.enroll()
    return one


@pytest.fixture(scope='module')
def kept(house):
    """Like `person`, one for all tests that change nothing of it."""
    one = Person(house.tenant(registers=()), 'hanako')
    one.password()
    one.enroll()
    return one


# The stages of a log-in -------------------------------------------------------------------------------------------------------------------
def sweep(person, reached, said):
    """Asks every route that wants an account; those not in `reached` must refuse with 401 in these words (not because the session is gone)."""
    passed, asked = set(), 0
    for route, path, face in addresses():
        if f"{route['method']} {route['path']}" in reached or route['path'] == '/logout':
            continue
        body = {'name': 'x', 'code': '000000', 'password': 'x'} if route['method'] != 'GET' else None
        answer = person.browser.request(route['method'], path, headers={'Accept': 'application/json' if face == 'API' else 'text/html'},
                                        **({'json_body': body} if face == 'API' else {'form': body}))
        if route['method'] == 'GET' and face == 'console':
            good = answer.status == 303 and answer.headers['Location'].startswith('/login/factor' if 'given' in said else '/login/enroll')
        else:
            good = answer.status == 401 and said in answer.text
        if not good:
            passed.add((route['method'], path, answer.status))
        asked += 1
    assert asked > 150
    return passed


def test_mer_5_2_b_every_address_is_401_until_the_second_factor_is_given(person):
    assert person.password() == 'factor'
    assert sweep(person, {'POST /login/factor', 'GET /login/factor', 'POST /login/factor/options'}, 'the second factor has not been given yet') == set()
    answer = person.give(code=person.app.code())
    assert answer.status == 200 and answer.json()['stage'] == 'full', answer
    assert person.call('GET', '/me').status == 200


def test_syn_3_12_2_b_an_account_without_required_factor_reaches_only_the_page_that_sets_it_up(shop):
    one = Person(shop, 'taro')
    one.require()
    assert one.password() == 'enroll'
    assert sweep(one, {'GET /login/enroll', 'POST /me/factors/totp', 'POST /me/factors/totp/{id}', 'POST /me/factors/passkeys/options',
                       'POST /me/factors/passkeys'}, 'please set up the second factor first') == set()
    page = one.browser.get('/login/enroll')
    assert page.status == 200 and 'Set up two-step verification' in page.text
    done = one.enroll()
    assert done.json()['stage'] == 'full' and len(one.codes) == 10
    assert one.call('GET', '/me').status == 200
    assert one.password() == 'factor'


def test_reg_12_5_a_only_apps_passkeys_and_recovery_codes_are_taken(person):
    """No code by mail or SMS: there is no such address, and no such member."""
    assert not [r for r in ROUTES if re.search(r'(mail|sms)', r['path']) and re.search(r'login|factor|session|password', r['path'])]
    person.password()
    refused(person.give(mail='123456'), 422, 'INVALID')
    refused(person.give(), 422, 'INVALID')


def test_the_token_changes_with_the_second_factor(person):
    person.password()
    half = dict(person.browser.cookies)
    assert person.give(code=person.app.code()).status == 200
    assert person.browser.cookies != half
    whole, person.browser.cookies = person.browser.cookies, half
    assert person.call('GET', '/me').status == 401
    person.browser.cookies = whole
    assert person.call('GET', '/me').status == 200


def test_a_log_in_left_half_done_dies_after_ten_minutes(person):
    person.password()
    person.house.sql("update daicho.session set seen_at = daicho.clock() - interval '10 minutes' where account_id = %s and stage = 'factor'", args=(person.id,))
    refused(person.give(code=person.app.code()), 401, 'UNAUTHORIZED')


def test_only_one_session_lives_also_after_the_second_factor(person):
    person.log_in()
    first = dict(person.browser.cookies)
    person.browser.cookies.clear()
    assert person.password(take_over=False) == 'factor'
    answer = person.give(code=person.app.code())
    assert answer.json()['stage'] == 'confirm', answer
    assert person.call('GET', '/me').status == 401
    person.browser.cookies = first
    assert person.call('GET', '/me').status == 200


def test_keys_are_not_people(shop):
    key = shop.key
    Person(shop, 'x').require()
    assert shop.house.api('GET', '/me', key=key).status == 200
    assert shop.house.api('GET', '/me/factors', key=key).status == 403
    assert shop.house.api('POST', '/me/factors/totp', key=key, json={'name': 'x'}).status == 403
    assert shop.house.api('POST', '/keys', key=key, json={'name': 'another', 'permissions': ['record.read']}).status == 201   # needs no fresh proof


# Codes ------------------------------------------------------------------------------------------------------------------------------------
def test_reg_12_5_a_a_code_is_taken_once_and_only_in_its_own_half_minute(person):
    person.password()
    step = person.app.step()
    for other in (step - 1, step + 1, step - 2, step + 20):
        if person.app.at(other) != person.app.at(step):
            refused(person.give(code=person.app.at(other)), 422, 'INVALID', 'not right')
            person.house.sql('update daicho.account set factor_failures = 0 where id = %s', args=(person.id,))
    code = person.app.code()
    assert person.give(code=code).status == 200
    person.password()
    refused(person.give(code=code), 422, 'INVALID', 'used already')


def test_syn_3_12_1_d_a_code_used_by_many_at_once_lets_one_in(person):
    people = []
    for _ in range(6):
        other = Person.__new__(Person)
        other.__dict__ = {**person.__dict__, 'browser': person.house.browser()}
        assert other.password() == 'factor'
        people.append(other)
    person.house.sql('update daicho.policy set lock_after = 9 where tenant = %s', args=(person.shop.name,))
    code = person.app.code()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda p: p.give(code=code).status, people))
    assert sorted(answers) == [200] + [422] * 5


def test_the_code_of_the_set_up_is_not_a_log_in_too(shop):
    one = Person(shop, 'jiro')
    one.password()
    begun = one.call('POST', '/me/factors/totp', {'name': 'x'}).json()
    app = App(shop.house, begun['secret'])
    code = app.code()
    assert one.call('POST', f'/me/factors/totp/{begun["id"]}', {'code': code}).status == 201
    assert one.password() == 'factor'
    refused(one.give(code=code), 422, 'INVALID')


def test_codes_are_taken_as_people_type_them(person):
    for style in (lambda c: f' {c[:3]} {c[3:]} ', lambda c: ''.join(chr(0xff10 + int(d)) for d in c), lambda c: f'{c[:3]}-{c[3:]}', lambda c: f'{c[:3]}　{c[3:]}'):
        person.password()
        assert person.give(code=style(person.app.code())).status == 200
        person.forget_step()


@pytest.mark.parametrize('code', ['', ' ', '12345', '1234567', 'abcdef', '１２３', "' or 1=1", '0' * 100, '\U0001f511' * 6, '-' * 60])
def test_nonsense_is_a_wrong_code(kept, code):
    kept.house.sql('update daicho.account set factor_failures = 0, failures = 0 where id = %s', args=(kept.id,))
    kept.password()
    refused(kept.give(code=code), 422, 'INVALID')
    assert kept.failures() == 1


def test_wrong_codes_lock_as_wrong_passwords_do_and_a_restart_forgets_none(person):
    person.house.sql('update daicho.policy set lock_after = 3 where tenant = %s', args=(person.shop.name,))
    person.password()
    for n in 1, 2, 3:
        refused(person.give(code='000000' if person.app.code() != '000000' else '000001'), 422, 'INVALID')
        assert person.failures() == n
    refused(person.give(code=person.app.code()), 403, 'FORBIDDEN', 'locked')
    assert person.password() == 'factor'            # the password is still right, and says nothing about the lock
    refused(person.give(code=person.app.code()), 403, 'FORBIDDEN')
    assert person.failures() == 3
    person.house.sql('update daicho.account set factor_failures = 0 where id = %s', args=(person.id,))
    assert person.give(code=person.app.code()).status == 200
    assert person.failures() == 0


def test_guesses_made_at_once_are_all_counted(person):
    person.house.sql('update daicho.policy set lock_after = 5 where tenant = %s', args=(person.shop.name,))
    people = []
    for _ in range(8):
        other = Person.__new__(Person)
        other.__dict__ = {**person.__dict__, 'browser': person.house.browser()}
        other.password()
        people.append(other)
    wrong = '000000' if person.app.code() != '000000' else '000001'
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(lambda p: p.give(code=wrong).status, people))
    assert answers == [403] * 3 + [422] * 5
    assert person.failures() == 5


def test_where_the_policy_knows_no_lock_guesses_are_slowed_down(person):
    person.house.sql('update daicho.policy set lock_after = null where tenant = %s', args=(person.shop.name,))
    person.password()
    for _ in range(5):
        refused(person.give(code='abc'), 422, 'INVALID')
    told = refused(person.give(code=person.app.code()), 429, 'BUSY')
    assert re.search(r'in (29|30) seconds', told['detail'])
    person.house.sql("update daicho.account set factor_failed_at = factor_failed_at - interval '30 seconds' where id = %s", args=(person.id,))
    refused(person.give(code='abc'), 422, 'INVALID')
    assert re.search(r'in (59|60) seconds', refused(person.give(code='abc'), 429, 'BUSY')['detail'])
    person.house.sql("update daicho.account set factor_failures = 60 where id = %s", args=(person.id,))
    assert re.search(r'in (899|900) seconds', refused(person.give(code='abc'), 429, 'BUSY')['detail'])
    person.house.sql("update daicho.account set factor_failed_at = factor_failed_at - interval '15 minutes' where id = %s", args=(person.id,))
    assert person.give(code=person.app.code()).status == 200


# Recovery codes ----------------------------------------------------------------------------------------------------------------------------
def test_each_recovery_code_works_once(person):
    assert len(set(person.codes)) == 10 and all(re.fullmatch(r'[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z02-9]{4}){3}', c.replace('0', '2')) for c in person.codes)
    person.password()
    assert person.give(code=person.codes[0]).status == 200
    person.password()
    refused(person.give(code=person.codes[0]), 422, 'INVALID', 'recovery code')
    assert person.give(code=person.codes[1].upper().replace('-', ' ')).status == 200
    assert person.call('GET', '/me/factors').json()['codes_left'] == 8


def test_new_recovery_codes_replace_the_old(person):
    person.log_in()
    new = person.call('POST', '/me/factors/codes').json()['codes']
    assert len(new) == 10 and not set(new) & set(person.codes)
    person.password()
    refused(person.give(code=person.codes[3]), 422, 'INVALID')
    assert person.give(code=new[9]).status == 200


def test_no_recovery_codes_without_a_factor(shop):
    one = Person(shop, 'saburo')
    one.password()
    refused(one.call('POST', '/me/factors/codes'), 409, 'CONFLICT')


# Keeping them --------------------------------------------------------------------------------------------------------------------------------
def test_several_can_be_kept_named_and_removed(person):
    person.log_in()
    first = person.call('GET', '/me/factors').json()['factors'][0]
    assert (first['kind'], first['name']) == ('totp', '電話')
    kept = person.app
    person.enroll('タブレット')
    assert person.codes is None                     # those made before still hold
    ids = [f['id'] for f in person.call('GET', '/me/factors').json()['factors']]
    assert person.call('PATCH', f'/me/factors/{ids[1]}', {'name': '会社のタブレット'}).status == 204
    assert person.call('GET', '/me/factors').json()['factors'][1]['name'] == '会社のタブレット'
    refused(person.call('PATCH', f'/me/factors/{ids[1]}', {'name': ' '}), 422, 'INVALID')
    assert person.call('DELETE', f'/me/factors/{ids[1]}').status == 204
    refused(person.call('DELETE', f'/me/factors/{ids[1]}'), 404, 'UNKNOWN')
    person.app = kept
    person.log_in()
    assert person.call('DELETE', f'/me/factors/{ids[0]}').status == 204      # nobody asks for one: it may go
    assert person.call('GET', '/me/factors').json()['codes_left'] == 0
    assert person.password() == 'full'


def test_the_last_one_stays_where_one_is_required(person):
    person.log_in()
    person.require()
    id = person.call('GET', '/me/factors').json()['factors'][0]['id']
    refused(person.call('DELETE', f'/me/factors/{id}'), 409, 'CONFLICT', 'needs a second factor')
    person.enroll('もう1台')
    assert person.call('DELETE', f'/me/factors/{id}').status == 204


def test_three_apps_and_no_more(person):
    person.log_in()
    person.enroll('2')
    person.enroll('3')
    refused(person.call('POST', '/me/factors/totp', {'name': '4'}), 409, 'CONFLICT')


def test_a_set_up_waits_a_quarter_of_an_hour(shop):
    one = Person(shop, 'goro')
    one.password()
    begun = one.call('POST', '/me/factors/totp', {'name': 'x'}).json()
    app = App(shop.house, begun['secret'])
    refused(one.call('POST', f'/me/factors/totp/{begun["id"]}', {'code': app.at(app.step() + 5)}), 422, 'INVALID')
    shop.house.sql("update daicho.factor set created_at = created_at - interval '15 minutes' where id = %s", args=(begun['id'],))
    refused(one.call('POST', f'/me/factors/totp/{begun["id"]}', {'code': app.code()}), 404, 'UNKNOWN')
    assert one.password() == 'full'                 # not proven: it counts for nothing


def test_nobody_touches_the_factors_of_others(person, shop):
    other = Person(shop, 'other')
    other.password()
    id = person.house.sql('select id from daicho.factor where account_id = %s', args=(person.id,))[0][0]
    assert other.call('DELETE', f'/me/factors/{id}').status == 404
    assert other.call('PATCH', f'/me/factors/{id}', {'name': 'mine'}).status == 404
    assert other.call('POST', f'/me/factors/totp/{id}', {'code': '000000'}).status == 404


def test_switched_on_later_it_holds_for_sessions_that_are_open(shop):
    one = Person(shop, 'shiro')
    assert one.password() == 'full' and one.call('GET', '/me').status == 200
    one.require()
    refused(one.call('GET', '/me'), 401, 'UNAUTHORIZED', 'set up')
    assert one.enroll().json()['stage'] == 'full'
    assert one.call('GET', '/me').status == 200


def test_mer_5_2_b_what_the_operator_switched_on_a_contract_cannot_switch_off(shop):
    one = Person(shop, 'rokuro')
    shop.house.cli('tenant', 'factor', shop.name, 'everybody')
    assert one.password() == 'enroll'
    shop.house.sql('update daicho.account_group set factor_required = false where tenant = %s', args=(shop.name,))
    assert one.password() == 'enroll'
    shop.house.cli('tenant', 'factor', shop.name, 'administrators')
    assert one.password() == 'full'


# Somebody else's -----------------------------------------------------------------------------------------------------------------------------
def test_mer_5_3_i_a_reset_takes_everything_away_and_asks_for_a_new_one(person, shop):
    person.log_in()
    assert shop.api('DELETE', f'/accounts/{person.id}/factors').status == 204
    assert person.call('GET', '/me').status == 401
    assert person.password() == 'enroll'            # although nobody asks for one: there was one
    refused(person.give(code=person.codes[5]), 401, 'UNAUTHORIZED')
    old = person.app
    assert person.enroll().json()['stage'] == 'full'
    assert person.app.seed != old.seed
    entry = next(e for e in shop.log() if e['verb'] == 'reset')
    assert (entry['kind'], entry['subject_id'], entry['result']) == ('account', person.id, 'OK')


def test_nobody_resets_somebody_who_may_more(person, shop):
    shop.api('POST', '/groups', json={'name': '窓口', 'permissions': ['account.manage']})
    clerk = Person(shop, 'clerk', group='窓口')
    stage = clerk.password()
    if stage == 'enroll':
        clerk.enroll()
    refused(clerk.call('DELETE', f'/accounts/{person.id}/factors'), 403, 'FORBIDDEN')
    refused(clerk.call('DELETE', f'/accounts/{clerk.id}/factors'), 409, 'CONFLICT')


def test_the_operator_can_reset_somebody(person):
    person.house.cli('account', 'factors', '--tenant', person.shop.name, person.account.login)
    assert person.password() == 'enroll'


# A fresh proof --------------------------------------------------------------------------------------------------------------------------------
FRESH = [r for r in ROUTES if r.get('fresh')]


def age(person, minutes):
    person.house.sql("update daicho.session set proven_at = daicho.clock() - make_interval(mins => %s) where account_id = %s", args=(minutes, person.id))


def test_dangerous_routes_say_so():
    """One is forgotten easily: what changes rights, keys, proofs of identity and the walls of the contract, and what carries its data away. What shuts somebody
    out must never wait."""
    named = {f"{r['method']} {r['path']}" for r in FRESH}
    for hurry in ['POST /people/{id}/stop', 'POST /me/lost', 'POST /me/lock', 'DELETE /sessions/{id}', 'POST /accounts/{id}/sessions/end',
                  'DELETE /certificates/{id}', 'DELETE /me/sessions/{id}', 'POST /me/sessions/end', 'POST /support/{id}/end', 'POST /me/prove']:
        assert hurry not in named and any(f"{r['method']} {r['path']}" == hurry for r in ROUTES), hurry
    for wanted in ['PATCH /policy', 'PUT /addresses', 'POST /certificates', 'POST /certificates/require', 'POST /certificates/opt-out',
                   'POST /certificates/opt-out/{id}/approve', 'POST /providers', 'PATCH /providers/{id}', 'DELETE /providers/{id}', 'PATCH /providers/rules',
                   'POST /accounts/{id}/links', 'DELETE /accounts/{id}/links/{link}', 'POST /me/links', 'DELETE /me/links/{id}', 'POST /accounts/{id}/unlock',
                   'POST /applicants/{id}/approve', 'POST /people/{id}/reinstate/approve', 'POST /people/{id}/dormant', 'POST /support/{id}/approve',
                   'POST /operator/support/{id}/enter', 'POST /registers/{register}/exports', 'GET /jobs/{id}/file', 'POST /log/exports', 'POST /log/erase',
                   'PUT /registers/{register}',
                   'POST /accounts/new', 'PATCH /accounts/{id}', 'DELETE /accounts/{id}', 'POST /accounts/{id}/password', 'DELETE /accounts/{id}/factors',
                   'POST /groups', 'PATCH /groups/{id}', 'DELETE /groups/{id}', 'POST /keys', 'DELETE /keys/{id}', 'POST /me/factors/totp',
                   'POST /me/factors/passkeys/options', 'DELETE /me/factors/{id}', 'POST /me/factors/codes']:
        assert wanted in named, wanted


@pytest.fixture(scope='module')
def manager(house):
    shop = house.tenant(registers=())
    one = Person(shop, 'boss', group='管理者')
    one.password()
    one.enroll()
    return one.log_in()


@pytest.mark.parametrize('route', [r for r in FRESH if r['permission'] != 'support.ask'], ids=lambda r: f"{r['method']} {r['path']}")
def test_grp_4_12_5_a_a_dangerous_action_without_fresh_proof_is_refused(manager, route):
    path = re.sub(r'\{register\}', 'customers', re.sub(r'\{[a-z]+\}', '1', route['path']))
    age(manager, 15)
    refused(manager.call(route['method'], path), 401, 'UNPROVEN')
    age(manager, 14)
    answer = manager.call(route['method'], path)
    assert answer.status != 401, answer
    age(manager, 0)


def test_the_proof_is_given_again_and_the_form_goes_on(person):
    person.log_in()
    age(person, 20)
    refused(person.call('POST', '/me/factors/codes'), 401, 'UNPROVEN', '15 minutes')
    cookies = dict(person.browser.cookies)
    refused(person.call('POST', '/me/prove', {'password': person.account.password}), 422, 'INVALID')      # there is a factor: the password is not enough
    assert person.call('POST', '/me/prove', {'code': person.app.code()}).status == 200
    assert person.browser.cookies == cookies        # what was typed with this token is still taken
    assert person.call('POST', '/me/factors/codes').status == 201


def test_without_a_factor_the_password_is_the_proof(shop):
    one = Person(shop, 'nanae')
    one.password()
    age(one, 20)
    refused(one.call('POST', '/me/factors/totp', {'name': 'x'}), 401, 'UNPROVEN')
    refused(one.call('POST', '/me/prove', {'password': 'wrong-password'}), 422, 'INVALID')
    assert one.failures() == 1
    assert one.call('POST', '/me/prove', {'password': one.account.password}).status == 200
    assert one.failures() == 0
    one.enroll()


def test_a_person_is_led_to_the_proof_and_back(person):
    person.log_in()
    age(person, 20)
    page = person.browser.post('/me/factors/codes')
    assert page.status == 401 and 'href="/me/prove"' in page.text
    part = person.browser.post('/me/factors/codes', htmx=True)
    assert part.status == 401 and 'hx-get="/me/prove"' in part.text
    assert '/me/prove' in person.browser.get('/me/prove').text
    done = person.browser.post('/me/prove', {'code': person.app.code(), 'next': '/me/factors'})
    assert done.status == 303 and done.headers['Location'] == '/me/factors'


def test_the_way_back_leads_nowhere_else(person):
    person.password()
    page = person.browser.get('/me/factors')
    assert page.headers['Location'] == '/login/factor?next=%2Fme%2Ffactors'
    for evil in 'https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)':
        assert 'evil' not in person.browser.get('/login/factor?next=' + evil.replace('\\', '%5C')).text
    answer = person.browser.post('/login/factor', {'code': person.app.code(), 'next': '//evil.example'})
    assert answer.status == 303 and answer.headers['Location'] == '/'


# Passkeys -------------------------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def keyed(shop):
    """With a passkey."""
    one = Person(shop, 'kagi')
    one.password()
    one.key = Passkey(shop.house, id=b'id of ' + shop.name.encode())
    asked = one.call('POST', '/me/factors/passkeys/options').json()
    done = one.call('POST', '/me/factors/passkeys', one.key.make(asked))
    assert done.status == 201 and len(done.json()['codes']) == 10, done
    return one


def ask(one):
    answer = one.call('POST', '/login/factor/options')
    assert answer.status == 200, answer
    return answer.json()


def test_a_passkey_lets_in(keyed):
    assert keyed.password() == 'factor'
    asked = ask(keyed)
    assert asked['party'] == 'localhost' and asked['credentials'] == [b64(keyed.key.id)]
    assert keyed.give(**keyed.key.answer(asked)).status == 200
    assert keyed.call('GET', '/me/factors').json()['factors'][0]['used_at']
    entry = keyed.shop.log()[-2]
    assert (entry['verb'], entry['detail']) == ('login', {'name': '鍵', 'factor': 'passkey'})


@pytest.mark.parametrize('wrong, said', [
    ({'origin': 'https://evil.example'}, 'origin'), ({'origin': 'http://localhost'}, 'origin'), ({'party': 'evil.example'}, 'party'),
    ({'cross': True}, 'origin'), ({'type': 'webauthn.create'}, 'type'), ({'challenge': b64(bytes(32))}, 'challenge'), ({'challenge': ''}, 'challenge'), ({'flags': 4}, 'presence'),
    ({'flags': 1}, 'verification')], ids=str)
def test_an_answer_to_another_question_is_refused_and_counted(keyed, wrong, said):
    keyed.password()
    told = refused(keyed.give(**keyed.key.answer(ask(keyed), **wrong)), 422, 'INVALID', said)
    assert [e.get('item') for e in told['errors']] == ['credential']
    assert keyed.failures() == 1 and keyed.call('GET', '/me').status == 401
    entry = keyed.shop.log()[-2]
    assert (entry['verb'], entry['result'], entry['actor']) == ('login', 'INVALID', 'kagi')


@pytest.mark.parametrize('member', ['credential', 'client_data', 'authenticator', 'signature'])
@pytest.mark.parametrize('value', ['', '!', 'A', 'AAAA', b64(b'x' * 900), '{}', 'ａ'], ids=str)
def test_altered_members_are_refused(keyed, member, value):
    keyed.password()
    answer = keyed.key.answer(ask(keyed))
    refused(keyed.give(**{**answer, member: value}), 422, 'INVALID')
    assert keyed.call('GET', '/me').status == 401


def test_an_altered_signature_is_refused(keyed):
    keyed.password()
    other = Passkey(keyed.house, id=keyed.key.id)
    refused(keyed.give(**other.answer(ask(keyed))), 422, 'INVALID', 'signature')


def test_a_challenge_holds_once_and_for_five_minutes(keyed):
    keyed.password()
    refused(keyed.give(**keyed.key.answer({'challenge': b64(bytes(32))})), 422, 'INVALID', 'no longer open')
    asked = ask(keyed)
    refused(keyed.give(**keyed.key.answer(asked, party='evil.example')), 422, 'INVALID')
    refused(keyed.give(**keyed.key.answer(asked)), 422, 'INVALID', 'no longer open')       # used up by the try before
    asked = ask(keyed)
    keyed.house.sql("update daicho.session set challenge_at = challenge_at - interval '5 minutes' where account_id = %s", args=(keyed.id,))
    refused(keyed.give(**keyed.key.answer(asked)), 422, 'INVALID', 'no longer open')
    keyed.house.sql('update daicho.account set factor_failures = 0 where id = %s', args=(keyed.id,))
    assert keyed.give(**keyed.key.answer(ask(keyed))).status == 200
    answer = keyed.key.answer(asked)
    keyed.password()
    refused(keyed.give(**answer), 422, 'INVALID', 'no longer open')


def test_a_copied_key_that_counts_backwards_is_refused_and_noted(keyed):
    keyed.password()
    keyed.key.count = 10
    assert keyed.give(**keyed.key.answer(ask(keyed))).status == 200
    keyed.password()
    for count in 11, 10, 3, 0:
        refused(keyed.give(**keyed.key.answer(ask(keyed), count=count)), 409, 'CONFLICT', 'backwards')
        entry = keyed.shop.log()[-1]
        assert (entry['verb'], entry['result']) == ('login', 'CONFLICT') and entry['detail']['cloned'] is True
        assert keyed.call('GET', '/me').status == 401
    keyed.house.sql('update daicho.account set factor_failures = 0 where id = %s', args=(keyed.id,))
    assert keyed.give(**keyed.key.answer(ask(keyed), count=12)).status == 200


def test_the_passkey_of_another_account_is_not_mine(keyed, shop):
    thief = Person(shop, 'dorobo')
    thief.password()
    thief.enroll()
    thief.password()
    refused(thief.call('POST', '/login/factor/options'), 409, 'CONFLICT')
    refused(thief.give(**keyed.key.answer({'challenge': b64(bytes(32))})), 422, 'INVALID')
    thief.give(code=thief.app.code())
    asked = thief.call('POST', '/me/factors/passkeys/options').json()
    refused(thief.call('POST', '/me/factors/passkeys', keyed.key.make(asked)), 409, 'CONFLICT')       # a credential belongs to one account


@pytest.mark.parametrize('change', [{'attestation': ''}, {'attestation': 'AAAA'}, {'attestation': b64(b'\x9b' + b'\xff' * 8)}, {'attestation': b64(b'\x81' * 8000)},
                                    {'client_data': b64(b'{}')}, {'client_data': b64(b'[' * 3000)}, {'client_data': '%%%'}, {'name': ''}, {'name': 'x' * 101}], ids=str)
def test_broken_registrations_write_nothing(shop, change):
    one = Person(shop, 'kowareta')
    one.password()
    asked = one.call('POST', '/me/factors/passkeys/options').json()
    refused(one.call('POST', '/me/factors/passkeys', {**Passkey(shop.house).make(asked), **change}), 422, 'INVALID')
    assert shop.house.sql('select count(*) from daicho.factor where account_id = %s', args=(one.id,)) == [(0,)]


@pytest.mark.parametrize('wrong', [{'origin': 'https://evil.example'}, {'party': 'evil.example'}, {'type': 'webauthn.get'}, {'challenge': b64(bytes(32))},
                                   {'flags': 1}], ids=str)
def test_a_registration_for_something_else_is_refused(shop, wrong):
    one = Person(shop, 'betsu')
    one.password()
    asked = one.call('POST', '/me/factors/passkeys/options').json()
    refused(one.call('POST', '/me/factors/passkeys', Passkey(shop.house).make(asked, **wrong)), 422, 'INVALID')
    refused(one.call('POST', '/me/factors/passkeys', Passkey(shop.house).make(asked)), 422, 'INVALID', 'no longer open')
    assert shop.house.sql('select count(*) from daicho.factor where account_id = %s', args=(one.id,)) == [(0,)]


# What the database holds, and for whom ---------------------------------------------------------------------------------------------------------
def test_seeds_codes_and_the_key_are_never_written_down(person):
    dump = person.house.client('pg_dump', '--data-only', '--inserts')
    logs = ''.join(p.read_text(errors='replace') for p in (person.house.dir / 'log').iterdir() if p.is_file())
    key = (person.house.dir / 'secret/factor.key').read_text().split()[1]
    import base64
    for secret in (base64.b32encode(person.app.seed).decode(), person.app.seed.hex(), person.codes[0], person.codes[0].replace('-', ''), key,
                   base64.urlsafe_b64decode(key + '=').hex()):
        assert secret not in dump and secret not in logs
    assert ((person.house.dir / 'secret/factor.key').stat().st_mode & 0o777) == 0o600


def test_a_seed_moved_to_another_account_does_not_open(person, shop):
    thief = Person(shop, 'utsushi')
    thief.password()
    thief.enroll()
    shop.house.sql('update daicho.factor set secret = (select secret from daicho.factor where account_id = %s) where account_id = %s', args=(person.id, thief.id))
    thief.password()
    refused(thief.give(code=person.app.code()), 503, 'UNAVAILABLE')


DOORS = ['factor_attempt(1)', "factor_challenge(1, 'x')", 'factor_challenge_take(1)', 'factor_read()', "factor_totp_begin(1, 'x', 'x')", 'factor_totp_waiting(1)',
         'factor_totp_confirm(1, 1, 1)', 'factor_totp_use(1, 1, null)', "factor_passkey_add(1, 'x', 'x', 'x', -7, 0)", 'factor_passkey_use(1, 1)',
         "factor_recovery_set(array['x'::bytea])", "factor_recovery_use('x')", 'factor_remove(1)', 'factor_reset(0)', "factor_prove(1, 'totp')"]


@pytest.mark.parametrize('role', ['daicho_web', 'daicho_jobs', 'daicho_sso', 'daicho_auth'])
@pytest.mark.parametrize('door', DOORS)
def test_the_doors_open_for_the_auth_processes_and_an_account_only(kept, role, door):
    with kept.house.connect(role) as db, db.transaction(force_rollback=True):
        db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)",
                   [f't_{kept.shop.name}' + ('_masked' if role == 'daicho_sso' else ''), f'account:{kept.id}:hanako' if role != 'daicho_auth' else 'key:1:x'])
        if role == 'daicho_auth' and door == 'factor_reset(0)':
            assert db.execute(f'select daicho.{door}').fetchone() == (False,)       # nobody of this contract
            return
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute(f'select daicho.{door}')


@pytest.mark.parametrize('sql', ['select secret from daicho.factor', 'select * from daicho.factor', 'select credential, public_key from daicho.factor',
                                 'select hash from daicho.recovery_code', "update daicho.factor set secret = 'x'", 'update daicho.factor set last_step = 0',
                                 'update daicho.factor set confirmed_at = now()', 'update daicho.recovery_code set used_at = null',
                                 "insert into daicho.factor (tenant, account_id, kind, name) values ('x', 1, 'totp', 'x')",
                                 'delete from daicho.factor', 'delete from daicho.recovery_code', 'copy daicho.factor (secret) to stdout',
                                 "select query_to_xml('select secret from daicho.factor', true, true, '')",
                                 'update daicho.account set factor_required = false', 'update daicho.account set factors = 1',
                                 'update daicho.account set factor_anew = false', 'select challenge from daicho.session', 'update daicho.session set stage = \'full\'',
                                 "update daicho.session set proven_at = now()", 'update daicho.tenant set factor_everybody = false',
                                 'select daicho.factor_door()', 'select daicho.factor_right(1)', "select daicho.factor_room(1, 1, 'totp')"])
@pytest.mark.parametrize('role', ['daicho_web', 'daicho_auth', 'daicho_jobs'])
def test_no_role_reads_or_writes_past_the_doors(kept, role, sql):
    with kept.house.connect(role) as db, db.transaction(force_rollback=True):
        db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", [f't_{kept.shop.name}', f'account:{kept.id}:hanako'])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute(sql)


def test_in_an_auth_process_an_account_reads_its_own_only(person, shop):
    other = Person(shop, 'tonari')
    with person.house.connect('daicho_auth') as db, db.transaction(force_rollback=True):
        db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", [f't_{shop.name}', f'account:{other.id}:tonari'])
        assert db.execute('select * from daicho.factor_read()').fetchall() == []
    stranger = shop.house.tenant(registers=())
    with person.house.connect('daicho_auth') as db, db.transaction(force_rollback=True):
        db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", [f't_{stranger.name}', f'account:{person.id}:hanako'])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute('select * from daicho.factor_read()')


def test_the_masked_role_resets_nobody_who_sees_more(person):
    with person.house.connect('daicho_auth') as db, db.transaction(force_rollback=True):
        db.execute("select set_config('role', %s, true), set_config('daicho.actor', %s, true)", [f't_{person.shop.name}_masked', 'account:1:x'])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute('select daicho.factor_reset(%s)', [person.id])


# The key of the house ------------------------------------------------------------------------------------------------------------------------
def test_a_new_key_seals_anew_and_the_old_still_opens():
    from house import House
    import base64, os
    house = House.start(conf={'web_workers': 1, 'job_workers': 1})
    try:
        one = Person(house.tenant(registers=()), 'hanako')
        one.password()
        one.enroll()
        stored = 'select get_byte(secret, 0) from daicho.factor'
        assert house.sql(stored) == [(1,)]
        path = house.dir / 'secret/factor.key'
        path.write_text(path.read_text() + '2 ' + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip('=') + '\n')
        house.restart()
        one.browser.cookies.clear()
        one.log_in()
        assert house.sql(stored) == [(2,)]
        path.write_text(path.read_text().splitlines()[1] + '\n')
        house.restart()
        one.browser.cookies.clear()
        one.log_in()
    finally:
        house.close()
