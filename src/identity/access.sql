-- Requests for rights of the tenant entered. What asks, decides and ends is functions of the owner (schema/0018_access_request.sql). Lists of words and
-- numbers travel as text with spaces between.

-- scope: waiting; mine (asked by whoever asks, or about their account); decided. The newest first, but those that wait the longest.
-- access_list(scope text, before int, max int) -> many(201) access_row(id int, kind text, state text, account_id int?, person_id int?, login text?,
--     name text?, email text?, group_id int?, group_name text?, groups text, grants text, denials text, words text, before_groups text, before_grants text,
--     before_words text, gain_groups text, gain_grants text, lifted text, gains bool, purpose text, ends_on text?, employed bool, asked_by text,
--     asked_at time, decided_by text?, decided_at time?, why_refused text?, given_groups text?, given_grants text?, ended_at time?, mine bool, own bool)
select r.id, r.kind, r.state, r.account_id, r.person_id, r.login, r.name, r.email, r.group_id, r.group_name, array_to_string(r.groups, ' ') as groups,
    array_to_string(r.grants, ' ') as grants, array_to_string(r.denials, ' ') as denials, array_to_string(r.words, ' ') as words,
    array_to_string(r.before_groups, ' ') as before_groups, array_to_string(r.before_grants, ' ') as before_grants,
    array_to_string(r.before_words, ' ') as before_words, array_to_string(r.gain_groups, ' ') as gain_groups,
    array_to_string(r.gain_grants, ' ') as gain_grants, array_to_string(r.lifted, ' ') as lifted, r.gains, r.purpose, r.ends_on::text as ends_on, r.employed,
    r.asked_by, r.asked_at, r.decided_by, r.decided_at, r.why_refused, array_to_string(r.given_groups, ' ') as given_groups,
    array_to_string(r.given_grants, ' ') as given_grants, r.ended_at, coalesce(r.asked_who = w.who, false) as mine,
    coalesce('person:' || r.person_id = w.who, false) as own
from daicho.access_request r cross join daicho.acting() w
where case $1::text when 'waiting' then r.state = 'asked' when 'mine' then r.asked_who = w.who or 'person:' || r.person_id = w.who else r.state <> 'asked' end
    and ($2::bigint = 0 or r.id < $2::bigint)
order by case when $1::text = 'waiting' then r.id else -r.id end
limit $3::bigint;

-- access_find(id int) -> maybe access_row
select r.id, r.kind, r.state, r.account_id, r.person_id, r.login, r.name, r.email, r.group_id, r.group_name, array_to_string(r.groups, ' ') as groups,
    array_to_string(r.grants, ' ') as grants, array_to_string(r.denials, ' ') as denials, array_to_string(r.words, ' ') as words,
    array_to_string(r.before_groups, ' ') as before_groups, array_to_string(r.before_grants, ' ') as before_grants,
    array_to_string(r.before_words, ' ') as before_words, array_to_string(r.gain_groups, ' ') as gain_groups,
    array_to_string(r.gain_grants, ' ') as gain_grants, array_to_string(r.lifted, ' ') as lifted, r.gains, r.purpose, r.ends_on::text as ends_on, r.employed,
    r.asked_by, r.asked_at, r.decided_by, r.decided_at, r.why_refused, array_to_string(r.given_groups, ' ') as given_groups,
    array_to_string(r.given_grants, ' ') as given_grants, r.ended_at, coalesce(r.asked_who = w.who, false) as mine,
    coalesce('person:' || r.person_id = w.who, false) as own
from daicho.access_request r cross join daicho.acting() w
where r.id = $1;

-- What stands beside the groups of an account now; 0: of none.
-- access_held(account_id int) -> one access_held(grants text, denials text)
select coalesce((select array_to_string(a.grants, ' ') from daicho.account a where a.id = $1), '') as grants,
    coalesce((select array_to_string(a.denials, ' ') from daicho.account a where a.id = $1), '') as denials;

-- access_group_held(group_id int) -> one text
select coalesce((select array_to_string(g.permissions, ' ') from daicho.account_group g where g.id = $1), '') as permissions;

-- Is a request about the same account, group or log-in name waiting?
-- access_open(account_id int, group_id int, login text?) -> maybe int
select r.id from daicho.access_request r
where r.state = 'asked' and (r.account_id = nullif($1::bigint, 0) or r.group_id = nullif($2::bigint, 0) or r.kind = 'account' and lower(r.login) = lower($3::text))
limit 1;

-- May a request run until the end of this day?
-- access_day(day text) -> one bool
select $1::text::date >= (daicho.clock() at time zone 'Asia/Tokyo')::date and $1::text::date <= (daicho.clock() at time zone 'Asia/Tokyo')::date + 366 as good;

-- Null: no such account, group or person.
-- access_ask(want json) -> one int?
select daicho.access_ask($1::jsonb) as id;

-- Null: nothing of this number waits.
-- access_approve(id int, groups text?, grants text?) -> one json?
select daicho.access_approve($1, string_to_array($2, ' ')::bigint[], string_to_array($3, ' ')) as done;

-- access_refuse(id int, why text) -> one int?
select daicho.access_refuse_request($1, $2) as id;

-- access_withdraw(id int) -> one int?
select daicho.access_withdraw($1) as id;

-- access_asked_person(id int) -> maybe int
select coalesce(r.asked_person, 0) as id from daicho.access_request r where r.id = $1;

-- access_policy() -> one access_rules(approval bool, approvers int)
select p.access_approval as approval, (select count(*) from daicho.account a where a.state = 'active' and (a.ends_at is null or a.ends_at > daicho.clock())
    and 'access.approve' = any (string_to_array(a.words, ' '))) as approvers
from daicho.policy p;

-- Outside any tenant, by the jobs processes.
-- access_due(after int) -> maybe access_due_row(tenant text, id int)
select tenant, id from daicho.access_due($1);

-- Inside it. Null: another process was first.
-- access_turn(id int) -> one json?
select daicho.access_turn($1) as told;
