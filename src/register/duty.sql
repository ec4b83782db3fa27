-- Duties of the tenant entered: everything that is due by rule. Who may do what about one is judged by functions of schema/0039_duty.sql.

-- which: mine (theirs, or could be) | team | overdue | done; from and to: only what is due between them. all and names: registers that may be read; words: other
-- rights that are held.
-- duty_list(account int, which text, all bool, names text, words text, from_ time?, to_ time?, after_due time?, after int, max int) -> many(2001) duty_row(id int, kind text,
--     title_ja text?, title_en text?, register text?, register_ja text?, register_en text?, record int?, ref int?, group_name text?, assignee int?, assignee_name text?,
--     started_at time, due_at time, due_first time, stopped_at time?, stopped_by text?, void_at time?, state text, mine bool, unit text?, count int?, calendar text?, asked bool, why text?)
select d.id, d.kind, coalesce(r.title_ja, d.title_ja) as title_ja, coalesce(r.title_en, d.title_en) as title_en, d.register, coalesce(g.definition -> 'title' ->> 'ja', g.definition ->> 'title') as register_ja,
    coalesce(g.definition -> 'title' ->> 'en', g.definition ->> 'title') as register_en, d.record, d.ref, d.group_name, d.assignee, a.name as assignee_name,
    d.started_at, d.due_at, d.due_first, d.stopped_at, d.stopped_by, d.void_at, daicho.duty_state(d.due_at, d.stopped_at, d.void_at) as state, m.mine,
    r.rule ->> 'unit' as unit, (r.rule ->> 'count')::bigint as count, r.rule ->> 'calendar' as calendar,
    exists (select from daicho.duty_pause p where p.duty_id = d.id and p.state = 'asked') as asked, d.why
from daicho.duty d
left join daicho.clock_rule r on r.id = d.rule_id
left join tenant.register g on g.id = d.register_id
left join daicho.account a on a.id = d.assignee
cross join lateral (select coalesce(d.assignee = $1 or daicho.move_duty(d, $1) or d.assignee is null and (d.word is not null
    or d.kind = 'clock' and d.group_name is null and d.author = $1
    or exists (select from daicho.account x join daicho.account_group y on y.id = any (x.groups) where x.id = $1 and lower(y.name) = lower(d.group_name))), false) as mine) m
where case when d.kind in ('clock', 'round', 'move') then $3::boolean <> (d.register = any (string_to_array($4::text, ' '))) else d.word = any (string_to_array($5::text, ' ')) end
    and case when $2::text = 'done' then d.stopped_at is not null or d.void_at is not null else d.stopped_at is null and d.void_at is null end
    and not d.laid and ($2::text <> 'mine' or m.mine) and ($2::text <> 'overdue' or d.due_at < daicho.clock())
    and ($6::timestamptz is null or d.due_at >= $6::timestamptz) and ($7::timestamptz is null or d.due_at < $7::timestamptz)
    and ($8::timestamptz is null or case when $2::text = 'done' then (d.due_at, d.id) < ($8::timestamptz, $9::bigint) else (d.due_at, d.id) > ($8::timestamptz, $9::bigint) end)
order by case when $2::text = 'done' then d.due_at end desc, case when $2::text = 'done' then d.id end desc, d.due_at, d.id
limit $10::bigint;

-- duty_find(id int, account int, all bool, names text, words text) -> maybe duty_row
select d.id, d.kind, coalesce(r.title_ja, d.title_ja) as title_ja, coalesce(r.title_en, d.title_en) as title_en, d.register, coalesce(g.definition -> 'title' ->> 'ja', g.definition ->> 'title') as register_ja,
    coalesce(g.definition -> 'title' ->> 'en', g.definition ->> 'title') as register_en, d.record, d.ref, d.group_name, d.assignee, a.name as assignee_name,
    d.started_at, d.due_at, d.due_first, d.stopped_at, d.stopped_by, d.void_at, daicho.duty_state(d.due_at, d.stopped_at, d.void_at) as state,
    coalesce(d.assignee = $2 or daicho.move_duty(d, $2), false) as mine, r.rule ->> 'unit' as unit, (r.rule ->> 'count')::bigint as count, r.rule ->> 'calendar' as calendar,
    exists (select from daicho.duty_pause p where p.duty_id = d.id and p.state = 'asked') as asked, d.why
