-- Why: changing or deleting many records at once is the critical operation of a register. It is a right of its own, for each register; who ran everything
-- until now may give it to others, nobody else gets it.
update daicho.account_group g set permissions = g.permissions || '{record.bulk}'::text[]
where g.permissions @> '{record.delete,account.manage,tenant.manage}' and 'record.bulk' <> all (g.permissions);
update daicho.account set words = '';
