"""Sign-on with providers: a real OpenID provider (npm oidc-provider), one that signs whatever the test asks for, and a stand-in for GitHub, each a
server of its own that the house asks over the network (test/provider/op.mjs)."""
import base64, json, re, time, urllib.parse

import psycopg, pytest

from house import House, until
from provider import Providers


@pytest.fixture(scope='module')
def house():
    house = House.start(conf={'provider_private': 1})
    yield house
    house.close()


@pytest.fixture(scope='module')
def idp(house):
    with Providers(house) as providers:
        yield providers


@pytest.fixture(autouse=True)
def quiet(house, idp):
    """Failures of other tests do not count for this one."""
    house.sql('delete from daicho.sign_on_failure')
    for issuer in (idp.crooked, idp.other, idp.github):
        idp.plan(issuer)
    idp.plan(idp.real, seconds=600, refresh=False)


@pytest.fixture
def shop(house):
    return house.tenant(registers=())


def logged_in(browser):
    return browser.get('/me').status == 200


def sessions(house, account):
    return house.sql('select stage, factor, context, provider_id from daicho.session where account_id = %s order by id', args=(account.id,))


def crooked(idp, shop, account=None, kind='oidc', subject='subject-1', issuer=None, **more):
    provider = idp.add(shop, kind, issuer or idp.crooked, **more)
    idp.link(shop, provider, (account or shop.staff).id, subject)
    return provider


# A good one ---------------------------------------------------------------------------------------------------------------------------------

def test_mer_5_2_a_somebody_linked_logs_in_through_the_provider_and_is_led_on(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.real)
    idp.link(shop, provider, shop.staff.id, 'yamada')
    browser = house.browser()
    begun = idp.start(browser, shop, provider, next='/jobs')
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun.headers['Location']).query))
    assert begun.headers['Location'].startswith(idp.real + '/auth?')
    assert query['response_type'] == 'code' and query['code_challenge_method'] == 'S256' and query['redirect_uri'] == house.url + '/sso/callback'
    assert len(query['state']) == len(query['nonce']) == len(query['code_challenge']) == 43 and 'openid' in query['scope'].split()
    answer = browser.get(idp.outside(begun.headers['Location'], 'yamada'))
    assert (answer.status, answer.headers['Location']) == (303, '/jobs')
    assert logged_in(browser)
    assert sessions(house, shop.staff) == [('full', None, {}, provider)]
    entry = [e for e in shop.log() if e['verb'] == 'login'][-1]
    assert (entry['actor'], entry['actor_id'], entry['result']) == (shop.staff.login, shop.staff.id, 'OK') and entry['source'] == '127.0.0.1'
    assert [e['result'] for e in shop.log() if e['verb'] == 'sign_on'] == ['OK']


def test_what_is_kept_of_an_attempt_is_hashes_and_it_is_gone_afterwards(house, idp, shop):
    provider = crooked(idp, shop)
    browser = house.browser()
    begun = idp.start(browser, shop, provider)
    state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun.headers['Location']).query))['state']
    row = house.sql('select state_hash, browser_hash from daicho.sign_on where tenant = %s', args=(shop.name,))[0]
    cookie = browser.cookies['__Host-daicho-sso']
    assert state.encode() not in bytes(row[0]) and cookie.encode() not in bytes(row[1]) and len(bytes(row[0])) == len(bytes(row[1])) == 32
    flags = begun.headers['Set-Cookie']
    assert all(word in flags for word in ('Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/', 'Max-Age=600'))
    assert browser.get(idp.outside(begun.headers['Location'])).status == 303
    assert house.sql('select count(*) from daicho.sign_on where tenant = %s', args=(shop.name,)) == [(0,)]
    assert '__Host-daicho-sso' not in browser.cookies


@pytest.mark.parametrize('alg', ['RS256', 'PS256', 'ES256'])
def test_tokens_signed_in_each_way_taken_here_are_taken(house, idp, shop, alg):
    provider = crooked(idp, shop, issuer=idp.other)
    house.sql("select 1")
    idp.plan(idp.other, alg=alg)
    time.sleep(0)
    browser = house.browser()
    answer = idp.sign_on(browser, shop, provider)
    if alg == 'PS256' and answer.status != 303:          # the key was kept with alg RS256 a moment ago: it is asked for again after ten seconds
        time.sleep(10.5)
        answer = idp.sign_on(browser, shop, provider)
    assert answer.status == 303, answer.text
    assert logged_in(browser)


# A bad one ----------------------------------------------------------------------------------------------------------------------------------

