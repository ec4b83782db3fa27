"""The console is walked from its first page on, link by link: what a right allows is reached, what it does not is refused, and no page stands alone."""
import html, json, re, subprocess
from collections import deque
from urllib.parse import urljoin, urlsplit

from house import DAICHO, until

EVERY = json.loads(subprocess.run([str(DAICHO), 'routes', '--json'], capture_output=True, text=True, check=True).stdout)
ROUTES = [r for r in EVERY if r['method'] == 'GET' and 'console' in r['face']]
# before, or when something is to be proven first; linked once somebody has applied, a period of the log has ended, or a change was told, or a register has rounds (test_round.py); files of a record (test_file.py); not pages; of the operators' own
# contract
ELSEWHERE = {'/login', '/login/confirm', '/login/unlock', '/login/factor', '/login/enroll', '/sso/{id}/start', '/sso/callback', '/me/password', '/me/prove', '/applicants', '/log-reviews/{id}', '/duties.ics', '/health', '/openapi.json', '/operator', '/maintenance', '/operator/changes',
             '/operator/changes/new', '/operator/changes/{id}', '/operator/changes/{id}/edit', '/changes/{id}', '/registers/{register}/rounds',
             '/registers/{register}/records/{id}/files/{item}', '/registers/{register}/records/{id}/evidence/{evidence}',
             '/.well-known/oauth-authorization-server'}


def route_of(path):
    """The most literal route that fits."""
    fits = [r for r in ROUTES if re.fullmatch(re.sub(r'\{[^}]+\}', '[^/]+', re.escape(r['path']).replace(r'\{', '{').replace(r'\}', '}')), path)]
    return min(fits, key=lambda r: r['path'].count('{'))['path'] if fits else None


def walk(browser, *begin):
    """{route: [(address, status), …]} of what links lead to from the first page, and from `begin`; of pages of one kind the first few."""
    seen, queue = {}, deque([*begin, '/'])
    while queue:
        address = queue.popleft()
        route = route_of(urlsplit(address).path)
        visits = seen.setdefault(route, [])
        if route is None or len(visits) >= (6 if '{' in route else 1) or address in [a for a, _ in visits]:
            continue
        answer = browser.get(address)
        visits.append((address, answer.status))
        assert 'no-store' in answer.headers['Cache-Control'], address
        if 'text/html' in answer.headers.get('Content-Type', ''):
            for link in re.findall(r'(?:href|hx-get)="([^"#]+)"', answer.text):
                there = urljoin(address, html.unescape(link))
                if there.startswith('/') and not there.startswith('/static'):
                    queue.append(there)
    del seen[None]
    return seen


