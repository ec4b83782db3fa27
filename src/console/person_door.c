/* person_door.c - people: their records, putting somebody out at once, letting somebody back by two people, accounts nobody uses. */
#include "base/house.h"

#include "console/person_door.h"

#include "base/fail.h"
#include "console/review_door.h"
#include "identity/department.h"
#include "identity/device.h"
#include "identity/person.h"
#include "log/log.h"
#include "notify/notice.h"

static const char *const states[] = { "", "active", "leaving", "suspended", "left", "none", "dormant", NULL };
static const char *const kinds[] = { "employee", "officer", "temporary", "contractor", "other", NULL };
static const char *const reasons[] = { "leaver", "loss", "violation", "other", NULL };
static const char *const whats[] = { "", "theft", "loss", "leakage", NULL };
static const char *const decisions[] = { "keep", "remove", NULL };

/* clang-format off */
#define NAME_FIELD { .name = "name", .type = SHAPE_TEXT, .max = 100, .summary = "Name of the person" }
#define EMAIL_FIELD { .name = "email", .type = SHAPE_TEXT, .max = 254, .summary = "E-mail address" }
#define KIND_FIELD { .name = "kind", .type = SHAPE_TEXT, .choices = kinds, .summary = "How the person belongs to the company" }
#define DEPARTMENT_FIELD \
        { .name = "department", .type = SHAPE_TEXT, .max = 100, .summary = "Name of the department the person belongs to; empty: none" }
#define NOTE_FIELD { .name = "note", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "What happened, for those who read it later" }
#define DEVICE_FIELD { .name = "device", .type = SHAPE_TEXT, .max = 200, .summary = "Which device" }
#define DEVICE_ID_FIELD \
        { .name = "device_id", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Which one of the register, when it is in it; then it is lost there, too" }
#define WHAT_FIELD { .name = "what", .type = SHAPE_TEXT, .choices = whats, .summary = "Of a device or what is on it: stolen, lost, or leaked" }
/* clang-format on */

static const struct field query_fields[] = {
        { .name = "q", .type = SHAPE_TEXT, .max = 100, .summary = "Part of the name, the e-mail address or the log-in name" },
        { .name = "state", .type = SHAPE_TEXT, .choices = states, .summary = "Only people in this state; dormant: whose account nobody uses" },
        { .name = "department", .type = SHAPE_TEXT, .max = 100, .summary = "Only people of this department, by its name; -: of none" },
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "People a page" },
        { NULL },
};
static const struct shape query_in = { "PersonQuery", query_fields };

static const struct field create_fields[] = {
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "Name of the person" },
        EMAIL_FIELD,
        KIND_FIELD,
        DEPARTMENT_FIELD,
        { NULL },
};
static const struct shape create_in = { "PersonNew", create_fields };