NOW = int(time.time())
WRONG = {
    'wrong nonce': dict(claims={'nonce': 'x' * 43}), 'no nonce': dict(claims={'nonce': None}),
    'wrong audience': dict(claims={'aud': 'somebody-else'}), 'audience of several without azp': dict(claims={'aud': ['daicho', 'somebody-else']}),
    'azp of another': dict(claims={'aud': ['daicho', 'other'], 'azp': 'other'}), 'empty audience': dict(claims={'aud': []}), 'no audience': dict(claims={'aud': None}),
    'wrong issuer': dict(claims={'iss': 'https://accounts.google.com'}), 'issuer with a slash more': dict(claims={'iss': 'SLASH'}),
    'no issuer': dict(claims={'iss': None}), 'expired': dict(claims={'exp': NOW - 3600}), 'no end': dict(claims={'exp': None}),
    'end is a text': dict(claims={'exp': 'tomorrow'}), 'issued in the future': dict(claims={'iat': NOW + 86400}), 'issued long ago': dict(claims={'iat': NOW - 86400}),
    'other access token': dict(claims={'at_hash': 'AAAAAAAAAAAAAAAAAAAAAA'}), 'no subject': dict(claims={'sub': None}), 'empty subject': dict(claims={'sub': ''}),
    'subject of 300 characters': dict(claims={'sub': 's' * 300}), 'subject a number': dict(claims={'sub': 1}),
    'altered signature': dict(flip=True), 'key of nobody': dict(foreign_key=True), 'unknown key': dict(kid='nine'),
    'alg none': dict(alg='none'), 'alg None': dict(alg='None'), 'key confusion with the public key': dict(alg='HS256', hmac_key='public', header={'kid': 'one'}),
    'symmetric with the client secret': dict(alg='HS256'), 'alg of another key type': dict(alg='RS256', header={'alg': 'ES256', 'kid': 'one'}),
    'unknown critical extension': dict(header={'crit': ['exp'], 'exp': 1}), 'empty crit': dict(header={'crit': []}), 'b64': dict(header={'b64': False}),
    'its own key in the header': dict(foreign_key=True, header={'kid': None, 'jwk': {'kty': 'RSA', 'n': 'AQAB', 'e': 'AQAB'}}),
    'huge header': dict(header={'x': 'y' * 4000}), 'huge token': dict(claims={'x': 'y' * 40000}),
    'member twice in the header': dict(raw_header='{"alg":"RS256","kid":"one","kid":"one"}'),
    'member twice in the claims': dict(raw_claims='{"iss":"a","iss":"b"}'), 'claims a list': dict(raw_claims='[]'), 'claims no JSON': dict(raw_claims='{'),
    'no token': dict(id_token=''), 'one part': dict(id_token='abc'), 'two parts': dict(id_token='YQ.YQ'), 'four parts': dict(id_token='e30.e30.e30.e30'),
    'five parts, encrypted': dict(id_token='e30.e30.e30.e30.e30'), 'not base64': dict(id_token='%%.%%.%%'), 'a null': dict(id_token='e30.e30.'),
    'token type mac': dict(raw={'access_token': 'x', 'token_type': 'mac', 'id_token': 'x'}), 'no access token': dict(raw={'token_type': 'Bearer', 'id_token': 'x'}),
    'answer no JSON': dict(raw='<html>'), 'answer empty': dict(raw=''), 'answer huge': dict(raw='{"x":"' + 'y' * 200000 + '"}'),
    'error': dict(status=400), 'server error': dict(status=500), 'redirect': dict(redirect='http://127.0.0.1:1/'),
    'iss of another provider': dict(answer_iss='https://evil.example'), 'no iss where the provider promises one': dict(answer_iss=None),
    'deep JSON': dict(raw='[' * 3000),
}


@pytest.mark.parametrize('name', WRONG)
def test_mer_5_2_a_a_wrong_answer_opens_no_session_and_says_so_once(house, idp, shop, name):
    provider = crooked(idp, shop)
    plan = json.loads(json.dumps(WRONG[name]).replace('"SLASH"', json.dumps(idp.crooked + '/')))
    idp.plan(idp.crooked, **plan)
    browser = house.browser()
    answer = idp.sign_on(browser, shop, provider)
    assert 400 <= answer.status < 504 and answer.status != 500, answer
    assert answer.headers['Content-Type'].startswith('text/html') and 'role="alert"' in answer.text or '<h1>' in answer.text
    assert '__Host-daicho' not in browser.cookies and not logged_in(browser)
    assert sessions(house, shop.staff) == []
    entries = [e for e in shop.log() if e['verb'] == 'login']
    assert len(entries) == 1 and entries[0]['result'] not in ('OK', 'INTERNAL'), entries
    assert house.sql('select count(*) from daicho.identity where tenant = %s and used_at is not null', args=(shop.name,)) == [(0,)]


def test_the_same_provider_is_taken_again_afterwards(house, idp, shop):
    provider = crooked(idp, shop)
    idp.plan(idp.crooked, flip=True)
    assert idp.sign_on(house.browser(), shop, provider).status == 401
    idp.plan(idp.crooked)
    assert idp.sign_on(house.browser(), shop, provider).status == 303


def test_aup_18_a_a_locked_screen_is_opened_by_signing_on_once_more(house, idp, shop):
    """Whoever has no password could not open it otherwise."""
    provider = crooked(idp, shop)
    browser = house.browser()
    assert idp.sign_on(browser, shop, provider).status == 303 and logged_in(browser)
    locked = browser.cookies['__Host-daicho']
    assert browser.post('/me/lock', {'next': '/jobs'}).status == 303
    page = browser.get('/login/unlock?next=%2Fjobs').text
    assert f'href="/sso/{provider}/start?tenant&#61;{shop.name}&amp;next&#61;%2Fjobs"' in page or f'href="/sso/{provider}/start?tenant={shop.name}&amp;next=%2Fjobs"' in page
    assert browser.post('/login/unlock', {'password': shop.staff.password}).status == 303          # this account has one as well
    assert browser.post('/me/lock').status == 303
    assert idp.sign_on(browser, shop, provider, next='/jobs').headers['Location'] == '/jobs'
    assert logged_in(browser) and browser.cookies['__Host-daicho'] != locked
    assert sessions(house, shop.staff) == [('full', None, {}, provider)]
    assert house.http.request('GET', '/api/v1/me', {'Cookie': f'__Host-daicho={locked}'}).status == 401


def test_a_state_works_once(house, idp, shop):
    provider = crooked(idp, shop)
    browser = house.browser()
    back = idp.outside(idp.start(browser, shop, provider).headers['Location'])
    kept = dict(browser.cookies)
    assert browser.get(back).status == 303
    again = house.browser()
    again.cookies = kept
    assert again.get(back).status == 401 and not logged_in(again)


def test_a_code_works_once_even_with_a_fresh_state(house, idp, shop):
    provider = crooked(idp, shop)
    first, second = house.browser(), house.browser()
    used = idp.outside(idp.start(first, shop, provider).headers['Location'])
    assert first.get(used).status == 303
    fresh = idp.outside(idp.start(second, shop, provider).headers['Location'])
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(used).query))['code']
    assert second.get(re.sub(r'code=[^&]+', f'code={code}', fresh)).status == 401


def test_the_state_of_another_browser_is_refused(house, idp, shop):
    """Login CSRF: the attacker's answer, carried to somebody else's browser."""
    provider = crooked(idp, shop)
    attacker, victim = house.browser(), house.browser()
    back = idp.outside(idp.start(attacker, shop, provider).headers['Location'])
    assert victim.get(back).status == 401 and '__Host-daicho' not in victim.cookies
    begun = house.browser()
    idp.start(begun, shop, provider)            # a browser that is in the middle of a sign-on of its own
    back = idp.outside(idp.start(attacker, shop, provider).headers['Location'])
    assert begun.get(back).status == 401 and '__Host-daicho' not in begun.cookies


