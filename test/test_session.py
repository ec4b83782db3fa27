"""One account, one live session: a second log-in asks, then ends the first. Who ends whose sessions, and when they end by themselves."""
import concurrent.futures, re

import pytest

from test_login import cookie_of, try_login, with_cookie


def enter(house, tenant, account, **more):
    """The log-in form of a browser, as far as it goes."""
    browser = house.browser()
    return browser, browser.post('/login', {'tenant': tenant.name, 'login': account.login, 'password': account.password, **more})


def live(house, account):
    return house.sql("select count(*) from daicho.session where account_id = %s and stage = 'full'", args=(account.id,))[0][0]


def test_syn_3_4_5_c_a_second_log_in_asks_and_then_ends_the_first(house):
    shop = house.tenant(registers=())
    first, _ = enter(house, shop, shop.staff)
    second, answer = enter(house, shop, shop.staff, next='/log?verb=login')
    assert (answer.status, answer.headers['Location']) == (303, '/login/confirm?next=%2Flog%3Fverb%3Dlogin')
    page = second.get(answer.headers['Location'])
    assert page.status == 200 and 'ほかの場所でログインしています' in page.text and '127.0.0.1' in page.text
    assert first.get('/me').status == 200
    for path in ('/', '/me', '/log', '/accounts'):
        assert (second.get(path).status, second.get(path).headers['Location']) == (303, '/login/confirm'), path
    assert second.request('GET', '/api/v1/me').status == 401
    half = second.cookies['__Host-daicho']
    answer = second.post('/login/confirm', {'next': '/log?verb=login'})
    assert (answer.status, answer.headers['Location']) == (303, '/log?verb=login')
    assert second.cookies['__Host-daicho'] != half and with_cookie(house, half).status == 401
    assert second.get('/me').status == 200 and live(house, shop.staff) == 1
    assert first.get('/me').headers['Location'].startswith('/login?next=')
    logins = [(e['verb'], e['result'], e['detail']) for e in shop.log() if e['verb'].startswith('login')]
    assert [(v, r) for v, r, _ in logins] == [('login', 'OK'), ('login_step', 'OK'), ('login', 'OK')]
    assert logins[1][2] == {'stage': 'confirm'} and logins[2][2]['ended'][0]['source'] == '127.0.0.1'


def test_giving_up_leaves_the_first_session_as_it_was(house):
    shop = house.tenant(registers=())
    first, _ = enter(house, shop, shop.staff)
    second, _ = enter(house, shop, shop.staff)
    assert second.post('/logout').headers['Location'] == '/login?done=logged_out'
    assert first.get('/me').status == 200 and live(house, shop.staff) == 1
    assert house.sql('select count(*) from daicho.session where account_id = %s', args=(shop.staff.id,)) == [(1,)]


def test_a_program_says_beforehand_that_it_takes_over(house):
    shop = house.tenant(registers=())
    first = try_login(house, shop.name, shop.staff.login, shop.staff.password, take_over=False)
    assert first.json()['stage'] == 'full'
    waiting = try_login(house, shop.name, shop.staff.login, shop.staff.password, take_over=False)
    assert waiting.json()['stage'] == 'confirm' and with_cookie(house, cookie_of(waiting)).status == 401
    problem = with_cookie(house, cookie_of(waiting)).json()
    assert 'logged in elsewhere' in problem['detail'] or 'ほかの場所でログインしています' in problem['detail']
    taken = try_login(house, shop.name, shop.staff.login, shop.staff.password)
    assert taken.json()['stage'] == 'full'
    assert with_cookie(house, cookie_of(first)).status == 401 and with_cookie(house, cookie_of(taken)).status == 200


def test_the_question_is_answered_on_the_api_too_and_only_once(house):
    shop = house.tenant(registers=())
    first = shop.staff.browser()
    waiting = try_login(house, shop.name, shop.staff.login, shop.staff.password, take_over=False)
    headers = {'Cookie': f'__Host-daicho={cookie_of(waiting)}', 'Content-Type': 'application/json'}
    assert house.http.request('POST', '/api/v1/login/confirm', headers, b'{}').status == 403          # no CSRF token
    headers['X-CSRF-Token'] = waiting.json()['csrf']
    answer = house.http.request('POST', '/api/v1/login/confirm', headers, b'{}')
    assert (answer.status, answer.json()['stage']) == (200, 'full')
    assert with_cookie(house, cookie_of(answer)).status == 200 and first.get('/me').status == 303
    assert house.http.request('POST', '/api/v1/login/confirm', headers, b'{}').status == 401
    again = {**headers, 'Cookie': f'__Host-daicho={cookie_of(answer)}', 'X-CSRF-Token': answer.json()['csrf']}
    assert house.http.request('POST', '/api/v1/login/confirm', again, b'{}').status == 409


