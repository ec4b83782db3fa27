/* runner.c - see runner.h. Two connections: the queue's, which holds the job and tells its progress, and the one the work is done on. */
#include "base/house.h"

#include "gate/runner.h"

#include "base/clock.h"
#include "base/fail.h"
#include "db/db.h"
#include "gate/enter.h"
#include "log/log.h"

#include <poll.h>
#include <stdio.h>

enum { POLL_MS = 100, TROUBLE_MS = 2000, CHORES_MAX = 32, CHORE_UNITS = 1000 };

static void unit_begin(struct cx *cx, struct db *db)
{
        arena_reset(cx->mem);
        fail_clear(cx);
        arena_current = cx->mem;
        cx->db = db;
        cx->actor = (struct actor){ .kind = ACTOR_SYSTEM, .name = S("jobs"), .groups = S(""), .source = S("-") };
        cx->tenant = STR_NONE;
        cx->masked = true;
        cx->permissions = (struct rights){ 0 };
        cx->log = NULL;
        cx->now = 0;
}

static const struct job_kind *kind_find(const struct job_kind *kinds, str name)
{
        for (; kinds->name != NULL; kinds++)
                if (str_is(name, kinds->name))
                        return kinds;
        return NULL;
}

static void starter_take(struct cx *cx, const struct job *job)
{
        cx->actor = job->actor;
        cx->actor.job = job->id;
        cx->masked = job->masked;
        cx->permissions = job->actor.kind == ACTOR_OPERATOR && job->actor.id == 0 ? permission_all() : permission_parse(cx->mem, job->permissions);
}

/* A right may have gone since the job was asked for, or while it ran. What was begun with sight of personal items is not finished without. */
static rc rights_check(struct cx *cx, const struct job_kind *kind, struct job *job)
{
        str words;

        if (job->actor.kind != ACTOR_ACCOUNT && job->actor.kind != ACTOR_KEY)
                return RC_OK;
        TRY(job_words(cx, job, &words));
        cx->permissions = permission_parse(cx->mem, words);
        if (str_absent(words) || !permission_held_for(cx, kind->permission, job->register_name) ||
            (!job->masked && !permission_held(cx, PERM_PERSONAL_SEE)))
                return fail(cx, RC_FORBIDDEN, NULL, "who started this job may not do it any more");
        return RC_OK;
}

static rc work(struct cx *cx, const struct job_kind *kind, struct job *job)
{
        TRY(job_check(cx, job));
        for (;;) {
                struct arena_mark mark = arena_mark(cx->mem);

                job->again = false;
                TRY(db_ensure(cx));
                TRY(enter_by_name(cx, job->tenant, kind->owner));
                TRY(rights_check(cx, kind, job));
                TRY(kind->run(cx, job));
                if (!job->again)
                        break;
                TRY(db_commit(cx));
                arena_rewind(cx->mem, mark);
        }
        TRY(rights_check(cx, kind, job));
        log_write(cx, kind->verb, RC_OK);
        TRY(job_finish(cx, job, RC_OK));
        return db_commit(cx);
}

/* The entry about a refused job, in a transaction of its own. */
static void refusal_log(struct cx *cx, const struct job_kind *kind, const struct job *job, rc result)
{
        struct failure told = cx->failure;

        fail_clear(cx);
        if (db_ensure(cx) == RC_OK && enter_by_name(cx, job->tenant, false) == RC_OK) {
                cx->failure = told;
                log_write(cx, kind->verb, result);
                fail_clear(cx);
                if (db_commit(cx) != RC_OK)
                        (void)fprintf(stderr, "daicho: entry of a refused job not written: %s\n", db_refusal(cx));
        }
        db_rollback(cx);
        cx->tenant = STR_NONE;
        cx->failure = told;
}

static void job_run(struct cx *cx, const struct job_kind *kinds, struct job *job, struct db *queue, struct db *worker)
{
        const struct job_kind *kind = kind_find(kinds, job->kind);
        rc result;

        cx->db = worker;
        starter_take(cx, job);
        log_subject(cx, S("job"), job->id); /* until the work names what it is about */
        if (kind == NULL) {
                result = fail(cx, RC_INTERNAL, NULL, "nobody knows how to do this work");
        } else {
                result = work(cx, kind, job);
                if (result != RC_OK) {
                        db_rollback(cx);
                        refusal_log(cx, kind, job, result);
                }
        }
        if (result == RC_OK)
                return;
        if (rc_http(result) >= 500)
                (void)fprintf(stderr, "daicho: job tenant=%.*s id=%" PRId64 " kind=%.*s attempt=%d result=%s text=\"%.*s\" database=\"%s\"\n",
                              STR_ARG(job->tenant), job->id, STR_ARG(job->kind), job->attempt, rc_name(result),
                              STR_ARG(cx->failure.count ? cx->failure.problem[0].text : S("")), db_refusal(cx));
        cx->db = queue;
        cx->tenant = STR_NONE;
        if (db_ensure(cx) != RC_OK || job_finish(cx, job, result) != RC_OK)
                (void)fprintf(stderr, "daicho: end of job %" PRId64 " not written: %s\n", job->id, db_refusal(cx));
}

