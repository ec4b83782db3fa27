"""Guessing does not pay: accounts lock, somebody is told, attempts are paced. And what ends or stops a session that is there: a manager, a new password,
the lock screen."""
import concurrent.futures, hashlib, re

import psycopg
import pytest

from house import Client, until
from test_login import cookie_of, try_login, with_cookie
from test_policy import make, policy

RIGHT = 'kX4-9qzwVb'


@pytest.fixture
def shop(house):
    shop = house.tenant(registers=())
    assert shop.key and shop.staff and shop.admin
    return shop


@pytest.fixture(scope='module')
def calm(house):
    """One contract for tests that change no setting."""
    shop = house.tenant(registers=())
    assert shop.key and shop.staff and shop.admin
    return shop


def person(house, shop, login, **change):
    """An account with the password RIGHT that need not be changed first; its number."""
    if shop.api('GET', '/policy').json()['policy']['first_reset']:
        policy(shop, first_reset=False)
    made = make(shop, login, RIGHT)
    assert made.status == 201, made
    return made.json()['account']['id']


def wrong(house, shop, login, times):
    return [try_login(house, shop.name, login, f'not-it-{n}').status for n in range(times)]


def notices(house, shop):
    return house.sql("select kind, recipient from daicho.notice where tenant = %s and kind like 'login\\_%%' order by id", args=(shop.name,))


def tell_manager(house, shop, address='manager@example.jp'):
    house.sql('update daicho.account set email = %s where id = %s', args=(address, shop.admin.id))


def entries(shop, verb, since=0):
    return [e for e in shop.log() if e['verb'] == verb and e['id'] > since]


# locking ---------------------------------------------------------------------------------------------------------------------------------------
def test_syn_3_4_4_a_with_the_lock_off_twenty_failures_are_twenty_entries_and_the_right_password_works(house, shop):
    assert policy(shop, lock_after=None).status == 200
    assert wrong(house, shop, 'staff', 20) == [401] * 20
    assert try_login(house, shop.name, 'staff', shop.staff.password).status == 200
    failed = [e for e in entries(shop, 'login') if e['result'] == 'UNAUTHORIZED']
    assert len(failed) == 20 and {e['subject_id'] for e in failed} == {shop.staff.id} and {e['source'] for e in failed} == {'127.0.0.1'}


def test_syn_3_4_4_b_locks_after_three_to_nine_and_two_and_ten_cannot_be_chosen(house, shop):
    for bad in (2, 10):
        assert policy(shop, lock_after=bad).status == 422
    for most in range(3, 10):
        assert policy(shop, lock_after=most).status == 200
        id = person(house, shop, f'locks{most}')
        assert wrong(house, shop, f'locks{most}', most - 1) == [401] * (most - 1)
        assert try_login(house, shop.name, f'locks{most}', RIGHT).status == 200, most          # one less does not lock, and the count begins anew
        assert wrong(house, shop, f'locks{most}', most) == [401] * most
        refused = try_login(house, shop.name, f'locks{most}', RIGHT)
        assert refused.status == 401 and 'Set-Cookie' not in refused.headers, most
        assert (shop.log()[-1]['subject_id'], shop.log()[-1]['detail']) == (id, {'why': 'locked'})
        assert refused.text == try_login(house, shop.name, 'nobody.here', RIGHT).text            # the person is not told what is wrong


def test_syn_3_4_4_b_the_lock_and_the_count_survive_a_restart(house, shop):
    policy(shop, lock_after=5)
    person(house, shop, 'locked'), person(house, shop, 'nearly')
    wrong(house, shop, 'locked', 5), wrong(house, shop, 'nearly', 4)
    house.restart()
    assert try_login(house, shop.name, 'locked', RIGHT).status == 401
    assert wrong(house, shop, 'nearly', 1) == [401]
    assert try_login(house, shop.name, 'nearly', RIGHT).status == 401


