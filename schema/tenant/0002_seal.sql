-- Why: entries get their place in the contract's Merkle tree (schema/0014_seal.sql), below the horizon of transactions: in the order of (xid, id). The
-- entries themselves are never touched. And two ways to look into a long log: by who did it, and by what it was done to.
create index log_xid_idx on tenant.log (xid, id);
create index log_actor_idx on tenant.log (lower(actor), id);
create index log_subject_idx on tenant.log (kind, subject_id, id) where subject_id is not null;
create index log_refused_idx on tenant.log (id) where result <> 'OK';

-- Who, in which groups, from where, when, under which number and in which transaction: that is the database's own. Whoever enters a contract says it
-- once, together with taking the role (gate/enter.sql), and inside the role nobody can say it again. So no statement of a contract's role, however it came
-- about, writes an entry in another's name, of another time, or behind what was sealed; and without having entered none is written at all.
alter table tenant.log
    alter column actor_kind set default split_part(current_setting('daicho.actor', true), ':', 1),
    alter column actor_id set default coalesce(nullif(split_part(current_setting('daicho.actor', true), ':', 2), '')::bigint, 0),
    alter column actor set default substring(current_setting('daicho.actor', true) from '^[a-z]+:[0-9]+:(.*)$'),
    alter column groups set default coalesce(current_setting('daicho.groups', true), ''),
    alter column source set default current_setting('daicho.source', true);
-- A detail belongs to the entry written just before it.
do $$
begin
    execute format('alter table %s alter column id set default currval(%L::regclass)', pg_typeof(null::tenant.log_detail),
        pg_get_serial_sequence(pg_typeof(null::tenant.log)::text, 'id'));
end
$$;
revoke insert on tenant.log, tenant.log_detail from t_all, t_masked, t_form;
grant insert (verb, kind, subject_id, result, commitment) on tenant.log to t_all, t_masked, t_form;
grant insert (salt, detail) on tenant.log_detail to t_all, t_masked, t_form;
grant select on sequence tenant.log_id_seq to t_all, t_masked, t_form;
grant select on tenant.log to t_all, t_masked;

-- Where the leaves of the tree are: up to 4096 entries a row.
create table tenant.seal (
    generation int not null,
    first bigint not null,
    count int not null check (count between 1 and 4096),
    last_xid xid8 not null,
    last_id bigint not null,
    at timestamptz not null default daicho.clock(),
    primary key (generation, first)
);
create index seal_last_idx on tenant.seal (last_xid, last_id);
grant select on tenant.seal to t_all, t_masked;

-- The operator's desk (schema/0015_support.sql): what was done and which registers there are, so that a house can be run; no record, no history of one, and
-- of what entries say exactly only that there is something.
grant select on tenant.log, tenant.seal, tenant.register to t_desk;
grant insert (verb, kind, subject_id, result, commitment) on tenant.log to t_desk;
grant insert (salt, detail) on tenant.log_detail to t_desk;
grant select on sequence tenant.log_id_seq to t_desk;
grant select (id) on tenant.log_detail to t_desk;
