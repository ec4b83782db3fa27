"""Several choices, classes of characters, accounts, sentences of other items: as people type them, as PostgreSQL keeps them, as conditions, lists and files
meet them."""
import json, urllib.parse

import pytest

from test_bulk import do, look, undo
from test_export import rows_of, take
from test_import import bring, counts, file_of
from test_register import define

CHANNELS = ['メール', {'value': 'tel', 'title': {'ja': '電話', 'en': 'Telephone'}, 'aliases': ['TEL']}, {'value': 'at home, by "us"', 'title': {'ja': '訪問、面談', 'en': 'Visit'}}, 'null']
MEMBERS = {'name': 'members', 'title': {'ja': '会員', 'en': 'Members'}, 'key': 'code', 'items': [
    {'name': 'code', 'type': 'text', 'title': '番号', 'required': True, 'unique': True, 'list': True, 'max': 20},
    {'name': 'channels', 'type': 'choices', 'title': {'ja': '連絡方法', 'en': 'Channels'}, 'choices': CHANNELS, 'list': True, 'searchable': True, 'indexed': True},
    {'name': 'worries', 'type': 'choices', 'title': {'ja': '悩み', 'en': 'Worries'}, 'choices': ['腰', '肩', '目'], 'personal': True, 'searchable': True, 'min': 1, 'max': 2},
    {'name': 'plate', 'type': 'text', 'title': {'ja': '会員証', 'en': 'Card'}, 'characters': ['half_upper', 'half_digit', 'half_symbol'], 'max': 10},
    {'name': 'seal', 'type': 'text', 'title': '印影', 'characters': ['kanji', 'hiragana'], 'max': 10},
    {'name': 'letter', 'type': 'text', 'title': '手紙', 'lines': True, 'list': True, 'max': 10000},
    {'name': 'owner', 'type': 'account', 'title': {'ja': '担当', 'en': 'Owner'}, 'list': True},
    {'name': 'family', 'type': 'text', 'title': '姓', 'personal': True},
    {'name': 'label', 'type': 'computed', 'title': {'ja': '宛名', 'en': 'Label'}, 'sentence': '{plate} ({seal}) 様', 'list': True, 'searchable': True},
    {'name': 'greeting', 'type': 'computed', 'title': 'あいさつ', 'sentence': '拝啓 {family} {code}様', 'personal': True, 'searchable': True}]}
RECORDS = '/registers/members/records'


@pytest.fixture(scope='module')
def shop(house):
    shop = house.tenant(registers=())
    define(shop, MEMBERS)
    shop.blind = shop.new_key('blind', 'record.read,record.write')
    return shop


def add(shop, code, status=201, **values):
    answer = shop.api('POST', RECORDS, json={'code': code, **values}, headers={'Accept-Language': 'ja'})
    assert answer.status == status, answer
    return answer.json()


def ask(shop, condition, key=None, **query):
    text = urllib.parse.urlencode({'condition': json.dumps(condition), 'sort': 'code', 'limit': 50, **query})
    return shop.api('GET', f'{RECORDS}?{text}', key=key or shop.key, headers={'Accept-Language': 'ja'})


def found(shop, item, op, *value, prefix='', **query):
    answer = ask(shop, {'all': [{'item': 'code', 'op': 'starts', 'value': prefix}, {'item': item, 'op': op, **({'value': value[0]} if value else {})}]}, **query)
    assert answer.status == 200, answer
    return [r['code'] for r in answer.json()['records']]


def refused(shop, **values):
    return [(e['item'], e['detail']) for e in add(shop, 'bad', 422, **values)['errors']]


# Several choices ----------------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope='module')
def chosen(shop):
    for code, channels in (('C1', ['メール']), ('C2', 'TEL；メール'), ('C3', ['訪問、面談', 'null']), ('C4', None), ('C5', ['tel', 'メール', 'null'])):
        add(shop, code, channels=channels)
    return shop


