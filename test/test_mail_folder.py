"""Mails in folders the contract makes: a tree the database keeps, drafts that are written, moved, deleted and brought back, and nobody there who may not be."""
import itertools
import threading

import psycopg
import pytest

from house import until

DENIED, CLASH, KEPT, TAKEN = psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation, psycopg.errors.ForeignKeyViolation, psycopg.errors.UniqueViolation
numbers = itertools.count(1)


class Desk:
    """One contract that writes mails."""

    def __init__(self, house, shop):
        self.house, self.shop = house, shop

    def call(self, method, path, json=None, status=(200, 201), **more):
        answer = self.shop.api(method, path, json=json, **more)
        if status is not None:
            assert answer.status in (status if isinstance(status, tuple) else (status,)), answer
        return answer.json() if answer.content else None

    def folder(self, name=None, parent=0):
        return self.call('POST', '/mail-folders', {'name': name or f'フォルダー{next(numbers)}', 'parent': parent})['folder']['id']

    def mail(self, subject=None, **more):
        return self.call('POST', '/mails', {'subject': subject or f'件名{next(numbers)}', **more})['mail']['id']

    def subjects(self, query):
        return [m['subject'] for m in self.call('GET', f'/mails?{query}')['mails']]

    def counts(self):
        return self.call('GET', '/mail-folders')['counts']

    def refused(self, method, path, json=None, status=422, **more):
        return self.call(method, path, json, status, **more)['detail']

    def inside(self, login='admin', role='', process='daicho_web'):
        """A connection as SQL put into this person's unit of work would have it."""
        db = self.house.connect(process)
        db.autocommit = False
        who = login if ':' in login else f'account:{self.shop.account(login).id}:{login}'
        db.execute("select set_config('daicho.actor', %s, true), set_config('daicho.groups', '', true)", [who])
        db.execute("select set_config('role', %s, true)", [f't_{self.shop.name}{role}'])
        return db


@pytest.fixture(scope='module')
def desk(house):
    desk = Desk(house, house.tenant(registers=()))
    # in the trash for longer than seven days, and for six: the chore is at it while other things are tried
    desk.old, desk.young = desk.mail('古い'), desk.mail('まだ新しい')
    for id, days in (desk.old, '7 days 1 second'), (desk.young, '6 days'):
        desk.call('DELETE', f'/mails/{id}')
        desk.shop.sql('update mail set deleted_at = daicho.clock() - %s::interval where id = %s', [days, id])
    with desk.inside() as db, pytest.raises(CLASH):
        db.execute(f'update t_{desk.shop.name}.mail set deleted_at = null where id = %s', [desk.old])
    house.sql('update daicho.mail_trash set due_at = daicho.clock() where tenant = %s', args=[desk.shop.name])
    return desk


