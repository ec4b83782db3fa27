-- Records made one (schema/tenant/0014_duplicate.sql).

-- Where a record that is gone went, through every merge since.
-- merge_survivor(register text, record int) -> maybe merge_to(survivor int)
with recursive r as (select id from tenant.register where name = $1 and state = 'active'),
    way as (
        select x.survivor, 1 as step from tenant.merged x, r where x.register = r.id and x.record = $2
        union all
        select x.survivor, w.step + 1 from way w, tenant.merged x, r where x.register = r.id and x.record = w.survivor and w.step < 1000
    )
select w.survivor from way w order by w.step desc limit 1;

-- merge_insert(register int, survivor int, gone int) -> one int
insert into tenant.merge (register, survivor, gone) values ($1, $2, $3) returning id;

-- merge_finish(id int, survivor_change int?, gone_change int?, taken text[], moved int) -> changed
update tenant.merge m set survivor_change = $2::bigint, gone_change = $3::bigint, taken = $4::text[], moved = $5::bigint where m.id = $1;

-- merge_change(register int, record int) -> maybe merge_change_row(id int, deleted bool)
select c.id, c.deleted from tenant.change c where c.register = $1 and c.record = $2 order by c.id desc limit 1;

-- merge_find(id int, register int, days int) -> maybe merge_row(id int, survivor int, gone int, at time, actor text, survivor_change int?, gone_change int?, taken json, moved int, undone_at time?, undone_by text?, until time, open bool, retyped bool)
select m.id, m.survivor, m.gone, m.at, m.actor, m.survivor_change, m.gone_change, to_json(m.taken) as taken, coalesce(m.moved, 0) as moved, m.undone_at, m.undone_by,
    m.at + make_interval(days => $3::int) as until, m.at + make_interval(days => $3::int) > daicho.clock() as open,
    -- what stands in the history may be of another type now
    exists (select from daicho.job d where d.kind = 'define' and d.register = r.name and d.state = 'done' and d.finished_at > m.at
        and d.args ->> 'action' = 'define' and jsonb_array_length(d.result -> 'retype') > 0) as retyped
from tenant.merge m join tenant.register r on r.id = m.register where m.id = $1 and m.register = $2;

-- merge_list(register int, before int, max int, days int) -> many(201) merge_row
select m.id, m.survivor, m.gone, m.at, m.actor, m.survivor_change, m.gone_change, to_json(m.taken) as taken, coalesce(m.moved, 0) as moved, m.undone_at, m.undone_by,
    m.at + make_interval(days => $4::int) as until, m.at + make_interval(days => $4::int) > daicho.clock() as open,
    -- what stands in the history may be of another type now
    exists (select from daicho.job d where d.kind = 'define' and d.register = r.name and d.state = 'done' and d.finished_at > m.at
        and d.args ->> 'action' = 'define' and jsonb_array_length(d.result -> 'retype') > 0) as retyped
from tenant.merge m join tenant.register r on r.id = m.register where m.register = $1 and ($2::bigint = 0 or m.id < $2::bigint) order by m.id desc limit $3::bigint;

-- merge_of(register int, survivor int, days int) -> many(100) merge_row
select m.id, m.survivor, m.gone, m.at, m.actor, m.survivor_change, m.gone_change, to_json(m.taken) as taken, coalesce(m.moved, 0) as moved, m.undone_at, m.undone_by,
    m.at + make_interval(days => $3::int) as until, m.at + make_interval(days => $3::int) > daicho.clock() as open,
    -- what stands in the history may be of another type now
    exists (select from daicho.job d where d.kind = 'define' and d.register = r.name and d.state = 'done' and d.finished_at > m.at
        and d.args ->> 'action' = 'define' and jsonb_array_length(d.result -> 'retype') > 0) as retyped
from tenant.merge m join tenant.register r on r.id = m.register where m.register = $1 and m.survivor = $2 and m.undone_at is null order by m.id desc limit 100;

-- merge_lock(id int) -> maybe merge_locked(id int)
select m.id from tenant.merge m where m.id = $1 and m.undone_at is null for update;

-- merge_undone(id int) -> changed
update tenant.merge set undone_at = daicho.clock(), undone_by = coalesce(current_setting('daicho.actor', true), '') where id = $1 and undone_at is null;

-- When each item of two records was last given another value.
-- merge_ages(register int, a int, b int) -> many(400) merge_age(record int, item text, at time)
select c.record, o.item, max(c.at) as at
from tenant.change c cross join lateral jsonb_object_keys(c.old) o (item)
where c.register = $1 and c.record in ($2, $3) and not c.deleted
group by 1, 2;

-- merge_moved(merge int) -> many(1000) merge_moved_row(register text, item text, count int)
select r.name as register, v.item, count(*) as count
from tenant.merge_moved v join tenant.register r on r.id = v.register and r.state = 'active'
where v.merge = $1
group by 1, 2
order by 1, 2;
