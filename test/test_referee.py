"""Somebody else's code - Go's golang.org/x/mod from Debian - reads our logs: it takes what is right and refuses what was changed, and so do we."""
import base64, os, pathlib, re, shutil, subprocess, tarfile

import pytest

from house import BUILD, DAICHO, ENVIRONMENT, ROOT
from test_log_verify import sealed, verify

SIZES = (1, 2, 127, 128, 129, 255, 256, 257, 511, 512, 513, 767, 1000)
COUNT = 1000


@pytest.fixture(scope='session')
def referee(tmp_path_factory):
    """(status, line) of the referee on a directory."""
    at = tmp_path_factory.mktemp('referee')
    env = {**os.environ, 'GO111MODULE': 'off', 'GOFLAGS': '', 'GOPATH': '/usr/share/gocode', 'GOCACHE': str(at / 'cache'), 'GOPROXY': 'off', 'HOME': str(at)}
    subprocess.run(['go', 'build', '-o', str(at / 'referee'), str(ROOT / 'test/referee/referee.go')], check=True, env=env, cwd=at)

    def judge(directory, key):
        done = subprocess.run([str(at / 'referee'), str(directory), key], capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, done.stdout.strip()
    return judge


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    at = tmp_path_factory.mktemp('made') / 'log'
    subprocess.run([str(BUILD / 'log_make'), str(at), str(COUNT), *map(str, SIZES)], check=True)
    return at


@pytest.fixture
def log(made, tmp_path):
    shutil.copytree(made, tmp_path / 'log')
    return tmp_path / 'log'


def key(log):
    return (log / 'vkey').read_text().strip()


def bundle_path(log, n):
    full = log / f'tile/entries/{n:03d}'
    return full if full.exists() else next(iter((log / f'tile/entries/{n:03d}.p').iterdir()))


def entries(log, n):
    data, out = bundle_path(log, n).read_bytes(), []
    while data:
        size = int.from_bytes(data[:2], 'big')
        out.append(data[2:2 + size])
        data = data[2 + size:]
    return out


def write(log, n, list):
    bundle_path(log, n).write_bytes(b''.join(len(e).to_bytes(2, 'big') + e for e in list))


def both_refuse(referee, log, ours, theirs=''):
    status, line = referee(log, key(log))
    assert status == 1 and theirs in line, line
    status, line = verify(log, '--key', key(log))
    assert status == 1 and ours in line, line


def test_a_fresh_log_is_taken_with_every_proof_we_made(referee, log):
    assert referee(log, key(log)) == (0, f'{COUNT} entries, {len(SIZES)} older checkpoints, {len(SIZES)} consistency proofs, {len(SIZES)} receipts')
    status, said = verify(log, '--key', key(log), *(a for n in SIZES for a in ('--older', log / f'checkpoint.{n}')))
    assert status == 0 and f'all {COUNT} entries are those that were signed' in said
    for n in SIZES:
        status, said = verify(log / f'{n - 1}.tlog-proof', '--key', key(log))
        assert status == 0 and f'this entry stands at index {n - 1} of the log daicho.example/t/1' in said and f'\nnumber {n}\n' in said


@pytest.mark.parametrize('index', [0, 255, 256, 700, COUNT - 1])
def test_a_flipped_byte_is_refused(referee, log, index):
    list = entries(log, index // 256)
    entry = bytearray(list[index % 256])
    entry[len(entry) // 2] ^= 1
    list[index % 256] = bytes(entry)
    write(log, index // 256, list)
    both_refuse(referee, log, f'entry {index} is not the one that was sealed', f'entry {index}')


def test_a_swapped_pair_is_refused(referee, log):
    list = entries(log, 1)
    list[10], list[11] = list[11], list[10]
    write(log, 1, list)
    both_refuse(referee, log, 'entry 266 is not the one that was sealed', 'entry 266')


def test_a_cut_tail_is_refused(referee, log):
    write(log, COUNT // 256, entries(log, COUNT // 256)[:-1])
    both_refuse(referee, log, f'entry {COUNT - 1} of {COUNT} is missing', f'has {COUNT % 256 - 1} entries')
    bundle_path(log, COUNT // 256).unlink()
    both_refuse(referee, log, f'the log ends too early: entry {COUNT // 256 * 256} of {COUNT} is missing', 'no such file')


def test_a_tail_cut_with_its_checkpoint_is_refused_by_who_kept_a_newer_one(referee, log, made, tmp_path):
    shutil.rmtree(log)
    subprocess.run([str(BUILD / 'log_make'), str(log), str(COUNT - 100)], check=True)
    assert referee(log, key(log))[0] == 0 and verify(log, '--key', key(log))[0] == 0
    shutil.copy(made / 'checkpoint', log / 'checkpoint.kept')
    status, line = referee(log, key(log))
    assert status == 1 and f'the log has {COUNT - 100} entries now' in line
    status, line = verify(log, '--key', key(log), '--older', log / 'checkpoint.kept')
    assert status == 1 and f'this log has {COUNT - 100} entries, fewer than the {COUNT} of a checkpoint seen before' in line


def test_a_fork_is_refused_by_who_kept_an_older_checkpoint(referee, log, tmp_path):
    """The log is written anew from entry 300 on and signed with the right key."""
    forked = tmp_path / 'forked'
    subprocess.run([str(BUILD / 'log_make'), str(forked), str(COUNT), '--fork', '300'], check=True)
    assert referee(forked, key(forked))[0] == 0 and verify(forked, '--key', key(forked))[0] == 0
    for n in (256, 257):
        shutil.copy(log / f'checkpoint.{n}', forked)
    assert referee(forked, key(forked))[0] == 0
    shutil.copy(log / 'checkpoint.512', forked)
    status, line = referee(forked, key(forked))
    assert status == 1 and 'fork' in line
    assert verify(forked, '--key', key(forked), '--older', log / 'checkpoint.257')[0] == 0
    status, line = verify(forked, '--key', key(forked), '--older', log / 'checkpoint.257', '--older', log / 'checkpoint.512')
    assert status == 1 and 'this log has not grown out of the checkpoint of size 512: the two are a fork' in line


def test_changed_proofs_tiles_and_signatures_are_refused(referee, log):
    def changed(name, at):
        path = log / name
        before = path.read_bytes()
        data = bytearray(before)
        data[at] ^= 4
        path.write_bytes(data)
        status, line = referee(log, key(log))
        assert status == 1, (name, at)
        ours = verify(path if name.endswith('.tlog-proof') else log, '--key', key(log))[0] if not name.startswith('request') else 1
        assert ours == 1, (name, at)
        path.write_bytes(before)
    changed('checkpoint', 25)
    changed('checkpoint', -10)
    changed('tile/0/001', 100)
    changed('tile/1/000.p/3', 5)
    changed('255.tlog-proof', -150)
    changed('request.257', 30)
    assert referee(log, key(log))[0] == 0


def test_nobody_else_is_believed(referee, log):
    other = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
    assert referee(log, other)[0] == 1
    status, line = verify(log, '--key', other)
    assert status == 1 and 'whose key was not given' in line
    status, line = verify(log, '--key', 'nonsense')
    assert status == 1 and 'this is no verifier key' in line


def test_the_referee_takes_the_bundle_of_a_running_house(referee, house, tmp_path):
    shop = house.tenant(title='株式会社審判')
    for i in range(280):
        assert shop.api('GET', f'/registers/customers/records?limit={i % 50 + 1}').status == 200
    sealed(shop)
    house.cli('log', 'bundle', '--tenant', shop.name, tmp_path / 'log.tar')
    with tarfile.open(tmp_path / 'log.tar') as tar:
        tar.extractall(tmp_path / 'log')
    house.cli('log', 'receipt', '--tenant', shop.name, shop.sql('select id from log order by id limit 1')[0][0], tmp_path / 'log' / 'first.tlog-proof')
    status, line = referee(tmp_path / 'log', key(tmp_path / 'log'))
    assert status == 0 and int(line.split()[0]) >= 280 and line.endswith('1 receipts'), line
