-- Why: making two records one changes and removes records and moves what refers to them. It is a right of its own, for each register, beside those to
-- write and to delete; who ran everything until now may give it to others, nobody else gets it.
update daicho.account_group g set permissions = g.permissions || '{record.merge}'::text[]
where g.permissions @> '{record.delete,account.manage,tenant.manage}' and 'record.merge' <> all (g.permissions);
update daicho.account set words = '';