def test_syn_3_4_12_b_mails_are_organised_in_folders_the_client_makes(desk):
    """create folder, move mail, list by folder; delete non-empty folder refused"""
    begun = len(desk.shop.log())
    campaign = desk.folder('キャンペーン')
    august = desk.folder('8月', campaign)
    one, two, three = (desk.mail(f'夏のお知らせ {n}', body='本文') for n in (1, 2, 3))
    for id in one, two:
        assert desk.call('GET', f'/mails/{id}')['mail']['folder'] is None
    moved = desk.call('POST', '/mails/move', {'mails': [one, two], 'folder': august})
    assert (moved['mails'], moved['folder_path']) == (2, 'キャンペーン / 8月')
    assert desk.subjects(f'folder={august}') == ['夏のお知らせ 2', '夏のお知らせ 1'] and desk.subjects(f'folder={campaign}') == []
    assert '夏のお知らせ 3' in desk.subjects('folder=none') and len(desk.subjects('')) >= 3
    tree = desk.call('GET', '/mail-folders')['folders']
    mine = {f['id']: f for f in tree if f['id'] in (campaign, august)}
    assert [f['id'] for f in tree if f['id'] in mine] == [campaign, august]
    assert (mine[campaign]['mails'], mine[campaign]['mails_within'], mine[campaign]['folders_within']) == (0, 2, 1)
    assert (mine[august]['mails'], mine[august]['path'], mine[august]['depth']) == (2, 'キャンペーン / 8月', 2)
    # sent mail stands in folders like drafts do, and stays as it was
    desk.shop.sql("update mail set state = 'sent' where id = %s", [two])
    assert desk.call('GET', f'/mails?folder={august}')['mails'][0]['state'] == 'sent'
    assert '送信したメールは変更できません' in desk.refused('PATCH', f'/mails/{two}', {'subject': 'x', 'version': 2}, 409)
    assert desk.refused('DELETE', f'/mails/{two}', status=409) and desk.refused('POST', '/mails/trash', {'mails': [one, two]}, 409)
    assert desk.call('GET', f'/mails/{one}')['mail']['deleted_at'] is None
    # a folder that is not empty stays, and says what is in it
    for id, within in (campaign, 'メール2件とフォルダー1個'), (august, 'メール2件とフォルダー0個'):
        assert within in desk.refused('DELETE', f'/mail-folders/{id}', status=409)
    with desk.inside() as db, pytest.raises(KEPT):
        db.execute(f'delete from t_{desk.shop.name}.mail_folder where id = %s', [campaign])
    desk.call('POST', '/mails/move', {'mails': [one], 'folder': 0})
    desk.call('PATCH', f'/mails/{two}', {'folder': campaign, 'version': 2})
    desk.call('DELETE', f'/mail-folders/{august}')
    assert desk.subjects(f'folder={campaign}') == ['夏のお知らせ 2'] and desk.refused('GET', f'/mails?folder={august}')
    assert three
    told = [(e['verb'], e['kind'], e['result']) for e in desk.shop.log()[begun:] if e['kind'] in ('mail', 'mail_folder') and e['verb'] not in ('list', 'view')]
    assert told == ([('create', 'mail_folder', 'OK')] * 2 + [('create', 'mail', 'OK')] * 3 + [('update', 'mail', 'OK'), ('update', 'mail', 'CONFLICT')]
                    + [('delete', 'mail', 'CONFLICT')] * 2 + [('delete', 'mail_folder', 'CONFLICT')] * 2
                    + [('update', 'mail', 'OK')] * 2 + [('delete', 'mail_folder', 'OK')])


