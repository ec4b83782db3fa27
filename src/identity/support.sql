-- Support grants. Who may what is judged by functions of the owner.

-- support_list() -> many(200) support_row(id int, tenant text, operator text, operator_id int, reason text, personal bool, minutes int, asked_at time, approved_by text?,
--     approved_at time?, ends_at time?, ended_at time?, refused_by text?, state text)
select g.id, g.tenant, g.operator, g.operator_id, g.reason, g.personal, g.minutes, g.asked_at, g.approved_by, g.approved_at, g.ends_at, g.ended_at, g.refused_by,
    case when g.refused_by is not null then 'refused' when g.ended_at is not null then 'ended' when g.ends_at <= daicho.clock() then 'over'
        when g.approved_at is not null then 'open' when g.asked_at <= daicho.clock() - interval '7 days' then 'stale' else 'asked' end as state
from daicho.support_grant g
order by g.id desc
limit 200;

-- support_grants() -> many(200) support_row
select g.id, g.tenant, g.operator, g.operator_id, g.reason, g.personal, g.minutes, g.asked_at, g.approved_by, g.approved_at, g.ends_at, g.ended_at, g.refused_by,
    case when g.refused_by is not null then 'refused' when g.ended_at is not null then 'ended' when g.ends_at <= daicho.clock() then 'over'
        when g.approved_at is not null then 'open' when g.asked_at <= daicho.clock() - interval '7 days' then 'stale' else 'asked' end as state
from daicho.operator_grants() g;

-- support_contracts() -> many(100000) support_contract(name text, title text, state text, lang text, created_at time, accounts int, sessions int, jobs int,
--     bytes int)
select c.name, c.title, c.state, c.lang, c.created_at, c.accounts, c.sessions, c.jobs, c.bytes from daicho.operator_contracts() c;

-- support_insert(tenant text, reason text, minutes int, personal bool) -> one int?
select daicho.support_ask($1, $2, $3::int, $4) as id;

-- support_approve(id int) -> one text?
select daicho.support_approve($1) as state;

-- support_end(id int) -> one text?
select daicho.support_end($1) as state;

-- support_enter(session int, id int) -> one text?
select daicho.support_enter($1, $2) as tenant;

-- support_leave(session int) -> one bool
select daicho.support_leave($1) as left;
