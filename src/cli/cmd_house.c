/* cmd_house.c - see cmd_house.h. */
#include "base/house.h"

#include "cli/cmd_house.h"

#include "base/fail.h"
#include "base/file.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "db/db.h"
#include "db/migrate.h"
#include "identity/permission.h"
#include "page/page.h"

#include <stdio.h>

/* config ------------------------------------------------------------------------------------------------------------------------------ */
static rc config(struct cx *cx, struct args *args)
{
        bool explain = args_flag(args, "--explain");
        str dir = command_dir(cx);
        struct place place = { .config = config_default() };
        struct buf out = buf_open(cx->mem, KB(64));

        TRY(args_end(cx, args));
        if (place_exists(cx, dir) || !explain)
                TRY(place_open(cx, dir, &place));
        config_write(&place.config, &out);
        must(!buf_full(&out));
        (void)fwrite(buf_str(&out).p, 1, buf_str(&out).n, stdout);
        return RC_OK;
}

/* routes ------------------------------------------------------------------------------------------------------------------------------ */
static json_t *route_model(const struct route *route)
{
        static const char *const methods[HTTP_METHODS] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
        static const char *const faces[] = { "console, API", "console", "API" };
        static const char *const rates[] = { "normal", "login", "sso", "heavy" };
        json_t *model = json_object();
        const char *permission = route->permission == PERM_PUBLIC     ? "public"
                                 : route->permission == PERM_NONE     ? "any account"
                                 : route->permission == PERM_REGISTER ? "any right on the register"
                                                                      : permission_word(route->permission);

        (void)json_set(model, "method", json_string(methods[route->method]));
        (void)json_set(model, "path", json_string(route->path));
        (void)json_set(model, "face", json_string(faces[route->face]));
        (void)json_set(model, "permission", json_string(permission));
        (void)json_set(model, "anywhere", json_boolean(route->anywhere));
        (void)json_set(model, "verb", json_string(log_verb_word(route->verb)));
        (void)json_set(model, "body_max", json_integer((json_int_t)route->body_max));
        (void)json_set(model, "file_max", json_integer(route->file_max));
        (void)json_set(model, "rate", json_string(rates[route->rate]));
        (void)json_set(model, "fresh", json_boolean(route->fresh));
        return json_set(model, "summary", json_string(route->summary));
}

static rc routes(struct cx *cx, struct args *args)
{
        static const struct column columns[] = {
                { "method", "method" }, { "path", "path" },     { "face", "face" }, { "permission", "permission" }, { "verb", "log" },
                { "body_max", "body" }, { "file_max", "file" }, { "rate", "rate" }, { "summary", "what it does" },  { NULL, NULL }
        };
        json_t *list = json_array();

        TRY(args_end(cx, args));
        for (const struct route *const *table = command_house->routes; *table != NULL; table++)
                for (const struct route *route = *table; route->path != NULL; route++)
                        must(json_array_append_new(list, route_model(route)) == 0);
        if (command_json())
                print_json(cx, list);
        else
                print_table(cx, list, columns);
        return RC_OK;
}

/* permissions ------------------------------------------------------------------------------------------------------------------------- */
static rc permissions(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "name", "word" }, { "title", "title" }, { "help", "what it allows" }, { NULL, NULL } };
        enum lang was = cx->lang;
        json_t *both = json_object();
        str share, statics;

        TRY(args_end(cx, args));
        TRY(place_share(cx, &share, &statics));
        TRY(page_start(cx, str_format(cx->mem, "%.*s/pages", STR_ARG(share))));
        cx->lang = LANG_JA;
        (void)json_set(both, "ja", permission_list(cx));
        cx->lang = LANG_EN;
        (void)json_set(both, "en", permission_list(cx));
        cx->lang = was;
        if (command_json())
                print_json(cx, both);
        else
                print_table(cx, json_object_get(both, was == LANG_JA ? "ja" : "en"), columns);
        return RC_OK;
}

/* migrate ----------------------------------------------------------------------------------------------------------------------------- */
static rc migrate(struct cx *cx, struct args *args)
{
        const struct place *place;
        size_t applied;

        TRY(args_end(cx, args));
        TRY(command_place(cx, &place));
        TRY(operator_connect(cx, "daicho_owner"));
        TRY(migrate_run(cx, place->share, &applied));
        if (command_json())
                print_json(cx, json_set(json_object(), "applied", json_integer((json_int_t)applied)));
        else
                print_line(cx, "%zu migrations applied", applied);
        return RC_OK;
}

/* template ---------------------------------------------------------------------------------------------------------------------------- */
static rc template(struct cx *cx, struct args *args)
{
        str file, data = STR_NONE, text, share, statics;
        json_t *model = json_object();
        struct buf out = buf_open(cx->mem, MB(16));

        TRY(args_text(cx, args, "--data", &data));
        TRY(args_word(cx, args, "FILE", &file));
        TRY(args_end(cx, args));
        if (!str_absent(data)) {
                TRY(file_read(cx, str_z(cx->mem, data), MB(4), &text));
                TRY(json_read(cx, text, &model));
        }
        TRY(file_read(cx, str_z(cx->mem, file), MB(1), &text));
        TRY(place_share(cx, &share, &statics));
        TRY(page_start(cx, str_format(cx->mem, "%.*s/pages", STR_ARG(share))));
        TRY(page_render_text(cx, text, model, &out));
        if (buf_full(&out))
                return fail(cx, RC_TOO_LARGE, NULL, "the text would be longer than %d bytes", 16 << 20);
        (void)fwrite(buf_str(&out).p, 1, buf_str(&out).n, stdout);
        return RC_OK;
}

/* clang-format off */
const struct command cmd_house_commands[] = {
        { "config", "[--explain]", "print daicho.conf as it holds, every key with its explanation", config },
        { "routes", "", "list every address the house answers, with permission, log verb and limits", routes },
        { "permissions", "", "list every permission that can be given; doc/permissions.md is made of it", permissions },
        { "migrate", "", "bring the database to the shape this program needs; `daicho up` does it too", migrate },
        { "template", "FILE [--data FILE.json]", "render a Mustache template with the data of a JSON file", template },
        { .name = NULL },
};
/* clang-format on */
