/* home.c - see home.h. */
#include "base/house.h"

#include "console/home.h"

#include "console/job_door.h"
#include "console/review_door.h"
#include "console/summary.h"
#include "identity/declaration.h"
#include "identity/permission.h"
#include "jobs/jobs.h"
#include "log/log_review.h"

enum { JOBS_SHOWN = 6, JOBS_RUNNING_MAX = 100 };

/* GET / - numbers, charts and what is under way. The numbers are those of GET /summary. */
static rc home(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct job_sight sight = job_door_sight(cx);
        json_t *model, *summary, *running, *review, *tasks;

        TRY(job_list(cx, 0, false, JOBS_SHOWN, &sight, &model));
        TRY(job_list(cx, 0, true, JOBS_RUNNING_MAX, &sight, &running));
        if (permission_held_somewhere(cx, PERM_RECORD_READ)) {
                TRY(summary_model(cx, &summary));
                (void)json_set(summary, "running", json_integer((json_int_t)json_array_size(json_object_get(running, "jobs"))));
                (void)json_set(model, "summary", summary);
        }
        if (permission_held(cx, PERM_ACCESS_APPROVE))
                TRY(review_door_note(cx, model));
        if (permission_held(cx, PERM_LOG_READ)) {
                TRY(log_review_open(cx, &review));
                (void)json_set(model, "log_review", review);
        }
        TRY(declaration_tasks(cx, &tasks));
        (void)json_set(model, "tasks", tasks);
        return http_reply(res, 200, "home.html", model);
}

/* GET /help - how to work with the house; shortcuts and the API. */
static rc help(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model = json_object();
        str host = http_header(req, "Host");

        (void)json_set(model, "base", json_str(str_format(cx->mem, "https://%.*s", STR_ARG(host))));
        return http_reply(res, 200, "help.html", model);
}

/* GET /help/bulk - help_bulk.html: the procedure of the critical operation. */
static rc help_bulk(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        return http_reply(res, 200, "help_bulk.html", json_object());
}

/* GET /help/users - help_users.html: how to register, stop and remove people; names what the menus call it now. */
static rc help_users(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        return http_reply(res, 200, "help_users.html", json_object());
}

/* clang-format off */
const struct route home_routes[] = {
        /*     method path     permission verb        body rate    handler summary */
        ROUTE( GET,   "/",     PERM_NONE, LOG_VIEW,    0,  NORMAL, home,   "Numbers of the contract and recent jobs", .face = FACE_CONSOLE ),
        ROUTE( GET,   "/help", PERM_NONE, LOG_NOTHING, 0,  NORMAL, help,   "How to work with this", .face = FACE_CONSOLE ),
        ROUTE( GET,   "/help/bulk", PERM_NONE, LOG_NOTHING, 0, NORMAL, help_bulk, "How to change or delete many records", .face = FACE_CONSOLE ),
        ROUTE( GET,   "/help/users", PERM_NONE, LOG_NOTHING, 0, NORMAL, help_users, "How to register, stop and remove people", .face = FACE_CONSOLE ),
        ROUTE_END
};
/* clang-format on */
