"""The operation log: one entry for each unit of work, in its own transaction, readable, and not to be changed."""
import hashlib, itertools, json

import psycopg
import pytest

from cluster import scope
from test_account import ALL, Person, account, group, groups_of


@pytest.fixture
def shop(house):
    return house.tenant(registers=())


def entries(shop, query=''):
    return shop.api('GET', '/log' + query).json()['entries']


# one for each -------------------------------------------------------------------------------------------------------------------------------
def units(shop):
    """(name, what to do, verb, kind, result expected in the entry)"""
    admin, staff, _ = shop.admin.browser(fresh=True), shop.staff, shop.key
    page = lambda path: lambda: admin.get(path)
    form = lambda path, **fields: lambda: admin.post(path, fields)
    call = lambda method, path, **more: lambda: shop.api(method, path, **more)
    version = {'If-Match': '"1"'}
    return [
        ('reading a page', page('/accounts'), 'list', 'account', 'OK'),
        ('reading one', page(f'/accounts/{staff.id}'), 'view', 'account', 'OK'),
        ('reading oneself', page('/me'), 'view', 'account', 'OK'),
        ('reading the log', page('/log'), 'list', 'log', 'OK'),
        ('searching the log', page('/log?verb=login'), 'search', 'log', 'OK'),
        ('reading an entry', page('/log/1'), 'view', 'log', 'OK'),
        ('a list by the API', call('GET', '/groups'), 'list', 'group', 'OK'),
        ('keys', call('GET', '/keys'), 'list', 'key', 'OK'),
        ('jobs', call('GET', '/jobs'), 'list', 'job', 'OK'),
        ('making', form('/groups', name='new', permissions='record.read'), 'create', 'group', 'OK'),
        ('changing', call('PATCH', f'/accounts/{staff.id}', json={'name': 'x'}, headers=version), 'update', 'account', 'OK'),
        ('a key', call('POST', '/keys', json={'name': 'k', 'permissions': ['record.read']}), 'create', 'key', 'OK'),
        ('resetting', call('POST', f'/accounts/{staff.id}/password', json={}), 'password', 'account', 'OK'),
        ('a wrong value', call('POST', '/groups', json={'name': ''}), 'create', 'group', 'INVALID'),
        ('a body that is none', call('POST', '/groups', body=b'{', headers={'Content-Type': 'application/json'}), 'create', 'group', 'MALFORMED'),
        ('what does not exist', call('GET', '/accounts/999999'), 'view', 'account', 'UNKNOWN'),
        ('what is no number', call('GET', '/log/x'), 'view', 'log', 'UNKNOWN'),
        ('a stale change', call('PATCH', f'/accounts/{staff.id}', json={'name': 'y'}, headers=version), 'update', 'account', 'STALE'),
        ('without a version', call('DELETE', f'/accounts/{staff.id}'), 'delete', 'account', 'PRECONDITION'),
        ('a taken name', call('POST', '/groups', json={'name': '担当者'}), 'create', 'group', 'CONFLICT'),
        ('a forged form', lambda: admin.request('POST', '/groups', form={'name': 'z'}, csrf=False), 'create', 'group', 'FORGED'),
        ('removing', call('DELETE', f'/accounts/{staff.id}', headers={'If-Match': '"2"'}), 'delete', 'account', 'OK'),
        ('logging out', form('/logout'), 'logout', 'session', 'OK'),
    ]


def test_every_unit_of_work_leaves_exactly_one_entry(shop):
    for name, do, verb, kind, result in units(shop):
        before = len(shop.log())
        do()
        new = shop.log()[before:]
        assert [(e['verb'], e['kind'], e['result']) for e in new] == [(verb, kind, result)], name
        assert new[0]['source'] == '127.0.0.1' and new[0]['actor'] in ('admin', 'test'), name


def test_a_missing_permission_is_an_entry_with_who_tried(shop):
    person = Person(shop, 'plain', ['record.read'])
    before = len(shop.log())
    assert person.call('GET', '/log').status == 403
    assert [(e['actor'], e['groups'], e['verb'], e['result']) for e in shop.log()[before:]] == [('plain', 'group of plain', 'list', 'FORBIDDEN')]


def test_a_page_that_asks_how_far_a_job_is_leaves_nothing(shop):
    browser = shop.admin.browser(fresh=True)
    before = len(shop.log())
    for _ in range(3):
        assert browser.get('/jobs', htmx=True).status == 200
    assert len(shop.log()) == before


