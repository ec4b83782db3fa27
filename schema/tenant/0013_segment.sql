-- Why: a condition of a register, saved under a name. How many records meet it is the sum of what each statement changed (segment_count), added by a
-- trigger of the register's table in the same transaction: at every moment the sum and the records belong to the same state, so that a recount is exact
-- without a lock (count minus sum, in one statement). The trigger's function is built by the owner's job (register/segment_build.c): what a contract's
-- roles can write here is data only.
create table tenant.segment (
    id bigint generated always as identity primary key,
    register bigint not null references tenant.register on delete cascade,
    version bigint not null default 1,
    name text not null check (length(name) between 1 and 60),
    description text not null default '' check (length(description) <= 1000),
    owner bigint not null default 0,                        -- account; 0: made by a key or a command
    owner_name text not null,                               -- as it was then
    shared boolean not null,
    condition jsonb not null,
    -- worked out when it is built
    state text not null default 'new' check (state in ('new', 'ready', 'broken')),
    personal boolean not null default true,                 -- names personal items; what nobody has looked at counts as such
    moving boolean not null default false,                  -- means something else tomorrow
    digest text,                                            -- of what is counted
    counted_at timestamptz,                                 -- null: not counted yet
    counted_on date,
    checked_at timestamptz,
    drift bigint not null default 0,                        -- what the last check found wrong, and mended
    created_at timestamptz not null default daicho.clock(),
    updated_at timestamptz not null default daicho.clock()
);
create unique index segment_name_key on tenant.segment (register, owner, lower(name));
-- Added to by every writer at once, so no row is shared; added up now and then (daicho.segment_fold). No foreign key: a writer must not fail because
-- somebody deletes a segment in the same moment.
create table tenant.segment_count (
    segment bigint not null,
    day date not null,
    delta bigint                                            -- null: unknown since then, to be counted
);
create index segment_count_idx on tenant.segment_count (segment, day);

-- What may be seen of them: over personal items nothing by those who may not see these, not even that they are there.
create view tenant.segment_seen with (security_barrier) as
    select s.* from tenant.segment s where not s.personal or current_user::text !~ '_masked$';
create view tenant.segment_count_seen with (security_barrier) as
    select c.* from tenant.segment_count c where exists (select from tenant.segment s where s.id = c.segment and (not s.personal or current_user::text !~ '_masked$'));
grant select, insert, update, delete on tenant.segment to t_all;
grant select, insert, delete on tenant.segment_count to t_all;
grant select on tenant.segment_seen, tenant.segment_count_seen to t_all, t_masked;
