"""The operator's maintenance access: walls that are tried from where they should hold, sessions compared with the log of the VPN, accounts of the VDI.

The networks are network namespaces: an office, the VDI, and a place outside, joined by a router, with the rules of nftables that the house itself prints."""
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import psycopg
import pytest

from house import DAICHO, ENVIRONMENT, NO_CERTIFICATE, ROOT, Refused
from test_support import Operators, call

PLAN = ROOT / 'deploy/nftables/maintenance.yaml'


# the plan and its rules, without a house ------------------------------------------------------------------------------------------------------
def daicho(*args, prefix=(), input=None, env=None):
    done = subprocess.run([*prefix, str(DAICHO), *map(str, args)], capture_output=True, text=True, input=input, env={**ENVIRONMENT, **(env or {})}, cwd='/')
    return done.returncode, done.stdout, done.stderr


def test_the_shipped_rules_are_those_of_the_shipped_plan_and_load():
    status, rules, told = daicho('maintenance', 'rules', '--plan', PLAN)
    assert status == 0, told
    assert rules == (ROOT / 'deploy/nftables/vdi.nft').read_text()
    assert subprocess.run(['unshare', '-n', 'nft', '-c', '-f', '-'], input=rules, text=True, capture_output=True).returncode == 0


def test_a_plan_that_is_wrong_is_refused_whole_with_its_lines(tmp_path):
    text = PLAN.read_text().replace('vdi: 10.20.0.5:3389', 'vdi: 10.20.0.5').replace('[10.8.0.0/24]', '[10.8.0.1/24]').replace('every: 15', 'every: 0\nsecret: 1')
    (tmp_path / 'plan.yaml').write_text(text)
    status, out, told = daicho('maintenance', 'rules', '--plan', tmp_path / 'plan.yaml')
    assert (status, out) == (1, '')
    for line, said in ((5, 'is not an address with a port'), (4, 'is not the beginning of a range'), (14, 'must be a whole number from 1 to 1440'), (15, 'is not known here')):
        assert any(f'{line}' in one and said in one for one in told.splitlines()), (line, told)


# networks ---------------------------------------------------------------------------------------------------------------------------------------



SERVER = r'''
import json, socket, ssl, sys, threading
def answer(listener, context):
    while True:
        taken, _ = listener.accept()
        try:
            if context:
                taken.settimeout(5)
                taken = context.wrap_socket(taken, server_side=True)
            taken.close()
        except OSError:
            pass
for address, port, pem in json.loads(sys.argv[1]):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)
    context = None
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
    threading.Thread(target=answer, args=(listener, context), daemon=True).start()
print('ready', flush=True)
sys.stdin.read()
'''


def run(*command):
    subprocess.run([str(c) for c in command], check=True, capture_output=True)


