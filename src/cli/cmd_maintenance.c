/* cmd_maintenance.c - see cmd_maintenance.h. `rules FILE` and `probe --report` need no house: they run on the VDI and in other networks. */
#include "base/house.h"

#include "cli/cmd_maintenance.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "governance/maintenance.h"
#include "governance/plan.h"
#include "governance/probe.h"
#include "governance/roster.h"
#include "governance/ruleset.h"
#include "governance/vpn.h"
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PLACE_SIZE = 100 };

struct wish {
        str tenant;
        const json_t *in;
        json_t *model;
        const str *names;
        size_t count;
        msec until;
        str sha256;
        int64_t added, covered;
};

static rc plan_file(struct cx *cx, str path, json_t **ret)
{
        str text;

        TRY(file_read(cx, str_z(cx->mem, path), PLAN_SIZE_MAX, &text));
        return plan_read(cx, text, ret);
}

static rc plan_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        return maintenance_plan(cx, &wish->model);
}

/* The plan in force, without an entry: the command it is read for leaves one. */
static rc plan_get(struct cx *cx, str tenant, json_t **ret)
{
        struct wish wish = { .model = NULL };

        TRY(operator_do(cx, tenant, LOG_NOTHING, plan_work, &wish));
        *ret = wish.model;
        return RC_OK;
}

static str sha256_text(struct cx *cx, str bytes)
{
        char hex[SHA256_SIZE * 2 + 1];
        uint8_t digest[SHA256_SIZE];

        crypto_sha256(bytes, digest);
        for (size_t i = 0; i < sizeof(digest); i++)
                (void)snprintf(hex + i * 2, 3, "%02x", digest[i]);
        return str_copy(cx->mem, str_of(hex));
}

/* plan ---------------------------------------------------------------------------------------------------------------------------------------- */
static rc set_work(struct cx *cx, void *data)
{
        const struct wish *wish = data;

        return maintenance_set(cx, wish->in);
}

static rc set_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .in = NULL };
        json_t *plan;
        str path;

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_word(cx, args, "FILE", &path));
        TRY(args_end(cx, args));
        TRY(plan_file(cx, path, &plan));
        wish.in = plan;
        TRY(operator_do(cx, wish.tenant, LOG_UPDATE, set_work, &wish));
        if (command_json())
                print_json(cx, plan);
        else
                print_line(cx, "the plan is in force");
        return RC_OK;
}

static rc get_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        TRY(maintenance_desk(cx));
        return maintenance_get(cx, &wish->model);
}

static rc show_run(struct cx *cx, struct args *args)
{
        static const struct column tiles[] = { { "clause", "rule" },     { "control", "control" },  { "state", "state" },
                                               { "at", "last" },         { "found", "found" },      { "route", "route" },
                                               { "tls", "TLS version" }, { "bad_at", "bad since" }, { NULL, NULL } };
        static const struct column works[] = { { "id", "id" },          { "kind", "kind" },   { "actor", "who" },  { "source", "from" },
                                               { "began_at", "began" }, { "state", "state" }, { "reason", "why" }, { NULL, NULL } };
        static const struct column accounts[] = { { "id", "id" }, { "name", "name" }, { "person", "person" }, { "state", "state" }, { NULL, NULL } };
        struct wish wish = { .model = NULL };

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_end(cx, args));
        TRY(operator_do(cx, wish.tenant, LOG_LIST, get_work, &wish));
        if (command_json()) {
                print_json(cx, wish.model);
                return RC_OK;
        }
        print_table(cx, json_object_get(wish.model, "tiles"), tiles);
        (void)puts("");
        print_table(cx, json_object_get(wish.model, "works"), works);
        (void)puts("");
        print_table(cx, json_object_get(wish.model, "vdi"), accounts);
        return RC_OK;
}

