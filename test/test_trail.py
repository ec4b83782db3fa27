"""PostgreSQL's own trail (3.12.3): who enters the database by another door, who is told, and for how long it can be read."""
import datetime, json, os, pathlib, tempfile, time

import psycopg
import pytest

from house import House, Refused, until

PEOPLE = ['sato@example.jp', 'suzuki@example.jp', 'tanaka@example.jp']


@pytest.fixture(scope='module')
def watched():
    house = House.start(conf={'alarm_recipients': ', '.join(PEOPLE), 'web_workers': 2, 'auth_workers': 1, 'job_workers': 1})
    yield house
    house.close()


def entries(house):
    for path in sorted((house.dir / 'log/postgres').glob('*.json')):
        for line in path.read_text(errors='replace').splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                pass


def audited(house):
    return [e['message'] for e in entries(house) if e['message'].startswith('AUDIT:')]


def connect(house, name, role='superuser'):
    """As somebody with the password would, telling psycopg who we are."""
    return house.connect(role, application_name=name)


def told(house, name):
    """{recipient: body} of the notices about the connection with this application's name; looked up on the one connection this test keeps."""
    return {r: b for r, b in house.sql("select recipient, body from daicho.notice where tenant is null and kind = 'database' order by id") if name in b}


def test_syn_3_12_3_a_a_direct_log_in_is_told_to_several_people_within_a_minute(watched):
    with connect(watched, 'psql-by-hand'):
        begun = time.monotonic()
        notices = until(lambda: told(watched, 'psql-by-hand') if len(told(watched, 'psql-by-hand')) == 3 else None, 60)
    assert sorted(notices) == sorted(PEOPLE) and time.monotonic() - begun < 60
    assert all('postgres' in body and '直接' not in body.split('\n')[-1] for body in notices.values())
    rows = watched.sql("select actor_kind, actor, source, verb, kind, result, detail ->> 'application' from daicho.log where kind = 'database' and detail ->> 'application' = 'psql-by-hand'")
    assert rows == [('system', 'postgres', '[local]', 'login', 'database', 'OK', 'psql-by-hand')]


def test_syn_3_12_3_a_a_password_of_the_service_in_other_hands_is_told_too(watched):
    for role in ('daicho_web', 'daicho_owner', 'daicho_cli'):
        connect(watched, f'stolen-{role}', role).close()
    assert until(lambda: all(told(watched, f'stolen-{role}') for role in ('daicho_web', 'daicho_owner', 'daicho_cli')), 60)


def test_syn_3_12_3_a_a_wrong_password_is_told_too(watched):
    count = lambda: watched.sql("select count(*) from daicho.log where kind = 'database' and result = 'UNAUTHORIZED'")[0][0]
    before = count()
    for user in ('postgres', 'nobody-of-ours'):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(host=str(watched.dir / 'run'), dbname='daicho', user=user, password='guess')
    assert until(lambda: count() >= before + 2, 60)


def test_syn_3_12_3_a_the_service_itself_alarms_nobody(watched):
    watched.sql('select 1')                 # the connection this test keeps has been told of before
    assert until(lambda: watched.sql("select count(*) from daicho.notice where kind = 'database'")[0][0] > 0, 60)
    time.sleep(3)
    before = watched.sql('select count(*) from daicho.log where kind = %s', args=('database',))
    watched.tenant(registers=('customers',))
    for pid in watched.workers('web'):
        os.kill(pid, 9)                     # a worker that is started again connects again
    until(lambda: watched.api('GET', '/health').status == 200)
    watched.cli('tenant', 'list')
    time.sleep(5)
    assert watched.sql('select count(*) from daicho.log where kind = %s', args=('database',)) == before


def test_syn_3_12_3_a_a_start_alarms_nobody_and_what_came_while_nobody_watched_is_told_afterwards(watched):
    until(lambda: watched.sql("select place > 0 from daicho.watch")[0][0], 60)
    for pid in watched.workers('watch'):
        os.kill(pid, 19)                    # stopped
    connect(watched, 'while-asleep').close()
    watched.sql("select 1")
    for pid in watched.workers('watch'):
        os.kill(pid, 9)
    assert until(lambda: told(watched, 'while-asleep'), 60)
    count = watched.sql("select count(*) from daicho.notice where kind = 'database' and body like '%%while-asleep%%'")[0][0]
    assert count == 3                       # once each, although it was read anew
    before = watched.sql('select count(*) from daicho.log where kind = %s', args=('database',))[0][0]
    watched.restart()
    time.sleep(4)
    after = watched.sql("select count(*) from daicho.log where kind = 'database' and detail ->> 'application' like 'daicho-start%%'")
    assert after == [(0,)] and before > 0


