"""Whoever holds a bundle, a receipt or the house itself can check the operation log; what was changed is named."""
import base64, json, re, shutil, subprocess, tarfile, urllib.parse

import pytest

from house import DAICHO, ENVIRONMENT, Refused, until


def verify(*args, **more):
    """(status, what was said) of `daicho log verify`, without any house."""
    done = subprocess.run([str(a) for a in (DAICHO, 'log', 'verify', *args)], capture_output=True, text=True, cwd='/', env=ENVIRONMENT, timeout=60, **more)
    return done.returncode, (done.stdout if done.returncode == 0 else done.stderr).strip()


def sealed(tenant):
    """Everything that was done so far is sealed and published."""
    wanted = tenant.sql('select max(id) from log')[0][0]
    def there():
        tree = tenant.sql("select last_id, signed_at is not null, part, generation from daicho.seal_tree where tenant = %s", [tenant.name])[0]
        if tree[0] < wanted or not tree[1]:
            return None
        text = (tenant.house.dir / 'seal' / tree[2] / str(tree[3]) / 'checkpoint').read_text()
        size = tenant.sql('select size from daicho.seal_tree where tenant = %s', [tenant.name])[0][0]
        return int(text.splitlines()[1]) >= size
    assert until(there, 30), tenant.sql('select * from daicho.seal_tree where tenant = %s', [tenant.name])


def search(shop, what):
    """Leaves an entry with a detail: what was searched for."""
    assert shop.api('GET', f'/registers/customers/records?q={urllib.parse.quote(what)}').status == 200


@pytest.fixture(scope='module')
def shop(house):
    tenant = house.tenant(title='株式会社封印')
    for i in range(300):
        assert tenant.api('GET', f'/registers/customers/records?limit={i % 50 + 1}').status == 200
    search(tenant, '佐藤')
    sealed(tenant)
    return tenant


@pytest.fixture(scope='module')
def bundle(shop, tmp_path_factory):
    """The shop's whole log, unpacked, and its key."""
    at = tmp_path_factory.mktemp('bundle')
    shop.house.cli('log', 'bundle', '--tenant', shop.name, at / 'log.tar', env={'DAICHO_KEY': shop.key})
    with tarfile.open(at / 'log.tar') as tar:
        tar.extractall(at / 'log')
    key = shop.house.cli('log', 'key', '--tenant', shop.name)
    assert len(key) == 1
    return at, key[0]


def test_a_bundle_is_verified_as_archive_and_as_directory(bundle):
    at, key = bundle
    for path in (at / 'log.tar', at / 'log'):
        status, said = verify(path, '--key', key)
        assert status == 0, said
        count = int(re.search(r'^all (\d+) entries are those that were signed$', said, re.M)[1])
        assert count > 300 and 'details: ' in said
    status, said = verify(at / 'log.tar')
    assert status == 0 and 'the key came with the log itself' in said
    model = json.loads(verify(at / 'log', '--key', key, '--json')[1])
    assert model['entries'] == count and model['origin'] == key.split('+')[0] and model['details'] > 0 and not model['key_from_bundle']


def test_the_running_house_is_verified_row_by_row(shop):
    status, out, err = shop.house.run('log', 'verify', '--tenant', shop.name)
    assert status == 0, err
    assert re.search(r'all \d+ entries are those that were signed', out) and re.search(r'details: \d+ fit their entries, 0 are not there', out)
    sealed(shop)
    assert [e['verb'] for e in shop.log()][-1] == 'verify'


CHANGES = [
    ("update {t}.log set actor = 'somebody' where id = {id}", 'is not the one that was sealed'),
    ("update {t}.log set at = at + interval '1 microsecond' where id = {id}", 'is not the one that was sealed'),
    ("update {t}.log set groups = groups || 'x' where id = {id}", 'is not the one that was sealed'),
    ("update {t}.log set source = '192.0.2.99' where id = {id}", 'is not the one that was sealed'),
    ("delete from {t}.log where id = {id}", 'is not the one that was sealed'),
    ("update {t}.log_detail set detail = detail || ' ' where id = {id}", 'is not the one it was sealed with'),
    ("delete from {t}.log where id > {id}", 'the log ends too early'),
    ("update {t}.log a set verb = b.verb, at = b.at, actor_id = b.actor_id, commitment = b.commitment from {t}.log b "
     "where (a.id = {id} and b.id = {id} + 1) or (a.id = {id} + 1 and b.id = {id})", 'is not the one that was sealed'),
]


@pytest.mark.parametrize('change, said', CHANGES)
def test_what_a_superuser_changes_in_the_log_is_found_and_its_index_named(house, change, said):
    """Whoever can write everything in the database cannot write it so that nobody sees."""
    shop = house.tenant(registers=('customers',))
    for i in range(12):
        search(shop, f'客{i}')
    sealed(shop)
    id = shop.sql('select l.id from log l join log_detail d using (id) order by id limit 1 offset 4')[0][0]
    index = shop.sql('select count(*) from log where (xid, id) < (select xid, id from log where id = %s)', [id])[0][0]
    shop.sql(change.format(t=f't_{shop.name}', id=id))
    status, _, err = house.run('log', 'verify', '--tenant', shop.name)
    assert status == 1 and said in err, err
    wrong = int(re.search(r'entry (\d+)', err)[1])
    assert wrong == (index + 1 if 'ends too early' in said else index)


