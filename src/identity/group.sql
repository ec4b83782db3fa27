-- Permission groups of the tenant entered. Permissions travel as words with spaces between.

-- group_list() -> many(500) account_group(id int, name text, permissions text, factor_required bool,
--     version int, accounts int)
select g.id, g.name, array_to_string(g.permissions, ' ') as permissions, g.factor_required, g.version,
    (select count(*) from daicho.account a where g.id = any (a.groups)) as accounts
from daicho.account_group g
order by lower(g.name);

-- group_find(id int) -> maybe account_group
select g.id, g.name, array_to_string(g.permissions, ' ') as permissions, g.factor_required, g.version,
    (select count(*) from daicho.account a where g.id = any (a.groups)) as accounts
from daicho.account_group g
where g.id = $1;

-- group_find_name(name text) -> maybe account_group
select g.id, g.name, array_to_string(g.permissions, ' ') as permissions, g.factor_required, g.version,
    (select count(*) from daicho.account a where g.id = any (a.groups)) as accounts
from daicho.account_group g
where lower(g.name) = lower($1);

-- group_insert(tenant text, name text, permissions text, factor_required bool) -> one int
insert into daicho.account_group (tenant, name, permissions, factor_required) values ($1, $2, string_to_array($3, ' '), $4) returning id;

-- group_change(id int, version int, name text, permissions text, factor_required bool) -> maybe int
update daicho.account_group set name = $3, permissions = string_to_array($4, ' '), factor_required = $5, version = version + 1
where id = $1 and version = $2
returning id;

-- group_drop(id int, version int) -> maybe int
delete from daicho.account_group where id = $1 and version = $2 returning id;