static rc rules_run(struct cx *cx, struct args *args)
{
        json_t *plan;
        str path = STR_NONE, rules, tenant;

        TRY(args_text(cx, args, "--plan", &path));
        if (str_absent(path)) {
                TRY(operator_tenant(cx, args, &tenant));
                TRY(args_end(cx, args));
                TRY(plan_get(cx, tenant, &plan));
        } else {
                TRY(args_end(cx, args));
                TRY(plan_file(cx, path, &plan));
        }
        rules = ruleset_write(cx, plan);
        if (command_json())
                print_json(cx, json_set(json_object(), "rules", json_str(rules)));
        else
                (void)fwrite(rules.p, 1, rules.n, stdout);
        return RC_OK;
}

/* trying -------------------------------------------------------------------------------------------------------------------------------------- */
static rc observe_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        return maintenance_observe(cx, wish->in, &wish->model);
}

static rc observe(struct cx *cx, str tenant, const json_t *report)
{
        struct wish wish = { .in = report };
        str found, verdict;

        TRY(operator_do(cx, tenant, LOG_VERIFY, observe_work, &wish));
        if (command_json()) {
                print_json(cx, wish.model);
                return RC_OK;
        }
        found = json_get_text(wish.model, "found");
        verdict = json_get_text(wish.model, "verdict");
        print_line(cx, "%.*s was tried: %.*s (%.*s)", STR_ARG(json_get_text(wish.model, "kind")), STR_ARG(verdict), STR_ARG(found));
        return RC_OK;
}

static msec machine_now(void)
{
        struct timespec now;

        must(clock_gettime(CLOCK_REALTIME, &now) == 0);
        return (msec)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static rc probe_run_(struct cx *cx, struct args *args)
{
        bool report_only = args_flag(args, "--report");
        str kind, path = STR_NONE, place = STR_NONE, authorities = STR_NONE, tenant = STR_NONE;
        char host[PLACE_SIZE + 1] = "";
        json_t *plan, *report;

        TRY(args_text(cx, args, "--plan", &path));
        TRY(args_text(cx, args, "--place", &place));
        TRY(args_text(cx, args, "--ca", &authorities));
        if (!report_only)
                TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "KIND", &kind));
        TRY(args_end(cx, args));
        if (report_only && str_absent(path))
                return fail(cx, RC_USAGE, NULL, "--plan FILE is missing: with --report the house is not asked");
        if (str_absent(path))
                TRY(plan_get(cx, tenant, &plan));
        else
                TRY(plan_file(cx, path, &plan));
        must(gethostname(host, sizeof(host) - 1) == 0);
        TRY(probe_run(cx, plan, kind, str_absent(place) ? str_of(host) : place, machine_now(),
                      str_absent(authorities) ? NULL : str_z(cx->mem, authorities), &report));
        if (!report_only)
                return observe(cx, tenant, report);
        (void)printf("%s\n", json_write(cx->mem, report).p);
        return RC_OK;
}

static rc input_read(struct cx *cx, FILE *in, str *ret)
{
        char *bytes = arena_alloc(cx->mem, PROBE_REPORT_MAX + 1);
        size_t n = fread(bytes, 1, PROBE_REPORT_MAX + 1, in);

        if (ferror(in))
                return fail(cx, RC_UNAVAILABLE, NULL, "the file cannot be read: %s", strerror(errno));
        if (n > PROBE_REPORT_MAX)
                return fail(cx, RC_TOO_LARGE, NULL, "the file is larger than %d KB", PROBE_REPORT_MAX >> 10);
        *ret = (str){ bytes, n };
        return RC_OK;
}

static rc observe_run(struct cx *cx, struct args *args)
{
        str tenant, path, text, line;
        json_t *report;
        bool any = false;

        TRY(operator_tenant(cx, args, &tenant));
        TRY(args_word(cx, args, "FILE", &path));
        TRY(args_end(cx, args));
        if (str_is(path, "-"))
                TRY(input_read(cx, stdin, &text));
        else
                TRY(file_read(cx, str_z(cx->mem, path), PROBE_REPORT_MAX, &text));
        while (!str_absent(text)) {
                line = str_trim(str_cut(text, '\n', &text));
                if (line.n == 0)
                        continue;
                TRY(json_read(cx, line, &report));
                TRY(observe(cx, tenant, report));
                any = true;
        }
        return any ? RC_OK : fail(cx, RC_INVALID, NULL, "this is no report of a probe");
}

