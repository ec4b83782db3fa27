"""Access reviews: everything that gives access is written down, decided by somebody else than its holder, and what goes is gone at once."""
import concurrent.futures, csv, io, json

import psycopg
import pytest

from house import House, until
from test_account import Person, group

TO_DECIDE = ['access.approve', 'account.manage', 'person.manage']


@pytest.fixture
def shop(house):
    return house.tenant(registers=())


class Reviewer:
    """An account of the contract, as a browser of the API."""

    def __init__(self, shop, account):
        self.shop, self.account, self.id, self.login = shop, account, account.id, account.login
        self.person_id = shop.house.sql('select person_id from daicho.account where id = %s', args=(account.id,))[0][0]

    def call(self, method, path, json=None):
        return self.account.browser().request(method, '/api/v1' + path, json_body=json, headers={'Accept-Language': 'en'})

    def page(self, path):
        return self.account.browser().get(path)

    def open(self, why=None):
        answer = self.call('POST', '/reviews', {'why': why} if why else {})
        assert answer.status == 201, answer
        return answer.json()['review']['id']

    def review(self, id, query=''):
        answer = self.call('GET', f'/reviews/{id}{query}')
        assert answer.status == 200, answer
        return answer.json()

    def items(self, id, **of):
        """Lines of the review, each with the person's log-in name; those that have these members."""
        found = [{**item, 'login': person['login'], 'person_id': person['person_id'], 'own': person['own']}
                 for person in self.review(id, '?limit=200')['people'] for item in person['items']]
        return [i for i in found if all(i[k] == v for k, v in of.items())]

    def decide(self, id, item, decision, note=None, version=None):
        body = {'item': item['id'], 'decision': decision, 'version': version or item['version'], **({'note': note} if note else {})}
        return self.call('POST', f'/reviews/{id}/decide', body)

    def keep_all(self, id):
        for person in self.review(id, '?limit=200')['people']:
            if person['may_keep']:
                assert self.call('POST', f'/reviews/{id}/keep', {'person': person['person_id']}).status == 200

    def close(self, id, **body):
        return self.call('POST', f'/reviews/{id}/close', body)


@pytest.fixture
def two(shop):
    """Two people who decide, about each other and the staff."""
    assert shop.staff
    return Reviewer(shop, shop.admin), Reviewer(shop, shop.deputy)


def words(shop, login):
    return set(shop.house.sql('select words from daicho.account where tenant = %s and login = %s', args=(shop.name, login))[0][0].split())


def state_of(shop, login):
    return shop.house.sql('select state from daicho.account where tenant = %s and login = %s', args=(shop.name, login))[0][0]


def person_of(shop, login):
    return shop.house.sql('select person_id from daicho.account where tenant = %s and login = %s', args=(shop.name, login))[0][0]


# deciding ----------------------------------------------------------------------------------------------------------------------------------------
def test_reg_5_2_c_every_grant_is_written_down_with_what_it_meant_and_decided_one_by_one(shop, two):
    admin, deputy = two
    shop.house.sql("update daicho.account set grants = '{log.read}' where id = %s", args=(shop.staff.id,))
    key = shop.new_key('機械', 'record.read')
    id = admin.open('組織変更')
    lines = {(i['login'], i['kind'], i['name']) for i in admin.items(id)}
    assert lines == {('admin', 'account', None), ('admin', 'group', '管理者'), ('deputy', 'account', None), ('deputy', 'group', '管理者'),
                     ('staff', 'account', None), ('staff', 'group', '担当者'), ('staff', 'word', 'log.read'), (None, 'key', '機械')}
    staff = admin.items(id, login='staff', kind='group')[0]
    assert [w['name'] for w in staff['words']] == ['record.read', 'record.write', 'record.import', 'record.export', 'mail.read', 'mail.write', 'mail.folder', 'personal.see']
    # what the group gives from now on is not what was written down: said, and not overwritten
    shop.house.sql("update daicho.account_group set permissions = permissions || '{log.export}' where tenant = %s and name = '担当者'", args=(shop.name,))
    staff = admin.items(id, login='staff', kind='group')[0]
    assert 'log.export' not in [w['name'] for w in staff['words']] and [w['name'] for w in staff['grown']] == ['log.export']
    review = admin.review(id)['review']
    assert (review['items'], review['undecided'], review['percent'], review['why'], review['open']) == (8, 8, 0, '組織変更', True)
    # a campaign is not closed with a line undecided
    admin.keep_all(id)
    early = admin.close(id)
    assert early.status == 409 and '未判断の項目が2件' in early.json()['detail']
    deputy.keep_all(id)
    closed = admin.close(id, note='よし')
    assert closed.status == 200, closed
    review = closed.json()['review']
    assert (review['kept'], review['undecided'], review['percent'], review['closed_by'], review['note'], review['open']) == (8, 0, 100, 'admin', 'よし', False)
    assert admin.close(id).status == 409
    assert admin.decide(id, admin.items(id, login='staff', kind='word')[0], 'remove').status == 409 and 'log.read' in words(shop, 'staff')
    assert shop.house.api('GET', '/registers', key=key).status == 200
    # the next one knows what came since
    shop.house.sql("update daicho.account set grants = '{log.read,log.erase}' where id = %s", args=(shop.staff.id,))
    again = admin.open()
    assert [(i['name'], i['newly']) for i in admin.items(again, kind='word')] == [('log.erase', True), ('log.read', False)]