def test_several_choices_are_a_real_array_in_the_order_of_the_definition(shop):
    made = add(shop, 'A1', channels=['null', 'Visit', 'ＴＥＬ', 'tel'], worries='肩、腰')
    assert made['channels'] == ['tel', 'at home, by "us"', 'null'] and made['worries'] == ['腰', '肩']
    assert shop.sql("select channels, cardinality(worries) from r_members where code = 'A1'") == [(['tel', 'at home, by "us"', 'null'], 2)]
    assert shop.sql("select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'r_members'::regclass and attname = 'channels'") == [('text[]',)]
    assert shop.sql(f"select indexdef like '%%using gin (channels)%%' from (select lower(indexdef) as indexdef from pg_indexes where schemaname = 't_{shop.name}' and indexname = 'r_members_channels_idx') i") == [(True,)]
    same = shop.api('PATCH', f"{RECORDS}/{made['id']}", json={'version': 1, 'channels': 'null; 電話;訪問、面談'})
    assert same.status == 200 and same.json()['version'] == 1         # said another way, nothing new
    none = shop.api('PATCH', f"{RECORDS}/{made['id']}", json={'version': 1, 'channels': []})
    assert none.json()['channels'] is None and shop.sql("select channels is null from r_members where code = 'A1'") == [(True,)]


@pytest.mark.parametrize('values, sentence', [
    ({'channels': ['メール', '鳩']}, '「;」で区切ってください'), ({'channels': 'メール、鳩'}, 'メール、電話、訪問、面談、null'), ({'channels': [1]}, '「;」で区切ってください'),
    ({'channels': {'a': 1}}, '「;」で区切ってください'), ({'worries': ['腰', '肩', '目']}, '選べるのは2つまで')])
def test_what_is_no_choice_is_refused(shop, values, sentence):
    (item, detail), = refused(shop, **values)
    assert item in values and sentence in detail


def test_conditions_ask_for_any_all_or_none_of_them(chosen):
    assert found(chosen, 'channels', 'has_any', ['tel', 'null'], prefix='C') == ['C2', 'C3', 'C5']
    assert found(chosen, 'channels', 'has_all', ['メール', '電話'], prefix='C') == ['C2', 'C5']
    assert found(chosen, 'channels', 'has_none', ['tel', 'null'], prefix='C') == ['C1', 'C4']
    assert found(chosen, 'channels', 'empty', prefix='C') == ['C4'] and found(chosen, 'channels', 'not_empty', prefix='C') == ['C1', 'C2', 'C3', 'C5']
    assert found(chosen, 'channels', 'has_any', ['at home, by "us"'], prefix='C') == ['C3']
    for op, value, sentence in (('has_any', ['tel', 'null'], '連絡方法に電話・nullのいずれかを含む'), ('has_all', ['tel', 'null'], '連絡方法に電話・nullのすべてを含む'),
                                ('has_none', ['tel', 'null'], '連絡方法に電話・nullのどれも含まない'), ('has_none', ['tel'], '連絡方法に電話を含まない')):
        assert ask(chosen, {'item': 'channels', 'op': op, 'value': value}).json()['sentence'] == sentence
    for op in ('eq', 'in', 'contains'):
        assert ask(chosen, {'item': 'channels', 'op': op, 'value': ['tel']}).status == 422
    assert chosen.api('GET', f'{RECORDS}?sort=channels').status == 422


def test_several_choices_are_found_by_the_search_box_and_not_across_two_of_them(chosen):
    assert [r['code'] for r in chosen.api('GET', f'{RECORDS}?q={urllib.parse.quote("ﾒｰﾙ")}&sort=code').json()['records']] == ['C1', 'C2', 'C5']
    assert chosen.api('GET', f'{RECORDS}?q={urllib.parse.quote("メールtel")}').json()['records'] == []


def test_who_may_not_see_personal_choices_neither_sees_nor_finds_nor_asks_for_them(shop):
    made = add(shop, 'M1', worries=['目'], channels=['tel'])
    assert shop.api('GET', f"{RECORDS}/{made['id']}", key=shop.blind).json()['worries'] == {'masked': True}
    assert ask(shop, {'item': 'worries', 'op': 'has_any', 'value': ['目']}, key=shop.blind).status == 403
    assert shop.api('GET', f'{RECORDS}?q={urllib.parse.quote("目")}', key=shop.blind).json()['records'] == []
    assert 'M1' in [r['code'] for r in shop.api('GET', f'{RECORDS}?q=tel', key=shop.blind).json()['records']]
    assert [r['code'] for r in shop.api('GET', f'{RECORDS}?q={urllib.parse.quote("目")}').json()['records']] == ['M1']


