"""A storm of log-ins is told to wait, and does not keep the others from working. One house of its own: strict limits, a bcrypt that costs something."""
import collections, concurrent.futures, itertools, json, socket, ssl, statistics, threading, time

import pytest

from house import Client, House

QUEUE = 8


@pytest.fixture(scope='module')
def strict():
    """One attempt a second and address (ten at once), a short queue."""
    house = House.start(conf={'login_rate': 1, 'login_queue': QUEUE, 'password_cost': 10, 'web_workers': 2, 'job_workers': 1})
    yield house
    house.close()


@pytest.fixture(scope='module')
def shop(strict):
    shop = strict.tenant(registers=())
    assert shop.key and shop.admin and shop.staff
    return shop


ADDRESSES = (f'127.0.{i}.{k}' for i in range(20, 200) for k in range(1, 250))


def log_in(house, tenant, login, password, client=None):
    """From an address nobody had before, unless a client is given."""
    body = json.dumps({'tenant': tenant, 'login': login, 'password': password, 'take_over': True}).encode()
    return (client or Client(house, source=next(ADDRESSES))).request('POST', '/api/v1/login', {'Content-Type': 'application/json'}, body)


def at_once(what, count):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(what, range(count)))


def test_reg_12_6_a_one_address_guesses_a_few_times_a_second_at_most(strict, shop):
    client = Client(strict, source='127.0.9.1')
    answers = at_once(lambda _: log_in(strict, shop.name, 'nobody.here', 'wrong-password', client), 40)
    counts = collections.Counter(a.status for a in answers)
    assert 1 <= counts[401] <= 20 and counts[429] >= 20 and set(counts) == {401, 429}, counts
    told = next(a for a in answers if a.status == 429)
    assert int(told.headers['Retry-After']) >= 1 and told.json()['status'] == 429
    # everything else is not limited by it, nor are other addresses
    assert [shop.api('GET', '/me').status for _ in range(30)] == [200] * 30
    assert log_in(strict, shop.name, 'staff', shop.staff.password).status == 200


def test_every_way_of_writing_the_address_is_limited(strict, shop):
    """What the door in front counts and what the worker understands are the same."""
    for path in ('/api/v1/login?x=1', '/api/v1//login', '/api/v1/x/../login', '/api/v1/%6C%6Fgin'):
        client = Client(strict, source=next(ADDRESSES))
        body, kind = b'{"tenant":"x","login":"y","password":"z"}', 'application/json'
        statuses = at_once(lambda _: client.request('POST', path, {'Content-Type': kind}, body).status, 20)
        assert set(statuses) <= {401, 404, 415, 422, 429, 400} and (429 in statuses or 401 not in statuses), (path, statuses)


def test_a_storm_of_log_ins_is_bounded_and_the_others_go_on_working(strict, shop):
    password, done, seen = shop.staff.password, threading.Event(), []

    def work():
        while not done.is_set():
            seen.append(shop.api('GET', '/me').status)

    worker = threading.Thread(target=work)
    worker.start()
    answers = at_once(lambda i: log_in(strict, shop.name, 'staff' if i % 2 else f'nobody{i}', password), 40)
    done.set()
    worker.join()
    counts = collections.Counter(a.status for a in answers)
    assert set(counts) <= {200, 401, 429} and counts[429] >= 1 and counts[200] + counts[401] >= QUEUE, counts
    told = next(a for a in answers if a.status == 429)
    assert int(told.headers['Retry-After']) >= 1 and told.json()['status'] == 429
    assert set(seen) == {200} and len(seen) > 10
    assert log_in(strict, shop.name, 'staff', password).status == 200


def slow(house, source, head, body=b''):
    """A request that never comes to its end; the open line."""
    context = ssl.create_default_context(cafile=str(house.dir / 'tls/ca.crt'))
    line = context.wrap_socket(socket.create_connection(('localhost', house.port), 10, source_address=(source, 0)), server_hostname='localhost')
    line.sendall(head + body)
    return line