class Spaces:
    """office 10.71.1.2, outside 10.71.2.2, VDI 10.71.3.2, the servers 10.71.4.2 to .4, each a network of its own behind one router."""
    ADDRESS = {'office': '10.71.1.2', 'outside': '10.71.2.2', 'vdi': '10.71.3.2', 'net': '10.71.4.2'}

    def __init__(self, directory):
        self.names, self.processes, self.dir = {}, [], directory
        router = self.space('router')
        run('ip', 'netns', 'exec', router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
        for number, (place, address) in enumerate(self.ADDRESS.items(), 1):
            here = self.space(place)
            run('ip', 'link', 'add', 'up0', 'netns', here, 'type', 'veth', 'peer', 'name', f'to{number}', 'netns', router)
            gate = f'10.71.{number}.1'
            run('ip', '-n', router, 'addr', 'add', f'{gate}/24', 'dev', f'to{number}')
            run('ip', '-n', router, 'link', 'set', f'to{number}', 'up')
            for last in ('2', '3', '4') if place == 'net' else ('2',):
                run('ip', '-n', here, 'addr', 'add', f'10.71.{number}.{last}/24', 'dev', 'up0')
            run('ip', '-n', here, 'link', 'set', 'up0', 'up')
            run('ip', '-n', here, 'route', 'add', 'default', 'via', gate)
        self.targets = {'vdi': '10.71.3.2:3389', 'listed': '10.71.4.3:443', 'unlisted': '10.71.4.4:443', 'tool': '10.71.4.2:443', 'plain': '10.71.4.2:80'}
        pem = certificate(directory, '10.71.4.2')
        self.serve('vdi', [['10.71.3.2', 3389, None]])
        self.serve('net', [['10.71.4.3', 443, None], ['10.71.4.4', 443, None], ['10.71.4.2', 443, pem], ['10.71.4.2', 80, None]])

    def space(self, place):
        name = f'daicho{os.getpid()}{place}'
        run('ip', 'netns', 'add', name)
        self.names[place] = name
        run('ip', '-n', name, 'link', 'set', 'lo', 'up')
        return name

    def serve(self, place, listeners):
        process = subprocess.Popen(['ip', 'netns', 'exec', self.names[place], '/usr/bin/python3', '-c', SERVER, json.dumps(listeners)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == 'ready\n'
        self.processes.append(process)

    def plan(self):
        t = self.targets
        return {'office': ['10.71.1.0/24'], 'vpn': ['10.8.0.0/24'], 'vdi': t['vdi'], 'egress': [t['listed']], 'management': [t['tool']], 'plain': [t['plain']],
                'unlisted': t['unlisted'], 'reference': t['unlisted'], 'every': 15}

    def up(self, rules):
        subprocess.run(['ip', 'netns', 'exec', self.names['vdi'], 'nft', '-f', '-'], input=rules, text=True, check=True)

    def down(self):
        run('ip', 'netns', 'exec', self.names['vdi'], 'nft', 'flush', 'ruleset')

    def prefix(self, place):
        return ['ip', 'netns', 'exec', self.names[place]]

    def close(self):
        for process in self.processes:
            process.stdin.close()
            process.wait(10)
        for name in self.names.values():
            subprocess.run(['ip', 'netns', 'del', name], capture_output=True)


class Loopback:
    """Where no network namespace can be made: addresses of the loopback network; a wall is a listener that takes nobody in, so that whoever knocks hears nothing."""

    def __init__(self, directory):
        import socket
        self.socket, self.walls, self.processes = socket, {}, []
        base = f'127.71.{os.getpid() % 250 + 1}'
        self.targets = {'vdi': f'{base}.3:23389', 'listed': f'{base}.4:24443', 'unlisted': f'{base}.5:24444', 'tool': f'{base}.2:24445', 'plain': f'{base}.2:24080'}
        pem = certificate(directory, f'{base}.2')
        self.serve([['listed', None], ['tool', pem]])
        self.wall = None

    plan = Spaces.plan

    def serve(self, what):
        listeners = [[self.targets[w].split(':')[0], int(self.targets[w].split(':')[1]), pem] for w, pem in what]
        process = subprocess.Popen(['/usr/bin/python3', '-c', SERVER, json.dumps(listeners)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == 'ready\n'
        self.processes.append(process)
        return process

    def plan(self):
        return {**Spaces.plan(self), 'reference': self.targets['listed']}

    def up(self, rules):
        assert 'table inet daicho_vdi' in rules
        self.close_wall()
        kept = []
        for what in ('vdi', 'unlisted', 'plain'):
            address, port = self.targets[what].split(':')
            listener = self.socket.socket()
            listener.setsockopt(self.socket.SOL_SOCKET, self.socket.SO_REUSEADDR, 1)
            listener.bind((address, int(port)))
            listener.listen(0)
            kept.append(listener)
            for _ in range(4):                      # its queue is full: what comes now hears nothing
                knock = self.socket.socket()
                knock.setblocking(False)
                knock.connect_ex((address, int(port)))
                kept.append(knock)
        time.sleep(0.2)
        self.wall = kept

    def close_wall(self):
        if isinstance(getattr(self, 'wall', None), list):
            for one in self.wall:
                one.close()
        elif getattr(self, 'wall', None):
            self.processes.remove(self.wall)
            self.wall.stdin.close()
            self.wall.wait(10)
        self.wall = None

    def down(self):
        self.close_wall()
        self.wall = self.serve([['vdi', None], ['unlisted', None], ['plain', None]])

    def prefix(self, place):
        return []

    def close(self):
        self.close_wall()
        for process in self.processes:
            process.stdin.close()
            process.wait(10)


def certificate(directory, address):
    """Key and certificate of a server at this address, its own authority; the path of both in one file."""
    pem, key = directory / 'tool.pem', directory / 'tool.key'
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', directory / 'tool.crt', '-days', 2,
        '-subj', '/CN=tool', '-addext', f'subjectAltName=IP:{address}')
    pem.write_text(key.read_text() + (directory / 'tool.crt').read_text())
    pem.chmod(0o644)
    return str(pem)


@pytest.fixture(scope='module')
def networks(tmp_path_factory):
    directory = tmp_path_factory.mktemp('networks')
    for parent in (directory, *directory.parents):
        if parent == pathlib.Path(tempfile.gettempdir()):
            break
        parent.chmod(0o755)
    can = os.geteuid() == 0 and shutil.which('nft') and not os.environ.get('DAICHO_TEST_LOOPBACK')
    if can:
        name = f'daicho{os.getpid()}try'
        can = subprocess.run(['ip', 'netns', 'add', name], capture_output=True).returncode == 0
        can = can and subprocess.run(['ip', 'netns', 'exec', name, 'nft', 'add', 'table', 'inet', 't'], capture_output=True).returncode == 0
        subprocess.run(['ip', 'netns', 'del', name], capture_output=True)
    made = (Spaces if can else Loopback)(directory)
    made.directory = directory
    yield made
    made.close()


# a house with operators and a plan ---------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope='module')
def place(house, networks):
    old = house.sql("select name from daicho.tenant where kind = 'operator' and state <> 'ended'")
    for name, in old:
        house.cli('tenant', 'end', name, '--confirm', name)
    operators = Operators(house)
    operators.chief = operators.make('chief', '管理者')
    operators.networks = networks
    operators.file = networks.directory / 'plan.yaml'
    operators.file.write_text(json.dumps(networks.plan()))
    house.cli('maintenance', 'set', '--tenant', 'unei', operators.file)
    rules = house.run('maintenance', 'rules', '--tenant', 'unei')[1]
    assert rules == daicho('maintenance', 'rules', '--plan', operators.file)[1]
    operators.rules = rules
    yield operators
    house.cli('tenant', 'end', 'unei', '--confirm', 'unei')


@pytest.fixture
def walls(place, house):
    """The walls stand, nothing was tried yet."""
    place.networks.up(place.rules)
    house.sql('delete from daicho.maintenance_probe')
    house.sql("delete from daicho.alert where kind = 'drift'")
    house.sql("delete from daicho.notice where kind like 'drift%%'")
    return place


def page(place, who=None):
    return call(who or place.one, 'GET', '/maintenance').json()


def tile(place, control):
    return next(t for t in page(place)['tiles'] if t['control'] == control)


def probe(place, kind, where=None, *more):
    """In that network, recorded in the house; what it said."""
    where = where or ('outside' if kind == 'outside' else 'vdi')
    status, out, told = daicho('maintenance', 'probe', kind, '--tenant', 'unei', '--place', where, '--ca', place.networks.directory / 'tool.crt', '--json',
                               '--dir', place.house.dir, *more, prefix=place.networks.prefix(where))
    assert status == 0, told
    return json.loads(out)


def letters(house, kind, count):
    end = time.monotonic() + 15
    while time.monotonic() < end and len(found := house.sql('select recipient, subject, body from daicho.notice where kind = %s order by id', args=(kind,))) < count:
        time.sleep(0.1)
    time.sleep(0.3)
    return house.sql('select recipient, subject, body from daicho.notice where kind = %s order by id', args=(kind,))


def drifts(house):
    return house.sql("select actor, source from daicho.alert where kind = 'drift' order by id")


def test_syn_3_12_1_b_the_vdi_answers_to_the_office_only_and_drift_turns_the_control_red(walls, house):
    house.sql("update daicho.account set email = 'chief@example.jp' where id = %s", args=(walls.chief.id,))
    assert tile(walls, 'outside')['state'] == 'amber'                                  # nothing tried is not green
    assert probe(walls, 'outside')['verdict'] == 'good'
    seen = tile(walls, 'outside')
    assert (seen['state'], seen['found'], seen['route'], seen['place'], seen['expected']) == ('green', 'silent', walls.networks.targets['vdi'], 'outside', 'shut')
    walls.networks.down()                                                              # somebody takes the rules away
    assert (said := probe(walls, 'outside'))['verdict'] == 'bad' and said['said'] == 'drift', said
    seen = tile(walls, 'outside')
    assert (seen['state'], seen['found'], seen['verdict']) == ('red', 'connected', 'bad') and seen['bad_at'] and seen['good_at']
    assert tile(walls, 'egress')['state'] == 'amber'                                   # another control is another
    assert probe(walls, 'outside')['said'] == 'done'                                   # told once
    assert drifts(house) == [('outside', walls.networks.targets['vdi'])]
    (recipient, subject, body), = letters(house, 'drift_outside', 1)
    assert recipient == 'chief@example.jp' and '入れる' in subject and walls.networks.targets['vdi'] in body and '/maintenance' in body
    walls.networks.up(walls.rules)
    assert probe(walls, 'outside')['verdict'] == 'good' and tile(walls, 'outside')['state'] == 'green'
    walls.networks.down()
    assert probe(walls, 'outside')['said'] == 'drift' and len(drifts(house)) == 2      # red again after green: told again
    entry = [e for e in walls.house.log('unei') if e['verb'] == 'alert'][-1]
    assert entry['kind'] == 'maintenance' and entry['detail']['alert'] == 'drift'


def test_syn_3_12_1_b_the_office_itself_gets_in(walls):
    if isinstance(walls.networks, Loopback):
        return                                                                         # one network: there is no office to come from
    where = walls.networks.prefix('office')
    tried = subprocess.run([*where, 'timeout', '5', 'bash', '-c', 'exec 3<>/dev/tcp/10.71.3.2/3389'], capture_output=True)
    assert tried.returncode == 0, tried


def test_syn_3_12_1_e_a_host_that_is_not_listed_is_not_reached_and_a_success_raises_an_incident(walls, house):
    assert probe(walls, 'egress')['verdict'] == 'good'
    assert tile(walls, 'egress')['state'] == 'green'
    walls.networks.down()
    said = probe(walls, 'egress')
    assert (said['verdict'], said['found'], said['route'], said['said']) == ('bad', 'connected', walls.networks.targets['unlisted'], 'drift')
    assert tile(walls, 'egress')['state'] == 'red' and drifts(house) == [('egress', walls.networks.targets['unlisted'])]
    assert len(letters(house, 'drift_egress', 1)) == 1


def test_syn_3_12_2_a_the_management_tool_is_reached_by_tls_only_and_route_and_version_are_kept(walls, house):
    assert probe(walls, 'plain')['verdict'] == 'good'
    seen = tile(walls, 'plain')
    assert (seen['state'], seen['tls']) == ('green', 'TLSv1.3')
    kept = house.sql("select attempts from daicho.maintenance_probe where kind = 'plain'")[0][0]
    assert [(a['how'], a['target'], a['tls']) for a in kept] == [('shut', walls.networks.targets['plain'], None), ('tls', walls.networks.targets['tool'], 'TLSv1.3')]
    walls.networks.down()
    said = probe(walls, 'plain')
    assert (said['verdict'], said['found'], said['route']) == ('bad', 'connected', walls.networks.targets['plain'])
    assert tile(walls, 'plain')['state'] == 'red' and drifts(house) == [('plain', walls.networks.targets['plain'])]


def test_syn_3_12_2_a_a_certificate_nobody_trusts_is_no_tls(walls):
    status, out, told = daicho('maintenance', 'probe', 'plain', '--tenant', 'unei', '--place', 'vdi', '--json', '--dir', walls.house.dir,
                               prefix=walls.networks.prefix('vdi'))
    assert status == 0, told
    assert (json.loads(out)['verdict'], json.loads(out)['found']) == ('bad', 'untrusted')


def test_a_place_without_a_network_measures_nothing(walls):
    """That nothing is reached proves a wall only where something else is."""
    report = json.loads(daicho('maintenance', 'probe', 'outside', '--report', '--plan', walls.file, '--place', 'dead',
                               prefix=['unshare', '-n'] if os.geteuid() == 0 else ['unshare', '-rn'])[1])
    assert [a['found'] for a in report['attempts']] == ['unreachable', 'unreachable']
    assert walls.house.cli('maintenance', 'observe', '--tenant', 'unei', '-', input=json.dumps(report))['verdict'] == 'none'
    assert tile(walls, 'outside')['state'] == 'amber'


def test_a_report_from_elsewhere_counts_once_fresh_and_for_this_plan_only(walls, house):
    report = json.loads(daicho('maintenance', 'probe', 'egress', '--report', '--plan', walls.file, '--place', 'vdi', prefix=walls.networks.prefix('vdi'))[1])

    def observe(**change):
        return house.cli('maintenance', 'observe', '--tenant', 'unei', '-', input=json.dumps({**report, **change}) + '\n')
    assert observe()['said'] == 'done' and observe()['said'] == 'again'
    assert house.sql('select count(*) from daicho.maintenance_probe') == [(1,)]
    old = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=16)).isoformat(timespec='seconds')
    later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)).isoformat(timespec='seconds')
    other = [{**report['attempts'][0], 'target': '192.0.2.1:1'}, report['attempts'][1]]
    for change, said in (({'tried_at': old}, 'too old'), ({'tried_at': later}, 'too old'), ({'attempts': other}, 'another plan'), ({'attempts': []}, 'another plan'),
                         ({'kind': 'inside'}, 'outside, egress or plain'), ({'daicho': 'x'}, 'no report'), ({'place': ''}, 'no report'),
                         ({'attempts': [{**a, 'found': 'fine'} for a in report['attempts']]}, 'another plan')):
        with pytest.raises(Refused, match=said):
            observe(**change)
    with pytest.raises(Refused, match='no report'):
        house.cli('maintenance', 'observe', '--tenant', 'unei', '-', input='')
    assert house.sql('select count(*) from daicho.maintenance_probe') == [(1,)]


