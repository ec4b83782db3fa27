-- Access tokens. The first statement runs before a tenant is entered; functions of the owner (schema/0012_edge.sql).

-- token_client(client int, secret_hash bytea, source text) -> maybe token_client_row(tenant text, lang text, id int, name text, words text, stage text,
--     good bool)
select tenant, lang, id, name, words, stage, good from daicho.token_client($1, $2, $3);

-- token_open(key_id int, token_hash bytea, scope text[], seconds int) -> one int?
select daicho.token_open($1, $2, $3::text[], $4::int) as id;
