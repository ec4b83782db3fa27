-- Segments of the tenant entered. What an account may see of them stands in the views (schema/tenant/0013_segment.sql); whose they are is asked here.

-- segment_source(register text, id int, account int, any bool) -> maybe segment_source(name text, condition json)
select s.name, s.condition from tenant.segment_seen s join tenant.register r on r.id = s.register
where r.name = $1 and s.id = $2 and ($4::boolean or s.shared or s.owner = $3);

-- total: the sum of what is known; known: it is the number of records that meet the condition in this moment.
-- left_: those of accounts that are gone, too.
-- segment_rows(register int, id int, account int, left_ bool) -> many(200) segment_row(id int, version int, name text, description text, owner int, owner_name text,
--     shared bool, condition json, state text, personal bool, moving bool, counted_at time?, checked_at time?, drift int, updated_at time, total int, known bool, orphan bool)
select s.id, s.version, s.name, s.description, s.owner, s.owner_name, s.shared, s.condition, s.state, s.personal, s.moving, s.counted_at, s.checked_at, s.drift,
    s.updated_at, t.total,
    s.state = 'ready' and s.counted_at is not null and not t.lost and (not s.moving or s.counted_on = (daicho.clock() at time zone 'Asia/Tokyo')::date) as known, o.orphan
from tenant.segment_seen s
cross join lateral (select s.owner <> 0 and not exists (select from daicho.account a where a.id = s.owner) as orphan) o
cross join lateral (
    select coalesce(sum(c.delta), 0)::bigint as total, coalesce(bool_or(c.delta is null), false) as lost from tenant.segment_count_seen c where c.segment = s.id
) t
where s.register = $1 and ($2::bigint = 0 or s.id = $2) and (s.shared or s.owner = $3 or ($4::boolean and o.orphan))
order by lower(s.name), s.id;

-- The count at the end of each day that changed it.
-- segment_days(id int) -> many(500) segment_day(day date, total int)
select c.day, sum(sum(c.delta)) over (order by c.day)::bigint as total
from tenant.segment_count_seen c where c.segment = $1 and c.delta is not null group by c.day order by c.day;

-- segment_number(register int) -> one int
select count(*) as number from tenant.segment s where s.register = $1;

-- segment_insert(register int, name text, description text, owner int, owner_name text, shared bool, condition json) -> one int
insert into tenant.segment (register, name, description, owner, owner_name, shared, condition) values ($1, $2, $3, $4, $5, $6, $7::jsonb) returning id;

-- A condition nobody has looked at counts as personal, and its number is that of another one: until it is built again.
-- segment_update(id int, version int, name text, description text, shared bool, condition json) -> changed
update tenant.segment s set name = $3, description = $4, shared = $5, condition = $6::jsonb, version = s.version + 1, updated_at = daicho.clock(),
    state = case when s.condition = $6::jsonb then s.state else 'new' end, personal = s.personal or s.condition <> $6::jsonb
where s.id = $1 and s.version = $2;

-- Those that are made of others mean something else, too.
-- segment_touch(register int) -> changed
update tenant.segment s set state = 'new', personal = true where s.register = $1 and jsonb_path_exists(s.condition, 'strict $.**.segment', '{}', true);

-- segment_delete(id int, version int) -> changed
delete from tenant.segment s where s.id = $1 and s.version = $2;

-- Segments that name this one.
-- segment_used(id int) -> maybe text
select s.name from tenant.segment s where s.id <> $1 and jsonb_path_exists(s.condition, 'strict $.**.segment ? (@ == $id)', jsonb_build_object('id', $1::bigint), true)
order by s.id limit 1;

-- Building (the owner's job).
-- segment_built(register int) -> many(200) segment_built(id int, condition json, digest text?)
select s.id, s.condition, s.digest from tenant.segment s where s.register = $1 order by s.id;

-- segment_named(register int) -> many(200) segment_named(id int, name text, owner int, shared bool, condition json)
select s.id, s.name, s.owner, s.shared, s.condition from tenant.segment s where s.register = $1 order by lower(s.name), s.id;

-- segment_naming(register int, other int, items text[]) -> one int
select daicho.segment_naming(array[$1, $2]::bigint[], $3) as number;

-- segment_mark(id int, state text, personal bool, moving bool, digest text) -> none
update tenant.segment s set state = $2, personal = $3, moving = $4, digest = $5,
    counted_at = case when s.state = 'ready' and $2 = 'ready' and s.digest = $5 then s.counted_at end
where s.id = $1;

-- A definition changed: until they are built again nothing is known.
-- segment_void(register int, other int) -> changed
update tenant.segment s set state = 'new', personal = true, counted_at = null where s.register in ($1, $2);

-- segment_lock(tenant text, registers text[]) -> one bool
select daicho.segment_lock($1, $2) as locked;

-- segment_begin(tenant text) -> none
with turn as (
    insert into daicho.segment_turn (tenant, counted_on, checked_on) values ($1, daicho.segment_today(), daicho.segment_today()) on conflict (tenant) do nothing
)
insert into daicho.segment_asked (tenant, fold) values ($1, false);

-- Counting (the system).
-- segment_due(after int) -> maybe segment_due(id int, tenant text)
select d.id, d.tenant from daicho.segment_due($1) d;

-- segment_take() -> one bool
select daicho.segment_take() as took;

-- segment_turn_due(after int) -> maybe segment_due
select d.id, d.tenant from daicho.segment_turn_due($1) d;

-- segment_turn_take() -> one text?
select daicho.segment_turn_take() as took;

-- segment_fold() -> one int
select daicho.segment_fold() as folded;

-- which: 'unknown', 'day' (those that mean something else today), 'check' (those that are known).
-- segment_stale(which text) -> many(20000) segment_stale(id int, name text, register text, condition json)
select s.id, s.name, r.name as register, s.condition
from tenant.segment s join tenant.register r on r.id = s.register
cross join lateral (select coalesce(bool_or(c.delta is null), false) as lost from tenant.segment_count c where c.segment = s.id) t
where s.state = 'ready' and r.state = 'active' and case $1
    when 'unknown' then s.counted_at is null or t.lost
    when 'day' then s.moving and s.counted_on is distinct from (daicho.clock() at time zone 'Asia/Tokyo')::date
    else s.counted_at is not null and not t.lost and (not s.moving or s.counted_on = (daicho.clock() at time zone 'Asia/Tokyo')::date) end
order by s.id;

-- segment_counting(id int, check_ bool) -> changed
update tenant.segment s set counted_at = daicho.clock(), counted_on = (daicho.clock() at time zone 'Asia/Tokyo')::date,
    checked_at = case when $2::boolean then daicho.clock() else s.checked_at end
where s.id = $1;

-- segment_drifted(id int, drift int) -> none
update tenant.segment s set drift = $2 where s.id = $1;

-- segment_broke(id int) -> none
update tenant.segment s set state = 'broken' where s.id = $1;

-- segment_histories() -> many(1000) text
select r.name from tenant.register r where r.definition ->> 'kind' = 'history' order by r.id;

-- Registers with segments that wait to be built, and nobody is about to.
-- segment_unbuilt() -> many(1000) text
select r.name from tenant.register r
where r.state = 'active' and exists (select from tenant.segment s where s.register = r.id and s.state = 'new')
    and not exists (select from daicho.job j where j.kind = 'segment' and j.register = r.name and j.state in ('queued', 'running'));
