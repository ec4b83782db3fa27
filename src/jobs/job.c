/* job.c - see jobs.h. Whether the tenant may start this kind of work is the route's business, how it is run gate/runner.c's. */
#include "base/house.h"

#include "jobs/jobs.h"

#include "base/clock.h"
#include "base/fail.h"
#include "db/db.h"
#include "jobs/job.sql.h"

enum {
        TELL_EVERY_MS = 500,
        RETRY_FIRST_S = 10,
        RETRY_FACTOR = 4,
        ERRORS_MAX = 64,
};

const struct job_sight job_sight_all = { { true, STR_NONE }, { true, STR_NONE }, { true, STR_NONE }, true, true };

static str actor_kind_word(enum actor_kind kind)
{
        static const char *const words[] = { "system", "account", "key", "operator", "system" };

        return str_of(words[kind]);
}

static enum actor_kind actor_kind_read(str word)
{
        if (str_is(word, "account"))
                return ACTOR_ACCOUNT;
        if (str_is(word, "key"))
                return ACTOR_KEY;
        return str_is(word, "operator") ? ACTOR_OPERATOR : ACTOR_SYSTEM;
}

rc job_add(struct cx *cx, const char *kind, str register_name, json_t *args, int64_t *ret_id)
{
        const struct actor *a = &cx->actor;

        must(!str_absent(cx->tenant));
        return sql_job_insert(cx, cx->tenant, actor_kind_word(a->kind), a->id, str_absent(a->name) ? S("") : a->name,
                              str_absent(a->groups) ? S("") : a->groups, str_of(kind), register_name,
                              json_write(cx->mem, args ? args : json_object()), ret_id);
}

/* Statements of the runner about its job go over the side connection, whatever cx is in the middle of. */
static rc on_side(struct cx *cx, struct job *job, int64_t done, int64_t total, const char *step, struct job_told **ret)
{
        struct db *work = cx->db;
        rc code;

        cx->db = job->side;
        code = sql_job_tell(cx, job->id, job->attempt, done, total, str_of(step), ret);
        cx->db = work;
        return code;
}

rc job_progress(struct cx *cx, struct job *job, int64_t done, int64_t total, const char *step)
{
        msec tick = clock_tick();
        struct arena_mark mark;
        struct job_told *told;
        rc code;
        bool gone, stop;

        if (job->told != 0 && tick - job->told < TELL_EVERY_MS && (done != total || total == 0))
                return RC_OK;
        job->told = tick;
        mark = arena_mark(cx->mem);
        code = on_side(cx, job, done, total, step, &told);
        if (code != RC_OK)
                return code;
        gone = told == NULL;
        stop = gone || told->cancel_asked;
        arena_rewind(cx->mem, mark);
        if (gone)
                return fail(cx, RC_CANCELLED, NULL, "another runner has taken this job over");
        return stop ? fail(cx, RC_CANCELLED, NULL, "this job was cancelled") : RC_OK;
}

static json_t *json_time(struct cx *cx, msec at, bool none)
{
        return none ? json_null() : json_str(clock_rfc3339(cx->mem, at));
}

static bool mine(const struct cx *cx, const struct job_row *r)
{
        if (cx->actor.kind == ACTOR_ACCOUNT)
                return r->account_id == cx->actor.id && r->account_id != 0;
        return cx->actor.kind == ACTOR_KEY && str_is(r->actor_kind, "key") && r->actor_id == cx->actor.id;
}

static void progress_model(const struct job_row *r, json_t *m)
{
        bool running = str_is(r->state, "running");
        msec spent = r->started_at_null ? 0 : (r->finished_at_null ? r->now : r->finished_at) - r->started_at;
        int64_t rate = spent > 0 ? r->done * 1000 / spent : 0;

        json_set(m, "done", json_integer(r->done));
        json_set(m, "total", json_integer(r->total));
        json_set(m, "percent", r->total > 0 ? json_integer(r->done >= r->total ? 100 : r->done * 100 / r->total) : json_null());
        json_set(m, "rate", rate > 0 ? json_integer(rate) : json_null());
        json_set(m, "seconds", r->started_at_null ? json_null() : json_integer(spent / 1000));
        json_set(m, "seconds_left", running && rate > 0 && r->total > r->done ? json_integer((r->total - r->done + rate - 1) / rate) : json_null());
        json_set(m, "step", json_str(r->step));
}

/* Numbers and words stay; lists hold rows of somebody's file. */
static json_t *without_rows(const json_t *result)
{
        json_t *out = json_object(), *value;
        const char *name;

        json_object_foreach((json_t *)(uintptr_t)result, name, value)
                if (!json_is_array(value) && !json_is_object(value))
                        json_set(out, name, value);
        return out;
}

static bool left_file(const struct job_row *r)
{
        return str_is(r->state, "done") || str_is(r->state, "ready");
}

