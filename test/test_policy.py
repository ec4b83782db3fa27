"""The policy of a contract: its edges, that it holds on every path that sets a password, and what it does to passwords as they age."""
import itertools, re

import psycopg
import pytest

from house import ROOT, House, Refused
from test_login import cookie_of, try_login, with_cookie

GOOD = 'kX4-9qzwVb'


@pytest.fixture
def shop(house):
    return house.tenant(registers=())


def policy(shop, **change):
    """Change it, as whoever may; the answer."""
    now = shop.api('GET', '/policy')
    return shop.api('PATCH', '/policy', json=change, headers={'If-Match': now.headers['ETag'], 'Accept-Language': 'en'})


def make(shop, login, password, **more):
    return shop.api('POST', '/accounts/new', json={'login': login, 'name': login, 'groups': [], 'password': password, **more}, headers={'Accept-Language': 'en'})


# edges ---------------------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('name, good, bad', [
    ('valid_days', [30, 365, None, 0, 90], [29, 366, -1, 1, 10**12, '30', 30.5, True]),
    ('length_min', [8, 30, 12], [7, 31, 0, None, -8]),
    ('lock_after', [3, 9, None, 0, 5], [2, 10, 1, -3]),
    ('alert_after', [3, 100, None, 0], [2, 101]),
    ('classes_min', [0, 4, 3], [5, -1, None]),
    ('idle_minutes', [5, 180, 60], [4, 181, 0, None]),
    ('absolute_hours', [1, 720, None, 0], [721, -1]),
    ('need_upper', [True, False], ['true', 1, 0])])
def test_syn_3_4_3_every_figure_has_exact_edges(shop, name, good, bad):
    for value in good:
        answer = policy(shop, **{name: value})
        assert answer.status == 200, (value, answer)
        assert shop.api('GET', '/policy').json()['policy'][name] == (None if value == 0 and name not in ('classes_min', 'need_upper') else value)
    before = shop.api('GET', '/policy').json()
    for value in bad:
        answer = policy(shop, **{name: value})
        assert answer.status == 422 and answer.json()['errors'][0]['item'] == name, (value, answer)
    assert shop.api('GET', '/policy').json() == before


@pytest.mark.parametrize('column, value', [('valid_days', 29), ('valid_days', 366), ('length_min', 7), ('length_min', 31), ('lock_after', 2), ('lock_after', 10),
                                           ('idle_minutes', 4), ('idle_minutes', 181), ('classes_min', 5), ('alert_after', 2), ('absolute_hours', 0)])
def test_the_database_has_the_same_edges(house, shop, column, value):
    with pytest.raises(psycopg.errors.CheckViolation):
        house.sql(f'update daicho.policy set {column} = %s where tenant = %s', args=(value, shop.name))


def test_every_wrong_figure_is_told_at_once(shop):
    answer = policy(shop, valid_days=29, length_min=31, lock_after=2)
    assert [e['item'] for e in answer.json()['errors']] == ['valid_days', 'length_min', 'lock_after']


def test_whoever_was_slower_is_told_and_changes_nothing(shop):
    assert shop.api('PATCH', '/policy', json={'length_min': 10}).status == 428
    read = shop.api('GET', '/policy').headers['ETag']
    assert shop.api('PATCH', '/policy', json={'length_min': 10}, headers={'If-Match': read}).status == 200
    slow = shop.api('PATCH', '/policy', json={'length_min': 12}, headers={'If-Match': read})
    assert slow.status == 412 and slow.json()['current']['length_min'] == 10
    assert shop.api('GET', '/policy').json()['policy']['length_min'] == 10


def test_a_change_is_logged_with_before_and_after(shop):
    policy(shop, length_min=12, lock_after=None)
    entry = shop.log()[-1]
    assert (entry['verb'], entry['kind'], entry['result']) == ('update', 'policy', 'OK')
    changes = entry['detail']['changes']
    assert changes['length_min'] == {'from': 8, 'to': 12} and changes['lock_after'] == {'from': 5, 'to': None}
    policy(shop, length_min=7)
    assert (shop.log()[-1]['result'], shop.log()[-1]['detail']) == ('INVALID', {'items': ['length_min']})