static const struct field change_fields[] = {
        NAME_FIELD,
        EMAIL_FIELD,
        KIND_FIELD,
        DEPARTMENT_FIELD,
        { .name = "leaves_at",
          .type = SHAPE_TEXT,
          .max = 40,
          .summary = "Leaving date to come: a day (until its end in Tokyo) or a time; empty: none" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape change_in = { "PersonChange", change_fields };

static const struct field stop_fields[] = {
        { .name = "reason",
          .type = SHAPE_TEXT,
          .required = true,
          .choices = reasons,
          .summary = "Why: leaver, loss of a device, violation of a rule, or other (a pause)" },
        WHAT_FIELD,
        DEVICE_FIELD,
        DEVICE_ID_FIELD,
        NOTE_FIELD,
        { .name = "at", .type = SHAPE_TEXT, .max = 40, .summary = "When it happened; of a leaver also a time to come: then it is done by itself" },
        { NULL },
};
static const struct shape stop_in = { "PersonStop", stop_fields };

static const struct field lost_fields[] = {
        WHAT_FIELD,
        DEVICE_FIELD,
        DEVICE_ID_FIELD,
        NOTE_FIELD,
        { .name = "at", .type = SHAPE_TEXT, .max = 40, .summary = "When it happened" },
        { .name = "confirm", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "The own log-in name, typed: this account is out at once" },
        { NULL },
};
static const struct shape lost_in = { "OwnLoss", lost_fields };

static const struct field ask_fields[] = {
        { .name = "why", .type = SHAPE_TEXT, .required = true, .max = 1000, .lines = true, .summary = "Why the person may come in again" },
        { NULL },
};
static const struct shape ask_in = { "ReinstatementAsk", ask_fields };

static const struct field decide_fields[] = {
        { .name = "decision", .type = SHAPE_TEXT, .required = true, .choices = decisions, .summary = "Keep the account, or remove it" },
        { .name = "note", .type = SHAPE_TEXT, .required = true, .max = 1000, .lines = true, .summary = "Why" },
        { NULL },
};
static const struct shape decide_in = { "DormantDecision", decide_fields };

static const struct field person_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        NAME_FIELD,
        EMAIL_FIELD,
        KIND_FIELD,
        DEPARTMENT_FIELD,
        { .name = "state", .type = SHAPE_TEXT, .summary = "none (no account), active, leaving, suspended or left" },
        { .name = "version", .type = SHAPE_INT, .summary = "Rises with each change" },
        { .name = "leaves_at", .type = SHAPE_DATETIME, .summary = "Leaving date; the doors close by themselves" },
        { .name = "due_at", .type = SHAPE_DATETIME, .summary = "End of that day in Tokyo: by then all access must be gone" },
        { .name = "overdue", .type = SHAPE_BOOL, .summary = "The leaving date has passed, and the rights are not taken away yet" },
        { .name = "left_at", .type = SHAPE_DATETIME, .summary = "When the person left" },
        { .name = "keys", .type = SHAPE_INT, .summary = "API keys the person made and that live" },
        { .name = "certificates", .type = SHAPE_INT, .summary = "Client certificates on the person's devices" },
        { .name = "idle_days", .type = SHAPE_INT, .summary = "Days since the last log-in" },
        { .name = "dormant", .type = SHAPE_BOOL, .summary = "Not used for so long that somebody must decide" },
        { .name = "undeclared", .type = SHAPE_INT, .summary = "Own devices of somebody who leaves or left, whose declaration is not complete" },
        { .name = "unreturned", .type = SHAPE_INT, .summary = "Devices of the company that somebody who leaves or left still has" },
        { .name = "return_overdue", .type = SHAPE_BOOL, .summary = "They should have been returned by the end of the last day" },
        { .name = "declare_overdue", .type = SHAPE_BOOL, .summary = "A declaration should have been complete by the end of the last day" },
        { .name = "complete", .type = SHAPE_BOOL, .summary = "Of who left: nothing is left to be returned or declared; else null" },
        { .name = "account",
          .type = SHAPE_JSON,
          .summary = "The one account: id, login, groups, suspended_for, suspended_by, suspended_at; null: none" },
        { NULL },
};
static const struct shape person_shape = { "Person", person_fields };
static const struct field one_fields[] = {
        { .name = "person", .type = SHAPE_OBJECT, .required = true, .of = &person_shape },
        { .name = "stops", .type = SHAPE_LIST, .summary = "What was done: reason, by whom, when, how long it took, what the person had" },
        { .name = "devices", .type = SHAPE_LIST, .summary = "Work devices of the person, as in /devices" },
        { .name = "asks", .type = SHAPE_LIST, .summary = "Reinstatements that were asked for" },
        { .name = "ask", .type = SHAPE_JSON, .summary = "The one that waits for a second person; null: none" },
        { .name = "transfers", .type = SHAPE_LIST, .summary = "Into other departments: from, to, groups and grants that went, by, at" },
        { .name = "transfer", .type = SHAPE_JSON, .summary = "After a change of department: what went by it; else null" },
        { .name = "sharings", .type = SHAPE_LIST, .summary = "Log-ins from far away while the account was in use: here, there, at" },
        { .name = "alerts", .type = SHAPE_LIST, .summary = "What was noticed about the account: kind probing or place, source, count, at" },
        { .name = "out", .type = SHAPE_BOOL, .summary = "Stopped, or gone" },
        { .name = "own", .type = SHAPE_BOOL, .summary = "It is the person who asks" },
        { NULL },
};
static const struct shape one_out = { "PersonAnswer", one_fields };
static const struct field list_fields[] = {
        { .name = "people", .type = SHAPE_LIST, .required = true, .of = &person_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { .name = "asks", .type = SHAPE_LIST, .summary = "Reinstatements that wait for a second person" },
        { .name = "dormant", .type = SHAPE_INT, .summary = "How many accounts nobody has used for `dormant_days`" },
        { .name = "dormant_days", .type = SHAPE_INT, .summary = "Days without log-in after which somebody must decide" },
        { .name = "review", .type = SHAPE_JSON, .summary = "How the contract stands with its access reviews: due_at, overdue, soon, left_active, …" },
        { NULL },
};
static const struct shape list_out = { "PersonList", list_fields };
static const struct field stopped_fields[] = {
        { .name = "person", .type = SHAPE_OBJECT, .of = &person_shape },
        { .name = "stop",
          .type = SHAPE_JSON,
          .required = true,
          .summary = "id, before, after, reported_at, revoked_at, took_ms; of a loss incident_id, device_id, device; or leaves_at alone" },
        { NULL },
};
static const struct shape stopped_out = { "PersonStopped", stopped_fields };
static const struct field back_fields[] = {
        { .name = "person", .type = SHAPE_OBJECT, .required = true, .of = &person_shape },
        { .name = "password", .type = SHAPE_TEXT, .summary = "After a loss or a leaving: a new password, shown this once; else null" },
        { NULL },
};
static const struct shape back_out = { "PersonBack", back_fields };

/* Is there such a person? Asked before the body is read, so that what is not there is not there. */
static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret, json_t **ret_person)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such person");
        log_subject(cx, S("person"), *ret);
        return person_get(cx, *ret, ret_person);
}