/* Into the tenant of a chore's unit, or a transaction outside any. */
static rc chore_enter(struct cx *cx, str tenant, bool owner)
{
        if (!str_absent(tenant))
                return enter_by_name(cx, tenant, owner);
        db_begin(cx);
        return RC_OK;
}

/* One unit of a chore. False: nothing was due. */
static bool chore_do(struct cx *cx, const struct chore *chore, struct db *worker, int64_t *after)
{
        const char *name;
        str tenant = STR_NONE;
        json_t *told = NULL, *value;
        int64_t id = 0;
        rc result;

        unit_begin(cx, worker);
        if (db_ensure(cx) != RC_OK || (chore->next != NULL && (chore->next(cx, *after, &tenant, &id) != RC_OK || str_absent(tenant))))
                return false;
        *after = id;
        cx->masked = chore->masked;
        result = chore_enter(cx, tenant, chore->owner);
        log_subject(cx, str_of(chore->kind), id);
        if (result == RC_OK)
                result = chore->run(cx, id, &told);
        if (result == RC_OK && told == NULL) {
                db_rollback(cx);
                return chore->next != NULL;
        }
        json_object_foreach(told, name, value)
                log_detail(cx, name, value);
        if (result == RC_OK && chore->tell != NULL)
                result = chore->tell(cx, told);
        if (result == RC_OK) {
                log_write(cx, chore->verb, RC_OK);
                result = db_commit(cx);
        }
        if (result == RC_OK)
                return true;
        (void)fprintf(stderr, "daicho: chore kind=%s tenant=%.*s id=%" PRId64 " result=%s database=\"%s\"\n", chore->kind, STR_ARG(tenant), id,
                      rc_name(result), db_refusal(cx));
        db_rollback(cx);
        fail_clear(cx);
        if (db_ensure(cx) == RC_OK && chore_enter(cx, tenant, false) == RC_OK) {
                log_write(cx, chore->verb, result);
                if (db_commit(cx) != RC_OK)
                        (void)fprintf(stderr, "daicho: entry of a refused chore not written: %s\n", db_refusal(cx));
        }
        db_rollback(cx);
        return chore->next != NULL; /* without one the same would be found again at once */
}

/* A unit that is refused does not hold up those after it; it is tried again the next time. */
static void chores_do(struct cx *cx, const struct chore *chores, struct db *worker, msec *last, const volatile bool *stop)
{
        for (size_t i = 0; chores[i].kind != NULL && i < CHORES_MAX; i++) {
                int64_t after = 0;

                if (last[i] != 0 && clock_tick() - last[i] < chores[i].every_ms)
                        continue;
                last[i] = clock_tick();
                for (int n = 0; n < CHORE_UNITS && !*stop && chore_do(cx, &chores[i], worker, &after); n++)
                        ;
                unit_begin(cx, worker);
                if (chores[i].sweep != NULL && (db_ensure(cx) != RC_OK || chores[i].sweep(cx) != RC_OK))
                        (void)fprintf(stderr, "daicho: chore kind=%s cannot be swept: %s\n", chores[i].kind, db_refusal(cx));
        }
}

void runner_run(struct cx *cx, const struct job_kind *kinds, const struct chore *chores, const volatile bool *stop)
{
        struct db *queue = cx->db, *worker = NULL;
        msec last[CHORES_MAX] = { 0 };

        while (!*stop) {
                struct job *job = NULL;

                unit_begin(cx, queue);
                if ((worker == NULL && db_open_like(cx, queue, &worker) != RC_OK) || db_ensure(cx) != RC_OK || job_take(cx, &job) != RC_OK) {
                        (void)fprintf(stderr, "daicho: the queue cannot be read: %s\n", db_refusal(cx));
                        (void)poll(NULL, 0, TROUBLE_MS);
                        continue;
                }
                if (job != NULL)
                        job_run(cx, kinds, job, queue, worker);
                else
                        (void)db_wait(cx, POLL_MS);
                chores_do(cx, chores, worker, last, stop);
        }
        unit_begin(cx, queue);
        if (worker != NULL)
                db_close(worker);
}