from daicho.duty d
left join daicho.clock_rule r on r.id = d.rule_id
left join tenant.register g on g.id = d.register_id
left join daicho.account a on a.id = d.assignee
where d.id = $1 and not d.laid and case when d.kind in ('clock', 'round', 'move') then $3::boolean <> (d.register = any (string_to_array($4::text, ' '))) else d.word = any (string_to_array($5::text, ' ')) end;

-- The ladder of one: told ones, and those to come.
-- duty_steps(id int) -> many(1100) duty_step(at time, notice text, who text, told bool)
select s.at, x.one ->> 'notice' as notice, (select string_agg(w, ', ') from jsonb_array_elements_text(x.one -> 'to') w) as who, s.at <= d.told_to as told
from daicho.duty d join daicho.clock_rule r on r.id = d.rule_id
cross join lateral daicho.duty_schedule(r.rule, d.started_at, d.due_at) s
cross join lateral (select r.rule -> 'ladder' -> (s.step - 1) as one) x
where d.id = $1 order by s.at, s.step;

-- duty_pauses(id int) -> many(200) duty_pause(id int, reason text, until_at time, state text, asked_by text, asked_at time, decided_by text?, decided_at time?, due_before time?,
--     due_after time?, own bool)
select p.id, p.reason, p.until_at, p.state, p.asked_by, p.asked_at, p.decided_by, p.decided_at, p.due_before, p.due_after,
    coalesce(p.asked_person = (select a.person_id from daicho.account a where a.id = daicho.actor_account()), false) as own
from daicho.duty_pause p where p.duty_id = $1 order by p.id desc;

-- overdue: of those this account sees, for the menu.
-- duty_counts(account int, all bool, names text, words text) -> one duty_count(mine int, overdue int)
select count(*) filter (where m.mine) as mine, count(*) filter (where d.due_at < daicho.clock()) as overdue
from (select x.* from daicho.duty x where x.stopped_at is null and x.void_at is null and not x.laid
    and case when x.kind in ('clock', 'round', 'move') then $2::boolean <> (x.register = any (string_to_array($3::text, ' '))) else x.word = any (string_to_array($4::text, ' ')) end
    order by x.due_at limit 1000) d
cross join lateral (select coalesce(d.assignee = $1 or daicho.move_duty(d, $1) or d.assignee is null and (d.word is not null
    or d.kind = 'clock' and d.group_name is null and d.author = $1
    or exists (select from daicho.account x join daicho.account_group y on y.id = any (x.groups) where x.id = $1 and lower(y.name) = lower(d.group_name))), false) as mine) m;

-- duty_account(login text) -> maybe int
select a.id from daicho.account a where lower(a.login) = lower($1) and a.state = 'active';

-- duty_assign(id int, account int) -> one text
select daicho.duty_assign($1, $2) as said;

-- duty_pause_ask(id int, reason text, until_at time) -> one text
select daicho.duty_pause_ask($1, $2, $3) as said;

-- duty_pause_decide(id int, approve bool) -> one text
select daicho.duty_pause_decide($1, $2) as said;

-- duty_feed_set(hash bytea?) -> one bool
select daicho.duty_feed_set($1) as done;

-- duty_feed_mine() -> maybe duty_feed_row(made_at time, used_at time?)
select made_at, used_at from daicho.duty_feed_mine();

-- By an auth process, outside of any contract. No row: the key is none.
-- duty_feed_read(hash bytea, source text) -> many(1000) duty_feed_entry(tenant text, account int, login text, lang text, id int?, kind text?, title_ja text?, title_en text?, register text?,
--     record int?, due_at time?, missed bool?)
select f.tenant, f.account, f.login, f.lang, f.id, f.kind, f.title_ja, f.title_en, f.register, f.record, f.due_at, f.missed from daicho.duty_feed_read($1, $2) f;

-- duty_now() -> one time
select daicho.clock() as now;