def test_an_attempt_ends_after_ten_minutes(house, idp, shop):
    provider = crooked(idp, shop)
    for age, status in (('9 minutes 50 seconds', 303), ('10 minutes 1 second', 401)):
        browser = house.browser()
        back = idp.outside(idp.start(browser, shop, provider).headers['Location'])
        house.sql(f"update daicho.sign_on set created_at = daicho.clock() - interval '{age}' where tenant = %s", args=(shop.name,))
        assert browser.get(back).status == status, age


def test_an_answer_of_one_provider_is_not_taken_to_another(house, idp, shop):
    """Mix-up (RFC 9207): the browser comes back from `other` with the state of `crooked`."""
    first, second = crooked(idp, shop), idp.add(shop, 'oidc', idp.other, name='Other')
    browser = house.browser()
    begun = idp.start(browser, shop, first).headers['Location']
    answer = browser.get(idp.outside(begun.replace(idp.crooked, idp.other)))
    assert answer.status == 401 and not logged_in(browser)
    assert idp.plan(idp.other)['seen']['token'] == idp.plan(idp.other)['seen']['token']


@pytest.mark.parametrize('query', ['', 'state=', 'state=x', 'code=x', 'state=' + 'A' * 43, 'state=' + 'A' * 43 + '&code=x', 'state=a&state=b', 'code=1&code=2&state=' + 'A' * 43,
                                   'state=' + 'A' * 5000, 'state=%00', 'state=%ff', 'error=access_denied&state=' + 'A' * 43, 'error=<script>alert(1)</script>', 'iss=1&iss=2'])
def test_callbacks_nobody_asked_for_are_refused(house, query):
    answer = house.browser().get('/sso/callback?' + query)
    assert answer.status in (400, 401, 414, 422), answer
    assert '<script>alert' not in answer.text


def test_reg_12_5_b_repeated_failures_are_answered_with_429(house, idp, shop):
    provider = crooked(idp, shop)
    statuses = [house.browser().get('/sso/callback?code=x&state=' + f'{i:043}').status for i in range(22)]
    assert statuses == [401] * 20 + [429] * 2
    browser = house.browser()
    answer = idp.sign_on(browser, shop, provider)
    assert answer.status == 429 and answer.headers['Retry-After'] and not logged_in(browser)
    house.sql("update daicho.sign_on_failure set at = at - interval '11 minutes'")
    assert idp.sign_on(house.browser(), shop, provider).status == 303


def test_somebody_who_says_no_at_the_provider_is_told_so(house, idp, shop):
    provider = crooked(idp, shop)
    idp.plan(idp.crooked, answer={'error': 'access_denied', 'code': ''})
    answer = idp.sign_on(house.browser(), shop, provider)
    assert answer.status == 401 and 'access_denied' in answer.text


def test_a_provider_of_another_contract_cannot_be_begun(house, idp, shop):
    other = house.tenant(registers=())
    provider = crooked(idp, shop)
    assert idp.start(house.browser(), other, provider).status == 404
    assert house.browser().get(f'/sso/{provider}/start').status == 422
    assert house.browser().get(f'/sso/{provider}/start?tenant=nobody').status == 404


