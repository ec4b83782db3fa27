-- What the watch process asks and tells; functions of the owner (schema/0012_edge.sql).

-- watch_place() -> one watch_position(file text, place int)
select file, place from daicho.watch_place();

-- watch_tell(file text, place int, subject text?, body text?, recipients text[], connections json) -> none
select daicho.watch_tell($1, $2, $3, $4, $5, $6);

-- watch_revoked() -> many(100001) text
select daicho.watch_revoked() as serial;

-- watch_unproven() -> one text
select daicho.erasure_unproven() as ids;
