-- Why: a contract's mails, drafts and sent ones, in folders it makes. What must hold stands in triggers and policies (schema/0044_mail.sql), so that campaigns,
-- which come to stand on these tables, find the same rules.

create table tenant.mail_folder (
    id bigint generated always as identity primary key,
    parent bigint references tenant.mail_folder,     -- null: at the top. At most five deep, 500 in all, no ring: trigger guard
    name text not null check (length(name) between 1 and 60 and name = btrim(name) and daicho.mail_line(name)),
    version bigint not null default 1,
    created_at timestamptz not null default daicho.clock()
);
-- Ａ and a are the same name to whoever reads them.
create unique index mail_folder_name_key on tenant.mail_folder (coalesce(parent, 0), lower(normalize(name, NFKC)));
create index mail_folder_parent_idx on tenant.mail_folder (parent);

create table tenant.mail (
    id bigint generated always as identity primary key,
    folder bigint references tenant.mail_folder,     -- null: in none
    state text not null default 'draft' check (state in ('draft', 'sent')),
    subject text not null check (length(subject) between 1 and 200 and daicho.mail_line(subject)),
    from_name text not null default '' check (length(from_name) <= 60 and daicho.mail_line(from_name)),
    body text not null default '' check (length(body) <= 50000),
    version bigint not null default 1,               -- rises with each change, of the folder, too
    created_at timestamptz not null default date_trunc('milliseconds', daicho.clock()),
    created_by text not null default '',             -- "account:12:hanako", as they were then
    updated_at timestamptz not null default date_trunc('milliseconds', daicho.clock()),     -- of what is written in it; to the millisecond: lists go by it
    updated_by text not null default '',
    deleted_at timestamptz,                          -- in the trash since
    deleted_by text,
    search_text text generated always as (daicho.fold(subject)) stored
);
create index mail_changed_idx on tenant.mail (updated_at desc, id desc) where deleted_at is null;
create index mail_folder_idx on tenant.mail (folder, updated_at desc, id desc);
create index mail_deleted_idx on tenant.mail (deleted_at desc, id desc) where deleted_at is not null;

create trigger guard before insert or update or delete on tenant.mail_folder for each row execute function daicho.mail_folder_guard();
create trigger guard before insert or update or delete on tenant.mail for each row execute function daicho.mail_guard();
create trigger trashed after update on tenant.mail for each row when (old.deleted_at is null and new.deleted_at is not null)
    execute function daicho.mail_trashed();
create trigger erased after delete on tenant.mail referencing old table as gone for each statement execute function daicho.mail_erased();

alter table tenant.mail_folder enable row level security;
alter table tenant.mail_folder force row level security;
alter table tenant.mail enable row level security;
alter table tenant.mail force row level security;
create policy house on tenant.mail_folder to daicho_owner using (true) with check (true);
create policy house on tenant.mail to daicho_owner using (true) with check (true);
-- Whoever writes mails, or organises folders, sees the folders; whoever writes mails sees them.
create policy seen on tenant.mail_folder for select to t_all, t_masked
    using ((select daicho.mail_may('mail.read') or daicho.mail_may('mail.write') or daicho.mail_may('mail.folder')));
create policy made on tenant.mail_folder for insert to t_all, t_masked with check ((select daicho.mail_may('mail.folder')));
create policy changed on tenant.mail_folder for update to t_all, t_masked
    using ((select daicho.mail_may('mail.folder'))) with check ((select daicho.mail_may('mail.folder')));
create policy gone on tenant.mail_folder for delete to t_all, t_masked using ((select daicho.mail_may('mail.folder')));
create policy seen on tenant.mail for select to t_all, t_masked using ((select daicho.mail_may('mail.read') or daicho.mail_may('mail.write')));
create policy made on tenant.mail for insert to t_all, t_masked with check ((select daicho.mail_may('mail.write')));
create policy changed on tenant.mail for update to t_all, t_masked
    using ((select daicho.mail_may('mail.write'))) with check ((select daicho.mail_may('mail.write')));
create policy gone on tenant.mail for delete to t_all, t_masked using ((select daicho.mail_may('mail.write')));
grant select, insert, update, delete on tenant.mail_folder, tenant.mail to t_all, t_masked;