def test_who_is_not_known_is_noted_in_the_log_of_the_house(shop, house):
    before = house.sql('select coalesce(max(id), 0) from daicho.log')[0][0]
    house.api('GET', '/accounts', key='dk_' + 'A' * 43)
    house.browser().get('/accounts')
    assert house.sql('select actor_kind, verb, result from daicho.log where id > %s', args=(before,)) == [('nobody', 'list', 'UNAUTHORIZED')] * 2


# entry and change are one ------------------------------------------------------------------------------------------------------------------
def trigger(shop, when, condition):
    shop.house.sql(f'''create function t_{shop.name}.boom() returns trigger language plpgsql as $$ begin raise disk_full; end $$;
                       create constraint trigger boom after insert on t_{shop.name}.log deferrable initially {when} for each row
                       when ({condition}) execute function t_{shop.name}.boom()''')


@pytest.mark.parametrize('when', ['immediate', 'deferred'])
def test_a_change_whose_entry_cannot_be_written_did_not_happen(shop, when):
    """immediate: the insert of the entry fails; deferred: the commit fails after everything went well."""
    staff, browser, _, _ = shop.staff, shop.staff.browser(fresh=True), shop.key, shop.admin
    trigger(shop, when, "new.result = 'OK' and new.verb <> 'view' and new.verb <> 'list'")
    before = shop.log()
    calls = [('POST', '/groups', {'name': 'never', 'permissions': []}), ('PATCH', f'/accounts/{staff.id}', {'name': 'never', 'state': 'suspended'}),
             ('POST', '/keys', {'name': 'never', 'permissions': ['record.read']}), ('POST', f'/accounts/{staff.id}/password', {}),
             ('POST', '/accounts/new', {'login': 'never', 'name': 'never', 'groups': []}), ('DELETE', f'/accounts/{staff.id}', None)]
    for method, path, body in calls:
        answer = shop.api(method, path, json=body, headers={'If-Match': '"1"'})
        assert answer.status == 507, (method, path, answer)
        assert 'never' not in answer.text and 'dk_' not in answer.text and 'password' not in answer.text
    page = shop.admin.browser(fresh=True)           # the other face
    for path, fields in [('/groups', {'name': 'never', 'permissions': 'record.read'}), (f'/accounts/{staff.id}', {'_method': 'DELETE', 'version': '1'})]:
        answer = page.post(path, fields)
        assert answer.status == 507 and 'never' not in answer.text, (path, answer)
    login = shop.house.browser().post('/login', {'tenant': shop.name, 'login': 'admin', 'password': shop.admin.password})
    assert login.status == 507 and 'Set-Cookie' not in login.headers
    new = shop.log()[len(before):]
    assert [(e['result']) for e in new] == ['DISK_FULL'] * 9
    assert [g for g in groups_of(shop) if g == 'never'] == []
    assert (account(shop, staff.id)['name'], account(shop, staff.id)['state']) == ('staff', 'active')
    assert [k['name'] for k in shop.api('GET', '/keys').json()['keys']] == ['test']
    assert [a['login'] for a in shop.api('GET', '/accounts').json()['accounts']] == ['admin', 'staff']
    assert browser.get('/me').status == 200         # suspended and reset never happened: the session lives


@pytest.mark.parametrize('when', ['immediate', 'deferred'])
def test_what_somebody_reads_is_not_shown_when_the_entry_cannot_be_written(shop, when):
    page, _, _ = shop.admin.browser(fresh=True), shop.staff, shop.key
    trigger(shop, when, "new.verb in ('view', 'list')")
    before = len(shop.log())
    for answer in [shop.api('GET', '/accounts'), shop.api('GET', f'/accounts/{shop.staff.id}'), page.get('/accounts'), page.get(f'/accounts/{shop.staff.id}')]:
        assert answer.status == 507 and 'staff' not in answer.text, answer
    assert len(shop.log()) == before


def test_without_the_right_to_write_entries_nothing_is_done(shop):
    page, _ = shop.admin.browser(fresh=True), shop.key
    groups = groups_of(shop)
    before = len(shop.log())
    shop.sql(f'revoke insert on log from t_{shop.name}, t_{shop.name}_masked')
    assert page.post('/groups', {'name': 'never', 'permissions': 'record.read'}).status >= 400
    assert shop.api('POST', '/groups', json={'name': 'never', 'permissions': []}).status >= 400
    assert shop.sql('select count(*) from daicho.account_group where tenant = %s and name = %s', (shop.name, 'never')) == [(0,)]
    shop.sql(f'grant insert (verb, kind, subject_id, result, commitment) on log to t_{shop.name}, t_{shop.name}_masked')
    assert groups_of(shop) == groups and len(shop.log()) == before + 1


