"""The baseline of security requirements: every item is shown by tests that exist, and what is not shown holds a package back."""
import importlib.machinery, importlib.util, shutil, subprocess

import pytest

from house import ROOT

loader = importlib.machinery.SourceFileLoader('baseline', str(ROOT / 'tool/baseline'))
baseline = importlib.util.module_from_spec(importlib.util.spec_from_loader('baseline', loader))
loader.exec_module(baseline)


@pytest.fixture
def tree(tmp_path):
    """A small project with one item, its test, and the results of a run: (root, directory of the results, writing the results anew)."""
    root, results = tmp_path / 'tree', tmp_path / 'results'
    for part in 'controls', 'test':
        (root / part).mkdir(parents=True)
    results.mkdir()
    (root / 'controls/baseline.yaml').write_text('- {id: B01, annex: A.8.3, title: {ja: 題, en: title}, asks: {ja: 文, en: text}, tests: ["test_a.py::test_one"]}\n')
    (root / 'test/test_a.py').write_text('def test_one_thing():\n    pass\n')

    def run(inner='', sum='2 passed, 0 failed, 0 skipped', name='test_one_thing'):
        (results / 'house.xml').write_text(f'<testsuites><testsuite><testcase classname="test.test_a" name="{name}[x]"/>'
                                           f'<testcase classname="test.test_a" name="{name}[y]">{inner}</testcase></testsuite></testsuites>')
        (results / 'sum').write_text(f'ring: something\n{sum}\n')
        (results / 'tree').write_text(baseline.tree(root) + '\n')
    run()
    return root, results, run


def test_grp_4_12_1_a_every_item_of_the_baseline_links_tests_that_exist():
    assert list(baseline.faults()) == []
    assert len(baseline.items()) >= 20


def test_the_page_for_people_is_what_the_list_says():
    assert (ROOT / 'doc/baseline.md').read_text(encoding='utf-8') == baseline.page(), 'tool/baseline > doc/baseline.md'


def test_grp_4_12_1_a_a_failing_test_blocks_the_release(tree):
    root, results, run = tree
    assert baseline.gate(results, root) == []
    run('<failure message="x"/>', sum='1 passed, 1 failed, 0 skipped')
    assert any('B01 title: test_a.py::test_one_thing' in line for line in baseline.gate(results, root))


@pytest.mark.parametrize('what, says', [('skipped', 'B01 title: test_a.py::test_one_thing'), ('not run', 'did not run'), ('another failed', '1 failed'), ('sources changed', 'other sources'),
                                        ('no results', 'run `make test` first'), ('no such test', 'there is no test'), ('cut short', 'the tests say')])
def test_grp_4_12_1_a_what_is_not_shown_blocks_it_too(tree, what, says):
    root, results, run = tree
    if what == 'skipped':
        run('<skipped/>', sum='1 passed, 0 failed, 1 skipped')
    elif what == 'not run':
        run(name='test_two')
    elif what == 'another failed':
        run(sum='1 passed, 1 failed, 0 skipped')
    elif what == 'sources changed':
        (root / 'test/test_a.py').write_text('def test_one_thing():\n    assert True\n')
    elif what == 'no results':
        shutil.rmtree(results)
    elif what == 'no such test':
        (root / 'test/test_a.py').write_text('def test_other():\n    pass\n')
        run()
    else:
        (results / 'sum').write_text('ring 1: 1 passed, 0 failed, 0 skipped\n    failed: a ring did not run to its end\n')
    assert any(says in line for line in baseline.gate(results, root)), baseline.gate(results, root)


def test_grp_4_12_1_a_a_package_is_made_behind_the_gate_only(tmp_path):
    said = subprocess.run(['make', '-n', 'deb', f'BUILD={tmp_path}'], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.index('tool/baseline --gate') < said.index('dpkg-buildpackage')
