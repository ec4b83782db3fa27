"""What an account may do: every permission opens exactly its routes, for every register or for one; rights are given by group or to one account, taken
away at once, and never given by somebody who does not hold them."""
import concurrent.futures
import json
import pathlib
import re
import subprocess

import pytest

from house import DAICHO, ROOT, Refused

ROUTES = json.loads(subprocess.run([str(DAICHO), 'routes', '--json'], capture_output=True, text=True, check=True).stdout)
LISTED = json.loads(subprocess.run([str(DAICHO), 'permissions', '--json'], capture_output=True, text=True, check=True).stdout)
OPERATORS = 'support.ask'            # of the operators' contract only: test_support.py
WORDS = [one['name'] for one in LISTED['ja'] if one['name'] != OPERATORS]
SCOPED = [one['name'] for one in LISTED['ja'] if one['scoped']]
ANY_RIGHT = 'any right on the register'
# what is asked of every route, but for those that would end or lock the session the matrix is asked with
ASKED = [r for r in ROUTES if r['permission'] != 'public' and r['path'] not in ('/logout', '/me/lock', '/me/lost')]


def name(route):
    return f"{route['method']} {route['path']}"


class Person:
    """An account whose rights the test changes while its session lives."""

    def __init__(self, shop, login, words=()):
        made = shop.api('POST', '/groups', json={'name': f'group of {login}', 'permissions': []})
        assert made.status == 201, made
        self.shop, self.login = shop, login
        account = shop.account(login, group=f'group of {login}')
        self.id = account.id
        if words:
            self.change(grants=list(words))
        self.browser = account.browser(fresh=True)

    @property
    def now(self):
        return self.shop.api('GET', f'/accounts/{self.id}').json()['account']

    def change(self, **members):
        answer = self.shop.api('PATCH', f'/accounts/{self.id}', json={**members, 'version': self.now['version']})
        assert answer.status == 200, answer
        return answer.json()['account']

    def ask(self, method, path, json=None, **more):
        return self.browser.request(method, '/api/v1' + path, json_body=json, **more)


@pytest.fixture(scope='module')
def shop(house):
    shop = house.tenant()
    assert shop.admin           # somebody who manages accounts is left whatever the tests take away
    return shop


@pytest.fixture
def fresh(house):
    return house.tenant()


def needs_right(person, route, register='customers'):
    """Is it refused for want of a permission? Whatever else is wrong with so bare a request is not asked here."""
    path = route['path'].replace('{id}', '424242424').replace('{register}', register)
    change = route['method'] != 'GET'
    if 'API' in route['face']:
        answer = person.browser.request(route['method'], '/api/v1' + path, json_body={} if change and route['body_max'] else None,
                                        headers={'If-Match': '"1"', 'X-CSRF-Token': person.browser.csrf})
    else:
        answer = person.browser.request(route['method'], path, form={} if change else None)
    assert answer.status < 500 and answer.status != 401, (name(route), answer)
    if '{register}' in route['path'] and answer.status == 404 and 'この台帳はありません' in answer.text:
        return True                     # no right at all on this register: it is not there
    wants = re.search('権限「([a-z.]+)」が必要です', answer.text)
    assert not wants or answer.status == 403, (name(route), answer)
    if wants:
        assert wants[1] == route['permission'], (name(route), answer)
    return bool(wants)


def opened(person, register='customers'):
    return {name(r) for r in ASKED if not needs_right(person, r, register)}


def expected(words, register='customers'):
    """The published rule: a route is open when its permission is held; one about a register, when held for it."""
    held = set(words)
    here = {w for w in SCOPED if w in held or f'{w}:{register}' in held}
    somewhere = {w for w in SCOPED if any(h.split(':')[0] == w for h in held)}
    open_ = set()
    for r in ASKED:
        p = r['permission']
        if (p == 'any account' or p == ANY_RIGHT and here
                or p in (here if '{register}' in r['path'] else somewhere if r['anywhere'] else held)):
            open_.add(name(r))
    return open_


# The matrix -------------------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope='module')
def matrix(shop):
    return Person(shop, 'matrix')


