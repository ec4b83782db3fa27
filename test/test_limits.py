"""A storm of log-ins is told to wait, and does not keep the others from working. With houses of their own: strict limits, full cost of bcrypt."""
import collections, concurrent.futures, threading, time

from house import House


def try_login(house, tenant, password):
    started = time.monotonic()
    answer = house.api('POST', '/login', json={'tenant': tenant.name, 'login': 'admin', 'password': password})
    return answer.status, time.monotonic() - started, answer


def storm(house, tenant, count, passwords):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda i: try_login(house, tenant, passwords[i % len(passwords)]), range(count)))


def test_one_address_guesses_a_few_times_a_second_at_most():
    house = House.start(conf={'login_rate': 1, 'password_cost': 4})
    try:
        shop = house.tenant(registers=())
        shop.admin
        answers = storm(house, shop, 40, ['wrong-password'])
        counts = collections.Counter(status for status, _, _ in answers)
        assert counts[401] <= 20 and counts[429] >= 20 and set(counts) == {401, 429}, counts
        told = next(a for status, _, a in answers if status == 429)
        assert told.headers['Retry-After'] and told.json()['status'] == 429
        # everything else is not limited by it
        assert [shop.api('GET', '/me').status for _ in range(30)] == [200] * 30
        assert len(house.sql('select failures from daicho.account')) == 1
    finally:
        house.close()


def test_a_storm_of_log_ins_is_bounded_and_the_others_go_on_working():
    house = House.start(conf={'login_rate': 1000, 'login_queue': 8, 'password_cost': 10})
    try:
        shop = house.tenant(registers=())
        password, done, seen = shop.admin.password, threading.Event(), []
        assert try_login(house, shop, password)[0] == 200

        def work():
            while not done.is_set():
                seen.append(shop.api('GET', '/me').status)

        shop.key
        worker = threading.Thread(target=work)
        worker.start()
        answers = storm(house, shop, 30, [password, 'wrong-password'])
        done.set()
        worker.join()
        counts = collections.Counter(status for status, _, _ in answers)
        assert set(counts) <= {200, 401, 429} and counts[429] >= 1 and counts[200] + counts[401] >= 8, counts
        assert set(seen) == {200} and len(seen) > 20
        assert try_login(house, shop, password)[0] == 200
    finally:
        house.close()