@pytest.mark.parametrize('most', [3, 9])
def test_syn_3_4_4_b_guesses_made_at_once_are_not_more_than_the_limit(house, shop, most):
    """Thirty at the same moment: no more than `most` of them are looked at, so the right one among the later ones does not come in."""
    policy(shop, lock_after=most)
    id = person(house, shop, 'many')
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        assert set(pool.map(lambda n: try_login(house, shop.name, 'many', f'guess-{n}').status, range(30))) == {401}
    looked_at = [e for e in entries(shop, 'login') if e['subject_id'] == id and e['detail'] is None]
    told = [e for e in entries(shop, 'login') if e['subject_id'] == id and e['detail'] == {'why': 'locked'}]
    assert (len(looked_at), len(told)) == (most, 30 - most)
    assert try_login(house, shop.name, 'many', RIGHT).status == 401
    assert house.sql('select locked_at is not null, failures from daicho.account where id = %s', args=(id,)) == [(True, 31)]


def test_a_lower_limit_counts_from_zero_and_who_is_locked_stays_so(house, shop):
    policy(shop, lock_after=9)
    person(house, shop, 'eight'), person(house, shop, 'nine')
    wrong(house, shop, 'eight', 8), wrong(house, shop, 'nine', 9)
    policy(shop, lock_after=3)
    assert try_login(house, shop.name, 'eight', RIGHT).status == 200
    assert try_login(house, shop.name, 'nine', RIGHT).status == 401
    policy(shop, lock_after=None)
    assert try_login(house, shop.name, 'nine', RIGHT).status == 200


def test_the_api_and_the_form_count_together_and_a_locked_account_goes_on_where_it_is(house, shop):
    policy(shop, lock_after=3)
    person(house, shop, 'both')
    here = house.browser_login(shop.name, 'both', RIGHT)
    wrong(house, shop, 'both', 2)
    assert house.browser().post('/login', {'tenant': shop.name, 'login': 'BOTH', 'password': 'wrong-again'}).status == 401
    assert try_login(house, shop.name, 'both', RIGHT).status == 401
    assert here.get('/me').status == 200                       # whoever guesses does not throw out who is there


def test_a_manager_unlocks_and_the_log_says_who(house, shop):
    policy(shop, lock_after=3)
    id = person(house, shop, 'locked')
    other = house.tenant(registers=())
    wrong(house, shop, 'locked', 3)
    assert shop.staff.browser().post(f'/accounts/{id}/unlock').status == 403
    assert other.api('POST', f'/accounts/{id}/unlock').status == 404
    assert try_login(house, shop.name, 'locked', RIGHT).status == 401
    manager = shop.admin.browser()
    assert 'ロックされています' in manager.get(f'/accounts/{id}').text
    answer = manager.post(f'/accounts/{id}/unlock')
    assert (answer.status, answer.headers['Location']) == (303, f'/accounts/{id}?done=unlocked')
    entry = entries(shop, 'unlock')[-1]
    assert (entry['actor'], entry['kind'], entry['subject_id'], entry['result']) == ('admin', 'account', id, 'OK')
    assert entry['detail']['changes']['locked_at']['to'] is None and entry['detail']['changes']['locked_at']['from']
    assert 'ロックされています' not in manager.get(f'/accounts/{id}').text
    assert try_login(house, shop.name, 'locked', RIGHT).status == 200


def test_the_operator_unlocks_when_no_manager_is_left(house, shop):
    policy(shop, lock_after=3)
    wrong(house, shop, 'admin', 3)
    assert try_login(house, shop.name, 'admin', shop.admin.password).status == 401
    house.cli('account', 'unlock', '--tenant', shop.name, 'admin')
    assert try_login(house, shop.name, 'admin', shop.admin.password).status == 200
    assert (entries(shop, 'unlock')[-1]['actor_kind'], entries(shop, 'unlock')[-1]['subject_id']) == ('operator', shop.admin.id)


def test_nobody_unlocks_an_account_that_holds_more(house, shop):
    group = shop.api('POST', '/groups', json={'name': 'helpers', 'permissions': ['account.manage']}).json()['group']['id']
    id = shop.api('POST', '/accounts/new', json={'login': 'helper', 'name': 'helper', 'groups': [group], 'password': RIGHT}).json()['account']['id']
    helper = shop.new_key('helper', 'account.manage')
    policy(shop, lock_after=3)
    wrong(house, shop, 'admin', 3)
    assert shop.api('POST', f'/accounts/{shop.admin.id}/unlock', key=helper).status == 403
    assert shop.api('POST', f'/accounts/{id}/unlock', key=helper).status == 200
    assert try_login(house, shop.name, 'admin', shop.admin.password).status == 401