def test_aup_32_a_only_whoever_may_manage_the_policy_sees_and_changes_it(shop):
    staff, before = shop.staff.browser(), shop.api('GET', '/policy').json()
    assert staff.get('/policy').status == 403
    for method, path, form in (('PATCH', '/policy', {'length_min': '10'}), ('PATCH', '/policy', {'idle_minutes': '180'}), ('PATCH', '/policy', {'factor_always': 'false'}),
                               ('PUT', '/addresses', {'on': 'false'}), ('POST', '/log/erase', {'kind': 'account', 'subject': '1'})):
        count = len(shop.log())
        assert staff.post(path, {**({} if method == 'POST' else {'_method': method}), 'version': '1', **form}).status == 403, path
        last = shop.log()[-1]
        assert len(shop.log()) > count and (last['actor'], last['result']) == (shop.staff.login, 'FORBIDDEN'), (path, last)
    assert shop.api('GET', '/policy').json() == before
    assert shop.api('GET', '/policy', key=shop.new_key('weak', 'account.manage')).status == 403
    assert shop.log()[-1]['result'] == 'FORBIDDEN'


def test_the_form_says_what_is_off(shop):
    browser = shop.browser()
    page = browser.get('/policy')
    assert page.status == 200 and 'パスワードとセッション' in page.text
    version = shop.api('GET', '/policy').json()['policy']['version']
    assert browser.post('/policy', {'_method': 'PATCH', 'version': version, 'form': 'true', 'need_upper': 'true', 'valid_days': '90', 'lock_after': '0'}).status == 303
    now = shop.api('GET', '/policy').json()['policy']
    assert (now['need_upper'], now['need_lower'], now['first_reset'], now['valid_days'], now['lock_after'], now['length_min']) == (True, False, False, 90, None, 8)
    refused = browser.post('/policy', {'_method': 'PATCH', 'version': version + 1, 'form': 'true', 'valid_days': '29'}, htmx=True)
    assert refused.status == 422 and '30から365' in refused.text


# classes and length ----------------------------------------------------------------------------------------------------------------------------
CLASSES = {'need_lower': 'kxqwvbzj', 'need_upper': 'MTRPLHGD', 'need_digit': '47960825', 'need_symbol': '-_!#%+=?'}


@pytest.mark.parametrize('needed', [c for n in range(5) for c in itertools.combinations(CLASSES, n)], ids='+'.join)
def test_syn_3_4_3_c_each_required_class_must_be_there(shop, needed):
    assert policy(shop, **{name: name in needed for name in CLASSES}).status == 200
    mix = lambda names: ''.join(CLASSES[n][(i * 5 + k * 3) % 8] for i in range(6) for k, n in enumerate(names))
    assert make(shop, 'all', mix(list(CLASSES))[:24]).status == 201
    for missing in needed:
        rest = [n for n in CLASSES if n != missing]
        answer = make(shop, 'x', mix(rest)[:18])
        assert answer.status == 422 and answer.json()['errors'][0]['item'] == 'password' and len(answer.json()['errors']) == 1, (missing, answer)
        full = ''.join(chr(ord(c) + 0xfee0) for c in CLASSES[missing][:2])
        assert make(shop, 'x', mix(rest)[:18] + full).status == 422


def test_syn_3_12_2_d_three_of_the_four_classes_can_be_demanded(shop):
    policy(shop, classes_min=3)
    for number, names in enumerate(c for n in (2, 3, 4) for c in itertools.combinations(CLASSES, n)):
        password = ''.join(CLASSES[n][(i * 5 + k * 3) % 8] for i in range(5) for k, n in enumerate(names))
        assert make(shop, f'c{number}', password).status == (422 if len(names) == 2 else 201), password


@pytest.mark.parametrize('least', [8, 12, 30])
def test_syn_3_4_3_d_the_shortest_length_is_the_settings(shop, least):
    thirty = 'abKx4qwz9Rt-7mvPd3Lf6hJn8gTy2c'
    policy(shop, length_min=least)
    assert make(shop, 'short', thirty[:least - 1]).status == 422
    assert make(shop, 'right', thirty[:least]).status == 201
    made = make(shop, 'made', None).json()['password']
    assert len(made) == max(19, least)


