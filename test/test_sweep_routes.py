"""Every route of the route tables, asked in every wrong way: the right refusal, an entry in the operation log, never a 5xx.

Made from `daicho routes --json`: a new route is swept without a line here."""
import json
import subprocess

import pytest

from house import DAICHO, until

EVERY = json.loads(subprocess.run([str(DAICHO), 'routes', '--json'], capture_output=True, text=True, check=True).stdout)
OPERATORS = [r for r in EVERY if r['permission'] == 'support.ask']          # nobody in a contract can hold it: test_support.py asks them
ROUTES = [r for r in EVERY if r not in OPERATORS]
CHANGES = {'POST', 'PUT', 'PATCH', 'DELETE'}
ODD_IDS = ['0', '-1', 'abc', '99999999999999999999', '1%2e5', '%E3%80%81', '1;drop', "'", '..', '%7B%7D', '9' * 300]


# what a route must be given before it looks whose {id} that is
BODIES = {'POST /registers/{register}/records/{id}/moves': {'move': 'x', 'version': 1}, 'POST /registers/{register}/moves/{id}/refuse': {'why': 'x'},
          'POST /accounts/{id}/password': {'password': 'long-enough-0-and-odd'}, 'PATCH /me/factors/{id}': {'name': 'x'},
          'POST /me/factors/totp/{id}': {'code': '000000'}, 'POST /reviews/{id}/decide': {'item': 1, 'decision': 'keep', 'version': 1},
          'POST /reviews/{id}/keep': {'person': 1}, 'POST /reviews/{id}/close': {},

          'POST /log-reviews/{id}/verdict': {'entry': 1, 'verdict': 'expected'}, 'POST /log-reviews/{id}/outcome': {'entry': 1, 'outcome': 'x'},
          'POST /log/holds/{id}/end': {'why': 'x'}, 'POST /changes/{id}/confirm': {'version': 1},
          'POST /calendars/{id}/days': {'day': '2026-06-10', 'state': 'closed', 'note': 'x'}, 'PATCH /calendars/{id}': {'title': 'x', 'version': 1},
          'POST /duties/{id}/pause': {'reason': 'x', 'until': '2099-01-01'}, 'POST /duties/{id}/pause/decide': {'decision': 'refuse'}, 'POST /duties/{id}/assign': {}, 'POST /duties/{id}/done': {}}


def name(route):
    return f"{route['method']} {route['path']}"


def api(route):
    return 'API' in route['face']


def console(route):
    return 'console' in route['face']


def some(test):
    return pytest.mark.parametrize('route', [r for r in ROUTES if test(r)], ids=name)


def address(route, id='1', register='customers'):
    return route['path'].replace('{id}', str(id)).replace('{register}', register)