def test_whose_first_session_ended_meanwhile_goes_on_without_ending_anything(house):
    shop = house.tenant(registers=())
    first, _ = enter(house, shop, shop.staff)
    second, _ = enter(house, shop, shop.staff)
    first.post('/logout')
    assert 'すでに終わっています' in second.get('/login/confirm').text
    assert second.post('/login/confirm').status == 303 and second.get('/me').status == 200


@pytest.mark.parametrize('take_over', [True, False])
def test_syn_3_4_5_c_fifty_log_ins_at_once_leave_exactly_one_session(house, take_over):
    shop = house.tenant(registers=())
    account = shop.staff
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: try_login(house, shop.name, account.login, account.password, take_over), range(50)))
    tokens = [cookie_of(a) for a in answers if a.status == 200]
    assert len(set(tokens)) == 50, [(a.status, a.text) for a in answers if a.status != 200]
    statuses = [with_cookie(house, token).status for token in tokens]
    assert statuses.count(200) == 1 and statuses.count(401) == 49
    assert live(house, account) == 1


def test_nobody_is_half_way_for_longer_than_ten_minutes(house):
    shop = house.tenant(registers=())
    enter(house, shop, shop.staff)
    second, _ = enter(house, shop, shop.staff)
    seen = "update daicho.session set seen_at = daicho.clock() - %s::interval where account_id = %s and stage = 'confirm'"
    house.sql(seen, args=('9 minutes 50 seconds', shop.staff.id))
    assert second.get('/login/confirm').status == 200
    house.sql(seen, args=('10 minutes', shop.staff.id))
    assert second.get('/login/confirm').headers['Location'].startswith('/login?next=')



# a computer others use as well --------------------------------------------------------------------------------------------------------------------
def test_aup_36_a_what_such_a_browser_keeps_is_worth_nothing_afterwards(house):
    shop = house.tenant(registers=())
    browser, answer = enter(house, shop, shop.staff, shared='true')
    assert answer.status == 303 and not re.search('Max-Age|Expires', answer.headers['Set-Cookie'])
    token = browser.cookies['__Host-daicho']
    page = browser.get('/me')
    assert page.status == 200 and 'no-store' in page.headers['Cache-Control'] and '共用のパソコンとして使っています' in page.text
    assert browser.post('/logout').status == 303
    assert with_cookie(house, token).status == 401
    # and whoever forgets to: the hour is over, however busy the session was
    browser, _ = enter(house, shop, shop.staff, shared='true')
    token = browser.cookies['__Host-daicho']
    for minutes, status in (59, 200), (2, 401):
        house.sql("update daicho.session set expires_at = expires_at - make_interval(mins => %s) where account_id = %s", args=(minutes, shop.staff.id))
        assert with_cookie(house, token).status == status


def test_aup_36_b_every_way_to_take_a_file_is_403_and_looking_works(house):
    shop = house.tenant(registers=('customers',))
    admin = shop.browser()
    assert admin.post('/me/shared').status == 303
    routes = [r for r in house.cli('routes') if r['verb'] in ('download', 'export') and r['permission'] != 'public']        # the session counts for nothing there
    assert len(routes) >= 5
    for route in routes:
        for place in ['/api/v1'] * ('API' in route['face']) + [''] * ('console' in route['face']):
            path = place + re.sub(r'\{(\w+)\}', lambda m: 'customers' if m[1] == 'register' else '1', route['path'])
            before = shop.log()
            answer = admin.request(route['method'], path, **({} if route['method'] == 'GET' else {'json_body': {}} if place else {'form': {}}))
            assert answer.status == 403 and '共用のパソコン' in answer.text, (path, answer)
            entry, = shop.log()[len(before):]
            assert entry['result'] == 'FORBIDDEN', path
    assert admin.post('/certificates', {'name': 'x'}).status == 403
    for path in ('/registers/customers/records', '/log', '/me', '/jobs'):
        assert admin.get(path).status == 200, path
    # it stays so while the log-in goes on, and ends with it
    house.sql("update daicho.session set proven_at = daicho.clock() - interval '1 day' where account_id = %s", args=(shop.admin.id,))
    assert admin.post('/registers/customers/exports', {}).status == 403
    assert shop.browser(fresh=True).post('/registers/customers/exports', {}).status != 403


def test_a_shared_computer_is_said_before_the_second_factor_too(house):
    shop = house.tenant(registers=())
    browser = house.browser()
    assert browser.post('/login', {'tenant': shop.name, 'login': shop.admin.login, 'password': shop.admin.password, 'shared': 'true'}).status == 303
    browser.second((shop.name, shop.admin.login.lower()))
    assert '共用のパソコンとして使っています' in browser.get('/me').text
    assert house.api('POST', '/me/shared', key=shop.key).status == 422