def test_a_probe_that_does_not_report_is_amber_never_green(walls, house):
    assert probe(walls, 'egress')['verdict'] == 'good' and tile(walls, 'egress')['state'] == 'green'
    for minutes, state in ((14, 'green'), (16, 'amber')):
        house.sql("update daicho.maintenance_probe set at = now() - make_interval(mins => %s)", args=(minutes,))
        assert tile(walls, 'egress')['state'] == state
    walls.networks.down()
    probe(walls, 'egress')
    house.sql("update daicho.maintenance_probe set at = now() - interval '2 days'")
    assert tile(walls, 'egress')['state'] == 'red'                                     # nobody has seen it healed


# sessions -----------------------------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def works(place, house):
    for table in ('maintenance_session', 'maintenance_vpn', 'maintenance_import', 'vdi_account'):
        house.sql(f'delete from daicho.{table}')
    return place


def logged_in(place, who, source):
    """A session as log-in makes it, from that address."""
    place.house.sql('delete from daicho.session where account_id = %s', args=(who.id,))
    place.house.sql("insert into daicho.session (token_hash, account_id, tenant, source, agent, factor) values (sha256(%s), %s, 'unei', %s, 'test', 'provider')",
                    args=(os.urandom(8), who.id, source))
    who._browser = None
    return place.house.sql('select id from daicho.maintenance_session order by id desc limit 1')[0][0]


