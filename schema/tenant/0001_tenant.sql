-- Why: the ground of one contract: its roles, schema, log, history of changes and list of registers. In this folder the word `tenant.` stands for the
-- schema, and t_all, t_masked, t_form for its three roles; tenant_create and `daicho migrate` put the names in. Keep the tables of a tenant few.
-- Roles and schema exist already (tenant/tenant.c makes them: identifiers in DDL cannot be parameters).

-- Operation log: append only, for the tenant's own roles too. Read through the rights of the log page.
create table tenant.log (
    id bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),         -- the sealer's horizon
    at timestamptz not null default daicho.clock(),
    actor_kind text not null,                               -- nobody | account | key | operator | system
    actor_id bigint not null default 0,
    actor text not null,                                    -- names as they were then
    groups text not null default '',
    source text not null,
    verb text not null,
    kind text,                                              -- register name, "account", "job" …
    subject_id bigint,
    result text not null,                                   -- OK or the name of a refusal (base/rc.tbl)
    commitment bytea                                        -- SHA-256(salt || detail), null: there is no detail
);
create index log_at_idx on tenant.log using brin (at);
-- The erasable part: what exactly. The proof above stays when it goes.
create table tenant.log_detail (
    id bigint primary key,
    salt bytea not null,
    detail text not null                                    -- JSON exactly as hashed
);
grant select, insert on tenant.log, tenant.log_detail to t_all;
grant select, insert on tenant.log to t_masked;
grant insert on tenant.log_detail to t_masked;
grant insert on tenant.log, tenant.log_detail to t_form;

-- Registers of this tenant.
create table tenant.register (
    id bigint generated always as identity primary key,
    name text not null unique,
    version bigint not null default 1,
    definition jsonb not null,
    position int not null default 0,
    state text not null default 'active' check (state in ('defining', 'active')),
    created_at timestamptz not null default daicho.clock(),
    updated_at timestamptz not null default daicho.clock()
);
grant select on tenant.register to t_all, t_masked, t_form;

-- History of changes: what a record was before. Creation stands in the record itself (created_at, created_by, origin).
-- Written only by the trigger below; nobody who works in the tenant can write or change it.
create table tenant.change (
    id bigint generated always as identity primary key,
    register bigint not null,
    record bigint not null,
    version bigint not null,                                -- of the record before
    at timestamptz not null default daicho.clock(),
    actor text not null,                                    -- "account:12:hanako", "key:3:shop", "operator:0:root"
    job bigint,
    deleted boolean not null default false,
    old jsonb not null                                      -- items that changed, as they were; all of them when deleted
);
create index change_record_idx on tenant.change (register, record, id desc);
grant select on tenant.change to t_all;