def test_wrong_codes_are_told_and_unlocked_like_wrong_passwords(house, shop):
    """Whoever guesses codes has the password already: the managers are told when the account locks, and can unlock it."""
    tell_manager(house, shop)
    policy(shop, lock_after=3)
    manager = house.browser_login(shop.name, 'admin', shop.admin.password)              # sets up the second factor
    app = house.apps[shop.name, 'admin']
    before = notices(house, shop)
    waiting = house.browser()
    assert waiting.post('/login', {'tenant': shop.name, 'login': 'admin', 'password': shop.admin.password}).headers['Location'] == '/login/factor'
    for n in range(3):
        assert waiting.post('/login/factor', {'code': '00000x'}).status == 422
        assert len(notices(house, shop)) == len(before) + (n == 2)
    assert waiting.post('/login/factor', {'code': app.code()}).status == 403
    assert waiting.post('/login/factor', {'code': '00000x'}).status == 403
    assert notices(house, shop)[len(before):] == [('login_locked', 'manager@example.jp')]
    assert 'ロックされています' in shop.deputy.browser().get(f'/accounts/{shop.admin.id}').text
    assert shop.deputy.browser().post(f'/accounts/{shop.admin.id}/unlock').status == 303
    assert waiting.post('/login/factor', {'code': app.code()}).headers['Location'] == '/login/confirm'
    assert manager.get('/me').status == 200


# who is told ---------------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('least', [3, 10])
def test_mer_5_5_e_a_burst_is_one_alert_and_below_the_threshold_there_is_none(house, shop, least):
    tell_manager(house, shop)
    policy(shop, lock_after=None, alert_after=least)
    wrong(house, shop, 'staff', least - 1)
    assert notices(house, shop) == []
    wrong(house, shop, 'staff', 1)
    assert notices(house, shop) == [('login_burst', 'manager@example.jp')]
    wrong(house, shop, 'staff', least + 2)
    assert notices(house, shop) == [('login_burst', 'manager@example.jp')]
    subject, body = house.sql('select subject, body from daicho.notice where tenant = %s', args=(shop.name,))[0]
    assert 'ログイン' in subject and f'{least}' in body and '127.0.0.1' in body and 'staff' in body and 'not-it' not in body


def test_mer_5_5_e_after_ten_minutes_it_counts_anew(house, shop):
    tell_manager(house, shop)
    policy(shop, lock_after=None, alert_after=4)
    wrong(house, shop, 'staff', 3)
    house.sql("update daicho.login_failure set since = since - interval '10 minutes' where tenant = %s", args=(shop.name,))
    wrong(house, shop, 'staff', 3)
    assert notices(house, shop) == []
    wrong(house, shop, 'staff', 1)
    assert len(notices(house, shop)) == 1
    house.sql("update daicho.login_failure set since = since - interval '10 minutes' where tenant = %s", args=(shop.name,))
    wrong(house, shop, 'staff', 4)
    assert len(notices(house, shop)) == 2                      # ten minutes later it is another burst


def test_mer_5_5_e_one_address_that_tries_many_names_is_a_burst_too(house, shop):
    tell_manager(house, shop)
    policy(shop, lock_after=None, alert_after=5)
    for n in range(5):
        assert notices(house, shop) == []
        wrong(house, shop, f'name{n}', 1)
    assert notices(house, shop) == [('login_burst', 'manager@example.jp')]


def test_mer_5_5_e_many_names_from_many_addresses_are_a_burst_of_the_contract(house, shop):
    tell_manager(house, shop)
    policy(shop, lock_after=None, alert_after=3)
    body = lambda n: b'{"tenant":"%s","login":"spread%d","password":"x"}' % (shop.name.encode(), n)
    for n in range(30):
        assert notices(house, shop) == [], n
        answer = Client(house, source=f'127.0.7.{n + 1}').request('POST', '/api/v1/login', {'Content-Type': 'application/json'}, body(n))
        assert answer.status == 401
    assert notices(house, shop) == [('login_burst', 'manager@example.jp')]