@pytest.mark.parametrize('word', WORDS)
def test_syn_3_4_9_a_each_permission_off_closes_exactly_its_routes(matrix, word):
    words = [w for w in WORDS if w != word]
    matrix.change(grants=words)
    assert opened(matrix) == expected(words)


@pytest.mark.parametrize('word', WORDS)
def test_mer_5_2_c_each_permission_alone_opens_exactly_its_routes(matrix, word):
    matrix.change(grants=[word])
    assert opened(matrix) == expected([word])


@pytest.mark.parametrize('word', SCOPED)
def test_a_right_on_one_register_is_none_on_another(matrix, word):
    matrix.change(grants=[f'{word}:customers'])
    for register in 'customers', 'orders':
        assert opened(matrix, register) == expected([f'{word}:customers'], register)


@pytest.mark.parametrize('word', SCOPED)
def test_one_register_can_be_denied_where_all_are_given(matrix, word):
    matrix.change(grants=SCOPED, denials=[f'{word}:customers'])
    both = {register: opened(matrix, register) for register in ('customers', 'orders')}
    matrix.change(denials=[])
    assert both['orders'] == expected(SCOPED, 'orders')
    assert both['orders'] - both['customers'] == {name(r) for r in ASKED if r['permission'] == word and '{register}' in r['path']}


def test_reg_5_1_a_a_new_account_and_a_new_group_may_nothing(shop):
    person = Person(shop, 'newcomer')
    assert person.now['permissions'] == [] and opened(person) == {name(r) for r in ASKED if r['permission'] == 'any account'}
    assert person.ask('GET', '/registers').json()['registers'] == []
    assert person.ask('GET', '/jobs').json()['jobs'] == []
    assert not [p for p in person.ask('GET', '/openapi.json').json()['components']['schemas'] if p.startswith('record_')]
    page = person.browser.get('/')
    assert page.status == 200 and '/registers/customers' not in page.text


# At once, and logged ------------------------------------------------------------------------------------------------------------------------

def test_syn_3_4_11_a_a_right_taken_during_a_session_is_gone_at_the_next_request(fresh):
    person = Person(fresh, 'hanako', ['record.read', 'log.read'])
    for change, customers, log in (({'denials': ['record.read']}, 404, 200), ({'denials': []}, 200, 200), ({'grants': ['record.read']}, 200, 403),
                                   ({'grants': ['record.read:orders']}, 404, 403), ({'grants': ['record.read:customers']}, 200, 403),
                                   ({'denials': ['record.read:customers']}, 404, 403)):
        person.change(**change)
        assert person.ask('GET', '/registers/customers/records').status == customers, change
        assert person.ask('GET', '/log').status == log, change
    group = fresh.api('GET', '/groups').json()['groups']
    group = next(g for g in group if g['name'] == 'group of hanako')
    person.change(grants=[], denials=[])
    for words, status in ((['record.read:customers'], 200), ([], 404)):
        group = fresh.api('PATCH', f'/groups/{group["id"]}', json={'permissions': words, 'version': group['version']}).json()['group']
        assert person.ask('GET', '/registers/customers/records').status == status


def test_who_may_not_manage_accounts_changes_no_rights(fresh):
    other, plain = Person(fresh, 'other'), Person(fresh, 'plain', [w for w in WORDS if w != 'account.manage'])
    for path, body in ((f'/accounts/{other.id}', {'grants': ['record.read']}), (f'/accounts/{plain.id}', {'denials': ['record.read']}),
                       ('/groups', {'name': 'x', 'permissions': []})):
        assert plain.ask('PATCH' if path != '/groups' else 'POST', path, {**body, 'version': 1} if path != '/groups' else body).status == 403


def test_mer_5_5_b_changes_of_rights_are_logged_before_and_after(fresh):
    person = Person(fresh, 'hanako', ['record.read'])
    person.change(grants=['record.read:customers', 'log.read'], denials=['log.export'])
    entry = [e for e in fresh.log() if e['verb'] == 'update' and e['kind'] == 'account' and e['subject_id'] == person.id][-1]
    changes = json.dumps(entry['detail']['changes'])
    for said in '"record.read"', '"record.read:customers"', '"log.export"', '"grants"', '"denials"':
        assert said in changes, entry
    group = next(g for g in fresh.api('GET', '/groups').json()['groups'] if g['name'] == 'group of hanako')
    fresh.api('PATCH', f'/groups/{group["id"]}', json={'permissions': ['record.write:orders'], 'factor_required': True, 'version': group['version']})
    entry = [e for e in fresh.log() if e['verb'] == 'update' and e['kind'] == 'group'][-1]
    assert '"record.write:orders"' in json.dumps(entry['detail']) and '"factor_required"' in json.dumps(entry['detail'])


