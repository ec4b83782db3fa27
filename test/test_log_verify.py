"""Whoever holds a bundle, a receipt or the house itself can check the operation log; what was changed is named."""
import base64, hashlib, json, pathlib, re, subprocess, tarfile

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


@pytest.fixture(scope='module')
def shop(house):
    tenant = house.tenant(title='株式会社封印')
    for i in range(300):
        assert tenant.api('GET', f'/registers/customers/records?limit={i % 50 + 1}').status == 200
    tenant.api('POST', '/registers/customers/records', json={'name_sei': '佐藤', 'email': 'sato@example.jp'})
    sealed(tenant)
    return tenant


@pytest.fixture(scope='module')
def bundle(shop, tmp_path_factory):
    """The shop's whole log, unpacked, and its key."""
    at = tmp_path_factory.mktemp('bundle')
    shop.house.cli('log', 'bundle', '--tenant', shop.name, at / 'log.tar')
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
