"""Messages of the house: to a real SMTP server (Postfix's smtp-sink), exactly as a reader gets them."""
import email, email.policy, pathlib, re, shutil, signal, socket, subprocess, tempfile, time

import pytest

from house import NO_CERTIFICATE, ENVIRONMENT, House, Refused, until


class Sink:
    """smtp-sink on a port of its own; each message it takes becomes a file. *flags: -f RCPT refuses for good, -r RCPT refuses for now."""

    def __init__(self, *flags):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='daicho-sink-'))
        self.dir.chmod(0o777)
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            self.port = s.getsockname()[1]
        self.process = None
        self.start(*flags)

    def start(self, *flags):
        self.stop()
        self.process = subprocess.Popen(['/usr/sbin/smtp-sink', '-u', 'nobody', *flags, '-d', f'{self.dir}/%M.', f'127.0.0.1:{self.port}', '100'],
                                        env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert until(self.listens)

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(('127.0.0.1', self.port)) == 0

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def letters(self):
        found = []
        for path in sorted(self.dir.iterdir()):
            head, _, rest = path.read_bytes().partition(b'\n')
            lines = path.read_bytes().splitlines(keepends=True)
            while lines and re.match(rb'X-(Client|Mail|Rcpt|Helo)', lines[0]):      # what smtp-sink writes above the message
                lines.pop(0)
            found.append(email.message_from_bytes(b''.join(lines), policy=email.policy.default))
        return found

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture(scope='module')
def sink():
    sink = Sink()
    yield sink
    sink.close()


@pytest.fixture(scope='module')
def posting(sink):
    """A house that has a mail server."""
    house = House.start(conf={'mail_host': '127.0.0.1', 'mail_port': sink.port, 'mail_from': 'house@daicho.example'})
    yield house
    house.close()


def letter_to(sink, address):
    return until(lambda: [m for m in sink.letters() if m['To'] == address])


def password_in(letter):
    return re.search(r'パスワード:\s+(\S+)', letter.get_content()).group(1)


def test_syn_3_4_8_a_the_first_administrator_gets_exactly_one_mail_at_the_address_given(posting, sink):
    posting.cli('tenant', 'create', 'hato', '--title', '鳩サブレ商店', '--admin-email', 'kanri@hato.example', *NO_CERTIFICATE)
    letter, = letter_to(sink, 'kanri@hato.example')
    assert letter['Subject'] == '鳩サブレ商店のアカウントのお知らせ' and letter['From'].addresses[0].addr_spec == 'house@daicho.example'
    assert letter['Auto-Submitted'] == 'auto-generated' and letter['Message-ID'] and letter['Date'].datetime.utcoffset().seconds == 9 * 3600
    assert letter.get_content_type() == 'text/plain' and letter.get_content_charset() == 'utf-8'
    assert f'{posting.url}/login?tenant=hato' in letter.get_content()
    time.sleep(1.5)
    assert len(letter_to(sink, 'kanri@hato.example')) == 1
    words, = posting.sql("select words from daicho.account where tenant = 'hato' and login = 'admin'")[0]
    assert {'account.manage', 'tenant.manage', 'personal.see', 'log.read'} <= set(words.split())


def test_syn_3_4_8_b_first_passwords_differ_and_must_be_changed_at_the_first_log_in(posting, sink):
    passwords = []
    for name in 'kame', 'tsuru':
        posting.cli('tenant', 'create', name, '--admin-email', f'a@{name}.example', *NO_CERTIFICATE)
        passwords.append(password_in(letter_to(sink, f'a@{name}.example')[0]))
    assert passwords[0] != passwords[1] and all(len(p) >= 16 for p in passwords)
    changed, = posting.sql("select c.must_change from daicho.credential c join daicho.account a on a.id = c.account_id where a.tenant = 'kame'")[0]
    assert changed is True
    assert posting.api('POST', '/login', json={'tenant': 'kame', 'login': 'admin', 'password': passwords[0]}).status == 200
    assert posting.api('POST', '/login', json={'tenant': 'kame', 'login': 'admin', 'password': passwords[1]}).status == 401


def test_syn_3_4_8_b_a_first_password_that_was_not_used_is_worth_nothing_after_a_week(posting, sink):
    posting.cli('tenant', 'create', 'suzume', '--admin-email', 'a@suzume.example', *NO_CERTIFICATE)
    password = password_in(letter_to(sink, 'a@suzume.example')[0])
    try_it = lambda: posting.api('POST', '/login', json={'tenant': 'suzume', 'login': 'admin', 'password': password}).status
    shift = lambda by: posting.sql(f"update daicho.credential set expires_at = expires_at - interval '{by}' where account_id in "
                                   "(select id from daicho.account where tenant = 'suzume')")
    shift('6 days 23 hours')
    assert try_it() == 200
    shift('1 hour 1 second')
    assert try_it() == 401


def test_the_password_stands_nowhere_once_it_is_sent(posting, sink):
    posting.cli('tenant', 'create', 'tsubame', '--admin-email', 'a@tsubame.example', *NO_CERTIFICATE)
    password = password_in(letter_to(sink, 'a@tsubame.example')[0])
    assert until(lambda: posting.sql("select state, body from daicho.notice where tenant = 'tsubame'") == [('sent', '')])
    for path in [p for p in (posting.dir / 'log').rglob('*') if p.is_file()]:
        assert password not in path.read_text(errors='replace')
    assert password not in str(posting.log('tsubame'))


def test_a_mail_server_that_is_away_gets_it_later(posting, sink):
    sink.stop()
    posting.cli('tenant', 'create', 'kiji', '--admin-email', 'a@kiji.example', *NO_CERTIFICATE)
    state = "select state, attempt, said from daicho.notice where tenant = 'kiji'"
    assert until(lambda: posting.sql(state)[0][1] == 1)
    sink.start()
    posting.sql("update daicho.notice set not_before = now() where tenant = 'kiji'")        # instead of waiting a minute
    assert letter_to(sink, 'a@kiji.example')
    assert until(lambda: posting.sql(state)[0][0] == 'sent')


def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(posting, sink):
    state = "select state from daicho.notice where tenant = '{}'"
    sink.start('-r', 'RCPT')
    posting.cli('tenant', 'create', 'later', '--admin-email', 'a@later.example', *NO_CERTIFICATE)
    assert until(lambda: posting.sql("select said from daicho.notice where tenant = 'later'")[0][0])
    assert posting.sql(state.format('later')) == [('queued',)]
    sink.start('-f', 'RCPT')
    posting.cli('tenant', 'create', 'never', '--admin-email', 'a@never.example', *NO_CERTIFICATE)
    assert until(lambda: posting.sql(state.format('never')) == [('failed',)])
    posting.sql("update daicho.notice set not_before = now(), created_at = now() - interval '25 hours' where tenant = 'later'")
    sink.start('-r', 'RCPT')
    assert until(lambda: posting.sql(state.format('later')) == [('failed',)])               # given up after a day
    sink.start()


def test_a_killed_mailer_loses_nothing(posting, sink):
    import os
    sink.stop()
    posting.cli('tenant', 'create', 'tobi', '--admin-email', 'a@tobi.example', *NO_CERTIFICATE)
    for pid in posting.workers('mailer'):
        os.kill(pid, signal.SIGKILL)
    sink.start()
    assert until(lambda: posting.workers('mailer'))
    posting.sql("update daicho.notice set not_before = now() where tenant = 'tobi' and state = 'queued'")
    assert letter_to(sink, 'a@tobi.example')


@pytest.mark.parametrize('address', ['no-at', 'a@b@c.example', 'a b@c.example', 'a@c.example\r\nBcc: evil@example.com', 'あ@例え.example', '@x.example', 'x@',
                                     'a@' + 'x' * 300, '<a@c.example>', 'a,b@c.example'])
def test_an_address_that_is_none_makes_no_contract(posting, address):
    with pytest.raises(Refused):
        posting.cli('tenant', 'create', 'badmail', '--admin-email', address, *NO_CERTIFICATE)
    assert posting.sql("select 1 from daicho.tenant where name = 'badmail'") == []
    assert posting.sql("select 1 from daicho.notice where tenant = 'badmail'") == []


def test_without_a_mail_server_the_message_waits_and_the_command_says_so(house):
    status, out, err = house.run('tenant', 'create', 'waiting', '--admin-email', 'a@waiting.example')
    assert status == 0 and 'mail_host' in out + err
    assert house.sql("select state, attempt from daicho.notice where tenant = 'waiting'") == [('queued', 0)]


def test_the_mailer_reaches_messages_and_nothing_else(house):
    import psycopg
    with house.connect('daicho_mailer') as db:
        for sql in ('select * from daicho.notice', 'select * from daicho.account', 'select * from daicho.session', 'select * from daicho.credential',
                    "select daicho.tenant_enter('x')", "select daicho.session_enter('x', '', '')", 'insert into daicho.notice (kind, recipient, subject, body) '
                    "values ('x', 'a@b', 's', 'b')", "set role t_waiting"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                db.execute(sql)


def test_no_role_of_a_tenant_reads_the_body_of_a_message(house):
    import psycopg
    shop = house.tenant(registers=())
    with house.connect('daicho_web') as db:
        db.autocommit = False
        db.execute(f"select set_config('role', 't_{shop.name}', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute('select body from daicho.notice')
