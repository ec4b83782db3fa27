"""The commands as an operator types them: what they print, for people and with --json, and how they refuse."""
import json, os, pathlib, re, socket, ssl, subprocess, threading

import pytest

from house import BUILD, DAICHO, ENVIRONMENT, ROOT, Refused


def daicho(*args, env=None, input=None):
    done = subprocess.run([str(a) for a in (DAICHO, *args)], capture_output=True, text=True, env={**ENVIRONMENT, **(env or {})}, input=input, cwd='/',
                          timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_help_lists_every_command_in_both_languages():
    status, english, _ = daicho('help')
    assert status == 0
    for name in 'up down tenant account key register import export job log routes config migrate template'.split():
        assert re.search(rf'^  daicho {name}\b', english, re.M), name
    status, japanese, _ = daicho('help', env={'LANG': 'ja_JP.UTF-8'})
    assert status == 0
    assert re.findall(r'^  daicho .*', japanese, re.M) == re.findall(r'^  daicho .*', english, re.M)
    summaries = [l for l in japanese.splitlines() if l.startswith('        ')]
    assert all(re.search('[ぁ-んァ-ヶ一-龠]', l) for l in summaries), [l for l in summaries if not re.search('[ぁ-んァ-ヶ一-龠]', l)]


@pytest.mark.parametrize('args, sentence', [
    ([], 'a command is missing'),
    (['fly'], 'there is no command "fly"'),
    (['tenant', 'fly'], 'there is no command "tenant fly"'),
    (['tenant', 'create'], 'NAME is missing'),
    (['tenant', 'create', 'a', 'b'], '"b" is one word too many'),
    (['tenant', 'list', '--fast'], 'there is no option --fast here'),
    (['tenant', 'create', 'x', '--title'], '--title needs a value'),
    (['up', '--port', 'many'], '--port must be a whole number from 0 to 65535, not "many"'),
    (['account', 'list'], '--tenant NAME is missing'),
    (['job', 'show', 'first'], 'ID must be a whole number, not "first"'),
    (['import', 'customers'], 'FILE is missing'),
    (['import', '--tenant', 'x', 'customers', 'x.csv'], 'there is no option --tenant here'),
    (['tenant', 'end', 'x'], 'repeat its name: --confirm NAME'),
    (['tenant', 'end', 'x', '--confirm', 'y'], 'repeat its name: --confirm NAME'),
])
def test_usage_mistakes_end_with_status_2_and_one_sentence(args, sentence):
    status, out, err = daicho(*args)
    assert status == 2
    assert sentence in err.strip().splitlines()[-1]
    assert out == ''


def test_commands_say_when_nothing_runs_there(tmp_path):
    status, _, err = daicho('tenant', 'list', '--dir', tmp_path)
    assert status == 1 and f'{tmp_path} is not a directory of Daicho' in err


def test_tenants_are_made_listed_suspended_resumed_and_ended(house):
    made = house.cli('tenant', 'create', 'shortlife', '--title', '短命商店', '--lang', 'en', '--no-admin')
    assert (made['name'], made['title'], made['lang'], made['state']) == ('shortlife', '短命商店', 'en', 'active')
    with pytest.raises(Refused) as refused:
        house.cli('tenant', 'create', 'shortlife', '--no-admin')
    assert refused.value.status == 1
    house.cli('tenant', 'suspend', 'shortlife')
    assert [t['state'] for t in house.cli('tenant', 'list') if t['name'] == 'shortlife'] == ['suspended']
    house.cli('tenant', 'resume', 'shortlife')
    assert [t['state'] for t in house.cli('tenant', 'list') if t['name'] == 'shortlife'] == ['active']
    house.cli('tenant', 'end', 'shortlife', '--confirm', 'shortlife')
    assert not [t for t in house.cli('tenant', 'list') if t['name'] == 'shortlife']
    assert house.sql("select count(*) from pg_namespace where nspname = 't_shortlife'") == [(0,)]
    entries = house.sql("select verb, result, actor_kind from daicho.log where detail::text like '%shortlife%' order by id")
    assert [e[0] for e in entries] == ['create', 'create', 'update', 'update', 'update', 'delete']     # it is suspended before it is erased
    assert {e[2] for e in entries} == {'operator'}
    assert [e[1] for e in entries] == ['OK', 'CONFLICT', 'OK', 'OK', 'OK', 'OK']


def test_tables_for_people_are_aligned_with_kanji_taking_two_places(house):
    house.tenant(name='aligned', title='株式会社整列', registers=())
    status, out, _ = house.run('tenant', 'list')
    assert status == 0
    head, *rows = out.splitlines()
    row = next(r for r in rows if r.startswith('aligned'))
    width = lambda s: sum(2 if ord(c) > 0x2e80 else 1 for c in s)
    assert width(row[:row.index('active')]) == width(head[:head.index('state')])


def test_accounts_come_and_go_and_their_passwords_work(house):
    tenant = house.tenant(registers=())
    made = house.cli('account', 'create', '--tenant', tenant.name, 'hanako', '--group', '担当者', '--password', '-', input='Sakura-2026-xyz\n')
    assert made['login'] == 'hanako' and 'password' not in made
    house.browser_login(tenant.name, 'hanako', 'Sakura-2026-xyz')
    reset = house.cli('account', 'password', '--tenant', tenant.name, 'hanako')
    assert len(reset['password']) >= 16
    tenant.account('admin')                             # somebody who manages accounts must be left
    house.cli('account', 'suspend', '--tenant', tenant.name, 'hanako')
    assert house.browser().post('/login', {'tenant': tenant.name, 'login': 'hanako', 'password': reset['password']}).status == 401
    house.cli('account', 'resume', '--tenant', tenant.name, 'hanako')
    house.cli('account', 'erase', '--tenant', tenant.name, 'hanako')
    assert [a['login'] for a in house.cli('account', 'list', '--tenant', tenant.name)['accounts']] == ['admin']
    assert 'Sakura' not in json.dumps(tenant.log(), ensure_ascii=False)


def test_account_without_password_gets_one_printed_once(house):
    tenant = house.tenant(registers=())
    status, out, err = house.run('account', 'create', '--tenant', tenant.name, 'jiro', '--group', '閲覧者(個人情報なし)')
    assert status == 0, err
    assert re.search(r'^[\w-]{16,}$', out, re.M), out


def test_unknown_group_and_unknown_tenant_are_refused_with_status_1(house):
    tenant = house.tenant(registers=())
    for args in (['account', 'create', '--tenant', tenant.name, 'x', '--group', '無い係'], ['account', 'list', '--tenant', 'nosuch']):
        status, _, err = house.run(*args)
        assert status == 1
        assert len(err.strip().splitlines()) == 1, err


def test_key_works_until_it_is_revoked(house):
    tenant = house.tenant(registers=())
    made = house.cli('key', 'create', '--tenant', tenant.name, 'shop', '--permissions', 'register.define', '--days', 30)
    assert house.api('GET', '/registers', key=made['key']).status == 200
    listed = house.cli('key', 'list', '--tenant', tenant.name)['keys']
    assert [k['name'] for k in listed] == ['shop'] and made['key'] not in json.dumps(listed)
    house.cli('key', 'revoke', '--tenant', tenant.name, made['id'])
    assert house.api('GET', '/registers', key=made['key']).status == 401


@pytest.fixture
def by_key(house, tmp_path):
    """A command as the owner of an API key types it: the key in a file, away from the house's own directory."""
    def run(key, *args, url=None, ca=None, mode=0o600):
        path = tmp_path / 'key'
        path.write_text(key + '\n')
        path.chmod(mode)
        return daicho(*args, '--key-file', path, '--url', url or house.url, '--ca', ca or house.dir / 'tls/ca.crt', '--json')
    return run


def test_files_go_in_and_out_by_command(house, by_key, tmp_path):
    tenant = house.tenant()
    file, refused, out = tmp_path / '顧客.csv', tmp_path / 'refused.csv', tmp_path / 'out.csv'
    subprocess.run([BUILD / 'gen_customers', '--rows', '300', '--bad', '0.05', '--encoding', 'cp932', '--eol', 'crlf', '--out', file], check=True)
    status, said, err = by_key(tenant.key, 'import', 'customers', file, '--refused', refused)
    assert status == 0, err
    job = json.loads(said)
    assert file.exists()                                # the original stays
    assert job['state'] == 'done' and job['result']['file'] == '顧客.csv'
    result = job['result']
    assert result['read'] == 300 and result['created'] + result['refused'] + result['changed'] + result['unchanged'] == 300 and result['refused'] > 0
    assert len(refused.read_bytes().decode('cp932', 'replace').splitlines()) > result['refused']
    status, said, err = by_key(tenant.key, 'export', 'customers', out, '--q', '佐藤', '--encoding', 'utf-8', '--items', 'family_name,given_name')
    assert status == 0, err
    lines = out.read_bytes().decode('utf-8-sig').splitlines()
    assert len(lines) == json.loads(said)['result']['rows'] + 1 > 1 and lines[0].count(',') == 1
    assert all('佐藤' in l for l in lines[1:])
    assert out.stat().st_mode & 0o777 == 0o600
    id = json.loads(said)['id']
    assert json.loads(by_key(tenant.key, 'job', 'list')[1])['jobs'][0]['id'] == id
    assert json.loads(by_key(tenant.key, 'job', 'show', id)[1])['state'] == json.loads(by_key(tenant.key, 'job', 'wait', id)[1])['state'] == 'done'
    assert by_key(tenant.key, 'job', 'file', id, tmp_path / 'again.csv')[0] == 0
    assert (tmp_path / 'again.csv').read_bytes() == out.read_bytes()
    assert by_key(tenant.key, 'job', 'cancel', id)[0] == 1       # it is over
    # what was done stands in the contract's log under the key's name, never the operator's
    assert {(e['actor_kind'], e['actor']) for e in tenant.log() if e['verb'] in ('import', 'export', 'download')} == {('key', 'test')}
    owner = (house.dir / 'VERSION').stat().st_uid
    assert {p.stat().st_uid for p in (house.dir / 'files').rglob('*')} == {owner}


def test_on_the_machine_of_the_house_a_key_is_enough(house, tmp_path):
    tenant = house.tenant(registers=('customers',))
    file = tmp_path / 'one.csv'
    file.write_text('email,family_name\none@example.jp,壱\n')
    assert house.cli('import', 'customers', file, env={'DAICHO_KEY': tenant.key})['result']['created'] == 1
    status, out, err = house.run('export', 'customers', tmp_path / 'x.csv', env={'DAICHO_KEY': tenant.key})
    assert status == 0 and '1' in out, err


def test_without_a_key_no_record_goes_in_or_out(house, tmp_path):
    tenant = house.tenant(registers=('customers',))
    file = tmp_path / 'x.csv'
    file.write_text('email,family_name\none@example.jp,壱\n')
    before = len(tenant.log())
    for args in (['import', 'customers', file], ['export', 'customers', tmp_path / 'out.csv'], ['job', 'list'], ['job', 'file', 1, tmp_path / 'out.csv']):
        status, out, err = house.run(*args, '--url', house.url)
        assert status == 1 and out == '' and len(err.strip().splitlines()) == 1 and '--key-file' in err and '/keys' in err, err
    assert not (tmp_path / 'out.csv').exists() and tenant.sql('select count(*) from r_customers') == [(0,)] and len(tenant.log()) == before


def test_what_a_key_may_not_the_command_may_not(house, by_key, tmp_path):
    tenant = house.tenant(registers=('customers',))
    file, out = tmp_path / 'x.csv', tmp_path / 'out.csv'
    file.write_text('email,family_name\none@example.jp,壱\n')
    reader = tenant.new_key('reader', 'record.read')
    for key, args, sentence in ((reader, ['import', 'customers', file], 'record.import'), (reader, ['export', 'customers', out], 'record.export'),
                                ('dk_' + 'x' * 43, ['export', 'customers', out], 'API key'), (tenant.key, ['import', 'nothing', file], '台帳'),
                                (tenant.key, ['export', 'customers', out, '--condition', '{'], ''),
                                (tenant.key, ['import', 'customers', file, '--encoding', 'utf-7'], 'encoding'),
                                (tenant.key, ['job', 'file', 99999999, out], 'ジョブ')):
        status, said, err = by_key(key, *args)
        assert status == 1 and said == '' and sentence in err and len(err.strip().splitlines()) == 1, (args, err)
    assert not out.exists()


def test_a_file_that_stands_there_stays_until_the_new_one_is_whole(house, by_key, tmp_path):
    tenant = house.tenant(registers=('customers',))
    house.wait_job(id := house.export('customers', tenant), tenant)
    mine = tmp_path / 'mine.csv'
    mine.write_text('precious')
    mine.chmod(0o644)
    status, _, err = by_key(tenant.key, 'job', 'file', 99999999, mine)
    assert status == 1 and mine.read_text() == 'precious' and sorted(p.name for p in tmp_path.iterdir()) == ['key', 'mine.csv'], err
    assert by_key(tenant.key, 'job', 'file', id, mine)[0] == 0 and mine.read_text() != 'precious' and mine.stat().st_mode & 0o777 == 0o600
    # a device is written to, never replaced or taken away
    null, full = tmp_path / 'null', tmp_path / 'full'
    null.symlink_to('/dev/null')
    full.symlink_to('/dev/full')
    assert by_key(tenant.key, 'job', 'file', 99999999, null)[0] == 1 and null.is_symlink() and null.is_char_device()
    assert by_key(tenant.key, 'job', 'file', id, null)[0] == 0 and null.is_symlink() and null.is_char_device()
    status, _, err = by_key(tenant.key, 'job', 'file', id, full)
    assert status == 1 and 'no space left' in err and full.is_symlink(), err
    assert by_key(tenant.key, 'job', 'file', id, tmp_path / 'nowhere/x.csv')[0] == 1


@pytest.fixture
def elsewhere(house, tmp_path):
    """A house of somebody else that answers what it likes, with a certificate for 127.0.0.1 that --ca names. (address, what was asked, ca)"""
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=x', '-addext',
                    'subjectAltName=IP:127.0.0.1', '-keyout', tmp_path / 'tls.key', '-out', tmp_path / 'tls.crt'], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / 'tls.crt', tmp_path / 'tls.key')
    door = context.wrap_socket(socket.create_server(('127.0.0.1', 0)), server_side=True)
    asked, say = [], {}

    def serve():
        while True:
            try:
                line, _ = door.accept()
            except ssl.SSLError:
                continue
            except OSError:
                return
            with line:
                asked.append(line.recv(65536).decode())
                line.sendall(say['answer'])
    threading.Thread(target=serve, daemon=True).start()
    yield f'https://127.0.0.1:{door.getsockname()[1]}', asked, say, tmp_path / 'tls.crt'
    door.close()