def vpn(place, tmp_path, *lines, heading='user,address,from,to'):
    (tmp_path / 'vpn.csv').write_text('\n'.join([heading, *lines]) + '\n')
    return place.house.cli('maintenance', 'import-vpn', '--tenant', 'unei', tmp_path / 'vpn.csv')


def at(minutes):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)).isoformat(timespec='seconds')


def work(place, id, who=None):
    listed = page(place, who or place.chief)['works']
    assert (found := [w for w in listed if w['id'] == id]), (id, listed)
    return found[0]


def test_syn_3_12_1_c_a_session_without_office_or_vpn_record_is_flagged_and_explained_by_another(works, tmp_path, house):
    office = logged_in(works, works.one, '10.71.1.9')
    home = logged_in(works, works.one, '198.51.100.7')
    tunnel = logged_in(works, works.two, '10.8.0.5')
    forgotten = logged_in(works, works.one, '10.8.0.6')
    assert [work(works, i)['state'] for i in (office, home, tunnel, forgotten)] == ['fine', 'flagged', 'waiting', 'waiting']
    assert work(works, home)['reason'] == 'elsewhere' and tile(works, 'sessions')['state'] == 'red'
    taken = vpn(works, tmp_path, f'suzuki,10.8.0.5,{at(-30)},', f'suzuki,10.8.0.6,{at(-90)},{at(-60)}', f'tanaka,10.8.0.6,{at(-30)},{at(1)}')
    assert taken == {'lines': 3, 'added': 3, 'covered': 1}
    assert [work(works, i)['state'] for i in (tunnel, forgotten)] == ['fine', 'flagged']   # the log has it for somebody else
    assert work(works, forgotten)['reason'] == 'vpn'
    again = vpn(works, tmp_path, f'suzuki,10.8.0.5,{at(-30)},', heading='User,Address,From,To')
    assert again['covered'] == 0
    # explained: not by whom it was, not without a word, once, and it stays
    assert call(works.one, 'POST', f'/maintenance/sessions/{home}/explain', {'note': 'x'}).status == 403
    assert call(works.two, 'POST', f'/maintenance/sessions/{home}/explain', {'note': ' '}).status == 422
    assert call(works.two, 'POST', f'/maintenance/sessions/{office}/explain', {'note': 'x'}).status == 409
    assert call(works.two, 'POST', f'/maintenance/sessions/{home}/explain', {'note': '出張先での障害対応。VPNが止まっていた'}).status == 204
    assert call(works.two, 'POST', f'/maintenance/sessions/{home}/explain', {'note': 'x'}).status == 409
    seen = work(works, home)
    assert (seen['state'], seen['noted_by'], seen['reason']) == ('explained', 'suzuki', 'elsewhere') and '出張先' in seen['note']
    assert works.house.log('unei')[-1]['verb'] in ('list', 'review')
    for sql in ('delete from daicho.maintenance_session', "update daicho.maintenance_session set network = 'office'"):
        for role in ('daicho_web', 'daicho_cli', 'daicho_jobs'):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                house.sql(sql, role=role)


