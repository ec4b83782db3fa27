-- Accounts that items name: those of the contract, and those it had. Its name is given, for those who work for it as the owner of all tables.

-- item_account_rows(tenant text, ids text) -> many(5000) account_named(id int, login text, name text, state text)
select a.id, a.login, a.name, a.state from daicho.account_named a where a.tenant = $1 and a.id = any ($2::text::bigint[]);

-- By log-in name or, when that is null, by number: who is gone has only that.
-- item_account_find(tenant text, login text?, id int) -> maybe account_named
select a.id, a.login, a.name, a.state from daicho.account_named a
where a.tenant = $1 and case when $2::text is null then a.id = $3::bigint else lower(a.login) = lower($2::text) end
limit 1;

-- item_account_all(tenant text) -> many(500) account_named
select a.id, a.login, a.name, a.state from daicho.account_named a where a.tenant = $1 and a.state = 'active' order by a.name, a.login limit 500;
