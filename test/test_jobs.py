"""Long work: taken once, fairly, seen while it runs, called off, and done in the end even when its runner dies."""
import contextlib, os, signal, time

import psycopg
import pytest

from test_account import Person


@pytest.fixture
def shop(house):
    return house.tenant(registers=('customers',))


@contextlib.contextmanager
def runners_paused(house):
    """The queue for the test alone: the house's own runners stand still."""
    pids = house.workers('jobs')

    def signal_all(what):
        for pid in pids:
            os.kill(pid, what)

    signal_all(signal.SIGSTOP)
    quiet = 0
    while quiet < 3:                    # what a runner asked for just before is answered first; a question may still lie in its socket
        states = {s for s, in house.sql("select state from pg_stat_activity where usename = 'daicho_jobs' and (state like 'idle in%%' or state = 'active'"
                                        " and wait_event is distinct from 'ClientRead')")}
        quiet = 0 if states else quiet + 1
        if any(s.startswith('idle in') for s in states):                # in the middle of a piece of work, with its locks: it ends that first
            signal_all(signal.SIGCONT)
            time.sleep(0.05)
            signal_all(signal.SIGSTOP)
        time.sleep(0.03)
    try:
        yield
    finally:
        signal_all(signal.SIGCONT)


def put(house, tenant, kind='export', **more):
    names, values = ''.join(f', {n}' for n in more), list(more.values())
    return house.sql(f"insert into daicho.job (tenant, actor, kind{names}) values (%s, 'test', %s{', %s' * len(more)}) returning id",
                     args=(tenant.name, kind, *values))[0][0]


def drop(house, *tenants):
    house.sql("delete from daicho.job where tenant = any (%s) and state <> 'done'", args=([t.name for t in tenants],))


def take(runner):
    row = runner.execute('select id, tenant, attempt from daicho.job_take()').fetchone()
    return row and (row[0], row[1], row[2])


def state(house, id):
    return house.sql('select state, attempt from daicho.job where id = %s', args=(id,))[0]


def names_of(count):
    rows = ''.join(f'{i}@example.jp,山田,太郎{i}\r\n' for i in range(count))
    return ('email,family_name,given_name\r\n' + rows).encode()


# the queue --------------------------------------------------------------------------------------------------------------------------------
def test_a_job_is_taken_by_one_runner_and_free_again_the_moment_it_dies(house, shop):
    with runners_paused(house):
        id = put(house, shop)
        first, second = house.connect('daicho_jobs'), house.connect('daicho_jobs')
        try:
            assert take(first) == (id, shop.name, 1)
            assert take(second) is None
            first.close()
            end = time.monotonic() + 5
            while (again := take(second)) is None and time.monotonic() < end:
                time.sleep(0.02)
            assert again == (id, shop.name, 2)
        finally:
            second.close()
            drop(house, shop)


def test_what_a_runner_says_after_it_was_given_up_is_not_heard(house, shop):
    with runners_paused(house):
        id = put(house, shop)
        runner = house.connect('daicho_jobs')
        try:
            take(runner)
            house.sql('update daicho.job set attempt = 2 where id = %s', args=(id,))        # another has it now
            assert runner.execute("select daicho.job_tell(%s, 1, 5, 10, 'x')", (id,)).fetchone() == (None,)
            assert runner.execute("select daicho.job_finish(%s, 1, 'done', null, null, null)", (id,)).fetchone() == (None,)
            assert runner.execute("select daicho.job_retry(%s, 1, interval '1 s', null)", (id,)).fetchone() == (False,)
            assert runner.execute("select daicho.job_tell(%s, 2, 5, 10, 'x')", (id,)).fetchone() == (False,)
            assert runner.execute("select daicho.job_finish(%s, 2, 'done', null, null, null)", (id,)).fetchone() == ('done',)
        finally:
            runner.close()
            drop(house, shop)


def test_a_contract_with_many_jobs_does_not_keep_the_others_waiting(house):
    shop, other = house.tenant(registers=()), house.tenant(registers=())
    with runners_paused(house):
        many = [put(house, shop) for _ in range(5)]
        one = put(house, other)
        runners = [house.connect('daicho_jobs') for _ in range(3)]
        try:
            taken = [take(r)[0] for r in runners]
            assert taken == [many[0], one, many[1]]
        finally:
            for r in runners:
                r.close()
            drop(house, shop, other)


def test_one_runner_alone_goes_round_the_contracts(house):
    shop, other = house.tenant(registers=()), house.tenant(registers=())
    with runners_paused(house):
        first = [put(house, shop) for _ in range(3)]
        second = [put(house, other) for _ in range(2)]
        runner, order = house.connect('daicho_jobs'), []
        try:
            while (job := take(runner)) is not None:
                order.append(job[0])
                runner.execute("select daicho.job_finish(%s, %s, 'done', null, null, null)", (job[0], job[2]))
            assert order == [first[0], second[0], first[1], second[1], first[2]]
        finally:
            runner.close()
            drop(house, shop, other)