def test_a_refused_change_leaves_its_entry_and_nothing_else(shop):
    id = group(shop, 'one', ['record.read'])
    before = len(shop.log())
    assert shop.api('PATCH', f'/groups/{id}', json={'name': '管理者'}, headers={'If-Match': '"1"'}).status == 409
    entry, = shop.log()[before:]
    assert (entry['subject_id'], entry['result'], entry['detail']) == (id, 'CONFLICT', {'items': ['name']})


# what it says ------------------------------------------------------------------------------------------------------------------------------
def test_names_and_groups_stay_as_they_were(shop):
    person = Person(shop, 'before', ['record.read'])
    person.call('GET', '/me')
    shop.api('PATCH', f'/groups/{person.groups[0]}', json={'name': 'renamed'}, headers={'If-Match': '"1"'})
    shop.api('PATCH', f'/accounts/{person.id}', json={'login': 'after'}, headers={'If-Match': '"1"'})
    person.call('GET', '/me')
    views = [(e['actor'], e['groups']) for e in shop.log() if e['verb'] == 'view' and e['actor_id'] == person.id]
    assert views == [('before', 'group of before'), ('after', 'renamed')]


def test_a_change_says_what_was_and_what_is(shop):
    staff = shop.staff
    shop.api('PATCH', f'/accounts/{staff.id}', json={'name': '新しい名前', 'email': 'x@example.jp'}, headers={'If-Match': '"1"'})
    detail = shop.log()[-1]['detail']['changes']
    assert detail['name'] == {'from': 'staff', 'to': '新しい名前'} and detail['email'] == {'from': None, 'to': 'x@example.jp'}
    assert 'login' not in detail


def test_a_refusal_names_items_but_not_what_was_in_them(shop):
    shop.api('POST', '/accounts/new', json={'login': 'not a login', 'name': 'secret name', 'email': 'secretmail', 'password': 'secret'})
    text = json.dumps(shop.log()[-1], ensure_ascii=False)
    assert shop.log()[-1]['detail'] == {'items': ['login']}
    assert 'secret' not in text and 'not a login' not in text


def test_the_fingerprint_is_sha_256_of_salt_and_detail(shop, house):
    group(shop, 'fingerprint', ['record.read'])
    id = shop.log()[-1]['id']
    (commitment, salt, detail), = shop.sql('select l.commitment, d.salt, d.detail from log l join log_detail d using (id) where l.id = %s', (id,))
    assert len(salt) == 32 and commitment == hashlib.sha256(salt + detail.encode()).digest()
    entry = shop.api('GET', f'/log/{id}').json()['entry']
    assert (entry['commitment'], entry['salt'], entry['detail_state'], entry['proven']) == (commitment.hex(), salt.hex(), 'shown', True)
    assert entry['detail'] == json.loads(detail)
    shop.sql("update log_detail set detail = replace(detail, 'fingerprint', 'Fingerprint') where id = %s", (id,))
    assert shop.api('GET', f'/log/{id}').json()['entry']['proven'] is False
    shop.sql('delete from log_detail where id = %s', (id,))
    entry = shop.api('GET', f'/log/{id}').json()['entry']
    assert entry['detail_state'] == 'erased' and 'detail' not in entry and entry['commitment'] == commitment.hex()


def test_equal_details_have_different_fingerprints(shop):
    for _ in range(2):
        shop.api('GET', '/log?verb=login')
    rows = [row[0] for row in shop.sql("select commitment from log where verb = 'search'")]
    assert len(set(rows)) == 2


def test_a_masked_reader_sees_who_did_what_but_no_detail(shop):
    group(shop, 'detailed', ['record.read'])
    id = shop.log()[-1]['id']
    reader = Person(shop, 'reader', ['log.read'])
    assert reader.call('GET', '/log').status == 200
    entry = reader.call('GET', f'/log/{id}').json()['entry']
    assert entry['detail_state'] == 'hidden' and 'detail' not in entry and 'salt' not in entry and entry['verb'] == 'create'
    with shop.house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{shop.name}_masked',))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f'select * from t_{shop.name}.log_detail')


@pytest.mark.parametrize('statement', ["update {s}.log set actor = 'x'", 'delete from {s}.log', 'truncate {s}.log', "update {s}.log_detail set detail = '{{}}'",
                                       'delete from {s}.log_detail', 'alter table {s}.log disable trigger all', 'drop table {s}.log'])
@pytest.mark.parametrize('login', ['daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli'])
@pytest.mark.parametrize('suffix', ['', '_masked'])
def test_no_role_of_the_tenant_changes_what_was_written(shop, house, login, suffix, statement):
    with house.connect(login) as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (scope(login, shop.name, suffix),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.format(s=f't_{shop.name}'))


