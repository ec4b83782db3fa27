"""A house as a witness: over HTTPS, with the answers of C2SP tlog-witness, and never a cosignature for what did not grow out of what it cosigned."""
import base64, concurrent.futures, os, pathlib, re, shutil, signal, subprocess

import pytest

from house import BUILD, House, until
from test_log_verify import verify

SIZES = (1, 3, 255, 256, 257, 600)
COUNT = 700


@pytest.fixture(scope='module')
def witness():
    house = House.start(conf={'witness_name': 'witness.example/w1', 'web_workers': 1, 'auth_workers': 1, 'job_workers': 1})
    yield house
    house.close()


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    at = tmp_path_factory.mktemp('made')
    subprocess.run([str(BUILD / 'log_make'), str(at / 'log'), str(COUNT), *map(str, SIZES)], check=True)
    subprocess.run([str(BUILD / 'log_make'), str(at / 'fork'), str(COUNT), '--fork', '100'], check=True)
    return at


@pytest.fixture
def fresh(witness, made):
    """The witness trusts the log and has never seen it."""
    at = witness.dir / 'witness'
    (at / 'policy').write_text(f"log {(made / 'log/vkey').read_text().strip()}\nquorum none\n")
    for path in at.iterdir():
        if re.fullmatch('[0-9a-f]{64}', path.name):
            path.unlink()
    return witness


def ask(house, body, type='text/plain'):
    return house.http.request('POST', '/witness/add-checkpoint', {'Content-Type': type} if type else {}, body if isinstance(body, bytes) else body.encode())


def note(made, size):
    return (made / 'log' / (f'checkpoint.{size}' if size != COUNT else 'checkpoint')).read_text()


def memory(house):
    return sorted(p.read_text().splitlines()[1] for p in (house.dir / 'witness').iterdir() if re.fullmatch('[0-9a-f]{64}', p.name))


def test_a_log_is_cosigned_from_its_first_checkpoint_on(fresh, made, tmp_path):
    vkey = fresh.cli('log', 'key', '--witness')[0]
    assert vkey.startswith('witness.example/w1+')
    first = ask(fresh, f'old 0\n\n{note(made, 257)}')
    assert first.status == 200 and re.fullmatch('— witness.example/w1 [A-Za-z0-9+/=]+\n', first.text), first
    assert memory(fresh) == ['257']
    then = ask(fresh, (made / 'log/request.257').read_bytes())
    assert then.status == 200, then
    assert memory(fresh) == [str(COUNT)]
    # the same again: it has not grown, and that is consistent
    assert ask(fresh, f'old {COUNT}\n\n{note(made, COUNT)}').status == 200
    # a reader who asks for this witness takes the log with its line, and not without
    shutil.copytree(made / 'log', tmp_path / 'log')
    log = (made / 'log/vkey').read_text().strip()
    (tmp_path / 'policy').write_text(f'log {log}\nwitness w {vkey}\nquorum w\n')
    assert verify(tmp_path / 'log', '--policy', tmp_path / 'policy')[0] == 1
    (tmp_path / 'log/cosigned').write_text(note(made, COUNT) + then.text)
    status, said = verify(tmp_path / 'log', '--policy', tmp_path / 'policy')
    assert status == 0 and re.search('^witnessed by witness.example/w1, 20', said, re.M), said


def test_every_refusal_has_the_status_of_the_specification(fresh, made):
    assert ask(fresh, f'old 0\n\n{note(made, 255)}').status == 200
    request = (made / 'log/request.255').read_text()
    lines, forked = request.splitlines(keepends=True), (made / 'fork/checkpoint').read_text()
    unknown = note(made, COUNT).replace('daicho.example/t/1', 'daicho.example/t/2')
    stale = ask(fresh, f'old 3\n\n{note(made, 600)}')
    assert (stale.status, stale.headers['content-type'].split(';')[0], stale.text) == (409, 'text/x.tlog.size', '255\n')
    assert ask(fresh, f'old 0\n\n{note(made, 600)}').text == '255\n'
    for body, status in [
            (f'old 255\n\n{unknown}', 404),
            (request.replace('— daicho.example/t/1 b', '— daicho.example/t/1 c'), 403),
            (f'old 600\n\n{note(made, 3)}', 400),
            ('old 0255' + request[7:], 400),
            ('', 400), ('old 255\n', 400), ('old 255\n\nnonsense\n', 400),
            (lines[0] + lines[2] + ''.join(lines[3:]), 422),
            (lines[0] + ''.join(lines[2:]), 422),
            (f'old 255\n\n{note(made, 600)}', 422),
            (f'old 255\n\n{forked}', 422),
            (request.split('\n\n')[0] + '\n\n' + forked, 422)]:
        answer = ask(fresh, body)
        assert answer.status == status, (body[:60], answer)
    assert memory(fresh) == ['255']
    assert fresh.http.request('GET', '/witness/add-checkpoint', {}).status == 405
    assert ask(fresh, b'x' * 70000).status == 413
    assert ask(fresh, request).status == 200


