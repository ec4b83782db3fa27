-- Why: files of a shop or a mail order house come every week with headings of their own. Which heading is which item, and how the file is written, is said
-- once, under a name; a file with the same headings finds it again (register/mapping.c). Headings are words of a file's first line: nothing about a person.
create table tenant.import_mapping (
    id bigint generated always as identity primary key,
    register bigint not null references tenant.register on delete cascade,
    version bigint not null default 1,
    name text not null check (length(name) between 1 and 60),
    owner bigint not null default 0,                        -- account; 0: made by a key or a command
    owner_name text not null,                               -- as it was then
    shared boolean not null,
    columns jsonb not null check (jsonb_typeof(columns) = 'array' and octet_length(columns::text) <= 262144), -- [[heading, item or null]]
    digest text not null check (digest ~ '^[0-9a-f]{64}$'), -- of the headings, in whatever order they stand
    encoding text not null,
    separator text not null,
    blank text not null,
    refused text not null,
    updated_at timestamptz not null default daicho.clock()
);
create unique index import_mapping_name_key on tenant.import_mapping (register, owner, lower(name));
grant select, insert, update, delete on tenant.import_mapping to t_all;
