"""Postal codes: both shapes of Japan Post's file in, addresses out, and what forms make of them."""
import re

import pytest

from house import ROOT, Refused

SAMPLE = ROOT / 'registers' / 'postal_sample.csv'


def row(code, town, kana='ﾏﾁ', place='13101', prefecture='東京都', city='千代田区'):
    return f'{place},"{code[:3]}  ","{code}","ﾄｳｷｮｳﾄ","ﾁﾖﾀﾞｸ","{kana}","{prefecture}","{city}","{town}",0,0,0,0,0,0\r\n'


@pytest.fixture
def postal(house):
    """The sample in use, whatever a test did to it."""
    house.cli('postal', 'import', SAMPLE, '--smaller')
    yield house
    house.cli('postal', 'import', SAMPLE, '--smaller')


@pytest.fixture(scope='session')
def shop(house):
    return house.tenant(registers=('customers',))


def found(shop, code):
    answer = shop.api('GET', f'/postal/{code}')
    assert answer.status == 200, answer
    return [a['prefecture'] + a['city'] + a['town'] for a in answer.json()['addresses']]


def test_codes_are_found_however_they_are_written(postal, shop):
    one = shop.api('GET', '/postal/1000001').json()
    assert one['code'] == '100-0001'
    assert one['addresses'] == [{'prefecture': '東京都', 'city': '千代田区', 'town': '千代田', 'prefecture_kana': 'トウキョウト', 'city_kana': 'チヨダク', 'town_kana': 'チヨダ',
                                 'place': '13101'}]
    assert one['data']['file'] == 'postal_sample.csv' and not one['data']['old']
    assert found(shop, '%E3%80%92%EF%BC%91%EF%BC%90%EF%BC%90-0001') == found(shop, '100%2D0001') == ['東京都千代田区千代田']
    assert found(shop, '5300001') == ['大阪府大阪市北区梅田']           # （次のビルを除く）
    assert found(shop, '0600042') == ['北海道札幌市中央区大通西']        # （１～１９丁目）
    assert found(shop, '1000000') == ['東京都千代田区'] and found(shop, '1001701') == ['東京都青ヶ島村'] and found(shop, '5220317') == ['滋賀県犬上郡多賀町一円']
    assert found(shop, '6180000') == ['京都府乙訓郡大山崎町', '大阪府三島郡島本町']
    assert found(shop, '9999999') == []
    wrong = shop.api('GET', '/postal/12345')
    assert wrong.status == 422 and wrong.json()['errors'][0]['item'] == 'code'
    assert shop.api('GET', '/postal/1000001', key='x').status == 401


def test_the_older_shape_in_cp932_is_joined_where_it_was_split(postal, shop, tmp_path):
    file = tmp_path / 'KEN_ALL.CSV'
    file.write_bytes((row('1000000', '以下に掲載がない場合') + row('0660005', '協和（８８－２、２７１－１０、', 'ｷｮｳﾜ(88-2､') + row('0660005', '３４３－２）', '343-2)') +
                      row('1606001', '西新宿アイランドタワー（１階）', 'ﾆｼｼﾝｼﾞｭｸ(1ｶｲ)')).encode('cp932'))
    assert postal.cli('postal', 'import', file, '--smaller') == {'rows': 3, 'codes': 3, 'rows_before': 28, 'codes_before': 26}
    one = shop.api('GET', '/postal/0660005').json()['addresses']
    assert [(a['town'], a['town_kana'], a['city_kana']) for a in one] == [('協和', 'キョウワ', 'チヨダク')]
    assert found(shop, '1606001') == ['東京都千代田区西新宿アイランドタワー1階']


def test_a_file_larger_than_what_is_read_at_once_is_read_whole(postal, shop, tmp_path):
    file = tmp_path / 'large.csv'
    file.write_text(''.join(row(f'{1000000 + i}', f'町{i}（１～９丁目）', f'マチ{i}（１－９チョウメ）') for i in range(4000)))
    assert postal.cli('postal', 'import', file)['codes'] == 4000
    assert postal.sql("select count(*) from daicho.postal where town = '町' || (code::int - 1000000) and town_kana = 'マチ' || (code::int - 1000000)") == [(4000,)]


@pytest.mark.parametrize('text, line, said', [
    (row('1000001', '千代田') + '1,2,3\r\n', 2, '15 columns'), (row('100001', '千代田'), 1, 'seven digits'), (row('1000001', '千代田（'), 1, 'never closed')])
def test_a_wrong_file_changes_nothing_and_says_where(postal, shop, tmp_path, text, line, said):
    file = tmp_path / 'wrong.csv'
    file.write_text(text)
    status, _, told = postal.run('postal', 'import', file, '--smaller', env={'LANG': 'C.UTF-8'})
    assert status == 1 and said in told and str(line) in told and len(told.strip().splitlines()) == 1
    assert found(shop, '1000001') == ['東京都千代田区千代田']


