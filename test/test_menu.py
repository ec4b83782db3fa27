"""The console is walked from its first page on, link by link: what a right allows is reached, what it does not is refused, and no page stands alone."""
import html, json, re, subprocess
from collections import deque
from urllib.parse import urljoin, urlsplit

from house import DAICHO, until

ROUTES = [r for r in json.loads(subprocess.run([str(DAICHO), 'routes', '--json'], capture_output=True, text=True, check=True).stdout)
          if r['method'] == 'GET' and 'console' in r['face']]
# before, or when something is to be proven first; linked once somebody has applied; not pages; of the operators' own contract
ELSEWHERE = {'/login', '/login/confirm', '/login/unlock', '/login/factor', '/login/enroll', '/sso/{id}/start', '/sso/callback', '/me/password', '/me/prove', '/applicants', '/health', '/openapi.json', '/operator',
             '/.well-known/oauth-authorization-server'}


def route_of(path):
    """The most literal route that fits."""
    fits = [r for r in ROUTES if re.fullmatch(re.sub(r'\{[^}]+\}', '[^/]+', re.escape(r['path']).replace(r'\{', '{').replace(r'\}', '}')), path)]
    return min(fits, key=lambda r: r['path'].count('{'))['path'] if fits else None


def walk(browser):
    """{route: [(address, status), …]} of what links lead to from the first page; of pages of one kind the first few."""
    seen, queue = {}, deque(['/'])
    while queue:
        address = queue.popleft()
        route = route_of(urlsplit(address).path)
        visits = seen.setdefault(route, [])
        if route is None or len(visits) >= (6 if '{' in route else 1) or address in [a for a, _ in visits]:
            continue
        answer = browser.get(address)
        visits.append((address, answer.status))
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
    shop.admin.browser().post('/keys', {'name': 'walk', 'permissions': 'record.read'})
    shop.api('POST', '/providers', json={'kind': 'google', 'name': 'Google', 'client_id': 'x', 'secret_name': 'x'})
    assert until(lambda: '/proof' in shop.admin.browser().get(f"/log/{shop.log()[0]['id']}").text)     # sealed by now
    reached = walk(shop.admin.browser(fresh=True))
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