def test_the_tree_has_no_ring_no_sixth_floor_and_a_name_once_among_neighbours(desk):
    line = [desk.folder('根')]
    for n in range(4):
        line.append(desk.folder(f'段{n}', line[-1]))
    assert '5段まで' in desk.refused('POST', '/mail-folders', {'name': '深い', 'parent': line[-1]})
    for name in 'ＳＡＬＥ', 'sale ', 'Sale':
        assert desk.call('POST', '/mail-folders', {'name': name, 'parent': line[0]}, (201, 409)) and True
    assert [f['name'] for f in desk.call('GET', '/mail-folders')['folders'] if f['parent'] == line[0]] == ['段0', 'ＳＡＬＥ']
    assert desk.folder('Sale', line[1])                                           # elsewhere the name is free
    for parent in line[0], line[1], line[3]:
        assert 'それ自身' in desk.refused('PATCH', f'/mail-folders/{line[0]}', {'parent': parent, 'version': 1})
    other = desk.folder('別の木')
    top = desk.folder('子', other)
    assert '5段まで' in desk.refused('PATCH', f'/mail-folders/{line[0]}', {'parent': other, 'version': 1})
    assert desk.call('PATCH', f'/mail-folders/{line[3]}', {'parent': top, 'name': '段2改', 'version': 1})['folder']['path'] == '別の木 / 子 / 段2改'
    assert desk.refused('PATCH', f'/mail-folders/{line[3]}', {'name': 'y', 'version': 1}, 412) and desk.refused('PATCH', f'/mail-folders/{line[3]}', {'name': 'y'}, 428)
    for parent in 999999, line[4] + 10 ** 9:
        assert desk.refused('POST', '/mail-folders', {'name': 'x', 'parent': parent})
    # the same from inside, by whatever SQL
    schema = f't_{desk.shop.name}'
    for sql, args, refusal in ((f'update {schema}.mail_folder set parent = %s where id = %s', [line[2], line[0]], CLASH),
                               (f'update {schema}.mail_folder set parent = id where id = %s', [line[0]], CLASH),
                               (f'update {schema}.mail_folder set parent = %s where id = %s', [other, line[0]], None),
                               (f"insert into {schema}.mail_folder (name, parent) values ('段4', %s)", [line[4]], None),
                               (f"insert into {schema}.mail_folder (name, parent) values ('sale', %s)", [line[0]], TAKEN),
                               (f"insert into {schema}.mail_folder (name) values (E'a\\nb')", [], CLASH),
                               (f"insert into {schema}.mail_folder (name) select 'n' || n from generate_series(1, 500) n", [], CLASH)):
        with desk.inside() as db:
            if refusal is None:
                db.execute(sql, args)
            else:
                with pytest.raises(refusal):
                    db.execute(sql, args)
            db.rollback()
    # two moves at once, each of them fine: one of them waits, and is refused
    left, right = desk.folder('左'), desk.folder('右')
    first, second = desk.inside(), desk.inside()
    first.execute(f'update {schema}.mail_folder set parent = %s where id = %s', [right, left])
    fate = []

    def move():
        try:
            second.execute(f'update {schema}.mail_folder set parent = %s where id = %s', [left, right])
            fate.append('moved')
        except psycopg.Error as e:
            fate.append(type(e))
    thread = threading.Thread(target=move)
    thread.start()
    assert until(lambda: desk.house.sql("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like %s", args=[f'%{schema}.mail_folder%'])[0][0])
    first.commit()
    thread.join(20)
    second.rollback()
    first.close(), second.close()
    assert fate == [CLASH]


def test_what_would_begin_another_header_is_refused_with_a_sentence(desk):
    odd = {'a\r\nBcc: x@example.jp': '1行', 'a\nb': '1行', 'a\rb': '1行', 'a\tb': '目に見えない', 'a\u2028b': '目に見えない', '\u202eb': '目に見えない', 'a\u200bb': '目に見えない', '=?utf-8?B?DQo=?=': '符号化', 'a\x00b': '', 'a\x85b': ''}
    for item in 'subject', 'from_name':
        for text, sentence in odd.items():
            answer = desk.shop.api('POST', '/mails', json={'subject': 'x', item: text})
            assert answer.status in (400, 422) and sentence in answer.json()['detail'], (item, text, answer)
            if answer.status == 422:
                assert answer.json()['errors'][0]['item'] == item
        for text in set(odd) - {'a\x00b'}:
            with desk.inside() as db, pytest.raises(CLASH):
                db.execute(f'insert into t_{desk.shop.name}.mail (subject, from_name) values (%s, %s)', [text if item == 'subject' else 'x', text if item == 'from_name' else 'x'])
    assert desk.refused('POST', '/mail-folders', {'name': 'a\nb'}) and desk.refused('POST', '/mail-folders', {'name': '\u3000'})
    for body in {'subject': ''}, {'subject': ' \u3000 '}, {'subject': 'x' * 201}, {'subject': 'x', 'from_name': 'x' * 61}, {'subject': 'x', 'body': 'x' * 50001}, {'body': 'x'}, \
            {'subject': 'x', 'state': 'sent'}, {'subject': 'x', 'folder': -1}:
        assert desk.refused('POST', '/mails', body)
    fine = {'subject': '👨‍👩‍👧 「夏」 <b> = ? ' + 'あ' * 150, 'from_name': '株式会社みどり商事 "お知らせ"', 'body': '1行目\r\n2行目\r3行目\n' + '髙' * 49985}
    mail = desk.call('GET', f"/mails/{desk.mail(**fine)}")['mail']
    assert (mail['subject'], mail['from_name'], mail['body']) == (fine['subject'], fine['from_name'], fine['body'].replace('\r\n', '\n').replace('\r', '\n'))
    page = desk.shop.browser().get(f"/mails/{mail['id']}").text
    assert '&lt;b&gt;' in page and '<b> ' not in page
    form = desk.shop.browser().post('/mails', {'subject': 'a\r\nBcc: x@example.jp', 'body': 'x'}, htmx=True)
    assert form.status == 422 and '1行で書いてください' in form.text