class Pair:
    """Two contracts: one with a row of everything, the other with nothing but its admin."""

    def __init__(self, house):
        self.house, self.full, self.empty = house, house.tenant(name='sweepone'), house.tenant(name='sweeptwo')
        self.powerless = self.empty.new_key('powerless', 'record.read')
        self.reader = self.empty.new_key('reader', 'record.import')
        self.elsewhere = self.empty.new_key('elsewhere', ','.join(
            f'{w}:orders' for w in ('record.read', 'record.write', 'record.delete', 'record.bulk', 'record.merge', 'record.import', 'record.export', 'register.define')))
        self.outsider = self.empty.new_key('outsider', 'log.read')
        made = self.full.api('POST', '/registers/customers/records', json={'email': 'sweep@example.jp', 'family_name': '掃除', 'given_name': '花'})
        assert made.status == 201, made
        self.ids = {'records': made.json()['id'], 'log': 999999999}
        self.ids['accounts'] = self.full.staff.id
        self.ids['people'] = house.sql('select person_id from daicho.account where id = %s', args=(self.full.staff.id,))[0][0]
        self.ids['keys'] = house.sql("select min(id) from daicho.api_key where tenant = 'sweepone'")[0][0]
        self.ids['groups'] = house.sql("select min(id) from daicho.account_group where tenant = 'sweepone'")[0][0]
        self.ids['departments'] = self.full.api('POST', '/departments', json={'name': '掃除部'}).json()['department']['id']
        self.ids['jobs'] = house.sql("select min(id) from daicho.job where tenant = 'sweepone'")[0][0]
        self.ids['bulk'] = house.sql("insert into daicho.job (tenant, actor, kind, register, state, args, result, finished_at) values ('sweepone', 'sweeper', 'bulk', "
                                     "'customers', 'done', '{\"action\": \"delete\", \"count\": 1}', '{}', daicho.clock()) returning id")[0][0]
        self.ids['deleted'] = house.sql("insert into daicho.define (tenant, register, kind, item, due_at, detail) values ('sweepone', 'customers', 'item', 'gone', "
                                        "daicho.clock() + interval '7 days', '{\"item\": {\"name\": \"gone\", \"type\": \"text\", \"title\": \"x\"}, \"number\": 1}') returning id")[0][0]
        for kind, result in (('import', '{"columns": ["email"]}'), ('export', '{}')):
            self.ids[f'{kind}s'] = house.sql("insert into daicho.job (tenant, actor, kind, register, state, args, result, ready_until) values ('sweepone', 'sweeper', %s, "
                                             "'customers', 'ready', '{\"review\": true}', %s, daicho.clock() + interval '1 day') returning id", args=(kind, result))[0][0]
        again = self.full.api('POST', '/registers/customers/records', json={'email': 'sweep2@example.jp', 'family_name': '掃除', 'given_name': '花'}).json()['id']
        merged = self.full.api('POST', '/registers/customers/merges', json={'survivor': self.ids['records'], 'gone': again, 'survivor_version': 1, 'gone_version': 1})
        assert merged.status == 201, merged
        self.ids['merges'] = merged.json()['id']
        self.ids['mappings'] = self.full.api('POST', '/registers/customers/mappings', json={'name': 'sweep', 'columns': {'x': 'email'}}).json()['id']
        self.ids['segments'] = self.full.api('POST', '/registers/customers/segments', json={'name': 'sweep', 'condition': {'item': 'id', 'op': 'ge', 'value': 1}}).json()['id']
        self.ids['support'] = house.sql("insert into daicho.support_grant (tenant, operator_id, operator, reason, minutes) "
                                        "select 'sweepone', id, 'sweeper', 'sweep', 60 from daicho.account where tenant = 'sweepone' limit 1 returning id")[0][0]
        self.ids['factors'] = self.ids['totp'] = house.sql(
            "insert into daicho.factor (tenant, account_id, kind, name, secret, confirmed_at) values ('sweepone', %s, 'totp', 'x', 'x', daicho.clock())"
            " returning id", args=(self.full.account('with.app', group='担当者').id,))[0][0]
        provider = self.full.api('POST', '/providers', json={'kind': 'google', 'name': 'Google', 'client_id': 'x', 'secret_name': 'google'})
        assert provider.status == 201, provider
        self.ids['providers'] = self.ids['sso'] = provider.json()['provider']['id']
        self.ids['applicants'], self.ids['links'] = (house.sql(
            'insert into daicho.identity (tenant, provider_id, subject, account_id) values (%s, %s, %s, %s) returning id',
            args=('sweepone', self.ids['sso'], subject, account))[0][0] for subject, account in (('applied', None), ('linked', self.full.staff.id)))
        self.ids['certificates'] = self.full.api('POST', '/certificates', json={'name': 'sweep'}).json()['made']['id']
        self.ids['opt-out'] = house.sql("select id from daicho.opt_out where tenant = 'sweepone'")[0][0]
        opened = self.full.api('POST', '/reviews', json={})
        assert opened.status == 201, opened
        self.ids['reviews'] = opened.json()['review']['id']
        self.ids['access'] = self.full.api('POST', '/access', json={'kind': 'removal', 'account_id': self.full.staff.id, 'purpose': 'sweep'}, key=None, headers={
            'Cookie': f"__Host-daicho={self.full.admin.browser().cookies['__Host-daicho']}", 'X-CSRF-Token': self.full.admin.browser().csrf}).json()['request']['id']
        self.ids['log-reviews'] = house.sql("insert into daicho.log_review (tenant, from_at, to_at, due_at) values ('sweepone', now() - interval '2 days', now() - interval '1 day', "
                                        "now() + interval '9 days') returning id")[0][0]
        self.ids['duties'] = house.sql("select min(id) from daicho.duty where tenant = 'sweepone'")[0][0]
        self.ids['moves'] = house.sql("with r as (insert into daicho.move_rule (tenant, register_id, register, name, place, title_ja, title_en, item, rule) values ('sweepone', 1, 'customers', "
                                      "'x', 1, 'x', 'x', 'x', '{}') returning id) insert into daicho.move (tenant, rule_id, register_id, record, from_state, to_state, state, record_version, "
                                      "asked_by) select 'sweepone', id, 1, 1, 'x', 'y', 'waiting', 1, 'x' from r returning id")[0][0]
        self.ids['holds'] = house.sql("insert into daicho.log_hold (tenant, reason, basis, from_at, asked_person, asked_by) values ('sweepone', 'x', 'y', now(), 1, 'x') "
                                      "returning id")[0][0]
        self.ids['calendars'] = house.sql("select min(id) from daicho.calendar where tenant = 'sweepone'")[0][0]
        self.ids['mails'] = self.full.api('POST', '/mails', json={'subject': '掃除'}).json()['mail']['id']
        self.ids['mail-folders'] = self.full.api('POST', '/mail-folders', json={'name': '掃除'}).json()['folder']['id']
        self.ids['devices'] = house.sql("insert into daicho.device (tenant, person_id, kind, own, name, os, os_version, lock_method, malware_on, malware_scan, malware_update, encrypted, "
                                        "firewall) values ('sweepone', %s, 'other', false, 'x', 'other', '1', 'none', false, false, false, false, false) returning id",
                                        args=(self.ids['people'],))[0][0]
        self.ids['incidents'] = house.sql("insert into daicho.incident (tenant, kind, severity, person_id, device_id, reporter_kind, reporter, happened_at, reported_at) values "
                                          "('sweepone', 'loss', 'high', %s, %s, 'account', 'x', now(), now()) returning id", args=(self.ids['people'], self.ids['devices']))[0][0]
        # told to this contract and to no other; what it takes to get there is told in test_change.py
        self.ids['changes'] = house.sql("insert into daicho.change default values returning id")[0][0]
        house.sql("insert into daicho.change_version (change_id, no, kind, impact, title_ja, title_en, text_ja, text_en, effect_ja, effect_en, from_at, to_at, tenants, author_person, "
                  "author) values (%s, 1, 'stop', 'normal', 'x', 'x', 'x', 'x', 'x', 'x', now() + interval '9 days', now() + interval '10 days', '{sweepone}', 1, 'x')",
                  args=(self.ids['changes'],))
        house.sql("insert into daicho.change_notice (change_id, no, tenant, about, channel) values (%s, 1, 'sweepone', 'told', 'console')", args=(self.ids['changes'],))
        self.ids['webhooks'] = house.sql("insert into daicho.webhook (tenant, handle, address, events, secret, owner_kind, owner_id, owner) values ('sweepone', repeat('0', 32), "
                                         "'https://8.8.8.8/', '{import.finished}', 'x', 'account', 1, 'x') returning id")[0][0]
        self.ids['webhook-deliveries'] = house.sql("insert into daicho.webhook_delivery (tenant, webhook_id, event, personal, body, state) values ('sweepone', %s, 'test', false, '{}', "
                                                   "'sent') returning id", args=(self.ids['webhooks'],))[0][0]
        self.full.staff.browser()
        self.ids['sessions'] = house.sql("select max(id) from daicho.session where tenant = 'sweepone'")[0][0]

    def id_of(self, route):
        """Something of this kind that belongs to the full contract."""
        path = route['path'].split('/{id}')[0].strip('/')
        return self.ids[path] if path in self.ids else self.ids[path.rsplit('/', 1)[-1]]