def test_a_receipt_proves_its_entry_for_ever_and_nothing_else(shop, tmp_path):
    id = [e for e in shop.log() if e['verb'] == 'search' and e['kind'] == 'customers'][-1]['id']
    path, key = tmp_path / 'one.tlog-proof', shop.house.cli('log', 'key', '--tenant', shop.name)[0]
    assert shop.house.run('log', 'receipt', '--tenant', shop.name, id, path)[0] == 0
    status, said = verify(path, '--key', key)
    assert status == 0, said
    for line in ('daicho-entry/v1', f'number {id}', 'actor key ', 'name test', 'source 127.0.0.1', 'verb search', 'kind customers', 'result OK'):
        assert re.search(f'^{line}', said, re.M), line
    assert '佐藤' not in said
    row = shop.sql('select to_jsonb(l) from log l where id = %s', [id])[0][0]
    commit = re.search('^commit (.+)$', said, re.M)[1]
    assert base64.b64decode(commit).hex() == row['commitment'][2:]
    # the entry itself, changed
    entry = base64.b64decode(re.search('^extra (.+)$', path.read_text(), re.M)[1])
    (tmp_path / 'entry').write_bytes(entry.replace(b'verb search', b'verb delete'))
    status, said = verify(path, '--key', key, '--entry', tmp_path / 'entry')
    assert status == 1 and 'the receipt does not prove this entry' in said
    # later, when the log has grown, it still holds
    shop.api('GET', '/registers/customers/records')
    sealed(shop)
    assert verify(path, '--key', key)[0] == 0
    status, said = verify(path)
    assert status == 2 and 'whose log is this?' in said


def test_receipts_of_entries_that_are_not_there_are_refused(shop, tmp_path):
    with pytest.raises(Refused) as refused:
        shop.house.cli('log', 'receipt', '--tenant', shop.name, 999999, tmp_path / 'x')
    assert refused.value.status == 1 and 'there is no such entry' in str(refused.value)


def test_renaming_an_account_changes_no_sealed_entry(house):
    shop = house.tenant()
    account = shop.account('mikan', group='担当者')
    account.browser().get('/registers/customers/records')
    sealed(shop)
    house.sql("update daicho.account set login = 'ringo' where tenant = %s and login = 'mikan'", args=[shop.name])
    house.sql("update daicho.account_group set name = 'another' where tenant = %s and name = '担当者'", args=[shop.name])
    assert house.run('log', 'verify', '--tenant', shop.name)[0] == 0


def test_erased_details_leave_the_proof_standing(house):
    shop = house.tenant()
    search(shop, '消去')
    sealed(shop)
    shop.sql('delete from log_detail')
    status, out, err = house.run('log', 'verify', '--tenant', shop.name)
    assert status == 0 and re.search(r'details: 0 fit their entries, [1-9]\d* are not there', out), err


def test_changed_details_of_a_bundle_are_named(bundle, tmp_path):
    at, key = bundle
    shutil.copytree(at / 'log', tmp_path / 'log')
    path = sorted((tmp_path / 'log/detail').iterdir())[0]
    details = json.loads(path.read_text())
    index = next(iter(details))
    details[index]['detail'] += ' '
    path.write_text(json.dumps(details))
    status, said = verify(tmp_path / 'log', '--key', key)
    assert status == 1 and f'the detail of entry {index} is not the one it was sealed with' in said
    details.pop(index)
    path.write_text(json.dumps(details))
    assert verify(tmp_path / 'log', '--key', key)[0] == 0


def test_what_is_no_log_is_refused_in_one_sentence(tmp_path, bundle):
    at, key = bundle
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'text').write_text('hello\n')
    (tmp_path / 'policy').write_text(f'log {key}\nquorum w1\n')
    for args, status, sentence in [
            ((tmp_path / 'empty', '--key', key), 1, 'there is no file'),
            ((tmp_path / 'empty',), 2, 'whose log is this?'),
            ((tmp_path / 'text', '--key', key), 1, ''),
            ((tmp_path / 'nowhere', '--key', key), 1, 'there is no file'),
            ((at / 'log', '--key', key, '--policy', 'x'), 2, 'give --key or --policy, not both'),
            ((at / 'log', '--policy', tmp_path / 'policy'), 1, 'line 2: '),
            ((), 2, 'PATH is missing')]:
        got, said = verify(*args)
        assert got == status and sentence in said and len(said.splitlines()) == 1, (args, said)


def test_a_policy_asks_for_witnesses(bundle, tmp_path):
    at, key = bundle
    witness = 'witness.example/w1+0ad7d35e+BIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c'
    (tmp_path / 'none').write_text(f'log {key}\nquorum none\n')
    (tmp_path / 'one').write_text(f'log {key}\nwitness w1 {witness}\nquorum w1\n')
    assert verify(at / 'log', '--policy', tmp_path / 'none')[0] == 0
    status, said = verify(at / 'log', '--policy', tmp_path / 'one')
    assert status == 1 and 'too few witnesses have cosigned this checkpoint: the quorum w1 is not reached' in said


def test_a_file_that_is_no_log_is_told_apart_from_one_that_is_damaged(tmp_path):
    path = tmp_path / 'letter.txt'
    path.write_text('Dear auditor,')
    status, said = verify(path)
    assert status == 1 and f'{path} is neither a log in a tar archive nor a receipt (.tlog-proof)' in said and '/bin/tar' not in said
