"""tool/sqlgen: annotated .sql becomes typed C functions; what it cannot read it refuses with file and line."""

import subprocess

import pytest

from cluster import ROOT

SQLGEN = str(ROOT / 'tool' / 'sqlgen')


def made(tmp_path, text):
    path = tmp_path / 'thing.sql'
    path.write_text(text)
    done = subprocess.run([SQLGEN, str(path), str(tmp_path / 'thing.sql.c'), str(tmp_path / 'thing.sql.h')], capture_output=True, text=True)
    return done, path


@pytest.mark.parametrize('text, line, word', [
    ('select 1;', 1, 'without annotation'),
    ('\n\n-- thing_a(id int) -> many row(a int)\nselect $1;', 3, 'must be none, changed'),
    ('-- thing_a(id integer) -> none\nselect $1;', 1, 'type integer is not known'),
    ('-- thing_a(id) -> none\nselect $1;', 1, 'must look like: name type'),
    ('-- other_a() -> none\nselect 1;', 1, 'names of this file begin with thing_'),
    ('-- thing_a() -> none\nselect 1', 1, 'must end with ;'),
    ('-- thing_a() -> none\nselect 1; select 2;', 1, 'one statement only'),
    ('-- thing_a() -> none\n;', 1, 'there is no statement'),
    ('-- thing_a(id int) -> none\nselect 1;', 1, '1 parameters are announced, the statement uses none'),
    ('-- thing_a() -> none\nselect $1, $2;', 1, 'the statement uses $1, $2'),
    ('-- thing_a() -> none\nselect 1;\n-- thing_a() -> none\nselect 1;', 3, 'stands here twice'),
    ('-- thing_a() -> one row(a int)\nselect 1;\n-- thing_b() -> one row(a text)\nselect 1;', 3, 'other columns above'),
    ('-- thing_a() -> one row\nselect 1;', 1, 'has not been written out above'),
    ('-- thing_a() -> one row(a int, a int)\nselect 1;', 1, 'stands here twice'),
    ('-- thing_a(id int -> none\nselect $1;', 1, 'must look like'),
    ("-- thing_a() -> none\nselect 'open;", 1, 'not closed'),
])
def test_a_wrong_file_is_refused_with_its_line(tmp_path, text, line, word):
    done, path = made(tmp_path, text)
    assert done.returncode == 1
    assert done.stderr.startswith(f'{path}:{line}: '), done.stderr
    assert word in done.stderr


def test_functions_are_typed_and_compile(tmp_path):
    done, _ = made(tmp_path, '''
-- A file may begin with words.

-- thing_find(id int, at time?, default bool?, key bytea, list text[]) ->
--     maybe thing(id int, register text?, at time?, seen bool, hash bytea, n int?)
-- More words; and a "quote".
select id, register, at, seen, hash, n from tenant.thing where id = $1 and at > $2 -- not this; nor $9
    and x = 'it''s -- here; $7' and d = $3 and k = $4 and l = any ($5::text[]);
-- thing_list(max int) -> many(20) thing
select id, register, at, seen, hash, n from tenant.thing limit $1;
-- thing_count() -> one int
select count(*) from tenant.thing;
-- thing_name(id int) -> ahead maybe text
select name from tenant.thing where id = $1;
-- thing_names() -> many(9) text
select name from tenant.thing;
-- thing_change(id int, args json, rows int, i int) -> changed
update tenant.thing set a = $2, b = $3, c = $4 where id = $1;
-- thing_note(text text) -> none
insert into tenant.thing values ($1);
''')
    assert done.returncode == 0, done.stderr
    head = (tmp_path / 'thing.sql.h').read_text()
    for line in ('rc sql_thing_find(struct cx *cx, int64_t id, const msec *at, const bool *default_, str key, str list, struct thing **ret) MUST_USE;',
                 'rc sql_thing_list(struct cx *cx, int64_t max, struct thing **ret, size_t *ret_count) MUST_USE;',
                 'rc sql_thing_count(struct cx *cx, int64_t *ret) MUST_USE;', 'rc sql_thing_name(struct cx *cx, int64_t id, str *ret) MUST_USE;',
                 'rc sql_thing_names(struct cx *cx, str **ret, size_t *ret_count) MUST_USE;',
                 'rc sql_thing_change(struct cx *cx, int64_t id, str args, int64_t rows, int64_t i, size_t *ret_changed) MUST_USE;',
                 'void sql_thing_name_ask(struct cx *cx, int64_t id, struct rows **rows);',
                 'rc sql_thing_name_take(struct cx *cx, const struct rows *rows_, str *ret) MUST_USE;', 'void sql_thing_note_queue(struct cx *cx, str text);', 'str register_;', 'bool n_null;', 'bool at_null;'):
        assert line in head, line
    body = (tmp_path / 'thing.sql.c').read_text().replace('"\n        "', '')
    assert "x = 'it''s -- here; $7' and" in body and 'not this' not in body
    room = tmp_path.name
    compiled = subprocess.run(['cc', '-std=gnu17', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror', '-I', str(ROOT / 'src'), '-I', str(tmp_path.parent), '-c', '-o',
                               str(tmp_path / 'thing.o'), str(tmp_path / 'thing.sql.c')], capture_output=True, text=True)
    assert f'#include "{room}/thing.sql.h"' in body
    assert compiled.returncode == 0, compiled.stderr
