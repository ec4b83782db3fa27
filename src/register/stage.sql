-- After many changes at once: the index takes in what waits beside it, the planner learns how many there are.
-- stage_settle(register text) -> none
select daicho.register_settle($1);