def test_mer_5_5_e_a_lock_is_told_once_to_each_manager_and_to_nobody_else(house, shop):
    tell_manager(house, shop)
    house.sql("update daicho.account set email = 'deputy@example.jp' where id = %s", args=(shop.deputy.id,))
    house.sql("update daicho.account set email = 'staff@example.jp' where id = %s", args=(shop.staff.id,))
    policy(shop, lock_after=3, alert_after=3)
    wrong(house, shop, 'staff', 6)
    assert sorted(notices(house, shop)) == [('login_locked', 'deputy@example.jp'), ('login_locked', 'manager@example.jp')]
    assert shop.api('POST', f'/accounts/{shop.staff.id}/unlock').status == 200
    wrong(house, shop, 'staff', 3)
    assert len(notices(house, shop)) == 4                      # locked again: told again


def test_whoever_locks_every_account_does_not_fill_every_mailbox(house, shop):
    tell_manager(house, shop)
    policy(shop, lock_after=3, alert_after=None)
    for n in range(23):
        assert make(shop, f'p{n}', RIGHT).status == 201
        wrong(house, shop, f'p{n}', 3)
    assert len(notices(house, shop)) == 20
    assert house.sql('select count(*) from daicho.account where tenant = %s and locked_at is not null', args=(shop.name,)) == [(23,)]


def test_another_contract_is_told_nothing(house, shop):
    other = house.tenant(registers=())
    tell_manager(house, other)
    policy(shop, lock_after=None, alert_after=3)
    wrong(house, shop, 'admin', 5)
    wrong(house, other, 'admin', 1)
    assert notices(house, other) == []


@pytest.mark.parametrize('source, home', [('192.0.2.7', '192.0.2.7'), ('2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'), ('2001:db8:1:2::1', '2001:db8:1:2::/64'),
                                          ('::ffff:192.0.2.7', '::ffff:192.0.2.7'), ('-', '-')])
def test_half_of_an_ipv6_address_says_who_it_is(house, source, home):
    assert house.sql('select daicho.address_home(%s)', args=(source,)) == [(home,)]


# pace ----------------------------------------------------------------------------------------------------------------------------------------
def pour_out(house, key, left=0.0):
    """As if so many attempts had just been made."""
    done = house.sql('insert into daicho.login_pace (key, tokens, at) values (%s, %s, daicho.clock()) on conflict (key) do update set tokens = %s, at = daicho.clock() '
                     'returning 1', args=(hashlib.sha256(key.encode()).digest(), left, left))
    assert done


def test_reg_12_6_a_each_account_has_a_rate_of_its_own(house, shop):
    policy(shop, lock_after=None, alert_after=None)
    person(house, shop, 'flooded')
    statuses = wrong(house, shop, 'flooded', 75)
    assert statuses[:60] == [401] * 60 and 429 in statuses and set(statuses) == {401, 429}
    pour_out(house, f'login {shop.name} flooded')
    told = try_login(house, shop.name, 'FLOODED', RIGHT)
    assert told.status == 429 and int(told.headers['Retry-After']) >= 1 and told.json()['code'] == 'BUSY'
    assert try_login(house, shop.name, 'staff', shop.staff.password).status == 200                     # the others are not slowed down
    assert house.sql("select count(*) from daicho.account where login = 'flooded' and locked_at is not null") == [(0,)]
    assert until(lambda: try_login(house, shop.name, 'flooded', RIGHT).status == 200, 10)               # a token a second


def test_reg_12_6_a_names_nobody_has_get_the_same_429(house, shop):
    for name in ('staff', 'nobody.here'):
        pour_out(house, f'login {shop.name} {name}')
    pour_out(house, 'login nosuchshop staff')
    answers = [try_login(house, *who, 'x') for who in ((shop.name, 'staff'), (shop.name, 'nobody.here'), ('nosuchshop', 'staff'))]
    assert {(a.status, a.text, a.headers['Retry-After']) for a in answers} == {(429, answers[0].text, answers[0].headers['Retry-After'])}


def test_reg_12_6_a_each_contract_has_a_rate_of_its_own_and_others_do_not_notice(house, shop):
    other = house.tenant(registers=())
    other.staff
    pour_out(house, f'contract {shop.name}', -100)
    refused = [try_login(house, shop.name, login, 'x') for login in ('staff', 'admin', 'nobody.here')]
    assert [a.status for a in refused] == [429] * 3 and all(a.headers['Retry-After'] for a in refused)
    assert try_login(house, other.name, 'staff', other.staff.password).status == 200
    assert shop.staff.browser().get('/me').status == 200                                                 # nor do those who are logged in
    house.sql("update daicho.login_pace set at = at - interval '6 seconds' where key = sha256(convert_to(%s, 'UTF8'))", args=(f'contract {shop.name}',))
    assert try_login(house, shop.name, 'staff', shop.staff.password).status == 200                      # twenty a second


