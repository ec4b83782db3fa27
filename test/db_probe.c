/* db_probe.c - the functions of db/ and tenant/ as words of a command, for tests that need a database (test/cluster.py). Never installed. */
#include "base/house.h"

#include "base/fail.h"
#include "db/db.h"
#include "db/migrate.h"
#include "tenant/tenant.h"

#include <stdio.h>

static rc migrate(struct cx *cx, char **words)
{
        size_t applied;

        TRY(migrate_run(cx, str_of(words[0]), &applied));
        (void)printf("%zu\n", applied);
        return RC_OK;
}

static rc tenant(struct cx *cx, char **words)
{
        TRY(tenant_create(cx, str_of(words[0]), str_of(words[1]), str_of(words[2])));
        cx->actor.name = S("probe");
        return tenant_waive(cx, str_of(words[0]), S("tests"), S("tests of what lies below"));
}

static rc suspend(struct cx *cx, char **words)
{
        return tenant_suspend(cx, str_of(words[0]));
}

static rc resume(struct cx *cx, char **words)
{
        return tenant_resume(cx, str_of(words[0]));
}

static rc end(struct cx *cx, char **words)
{
        return tenant_end(cx, str_of(words[0]));
}

static rc list(struct cx *cx, char **words)
{
        struct tenant *list;
        size_t count;

        (void)words;
        TRY(tenant_list(cx, &list, &count));
        for (size_t i = 0; i < count; i++)
                (void)printf("%.*s %.*s %d %d\n", STR_ARG(list[i].name), STR_ARG(list[i].state), (int)list[i].schema_version, (int)list[i].accounts);
        return RC_OK;
}

static const struct {
        const char *word;
        int count;
        rc (*run)(struct cx *cx, char **words);
} commands[] = {
        { "migrate", 1, migrate }, { "tenant", 3, tenant }, { "suspend", 1, suspend },
        { "resume", 1, resume },   { "end", 1, end },       { "list", 0, list },
};

static int refused(const struct cx *cx)
{
        for (size_t i = 0; i < cx->failure.count; i++)
                (void)fprintf(stderr, "%s %s: %.*s\n", rc_name(cx->failure.code), cx->failure.problem[i].item ? cx->failure.problem[i].item : "-",
                              STR_ARG(cx->failure.problem[i].text));
        return 1;
}

int main(int argc, char **argv)
{
        struct cx cx = { .mem = arena_open(MB(256)), .lang = LANG_EN };

        if (argc < 3)
                return 2;
        if (db_open(&cx, argv[1], &cx.db) != RC_OK)
                return refused(&cx);
        for (size_t i = 0; i < COUNT(commands); i++) {
                if (strcmp(commands[i].word, argv[2]) != 0)
                        continue;
                if (argc != 3 + commands[i].count)
                        return 2;
                if (commands[i].run(&cx, argv + 3) != RC_OK)
                        return refused(&cx);
                db_close(cx.db);
                arena_close(cx.mem);
                return 0;
        }
        return 2;
}
