/* device_door.c - work devices: the own ones, as their owners attest them; all of them, for whoever manages accounts; and incidents about them. */
#include "base/house.h"

#include "console/device_door.h"

#include "base/fail.h"
#include "console/declaration_door.h"
#include "console/dress.h"
#include "identity/device.h"
#include "identity/person.h"
#include "log/log.h"
#include "notify/notice.h"

enum { INCIDENTS_SHOWN = 50 };

static const char *const kinds[] = { "", "laptop", "desktop", "phone", "tablet", "other", NULL };
static const char *const systems[] = { "windows", "macos", "linux", "ios", "android", "chromeos", "other", NULL };
static const char *const locks[] = { "none", "password", "pin", "biometric", NULL };
static const char *const answers[] = { "", "yes", "no", NULL };
static const char *const states[] = { "",     "pending",   "approved", "refused",    "expired",    "lost", "returned",
                                      "used", "deviation", "unfit",    "unreturned", "undeclared", NULL };
static const char *const incident_states[] = { "", "open", "closed", NULL };

static const struct field query_fields[] = {
        { .name = "q", .type = SHAPE_TEXT, .max = 100, .summary = "Part of the name, the serial number or the name of the owner" },
        { .name = "state",
          .type = SHAPE_TEXT,
          .choices = states,
          .summary = "Only devices in this state; used: pending, approved or expired; deviation: used and not as recommended; unfit: used and not "
                     "compliant; unreturned: of people who leave or left; undeclared: own devices of such people whose declaration is not complete" },
        { .name = "kind", .type = SHAPE_TEXT, .choices = kinds, .summary = "Only devices of this kind" },
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { .name = "limit", .type = SHAPE_INT, .min = 1, .max = 200, .summary = "Devices a page" },
        { NULL },
};
static const struct shape query_in = { "DeviceQuery", query_fields };

/* clang-format off */
#define ATTESTATION_FIELDS                                                                                                                          \
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .choices = kinds, .summary = "laptop, desktop, phone, tablet or other" },           \
        { .name = "own", .type = SHAPE_BOOL, .summary = "It belongs to the person, not to the company" },                                           \
        { .name = "name", .type = SHAPE_TEXT, .required = true, .max = 100, .summary = "What it is called" },                                       \
        { .name = "serial", .type = SHAPE_TEXT, .max = 100, .summary = "Serial or asset number; no two people have the same" },                     \
        { .name = "os", .type = SHAPE_TEXT, .required = true, .choices = systems, .summary = "Its operating system" },                              \
        { .name = "os_version", .type = SHAPE_TEXT, .required = true, .max = 60, .summary = "Version: numbers with dots between them" },            \
        { .name = "lock_method", .type = SHAPE_TEXT, .required = true, .choices = locks, .summary = "How it is unlocked" },                         \
        { .name = "lock_minutes", .type = SHAPE_INT, .summary = "It locks by itself after so many minutes; 0: at once" },                           \
        { .name = "malware", .type = SHAPE_TEXT, .max = 100, .summary = "Anti-malware product; empty: none" },                                      \
        { .name = "malware_on", .type = SHAPE_BOOL, .summary = "It finds malware and keeps it away or removes it" },                                \
        { .name = "malware_scan", .type = SHAPE_BOOL, .summary = "It looks through the whole device regularly" },                                   \
        { .name = "malware_update", .type = SHAPE_BOOL, .summary = "It updates itself" },                                                           \
        { .name = "encrypted", .type = SHAPE_BOOL, .summary = "The whole disk is encrypted" },                                                      \
        { .name = "firewall", .type = SHAPE_BOOL, .summary = "A firewall is on and up to date" },                                                   \
        { .name = "separation", .type = SHAPE_TEXT, .choices = answers, .summary = "Own devices: business and private data are kept apart; empty: not answered" }, \
        { .name = "separation_how", .type = SHAPE_TEXT, .max = 500, .lines = true, .summary = "How they are kept apart" },                          \
        { .name = "separation_until", .type = SHAPE_TEXT, .max = 10, .summary = "Day on which that is asked again" },                               \
        { .name = "evidence", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "How all this can be seen" }
/* clang-format on */