def test_mer_5_5_b_without_its_entry_no_change_of_rights_happens(fresh):
    person = Person(fresh, 'hanako', ['record.read'])
    version = person.now['version']
    fresh.house.sql(f'''create function pg_temp.no() returns trigger language plpgsql as $$ begin raise exception 'no entry'; end $$;
        create trigger no_entry before insert on t_{fresh.name}.log for each row when (new.result = 'OK' and new.verb = 'update') execute function pg_temp.no()''')
    try:
        answer = fresh.api('PATCH', f'/accounts/{person.id}', json={'grants': ['log.read'], 'version': version})
    finally:
        fresh.house.sql(f'drop trigger no_entry on t_{fresh.name}.log')
    assert answer.status >= 500
    assert person.now['grants'] == ['record.read'] and person.now['version'] == version


# Nobody gives what they do not hold -----------------------------------------------------------------------------------------------------------

@pytest.fixture(scope='module')
def clerk(shop):
    """May manage accounts, groups and keys, read every register but orders, write customers."""
    person = Person(shop, 'clerk', ['account.manage', 'key.manage', 'record.read', 'record.write:customers'])
    person.change(denials=['record.read:orders'])
    return person


GIVEN = [(['record.read:customers'], True), (['record.write:customers'], True), (['account.manage'], True), ([], True),
         (['record.read'], False), (['record.read:orders'], False), (['record.write'], False), (['record.write:orders'], False),
         (['personal.see'], False), (['log.erase'], False), (['record.read:customers', 'policy.manage'], False)]


@pytest.mark.parametrize('words, may', GIVEN)
def test_nobody_grants_what_they_do_not_hold(shop, clerk, words, may):
    refused = 422 if any(w.endswith(':orders') for w in words) else 403         # orders are hidden from the clerk
    assert clerk.ask('POST', '/groups', {'name': f'given {words}', 'permissions': words}).status == (201 if may else refused)
    target = Person(shop, 'target' + str(abs(hash(str(words)))))
    answer = clerk.ask('PATCH', f'/accounts/{target.id}', {'grants': words, 'version': target.now['version']})
    assert answer.status == (200 if may else refused)
    assert target.now['permissions'] == (sorted(words) if may else [])
    if words:
        assert clerk.ask('POST', '/keys', {'name': f'key {words}', 'permissions': words}).status == (201 if may else refused)


def test_nobody_takes_back_a_denial_of_what_they_do_not_hold(shop, clerk):
    target = Person(shop, 'denied', ['record.read', 'log.read'])
    target.change(denials=['log.read', 'record.read:orders'])
    # a register hidden from who asks is not there for them: what was said of it stays whatever they send
    for denials, status in (([], 403), (['log.read'], 200), (['record.read:orders'], 422)):
        answer = clerk.ask('PATCH', f'/accounts/{target.id}', {'denials': denials, 'version': target.now['version']})
        assert answer.status == status, denials
    assert target.now['denials'] == ['log.read', 'record.read:orders']
    answer = clerk.ask('PATCH', f'/accounts/{target.id}', {'denials': ['log.read', 'record.read'], 'version': target.now['version']})
    assert answer.status == 200 and answer.json()['account']['permissions'] == []


def test_nobody_changes_an_account_that_holds_more(shop, clerk):
    target = Person(shop, 'above', ['record.read'])         # of every register: more than the clerk's
    answer = clerk.ask('PATCH', f'/accounts/{target.id}', {'name': 'x', 'version': target.now['version']})
    assert answer.status == 403
    target.change(denials=['record.read:orders'])
    assert clerk.ask('PATCH', f'/accounts/{target.id}', {'name': 'x', 'version': target.now['version']}).status == 200