def test_a_password_asked_for_again_is_paced_and_counted_like_a_log_in(house, shop):
    browser = shop.staff.browser()
    pour_out(house, f'login {shop.name} staff')
    assert browser.post('/me/password', {'current': shop.staff.password, 'password': RIGHT}).status == 429
    assert browser.post('/me/prove', {'password': shop.staff.password}).status == 429


# out at once -----------------------------------------------------------------------------------------------------------------------------------
def test_syn_3_4_5_a_a_manager_ends_the_sessions_of_somebody(house, shop):
    before = shop.log()[-1]['id']
    manager, victim = shop.admin.browser(), shop.staff.browser()
    token = victim.cookies['__Host-daicho']
    session, = [s for s in shop.api('GET', '/sessions').json()['sessions'] if s['login'] == 'staff']
    assert shop.viewer.browser().post(f'/sessions/{session["id"]}', {'_method': 'DELETE'}).status == 403
    assert shop.viewer.browser().post(f'/accounts/{shop.staff.id}/sessions/end').status == 403
    assert shop.viewer.browser().get('/sessions').status == 403
    assert with_cookie(house, token).status == 200
    assert manager.post(f'/sessions/{session["id"]}', {'_method': 'DELETE'}).headers['Location'] == '/sessions?done=ended'
    assert with_cookie(house, token).status == 401 and victim.get('/me').headers['Location'].startswith('/login?next=')
    token = cookie_of(try_login(house, shop.name, 'staff', shop.staff.password))
    answer = shop.admin.browser().request('POST', f'/api/v1/accounts/{shop.staff.id}/sessions/end', json_body={})
    assert answer.status == 200 and answer.json() == {'ended': 1}
    assert with_cookie(house, token).status == 401
    acts = [(e['actor'], e['result'], e['kind'], e['subject_id'], (e['detail'] or {}).get('login')) for e in entries(shop, 'revoke', before)]
    assert [a for a in acts if a[1] == 'OK'] == [('admin', 'OK', 'session', session['id'], 'staff'), ('admin', 'OK', 'account', shop.staff.id, 'staff')]
    assert [(a[0], a[1]) for a in acts if a[1] != 'OK'] == [('viewer', 'FORBIDDEN')] * 2


def test_syn_3_4_5_a_who_is_half_way_or_before_the_lock_screen_goes_too(house, shop):
    victim = shop.staff.browser(fresh=True)
    assert victim.post('/me/lock').status == 303
    half = cookie_of(try_login(house, shop.name, 'staff', shop.staff.password, take_over=False))
    stages = {s['stage'] for s in shop.api('GET', '/sessions').json()['sessions'] if s['login'] == 'staff'}
    assert stages == {'locked', 'confirm'}
    assert shop.api('POST', f'/accounts/{shop.staff.id}/sessions/end').json() == {'ended': 2}
    assert victim.post('/login/unlock', {'password': shop.staff.password}).status == 401
    browser = house.browser()
    browser.cookies['__Host-daicho'] = half
    assert browser.post('/login/confirm').status == 401


def test_aup_52_b_nobody_ends_the_session_of_somebody_else_by_its_number(house, shop):
    other = house.tenant(registers=())
    tokens = {'colleague': shop.staff.browser(fresh=True), 'other contract': other.staff.browser(fresh=True)}
    numbers = {name: house.sql('select max(id) from daicho.session where account_id = %s', args=(account.id,))[0][0]
               for name, account in (('colleague', shop.staff), ('other contract', other.staff))}
    for who, browser in (('viewer', shop.viewer.browser()), ('key', None)):
        for name, number in numbers.items():
            for path in (f'/sessions/{number}', f'/me/sessions/{number}'):
                answer = browser.post(path, {'_method': 'DELETE'}) if browser else shop.api('DELETE', path, key=shop.new_key(f'weak{number}{len(path)}', 'account.manage'))
                assert answer.status in (403, 404), (who, name, path, answer)
    assert shop.admin.browser().post(f'/sessions/{numbers["other contract"]}', {'_method': 'DELETE'}).status == 404
    assert shop.admin.browser().post(f'/accounts/{other.staff.id}/sessions/end').status == 404
    assert [b.get('/me').status for b in tokens.values()] == [200, 200]


