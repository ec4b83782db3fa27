"""The gate begins on a guess of who asks (gate/recall.h): a wrong guess is never seen from outside."""
import threading

RECORDS = '/registers/customers/records'


def record(shop):
    return shop.api('POST', RECORDS, json={'family_name': '山田', 'email': f'g{shop.sql("select count(*) from r_customers")[0][0]}@example.jp'}).json()


def workers_know(shop, key, path):
    """Every worker has seen this key."""
    for _ in range(40):
        assert shop.api('GET', path, key=key).status == 200


def test_a_key_that_loses_a_permission_loses_it_at_once(house):
    shop = house.tenant(registers=('customers',))
    admin = shop.browser()
    made = admin.request('POST', '/api/v1/keys', json_body={'name': 'k', 'permissions': ['record.read', 'record.write', 'personal.see']}, headers={'Accept': 'application/json'})
    assert made.status == 201, made
    key = made.json()['key'] if isinstance(made.json()['key'], str) else made.json()['secret']
    path = f'{RECORDS}/{record(shop)["id"]}'
    workers_know(shop, key, path)
    seen = shop.api('GET', path, key=key).json()
    assert seen['family_name'] == '山田'
    # the maker leaves his groups: the key may do nothing from now on, and the register is not there for it
    shop.sql("update daicho.account set groups = '{}' where tenant = %s", args=(shop.name,))
    for _ in range(20):
        answer = shop.api('GET', path, key=key)
        assert answer.status == 404, answer
        assert shop.api('PATCH', path, key=key, json={'family_name': '変更', 'version': 1}).status == 404
    assert shop.sql('select family_name from r_customers')[0][0] == '山田'


def test_personal_items_go_dark_at_once(house):
    shop = house.tenant(registers=('customers',))
    path = f'/api/v1{RECORDS}/{record(shop)["id"]}'
    staff = shop.browser('staff')
    for _ in range(40):
        assert staff.get(path, headers={'Accept': 'application/json'}).json()['family_name'] == '山田'
    shop.sql("update daicho.account_group set permissions = array_remove(permissions, 'personal.see') where tenant = %s and name = '担当者'", args=(shop.name,))
    for _ in range(20):
        answer = staff.get(path, headers={'Accept': 'application/json'})
        assert answer.status == 200 and '山田' not in answer.text, answer


def test_a_session_that_ended_ends_at_once(house):
    shop = house.tenant(registers=('customers',))
    path = f'/api/v1{RECORDS}/{record(shop)["id"]}'
    browser = shop.browser(fresh=True)
    for _ in range(40):
        assert browser.get(path, headers={'Accept': 'application/json'}).status == 200
    shop.sql('delete from daicho.session where tenant = %s', args=(shop.name,))
    for _ in range(20):
        assert browser.get(path, headers={'Accept': 'application/json'}).status == 401
        assert browser.request('PATCH', path, json_body={'family_name': '変更', 'version': 1}, headers={'Accept': 'application/json'}).status == 401
    assert shop.sql('select family_name, version from r_customers') == [('山田', 1)]


def test_what_a_unit_refused_on_a_right_guess_is_told_once(house):
    shop = house.tenant(registers=('customers',))
    for _ in range(20):
        assert shop.api('GET', f'{RECORDS}/999999').status == 404
    before = shop.sql('select count(*) from log')[0][0]
    assert shop.api('GET', f'{RECORDS}/999999').status == 404
    assert shop.sql('select count(*) from log')[0][0] == before + 1


def test_entries_name_who_asked_whatever_was_guessed(house):
    """Two keys and many requests at once: each entry bears the name of its own key."""
    shop = house.tenant(registers=('customers',))
    keys = {name: shop.new_key(name) for name in ('one', 'two')}
    ids = {name: record(shop)['id'] for name in keys}
    before = shop.sql('select coalesce(max(id), 0) from log')[0][0]

    def ask(name):
        for _ in range(50):
            assert shop.api('GET', f'{RECORDS}/{ids[name]}', key=keys[name]).status == 200
    threads = [threading.Thread(target=ask, args=(name,)) for name in keys for _ in range(2)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    entries = shop.sql('select actor, subject_id, count(*) from log where id > %s group by 1, 2', args=(before,))
    assert sorted(entries) == sorted((name, ids[name], 100) for name in keys)
