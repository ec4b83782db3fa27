-- Accounts of the tenant entered. Row security keeps to the tenant's own; lists of words and numbers travel as text with spaces between.

-- account_list(search text?, state text?, after text?, max int) -> many(201) account(id int, login text, name text, email text?, lang text?, theme
--     text, state text, version int, created_at time, last_login_at time?, failures int, locked_at time?, groups text, group_ids text, permissions text,
--     grants text, denials text, factor_required bool, sessions int, sort text,
--     person_id int, person text, suspended_for text?, approved_at time?)
select a.id, a.login, a.name, a.email, a.lang, a.theme, a.state, a.version, a.created_at, a.last_login_at, a.failures,
    coalesce(a.locked_at, case when a.factor_failures >= (select p.lock_after from daicho.policy p where p.tenant = a.tenant) then a.factor_failed_at end)
        as locked_at,
    a.group_names as groups, array_to_string(a.groups, ' ') as group_ids, a.words as permissions, array_to_string(a.grants, ' ') as grants,
    array_to_string(a.denials, ' ') as denials, a.factor_required,
    (select count(*) from daicho.session s join daicho.policy p on p.tenant = s.tenant where s.account_id = a.id and s.stage in ('full', 'locked')
        and s.seen_at > daicho.clock() - make_interval(mins => p.idle_minutes)) as sessions, lower(a.login) as sort,
    a.person_id, (select p.name from daicho.person p where p.id = a.person_id) as person, a.suspended_for, a.approved_at
from daicho.account a
where ($1::text is null or strpos(lower(a.login), lower($1::text)) > 0 or strpos(a.name, $1::text) > 0)
    and ($2::text is null or a.state = $2::text)
    and ($3::text is null or lower(a.login) > $3::text)
order by lower(a.login)
limit $4::bigint;

-- account_find(id int) -> maybe account
select a.id, a.login, a.name, a.email, a.lang, a.theme, a.state, a.version, a.created_at, a.last_login_at, a.failures,
    coalesce(a.locked_at, case when a.factor_failures >= (select p.lock_after from daicho.policy p where p.tenant = a.tenant) then a.factor_failed_at end)
        as locked_at,
    a.group_names as groups, array_to_string(a.groups, ' ') as group_ids, a.words as permissions, array_to_string(a.grants, ' ') as grants,
    array_to_string(a.denials, ' ') as denials, a.factor_required,
    (select count(*) from daicho.session s join daicho.policy p on p.tenant = s.tenant where s.account_id = a.id and s.stage in ('full', 'locked')
        and s.seen_at > daicho.clock() - make_interval(mins => p.idle_minutes)) as sessions, lower(a.login) as sort,
    a.person_id, (select p.name from daicho.person p where p.id = a.person_id) as person, a.suspended_for, a.approved_at
from daicho.account a
where a.id = $1;

-- account_find_login(login text) -> maybe int
select a.id from daicho.account a where lower(a.login) = lower($1);

-- person_id null: a person is made from the account's name.
-- account_insert(tenant text, login text, name text, email text?, lang text?, groups text, person_id int?) -> one int
insert into daicho.account (tenant, login, name, email, lang, groups, person_id)
values ($1, $2, $3, $4, $5, string_to_array($6, ' ')::bigint[], $7)
returning id;

-- account_change(id int, version int, login text, name text, email text?, lang text?, theme text, groups text) -> maybe int
update daicho.account set login = $3, name = $4, email = $5, lang = $6, theme = $7, groups = string_to_array($8, ' ')::bigint[], version = version + 1
where id = $1 and version = $2
returning id;

-- account_drop(id int, version int) -> maybe int
delete from daicho.account where id = $1 and version = $2 returning id;

-- Wrong passwords and wrong codes are forgiven.
-- account_unlock(id int) -> none
update daicho.account set failures = 0, locked_at = null, factor_failures = 0, factor_failed_at = null where id = $1;

-- account_hash_set(id int, hash text, must_change bool) -> one bool
select daicho.credential_set($1, $2, $3) as done;

-- account_hash_expire(id int, days int) -> none
select daicho.credential_expire($1, $2::int);

-- account_put_out(id int) -> none
select daicho.account_put_out($1);

-- Whoever changes who is an administrator stands in line here until the other has committed: the groups of a tenant are few.
-- account_lock() -> one int
select count(*) as count from (select 1 from daicho.account_group order by id for update) x;

-- account_administrators(word text) -> one int
select count(*) as count from daicho.account a
where a.state = 'active' and $1 = any (string_to_array(a.words, ' '));

-- What is given to the account itself, and denied it whatever its groups say.
-- account_rights_change(id int, grants text, denials text) -> changed
update daicho.account set grants = string_to_array($2, ' '), denials = string_to_array($3, ' ') where id = $1;

-- account_groups(id int) -> many(500) account_group_of(name text, permissions text)
select g.name, array_to_string(g.permissions, ' ') as permissions
from daicho.account_group g join daicho.account a on g.id = any (a.groups)
where a.id = $1
order by lower(g.name);

-- A group among these that the account may not have: of another department (holder null), or held by somebody else. id 0: a new account;
-- person_id 0: of a new person of no department.
-- account_hold(id int, person_id int, groups text) -> maybe account_hold(name text, department text?, holder text?)
select g.name, d.name as department, held.login as holder
from daicho.account_group g
left join daicho.department d on d.id = g.department_id
left join daicho.person p on p.id = $2
left join lateral (select a.login from daicho.account a where g.held_by_one and g.id = any (a.groups) and a.id <> $1 limit 1) held on true
where g.id = any (string_to_array($3, ' ')::bigint[]) and (held.login is not null or g.department_id is not null and g.department_id is distinct from p.department_id)
order by held.login nulls first, lower(g.name)
limit 1;

-- The department of the first of these groups that has one.
-- account_groups_department(groups text) -> one text?
select (select d.name from daicho.account_group g join daicho.department d on d.id = g.department_id
    where g.id = any (string_to_array($1, ' ')::bigint[]) order by g.id limit 1) as name;