def test_lists_go_by_change_page_by_key_and_search_as_registers_do(desk):
    folder = desk.folder()
    ids = [desk.mail(s, folder=folder) for s in ('ﾊﾞｰｹﾞﾝのお知らせ', '齋藤様　御礼', 'Sale 2026', '秋のバーゲン', '無題')]
    shown = desk.subjects(f'folder={folder}')
    assert shown == ['無題', '秋のバーゲン', 'Sale 2026', '齋藤様　御礼', 'ﾊﾞｰｹﾞﾝのお知らせ']
    # many at the same moment: nothing twice, nothing left out
    desk.shop.sql("update mail set updated_at = '2026-01-02 03:04:05.678+09' where id = any (%s)", [ids[:4]])
    seen, after = [], ''
    while after is not None:
        page = desk.call('GET', f'/mails?folder={folder}&limit=2' + (f'&after={after}' if after else ''))
        seen, after = seen + [m['id'] for m in page['mails']], page['next']
    assert seen == [ids[4], *reversed(ids[:4])]
    for words, found in ('バーゲン', {0, 3}), ('ばーげん 秋', {3}), ('斎藤', {1}), ('SALE　２０２６', {2}), ('ない', set()), ('%25', set()), ('\u3000', {0, 1, 2, 3, 4}):
        assert {ids.index(m['id']) for m in desk.call('GET', f'/mails?folder={folder}&q={words}')['mails']} == found, words
    version = desk.call('GET', f'/mails/{ids[0]}')['mail']['version']
    desk.call('PATCH', f'/mails/{ids[0]}', {'body': '変えた', 'version': version})
    desk.call('POST', '/mails/move', {'mails': [ids[1]], 'folder': 0})
    desk.call('POST', '/mails/move', {'mails': [ids[1], str(ids[1])], 'folder': folder})
    assert desk.subjects(f'folder={folder}')[0] == 'ﾊﾞｰｹﾞﾝのお知らせ'                     # what was written, not what was moved
    for query in 'after=x', 'after=1.2.3', 'after=-1.1', 'after=9999999999999999.1', 'limit=0', 'folder=x', 'folder=0', 'q=' + 'x' * 201:
        assert desk.refused('GET', f'/mails?{query}'), query
    assert [(e['verb'], e['detail']['q']) for e in desk.shop.log() if e['kind'] == 'mail' and e['verb'] == 'search'][0] == ('search', 'バーゲン')


def test_a_stale_save_is_refused_and_shows_what_stands_there_now(desk):
    id = desk.mail('初め', body='一')
    browser = desk.shop.browser()
    edit = browser.get(f'/mails/{id}/edit')
    assert edit.status == 200 and 'name="version" value="1"' in edit.text
    assert desk.call('PATCH', f'/mails/{id}', {'body': '二', 'version': 1})['mail']['version'] == 2
    form = {'_method': 'PATCH', 'version': '1', 'subject': '私の', 'from_name': '', 'folder': '0', 'body': '三'}
    answer = browser.post(f'/mails/{id}', form, htmx=True)
    assert answer.status == 412 and 'data-current="2"' in answer.text
    for item, value in ('subject', '初め'), ('body', '二'), ('folder', '0'):
        assert f'data-item="{item}" data-value="{value}"' in answer.text
    assert '二' in browser.post(f'/mails/{id}', form).text                       # the whole page says it, too
    told = desk.shop.api('PATCH', f'/mails/{id}', json={'subject': 'x'}, headers={'If-Match': '"1"'})
    assert told.status == 412 and told.json()['current']['body'] == '二' and desk.refused('PATCH', f'/mails/{id}', {'subject': 'x'}, 428)
    assert browser.post(f'/mails/{id}', {**form, 'version': '2'}).status == 303
    now = desk.call('GET', f'/mails/{id}')['mail']
    assert (now['subject'], now['body'], now['version'], now['created_by'], now['updated_by']) == ('私の', '三', 3, 'test', 'admin')
    entry = [e for e in desk.shop.log() if e['kind'] == 'mail' and e['subject_id'] == id][-2]
    assert entry['verb'] == 'update' and '三' not in str(entry['detail']) and entry['detail']['changes']['body'] is True and entry['detail']['changes']['subject'] == {'from': '初め', 'to': '私の'}