@pytest.mark.parametrize('answer', [
    b'HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\ncut off',
    b'HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    b'HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/stolen\r\nContent-Length: 0\r\n\r\n',
    b'HTTP/1.1 200 OK\r\nX: ' + b'x' * 200000 + b'\r\n\r\nhello', b'HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nhello',
    b'HTTP/1.1 403 No\r\nContent-Type: application/problem+json\r\nContent-Length: 31\r\n\r\n{"detail":["x"],"errors":[1,{}]}', b'', b'nonsense\r\n\r\n'], ids=range(8))
def test_half_an_answer_is_none(by_key, elsewhere, tmp_path, answer):
    """Neither cut bodies nor redirects nor nonsense leave a file; the key is sent to the house that was named, once, and in no address."""
    url, asked, say, ca = elsewhere
    say['answer'] = answer
    kept = tmp_path / 'kept.csv'
    kept.write_text('precious')
    status, out, err = by_key('dk_' + 'k' * 43, 'job', 'file', 1, kept, url=url, ca=ca)
    assert status == 1 and len(err.strip().splitlines()) == 1 and 'dk_k' not in err + out, err
    assert kept.read_text() == 'precious' and not list(tmp_path.glob('*.new'))
    assert len(asked) == 1 and asked[0].startswith('GET /api/v1/jobs/1/file HTTP/1.1\r\n') and asked[0].count('dk_k') == 1