@pytest.mark.parametrize('how', ['page', 'API, a made password', 'command'])
def test_syn_3_4_10_c_a_reset_ends_the_sessions_and_the_old_password_and_the_log_names_who_did_it(house, shop, how):
    first, second = RIGHT, 'anders-8Qw2zk'
    id = person(house, shop, 'target')
    live = cookie_of(try_login(house, shop.name, 'target', first))
    half = cookie_of(try_login(house, shop.name, 'target', first, take_over=False))
    wrong(house, shop, 'target', 5)                             # locked, too: the reset lets the owner in again
    before = shop.log()[-1]['id']
    if how == 'page':
        assert shop.admin.browser().post(f'/accounts/{id}/password', {'password': second}).status == 303
    elif how == 'command':
        house.cli('account', 'password', '--tenant', shop.name, 'target', '--password', second)
    else:
        second = shop.api('POST', f'/accounts/{id}/password', json={}).json()['password']
    assert with_cookie(house, live).status == 401 and with_cookie(house, half).status == 401
    assert house.sql('select count(*) from daicho.session where account_id = %s', args=(id,)) == [(0,)]
    assert try_login(house, shop.name, 'target', first).status == 401
    assert try_login(house, shop.name, 'target', second).status == 200
    done, = [e for e in shop.log() if e['id'] > before and e['kind'] == 'account' and e['verb'] != 'login' and e['result'] == 'OK' and e['subject_id'] == id
             and e['verb'] != 'login_step']
    assert (done['actor_kind'], done['actor']) == {'page': ('account', 'admin'), 'API, a made password': ('key', 'test')}.get(how, (done['actor_kind'], done['actor']))
    assert done['actor_kind'] == 'operator' or how != 'command'
    assert first not in str(shop.log()) and second not in str(shop.log()) and '$2b$' not in str(shop.log())


# the lock screen ---------------------------------------------------------------------------------------------------------------------------------
def test_aup_18_a_a_locked_screen_reaches_nothing_until_the_password_is_given_again(house, shop):
    browser = shop.staff.browser(fresh=True)
    token = browser.cookies['__Host-daicho']
    answer = browser.post('/me/lock', {'next': '/log?verb=login'})
    assert (answer.status, answer.headers['Location']) == (303, '/login/unlock?next=%2Flog%3Fverb%3Dlogin')
    assert with_cookie(house, token).status == 401
    for path in ('/', '/me', '/log', '/sessions', '/me/password', '/login/factor', '/login/confirm'):
        assert browser.get(path).headers['Location'] == '/login/unlock', path
    assert browser.post('/me', {'_method': 'PATCH', 'theme': 'dark'}).status == 401
    assert browser.post('/me/password', {'current': shop.staff.password, 'password': RIGHT}).status == 401
    page = browser.get('/login/unlock')
    assert page.status == 200 and 'staff' in page.text
    assert browser.post('/login/unlock', {'password': 'not-it'}).status == 422
    assert with_cookie(house, token).status == 401
    answer = browser.post('/login/unlock', {'password': shop.staff.password, 'next': '/log?verb=login'})
    assert (answer.status, answer.headers['Location']) == (303, '/log?verb=login')
    assert browser.get('/me').status == 200
    assert [(e['verb'], e['result'], e['actor']) for e in shop.log() if e['verb'] in ('lock', 'unlock')] == \
        [('lock', 'OK', 'staff'), ('unlock', 'INVALID', 'staff'), ('unlock', 'OK', 'staff')]
    assert browser.post('/login/unlock', {'password': shop.staff.password}).status == 409                # nothing is locked


def test_aup_18_a_with_a_second_factor_the_password_alone_does_not_unlock(house, shop):
    browser = house.browser_login(shop.name, 'admin', shop.admin.password)
    assert browser.post('/me/lock').status == 303
    answer = browser.post('/login/unlock', {'password': shop.admin.password})
    assert (answer.status, answer.headers['Location']) == (303, '/login/factor')
    assert browser.get('/me').headers['Location'].startswith('/login/factor') and browser.request('GET', '/api/v1/me').status == 401
    locked = browser.cookies['__Host-daicho']
    assert browser.post('/login/factor', {'code': house.apps[shop.name, 'admin'].code()}).status == 303
    assert browser.get('/me').status == 200 and with_cookie(house, locked).status == 401