def test_aup_52_b_a_flood_and_slow_requests_leave_a_normal_user_served(strict, shop):
    """From five addresses: more log-ins whose body never comes than the queue has places, headers that never end, and guesses as fast as they go."""
    head = b'POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n'
    lines = [slow(strict, f'127.0.8.{k}', head, b'{') for k in range(1, 6) for _ in range(8)]
    lines += [slow(strict, f'127.0.8.{k}', b'GET /login HTTP/1.1\r\nHost: localhost\r\nX-Never: ') for k in range(1, 6) for _ in range(20)]
    done = threading.Event()

    def guess(k):
        client = Client(strict, source=f'127.0.8.{k}')
        while not done.is_set():
            log_in(strict, shop.name, f'guess{k}', 'x', client)

    floods = [threading.Thread(target=guess, args=(k,)) for k in range(1, 6)]
    for flood in floods:
        flood.start()
    try:
        normal = Client(strict, source='127.0.10.1')
        for _ in range(5):
            answer = log_in(strict, shop.name, 'staff', shop.staff.password, normal)
            assert answer.status == 200, answer
            cookie = {'Cookie': answer.headers['Set-Cookie'].split(';')[0]}
            assert [normal.request('GET', path, cookie).status for path in ('/api/v1/me', '/', '/login')] == [200] * 3
            time.sleep(0.2)
    finally:
        done.set()
        for flood in floods:
            flood.join()
        for line in lines:
            line.close()


def test_another_contract_does_not_notice_a_flood(strict, shop):
    other = strict.tenant(registers=())
    other.staff
    floods = at_once(lambda i: [log_in(strict, shop.name, 'staff', 'x', client).status for client in [Client(strict, source=f'127.0.11.{i + 1}')] for _ in range(12)], 4)
    assert {s for statuses in floods for s in statuses} <= {401, 429}
    assert log_in(strict, other.name, 'staff', other.staff.password).status == 200


# who there is ------------------------------------------------------------------------------------------------------------------------------------
def processor_time(house):
    """Nanoseconds the auth processes have worked until now: unlike the clock on the wall it does not depend on what else this machine does."""
    total = 0
    for pid in house.workers('auth'):
        with open(f'/proc/{pid}/schedstat') as file:
            total += int(file.read().split()[0])
    return total


def test_nobody_learns_from_an_answer_or_its_time_which_accounts_there_are(strict):
    shop = strict.tenant(registers=())
    asked = shop.api('PATCH', '/policy', json={'lock_after': 9, 'alert_after': None}, headers={'If-Match': shop.api('GET', '/policy').headers['ETag']})
    assert asked.status == 200
    shop.staff, shop.admin
    gone = shop.account('gone', '担当者')
    assert shop.api('PATCH', f'/accounts/{gone.id}', json={'state': 'suspended'}, headers={'If-Match': '"1"'}).status == 200
    locked, late = shop.account('locked', '担当者'), shop.account('late', '担当者')
    strict.sql('delete from daicho.credential where account_id = %s', args=(shop.account('without', '担当者').id,))
    strict.sql('update daicho.credential set expires_at = daicho.clock() where account_id = %s', args=(late.id,))
    right = {a.login: a.password for a in (shop.staff, gone, locked, late)}
    kinds = {'wrong password': (shop.name, 'staff', 'not-the-password'), 'unknown account': (shop.name, 'nobody.here', right['staff']),
             'locked account, right password': (shop.name, 'locked', right['locked']), 'suspended, right password': (shop.name, 'gone', right['gone']),
             'no password set': (shop.name, 'without', right['staff']), 'first password too old': (shop.name, 'late', right['late']),
             'unknown contract': ('nosuchshop', 'staff', right['staff']), 'longer than any password': (shop.name, 'staff', 'a' * 200)}
    worked, waited, told = ({kind: [] for kind in kinds} for _ in range(3))

    def ask(rounds):
        for _, (kind, who) in itertools.product(range(rounds), kinds.items()):
            strict.sql("update daicho.account set failures = 0, locked_at = case when login = 'locked' then daicho.clock() end where tenant = %s", args=(shop.name,))
            client = Client(strict, source=next(ADDRESSES))
            assert client.request('GET', '/api/v1/health').status == 200             # the line stands
            work, wall = processor_time(strict), time.monotonic()
            answer = log_in(strict, *who, client)
            waited[kind].append(time.monotonic() - wall)
            worked[kind].append(processor_time(strict) - work)
            told[kind].append((answer.status, answer.text, answer.headers.get('Retry-After'), 'Set-Cookie' in answer.headers, len(answer.headers)))

    def odd(times, most):
        """Kinds whose median is away from that of a wrong password."""
        middle = {kind: statistics.median(t) for kind, t in times.items()}
        return {kind: m / middle['wrong password'] for kind, m in middle.items() if not 1 / most < m / middle['wrong password'] < most}

    ask(1)                                                                            # every process has met every kind
    for times in (worked, waited):
        for kind in kinds:
            times[kind].clear()
    ask(5)
    assert len({t for kind in told.values() for t in kind}) == 1, told
    assert told['wrong password'][0][0] == 401
    assert not odd(worked, 1.5), (odd(worked, 1.5), worked)
    if odd(waited, 3):                                                                # something else was going on: once more
        ask(8)
    assert not odd(waited, 3), (odd(waited, 3), waited)