def test_a_name_that_the_other_house_offers_is_not_taken(by_key, elsewhere, tmp_path):
    url, asked, say, ca = elsewhere
    say['answer'] = (b'HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename="../../evil.csv"\r\nContent-Type: text/csv\r\nContent-Length: 5\r\n\r\nhello')
    before = sorted(tmp_path.parent.rglob('*.csv'))
    assert by_key('dk_' + 'k' * 43, 'job', 'file', 1, tmp_path / 'mine.csv', url=url, ca=ca)[0] == 0
    assert sorted(tmp_path.parent.rglob('*.csv')) == sorted([*before, tmp_path / 'mine.csv']) and (tmp_path / 'mine.csv').read_text() == 'hello'


def test_a_key_goes_nowhere_but_to_a_house_that_is_trusted(house, by_key, tmp_path):
    tenant = house.tenant(registers=('customers',))
    for more, sentence in ((dict(mode=0o644), 'can be read by others'), (dict(url=house.url.replace('https:', 'http:')), 'must begin with https://'),
                           (dict(ca='/etc/ssl/certs/ca-certificates.crt'), 'is not trusted here'), (dict(url='https://127.0.0.1:1'), 'does not answer')):
        status, said, err = by_key(tenant.key, 'job', 'list', **more)
        assert status == 1 and sentence in err and said == '', (more, err)


