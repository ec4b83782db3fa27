-- Why: work that waits for a decision may ask which way to go on: an export in an encoding that lacks characters of its cells. The answer is one plain word and
-- stands beside the order.
drop function daicho.job_apply(bigint);
create function daicho.job_apply(id_ bigint, answer_ text) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    who text[] := string_to_array(current_setting('daicho.actor', true), ':');
begin
    if answer_ !~ '^[a-z0-9-]{1,20}$' then
        raise invalid_parameter_value using message = 'an answer is one word';
    end if;
    update daicho.job j set state = 'queued', args = j.args || jsonb_strip_nulls(jsonb_build_object('apply', true, 'answer', answer_)), attempt_base = j.attempt,
        not_before = daicho.clock(), finished_at = null, ready_until = null, done = 0, total = 0, step = null
    where j.id = id_ and j.tenant = daicho.role_tenant() and j.state = 'ready' and not j.cancel_asked
        and (j.actor_kind || ':' || j.actor_id = who[1] || ':' || who[2] or who[1] = 'account' and j.account_id::text = who[2] and j.account_id <> 0);
    return found;
end
$$;
revoke execute on function daicho.job_apply(bigint, text) from public;
grant execute on function daicho.job_apply(bigint, text) to daicho_tenant;
