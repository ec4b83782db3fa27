-- Changes of the service, told to contracts ahead of time. Who may what, and when, is judged by functions of the owner (schema/0029_change.sql).

-- change_kinds() -> many(100) change_kind_row(name text, title_ja text, title_en text, channels text, months int, days int, large_months int, large_days int,
--     banner_days int, remind_days int)
select k.name, k.title_ja, k.title_en, array_to_string(k.channels, ' ') as channels, k.months, k.days, k.large_months, k.large_days, k.banner_days, k.remind_days
from daicho.change_kinds() k;

-- change_list(before int, max int) -> many(201) change_row(id int, state text, no int, kind text, kind_ja text, kind_en text, impact text, emergency bool, title_ja text,
--     title_en text, from_at time, to_at time, contracts int, confirmed int, failed int, scheduled_by text?, scheduled_at time?, ended_by text?, ended_at time?,
--     why_ja text?, why_en text?, over bool)
select (x.c).id, (x.c).state, (x.c).no, (x.v).kind, (x.kind).title_ja as kind_ja, (x.kind).title_en as kind_en, (x.v).impact, (x.v).emergency_why is not null as emergency,
    (x.v).title_ja, (x.v).title_en, (x.v).from_at, (x.v).to_at, x.contracts, x.confirmed, x.failed, (x.c).scheduled_by, (x.c).scheduled_at, (x.c).ended_by, (x.c).ended_at,
    (x.c).ended_why_ja as why_ja, (x.c).ended_why_en as why_en, (x.c).state = 'scheduled' and (x.v).to_at <= daicho.clock() as over
from daicho.change_all($1, $2::int) x;

-- change_find(id int) -> maybe change_row
select (x.c).id, (x.c).state, (x.c).no, (x.v).kind, (x.kind).title_ja as kind_ja, (x.kind).title_en as kind_en, (x.v).impact, (x.v).emergency_why is not null as emergency,
    (x.v).title_ja, (x.v).title_en, (x.v).from_at, (x.v).to_at, x.contracts, x.confirmed, x.failed, (x.c).scheduled_by, (x.c).scheduled_at, (x.c).ended_by, (x.c).ended_at,
    (x.c).ended_why_ja as why_ja, (x.c).ended_why_en as why_en, (x.c).state = 'scheduled' and (x.v).to_at <= daicho.clock() as over
from daicho.change_all(least($1::bigint, 9223372036854775806) + 1, 1) x where (x.c).id = $1::bigint;

-- change_versions(id int) -> many(1000) change_version_row(no int, kind text, impact text, emergency_why text?, title_ja text, title_en text, text_ja text, text_en text,
--     effect_ja text, effect_en text, from_at time, to_at time, tenants text?, author text, author_person int, made_at time, reviewed_by text?, reviewed_person int?,
--     reviewed_at time?, approved_by text?, approved_at time?, own int?)
select v.no, v.kind, v.impact, v.emergency_why, v.title_ja, v.title_en, v.text_ja, v.text_en, v.effect_ja, v.effect_en, v.from_at, v.to_at,
    array_to_string(v.tenants, ' ') as tenants, v.author, v.author_person, v.made_at, v.reviewed_by, v.reviewed_person, v.reviewed_at, v.approved_by, v.approved_at,
    (select a.person_id from daicho.account a where a.id = daicho.actor_account()) as own
from daicho.change_versions($1) v;

-- change_contracts(id int, after text, max int) -> many(201) change_contract_row(name text, title text, last_no int, last_about text, last_at time, mails json, confirmed json)
select x.name, x.title, x.last_no, x.last_about, x.last_at, x.mails, x.confirmed from daicho.change_contracts($1, $2, $3::int) x;

-- change_write(id int?, seen int, content text) -> one change_written(id int?, said text)
select w.id, w.said from daicho.change_write($1, $2::int, $3::jsonb) w;

-- change_review(id int, seen int) -> one text
select daicho.change_review($1, $2::int) as said;

-- change_approve(id int, seen int) -> one text
select daicho.change_approve($1, $2::int) as said;

-- change_schedule(id int, seen int, texts text, withdrawn text) -> one text
select daicho.change_schedule($1, $2::int, $3::jsonb, $4::jsonb) as said;

-- change_cancel(id int, why_ja text, why_en text, texts text) -> one text
select daicho.change_cancel($1, $2, $3, $4::jsonb) as said;

-- change_finish(id int) -> one text
select daicho.change_finish($1) as said;

-- Of the contract entered. upcoming: not over, soonest first; else the rest, newest first, behind that number.
-- change_mine(upcoming bool, id int, before int, max int) -> many(501) change_told_row(id int, no int, kind text, kind_ja text, kind_en text, impact text, emergency bool,
--     title_ja text, title_en text, text_ja text, text_en text, effect_ja text, effect_en text, from_at time, to_at time, state text, running bool, ahead bool, why_ja text?,
--     why_en text?, told_at time, confirmed json, mine bool)
with told as (
    select m.*, m.state in ('scheduled', 'revised') and (m.v).to_at > daicho.clock() as ahead from daicho.change_mine() m
)
select m.id, (m.v).no, (m.v).kind, (m.kind).title_ja as kind_ja, (m.kind).title_en as kind_en, (m.v).impact, (m.v).emergency_why is not null as emergency, (m.v).title_ja,
    (m.v).title_en, (m.v).text_ja, (m.v).text_en, (m.v).effect_ja, (m.v).effect_en, (m.v).from_at, (m.v).to_at, m.state,
    m.state = 'scheduled' and daicho.clock() between (m.v).from_at and (m.v).to_at as running, m.ahead, m.why_ja, m.why_en, m.told_at, m.confirmed, m.mine
from told m
where case when $2::bigint <> 0 then m.id = $2::bigint else m.ahead = $1 and ($3::bigint = 0 or m.id < $3::bigint) end
order by case when $1 then (m.v).from_at end, m.id desc
limit $4::bigint;

-- change_confirm(id int, seen int) -> one text
select daicho.change_confirm($1, $2::int) as said;

-- Outside any contract.
-- change_sweep() -> none
select daicho.change_sweep();

-- change_due(after int) -> maybe change_due_row(tenant text, id int)
select d.tenant, d.id from daicho.change_due($1) d;

-- change_duty_take(id int) -> maybe change_duty_row(change_id int, about text, kind_ja text, kind_en text, emergency bool, title_ja text, title_en text, text_ja text,
--     text_en text, effect_ja text, effect_en text, from_at time, to_at time)
select d.change_id, d.about, (d.kind).title_ja as kind_ja, (d.kind).title_en as kind_en, (d.v).emergency_why is not null as emergency, (d.v).title_ja, (d.v).title_en,
    (d.v).text_ja, (d.v).text_en, (d.v).effect_ja, (d.v).effect_en, (d.v).from_at, (d.v).to_at
from daicho.change_duty_take($1) d;

-- change_duty_tell(id int, texts text) -> none
select daicho.change_duty_tell($1, $2::jsonb);
