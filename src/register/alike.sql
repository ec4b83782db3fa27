-- Records that may be the same (schema/tenant/0014_duplicate.sql).

-- Records of this register that somebody declared to be different, among these.
-- alike_apart(register int, records int[]) -> many(2000) alike_pair(a int, b int)
select p.a, p.b from tenant.duplicate_apart p where p.register = $1 and p.a = any ($2::bigint[]) and p.b = any ($2::bigint[]) limit 2000;

-- alike_apart_add(register int, a int, b int) -> changed
insert into tenant.duplicate_apart (register, a, b) values ($1, $2, $3) on conflict do nothing;

-- alike_apart_drop(register int, a int, b int) -> changed
delete from tenant.duplicate_apart where register = $1 and a = $2 and b = $3;

-- The newest pairs declared to be different.
-- alike_apart_list(register int, max int) -> many(200) alike_declared(a int, b int, at time, actor text)
select p.a, p.b, p.at, p.actor from tenant.duplicate_apart p where p.register = $1 order by p.at desc, p.a, p.b limit $2::bigint;

-- Sets found that say nothing any more: of these two only; of one that went and another one.
-- alike_forget_pair(register int, a int, b int) -> changed
delete from tenant.duplicate d where d.register = $1 and d.records = array[$2::bigint, $3::bigint];

-- alike_forget_gone(register int, gone int) -> changed
delete from tenant.duplicate d where d.register = $1 and d.size = 2 and $2::bigint = any (d.records);

-- alike_page(register int, after int, max int) -> many(101) alike_row(id int, records json, size int, rules json)
select d.id, to_json(d.records) as records, d.size, to_json(d.rules) as rules from tenant.duplicate d where d.register = $1 and d.id > $2 order by d.id limit $3::bigint;

-- alike_about(register text) -> one alike_found(groups int, job int?, at time?, running int?)
select (select count(*) from tenant.duplicate d join tenant.register r on r.id = d.register where r.name = $1) as groups,
    (select max(j.id) from daicho.job j where j.kind = 'duplicates' and j.register = $1 and j.state = 'done') as job,
    (select max(j.finished_at) from daicho.job j where j.kind = 'duplicates' and j.register = $1 and j.state = 'done') as at,
    (select max(j.id) from daicho.job j where j.kind = 'duplicates' and j.register = $1 and j.state in ('queued', 'running')) as running;

-- alike_waiting(register int) -> one int
select count(*) from (select from tenant.duplicate d where d.register = $1 limit 1000) x;
