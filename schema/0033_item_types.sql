-- More types of items: what the search column of a register takes of them.
--
-- Why: a generated column takes immutable functions only, and array_to_string() is not one for arrays of any type; for texts it is.

-- daicho.choices_text(text[]) -> text
-- The values an item of type choices holds, parted by U+001F like items, so that no word reaches from one into the next.
create function daicho.choices_text(x text[]) returns text
language sql immutable strict parallel safe as $$
    select array_to_string(x, E'\x1f');
$$;

-- Items of type account hold the number of an account. The account may go, with every byte of it; whose it was stays told where it stands, by the name its
-- person has among the contract's people.
create table daicho.account_past (
    id bigint primary key,
    tenant text not null references daicho.tenant on delete cascade,
    person_id bigint not null references daicho.person on delete cascade,
    ended_at timestamptz not null default daicho.clock()
);
create index account_past_person_idx on daicho.account_past (person_id);
alter table daicho.account_past enable row level security;
alter table daicho.account_past force row level security;
create policy own on daicho.account_past for select to daicho_tenant using (tenant = (select daicho.tenant()));
create policy house on daicho.account_past to daicho_owner using (true) with check (true);
grant select on daicho.account_past to daicho_tenant;

-- Not when the contract itself goes.
create function daicho.account_past_keep() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.account_past (id, tenant, person_id)
    select old.id, old.tenant, p.id from daicho.tenant t join daicho.person p on p.id = old.person_id where t.name = old.tenant;
    return null;
end
$$;
create trigger past after delete on daicho.account for each row execute function daicho.account_past_keep();
revoke execute on function daicho.account_past_keep() from public;

-- Everybody an item may name; filed: what files hold. A log-in name of digits alone would be read as a number, and who is gone has none.
create view daicho.account_named with (security_invoker, security_barrier) as
    select a.id, a.login, a.name, a.state, case when a.login ~ '^[0-9]+$' then '#' || a.id else a.login end as filed
    from daicho.account a
    union all
    select x.id, '#' || x.id, p.name, 'ended', '#' || x.id
    from daicho.account_past x
    join daicho.person p on p.id = x.person_id;
grant select on daicho.account_named to daicho_tenant;