@pytest.mark.parametrize('words', [['no.such'], ['record.read:nothing'], ['record.read:'], ['log.read:customers'], ['-record.read'], ['record.read:Customers'],
                                   ['record.read:customers:x'], ['record.read customers'], [''], ['record.read:' + 'x' * 500], ['*'], ['record.*']])
def test_words_that_do_not_exist_are_refused(shop, words):
    person = shop.account('staff')
    version = shop.api('GET', f'/accounts/{person.id}').json()['account']['version']
    for answer in (shop.api('POST', '/groups', json={'name': 'odd', 'permissions': words}), shop.api('POST', '/keys', json={'name': 'odd', 'permissions': words}),
                   shop.api('PATCH', f'/accounts/{person.id}', json={'grants': words, 'version': version}),
                   shop.api('PATCH', f'/accounts/{person.id}', json={'denials': words, 'version': version})):
        assert answer.status == 422 and answer.json()['detail'], answer


def test_an_api_key_never_outgrows_its_maker(fresh):
    maker = Person(fresh, 'maker', ['key.manage', 'record.read', 'record.write:customers'])
    answer = maker.ask('POST', '/keys', {'name': 'k', 'permissions': ['record.read', 'record.write:customers']})
    assert answer.status == 201
    key, id = answer.json()['key'], answer.json()['made']['id']

    def words():
        return next(k['permissions_now'] for k in fresh.api('GET', '/keys').json()['keys'] if k['id'] == id)
    assert words() == ['record.read', 'record.write:customers']
    for change, customers, orders in (({'denials': ['record.read:orders']}, 200, 404), ({'grants': ['record.read:orders']}, 404, 404),
                                      ({'denials': []}, 404, 200), ({'grants': ['record.read']}, 200, 200), ({'grants': []}, 404, 404)):
        maker.change(**change)
        asked = [fresh.house.api('GET', f'/registers/{register}/records', key=key).status for register in ('customers', 'orders')]
        assert asked == [customers, orders], (change, words())
    assert words() == []


# Somebody is always left ------------------------------------------------------------------------------------------------------------------------

def test_the_last_who_manages_accounts_stays_whichever_way(fresh):
    """Groups, grants, denials, suspension, erasure: by the last one, and by a key that may do everything."""
    boss = Person(fresh, 'boss', WORDS)
    for body in ({'grants': []}, {'denials': ['account.manage']}, {'grants': ['record.read']}):
        for who in (boss.ask, lambda *a: fresh.api(a[0], a[1], json=a[2])):
            answer = who('PATCH', f'/accounts/{boss.id}', {**body, 'version': boss.now['version']})
            assert answer.status == 409 and 'account.manage' in boss.now['permissions'], (body, answer)
    assert fresh.api('PATCH', f'/accounts/{boss.id}', json={'state': 'suspended', 'version': boss.now['version']}).status == 409
    assert fresh.api('DELETE', f'/accounts/{boss.id}', headers={'If-Match': f'"{boss.now["version"]}"'}).status == 409
    second = Person(fresh, 'second', ['account.manage'])
    boss.change(denials=['account.manage'])
    assert 'account.manage' not in boss.now['permissions'] and 'account.manage' in second.now['permissions']


def test_two_who_manage_accounts_cannot_remove_each_other_at_once(fresh):
    for n in range(5):
        pair = [Person(fresh, f'{who}{n}', ['account.manage']) for who in ('left', 'right')]
        if n:
            for old in before:
                old.change(grants=[], denials=[])
        versions = [p.now['version'] for p in pair]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda k: pair[k].ask('PATCH', f'/accounts/{pair[1 - k].id}', {'denials': ['account.manage'], 'version': versions[1 - k]}), (0, 1)))
        left = fresh.sql("select count(*) from daicho.account where tenant = %s and state = 'active' and 'account.manage' = any (string_to_array(words, ' '))", (fresh.name,))
        assert left[0][0] >= 1 and sorted(a.status for a in answers)[0] == 200, answers
        for p in pair:
            p.change(denials=[])
        before = pair


