"""Duties: everything that is due by rule in one list; whose it is, what somebody sees of it, the calendar feed, and what a definition would come to."""
import json, re

import pytest

from house import DAICHO, until
from test_clock import INCIDENTS, define, duties, duty, incident
from test_permission import Person


@pytest.fixture(scope='module')
def shop(house):
    shop = house.tenant(registers=())
    assert shop.admin and shop.deputy
    define(shop, INCIDENTS)
    return shop


def call(shop, who, method, path, body=None):
    return shop.account(who).browser().request(method, '/api/v1' + path, json_body=body if body is not None or method == 'GET' else {}, headers={'Accept': 'application/json'})


def listed(shop, who, which='mine'):
    return {(d['title'], d['record']) for d in call(shop, who, 'GET', f'/duties?which={which}&limit=200').json()['duties']}


def test_my_duties_are_those_of_my_groups_until_somebody_takes_them(shop):
    shop.account('tanto', group='担当者')
    shop.account('other', group='担当者')
    id = incident(shop, rank='S')
    assert ('第一報', id) in listed(shop, 'tanto') and ('第一報', id) not in listed(shop, 'admin') and ('第一報', id) in listed(shop, 'admin', 'team')
    path = f'/duties/{duty(shop, id, "第一報")["id"]}'
    assert call(shop, 'tanto', 'POST', path + '/assign', {'me': True}).status == 204
    assert ('第一報', id) in listed(shop, 'tanto') and ('第一報', id) not in listed(shop, 'other')
    assert call(shop, 'admin', 'POST', path + '/assign', {'login': 'no.such'}).status == 422
    assert call(shop, 'admin', 'POST', path + '/assign', {'login': 'other'}).status == 204 and ('第一報', id) in listed(shop, 'other')
    assert call(shop, 'admin', 'POST', path + '/assign', {'login': ''}).status == 204 and call(shop, 'admin', 'GET', path).json()['duty']['assignee'] is None
    entry = [e for e in shop.log() if e['kind'] == 'duty' and e['verb'] == 'update'][-1]
    assert (entry['actor'], entry['detail']) == ('admin', {'assignee': ''})
    # pages: each tab, the month, the duty
    page = shop.account('tanto').browser()
    for address in '/duties', '/duties?which=team', '/duties?which=overdue', '/duties?which=done', '/duties/calendar', '/duties/calendar?month=2027-02', path:
        assert page.get(address).status == 200, address
    assert '第一報' in page.get('/duties').text and page.get('/duties/calendar?month=x').status == 422
    assert 'インシデント: x</a>' in page.get(path).text


def test_what_somebody_may_not_read_they_have_no_duty_about(shop, house):
    id = incident(shop, rank='A')
    outsider = Person(shop, 'outsider', ['log.read'])
    assert outsider.ask('GET', '/duties?which=team').json()['duties'] == []
    mine = duty(shop, id, '第一報')['id']
    assert outsider.ask('GET', f'/duties/{mine}').status == 404 and outsider.ask('POST', f'/duties/{mine}/assign', {'me': True}).status == 404
    reader = Person(shop, 'reader', ['record.read:incidents'])
    assert ('第一報', id) in {(d['title'], d['record']) for d in reader.ask('GET', '/duties?which=team').json()['duties']}
    assert reader.ask('POST', f'/duties/{mine}/assign', {'me': True}).status == 403
    assert reader.ask('POST', f'/duties/{mine}/pause', {'reason': 'x', 'until': '2099-01-01'}).status == 403
    other = house.tenant(registers=())
    assert other.api('GET', f'/duties/{mine}').status == 404 and other.api('GET', '/duties?which=team').json()['duties'] == []


def test_reviews_are_duties_too(shop, house):
    house.sql("insert into daicho.log_review (tenant, from_at, to_at, due_at) values (%s, now() - interval '3 days', now() - interval '2 days', now() - interval '1 day')", args=(shop.name,))
    found = [d for d in call(shop, 'admin', 'GET', '/duties?which=overdue').json()['duties'] if d['kind'] == 'log_review']
    assert [(d['state'], d['title'], d['path']) for d in found] == [('missed', '操作ログの点検', f'/log-reviews/{found[0]["ref"]}')]
    assert 'class="n"' in re.search(r'<a href="/duties".*?</a>', shop.admin.browser().get('/').text, re.S).group(0)     # the menu says how many are overdue
    house.sql("update daicho.log_review set closed_at = now(), closed_by = 'admin', closed_person = 1 where tenant = %s", args=(shop.name,))
    ended = [d for d in call(shop, 'admin', 'GET', '/duties?which=done').json()['duties'] if d['kind'] == 'log_review']
    assert [(d['state'], d['stopped_by']) for d in ended] == [('late', 'admin')]
    opened = call(shop, 'admin', 'POST', '/reviews', {})
    assert opened.status == 201 and ('access_review', opened.json()['review']['id']) in {
        (d['kind'], d['ref']) for d in call(shop, 'deputy', 'GET', '/duties').json()['duties']}