def test_syn_3_4_1_a_every_page_is_reached_from_the_menu_and_asks_for_its_right(house):
    shop = house.tenant(registers=('customers', 'orders'))
    shop.api('POST', '/registers/customers/records', json={'email': 'walk@example.jp', 'family_name': '歩', 'given_name': '行'})
    house.wait_job(house.export('customers', shop), shop)
    assert shop.api('POST', '/registers/customers/mappings', json={'name': '歩く', 'columns': {'宛先': 'email'}}).status == 201
    assert shop.api('POST', '/registers/customers/segments', json={'name': '歩く', 'condition': {'item': 'id', 'op': 'ge', 'value': 1}}).status == 201
    seen = shop.api('GET', '/registers/customers/bulk/new?action=set&set={"points":1}').json()
    order = {'action': 'set', 'set': {'points': 1}, 'count': seen['count'], 'digest': seen['digest']}
    house.wait_job(shop.api('POST', '/registers/customers/bulk', json=order).json()['id'], shop)
    for state, more in (('ready', {'review': 'true'}), ('done', {})):
        assert house.wait_job(house.import_file('customers', 'email,family_name\nwalked@example.jp,歩\n'.encode(), shop, **more), shop)['state'] == state
    pair = [shop.api('POST', '/registers/customers/records', json={'email': f'{n}@example.jp', 'family_name': '歩', 'telephone': '03-1234-5678', 'given_name': '双'}).json() for n in 'abc']
    assert shop.api('POST', '/registers/customers/merges', json={'survivor': pair[0]['id'], 'gone': pair[2]['id'], 'survivor_version': 1, 'gone_version': 1}).status == 201
    house.wait_job(shop.api('POST', '/registers/customers/duplicates', json={}).json()['id'], shop)
    shop.admin.browser().post('/keys', {'name': 'walk', 'permissions': 'record.read'})
    shop.admin.browser().post('/access', {'kind': 'rights', 'purpose': 'walk', 'grants': 'record.read', 'employed': 'true'})
    shop.api('POST', '/providers', json={'kind': 'google', 'name': 'Google', 'client_id': 'x', 'secret_name': 'x'})
    assert shop.api('POST', '/departments', json={'name': '営業部'}).status == 201
    assert shop.api('POST', '/mails', json={'subject': '歩'}).status == 201 and shop.api('POST', '/mail-folders', json={'name': '歩'}).status == 201
    house.sql("with w as (insert into daicho.webhook (tenant, handle, address, events, secret, owner_kind, owner_id, owner) values (%s, md5('walk'), 'https://8.8.8.8/', '{import.finished}', "
              "'x', 'account', 1, 'x') returning id) insert into daicho.webhook_delivery (tenant, webhook_id, event, personal, body, state) select %s, id, 'test', false, '{}', 'sent' from w",
              args=(shop.name, shop.name))
    device = shop.admin.browser().request('POST', '/api/v1/me/devices', json_body={'kind': 'other', 'name': '歩数計', 'os': 'other', 'os_version': '1', 'lock_method': 'none'})
    assert device.status == 201, device
    house.sql("insert into daicho.incident (tenant, kind, severity, person_id, device_id, reporter_kind, reporter, happened_at, reported_at) select tenant, 'loss', 'high', person_id, "
              "id, 'account', 'x', now(), now() from daicho.device where id = %s", args=(device.json()['device']['id'],))
    opened = shop.admin.browser().request('POST', '/api/v1/reviews', json_body={})
    assert opened.status == 201, opened
    assert until(lambda: '/proof' in shop.admin.browser().get(f"/log/{shop.log()[0]['id']}").text)     # sealed by now
    reached = walk(shop.admin.browser(fresh=True), f"/log/{shop.log()[0]['id']}")
    assert {v for visits in reached.values() for v in visits if v[1] >= 400} == set(), reached
    alone = {r['path'] for r in ROUTES} - set(reached) - ELSEWHERE
    assert alone == set(), alone

    assert shop.api('POST', '/groups', json={'name': '何もできない', 'permissions': []}).status == 201
    walker = shop.account('nobody', '何もできない').browser()
    mine = walk(walker)
    assert {v for visits in mine.values() for v in visits if v[1] >= 400} == set(), mine        # nothing is offered that is refused
    free = {r['path'] for r in ROUTES if r['permission'] in ('any account', 'public')}
    assert set(mine) <= free, set(mine) - free
    for path, visits in reached.items():
        if path not in free:
            assert walker.get(visits[0][0]).status in (403, 404), visits[0]


def test_mer_5_3_1_a_nothing_stays_on_a_device_and_a_download_needs_its_right(house):
    """That every answer says no-store is asked by the walk above; here files, and whoever may only read."""
    shop = house.tenant(registers=('customers',))
    job = house.export('customers', shop)
    house.wait_job(job, shop)
    mine = shop.api('GET', f'/jobs/{job}/file')
    assert mine.status == 200 and 'no-store' in mine.headers['Cache-Control'] and mine.headers['Content-Disposition'].startswith('attachment')
    assert shop.api('POST', '/groups', json={'name': '読むだけ', 'permissions': ['record.read', 'personal.see', 'log.read']}).status == 201
    reader = shop.account('reader', '読むだけ').browser()
    assert reader.get('/registers/customers/records').status == 200
    downloads = {r['path']: r['permission'] for r in EVERY if r['verb'] == 'download'}
    # a file is for who made it with the right; the receipt of an entry says what its page says
    assert downloads == {'/reviews/{id}/file': 'access.approve', '/devices/file': 'account.manage', '/duties.ics': 'public', '/jobs/{id}/file': 'any account', '/log/bundle': 'log.export', '/log/{id}/receipt': 'log.read',
                         '/registers/{register}/records/{id}/evidence/{evidence}': 'record.read', '/registers/{register}/records/{id}/files/{item}': 'record.read'}, downloads
    assert reader.get(f'/jobs/{job}/file').status in (403, 404)
    assert reader.get('/api/v1/log/bundle').status == 403 and reader.get('/reviews/1/file').status == 403 and reader.get('/devices/file').status == 403
    assert reader.post('/registers/customers/exports', {}).status == 403 and reader.post('/log/exports', {}).status in (403, 404)