/* files of others ------------------------------------------------------------------------------------------------------------------------------ */
static rc vpn_work(struct cx *cx, void *data)
{
        struct wish *wish = data;

        return maintenance_vpn(cx, wish->in, wish->until, wish->sha256, &wish->added, &wish->covered);
}

static void fd_close(void *fd)
{
        (void)close(*(const int *)fd);
}

static rc vpn_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .in = NULL };
        int *fd = NEW(cx->mem, int);
        json_t *lines, *model = json_object();
        str path, bytes;

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_word(cx, args, "FILE", &path));
        TRY(args_end(cx, args));
        TRY(file_read(cx, str_z(cx->mem, path), VPN_SIZE_MAX, &bytes));
        *fd = open(str_z(cx->mem, path), O_RDONLY | O_CLOEXEC);
        if (*fd < 0)
                return file_failed(cx, str_z(cx->mem, path), errno);
        arena_defer(cx->mem, fd_close, fd);
        TRY(vpn_read(cx, *fd, &lines, &wish.until));
        wish.in = lines;
        wish.sha256 = sha256_text(cx, bytes);
        TRY(operator_do(cx, wish.tenant, LOG_IMPORT, vpn_work, &wish));
        json_set(model, "lines", json_integer((json_int_t)json_array_size(lines)));
        json_set(model, "added", json_integer(wish.added));
        json_set(model, "covered", json_integer(wish.covered));
        if (command_json())
                print_json(cx, model);
        else
                print_line(cx, "%lld lines, %lld of them new; they cover %lld sessions more", (long long)json_array_size(lines),
                           (long long)wish.added, (long long)wish.covered);
        return RC_OK;
}

static rc vdi_work(struct cx *cx, void *data)
{
        const struct wish *wish = data;

        return maintenance_vdi(cx, wish->names, wish->count, wish->sha256);
}

static rc vdi_run(struct cx *cx, struct args *args)
{
        struct wish wish = { .in = NULL };
        str path, text, *names;

        TRY(operator_tenant(cx, args, &wish.tenant));
        TRY(args_word(cx, args, "FILE", &path));
        TRY(args_end(cx, args));
        TRY(file_read(cx, str_z(cx->mem, path), ROSTER_SIZE_MAX, &text));
        TRY(roster_read(cx, text, &names, &wish.count));
        wish.names = names;
        wish.sha256 = sha256_text(cx, text);
        TRY(operator_do(cx, wish.tenant, LOG_IMPORT, vdi_work, &wish));
        if (command_json())
                print_json(cx, json_set(json_object(), "accounts", json_integer((json_int_t)wish.count)));
        else
                print_line(cx, "%lld accounts are on the VDI", (long long)wish.count);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_maintenance_commands[] = {
        { "maintenance set", "--tenant NAME FILE", "put a plan of maintenance in force: networks, VDI, management tool", set_run },
        { "maintenance show", "--tenant NAME", "show how the house is maintained: walls, sessions, accounts of the VDI", show_run },
        { "maintenance rules", "[--plan FILE | --tenant NAME]", "print the rules of nftables for the VDI that the plan means", rules_run },
        { "maintenance probe", "KIND [--tenant NAME] [--plan FILE] [--report] [--place NAME] [--ca FILE]",
          "try a wall from here: outside, egress or plain; --report prints it instead of recording it", probe_run_ },
        { "maintenance observe", "--tenant NAME FILE|-", "record reports that `maintenance probe --report` printed elsewhere", observe_run },
        { "maintenance import-vpn", "--tenant NAME FILE.csv", "take the log of the VPN: user,address,from,to", vpn_run },
        { "maintenance import-vdi", "--tenant NAME FILE", "take the list of accounts that are on the VDI", vdi_run },
        { .name = NULL },
};
/* clang-format on */
