"""Each kind of worker gives its powers up before it reads a foreign byte: what it must not do is tried from inside."""
import os, pathlib, re, signal

import pytest

from house import ROOT, House

KINDS = re.findall(r'\[SANDBOX_[A-Z]+\] = \{ "([a-z]+)"', (ROOT / 'src/cli/sandbox.c').read_text())
AT_PROVIDERS = ['socket-inet', 'socket-inet6', 'open-provider-secrets']
NEEDED = {'sso': AT_PROVIDERS, 'renew': AT_PROVIDERS, 'mailer': ['socket-inet', 'socket-inet6'], 'courier': ['socket-inet', 'socket-inet6'],     # what a kind is for
          'sealer': ['open-log-keys', 'open-sealer-memory']}
REFUSED = ['open-shadow', 'open-passwd', 'open-owner-secret', 'open-provider-secrets', 'open-log-keys', 'open-sealer-memory', 'open-factor-key', 'open-server-key', 'open-config-write', 'open-data', 'create-tmp', 'open-proc-mem',
           'socket-inet', 'socket-inet6', 'socket-netlink', 'socket-packet', 'open-program-write', 'kill-parent', 'clone']
DEADLY = ['ptrace', 'fork', 'unshare', 'mount', 'setuid', 'bpf', 'io_uring', 'execve']


@pytest.fixture(scope='module')
def house():
    """One with a process of every kind."""
    house = House.start(conf={'witness_name': 'witness.example/w1', 'mail_host': '127.0.0.1', 'web_workers': 1, 'auth_workers': 1, 'job_workers': 1})
    yield house
    house.close()


def landlock():
    """Without it in the kernel, paths are guarded by file permissions alone."""
    try:
        return 'landlock' in pathlib.Path('/sys/kernel/security/lsm').read_text()
    except OSError:
        import ctypes
        return ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1


@pytest.mark.parametrize('kind', KINDS)
def test_worker_is_refused_everything_it_does_not_need(house, kind):
    """The worker's own start, its own sandbox, then each forbidden thing is tried."""
    assert len(KINDS) == 10
    status, out, err = house.run('worker', kind, '1', '--probe')
    tried = dict(line.split(' ', 1) for line in out.splitlines())
    needed = NEEDED.get(kind, [])
    assert [tried[name] for name in needed] == ['allowed'] * len(needed), out
    possible = [name for name in REFUSED if name not in needed and not tried[name].startswith('refused')]
    if not landlock():
        possible = [name for name in possible if not name.startswith(('open-', 'create-'))]
    assert not possible, out
    assert tried['socket-unix'] == 'allowed'
    assert status == (0 if landlock() else 1), err


@pytest.mark.parametrize('kind, call', [*(('web', call) for call in DEADLY), *((kind, 'execve') for kind in KINDS if kind not in ('web', 'witness'))])   # a second witness ends before
def test_grp_4_12_7_a_a_system_call_no_worker_needs_ends_it(house, kind, call):
    status, out, err = house.run('worker', kind, '1', '--dare', call)
    assert status == -signal.SIGSYS, (status, out, err)


@pytest.mark.parametrize('kind', KINDS)
def test_grp_4_12_7_a_no_process_runs_as_root_and_none_can_write_its_program(house, kind):
    mine = os.stat(house.dir / 'VERSION').st_uid
    assert mine != 0
    for pid in house.workers(kind):
        status = pathlib.Path(f'/proc/{pid}/status').read_text()
        assert re.search(rf'^Uid:\t{mine}\t{mine}\t{mine}\t{mine}$', status, re.M)
        program = os.stat(f'/proc/{pid}/exe')
        assert program.st_mode & 0o022 == 0 and (program.st_uid != mine or os.geteuid() != 0)


@pytest.mark.parametrize('kind', KINDS)
def test_running_worker_stands_behind_its_filter(house, kind):
    assert house.workers(kind)
    for pid in house.workers(kind):
        status = pathlib.Path(f'/proc/{pid}/status').read_text()
        assert re.search(r'^NoNewPrivs:\s+1$', status, re.M)
        assert re.search(r'^Seccomp:\s+2$', status, re.M)
        assert re.search(r'^CapEff:\s+0000000000000000$', status, re.M)
        limits = pathlib.Path(f'/proc/{pid}/limits').read_text()
        assert re.search(r'^Max core file size\s+0\s+0', limits, re.M)
        assert not re.search(r'^Max address space\s+unlimited', limits, re.M)


def test_auth_workers_give_way_to_all_others(house):
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in house.workers('auth')} == {19}
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in house.workers('web')} == {os.getpriority(os.PRIO_PROCESS, 0)}


@pytest.mark.parametrize('kind', KINDS)
def test_worker_holds_no_open_file_of_another(house, kind):
    """Descriptors after the start: its log, its socket, the database, what libraries wait on; no secret, no directory."""
    for pid in house.workers(kind):
        held = sorted(os.readlink(p) for p in pathlib.Path(f'/proc/{pid}/fd').iterdir())
        wrong = [h for h in held if not re.match(r'socket:|pipe:|anon_inode:|/dev/null$|' + re.escape(str(house.dir)) + r'/(log/house\.log|witness/lock)$', h)]
        assert not wrong, wrong
        secrets = [(house.dir / 'secret' / role).read_text().strip() for role in ('daicho_owner', 'postgres')]
        environment = pathlib.Path(f'/proc/{pid}/environ').read_text() + pathlib.Path(f'/proc/{pid}/cmdline').read_text()
        assert not any(s in environment for s in secrets)


def test_only_nginx_listens_on_the_network(house):
    """Every listening TCP socket of the house is the one port."""
    inodes = set()
    for pid in house.processes():
        for fd in pathlib.Path(f'/proc/{pid}/fd').iterdir():
            try:
                m = re.match(r'socket:\[(\d+)\]', os.readlink(fd))
            except OSError:
                continue
            if m:
                inodes.add(m.group(1))
    ports = set()
    for name in ('tcp', 'tcp6', 'udp', 'udp6'):
        for line in pathlib.Path(f'/proc/net/{name}').read_text().splitlines()[1:]:
            field = line.split()
            if field[9] in inodes and (field[3] == '0A' or name.startswith('udp')):
                ports.add(int(field[1].rsplit(':', 1)[1], 16))
    assert ports == {house.port}
