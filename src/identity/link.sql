-- Who is linked to whom: accounts here and subjects of providers; invitations to link; people who applied.

-- link_list(account_id int) -> many(100) link_row(id int, provider_id int, provider text, kind text, email text?, name text?, created_at time,
--     used_at time?)
select i.id, i.provider_id, v.name as provider, v.kind, i.email, i.name, i.created_at, i.used_at
from daicho.identity i join daicho.provider v on v.id = i.provider_id
where i.account_id = $1 order by i.id limit 100;

-- link_drop(account_id int, id int) -> maybe int
delete from daicho.identity where account_id = $1 and id = $2 returning id;

-- link_applicants() -> many(500) link_applicant(id int, provider_id int, provider text, kind text, subject text, email text?, name text?,
--     created_at time, refused_at time?)
select i.id, i.provider_id, v.name as provider, v.kind, i.subject, i.email, i.name, i.created_at, i.refused_at
from daicho.identity i join daicho.provider v on v.id = i.provider_id
where i.account_id is null order by i.refused_at is not null, i.id desc limit 500;

-- link_applicant(id int) -> maybe link_applicant
select i.id, i.provider_id, v.name as provider, v.kind, i.subject, i.email, i.name, i.created_at, i.refused_at
from daicho.identity i join daicho.provider v on v.id = i.provider_id
where i.id = $1 and i.account_id is null for update of i;

-- link_approve(id int, account_id int) -> maybe int
update daicho.identity set account_id = $2, refused_at = null where id = $1 and account_id is null returning id;

-- link_refuse(id int) -> maybe int
update daicho.identity set refused_at = daicho.clock() where id = $1 and account_id is null and refused_at is null returning id;

-- link_forget(id int) -> maybe int
delete from daicho.identity where id = $1 and account_id is null returning id;

-- link_uninvite(provider_id int, account_id int) -> none
delete from daicho.invitation where provider_id = $1 and account_id = $2;

-- link_invite(tenant text, provider_id int, account_id int, token_hash bytea, made_by text) -> one int
insert into daicho.invitation (tenant, provider_id, account_id, token_hash, made_by) values ($1, $2, $3, $4, $5) returning id;