def test_guesses_at_the_lock_screen_lock_the_account_and_are_told(house, shop):
    tell_manager(house, shop)
    policy(shop, lock_after=3)
    browser = shop.staff.browser(fresh=True)
    browser.post('/me/lock')
    for _ in range(3):
        assert browser.post('/login/unlock', {'password': 'not-it'}).status == 422
    assert browser.post('/login/unlock', {'password': shop.staff.password}).status == 403
    assert notices(house, shop) == [('login_locked', 'manager@example.jp')]
    assert browser.get('/me').headers['Location'] == '/login/unlock'


def test_a_locked_screen_dies_with_its_time_and_can_be_left(house, shop):
    browser = shop.staff.browser(fresh=True)
    browser.post('/me/lock')
    assert browser.post('/logout').headers['Location'] == '/login?done=logged_out'
    assert house.sql('select count(*) from daicho.session where account_id = %s', args=(shop.staff.id,)) == [(0,)]
    browser = shop.staff.browser(fresh=True)
    browser.post('/me/lock')
    house.sql("update daicho.session set seen_at = daicho.clock() - interval '3 hours' where account_id = %s", args=(shop.staff.id,))
    assert browser.get('/login/unlock').headers['Location'].startswith('/login?next=')


def test_who_locked_the_screen_still_has_the_one_session(house, shop):
    browser = shop.staff.browser(fresh=True)
    browser.post('/me/lock')
    second = house.browser()
    assert second.post('/login', {'tenant': shop.name, 'login': 'staff', 'password': shop.staff.password}).headers['Location'] == '/login/confirm'
    assert second.post('/login/confirm').status == 303
    assert browser.post('/login/unlock', {'password': shop.staff.password}).status == 401


def test_an_api_key_has_no_screen(shop):
    assert shop.api('POST', '/me/lock', json={}).status == 422


# every form on the way in ----------------------------------------------------------------------------------------------------------------------
WAY_IN = [('factor', '/login/factor', {'code': '123456'}), ('factor', '/login/factor/options', {}), ('enroll', '/me/factors/totp', {'name': 'x'}),
          ('enroll', '/me/factors/totp/1', {'code': '123456'}), ('enroll', '/me/factors/passkeys/options', {}), ('confirm', '/login/confirm', {}),
          ('locked', '/login/unlock', {'password': 'x'}), ('full', '/me/lock', {}), ('full', '/me/prove', {'password': 'x'}),
          ('full', '/me/password', {'current': 'x', 'password': 'y'}), ('factor', '/logout', {}), ('locked', '/logout', {}), ('confirm', '/logout', {})]


@pytest.mark.parametrize('stage, path, form', WAY_IN)
def test_each_step_of_a_log_in_wants_the_token_of_its_own_page(house, calm, stage, path, form):
    house.sql('delete from daicho.session where account_id = %s', args=(calm.staff.id,))
    browser = calm.staff.browser(fresh=True)
    house.sql('update daicho.session set stage = %s where account_id = %s', args=(stage, calm.staff.id))
    state = lambda: house.sql('select stage, failures, factor_failures from daicho.session s join daicho.account a on a.id = s.account_id where a.id = %s',
                              args=(calm.staff.id,))
    before = state()
    for more in ({}, {'_csrf': ''}, {'_csrf': 'A' * 43}, {'_csrf': house.browser().csrf}):
        answer = browser.request('POST', path, form={**form, **more}, csrf=False)
        assert answer.status == 403 and '開き直してください' in answer.text, (more, answer)
    for headers in ({'Sec-Fetch-Site': 'cross-site'}, {'Sec-Fetch-Site': 'same-site'}, {'Origin': 'https://evil.example'}):
        assert browser.post(path, form, headers=headers).status == 403, headers
    assert state() == before
    assert [e['result'] for e in calm.log()[-7:]] == ['FORGED'] * 7


def test_the_log_in_has_no_token_yet_so_a_page_without_a_name_is_refused(house, calm):
    """Origin: null is what a page in a sandbox says; from a browser that sends no Sec-Fetch-Site it is not enough."""
    form = {'tenant': calm.name, 'login': 'staff', 'password': calm.staff.password, 'take_over': 'true'}
    assert house.browser().post('/login', form, headers={'Origin': 'null'}).status == 403
    assert house.browser().post('/login', form, headers={'Origin': 'null', 'Sec-Fetch-Site': 'same-origin'}).status == 303
    assert house.browser().post('/login', form).status == 303