def test_missing_and_unreadable_files_are_named(house):
    tenant = house.tenant()
    status, _, err = house.run('import', 'customers', '/nowhere/x.csv', env={'DAICHO_KEY': tenant.key})
    assert status == 1 and '/nowhere/x.csv' in err and len(err.strip().splitlines()) == 1
    status, _, err = house.run('register', 'define', '--tenant', tenant.name, '/nowhere/x.yaml')
    assert status == 1 and '/nowhere/x.yaml' in err


def test_wrong_definition_is_refused_with_its_line(house, tmp_path):
    tenant = house.tenant(registers=())
    file = tmp_path / 'bad.yaml'
    file.write_text('name: things\nkind: master\ntitle: { ja: 物, en: Things }\nitems:\n  - name: size\n    type: colour\n    title: { ja: 大, en: Size }\n')
    status, _, err = house.run('register', 'define', '--tenant', tenant.name, file)
    assert status == 1 and re.search(r'line [5-7]: ', err), err


def test_registers_are_listed_and_shown(house):
    tenant = house.tenant()
    listed = house.cli('register', 'list', '--tenant', tenant.name)
    assert {r['name'] for r in listed.get('registers', listed) } == {'customers', 'orders'}
    shown = house.cli('register', 'show', '--tenant', tenant.name, 'customers')
    assert [i['name'] for i in shown['items']][:2] == ['email', 'family_name']