def test_several_choices_in_a_file_come_back_unchanged(chosen):
    for encoding in ('utf-8', 'cp932'):
        content = file_of(chosen, take(chosen, register='members', encoding=encoding, condition={'item': 'code', 'op': 'starts', 'value': 'C'}))
        rows = rows_of(content, 'utf-8-sig' if encoding == 'utf-8' else 'cp932')
        assert [row[1] for row in rows] == ['連絡方法', 'メール', 'メール; 電話', '訪問、面談; null', '', 'メール; 電話; null']
        job = chosen.house.wait_job(chosen.house.import_file('members', content, chosen), chosen)
        assert counts(job) == {'read': 5, 'created': 0, 'changed': 0, 'unchanged': 5, 'refused': 0}, job
    job = chosen.house.wait_job(chosen.house.import_file('members', '番号,連絡方法\nF1,"TEL\nメール"\nF2,メール;鳩\n'.encode(), chosen), chosen)
    assert counts(job) == {'read': 2, 'created': 1, 'changed': 0, 'unchanged': 0, 'refused': 1}
    assert '「;」で区切ってください' in file_of(chosen, job).decode('utf-8-sig')
    assert chosen.sql("select channels from r_members where code = 'F1'") == [(['メール', 'tel'],)]


def test_a_person_ticks_several_boxes_and_sees_what_changed(shop):
    made, person = add(shop, 'P1', channels=['tel']), shop.browser()
    edit = person.get(f"{RECORDS}/{made['id']}/edit").text
    assert edit.count('name="channels[]"') == 5 and 'value="tel" checked' in edit and 'role="group"' in edit
    form = {'_method': 'PATCH', 'version': '1', 'channels[]': ['', 'メール', 'null'], 'worries[]': ''}
    assert person.post(f"{RECORDS}/{made['id']}", form=form).status in (200, 303)
    assert shop.sql("select channels, worries from r_members where code = 'P1'") == [(['メール', 'null'], None)]
    page = person.get(f"{RECORDS}/{made['id']}").text
    assert 'メール、null' in page and '電話' in page
    change = shop.api('GET', f"{RECORDS}/{made['id']}/changes").json()['changes'][0]
    assert [(i['item'], i['old'], i['new']) for i in change['items']] == [('channels', ['tel'], ['メール', 'null'])]
    assert '複数選択' in person.get('/registers/members').text


def test_many_records_are_given_choices_at_once_and_taken_back(shop):
    for n in range(3):
        add(shop, f'B{n}', channels=['tel'] if n else None)
    before = shop.sql("select id, channels from r_members where code like 'B%%' order by id")
    condition = {'item': 'code', 'op': 'starts', 'value': 'B'}
    job = do(shop, look(shop, 'set', 'members', condition, set={'channels': ['null', 'メール']}), 'members')
    assert shop.sql("select distinct channels from r_members where code like 'B%%'") == [(['メール', 'null'],)]
    undo(shop, job['id'], 'members')
    assert shop.sql("select id, channels from r_members where code like 'B%%' order by id") == before
    page = shop.browser().get(f'/registers/members/bulk/new?action=set&item=channels&check=true&values=null&values=tel&condition={urllib.parse.quote(json.dumps(condition))}')
    assert page.status == 200 and '電話、null' in page.text and 'data-word="3"' in page.text
    assert shop.browser().get('/registers/members/bulk/new?action=set&item=channels').text.count('name="values"') == 4


def test_the_api_is_described_with_the_choices(shop):
    schemas = shop.api('GET', '/openapi.json').json()['components']['schemas']
    assert schemas['write_members']['properties']['channels'] == {'type': ['array', 'null'], 'items': {'type': 'string', 'enum': ['メール', 'tel', 'at home, by "us"', 'null']},
                                                                  'uniqueItems': True, 'maxItems': 4, 'title': '連絡方法'}


