"""Fixtures of the whole-house tests: one real house for the run, a fresh contract wherever a test asks for one."""
import os, pathlib, sys, tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cluster import Cluster
from house import House

# Where the tests of files start a virus scanner; until then files wait.
SCANNER = f'{tempfile.gettempdir()}/daicho-clamd-{os.getpid()}.sock'


@pytest.fixture(scope='session')
def house():
    house = House.start(conf={'scan_socket': SCANNER})
    yield house
    house.close()


@pytest.fixture(scope='session')
def cluster():
    """A bare PostgreSQL with a migrated template database, for tests of db/, tenant/ and schema/ below HTTP."""
    cluster = Cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def tenant(house):
    """A fresh contract of this test alone."""
    return house.tenant()


@pytest.fixture(scope='session')
def shop(house):
    """One contract for tests that only read."""
    return house.tenant(name='shop')


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what the workers said last."""
    outcome = yield
    report = outcome.get_result()
    if report.when == 'call' and report.failed and 'house' in getattr(item, 'funcargs', {}):
        tail = item.funcargs['house'].tail('house.log')
        if tail:
            report.sections.append(('house.log', tail))
