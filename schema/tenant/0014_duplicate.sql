-- Why: records that may be the same person or thing are found, declared to be different, made one, and taken apart again. Only numbers of records stand
-- here, never a value: what is alike is read from the records, and what they were from the history (tenant.change).

-- What the last search of a register found: sets of records with equal keys, those with the most reasons first.
create table tenant.duplicate (
    id bigint generated always as identity primary key,
    register bigint not null,
    records bigint[] not null,                              -- the first ones of a large set
    size bigint not null,
    rules text[] not null,                                  -- names of items: "family_name given_name telephone"
    job bigint not null
);
create index duplicate_register_idx on tenant.duplicate (register, id);

-- Pairs somebody declared to be different.
create table tenant.duplicate_apart (
    register bigint not null,
    a bigint not null,
    b bigint not null check (b > a),
    at timestamptz not null default daicho.clock(),
    actor text not null default coalesce(current_setting('daicho.actor', true), ''),
    primary key (register, a, b)
);

-- Records made one. What they held before stands in tenant.change, under these numbers.
create table tenant.merge (
    id bigint generated always as identity primary key,
    register bigint not null,
    survivor bigint not null,
    gone bigint not null check (gone <> survivor),
    at timestamptz not null default daicho.clock(),
    actor text not null default coalesce(current_setting('daicho.actor', true), ''),
    survivor_change bigint,                                 -- null: the survivor kept all its values
    gone_change bigint,
    taken text[] not null default '{}',                     -- items whose value came from the record that went
    moved bigint not null default 0,
    undone_at timestamptz,
    undone_by text
);
create index merge_gone_idx on tenant.merge (register, gone) where undone_at is null;
create index merge_survivor_idx on tenant.merge (register, survivor);
-- What referred to the one that went, and now refers to the survivor.
create table tenant.merge_moved (
    merge bigint not null references tenant.merge (id),
    register bigint not null,
    item text not null,
    record bigint not null,
    primary key (merge, register, item, record)
);
grant select, insert, delete on tenant.duplicate to t_all;
grant select, insert, delete on tenant.duplicate_apart to t_all;
grant select, insert, update on tenant.merge to t_all;
grant select, insert on tenant.merge_moved to t_all;

-- Where a record went: numbers only, so that an old address leads everybody to the survivor.
create view tenant.merged with (security_barrier) as
    select m.register, m.gone as record, m.survivor from tenant.merge m where m.undone_at is null;
grant select on tenant.merged to t_all, t_masked;
