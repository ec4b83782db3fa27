-- People of the tenant entered. What stops somebody and lets them back is functions of the owner (schema/0008_people.sql).

-- department: a name; '': those in none.
-- person_list(search text?, state text?, after int, max int, department text?) -> many(201) person_row(id int, name text, email text?, kind text, state text, version int,
--     created_at time, leaves_at time?, left_at time?, due_at time?, overdue bool?, account_id int?, login text?, suspended_for text?,
--     suspended_by text?, suspended_at time?, last_login_at time?, groups text?, words text?, account_version int?, keys int, certificates int,
--     idle_days int?, dormant bool?, department_id int?, department text?, unreturned int, undeclared int,
--     return_overdue bool, declare_overdue bool)
select p.id, p.name, p.email, p.kind, p.state, p.version, p.created_at, p.leaves_at, p.left_at, p.due_at, p.overdue, p.account_id, p.login,
    p.suspended_for, p.suspended_by, p.suspended_at, p.last_login_at, p.group_names as groups, p.words, p.account_version, p.keys, p.certificates,
    p.idle_days, p.dormant, p.department_id, p.department,
    (select count(*) from daicho.device_now d where d.person_id = p.id and d.return_at is not null) as unreturned,
    (select count(*) from daicho.device_now d where d.person_id = p.id and d.declare_at is not null) as undeclared,
    exists (select from daicho.device_now d where d.person_id = p.id and d.return_at <= daicho.clock()) as return_overdue,
    exists (select from daicho.device_now d where d.person_id = p.id and d.declare_at <= daicho.clock()) as declare_overdue
from daicho.person_now p
where ($1::text is null or strpos(lower(p.name), lower($1::text)) > 0 or strpos(lower(p.email), lower($1::text)) > 0 or strpos(lower(p.login), lower($1::text)) > 0)
    and ($2::text is null or p.state = $2::text or ($2::text = 'dormant' and p.dormant))
    and ($5::text is null or lower(coalesce(p.department, '')) = lower($5::text))
    and p.id > $3
order by p.id
limit $4::bigint;

-- person_find(id int) -> maybe person_row
select p.id, p.name, p.email, p.kind, p.state, p.version, p.created_at, p.leaves_at, p.left_at, p.due_at, p.overdue, p.account_id, p.login,
    p.suspended_for, p.suspended_by, p.suspended_at, p.last_login_at, p.group_names as groups, p.words, p.account_version, p.keys, p.certificates,
    p.idle_days, p.dormant, p.department_id, p.department,
    (select count(*) from daicho.device_now d where d.person_id = p.id and d.return_at is not null) as unreturned,
    (select count(*) from daicho.device_now d where d.person_id = p.id and d.declare_at is not null) as undeclared,
    exists (select from daicho.device_now d where d.person_id = p.id and d.return_at <= daicho.clock()) as return_overdue,
    exists (select from daicho.device_now d where d.person_id = p.id and d.declare_at <= daicho.clock()) as declare_overdue
from daicho.person_now p
where p.id = $1;

-- person_of_account(account_id int) -> maybe int
select a.person_id as id from daicho.account a where a.id = $1;

-- person_of_login(login text) -> maybe int
select a.person_id as id from daicho.account a where lower(a.login) = lower($1);

-- person_insert(tenant text, name text, email text?, kind text, department_id int?) -> one int
insert into daicho.person (tenant, name, email, kind, department_id) values ($1, $2, $3, $4, $5) returning id;

-- person_change(id int, version int, name text, email text?, kind text, leaves_at time?) -> maybe int
update daicho.person set name = $3, email = $4, kind = $5, leaves_at = $6, version = version + 1 where id = $1 and version = $2 returning id;

-- What a transfer takes away, the database takes away in the same statement.
-- person_move(id int, department_id int?) -> maybe int
update daicho.person set department_id = $2 where id = $1 returning id;

-- person_transfers(id int) -> many(50) person_transfer_row(id int, from_name text?, to_name text?, groups json, grants json, done_by text, done_at time)
select x.id, x.from_name, x.to_name, to_jsonb(x.groups) as groups, to_jsonb(x.grants) as grants, x.done_by, x.done_at
from daicho.transfer x where x.person_id = $1 order by x.id desc limit 50;

