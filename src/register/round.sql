-- Rounds of registers: how periods are made and done stands in schema/0048_round.sql.

-- By the define job.
-- round_rules(tenant text, register_id int, name text, rules json) -> none
select daicho.round_rule_set($1, $2, $3, $4::jsonb);

-- round_lay(tenant text, register_id int, laid bool) -> none
select daicho.round_lay($1, $2, $3);

-- Open periods of rounds that would be gone; names: those that stay, separated by spaces.
-- round_open(register_id int, names text) -> one int
select count(*) from daicho.duty d
where d.kind = 'round' and d.register_id = $1 and d.clock <> all (string_to_array($2, ' ')) and d.stopped_at is null and d.void_at is null;

-- Outside any contract: the next one where a period begins.
-- round_due(after int) -> maybe round_due(tenant text, number int)
select tenant, number from daicho.round_due($1);

-- round_turn(max int) -> one round_turned(seen int, made int, missed int)
select t.seen, t.made, t.missed from daicho.round_turn($1::int) t;

-- round_simulate(rule json, from_ time, days int) -> many(20000) round_fall(what text, start_at time, at time, who text?)
select s.what, s.start_at, s.at, s.who from daicho.round_simulate($1::jsonb, $2, $3::int) s;

-- round_finish(id int, result text?, note text?) -> one text
select daicho.round_finish($1, $2, $3) as said;

-- The rounds of a register as they are now. open and overdue: counted up to 10 000.
-- round_list(register_id int) -> many(50) round_row(name text, next_at time?, members int, open int, overdue int)
select c.name, (select min(m.next_at) from daicho.round_member m where m.tenant = c.tenant and m.rule_id = c.id and m.left_at is null and m.next_at < 'infinity') as next_at,
    (select count(*) from (select from daicho.round_member m where m.tenant = c.tenant and m.rule_id = c.id and m.left_at is null limit 10000) x) as members,
    (select count(*) from (select from daicho.duty d where d.kind = 'round' and d.register_id = $1 and d.clock = c.name and d.stopped_at is null and d.void_at is null limit 10000) x) as open,
    (select count(*) from (select from daicho.duty d where d.kind = 'round' and d.register_id = $1 and d.clock = c.name and d.stopped_at is null and d.void_at is null
        and d.due_at < daicho.clock() limit 10000) x) as overdue
from daicho.clock_rule c where c.register_id = $1 and c.kind = 'round' and c.retired_at is null;

-- Beginnings of the latest periods, newest first, and how each of them went; of many the first 10 000 are counted.
-- round_periods(register_id int, name text, max int) -> many(50) round_period(at time, met int, late int, missed int, running int, dropped int)
with recursive p (at, n) as (
    select (select max(d.started_at) from daicho.duty d where d.kind = 'round' and d.register_id = $1 and d.clock = $2), 1
    union all
    select (select max(d.started_at) from daicho.duty d where d.kind = 'round' and d.register_id = $1 and d.clock = $2 and d.started_at < p.at), p.n + 1
    from p where p.at is not null and p.n < $3::int
)
select p.at, count(*) filter (where s.state = 'met') as met, count(*) filter (where s.state = 'late') as late, count(*) filter (where s.state = 'missed') as missed,
    count(*) filter (where s.state = 'running') as running, count(*) filter (where s.state = 'void') as dropped
from p cross join lateral (select daicho.duty_state(d.due_at, d.stopped_at, d.void_at) as state from daicho.duty d
    where d.kind = 'round' and d.register_id = $1 and d.clock = $2 and d.started_at = p.at limit 10000) s
where p.at is not null group by p.at order by p.at desc;

-- Who takes or took part, in order of their numbers; 0 is the register.
-- round_records(register_id int, name text, after int, max int) -> many(201) round_record(record int, member bool, next_at time?)
with recursive had (record) as (
    select (select min(coalesce(d.record, 0)) from daicho.duty d where d.kind = 'round' and d.register_id = $1 and d.clock = $2 and coalesce(d.record, 0) > $3::bigint)
    union all
    select (select min(coalesce(d.record, 0)) from daicho.duty d where d.kind = 'round' and d.register_id = $1 and d.clock = $2 and coalesce(d.record, 0) > had.record)
    from had where had.record is not null
), has as (
    select coalesce(m.record, 0) as record, m.next_at from daicho.round_member m
    where m.register_id = $1 and m.name = $2 and m.left_at is null and coalesce(m.record, 0) > $3::bigint order by 1 limit $4::bigint
)
select x.record, h.record is not null as member, nullif(h.next_at, 'infinity') as next_at
from (select a.record from (select record from had where record is not null limit $4::bigint) a union select record from has) x left join has h on h.record = x.record
order by 1 limit $4::bigint;

-- Periods of these records, newest first, the title as it was then.
-- round_cells(register_id int, name text, records text, max int) -> many(5000) round_cell(id int, title_ja text, title_en text, record int, started_at time, due_at time, state text,
--     open bool, ended_at time?, done_by text?, result text?, note text?, assignee_name text?, group_name text?)
select d.id, c.title_ja, c.title_en, coalesce(d.record, 0) as record, d.started_at, d.due_at, daicho.duty_state(d.due_at, d.stopped_at, d.void_at) as state,
    d.stopped_at is null and d.void_at is null as open, coalesce(d.stopped_at, d.void_at) as ended_at, f.done_by, f.result, f.note, a.name as assignee_name, d.group_name
from unnest(string_to_array($3, ' ')::bigint[]) r
cross join lateral (select x.* from daicho.duty x where x.kind = 'round' and x.register_id = $1 and coalesce(x.record, 0) = r and x.clock = $2
    order by x.started_at desc limit $4::bigint) d
join daicho.clock_rule c on c.id = d.rule_id
left join daicho.round_done f on f.duty_id = d.id
left join daicho.account a on a.id = d.assignee
order by d.started_at desc, d.id desc;

-- Of one duty: its period.
-- round_of(id int) -> maybe round_about(register text, name text, record int?, rule json, result text?, note text?, done_by text?, done_at time?, over bool)
select c.register, c.name, d.record, c.rule, f.result, f.note, f.done_by, f.done_at,
    d.stopped_at is not null or d.void_at is not null or not exists (select from daicho.round_member m where m.tenant = d.tenant and m.register_id = d.register_id and m.name = d.clock
        and coalesce(m.record, 0) = coalesce(d.record, 0) and m.left_at is null and m.next_at > daicho.clock()) as over
from daicho.duty d join daicho.clock_rule c on c.id = d.rule_id left join daicho.round_done f on f.duty_id = d.id
where d.id = $1 and d.kind = 'round' and not d.laid;