@pytest.mark.parametrize('item, line, words', [
    ('{ name: b, type: choices, title: B, choices: [a, "b;c"] }', 5, '「b;c」に「;」'), ('{ name: b, type: choices, title: B, choices: [a], max: 2 }', 5, '選択肢の数（1）'),
    ('{ name: b, type: choices, title: B }', 5, 'choices'), ('{ name: b, type: text, title: B, characters: [greek] }', 5, 'half_lower'),
    ('{ name: b, type: computed, title: B, sentence: "{c}" }', 5, '「c」'), ('{ name: b, type: computed, title: B, sentence: "x" }', 5, '波かっこ'),
    ('{ name: b, type: computed, title: B, sentence: "{b}" }', 5, '文に入れられません'), ('{ name: b, type: computed, title: B, sentence: "a\'{b}" }', 5, '引用符'),
    ('{ name: b, type: text, title: B, personal: true }\n  - { name: c, type: computed, title: C, sentence: "{b}" }', 6, '個人情報'),
    ('{ name: b, type: computed, title: B, sentence: "{b}", required: true }', 5, 'required'),
    ('{ name: b, type: computed, title: B, sentence: "{a}" }\n  - { name: c, type: computed, title: C, sentence: "{b}" }', 6, '文に入れられません'),
    ('{ name: b, type: computed, title: B, sentence: "{a}", classification: contact }', 5, 'internal以上'),
    ('{ name: b, type: date, title: B, characters: [kanji] }', 5, 'text型'), ('{ name: b, type: choices, title: B, choices: [a], unique: true }', 5, 'unique')])
def test_a_mistake_in_the_definition_is_told_with_its_line(shop, item, line, words):
    text = f'name: wrong\ntitle: W\nitems:\n  - {{ name: a, type: text, title: A }}\n  - {item}\n'
    answer = shop.api('POST', '/registers', body=text.encode(), headers={'Content-Type': 'application/yaml', 'Accept-Language': 'ja'})
    assert answer.status == 422 and answer.json()['errors'][0]['line'] == line, answer
    assert words in str(answer.json()['errors'][0]), answer.json()


# Classes of characters, and long texts ----------------------------------------------------------------------------------------------------------

def test_syn_3_5_6_a_characters_and_length_are_limited_by_the_server(shop):
    made = add(shop, 'K1', plate='ＡＢ‐１２', seal='サトウの会')
    assert made['plate'] == 'AB-12' and made['seal'] == 'さとうの会'
    assert refused(shop, plate='ab-12') == [('plate', '使える文字は次のものだけです: 半角英大文字・半角数字・半角記号')]
    assert refused(shop, seal='a', plate='ABCDEFGHIJK') == [('plate', '10文字以内で入力してください'), ('seal', '使える文字は次のものだけです: ひらがな・漢字')]
    person = shop.browser()
    edit = person.get(f"{RECORDS}/{made['id']}/edit").text
    assert '使える文字: 半角英大文字・半角数字・半角記号' in edit and 'aria-describedby="k-plate"' in edit and 'inputmode="latin"' in edit and 'maxlength="10"' in edit
    raw = person.post(f"{RECORDS}/{made['id']}", {'_method': 'PATCH', 'version': '1', 'plate': '漢字', 'seal': '長' * 11}, htmx=True)      # past the browser
    assert raw.status == 422 and '使える文字は次のものだけです' in raw.text and '10' in raw.text
    assert shop.sql("select plate, seal, version from r_members where code = 'K1'") == [('AB-12', 'さとうの会', 1)]
    job = shop.house.wait_job(shop.house.import_file('members', '番号,会員証\nK2,ＸＹ９\nK3,xy9\n'.encode(), shop), shop)
    assert counts(job)['created'] == 1 and counts(job)['refused'] == 1 and '使える文字' in file_of(shop, job).decode('utf-8-sig')
    assert found(shop, 'plate', 'eq', 'ｘｙ９', prefix='K') == [] and found(shop, 'plate', 'eq', 'ＸＹ９', prefix='K') == ['K2']
    properties = shop.api('GET', '/openapi.json').json()['components']['schemas']['write_members']['properties']
    assert properties['plate']['description'] == '半角英大文字・半角数字・半角記号' and properties['plate']['maxLength'] == 10
    assert '半角英大文字・半角数字・半角記号' in person.get('/registers/members').text


