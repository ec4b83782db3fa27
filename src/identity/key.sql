-- API keys of the tenant entered. The key itself is never stored, its hash never read.

-- key_list(max int) -> many(500) api_key(id int, name text, hint text, permissions text, words text, maker_id int?, maker text?, created_at time, expires_at
--     time?, used_at time?, used_from text?, revoked_at time?, addresses text?, rotated_at time?, old_until time?,
--     state text)
select k.id, k.name, k.hint, array_to_string(k.permissions, ' ') as permissions, k.words, k.created_by as maker_id, a.login as maker,
    k.created_at, k.expires_at, k.used_at, k.used_from, k.revoked_at, array_to_string(k.addresses, ' ') as addresses, k.rotated_at,
    case when k.old_until > daicho.clock() then k.old_until end as old_until,
    case when k.revoked_at is not null then 'revoked' when k.expires_at <= daicho.clock() then 'expired'
        when a.state = 'suspended' then 'suspended' else 'active' end as state
from daicho.api_key k
left join daicho.account a on a.id = k.created_by
order by k.revoked_at is not null, k.id desc
limit $1::bigint;

-- key_find(id int) -> maybe api_key
select k.id, k.name, k.hint, array_to_string(k.permissions, ' ') as permissions, k.words, k.created_by as maker_id, a.login as maker,
    k.created_at, k.expires_at, k.used_at, k.used_from, k.revoked_at, array_to_string(k.addresses, ' ') as addresses, k.rotated_at,
    case when k.old_until > daicho.clock() then k.old_until end as old_until,
    case when k.revoked_at is not null then 'revoked' when k.expires_at <= daicho.clock() then 'expired'
        when a.state = 'suspended' then 'suspended' else 'active' end as state
from daicho.api_key k
left join daicho.account a on a.id = k.created_by
where k.id = $1;

-- days null: until revoked.
-- key_insert(tenant text, name text, token_hash bytea, hint text, permissions text, maker_id int?, days int?, addresses
--     text?) -> one int
insert into daicho.api_key (tenant, name, token_hash, hint, permissions, created_by, expires_at, addresses)
values ($1, $2, $3, $4, string_to_array($5, ' '), $6, daicho.clock() + make_interval(days => $7::int), string_to_array($8, ' ')::cidr[])
returning id;

-- key_close(id int) -> maybe int
update daicho.api_key set revoked_at = daicho.clock() where id = $1 and revoked_at is null returning id;

-- key_addresses(id int, addresses text?) -> changed
update daicho.api_key set addresses = string_to_array($2, ' ')::cidr[] where id = $1 and revoked_at is null;

-- A new secret; the one until now counts for `minutes` more. days null: it ends when it did.
-- key_rotate(id int, token_hash bytea, hint text, minutes int, days int?) -> one int?
select daicho.key_rotate($1, $2, $3, $4::int, $5::int) as id;

-- Keys whose maker is this key's maker: a key makes keys in its maker's name.
-- key_maker(id int) -> maybe int?
select k.created_by as maker_id from daicho.api_key k where k.id = $1;
