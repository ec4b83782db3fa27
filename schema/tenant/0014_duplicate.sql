-- Why: records that may be the same person or thing are found, declared to be different, made one, and taken apart again. Only numbers of records stand
-- here, never a value: what is alike is read from the records, and what they were from the history (tenant.change). All of it is for who holds record.merge
-- for the register and sees personal items; the rows are guarded by that, whatever statement asks (schema/0043_duplicate.sql).

-- What the last search of a register found: sets of records with equal keys, those with the most reasons first.
create table tenant.duplicate (
    id bigint generated always as identity primary key,
    register bigint not null references tenant.register on delete cascade,
    records bigint[] not null,                              -- the first ones of a large set
    size bigint not null,
    rules text[] not null,                                  -- names of items: "family_name given_name telephone"
    job bigint not null
);
create index duplicate_register_idx on tenant.duplicate (register, id);

-- Pairs somebody declared to be different.
create table tenant.duplicate_apart (
    register bigint not null references tenant.register on delete cascade,
    a bigint not null,
    b bigint not null check (b > a),
    at timestamptz not null default daicho.clock(),
    actor text not null default coalesce(current_setting('daicho.actor', true), ''),
    primary key (register, a, b)
);
create index duplicate_apart_at_idx on tenant.duplicate_apart (register, at desc, a, b);

-- Records made one. What they held before stands in tenant.change, under these numbers.
create table tenant.merge (
    id bigint generated always as identity primary key,
    register bigint not null references tenant.register on delete cascade,
    survivor bigint not null,
    gone bigint not null check (gone <> survivor),
    at timestamptz not null default daicho.clock(),
    actor text not null default '',
    survivor_change bigint,                                 -- null: the survivor kept all its values
    gone_change bigint,                                     -- null: nothing is left of it
    taken text[] not null default '{}',                     -- items whose value came from the record that went
    moved bigint,                                           -- references; null while it is under way
    clocks bigint[] not null default '{}',                  -- deadlines of the one that went that are the survivor's now
    undone_at timestamptz,
    undone_by text
);
create index merge_gone_idx on tenant.merge (register, gone) where undone_at is null;
create index merge_survivor_idx on tenant.merge (register, survivor);
-- What referred to the one that went, and now refers to the survivor.
create table tenant.merge_moved (
    merge bigint not null references tenant.merge (id) on delete cascade,
    register bigint not null references tenant.register on delete cascade,
    item text not null,
    record bigint not null,
    primary key (merge, register, item, record)
);
grant select, insert, delete on tenant.duplicate to t_all;
grant select, insert, delete on tenant.duplicate_apart to t_all;
grant select, insert, update on tenant.merge to t_all;
grant select, insert on tenant.merge_moved to t_all;

alter table tenant.duplicate enable row level security, force row level security;
alter table tenant.duplicate_apart enable row level security, force row level security;
alter table tenant.merge enable row level security, force row level security;
alter table tenant.merge_moved enable row level security, force row level security;
create policy house on tenant.duplicate to daicho_owner using (true) with check (true);
create policy house on tenant.duplicate_apart to daicho_owner using (true) with check (true);
create policy house on tenant.merge to daicho_owner using (true) with check (true);
create policy house on tenant.merge_moved to daicho_owner using (true) with check (true);
create policy own on tenant.duplicate to t_all using (register in (select r.id from tenant.register r where daicho.merge_right(r.name)));
create policy own on tenant.duplicate_apart to t_all using (register in (select r.id from tenant.register r where daicho.merge_right(r.name)));
create policy own on tenant.merge to t_all using (register in (select r.id from tenant.register r where daicho.merge_right(r.name)));
create policy own on tenant.merge_moved to t_all using (merge in (select m.id from tenant.merge m));

create trigger guard before insert or update on tenant.merge for each row execute function daicho.merge_guard();
create trigger laid after insert on tenant.merge for each row execute function daicho.merge_laid_take();
create constraint trigger whole after insert or update on tenant.merge deferrable initially deferred for each row execute function daicho.merge_whole();

-- Where a record went: numbers only, so that an old address leads everybody to the survivor.
create view tenant.merged with (security_barrier) as
    select m.register, m.gone as record, m.survivor from tenant.merge m where m.undone_at is null;
grant select on tenant.merged to t_all, t_masked;