static const struct field attest_fields[] = { ATTESTATION_FIELDS, { NULL } };
static const struct shape attest_in = { "DeviceAttestation", attest_fields };
static const struct field again_fields[] = {
        ATTESTATION_FIELDS,
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape again_in = { "DeviceAttestationAgain", again_fields };

static const struct field approve_fields[] = {
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape approve_in = { "DeviceApproval", approve_fields };
static const struct field refuse_fields[] = {
        { .name = "reason", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "Why, for its owner" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape refuse_in = { "DeviceRefusal", refuse_fields };
static const struct field return_fields[] = {
        { .name = "note", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "What became of it" },
        { .name = "version", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "Version that was read, when If-Match does not say it" },
        { NULL },
};
static const struct shape return_in = { "DeviceReturn", return_fields };
static const struct field minimum_fields[] = {
        { .name = "os", .type = SHAPE_TEXT, .required = true, .choices = systems, .summary = "Operating system" },
        { .name = "version", .type = SHAPE_TEXT, .max = 60, .summary = "The oldest version that is good enough; empty: any" },
        { NULL },
};
static const struct shape minimum_in = { "DeviceMinimumSet", minimum_fields };

static const struct field device_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "person_id", .type = SHAPE_INT, .required = true, .summary = "Whose it is" },
        { .name = "owner", .type = SHAPE_TEXT, .required = true, .summary = "Name of that person" },
        ATTESTATION_FIELDS,
        { .name = "minimum", .type = SHAPE_TEXT, .summary = "The oldest version that is good enough; null: any" },
        { .name = "attested_at", .type = SHAPE_DATETIME, .required = true, .summary = "When the owner said so" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "pending, approved, refused, expired, lost or returned" },
        { .name = "used", .type = SHAPE_BOOL, .required = true, .summary = "In use: pending, approved or expired" },
        { .name = "decided_by", .type = SHAPE_TEXT, .summary = "Who approved or refused it" },
        { .name = "decided_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "reason", .type = SHAPE_TEXT, .summary = "Why it was refused" },
        { .name = "expires_at", .type = SHAPE_DATETIME, .summary = "The approval is good until then" },
        { .name = "version", .type = SHAPE_INT, .required = true, .summary = "Rises with each change" },
        { .name = "created_at", .type = SHAPE_DATETIME, .required = true, .summary = "When it was registered" },
        { .name = "missing", .type = SHAPE_LIST, .required = true, .summary = "What keeps it from being approved" },
        { .name = "deviations", .type = SHAPE_LIST, .required = true, .summary = "What is recommended and is not so" },
        { .name = "compliant", .type = SHAPE_BOOL, .required = true, .summary = "Approved, still, and nothing is missing" },
        { .name = "return_at", .type = SHAPE_DATETIME, .summary = "A device of the company whose owner leaves: to be returned by then" },
        { .name = "overdue", .type = SHAPE_BOOL, .required = true, .summary = "It should have been returned" },
        { .name = "owner_left", .type = SHAPE_BOOL, .required = true, .summary = "Its owner has left" },
        { .name = "declare_at",
          .type = SHAPE_DATETIME,
          .summary = "An own device of somebody who leaves: to be declared free of everything by then" },
        { .name = "declare_overdue", .type = SHAPE_BOOL, .required = true, .summary = "It should have been declared" },
        { .name = "declaration", .type = SHAPE_TEXT, .summary = "open, signed or countersigned; null: none is wanted" },
        { .name = "mine", .type = SHAPE_BOOL, .required = true, .summary = "Of whoever asks" },
        { .name = "events", .type = SHAPE_JSON, .summary = "When one is read: [{what, by, at, note}], newest first" },
        { NULL },
};
static const struct shape device_shape = { "Device", device_fields };
static const struct field one_fields[] = {
        { .name = "device", .type = SHAPE_OBJECT, .required = true, .of = &device_shape },
        { .name = "incidents", .type = SHAPE_JSON, .summary = "Incidents about it" },
        { .name = "rules", .type = SHAPE_JSON, .summary = "What the contract asks of devices: required, months, lock_strict" },
        { .name = "declarations", .type = SHAPE_JSON, .summary = "What leavers declared about it, newest first" },
        { .name = "may_countersign", .type = SHAPE_BOOL, .summary = "Whoever asks neither owns it nor signed" },
        { .name = "ties", .type = SHAPE_JSON, .summary = "Certificates and keys that belong to it: kind, id, name, live" },
        { .name = "loose", .type = SHAPE_JSON, .summary = "Living ones that belong to no device" },
        { NULL },
};
static const struct shape one_out = { "DeviceAnswer", one_fields };
static const struct field list_fields[] = {
        { .name = "devices", .type = SHAPE_LIST, .required = true, .of = &device_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { .name = "figures",
          .type = SHAPE_JSON,
          .summary =
              "used, waiting, malware, malware_rate, encrypted, encrypted_rate, deviating, unfit, people, unfit_people, unreturned, undeclared" },
        { .name = "people", .type = SHAPE_JSON, .summary = "Whose account is active and who has no device in order: person_id, name, login, why" },
        { .name = "incidents", .type = SHAPE_JSON, .summary = "Open incidents" },
        { .name = "minimums", .type = SHAPE_JSON, .summary = "The oldest version of each system that is good enough" },
        { .name = "rules", .type = SHAPE_JSON, .summary = "What the contract asks of devices: required, months, lock_strict" },
        { NULL },
};
static const struct shape list_out = { "DeviceList", list_fields };
static const struct field minimum_answer_fields[] = {
        { .name = "below",
          .type = SHAPE_LIST,
          .required = true,
          .of = &device_shape,
          .summary = "Devices that fell below by it; their owners are told" },
        { NULL },
};
static const struct shape minimum_out = { "DeviceMinimumAnswer", minimum_answer_fields };

static const struct field incident_fields[] = {
        { .name = "id", .type = SHAPE_INT, .required = true, .summary = "Number" },
        { .name = "kind", .type = SHAPE_TEXT, .required = true, .summary = "theft, loss or leakage" },
        { .name = "severity", .type = SHAPE_TEXT, .required = true, .summary = "medium, high or critical" },
        { .name = "person_id", .type = SHAPE_INT, .required = true, .summary = "Whom it is about" },
        { .name = "person", .type = SHAPE_TEXT, .required = true, .summary = "Name of that person" },
        { .name = "device_id", .type = SHAPE_INT, .summary = "Device of the register; null: none" },
        { .name = "device", .type = SHAPE_TEXT, .summary = "What it was called then" },
        { .name = "encrypted", .type = SHAPE_BOOL, .summary = "Was it encrypted, as attested then; null: nobody knows" },
        { .name = "note", .type = SHAPE_TEXT, .summary = "What happened" },
        { .name = "reporter", .type = SHAPE_TEXT, .required = true, .summary = "Who reported it" },
        { .name = "happened_at", .type = SHAPE_DATETIME, .required = true, .summary = "When it happened" },
        { .name = "reported_at", .type = SHAPE_DATETIME, .required = true, .summary = "When it was reported" },
        { .name = "state", .type = SHAPE_TEXT, .required = true, .summary = "open or closed" },
        { .name = "closed_by", .type = SHAPE_TEXT, .summary = "Who closed it" },
        { .name = "closed_at", .type = SHAPE_DATETIME, .summary = "When" },
        { .name = "closing", .type = SHAPE_TEXT, .summary = "What came of it" },
        { .name = "mine", .type = SHAPE_BOOL, .required = true, .summary = "It is about whoever asks" },
        { NULL },
};
static const struct shape incident_shape = { "Incident", incident_fields };
static const struct field incident_one_fields[] = {
        { .name = "incident", .type = SHAPE_OBJECT, .required = true, .of = &incident_shape },
        { NULL },
};
static const struct shape incident_out = { "IncidentAnswer", incident_one_fields };
static const struct field incident_list_fields[] = {
        { .name = "incidents", .type = SHAPE_LIST, .required = true, .of = &incident_shape },
        { .name = "next", .type = SHAPE_INT, .summary = "Give it as `after` for the next page; null at the end" },
        { NULL },
};
static const struct shape incidents_out = { "IncidentList", incident_list_fields };
static const struct field incident_query_fields[] = {
        { .name = "state", .type = SHAPE_TEXT, .choices = incident_states, .summary = "Only open or only closed ones" },
        { .name = "after", .type = SHAPE_INT, .min = 1, .max = INT64_MAX, .summary = "`next` of the page before" },
        { NULL },
};
static const struct shape incident_query_in = { "IncidentQuery", incident_query_fields };
static const struct field close_fields[] = {
        { .name = "closing", .type = SHAPE_TEXT, .max = 1000, .lines = true, .summary = "What came of it" },
        { NULL },
};
static const struct shape close_in = { "IncidentClose", close_fields };

/* What several pages need ------------------------------------------------------------------------------------------------------------- */

static rc id_read(struct cx *cx, const struct http_req *req, int64_t *ret)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such device");
        log_subject(cx, S("device"), *ret);
        return RC_OK;
}

static str own_url(struct cx *cx, int64_t id, const char *done)
{
        return str_format(cx->mem, "/me/devices/%" PRId64 "?done=%s", id, done);
}

static str device_url(struct cx *cx, int64_t id, const char *done)
{
        return str_format(cx->mem, "/devices/%" PRId64 "?done=%s", id, done);
}

static rc accounts_only(struct cx *cx)
{
        return cx->actor.kind == ACTOR_ACCOUNT ? RC_OK : fail(cx, RC_FORBIDDEN, NULL, "this is for accounts; an API key has none");
}

/* To its owner, when there is somebody to tell. */
static rc owner_tell(struct cx *cx, const char *kind, const json_t *device)
{
        int64_t account;

        TRY(device_account(cx, device, &account));
        return account != 0 ? notice_owner(cx, account, kind, device) : RC_OK;
}

static rc stale(struct cx *cx, int64_t id, rc code, struct http_res *res)
{
        json_t *now;

        if (code == RC_STALE && device_get(cx, id, &now) == RC_OK)
                res->model = now;
        return code;
}

/* The own ones ------------------------------------------------------------------------------------------------------------------------ */

/* GET /me/devices - me_devices.html, at the log-in login_devices.html: {devices, rules}. */
static rc own_list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *devices, *rules, *model = json_object();
        int64_t person;

        log_subject(cx, S("device"), 0);
        TRY(accounts_only(cx));
        TRY(person_of_account(cx, cx->actor.id, &person));
        TRY(device_of_person(cx, person, &devices));
        TRY(device_rules(cx, &rules));
        json_set(model, "devices", devices);
        json_set(model, "rules", rules);
        return http_reply(res, 200, cx->actor.stage == STAGE_DEVICE ? "login_devices.html" : "me_devices.html", model);
}

static str form_page(struct cx *cx)
{
        return cx->actor.stage == STAGE_DEVICE ? S("login_device.html") : S("me_device.html");
}

/* GET /me/devices/new - me_device.html, at the log-in login_device.html: {device: {}, rules}. */
static rc own_form(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *rules, *model = json_object();

        log_quiet(cx);
        TRY(accounts_only(cx));
        TRY(device_rules(cx, &rules));
        json_set(model, "rules", rules);
        json_set(model, "device", json_set(json_set(json_object(), "kind", json_string("laptop")), "lock_method", json_string("password")));
        return http_reply(res, 200, form_page(cx).p, model);
}

/* POST /me/devices - 303 to it. */
static rc own_create(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *device, *model = json_object();
        int64_t id;

        log_subject(cx, S("device"), 0);
        TRY(shape_read(cx, &attest_in, req, &in));
        TRY(device_attest(cx, 0, 0, 0, in, &device));
        id = json_integer_value(json_object_get(device, "id"));
        log_subject(cx, S("device"), id);
        log_detail(cx, "attested", in);
        TRY(notice_guards(cx, "device_asked", device));
        json_set(model, "device", device);
        return http_created(res, 201, cx->actor.stage == STAGE_DEVICE ? S("/me/devices?done=device_asked") : own_url(cx, id, "device_asked"), model);
}

/* GET /me/devices/{id} - as own_form, with what was said last: {device, rules}; ETag: its version. */
static rc own_show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *device, *rules, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(device_get_own(cx, id, &device));
        TRY(device_rules(cx, &rules));
        TRY(declaration_door_add(cx, model, device, false));
        json_set(model, "device", device);
        json_set(model, "rules", rules);
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(device, "version")));
        return http_reply(res, 200, form_page(cx).p, model);
}