# What is shown is what may be read --------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope='module')
def narrow(house):
    """A contract with both registers filled, and somebody who may read orders only."""
    shop = house.tenant()
    customer = shop.api('POST', '/registers/customers/records', json={'email': 'hidden@example.jp', 'family_name': '隠田', 'given_name': '花', 'prefecture': '東京都'})
    assert customer.status == 201, customer
    shop.customer = customer.json()['id']
    order = shop.api('POST', '/registers/orders/records', json={'customer': shop.customer, 'ordered_on': '2026-11-01', 'number': 'A-1', 'product': 'お茶'})
    assert order.status == 201, order
    shop.order = order.json()['id']
    shop.reader = Person(shop, 'reader', ['record.read:orders', 'record.write:orders', 'record.export:orders', 'record.import:orders', 'personal.see'])
    shop.customers_job = house.export('customers', shop)
    house.wait_job(shop.customers_job, shop)
    return shop


@pytest.mark.parametrize('path', ['/', '/registers', '/registers/orders', '/registers/orders/records', '/jobs', '/help', '/me', '/permissions'])
def test_pages_show_only_what_may_be_read(narrow, path):
    page = narrow.reader.browser.get(path)
    assert page.status == 200
    assert '/registers/customers' not in page.text and '隠田' not in page.text and f'/jobs/{narrow.customers_job}"' not in page.text


def test_lists_and_numbers_hold_only_what_may_be_read(narrow):
    ask = narrow.reader.ask
    assert [r['name'] for r in ask('GET', '/registers').json()['registers']] == ['orders']
    assert [r['name'] for r in ask('GET', '/summary').json()['registers']] == ['orders']
    assert {j['register'] for j in ask('GET', '/jobs').json()['jobs']} == {'orders'}
    for method, path in (('GET', ''), ('POST', '/cancel'), ('GET', '/file')):
        assert ask(method, f'/jobs/{narrow.customers_job}{path}', {} if method == 'POST' else None).status == 404
    paths = ask('GET', '/openapi.json').json()['paths']
    assert any('/registers/orders/' in p for p in paths) and not any('/registers/customers' in p for p in paths)


def test_a_reference_to_a_register_that_may_not_be_read_is_a_number(narrow):
    reader = narrow.reader
    page = reader.browser.get(f'/registers/orders/records/{narrow.order}')
    assert page.status == 200 and '隠田' not in page.text and f'#{narrow.customer}' in page.text
    assert reader.ask('GET', f'/registers/orders/records/{narrow.order}').json()['customer'] == narrow.customer
    answers = [reader.ask('POST', '/registers/orders/records', {'customer': email, 'ordered_on': '2026-11-01', 'number': 'B', 'product': '茶'})
               for email in ('hidden@example.jp', 'nobody@example.jp')]
    assert [a.status for a in answers] == [422, 422] and answers[0].json() == answers[1].json()


def test_a_file_of_entries_does_not_tell_who_is_in_the_other_register(narrow):
    house = narrow.house
    job = house.wait_job(house.import_file('orders', 'customer,ordered_on,number,product\nhidden@example.jp,2026-11-02,C,茶\nnobody@example.jp,2026-11-02,D,茶\n'.encode(),
                                           narrow, key=key_of(narrow, ['record.import:orders', 'personal.see'])), narrow)
    told = [{k: v for k, v in one.items() if k != 'line'} for one in job['result']['by_reason']]
    assert job['result']['created'] == 0 and job['result']['refused'] == 2 and told[0] == told[1], job
    export = house.wait_job(house.export('orders', narrow, key=key_of(narrow, ['record.export:orders', 'personal.see'])), narrow)
    file = narrow.api('GET', f'/jobs/{export["id"]}/file')
    assert file.status == 200 and b'hidden@example.jp' not in file.content and str(narrow.customer).encode() in file.content


def key_of(shop, words):
    return shop.new_key(f'key {abs(hash(str(words)))} {len(shop.api("GET", "/keys").json()["keys"])}', ','.join(words))


