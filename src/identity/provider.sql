-- Sign-on providers of the tenant entered, and what the contract wants of them. Lists travel as text with commas between.

-- provider_list() -> many(100) provider_row(id int, kind text, name text, issuer text, client_id text, secret_name text, domains text, factor_trusted bool,
--     apply bool, active bool, version int, created_at time, links int, applicants int, allowed bool)
select v.id, v.kind, v.name, v.issuer, v.client_id, v.secret_name, array_to_string(v.domains, ',') as domains, v.factor_trusted, v.apply, v.active,
    v.version, v.created_at,
    (select count(*) from daicho.identity i where i.provider_id = v.id and i.account_id is not null) as links,
    (select count(*) from daicho.identity i where i.provider_id = v.id and i.account_id is null and i.refused_at is null) as applicants,
    p.provider_kinds is null or v.kind = any (p.provider_kinds) as allowed
from daicho.provider v join daicho.policy p on p.tenant = v.tenant
order by v.id
limit 100;

-- provider_find(id int) -> maybe provider_row
select v.id, v.kind, v.name, v.issuer, v.client_id, v.secret_name, array_to_string(v.domains, ',') as domains, v.factor_trusted, v.apply, v.active,
    v.version, v.created_at,
    (select count(*) from daicho.identity i where i.provider_id = v.id and i.account_id is not null) as links,
    (select count(*) from daicho.identity i where i.provider_id = v.id and i.account_id is null and i.refused_at is null) as applicants,
    p.provider_kinds is null or v.kind = any (p.provider_kinds) as allowed
from daicho.provider v join daicho.policy p on p.tenant = v.tenant
where v.id = $1;

-- provider_insert(tenant text, kind text, name text, issuer text, client_id text, secret_name text, domains text, factor_trusted bool, apply bool,
--     active bool) -> one int
insert into daicho.provider (tenant, kind, name, issuer, client_id, secret_name, domains, factor_trusted, apply, active)
values ($1, $2, $3, $4, $5, $6, coalesce(string_to_array(nullif($7, ''), ','), '{}'), $8, $9, $10)
returning id;

-- provider_change(id int, version int, name text, client_id text, secret_name text, domains text, factor_trusted bool, apply bool, active bool)
--     -> maybe int
update daicho.provider set name = $3, client_id = $4, secret_name = $5, domains = coalesce(string_to_array(nullif($6, ''), ','), '{}'),
    factor_trusted = $7, apply = $8, active = $9, version = version + 1
where id = $1 and version = $2
returning id;

-- provider_drop(id int, version int) -> maybe int
delete from daicho.provider where id = $1 and version = $2 returning id;

-- passwords: accounts that have one; ready: somebody who manages accounts can come in without.
-- provider_policy() -> one provider_rules(password_login bool, kinds text?, factor_always bool, version int, passwords int, ready bool)
select p.password_login, array_to_string(p.provider_kinds, ',') as kinds, p.factor_always, p.version,
    (select count(*) from daicho.account a where a.password_at is not null) as passwords,
    exists (select from daicho.identity i
        join daicho.provider v on v.id = i.provider_id and v.active and (p.provider_kinds is null or v.kind = any (p.provider_kinds))
        join daicho.account a on a.id = i.account_id and a.state = 'active'
        where 'account.manage' = any (string_to_array(a.words, ' '))) as ready
from daicho.policy p;

-- provider_policy_change(version int, password_login bool, kinds text?, factor_always bool) -> maybe int
update daicho.policy set password_login = $2, provider_kinds = string_to_array($3, ','), factor_always = $4, version = version + 1,
    updated_at = daicho.clock()
where version = $1
returning version;
