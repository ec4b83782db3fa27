-- Contracts, as daicho_owner. After its last day a contract has ended, whether or not a process has noticed.

-- tenant_list() -> many(100000) tenant_row(name text, title text, state text, lang text, schema_version int, created_at time, accounts int,
--     ends_at time?, erase_at time?)
select t.name, t.title, case when t.ends_at <= daicho.clock() then 'ended' else t.state end as state, t.lang, t.schema_version, t.created_at,
    (select count(*) from daicho.account a where a.tenant = t.name) as accounts, t.ends_at, t.erase_at
from daicho.tenant t
order by t.name;

-- tenant_find(name text) -> maybe tenant_row
select t.name, t.title, case when t.ends_at <= daicho.clock() then 'ended' else t.state end as state, t.lang, t.schema_version, t.created_at,
    (select count(*) from daicho.account a where a.tenant = t.name) as accounts, t.ends_at, t.erase_at
from daicho.tenant t
where t.name = $1;

-- tenant_insert(name text, title text, lang text, operator bool) -> none
insert into daicho.tenant (name, title, lang, kind) values ($1, $2, $3, case when $4 then 'operator' else 'customer' end);

-- tenant_insert_groups(name text, lang text) -> none
insert into daicho.account_group (tenant, name, permissions)
select $1, case $2 when 'ja' then g.ja else g.en end, g.permissions
from (values
    ('管理者', 'Administrators',
        '{record.read,record.write,record.delete,record.bulk,record.merge,record.import,record.export,register.define,mail.read,mail.write,mail.folder,personal.see,account.manage,person.manage}'::text[]
            || '{policy.manage,session.manage,key.manage,certificate.manage,provider.manage,webhook.manage,access.approve,support.approve,log.read,log.export,log.erase,tenant.manage}'::text[]),
    ('担当者', 'Staff', '{record.read,record.write,record.import,record.export,mail.read,mail.write,mail.folder,personal.see}'),
    ('閲覧者(個人情報なし)', 'Viewers (no personal data)', '{record.read}')
) g (ja, en, permissions);

-- Their administrators are one department; what administers is for its people only (schema/0020_department.sql).
-- tenant_insert_operator_groups(name text, lang text) -> none
with home as (
    insert into daicho.department (tenant, name, administers) values ($1, case $2 when 'ja' then 'システム管理' else 'System administration' end, true)
    returning id
)
insert into daicho.account_group (tenant, name, permissions, department_id)
select $1, case $2 when 'ja' then g.ja else g.en end, g.permissions, case when g.administers then home.id end
from home, (values
    ('管理者', 'Administrators', true,
        '{support.ask,account.manage,person.manage,policy.manage,session.manage,certificate.manage,provider.manage,access.approve,log.read,log.export}'::text[]),
    ('運営担当者', 'Operators', false, '{support.ask}')
) g (ja, en, administers, permissions);

-- Roles are made by a function of the cluster's superuser (schema/bootstrap.sql): daicho_owner itself may not make any.
-- tenant_open_roles(name text) -> none
select daicho_admin.tenant_roles_create($1);

-- tenant_open_schema(name text) -> none
select daicho.tenant_schema_create($1);

-- tenant_state_change(name text, state text) -> changed
update daicho.tenant set state = $2 where name = $1 and state <> 'ended' and coalesce(ends_at > daicho.clock(), true);

-- tenant_factor_change(name text, everybody bool) -> changed
update daicho.tenant set factor_everybody = $2 where name = $1;

-- The end of the last day (in Japan) is the end. Only what has not ended yet can be given one, or another.
-- tenant_cancel(name text, last_day text) -> changed
update daicho.tenant
set ends_at = d.ends, erase_at = daicho.erasure_day(d.ends)
from (select ($2::text::date + 1)::timestamp at time zone 'Asia/Tokyo' as ends) d
where name = $1 and state <> 'ended' and coalesce(ends_at > daicho.clock(), true) and d.ends > daicho.clock();

-- tenant_keep(name text) -> changed
update daicho.tenant set ends_at = null, erase_at = null where name = $1 and state <> 'ended' and ends_at > daicho.clock();

-- tenant_jobs_cancel(name text) -> changed
update daicho.job
set cancel_asked = true, state = case when state = 'queued' then 'cancelled' else state end, finished_at = case when state = 'queued' then daicho.clock() end
where tenant = $1 and state in ('queued', 'running');

-- tenant_jobs_running(name text) -> one int
select count(*) as running from daicho.job where tenant = $1 and state = 'running';

-- A guard: rather refused than waiting for somebody who waits for this.
-- tenant_patience() -> one text
select set_config('lock_timeout', '60s', true) as patience;

-- tenant_erase(name text, by text) -> one text?
select daicho.tenant_erase($1, $2)::text as certificate;

-- As daicho_jobs.
-- tenant_end_due() -> one text?
select daicho.tenant_end_due() as name;

-- tenant_erase_due() -> one text?
select daicho.tenant_erase_due()::text as certificate;

-- tenant_erasures() -> many(100000) text
select to_jsonb(e)::text as certificate from daicho.erasure e order by e.id;

-- Client certificates are required unless two people said otherwise.
-- tenant_waive(name text) -> changed
update daicho.policy set certificate_required = false, version = version + 1, updated_at = daicho.clock() where tenant = $1;

-- tenant_waive_end(name text, by text) -> changed
update daicho.opt_out set ended_by = $2, ended_at = daicho.clock() where tenant = $1 and ended_at is null;

-- tenant_waive_note(name text, asked_by text, approved_by text, reason text) -> none
insert into daicho.opt_out (tenant, reason, asked_by, approved_by, approved_at) values ($1, $4, $2, $3, daicho.clock());