def test_a_text_of_10000_characters_keeps_its_lines_everywhere_and_is_cut_in_lists(shop):
    text = ('長い手紙の一行\n' * 1250)[:9999] + '末'
    person = shop.browser()
    made = add(shop, 'L1', letter=text)
    assert made['letter'] == text and len(text) == 10000
    assert person.post(f"{RECORDS}/{made['id']}", {'_method': 'PATCH', 'version': '1', 'letter': text[:-1].replace('\n', '\r\n') + '尾'}).status in (200, 303)
    assert shop.sql("select right(letter, 1), length(letter), version from r_members where code = 'L1'") == [('尾', 10000, 2)]
    assert [item for item, _ in refused(shop, letter=text + '長')] == ['letter']
    content = file_of(shop, take(shop, register='members', condition={'item': 'code', 'op': 'eq', 'value': 'L1'}))
    job = shop.house.wait_job(shop.house.import_file('members', content, shop), shop)
    assert counts(job) == {'read': 1, 'created': 0, 'changed': 0, 'unchanged': 1, 'refused': 0}
    page = person.get(f'{RECORDS}?q=').text
    assert '長い手紙の一行' in page and '…</td>' in page and page.count('長い手紙の一行') < 40
    assert person.get(f"{RECORDS}/{made['id']}").text.count('長い手紙の一行') > 1200


# Accounts --------------------------------------------------------------------------------------------------------------------------------------

def account(shop, login, name):
    return shop.house.sql('insert into daicho.account (tenant, login, name) values (%s, %s, %s) returning id', args=(shop.name, login, name))[0][0]


@pytest.fixture(scope='module')
def team(shop):
    """Three colleagues; T1 is hanako's, T2 taro's, T3 nobody's, T4 the administrator's."""
    for login, name in (('hanako', '佐藤 花子'), ('taro', '鈴木 太郎')):
        account(shop, login, name)
    shop.admin
    shop.ids = dict(shop.house.sql('select login, id from daicho.account where tenant = %s', args=(shop.name,)))
    for code, owner in (('T1', 'HANAKO'), ('T2', shop.ids['taro']), ('T3', None), ('T4', {'id': shop.ids['admin']})):
        assert add(shop, code, owner=owner)['owner'] == (owner and shop.ids[{'T1': 'hanako', 'T2': 'taro', 'T4': 'admin'}[code]])
    return shop


def test_an_account_is_kept_by_number_and_named_by_its_log_in(team):
    assert team.sql("select owner from r_members where code = 'T1'") == [(team.ids['hanako'],)]
    other = team.house.tenant(registers=())
    other.admin
    foreign, = team.house.sql('select id from daicho.account where tenant = %s limit 1', args=(other.name,))[0]
    for value in ('nobody', foreign, 0, True, '#x y'):
        assert [item for item, _ in refused(team, owner=value)] == ['owner'], value
    assert refused(team, owner='nobody')[0][1] == 'アカウント「nobody」はありません'
    assert team.api('GET', f'{RECORDS}?sort=owner').status == 422


def test_conditions_ask_whose_it_is_and_whether_it_is_mine(team):
    assert found(team, 'owner', 'eq', 'hanako', prefix='T') == ['T1'] and found(team, 'owner', 'in', ['hanako', team.ids['taro']], prefix='T') == ['T1', 'T2']
    assert found(team, 'owner', 'ne', 'hanako', prefix='T') == ['T2', 'T3', 'T4'] and found(team, 'owner', 'empty', prefix='T') == ['T3']
    assert ask(team, {'item': 'owner', 'op': 'in', 'value': ['hanako', team.ids['taro']]}).json()['sentence'] == '担当が佐藤 花子・鈴木 太郎のいずれか'
    assert ask(team, {'item': 'owner', 'op': 'eq', 'value': 'nobody'}).status == 422
    mine = urllib.parse.quote(json.dumps({'all': [{'item': 'code', 'op': 'starts', 'value': 'T'}, {'item': 'owner', 'op': 'is_me'}]}))
    page = team.browser().get(f'{RECORDS}?condition={mine}&build=1').text
    assert '担当が自分' in page and '>T4<' in page and not any(f'>T{n}<' in page for n in (1, 2, 3))
    assert found(team, 'owner', 'is_not_me', prefix='T') == ['T1', 'T2', 'T3', 'T4']          # a key is nobody
    assert f'<option value="{team.ids["hanako"]}">佐藤 花子（hanako）</option>' in page         # the builder offers names