/* PATCH /me/devices/{id} - all of it is said anew, and waits for approval again; 303 to it. */
static rc own_change(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *device, *model = json_object();
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(device_get_own(cx, id, &device));
        TRY(shape_read(cx, &again_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        TRY(stale(cx, id, device_attest(cx, id, version, 0, in, &device), res));
        log_detail(cx, "attested", in);
        TRY(notice_guards(cx, "device_asked", device));
        json_set(model, "device", device);
        return http_created(res, 200, cx->actor.stage == STAGE_DEVICE ? S("/me/devices?done=device_asked") : own_url(cx, id, "device_asked"), model);
}

/* All of them ------------------------------------------------------------------------------------------------------------------------- */

/* GET /devices - devices.html: {devices, next, figures, people, minimums, rules, incidents (open ones), filter: {q, state, state_is, kind, kind_is, on, query}}. */
static rc list(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        static const char *const names[] = { "q", "state", "kind" }, *const paging[] = { "after", "limit", NULL };
        json_t *in, *model, *figures, *people, *minimums, *rules, *open, *filter = json_object();
        bool on = false;

        TRY(shape_read(cx, &query_in, req, &in));
        log_subject(cx, S("device"), 0);
        TRY(device_list(cx, in, &model));
        TRY(device_figures(cx, &figures));
        TRY(device_without(cx, &people));
        TRY(device_minimums(cx, &minimums));
        TRY(device_rules(cx, &rules));
        TRY(device_incidents(cx, S("open"), 0, 0, INCIDENTS_SHOWN, &open));
        for (size_t i = 0; i < COUNT(names); i++) {
                str value = json_get_text(in, names[i]);
                json_t *is = json_object();

                if (!str_empty(value)) {
                        json_set(is, str_z(cx->mem, value), json_true());
                        on = true;
                }
                json_set(filter, names[i], json_str(value));
                json_set(filter, str_format(cx->mem, "%s_is", names[i]).p, is);
        }
        json_set(filter, "on", json_boolean(on));
        if (on)
                json_set(filter, "query", json_str(dress_query(cx, req, paging, NULL, STR_NONE)));
        json_set(model, "figures", figures);
        json_set(model, "people", people);
        json_set(model, "minimums", minimums);
        json_set(model, "rules", rules);
        json_set(model, "incidents", json_object_get(open, "incidents"));
        json_set(model, "filter", filter);
        return http_reply(res, 200, "devices.html", model);
}

/* GET /devices/file - what the list would show, as CSV. */
static rc file(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;
        int64_t count;

        TRY(shape_read(cx, &query_in, req, &in));
        log_subject(cx, S("device"), 0);
        TRY(device_csv(cx, in, &res->body, &count));
        log_detail(cx, "lines", json_integer(count));
        res->type = S("text/csv; charset=utf-8");
        res->file_name = S("devices.csv");
        res->status = 200;
        return RC_OK;
}

/* GET /devices/{id} - device.html: {device (with events), incidents, rules}; ETag: its version. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *device, *incidents, *rules, *model = json_object();
        int64_t id;

        TRY(id_read(cx, req, &id));
        TRY(device_get(cx, id, &device));
        TRY(device_incidents(cx, STR_NONE, id, 0, INCIDENTS_SHOWN, &incidents));
        TRY(device_rules(cx, &rules));
        TRY(declaration_door_add(cx, model, device, true));
        json_set(model, "device", device);
        json_set(model, "incidents", json_object_get(incidents, "incidents"));
        json_set(model, "rules", rules);
        res->etag = str_format(cx->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(device, "version")));
        return http_reply(res, 200, "device.html", model);
}

static rc decided(struct cx *cx, int64_t id, json_t *device, const char *done, const char *tell, struct http_res *res)
{
        json_t *model = json_object();

        log_detail(cx, "name", json_object_get(device, "name"));
        log_detail(cx, "owner", json_object_get(device, "owner"));
        if (tell != NULL)
                TRY(owner_tell(cx, tell, device));
        json_set(model, "device", device);
        return http_created(res, 200, device_url(cx, id, done), model);
}

/* POST /devices/{id}/approve - by another person than its owner; 303 to it. */
static rc approve(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *device;
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(device_get(cx, id, &device));
        TRY(shape_read(cx, &approve_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        TRY(stale(cx, id, device_approve(cx, id, version, &device), res));
        log_detail(cx, "approved", json_true());
        log_detail(cx, "expires_at", json_object_get(device, "expires_at"));
        return decided(cx, id, device, "device_approved", "device_approved", res);
}

/* POST /devices/{id}/refuse - with a reason; 303 to it. */
static rc refuse(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *device;
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(device_get(cx, id, &device));
        TRY(shape_read(cx, &refuse_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        TRY(stale(cx, id, device_refuse(cx, id, version, json_get_text(in, "reason"), &device), res));
        log_detail(cx, "refused", json_object_get(device, "reason"));
        return decided(cx, id, device, "device_refused", "device_refused", res);
}

/* POST /devices/{id}/return - given back, or not used any more; 303 to it. */
static rc give_back(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *device;
        int64_t id, version;

        TRY(id_read(cx, req, &id));
        TRY(device_get(cx, id, &device));
        TRY(shape_read(cx, &return_in, req, &in));
        TRY(shape_version(cx, req, in, &version));
        TRY(stale(cx, id, device_return(cx, id, version, json_get_text(in, "note"), &device), res));
        log_detail(cx, "returned", json_true());
        if (json_object_get(in, "note") != NULL)
                log_detail(cx, "note", json_object_get(in, "note"));
        return decided(cx, id, device, "device_returned", NULL, res);
}

/* POST /devices/minimum - the oldest version of a system; owners of devices that fell below are told; 303 to the list. */
static rc minimum(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *below, *one, *model = json_object();
        size_t i;

        log_subject(cx, S("device"), 0);
        TRY(shape_read(cx, &minimum_in, req, &in));
        TRY(device_minimum_set(cx, json_get_text(in, "os"), json_get_text(in, "version"), &below));
        log_detail(cx, "os", json_object_get(in, "os"));
        if (json_object_get(in, "version") != NULL)
                log_detail(cx, "version", json_object_get(in, "version"));
        log_detail(cx, "below", json_integer((json_int_t)json_array_size(below)));
        json_array_foreach(below, i, one)
                TRY(owner_tell(cx, "device_below", one));
        json_set(model, "below", below);
        return http_created(res, 200, S("/devices?done=device_minimum#minimums"), model);
}

/* Incidents --------------------------------------------------------------------------------------------------------------------------- */

/* GET /incidents - incidents.html: {incidents, next, filter: {state_is}}. */
static rc incidents(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *model, *filter = json_object(), *is = json_object();
        str state;

        TRY(shape_read(cx, &incident_query_in, req, &in));
        log_subject(cx, S("incident"), 0);
        state = json_get_text(in, "state");
        if (str_absent(state) || str_empty(state))
                state = STR_NONE;
        else
                json_set(is, str_z(cx->mem, state), json_true());
        TRY(device_incidents(cx, state, 0, json_integer_value(json_object_get(in, "after")), INCIDENTS_SHOWN, &model));
        json_set(filter, "state_is", is);
        json_set(filter, "state", json_str(state));
        json_set(model, "filter", filter);
        return http_reply(res, 200, "incidents.html", model);
}

static rc incident_read(struct cx *cx, const struct http_req *req, int64_t *ret, json_t **ret_incident)
{
        if (!str_int(http_arg(req, "id"), ret) || *ret <= 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such incident");
        log_subject(cx, S("incident"), *ret);
        return device_incident(cx, *ret, ret_incident);
}

/* GET /incidents/{id} - incident.html: {incident}. */
static rc incident(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *one, *model = json_object();
        int64_t id;

        TRY(incident_read(cx, req, &id, &one));
        json_set(model, "incident", one);
        return http_reply(res, 200, "incident.html", model);
}

/* POST /incidents/{id}/close - with what came of it, by somebody whom it is not about; 303 to it. */
static rc incident_close(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in, *one, *model = json_object();
        int64_t id;

        TRY(incident_read(cx, req, &id, &one));
        TRY(shape_read(cx, &close_in, req, &in));
        TRY(device_incident_close(cx, id, json_get_text(in, "closing"), &one));
        log_detail(cx, "closing", json_object_get(one, "closing"));
        json_set(model, "incident", one);
        return http_created(res, 200, str_format(cx->mem, "/incidents/%" PRId64 "?done=incident_closed", id), model);
}

/* clang-format off */
#define AT_DEVICE .stages = 1U << STAGE_DEVICE
const struct route device_door_routes[] = {
        /*     method path                      permission           logged as     body    rate    handler */
        ROUTE( GET,   "/me/devices",            PERM_NONE,           LOG_LIST,     0,      NORMAL, own_list,       "List the own devices", .out = &list_out, AT_DEVICE ),
        ROUTE( GET,   "/me/devices/new",        PERM_NONE,           LOG_VIEW,     0,      NORMAL, own_form,       "The form for an own device",
               .face = FACE_CONSOLE, AT_DEVICE ),
        ROUTE( POST,  "/me/devices",            PERM_NONE,           LOG_CREATE,   KB(16), NORMAL, own_create,     "Register a device of one's own for approval",
               .in = &attest_in, .out = &one_out, AT_DEVICE ),
        ROUTE( GET,   "/me/devices/{id}",       PERM_NONE,           LOG_VIEW,     0,      NORMAL, own_show,       "Read a device of one's own", .out = &one_out, AT_DEVICE ),
        ROUTE( PATCH, "/me/devices/{id}",       PERM_NONE,           LOG_UPDATE,   KB(16), NORMAL, own_change,     "Say anew how a device is protected; it waits for approval again",
               .in = &again_in, .out = &one_out, AT_DEVICE ),
        ROUTE( GET,   "/devices",               PERM_ACCOUNT_MANAGE, LOG_LIST,     0,      NORMAL, list,           "List work devices, and how far they are as they should be",
               .in = &query_in, .out = &list_out ),
        ROUTE( GET,   "/devices/file",          PERM_ACCOUNT_MANAGE, LOG_DOWNLOAD, 0,      NORMAL, file,           "Work devices as CSV", .in = &query_in ),
        ROUTE( POST,  "/devices/minimum",       PERM_ACCOUNT_MANAGE, LOG_UPDATE,   KB(4),  NORMAL, minimum,        "Set the oldest version of a system that is good enough",
               .in = &minimum_in, .out = &minimum_out ),
        ROUTE( GET,   "/devices/{id}",          PERM_ACCOUNT_MANAGE, LOG_VIEW,     0,      NORMAL, show,           "Read a work device", .out = &one_out ),
        ROUTE( POST,  "/devices/{id}/approve",  PERM_ACCOUNT_MANAGE, LOG_APPROVE,  KB(4),  NORMAL, approve,        "Approve a device of somebody else",
               .in = &approve_in, .out = &one_out, .fresh = true ),
        ROUTE( POST,  "/devices/{id}/refuse",   PERM_ACCOUNT_MANAGE, LOG_UPDATE,   KB(8),  NORMAL, refuse,         "Refuse a device of somebody else",
               .in = &refuse_in, .out = &one_out ),
        ROUTE( POST,  "/devices/{id}/return",   PERM_ACCOUNT_MANAGE, LOG_UPDATE,   KB(8),  NORMAL, give_back,      "Note that a device was returned, or is not used any more",
               .in = &return_in, .out = &one_out ),
        ROUTE( GET,   "/incidents",             PERM_ACCOUNT_MANAGE, LOG_LIST,     0,      NORMAL, incidents,      "List incidents", .in = &incident_query_in, .out = &incidents_out ),
        ROUTE( GET,   "/incidents/{id}",        PERM_ACCOUNT_MANAGE, LOG_VIEW,     0,      NORMAL, incident,       "Read an incident", .out = &incident_out ),
        ROUTE( POST,  "/incidents/{id}/close",  PERM_ACCOUNT_MANAGE, LOG_UPDATE,   KB(8),  NORMAL, incident_close, "Close an incident",
               .in = &close_in, .out = &incident_out ),
        ROUTE_END
};
/* clang-format on */
