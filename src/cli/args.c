/* args.c - see args.h. */
#include "base/house.h"

#include "cli/args.h"

#include "base/fail.h"

struct args args_of(struct arena *mem, int argc, char **argv)
{
        struct args args = { .word = NEW_ARRAY(mem, const char *, (size_t)argc + 1), .count = (size_t)argc };

        for (size_t i = 0; i < args.count; i++)
                args.word[i] = argv[i];
        return args;
}

static void take(struct args *args, size_t at, size_t count)
{
        args->count -= count;
        memmove(&args->word[at], &args->word[at + count], (args->count - at) * sizeof(args->word[0]));
}

static bool is_option(const char *word)
{
        return word[0] == '-' && word[1] == '-';
}

bool args_flag(struct args *args, const char *name)
{
        for (size_t i = 0; i < args->count; i++) {
                if (strcmp(args->word[i], name) == 0) {
                        take(args, i, 1);
                        return true;
                }
        }
        return false;
}

rc args_text(struct cx *cx, struct args *args, const char *name, str *ret)
{
        size_t n = strlen(name);

        for (size_t i = 0; i < args->count; i++) {
                const char *word = args->word[i];

                if (strncmp(word, name, n) == 0 && word[n] == '=') {
                        *ret = str_of(word + n + 1);
                        take(args, i, 1);
                        return RC_OK;
                }
                if (strcmp(word, name) != 0)
                        continue;
                if (i + 1 >= args->count || is_option(args->word[i + 1]))
                        return fail(cx, RC_USAGE, NULL, "%s needs a value", name);
                *ret = str_of(args->word[i + 1]);
                take(args, i, 2);
                return RC_OK;
        }
        return RC_OK;
}

rc args_int(struct cx *cx, struct args *args, const char *name, int64_t min, int64_t max, int64_t *ret)
{
        str text = STR_NONE;
        int64_t number;

        TRY(args_text(cx, args, name, &text));
        if (str_absent(text))
                return RC_OK;
        if (!str_int(text, &number) || number < min || number > max)
                return fail(cx, RC_USAGE, NULL, "%s must be a whole number from %lld to %lld, not \"%.*s\"", name, (long long)min, (long long)max,
                            STR_ARG(text));
        *ret = number;
        return RC_OK;
}

rc args_word(struct cx *cx, struct args *args, const char *what, str *ret)
{
        if (args->count == 0)
                return fail(cx, RC_USAGE, NULL, "%s is missing", what);
        if (is_option(args->word[0]))
                return fail(cx, RC_USAGE, NULL, "there is no option %s here", args->word[0]);
        *ret = str_of(args->word[0]);
        take(args, 0, 1);
        return RC_OK;
}

rc args_id(struct cx *cx, struct args *args, const char *what, int64_t *ret)
{
        str word;

        TRY(args_word(cx, args, what, &word));
        if (!str_int(word, ret) || *ret <= 0)
                return fail(cx, RC_USAGE, NULL, "%s must be a whole number, not \"%.*s\"", what, STR_ARG(word));
        return RC_OK;
}

rc args_end(struct cx *cx, const struct args *args)
{
        if (args->count == 0)
                return RC_OK;
        if (is_option(args->word[0]))
                return fail(cx, RC_USAGE, NULL, "there is no option %s here", args->word[0]);
        return fail(cx, RC_USAGE, NULL, "\"%s\" is one word too many", args->word[0]);
}
