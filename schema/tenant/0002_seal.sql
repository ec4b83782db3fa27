-- Why: entries get their place in the contract's Merkle tree (schema/0014_seal.sql), below the horizon of transactions: in the order of (xid, id). The
-- entries themselves are never touched. And two ways to look into a long log: by who did it, and by what it was done to.
create index log_xid_idx on tenant.log (xid, id);
create index log_actor_idx on tenant.log (lower(actor), id);
create index log_subject_idx on tenant.log (kind, subject_id, id) where subject_id is not null;
create index log_refused_idx on tenant.log (id) where result <> 'OK';

-- Number, transaction and time of an entry are the database's own: an entry with a number of its choice could slip behind what was sealed.
revoke insert on tenant.log from t_all, t_masked, t_form;
grant insert (actor_kind, actor_id, actor, groups, source, verb, kind, subject_id, result, commitment) on tenant.log to t_all, t_masked, t_form;
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
