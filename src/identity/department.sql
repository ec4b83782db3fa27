-- Departments of the tenant entered. Who may change them and what a transfer takes away stands in schema/0020_department.sql.

-- department_list() -> many(1000) department_row(id int, name text, administers bool, version int, people int, groups text?)
select d.id, d.name, d.administers, d.version,
    (select count(*) from daicho.person p where p.department_id = d.id and p.left_at is null) as people,
    (select string_agg(g.name, ', ' order by lower(g.name)) from daicho.account_group g where g.department_id = d.id) as groups
from daicho.department d
where d.retired_at is null
order by lower(d.name);

-- department_find(id int) -> maybe department_row
select d.id, d.name, d.administers, d.version,
    (select count(*) from daicho.person p where p.department_id = d.id and p.left_at is null) as people,
    (select string_agg(g.name, ', ' order by lower(g.name)) from daicho.account_group g where g.department_id = d.id) as groups
from daicho.department d
where d.id = $1 and d.retired_at is null;

-- department_find_name(name text) -> maybe int
select d.id from daicho.department d where lower(d.name) = lower($1) and d.retired_at is null;

-- department_insert(tenant text, name text, administers bool) -> one int
insert into daicho.department (tenant, name, administers) values ($1, $2, $3) returning id;

-- department_change(id int, version int, name text, administers bool) -> maybe int
update daicho.department set name = $3, administers = $4, version = version + 1 where id = $1 and version = $2 and retired_at is null returning id;

-- into null: retired. Null: there is no such department.
-- department_close(id int, into int?) -> one json?
select daicho.department_close($1, $2) as done;