def test_syn_3_12_3_b_what_the_operator_does_by_hand_stands_in_the_audit_log(watched):
    shop = watched.tenant(registers=('customers',))
    shop.api('POST', '/registers/customers/records', json={'email': 'trail@example.jp', 'family_name': '監査', 'given_name': '花'})
    with connect(watched, 'by-hand') as db:
        db.execute(f"select family_name from t_{shop.name}.r_customers where email = 'trail@example.jp'")
        db.execute(f"update t_{shop.name}.r_customers set family_name = '改竄' where email = 'trail@example.jp'")
        db.execute('select login from daicho.account limit 1')
        db.execute("set pgaudit.role = ''")
        db.execute(f'create table t_{shop.name}.by_hand (n int)')
        db.execute(f'drop table t_{shop.name}.by_hand')
    lines = lambda: '\n'.join(audited(watched))
    assert until(lambda: 'drop table' in lines(), 20)
    text = lines()
    assert f'READ,SELECT,TABLE,t_{shop.name}.r_customers' in text and f'WRITE,UPDATE,TABLE,t_{shop.name}.r_customers' in text
    assert 'TABLE,daicho.account' in text
    assert "MISC,SET,,,set pgaudit.role = ''" in text       # even switching the trail off leaves a line
    assert 'DDL,CREATE TABLE' in text and 'DDL,DROP TABLE' in text


def test_the_service_leaves_no_line_a_request_and_no_value(watched):
    shop = watched.tenant(registers=('customers',))
    key = shop.key
    before = len(audited(watched))
    for n in range(20):
        assert shop.api('POST', '/registers/customers/records', json={'email': f'quiet{n}@example.jp', 'family_name': '静香', 'given_name': '花'}).status == 201
        assert shop.api('GET', '/registers/customers/records?q=静香').status == 200
    time.sleep(0.5)
    assert len(audited(watched)) == before
    logs = ''.join(p.read_text(errors='replace') for p in (watched.dir / 'log').rglob('*') if p.is_file())
    assert 'quiet7@example.jp' not in logs and '静香' not in logs and key not in logs


def test_every_connection_and_its_end_is_written_down(watched):
    connect(watched, 'come-and-go').close()
    def both():
        found = [e for e in entries(watched) if 'come-and-go' in e['message'] or e.get('application_name') == 'come-and-go']
        return any('connection authorized' in e['message'] for e in found) and any(e['message'].startswith('disconnection') for e in found)
    assert until(both, 20)


def test_the_log_is_the_houses_alone(watched):
    directory = watched.dir / 'log/postgres'
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in directory.iterdir()} == {0o600}


def test_syn_3_12_3_b_an_entry_of_364_days_is_there_and_one_of_367_is_gone(watched):
    directory = watched.dir / 'log/postgres'
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=9))).date()
    name = lambda days: directory / f'postgres-{today - datetime.timedelta(days=days)}_000000.json'
    for days in (300, 364, 365, 367, 400, 4000):
        name(days).write_text('{"message":"old"}\n')
    (directory / 'notes.txt').write_text('not a log')
    watched.restart()                       # looked at when it starts and every hour
    assert until(lambda: not name(367).exists(), 20)
    assert name(300).exists() and name(364).exists() and (directory / 'notes.txt').exists()
    assert not name(400).exists() and not name(4000).exists()
    (directory / 'notes.txt').unlink()


@pytest.mark.parametrize('value, sentence', [('sato@example.jp', 'at least two people'), ('a@example.jp, a@EXAMPLE.jp', 'twice'), ('a@example.jp, nobody', 'not an e-mail'),
                                             (', '.join(f'p{n}@example.jp' for n in range(21)), 'at most 20')])
def test_one_person_alone_is_not_enough(value, sentence):
    house = House(tempfile.mkdtemp(prefix='daicho-'), {'database_memory': 128, 'web_workers': 1, 'auth_workers': 1, 'job_workers': 1, 'alarm_recipients': value})
    try:
        with pytest.raises(Refused) as told:
            house.up()
        assert told.value.status == 1 and 'alarm_recipients' in told.value.stderr and sentence in told.value.stderr
    finally:
        house.close()


def test_the_watch_role_can_do_nothing_else(watched):
    with watched.connect('daicho_watch') as db:
        for sql in ('select * from daicho.account', 'select * from daicho.certificate', 'select * from daicho.notice', 'select * from daicho.log',
                    "select set_config('role', 't_shop1', true)", "insert into daicho.log (actor_kind, actor, source, verb, result) values ('x','x','x','x','x')",
                    'select * from daicho.job_take()', "select * from daicho.session_enter('', '', '')"):
            with pytest.raises(psycopg.Error) as told:
                db.execute(sql)
            assert told.value.sqlstate in ('42501', '22023'), (sql, told.value)