def test_a_history_that_may_not_be_read_is_no_condition_and_no_part_of_a_record(narrow):
    person = Person(narrow, 'masters', ['record.read:customers', 'personal.see'])
    assert 'お茶' not in person.browser.get(f'/registers/customers/records/{narrow.customer}').text
    condition = json.dumps({'history': {'register': 'orders', 'has': [{'item': 'product', 'op': 'eq', 'value': 'お茶'}]}})
    answer = person.ask('GET', '/registers/customers/records?condition=' + condition)
    assert answer.status == 422
    person.change(grants=['record.read', 'personal.see'])
    assert 'お茶' in person.browser.get(f'/registers/customers/records/{narrow.customer}').text
    assert len(person.ask('GET', '/registers/customers/records?condition=' + condition).json()['records']) == 1


# Jobs --------------------------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('change', [{'grants': ['record.read', 'personal.see']}, {'denials': ['record.export:customers']}, {'denials': ['personal.see']},
                                    {'state': 'suspended'}])
def test_a_job_whose_right_went_before_it_began_is_refused(fresh, change):
    person = Person(fresh, 'hanako', ['record.read', 'record.export', 'personal.see'])
    Person(fresh, 'boss', ['account.manage'])
    house = fresh.house
    house.sql("update daicho.job set not_before = 'infinity' where false")
    house.sql(f"create function daicho.later() returns trigger language plpgsql as $$ begin new.not_before := 'infinity'; return new; end $$;"
              f"create trigger later before insert on daicho.job for each row when (new.tenant = '{fresh.name}') execute function daicho.later()")
    try:
        answer = person.ask('POST', '/registers/customers/exports', {})
        assert answer.status == 202, answer
    finally:
        house.sql('drop trigger later on daicho.job; drop function daicho.later()')
    id = int(answer.json()['id'])
    person.change(**change)
    house.sql(f'update daicho.job set not_before = now() where id = {id}')
    job = house.wait_job(id, fresh)
    assert job['state'] in ('failed', 'cancelled'), job
    if job['state'] == 'failed':
        assert job['result']['code'] == 'FORBIDDEN', job


def test_a_job_about_no_register_is_for_who_began_it_and_who_may_do_the_same(fresh):
    starter, other = Person(fresh, 'starter', ['log.export', 'log.read', 'personal.see']), Person(fresh, 'other', ['record.read', 'record.import', 'record.export', 'personal.see'])
    fresh.sql("insert into daicho.job (tenant, account_id, actor, actor_kind, actor_id, kind, state, result_name) "
              f"values ('{fresh.name}', {starter.id}, 'starter', 'account', {starter.id}, 'log_export', 'done', 'log.csv')")
    id = fresh.sql("select max(id) from daicho.job where tenant = %s", (fresh.name,))[0][0]
    fresh.sql("update daicho.job set result_file = 'result/' || id || '.csv' where id = %s", (id,))

    def seen():
        return [other.ask('GET', f'/jobs/{id}').status, other.ask('GET', f'/jobs/{id}/file').status, [j['id'] for j in other.ask('GET', '/jobs').json()['jobs']].count(id)]
    assert starter.ask('GET', f'/jobs/{id}').status == 200
    assert seen() == [404, 404, 0]
    other.change(grants=['tenant.manage', 'personal.see'])
    assert seen() == [200, 403, 1]
    other.change(grants=['log.export', 'personal.see'])
    assert seen()[0::2] == [200, 1] and seen()[1] != 403


# The list -------------------------------------------------------------------------------------------------------------------------------------------

def compiled():
    """Name, word and scope of each line of the table the program is made from."""
    table = (ROOT / 'src/identity/permission.tbl').read_text()
    return [(word, scope == 'REGISTER') for word, scope in re.findall(r'^PERMISSION\(\w+,\s+"([a-z.]+)",\s+(\w+)\)', table, re.M)]


def test_syn_3_4_11_b_the_published_list_is_the_compiled_table_item_by_item(shop):
    assert [(one['name'], one['scoped']) for one in LISTED['ja']] == [(one['name'], one['scoped']) for one in LISTED['en']] == compiled()
    nobody = Person(shop, 'anybody')
    told = nobody.ask('GET', '/permissions').json()['permissions']
    assert told == LISTED['ja']
    page = nobody.browser.get('/permissions').text
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td class="wrap wide">(.*?)</td><td class="mono nowrap"[^>]*>(.*?)</td>', page)
    assert rows == [(one['title'], one['help'], one['name']) for one in LISTED['ja']]
    document = (ROOT / 'doc/permissions.md').read_text()
    assert document == subprocess.run([str(ROOT / 'tool/permissions'), str(DAICHO)], capture_output=True, text=True, check=True).stdout