@pytest.fixture(scope='session')
def pair(house):
    return Pair(house)


class Log:
    """Entries written since; `where`: a contract's log, or the house's for what happens before a contract is known.
    A job that an earlier request began writes its entry when it ends: it is waited for. What is done unattended is nobody's answer: not counted."""

    def __init__(self, house, where):
        self.house, self.table = house, f't_{where}.log' if where else 'daicho.log'
        assert until(lambda: not house.sql(f"select 1 from daicho.job where tenant = '{where}' and state in ('queued', 'running')"))
        self.last = self.house.sql(f'select coalesce(max(id), 0) from {self.table}')[0][0]

    def results(self):
        return [row[0] for row in self.house.sql(f"select result from {self.table} where id > {self.last} and actor_kind <> 'system' order by id")]


def problem(answer, status, code):
    assert answer.status == status, answer
    assert answer.headers['Content-Type'] == 'application/problem+json', answer
    told = answer.json()
    assert told['status'] == status and told['code'] == code and told['detail'] and told['errors'], told


def json_body(route):
    return {} if route['method'] in CHANGES else None


def key_call(pair, route, path, key, **more):
    if route['method'] in CHANGES and 'body' not in more and 'json' not in more and 'files' not in more:
        more['json' if route['body_max'] else 'body'] = {} if route['body_max'] else None
    return pair.house.api(route['method'], path, key=key, **more)