def test_a_copy_is_a_draft_of_its_own(desk):
    folder = desk.folder()
    id = desk.mail('あ' * 200, body='本文', from_name='差出人', folder=folder)
    desk.shop.sql("update mail set state = 'sent' where id = %s", [id])
    answer = desk.shop.browser().post(f'/mails/{id}/copy')
    made = desk.call('GET', answer.headers['Location'].split('?')[0])['mail']
    assert (made['subject'], made['body'], made['from_name'], made['folder'], made['state'], made['version']) == ('あ' * 195 + '（コピー）', '本文', '差出人', folder, 'draft', 1)
    assert desk.shop.browser().get(f'/mails/{id}/edit').status == 409 and desk.shop.browser().get(f"/mails/{made['id']}/edit").status == 200


def test_the_trash_gives_back_for_seven_days_and_then_forgets(desk, house):
    folder = desk.folder()
    ids = [desk.mail(folder=folder, body='捨てる') for _ in range(4)]
    before = desk.counts()
    desk.call('DELETE', f'/mails/{ids[0]}')
    assert desk.call('POST', '/mails/trash', {'mails': ids[1:3]}) == {'mails': 2, 'erased': False}
    assert desk.refused('POST', '/mails/trash', {'mails': ids}, 409) and desk.refused('POST', '/mails/move', {'mails': ids, 'folder': 0}, 409)     # all or none
    assert desk.counts() == {**before, 'total': before['total'] - 3, 'trash': before['trash'] + 3} and len(desk.subjects(f'folder={folder}')) == 1
    assert desk.refused('PATCH', f'/mails/{ids[0]}', {'subject': 'x', 'version': 2}, 409) and desk.refused('POST', f'/mails/{ids[3]}/restore', status=409)
    assert desk.refused('POST', f'/mails/{ids[0]}/copy', status=409) and desk.refused('POST', f'/mails/{ids[3]}/erase', status=409)
    assert {m['id'] for m in desk.call('GET', '/mails?folder=trash')['mails']} >= set(ids[:3])
    assert desk.call('POST', f'/mails/{ids[0]}/restore')['mail']['folder'] == folder
    # the folder goes while something of it lies in the trash
    desk.call('POST', '/mails/move', {'mails': [ids[0], ids[3]], 'folder': 0})
    desk.call('DELETE', f'/mail-folders/{folder}')
    assert desk.call('POST', f'/mails/{ids[1]}/restore')['mail']['folder'] is None
    # for good: by hand, and by itself when seven days are over
    desk.call('POST', f'/mails/{ids[2]}/erase')
    assert desk.refused('GET', f'/mails/{ids[2]}', status=404)
    schema = f't_{desk.shop.name}'
    assert until(lambda: not desk.shop.sql('select 1 from mail where id = %s', [desk.old]), 30)
    assert desk.call('GET', f'/mails/{desk.young}')['mail']['deleted_at']
    assert house.sql("select due_at between daicho.clock() + '23 hours' and daicho.clock() + '1 day' from daicho.mail_trash where tenant = %s", args=[desk.shop.name]) == [(True,)]
    assert [e['detail'] for e in desk.shop.log(own=True) if e['actor_kind'] == 'system' and e['verb'] == 'erase'] == [{'mails': 1}]
    assert house.sql('select count(*) > 0 from daicho.erase_bytes where relation = %s', args=[f'{schema}.mail']) == [(True,)]