def test_every_entry_of_a_command_says_what_it_was_about(house, tmp_path):
    shop = house.tenant(registers=())
    definition = tmp_path / 'd.yaml'
    definition.write_text('name: things\ntitle: {ja: もの, en: Things}\nkind: master\nitems:\n  - {name: label, type: text, title: {ja: 名, en: Name}}\n')
    for words in (['account', 'list'], ['group', 'list'], ['key', 'list'], ['person', 'list'], ['policy', 'show'], ['register', 'list'], ['certificate', 'list'],
                  ['address', 'list'], ['log', 'list'], ['log', 'show', '1'], ['register', 'define', str(definition)], ['register', 'show', 'things'],
                  ['account', 'create', 'saburo'], ['account', 'suspend', 'saburo'], ['group', 'create', 'g'], ['group', 'erase', 'g'], ['key', 'create', 'k']):
        house.cli(*words[:2], '--tenant', shop.name, *words[2:])
    with pytest.raises(Refused):
        house.cli('account', 'password', '--tenant', shop.name, 'nobody')
    assert shop.sql('select verb, detail::text from log l left join log_detail d using (id) where kind is null') == []
    house.cli('tenant', 'list')
    house.cli('log', 'status')
    assert house.sql('select verb from daicho.log where kind is null') == []


