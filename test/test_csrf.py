"""A page of another site can make a browser send a request, but not one that counts."""
import pytest


@pytest.fixture(scope='module')
def contract(house):
    return house.tenant(registers=())


def changes(contract):
    """Calls that would change something, with what to look at afterwards."""
    return [('POST', '/groups', {'name': 'forged'}), ('POST', '/me', {'_method': 'PATCH', 'theme': 'dark'}), ('POST', '/logout', {}),
            ('POST', '/me/sessions/end', {}), ('POST', '/keys', {'name': 'forged', 'permissions': 'record.read'}),
            ('POST', '/accounts/new', {'login': 'forged', 'name': 'forged', 'password': 'quite-a-forgery'}),
            ('POST', f'/accounts/{contract.staff.id}', {'_method': 'DELETE', 'version': 1}),
            ('POST', f'/accounts/{contract.staff.id}/password', {'password': 'taken-over-now'}),
            ('POST', '/me/password', {'current': contract.admin.password, 'password': 'taken-over-now'})]


def state(house, contract):
    return [house.sql(f'select count(*), max(version) from daicho.{t} where tenant = %s', args=(contract.name,)) for t in ('account', 'account_group')] + \
           [house.sql(f'select count(*) from daicho.{t} where tenant = %s', args=(contract.name,)) for t in ('api_key', 'session')] + \
           [house.sql('select max(changed_at) from daicho.credential c join daicho.account a on a.id = c.account_id where a.tenant = %s',
                      args=(contract.name,))]


@pytest.mark.parametrize('kind', ['none', 'empty', 'wrong', 'of another session', 'of the log-in page'])
def test_without_the_token_of_this_session_nothing_changes(house, contract, kind):
    browser, other = contract.admin.browser(fresh=True), contract.staff.browser(fresh=True)
    token = {'none': None, 'empty': '', 'wrong': 'A' * 43, 'of another session': other.csrf, 'of the log-in page': house.browser().csrf}[kind]
    before = state(house, contract)
    for method, path, form in changes(contract):
        fields = dict(form) if token is None else {**form, '_csrf': token}
        answer = browser.request(method, path, form=fields, csrf=False)
        assert answer.status == 403, (path, answer)
        assert '開き直してください' in answer.text
    assert state(house, contract) == before
    refused = [e for e in contract.log() if e['result'] == 'FORGED'][-len(changes(contract)):]
    assert len(refused) == len(changes(contract)) and {e['actor'] for e in refused} == {'admin'}


@pytest.mark.parametrize('site', ['cross-site', 'same-site'])
def test_a_browser_that_says_the_form_came_from_elsewhere_is_believed(house, contract, site):
    browser = contract.admin.browser(fresh=True)
    before = state(house, contract)
    answer = browser.post('/groups', {'name': 'forged'}, headers={'Sec-Fetch-Site': site})
    assert answer.status == 403
    assert state(house, contract) == before


def test_nobody_is_logged_in_from_another_site(house, contract):
    account = contract.admin
    form = {'tenant': contract.name, 'login': account.login, 'password': account.password}
    for site, status in (('cross-site', 403), ('same-origin', 303), ('none', 303)):
        answer = house.browser().post('/login', form, headers={'Sec-Fetch-Site': site})
        assert answer.status == status, site
        assert ('Set-Cookie' in answer.headers) == (status == 303)


def test_an_origin_that_is_not_ours_is_refused_where_the_browser_says_no_more(house, contract):
    browser = contract.admin.browser(fresh=True)
    before = state(house, contract)
    for origin in ('https://evil.example', 'http://localhost', f'https://localhost.evil.example:{house.port}', 'https://localhost:1', 'file://'):
        assert browser.post('/groups', {'name': 'forged'}, headers={'Origin': origin}).status == 403, origin
    assert state(house, contract) == before
    for n, origin in enumerate((f'https://localhost:{house.port}', 'null')):
        assert browser.post('/groups', {'name': f'own {n}'}, headers={'Origin': origin}).status == 303, origin


def test_the_api_with_a_cookie_wants_the_token_as_a_header(house, contract):
    browser = contract.admin.browser(fresh=True)
    made = {'name': 'by cookie', 'permissions': []}
    assert browser.request('POST', '/api/v1/groups', json_body=made, csrf=False).status == 403
    assert browser.request('POST', '/api/v1/groups', json_body=made, csrf=False, headers={'X-CSRF-Token': 'A' * 43}).status == 403
    assert browser.request('POST', '/api/v1/groups', json_body=made).status == 201


def test_a_key_needs_no_token_since_no_browser_sends_it_by_itself(contract):
    assert contract.api('POST', '/groups', json={'name': 'by key', 'permissions': []}).status == 201


def test_with_a_key_the_cookie_beside_it_does_not_count(house, contract):
    """Key and cookie together: the key says who asks, so its missing rights are not filled up by the cookie."""
    weak = contract.new_key('weak', 'record.read')
    browser = contract.admin.browser(fresh=True)
    answer = browser.request('GET', '/api/v1/accounts', headers={'Authorization': f'Bearer {weak}'})
    assert answer.status == 403


def test_the_token_is_of_no_use_without_its_cookie(house, contract):
    token = contract.admin.browser(fresh=True).csrf
    assert house.http.request('POST', '/api/v1/groups', {'X-CSRF-Token': token, 'Content-Type': 'application/json'}, b'{"name":"x"}').status == 401
