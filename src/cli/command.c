/* command.c - see command.h. Finds the command, builds its context, runs it, tells how it ended. */
#include "base/house.h"

#include "cli/command.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct house *command_house;

static bool want_json;
static str want_dir, subject;
static struct caller caller;

bool command_json(void)
{
        return want_json;
}

str command_subject(void)
{
        return subject;
}

const struct caller *command_caller(void)
{
        return &caller;
}

str command_dir(struct cx *cx)
{
        str dir = want_dir;
        char here[4096];

        if (str_absent(dir))
                dir = str_of(getenv("DAICHO_DIR"));
        if (str_empty(dir))
                dir = place_exists(cx, S("run")) ? S("run") : S("/var/lib/daicho");
        while (dir.n > 1 && dir.p[dir.n - 1] == '/')
                dir.n--;
        if (dir.p[0] == '/' || getcwd(here, sizeof(here)) == NULL)
                return str_copy(cx->mem, dir);
        if (str_is(dir, "."))
                return str_copy(cx->mem, str_of(here));
        return str_format(cx->mem, "%s/%.*s", strcmp(here, "/") == 0 ? "" : here, STR_ARG(dir));
}

rc command_place(struct cx *cx, const struct place **ret)
{
        struct place *place = NEW(cx->mem, struct place);

        TRY(place_open(cx, command_dir(cx), place));
        *ret = place;
        return RC_OK;
}

/* Words of the command line that `name` consists of, 0 when it does not match. */
static size_t name_match(const char *name, int argc, char **argv)
{
        str rest = str_of(name);
        size_t words = 0;

        while (rest.p != NULL) {
                str word = str_cut(rest, ' ', &rest);

                if ((int)words >= argc || !str_is(word, argv[words]))
                        return 0;
                words++;
        }
        return words;
}

static const struct command *command_find(int argc, char **argv, size_t *ret_words)
{
        const struct command *found = NULL;

        *ret_words = 0;
        for (const struct command *const *table = command_house->commands; *table != NULL; table++) {
                for (const struct command *c = *table; c->name != NULL; c++) {
                        size_t words = name_match(c->name, argc, argv);

                        if (words > *ret_words) {
                                *ret_words = words;
                                found = c;
                        }
                }
        }
        return found;
}

/* All commands, or those whose first word is `word`. */
static size_t help(struct cx *cx, FILE *out, str word)
{
        size_t listed = 0;

        for (const struct command *const *table = command_house->commands; *table != NULL; table++) {
                for (const struct command *c = *table; c->name != NULL; c++) {
                        str rest, first = str_cut(str_of(c->name), ' ', &rest);

                        if (c->summary == NULL || (!str_absent(word) && !str_equal(first, word)))
                                continue;
                        if (listed++ == 0)
                                (void)fputs(fail_translate(cx->lang, "usage:\n"), out);
                        (void)fprintf(out, "  daicho %s%s%s\n        %s\n", c->name, c->usage[0] ? " " : "", c->usage,
                                      fail_translate(cx->lang, c->summary));
                }
        }
        if (listed > 0)
                (void)fputs(fail_translate(cx->lang, "every command takes --dir DIR (default: $DAICHO_DIR, ./run, /var/lib/daicho) and --json\n"),
                            out);
        return listed;
}

/* One sentence a problem: "daicho: line 3: port: must be …". */
static void tell(struct cx *cx)
{
        const struct failure *f = &cx->failure;

        if (f->count == 0)
                (void)fprintf(stderr, "daicho: %s\n", fail_translate(cx->lang, rc_text(f->code)));
        for (size_t i = 0; i < f->count; i++) {
                const struct problem *p = &f->problem[i];

                (void)fputs("daicho: ", stderr);
                if (p->line > 0)
                        (void)fprintf(stderr, fail_translate(cx->lang, "line %lld: "), (long long)p->line);
                if (p->item != NULL && p->item[0] != '\0')
                        (void)fprintf(stderr, "%s: ", p->item);
                (void)fprintf(stderr, "%.*s\n", STR_ARG(p->text));
        }
}

/* Sentences in the reader's language; a command works without them. */
static void translations_read(struct cx *cx)
{
        str share, statics, text;
        json_t *catalogue, *section, *sentence;
        const char *name, *english;

        if (cx->lang != LANG_JA || place_share(cx, &share, &statics) != RC_OK ||
            file_read(cx, place_path(cx, share, "pages/messages.ja.yaml"), MB(4), &text) != RC_OK || yaml_read(cx, text, &catalogue) != RC_OK) {
                fail_clear(cx);
                return;
        }
        json_object_foreach(catalogue, name, section) {
                if (json_is_string(section))
                        fail_translation_add(LANG_JA, name, json_string_value(section));
                json_object_foreach(section, english, sentence)
                        if (json_is_string(sentence))
                                fail_translation_add(LANG_JA, english, json_string_value(sentence));
        }
}

static enum lang reader_lang(void)
{
        static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

        for (size_t i = 0; i < COUNT(names); i++) {
                const char *value = getenv(names[i]);

                if (value != NULL && value[0] != '\0')
                        return strncmp(value, "ja", 2) == 0 ? LANG_JA : LANG_EN;
        }
        return LANG_EN;
}

static rc run(struct cx *cx, int argc, char **argv)
{
        const struct command *command;
        struct args args;
        size_t words;
        str rest;

        if (argc == 0 || strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0) {
                if (argc > 1 && help(cx, stdout, str_of(argv[1])) == 0)
                        return fail(cx, RC_USAGE, NULL, "there is no command \"%s\"; `daicho help` lists them", argv[1]);
                if (argc <= 1)
                        (void)help(cx, argc == 0 ? stderr : stdout, STR_NONE);
                return argc == 0 ? fail(cx, RC_USAGE, NULL, "a command is missing") : RC_OK;
        }
        command = command_find(argc, argv, &words);
        if (command == NULL) {
                (void)help(cx, stderr, str_of(argv[0]));
                return fail(cx, RC_USAGE, NULL, "there is no command \"%s%s%s\"; `daicho help` lists them", argv[0],
                            argc > 1 && argv[1][0] != '-' ? " " : "", argc > 1 && argv[1][0] != '-' ? argv[1] : "");
        }
        subject = str_cut(str_of(command->name), ' ', &rest);
        args = args_of(cx->mem, argc - (int)words, argv + words);
        if (args_flag(&args, "--help")) {
                (void)help(cx, stdout, str_of(argv[0]));
                return RC_OK;
        }
        want_json = args_flag(&args, "--json");
        TRY(args_text(cx, &args, "--dir", &want_dir));
        TRY(command->run(cx, &args));
        return RC_OK;
}

int command_main(const struct house *house, int argc, char **argv)
{
        struct cx cx = {
                .mem = arena_open(MB(256)),
                .lang = reader_lang(),
                .permissions = permission_all(),
                .actor = { .kind = ACTOR_OPERATOR },
        };
        rc result;

        command_house = house;
        json_start();
        arena_current = cx.mem;
        caller = caller_read(cx.mem);
        cx.actor.name = caller.name;
        cx.actor.groups = caller.groups;
        cx.actor.source = caller.source;
        translations_read(&cx);
        result = run(&cx, argc - 1, argv + 1);
        if (result != RC_OK && cx.failure.code == RC_OK)
                (void)fail(&cx, result, NULL, "%s", rc_text(result));
        if (result != RC_OK)
                tell(&cx);
        if (fflush(stdout) != 0 || ferror(stdout)) {
                (void)fputs("daicho: the output cannot be written\n", stderr);
                return 1;
        }
        arena_close(cx.mem);
        return rc_exit(result);
}