def test_mer_5_2_d_what_is_marked_remove_is_gone_from_the_live_account_in_the_same_request(shop, two):
    admin, _ = two
    browser, sql = shop.staff.browser(), shop.house.sql
    sql("update daicho.account set grants = '{log.read,log.export}' where id = %s", args=(shop.staff.id,))
    id = admin.open()
    assert browser.get('/api/v1/log').status == 200
    word = admin.items(id, login='staff', name='log.read')[0]
    done = admin.decide(id, word, 'remove', '業務で使わない')
    assert done.status == 200, done
    assert browser.get('/api/v1/log').status == 403 and words(shop, 'staff') == {'record.read', 'record.write', 'record.import', 'record.export', 'mail.read', 'mail.write', 'mail.folder', 'personal.see', 'log.export'}
    after = admin.items(id, login='staff', name='log.read')[0]
    assert (after['state'], after['note'], after['decided_by'], after['may_undo']) == ('removed', '業務で使わない', 'admin', False)
    # a "remove" is not taken back: that would be giving
    for decision in ('undo', 'keep'):
        refused = admin.decide(id, after, decision)
        assert refused.status == 409 and 'あらためて付け直して' in refused.json()['detail']
    # a "keep" is
    kept = admin.items(id, login='staff', name='log.export')[0]
    assert admin.decide(id, kept, 'keep').status == 200
    kept = admin.items(id, login='staff', name='log.export')[0]
    assert kept['state'] == 'kept' and kept['may_undo'] and admin.decide(id, kept, 'undo').status == 200
    kept = admin.items(id, login='staff', name='log.export')[0]
    assert kept['state'] == 'undecided' and admin.decide(id, kept, 'keep').status == 200
    group = admin.items(id, login='staff', kind='group')[0]
    assert admin.decide(id, group, 'remove').status == 200
    assert words(shop, 'staff') == {'log.export'} and sql('select groups from daicho.account where id = %s', args=(shop.staff.id,)) == [([],)]
    entries = [e for e in shop.log() if e['kind'] == 'review' and e['verb'] == 'revoke' and e['result'] == 'OK']
    assert [(e['subject_id'], e['actor'], e['detail']['decision'], e['detail']['login'], e['detail']['name']) for e in entries] == \
        [(id, 'admin', 'remove', 'staff', 'log.read'), (id, 'admin', 'remove', 'staff', '担当者')]
    assert admin.close(id).status == 409


def test_syn_3_12_5_b_an_account_that_nobody_needs_is_stopped_with_all_its_ways_in(shop, two):
    admin, _ = two
    house, staff = shop.house, shop.staff
    person = person_of(shop, 'staff')
    browser = staff.browser()
    house.sql("insert into daicho.api_key (tenant, name, token_hash, hint, permissions, created_by) values (%s, 'of staff', 'x' || %s::text::bytea, 'dk_', '{record.read}', %s)"
              .replace("'x' || %s::text::bytea", "decode(md5(%s::text), 'hex')"), args=(shop.name, staff.id, staff.id))
    house.sql("insert into daicho.certificate (tenant, serial, name, person_id, expires_at) values (%s, upper(lpad(to_hex(%s::bigint), 32, '5')), 'PC', %s, now() + interval '1 year')",
              args=(shop.name, staff.id, person))
    id = admin.open()
    assert browser.get('/api/v1/me').status == 200
    account = admin.items(id, login='staff', kind='account')[0]
    assert admin.decide(id, account, 'remove').status == 200
    assert browser.get('/api/v1/me').status == 401 and state_of(shop, 'staff') == 'suspended'
    assert house.sql('select count(*) filter (where revoked_at is null) from daicho.api_key where created_by = %s', args=(staff.id,)) == [(0,)]
    assert house.sql('select count(*) filter (where revoked_at is null) from daicho.certificate where person_id = %s', args=(person,)) == [(0,)]
    assert house.sql('select reason, reported_by from daicho.stop where person_id = %s', args=(person,)) == [('other', 'admin')]
    # nothing is left to decide about what it had
    assert {(i['kind'], i['state']) for i in admin.items(id, login='staff')} == {('account', 'removed'), ('group', 'gone'), ('key', 'gone')}
    gone = admin.items(id, login='staff', kind='group')[0]
    assert admin.decide(id, gone, 'keep').status == 409