def test_a_job_put_back_waits_and_keeps_its_place(house, shop):
    with runners_paused(house):
        id = put(house, shop)
        runner = house.connect('daicho_jobs')
        try:
            take(runner)
            assert runner.execute("select daicho.job_retry(%s, 1, interval '10 s', '{}')", (id,)).fetchone() == (True,)
            assert take(runner) is None and state(house, id) == ('queued', 1)
            house.sql('update daicho.job set not_before = daicho.clock() where id = %s', args=(id,))
            assert take(runner) == (id, shop.name, 2)
        finally:
            runner.close()
            drop(house, shop)


@pytest.mark.parametrize('statement', ['select daicho.job_take()', "select daicho.job_tell(1, 1, 1, 1, '')", "select daicho.job_finish({id}, 0, 'done', null, null, null)",
                                       "select daicho.job_retry(1, 1, interval '1 s', null)", "update daicho.job set state = 'done'", 'delete from daicho.job',
                                       "update daicho.job set permissions = 'personal.see'", 'update daicho.job set cancel_asked = true',
                                       'select pg_advisory_lock(-1)', 'select pg_try_advisory_lock(-1)', 'select pg_advisory_unlock_all()'])
@pytest.mark.parametrize('taken', [None, 't_{tenant}', 't_{tenant}_masked'])
def test_only_runners_hold_finish_and_change_jobs(house, shop, statement, taken):
    with house.connect('daicho_web') as connection, connection.transaction(force_rollback=True):
        if taken:
            connection.execute("select set_config('role', %s, true)", (taken.format(tenant=shop.name),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.format(id=1))


# as people see it ---------------------------------------------------------------------------------------------------------------------------
def test_a_job_that_has_not_begun_is_cancelled_at_once(house, shop):
    id = put(house, shop, not_before='infinity')
    answer = shop.browser().post(f'/jobs/{id}/cancel')
    assert answer.status == 303 and answer.headers['Location'] == f'/jobs/{id}?done=cancelled'
    job = shop.api('GET', f'/jobs/{id}').json()['job']
    assert (job['state'], job['active'], job['may_cancel']) == ('cancelled', False, False)
    assert shop.api('POST', f'/jobs/{id}/cancel').status == 409


def test_only_who_started_a_job_or_may_manage_the_contract_cancels_it(house, shop):
    starter, stranger = Person(shop, 'starter', ['record.read', 'personal.see']), Person(shop, 'stranger', ['record.read', 'record.import', 'record.export', 'personal.see'])
    for who, status in ((stranger, 403), (starter, 200)):
        id = put(house, shop, register='customers', not_before='infinity', account_id=starter.id, actor_id=starter.id)
        assert who.call('POST', f'/jobs/{id}/cancel').status == status
        assert who.call('GET', f'/jobs/{id}').json()['job']['mine'] == (who is starter)
    drop(house, shop)


def test_another_contracts_job_is_not_there(house, shop):
    id = put(house, house.tenant(registers=()), not_before='infinity')
    for method, path in (('GET', f'/jobs/{id}'), ('POST', f'/jobs/{id}/cancel'), ('GET', f'/jobs/{id}/file'), ('GET', '/jobs/0'), ('GET', '/jobs/x')):
        assert shop.api(method, path).status == 404, path
    assert state(house, id)[0] == 'queued'
    house.sql('delete from daicho.job where id = %s', args=(id,))


def test_a_job_shows_how_far_it_is_how_fast_and_how_long_still(house, shop):
    with runners_paused(house):
        id = put(house, shop)
        runner = house.connect('daicho_jobs')
        try:
            take(runner)
            house.sql("update daicho.job set started_at = daicho.clock() - interval '10 s' where id = %s", args=(id,))
            runner.execute("select daicho.job_tell(%s, 1, 2500, 10000, 'job.step.read')", (id,))
            job = shop.api('GET', f'/jobs/{id}').json()['job']
            assert (job['state'], job['done'], job['total'], job['percent'], job['step']) == ('running', 2500, 10000, 25, 'job.step.read')
            assert 200 <= job['rate'] <= 250 and 30 <= job['seconds_left'] <= 38 and 10 <= job['seconds'] <= 12
            page = shop.browser().get(f'/jobs/{id}').text
            assert 'max="10000" value="2500"' in page and 'ファイルを読んでいます' in page
            assert shop.browser().get('/jobs').text.count('25') >= 1
        finally:
            runner.close()
            drop(house, shop)


def test_rows_of_somebodys_file_are_for_those_who_may(house, shop):
    starter, clerk, importer = Person(shop, 'starter', ['record.read', 'personal.see']), Person(shop, 'clerk', ['record.read', 'personal.see']), \
        Person(shop, 'importer', ['record.read', 'record.import', 'personal.see'])
    blind = Person(shop, 'blind', ['record.read', 'record.import'])
    id = put(house, shop, kind='import', register='customers', account_id=starter.id, actor_id=starter.id, state='done', result_name='拒否.csv',
             result='{"read": 3, "refused": 1, "refusals": [{"line": 2, "item": "email", "value": "hanako@secret.jp"}]}')
    house.sql("update daicho.job set result_file = 'result/' || id || '.csv' where id = %s", args=(id,))
    for who, rows, file in ((starter, True, True), (importer, True, True), (clerk, False, False)):
        job = who.call('GET', f'/jobs/{id}').json()['job']
        assert job['result']['refused'] == 1 and ('refusals' in job['result']) == rows, who.login
        listed = who.call('GET', '/jobs').text
        assert ('hanako@secret.jp' in listed) == (who is starter)
        status = who.call('GET', f'/jobs/{id}/file').status
        assert (status != 403) == file, who.login
    denied = [e for e in shop.log() if e['verb'] == 'download' and e['result'] == 'FORBIDDEN']
    assert [e['actor'] for e in denied] == ['clerk'] and denied[0]['subject_id'] == id
    # begun with sight of personal items: for a masked account there is no such job, not even in the database
    assert [blind.call(method, f'/jobs/{id}{path}').status for method, path in (('GET', ''), ('GET', '/file'), ('POST', '/cancel'))] == [404] * 3
    assert id not in [j['id'] for j in blind.call('GET', '/jobs').json()['jobs']]


# the whole way -----------------------------------------------------------------------------------------------------------------------------
def test_a_job_is_done_and_leaves_one_entry_of_who_started_it(house, shop):
    id = house.import_file('customers', names_of(50), shop)
    job = house.wait_job(id, shop)
    assert job['state'] == 'done', job
    entry, = [e for e in shop.log() if e['verb'] == 'import' and e['source'] == '-']
    assert (entry['actor_kind'], entry['actor'], entry['result']) == ('key', 'test', 'OK')
    assert shop.sql('select count(*) from r_customers') == [(50,)]


def running(shop, id):
    """Wait until it runs."""
    end = time.monotonic() + 30
    while (job := shop.api('GET', f'/jobs/{id}').json()['job'])['state'] == 'queued' and time.monotonic() < end:
        time.sleep(0.005)
    assert job['state'] == 'running', job


def test_a_job_whose_runner_is_killed_is_done_by_another_and_only_once(house, shop):
    id = house.import_file('customers', names_of(30000), shop)
    running(shop, id)
    pids = house.workers('jobs')
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    job = house.wait_job(id, shop, seconds=120)
    assert (job['state'], job['attempt']) == ('done', 2), job
    assert shop.sql('select count(*) from r_customers') == [(30000,)]
    assert len([e for e in shop.log() if e['verb'] == 'import' and e['source'] == '-' and e['result'] == 'OK']) == 1
    assert set(house.workers('jobs')).isdisjoint(pids)


def test_a_job_over_which_three_runners_died_is_given_up_with_an_entry(house, shop):
    with runners_paused(house):
        id = put(house, shop, kind='import', state='running', attempt=3, actor_kind='operator', register='customers')
    job = house.wait_job(id, shop)
    assert (job['state'], job['result']['code']) == ('failed', 'INTERNAL')
    assert '3回' in job['result']['errors'][0]['detail']
    entry = shop.log()
    assert [e['result'] for e in entry if e['verb'] == 'import'] == ['INTERNAL']


def test_a_running_job_that_is_called_off_changes_nothing(house, shop):
    id = house.import_file('customers', names_of(30000), shop)
    running(shop, id)
    assert shop.api('POST', f'/jobs/{id}/cancel').status == 200
    job = house.wait_job(id, shop)
    assert job['state'] == 'cancelled'
    assert shop.sql('select count(*) from r_customers') == [(0,)]
    assert [e['result'] for e in shop.log() if e['verb'] == 'import' and e['source'] == '-'] == ['CANCELLED']


def test_work_called_off_in_its_last_moment_is_not_finished(house, shop):
    """Whoever was told that a job is cancelled can rely on it: its end is refused in the transaction of its work."""
    with runners_paused(house):
        id = put(house, shop)
        runner = house.connect('daicho_jobs')
        try:
            take(runner)
            assert shop.api('POST', f'/jobs/{id}/cancel').status == 200
            assert runner.execute("select daicho.job_finish(%s, 1, 'done', null, null, null)", (id,)).fetchone() == ('cancelled',)
            assert state(house, id) == ('running', 1)
            assert runner.execute("select daicho.job_finish(%s, 1, 'cancelled', null, null, null)", (id,)).fetchone() == ('cancelled',)
            assert state(house, id) == ('cancelled', 1)
        finally:
            runner.close()
            drop(house, shop)


def test_jobs_of_a_suspended_account_are_called_off(house, shop):
    person, _ = Person(shop, 'leaver', ['record.read', 'record.import', 'record.write', 'personal.see']), shop.admin
    id = put(house, shop, not_before='infinity', account_id=person.id, actor_id=person.id)
    assert shop.api('PATCH', f'/accounts/{person.id}', json={'state': 'suspended'}, headers={'If-Match': '"1"'}).status == 200
    assert state(house, id)[0] == 'cancelled'


def test_a_kind_of_work_nobody_knows_fails_with_a_sentence(house, shop):
    id = put(house, shop, kind='dance', actor_kind='operator')
    job = house.wait_job(id, shop)
    assert job['state'] == 'failed' and job['result']['errors'][0]['detail'] == 'この種類の処理を実行できません'