@pytest.mark.parametrize('next', ['//evil.example/', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)'])
def test_the_way_on_never_leads_out_of_the_house(house, idp, shop, next):
    provider = crooked(idp, shop)
    answer = idp.sign_on(house.browser(), shop, provider, next=next)
    assert answer.headers['Location'] == '/'


# Who it is ----------------------------------------------------------------------------------------------------------------------------------

def test_reg_5_3_c_somebody_unknown_applies_waits_and_comes_in_after_approval(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.real, apply=True)
    browser = house.browser()
    answer = idp.sign_on(browser, shop, provider, 'sato')
    assert answer.status == 202 and '申請を受け付けました' in answer.text and 'sato@example.jp' in answer.text
    assert '__Host-daicho' not in browser.cookies
    assert idp.sign_on(house.browser(), shop, provider, 'sato').status == 403
    admin = shop.browser()
    page = admin.get('/applicants')
    assert 'sato@example.jp' in page.text and '承認待ち' in page.text
    applicant = shop.api('GET', '/applicants').json()['applicants'][0]
    assert (applicant['subject'], applicant['email'], applicant['state']) == ('sato', 'sato@example.jp', 'waiting')
    group = house.sql("select id from daicho.account_group where tenant = %s and name = '担当者'", args=(shop.name,))[0][0]
    assert admin.post(f"/applicants/{applicant['id']}/approve", {'login': 'sato', 'name': '佐藤', 'email': '', 'groups': group}).status == 303
    assert idp.sign_on(browser, shop, provider, 'sato').status == 303 and logged_in(browser)
    account = house.sql("select id, email from daicho.account where tenant = %s and login = 'sato'", args=(shop.name,))[0]
    assert account[1] == 'sato@example.jp'
    assert house.sql('select count(*) from daicho.credential where account_id = %s', args=(account[0],)) == [(0,)]


def test_a_refused_applicant_stays_out_until_forgotten(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.crooked, apply=True)
    assert idp.sign_on(house.browser(), shop, provider).status == 202
    id = shop.api('GET', '/applicants').json()['applicants'][0]['id']
    assert shop.api('POST', f'/applicants/{id}/refuse', json={}).status == 204
    assert idp.sign_on(house.browser(), shop, provider).status == 403
    assert shop.api('DELETE', f'/applicants/{id}').status == 204
    assert idp.sign_on(house.browser(), shop, provider).status == 202


def test_somebody_unknown_stays_out_where_nobody_may_apply(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.crooked)
    answer = idp.sign_on(house.browser(), shop, provider)
    assert answer.status == 403
    assert house.sql('select count(*) from daicho.identity where tenant = %s', args=(shop.name,)) == [(0,)]


def test_an_invitation_links_the_account_of_whoever_opens_it_once(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.real)
    made = shop.api('POST', f'/accounts/{shop.staff.id}/links', json={'provider_id': provider})
    assert made.status == 201, made
    url = made.json()['url']
    assert url.startswith(house.url + f'/sso/{provider}/start?tenant={shop.name}&invitation=')
    browser = house.browser()
    begun = browser.get(url[len(house.url):])
    assert browser.get(idp.outside(begun.headers['Location'], 'suzuki')).status == 303
    assert house.sql('select account_id, subject from daicho.identity where provider_id = %s', args=(provider,)) == [(shop.staff.id, 'suzuki')]
    assert house.browser().get(url[len(house.url):]).status == 403
    again = house.browser()
    assert idp.sign_on(again, shop, provider, 'suzuki').status == 303


def test_reg_5_1_b_one_subject_is_one_account(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.crooked)
    idp.link(shop, provider, shop.staff.id, 'subject-1')
    url = shop.api('POST', f'/accounts/{shop.viewer.id}/links', json={'provider_id': provider}).json()['url'][len(house.url):]
    browser = house.browser()
    answer = browser.get(idp.outside(browser.get(url).headers['Location']))
    assert answer.status == 409 and not logged_in(browser)
    assert house.sql('select account_id from daicho.identity where provider_id = %s', args=(provider,)) == [(shop.staff.id,)]
    # and the database alone refuses it, too
    with pytest.raises(psycopg.errors.UniqueViolation):
        idp.link(shop, provider, shop.viewer.id, 'subject-1')
    with pytest.raises(psycopg.errors.UniqueViolation):
        idp.link(shop, provider, shop.staff.id, 'subject-2')
    # nor a second provider of the same issuer, by which the subject could come in as somebody else
    assert shop.api('POST', '/providers', json={'kind': 'oidc', 'name': 'again', 'issuer': idp.crooked, 'client_id': 'x', 'secret_name': 'y'}).status == 409


def test_nobody_invites_for_an_account_that_holds_more(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.crooked)
    key = shop.new_key('small', 'account.manage')
    assert shop.api('POST', f'/accounts/{shop.admin.id}/links', json={'provider_id': provider}, key=key).status == 403


def test_the_own_account_is_linked_from_my_account(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.real)
    browser = shop.browser('staff')
    page = browser.post('/me/links', {'provider_id': provider})
    assert page.status == 201
    url = re.search(r'href="([^"]*/sso/[^"]*invitation[^"]*)"', page.text).group(1)
    url = url.replace('&amp;', '&').replace('&#61;', '=')[len(house.url):]
    back = idp.outside(browser.get(url).headers['Location'], 'tanaka')
    assert browser.get(back).status == 303
    assert 'tanaka@example.jp' in browser.get('/me/links').text
    id = shop.api('GET', f'/accounts/{shop.staff.id}/links').json()['links'][0]['id']
    assert browser.post(f'/me/links/{id}', {'_method': 'DELETE'}).status == 303
    assert house.sql('select count(*) from daicho.identity where provider_id = %s', args=(provider,)) == [(0,)]


def test_linking_an_account_that_needs_a_second_factor_does_not_get_round_it(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.crooked)
    browser = shop.browser()                    # an administrator
    url = browser.request('POST', '/api/v1/me/links', json_body={'provider_id': provider}).json()['url'][len(house.url):]
    answer = browser.get(idp.outside(browser.get(url).headers['Location']))
    assert answer.status in (303, 403) and not logged_in(browser)
    assert not answer.headers.get('Location') or answer.headers['Location'].startswith('/login/')


def test_linking_asks_for_a_fresh_proof(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.crooked)
    browser = shop.browser('staff', fresh=True)
    house.sql("update daicho.session set proven_at = daicho.clock() - interval '15 minutes' where account_id = %s", args=(shop.staff.id,))
    answer = browser.request('POST', '/api/v1/me/links', json_body={'provider_id': provider})
    assert (answer.status, answer.json()['code']) == (401, 'UNPROVEN')
    assert house.sql('select count(*) from daicho.invitation where tenant = %s', args=(shop.name,)) == [(0,)]


def test_a_provider_that_is_down_is_told_so_and_opens_nothing(house, idp, shop):
    provider = crooked(idp, shop, issuer='http://127.0.0.1:9')
    browser = house.browser()
    answer = idp.start(browser, shop, provider)
    assert answer.status == 503 and '__Host-daicho' not in browser.cookies and sessions(house, shop.staff) == []
    assert [e['result'] for e in shop.log() if e['verb'] == 'sign_on'] == ['UNAVAILABLE']
    assert house.browser().post('/login', {'tenant': shop.name, 'login': shop.staff.login, 'password': shop.staff.password}).status == 303    # the other way stays open


def test_a_suspended_account_does_not_come_in_by_a_provider(house, idp, shop):
    provider = crooked(idp, shop)
    house.sql("update daicho.account set state = 'suspended' where id = %s", args=(shop.staff.id,))
    assert idp.sign_on(house.browser(), shop, provider).status == 403


def test_domains_need_a_verified_address(house, idp, shop):
    provider = crooked(idp, shop, domains=['Example.JP'])
    for claims, status in (({}, 303), ({'email_verified': False}, 403), ({'email_verified': None}, 403), ({'email': 'a@example.jp.evil.example'}, 403),
                           ({'email': 'a@sub.example.jp'}, 403), ({'email': '"a@example.jp"@evil.example'}, 403), ({'email': 'example.jp'}, 303)):
        idp.plan(idp.crooked, claims=claims)
        assert idp.sign_on(house.browser(), shop, provider).status == status, claims


def test_google_is_limited_by_the_domain_of_the_organisation(house, idp, shop):
    provider = crooked(idp, shop, kind='google', domains=['example.jp'])
    for claims, status in (({'hd': 'example.jp'}, 303), ({'hd': None}, 403), ({'hd': 'evil.example'}, 403), ({'hd': 'example.jp', 'email_verified': False}, 403)):
        idp.plan(idp.crooked, claims=claims)
        assert idp.sign_on(house.browser(), shop, provider).status == status, claims


def test_an_address_that_only_userinfo_tells_must_be_of_the_same_subject(house, idp, shop):
    provider = crooked(idp, shop, domains=['example.jp'])
    idp.plan(idp.crooked, claims={'email': None, 'email_verified': None})
    assert idp.sign_on(house.browser(), shop, provider).status == 303
    idp.plan(idp.crooked, claims={'email': None, 'email_verified': None}, userinfo={'sub': 'somebody-else', 'email': 'a@example.jp', 'email_verified': True})
    assert idp.sign_on(house.browser(), shop, provider).status == 401


# LINE and GitHub ------------------------------------------------------------------------------------------------------------------------------

def test_reg_5_3_d_line_signs_with_the_channel_secret_and_its_channel_is_checked(house, idp, shop):
    """LINE's web log-in signs with HS256 and the channel's secret (https://developers.line.biz/en/docs/line-login/verify-id-token/)."""
    provider = crooked(idp, shop, kind='line')
    good = dict(alg='HS256', header={'kid': None}, claims={'email': None, 'email_verified': None, 'amr': ['linesso']})
    for plan, status in ((good, 303), ({**good, 'flip': True}, 401), ({**good, 'hmac_key': 'secret-of-another-channel-0123456789'}, 401),
                         ({**good, 'claims': {'aud': '1234567890'}}, 401), ({**good, 'claims': {'nonce': 'other'}}, 401), ({**good, 'hmac_key': 'public'}, 401),
                         ({'alg': 'ES256'}, 303), ({'alg': 'RS256'}, 401), ({**good, 'alg': 'none'}, 401)):
        idp.plan(idp.crooked, **plan)
        browser = house.browser()
        assert idp.sign_on(browser, shop, provider).status == status, plan
    assert house.sql('select count(*) from daicho.identity where provider_id = %s', args=(provider,)) == [(1,)]


def test_github_says_who_it_is_by_its_api(house, idp, shop):
    """A stand-in: GitHub cannot be run by others. Subject: the number of the user, which never changes, not the name."""
    provider = idp.add(shop, 'github', idp.github)
    idp.link(shop, provider, shop.staff.id, '583231')
    browser = house.browser()
    begun = idp.start(browser, shop, provider)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun.headers['Location']).query))
    assert query['code_challenge_method'] == 'S256' and 'nonce' not in query and set(query['scope'].split()) == {'read:user', 'read:org'}
    assert browser.get(idp.outside(begun.headers['Location'])).status == 303 and logged_in(browser)
    for user, status in (({'id': 999}, 403), ({'id': '583231'}, 401), ({'id': -1}, 401), ({'id': None}, 401)):
        idp.plan(idp.github, user=user)
        assert idp.sign_on(house.browser(), shop, provider).status == status, user