@some(lambda r: api(r) and r['permission'] != 'public')
def test_program_without_key_is_refused_and_logged(pair, route):
    log = Log(pair.house, None)
    problem(key_call(pair, route, address(route), None), 401, 'UNAUTHORIZED')
    assert log.results() == (['UNAUTHORIZED'] if route['verb'] else [])


@some(lambda r: api(r) and r['permission'] != 'public')
def test_unknown_key_is_refused(pair, route):
    problem(key_call(pair, route, address(route), 'dk_' + 'x' * 43), 401, 'UNAUTHORIZED')


@some(lambda r: console(r) and r['permission'] != 'public')
def test_person_without_session_is_led_to_the_log_in(pair, route):
    log = Log(pair.house, None)
    browser = pair.house.browser()
    answer = browser.request(route['method'], address(route), form={} if route['method'] in CHANGES else None)
    if route['method'] == 'GET':
        assert answer.status == 303 and answer.headers['Location'].startswith('/login'), answer
    else:
        assert answer.status == 401 and answer.headers['Content-Type'].startswith('text/html'), answer
    assert log.results() == (['UNAUTHORIZED'] if route['verb'] else [])


@some(lambda r: api(r) and r['permission'] not in ('public', 'any account'))
def test_missing_permission_is_refused_and_logged(pair, route):
    key = {'record.read': pair.reader, 'any right on the register': pair.outsider}.get(route['permission'], pair.powerless)
    log = Log(pair.house, 'sweeptwo')
    problem(key_call(pair, route, address(route), key), *((404, 'UNKNOWN') if key == pair.outsider else (403, 'FORBIDDEN')))
    assert log.results() == (['FORBIDDEN'] if route['verb'] else [])


@some(lambda r: api(r) and '{register}' in r['path'])
def test_grp_4_3_a_a_register_one_holds_nothing_on_answers_as_none_does(pair, route):
    """With no word for registers at all, and with every word for another one."""
    for key in pair.outsider, pair.elsewhere:
        log, told = Log(pair.house, 'sweeptwo'), []
        for register in 'customers', 'nothing_here':
            answer = key_call(pair, route, address(route, register=register), key)
            problem(answer, 404, 'UNKNOWN')
            told.append((answer.content.replace(register.encode(), b'X'), {k: v for k, v in answer.headers.items() if k not in ('Date', 'Content-Length')}))
        assert told[0] == told[1]
        assert log.results() == ['FORBIDDEN', 'UNKNOWN']             # the log says the truth


@some(lambda r: console(r) and r['permission'] not in ('public', 'any account', 'record.read', 'any right on the register'))
def test_person_without_permission_gets_a_page_that_says_so(pair, route):
    browser = pair.empty.browser('viewer')
    answer = browser.request(route['method'], address(route), form={} if route['method'] in CHANGES else None)
    assert answer.status == 403 and answer.headers['Content-Type'].startswith('text/html'), answer
    assert route['permission'] in answer.text


@some(lambda r: console(r) and r['method'] in CHANGES and r['permission'] != 'public')
@pytest.mark.parametrize('token', [None, '', 'x', 'A' * 43])
def test_forged_form_is_refused_and_logged(pair, route, token):
    browser = pair.empty.browser()
    log = Log(pair.house, 'sweeptwo')
    form = {} if token is None else {'_csrf': token}
    answer = browser.request(route['method'], address(route), form=form, csrf=False)
    assert answer.status == 403 and 'FORGED' in answer.text, answer
    assert log.results() == ['FORGED']


@some(lambda r: api(r) and r['method'] in CHANGES and r['permission'] != 'public')
def test_cookie_without_token_changes_nothing_on_the_api_either(pair, route):
    answer = pair.empty.browser().request(route['method'], '/api/v1' + address(route), json_body={} if route['body_max'] else None, csrf=False)
    problem(answer, 403, 'FORGED')


@some(lambda r: api(r) and r['method'] in CHANGES)
def test_oversized_body_is_refused_and_logged(pair, route):
    key = None if route['permission'] == 'public' else pair.empty.key
    log = Log(pair.house, None if key is None else 'sweeptwo')
    answer = pair.house.api(route['method'], address(route), key=key, body=b'x' * (route['body_max'] + 100000),
                            headers={'Content-Type': 'application/json'})
    problem(answer, 413, 'TOO_LARGE')
    assert log.results() == (['TOO_LARGE'] if route['verb'] else [])


