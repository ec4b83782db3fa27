-- Client certificates of the tenant entered. Rows are made and revoked through functions of the owner (schema/0012_edge.sql).

-- certificate_list(max int) -> many(1000) certificate_row(id int, serial text, name text, person_id int?, person text?, issued_at time, issued_by text?,
--     expires_at time, revoked_at time?, revoked_by text?, state text)
select c.id, c.serial, c.name, c.person_id, p.name as person, c.issued_at, c.issued_by, c.expires_at, c.revoked_at, c.revoked_by,
    case when c.revoked_at is not null then 'revoked' when c.expires_at <= daicho.clock() then 'expired'
        when c.expires_at <= daicho.clock() + interval '30 days' then 'expiring' else 'active' end as state
from daicho.certificate c
left join daicho.person p on p.tenant = c.tenant and p.id = c.person_id
order by c.revoked_at is not null or c.expires_at <= daicho.clock(), c.id desc
limit $1::bigint;

-- certificate_find(id int) -> maybe certificate_row
select c.id, c.serial, c.name, c.person_id, p.name as person, c.issued_at, c.issued_by, c.expires_at, c.revoked_at, c.revoked_by,
    case when c.revoked_at is not null then 'revoked' when c.expires_at <= daicho.clock() then 'expired'
        when c.expires_at <= daicho.clock() + interval '30 days' then 'expiring' else 'active' end as state
from daicho.certificate c
left join daicho.person p on p.tenant = c.tenant and p.id = c.person_id
where c.id = $1;

-- certificate_insert(serial text, name text, person_id int?, days int) -> one int
select daicho.certificate_issue($1, $2, $3, $4::int);

-- certificate_close(id int) -> one int?
select daicho.certificate_revoke($1) as id;

-- People it can be for: those who are still here.
-- certificate_people() -> many(500) certificate_person(id int, name text)
select p.id, p.name from daicho.person p where p.left_at is null order by p.name, p.id limit 500;

-- Is there one that opens this contract: this one, or ('') any?
-- certificate_lives(serial text) -> one bool
select exists (select from daicho.certificate c where ($1 = '' or c.serial = $1) and c.revoked_at is null and c.expires_at > daicho.clock()) as lives;