def test_github_lets_in_active_members_of_the_organisation_only(house, idp, shop):
    provider = idp.add(shop, 'github', idp.github, domains=['midori-shoji', 'midori-labs'])
    idp.link(shop, provider, shop.staff.id, '583231')
    for orgs, status in (({}, 403), ({'midori-shoji': 'pending'}, 403), ({'midori-labs': 'active'}, 303), ({'evil': 'active'}, 403)):
        idp.plan(idp.github, orgs=orgs)
        assert idp.sign_on(house.browser(), shop, provider).status == status, orgs


# The second factor ------------------------------------------------------------------------------------------------------------------------------

def require_factor(house, account, own=0):
    house.sql('update daicho.account set groups = groups where id = %s', args=(account.id,))
    house.sql('update daicho.policy set factor_always = true where tenant = %s', args=(account.tenant.name,))
    if own:
        house.sql("insert into daicho.factor (tenant, account_id, kind, name, confirmed_at) values (%s, %s, 'totp', 'x', daicho.clock())",
                  args=(account.tenant.name, account.id))


@pytest.mark.parametrize('claims, proof', [({'amr': ['mfa']}, True), ({'amr': ['pwd', 'otp']}, True), ({'amr': ['pin', 'hwk']}, True), ({'amr': ['pwd']}, False),
                                           ({'amr': ['otp']}, False), ({}, False), ({'acr': 'phrh'}, True), ({'acr': '1'}, False), ({'amr': 'mfa'}, False),
                                           ({'amr': [['mfa']]}, False)])
def test_reg_5_3_b_without_proof_of_a_second_factor_and_none_here_there_is_no_session(house, idp, shop, claims, proof):
    provider = crooked(idp, shop, factor_trusted=True)
    require_factor(house, shop.staff)
    idp.plan(idp.crooked, claims=claims)
    browser = house.browser()
    answer = idp.sign_on(browser, shop, provider)
    if proof:
        assert answer.status == 303 and logged_in(browser)
        assert sessions(house, shop.staff) == [('full', 'provider', claims, provider)]      # reg-12.6-b: as the token said
    else:
        assert answer.status == 403 and '__Host-daicho' not in browser.cookies
        assert sessions(house, shop.staff) == []


def test_reg_12_6_b_without_proof_the_own_factor_is_asked_for(house, idp, shop):
    provider = crooked(idp, shop, factor_trusted=True)
    require_factor(house, shop.staff, own=1)
    browser = house.browser()
    idp.plan(idp.crooked, claims={'amr': ['pwd'], 'acr': '1', 'auth_time': 1700000000})
    answer = idp.sign_on(browser, shop, provider)
    assert answer.status == 303 and answer.headers['Location'].startswith('/login/factor')
    assert browser.get('/me').status == 303
    assert sessions(house, shop.staff) == [('factor', None, {'amr': ['pwd'], 'acr': '1', 'auth_time': 1700000000}, provider)]


def test_a_provider_that_is_not_trusted_with_it_does_not_replace_the_own_factor(house, idp, shop):
    provider = crooked(idp, shop)
    require_factor(house, shop.staff, own=1)
    idp.plan(idp.crooked, claims={'amr': ['mfa']})
    browser = house.browser()
    assert idp.sign_on(browser, shop, provider).headers['Location'].startswith('/login/factor')
    assert sessions(house, shop.staff)[0][:2] == ('factor', None)


def test_github_says_whether_two_factors_are_on(house, idp, shop):
    provider = idp.add(shop, 'github', idp.github, factor_trusted=True)
    idp.link(shop, provider, shop.staff.id, '583231')
    require_factor(house, shop.staff)
    assert idp.sign_on(house.browser(), shop, provider).status == 403
    idp.plan(idp.github, user={'two_factor_authentication': True})
    assert idp.sign_on(house.browser(), shop, provider).status == 303
    assert sessions(house, shop.staff)[0][1] == 'provider'