def test_keys_of_nobody_in_particular_are_reviewed_too(shop, two):
    admin, _ = two
    key = shop.new_key('月次連携', 'record.read')
    id = admin.open()
    line = admin.items(id, kind='key', name='月次連携')[0]
    assert (line['person_id'], line['own']) == (0, False) and [w['name'] for w in line['words']] == ['record.read']
    assert admin.decide(id, line, 'remove').status == 200
    assert shop.house.api('GET', '/registers', key=key).status == 401


def test_what_comes_after_the_snapshot_is_named_and_what_went_is_nothing_to_decide(shop, two):
    admin, deputy = two
    id = admin.open()
    shop.account('late', group='担当者')
    shop.house.sql("update daicho.account set groups = '{}', grants = '{log.read}' where id = %s", args=(shop.staff.id,))
    open_ = admin.review(id)
    assert {(a['login'], a['kind'], a['name']) for a in open_['added']} == {('late', 'account', None), ('late', 'group', '担当者'), ('staff', 'word', 'log.read')}
    assert admin.items(id, login='staff', kind='group')[0]['state'] == 'gone'
    admin.keep_all(id), deputy.keep_all(id)
    closed = admin.close(id).json()
    assert (closed['review']['kept'], closed['review']['gone'], len(closed['added'])) == (5, 1, 3)
    # it stays as it was at that moment
    shop.house.sql("update daicho.account set grants = '{}' where id = %s", args=(shop.staff.id,))
    assert len(admin.review(id)['added']) == 3 and admin.items(id, login='staff', kind='group')[0]['state'] == 'gone'


def test_what_was_taken_away_and_given_anew_meanwhile_is_named(shop, two):
    admin, deputy = two
    shop.house.sql("update daicho.account set grants = '{log.read}' where id = %s", args=(shop.staff.id,))
    id = admin.open()
    assert admin.decide(id, admin.items(id, kind='word')[0], 'remove').status == 200
    shop.house.sql("update daicho.account set grants = '{log.read}' where id = %s", args=(shop.staff.id,))
    assert [(a['login'], a['name']) for a in admin.review(id)['added']] == [('staff', 'log.read')]


def test_the_evidence_is_a_file_with_who_and_when(shop, two):
    admin, deputy = two
    shop.house.sql("update daicho.account set grants = '{log.read}', name = '=1+1' where id = %s", args=(shop.staff.id,))
    shop.house.sql("update daicho.person set name = '=1+1' where id = %s", args=(person_of(shop, 'staff'),))
    id = admin.open()
    assert admin.decide(id, admin.items(id, kind='word')[0], 'remove', '不要, "今後も"').status == 200
    admin.keep_all(id)
    answer = admin.page(f'/reviews/{id}/file')
    assert answer.status == 200 and answer.headers['Content-Type'].startswith('text/csv') and f'access-review-{id}.csv' in answer.headers['Content-Disposition']
    rows = list(csv.DictReader(io.StringIO(answer.content.decode('utf-8-sig'))))
    assert len(rows) == 7
    one = next(r for r in rows if r['権限'] == 'log.read')
    assert (one['名前'], one['ログイン名'], one['種類'], one['判断'], one['メモ'], one['判断した人']) == ("'=1+1", 'staff', '個別の権限', '外した', '不要, "今後も"', 'admin')
    assert one['判断した日時'].endswith('+09:00')
    assert {r['判断'] for r in rows if r['ログイン名'] == 'admin'} == {'未判断'}
    assert [e['detail']['lines'] for e in shop.log() if e['verb'] == 'download' and e['kind'] == 'review'] == [7]