/* The departments to choose from: [{name, chosen, …}]; person NULL: a new one. */
static rc departments_add(struct cx *cx, json_t *model, str chosen)
{
        json_t *list, *one;
        size_t i;

        TRY(department_list(cx, &list));
        list = json_object_get(list, "departments");
        json_array_foreach(list, i, one)
                json_set(one, "chosen", json_boolean(str_equal(json_get_text(one, "name"), chosen)));
        json_set(model, "departments", list);
        return RC_OK;
}

static str person_url(struct cx *cx, int64_t id, const char *done)
{
        return str_format(cx->mem, "/people/%" PRId64 "?done=%s", id, done);
}

/* GET /people - people.html: {people, next, asks, dormant, dormant_days, filter: {q, state, state_is, department, nowhere},
 * departments}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *filter = json_object(), *is = json_object();
        str state;

        TRY(shape_read(cx, &query_in, req, &in));
        log_subject(cx, S("person"), 0);
        TRY(person_list(cx, in, &model));
        state = json_get_text(in, "state");
        json_set(filter, "q", json_str(json_get_text(in, "q")));
        json_set(filter, "state", json_str(state));
        if (!str_empty(state))
                json_set(is, str_z(cx->mem, state), json_true());
        json_set(filter, "state_is", is);
        json_set(filter, "department", json_str(json_get_text(in, "department")));
        json_set(filter, "nowhere", json_boolean(str_is(json_get_text(in, "department"), "-")));
        TRY(departments_add(cx, model, json_get_text(in, "department")));
        json_set(model, "filter", filter);
        TRY(review_door_note(cx, model));
        return http_reply(res, 200, "people.html", model);
}

/* GET /people/new - person_new.html. */
static rc form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model = json_object();

        log_quiet(cx);
        TRY(departments_add(cx, model, STR_NONE));
        return http_reply(res, 200, "person_new.html", model);
}

/* POST /people - 303 to the person. */
static rc create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *person, *model = json_object();
        int64_t id;

        log_subject(cx, S("person"), 0);
        TRY(shape_read(cx, &create_in, req, &in));
        TRY(person_create(cx, in, &person));
        id = json_integer_value(json_object_get(person, "id"));
        log_subject(cx, S("person"), id);
        log_detail(cx, "name", json_object_get(person, "name"));
        json_set(model, "person", person);
        return http_created(res, 201, person_url(cx, id, "created"), model);
}