def test_syn_3_12_1_c_support_in_a_contract_is_a_session_of_its_own(works, house):
    shop = house.tenant(registers=())
    logged_in(works, works.one, '203.0.113.9')
    works.one.browser()
    before = house.sql('select max(id) from daicho.maintenance_session')[0][0]
    asked = works.ask(works.one, shop.name).json()['id']
    assert call(shop.admin, 'POST', f'/support/{asked}/approve').status == 204
    assert call(works.one, 'POST', f'/operator/support/{asked}/enter').status == 204
    assert house.sql('select kind, actor, network from daicho.maintenance_session where id > %s', args=(before,)) == [('support', 'sato', 'elsewhere')]
    assert call(works.one, 'POST', '/operator/leave').status == 204


def test_syn_3_12_1_c_commands_of_the_machine_are_sessions_too(works, house, tmp_path):
    attended = {'SSH_CONNECTION': '198.51.100.9 1 10.0.0.1 22'}                         # somebody sits there; what they say about themselves is not believed
    house.cli('tenant', 'list')
    assert house.sql("select count(*) from daicho.maintenance_session where kind = 'command'") == [(0,)]        # nobody sits there: a timer
    house.cli('tenant', 'list', env=attended)
    house.cli('account', 'list', '--tenant', 'unei', env=attended)
    (actor, address, network, count), = house.sql("select actor, address, network, count from daicho.maintenance_session where kind = 'command'")
    assert (address, network, count) == (None, 'unknown', 2)
    house.sql("update daicho.maintenance_session set began_at = began_at - interval '2 days', last_at = last_at - interval '47 hours'")
    id = house.sql('select max(id) from daicho.maintenance_session')[0][0]
    assert (work(works, id)['state'], work(works, id)['reason']) == ('flagged', 'unknown')     # no log for a day: it is not waited for for ever
    vpn(works, tmp_path, f'{actor},10.8.0.9,{at(-49 * 60)},{at(-46 * 60)}')
    assert work(works, id)['state'] == 'fine'
    for source, network in (('session 7 from 10.71.1.8', 'office'), ('session 8 from 198.51.100.3', 'elsewhere'), ('session 9', 'unknown')):
        house.sql('select daicho.maintenance_command(%s, %s)', role='daicho_cli', args=('sato', source))
        assert house.sql('select network, person_id is not null from daicho.maintenance_session order by id desc limit 1') == [(network, True)]


