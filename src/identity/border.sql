-- From where and with what a contract is entered: its policy's address list, and whether it does without certificates.

-- Before a tenant is entered; by the processes that look at passwords and providers.
-- border_check(tenant text, source text, certificate text) -> maybe border_answer(tenant text, lang text, stage text)
select tenant, lang, stage from daicho.border_check($1, $2, $3);

-- border_policy() -> one border_policy_row(addresses text?, addresses_on bool, certificate_required bool, version int)
select array_to_string(p.addresses, ' ') as addresses, p.addresses_on, p.certificate_required, p.version
from daicho.policy p where p.tenant = daicho.tenant();

-- border_within(source text, ranges text) -> one bool
select daicho.address_within($1, string_to_array($2, ' ')::cidr[]) as within;

-- ranges: separated by spaces; null: none.
-- border_addresses(ranges text?, on_ bool, version int) -> changed
update daicho.policy set addresses = string_to_array($1, ' ')::cidr[], addresses_on = $2, version = version + 1, updated_at = daicho.clock()
where tenant = daicho.tenant() and version = $3;

-- What stands or waits: at most one.
-- border_opt_out() -> maybe opt_out_row(id int, reason text, asked_id int?, asked_by text, asked_at time, approved_by text?, approved_at time?)
select o.id, o.reason, o.asked_id, o.asked_by, o.asked_at, o.approved_by, o.approved_at
from daicho.opt_out o where o.ended_at is null;

-- border_ask(reason text) -> one int?
select daicho.opt_out_ask($1) as id;

-- border_approve(id int) -> one int?
select daicho.opt_out_approve($1) as id;

-- border_end(id int) -> one int?
select daicho.opt_out_end($1) as id;

-- border_require() -> one bool
select daicho.certificate_require() as changed;