/* GET /people/{id} - person.html: {person, devices, departments, transfers, stops, asks, ask, out (stopped or gone), own (it is who asks)}. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *person, *devices, *model;
        int64_t id;

        TRY(id_read(cx, req, &id, &person));
        TRY(person_past(cx, id, &model));
        json_set(model, "person", person);
        TRY(departments_add(cx, model, json_get_text(person, "department")));
        TRY(device_of_person(cx, id, &devices));
        json_set(model, "devices", devices);
        json_set(model, "out", json_boolean(str_is(json_get_text(person, "state"), "suspended") || str_is(json_get_text(person, "state"), "left")));
        json_set(model, "own",
                 json_boolean(cx->actor.kind == ACTOR_ACCOUNT &&
                              json_integer_value(json_object_get(json_object_get(person, "account"), "id")) == cx->actor.id));
        return http_reply(res, 200, "person.html", model);
}

static rc stale(struct cx *cx, int64_t id, rc code, struct http_res *res)
{
        json_t *now;

        if (code == RC_STALE && person_get(cx, id, &now) == RC_OK)
                res->model = now;
        return code;
}

/* PATCH /people/{id} - members given change; 303 to the person. */
static rc change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *before, *person, *transfer, *model = json_object();
        int64_t id, version;

        TRY(id_read(cx, req, &id, &person));
        TRY(shape_read(cx, &change_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        TRY(stale(cx, id, person_update(cx, id, version, in, &before, &transfer, &person), res));
        log_detail(cx, "changes", log_difference(before, person));
        if (json_is_object(transfer))
                log_detail(cx, "transfer", transfer);
        json_set(model, "transfer", transfer);
        json_set(model, "person", person);
        return http_created(res, 200, person_url(cx, id, json_is_object(transfer) ? "transferred" : "saved"), model);
}

/* What the entry says: why, what they had and what is left, and how long it took. */
static void stop_note(struct cx *cx, json_t *in, json_t *done)
{
        static const char *const said[] = { "reason", "what", "device", "note", "at" };
        static const char *const found[] = { "leaves_at", "before", "after", "reported_at", "revoked_at", "took_ms", "incident_id", "device_id" };

        if (json_is_string(json_object_get(done, "device"))) /* named, or the only one there is */
                json_set(in, "device", json_object_get(done, "device"));
        for (size_t i = 0; i < COUNT(said); i++)
                if (json_object_get(in, said[i]) != NULL)
                        log_detail(cx, said[i], json_object_get(in, said[i]));
        for (size_t i = 0; i < COUNT(found); i++)
                if (json_object_get(done, found[i]) != NULL)
                        log_detail(cx, found[i], json_object_get(done, found[i]));
}

/* Whoever manages people hears of a lost device and of a violation at once. */
static rc stop_tell(struct cx *cx, int64_t id, const json_t *person, const json_t *in)
{
        static const char *const said[] = { "device", "note" };
        str reason = json_get_text(in, "reason"), what = json_get_text(in, "what");
        json_t *model = json_object();

        if (!str_is(reason, "loss") && !str_is(reason, "violation"))
                return RC_OK;
        json_set(model, "id", json_integer(id));
        json_set(model, "name", json_object_get(person, "name"));
        json_set(model, "by", json_str(cx->actor.name));
        for (size_t i = 0; i < COUNT(said); i++)
                json_set(model, said[i], json_str(json_get_text(in, said[i])));
        json_set(model, "theft", json_boolean(str_is(what, "theft")));
        json_set(model, "leakage", json_boolean(str_is(what, "leakage")));
        return notice_managers(cx, str_is(reason, "loss") ? "person_loss" : "person_violation", model);
}

/* POST /people/{id}/stop - out at once, or a leaving date noted; 303 to the person. Whoever stops themselves is out, too: 303 to the log-in. */
static rc stop(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *person, *done, *model = json_object();
        int64_t id;
        bool manages = permission_held(cx, PERM_PERSON_MANAGE), later;

        TRY(id_read(cx, req, &id, &person));
        TRY(shape_read(cx, &stop_in, req, &in));
        TRY(person_stop(cx, id, in, &done));
        stop_note(cx, in, done);
        TRY(stop_tell(cx, id, person, in));
        later = json_object_get(done, "leaves_at") != NULL;
        json_set(model, "stop", done);
        if (manages) {
                TRY(person_get(cx, id, &person));
                json_set(model, "person", person);
        }
        return http_created(res, 200, manages ? person_url(cx, id, later ? "leaving" : "stopped") : S("/login?done=stopped"), model);
}

/* POST /me/lost - a device of one's own was lost: the own account is out at once; 303 to the log-in. */
static rc lost(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *done, *person, *model = json_object();
        int64_t id;

        log_subject(cx, S("account"), cx->actor.id);
        TRY(shape_read(cx, &lost_in, req, &in));
        if (cx->actor.kind != ACTOR_ACCOUNT)
                return fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
        if (!str_equal_nocase(str_trim(json_get_text(in, "confirm")), cx->actor.name))
                return fail(cx, RC_INVALID, "confirm", "type the own log-in name to confirm");
        TRY(person_of_account(cx, cx->actor.id, &id));
        log_subject(cx, S("person"), id);
        json_set(in, "reason", json_string("loss"));
        TRY(person_stop(cx, id, in, &done));
        stop_note(cx, in, done);
        TRY(person_get(cx, id, &person));
        TRY(stop_tell(cx, id, person, in));
        json_set(model, "stop", done);
        return http_created(res, 200, S("/login?done=stopped"), model);
}

/* POST /people/{id}/reinstate - ask; 303 to the person. */
static rc ask(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *person, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id, &person));
        TRY(shape_read(cx, &ask_in, req, &in));
        TRY(person_reinstate_ask(cx, id, json_get_text(in, "why")));
        log_detail(cx, "asked", json_object_get(in, "why"));
        json_set(model, "person", person);
        return http_created(res, 200, person_url(cx, id, "asked"), model);
}