def test_lists_page_by_their_deadline(shop):
    ids = {incident(shop, rank='S') for _ in range(5)}
    seen, query = [], ''
    while True:
        page = shop.api('GET', f'/duties?which=team&limit=3{query}').json()
        seen += [d['id'] for d in page['duties']]
        if page['next'] is None:
            break
        query = f'&after={page["next"]["after"]}&after_due={page["next"]["after_due"].replace("+", "%2B")}'
    assert len(seen) == len(set(seen)) and seen == [d['id'] for d in duties(shop, 'team', limit=200)] and ids <= {d['record'] for d in duties(shop, 'team', limit=200)}


def unfold(text):
    assert all(len(line.encode()) <= 75 for line in text.split('\r\n')) and text.endswith('\r\n')
    return text.replace('\r\n ', '').split('\r\n')


def test_the_calendar_feed_has_a_key_of_its_own_that_is_revoked(shop, house):
    shop.account('feeder', group='担当者')
    id = incident(shop, rank='S', detected_at='2026-01-01T00:00:00Z')
    made = call(shop, 'feeder', 'POST', '/me/feed')
    assert made.status == 200, made
    address = made.json()['address']
    key = address.split('key=')[1]
    path = '/duties.ics?key=' + key
    assert len(key) == 64 and key not in str(house.sql("select * from daicho.duty_feed"))
    read = house.http.request('GET', path)
    assert read.status == 200 and read.headers['Content-Type'] == 'text/calendar; charset=utf-8' and 'no-store' in read.headers['Cache-Control']
    lines = unfold(read.text)
    mine = duty(shop, id, '第一報')
    assert lines[0] == 'BEGIN:VCALENDAR' and lines[-2] == 'END:VCALENDAR' and 'VERSION:2.0' in lines
    at = lines.index(f'UID:duty-{mine["id"]}@localhost:{house.port}')
    event = dict(line.split(':', 1) for line in lines[at:lines.index('END:VEVENT', at)])
    assert event['DTSTART'] == re.sub(r'[-:]', '', '2026-01-02T00:00:00Z') and event['SUMMARY'] == '【期限切れ】 第一報 (インシデント: x)' and event['URL'].endswith(f'/duties/{mine["id"]}')
    assert [(e['actor'], e['result']) for e in shop.log() if e['verb'] == 'download' and e['kind'] == 'feed'] == [('feeder', 'OK')]
    # a new one ends the old one; revoked, or of an account that is put out, none is good
    again = call(shop, 'feeder', 'POST', '/me/feed').json()['address'].split('key=')[1]
    assert house.http.request('GET', path).status == 404 and house.http.request('GET', '/duties.ics?key=' + again).status == 200
    assert call(shop, 'feeder', 'POST', '/me/feed/revoke').status == 204
    for wrong in again, 'x', '', key[:-1], '%00' * 64:
        assert house.http.request('GET', '/duties.ics?key=' + wrong).status in (404, 422, 400), wrong
    again = call(shop, 'feeder', 'POST', '/me/feed').json()['address'].split('key=')[1]
    house.sql("update daicho.account set state = 'suspended' where tenant = %s and login = 'feeder'", args=(shop.name,))
    assert house.http.request('GET', '/duties.ics?key=' + again).status == 404
    assert shop.api('POST', '/me/feed', json={}).status == 403                                    # a key is nobody's calendar


def test_a_definition_says_beforehand_what_would_fall_due(shop, house, tmp_path):
    (tmp_path / 'incidents.yaml').write_text(INCIDENTS)
    before = house.sql('select count(*) from daicho.duty')
    falls = house.cli('register', 'simulate', '--tenant', shop.name, tmp_path / 'incidents.yaml', '--days', '730', '--from', '2026-11-27T17:00:00+09:00')['falls']
    assert [(f['what'], f['at']) for f in falls if f['clock'] == 'first_notice'][:4] == [
        ('reminder', '2026/11/28 13:00'), ('due', '2026/11/28 17:00'), ('escalation', '2026/11/28 17:00'), ('escalation', '2026/11/28 19:00')]
    answer = {f['what']: (f['starts'], f['at']) for f in falls if f['clock'] == 'answer'}
    assert answer['due'] == ('2026/11/27 17:00', '2026/11/30 18:00') and answer['shortest'][0] == '2026/11/29 17:00'
    assert answer['longest'] == ('2027/12/27 17:00', '2028/01/05 18:00') or answer['longest'][1] > answer['longest'][0]
    assert {f['what']: f['at'] for f in falls if f['clock'] == 'fix'}['due'] == '2026/12/27 17:00'
    assert house.sql('select count(*) from daicho.duty') == before
    page = shop.admin.browser().get('/registers/incidents').text
    assert '期限の規則' in page and '1営業日（support）' in page and 'ランクがS・Aのいずれか' in page