@pytest.mark.parametrize('lines,told', [
    (['sato,10.8.0.5,2026-11-22T10:00:00+09:00'], (2, 'four short cells')),
    (['sato,10.8.0.5,2026-11-22T10:00:00+09:00,', 'sato,10.8.0.0/24,2026-11-22T10:00:00+09:00,'], (3, 'must be an address')),
    (['sato,10.8.0.5,2026-11-22 10:00,'], (2, 'must be a time')),
    (['sato,10.8.0.5,2026-11-22T10:00:00+09:00,2026-11-22T09:59:59+09:00'], (2, 'ends before it begins')),
    ([',10.8.0.5,2026-11-22T10:00:00+09:00,'], (2, 'must be a name')),
    (['"sato,10.8.0.5,2026-11-22T10:00:00+09:00,'], (2, '')),
])
def test_a_log_of_the_vpn_with_a_wrong_line_is_refused_whole(works, tmp_path, house, lines, told):
    with pytest.raises(Refused) as refused:
        vpn(works, tmp_path, f'fine,10.8.0.1,{at(-5)},{at(-1)}', *lines) if told[0] == 0 else vpn(works, tmp_path, *lines)
    assert told[1] in refused.value.stderr if hasattr(refused.value, 'stderr') else told[1] in str(refused.value)
    assert str(told[0]) in str(refused.value)
    assert house.sql('select (select count(*) from daicho.maintenance_vpn), (select count(*) from daicho.maintenance_import)') == [(0, 0)]


