-- The only statements of the house that take a role: for this transaction, together with the look-up, in one trip. Inside the role nobody can take
-- another one. daicho.actor, daicho.groups and daicho.source say who acts, and from where: the history of changes and the entries of the log take it
-- from there, and inside the role nobody can set them (schema/tenant/0002_seal.sql).

-- enter_session(token_hash bytea, source text, certificate text) -> ahead maybe entrance(tenant text, masked bool, kind text, id int, actor text, groups
--     text, permissions text, lang text, theme text, session_id int, must_change bool, now_ms int, stage text, proven_ms int, role text, told text)
select e.tenant, e.masked, e.kind, e.id, e.actor, e.groups, e.permissions, e.lang, e.theme, e.session_id, e.must_change, e.now_ms, e.stage, e.proven_ms,
    pg_catalog.set_config('role', e.role, true) as role,
    pg_catalog.set_config('daicho.actor', e.kind || ':' || e.id || ':' || e.actor, true) || pg_catalog.set_config('daicho.groups', e.groups, true)
        || pg_catalog.set_config('daicho.source', $2, true) as told
from daicho.session_enter($1, $2, $3) e;

-- enter_key(token_hash bytea, source text) -> ahead maybe entrance
select e.tenant, e.masked, e.kind, e.id, e.actor, e.groups, e.permissions, e.lang, e.theme, e.session_id, e.must_change, e.now_ms, e.stage, e.proven_ms,
    pg_catalog.set_config('role', e.role, true) as role,
    pg_catalog.set_config('daicho.actor', e.kind || ':' || e.id || ':' || e.actor, true) || pg_catalog.set_config('daicho.groups', e.groups, true)
        || pg_catalog.set_config('daicho.source', $2, true) as told
from daicho.key_enter($1, $2) e;

-- owner: the define job changes tables, as the owner of the schema.
-- enter_name(tenant text, masked bool, owner bool, actor text, job text, groups text, source text) -> maybe doorway(tenant text, lang text, now_ms int, role text, told text)
select e.tenant, e.lang, e.now_ms,
    pg_catalog.set_config('role', case when $3 then 'daicho_owner' else e.role || case when $2 then '_masked' else '' end end, true) as role,
    pg_catalog.set_config('daicho.actor', $4, true) || pg_catalog.set_config('daicho.job', $5, true) || pg_catalog.set_config('daicho.groups', $6, true)
        || pg_catalog.set_config('daicho.source', $7, true) as told
from daicho.tenant_enter($1) e;

-- enter_probe(path text) -> none
select daicho.probe_note($1);

-- A key that opens nothing: because its contract is suspended?
-- enter_key_held(token_hash bytea, source text) -> one bool
select daicho.key_held($1, $2) as held;