def test_time_comes_from_the_database_and_shows_in_tokyo(shop):
    shop.api('GET', '/groups')
    (at, text), = shop.sql("select at, to_char(at at time zone 'Asia/Tokyo', 'YYYY\"年\"FMMM\"月\"FMDD\"日\"') from log order by id desc limit 1")
    entry = entries(shop)[0]
    assert entry['at'].endswith('+09:00') and entry['at_text'].startswith(text)


def test_the_sentence_is_plain_text_in_the_readers_language(shop):
    shop.api('POST', '/accounts/new', json={'login': 'o.brien', 'name': "O'Brien & <b>", 'groups': []})
    id = shop.log()[-1]['subject_id']
    key = shop.api('POST', '/keys', json={'name': '<script> & "co"', 'permissions': ['log.read']}).json()['key']
    shop.house.api('GET', '/me', key=key)
    english = shop.house.api('GET', '/log?limit=2', key=key, headers={'Accept-Language': 'en'}).json()['entries']
    assert english[0]['sentence'].startswith('<script> & "co"') and '&amp;' not in english[0]['sentence']
    assert [e['sentence'] for e in entries(shop) if (e['kind'], e['subject_id'], e['verb']) == ('account', id, 'create')] == [f'testがアカウント {id}を登録しました']
    assert 'script> &' not in shop.browser().get('/log').text        # the page escapes it


# finding something in it -------------------------------------------------------------------------------------------------------------------
def test_filters_find_what_they_say(shop):
    person = Person(shop, 'finder', ['record.read'])
    assert shop.admin                                           # made by the operator
    person.call('GET', '/log')
    person.call('GET', '/me')
    found = lambda query: {(e['actor'], e['verb'], e['kind'], e['result']) for e in entries(shop, query)}
    assert found('?actor=FINDER&result=refused') == {('finder', 'list', 'log', 'FORBIDDEN')}
    assert found('?actor=finder&result=FORBIDDEN') == {('finder', 'list', 'log', 'FORBIDDEN')}
    assert found('?actor=finder&result=ok') == {('finder', 'login', 'account', 'OK'), ('finder', 'view', 'account', 'OK')}
    assert found(f'?kind=account&subject={person.id}&verb=create') == {('test', 'create', 'account', 'OK')}
    assert {e['actor_kind'] for e in entries(shop, '?actor_kind=operator')} == {'operator'}
    assert found('?source=192.0.2.1') == set() and found('?to=2020-01-01') == set() and found('?from=2999-01-01') == set()
    today, now = entries(shop)[0]['at'][:10], len(shop.log())
    assert len(entries(shop, f'?from={today}&to={today}&limit=200')) == now


@pytest.mark.parametrize('query,item', [('verb=destroy', 'verb'), ('result=maybe', 'result'), ('actor_kind=ghost', 'actor_kind'), ('from=yesterday', 'from'),
                                        ('to=2026-02-30', 'to'), ('subject=x', 'subject'), ('after=0', 'after'), ('limit=0', 'limit'), ('limit=201', 'limit'),
                                        ('sort=x', 'sort'), ('actor=%00', 'actor')])
def test_filters_that_cannot_be_are_refused_by_name(shop, query, item):
    answer = shop.api('GET', '/log?' + query)
    assert answer.status in (400, 422) and (answer.status == 400 or answer.json()['errors'][0]['item'] == item)


def test_pages_follow_each_other_without_gap_or_repetition(shop):
    for i in range(12):
        shop.api('GET', '/groups')
    first = shop.log()[-1]['id']
    seen, after = [], first + 1
    while True:
        page = shop.api('GET', f'/log?limit=5&after={after}').json()
        seen += [e['id'] for e in page['entries']]
        after = page['next']
        if after is None:
            break
    assert seen == sorted((e['id'] for e in shop.log() if e['id'] <= first), reverse=True)


def test_the_page_shows_entries_and_leads_on(shop):
    for i in range(60):
        shop.api('GET', '/groups')
    page = shop.browser().get('/log?verb=list').text
    assert page.count('<tr') >= 50 and 'after&#61;' in page and '権限グループ' in page
    made = next(e for e in shop.log() if e['actor_kind'] == 'operator')
    one = shop.browser().get(f'/log/{made["id"]}')
    assert one.status == 200 and '運営者' in one.text


def test_another_contracts_log_is_not_there(shop, house):
    other = house.tenant(registers=())
    other.admin
    ids = {e['id'] for e in other.log()}
    assert {e['actor'] for e in entries(shop)} <= {'test', 'root', 'admin'}
    with house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", (f't_{shop.name}',))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f'select * from t_{other.name}.log')
