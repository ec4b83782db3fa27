-- What rights can be held for: registers of the tenant entered, known here by name and title only (the room register owns them).

-- permission_register_known(name text) -> one bool
select exists (select from tenant.register r where r.name = $1 and r.state = 'active') as known;

-- permission_register_all(lang text) -> many(1000) permission_register(name text, title text)
select r.name, coalesce(r.definition -> 'title' ->> $1::text, r.definition -> 'title' ->> 'ja', r.name) as title
from tenant.register r
where r.state = 'active'
order by r.position, r.id;