# who ---------------------------------------------------------------------------------------------------------------------------------------------
def test_mer_5_2_d_nobody_decides_about_their_own_access(shop, two):
    admin, deputy = two
    id = admin.open()
    mine = admin.items(id, login='admin', kind='group')[0]
    assert mine['own'] and not mine['may_decide']
    for decision in ('keep', 'remove'):
        refused = admin.decide(id, mine, decision)
        assert refused.status == 403 and '自分の権限は自分では' in refused.json()['detail']
    assert admin.call('POST', f'/reviews/{id}/keep', {'person': admin.person_id}).status == 403
    assert deputy.decide(id, mine, 'keep').status == 200
    # not by another account of the same person either: there is none, and the line is the person's
    again = shop.api('POST', '/accounts/new', json={'login': 'second', 'name': 'second', 'groups': [], 'person_id': admin.person_id})
    assert again.status == 409
    other = admin.items(id, login='staff', kind='group')[0]
    shop.house.sql("alter table daicho.access_review_item disable trigger guard")
    try:
        shop.house.sql('update daicho.access_review_item set person_id = %s where id = %s', args=(admin.person_id, other['id']))
    finally:
        shop.house.sql("alter table daicho.access_review_item enable trigger guard")
    assert admin.decide(id, other, 'keep').status == 403


def test_only_people_who_hold_the_word_decide(shop, two):
    admin, _ = two
    id = admin.open()
    line = admin.items(id, login='staff', kind='group')[0]
    plain = Person(shop, 'plain', ['account.manage', 'person.manage', 'record.read'])
    for method, path, body in (('GET', '/reviews', None), ('POST', '/reviews', {}), ('GET', f'/reviews/{id}', None),
                               ('GET', f'/reviews/{id}/file', None), ('POST', f'/reviews/{id}/keep', {'person': 1}),
                               ('POST', f'/reviews/{id}/decide', {'item': line['id'], 'decision': 'keep', 'version': 1}),
                               ('POST', f'/reviews/{id}/close', {})):
        assert plain.call(method, path, body).status == 403, path
    # a key may look, and is nobody who decides
    key = shop.new_key('auditor', 'access.approve')
    assert shop.house.api('GET', f'/reviews/{id}', key=key).status == 200
    for path, body in (('decide', {'item': line['id'], 'decision': 'remove', 'version': line['version']}), ('keep', {'person': line['person_id']}), ('close', {})):
        refused = shop.house.api('POST', f'/reviews/{id}/{path}', key=key, json=body)
        assert refused.status == 403 and 'APIキー' in refused.json()['detail'], path
    other = shop.house.tenant(registers=())
    stranger = Reviewer(other, other.admin)
    for path in ('', '/file'):
        assert stranger.call('GET', f'/reviews/{id}{path}').status == 404
    theirs = stranger.open()
    assert stranger.call('POST', f'/reviews/{theirs}/decide', {'item': line['id'], 'decision': 'remove', 'version': line['version']}).status == 404
    assert words(shop, 'staff')


def test_a_masked_account_that_holds_the_word_decides_and_gains_nothing(shop, two):
    admin, _ = two
    officer = Person(shop, 'officer', ['access.approve', 'record.read'])
    assert shop.house.sql('select sees_personal from daicho.account where id = %s', args=(officer.id,)) == [(False,)]
    opened = officer.call('POST', '/reviews', {})
    assert opened.status == 201
    id = opened.json()['review']['id']
    line = admin.items(id, login='staff', kind='group')[0]
    assert officer.call('POST', f'/reviews/{id}/decide', {'item': line['id'], 'decision': 'remove', 'version': line['version']}).status == 200
    assert words(shop, 'staff') == set()
    # also an account that may do much more than it; without any right to manage accounts
    boss = admin.items(id, login='deputy', kind='account')[0]
    assert officer.call('POST', f'/reviews/{id}/decide', {'item': boss['id'], 'decision': 'remove', 'version': boss['version']}).status == 200
    assert state_of(shop, 'deputy') == 'suspended'
    # but somebody who manages accounts is left
    last = admin.items(id, login='admin', kind='account')[0]
    for line in (last, admin.items(id, login='admin', kind='group')[0]):
        refused = officer.call('POST', f'/reviews/{id}/decide', {'item': line['id'], 'decision': 'remove', 'version': line['version']})
        assert refused.status == 409 and 'アカウントを管理できる人が1人もいなくなる' in refused.json()['detail'], refused
    assert state_of(shop, 'admin') == 'active' and admin.items(id, login='admin', kind='account')[0]['state'] == 'undecided'