static rc job_model(struct cx *cx, const struct job_row *r, bool may_see, json_t **ret)
{
        static const char *const states[] = { "queued", "running", "ready", "done", "failed", "cancelled" };
        json_t *m = json_object(), *result = json_null();

        if (!str_absent(r->result))
                TRY(json_read(cx, r->result, &result));
        if (!mine(cx, r) && (!may_see || (cx->masked && !r->masked)))
                result = without_rows(result);
        json_set(m, "id", json_integer(r->id));
        json_set(m, "kind", json_str(r->kind));
        json_set(m, "register", json_str(r->register_));
        json_set(m, "state", json_str(r->state));
        json_set(m, "active", json_boolean(str_is(r->state, "queued") || str_is(r->state, "running")));
        for (size_t i = 0; i < COUNT(states); i++)
                json_set(m, str_format(cx->mem, "is_%s", states[i]).p, json_boolean(str_is(r->state, states[i])));
        json_set(m, "attempt", json_integer(r->attempt));
        progress_model(r, m);
        json_set(m, "actor", json_str(r->actor));
        json_set(m, "mine", json_boolean(mine(cx, r)));
        json_set(m, "created_at", json_time(cx, r->created_at, false));
        json_set(m, "started_at", json_time(cx, r->started_at, r->started_at_null));
        json_set(m, "until_at", json_time(cx, r->ready_until, r->ready_until_null));
        json_set(m, "finished_at", json_time(cx, r->finished_at, r->finished_at_null));
        json_set(m, "cancel_asked", json_boolean(r->cancel_asked));
        json_set(m, "result", result);
        json_set(m, "has_file", json_boolean(!str_absent(r->result_file) && left_file(r)));
        json_set(m, "file_name", json_str(r->result_name));
        *ret = m;
        return RC_OK;
}

static bool within(const struct job_range *range, str name)
{
        str names = range->names;

        while (!str_empty(names))
                if (str_equal(str_cut(names, ' ', &names), name))
                        return !range->all;
        return range->all;
}

static rc row_find(struct cx *cx, int64_t id, const struct job_sight *sight, struct job_row **ret)
{
        struct job_row *r;

        TRY(sql_job_find(cx, id, &r));
        if (r == NULL || !(str_absent(r->register_) ? mine(cx, r) || sight->contract : within(&sight->any, r->register_)))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such job");
        *ret = r;
        return RC_OK;
}

rc job_get(struct cx *cx, int64_t id, const struct job_sight *sight, json_t **ret)
{
        struct job_row *r;

        TRY(row_find(cx, id, sight, &r));
        return job_model(cx, r, str_absent(r->register_) ? sight->contract_file : within(&sight->imports, r->register_), ret);
}

rc job_list(struct cx *cx, int64_t before_id, bool active_only, int limit, const struct job_sight *sight, json_t **ret)
{
        json_t *jobs = json_array(), *model = json_object();
        struct job_row *list;
        size_t count, running = 0;

        TRY(sql_job_list(cx, before_id, active_only, limit + 1, sight->any.all, sight->any.names, sight->contract, actor_kind_word(cx->actor.kind),
                         cx->actor.id, &list, &count));
        for (size_t i = 0; i < count && i < (size_t)limit; i++) {
                json_t *one;

                TRY(job_model(cx, &list[i], false, &one));
                running += json_is_true(json_object_get(one, "active"));
                must(json_array_append_new(jobs, one) == 0);
        }
        json_set(model, "jobs", jobs);
        json_set(model, "next", count > (size_t)limit ? json_integer(list[limit - 1].id) : json_null());
        json_set(model, "running", json_integer((json_int_t)running));
        *ret = model;
        return RC_OK;
}

rc job_cancel(struct cx *cx, int64_t id, const struct job_sight *sight, bool may_all)
{
        struct job_row *r;
        str state;

        TRY(row_find(cx, id, sight, &r));
        if (!may_all && !mine(cx, r))
                return fail(cx, RC_FORBIDDEN, NULL, "only who started a job or may manage the contract can cancel it");
        TRY(sql_job_stop(cx, id, &state));
        if (str_absent(state))
                return fail(cx, RC_CONFLICT, NULL, "this job is over already");
        return RC_OK;
}

rc job_apply(struct cx *cx, int64_t id, const struct job_sight *sight, str answer)
{
        struct job_row *r;
        bool ours;

        TRY(row_find(cx, id, sight, &r));
        if (!mine(cx, r))
                return fail(cx, RC_FORBIDDEN, NULL, "only who started this can let it go on");
        TRY(sql_job_go(cx, id, answer, &ours));
        return ours ? RC_OK : fail(cx, RC_CONFLICT, NULL, "this does not wait for a decision");
}

rc job_ready_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct job_ready *due;

        TRY(sql_job_ready_next(cx, after, &due));
        if (due == NULL)
                return RC_OK;
        *ret_tenant = due->tenant;
        *ret_id = due->id;
        return RC_OK;
}