def test_waiting_for_a_job_writes_no_entry_each_time_it_asks(house):
    tenant = house.tenant(registers=('customers',))
    kinds = [(e['verb'], e['actor_kind']) for e in tenant.log()]
    assert kinds.count(('define', 'operator')) == 2             # asked, done
    assert not [k for k in kinds if k[0] == '']


def test_log_is_read_by_command_and_the_reading_is_logged(house):
    tenant = house.tenant(registers=())
    tenant.account('taro', group='担当者')
    entries = house.cli('log', 'list', '--tenant', tenant.name, '--verb', 'create', '--kind', 'account')['entries']
    assert len(entries) == 1
    shown = house.cli('log', 'show', '--tenant', tenant.name, entries[0]['id'])
    assert shown['detail_state'] == 'hidden' and 'detail' not in shown
    assert [e['verb'] for e in tenant.log()][-2:] == ['list', 'view']


def test_routes_name_permission_verb_and_limits_of_each_address():
    status, out, _ = daicho('routes', '--json')
    rows = json.loads(out)
    assert status == 0 and len(rows) > 30
    login = next(r for r in rows if (r['method'], r['path']) == ('POST', '/login'))
    assert (login['permission'], login['rate'], login['verb']) == ('public', 'login', 'login')
    assert all(r['summary'] for r in rows)


def test_config_is_printed_with_every_key_explained_and_reads_back(house):
    status, out, _ = daicho('config', '--explain', '--dir', house.dir)
    assert status == 0
    assert re.search(r'^# .*\(0 to 65535\)\n#?port = ', out, re.M)
    assert 'database_memory = 128' in out


def test_migrate_finds_nothing_left_to_do(house):
    assert house.cli('migrate') == {'applied': 0}


def test_template_is_rendered_with_data_and_escaped(tmp_path):
    (tmp_path / 't.html').write_text('{{#people}}<li>{{name}}</li>{{/people}}')
    (tmp_path / 'd.json').write_text('{"people": [{"name": "<佐藤>"}, {"name": "鈴木"}]}')
    status, out, _ = daicho('template', tmp_path / 't.html', '--data', tmp_path / 'd.json')
    assert (status, out) == (0, '<li>&lt;佐藤&gt;</li><li>鈴木</li>')
    (tmp_path / 't.html').write_text('a\n{{#people}}')
    status, _, err = daicho('template', tmp_path / 't.html')
    assert status == 1 and err.strip()


def test_output_that_cannot_be_written_is_not_taken_for_done():
    with open('/dev/full', 'w') as full:
        done = subprocess.run([DAICHO, 'help'], stdout=full, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert done.returncode == 1 and 'cannot be written' in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason='needs root')
def test_stranger_on_the_machine_is_told_that_permission_is_missing(house):
    done = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', DAICHO, 'tenant', 'list', '--dir', house.dir],
                          capture_output=True, text=True, env=ENVIRONMENT, cwd='/')
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
