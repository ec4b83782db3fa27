-- Why: a change of a register that needs longer than a moment is done in steps, each committed, and what a step has made stands here until the last one: a
-- process that dies goes on where it was, and what was given up is taken away again. Items and registers that were deleted stand here, too, for as long as
-- they can be brought back.
create table daicho.define (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    register text not null,
    kind text not null check (kind in ('change', 'item', 'register')),  -- under way; deleted
    item text,                                       -- its name when it was deleted
    job bigint not null default 0,
    actor text not null default '',
    at timestamptz not null default daicho.clock(),
    due_at timestamptz,                              -- until then it can be brought back
    detail jsonb not null default '{}',              -- change: what was made aside, how far it is; item: its definition and place
    check ((kind = 'item') = (item is not null) and (kind = 'change') = (due_at is null))
);
create unique index define_change_idx on daicho.define (tenant, register) where kind = 'change';
create unique index define_item_idx on daicho.define (tenant, register, item) where kind = 'item';
create index define_due_idx on daicho.define (due_at);
alter table daicho.define enable row level security;
alter table daicho.define force row level security;
create policy own on daicho.define for select to daicho_tenant using (tenant = (select daicho.tenant()));
create policy house on daicho.define to daicho_owner using (true) with check (true);
grant select on daicho.define to daicho_tenant;

-- For the jobs processes: the next deletion whose days are over, or the next change whose job ended without it.
create function daicho.define_due(after_ bigint) returns table (tenant text, id bigint)
language sql security definer set search_path = pg_catalog as $$
    select d.tenant, d.id
    from daicho.define d join daicho.tenant t on t.name = d.tenant and t.state <> 'ended'
    where d.id > after_ and (d.due_at <= daicho.clock()
        or d.kind = 'change' and not exists (select from daicho.job j where j.id = d.job and j.state in ('queued', 'running')))
    order by d.id limit 1
$$;
revoke execute on function daicho.define_due(bigint) from public;
grant execute on function daicho.define_due(bigint) to daicho_jobs;
