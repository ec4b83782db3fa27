/* demo.c - see demo.h. DIR/secret/demo holds the words and is written last: without it the making begins anew. */
#include "base/house.h"

#include "cli/demo.h"

#include "base/fail.h"
#include "base/file.h"
#include "cli/cmd_file.h"
#include "cli/cmd_postal.h"
#include "cli/cmd_register.h"
#include "cli/operator.h"
#include "cli/spawn.h"
#include "db/db.h"
#include "gate/gate.h"
#include "identity/account.h"
#include "identity/device.h"
#include "identity/group.h"
#include "identity/key.h"
#include "identity/password.h"
#include "identity/person.h"
#include "log/log.h"
#include "tenant/tenant.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define DEMO_TENANT    S("demo")
#define DEMO_CUSTOMERS "10000"

struct person {
        const char *login;
        const char *name;
        const char *group; /* as tenant_create makes them */
        str password;
        int64_t id;
};

struct cast {
        struct person person[3];
        str key;
};

static rc tenant_work(struct cx *cx, void *data)
{
        rc result = tenant_end(cx, DEMO_TENANT); /* of a start that was cut short */

        if (result == RC_UNKNOWN)
                fail_clear(cx);
        else if (result != RC_OK)
                return result;
        log_subject(cx, S("tenant"), 0);
        TRY(tenant_create(cx, DEMO_TENANT, S("デモ株式会社"), S("ja")));
        return tenant_waive(cx, DEMO_TENANT, S("make run"), S("見本の契約。架空のデータだけを入れています"));
}

static rc person_add(struct cx *cx, struct person *person)
{
        json_t *in = json_object(), *groups = json_array(), *made;
        int64_t group;
        str none;

        TRY(group_find(cx, str_of(person->group), &group));
        must(json_array_append_new(groups, json_integer(group)) == 0);
        person->password = password_make(cx, POLICY_LENGTH_MIN);
        (void)json_set(in, "login", json_string(person->login));
        (void)json_set(in, "name", json_string(person->name));
        (void)json_set(in, "groups", groups);
        (void)json_set(in, "password", json_str(person->password));
        TRY(account_create(cx, in, &made, &none));
        person->id = json_integer_value(json_object_get(made, "id"));
        return RC_OK;
}

static rc cast_work(struct cx *cx, void *data)
{
        struct cast *cast = data;

        for (size_t i = 0; i < COUNT(cast->person); i++)
                TRY(person_add(cx, &cast->person[i]));
        return RC_OK;
}

/* Invented devices: one in order, one that deviates and waits, one that cannot be approved. */
static const struct gadget {
        size_t whose;
        bool own, approved;
        const char *kind, *name, *os, *os_version, *lock;
        int64_t minutes;
        bool encrypted;
} gadgets[] = {
        { 0, false, true, "laptop", "ノートPC 01", "windows", "10.0.26100", "biometric", 5, true },
        { 1, false, true, "laptop", "ノートPC 02", "macos", "15.2", "password", 3, true },
        { 1, true, false, "phone", "私物のスマートフォン", "android", "15", "pin", 10, true },
        { 2, false, false, "desktop", "受付のPC", "windows", "10.0.19045", "none", 0, false },
};

static rc gadget_add(struct cx *cx, const struct gadget *g, int64_t person)
{
        json_t *in = json_object(), *device;
        bool computer = strcmp(g->kind, "phone") != 0;

        (void)json_set(in, "kind", json_string(g->kind));
        (void)json_set(in, "own", json_boolean(g->own));
        (void)json_set(in, "name", json_string(g->name));
        (void)json_set(in, "os", json_string(g->os));
        (void)json_set(in, "os_version", json_string(g->os_version));
        (void)json_set(in, "lock_method", json_string(g->lock));
        (void)json_set(in, "lock_minutes", json_integer(g->minutes));
        (void)json_set(in, "malware", json_string(computer ? "サンプルアンチウイルス" : ""));
        (void)json_set(in, "malware_on", json_boolean(computer));
        (void)json_set(in, "malware_scan", json_boolean(computer));
        (void)json_set(in, "malware_update", json_boolean(computer));
        (void)json_set(in, "encrypted", json_boolean(g->encrypted));
        (void)json_set(in, "firewall", json_boolean(computer));
        (void)json_set(in, "separation", json_string(g->own ? "no" : ""));
        TRY(device_attest(cx, 0, 0, person, in, &device));
        if (!g->approved)
                return RC_OK;
        return device_approve(cx, json_integer_value(json_object_get(device, "id")), json_integer_value(json_object_get(device, "version")), &device);
}

static rc gadgets_work(struct cx *cx, void *data)
{
        const struct cast *cast = data;

        log_subject(cx, S("device"), 0);
        for (size_t i = 0; i < COUNT(gadgets); i++) {
                int64_t person;

                TRY(person_of_account(cx, cast->person[gadgets[i].whose].id, &person));
                TRY(gadget_add(cx, &gadgets[i], person));
        }
        return RC_OK;
}