# every path ------------------------------------------------------------------------------------------------------------------------------------
def first_log_in(shop, house, password):
    made = shop.api('POST', '/accounts/new', json={'login': 'sato', 'name': '佐藤', 'groups': []}).json()['password']
    browser = house.browser()
    browser.post('/login', {'tenant': shop.name, 'login': 'sato', 'password': made})
    return browser.post('/me/password', {'current': made, 'password': password})


def by_command(shop, house, *args):
    try:
        house.cli('account', *args)
    except Refused as refused:
        assert refused.status == 1
        return type('Answer', (), {'status': 422})
    return type('Answer', (), {'status': 200})


PATHS = {
    'create': lambda shop, house, password: make(shop, 'hanako', password),
    'reset': lambda shop, house, password: shop.api('POST', f'/accounts/{shop.staff.id}/password', json={'password': password}),
    'own change': lambda shop, house, password: shop.admin.browser().post('/me/password', {'current': shop.admin.password, 'password': password}),
    'first log-in': first_log_in,
    'command, create': lambda shop, house, password: by_command(shop, house, 'create', '--tenant', shop.name, 'jiro', '--password', password),
    'command, reset': lambda shop, house, password: by_command(shop, house, 'password', '--tenant', shop.name, shop.staff.login, '--password', password),
}


@pytest.mark.parametrize('path', PATHS)
def test_aup_15_a_the_policy_holds_on_every_path_that_sets_a_password(house, shop, path):
    shop.staff, shop.admin
    policy(shop, length_min=10, need_digit=True)
    for bad in ('kX4-9qzwV', 'kXq-wqzwVbn', 'password2026', shop.name + '-2026', 'ａＢ４−９ｑｚｗＶｂ'):
        assert PATHS[path](shop, house, bad).status == 422, bad
        house.sql('delete from daicho.account where tenant = %s and login in (%s, %s, %s)', args=(shop.name, 'hanako', 'sato', 'jiro'))
    assert PATHS[path](shop, house, GOOD + '7').status in (200, 201, 303)


def test_syn_3_12_2_e_what_is_guessed_is_refused_with_one_sentence_why(house):
    shop = house.tenant(registers=(), title='株式会社山田製作所')
    make_for = lambda password: shop.api('POST', '/accounts/new', json={'login': 'h.suzuki', 'name': '鈴木 花子', 'email': 'suzuki@example.jp', 'groups': [],
                                                                      'password': password}, headers={'Accept-Language': 'ja'})
    for password, why in {'Passw0rd!': 'よく使われる言葉', 'Arigatou2026': 'よく使われる言葉', 'qwertyuiop12': 'すぐに推測', 'yamadaseisakusho1': 'すぐに推測', '山田製作所2026': '会社名',
                          'Suzuki#2026': 'すぐに推測', 'h.suzuki99': 'ログイン名', 'aaaaaaaaaaaa': 'くり返し', '20260401': '日付', '鈴木花子鈴木花子': '名前'}.items():
        answer = make_for(password)
        assert answer.status == 422 and len(answer.json()['errors']) == 1 and why in answer.json()['detail'], (password, answer.json())
    assert make_for('雨の日の長い散歩道').status == 201


# first log-in and age --------------------------------------------------------------------------------------------------------------------------
def test_syn_3_4_3_a_the_first_log_in_asks_for_a_change_when_the_policy_says_so(house, shop):
    assert make(shop, 'asked', GOOD).status == 201
    asked = house.browser_login(shop.name, 'asked', GOOD)
    assert (asked.get('/').status, asked.get('/').headers['Location']) == (303, '/me/password')
    assert asked.request('GET', '/api/v1/me').status == 403
    policy(shop, first_reset=False)
    assert make(shop, 'free', GOOD).status == 201
    assert house.browser_login(shop.name, 'free', GOOD).get('/me').status == 200
    made = make(shop, 'made', None).json()['password']
    assert house.browser_login(shop.name, 'made', made).get('/me').status == 200
    assert make(shop, 'both', GOOD, must_change=True).status == 201           # asked for although the policy does not
    assert house.browser_login(shop.name, 'both', GOOD).get('/me').status == 303
    assert asked.get('/').status == 303                                          # what was asked before stays asked


