-- Changes under way, and what was deleted and can be brought back. Written by the define job and its chore only, as the owner.

-- define_change(tenant text, register text) -> maybe define_row(id int, job int, item text?, over bool, detail json)
select d.id, d.job, d.item, not exists (select from daicho.job j where j.id = d.job and j.state in ('queued', 'running')) as over, d.detail
from daicho.define d where d.tenant = $1 and d.register = $2 and d.kind = 'change';

-- define_begin(tenant text, register text, job int, actor text, detail json) -> one int
insert into daicho.define (tenant, register, kind, job, actor, detail) values ($1, $2, 'change', $3, $4, $5::jsonb) returning id;

-- define_note(id int, detail json) -> none
update daicho.define set detail = $2::jsonb where id = $1;

-- define_end(id int) -> none
delete from daicho.define where id = $1;

-- define_lay(tenant text, register text, item text?, job int, actor text, days int, detail json) -> one int
insert into daicho.define (tenant, register, kind, item, job, actor, due_at, detail)
values ($1, $2, case when $3::text is null then 'register' else 'item' end, $3, $4, $5, daicho.clock() + make_interval(days => $6::int), $7::jsonb) returning id;

-- What can be brought back. register absent: registers.
-- define_laid(tenant text, register text?) -> many(500) define_gone(id int, register text, item text?, actor text, at time, due_at time?, detail json)
select d.id, d.register, d.item, d.actor, d.at, d.due_at, d.detail
from daicho.define d
where d.tenant = $1 and (d.kind = 'item' and d.register = $2 or d.kind = 'register' and $2::text is null) and d.due_at > daicho.clock()
order by d.id desc;

-- define_laid_one(tenant text, id int) -> maybe define_gone
select d.id, d.register, d.item, d.actor, d.at, d.due_at, d.detail
from daicho.define d where d.tenant = $1 and d.id = $2 and d.kind in ('item', 'register');

-- Names that are taken until the deleted item is gone.
-- define_laid_item(tenant text, register text, item text) -> maybe define_gone
select d.id, d.register, d.item, d.actor, d.at, d.due_at, d.detail
from daicho.define d where d.tenant = $1 and d.register = $2 and d.item = $3 and d.kind = 'item';

-- define_state(register text, state text) -> changed
update tenant.register set state = $2, version = version + 1, updated_at = daicho.clock() where name = $1 and state <> $2;

-- define_rows_again(define int, max int) -> many(5000) define_again(item text, record int)
with taken as (
    select w.item, w.record from tenant.define_row w where w.define = $1 and w.value is null limit $2
)
delete from tenant.define_row w using taken t where w.define = $1 and w.item = t.item and w.record = t.record returning w.item, w.record;

-- define_row_unfit(define int, item text, record int, value text) -> none
insert into tenant.define_row (define, item, record, value) values ($1, $2, $3, $4) on conflict (define, item, record) do update set value = excluded.value;

-- define_rows_unfit(define int) -> many(200) define_unfit(item text, record int, value text)
select w.item, w.record, w.value from tenant.define_row w where w.define = $1 and w.value is not null order by w.item, w.record limit 200;

-- define_rows_erase(define int) -> none
delete from tenant.define_row where define = $1;

-- define_due_after(after int) -> maybe define_due(tenant text, id int)
select d.tenant, d.id from daicho.define_due($1) d;

-- define_due_one(tenant text, id int) -> maybe define_owed(id int, register text, kind text, item text?, detail json, due bool, register_id int?)
select d.id, d.register, d.kind, d.item, d.detail, case when d.kind = 'change'
        then not exists (select from daicho.job j where j.id = d.job and j.state in ('queued', 'running')) else d.due_at <= daicho.clock() end as due,
    (select r.id from tenant.register r where r.name = d.register) as register_id
from daicho.define d where d.tenant = $1 and d.id = $2 for update skip locked;

-- The history knows the item by its new name.
-- define_history_rename(register int, before text, after text, from_id int) -> changed
update tenant.change set old = old - $2::text || jsonb_build_object($3::text, old -> $2::text) where register = $1 and id > $4 and jsonb_exists(old, $2::text);

-- define_history_last() -> one int
select coalesce(max(id), 0) from tenant.change;

-- define_history_forget(register int, item text) -> changed
update tenant.change set old = old - $2::text where register = $1 and jsonb_exists(old, $2::text);

-- define_history_forget_all(register int) -> changed
delete from tenant.change where register = $1;

-- define_end_all(tenant text, register text) -> none
delete from daicho.define where tenant = $1 and register = $2;

-- define_bytes(relation text) -> none
select daicho.bytes_ask($1, false);

-- define_registers_gone(name text) -> changed
delete from tenant.register where name = $1 and state = 'deleted';