/* POST /people/{id}/reinstate/approve - 303, or person_made.html with the new password. */
static rc approve(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *person, *done, *model = json_object();
        int64_t id;
        str made;

        TRY(id_read(cx, req, &id, &person));
        TRY(person_reinstate_approve(cx, id, &done, &made));
        log_detail(cx, "approved", json_true());
        log_detail(cx, "reasons", json_object_get(done, "reasons"));
        TRY(person_get(cx, id, &person));
        json_set(model, "person", person);
        json_set(model, "password", json_str(made));
        if (str_absent(made))
                return http_created(res, 200, person_url(cx, id, "reinstated"), model);
        return http_reply(res, 200, "person_made.html", model);
}

/* POST /people/{id}/reinstate/refuse - 303 to the person. */
static rc refuse(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *person, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id, &person));
        TRY(person_reinstate_refuse(cx, id));
        log_detail(cx, "refused", json_true());
        json_set(model, "person", person);
        return http_created(res, 200, person_url(cx, id, "turned_down"), model);
}

/* POST /people/{id}/dormant - keep or remove an account nobody uses; 303 to the list. */
static rc decide(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *person, *model = json_object();
        int64_t id;
        bool keep;

        TRY(id_read(cx, req, &id, &person));
        TRY(shape_read(cx, &decide_in, req, &in));
        keep = str_is(json_get_text(in, "decision"), "keep");
        TRY(person_decide(cx, id, keep, json_get_text(in, "note")));
        log_detail(cx, "decision", json_object_get(in, "decision"));
        log_detail(cx, "note", json_object_get(in, "note"));
        log_detail(cx, "account", json_object_get(json_object_get(person, "account"), "login"));
        TRY(person_get(cx, id, &person));
        json_set(model, "person", person);
        return http_created(res, 200, keep ? S("/people?state=dormant&done=kept") : S("/people?state=dormant&done=deleted"), model);
}

/* clang-format off */
const struct route person_door_routes[] = {
        /*     method path                              permission          logged as      body    rate    handler */
        ROUTE( GET,   "/people",                        PERM_PERSON_MANAGE, LOG_LIST,      0,      NORMAL, list,   "List people",
               .in = &query_in, .out = &list_out ),
        ROUTE( GET,   "/people/new",                    PERM_PERSON_MANAGE, LOG_VIEW,      0,      NORMAL, form,   "The form for a new person",
               .face = FACE_CONSOLE ),
        ROUTE( POST,  "/people",                        PERM_PERSON_MANAGE, LOG_CREATE,    KB(16), NORMAL, create, "Record a person",
               .in = &create_in, .out = &one_out ),
        ROUTE( GET,   "/people/{id}",                   PERM_PERSON_MANAGE, LOG_VIEW,      0,      NORMAL, show,   "Read a person", .out = &one_out ),
        ROUTE( PATCH, "/people/{id}",                   PERM_PERSON_MANAGE, LOG_UPDATE,    KB(16), NORMAL, change, "Change a person",
               .in = &change_in, .out = &one_out ),
        ROUTE( POST,  "/people/{id}/stop",              PERM_NONE,          LOG_STOP,      KB(16), NORMAL, stop,
               "Put a person out at once: leaver, lost device, violation", .in = &stop_in, .out = &stopped_out ),
        ROUTE( POST,  "/people/{id}/reinstate",         PERM_PERSON_MANAGE, LOG_REINSTATE, KB(16), NORMAL, ask,
               "Ask that a stopped person may come in again", .in = &ask_in, .out = &one_out ),
        ROUTE( POST,  "/people/{id}/reinstate/approve", PERM_PERSON_MANAGE, LOG_REINSTATE, KB(4),  LOGIN,  approve,
               "Approve that, as a second person", .out = &back_out, .fresh = true ),
        ROUTE( POST,  "/people/{id}/reinstate/refuse",  PERM_PERSON_MANAGE, LOG_REINSTATE, KB(4),  NORMAL, refuse, "Refuse that", .out = &one_out ),
        ROUTE( POST,  "/people/{id}/dormant",           PERM_PERSON_MANAGE, LOG_UPDATE,    KB(16), NORMAL, decide,
               "Decide about an account that nobody uses", .in = &decide_in, .out = &one_out, .fresh = true ),
        ROUTE( POST,  "/me/lost",                       PERM_NONE,          LOG_STOP,      KB(16), NORMAL, lost,
               "Report the loss of an own device: the own account is out at once", .in = &lost_in, .out = &stopped_out ),
        ROUTE_END
};
/* clang-format on */