def test_two_reviewers_at_once_one_decides_and_the_other_hears_of_it(shop, two):
    admin, deputy = two
    id = admin.open()
    line = admin.items(id, login='staff', kind='group')[0]
    admin.account.browser(), deputy.account.browser()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(lambda who: who[0].decide(id, line, who[1]).status, ((admin, 'keep'), (deputy, 'remove'))))
    assert answers[0] == 200 and answers[1] in (409, 412), answers
    late = admin.decide(id, admin.items(id, login='staff', kind='account')[0], 'keep', version=99)
    assert late.status == 412
    assert admin.call('POST', f'/reviews/{id}/decide', {'item': line['id'], 'decision': 'keep'}).status == 428
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        opened = sorted(pool.map(lambda who: who.call('POST', '/reviews', {}).status, (admin, deputy)))
    assert opened == [409, 409]


def test_one_review_is_open_at_a_time_also_when_two_open_it(shop, two):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        [who.account.browser() for who in two]
        answers = sorted(pool.map(lambda who: who.call('POST', '/reviews', {}).status, two))
    assert answers == [201, 409]
    assert shop.house.sql('select count(*) from daicho.access_review where tenant = %s', args=(shop.name,)) == [(1,)]


# raw SQL in the contract's role --------------------------------------------------------------------------------------------------------------------
def test_no_sql_of_the_contract_forges_a_review(shop, two, house):
    admin, deputy = two
    id = admin.open()
    line, own = admin.items(id, login='staff', kind='group')[0], admin.items(id, login='admin', kind='group')[0]

    def tries(sql, actor=f'account:{admin.id}:admin', login='daicho_web', role=f't_{shop.name}'):
        with house.connect(login) as db:
            try:
                with db.transaction(force_rollback=True):
                    db.execute("select set_config('daicho.actor', %s, true), set_config('role', %s, true)", (actor, role))
                    cursor = db.execute(sql)
                    return cursor.fetchall() if cursor.description else cursor.rowcount
            except psycopg.Error as e:
                return e

    for role in (f't_{shop.name}', f't_{shop.name}_masked'):
        for sql in ("update daicho.access_review_item set decision = 'keep', decided_by = 'deputy', decided_who = 'person:0', decided_at = now()",
                    "update daicho.access_review_item set words = '{}'", 'update daicho.access_review_item set person_id = 1', 'delete from daicho.access_review_item',
                    f"insert into daicho.access_review_item (tenant, review_id, kind, words) values ('{shop.name}', {id}, 'account', '{{}}')",
                    "update daicho.access_review set closed_at = now(), closed_by = 'x', closed_who = 'person:1', summary = '{}'", 'delete from daicho.access_review',
                    f"insert into daicho.access_review (tenant, scope, opened_by, opened_who, due_at, closed_at, closed_who, summary) values ('{shop.name}', 'all', 'x', 'x', now(), now(), 'x', '{{}}')",
                    f"insert into daicho.access_review_told (tenant, due_at, what) values ('{shop.name}', now(), 'soon')", 'delete from daicho.access_review_told',
                    f'select daicho.review_write_down({id}, null, null)', f"select daicho.review_person({admin.person_id}, 'x')", 'select daicho.review_decides(null)',
                    "select daicho.review_grants('x')", 'select daicho.review_tick()', 'select * from daicho.review_tasks()', 'select daicho.review_due(0)',
                    'truncate daicho.access_review_item'):
            assert isinstance(tries(sql, role=role), psycopg.errors.InsufficientPrivilege), (role, sql, tries(sql, role=role))
    # the doors themselves, by somebody who may not, by a key, by nobody, as an operator from a web process, as the system
    for actor in (f'account:{shop.staff.id}:staff', 'key:1:x', '', 'operator:0:x', 'system:0:x', 'account:0:x', f'account:{admin.id}'):
        for sql in (f"select daicho.review_decide({line['id']}, 1, 'remove', null)", f'select daicho.review_keep({id}, {line["person_id"]}, null)',
                    f'select daicho.review_close({id}, null)', 'select daicho.review_open(null)'):
            assert isinstance(tries(sql, actor), psycopg.errors.InsufficientPrivilege), (actor, sql)
    assert tries(f"select daicho.review_decide({own['id']}, 1, 'keep', null)") == [('own',)]
    assert tries(f"select daicho.review_keep({id}, {admin.person_id}, null)") == [(-1,)]
    assert tries(f'select daicho.review_close({id}, null)')[0][0]['undecided'] == 6
    assert tries('select daicho.review_open(null)') == [(None,)]
    # a decision does not open the way for anything else of its transaction
    assert isinstance(tries(f"with d as (select daicho.review_decide({line['id']}, 1, 'remove', null)) select daicho.review_decides(null) from d"), psycopg.errors.InsufficientPrivilege)
    assert house.sql('select count(*) from daicho.access_review_item where decision is not null and tenant = %s', args=(shop.name,)) == [(0,)]
    # whoever owns the tables: what is written down stays, and what is closed is closed with everything decided
    for sql in (f"update daicho.access_review_item set words = '{{}}' where id = {line['id']}", f"update daicho.access_review_item set person_id = 1 where id = {line['id']}",
                f"update daicho.access_review set closed_at = now(), closed_by = 'x', closed_who = 'x', summary = '{{}}' where id = {id}",
                f"update daicho.access_review set due_at = now() where id = {id}",
                f"update daicho.access_review_item set decision = 'keep', decided_who = 'person:' || person_id, decided_by = 'x', decided_at = now() where id = {line['id']}"):
        with pytest.raises(psycopg.errors.IntegrityError):
            house.sql(sql)
    assert house.sql('select xid from daicho.access_review_item where xid is not null') == []