def test_the_database_says_who_wrote_what_and_when(desk):
    id, other = desk.mail('作者'), desk.mail('送った')
    schema = f't_{desk.shop.name}'
    desk.shop.sql("update mail set state = 'sent' where id = %s", [other])
    with desk.inside('staff') as db:
        row = db.execute(f"insert into {schema}.mail (subject, created_by, created_at, version, deleted_at) values ('x', 'account:1:boss', '1999-01-01', 9, now()) "
                         'returning created_by, created_at > now() - interval \'1 day\', version, deleted_at').fetchone()
        assert row == (f'account:{desk.shop.staff.id}:staff', True, 1, None)
        row = db.execute(f"update {schema}.mail set body = 'y', created_by = 'account:1:boss', updated_at = '1999-01-01', version = 1 where id = %s "
                         'returning created_by, updated_by, version, updated_at > now() - interval \'1 day\'', [id]).fetchone()
        assert row[0].startswith('key:') and row[1:] == (f'account:{desk.shop.staff.id}:staff', 2, True)
        for sql, which in (f"insert into {schema}.mail (subject, state) values ('x', 'sent')", None), (f"update {schema}.mail set state = 'sent' where id = %s", id), \
                (f"update {schema}.mail set state = 'draft' where id = %s", other), (f"update {schema}.mail set body = 'forged' where id = %s", other), \
                (f'update {schema}.mail set deleted_at = now() where id = %s', other), (f'delete from {schema}.mail where id = %s', id):
            with pytest.raises(CLASH), db.transaction():
                db.execute(sql, [which] if which else None)
        for sql in f'truncate {schema}.mail', f'alter table {schema}.mail disable trigger guard', f'drop policy seen on {schema}.mail', 'select * from daicho.mail_trash', \
                "select daicho.mail_trash_empty(1)":
            with pytest.raises(DENIED), db.transaction():
                db.execute(sql)
        db.rollback()


