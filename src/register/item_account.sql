-- Accounts that items name: those of the contract entered, and those it had.

-- item_account_rows(ids text) -> many(5000) account_named(id int, login text, name text, state text)
select a.id, a.login, a.name, a.state from daicho.account_named a where a.id = any ($1::text::bigint[]);

-- By log-in name or, when that is null, by number: who is gone has only that.
-- item_account_find(login text?, id int) -> maybe account_named
select a.id, a.login, a.name, a.state from daicho.account_named a
where case when $1::text is null then a.id = $2::bigint else lower(a.login) = lower($1::text) end
limit 1;

-- item_account_all() -> many(500) account_named
select a.id, a.login, a.name, a.state from daicho.account_named a where a.state = 'active' order by a.name, a.login limit 500;