def test_accounts_stand_in_files_by_their_log_in_and_come_back(team):
    content = file_of(team, take(team, register='members', condition={'item': 'code', 'op': 'starts', 'value': 'T'}))
    assert [row[6] for row in rows_of(content)][1:] == ['hanako', 'taro', '', 'admin']
    job = team.house.wait_job(team.house.import_file('members', content, team), team)
    assert counts(job) == {'read': 4, 'created': 0, 'changed': 0, 'unchanged': 4, 'refused': 0}, job
    job = team.house.wait_job(team.house.import_file('members', '番号,担当\nT1,Taro\nT3,nobody\n'.encode(), team), team)
    assert counts(job)['changed'] == 1 and counts(job)['refused'] == 1 and 'このアカウントはありません' in file_of(team, job).decode('utf-8-sig')
    job = team.house.wait_job(team.house.import_file('members', '番号,担当\nT1,hanako\n'.encode(), team), team)
    assert counts(job)['changed'] == 1
    # looked at before it is written: names as everywhere
    job = bring(team, '番号,担当\nT1,taro\nT2,\nT77,hanako\n'.encode(), state='ready', register='members', review='true')
    look_at = lambda kind: team.api('GET', f'/registers/members/imports/{job["id"]}?kind={kind}').json()['rows']
    assert [[(i['old'], i['new']) for i in row['items'] if i['name'] == 'owner'] for row in look_at('changed')] == [[('佐藤 花子', '鈴木 太郎')], [('鈴木 太郎', None)]]
    assert look_at('new')[0]['cells'][1]['text'] == '佐藤 花子'
    assert team.api('POST', f'/jobs/{job["id"]}/cancel', json={}).status < 300


def test_a_person_picks_a_colleague_and_sees_names(team):
    person, id = team.browser(), team.sql("select id from r_members where code = 'T2'")[0][0]
    edit = person.get(f'{RECORDS}/{id}/edit').text
    assert f'<option value="{team.ids["taro"]}" selected>鈴木 太郎（taro）</option>' in edit and '佐藤 花子（hanako）' in edit
    assert person.post(f'{RECORDS}/{id}', {'_method': 'PATCH', 'version': '1', 'owner': str(team.ids['hanako'])}).status in (200, 303)
    page = person.get(f'{RECORDS}/{id}').text
    assert '<del>鈴木 太郎</del>' in page and '<ins>佐藤 花子</ins>' in page and f'#{team.ids["taro"]}' not in page
    assert '佐藤 花子' in person.get(RECORDS).text
    condition = {'item': 'code', 'op': 'eq', 'value': 'T2'}
    look_at = person.get(f'/registers/members/bulk/new?action=set&item=owner&check=true&value={team.ids["taro"]}&condition={urllib.parse.quote(json.dumps(condition))}').text
    assert '鈴木 太郎' in look_at and '佐藤 花子' in look_at
    job = do(team, look(team, 'set', 'members', condition, set={'owner': 'taro'}), 'members')
    assert team.sql("select owner from r_members where code = 'T2'") == [(team.ids['taro'],)] and job['result']


def test_who_was_removed_is_still_named_and_cannot_be_picked(team):
    for _ in range(2):                                     # two after each other had the same log-in name
        id = account(team, 'gone', '退職 一郎')
        record = add(team, f'G{id}', owner='gone')
        team.house.sql('delete from daicho.account where id = %s', args=(id,))
    person = team.browser()
    assert '退職 一郎（利用終了）' in person.get(f'{RECORDS}/{record["id"]}').text and record['owner'] == id
    edit = person.get(f'{RECORDS}/{record["id"]}/edit').text
    assert 'selected>退職 一郎（利用終了）</option>' in edit and '退職 一郎（gone）' not in edit
    assert person.post(f'{RECORDS}/{record["id"]}', {'_method': 'PATCH', 'version': '1', 'owner': str(id), 'plate': 'A1'}).status in (200, 303)
    assert team.sql('select owner from r_members where id = %s', (record['id'],)) == [(id,)]
    assert found(team, 'owner', 'eq', str(id), prefix='G') == [f'G{id}']