def test_who_may_not_is_refused_by_the_database_too(desk, house):
    id, folder = desk.mail('内緒の企画', body='内緒'), desk.folder('内緒')
    schema, tries = f't_{desk.shop.name}', {
        'mail.read': ["select * from {0}.mail where id = {1}"],
        'mail.write': ["update {0}.mail set body = 'x' where id = {1}", "update {0}.mail set folder = {2} where id = {1}", "insert into {0}.mail (subject) values ('x')"],
        'mail.folder': ["update {0}.mail_folder set name = 'x' where id = {2}", "delete from {0}.mail_folder where id = {2}", "insert into {0}.mail_folder (name) values ('x')"]}
    routes = {'mail.read': [('GET', '/mails'), ('GET', f'/mails/{id}'), ('GET', '/mail-folders')],
              'mail.write': [('POST', '/mails'), ('PATCH', f'/mails/{id}'), ('DELETE', f'/mails/{id}'), ('POST', f'/mails/{id}/copy'), ('POST', f'/mails/{id}/restore'), ('POST', f'/mails/{id}/erase'),
                             ('POST', '/mails/move'), ('POST', '/mails/trash')],
              'mail.folder': [('POST', '/mail-folders'), ('GET', f'/mail-folders/{folder}'), ('PATCH', f'/mail-folders/{folder}'), ('DELETE', f'/mail-folders/{folder}')]}

    def touched(db, sql):
        db.execute('savepoint s')
        try:
            return db.execute(sql.format(schema, id, folder)).rowcount > 0
        except DENIED:
            return False
        finally:
            db.execute('rollback to s')

    # by whom · what the database lets through
    for held, may in (['record.read', 'personal.see', 'log.read'], set()), (['mail.read'], {'mail.read'}), (['mail.write'], {'mail.read', 'mail.write'}), \
            (['mail.folder'], {'mail.folder'}), (['mail.read', 'mail.write', 'mail.folder'], {'mail.read', 'mail.write', 'mail.folder'}):
        key = desk.shop.new_key(f'key{next(numbers)}', ','.join(held))
        number = desk.shop.sql('select max(id) from daicho.api_key where tenant = %s', [desk.shop.name])[0][0]
        for role in '', '_masked':
            with desk.inside(f'key:{number}:x', role) as db:
                assert {word for word, all in tries.items() if all and touched(db, all[0])} == may, held
                assert [touched(db, sql) for word in tries for sql in tries[word]] == [word in may for word in tries for _ in tries[word]], (held, role)
                db.rollback()
        for word in set(routes) - set(held):
            for method, path in routes[word]:
                assert house.api(method, path, key=key, json=None if method == 'GET' else {}).status == 403, (held, method, path)
    # neither somebody who is not there, nor a command of the operator, nor another contract
    for who, process, role in ('account:0:nobody', 'daicho_web', ''), ('operator:0:root', 'daicho_cli', '_desk'), ('system:0:x', 'daicho_web', ''):
        with desk.inside(who, role, process) as db:
            assert not any(touched(db, sql) for all in tries.values() for sql in all), who
            db.rollback()
    beside = house.tenant(registers=())
    for method, path in (m for all in routes.values() for m in all if str(id) in m[1] or str(folder) in m[1]):
        body = {'subject': 'x', 'name': 'x', 'version': 1} if method == 'PATCH' and 'folders' not in path else {'name': 'x', 'version': 1}
        assert beside.api(method, path, json=None if method == 'GET' else {'subject': 'x', 'version': 1} if 'mails' in path and method == 'PATCH' else body if method == 'PATCH' else {}).status == 404, path
    assert beside.api('POST', '/mails/move', json={'mails': [id], 'folder': 0}).status == 409 and beside.api('GET', '/mails').json()['mails'] == []
    assert beside.api('POST', '/mails', json={'subject': 'x', 'folder': folder}).status == 422
    with Desk(house, beside).inside() as db, pytest.raises(DENIED):
        db.execute(f'select * from {schema}.mail')
    viewer = desk.shop.viewer.browser()
    assert viewer.get('/mails').status == 403 and '/mails' not in viewer.get('/').text
    # while a contract has a last day, what is deleted goes at once
    gone = Desk(house, beside).mail('最後')
    house.sql("update daicho.tenant set ends_at = daicho.clock() + interval '9 days', erase_at = daicho.clock() + interval '30 days' where name = %s", args=[beside.name])
    assert beside.api('DELETE', f'/mails/{gone}').json() == {'mails': 1, 'erased': True} and beside.sql('select count(*) from mail') == [(0,)]


def test_the_console_moves_and_deletes_without_a_script(desk):
    folder, browser = desk.folder('画面'), desk.shop.browser()
    made = browser.post('/mails', {'subject': '画面から', 'from_name': 'みどり商事', 'folder': str(folder), 'body': 'こんにちは\r\nさようなら'})
    assert made.status == 303 and 'done=mail_made' in made.headers['Location']
    id = int(made.headers['Location'].split('?')[0].rsplit('/', 1)[1])
    page = browser.get(f'/mails?folder={folder}').text
    assert '画面から' in page and f'name="mails" value="{id}"' in page and f'<option value="{folder}"' in page and 'formaction="/mails/trash"' in page
    assert 'こんにちは\nさようなら' in browser.get(f'/mails/{id}').text
    answer = browser.post('/mails/move', {'mails': str(id), 'folder': '0', 'from': str(folder)})
    assert answer.status == 303 and answer.headers['Location'] == f'/mails?folder={folder}&done=mail_moved'
    assert desk.call('GET', f'/mails/{id}')['mail']['folder'] is None
    nothing = browser.post('/mails/move', {'folder': '0', 'from': '//evil.example'})
    assert nothing.status == 422 and 'メールを1件以上選んでください' in nothing.text
    assert browser.post('/mails/trash', {'mails': str(id), 'from': '//evil.example'}).headers['Location'] == '/mails?done=mail_trashed'
    trash = browser.get('/mails?folder=trash').text
    assert f'/mails/{id}/restore' in trash and browser.post(f'/mails/{id}/restore').status == 303
    full = browser.post(f'/mail-folders/{folder}', {'_method': 'DELETE'})
    assert full.status == 303 and browser.get(f'/mail-folders/{folder}').status == 404