/* As the database's superuser: what the operator's desk must not do, and an invented contract may ask for. */
static rc superuser_connect(struct cx *cx, const struct place *place)
{
        str conninfo;

        db_close(cx->db);
        cx->db = NULL;
        cx->tenant = STR_NONE;
        TRY(place_conninfo(cx, place->dir, "postgres", "daicho", &conninfo));
        return db_open(cx, str_z(cx->mem, conninfo), &cx->db);
}

/* The key is its administrator's, as if made on the page: an operator makes none that opens records. */
static rc key_make(struct cx *cx, const struct place *place, struct cast *cast)
{
        struct rights everything = permission_contract();
        struct actor operator_ = cx->actor;
        str told[4] = { S("t_demo"), STR_NONE, STR_NONE, STR_NONE };
        json_t *in = json_object(), *made;
        rc result;

        TRY(superuser_connect(cx, place));
        cx->actor = (struct actor){
                .kind = ACTOR_ACCOUNT, .id = cast->person[0].id, .name = S("admin"), .groups = str_of(cast->person[0].group), .source = S("-")
        };
        told[1] = str_format(cx->mem, "account:%" PRId64 ":admin", cx->actor.id);
        told[2] = cx->actor.groups;
        told[3] = cx->actor.source;
        (void)json_set(in, "name", json_string("demo"));
        (void)json_set(in, "permissions", permission_words(cx, &everything));
        db_begin(cx);
        result = db_run(cx,
                        S("select set_config('role', $1, true), set_config('daicho.actor', $2, true), set_config('daicho.groups', $3, true), "
                          "set_config('daicho.source', $4, true)"),
                        told, COUNT(told), NULL);
        cx->tenant = DEMO_TENANT;
        if (result == RC_OK)
                result = key_create(cx, in, &made, &cast->key);
        result = gate_leave(cx, LOG_CREATE, result);
        cx->actor = operator_;
        cx->tenant = STR_NONE;
        return result;
}

/* Beside the program in a source tree or in the package; in a house whose user cannot walk there, beside the shared files. */
static rc generator_find(struct cx *cx, const struct place *place, const char **ret)
{
        str binary = place_binary(cx);
        const char *paths[3];

        while (binary.n > 1 && binary.p[binary.n - 1] != '/')
                binary.n--;
        paths[0] = place_path(cx, place->share, "gen_customers");
        paths[1] = str_z(cx->mem, str_format(cx->mem, "%.*sgen_customers", STR_ARG(binary)));
        paths[2] = "/usr/lib/daicho/gen_customers";
        for (size_t i = 0; i < COUNT(paths); i++) {
                if (access(paths[i], X_OK) == 0) {
                        *ret = paths[i];
                        return RC_OK;
                }
        }
        return fail(cx, RC_UNAVAILABLE, NULL, "the program %s is missing; install the package %s", paths[2], "daicho");
}

/* By the front door, with the key: as `daicho import` does. */
static rc file_import(struct cx *cx, const struct place *place, str key, const char *register_name, const char *name, bool orders)
{
        const char *path = place_path(cx, place->dir, "tmp/demo-%s.csv", register_name);
        const char *argv[] = { NULL, "--rows", DEMO_CUSTOMERS, "--seed", "1", "--out", path, orders ? "--orders" : NULL, NULL };
        struct cmd_file_order order = { .register_name = str_of(register_name), .path = path, .name = str_of(name) };
        struct front front;
        json_t *job;
        str said;

        TRY(generator_find(cx, place, &argv[0]));
        TRY(spawn_run(cx, argv, "daicho", &said));
        TRY(front_here(cx, place, key, &front));
        TRY(cmd_file_import(cx, &front, &order, &job));
        (void)unlink(path);
        return RC_OK;
}

static rc register_make(struct cx *cx, const struct place *place, const char *name)
{
        str yaml;

        TRY(file_read(cx, place_path(cx, place->share, "registers/%s.yaml", name), MB(1), &yaml));
        return cmd_register_define(cx, DEMO_TENANT, yaml);
}

/* Invented customers were not all invented today: charts by month want something to show. History is not written: nothing was changed. */
static rc years_spread(struct cx *cx, const struct place *place)
{
        TRY(superuser_connect(cx, place));
        TRY(db_script(cx, S("set local session_replication_role = replica;"
                            "update t_demo.r_customers set created_at = made.at, updated_at = made.at from ("
                            "select id, created_at - interval '1 day' * (730 * power((10001 - id) / 10001.0, 1.4))::int as at from t_demo.r_customers"
                            ") made where made.id = r_customers.id and made.id <= 10000")));
        /* what autovacuum would do a minute later; in a transaction of its own, or the rows that were replaced would be counted as well */
        return db_script(cx, S("analyze t_demo.r_customers"));
}

