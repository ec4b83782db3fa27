-- Why: what an account may do, in full. New permissions for what was built around people and log-ins; rights for single registers; and the rule that
-- nobody gives what they do not hold becomes the database's own, whatever SQL is put into the mouth of a tenant's role.

-- The groups that ran everything until now run what is new as well.
update daicho.account_group g set permissions = g.permissions || array(
    select w from unnest('{person.manage,policy.manage,session.manage,certificate.manage,provider.manage,support.approve,log.export,log.erase}'::text[]) w
    where w <> all (g.permissions))
where g.permissions @> '{account.manage,key.manage,log.read,tenant.manage}';