def test_a_log_of_the_vpn_is_idempotent_and_limited(works, tmp_path, house):
    lines = [f'u{i},10.8.{i // 250}.{i % 250},{at(-60)},{at(-30)}' for i in range(2000)]
    assert vpn(works, tmp_path, *lines)['added'] == 2000
    assert vpn(works, tmp_path, *lines)['added'] == 0
    with pytest.raises(Refused, match='20000'):
        vpn(works, tmp_path, *[f'u,10.8.0.1,2026-01-01T00:00:{i % 60:02}Z,' for i in range(20001)])
    with pytest.raises(Refused, match='heading'):
        vpn(works, tmp_path, heading='name,ip,from,to')


# accounts of the VDI ----------------------------------------------------------------------------------------------------------------------------
def listed(place, tmp_path, text):
    (tmp_path / 'vdi').write_text(text)
    return place.house.cli('maintenance', 'import-vdi', '--tenant', 'unei', tmp_path / 'vdi')


def state(place):
    return {v['name']: v['state'] for v in page(place)['vdi']}


def person(place, who):
    return place.house.sql('select person_id from daicho.account where id = %s', args=(who.id,))[0][0]


def test_syn_3_12_1_f_accounts_of_the_vdi_need_an_approval_of_somebody_else_and_end_with_their_person(works, tmp_path, house):
    assert tile(works, 'accounts')['state'] == 'amber'                                 # no list was taken yet
    asked = call(works.one, 'POST', '/maintenance/vdi', {'name': 'v.suzuki', 'person': person(works, works.two), 'purpose': '月次の保守'})
    assert asked.status == 201, asked
    id = asked.json()['id']
    assert listed(works, tmp_path, 'root:x:0:0:root:/root:/usr/sbin/nologin\nv.suzuki:x:1000:1000::/home/v:/bin/bash\nv.old:x:1001:1001::/home/o:/bin/sh\n') == {'accounts': 2}
    assert state(works) == {'v.suzuki': 'unapproved', 'v.old': 'unapproved'} and tile(works, 'accounts') ['state'] == 'red'
    for who in (works.one, works.two):                                                 # may approve nothing
        assert call(who, 'POST', f'/maintenance/vdi/{id}/approve').status == 403
    assert call(works.chief, 'POST', f'/maintenance/vdi/{id}/approve').status == 204
    assert call(works.chief, 'POST', f'/maintenance/vdi/{id}/approve').status == 409
    assert state(works) == {'v.suzuki': 'fine', 'v.old': 'unapproved'}
    own = call(works.chief, 'POST', '/maintenance/vdi', {'name': 'v.chief', 'person': person(works, works.one), 'purpose': 'x'}).json()['id']
    assert call(works.chief, 'POST', f'/maintenance/vdi/{own}/approve').status == 403   # asked by themselves
    theirs = call(works.one, 'POST', '/maintenance/vdi', {'name': 'v.chief2', 'person': person(works, works.chief), 'purpose': 'x'}).json()['id']
    assert call(works.chief, 'POST', f'/maintenance/vdi/{theirs}/approve').status == 403  # for themselves
    for other in (own, theirs):
        assert call(works.one, 'POST', f'/maintenance/vdi/{other}/end').status == 204
    assert listed(works, tmp_path, '# taken from the VDI\nV.Suzuki\n')['accounts'] == 1
    assert state(works) == {'v.suzuki': 'fine'} and tile(works, 'accounts')['state'] == 'green'
    house.sql('update daicho.person set left_at = now() where id = %s', args=(person(works, works.two),))
    try:
        assert state(works) == {'v.suzuki': 'left'} and tile(works, 'accounts')['state'] == 'red'
    finally:
        house.sql('update daicho.person set left_at = null where id = %s', args=(person(works, works.two),))
    assert call(works.one, 'POST', f'/maintenance/vdi/{id}/end').status == 204
    assert state(works) == {'v.suzuki': 'ended'} and tile(works, 'accounts')['state'] == 'red'    # it should be gone from there
    listed(works, tmp_path, 'someone\n')
    assert state(works) == {'someone': 'unapproved'}