def test_syn_3_4_10_b_c_a_manager_sets_and_resets_and_the_log_names_both_but_no_password(house, shop):
    assert make(shop, 'hanako', 'first-X4-9qzw').status == 201
    browser = house.browser_login(shop.name, 'hanako', 'first-X4-9qzw')
    id = house.sql('select id from daicho.account where tenant = %s and login = %s', args=(shop.name, 'hanako'))[0][0]
    manager = shop.admin.browser()
    assert manager.post(f'/accounts/{id}/password', {'password': 'short'}).status == 422
    assert manager.post(f'/accounts/{id}/password', {'password': 'second-X4-9qzw'}).status == 303
    assert browser.get('/me/password').headers['Location'].startswith('/login')
    assert try_login(house, shop.name, 'hanako', 'first-X4-9qzw').status == 401
    assert try_login(house, shop.name, 'hanako', 'second-X4-9qzw').status == 200
    entry = next(e for e in reversed(shop.log()) if (e['detail'] or {}).get('reset') and e['subject_id'] == id)
    assert (entry['actor'], entry['kind'], entry['detail']) == ('admin', 'account', {'reset': True})
    assert 'X4-9qzw' not in str(shop.log())
    assert shop.staff.browser().post(f'/accounts/{id}/password', {'password': 'third-X4-9qzw'}).status == 403
    assert shop.staff.browser().post('/accounts/new', {'login': 'x', 'name': 'x', 'password': GOOD}).status == 403


def test_syn_3_4_10_a_the_own_change_needs_the_current_password_and_ends_the_other_sessions(house, shop):
    browser, other = shop.staff.browser(), house.browser()
    other.post('/login', {'tenant': shop.name, 'login': 'staff', 'password': shop.staff.password})
    assert browser.post('/me/password', {'current': 'not-the-one', 'password': GOOD}).status == 422
    assert browser.post('/me/password', {'current': shop.staff.password, 'password': shop.staff.password}).status == 422
    assert other.get('/login/confirm').status == 200
    assert browser.post('/me/password', {'current': shop.staff.password, 'password': GOOD}).status == 303
    assert browser.get('/me').status == 200 and other.get('/login/confirm').status == 303
    assert [(e['verb'], e['result']) for e in shop.log() if e['verb'] == 'password'] == [('password', 'INVALID')] * 2 + [('password', 'OK')]
    assert house.sql('select failures from daicho.account where id = %s', args=(shop.staff.id,)) == [(0,)]


def test_guesses_of_the_current_password_from_a_stolen_session_are_counted_too(house, shop):
    browser = shop.staff.browser()
    for _ in range(5):
        assert browser.post('/me/password', {'current': 'a-guess-at-it', 'password': GOOD}).status == 422
    assert browser.post('/me/password', {'current': shop.staff.password, 'password': GOOD}).status == 403
    assert try_login(house, shop.name, 'staff', shop.staff.password).status == 401


@pytest.fixture(scope='module')
def rehearsal():
    """A house whose clock is shifted."""
    house = House.start(conf={'web_workers': 1, 'auth_workers': 1, 'job_workers': 1})
    yield house
    house.close()


def shift(house, interval):
    house.sql('select daicho.rehearse(%s::interval)', args=(interval,))


def test_syn_3_4_3_b_on_day_thirty_one_the_log_in_asks_for_a_change(rehearsal):
    house = rehearsal
    shift(house, '0')
    aged, unlimited = house.tenant(registers=()), house.tenant(registers=())
    aged.staff, unlimited.staff
    policy(aged, valid_days=30)
    for days, stage in (('29 days 23:59', 200), ('30 days 00:01', 303), ('400 days', 303)):
        shift(house, days)
        assert house.browser_login(aged.name, 'staff', aged.staff.password).get('/me').status == stage, days
        assert house.browser_login(unlimited.name, 'staff', unlimited.staff.password).get('/me').status == 200, days
    browser = house.browser_login(aged.name, 'staff', aged.staff.password)
    assert browser.get('/').headers['Location'] == '/me/password'
    assert browser.post('/me/password', {'current': aged.staff.password, 'password': GOOD}).status == 303
    assert browser.get('/me').status == 200                                      # the new one is fresh
    shift(house, '0')