ELSEWHERE = ['//evil.example/', 'https://evil.example/', '/\\evil.example', '\\\\evil.example', 'javascript:alert(1)', 'evil.example', '/a b', '///evil.example',
             '/\u3000evil.example', ' //evil.example']


@pytest.mark.parametrize('next', ELSEWHERE)
def test_no_step_of_a_log_in_leads_out_of_the_house(house, calm, next):
    browser = calm.staff.browser(fresh=True)
    locked = browser.post('/me/lock', {'next': next})
    assert locked.headers['Location'] == '/login/unlock'
    page = browser.request('GET', '/login/unlock?next=' + next.replace('\\', '%5C').replace(' ', '%20').replace('\u3000', '%E3%80%80'))
    assert page.status == 200 and 'evil' not in page.text and 'javascript:' not in page.text
    assert browser.post('/login/unlock', {'password': calm.staff.password, 'next': next}).headers['Location'] == '/'
    second = house.browser()
    first = second.post('/login', {'tenant': calm.name, 'login': 'staff', 'password': calm.staff.password, 'next': next})
    assert first.headers['Location'] == '/login/confirm'
    assert 'evil' not in second.request('GET', '/login/confirm?next=' + next.replace('\\', '%5C').replace(' ', '%20').replace('\u3000', '%E3%80%80')).text
    assert second.post('/login/confirm', {'next': next}).headers['Location'] == '/'
    page = house.browser().get('/login?next=' + next.replace('\\', '%5C').replace(' ', '%20')).text
    assert 'name="login"' in page and 'name="next"' not in page and not re.search('(?:href|action|hx-post)="[^/#]', page)


def test_an_operator_inside_another_contract_locks_their_screen_too(house):
    """Their session stands in their own contract; the lock must reach it from where they are."""
    shop = house.tenant(registers=())
    browser = shop.staff.browser(fresh=True)
    other = house.tenant(registers=())
    session, = house.sql('select id from daicho.session where account_id = %s', args=(shop.staff.id,))[0]
    grant, = house.sql("insert into daicho.support_grant (tenant, operator_id, operator, reason, minutes) values (%s, %s, 'op', 'test', 60) returning id",
                       args=(other.name, shop.staff.id))[0]
    house.sql('update daicho.session set acting = %s where id = %s', args=(grant, session))
    third = house.tenant(registers=())
    with house.connect('daicho_web') as connection, connection.transaction():
        connection.execute("select set_config('role', %s, true)", (f't_{third.name}',))
        assert connection.execute('select daicho.session_lock(%s)', (session,)).fetchone() == (False,)
    with house.connect('daicho_web') as connection, connection.transaction():
        connection.execute("select set_config('role', %s, true)", (f't_{other.name}',))
        assert connection.execute('select daicho.session_lock(%s)', (session,)).fetchone() == (True,)
    assert browser.get('/me').headers['Location'] == '/login/unlock'


@pytest.mark.parametrize('statement', ["select * from daicho.login_begin('{tenant}', 'admin')", "select * from daicho.login_failed('{tenant}', 'admin', {id}, '-')",
                                       "select daicho.login_tell('{tenant}', 'burst', 'x@example.jp', 's', 'b')", 'select * from daicho.login_again({id})',
                                       'select daicho.login_right({id})', 'select daicho.session_unlock(1)', "select daicho.login_pace_take('x', 1, 1)",
                                       "select * from daicho.login_failure_count('x', 'y')", 'select * from daicho.login_pace', 'select * from daicho.login_failure'])
@pytest.mark.parametrize('role', ['daicho_web', 'daicho_jobs', 'daicho_sso'])
def test_the_doors_of_log_ins_open_for_the_auth_processes_only(house, calm, role, statement):
    for taken in (None, f't_{calm.name}', f't_{calm.name}_masked'):
        if role == 'daicho_sso' and taken == f't_{calm.name}':
            continue                                            # a role it cannot take
        with house.connect(role) as connection, connection.transaction(force_rollback=True):
            if taken:
                connection.execute("select set_config('role', %s, true)", (taken,))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.format(tenant=calm.name, id=calm.admin.id))