def test_two_checkpoints_of_one_size_are_never_both_cosigned(fresh, made):
    good, forked = note(made, COUNT), (made / 'fork/checkpoint').read_text()
    assert ask(fresh, f'old 0\n\n{good}').status == 200
    answer = ask(fresh, f'old {COUNT}\n\n{forked}')
    assert answer.status == 409 and answer.text == f'{COUNT}\n'
    assert ask(fresh, f'old 0\n\n{forked}').status == 409


def test_of_many_at_once_one_is_cosigned_and_the_others_are_told_the_size(fresh, made):
    bodies = [f'old 0\n\n{note(made, size)}' for size in SIZES] * 5
    with concurrent.futures.ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda body: ask(fresh, body), bodies))
    statuses = [a.status for a in answers]
    assert statuses.count(200) == 1 and set(statuses) == {200, 409}, statuses
    assert {a.text for a in answers if a.status == 409} == {memory(fresh)[0] + '\n'}


def test_a_killed_witness_remembers_what_it_answered(fresh, made):
    assert ask(fresh, f'old 0\n\n{note(made, 256)}').status == 200
    pid = fresh.workers('witness')[0]
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: fresh.workers('witness') and fresh.workers('witness')[0] != pid)
    answer = until(lambda: (a := ask(fresh, f'old 0\n\n{note(made, 600)}')).status != 503 and a)
    assert answer.status == 409 and answer.text == '256\n'
    assert ask(fresh, (made / 'log/request.256').read_bytes()).status == 200


def test_without_a_policy_or_with_a_broken_one_nothing_is_cosigned(fresh, made):
    policy = fresh.dir / 'witness/policy'
    policy.unlink()
    assert ask(fresh, f'old 0\n\n{note(made, 255)}').status == 404
    policy.write_text('log nonsense\n')
    assert ask(fresh, f'old 0\n\n{note(made, 255)}').status == 500
    assert memory(fresh) == []


def test_the_witness_holds_no_database_and_no_network(witness):
    status, out, err = witness.run('worker', 'web', '1', '--probe')
    pid = witness.workers('witness')[0]
    fds = [os.readlink(p) for p in pathlib.Path(f'/proc/{pid}/fd').iterdir()]
    assert len([f for f in fds if f.startswith('socket:')]) <= 6
    assert re.search(r'^Seccomp:\s+2$', pathlib.Path(f'/proc/{pid}/status').read_text(), re.M)
    assert witness.sql("select count(*) from pg_stat_activity where usename = 'daicho_witness'")[0][0] == 0
    with open(f'/proc/{pid}/maps') as maps:
        assert 'libpq' in maps.read()   # one program; but no connection is open:
    peers = subprocess.run(['ss', '-xp'], capture_output=True, text=True).stdout
    assert not re.search(rf'PGSQL.*pid={pid},', peers)


def test_a_house_that_is_no_witness_says_so(house):
    assert ask(house, 'old 0\n\n').status in (404, 405)
    status, _, err = house.run('log', 'key', '--witness')
    assert status == 1 and 'this house is no witness yet' in err


def test_one_house_asks_another_and_keeps_the_cosignature(fresh, house, tmp_path):
    at = house.dir / 'seal/house/1'
    assert until(lambda: (at / 'checkpoint').exists(), 30)
    text = (at / 'checkpoint').read_text()
    origin = text.split('\n')[0]
    keys = [line for line in (at / 'keys').read_text().splitlines() if line.startswith(origin + '+')]
    ours = fresh.cli('log', 'key', '--witness')[0]
    (fresh.dir / 'witness/policy').write_text(f'log {keys[0]}\nquorum none\n')
    policy, ca = tmp_path / 'policy', fresh.dir / 'tls/ca.crt'
    policy.write_text(f'log {keys[0]}\nwitness w1 {ours} {fresh.url}/witness\nquorum w1\n')
    for _ in range(2):   # the second time from the size it has seen
        status, out, err = house.run('log', 'witness', '--policy', policy, '--ca', ca)
        assert status == 0, (out, err)
        assert 'is cosigned; cosignatures: 1' in out
        house.cli('tenant', 'list')
    status, said = verify(at, '--policy', policy)
    assert status == 0 and 'witnessed by witness.example/w1' in said, said
    # a witness that does not know the log
    (fresh.dir / 'witness/policy').write_text('quorum none\n')
    status, out, err = house.run('log', 'witness', '--policy', policy, '--ca', ca)
    assert status == 1 and 'status 404' in out and 'no witness has cosigned' in err
