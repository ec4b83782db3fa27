-- Registers of the tenant entered.

-- definition_find(name text, known int) -> maybe register_row(id int, version int, definition text?)
-- The definition itself only when it is not the version known already.
select r.id, r.version, case when r.version <> $2 then r.definition::text end as definition
from tenant.register r where r.name = $1 and r.state = 'active';

-- definition_rows() -> many(1000) register_summary(id int, name text, version int, definition text, about int)
select r.id, r.name, r.version, r.definition::text, coalesce(a.about, 0) as about
from tenant.register r
left join daicho.register_about(array(select x.name from tenant.register x where x.state = 'active')) a on a.name = r.name
where r.state = 'active'
order by r.position, r.id;

-- The same without asking how many: also for the owner.
-- definition_all() -> many(1000) register_summary
select r.id, r.name, r.version, r.definition::text, 0::bigint as about from tenant.register r where r.state = 'active' order by r.position, r.id;

-- definition_insert(name text, definition json) -> one register_new(id int)
insert into tenant.register (name, definition, position)
values ($1, $2::jsonb, (select coalesce(max(position), 0) + 1 from tenant.register))
returning id;

-- definition_update(name text, version int, definition json) -> changed
update tenant.register set definition = $3::jsonb, version = version + 1, updated_at = daicho.clock() where name = $1 and version = $2;
