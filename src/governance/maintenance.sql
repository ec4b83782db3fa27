-- How the house is maintained: the plan, what was tried, who was at work, accounts of the VDI. Who may what is judged by functions of the owner
-- (schema/0026_maintenance.sql).

-- maintenance_plan() -> maybe maintenance_plan(plan json, set_by text, set_at time)
select to_jsonb(p) - 'tenant' - 'set_by' - 'set_at' as plan, p.set_by, p.set_at from daicho.maintenance_plan p;

-- Refused elsewhere than at the desk of the operators' contract.
-- maintenance_desk() -> one text
select daicho.maintenance_desk() as tenant;

-- maintenance_set(plan json) -> none
select daicho.maintenance_set($1::jsonb);

-- maintenance_observe(kind text, place text, tried_at time, expected text, found text, route text, tls text?, attempts json, verdict text) -> one text
select daicho.maintenance_observe($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9) as said;

-- maintenance_last(tenant text) -> many(3) maintenance_last(kind text, state text, at time?, place text?, expected text?, found text?, route text?, tls text?,
--     verdict text?, good_at time?, bad_since time?)
select x.kind, x.state, x.at, x.place, x.expected, x.found, x.route, x.tls, x.verdict, x.good_at, x.bad_since from daicho.maintenance_last($1) x;

-- maintenance_tries(max int) -> many(50) maintenance_try(id int, kind text, at time, tried_at time, place text, expected text, found text, route text, tls text?,
--     verdict text)
select m.id, m.kind, m.at, m.tried_at, m.place, m.expected, m.found, m.route, m.tls, m.verdict from daicho.maintenance_probe m order by m.id desc limit $1::bigint;

-- What is flagged or waits first, then the newest.
-- maintenance_works() -> many(100) maintenance_work(id int, kind text, actor text, source text, address text?, network text, began_at time, last_at time, count int,
--     covered_at time?, note text?, noted_by text?, noted_at time?, state text, own bool)
select s.id, s.kind, s.actor, s.source, s.address, s.network, s.began_at, s.last_at, s.count, s.covered_at, s.note, s.noted_by, s.noted_at, s.state,
    coalesce(s.person_id = a.person_id, false) or coalesce(lower(s.actor) = lower(a.login), false) as own
from (select x.*, daicho.maintenance_state(x, u.until) as state
    from daicho.maintenance_session x cross join (select daicho.maintenance_until(daicho.role_tenant()) as until) u) s
left join daicho.account a on a.id = daicho.actor_account()
where s.network <> 'office' or s.began_at > daicho.clock() - interval '30 days'
order by s.state = 'flagged' desc, s.state = 'waiting' desc, s.id desc limit 100;

-- maintenance_counts() -> one maintenance_counts(flagged int, waiting int, vpn_at time?, vdi_at time?, until time?)
select count(*) filter (where y.state = 'flagged') as flagged, count(*) filter (where y.state = 'waiting') as waiting,
    (select max(i.at) from daicho.maintenance_import i where i.kind = 'vpn') as vpn_at, (select max(i.at) from daicho.maintenance_import i where i.kind = 'vdi') as vdi_at,
    daicho.maintenance_until(daicho.role_tenant()) as until
from (select daicho.maintenance_state(x, daicho.maintenance_until(x.tenant)) as state from daicho.maintenance_session x
    where x.network <> 'office' and x.covered_at is null and x.note is null) y;

-- maintenance_vpn(lines json, until time, sha256 text) -> one maintenance_taken(added int, covered int)
select added, covered from daicho.maintenance_vpn_take($1::jsonb, $2, $3);

-- maintenance_vdi(names text[], sha256 text) -> none
select daicho.maintenance_vdi_take($1, $2);

-- maintenance_explain(id int, note text) -> one text
select daicho.maintenance_explain($1, $2) as said;

-- maintenance_accounts(tenant text) -> many(5000) maintenance_account(id int?, name text, person text?, purpose text?, asked_by text?, asked_at time?,
--     approved_by text?, approved_at time?, ended_at time?, here bool?, state text)
select v.id, v.name, v.person, v.purpose, v.asked_by, v.asked_at, v.approved_by, v.approved_at, v.ended_at, v.here, v.state from daicho.vdi_account_list($1) v
order by v.state not in ('unapproved', 'left', 'ended'), v.state <> 'asked', lower(v.name);

-- maintenance_people() -> many(1000) maintenance_person(id int, name text)
select p.id, p.name from daicho.person p where p.left_at is null order by p.name, p.id limit 1000;

-- maintenance_ask(name text, person int, purpose text) -> one maintenance_asked(said text, id int?)
select said, id from daicho.vdi_account_ask($1, $2, $3);

-- maintenance_approve(id int) -> one text
select daicho.vdi_account_approve($1) as said;

-- maintenance_end(id int) -> one text
select daicho.vdi_account_end($1) as said;

-- Outside any contract, by a command.
-- maintenance_command(actor text, source text) -> none
select daicho.maintenance_command($1, $2);
