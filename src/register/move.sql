-- Moves: how they are judged, made and approved stands in schema/0045_move.sql.

-- By the define job.
-- move_rules(tenant text, register_id int, name text, item text, rules json) -> one int
select daicho.move_rule_set($1, $2, $3, $4, $5::jsonb) as ended;

-- move_lay(tenant text, register_id int, laid bool) -> none
select daicho.move_lay($1, $2, $3);

-- Open requests whose rule would be gone or different.
-- move_rules_open(register_id int, rules json) -> one int
select count(*) from daicho.move m join daicho.move_rule r on r.id = m.rule_id
where m.register_id = $1 and m.state in ('waiting', 'approved') and not exists (
    select from jsonb_array_elements($2::jsonb) x where x ->> 'name' = r.name and x ->> 'item' = r.item and x -> 'rule' = r.rule);

-- move_ask(register text, record int, name text, version int) -> one move_asked(said text, id int?, missing text?, hash text?)
select a.said, a.id, array_to_string(a.missing, ' ') as missing, encode(a.hash, 'hex') as hash from daicho.move_ask($1, $2, $3, $4) a;

-- move_approve(register text, id int, set int) -> one text
select daicho.move_approve($1, $2, $3) as said;

-- move_refuse(register text, id int, why text) -> one text
select daicho.move_refuse($1, $2, $3) as said;

-- move_withdraw(register text, id int) -> one text
select daicho.move_withdraw($1, $2) as said;

-- move_carry(register text, id int) -> one move_carried(said text, missing text?)
select c.said, array_to_string(c.missing, ' ') as missing from daicho.move_carry($1, $2) c;

-- move_look(register text, record int) -> many(50) move_possible(name text, title_ja text, title_en text, to_state text, needed int, said text?, missing text?)
select l.name, l.title_ja, l.title_en, l.to_state, l.needed, l.said, array_to_string(l.missing, ' ') as missing from daicho.move_look($1, $2) l;

-- move_open(register text, record int) -> many(5) move_waiting(id int, carry text?, missing text?, own bool, set int, who json, needed int, given int, given_by text?, may text?)
select o.id, o.carry, array_to_string(o.missing, ' ') as missing, o.own, o.set_id as set, o.who, o.needed, o.given, o.given_by, o.may from daicho.move_open($1, $2) o;

-- The course of a record, newest first.
-- move_course(register_id int, record int, before int, max int) -> many(201) move_row(id int, name text, title_ja text, title_en text, from_state text, to_state text, state text,
--     hash text?, asked_by text, asked_at time, ended_by text?, ended_at time?, why text?, approved_by text?)
select m.id, r.name, r.title_ja, r.title_en, m.from_state, m.to_state, m.state, encode(m.hash, 'hex') as hash, m.asked_by, m.asked_at, m.ended_by, m.ended_at, m.why,
    (select string_agg(a.given_by, ', ' order by a.id) from daicho.move_approval a where a.move_id = m.id) as approved_by
from daicho.move m join daicho.move_rule r on r.id = m.rule_id
where m.register_id = $1 and m.record = $2 and ($3::bigint = 0 or m.id < $3::bigint) order by m.id desc limit $4::bigint;

-- What a request is about, for its entry in the log.
-- move_about(id int) -> maybe move_about(record int, name text, to_state text)
select m.record, r.name, m.to_state from daicho.move m join daicho.move_rule r on r.id = m.rule_id where m.id = $1;

-- Outside any contract: the next one where somebody is to be told.
-- move_due(after int) -> maybe move_due(tenant text, number int)
select tenant, number from daicho.move_due($1);

-- notice: asked, reminder, overdue; or the state in which it is now.
-- move_fire(max int) -> many(100000) move_told(move int, notice text, account int, email text, lang text, title_ja text, title_en text, register text, record int, due_at time?,
--     asked_by text, why text?)
select f.move, f.notice, f.account, f.email, f.lang, f.title_ja, f.title_en, f.register, f.record, nullif(f.due_at, 'infinity') as due_at, f.asked_by, f.why
from daicho.move_fire($1::int) f;