def test_a_list_of_accounts_with_a_wrong_line_is_refused_whole(works, tmp_path, house):
    for text, told in (('good\nnot good\n', 'name of an account'), ('a:b:c\n', 'name of an account'), ('# nobody\n', 'no account'), ('x' * 65, 'name of an account')):
        with pytest.raises(Refused, match=told):
            listed(works, tmp_path, text)
    assert house.sql('select count(*) from daicho.maintenance_import') == [(0,)]


@pytest.mark.parametrize('body,item', [({'name': 'a b', 'person': 1, 'purpose': 'x'}, 'name'), ({'name': 'ok', 'person': 999999999, 'purpose': 'x'}, 'person'),
                                       ({'name': 'ok', 'person': 1, 'purpose': ' '}, 'purpose'), ({'person': 1, 'purpose': 'x'}, 'name')])
def test_what_no_account_of_the_vdi_can_be_is_refused_by_name(works, body, item):
    answer = call(works.one, 'POST', '/maintenance/vdi', body)
    assert answer.status == 422 and answer.json()['errors'][0]['item'] == item, answer


# whose it is --------------------------------------------------------------------------------------------------------------------------------------
def test_it_is_the_operators_alone(works, house):
    shop = house.tenant(registers=())
    assert call(shop.admin, 'GET', '/maintenance').status == 403
    assert call(shop.admin, 'POST', '/maintenance/vdi', {'name': 'x', 'person': 1, 'purpose': 'x'}).status == 403
    for command in (('show',), ('set', works.file), ('probe', 'egress')):
        with pytest.raises(Refused):
            house.cli('maintenance', *command, '--tenant', shop.name)
    denied = psycopg.errors.InsufficientPrivilege
    for role in ('daicho_web', 'daicho_jobs', 'daicho_auth', 'daicho_cli'):
        for sql in ('select * from daicho.maintenance_plan', "select daicho.maintenance_set('{}')", 'select daicho.vdi_account_approve(1)',
                    "select daicho.maintenance_vdi_take('{root}', 'x')"):
            with pytest.raises(denied):
                house.sql(sql, role=role)
    # inside the operators' contract a web process writes no observation
    for role, name in (('daicho_web', 't_unei'), ('daicho_jobs', 't_unei'), ('daicho_web', f't_{shop.name}')):
        with house.connect(role) as db:
            for sql in ("select daicho.maintenance_observe('egress', 'x', now(), 'shut', 'silent', 'x', null, '[]', 'good')", "select daicho.maintenance_set('{}')",
                        "select daicho.maintenance_vpn_take('[]', now(), 'x')", "insert into daicho.vdi_account (tenant) values ('unei')",
                        "update daicho.maintenance_plan set every = 1440", 'delete from daicho.maintenance_probe'):
                with pytest.raises(denied), db.transaction():
                    db.execute("select set_config('role', %s, true)", (name,))
                    db.execute(sql)
            with db.transaction():
                db.execute("select set_config('role', %s, true)", (name,))
                assert db.execute('select count(*) from daicho.maintenance_plan').fetchone() == (1 if name == 't_unei' else 0,)


def test_what_the_page_says_in_both_languages(walls):
    probe(walls, 'egress')
    logged_in(walls, walls.two, '198.51.100.7')
    browser = walls.one.browser()
    for lang, words in (('ja', ('保守の経路', '未測定', '正常', '本社でもVPNでもない場所からです', '3.12.1-e')), ('en', ('Maintenance access', 'Not measured', 'Neither the office nor the VPN'))):
        answer = browser.get('/maintenance', headers={'Accept-Language': lang})
        assert answer.status == 200
        if lang == 'ja':
            assert all(w in answer.text for w in words), [w for w in words if w not in answer.text]