/* Something the operator tells, to be confirmed; by people who are invented, too. */
static rc change_add(struct cx *cx, const struct place *place)
{
        TRY(superuser_connect(cx, place));
        return db_script(
            cx,
            S("insert into daicho.change default values;"
              "insert into daicho.change_version (change_id, no, kind, impact, title_ja, title_en, text_ja, text_en, effect_ja, effect_en, from_at, "
              "to_at, tenants,"
              " author_person, author) select c.id, 1, 'stop', 'normal', '定期メンテナンス', 'Regular maintenance',"
              " 'データベースを新しい版に入れ替え、バックアップからの復旧を確かめます。', 'The database gets its new version, and a restore from "
              "backup is tried.',"
              " '作業中の3時間は、画面とAPIを使えません。お客様の作業は必要ありません。',"
              " 'Console and API are not available for these three hours. There is nothing you need to do.', d.day + interval '2 hours', d.day + "
              "interval '5 hours', '{demo}',"
              " -1, 'unei.sato' from daicho.change c, (select date_trunc('day', daicho.clock(), 'Asia/Tokyo') + interval '10 days' as day) d"
              " where not exists (select from daicho.change_version v where v.change_id = c.id);"
              "update daicho.change_version set reviewed_person = -2, reviewed_by = 'unei.suzuki', reviewed_at = daicho.clock() where author_person "
              "= -1 and reviewed_at is null;"
              "update daicho.change c set state = 'reviewed' from daicho.change_version v where v.change_id = c.id and v.author_person = -1 and "
              "c.state = 'draft';"
              "select daicho.change_queue(v, 'told', array['demo'], '{}') from daicho.change_version v join daicho.change c on c.id = v.change_id"
              " where v.author_person = -1 and c.state = 'reviewed';"
              "update daicho.change c set state = 'scheduled', scheduled_by = 'unei.sato', scheduled_at = daicho.clock() from daicho.change_version v"
              " where v.change_id = c.id and v.author_person = -1 and c.state = 'reviewed'"));
}

static rc words_write(struct cx *cx, const struct place *place, const struct cast *cast)
{
        struct buf out = buf_open(cx->mem, KB(4));

        buf_format(&out, "  tenant   %.*s\n", STR_ARG(DEMO_TENANT));
        for (size_t i = 0; i < COUNT(cast->person); i++)
                buf_format(&out, "  log-in   %-8s password %.*s\n", cast->person[i].login, STR_ARG(cast->person[i].password));
        buf_format(&out, "  API key  %.*s\n", STR_ARG(cast->key));
        buf_text(&out, "  admin sets up an authenticator app or a passkey at the first log-in\n");
        return file_write(cx, place_path(cx, place->dir, "secret/demo"), buf_str(&out), 0600);
}

static rc make(struct cx *cx, struct args *args)
{
        struct cast cast = { .person = { { "admin", "管理 花子", "管理者" },
                                         { "staff", "営業 太郎", "担当者" },
                                         { "viewer", "閲覧 次郎", "閲覧者(個人情報なし)" } } };
        const struct place *place;

        TRY(args_end(cx, args));
        TRY(command_place(cx, &place));
        TRY(operator_do(cx, STR_NONE, LOG_CREATE, tenant_work, NULL));
        TRY(operator_do(cx, DEMO_TENANT, LOG_CREATE, cast_work, &cast));
        TRY(operator_do(cx, DEMO_TENANT, LOG_CREATE, gadgets_work, &cast));
        TRY(register_make(cx, place, "customers"));
        TRY(register_make(cx, place, "orders"));
        TRY(key_make(cx, place, &cast));
        TRY(file_import(cx, place, cast.key, "customers", "顧客サンプル.csv", false));
        TRY(file_import(cx, place, cast.key, "orders", "購入履歴サンプル.csv", true));
        TRY(cmd_postal_sample(cx));
        TRY(years_spread(cx, place));
        TRY(change_add(cx, place));
        return words_write(cx, place, &cast);
}

/* clang-format off */
const struct command demo_commands[] = {
        { .name = "demo", .usage = "", .run = make },
        { .name = NULL },
};
/* clang-format on */

struct child *demo_child(struct cx *cx, const struct place *place)
{
        struct child *child = NEW(cx->mem, struct child);
        const char **argv = NEW_ARRAY(cx->mem, const char *, 5);

        if (access(place_path(cx, place->dir, "secret/demo"), F_OK) == 0)
                return NULL;
        argv[0] = "/proc/self/exe";
        argv[1] = "demo";
        argv[2] = "--dir";
        argv[3] = str_z(cx->mem, place->dir);
        *child = (struct child){ .name = "demo",
                                 .argv = argv,
                                 .log = place_path(cx, place->dir, "log/house.log"),
                                 .listen_fd = -1,
                                 .stop_signal = SIGTERM,
                                 .death_signal = SIGTERM,
                                 .patience_ms = 5000,
                                 .stage = 3,
                                 .once = true };
        return child;
}

rc demo_words(struct cx *cx, const struct place *place, str *ret)
{
        return file_read(cx, place_path(cx, place->dir, "secret/demo"), KB(8), ret);
}
