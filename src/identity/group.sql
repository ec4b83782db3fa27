-- Permission groups of the tenant entered. Permissions travel as words with spaces between.

-- group_list() -> many(500) account_group(id int, name text, permissions text, factor_required bool,
--     version int, accounts int, department_id int?, department text?, held_by_one bool, holder int?)
select g.id, g.name, array_to_string(g.permissions, ' ') as permissions, g.factor_required, g.version,
    (select count(*) from daicho.account a where g.id = any (a.groups)) as accounts, g.department_id,
    (select d.name from daicho.department d where d.id = g.department_id) as department, g.held_by_one,
    case when g.held_by_one then (select min(a.id) from daicho.account a where g.id = any (a.groups)) end as holder
from daicho.account_group g
order by lower(g.name);

-- group_find(id int) -> maybe account_group
select g.id, g.name, array_to_string(g.permissions, ' ') as permissions, g.factor_required, g.version,
    (select count(*) from daicho.account a where g.id = any (a.groups)) as accounts, g.department_id,
    (select d.name from daicho.department d where d.id = g.department_id) as department, g.held_by_one,
    case when g.held_by_one then (select min(a.id) from daicho.account a where g.id = any (a.groups)) end as holder
from daicho.account_group g
where g.id = $1;

-- group_find_name(name text) -> maybe account_group
select g.id, g.name, array_to_string(g.permissions, ' ') as permissions, g.factor_required, g.version,
    (select count(*) from daicho.account a where g.id = any (a.groups)) as accounts, g.department_id,
    (select d.name from daicho.department d where d.id = g.department_id) as department, g.held_by_one,
    case when g.held_by_one then (select min(a.id) from daicho.account a where g.id = any (a.groups)) end as holder
from daicho.account_group g
where lower(g.name) = lower($1);

-- group_insert(tenant text, name text, permissions text, factor_required bool, department_id int?, held_by_one bool) -> one int
insert into daicho.account_group (tenant, name, permissions, factor_required, department_id, held_by_one)
values ($1, $2, string_to_array($3, ' '), $4, $5, $6) returning id;

-- group_change(id int, version int, name text, permissions text, factor_required bool, department_id int?, held_by_one bool) -> maybe int
update daicho.account_group
set name = $3, permissions = string_to_array($4, ' '), factor_required = $5, department_id = $6, held_by_one = $7, version = version + 1
where id = $1 and version = $2
returning id;

-- group_members(id int) -> many(201) group_member(id int, login text, name text, state text, person_id int, department text?)
select a.id, a.login, a.name, a.state, a.person_id, p.department
from daicho.account a join daicho.person_now p on p.id = a.person_id
where $1 = any (a.groups)
order by lower(a.login)
limit 201;

-- Who is in it and not of this department.
-- group_misfits(id int, department_id int) -> many(1) group_member
select a.id, a.login, a.name, a.state, a.person_id, p.department
from daicho.account a join daicho.person_now p on p.id = a.person_id
where $1 = any (a.groups) and p.department_id is distinct from $2
order by lower(a.login)
limit 1;

-- Who could come into it: of its department, not in it yet.
-- group_candidates(id int, max int) -> many(500) group_member
select a.id, a.login, a.name, a.state, a.person_id, p.department
from daicho.account_group g
join daicho.account a on a.tenant = g.tenant and g.id <> all (a.groups) and a.state = 'active'
join daicho.person_now p on p.id = a.person_id
where g.id = $1 and (g.department_id is null or p.department_id = g.department_id)
order by lower(a.login)
limit $2::bigint;

-- One statement, so that somebody who may manage accounts is left all the time: first the new holder gets it, then the one before loses it.
-- group_hand_over(id int, holder int, next int) -> one int
with given as (
    update daicho.account a set groups = a.groups || $1::bigint, version = version + 1 where a.id = $3 and $1 <> all (a.groups) returning a.id
), taken as (
    update daicho.account a set groups = array_remove(a.groups, $1::bigint), version = version + 1 from given
    where a.id = $2 and a.id <> given.id returning a.id
)
select (select count(*) from given) + (select count(*) from taken) as count;

-- group_drop(id int, version int) -> maybe int
delete from daicho.account_group where id = $1 and version = $2 returning id;
