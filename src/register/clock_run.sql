-- Clocks of registers: their rules, and telling what is due. How they run: schema/0039_duty.sql.

-- By the define job.
-- clock_run_rules(tenant text, register_id int, name text, rules json) -> none
select daicho.clock_rule_set($1, $2, $3, $4::jsonb);

-- The owner sees all contracts: asked of the one it works for.
-- clock_run_calendar(tenant text, name text) -> one bool
select exists (select from daicho.calendar c where c.tenant = $1 and c.name = $2) as is;

-- clock_run_group(tenant text, name text) -> one bool
select exists (select from daicho.account_group g where g.tenant = $1 and lower(g.name) = lower($2)) as is;

-- clock_run_account(tenant text, login text) -> one bool
select exists (select from daicho.account a where a.tenant = $1 and lower(a.login) = lower($2) and a.state = 'active') as is;

-- Outside any contract: the next one where something is to be told.
-- clock_run_due(after int) -> maybe clock_run_due(tenant text, number int)
select tenant, number from daicho.duty_due($1);

-- clock_run_fire(max int) -> many(100000) clock_run_told(duty int, notice text, account int?, email text?, lang text?, title_ja text, title_en text, register text, record int?,
--     due_at time, missed bool, reads bool)
select f.duty, f.notice, f.account, f.email, f.lang, f.title_ja, f.title_en, f.register, f.record, f.due_at, f.missed, daicho.duty_reads(f.account, f.register) as reads
from daicho.duty_fire($1::int) f;

-- clock_run_simulate(rule json, from_ time, days int) -> many(2000) clock_run_fall(what text, start_at time, at time, who text?)
select s.what, s.start_at, s.at, s.who from daicho.clock_simulate($1::jsonb, $2, $3::int) s;

-- clock_run_lay(tenant text, register_id int, laid bool) -> none
select daicho.clock_lay($1, $2, $3);

-- clock_run_running(tenant text, register_id int, name text) -> one int
select count(*) from daicho.duty d where d.tenant = $1 and d.register_id = $2 and d.kind = 'clock' and d.clock = $3 and d.stopped_at is null and d.void_at is null;