# when --------------------------------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope='module')
def clock():
    """A house of its own: its clock goes months ahead."""
    house = House.start(conf={'job_workers': 1})
    yield house
    house.close()


def ahead(house, days):
    house.sql('select daicho.rehearse(%s::interval)', args=(f'{days} days',))


def notices(shop, kind):
    return shop.house.sql('select recipient from daicho.notice where tenant = %s and kind = %s order by id', args=(shop.name, kind))


def test_reg_5_2_c_a_last_review_of_a_year_ago_is_overdue_told_once_and_opened_by_itself(clock):
    ahead(clock, 0)
    shop = clock.tenant(registers=())
    admin, deputy = Reviewer(shop, shop.admin), Reviewer(shop, shop.deputy)
    clock.sql("update daicho.account set email = login || '@example.jp' where tenant = %s", args=(shop.name,))
    id = admin.open()
    admin.keep_all(id), deputy.keep_all(id)
    assert admin.close(id).status == 200
    state = admin.call('GET', '/reviews').json()['state']
    assert (state['overdue'], state['soon'], state['review_days'], state['open_id']) == (False, False, 365, None)
    try:
        ahead(clock, 350)
        admin.account.browser(fresh=True), deputy.account.browser(fresh=True)
        assert admin.call('GET', '/reviews').json()['state']['soon'] is False
        ahead(clock, 352)
        admin.account.browser(fresh=True), deputy.account.browser(fresh=True)
        assert admin.call('GET', '/reviews').json()['state']['soon'] is True
        assert until(lambda: notices(shop, 'review_soon') == [('admin@example.jp',), ('deputy@example.jp',)], 20)
        assert '権限の棚卸しの期限は' in admin.page('/').text
        ahead(clock, 366)
        admin.account.browser(fresh=True), deputy.account.browser(fresh=True)
        listed = admin.call('GET', '/reviews').json()
        assert listed['state']['overdue'] is True and {u['login'] for u in listed['unreviewed']} == {'admin', 'deputy'}
        assert until(lambda: len(notices(shop, 'review_overdue')) == 2, 20)
        state = admin.call('GET', '/reviews').json()['state']
        assert state['open_id'] and state['overdue'] is True
        for path in ('/reviews', '/people', '/'):
            assert '権限の棚卸しの期限' in admin.page(path).text and 'notice bad' in admin.page(path).text, path
        opened = admin.review(state['open_id'])['review']
        assert (opened['opened_by'], opened['overdue'], opened['items']) == ('system', True, 4)
        entry = [e for e in shop.log(own=True) if e['kind'] == 'review' and e['actor_kind'] == 'system'][-1]
        assert (entry['verb'], entry['subject_id'], entry['detail']['opened'], entry['detail']['tell']) == ('alert', state['open_id'], True, 'overdue')
        # told once
        ahead(clock, 367)
        admin.account.browser(fresh=True), deputy.account.browser(fresh=True)
        admin.keep_all(state['open_id'])
        left = admin.call('GET', '/reviews').json()['unreviewed']
        assert [u['login'] for u in left] == ['admin'], left
        assert (len(notices(shop, 'review_soon')), len(notices(shop, 'review_overdue'))) == (2, 2)
        deputy.keep_all(state['open_id'])
        assert admin.close(state['open_id']).status == 200
        after = admin.call('GET', '/reviews').json()
        assert after['state']['overdue'] is False and after['unreviewed'] == []
        assert 'notice bad' not in admin.page('/people').text
    finally:
        ahead(clock, 0)