def test_reg_5_3_b_the_second_factor_for_everybody_cannot_be_taken_back(house, shop):
    version = shop.api('GET', '/providers').json()['rules']['version']
    answer = shop.api('PATCH', '/providers/rules', json={'factor_always': True}, headers={'If-Match': f'"{version}"'})
    assert answer.status == 200 and answer.json()['rules']['factor_always'] is True
    assert shop.api('PATCH', '/providers/rules', json={'factor_always': False}, headers={'If-Match': f'"{version + 1}"'}).status == 409
    with house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{shop.name}',))
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute('update daicho.policy set factor_always = false')


# How long --------------------------------------------------------------------------------------------------------------------------------------

def test_reg_12_5_c_a_token_of_600_seconds_is_401_at_601(house, idp, shop):
    provider = crooked(idp, shop)
    browser = house.browser()
    idp.plan(idp.crooked, expires_in=600)
    assert idp.sign_on(browser, shop, provider).status == 303
    rows = house.sql("select extract(epoch from expires_at - created_at)::int from daicho.session where account_id = %s", args=(shop.staff.id,))
    assert rows == [(600,)]
    token = {'Cookie': f"__Host-daicho={browser.cookies['__Host-daicho']}"}
    for shift, status in ((598, 200), (601, 401)):
        house.sql(f"update daicho.session set created_at = daicho.clock() - interval '{shift} s', expires_at = daicho.clock() + interval '{600 - shift} s' where account_id = %s",
                  args=(shop.staff.id,))
        assert house.http.request('GET', '/api/v1/me', token).status == status, shift


def test_a_token_without_an_end_lives_as_long_as_the_id_token(house, idp, shop):
    provider = crooked(idp, shop)
    idp.plan(idp.crooked, expires_in=None)
    assert idp.sign_on(house.browser(), shop, provider).status == 303
    seconds = house.sql('select extract(epoch from expires_at - created_at)::int from daicho.session where account_id = %s', args=(shop.staff.id,))[0][0]
    assert 590 <= seconds <= 600


def due(house, account):
    house.sql('update daicho.renewal r set due_at = daicho.clock() from daicho.session s where s.id = r.session_id and s.account_id = %s', args=(account.id,))


def test_reg_12_5_c_before_the_token_ends_the_provider_is_asked_again(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.real)
    idp.link(shop, provider, shop.staff.id, 'kondo')
    idp.plan(idp.real, refresh=True, seconds=600)
    browser = house.browser()
    assert idp.sign_on(browser, shop, provider, 'kondo').status == 303
    sealed = house.sql('select r.sealed from daicho.renewal r join daicho.session s on s.id = r.session_id where s.account_id = %s', args=(shop.staff.id,))
    assert len(sealed) == 1
    idp.plan(idp.real, seconds=900)
    house.sql("update daicho.session set expires_at = daicho.clock() + interval '30 seconds' where account_id = %s", args=(shop.staff.id,))
    due(house, shop.staff)
    assert until(lambda: house.sql("select 1 from daicho.session where account_id = %s and expires_at > daicho.clock() + interval '800 seconds'", args=(shop.staff.id,)))
    assert logged_in(browser)
    again = house.sql('select r.sealed from daicho.renewal r join daicho.session s on s.id = r.session_id where s.account_id = %s', args=(shop.staff.id,))
    assert again != sealed          # the provider gave another one


def test_reg_12_5_c_a_revoked_refresh_ends_the_session(house, idp, shop):
    provider = crooked(idp, shop)
    idp.plan(idp.crooked, refresh=True)
    browser = house.browser()
    assert idp.sign_on(browser, shop, provider).status == 303 and logged_in(browser)
    idp.plan(idp.crooked, refuse_refresh=True)
    due(house, shop.staff)
    assert until(lambda: not sessions(house, shop.staff))
    assert not logged_in(browser)
    entry = [e for e in shop.log() if e['verb'] == 'revoke'][-1]
    assert entry['actor'] == shop.staff.login and entry['kind'] == 'session'


def test_a_provider_that_does_not_answer_ends_no_session(house, idp, shop):
    provider = crooked(idp, shop)
    idp.plan(idp.crooked, refresh=True)
    browser = house.browser()
    assert idp.sign_on(browser, shop, provider).status == 303
    idp.plan(idp.crooked, status=503)
    due(house, shop.staff)
    assert until(lambda: house.sql('select 1 from daicho.renewal where due_at > daicho.clock() and tenant = %s', args=(shop.name,)))
    time.sleep(0.5)
    assert logged_in(browser)


# Without passwords --------------------------------------------------------------------------------------------------------------------------------

def forbid(shop, **more):
    version = shop.api('GET', '/providers').json()['rules']['version']
    return shop.api('PATCH', '/providers/rules', json={'password_login': False, **more}, headers={'If-Match': f'"{version}"'})


def test_mer_5_2_a_with_sign_on_only_a_password_is_403(house, idp, shop):
    assert forbid(shop, confirm=True).status == 409            # nobody is linked yet
    provider = crooked(idp, shop, account=shop.admin)
    house.sql("update daicho.account set state = 'active' where id = %s", args=(shop.staff.id,))
    said = forbid(shop)
    assert said.status == 422 and 'confirm' in said.json()['errors'][0]['item'] and re.search(r'\d', said.json()['detail'])
    assert house.sql('select count(*) from daicho.credential c join daicho.account a on a.id = c.account_id where a.tenant = %s', args=(shop.name,))[0][0] >= 1
    assert forbid(shop, confirm=True).status == 200
    answer = house.browser().post('/login', {'tenant': shop.name, 'login': shop.admin.login, 'password': shop.admin.password})
    assert answer.status == 403
    assert house.api('POST', '/login', json={'tenant': shop.name, 'login': 'nobody', 'password': 'x'}).status == 403
    assert [e['result'] for e in shop.log() if e['verb'] == 'login'][-2:] == ['FORBIDDEN', 'FORBIDDEN']
    page = house.browser().get(f'/login?tenant={shop.name}')
    assert 'type="password"' not in page.text and f'/sso/{provider}/start' in page.text
    assert idp.sign_on(house.browser(), shop, provider).status == 303
    # the operator can turn it back on
    house.cli('provider', 'passwords', '--tenant', shop.name, 'on')
    house.cli('account', 'password', '--tenant', shop.name, shop.admin.login, '--password', 'brand-new-Passw0rd-1')
    assert house.browser().post('/login', {'tenant': shop.name, 'login': shop.admin.login, 'password': 'brand-new-Passw0rd-1'}).status == 303