@some(lambda r: api(r) and r['method'] in CHANGES and r['body_max'])
@pytest.mark.parametrize('body', [b'{', b'{"a":1,"a":2}', b'[' * 500, b'\xff\xfe', b'{"a":"\\u0000"}', b'nul', b'"text"', b'[]', b'{"no_such_member":1}'])
def test_malformed_body_is_refused_in_words(pair, route, body):
    answer = pair.house.api(route['method'], address(route, 424242), key=pair.empty.key, body=body,
                            headers={'Content-Type': 'application/json', 'If-Match': '"1"'})
    assert 200 <= answer.status < 500, answer
    if answer.status >= 400:
        assert answer.json()['detail'], answer


@some(lambda r: api(r) and r['method'] in CHANGES and r['body_max'])
@pytest.mark.parametrize('kind', ['text/plain', 'application/octet-stream', 'multipart/form-data', 'multipart/form-data; boundary=', 'x', ''])
def test_other_content_types_are_refused_in_words(pair, route, kind):
    answer = pair.house.api(route['method'], address(route, 424242), key=pair.empty.key, body=b'hello', headers={'Content-Type': kind, 'If-Match': '"1"'})
    assert 200 <= answer.status < 500, answer


@some(lambda r: api(r) and '{id}' in r['path'])
def test_what_belongs_to_another_contract_is_not_there(pair, route):
    path, body = address(route, pair.id_of(route)), {'version': 1} if route['method'] in CHANGES else None
    body = BODIES.get(f"{route['method']} {route['path']}", body)
    browser = pair.empty.browser()
    log = Log(pair.house, 'sweeptwo')
    problem(browser.request(route['method'], '/api/v1' + path, json_body=body, headers={'If-Match': '"1"'}), 404, 'UNKNOWN')
    assert log.results() == (['UNKNOWN'] if route['verb'] else [])


@some(lambda r: api(r) and '{register}' in r['path'])
@pytest.mark.parametrize('register', ['nothing', 'pg_class', 'daicho.account', 'customers"', '%00', '%ff', 'x' * 500, '..%2F..', 'Customers'])
def test_unknown_register_is_refused(pair, route, register):
    answer = pair.house.api(route['method'], address(route, 1, register), key=pair.empty.key, json={} if route['body_max'] else None,
                            headers={'If-Match': '"1"'})
    assert 400 <= answer.status < 500, answer


@some(lambda r: '{id}' in r['path'])
@pytest.mark.parametrize('id', ODD_IDS)
def test_odd_ids_never_break_anything(pair, route, id):
    prefix = '/api/v1' if api(route) else ''
    answer = pair.empty.browser().request(route['method'], prefix + address(route, id), json_body={} if route['method'] in CHANGES else None,
                                          headers={'If-Match': '"1"'})
    assert 400 <= answer.status < 500, answer


@some(lambda r: r['method'] == 'GET' and not r['path'].endswith('/file'))
@pytest.mark.parametrize('query', ['?x=1', '?limit=abc', '?limit=-1', '?limit=99999999999999999999', '?after=%00', '?after=zzz', '?q=%ff', '?condition={',
                                   '?condition=[]', '?' + 'a=1&' * 1200, '?done=<script>', '?q=' + '%E3%81%82' * 300])
def test_odd_queries_never_break_anything(pair, route, query):
    prefix = '/api/v1' if api(route) else ''
    answer = pair.full.browser().request('GET', prefix + address(route, 1) + query)
    assert 200 <= answer.status < 500, answer


@some(lambda r: True)
def test_other_methods_are_told_apart(pair, route):
    """TRACE and the like never reach a handler; a wrong method of ours is 405 with Allow."""
    path = ('/api/v1' if api(route) else '') + address(route)
    taken = {r['method'] for r in ROUTES if matches(r, address(route)) and (api(r) if api(route) else console(r))}
    for method in ['OPTIONS', 'PROPFIND', *sorted((CHANGES | {'GET'}) - taken)]:
        answer = pair.house.http.request(method, path, {'Authorization': f'Bearer {pair.empty.key}'})
        assert answer.status == 405, (method, answer)


def matches(route, path):
    parts, given = route['path'].split('/'), path.split('/')
    return len(parts) == len(given) and all(p.startswith('{') or p == g for p, g in zip(parts, given))


@pytest.mark.parametrize('route', OPERATORS, ids=name)
def test_operators_pages_are_nobodys_in_a_contract(pair, route):
    if not api(route):
        assert pair.full.browser().request(route['method'], address(route)).status == 403
        return
    problem(key_call(pair, route, address(route), pair.full.key), 403, 'FORBIDDEN')
    answer = pair.full.browser().request(route['method'], '/api/v1' + address(route), json_body=json_body(route))
    problem(answer, 403, 'FORBIDDEN')