def test_syn_3_12_5_b_operators_are_reviewed_every_half_year_whatever_their_policy_says(clock):
    ahead(clock, 0)
    clock.cli('tenant', 'create', 'ops', '--title', 'Operators', '--operators', '--no-admin', '--no-certificate', '--approved-by', 'tests', '--reason', 'x')
    assert clock.sql("select review_days from daicho.policy where tenant = 'ops'") == [(183,)]
    with pytest.raises(psycopg.errors.CheckViolation):
        clock.sql("update daicho.policy set review_days = 184 where tenant = 'ops'")
    clock.cli('account', 'create', '--tenant', 'ops', 'root', '--name', 'root', '--group', '管理者', '--password', 'aA1!9dkeiDkw02mf')
    try:
        ahead(clock, 184)
        assert until(lambda: clock.sql("select count(*) from daicho.access_review where tenant = 'ops' and scope = 'all' and opened_by = 'system'") == [(1,)], 20)
        assert clock.sql("select kind, login from daicho.access_review_item where tenant = 'ops' order by 1") == [('account', 'root'), ('group', 'root')]
    finally:
        ahead(clock, 0)


def test_the_time_between_reviews_is_the_contract_s_within_bounds(shop):
    for days, ok in ((30, True), (400, True), (29, False), (401, False), (365, True)):
        version = shop.api('GET', '/policy').json()['policy']['version']
        answer = shop.api('PATCH', '/policy', json={'review_days': days}, headers={'If-Match': f'"{version}"'})
        assert answer.status == (200 if ok else 422), (days, answer)
        if ok:
            assert answer.json()['policy']['review_days'] == days
        else:
            assert answer.json()['errors'][0]['item'] == 'review_days'


# joined with who works here -------------------------------------------------------------------------------------------------------------------------
def test_syn_3_12_6_a_a_transfer_asks_for_the_rights_of_this_person_and_a_leaver_has_no_active_account(shop, two):
    admin, _ = two
    house, person = shop.house, person_of(shop, 'staff')
    house.sql("select daicho.review_person(%s, '営業部から総務部へ')", args=(person,))
    state = admin.call('GET', '/reviews').json()['state']
    assert state['event_id'] and state['open_id'] is None
    event = admin.review(state['event_id'])
    assert event['review']['scope'] == 'event' and [(p['login'], p['event'], p['undecided']) for p in event['people']] == [('staff', '営業部から総務部へ', 2)]
    assert admin.close(state['event_id']).status == 409
    assert '異動' in admin.page('/').text
    # decided, then moved again: asked again, and what was said before stays on record
    line = admin.items(state['event_id'], kind='group')[0]
    admin.keep_all(state['event_id'])
    house.sql("select daicho.review_person(%s, '総務部から経理部へ')", args=(person,))
    asked = admin.items(state['event_id'], kind='group')[0]
    assert (asked['state'], asked['event'], [e['decision'] for e in asked['earlier']]) == ('undecided', '総務部から経理部へ', ['keep'])
    assert admin.decide(state['event_id'], line, 'remove').status == 412
    assert admin.decide(state['event_id'], asked, 'remove').status == 200 and words(shop, 'staff') == set()
    assert admin.decide(state['event_id'], admin.items(state['event_id'], kind='account')[0], 'keep').status == 200
    assert admin.close(state['event_id']).status == 200
    # it is not the yearly one; while that is open, an event is asked there
    assert admin.call('GET', '/reviews').json()['state']['closed_at'] is None
    id = admin.open()
    admin.keep_all(id)
    house.sql("select daicho.review_person(%s, '異動')", args=(person,))
    assert admin.items(id, login='staff', kind='account')[0]['state'] == 'undecided' and admin.call('GET', '/reviews').json()['state']['event_id'] is None
    # who has left has nothing left
    listed = admin.call('GET', '/reviews').json()
    assert (listed['state']['left_active'], listed['left']) == (0, [])
    assert admin.call('POST', f'/people/{person}/stop', {'reason': 'leaver'}).status == 200
    assert admin.call('GET', '/reviews').json()['state']['left_active'] == 0 and admin.items(id, login='staff', kind='account')[0]['state'] == 'gone'
    assert '0件' in admin.page('/reviews').text
    house.sql('update daicho.person set leaves_at = now() where id = %s', args=(person_of(shop, 'deputy'),))      # for the moment until it is done
    listed = admin.call('GET', '/reviews').json()
    assert listed['state']['left_active'] in (0, 1) and [a['login'] for a in listed['left']] in ([], ['deputy'])
    assert until(lambda: admin.call('GET', '/reviews').json()['state']['left_active'] == 0, 20) and state_of(shop, 'deputy') == 'suspended'