def test_reg_5_3_e_no_password_is_left_in_any_text_column(house, idp, shop):
    crooked(idp, shop, account=shop.admin)
    shop.staff
    assert forbid(shop, confirm=True).status == 200
    ids = [row[0] for row in house.sql('select id from daicho.account where tenant = %s', args=(shop.name,))]
    assert house.sql('select count(*) from daicho.credential where account_id = any(%s)', args=(ids,)) == [(0,)]
    hashes = 0
    for schema, table, column in house.sql("select table_schema, table_name, column_name from information_schema.columns where data_type in ('text', 'ARRAY', 'json', 'jsonb')"
                                           " and (table_schema = 'daicho' or table_schema = %s)", args=('t_' + shop.name,)):
        if table == 'credential':
            continue
        hashes += house.sql(f'select count(*) from "{schema}"."{table}" where "{column}"::text ~ %s', args=(r'\$2[aby]\$\d\d\$',))[0][0]
    assert hashes == 0
    # new accounts get none, and nothing can put one there
    made = shop.api('POST', '/accounts/new', json={'login': 'neu', 'name': 'neu', 'groups': []})
    assert made.status == 201 and made.json().get('password') is None
    assert shop.api('POST', '/accounts/new', json={'login': 'neu2', 'name': 'neu', 'groups': [], 'password': 'long-enough-0-and-odd'}).status == 422
    assert shop.api('POST', f'/accounts/{shop.staff.id}/password', json={'password': 'long-enough-0-and-odd'}).status == 403
    with house.connect('daicho_auth') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{shop.name}',))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select daicho.credential_set(%s, 'x', false)", (shop.admin.id,))


def test_without_passwords_the_last_way_in_cannot_be_taken_away(house, idp, shop):
    provider = crooked(idp, shop, account=shop.admin)
    assert forbid(shop, confirm=True).status == 200
    link = house.sql('select id from daicho.identity where provider_id = %s', args=(provider,))[0][0]
    assert shop.api('DELETE', f'/accounts/{shop.admin.id}/links/{link}').status == 409
    assert shop.api('DELETE', f'/providers/{provider}', headers={'If-Match': '"1"'}).status == 409
    assert shop.api('PATCH', f'/providers/{provider}', json={'active': False}, headers={'If-Match': '"1"'}).status == 409
    version = shop.api('GET', '/providers').json()['rules']['version']
    assert shop.api('PATCH', '/providers/rules', json={'kinds': ['github']}, headers={'If-Match': f'"{version}"'}).status == 409
    assert idp.sign_on(house.browser(), shop, provider).status == 303


def test_reg_5_3_a_only_the_kinds_on_the_list_are_let_in(house, idp, shop):
    provider, github = crooked(idp, shop), idp.add(shop, 'github', idp.github)
    version = shop.api('GET', '/providers').json()['rules']['version']
    assert shop.api('PATCH', '/providers/rules', json={'kinds': ['google', 'github']}, headers={'If-Match': f'"{version}"'}).status == 200
    browser = house.browser()
    assert idp.start(browser, shop, provider).status == 403
    assert shop.api('POST', '/providers', json={'kind': 'oidc', 'name': 'x', 'issuer': 'https://idp.example', 'client_id': 'x', 'secret_name': 'y'}).status == 422
    assert idp.start(browser, shop, github).status == 303
    page = house.browser().get(f'/login?tenant={shop.name}').text
    assert f'/sso/{github}/' in page and f'/sso/{provider}/' not in page


def test_an_answer_that_comes_after_the_kind_was_taken_off_the_list_is_403(house, idp, shop):
    provider = crooked(idp, shop)
    browser = house.browser()
    back = idp.outside(idp.start(browser, shop, provider).headers['Location'])
    house.sql("update daicho.policy set provider_kinds = '{github}' where tenant = %s", args=(shop.name,))
    assert browser.get(back).status == 403 and not logged_in(browser)


# The log-in page and settings -----------------------------------------------------------------------------------------------------------------------

def test_the_log_in_page_offers_providers_once_the_contract_is_named(house, idp, shop):
    plain, unknown = house.browser().get('/login').text, house.browser().get('/login?tenant=nosuchcontract').text
    assert '/sso/' not in plain and '/sso/' not in unknown and 'type="password"' in unknown
    without = house.browser().get(f'/login?tenant={shop.name}').text.replace(shop.name, 'nosuchcontract')
    assert without == unknown                      # a contract without providers looks like none at all
    provider = idp.add(shop, 'oidc', idp.crooked, name='Keycloak')
    page = house.browser().get(f'/login?tenant={shop.name}&next=/jobs').text
    assert 'Keycloakでログイン' in page and f'/sso/{provider}/start?tenant={shop.name}' in page.replace('&#61;', '=') and 'type="password"' in page


@pytest.mark.parametrize('name', ['GOCSPX-1a2B3c4D5e6F7g8H9i0J', '0123456789abcdef0123456789abcdef01234567', '5f4dcc3b5aa765d61d8327deb882cf99', 'secret value', '../x', '/etc/passwd',
                                  'a/b', '.hidden', '', 'ひみつ', 'x' * 65])
def test_reg_5_3_f_an_inline_secret_is_refused(shop, name):
    answer = shop.api('POST', '/providers', json={'kind': 'google', 'name': 'Google', 'client_id': 'x', 'secret_name': name})
    assert answer.status == 422 and [e['item'] for e in answer.json()['errors']] == ['secret_name'], answer


def test_reg_5_3_f_members_for_a_secret_do_not_exist(shop):
    for member in ('client_secret', 'secret', 'password'):
        answer = shop.api('POST', '/providers', json={'kind': 'google', 'name': 'G', 'client_id': 'x', 'secret_name': 'google', member: 'GOCSPX-x'})
        assert answer.status == 422 and answer.json()['errors'][0]['item'] == member