def test_syn_3_4_5_b_a_session_lives_two_hours_fifty_nine_and_dies_at_three_also_after_a_restart(rehearsal):
    house = rehearsal
    shop = house.tenant(registers=())
    tokens = {}
    for name in ('lives', 'dies', 'restarted'):
        shop.account(name, '担当者')
        shift(house, '0')
        tokens[name] = cookie_of(try_login(house, shop.name, name, shop.account(name).password))
    shift(house, '2 hours 59 minutes')
    assert with_cookie(house, tokens['lives']).status == 200
    shift(house, '3 hours 1 second')
    assert with_cookie(house, tokens['dies']).status == 401
    assert with_cookie(house, tokens['lives']).status == 200                     # two minutes since its last request
    house.restart()
    assert with_cookie(house, tokens['restarted']).status == 401
    assert with_cookie(house, tokens['lives']).status == 200
    shift(house, '0')


def test_aup_17_a_five_minutes_can_be_demanded_and_are_kept_to_the_second(rehearsal):
    house = rehearsal
    shift(house, '0')
    shop = house.tenant(registers=())
    policy(shop, idle_minutes=5)
    token = cookie_of(try_login(house, shop.name, 'staff', shop.staff.password))
    shift(house, '4 minutes 58 seconds')
    assert with_cookie(house, token).status == 200
    shift(house, '9 minutes 56 seconds')
    assert with_cookie(house, token).status == 200
    shift(house, '14 minutes 58 seconds')
    assert with_cookie(house, token).status == 401
    shift(house, '0')


def test_a_session_ends_after_so_many_hours_however_busy(rehearsal):
    house = rehearsal
    shift(house, '0')
    shop = house.tenant(registers=())
    policy(shop, absolute_hours=2)
    token = cookie_of(try_login(house, shop.name, 'staff', shop.staff.password))
    for at in ('30 minutes', '1 hour', '1 hour 59 minutes'):
        shift(house, at)
        assert with_cookie(house, token).status == 200
    shift(house, '2 hours 1 second')
    assert with_cookie(house, token).status == 401
    shift(house, '0')


# by command ------------------------------------------------------------------------------------------------------------------------------------
def test_the_command_shows_and_sets_it(house, shop):
    assert house.cli('policy', 'show', '--tenant', shop.name)['length_min'] == 8
    done = house.cli('policy', 'set', '--tenant', shop.name, '--length-min', '12', '--valid-days', 'unlimited', '--lock-after', 'off', '--need-upper', 'yes')
    assert (done['length_min'], done['valid_days'], done['lock_after'], done['need_upper']) == (12, None, None, True)
    for args in (['--length-min', '7'], ['--valid-days', '29'], ['--lock-after', '10'], ['--need-upper', 'perhaps'], ['--lock-after', 'x'], []):
        status, _, err = house.run('policy', 'set', '--tenant', shop.name, *args)
        assert status in (1, 2) and len(err.strip().splitlines()) == 1, args
    assert house.cli('policy', 'show', '--tenant', shop.name)['length_min'] == 12
    entry = shop.log()[-1]
    assert [e['actor_kind'] for e in shop.log() if e['kind'] == 'policy' and e['verb'] == 'update'][0] == 'operator', entry


def test_syn_3_4_6_a_stored_hashes_are_bcrypt_that_another_bcrypt_verifies(house, shop):
    import ctypes
    crypt = ctypes.CDLL('libcrypt.so.1').crypt
    crypt.restype = ctypes.c_char_p
    account = shop.admin
    hash, = house.sql('select hash from daicho.credential where account_id = %s', args=(account.id,))[0]
    assert re.fullmatch(r'\$2b\$\d\d\$[./A-Za-z0-9]{53}', hash)
    assert crypt(account.password.encode(), hash.encode()).decode() == hash
    assert re.search(r'INT\(password_cost, 12, ', (ROOT / 'src/base/config.tbl').read_text())    # the tests say 4