def test_syn_3_12_6_a_a_transfer_between_departments_asks_by_itself_and_the_first_department_does_not(shop, two):
    admin, _ = two
    person = person_of(shop, 'staff')
    shop.house.sql("update daicho.account set grants = '{log.read}' where id = %s", args=(shop.staff.id,))

    def move(department):
        version = shop.api('GET', f'/people/{person}').json()['person']['version']
        answer = shop.api('PATCH', f'/people/{person}', json={'department': department}, headers={'If-Match': f'"{version}"'})
        assert answer.status == 200, answer

    for name in '営業部', '総務部':
        assert shop.api('POST', '/departments', json={'name': name}).status == 201
    move('営業部')
    assert admin.call('GET', '/reviews').json()['state']['event_id'] is None
    yearly = admin.open()
    admin.keep_all(yearly), two[1].keep_all(yearly)
    assert admin.close(yearly).status == 200
    move('総務部')
    event = admin.review(admin.call('GET', '/reviews').json()['state']['event_id'])
    assert [(p['login'], p['department'], p['moved_from'], p['event'], p['undecided']) for p in event['people']] == [('staff', '総務部', '営業部', '営業部 → 総務部', 3)]
    assert admin.decide(event['review']['id'], admin.items(event['review']['id'], kind='word')[0], 'remove').status == 200
    assert 'log.read' not in words(shop, 'staff')


def test_where_rights_change_only_by_requests_a_review_takes_away_and_nothing_else_does(shop, two, house):
    admin, _ = two
    house.sql("update daicho.account set grants = '{log.read}' where id = %s", args=(shop.staff.id,))
    house.sql('update daicho.policy set access_approval = true where tenant = %s', args=(shop.name,))
    id = admin.open()
    for kind in 'word', 'group', 'account':
        assert admin.decide(id, admin.items(id, login='staff', kind=kind)[0], 'remove').status == 200, kind
    assert words(shop, 'staff') == set() and state_of(shop, 'staff') == 'suspended'
    with house.connect('daicho_web') as db:
        line = admin.items(id, login='deputy', kind='group')[0]
        with pytest.raises(psycopg.errors.InsufficientPrivilege), db.transaction():
            db.execute("select set_config('daicho.actor', %s, true), set_config('role', %s, true)", (f'account:{admin.id}:admin', f't_{shop.name}'))
            assert db.execute("select daicho.review_decide(%s, %s, 'remove', null)", (line['id'], line['version'])).fetchone() == ('done',)
            db.execute("update daicho.account set grants = '{log.read}' where login = 'deputy'")
    assert admin.items(id, login='deputy', kind='group')[0]['state'] == 'undecided'


# pages -------------------------------------------------------------------------------------------------------------------------------------------
def test_the_pages_work_with_forms_alone_and_stay_in_place_with_htmx(shop, two):
    admin, deputy = two
    browser = admin.account.browser()
    made = browser.post('/reviews', {'why': ''})
    assert made.status == 303
    page = browser.get(made.headers['Location'])
    id = int(made.headers['Location'].split('/')[2].split('?')[0])
    assert page.status == 200 and '棚卸しを始めました' in page.text and 'この人はすべて残す' in page.text
    line = admin.items(id, login='staff', kind='group')[0]
    form = {'item': line['id'], 'version': line['version'], 'decision': 'keep', 'note': '', 'show': 'undecided'}
    part = browser.post(f'/reviews/{id}/decide', form, htmx=True)
    assert part.status == 200 and f'id="p-{line["person_id"]}"' in part.text and 'id="review-bar"' in part.text and f'id="p-{deputy.person_id}"' not in part.text
    again = browser.post(f'/reviews/{id}/decide', form)
    assert again.status == 412
    kept = browser.post(f'/reviews/{id}/keep', {'person': deputy.person_id, 'show': 'undecided'})
    assert kept.status == 303 and kept.headers['Location'] == f'/reviews/{id}?show=undecided&done=review_decided#p-{deputy.person_id}'
    found = browser.get(f'/reviews/{id}?show=undecided').text
    assert f'id="p-{admin.person_id}"' in found and f'id="p-{deputy.person_id}"' not in found
    assert '未判断が' in found and '件あるため' in found