def test_a_file_with_much_less_than_there_is_must_be_meant(postal, shop, tmp_path):
    file = tmp_path / 'part.csv'
    file.write_text(row('1000001', '千代田'))
    with pytest.raises(Refused, match='--smaller'):
        postal.cli('postal', 'import', file)
    assert found(shop, '5300003') == ['大阪府大阪市北区堂島']


def test_operators_see_what_is_in_use_and_the_import_stands_in_the_log(postal):
    assert {'codes': 26, 'sample': False, 'old': False}.items() <= postal.cli('postal', 'status').items()
    entries = postal.sql("select result, detail ->> 'codes' from daicho.log where kind = 'postal' and verb = 'import' order by id desc limit 1")
    assert entries and entries[0][0] == 'OK'


def test_nobody_but_the_owner_writes_them(postal, shop):
    for role in 'daicho_web', 'daicho_jobs', 'daicho_cli':
        with postal.connect(role) as db:
            for sql in "delete from daicho.postal", "insert into daicho.postal_data values (true, now(), 'x', 1, 1, true, null)", "update daicho.postal set town = 'x'":
                with pytest.raises(Exception, match='permission denied'):
                    db.execute("select set_config('role', %s, true)", [f't_{shop.name}' + ('_desk' if role == 'daicho_cli' else '')])
                    db.execute(sql)
                db.rollback()


def test_old_codes_are_told_once_a_week(postal):
    late = lambda: postal.sql('select daicho.postal_late() is not null', role='daicho_jobs')[0][0]     # noqa: E731
    try:
        postal.sql("update daicho.postal_data set imported_at = daicho.clock() - interval '39 days'")
        assert not late()
        postal.sql("update daicho.postal_data set imported_at = daicho.clock() - interval '41 days', told_at = daicho.clock() - interval '6 days'")
        assert not late() and postal.cli('postal', 'status')['old']
        postal.sql("update daicho.postal_data set sample = true, told_at = null")
        assert not late()                                                                              # nobody waits for a newer sample
    finally:
        postal.sql("update daicho.postal_data set imported_at = daicho.clock(), sample = false, told_at = null")


# Forms -------------------------------------------------------------------------------------------------------------------------------

def sent(shop, postal_code, was='', **items):
    """What becomes of a form that a browser without scripts sends."""
    browser = shop.browser('staff')
    sent.number = getattr(sent, 'number', 0) + 1
    form = {'email': f'yubin{sent.number}@example.jp', 'family_name': '郵便', 'postal_code': postal_code, 'prefecture': '', 'address': '', **items}
    if was is not None:
        form['_was_postal_code'] = was
    answer = browser.post('/registers/customers/records', form)
    record = int(re.search(r'/records/(\d+)', answer.headers['Location']).group(1))
    return record, shop.api('GET', f'/registers/customers/records/{record}').json()


def test_the_form_tells_scripts_what_a_code_fills(postal, shop):
    page = shop.browser('staff').get('/registers/customers/records/new').text
    assert 'data-postal' in page and '{&quot;prefecture&quot;:&quot;prefecture&quot;,&quot;address&quot;:&quot;address&quot;}' in page.replace(' ', '').replace('&#34;', '&quot;')
    item = next(i for i in shop.api('GET', '/registers/customers').json()['register']['items'] if i['name'] == 'postal_code')
    assert item['fills'] == {'prefecture': 'prefecture', 'address': 'address'}


def test_without_scripts_the_house_fills_what_is_empty(postal, shop):
    record, values = sent(shop, '５３０-０００３')
    assert (values['postal_code'], values['prefecture'], values['address']) == ('530-0003', '大阪府', '大阪市北区堂島')
    assert sent(shop, '1000001', address='丸の内1-1')[1]['address'] == '丸の内1-1'                # never over what was typed
    assert sent(shop, '1000001', prefecture='大阪府')[1]['address'] is None
    assert sent(shop, '618-0000')[1]['address'] is None                                         # which of two, a person says
    assert sent(shop, '1000001', was=None)[1]['address'] is None                                # sent by scripts: they have asked
    assert sent(shop, '1000001', was='1000001')[1]['address'] is None                           # it was there before: the address was emptied on purpose
    made = shop.api('POST', '/registers/customers/records', json={'email': 'programme@example.jp', 'family_name': 'x', 'postal_code': '1000001'}).json()
    assert made['address'] is None                                                              # programs write what they write


def test_definitions_are_checked(shop):
    def wrong(fills, type='postal_code'):
        items = [{'name': 'code', 'type': type, 'title': 'c', 'fills': fills}, {'name': 'town', 'type': 'text', 'title': 't'}, {'name': 'n', 'type': 'integer', 'title': 'n'}]
        answer = shop.api('POST', '/registers', json={'name': 'yubin', 'kind': 'master', 'title': 'x', 'heading': ['town'], 'items': items})
        assert answer.status == 422, answer
        return answer.json()['errors'][0]
    assert wrong({'town': 'nowhere'})['item'] == 'items[0].fills.town'
    assert 'n' in wrong({'town': 'n'})['detail'] and wrong({'planet': 'town'}) and wrong({}) and wrong({'town': 'town', 'city': 'town'}) and wrong({'town': 'town'}, 'text')