def test_syn_3_4_11_b_every_permission_guards_something_and_every_route_names_one_of_the_list():
    used = {r['permission'] for r in ROUTES} - {'public', 'any account', ANY_RIGHT}
    assert used <= {*WORDS, OPERATORS}


def test_syn_3_4_9_b_no_setting_restricts_rows():
    """Words are a function, or a function and a register: there is nothing to name rows by. The document says so."""
    assert not [w for w in WORDS if 'row' in w or 'filter' in w or w.count('.') != 1]
    assert '行を単位とする制限はありません' in (ROOT / 'doc/permissions.md').read_text()


# From the command line --------------------------------------------------------------------------------------------------------------------------

def test_commands_give_and_take_rights(fresh):
    cli = fresh.house.cli
    made = cli('group', 'create', '--tenant', fresh.name, '受付', '--permissions', 'record.read:customers,record.write:customers', '--factor', 'no')
    assert made['permissions'] == ['record.read:customers', 'record.write:customers'] and made['factor_required'] is False
    person = fresh.account('uketsuke', group='受付')
    changed = cli('group', 'change', '--tenant', fresh.name, '受付', '--permissions', 'record.read:customers', '--name', '窓口', '--factor', 'yes')
    assert changed['permissions'] == ['record.read:customers'] and changed['name'] == '窓口' and changed['factor_required'] is True
    account = cli('account', 'rights', '--tenant', fresh.name, 'uketsuke', '--give', 'log.read,record.export', '--deny', 'record.export:orders')
    assert account['id'] == person.id and sorted(account['permissions']) == ['-record.export:orders', 'log.read', 'record.export', 'record.read:customers']
    account = cli('account', 'rights', '--tenant', fresh.name, 'uketsuke', '--give', '', '--deny', '')
    assert account['permissions'] == ['record.read:customers']
    for words in ('no.such', 'record.read:nothing', 'log.read:customers'):
        with pytest.raises(Refused) as refusal:
            cli('account', 'rights', '--tenant', fresh.name, 'uketsuke', '--give', words)
        assert refusal.value.status == 1
    with pytest.raises(Refused) as refusal:
        cli('account', 'rights', '--tenant', fresh.name, 'uketsuke')
    assert refusal.value.status == 2
    with pytest.raises(Refused):
        cli('group', 'erase', '--tenant', fresh.name, '窓口')        # somebody is in it
    fresh.api('DELETE', f'/accounts/{person.id}', headers={'If-Match': f'"{account["version"]}"'})
    cli('group', 'erase', '--tenant', fresh.name, '窓口')
    verbs = [(e['verb'], e['kind']) for e in fresh.log() if e['actor_kind'] == 'operator' and e['kind'] in ('group', 'account') and e['result'] == 'OK']
    assert ('create', 'group') in verbs and ('update', 'group') in verbs and ('delete', 'group') in verbs and verbs.count(('update', 'account')) == 2


def test_the_form_of_an_account_gives_and_denies(fresh):
    """What the page sends: one word with a sign for each right that is touched."""
    assert fresh.admin
    person = Person(fresh, 'hanako', ['record.read'])
    admin = fresh.browser()
    page = admin.get(f'/accounts/{person.id}').text
    for said in 'この人の権限', 'value="+record.read:customers"', 'value="-log.erase"':
        assert said in page
    answer = admin.post(f'/accounts/{person.id}', {'_method': 'PATCH', 'version': person.now['version'],
                                                   'rights': ['', '+record.read', '-record.read:orders', '', '+log.read', '-policy.manage']})
    assert answer.status == 303, answer
    assert sorted(person.now['grants']) == ['log.read', 'record.read'] and sorted(person.now['denials']) == ['policy.manage', 'record.read:orders']
    group = fresh.api('GET', '/groups').json()['groups'][0]
    page = admin.get(f'/groups/{group["id"]}').text
    assert 'value="record.export:orders"' in page and 'name="factor_required"' in page
