-- Why: rights are asked for by one person and approved by another, and looked through again and again. Whoever decides both holds a word of their own
-- (a security officer), which those who ran everything until now get as well.
update daicho.account_group g set permissions = g.permissions || '{access.approve}'::text[]
where g.permissions @> '{account.manage,policy.manage,log.read}' and 'access.approve' <> all (g.permissions);

-- It administers: it needs a second factor as the others do.
create or replace function daicho.account_factor_out() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    new.factor_required := new.factor_anew
        or string_to_array(new.words, ' ') && array['account.manage', 'person.manage', 'policy.manage', 'session.manage', 'key.manage',
            'certificate.manage', 'provider.manage', 'access.approve', 'support.approve', 'support.ask', 'log.erase', 'tenant.manage']
        or exists (select from daicho.account_group g where g.id = any (new.groups) and g.tenant = new.tenant and g.factor_required)
        or exists (select from daicho.tenant t where t.name = new.tenant and t.factor_everybody)
        or exists (select from daicho.policy p where p.tenant = new.tenant and p.factor_always);
    return new;
end
$$;
update daicho.account set words = '';