def test_reg_5_3_f_a_reference_works_and_a_new_value_needs_no_change_of_the_database(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.real, secret_name='keycloak')
    idp.link(shop, provider, shop.staff.id, 'mori')
    before = house.sql('select xmin::text, version from daicho.provider where id = %s', args=(provider,))
    idp.secret(shop, 'keycloak', 'the-value-until-yesterday')
    assert idp.sign_on(house.browser(), shop, provider, 'mori').status == 401
    status, out, err = house.run('provider', 'secret', '--tenant', shop.name, 'keycloak', input=idp.client_secret + '\n')
    assert status == 0, err
    assert idp.sign_on(house.browser(), shop, provider, 'mori').status == 303
    assert house.sql('select xmin::text, version from daicho.provider where id = %s', args=(provider,)) == before
    path = house.dir / 'secret/provider' / shop.name / 'keycloak'
    assert path.stat().st_mode & 0o777 == 0o600
    assert idp.client_secret not in (house.dir / 'log/house.log').read_text() + (house.dir / 'log/access.log').read_text()


def test_a_secret_belongs_to_its_contract(house, idp, shop):
    """Else any contract could send another one's secret to an issuer of its own."""
    other = house.tenant(registers=())
    idp.secret(other, 'theirs')
    provider = idp.add(shop, 'oidc', idp.crooked)
    house.sql("update daicho.provider set secret_name = 'theirs' where id = %s", args=(provider,))
    idp.link(shop, provider, shop.staff.id, 'subject-1')
    assert idp.sign_on(house.browser(), shop, provider).status == 503


def test_the_connection_is_tested_by_a_process_that_may(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.real)
    answer = shop.api('POST', f'/providers/{provider}/test', json={})
    assert answer.status == 200 and answer.json()['test']['keys'] >= 1 and answer.json()['test']['secret'] is True
    page = shop.browser().post(f'/providers/{provider}/test')
    assert page.status == 200 and '接続できました' in page.text
    nobody = idp.add(house.tenant(registers=()), 'oidc', idp.crooked)
    assert shop.api('POST', f'/providers/{nobody}/test', json={}).status == 404


def test_an_issuer_must_call_itself_exactly_what_is_written_here(house, idp, shop):
    idp.plan(idp.other, discovered=idp.other + '/')
    provider = idp.add(shop, 'oidc', idp.other.replace('127.0.0.1', 'localhost'))
    answer = shop.api('POST', f'/providers/{provider}/test', json={}, headers={'Accept-Language': 'ja'})
    assert answer.status == 503 and '名乗って' in answer.json()['detail']


def test_kind_and_issuer_stay_what_they_are(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.crooked)
    assert shop.api('PATCH', f'/providers/{provider}', json={'issuer': idp.other}, headers={'If-Match': '"1"'}).status == 422
    with house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{shop.name}',))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update daicho.provider set issuer = 'https://evil.example'")


# The process --------------------------------------------------------------------------------------------------------------------------------------

TRIED = ["select * from daicho.credential", "select hash from daicho.credential", "select daicho.credential_of({id})", "select secret from daicho.factor",
         "select daicho.credential_set({id}, 'x', false)", "select * from daicho.login_begin('{tenant}', 'admin')", "select hash from daicho.recovery_code",
         "select daicho.session_open({id}, '\\x00', null, '-', '-', false)", "select token_hash from daicho.session", "select token_hash from daicho.api_key",
         "select sealed from daicho.renewal", "select * from daicho.sign_on", "select token_hash from daicho.invitation", "insert into daicho.identity (tenant) values ('x')",
         "select daicho.session_raise(1, '\\x00', 'confirm', true)", "select set_config('role', 't_{tenant}', true)"]


@pytest.mark.parametrize('statement', TRIED)
@pytest.mark.parametrize('taken', [None, 't_{tenant}_masked'])
def test_the_sso_role_has_no_way_to_hashes_seeds_or_tokens(house, shop, statement, taken):
    values = {'id': shop.admin.id, 'tenant': shop.name}
    with house.connect('daicho_sso') as connection, connection.transaction(force_rollback=True):
        if taken:
            connection.execute("select set_config('role', %s, true)", (taken.format(**values),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.format(**values))


def test_the_sso_role_never_sees_personal_items(house):
    full = house.tenant()
    assert full.api('POST', '/registers/customers/records', json={'email': 'secret@example.jp', 'family_name': '秘密'}).status == 201
    with house.connect('daicho_sso') as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select set_config('role', %s, true)", (f't_{full.name}',))
    with house.connect('daicho_sso') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{full.name}_masked',))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f'select email from t_{full.name}.r_customers')


def test_the_sso_role_opens_sessions_for_linked_accounts_only(house, idp, shop):
    provider = idp.add(shop, 'oidc', idp.crooked)
    call = "select daicho.session_open_by_provider(%s, %s, %s, null, '-', '-', true, null, 600, null)"
    for login, sees in (('daicho_sso', True), ('daicho_web', False), ('daicho_auth', False)):
        with house.connect(login) as connection, connection.transaction(force_rollback=True):
            connection.execute("select set_config('role', %s, true)", (f't_{shop.name}_masked',))
            if not sees:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(call, (shop.admin.id, provider, b'x' * 32))
                continue
            assert connection.execute(call, (shop.admin.id, provider, b'x' * 32)).fetchone() == (None,)


def test_addresses_of_private_networks_are_refused_unless_the_settings_allow_them(idp):
    house = House.start(conf={'sso_workers': 1})
    try:
        shop = house.tenant(registers=())
        for issuer in ('http://127.0.0.1:9', 'https://127.0.0.1:9', 'https://[::1]:9', 'https://10.0.0.1', 'https://192.168.1.1', 'https://169.254.169.254',
                       'https://localhost:9', 'https://[::ffff:10.0.0.1]', 'https://2130706433', 'https://0x7f.1', 'https://[fd00::1]', 'https://0.0.0.0'):
            made = shop.api('POST', '/providers', json={'kind': 'oidc', 'name': issuer, 'issuer': issuer, 'client_id': 'x', 'secret_name': 'y'})
            if issuer.startswith('http:'):
                assert made.status == 422
                continue
            assert made.status == 201, (issuer, made)
            begun = time.monotonic()
            answer = shop.api('POST', f"/providers/{made.json()['provider']['id']}/test", json={})
            assert answer.status == 422 and time.monotonic() - begun < 5, (issuer, answer)
    finally:
        house.close()