-- person_future(at time) -> one bool
select $1 > daicho.clock() as future;

-- Null: no such person.
-- person_stop(id int, reason text, what text?, device text?, note text?, at time?) -> one json?
select daicho.person_stop($1, $2, $3, $4, $5, $6) as done;

-- person_stops(id int) -> many(50) person_stop_row(id int, reason text, what text?, device text?, note text?, login text?, happened_at time, reported_by text,
--     reported_at time, revoked_at time, took_ms int, before json, ended_at time?)
select s.id, s.reason, s.what, s.device, s.note, s.login, s.happened_at, s.reported_by, s.reported_at, s.revoked_at, s.took_ms, s.before, s.ended_at
from daicho.stop s where s.person_id = $1 order by s.id desc limit 50;

-- person_asks(id int) -> many(50) person_ask_row(id int, why text, state text, asked_by text, asked_at time, decided_by text?, decided_at time?, own bool)
select r.id, r.why, r.state, r.asked_by, r.asked_at, r.decided_by, r.decided_at,
    coalesce(r.asked_who = w.who, false) as own
from daicho.reinstatement r cross join daicho.acting() w where r.person_id = $1 order by r.id desc limit 50;

-- person_open_asks() -> many(100) person_open_ask(person_id int, name text, why text, asked_by text, asked_at time)
select p.id as person_id, p.name, r.why, r.asked_by, r.asked_at
from daicho.reinstatement r join daicho.person p on p.id = r.person_id where r.state = 'asked' order by r.id limit 100;

-- Null: not out, or unknown.
-- person_ask(id int, why text) -> one int?
select daicho.reinstate_ask($1, $2) as id;

-- person_refuse(id int) -> one int?
select daicho.reinstate_refuse($1) as id;

-- person_approve(id int) -> one json?
select daicho.reinstate_approve($1) as done;

-- person_decide(tenant text, account_id int, login text, decision text, note text, decided_by text) -> none
insert into daicho.dormant (tenant, account_id, login, decision, note, decided_by) values ($1, $2, $3, $4, $5, $6);

-- person_counts() -> one person_count(dormant int, dormant_days int)
select (select count(*) from daicho.person_now p where p.dormant) as dormant,
    coalesce((select y.dormant_days from daicho.policy y), 90) as dormant_days;

-- Outside any tenant, by the jobs processes.
-- person_due(after int) -> maybe person_due_row(tenant text, person_id int)
select tenant, person_id from daicho.people_leave_due($1);

-- Inside it: is it still to be done? Whoever comes second waits here, and sees that it is done.
-- person_due_lock(id int) -> maybe person_due_at(leaves_at time?)
select p.leaves_at from daicho.person p where p.id = $1 and p.left_at is null and p.leaves_at <= daicho.clock() for update;

-- Outside any tenant: files nothing leads to any more.
-- person_withdrawn(after int) -> many(100) withdrawn_row(id int, path text)
select id, path from daicho.withdrawn_take($1);

-- person_withdrawn_gone(id int) -> none
select daicho.withdrawn_gone($1);

-- person_sharings(id int) -> many(20) person_sharing_row(id int, here text, there text, at time)
select x.id, x.here, x.there, x.at from daicho.sharing x join daicho.account a on a.id = x.account_id where a.person_id = $1 order by x.id desc limit 20;

-- Outside any tenant: the next log-in from far away that nobody has been told of.
-- person_sharing_due(after int) -> maybe person_sharing_due(tenant text, id int)
select tenant, id from daicho.sharing_due($1);

-- Inside it. Null: somebody else has told meanwhile.
-- person_sharing_tell(id int) -> maybe person_sharing_told(person_id int, login text, name text, here text, there text)
update daicho.sharing x set told_at = daicho.clock() from daicho.account a where x.id = $1 and x.told_at is null and a.id = x.account_id
returning a.person_id, a.login, a.name, x.here, x.there;