# Sentences of other items ------------------------------------------------------------------------------------------------------------------------

def test_a_sentence_of_other_items_follows_them_and_is_never_written(shop):
    made = add(shop, 'S1', plate='AB-1', seal='花子', family='佐藤')
    assert made['label'] == 'AB-1 (花子) 様' and made['greeting'] == '拝啓 佐藤 S1様'
    changed = shop.api('PATCH', f"{RECORDS}/{made['id']}", json={'version': 1, 'seal': '太郎', 'family': None})
    assert changed.json()['label'] == 'AB-1 (太郎) 様' and changed.json()['greeting'] == '拝啓 S1様'
    assert add(shop, 'S2')['label'] is None                                    # of nothing nothing is made
    assert refused(shop, label='x') == [('label', 'ほかの項目から自動で作られるため、入力できません')]
    assert shop.sql("select count(*) from information_schema.columns where table_schema = current_schema() and table_name = 'r_members' and column_name in ('label', 'greeting')") == [(0,)]
    assert [i['item'] for i in shop.api('GET', f"{RECORDS}/{made['id']}/changes").json()['changes'][0]['items']] == ['seal', 'family']
    assert found(shop, 'label', 'contains', '太郎) 様', prefix='S') == ['S1'] and found(shop, 'label', 'eq', 'AB-1 (太郎) 様', prefix='S') == ['S1']
    assert found(shop, 'label', 'empty', prefix='S') == ['S2'] and shop.api('GET', f'{RECORDS}?sort=label').status == 422
    assert [r['code'] for r in shop.api('GET', f'{RECORDS}?q={urllib.parse.quote("太郎)様")}').json()['records']] == ['S1']
    person = shop.browser()
    assert 'AB-1 (太郎) 様' in person.get(f"{RECORDS}/{made['id']}").text and 'name="label"' not in person.get(f"{RECORDS}/{made['id']}/edit").text
    assert '<option value="label"' not in person.get('/registers/members/bulk/new').text
    schemas = shop.api('GET', '/openapi.json').json()['components']['schemas']
    assert 'label' in schemas['record_members']['properties'] and 'label' not in schemas['write_members']['properties']


def test_a_sentence_of_personal_items_is_personal(shop):
    made = add(shop, 'S3', family='秘密田', plate='ZZ')
    seen = shop.api('GET', f"{RECORDS}/{made['id']}", key=shop.blind).json()
    assert seen['greeting'] == {'masked': True} and seen['label'] == 'ZZ () 様'
    assert ask(shop, {'item': 'greeting', 'op': 'contains', 'value': '秘密'}, key=shop.blind).status == 403
    assert shop.api('GET', f'{RECORDS}?q={urllib.parse.quote("秘密")}', key=shop.blind).json()['records'] == []
    assert [r['code'] for r in shop.api('GET', f'{RECORDS}?q={urllib.parse.quote("秘密田S3")}').json()['records']] == ['S3']
    assert [r['code'] for r in shop.api('GET', f'{RECORDS}?q=zz()', key=shop.blind).json()['records']] == ['S3']


def test_sentences_stand_in_files_and_are_not_read_back_and_come_back_with_a_batch(shop):
    content = file_of(shop, take(shop, register='members', condition={'item': 'code', 'op': 'starts', 'value': 'S'}))
    rows = rows_of(content)
    assert rows[0][-2:] == ['宛名', 'あいさつ'] and rows[1][-2:] == ['AB-1 (太郎) 様', '拝啓 S1様']
    job = shop.house.wait_job(shop.house.import_file('members', content, shop), shop)
    assert counts(job) == {'read': 3, 'created': 0, 'changed': 0, 'unchanged': 3, 'refused': 0}, job
    gone = do(shop, look(shop, 'delete', 'members', {'item': 'label', 'op': 'contains', 'value': '太郎'}), 'members')
    undo(shop, gone['id'], 'members')
    assert found(shop, 'label', 'eq', 'AB-1 (太郎) 様', prefix='S') == ['S1']


