-- Messages to people.

-- notice_insert(tenant text, kind text, recipient text, subject text, body text, secret bool) -> none
insert into daicho.notice (tenant, kind, recipient, subject, body, secret) values ($1, $2, $3, $4, $5, $6);

-- notice_insert_house(kind text, recipient text, subject text, body text) -> none
select daicho.notice_house($1, $2, $3, $4);

-- By an auth process, outside of any contract.
-- notice_insert_login(tenant text, alert text, recipient text, subject text, body text) -> none
select daicho.login_tell($1, $2, $3, $4, $5);

-- notice_list(before_id int, max int) -> many(201) notice(id int, kind text, recipient text, subject text, state text, created_at time, sent_at time?)
select n.id, n.kind, n.recipient, n.subject, n.state, n.created_at, n.sent_at
from daicho.notice n
where $1::bigint = 0 or n.id < $1::bigint
order by n.id desc
limit $2::bigint;

-- notice_contract() -> one contract_words(name text, title text, lang text)
select t.name, t.title, t.lang from daicho.tenant t;

-- Who holds this permission here (account.manage: looks after accounts), and can be written to.
-- notice_holders(word text, but int) -> many(50) notice_reader(email text, lang text?)
select a.email, a.lang from daicho.account a
where a.state = 'active' and a.email is not null and a.id <> $2 and $1 = any (string_to_array(a.words, ' ')) order by a.id limit 50;

-- What people call it; null: it is gone.
-- notice_name(kind text, id int) -> one text?
select case $1
    when 'account' then (select a.login from daicho.account a where a.id = $2)
    when 'group' then (select g.name from daicho.account_group g where g.id = $2)
    when 'key' then (select k.name from daicho.api_key k where k.id = $2)
    when 'person' then (select p.name from daicho.person p where p.id = $2)
end as name;

-- notice_account(id int) -> maybe notice_reader
select a.email, a.lang from daicho.account a where a.id = $1 and a.state = 'active' and a.email is not null;

-- By a command, outside of any contract. False: it was told within the hour.
-- notice_root(actor text, source text, recipients text[], subject text, body text) -> one bool
select daicho.root_note($1, $2, $3, $4, $5) as told;

-- By a jobs process, outside of any contract.
-- notice_backup(subject text, body text) -> one int
select daicho.backup_tell($1, $2) as told;

-- notice_postal(subject text, body text) -> one int
select daicho.postal_tell($1, $2) as told;

-- Who approves requests for rights, but the one who asked.
-- notice_approvers_but(but int) -> many(50) notice_reader
select a.email, a.lang from daicho.account a
where a.state = 'active' and a.email is not null and a.person_id <> $1 and 'access.approve' = any (string_to_array(a.words, ' ')) order by a.id limit 50;

-- The accounts of two people.
-- notice_people(one int, other int) -> many(2) notice_reader
select a.email, a.lang from daicho.account a where a.state = 'active' and a.email is not null and a.person_id in ($1, $2) order by a.id limit 2;

-- By the mailer.
-- notice_take() -> maybe letter(id int, kind text, recipient text, subject text, body text, attempt int, created_at time)
select n.id, n.kind, n.recipient, n.subject, n.body, n.attempt, n.created_at from daicho.notice_take() n;

-- notice_end(id int, attempt int, result text, said text) -> one text?
select daicho.notice_end($1, $2::int, $3, $4) as state;