rc job_ready_over(struct cx *cx, int64_t id, json_t **ret)
{
        str register_name;

        TRY(sql_job_ready_end(cx, id, &register_name));
        *ret = str_absent(register_name) ? NULL : json_set(json_object(), "register", json_str(register_name));
        return RC_OK;
}

rc job_file(struct cx *cx, int64_t id, const struct job_sight *sight, str *ret_path, str *ret_name)
{
        struct job_row *r;
        bool may;

        TRY(row_find(cx, id, sight, &r));
        may = str_absent(r->register_) ? sight->contract_file : within(str_is(r->kind, "import") ? &sight->imports : &sight->exports, r->register_);
        if (!mine(cx, r) && !may)
                return fail(cx, RC_FORBIDDEN, NULL, "this file is for who started the job and for those who may do the same");
        if (cx->masked && !r->masked)
                return fail(cx, RC_FORBIDDEN, NULL, "this file holds personal items, which this account may not see");
        if (str_absent(r->result_file) || !left_file(r))
                return fail(cx, RC_UNKNOWN, NULL, "this job has no file");
        *ret_path = r->result_file;
        *ret_name = r->result_name;
        return RC_OK;
}

rc job_take(struct cx *cx, struct job **ret)
{
        struct job_row *r;
        struct job *job;

        TRY(sql_job_next(cx, &r));
        if (r == NULL) {
                *ret = NULL;
                return RC_OK;
        }
        job = NEW(cx->mem, struct job);
        *job = (struct job){
                .id = r->id,
                .kind = r->kind,
                .tenant = r->tenant,
                .register_name = r->register_,
                .account_id = r->account_id,
                .actor = { .kind = actor_kind_read(r->actor_kind), .id = r->actor_id, .name = r->actor, .groups = r->groups, .source = S("-") },
                .permissions = r->permissions,
                .masked = r->masked,
                .attempt = (int)r->attempt,
                .tries = (int)r->tries,
                .cancel_asked = r->cancel_asked,
                .side = cx->db,
        };
        TRY(json_read(cx, r->args, &job->args));
        *ret = job;
        return RC_OK;
}

rc job_words(struct cx *cx, struct job *job, str *ret)
{
        struct db *work = cx->db;
        rc code;

        cx->db = job->side;
        code = sql_job_words_now(cx, job->id, ret);
        cx->db = work;
        return code;
}

rc job_check(struct cx *cx, const struct job *job)
{
        if (job->cancel_asked)
                return fail(cx, RC_CANCELLED, NULL, "this job was cancelled");
        if (job->tries > JOB_ATTEMPTS)
                return fail(cx, RC_INTERNAL, NULL, "the process that did this work ended %d times before it was done", JOB_ATTEMPTS);
        return RC_OK;
}

static json_t *refusal_model(struct cx *cx, rc result)
{
        json_t *m = json_object(), *errors = json_array();

        for (size_t i = 0; i < cx->failure.count && i < ERRORS_MAX; i++) {
                const struct problem *p = &cx->failure.problem[i];
                json_t *one = json_object();

                json_set(one, "item", json_str(str_of(p->item)));
                json_set(one, "line", p->line ? json_integer(p->line) : json_null());
                json_set(one, "detail", json_str(p->text));
                must(json_array_append_new(errors, one) == 0);
        }
        json_set(m, "code", json_str(str_of(rc_name(result))));
        json_set(m, "errors", errors);
        return m;
}

static bool passing(rc result)
{
        return result == RC_BUSY || result == RC_UNAVAILABLE || result == RC_DISK_FULL;
}

rc job_finish(struct cx *cx, struct job *job, rc result)
{
        str state = result == RC_OK ? job->ready ? S("ready") : S("done") : result == RC_CANCELLED ? S("cancelled") : S("failed");
        struct failure told = cx->failure;
        json_t *model = job->result;
        int64_t wait = RETRY_FIRST_S;
        str heard = STR_NONE;
        bool ours = false;

        if (result != RC_OK && result != RC_CANCELLED)
                model = refusal_model(cx, result);
        for (int i = 1; i < job->tries; i++)
                wait *= RETRY_FACTOR;
        fail_clear(cx);
        if (passing(result) && job->tries < JOB_ATTEMPTS) {
                TRY(sql_job_again(cx, job->id, job->attempt, wait, json_write(cx->mem, model), &ours));
        } else {
                TRY(sql_job_end(cx, job->id, job->attempt, state, model ? json_write(cx->mem, model) : STR_NONE,
                                result == RC_OK ? job->result_file : STR_NONE, result == RC_OK ? job->result_name : STR_NONE, &heard));
                ours = !str_absent(heard);
        }
        cx->failure = told;
        if (!ours)
                return fail(cx, RC_CONFLICT, NULL, "another runner has taken this job over");
        if (result == RC_OK && str_is(heard, "cancelled"))
                return fail(cx, RC_CANCELLED, NULL, "this job was cancelled");
        return RC_OK;
}