def test_another_sentence_is_searched_by_at_once(house):
    shop = house.tenant(registers=())
    items = [{'name': 'a', 'type': 'text', 'title': '甲'}, {'name': 'n', 'type': 'integer', 'title': '数'},
             {'name': 'c', 'type': 'computed', 'title': '文', 'sentence': '{a}-{n}番', 'searchable': True}]
    define(shop, {'name': 'notes', 'title': 'N', 'items': items})
    assert shop.api('POST', '/registers/notes/records', json={'a': '松', 'n': 7}).json()['c'] == '松-7番'
    items[2]['sentence'] = '第{n}の{a}'
    plan = define(shop, {'name': 'notes', 'title': 'N', 'items': items}, '/registers/notes', 'PUT')
    assert [(c['name'], c['what']) for c in plan['change']] == [('c', ['sentence'])] and plan['rewrite']
    found = shop.api('GET', f'/registers/notes/records?q={urllib.parse.quote("第7の松")}').json()['records']
    assert [r['c'] for r in found] == ['第7の松']
    assert define(shop, {'name': 'notes', 'title': 'N', 'items': items[:2]}, '/registers/notes', 'PUT', drop=['c'])['drop'][0]['records'] == 0
    assert 'c' not in shop.api('GET', '/registers/notes/records').json()['records'][0]


def test_what_a_sentence_uses_does_not_go_or_change_unsaid(house):
    shop = house.tenant(registers=())
    items = [{'name': 'a', 'type': 'text', 'title': '甲'}, {'name': 'n', 'type': 'integer', 'title': '数'},
             {'name': 'c', 'type': 'computed', 'title': '文', 'sentence': '{a} $daicho$; $1 {n}', 'searchable': True}]
    clock = {'name': 'answer', 'title': '回答', 'start': {'item': 'c', 'op': 'eq', 'value': '松 $daicho$; $1 7'}, 'stop': {'item': 'c', 'op': 'empty'}, 'within': {'days': 1}}
    notes = lambda *items, **more: {'name': 'notes', 'title': 'N', 'items': [*items], **more}
    change = lambda definition, **more: shop.api('PUT', '/registers/notes', json={'definition': definition, **more}, headers={'Accept-Language': 'ja'})
    define(shop, notes(*items, clocks=[clock]))
    a, n, c = items
    for wrong, words in ((notes(a, c, clocks=[clock]), '項目「n」はありません'), (notes({**a, 'name': 'z', 'formerly': ['a']}, n, c), '項目「a」はありません'),
                         (notes({**a, 'lines': True}, n, c), '「a」は文に入れられません'), (notes(a, {**n, 'type': 'decimal'}, c), '「n」は文に入れられません'),
                         (notes(a, n, {'name': 'c', 'type': 'text', 'title': '文'}), '変えられません'),
                         (notes(a, n, c, clocks=[{**clock, 'start': {'item': 'c', 'op': 'contains', 'value': '松'}}]), ''), (notes(a, n, c, clocks=[{**clock, 'since': 'c'}]), '')):
        answer = change(wrong)
        assert answer.status == 422 and words in answer.text, (answer, words)
    # a clock looks at the sentence, whichever of its items is written, and follows a new one
    running = lambda: [(d['record'], d['state']) for d in shop.api('GET', '/duties?which=team&limit=50').json()['duties']]
    id = shop.api('POST', '/registers/notes/records', json={'a': '松', 'n': 6}).json()['id']
    assert running() == []
    made = shop.api('PATCH', f'/registers/notes/records/{id}', json={'version': 1, 'n': 7})
    assert made.json()['c'] == '松 $daicho$; $1 7' and running() == [(id, 'running')]
    assert shop.api('PATCH', f'/registers/notes/records/{id}', json={'version': 2, 'n': None, 'a': None}).json()['c'] is None and running() == []
    c['sentence'] = '{a}'
    define(shop, notes(a, n, c, clocks=[{**clock, 'start': {'item': 'c', 'op': 'eq', 'value': '竹'}}]), '/registers/notes', 'PUT')
    other = shop.api('POST', '/registers/notes/records', json={'a': '竹'}).json()['id']
    assert running() == [(other, 'running')]
    assert [r['id'] for r in shop.api('GET', f'/registers/notes/records?q={urllib.parse.quote("竹")}').json()['records']] == [other]
